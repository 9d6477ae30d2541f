// Package guard limits how often passwords and codes can be guessed, at every
// door where one is asked for: it says whether an attempt may be checked at all,
// and is told how it went.
//
// It checks no password itself and keeps nothing beyond the life of the process.
// A Guard may be used by several goroutines; it never waits for anything.
package guard

import (
	"hash/maphash"
	"math"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/lru"
)

// Guard limits how often a password can be guessed. Only failed logins count, so
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
type Guard struct {
	lim  Limits
	seed maphash.Seed

	mu       sync.Mutex // guards the following
	pairs    *lru.Table[pairState]
	known    *lru.Table[struct{}] // pairs that have logged in
	accounts *lru.Table[bucket]
	from     *lru.Table[bucket]
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

// Refusal says which limit refused a login; it is a label of the metric.
type Refusal string

// What a guard says to an attempt: check it, or which limit stands against it.
const (
	Allowed        Refusal = ""
	RefusedPair    Refusal = "limit_pair"
	RefusedAccount Refusal = "limit_account"
	RefusedAddress Refusal = "limit_address"
)

// Limits says how many attempts are too many. Members that count may be negative,
// which switches that limit off.
type Limits struct {
	PairFailures    int           // of one account from one address before waits begin
	PairWait        time.Duration // first wait, doubling
	PairWaitMax     time.Duration // longest wait
	AccountFailures int           // of one account from everywhere
	AccountForgive  time.Duration // one of them is forgiven in this time
	AddressFailures int           // from one address to all accounts
	AddressForgive  time.Duration // one of them is forgiven in this time
	Remembered      int           // accounts, addresses and pairs kept in mind, each
}

// pairForgive is how long one failure of a pair is remembered for its waits.
const pairForgive = 10 * time.Minute

// New is a guard that has seen nothing yet.
func New(lim Limits) *Guard {
	n := max(lim.Remembered, 1)
	return &Guard{
		lim: lim, seed: maphash.MakeSeed(),
		pairs: lru.New[pairState](n), known: lru.New[struct{}](n),
		accounts: lru.New[bucket](n), from: lru.New[bucket](n),
	}
}

// keys are the names of an attempt in the tables of the guard.
type keys struct{ pair, account, address uint64 }

func (g *Guard) keys(account string, from netip.Addr) keys {
	prefix := Network(from)
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

// Network is what counts as one address: a host of IPv4, a /64 of IPv6.
func Network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// Key is the name of an account for a guard: the same at every door that asks for
// its password. name is in the form in which names are compared.
func Key(kind string, domain int64, name string) string {
	return kind + strconv.FormatInt(domain, 10) + ":" + name
}

// Allow tells whether a login may be checked now, else what refuses it.
func (g *Guard) Allow(account string, from netip.Addr, now time.Time) Refusal {
	k := g.keys(account, from)
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.pairs.Get(k.pair); p != nil && now.Before(p.until) {
		return RefusedPair
	}
	if g.known.Get(k.pair) != nil {
		return Allowed
	}
	if full(g.accounts.Get(k.account), g.lim.AccountFailures, g.lim.AccountForgive, now) {
		return RefusedAccount
	}
	if full(g.from.Get(k.address), g.lim.AddressFailures, g.lim.AddressForgive, now) {
		return RefusedAddress
	}
	return Allowed
}

// Failed counts a login that was checked and found wrong.
func (g *Guard) Failed(account string, from netip.Addr, now time.Time) {
	k := g.keys(account, from)
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.pairs.Touch(k.pair)
	if over := p.add(pairForgive, now) - float64(g.lim.PairFailures); g.lim.PairFailures >= 0 && over > 0 {
		p.until = now.Add(g.wait(int(math.Round(over))))
		g.known.Forget(k.pair)
	}
	g.accounts.Touch(k.account).add(g.lim.AccountForgive, now)
	g.from.Touch(k.address).add(g.lim.AddressForgive, now)
}

// wait is the time before the next attempt after so many failures too many.
func (g *Guard) wait(over int) time.Duration {
	d := g.lim.PairWait
	for ; over > 1 && d < g.lim.PairWaitMax; over-- {
		d *= 2
	}
	return min(d, g.lim.PairWaitMax)
}

// Succeeded remembers that this account is used from this address. It forgives
// nothing: a client that logs in by itself all day must not give a guesser at
// its side fresh attempts.
func (g *Guard) Succeeded(account string, from netip.Addr) {
	k := g.keys(account, from)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known.Touch(k.pair)
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
