// Package licence answers which features a domain and its users have, from
// signed entitlements that the operator of the installation issues.
//
// It is no copy protection: whoever operates the switch holds the issuing key.
// It gives the operator a way to hand features to tenants, and it gives a
// feature one question to ask. It enforces nothing itself: the doors, the policy
// of calls and the APIs ask the Gate and refuse in their own way.
//
// Until the operator has made the first key (Keygen) every domain has
// everything. At that moment every existing domain gets an entitlement for
// everything; domains that are made later have what is installed for them.
//
// An entitlement names its domain, but once installed it belongs to that domain
// whatever it is called later: a new domain with an old name starts with nothing.
// A grant with a count needs to be assigned to users; of more users than it
// counts, those that exist longest have it. A grant without a count is for all
// users of the domain.
//
// The Gate answers from memory. Follow takes in what other processes install and
// lets entitlements begin and end by the clock. When the clock is set back, what
// had ended by the wrong time is valid again.
//
// Everything may be called by several goroutines. Questions take no lock and
// never wait; changes happen one at a time and wait for the store.
package licence
