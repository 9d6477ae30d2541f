// Package service is the Messages app service: the other end of the link on which
// a switch stores the chats of its people, and answers what their clients ask
// about them (appwebsocket.md section 4, and our extension).
//
// It speaks AppWebsocket as the server (package appservice) and keeps everything
// in a messages.Store; PROTOCOL.md beside this file describes each message. It is
// not the store, not the place of file contents (package filebuffer), and it
// decides nothing about licences or visibility: that is the switch's business.
// cmd/messages-app runs it alone, cmd/pbx hosts it.
//
// # Words
//
// A link is a connection on which an object of a switch has logged in. The login
// of the Messages object itself is trusted: it speaks for all people of its
// domain (decision 77). On any other link one person or object speaks for itself.
// A session is one person at one client; on a trusted link there are many.
//
// # Concurrency
//
// A link's frames are decoded on the goroutine that reads them. Posts and marks of
// the switch then go, in their order, through one goroutine of the link to the
// store; what the sessions ask goes through a queue of each session, a few of a
// link at a time, so that no reader delays a post. Whatever is sent goes through
// the outbox of the link, in order. A follower per domain reads what is committed
// and tells the sessions that want to know. All queues are bounded (limits.go).
package service
