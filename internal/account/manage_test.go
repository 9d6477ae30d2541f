package account_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
)

var (
	operator   = account.Grant{Role: account.Operator}
	auditor    = account.Grant{Role: account.Auditor}
	north      = account.Grant{Role: account.OrgAdmin, Org: "north"}
	south      = account.Grant{Role: account.OrgAdmin, Org: "south"}
	seven      = account.Grant{Role: account.DomainAdmin, Domain: 7}
	eight      = account.Grant{Role: account.DomainAdmin, Domain: 8}
	readsNorth = account.Grant{Role: account.Auditor, Org: "north"}
)

func TestLink(t *testing.T) {
	r := newRig(t)
	first, err := r.NewLink(t.Context())
	r.must(err)
	link, err := r.NewLink(t.Context())
	r.must(err)
	use := func(token, name, password string) error {
		_, err := r.UseLink(t.Context(), token, name, password, home)
		return err
	}
	r.refused("an earlier one", use(first, "anna", secret), account.CodeBadLink)
	r.refused("something else", use("x", "anna", secret), account.CodeBadLink)
	r.refused("a weak password", use(link, "anna", "short"), account.CodeWeakPassword)
	r.refused("no name", use(link, "", secret), account.CodeBadName)
	won, errs := race(4, func(i int) error { return use(link, []string{"anna", "ben"}[i%2], secret) })
	if won != 1 {
		t.Errorf("the link made %d accounts: %v", won, errs)
	}
	list, _, err := r.Accounts(t.Context(), root, "", 10)
	r.must(err)
	if len(list) != 1 || !slices.Equal(list[0].Grants, []account.Grant{operator}) {
		t.Errorf("accounts %+v", list)
	}
	r.login(list[0].Name)
	if link, err := r.NewLink(t.Context()); link != "" || err != nil {
		t.Errorf("another link: %q, %v", link, err)
	}
}

func TestLinkExpires(t *testing.T) {
	r := newRig(t)
	link, err := r.NewLink(t.Context())
	r.must(err)
	r.clock.Advance(24 * time.Hour)
	_, err = r.UseLink(t.Context(), link, "anna", secret, home)
	r.refused("after a day", err, account.CodeBadLink)
	if link, err = r.NewLink(t.Context()); err != nil || link == "" {
		t.Fatalf("%q, %v", link, err)
	}
	r.add("ben", operator) // pbx admin add comes first
	_, err = r.UseLink(t.Context(), link, "anna", secret, home)
	r.refused("after somebody was added", err, account.CodeBadLink)
}

// TestWhoManagesWhom walks every pair of an administrator and an account.
func TestWhoManagesWhom(t *testing.T) {
	r := newRig(t)
	accounts := map[string]account.Grant{
		"operator": operator, "auditor": auditor, "north": north, "south": south, "seven": seven, "eight": eight, "readsnorth": readsNorth,
	}
	for name, g := range accounts {
		r.add("x-"+name, g)
		r.add("t-"+name, g)
	}
	sees := map[string][]string{
		"operator": {"operator", "auditor", "north", "south", "seven", "eight", "readsnorth"},
		"auditor":  {"operator", "auditor", "north", "south", "seven", "eight", "readsnorth"},
		"north":    {"north", "seven", "readsnorth"}, "readsnorth": {"north", "seven", "readsnorth"},
		"south": {"south", "eight"}, "seven": {"seven"}, "eight": {"eight"},
	}
	manages := map[string][]string{
		"operator": sees["operator"], "north": sees["north"], "south": sees["south"],
	}
	fresh := "another " + secret
	for mine := range accounts {
		who, _ := r.login("x-" + mine)
		for theirs, g := range accounts {
			want := account.CodeNotFound
			if slices.Contains(sees[mine], theirs) {
				want = account.CodeForbidden
			}
			if slices.Contains(manages[mine], theirs) {
				want = ""
			}
			check := func(what string, err error, want account.Code) {
				t.Helper()
				if got := account.CodeOf(err); got != want || got == "" && err != nil {
					t.Errorf("%s by %s of %s: %v, want %q", what, mine, theirs, err, want)
				}
			}
			_, err := r.Update(t.Context(), who, "t-"+theirs, account.Update{Password: &fresh})
			check("update", err, want)
			check("reset", r.ResetFactor(t.Context(), who, "t-"+theirs), map[bool]account.Code{
				true: account.CodeNoFactor, false: cmp.Or(want, account.CodeForbidden)}[mine == "operator"])
			_, err = r.Add(t.Context(), who, account.Draft{Name: "new", Password: secret, Grants: []account.Grant{g}})
			if want != "" {
				check("add", err, account.CodeForbidden)
				check("remove", r.Remove(t.Context(), who, "t-"+theirs, 0), want)
				continue
			}
			check("add", err, "")
			check("remove", r.Remove(t.Context(), who, "new", 0), "")
		}
		list, _, err := r.Accounts(t.Context(), who, "", 3)
		r.must(err)
		for _, a := range list {
			if name := a.Name[2:]; !slices.Contains(sees[mine], name) {
				t.Errorf("%s is shown %s", mine, a.Name)
			}
		}
	}
}

