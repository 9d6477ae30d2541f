// Package ws carries text messages over WebSocket connections (RFC 6455): the
// server half as Conn, the client half as Client.
//
// It is not an HTTP server, knows no frame of the switch and decides nothing:
// who may connect, what a message means, when a peer is too slow. The edge and
// appservice call it. No type of the library that does the handshake and the
// reading (gorilla/websocket) crosses its border.
//
// # Reading
//
// A Conn is read by the one goroutine that runs Serve. It reads the socket 16 KiB
// at a time, into a buffer that comes from a pool when data is there and goes back
// before it waits again. What one such read brought is one turn: Handler.Message is
// called for each message in it, then Handler.TurnEnd. Between turns a connection
// keeps nothing but the part of a message that has come.
//
// # Writing
//
// Any goroutine may call Queue, QueueText, QueuePing, Flush, Close and Abort; none
// of them blocks. Queue copies a message, with its frame headers, behind what is
// queued already; Flush writes what is queued with one attempt. What the socket
// does not take at once is written by a goroutine that lives until the queue is
// empty. So one turn costs each receiver one write, however many messages it
// brought, and a peer that does not read delays nobody. The queue is bounded:
// ErrFull. Conn.Drained and Conn.Stalled are what back-pressure needs.
//
// # TLS
//
// A plain TCP or Unix socket is read and written without blocking. Through
// crypto/tls that cannot be done: there every flush is written by a goroutine of
// its own, and a waiting connection keeps a small buffer (see portable.go).
//
// # Locking
//
// A Conn has one mutex. It guards the queue, the state of closing and every
// non-blocking write; it is never held while something blocks, and nothing else is
// locked under it. The end of a connection is decided under it; whoever gives it
// back then closes the descriptor. Handler methods are called without it.
package ws
