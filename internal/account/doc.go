// Package account knows who administers: accounts with passwords and second
// factors, their sessions and API tokens, and what each of them may do.
//
// It is not the directory: users of the telephone system are there, and an
// administrator need not be one. SQL is in internal/store, behind the interface
// Store that is declared here; the routes are in internal/admin.
//
// Whoever is let in is an Identity, which travels in the context of the request;
// what it may do is decided by Identity.May alone, so that every way in, from the
// control socket to an API token, meets the same table. An Authenticator finds out
// who sends an HTTP request; a Service does everything else.
//
// Passwords are hashed with argon2id, a few at a time. What is random and long
// (sessions, tokens, links, recovery codes) is stored as a SHA-256 hash. Secrets
// of second factors must be readable again and are sealed. Nothing is kept in
// memory but attempts that failed, so several processes may work on one store.
// Everything may be called by several goroutines.
package account