func TestAccountsInPages(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		r.add("s-"+name, south)
		r.add("n-"+name, north)
	}
	who, _ := r.login("s-a")
	var names []string
	for after := ""; ; {
		list, next, err := r.Accounts(t.Context(), who, after, 2)
		r.must(err)
		for _, a := range list {
			names = append(names, a.Name)
		}
		if next == "" {
			break
		}
		after = next
	}
	if got := strings.Join(names, " "); got != "s-a s-b s-c s-d s-e" {
		t.Errorf("pages give %s", got)
	}
}

func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	r := newRig(t)
	r.add("anna", north)
	who, _ := r.login("anna")
	for _, g := range []account.Grant{operator, auditor, south, eight, {Role: account.DomainAdmin, Domain: 9}} {
		_, err := r.Add(t.Context(), who, account.Draft{Name: "new", Password: secret, Grants: []account.Grant{seven, g}})
		r.refused("an account with "+g.String(), err, account.CodeForbidden)
		_, err = r.Update(t.Context(), who, "anna", account.Update{Grants: &[]account.Grant{north, g}})
		r.refused("more for itself: "+g.String(), err, account.CodeForbidden)
		_, _, err = r.AddToken(t.Context(), who, account.NewToken{Name: "ci", Grants: []account.Grant{g}})
		r.refused("a token with "+g.String(), err, account.CodeForbidden)
	}
	_, err := r.Add(t.Context(), who, account.Draft{Name: "new", Password: secret})
	r.refused("an account without grants", err, account.CodeForbidden)
	_, err = r.Add(t.Context(), root, account.Draft{Name: "new", Password: secret, Grants: []account.Grant{{Role: account.DomainAdmin, Domain: 77}}})
	r.refused("a domain that is none", err, account.CodeBadGrant)
	_, err = r.Add(t.Context(), root, account.Draft{Name: "new", Password: secret, Grants: make([]account.Grant, 65)})
	r.refused("too many", err, account.CodeTooMany)
}

func TestUpdate(t *testing.T) {
	r := newRig(t)
	a := r.add("anna", operator)
	if a.Rev != 1 || a.ID == 0 {
		t.Errorf("made %+v", a)
	}
	_, err := r.Add(t.Context(), root, account.Draft{Name: "Anna", Password: secret})
	r.refused("the same name", err, account.CodeNameTaken)
	got, err := r.Update(t.Context(), root, "anna", account.Update{Rev: 1, Grants: &[]account.Grant{operator, seven, seven}})
	r.must(err)
	if got.Rev != 2 || !slices.Equal(got.Grants, []account.Grant{operator, seven}) {
		t.Errorf("updated to %+v", got)
	}
	stored, err := r.Account(t.Context(), root, "anna")
	r.must(err)
	if stored.Rev != got.Rev || !slices.Equal(stored.Grants, got.Grants) {
		t.Errorf("stored %+v, told %+v", stored, got)
	}
	_, err = r.Update(t.Context(), root, "anna", account.Update{Rev: 1, Grants: &[]account.Grant{}})
	r.refused("an old version", err, account.CodeConflict)
	r.refused("an old version", r.Remove(t.Context(), root, "anna", 1), account.CodeConflict)
	if got, err := r.Update(t.Context(), root, "anna", account.Update{}); err != nil || got.Rev != 2 {
		t.Errorf("nothing to change: %+v, %v", got, err)
	}
	_, err = r.Update(t.Context(), root, "nobody", account.Update{})
	r.refused("nobody", err, account.CodeNotFound)
}

func TestLastOperator(t *testing.T) {
	r := newRig(t)
	r.add("anna", operator)
	r.add("carla", north)
	yes := true
	_, err := r.Update(t.Context(), root, "anna", account.Update{Disabled: &yes})
	r.refused("disabled", err, account.CodeLastOperator)
	_, err = r.Update(t.Context(), root, "anna", account.Update{Grants: &[]account.Grant{north}})
	r.refused("made less", err, account.CodeLastOperator)
	r.refused("removed", r.Remove(t.Context(), root, "anna", 0), account.CodeLastOperator)
	r.add("ben", operator)
	won, _ := race(2, func(i int) error { return r.Remove(t.Context(), root, []string{"anna", "ben"}[i], 0) })
	if won != 1 {
		t.Errorf("%d of two operators were removed", won)
	}
	r.must(r.Remove(t.Context(), root, "carla", 0))
}

