// Package directory knows who is who: domains with their host names, users and
// app objects, their devices, credentials and myApps sessions.
//
// It is not the store: SQL is in internal/store, behind the interface Store
// that is declared here. It does not decide about calls either; it implements
// signal.Directory, from which the switch learns what it must know. The doors
// ask it for passwords and sessions, the administration writes through it.
//
// Everything is answered from memory. A write goes to the store first, then to
// memory, then to those who watch; what another process writes (another node,
// or a command working on the store directly) is seen by Follow within a second,
// as the difference to the last commit that was seen.
//
// Objects and domains have ids from one row of numbers that are never given
// twice. An id means something in its domain only: with that of another domain
// nothing is found. Deleting leaves a tombstone in the store, so a new object of
// an old name has a new id and starts empty.
//
// Passwords are sealed under a master key (Sealer) and opened one at a time when
// a digest is checked. Refusals are of type *Error, with a code for programs.
//
// Everything may be called by several goroutines. Lookups share a read lock and
// never wait for the store; writes happen one at a time and wait for the store's
// commit.
package directory
