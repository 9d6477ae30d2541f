package signal

import (
	"context"
	"sync"
	"time"
)

// allowance is how much one person may post: a rate, and how much at once. What is
// over it is taken all the same and makes a debt, for which the connection waits.
type allowance struct {
	mu     sync.Mutex // guards the following
	tokens float64    // below zero: the debt
	last   time.Time
}

// take counts one post and tells how long whoever wrote it has to wait.
func (a *allowance) take(now time.Time, rate float64, burst int) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last.IsZero() {
		a.tokens = float64(burst)
	} else {
		a.tokens = min(float64(burst), a.tokens+rate*now.Sub(a.last).Seconds())
	}
	a.last = now
	a.tokens = max(a.tokens-1, -float64(burst))
	if a.tokens >= 0 {
		return 0
	}
	return time.Duration(-a.tokens / rate * float64(time.Second))
}

// pause makes the reader of a connection wait until a time. Of several in one turn the
// longest counts.
type pause struct {
	sw    *Switch
	until time.Time
}

// Wait implements Waiter.
func (p *pause) Wait(ctx context.Context) {
	rest := p.until.Sub(p.sw.clock.Now())
	if ctx.Err() != nil || rest <= 0 {
		return
	}
	over := make(chan struct{})
	timer := p.sw.clock.AfterFunc(rest, func() { close(over) })
	defer timer.Stop()
	select {
	case <-over:
	case <-ctx.Done():
	case <-p.sw.over:
	}
}
