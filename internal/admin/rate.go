package admin

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/tandem-switch/tandem/internal/clock"
)

// What one administrator may ask for, and how many of them are remembered. Who
// has not asked for a while starts with a full allowance, as it would have by
// then.
const (
	requestsPerSecond = 50
	requestBurst      = 200
	maxRates          = 4096

	// What one administrator may have written down of what was refused: whoever
	// tries further fills the process log, but not the audit log.
	attemptsPerSecond = 0.1
	attemptBurst      = 50
)

// rates limits how often each administrator asks. It is safe for several
// goroutines.
type rates struct {
	clock clock.Clock
	limit rate.Limit // per second
	burst int
	mu    sync.Mutex // guards the following
	of    map[string]*rated
}

type rated struct {
	*rate.Limiter
	used time.Time
}

func newRates(c clock.Clock, perSecond rate.Limit, burst int) *rates {
	return &rates{clock: c, limit: perSecond, burst: burst, of: map[string]*rated{}}
}

// allow tells whether who may ask once more now.
func (r *rates) allow(who string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	one := r.of[who]
	if one == nil {
		if len(r.of) >= maxRates {
			r.forget(now)
		}
		one = &rated{Limiter: rate.NewLimiter(r.limit, r.burst)}
		r.of[who] = one
	}
	one.used = now
	return one.AllowN(now, 1)
}

// forget makes room: those whose allowance is full again go, and if there are
// none, anybody.
func (r *rates) forget(now time.Time) {
	for who, one := range r.of {
		if now.Sub(one.used).Seconds()*float64(r.limit) > float64(r.burst) {
			delete(r.of, who)
		}
	}
	for who := range r.of {
		if len(r.of) < maxRates {
			return
		}
		delete(r.of, who)
	}
}
