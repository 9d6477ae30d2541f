// Package appservice is the AppWebsocket protocol: JSON frames over websocket,
// the login by challenge and digest, sessions, and both ends of a connection.
//
// An author of an app service imports it to be found by a switch: Server is an
// http.Handler that accepts the connections of switches and users, checks their
// login through a Host and hands their messages to APIs. A tool or another
// switch imports it to connect: Dial logs in with a password or a digest
// obtained elsewhere, DialMyApps logs in as a person. The switch itself uses
// the same pieces: Acceptor is the server half of the login without any I/O,
// Mux hands frames to APIs, and the formulas of the digests stand alone.
//
// It is not the switch: it knows no calls, no chats, no directory and no
// storage. What a message means is the business of the API that takes it.
// PROTOCOL.md beside this file describes every message of the package.
//
// Concurrency: a connection's frames are handled one after the other on the
// goroutine that reads them, so an API must not block there. Sending is safe
// from any goroutine, never blocks on a server session, and is bounded: a peer
// that does not read loses its connection. Frames handed to a handler are valid
// until it returns; Clone keeps one longer. Acceptor and Tolerance belong to
// one goroutine; formulas and Mux are stateless.
package appservice
