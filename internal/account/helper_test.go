package account_test

import (
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/sqlite"
	"github.com/tandem-switch/tandem/signal"
)

// tenants are the domains of the tests.
type tenants map[signal.DomainID][2]string

func (t tenants) Tenant(id signal.DomainID) (name, org string, ok bool) {
	d, ok := t[id]
	return d[0], d[1], ok
}

// rig is a Service on a store of its own.
type rig struct {
	*account.Service
	t     *testing.T
	clock *clock.Manual
}

var (
	home  = netip.MustParseAddr("192.0.2.1")
	away  = netip.MustParseAddr("198.51.100.1")
	root  = account.Socket(0)
	cheap = account.Cost{Memory: 64, Time: 1, Threads: 1}
)

const secret = "correct horse battery"

func newRig(t *testing.T, change ...func(*account.Config)) *rig {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "pbx.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	sealer, err := directory.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, clock: clock.NewManual()}
	c := account.Config{
		Store: store, Sealing: sealer, Clock: r.clock, Cost: cheap,
		Tenants: tenants{7: {"seven.example", "north"}, 8: {"eight.example", "south"}, 9: {"nine.example", ""}},
	}
	for _, f := range change {
		f(&c)
	}
	r.Service = account.New(c)
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) refused(what string, err error, want account.Code) {
	r.t.Helper()
	if got := account.CodeOf(err); got != want || err == nil {
		r.t.Errorf("%s: %v (%s), want %s", what, err, got, want)
	}
}

// add makes an account with the password of the tests.
func (r *rig) add(name string, grants ...account.Grant) account.Account {
	r.t.Helper()
	a, err := r.Add(r.t.Context(), root, account.Draft{Name: name, Password: secret, Grants: grants})
	r.must(err)
	return a
}

// login is who logs in from home, and the value of the cookie.
func (r *rig) login(name string) (account.Identity, string) {
	r.t.Helper()
	in, err := r.Login(r.t.Context(), account.Login{Name: name, Password: secret, From: home})
	r.must(err)
	return in.Who, in.Value
}

func (r *rig) try(l account.Login) error {
	if l.From == (netip.Addr{}) {
		l.From = home
	}
	_, err := r.Login(r.t.Context(), l)
	return err
}

// enrol switches the second factor on and returns it with the recovery codes.
func (r *rig) enrol(who account.Identity) (account.Enrolment, []string) {
	r.t.Helper()
	e, err := r.BeginFactor(r.t.Context(), who, secret, "")
	r.must(err)
	codes, err := r.ConfirmFactor(r.t.Context(), who, r.code(e))
	r.must(err)
	r.clock.Advance(time.Minute) // so that the next code is another one
	return e, codes
}

func (r *rig) code(e account.Enrolment) string {
	r.t.Helper()
	code, err := e.Code(r.clock.Now())
	r.must(err)
	return code
}

// race runs f n times at once and counts for how many it was nil.
func race(n int, f func(i int) error) (won int, errs []error) {
	results := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { results[i] = f(i) })
	}
	all.Wait()
	for _, err := range results {
		if err == nil {
			won++
			continue
		}
		errs = append(errs, err)
	}
	return won, errs
}