func TestTokens(t *testing.T) {
	r := newRig(t)
	r.add("op", operator)
	r.add("anna", north)
	who, _ := r.login("anna")
	text, token, err := r.AddToken(t.Context(), who, account.NewToken{Name: "CI", Grants: []account.Grant{seven, readsNorth}})
	r.must(err)
	if !strings.HasPrefix(text, "tdm_") || token.Name != "ci" {
		t.Errorf("token %q, %+v", text, token)
	}
	is, err := r.ByToken(t.Context(), text, away)
	r.must(err)
	if is.Kind != account.KindToken || is.Name != "anna" || is.Token != "ci" || is.From != "198.51.100.1" || is.Account != who.Account {
		t.Errorf("the token is of %+v", is)
	}
	if !is.May(account.Write, account.Scope{Org: "north", Domain: 7}) || is.May(account.Write, account.Scope{Org: "north"}) {
		t.Errorf("the token may as %+v", is.Grants)
	}
	_, _, err = r.AddToken(t.Context(), who, account.NewToken{Name: "ci", Grants: []account.Grant{seven}})
	r.refused("the same name", err, account.CodeNameTaken)
	_, _, err = r.AddToken(t.Context(), is, account.NewToken{Name: "child", Grants: []account.Grant{seven}})
	r.refused("a token of a token", err, account.CodeForbidden)
	_, _, err = r.AddToken(t.Context(), who, account.NewToken{Name: "none"})
	r.refused("without grants", err, account.CodeBadGrant)
	_, _, err = r.AddToken(t.Context(), who, account.NewToken{Name: "old", Grants: []account.Grant{seven}, Expires: r.clock.Now().Add(-time.Second)})
	r.refused("expired from the beginning", err, account.CodeBadValue)

	list, err := r.Tokens(t.Context(), who, false)
	r.must(err)
	if len(list) != 1 || list[0].ID != token.ID || list[0].Used.IsZero() {
		t.Errorf("listed %+v", list)
	}
	_, err = r.Tokens(t.Context(), who, true)
	r.refused("those of everybody", err, account.CodeForbidden)

	_, err = r.Update(t.Context(), root, "anna", account.Update{Grants: &[]account.Grant{readsNorth}})
	r.must(err)
	if is, err = r.ByToken(t.Context(), text, away); err != nil || !slices.Equal(is.Grants, []account.Grant{readsNorth}) {
		t.Errorf("the token of somebody who may do less now may still %v, %v", is.Grants, err)
	}
	yes, no := true, false
	_, err = r.Update(t.Context(), root, "anna", account.Update{Disabled: &yes})
	r.must(err)
	_, err = r.ByToken(t.Context(), text, away)
	r.refused("of a disabled account", err, account.CodeBadToken)
	_, err = r.Update(t.Context(), root, "anna", account.Update{Disabled: &no})
	r.must(err)
	other, _ := r.login("op")
	r.add("carla", south)
	stranger, _ := r.login("carla")
	r.refused("revoked by a stranger", r.RevokeToken(t.Context(), stranger, token.ID), account.CodeNotFound)
	r.must(r.RevokeToken(t.Context(), other, token.ID))
	_, err = r.ByToken(t.Context(), text, away)
	r.refused("revoked", err, account.CodeBadToken)
}

func TestTokensExpireAndGoWithTheirAccount(t *testing.T) {
	r := newRig(t)
	r.add("op", operator)
	r.add("anna", seven)
	who, _ := r.login("anna")
	text, _, err := r.AddToken(t.Context(), who, account.NewToken{Name: "ci", Grants: []account.Grant{seven}, Expires: r.clock.Now().Add(time.Hour)})
	r.must(err)
	use := func(text string) error { _, err := r.ByToken(t.Context(), text, home); return err }
	r.must(use(text))
	r.clock.Advance(time.Hour)
	r.refused("expired", use(text), account.CodeBadToken)
	text, _, err = r.AddToken(t.Context(), who, account.NewToken{Name: "ci2", Grants: []account.Grant{seven}})
	r.must(err)
	r.must(use(text))
	r.must(r.Remove(t.Context(), root, "anna", 0))
	r.refused("of an account that is gone", use(text), account.CodeBadToken)

	text, _, err = r.AddToken(t.Context(), root, account.NewToken{Name: "backup", Grants: []account.Grant{operator}})
	r.must(err)
	if is, err := r.ByToken(t.Context(), text, home); err != nil || is.String() != "token local/backup from 192.0.2.1" {
		t.Errorf("of nobody: %v, %v", is, err)
	}
}
