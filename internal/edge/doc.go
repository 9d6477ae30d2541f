// Package edge is where clients come in: listeners, the two WebSocket doors, and
// what every connection has in common, whoever is behind it.
//
// The application door (/PBX0/APPS/websocket) takes the AppWebsocket login of
// app objects, device apps and users. The myApps door (/PBX0/APPCLIENT/websocket)
// takes the login of people with name and password or with the credentials of a
// session. Behind both, messages with an api member go to the API of that name;
// what an API does is none of this package's business.
//
// It is not the place for signalling rules, and it keeps nothing that must
// survive: accounts and sessions live in the directory. cmd/pbx builds one Edge
// and passes it the APIs.
//
// Concurrency: each connection has one reading goroutine that owns its state;
// sending to a connection is safe from everywhere and never blocks. One ticker
// serves the timers of all connections. Locks are taken in this order: the
// writer of the directory, who tells of changes; clientDoor.mu of a login that
// waits for its confirmation; people, waiting, caps, guard and the like, none
// under another; the queue of a connection in internal/ws. The wheel and its
// slots come before that queue too. Only clientDoor.mu is held while an API is
// called (Open).
package edge
