package edge

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestGuardWaitsDouble(t *testing.T) {
	g := newGuard(Limits{PairFailures: 3, PairWaitMax: 5 * time.Second}.withDefaults())
	from, now := netip.MustParseAddr("192.0.2.1"), time.Unix(1e9, 0)
	for i := range 3 {
		if r := g.allow("alice", from, now); r != allowed {
			t.Fatalf("attempt %d: refused by %q", i, r)
		}
		g.failed("alice", from, now)
	}
	for _, seconds := range []int{1, 2, 4, 5, 5} {
		wait := time.Duration(seconds) * time.Second
		if r := g.allow("alice", from, now); r != allowed {
			t.Fatalf("refused by %q before the next failure", r)
		}
		g.failed("alice", from, now)
		if r := g.allow("alice", from, now.Add(wait-time.Millisecond)); r != refusedPair {
			t.Fatalf("after less than %v: %q, want %q", wait, r, refusedPair)
		}
		now = now.Add(wait)
	}
	if r := g.allow("bob", from, now); r != allowed {
		t.Errorf("another account: refused by %q", r)
	}
	if r := g.allow("alice", netip.MustParseAddr("192.0.2.2"), now); r != allowed {
		t.Errorf("another address: refused by %q", r)
	}
}

func TestGuardForgives(t *testing.T) {
	g := newGuard(Limits{PairFailures: 2}.withDefaults())
	from, now := netip.MustParseAddr("192.0.2.1"), time.Unix(1e9, 0)
	for range 5 { // one every ten minutes is never too many
		if r := g.allow("alice", from, now); r != allowed {
			t.Fatalf("refused by %q", r)
		}
		g.failed("alice", from, now)
		now = now.Add(pairForgive)
	}
}

func TestGuardBuckets(t *testing.T) {
	lim := Limits{AccountFailures: 5, AddressFailures: 8, AccountForgive: time.Minute, AddressForgive: time.Minute}.withDefaults()
	home, now := netip.MustParseAddr("192.0.2.1"), time.Unix(1e9, 0)
	other := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}) }

	t.Run("account", func(t *testing.T) {
		g := newGuard(lim)
		g.succeeded("alice", home)
		for i := range 5 {
			g.failed("alice", other(i), now)
		}
		if r := g.allow("alice", other(99), now); r != refusedAccount {
			t.Errorf("a stranger: %q, want %q", r, refusedAccount)
		}
		if r := g.allow("alice", home, now); r != allowed {
			t.Errorf("the place that is known: refused by %q", r)
		}
		if r := g.allow("bob", other(99), now); r != allowed {
			t.Errorf("another account: refused by %q", r)
		}
		if r := g.allow("alice", other(99), now.Add(time.Minute)); r != allowed {
			t.Errorf("after one was forgiven: refused by %q", r)
		}
	})
	t.Run("address", func(t *testing.T) {
		g := newGuard(lim)
		g.succeeded("alice", home)
		for i := range 8 {
			g.failed(fmt.Sprint("user", i), home, now)
		}
		if r := g.allow("bob", home, now); r != refusedAddress {
			t.Errorf("a newcomer: %q, want %q", r, refusedAddress)
		}
		if r := g.allow("alice", home, now); r != allowed {
			t.Errorf("who works there: refused by %q", r)
		}
		if r := g.allow("bob", other(1), now); r != allowed {
			t.Errorf("elsewhere: refused by %q", r)
		}
	})
	t.Run("a known pair that guesses is unknown again", func(t *testing.T) {
		g := newGuard(Limits{PairFailures: 2, AccountFailures: 3, AccountForgive: time.Hour}.withDefaults())
		g.succeeded("alice", home)
		for range 3 {
			g.failed("alice", home, now)
		}
		g.accounts.touch(g.keys("alice", home).account).level = 4
		if r := g.allow("alice", home, now.Add(2*time.Second)); r != refusedAccount {
			t.Errorf("%q, want %q", r, refusedAccount)
		}
	})
	t.Run("unlimited", func(t *testing.T) {
		g := newGuard(Limits{PairFailures: Unlimited, AccountFailures: Unlimited, AddressFailures: Unlimited}.withDefaults())
		for range 10_000 {
			g.failed("alice", home, now)
		}
		if r := g.allow("alice", home, now); r != allowed {
			t.Errorf("refused by %q", r)
		}
	})
}

func TestGuardMemoryIsBounded(t *testing.T) {
	g := newGuard(Limits{Remembered: 100}.withDefaults())
	now := time.Unix(1e9, 0)
	for i := range 1000 {
		from := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		g.failed(fmt.Sprint("user", i), from, now)
		g.succeeded(fmt.Sprint("user", i), from)
	}
	if n := max(g.pairs.len(), g.known.len(), g.accounts.len(), g.from.len()); n != 100 {
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
		if got := network(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("network(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestNoncesAreFreshOnceInTheirWindow(t *testing.T) {
	n := newNonces(Limits{}.withDefaults())
	now := time.Unix(1e9, 0)
	steps := []struct {
		who, nonce string
		after      time.Duration
		want       bool
	}{
		{"s1", "n1", 0, true},
		{"s1", "n1", 0, false},
		{"s2", "n1", 0, true},
		{"s1", "n2", 0, true},
		{"s1", "n1", 10*time.Minute - 1, false},
		{"s1", "n1", 10 * time.Minute, true},
	}
	for i, s := range steps {
		if got := n.fresh(s.who, s.nonce, now.Add(s.after)); got != s.want {
			t.Errorf("step %d: fresh(%s, %s) = %v", i, s.who, s.nonce, got)
		}
	}
}

func TestLRU(t *testing.T) {
	l := newLRU[int](2)
	*l.touch(1), *l.touch(2) = 10, 20
	l.get(1)
	*l.touch(3) = 30 // forgets 2
	if l.get(2) != nil || l.get(1) == nil || *l.get(3) != 30 || l.len() != 2 {
		t.Errorf("after overflow: 1=%v 2=%v 3=%v", l.get(1), l.get(2), l.get(3))
	}
	l.forget(1)
	if l.get(1) != nil || l.len() != 1 {
		t.Error("1 was not forgotten")
	}
}
