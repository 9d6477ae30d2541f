package edge

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/lru"
)

// nonces knows the nonces of right logins, so that none comes twice within ten
// minutes for one account or session (decision 20). It remembers a bounded
// number; those that logged in longest ago go first.
type nonces struct {
	window time.Duration
	seed   maphash.Seed

	mu   sync.Mutex // guards the following
	seen *lru.Table[time.Time]
}

func newNonces(l Limits) *nonces {
	return &nonces{window: l.NonceWindow, seed: maphash.MakeSeed(), seen: lru.New[time.Time](max(l.Remembered, 1))}
}

type nonceKey struct{ who, nonce string }

// fresh takes a nonce; false if it has been used lately.
func (n *nonces) fresh(who, nonce string, now time.Time) bool {
	key := maphash.Comparable(n.seed, nonceKey{who, nonce})
	n.mu.Lock()
	defer n.mu.Unlock()
	at := n.seen.Touch(key)
	if !at.IsZero() && now.Sub(*at) < n.window {
		return false
	}
	*at = now
	return true
}

// fresh takes a nonce of a right login.
func (e *Edge) fresh(who, nonce string) bool { return e.nonces.fresh(who, nonce, e.clock.Now()) }
