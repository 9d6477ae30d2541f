package account_test

import (
	"slices"
	"testing"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/signal"
)

// The parts of an installation that the tables below ask about.
var (
	all     = account.Scope{}
	org     = account.Scope{Org: "north"}
	inOrg   = account.Scope{Org: "north", Domain: 7}
	other   = account.Scope{Org: "south"}
	inOther = account.Scope{Org: "south", Domain: 8}
	alone   = account.Scope{Domain: 9} // a domain of no organisation
)

func scopes() []account.Scope { return []account.Scope{all, org, inOrg, other, inOther, alone} }

func TestMay(t *testing.T) {
	everywhere := scopes()
	objects := []account.Right{account.Read, account.Write, account.Reveal, account.Trace}
	manage := append(slices.Clone(objects), account.ManageDomains, account.ManageAccounts)
	reading := []account.Right{account.Read}
	tests := []struct {
		name   string
		grant  account.Grant
		rights []account.Right
		in     []account.Scope
	}{
		{"operator", account.Grant{Role: account.Operator}, account.Rights(), everywhere},
		{"org admin", account.Grant{Role: account.OrgAdmin, Org: "north"}, manage, []account.Scope{org, inOrg}},
		{"domain admin", account.Grant{Role: account.DomainAdmin, Domain: 7}, objects, []account.Scope{inOrg}},
		{"domain admin, no org", account.Grant{Role: account.DomainAdmin, Domain: 9}, objects, []account.Scope{alone}},
		{"auditor", account.Grant{Role: account.Auditor}, reading, everywhere},
		{"auditor of an org", account.Grant{Role: account.Auditor, Org: "north"}, reading, []account.Scope{org, inOrg}},
		{"auditor of a domain", account.Grant{Role: account.Auditor, Domain: 7}, reading, []account.Scope{inOrg}},
		{"org admin of none", account.Grant{Role: account.OrgAdmin}, nil, nil},
		{"org admin with a domain", account.Grant{Role: account.OrgAdmin, Org: "north", Domain: 7}, nil, nil},
		{"domain admin of none", account.Grant{Role: account.DomainAdmin}, nil, nil},
		{"domain admin of an org", account.Grant{Role: account.DomainAdmin, Org: "north"}, nil, nil},
		{"operator of a domain", account.Grant{Role: account.Operator, Domain: 7}, nil, nil},
		{"auditor of two things", account.Grant{Role: account.Auditor, Org: "north", Domain: 8}, nil, nil},
		{"unknown role", account.Grant{Role: "root"}, nil, nil},
		{"negative domain", account.Grant{Role: account.DomainAdmin, Domain: -7}, nil, nil},
		{"nothing", account.Grant{}, nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			who := account.Identity{Grants: []account.Grant{test.grant}}
			for _, right := range account.Rights() {
				for _, scope := range scopes() {
					want := slices.Contains(test.rights, right) && slices.Contains(test.in, scope)
					if got := who.May(right, scope); got != want {
						t.Errorf("%s in %+v: %v, want %v", right, scope, got, want)
					}
				}
				if got, want := who.Somewhere(right), slices.Contains(test.rights, right); got != want {
					t.Errorf("%s somewhere: %v, want %v", right, got, want)
				}
			}
			if valid := test.grant.Validate() == nil; valid != (test.rights != nil) {
				t.Errorf("valid: %v", valid)
			}
		})
	}
}

func TestMayWithSeveralGrants(t *testing.T) {
	who := account.Identity{Grants: []account.Grant{
		{Role: account.Auditor, Org: "north"}, {Role: account.DomainAdmin, Domain: 8},
	}}
	if !who.May(account.Read, inOrg) || !who.May(account.Write, inOther) {
		t.Error("one of the grants is lost")
	}
	if who.May(account.Write, inOrg) || who.May(account.Read, all) || who.May(account.Read, other) {
		t.Error("grants were mixed: the right of one in the scope of the other")
	}
}

func TestNobodyMayNothing(t *testing.T) {
	for _, right := range account.Rights() {
		for _, scope := range scopes() {
			if (account.Identity{Kind: account.KindUser}).May(right, scope) {
				t.Errorf("%s in %+v", right, scope)
			}
			if !account.Socket(0).May(right, scope) {
				t.Errorf("the socket may not %s in %+v", right, scope)
			}
		}
	}
	if who, ok := account.FromContext(t.Context()); ok || who.May(account.Read, all) {
		t.Error("a context without identity has one")
	}
	ctx := account.WithIdentity(t.Context(), account.Socket(1000))
	if who, ok := account.FromContext(ctx); !ok || who.Name != "uid:1000" || who.Kind != account.KindSocket {
		t.Errorf("got %+v, %v", who, ok)
	}
}

func TestMayGrant(t *testing.T) {
	orgs := map[signal.DomainID]string{7: "north", 8: "south"}
	every := []account.Grant{
		{Role: account.Operator},
		{Role: account.Auditor},
		{Role: account.OrgAdmin, Org: "north"}, {Role: account.OrgAdmin, Org: "south"},
		{Role: account.Auditor, Org: "north"}, {Role: account.Auditor, Org: "south"},
		{Role: account.DomainAdmin, Domain: 7}, {Role: account.DomainAdmin, Domain: 8}, {Role: account.DomainAdmin, Domain: 9},
		{Role: account.Auditor, Domain: 7}, {Role: account.Auditor, Domain: 8}, {Role: account.Auditor, Domain: 9},
	}
	tests := []struct {
		own  account.Grant
		want []account.Grant
	}{
		{account.Grant{Role: account.Operator}, every},
		{account.Grant{Role: account.OrgAdmin, Org: "north"}, []account.Grant{
			{Role: account.OrgAdmin, Org: "north"}, {Role: account.Auditor, Org: "north"},
			{Role: account.DomainAdmin, Domain: 7}, {Role: account.Auditor, Domain: 7},
		}},
		{account.Grant{Role: account.DomainAdmin, Domain: 9}, []account.Grant{
			{Role: account.DomainAdmin, Domain: 9}, {Role: account.Auditor, Domain: 9},
		}},
		{account.Grant{Role: account.Auditor, Org: "south"}, []account.Grant{
			{Role: account.Auditor, Org: "south"}, {Role: account.Auditor, Domain: 8},
		}},
	}
	for _, test := range tests {
		who := account.Identity{Grants: []account.Grant{test.own}}
		for _, g := range every {
			if got, want := who.MayGrant(g, orgs[g.Domain]), slices.Contains(test.want, g); got != want {
				t.Errorf("%+v grants %+v: %v, want %v", test.own, g, got, want)
			}
		}
		if who.MayGrant(account.Grant{Role: account.DomainAdmin}, "north") {
			t.Errorf("%+v grants something invalid", test.own)
		}
	}
}
