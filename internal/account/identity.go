package account

import (
	"context"
	"slices"
	"strconv"

	"github.com/tandem-switch/tandem/signal"
)

// Role is a set of rights over a part of the installation. Roles are stored:
// their names never change.
type Role string

// The roles.
const (
	Operator    Role = "operator"     // everything
	OrgAdmin    Role = "org_admin"    // the domains of an organisation
	DomainAdmin Role = "domain_admin" // one domain
	Auditor     Role = "auditor"      // reading
)

// Roles lists the roles, the widest first.
func Roles() []Role { return []Role{Operator, OrgAdmin, DomainAdmin, Auditor} }

// Grant is a role together with what it holds for. Which of Org and Domain counts
// follows from the role: neither for an operator, Org for an org admin, Domain for
// a domain admin, and for an auditor the one that is set, or everything if none
// is. What should be set and is not grants nothing.
type Grant struct {
	Role   Role            `json:"role"`
	Org    string          `json:"org,omitempty"`
	Domain signal.DomainID `json:"domain,omitempty"`
}

// String is the grant in words, like "domain_admin of domain 7".
func (g Grant) String() string {
	switch {
	case g.Domain != 0:
		return string(g.Role) + " of domain " + strconv.FormatInt(int64(g.Domain), 10)
	case g.Org != "":
		return string(g.Role) + " of " + g.Org
	}
	return string(g.Role)
}

// Right is what somebody may do in a Scope.
type Right string

// The rights. Who has them:
//
//	                operator  org admin   domain admin  auditor
//	Read            all       its org     its domain    its org, domain, or all
//	Write           all       its org     its domain    -
//	Reveal          all       its org     its domain    -
//	Trace           all       its org     its domain    -
//	ManageDomains   all       its org     -             -
//	ManageAccounts  all       its org     -             -
//	Operate         all       -           -             -
//
// "its org" is the organisation itself and every domain in it.
const (
	// Read is seeing domains, objects, registrations, licences and the audit
	// log, without secrets and without what people say to each other.
	Read Right = "read"
	// Write is changing the objects of a domain, and their devices, passwords,
	// sessions and assigned licences.
	Write Right = "write"
	// Reveal is seeing what auditors never see: secrets that can be shown at
	// all, and the contents of messages in traces.
	Reveal Right = "reveal"
	// Trace is switching trace flags and reading what they record.
	Trace Right = "trace"
	// ManageDomains is creating, changing and deleting domains: with the scope
	// of a domain that one, with that of an organisation new ones in it.
	ManageDomains Right = "manage_domains"
	// ManageAccounts is creating, changing and removing accounts and grants that
	// lie wholly in the scope.
	ManageAccounts Right = "manage_accounts"
	// Operate is everything that concerns the installation: keys, backup and
	// restore, issuing and installing licences, drain, organisations. Ask for
	// it with the empty scope.
	Operate Right = "operate"
)

// Rights lists the rights, for tests that walk them.
func Rights() []Right {
	return []Right{Read, Write, Reveal, Trace, ManageDomains, ManageAccounts, Operate}
}

// Scope is what an act is about: a domain, which names its organisation too if it
// has one; an organisation; or, empty, the installation.
type Scope struct {
	Org    string
	Domain signal.DomainID
}

// Kind tells how somebody was recognised.
type Kind string

// The kinds.
const (
	KindSocket  Kind = "socket"  // the control socket, or the data directory itself
	KindAccount Kind = "account" // a session of an account
	KindToken   Kind = "token"   // an API token
	KindUser    Kind = "user"    // a user of a domain, about itself; has no rights here
)

// Identity is who acts. The zero Identity may do nothing. Its slices must not be
// changed.
type Identity struct {
	Kind    Kind
	Account int64  // 0 without one
	Name    string // of the account; for people and the audit log
	Grants  []Grant
	From    string // address of the peer, without port; empty for the socket
	Session string // public id of the session, of a KindAccount
	Token   string // name of the token, of a KindToken
}

// Socket is whoever may open the control socket or the data directory, and so
// everything: an operator. uid is the user id of the process at the other end,
// negative if it is not known.
func Socket(uid int) Identity {
	name := "local"
	if uid >= 0 {
		name = "uid:" + strconv.Itoa(uid)
	}
	return Identity{Kind: KindSocket, Name: name, Grants: []Grant{{Role: Operator}}}
}

// String names the identity for logs.
func (i Identity) String() string {
	text := string(i.Kind) + " " + i.Name
	if i.Token != "" {
		text += "/" + i.Token
	}
	if i.From != "" {
		text += " from " + i.From
	}
	return text
}

// May tells whether the identity has the right in the scope. What is refused in
// another tenant must look to the asker as if it did not exist.
func (i Identity) May(right Right, in Scope) bool {
	return slices.ContainsFunc(i.Grants, func(g Grant) bool { return g.holds(right) && g.covers(in) })
}

// Somewhere tells whether the identity has the right in any scope: a list is then
// answered with what it may see of it.
func (i Identity) Somewhere(right Right) bool {
	return slices.ContainsFunc(i.Grants, func(g Grant) bool { return g.Validate() == nil && g.holds(right) })
}

// MayGrant tells whether everything that g grants is the identity's own, so that
// it can be handed on to a token or, by those who manage accounts, to an account.
// org is the organisation of g.Domain, empty if it has none or g names no domain.
func (i Identity) MayGrant(g Grant, org string) bool {
	if g.Validate() != nil {
		return false
	}
	scope := Scope{Org: g.Org, Domain: g.Domain}
	if g.Domain != 0 {
		scope.Org = org
	}
	return slices.ContainsFunc(i.Grants, func(own Grant) bool {
		return own.covers(scope) && !slices.ContainsFunc(Rights(), func(r Right) bool { return g.holds(r) && !own.holds(r) })
	})
}

// holds tells whether the role has the right anywhere.
func (g Grant) holds(right Right) bool {
	switch g.Role {
	case Operator:
		return true
	case OrgAdmin:
		return right != Operate
	case DomainAdmin:
		return right == Read || right == Write || right == Reveal || right == Trace
	case Auditor:
		return right == Read
	}
	return false
}

// covers tells whether the scope lies in what the grant is about.
func (g Grant) covers(s Scope) bool {
	if g.Validate() != nil {
		return false
	}
	switch {
	case g.Domain != 0:
		return g.Domain == s.Domain
	case g.Org != "":
		return g.Org == s.Org
	}
	return true // an operator, or an auditor of everything
}

// Validate refuses with bad_grant what is no grant: an unknown role, or one whose
// Org or Domain is missing or too much.
func (g Grant) Validate() error {
	org, domain := g.Org != "", g.Domain != 0
	ok := false
	switch g.Role {
	case Operator:
		ok = !org && !domain
	case OrgAdmin:
		ok = org && !domain
	case DomainAdmin:
		ok = domain && !org
	case Auditor:
		ok = !org || !domain
	default:
		return refuse(CodeBadGrant, "role", "A role is operator, org_admin, domain_admin or auditor.")
	}
	if !ok || g.Domain < 0 {
		return refuse(CodeBadGrant, "role", "An org_admin has an organisation, a domain_admin a domain, an operator neither, an auditor at most one of them.")
	}
	return nil
}

type identityKey struct{}

// WithIdentity is ctx with the one who acts.
func WithIdentity(ctx context.Context, i Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, i)
}

// FromContext is the one who acts. Without one nobody does, and nothing is
// allowed.
func FromContext(ctx context.Context) (Identity, bool) {
	i, ok := ctx.Value(identityKey{}).(Identity)
	return i, ok
}
