package edge

import (
	"sync"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// later is the list of connections with a text that waits for company: a receipt
// leaves with whatever is written to its client next, at the latest with the
// timer. One timer serves all connections; it runs only while somebody waits, and
// in real time, whatever Config.Clock shows: it is about writes, not about rules.
type later struct {
	wait time.Duration // 0: nothing waits

	mu      sync.Mutex // guards the following; nothing else is locked under it
	waiting []*conn    // each once: conn.waits is set
	spare   []*conn    // empty, for the list after this one
	timer   *time.Timer
	off     bool
}

func newLater(lim Limits) *later { return &later{wait: max(lim.ReceiptWait, 0)} }

// add has the queue of c flushed within the limit; false: nothing may wait, the
// caller has to see to it. What is to leave must have been queued before.
func (l *later) add(c *conn) bool {
	if l.wait == 0 {
		return false
	}
	if c.waits.Load() || c.waits.Swap(true) {
		return true // its flag is taken down before it is flushed
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.off {
		c.waits.Store(false)
		return false
	}
	l.waiting = append(l.waiting, c)
	if len(l.waiting) == 1 {
		l.arm()
	}
	return true
}

// arm starts the timer. It needs the mutex.
func (l *later) arm() {
	if l.timer == nil {
		l.timer = time.AfterFunc(l.wait, l.flush)
		return
	}
	l.timer.Reset(l.wait)
}

// flush sends off what waits. Those who come meanwhile start the next list and
// the timer anew, so that a long list delays nobody.
func (l *later) flush() {
	l.mu.Lock()
	list := l.waiting
	l.waiting, l.spare = l.spare, nil
	l.mu.Unlock()
	for i, c := range list {
		list[i] = nil
		c.waits.Store(false) // first: what is queued from now on enters again
		c.Flush()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spare = list[:0]
}

// stop sends off what waits; from now on nothing may wait.
func (l *later) stop() {
	l.mu.Lock()
	l.off = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.mu.Unlock()
	l.flush()
}

// queueLater is queue for a text that may wait for company. Where the queue is
// over half it leaves as any other: who is behind shall not wait for more.
func (c *conn) queueLater(t *signal.Turn, parts ...[]byte) error {
	queued, err := c.put(t, parts)
	if err != nil {
		return err
	}
	if queued > c.edge.lim.Queue/2 || !c.edge.later.add(c) {
		c.leave(t)
	}
	c.weigh(t, queued, parts)
	return nil
}
