package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/keys"
)

// AccountStore is a store of accounts that can be closed.
type AccountStore interface {
	account.Store
	keys.Store
	Close() error
}

// RunAccount runs the suite of account.Store. fresh is as Fresh.
func RunAccount(t *testing.T, fresh func(t *testing.T) (open func() AccountStore)) {
	tests := []struct {
		name string
		test func(*testing.T, *accountBench)
	}{
		{"accounts come back as written", testAccountRoundTrip},
		{"accounts are listed by name", testAccountList},
		{"names are unique, ids are never given twice", testAccountTaken},
		{"a change needs the version that was read", testAccountRev},
		{"an account takes everything along", testAccountDelete},
		{"the link makes the first account, once", testAccountLink},
		{"a step is spent once", testAccountStep},
		{"a recovery code is spent once", testAccountRecovery},
		{"sessions come back as written", testAdminSession},
		{"sessions begin only with the password that was checked", testAdminSessionPassword},
		{"sessions end", testAdminSessionEnd},
		{"sessions are pruned", testAdminSessionPrune},
		{"tokens come back as written", testAdminToken},
		{"tokens of no account", testAdminTokenAlone},
		{"a login while the password changes", testAdminLoginRace},
		{"secrets are sealed anew", testAccountReseal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			open := fresh(t)
			s := open()
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			test.test(t, &accountBench{T: t, AccountStore: s})
		})
	}
}

type accountBench struct {
	*testing.T
	AccountStore
}

var operator = []account.Grant{{Role: account.Operator}}

func (b *accountBench) add(name string) account.Row {
	b.Helper()
	row := account.Row{
		Account:  account.Account{Name: name, Grants: operator, Created: someTime, PasswordChanged: someTime, Rev: 1},
		Password: "hash of " + name,
	}
	var err error
	if row.ID, err = b.AddAccount(b.Context(), row, nil); err != nil {
		b.Fatal(err)
	}
	return row
}

func (b *accountBench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *accountBench) account(id int64) account.Row {
	b.Helper()
	row, found, err := b.Account(b.Context(), id)
	if err != nil || !found {
		b.Fatalf("account %d: found %v, %v", id, found, err)
	}
	return row
}

func (b *accountBench) session(of account.Row, id string) account.SessionRow {
	b.Helper()
	s := account.SessionRow{Hash: []byte("hash of " + id), Session: account.Session{
		ID: id, Account: of.ID, Created: someTime, Used: someTime, Expires: someTime.Add(time.Hour), From: "192.0.2.1", UserAgent: "a browser",
	}}
	b.must(b.AddSession(b.Context(), s, of.Password, "", account.Prune{Keep: 100}))
	return s
}

func testAccountRoundTrip(t *testing.T, b *accountBench) {
	want := account.Row{
		Account: account.Account{
			Name: "anna@example.com", Disabled: true, Created: someTime, PasswordChanged: someTime.Add(time.Second), LastLogin: someTime.Add(time.Minute), Rev: 1,
			Grants: []account.Grant{{Role: account.OrgAdmin, Org: "Nord \"&\" Süd"}, {Role: account.DomainAdmin, Domain: 1 << 40}},
		},
		Password: "$argon2id$", Secret: []byte{0, 1}, Pending: []byte{2, 0}, Step: 7,
	}
	var err error
	want.ID, err = b.AddAccount(t.Context(), want, nil)
	b.must(err)
	want.Factor = true
	same(t, "written", b.account(want.ID), want)
	byName, found, err := b.AccountByName(t.Context(), "anna@example.com")
	if err != nil || !found {
		t.Fatalf("by name: %v, %v", found, err)
	}
	same(t, "by name", byName, want)

	want.Grants, want.Disabled, want.Password, want.Secret, want.Pending, want.Step = nil, false, "other", nil, nil, 9
	want.PasswordChanged = someTime.Add(time.Hour)
	b.must(b.ChangeAccount(t.Context(), account.Change{Row: want, SetSecret: true, SetPending: true, Recovery: [][]byte{{1}, {2}}, SetRecovery: true}))
	want.Rev, want.Factor, want.RecoveryLeft = 2, false, 2
	same(t, "changed", b.account(want.ID), want)

	for _, id := range []int64{0, want.ID + 1, -1} {
		if _, found, err := b.Account(t.Context(), id); found || err != nil {
			t.Errorf("account %d: %v, %v", id, found, err)
		}
	}
	if _, found, err := b.AccountByName(t.Context(), "anna"); found || err != nil {
		t.Errorf("another name: %v, %v", found, err)
	}
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
}

