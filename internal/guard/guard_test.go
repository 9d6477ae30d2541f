package guard

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// usual are limits as doors have them.
func usual(change func(*Limits)) Limits {
	l := Limits{
		PairFailures: 10, PairWait: time.Second, PairWaitMax: 15 * time.Minute,
		AccountFailures: 200, AccountForgive: 30 * time.Second,
		AddressFailures: 1000, AddressForgive: 200 * time.Millisecond, Remembered: 65_536,
	}
	change(&l)
	return l
}

func TestGuardWaitsDouble(t *testing.T) {
	g := New(usual(func(l *Limits) { l.PairFailures = 3; l.PairWaitMax = 5 * time.Second }))
	from, now := netip.MustParseAddr("192.0.2.1"), time.Unix(1e9, 0)
	for i := range 3 {
		if r := g.Allow("alice", from, now); r != Allowed {
			t.Fatalf("attempt %d: refused by %q", i, r)
		}
		g.Failed("alice", from, now)
	}
	for _, seconds := range []int{1, 2, 4, 5, 5} {
		wait := time.Duration(seconds) * time.Second
		if r := g.Allow("alice", from, now); r != Allowed {
			t.Fatalf("refused by %q before the next failure", r)
		}
		g.Failed("alice", from, now)
		if r := g.Allow("alice", from, now.Add(wait-time.Millisecond)); r != RefusedPair {
			t.Fatalf("after less than %v: %q, want %q", wait, r, RefusedPair)
		}
		now = now.Add(wait)
	}
	if r := g.Allow("bob", from, now); r != Allowed {
		t.Errorf("another account: refused by %q", r)
	}
	if r := g.Allow("alice", netip.MustParseAddr("192.0.2.2"), now); r != Allowed {
		t.Errorf("another address: refused by %q", r)
	}
}

func TestGuardForgives(t *testing.T) {
	g := New(usual(func(l *Limits) { l.PairFailures = 2 }))
	from, now := netip.MustParseAddr("192.0.2.1"), time.Unix(1e9, 0)
	for range 5 { // one every ten minutes is never too many
		if r := g.Allow("alice", from, now); r != Allowed {
			t.Fatalf("refused by %q", r)
		}
		g.Failed("alice", from, now)
		now = now.Add(pairForgive)
	}
}

func TestGuardBuckets(t *testing.T) {
	lim := usual(func(l *Limits) {
		l.AccountFailures = 5
		l.AddressFailures = 8
		l.AccountForgive = time.Minute
		l.AddressForgive = time.Minute
	})
	home, now := netip.MustParseAddr("192.0.2.1"), time.Unix(1e9, 0)
	other := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}) }

	t.Run("account", func(t *testing.T) {
		g := New(lim)
		g.Succeeded("alice", home)
		for i := range 5 {
			g.Failed("alice", other(i), now)
		}
		if r := g.Allow("alice", other(99), now); r != RefusedAccount {
			t.Errorf("a stranger: %q, want %q", r, RefusedAccount)
		}
		if r := g.Allow("alice", home, now); r != Allowed {
			t.Errorf("the place that is known: refused by %q", r)
		}
		if r := g.Allow("bob", other(99), now); r != Allowed {
			t.Errorf("another account: refused by %q", r)
		}
		if r := g.Allow("alice", other(99), now.Add(time.Minute)); r != Allowed {
			t.Errorf("after one was forgiven: refused by %q", r)
		}
	})
	t.Run("address", func(t *testing.T) {
		g := New(lim)
		g.Succeeded("alice", home)
		for i := range 8 {
			g.Failed(fmt.Sprint("user", i), home, now)
		}
		if r := g.Allow("bob", home, now); r != RefusedAddress {
			t.Errorf("a newcomer: %q, want %q", r, RefusedAddress)
		}
		if r := g.Allow("alice", home, now); r != Allowed {
			t.Errorf("who works there: refused by %q", r)
		}
		if r := g.Allow("bob", other(1), now); r != Allowed {
			t.Errorf("elsewhere: refused by %q", r)
		}
	})
	t.Run("a known pair that guesses is unknown again", func(t *testing.T) {
		g := New(usual(func(l *Limits) { l.PairFailures = 2; l.AccountFailures = 3; l.AccountForgive = time.Hour }))
		g.Succeeded("alice", home)
		for range 3 {
			g.Failed("alice", home, now)
		}
		g.accounts.Touch(g.keys("alice", home).account).level = 4
		if r := g.Allow("alice", home, now.Add(2*time.Second)); r != RefusedAccount {
			t.Errorf("%q, want %q", r, RefusedAccount)
		}
	})
	t.Run("unlimited", func(t *testing.T) {
		g := New(usual(func(l *Limits) { l.PairFailures = -1; l.AccountFailures = -1; l.AddressFailures = -1 }))
		for range 10_000 {
			g.Failed("alice", home, now)
		}
		if r := g.Allow("alice", home, now); r != Allowed {
			t.Errorf("refused by %q", r)
		}
	})
}

func TestGuardMemoryIsBounded(t *testing.T) {
	g := New(usual(func(l *Limits) { l.Remembered = 100 }))
	now := time.Unix(1e9, 0)
	for i := range 1000 {
		from := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		g.Failed(fmt.Sprint("user", i), from, now)
		g.Succeeded(fmt.Sprint("user", i), from)
	}
	if n := max(g.pairs.Len(), g.known.Len(), g.accounts.Len(), g.from.Len()); n != 100 {
		t.Errorf("%d entries, want 100", n)
	}
}

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7":               "192.0.2.7/32",
		"::ffff:192.0.2.7":        "192.0.2.7/32",
		"2001:db8:1:2:3:4:5:6":    "2001:db8:1:2::/64",
		"fe80::1%eth0":            "fe80::/64",
		"2001:db8:1:2:ffff:4:5:6": "2001:db8:1:2::/64",
	} {
		if got := Network(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("Network(%s) = %s, want %s", in, got, want)
		}
	}
}
