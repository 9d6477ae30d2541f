// Package admin is the administration of one switch: what an operator may do,
// done in three ways with one interface. Local works on an opened directory
// (inside the server, or on the store when no server runs), Client asks a
// running server over its control socket, and Server answers on that socket.
// Open picks the right one for a data directory.
//
// It is not the administration of a domain by its people, and it checks no
// rights: whoever may open the socket or the data directory is the operator.
// cmd/pbx calls it. Every Operator is safe for use by several goroutines.
package admin

import "context"

// Operator is everything that the command line can do to a switch. An error
// that the caller has caused is a *Problem, with a code and a sentence; the
// sentence says what was wrong. A name of a user or an app is "alice" or
// "alice@example.com"; without domain the default domain is meant.
type Operator interface {
	Domains(context.Context, ListDomains) ([]Domain, error)
	AddDomain(context.Context, AddDomain) (Domain, error)
	SetDomain(context.Context, SetDomain) (Domain, error)
	RemoveDomain(context.Context, RemoveDomain) (Domain, error)

	Users(context.Context, ListUsers) ([]User, error)
	AddUser(context.Context, AddUser) (User, error)
	SetUser(context.Context, SetUser) (User, error)
	RemoveUser(context.Context, RemoveUser) (User, error)
	ImportUsers(context.Context, ImportUsers) (Imported, error)

	Apps(context.Context, ListApps) ([]App, error)
	AddApp(context.Context, AddApp) (App, error)
	SetApp(context.Context, SetApp) (App, error)
	RemoveApp(context.Context, RemoveApp) (App, error)

	Devices(context.Context, ListDevices) ([]Device, error)
	AddDevice(context.Context, AddDevice) (Device, error)
	RemoveDevice(context.Context, RemoveDevice) (Device, error)

	// Registrations and Calls are what lives in a running server; where none
	// runs they are a Problem with the code NotRunning.
	Registrations(context.Context, ListRegistrations) ([]Registration, error)
	Calls(context.Context, ListCalls) ([]Call, error)
}
