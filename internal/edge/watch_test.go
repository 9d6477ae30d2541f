package edge

import (
	"io"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// overfull is a client of alice whose queue is over half; the wheel stands still.
func overfull(t *testing.T) (*rig, *rawSocket, *conn) {
	t.Helper()
	r := newRig(t, func(c *Config) { c.Limits = Limits{Queue: 4 << 20, SlowAfter: never, SilentAfter: never} })
	r.edge.wheel.stop()
	s := r.stuck("alice")
	c := r.edge.people.of(r.alice.Address())[0]
	r.fill(c)
	return r, s, c
}

// fill brings a queue over half, whatever the kernel takes.
func (r *rig) fill(c *conn) {
	r.t.Helper()
	signal.RunTurn(r.t.Context(), func(t *signal.Turn) {
		for !c.behind() {
			r.must(c.queue(t, []byte(keepAlive(60000))))
			c.Flush()
		}
	})
}

// watched is how many are looked at every second.
func (r *rig) watched() int {
	r.edge.wheel.watchMu.Lock()
	defer r.edge.wheel.watchMu.Unlock()
	return len(r.edge.wheel.watched)
}

// slowEnd tells that the edge has closed a connection.
func slowEnd(c *conn) bool { return c.ending.Load() }

func TestTrickleReaderIsSlow(t *testing.T) {
	r, s, c := overfull(t)
	for range 5 { // 55 s
		r.clock.Advance(11 * time.Second)
		_, err := io.CopyN(io.Discard, s.conn, 100)
		r.must(err)
		r.edge.wheel.visitWatched()
	}
	if slowEnd(c) {
		t.Fatal("closed too early")
	}
	r.clock.Advance(6 * time.Second)
	r.edge.wheel.visitWatched()
	if !slowEnd(c) {
		t.Fatal("not closed")
	}
	select {
	case <-c.done:
	case <-time.After(patience):
		t.Error("still there")
	}
}

// A queue that was not over half for a moment begins anew, also where nobody
// has looked at that moment.
func TestBusyReaderIsNotSlow(t *testing.T) {
	r, s, c := overfull(t)
	r.clock.Advance(50 * time.Second)
	drained := c.ws.Drained(1)
	go func() { _, _ = io.Copy(io.Discard, s.conn) }()
	<-drained
	r.must(s.conn.SetReadDeadline(time.Unix(1, 0)))
	r.fill(c)
	for range 5 {
		r.edge.wheel.visitWatched()
		r.clock.Advance(11 * time.Second)
	}
	r.edge.wheel.visitWatched()
	if slowEnd(c) {
		t.Fatal("closed although it was not over half all the time")
	}
	r.clock.Advance(11 * time.Second)
	r.edge.wheel.visitWatched()
	if !slowEnd(c) {
		t.Error("the count has not begun anew")
	}
}

// Who has caught up is not watched any more, and is watched when it falls behind
// again.
func TestWatchEndsAndBegins(t *testing.T) {
	r, s, c := overfull(t)
	drained := c.ws.Drained(1)
	go func() { _, _ = io.Copy(io.Discard, s.conn) }()
	<-drained
	r.edge.wheel.visitWatched()
	if n := r.watched(); n != 0 || c.press.on.Load() {
		t.Errorf("%d are watched", n)
	}
	r.must(s.conn.SetReadDeadline(time.Unix(1, 0)))
	r.fill(c)
	if n := r.watched(); n != 1 || !c.press.on.Load() {
		t.Errorf("%d are watched", n)
	}
	r.edge.wheel.release(c) // as if it had fallen behind while it was let go
	if n := r.watched(); n != 1 || !c.press.on.Load() {
		t.Errorf("%d are watched after a release in vain", n)
	}
}
