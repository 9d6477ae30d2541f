// Package signal is the switch: registrations, calls and chats.
//
// A connection (Conn) brings registrations; a registration binds an object to an
// endpoint. A call without media that was set up with im_setup belongs to a
// Chat, which joins two people with all their devices (amendments A1 to A3); any
// other Call joins a caller with the first leg that answers. PROTOCOL.md beside
// this file says message by message what is spoken.
//
// The package knows neither sockets nor stores nor the AppWebsocket envelope:
// Endpoint, Directory, Policy, Waker and Observer are what it asks of others.
//
// Concurrency: a chat or call is serialised by its own lock; a connection's
// table of legs by another, which is always taken after it. docs/locking.md has
// the order. Nothing here blocks or waits.
package signal
