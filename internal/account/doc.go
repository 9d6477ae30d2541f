// Package account knows who administers: accounts with passwords and second
// factors, their sessions and API tokens, and what each of them may do.
//
// It is not the directory: users of the telephone system are there, and an
// administrator need not be one. SQL is in internal/store, behind the interface
// Store that is declared here.
//
// Whoever is let in is an Identity, which travels in the context of the request;
// what it may do is decided by Identity.May alone, so that every way in, from the
// control socket to an API token, meets the same table.
package account
