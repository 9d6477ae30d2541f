// Package admin is the administration of a switch: one HTTP API below /admin/v1,
// described by an OpenAPI document that is made from its code.
//
// API answers it. Over the network everybody has to say who they are; over the
// control socket, and to whoever opens the data directory, the caller is the
// operator. Client asks it for the command line: over the control socket of a
// running server, or in this process on the store when no server runs; Open picks
// the right one for a data directory. What may be done, and what is written to the
// audit log, is decided in one place, register, for every operation alike.
//
// It is neither the login of administrators (internal/account) nor the APIs of app
// objects (internal/pbxapi). cmd/pbx calls it. API and Client are safe for use by
// several goroutines.
package admin
