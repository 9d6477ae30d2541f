package clock

import (
	"sync"
	"time"
)

// Manual is the system clock plus an offset that Advance moves. Time goes on
// by itself too, so that sockets and short waits behave as in production.
type Manual struct {
	mu     sync.Mutex // guards the following
	offset time.Duration
	timers map[*manualTimer]struct{}
}

// NewManual returns a clock that shows the system time until it is advanced.
func NewManual() *Manual { return &Manual{timers: map[*manualTimer]struct{}{}} }

var _ Clock = (*Manual)(nil)

// Now is the system time plus everything that was advanced.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Add(m.offset)
}

// AfterFunc implements Clock.
func (m *Manual) AfterFunc(d time.Duration, f func()) Timer {
	t := &manualTimer{clock: m, f: f}
	t.Reset(d)
	return t
}

// Advance moves the time forward by d and makes every timer due within d fire.
// It returns when they have been started, not when they have run.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	m.offset += d
	now := time.Now().Add(m.offset)
	var due []*manualTimer
	for t := range m.timers {
		left := t.due.Sub(now)
		if left <= 0 {
			due = append(due, t)
			continue
		}
		t.real.Reset(left)
	}
	m.mu.Unlock()
	for _, t := range due {
		t.fire()
	}
}

// manualTimer runs on a real timer whose rest is corrected by each Advance.
type manualTimer struct {
	clock *Manual
	f     func()
	due   time.Time   // guarded by clock.mu
	real  *time.Timer // guarded by clock.mu
}

func (t *manualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.drop()
}

func (t *manualTimer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	pending := t.drop()
	t.due = time.Now().Add(t.clock.offset + d)
	t.real = time.AfterFunc(d, t.fire)
	t.clock.timers[t] = struct{}{}
	return pending
}

// drop forgets the timer; the caller holds clock.mu.
func (t *manualTimer) drop() bool {
	_, pending := t.clock.timers[t]
	delete(t.clock.timers, t)
	if t.real != nil {
		t.real.Stop()
	}
	return pending
}

// fire runs f once for each time the timer was set.
func (t *manualTimer) fire() {
	t.clock.mu.Lock()
	now := time.Now().Add(t.clock.offset)
	pending := false
	if _, set := t.clock.timers[t]; set && !t.due.After(now) {
		pending = t.drop()
	}
	t.clock.mu.Unlock()
	if pending {
		go t.f()
	}
}
