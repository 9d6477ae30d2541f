package edge

import (
	"hash/maphash"
	"math"
	"net/netip"
	"sync"
	"time"
)

// guard limits how often a password can be guessed. Only failed logins count, so
// thousands of clients that come back at once through one proxy are no attack.
//
// Three things are counted: failures of one account from one address (a pair),
// which lead to waits that double; failures of one account from everywhere; and
// failures from one address to all accounts. The last two are buckets: when one
// is full, further logins that it covers are refused unchecked until something
// is forgiven. A pair that has logged in before is exempt from the buckets: so
// nobody can lock a person out of the places where that person works, and an
// attacker behind a shared address stops only newcomers.
//
// A refusal looks like a wrong password. Refused logins do not count. Accounts
// that do not exist count as those that do. Memory is bounded.
type guard struct {
	lim  Limits
	seed maphash.Seed

	mu       sync.Mutex // guards the following
	pairs    *lru[pairState]
	known    *lru[struct{}] // pairs that have logged in
	accounts *lru[bucket]
	from     *lru[bucket]
}

// pairState is what failed lately between one account and one address.
type pairState struct {
	bucket
	until time.Time // refused before
}

// bucket counts failures and forgives one in a given time.
type bucket struct {
	level float64
	at    time.Time
}

// refusal says which limit refused a login; it is a label of the metric.
type refusal string

const (
	allowed        refusal = ""
	refusedPair    refusal = "limit_pair"
	refusedAccount refusal = "limit_account"
	refusedAddress refusal = "limit_address"
)

// pairForgive is how long one failure of a pair is remembered for its waits.
const pairForgive = 10 * time.Minute

func newGuard(lim Limits) *guard {
	n := max(lim.Remembered, 1)
	return &guard{
		lim: lim, seed: maphash.MakeSeed(),
		pairs: newLRU[pairState](n), known: newLRU[struct{}](n),
		accounts: newLRU[bucket](n), from: newLRU[bucket](n),
	}
}

// keys are the names of an attempt in the tables of the guard.
type keys struct{ pair, account, address uint64 }

func (g *guard) keys(account string, from netip.Addr) keys {
	prefix := network(from)
	return keys{
		pair:    maphash.Comparable(g.seed, attemptPair{account, prefix}),
		account: maphash.String(g.seed, account),
		address: maphash.Comparable(g.seed, prefix),
	}
}

type attemptPair struct {
	account string
	from    netip.Prefix
}

// network is what counts as one address: a host of IPv4, a /64 of IPv6.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// allow tells whether a login may be checked now, else what refuses it.
func (g *guard) allow(account string, from netip.Addr, now time.Time) refusal {
	k := g.keys(account, from)
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.pairs.get(k.pair); p != nil && now.Before(p.until) {
		return refusedPair
	}
	if g.known.get(k.pair) != nil {
		return allowed
	}
	if full(g.accounts.get(k.account), g.lim.AccountFailures, g.lim.AccountForgive, now) {
		return refusedAccount
	}
	if full(g.from.get(k.address), g.lim.AddressFailures, g.lim.AddressForgive, now) {
		return refusedAddress
	}
	return allowed
}

// failed counts a login that was checked and found wrong.
func (g *guard) failed(account string, from netip.Addr, now time.Time) {
	k := g.keys(account, from)
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.pairs.touch(k.pair)
	if over := p.add(pairForgive, now) - float64(g.lim.PairFailures); g.lim.PairFailures >= 0 && over > 0 {
		p.until = now.Add(g.wait(int(math.Round(over))))
		g.known.forget(k.pair)
	}
	g.accounts.touch(k.account).add(g.lim.AccountForgive, now)
	g.from.touch(k.address).add(g.lim.AddressForgive, now)
}

// wait is the time before the next attempt after so many failures too many.
func (g *guard) wait(over int) time.Duration {
	d := g.lim.PairWait
	for ; over > 1 && d < g.lim.PairWaitMax; over-- {
		d *= 2
	}
	return min(d, g.lim.PairWaitMax)
}

// succeeded remembers that this account is used from this address. It forgives
// nothing: a client that logs in by itself all day must not give a guesser at
// its side fresh attempts.
func (g *guard) succeeded(account string, from netip.Addr) {
	k := g.keys(account, from)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known.touch(k.pair)
}

// add counts one more and returns the level.
func (b *bucket) add(forgive time.Duration, now time.Time) float64 {
	b.level = b.now(forgive, now) + 1
	b.at = now
	return b.level
}

// now is the level after what was forgiven meanwhile.
func (b *bucket) now(forgive time.Duration, now time.Time) float64 {
	return max(0, b.level-float64(now.Sub(b.at))/float64(forgive))
}

func full(b *bucket, limit int, forgive time.Duration, now time.Time) bool {
	return b != nil && limit >= 0 && b.now(forgive, now) >= float64(limit)
}
