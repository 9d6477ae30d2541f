package edge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/ws"
)

// TestBurstOfReturningClients: after a restart everybody comes back at once, all
// through one proxy, some of them with a password that is no longer good.
func TestBurstOfReturningClients(t *testing.T) {
	const clients, stale, parallel = 2000, 200, 32
	r := newRig(t)
	var group sync.WaitGroup
	work := make(chan int)
	refused := make(chan string, clients)
	for range parallel {
		group.Go(func() {
			for i := range work {
				if err := r.burstLogin(i < stale); err != nil {
					refused <- err.Error()
				}
			}
		})
	}
	for i := range clients {
		work <- i * 7919 % clients // the stale ones in between
	}
	close(work)
	group.Wait()
	if n := len(refused); n != 0 {
		t.Errorf("%d of %d clients failed, the first: %s", n, clients, <-refused)
	}
}

// burstLogin logs in; a stale client must be refused, any other must not.
func (r *rig) burstLogin(stale bool) error {
	c, err := ws.Dial(r.t.Context(), "ws"+strings.TrimPrefix(r.http.URL, "http")+appsPath, ws.DialConfig{})
	if err != nil {
		return err
	}
	defer c.Abort()
	if err := c.Write([]byte(`{"mt":"AppChallenge"}`)); err != nil {
		return err
	}
	text, err := c.Read(r.t.Context())
	if err != nil {
		return err
	}
	user, password := "alice", "secret-alice"
	if stale {
		user, password = "bob", "of-last-year"
	}
	var m message
	unmarshal(r.t, string(text), &m)
	l := appservice.UserLogin("example.com", user)
	digest := appservice.Digest(l, m.str("challenge"), password)
	if err := c.Write(fmt.Appendf(nil, `{"mt":"AppLogin","domain":"example.com","sip":%q,"digest":%q}`, user, digest)); err != nil {
		return err
	}
	if text, err = c.Read(r.t.Context()); err != nil {
		return err
	}
	if strings.Contains(string(text), `"ok":true`) == stale {
		return fmt.Errorf("stale %v, answer %s", stale, text)
	}
	return nil
}

func TestBruteForceIsRefusedWhileOthersLogIn(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits = Limits{PairFailures: 10, AddressFailures: 40} })
	r.loginUser("bob")
	guess := func(name, password string) bool {
		c := r.dial(appsPath)
		defer c.ws.Abort()
		return c.appLogin(appservice.UserLogin("example.com", name), c.challenge(), password)["ok"] == true
	}
	for i := range 30 {
		if guess("alice", fmt.Sprint("guess", i)) {
			t.Fatal("guessed")
		}
	}
	if guess("alice", "secret-alice") {
		t.Error("the account is not protected: the right password was taken after 30 guesses in a row")
	}
	c := r.dial(clientPath) // one account, whatever the door
	p := c.authenticate("user", "alice", "secret-alice")
	c.respond(p)
	c.wantError(2)
	r.loginUser("bob") // others from the same address go on
	r.clock.Advance(15 * time.Minute)
	if !guess("alice", "secret-alice") {
		t.Error("the account is locked for ever")
	}
	for i := range 60 { // one password, many accounts
		guess(fmt.Sprint("user", i), "123456")
	}
	r.addUser("carol", "103", "secret-carol")
	if guess("carol", "secret-carol") {
		t.Error("the address is not limited")
	}
	r.loginUser("bob")
	r.loginUser("alice")
	r.clock.Advance(time.Minute)
	if !guess("carol", "secret-carol") {
		t.Error("the address is locked for ever")
	}
}

// TestUnknownUserTakesAsLongAsAKnownOne measures the check of a login, without
// the noise of sockets. It compares medians of interleaved rounds, and is content
// with one good attempt in five: a real difference (no unsealing, no digest) is
// more than a factor of two each time.
func TestUnknownUserTakesAsLongAsAKnownOne(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Limits = Limits{PairFailures: Unlimited, AccountFailures: Unlimited, AddressFailures: Unlimited}
	})
	doors := map[string]func(name string){
		"apps": func(name string) {
			d := &appsDoor{conn: &conn{edge: r.edge}}
			l := appservice.UserLogin("example.com", name)
			l.Digest = strings.Repeat("0", 64)
			_, _ = d.Authenticate(t.Context(), l, func(password string) bool {
				return appservice.Verify(l, "0123456789abcdef", password)
			})
		},
		"client": func(name string) {
			d := &clientDoor{conn: &conn{edge: r.edge}}
			q := &question{kind: appservice.TypeUser, domain: "example.com", id: r.domain.ID, challenge: "0123456789abcdef"}
			_, _ = d.check(q, claim{kind: appservice.TypeUser, username: name, nonce: "0123456789abcdef", response: strings.Repeat("0", 64)})
		},
	}
	for door, check := range doors {
		t.Run(door, func(t *testing.T) {
			var ratio float64
			for range 5 {
				known, unknown := medians(func() { check("alice") }, func() { check("ghost") })
				ratio = float64(known) / float64(unknown)
				if ratio > 0.8 && ratio < 1.25 {
					return
				}
			}
			t.Errorf("a known user takes %.2f times as long as an unknown one", ratio)
		})
	}
}

// medians times both functions in turns.
func medians(a, b func()) (time.Duration, time.Duration) {
	const rounds, batch = 300, 10
	var as, bs []time.Duration
	for range rounds {
		as = append(as, timed(a, batch))
		bs = append(bs, timed(b, batch))
	}
	slices.SortFunc(as, cmp.Compare)
	slices.SortFunc(bs, cmp.Compare)
	return as[rounds/2], bs[rounds/2]
}

func timed(f func(), n int) time.Duration {
	start := time.Now()
	for range n {
		f()
	}
	return time.Since(start)
}
