// Package pbxapi binds the APIs that clients speak over AppWebsocket to the
// switch. It is the one place where appservice and signal meet: the doors hand it
// frames of sessions, it hands them to signal.Conn, and back.
//
// Each API is one value that serves all sessions; it is safe for use by several
// goroutines.
package pbxapi
