// Package pbxapi binds the APIs that clients speak over AppWebsocket to the
// switch. It is the one place where appservice and signal meet: the doors hand it
// frames of sessions, it hands them to signal.Conn, and back.
//
// PbxAdminApi and PbxTableUsers bind the directory instead: programs see, change
// and copy the objects of their domain. docs/pbxadmin.md describes their messages.
// What a program changes waits for the store on the goroutine that reads its
// connection; everything else is answered from memory.
//
// Each API is one value that serves all sessions; it is safe for use by several
// goroutines.
package pbxapi
