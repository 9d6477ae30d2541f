package edge

import "time"

// trickle is what the wheel knows of a queue that is over half.
type trickle struct {
	since  time.Time       // it has been over half all the time since then
	dipped <-chan struct{} // closed once it was below
}

// begin counts from now on.
func (k *trickle) begin(c *conn) {
	k.since, k.dipped = c.edge.clock.Now(), c.ws.Drained(c.edge.lim.Queue/2)
}

// over tells for how long the queue has been over half, between the looks too.
func (k *trickle) over(c *conn) time.Duration {
	select {
	case <-k.dipped:
		k.begin(c)
	default:
	}
	return c.edge.clock.Now().Sub(k.since)
}

// watch has a connection looked at every second until its queue has drained.
func (w *wheel) watch(c *conn) {
	if c.press.on.Load() {
		return
	}
	w.watchMu.Lock()
	defer w.watchMu.Unlock()
	if w.watched[c] == nil {
		k := new(trickle)
		k.begin(c)
		w.watched[c] = k
	}
	c.press.on.Store(true)
}

func (w *wheel) unwatch(c *conn) {
	w.watchMu.Lock()
	defer w.watchMu.Unlock()
	delete(w.watched, c)
	c.press.on.Store(false)
}

// release lets go of a connection that has caught up, unless it has fallen behind
// again meanwhile: who filled its queue then has seen it watched.
func (w *wheel) release(c *conn) {
	c.press.relax()
	w.unwatch(c)
	if c.behind() {
		w.watch(c)
	}
}

// visitWatched ends clients that take nothing or too little, and lets go of those
// that have caught up.
func (w *wheel) visitWatched() {
	w.watchMu.Lock()
	list := make(map[*conn]time.Duration, len(w.watched))
	for c, k := range w.watched {
		list[c] = k.over(c)
	}
	w.watchMu.Unlock()
	for c, over := range list {
		switch {
		case !c.behind():
			w.release(c)
		case c.stalled():
			c.slow("no byte taken")
		case over >= w.edge.lim.OverHalf:
			c.slow("behind for too long")
		}
	}
}

// behind tells that the queue is over half.
func (c *conn) behind() bool { return c.ws.Queued() > c.edge.lim.Queue/2 }

// stalled tells that the client has taken nothing for too long.
func (c *conn) stalled() bool { return c.ws.Stalled() >= c.edge.lim.SlowAfter }