func testAccountList(t *testing.T, b *accountBench) {
	for _, name := range []string{"b", "a.z", "a-z", "c", "a"} {
		b.add(name)
	}
	names := func(after string, limit int) (names []string) {
		list, err := b.Accounts(t.Context(), after, limit)
		b.must(err)
		for _, row := range list {
			names = append(names, row.Name)
		}
		return names
	}
	same(t, "all", names("", 10), []string{"a", "a-z", "a.z", "b", "c"})
	same(t, "a page", names("a", 2), []string{"a-z", "a.z"})
	same(t, "behind the end", names("c", 2), nil)
	if n, err := b.CountAccounts(t.Context()); n != 5 || err != nil {
		t.Errorf("%d accounts, %v", n, err)
	}
}

func testAccountTaken(t *testing.T, b *accountBench) {
	first := b.add("anna")
	if _, err := b.AddAccount(t.Context(), first, nil); !errors.Is(err, account.ErrTaken) {
		t.Errorf("the same name: %v", err)
	}
	b.must(b.DeleteAccount(t.Context(), first.ID, 1))
	if again := b.add("anna"); again.ID <= first.ID {
		t.Errorf("id %d after %d", again.ID, first.ID)
	}
}

func testAccountRev(t *testing.T, b *accountBench) {
	row := b.add("anna")
	var won atomic.Int32
	race(8, func(int) {
		switch err := b.ChangeAccount(t.Context(), account.Change{Row: row}); {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, account.ErrConflict):
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d changes of one version were written", won.Load())
	}
	if err := b.DeleteAccount(t.Context(), row.ID, 1); !errors.Is(err, account.ErrConflict) {
		t.Errorf("deleting an old version: %v", err)
	}
	b.account(row.ID)
}

// race runs f n times at once.
func race(n int, f func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

func testAccountDelete(t *testing.T, b *accountBench) {
	row, other := b.add("anna"), b.add("ben")
	b.must(b.ChangeAccount(t.Context(), account.Change{Row: row, Recovery: [][]byte{{1}}, SetRecovery: true}))
	s, kept := b.session(row, "s1"), b.session(other, "s2")
	for _, of := range []account.Row{row, other} {
		b.must(b.AddToken(t.Context(), account.TokenRow{Hash: []byte(of.Name), Token: account.Token{ID: of.Name, Account: of.ID, Name: "ci", Grants: operator, Created: someTime}}))
	}
	b.must(b.DeleteAccount(t.Context(), row.ID, 2))
	if _, _, found, err := b.Session(t.Context(), s.Hash); found || err != nil {
		t.Errorf("its session: %v, %v", found, err)
	}
	if _, _, found, err := b.Token(t.Context(), []byte("anna")); found || err != nil {
		t.Errorf("its token: %v, %v", found, err)
	}
	if ok, err := b.SpendRecovery(t.Context(), row.ID, []byte{1}); ok || err != nil {
		t.Errorf("its code: %v, %v", ok, err)
	}
	if _, of, found, err := b.Session(t.Context(), kept.Hash); !found || err != nil || of.Name != "ben" {
		t.Errorf("the session of another: %v, %v", found, err)
	}
	if _, of, found, err := b.Token(t.Context(), []byte("ben")); !found || err != nil || of.Name != "ben" {
		t.Errorf("the token of another: %v, %v", found, err)
	}
}

func testAccountLink(t *testing.T, b *accountBench) {
	keep := func(hash string) bool {
		kept, err := b.KeepLink(t.Context(), []byte(hash), someTime)
		b.must(err)
		return kept
	}
	use := func(name, hash string, now time.Time) error {
		_, err := b.AddAccount(t.Context(), account.Row{Account: account.Account{Name: name, Grants: operator}}, &account.Link{Hash: []byte(hash), Now: now})
		return err
	}
	before := someTime.Add(-time.Millisecond)
	if err := use("anna", "none", before); !errors.Is(err, account.ErrConflict) {
		t.Errorf("without a link: %v", err)
	}
	if !keep("first") || !keep("second") {
		t.Fatal("the link was not kept")
	}
	for name, err := range map[string]error{
		"replaced": use("anna", "first", before), "wrong": use("anna", "third", before), "expired": use("anna", "second", someTime),
	} {
		if !errors.Is(err, account.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var won atomic.Int32
	race(8, func(i int) {
		switch err := use(fmt.Sprint("anna", i), "second", before); {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, account.ErrConflict):
			t.Error(err)
		}
	})
	if n, err := b.CountAccounts(t.Context()); won.Load() != 1 || n != 1 || err != nil {
		t.Errorf("the link was used %d times, %d accounts, %v", won.Load(), n, err)
	}
	if keep("third") {
		t.Error("a link was kept although there is an account")
	}
	if err := use("ben", "third", before); !errors.Is(err, account.ErrConflict) {
		t.Errorf("a link while there is an account: %v", err)
	}
}

func testAccountStep(t *testing.T, b *accountBench) {
	row := b.add("anna")
	var won atomic.Int32
	race(8, func(int) {
		ok, err := b.SpendStep(t.Context(), row.ID, 100)
		if err != nil {
			t.Error(err)
		}
		if ok {
			won.Add(1)
		}
	})
	if won.Load() != 1 {
		t.Errorf("one step was spent %d times", won.Load())
	}
	for step, want := range map[int64]bool{99: false, 100: false} {
		if ok, err := b.SpendStep(t.Context(), row.ID, step); ok != want || err != nil {
			t.Errorf("step %d: %v, %v", step, ok, err)
		}
	}
	row.Rev, row.Step = 1, 50
	b.must(b.ChangeAccount(t.Context(), account.Change{Row: row, SetSecret: true}))
	if got := b.account(row.ID).Step; got != 100 {
		t.Errorf("a change set the step back to %d", got)
	}
	if ok, err := b.SpendStep(t.Context(), row.ID, 101); !ok || err != nil {
		t.Errorf("the next step: %v, %v", ok, err)
	}
}

func testAccountRecovery(t *testing.T, b *accountBench) {
	row, other := b.add("anna"), b.add("ben")
	b.must(b.ChangeAccount(t.Context(), account.Change{Row: row, Recovery: [][]byte{{1}, {2}, {3}}, SetRecovery: true}))
	b.must(b.ChangeAccount(t.Context(), account.Change{Row: other, Recovery: [][]byte{{1}}, SetRecovery: true}))
	var won atomic.Int32
	race(8, func(int) {
		ok, err := b.SpendRecovery(t.Context(), row.ID, []byte{1})
		if err != nil {
			t.Error(err)
		}
		if ok {
			won.Add(1)
		}
	})
	if won.Load() != 1 {
		t.Errorf("one code was spent %d times", won.Load())
	}
	if left := b.account(row.ID).RecoveryLeft; left != 2 {
		t.Errorf("%d codes are left", left)
	}
	row = b.account(row.ID)
	b.must(b.ChangeAccount(t.Context(), account.Change{Row: row})) // leaves them alone
	if left := b.account(row.ID).RecoveryLeft; left != 2 {
		t.Errorf("%d codes are left after a change", left)
	}
	row.Rev++
	b.must(b.ChangeAccount(t.Context(), account.Change{Row: row, SetRecovery: true}))
	if ok, err := b.SpendRecovery(t.Context(), row.ID, []byte{2}); ok || err != nil {
		t.Errorf("a code that was removed: %v, %v", ok, err)
	}
	if left := b.account(other.ID).RecoveryLeft; left != 1 {
		t.Errorf("%d codes of another are left", left)
	}
}

func testAdminSession(t *testing.T, b *accountBench) {
	row := b.add("anna")
	first := b.session(row, "s1")
	got, of, found, err := b.Session(t.Context(), first.Hash)
	if err != nil || !found {
		t.Fatalf("found %v, %v", found, err)
	}
	same(t, "session", got, first)
	row.LastLogin = someTime
	same(t, "its account", of, row)
	if _, _, found, err := b.Session(t.Context(), []byte("other")); found || err != nil {
		t.Errorf("another hash: %v, %v", found, err)
	}
	b.must(b.TouchSession(t.Context(), "s1", someTime.Add(time.Minute)))
	b.must(b.TouchSession(t.Context(), "s1", someTime)) // of a slower request
	b.session(row, "s2")
	list, err := b.Sessions(t.Context(), row.ID)
	b.must(err)
	if len(list) != 2 || list[0].ID != "s1" || !list[0].Used.Equal(someTime.Add(time.Minute)) {
		t.Errorf("listed: %+v", list)
	}
}

func testAdminSessionPassword(t *testing.T, b *accountBench) {
	row := b.add("anna")
	try := func(id, checked, rehashed string) error {
		return b.AddSession(t.Context(), account.SessionRow{Hash: []byte(id), Session: account.Session{ID: id, Account: row.ID, Created: someTime, Used: someTime}},
			checked, rehashed, account.Prune{Keep: 10})
	}
	if err := try("s1", "another hash", "new"); !errors.Is(err, account.ErrConflict) {
		t.Errorf("another password: %v", err)
	}
	b.must(try("s1", row.Password, "rehashed"))
	if got := b.account(row.ID); got.Password != "rehashed" || got.Rev != 1 {
		t.Errorf("after a login: %q, rev %d", got.Password, got.Rev)
	}
	row = b.account(row.ID)
	row.Disabled = true
	b.must(b.ChangeAccount(t.Context(), account.Change{Row: row}))
	if err := try("s2", "rehashed", ""); !errors.Is(err, account.ErrConflict) {
		t.Errorf("a disabled account: %v", err)
	}
	b.must(b.DeleteAccount(t.Context(), row.ID, 2))
	if err := try("s3", "rehashed", ""); !errors.Is(err, account.ErrConflict) {
		t.Errorf("an account that is gone: %v", err)
	}
}

func testAdminSessionEnd(t *testing.T, b *accountBench) {
	row, other := b.add("anna"), b.add("ben")
	for _, id := range []string{"s1", "s2", "s3"} {
		b.session(row, id)
	}
	b.session(other, "s4")
	ids := func(of account.Row) (ids []string) {
		list, err := b.Sessions(t.Context(), of.ID)
		b.must(err)
		for _, s := range list {
			ids = append(ids, s.ID)
		}
		return ids
	}
	if found, err := b.DeleteSession(t.Context(), row.ID, "s4"); found || err != nil {
		t.Errorf("the session of another: %v, %v", found, err)
	}
	if found, err := b.DeleteSession(t.Context(), row.ID, "s1"); !found || err != nil {
		t.Errorf("a session: %v, %v", found, err)
	}
	b.must(b.ChangeAccount(t.Context(), account.Change{Row: row, EndSessions: true, KeepSession: "s3"}))
	same(t, "all but one end", ids(row), []string{"s3"})
	row.Rev++
	b.must(b.ChangeAccount(t.Context(), account.Change{Row: row, EndSessions: true}))
	same(t, "all end", ids(row), nil)
	same(t, "those of another", ids(other), []string{"s4"})
}

func testAdminSessionPrune(t *testing.T, b *accountBench) {
	row, other := b.add("anna"), b.add("ben")
	add := func(of account.Row, id string, used, expires time.Duration, p account.Prune) {
		b.must(b.AddSession(t.Context(), account.SessionRow{Hash: []byte(id), Session: account.Session{
			ID: id, Account: of.ID, Created: someTime, Used: someTime.Add(used), Expires: someTime.Add(expires),
		}}, of.Password, "", p))
	}
	left := func() (ids []string) {
		for _, of := range []account.Row{row, other} {
			list, err := b.Sessions(t.Context(), of.ID)
			b.must(err)
			for _, s := range list {
				ids = append(ids, s.ID)
			}
		}
		return ids
	}
	all := account.Prune{Keep: 10}
	add(row, "s1", 0, time.Hour, all)
	add(row, "s2", time.Hour, time.Hour, all)
	add(other, "s3", 0, 2*time.Hour, all)
	add(row, "s4", time.Hour, 2*time.Hour, all)
	add(row, "s5", 3*time.Hour, 4*time.Hour, account.Prune{Expired: someTime.Add(time.Hour), Idle: someTime, Keep: 10})
	same(t, "after expired and idle ones", left(), []string{"s4", "s5"})
	add(other, "s6", 3*time.Hour, 4*time.Hour, all)
	add(row, "s7", 5*time.Hour, 6*time.Hour, account.Prune{Keep: 2})
	same(t, "after too many", left(), []string{"s5", "s7", "s6"})
}

func testAdminToken(t *testing.T, b *accountBench) {
	row := b.add("anna")
	token := account.TokenRow{Hash: []byte("hash"), Token: account.Token{
		ID: "t1", Account: row.ID, Name: "ci", Created: someTime, Expires: someTime.Add(time.Hour),
		Grants: []account.Grant{{Role: account.Auditor, Domain: 5}},
	}}
	b.must(b.AddToken(t.Context(), token))
	got, of, found, err := b.Token(t.Context(), token.Hash)
	if err != nil || !found {
		t.Fatalf("found %v, %v", found, err)
	}
	same(t, "token", got, token)
	same(t, "its account", of, row)
	b.must(b.TouchToken(t.Context(), "t1", someTime.Add(time.Minute)))
	b.must(b.TouchToken(t.Context(), "t1", someTime))
	list, err := b.Tokens(t.Context(), row.ID)
	b.must(err)
	token.Used = someTime.Add(time.Minute)
	same(t, "listed", list, []account.Token{token.Token})

	taken := token
	taken.ID, taken.Hash = "t2", []byte("other")
	if err := b.AddToken(t.Context(), taken); !errors.Is(err, account.ErrTaken) {
		t.Errorf("the same name: %v", err)
	}
	taken.Account = row.ID + 7
	if err := b.AddToken(t.Context(), taken); !errors.Is(err, account.ErrConflict) {
		t.Errorf("of an account that is none: %v", err)
	}
	if found, err := b.DeleteToken(t.Context(), 0, "t1"); found || err != nil {
		t.Errorf("deleting it for another: %v, %v", found, err)
	}
	if found, err := b.DeleteToken(t.Context(), row.ID, "t1"); !found || err != nil {
		t.Errorf("deleting it: %v, %v", found, err)
	}
	if _, _, found, err := b.Token(t.Context(), token.Hash); found || err != nil {
		t.Errorf("a deleted token: %v, %v", found, err)
	}
}

func testAdminTokenAlone(t *testing.T, b *accountBench) {
	row := b.add("anna")
	alone := account.TokenRow{Hash: []byte("alone"), Token: account.Token{ID: "t1", Name: "ci", Grants: operator, Created: someTime}}
	owned := account.TokenRow{Hash: []byte("owned"), Token: account.Token{ID: "t2", Account: row.ID, Name: "ci", Grants: operator, Created: someTime}}
	b.must(b.AddToken(t.Context(), alone))
	b.must(b.AddToken(t.Context(), owned))
	got, of, found, err := b.Token(t.Context(), alone.Hash)
	if err != nil || !found {
		t.Fatalf("found %v, %v", found, err)
	}
	same(t, "token", got, alone)
	same(t, "its account", of, account.Row{})
	for of, want := range map[int64][]account.Token{0: {alone.Token}, row.ID: {owned.Token}, -1: {alone.Token, owned.Token}} {
		list, err := b.Tokens(t.Context(), of)
		b.must(err)
		same(t, fmt.Sprint("tokens of ", of), list, want)
	}
}

// testAdminLoginRace: whatever the order, no session outlives the change of its
// password.
func testAdminLoginRace(t *testing.T, b *accountBench) {
	row := b.add("anna")
	for round := range 20 {
		row = b.account(row.ID)
		fresh := row
		fresh.Password = fmt.Sprint("password ", round)
		race(2, func(i int) {
			var err error
			if i == 0 {
				err = b.ChangeAccount(t.Context(), account.Change{Row: fresh, EndSessions: true})
			} else {
				id := fmt.Sprint("s", round)
				err = b.AddSession(t.Context(), account.SessionRow{Hash: []byte(id), Session: account.Session{ID: id, Account: row.ID, Created: someTime, Used: someTime}},
					row.Password, "", account.Prune{Keep: 10})
				if errors.Is(err, account.ErrConflict) {
					err = nil // too late
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
		if list, err := b.Sessions(t.Context(), row.ID); len(list) > 0 || err != nil {
			t.Fatalf("round %d: sessions of the old password: %+v, %v", round, list, err)
		}
	}
}

func testAccountReseal(t *testing.T, b *accountBench) {
	row := b.add("anna")
	row.Secret, row.Pending = []byte("old secret"), []byte("old pending")
	b.must(b.ChangeAccount(t.Context(), account.Change{Row: row, SetSecret: true, SetPending: true}))
	row = b.account(row.ID)
	texts, err := b.Sealed(t.Context(), []byte("new"), 10)
	b.must(err)
	if len(texts) != 2 || texts[0].Object != row.ID || texts[1].Object != row.ID {
		t.Fatalf("found %+v", texts)
	}
	for i := range texts {
		texts[i].Fresh = append([]byte("new"), texts[i].Sealed[3:]...)
	}
	b.must(b.Reseal(t.Context(), texts))
	b.must(b.ChangeAccount(t.Context(), account.Change{Row: row})) // of somebody who has read before
	got := b.account(row.ID)
	if string(got.Secret) != "new secret" || string(got.Pending) != "new pending" {
		t.Errorf("sealed anew: %q, %q", got.Secret, got.Pending)
	}
	if left, err := b.Sealed(t.Context(), []byte("new"), 10); len(left) != 0 || err != nil {
		t.Errorf("left: %+v, %v", left, err)
	}
}
