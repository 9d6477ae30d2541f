// Package applink keeps the connections that the switch opens to app services: one
// for each app, Messages or push object with the property websocket (appwebsocket.md
// 6.1). The switch logs in as the object, says who it is, asks the service what it
// offers, and lets it use the APIs that are ticked at the object. A connection that
// is lost is opened again, after 1 s at first and then ever more slowly.
//
// It is not where services log in to the switch (internal/edge), and it knows nothing
// of what is said over a connection. cmd/pbx builds one Manager, which follows the
// directory; internal/pbxapi asks it which services are there.
//
// Concurrency: every link has a goroutine that connects, and while it is connected
// one that writes; reading is done by appservice. Manager.mu and link.mu are held
// for moments only, and never while somebody is told. All methods are safe for use
// by several goroutines.
package applink
