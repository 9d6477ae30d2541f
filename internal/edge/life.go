package edge

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/clock"
)

// life is what the wheel knows about one connection.
type life struct {
	last    atomic.Int64 // when a frame came last, in Unix milliseconds
	held    atomic.Bool  // waits for receivers or for the store: nothing is read, silence is no fault
	until   atomic.Int64 // when a socket without login ends, in Unix milliseconds; 0 = never
	pending atomic.Bool  // counted as without login

	// The following are guarded by the lock of the connection's slot.
	slot   uint8
	index  int
	pinged int64 // when the last ping went out
	pings  int   // pings since something was heard
	seen   int64 // last, as it was at the visit before
}

// heard notes that something came.
func (l *life) heard(now time.Time) { l.last.Store(now.UnixMilli()) }

// slots is the number of parts into which the connections are divided; one part
// is visited each second, so each connection every slots seconds.
const slots = 5

// wheel visits every connection a few times a minute: it pings, ends what is
// silent, sockets that do not log in, and clients that do not read. One timer
// serves all connections.
type wheel struct {
	edge  *Edge
	slots [slots]slot

	watchMu sync.Mutex
	watched map[*conn]*trickle // over half: looked at every second

	mu    sync.Mutex // held during a tick; guards the following
	timer clock.Timer
	next  int       // slot of the next tick
	last  time.Time // of the last tick
	off   bool
}

// slot holds some of the connections.
type slot struct {
	mu    sync.Mutex // guards the following
	conns []*conn
}

func newWheel(e *Edge) *wheel { return &wheel{edge: e, watched: map[*conn]*trickle{}} }

// start begins ticking, once.
func (w *wheel) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil || w.off {
		return
	}
	w.last = w.edge.clock.Now()
	w.timer = w.edge.clock.AfterFunc(time.Second, w.tick)
}

// stop ends it.
func (w *wheel) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = true
	if w.timer != nil {
		w.timer.Stop()
	}
}

// tick visits one slot for each second that has passed, so that a clock that
// jumps leaves nobody out; but each only once.
func (w *wheel) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.off {
		return
	}
	now := w.edge.clock.Now()
	due := min(max(int(now.Sub(w.last)/time.Second), 1), slots)
	w.last = now
	for range due {
		w.visit(&w.slots[w.next], now)
		w.next = (w.next + 1) % slots
	}
	w.visitWatched()
	w.timer.Reset(time.Second)
}

// add takes a new connection into the emptiest slot by its number.
func (w *wheel) add(c *conn, number uint64) {
	now := w.edge.clock.Now()
	c.timer.heard(now)
	c.timer.pending.Store(true)
	w.awaitLogin(c)
	c.timer.slot = uint8(number % slots)
	c.timer.pinged = now.UnixMilli()
	s := &w.slots[c.timer.slot]
	s.mu.Lock()
	defer s.mu.Unlock()
	c.timer.index = len(s.conns)
	s.conns = append(s.conns, c)
}

// awaitLogin gives a connection the time of a new one to log in.
func (w *wheel) awaitLogin(c *conn) {
	c.timer.until.Store(w.edge.clock.Now().Add(w.edge.lim.LoginTime).UnixMilli())
}

// spare takes that limit away.
func (w *wheel) spare(c *conn) { c.timer.until.Store(0) }

// remove takes a connection out.
func (w *wheel) remove(c *conn) {
	s := &w.slots[c.timer.slot]
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.conns) - 1
	moved := s.conns[last]
	s.conns[c.timer.index], moved.timer.index = moved, c.timer.index
	s.conns[last] = nil
	s.conns = s.conns[:last]
	w.unwatch(c)
}

// all lists the connections of the moment.
func (w *wheel) all() []*conn {
	var list []*conn
	for i := range w.slots {
		s := &w.slots[i]
		s.mu.Lock()
		list = append(list, s.conns...)
		s.mu.Unlock()
	}
	return list
}

// visit looks at the connections of one slot. Nothing in it blocks.
func (w *wheel) visit(s *slot, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		w.look(c, now)
	}
}

// look pings a connection or ends it.
func (w *wheel) look(c *conn, now time.Time) {
	l, ms := &c.timer, now.UnixMilli()
	last := l.last.Load()
	if last != l.seen {
		l.seen, l.pings = last, 0
	}
	until := l.until.Load()
	switch {
	case c.ending.Load():
	case until != 0 && ms >= until:
		w.end(c, appservice.ClosePolicy, "login_timeout")
	case c.stalled():
		c.slow("no byte taken")
	case !l.held.Load() && l.pings >= 2 && ms-last >= w.edge.lim.SilentAfter.Milliseconds():
		w.end(c, appservice.CloseNormal, "silent")
	case ms-l.pinged >= w.edge.lim.PingEvery.Milliseconds():
		l.pinged = ms
		l.pings++
		_ = c.queuePing(nil, nil)
	}
}

// end closes a connection for a counted reason.
func (w *wheel) end(c *conn, code int, reason string) {
	w.edge.drop(reason)
	c.ending.Store(true)
	c.ws.Close(code, reason)
}
