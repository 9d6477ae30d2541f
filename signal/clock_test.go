package signal_test

import (
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/signal"
)

// stepClock is a clock whose time stands still until it is advanced. Timers that
// are due run one after the other, in their order, before advance returns: so a
// test may also say what does not come.
type stepClock struct {
	mu     sync.Mutex // guards the following
	now    time.Time
	timers map[*stepTimer]struct{}
	count  uint64
}

type stepTimer struct {
	clock *stepClock
	f     func()
	due   time.Time
	order uint64
}

var _ clock.Clock = (*stepClock)(nil)

func newStepClock() *stepClock {
	return &stepClock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), timers: map[*stepTimer]struct{}{}}
}

func (c *stepClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *stepClock) AfterFunc(d time.Duration, f func()) clock.Timer {
	t := &stepTimer{clock: c, f: f}
	t.Reset(d)
	return t
}

func (t *stepTimer) Stop() bool {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	_, pending := c.timers[t]
	delete(c.timers, t)
	return pending
}

func (t *stepTimer) Reset(d time.Duration) bool {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	_, pending := c.timers[t]
	c.count++
	t.due, t.order = c.now.Add(d), c.count
	c.timers[t] = struct{}{}
	return pending
}

// Advance moves the time forward and runs what is due on the way.
func (c *stepClock) Advance(d time.Duration) {
	c.mu.Lock()
	until := c.now.Add(d)
	for {
		next := c.next(until)
		if next == nil {
			break
		}
		delete(c.timers, next)
		if next.due.After(c.now) {
			c.now = next.due
		}
		c.mu.Unlock()
		next.f()
		c.mu.Lock()
	}
	if until.After(c.now) {
		c.now = until
	}
	c.mu.Unlock()
}

// next is the first timer that is due by then. The caller holds c.mu.
func (c *stepClock) next(until time.Time) *stepTimer {
	var first *stepTimer
	for t := range c.timers {
		if t.due.After(until) {
			continue
		}
		if first == nil || t.due.Before(first.due) || t.due.Equal(first.due) && t.order < first.order {
			first = t
		}
	}
	return first
}

// pending is how many timers are armed.
func (c *stepClock) pending() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.timers)
}

// waker is a switch's Waker: it notes who was woken, and tells that somebody was
// if the test says so.
type waker struct {
	mu    sync.Mutex // guards the following
	live  bool
	woken []string
	do    func() // what happens meanwhile
}

func (w *waker) Wake(_ *signal.Turn, _ signal.Address, kind string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.woken = append(w.woken, kind)
	if w.do != nil {
		w.do()
	}
	return w.live
}
