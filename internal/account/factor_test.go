package account_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
)

// Whoever has the browser of somebody else does not find the code that confirms a
// second factor.
func TestConfirmingIsNoGuessing(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	who, _ := r.login("anna")
	e, err := r.BeginFactor(t.Context(), who, secret, "")
	r.must(err)
	refused := account.Code("")
	for range 40 {
		_, err := r.ConfirmFactor(t.Context(), who, "12345")
		refused = account.CodeOf(err)
	}
	if refused != account.CodeTooManyAttempts {
		t.Errorf("after 40 wrong codes: %q", refused)
	}
	_, err = r.ConfirmFactor(t.Context(), who, r.code(e))
	r.refused("the right code, too late", err, account.CodeTooManyAttempts)
	r.clock.Advance(15 * time.Minute)
	_, err = r.ConfirmFactor(t.Context(), who, r.code(e))
	r.must(err)
}

func TestSecondFactor(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	who, _ := r.login("anna")
	_, other := r.login("anna")

	_, err := r.ConfirmFactor(t.Context(), who, "123456")
	r.refused("confirmed before it was begun", err, account.CodeNoFactor)
	_, err = r.BeginFactor(t.Context(), who, "wrong", "")
	r.refused("begun with a wrong password", err, account.CodeBadLogin)
	e, err := r.BeginFactor(t.Context(), who, secret, "")
	r.must(err)
	u, err := url.Parse(e.URI)
	r.must(err)
	if u.Scheme != "otpauth" || u.Path != "/Tandem:anna" || u.Query().Get("secret") != e.Secret || len(e.Secret) < 32 {
		t.Errorf("enrolment %+v", e)
	}
	r.must(r.try(account.Login{Name: "anna", Password: secret})) // not confirmed: not needed
	_, err = r.ConfirmFactor(t.Context(), who, "12345")
	r.refused("a wrong code", err, account.CodeBadCode)
	first := r.code(e)
	codes, err := r.ConfirmFactor(t.Context(), who, first)
	r.must(err)
	if len(codes) != 10 || len(codes[0]) != 19 {
		t.Errorf("recovery codes %v", codes)
	}
	if _, err := r.BySession(t.Context(), other, home); err == nil {
		t.Error("a session from before the second factor is alive")
	}

	r.refused("no code", r.try(account.Login{Name: "anna", Password: secret}), account.CodeSecondFactor)
	r.refused("a wrong password with a code", r.try(account.Login{Name: "anna", Password: "wrong", Code: first}), account.CodeBadLogin)
	r.refused("the code that confirmed", r.try(account.Login{Name: "anna", Password: secret, Code: first}), account.CodeBadCode)
	r.clock.Advance(time.Minute)
	next := r.code(e)
	r.must(r.try(account.Login{Name: "anna", Password: secret, Code: next}))
	r.refused("a code twice", r.try(account.Login{Name: "anna", Password: secret, Code: next}), account.CodeBadCode)
	old := r.code(e)
	r.clock.Advance(2 * time.Minute)
	r.refused("an old code", r.try(account.Login{Name: "anna", Password: secret, Code: old}), account.CodeBadCode)
	r.clock.Advance(30 * time.Minute)
	late := r.code(e)
	r.clock.Advance(25 * time.Second) // one step at most
	r.must(r.try(account.Login{Name: "anna", Password: secret, Code: late}))
}

func TestCodeIsGoodOnceAtOnce(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	who, _ := r.login("anna")
	e, codes := r.enrol(who)
	code := r.code(e)
	if won, _ := race(4, func(int) error { return r.try(account.Login{Name: "anna", Password: secret, Code: code}) }); won != 1 {
		t.Errorf("one code was good %d times", won)
	}
	if won, _ := race(4, func(int) error {
		return r.try(account.Login{Name: "anna", Password: secret, Code: codes[3], From: away})
	}); won != 1 {
		t.Errorf("one recovery code was good %d times", won)
	}
}

func TestRecoveryCodes(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	who, _ := r.login("anna")
	_, err := r.NewRecoveryCodes(t.Context(), who, secret, "")
	r.refused("without a second factor", err, account.CodeNoFactor)
	e, codes := r.enrol(who)
	in, err := r.Login(t.Context(), account.Login{Name: "anna", Password: secret, Code: codes[0], From: home})
	r.must(err)
	if !in.Recovery {
		t.Error("a recovery code was used, and it is not told")
	}
	r.must(r.try(account.Login{Name: "anna", Password: secret, Code: " " + strings.ToUpper(strings.ReplaceAll(codes[1], "-", " "))}))
	r.refused("a second time", r.try(account.Login{Name: "anna", Password: secret, Code: codes[0]}), account.CodeBadCode)
	a, err := r.Account(t.Context(), who, "anna")
	r.must(err)
	if a.RecoveryLeft != 8 || !a.Factor {
		t.Errorf("the account is %+v", a)
	}
	_, err = r.NewRecoveryCodes(t.Context(), who, secret, "")
	r.refused("new ones without a code", err, account.CodeSecondFactor)
	fresh, err := r.NewRecoveryCodes(t.Context(), who, secret, r.code(e))
	r.must(err)
	r.refused("an old one", r.try(account.Login{Name: "anna", Password: secret, Code: codes[2]}), account.CodeBadCode)
	r.must(r.try(account.Login{Name: "anna", Password: secret, Code: fresh[2]}))
}

func TestSecondFactorIsRemoved(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	who, _ := r.login("anna")
	r.refused("none", r.RemoveFactor(t.Context(), who, secret, ""), account.CodeNoFactor)
	r.refused("none to reset", r.ResetFactor(t.Context(), root, "anna"), account.CodeNoFactor)
	_, codes := r.enrol(who)
	r.refused("without a code", r.RemoveFactor(t.Context(), who, secret, ""), account.CodeSecondFactor)
	_, err := r.BeginFactor(t.Context(), who, secret, "")
	r.refused("another one without a code", err, account.CodeSecondFactor)
	r.must(r.RemoveFactor(t.Context(), who, secret, codes[0]))
	r.must(r.try(account.Login{Name: "anna", Password: secret}))

	e, _ := r.enrol(who)
	r.must(r.ResetFactor(t.Context(), root, "anna"))
	r.must(r.try(account.Login{Name: "anna", Password: secret}))
	if _, err := r.Sessions(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	_, err = r.ConfirmFactor(t.Context(), who, r.code(e))
	r.refused("confirmed after the reset", err, account.CodeNoFactor)
}

// TestSecretOfAnotherAccount: a sealed secret means nothing in another row.
func TestSecretOfAnotherAccount(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	r.add("ben")
	who, _ := r.login("anna")
	e, _ := r.enrol(who)
	anna, _, err := r.Store.AccountByName(t.Context(), "anna")
	r.must(err)
	if strings.Contains(string(anna.Secret), e.Secret) {
		t.Error("the secret is stored as it is")
	}
	ben, _, err := r.Store.AccountByName(t.Context(), "ben")
	r.must(err)
	ben.Secret = anna.Secret
	r.must(r.Store.ChangeAccount(t.Context(), account.Change{Row: ben, SetSecret: true}))
	if err := r.try(account.Login{Name: "ben", Password: secret, Code: r.code(e)}); err == nil {
		t.Error("the secret of one account opens in another")
	}
}
