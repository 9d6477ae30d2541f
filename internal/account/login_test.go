package account_test

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/guard"
)

func TestLogin(t *testing.T) {
	r := newRig(t)
	r.add("anna", account.Grant{Role: account.Operator})
	r.add("ben")
	yes := true
	if _, err := r.Update(t.Context(), root, "ben", account.Update{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, account, password string
		want                    account.Code
	}{
		{"wrong password", "anna", secret + "r", account.CodeBadLogin},
		{"empty password", "anna", "", account.CodeBadLogin},
		{"nobody", "carla", secret, account.CodeBadLogin},
		{"no name", "", secret, account.CodeBadLogin},
		{"a name that cannot be", strings.Repeat("a", 5000) + "\x00", secret, account.CodeBadLogin},
		{"disabled", "ben", secret, account.CodeBadLogin},
	}
	for i, test := range tests {
		from := netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
		r.refused(test.name, r.try(account.Login{Name: test.account, Password: test.password, From: from}), test.want)
	}
	in, err := r.Login(t.Context(), account.Login{Name: "ANNA", Password: secret, From: home, UserAgent: "a\x00b" + strings.Repeat("c", 500)})
	r.must(err)
	value, session, who := in.Value, in.Session, in.Who
	if who.Kind != account.KindAccount || who.Name != "anna" || who.From != "192.0.2.1" || !who.May(account.Operate, account.Scope{}) {
		t.Errorf("logged in as %+v", who)
	}
	if len(session.UserAgent) != 200 || !strings.HasPrefix(session.UserAgent, "abc") {
		t.Errorf("user agent %q", session.UserAgent)
	}
	again, err := r.BySession(t.Context(), value, away)
	r.must(err)
	if again.Account != who.Account || again.Session != session.ID || again.From != "198.51.100.1" {
		t.Errorf("the session is of %+v", again)
	}
	a, err := r.Account(t.Context(), root, "anna")
	r.must(err)
	if a.LastLogin.IsZero() || a.Factor {
		t.Errorf("the account is %+v", a)
	}
}

func TestSessionsEndByTime(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	who, value := r.login("anna")
	use := func() error { _, err := r.BySession(t.Context(), value, home); return err }
	for range 50 { // 25 days, never idle
		r.clock.Advance(12*time.Hour - time.Minute)
		r.must(use())
	}
	r.clock.Advance(12 * time.Hour)
	r.refused("idle", use(), account.CodeNoSession)

	_, value = r.login("anna")
	for range 59 {
		r.clock.Advance(12*time.Hour - time.Minute)
		r.must(use())
	}
	r.clock.Advance(11 * time.Hour)
	r.must(use())
	r.clock.Advance(3 * time.Hour) // 30 days and an hour
	r.refused("too old", use(), account.CodeNoSession)
	if list, err := r.Sessions(t.Context(), who); len(list) != 0 || err != nil {
		t.Errorf("listed: %+v, %v", list, err)
	}
}

func TestSessionsAreEnded(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	r.add("ben")
	one, first := r.login("anna")
	two, second := r.login("anna")
	other, third := r.login("ben")
	alive := func(value string) bool { _, err := r.BySession(t.Context(), value, home); return err == nil }

	list, err := r.Sessions(t.Context(), one)
	r.must(err)
	if len(list) != 2 {
		t.Errorf("sessions %+v", list)
	}
	r.refused("the session of another", r.EndSession(t.Context(), other, one.Session), account.CodeNotFound)
	r.must(r.EndSession(t.Context(), one, two.Session))
	r.refused("a second time", r.EndSession(t.Context(), one, two.Session), account.CodeNotFound)
	if !alive(first) || alive(second) || !alive(third) {
		t.Error("not exactly the one that was ended is over")
	}
	_, second = r.login("anna")
	r.must(r.ChangePassword(t.Context(), one, secret, "another "+secret))
	if !alive(first) || alive(second) || !alive(third) {
		t.Error("a new password must end the other sessions of the account, and only those")
	}
	r.must(r.Logout(t.Context(), one))
	if alive(first) {
		t.Error("alive after the logout")
	}
	r.refused("the old password", r.try(account.Login{Name: "anna", Password: secret}), account.CodeBadLogin)
	r.must(r.try(account.Login{Name: "anna", Password: "another " + secret}))
	yes := true
	_, err = r.Update(t.Context(), root, "ben", account.Update{Disabled: &yes})
	r.must(err)
	if alive(third) {
		t.Error("the session of a disabled account is alive")
	}
}

func TestChangePassword(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	who, _ := r.login("anna")
	r.refused("wrong", r.ChangePassword(t.Context(), who, "wrong", "another "+secret), account.CodeBadLogin)
	r.refused("weak", r.ChangePassword(t.Context(), who, secret, "short"), account.CodeWeakPassword)
	r.refused("the same", r.ChangePassword(t.Context(), who, secret, secret), account.CodeWeakPassword)
	r.refused("a token", r.ChangePassword(t.Context(), account.Identity{Kind: account.KindToken, Account: who.Account, Name: "anna"}, secret, "another "+secret), account.CodeForbidden)
	r.refused("the socket", r.ChangePassword(t.Context(), root, secret, "another "+secret), account.CodeForbidden)
}

func TestGuessing(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	r.add("ben")
	for range 10 { // some are refused unchecked
		_ = r.try(account.Login{Name: "anna", Password: "wrong"})
	}
	r.refused("the right password after many wrong ones", r.try(account.Login{Name: "anna", Password: secret}), account.CodeTooManyAttempts)
	r.must(r.try(account.Login{Name: "ben", Password: secret}))
	r.must(r.try(account.Login{Name: "anna", Password: secret, From: away}))
	r.clock.Advance(15 * time.Minute)
	r.must(r.try(account.Login{Name: "anna", Password: secret}))
}

// TestGuessingAtOnce: many logins that arrive together are not more attempts than
// the same one after the other.
func TestGuessingAtOnce(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	_, errs := race(200, func(int) error { return r.try(account.Login{Name: "anna", Password: "wrong"}) })
	checked := 0
	for _, err := range errs {
		if account.CodeOf(err) == account.CodeBadLogin {
			checked++
		}
	}
	if most := 5 + 1 + 4; len(errs) != 200 || checked > most {
		t.Errorf("%d of %d guesses were checked, want at most %d", checked, len(errs), most)
	}
}

func TestCodesCountAsGuesses(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	who, _ := r.login("anna")
	e, _ := r.enrol(who)
	for range 20 {
		_ = r.try(account.Login{Name: "anna", Password: secret, Code: "000000", From: away})
	}
	r.refused("a right code after many wrong ones", r.try(account.Login{Name: "anna", Password: secret, Code: r.code(e), From: away}), account.CodeTooManyAttempts)
	r.clock.Advance(15 * time.Minute)
	r.must(r.try(account.Login{Name: "anna", Password: secret, Code: r.code(e), From: away}))
}

func TestPasswordsAreHashedAnewWhenTheCostChanges(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	c := r.Config
	c.Cost = account.Cost{Memory: 128, Time: 2, Threads: 1}
	dearer := account.New(c)
	stored := func() string {
		row, _, err := r.Store.AccountByName(t.Context(), "anna")
		r.must(err)
		return row.Password
	}
	if _, err := dearer.Login(t.Context(), account.Login{Name: "anna", Password: secret, From: home}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored(), "$argon2id$v=19$m=128,t=2,p=1$") {
		t.Errorf("after a login with another cost: %s", stored())
	}
	before := stored()
	if _, err := dearer.Login(t.Context(), account.Login{Name: "anna", Password: secret, From: home}); err != nil || stored() != before {
		t.Errorf("hashed again without need, %v", err)
	}
}

// TestUnknownAccountTakesAsLongAsAKnownOne compares medians of interleaved rounds,
// and is content with one good attempt in five: a real difference (no hashing) is
// more than a factor of ten each time.
func TestUnknownAccountTakesAsLongAsAKnownOne(t *testing.T) {
	none := guard.Limits{PairFailures: -1, AccountFailures: -1, AddressFailures: -1, Remembered: 16}
	r := newRig(t, func(c *account.Config) {
		c.Cost, c.Guard = account.Cost{Memory: 4 << 10, Time: 1, Threads: 1}, guard.New(none)
	})
	r.add("anna")
	attempt := func(name string) time.Duration {
		start := time.Now()
		r.refused(name, r.try(account.Login{Name: name, Password: "wrong password"}), account.CodeBadLogin)
		return time.Since(start)
	}
	var ratio float64
	for range 5 {
		var known, unknown []time.Duration
		for range 41 {
			known, unknown = append(known, attempt("anna")), append(unknown, attempt("carla"))
		}
		slices.SortFunc(known, cmp.Compare)
		slices.SortFunc(unknown, cmp.Compare)
		if ratio = float64(known[20]) / float64(unknown[20]); ratio > 0.8 && ratio < 1.25 {
			return
		}
	}
	t.Errorf("a known account takes %.2f times as long as an unknown one", ratio)
}

func TestTooManySessionsEndTheLeastUsed(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	who, first := r.login("anna")
	for range 50 {
		r.clock.Advance(time.Second)
		r.login("anna")
	}
	list, err := r.Sessions(t.Context(), who)
	r.must(err)
	if _, gone := r.BySession(t.Context(), first, home); len(list) != 50 || gone == nil {
		t.Errorf("%d sessions, the first: %v", len(list), gone)
	}
}

func TestIdentityInWords(t *testing.T) {
	for want, who := range map[string]account.Identity{
		"socket uid:0":                   root,
		"socket local":                   account.Socket(-1),
		"account anna from 192.0.2.1":    {Kind: account.KindAccount, Name: "anna", From: "192.0.2.1"},
		"token anna/ci from 2001:db8::1": {Kind: account.KindToken, Name: "anna", Token: "ci", From: "2001:db8::1"},
	} {
		if who.String() != want {
			t.Errorf("%q, want %q", who.String(), want)
		}
	}
	for want, g := range map[string]account.Grant{
		"operator": {Role: account.Operator}, "org_admin of north": {Role: account.OrgAdmin, Org: "north"},
		"auditor of domain 7": {Role: account.Auditor, Domain: 7},
	} {
		if fmt.Sprint(g) != want {
			t.Errorf("%q, want %q", g, want)
		}
	}
}

func TestKnown(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	for in, want := range map[string]string{"anna": "anna", "ANNA": "anna", "ben": "", secret: "", "": ""} {
		if got, ok := r.Known(t.Context(), in); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v", in, got, ok)
		}
	}
}
