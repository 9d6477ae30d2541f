package edge

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/ws"
	"github.com/tandem-switch/tandem/signal"
)

// pressure is what a connection knows about the senders that fill its queue
// while it is over half. Most connections never need it.
type pressure struct {
	on atomic.Bool // watched for stalling

	mu   sync.Mutex    // guards the following
	used map[*conn]int // bytes by sending connection since the queue went over half
}

// queue appends one text to what waits for the client. It never blocks. It
// leaves with the turn, or at once without one. Where the queue is over half,
// the connection that the turn reads from is held at the end of the turn: as
// soon as it has used its credit, or at once above three quarters. A queue that
// is full all the same closes the connection as slow.
func (c *conn) queue(t *signal.Turn, parts ...[]byte) error {
	queued, err := c.put(t, parts)
	if err != nil {
		return err
	}
	c.leave(t)
	c.weigh(t, queued, parts)
	return nil
}

// put appends one text. queued is what now waits.
func (c *conn) put(t *signal.Turn, parts [][]byte) (queued int, err error) {
	if queued, err = c.ws.Queue(parts...); err != nil {
		return queued, c.unqueued(err)
	}
	c.edge.metrics.FrameOut()
	c.traceOut(t, parts)
	return queued, nil
}

// weigh looks whether what waits, these parts included, is too much.
func (c *conn) weigh(t *signal.Turn, queued int, parts [][]byte) {
	if queued > c.edge.lim.Queue/2 {
		c.pressed(t, queued, sizeOf(parts))
	}
}

// queuePing queues a ping, in order with the texts.
func (c *conn) queuePing(t *signal.Turn, payload []byte) error {
	if err := c.ws.QueuePing(payload); err != nil {
		return c.unqueued(err)
	}
	c.leave(t)
	return nil
}

// leave has the queue written at the end of the turn.
func (c *conn) leave(t *signal.Turn) {
	if t == nil {
		c.ws.Flush()
		return
	}
	t.Dirty(c)
}

func sizeOf(parts [][]byte) int {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	return n
}

// unqueued handles a text that found no place.
func (c *conn) unqueued(err error) error {
	if errors.Is(err, ws.ErrFull) {
		c.slow("queue full")
	}
	return err
}

// slow ends a connection whose client does not read.
func (c *conn) slow(why string) {
	if c.ending.Swap(true) {
		return
	}
	c.edge.drop("slow")
	c.edge.metrics.SlowClosed()
	c.edge.log.Info("client is too slow", "conn", c.id, "why", why, "queued", c.ws.Queued())
	c.ws.Close(appservice.ClosePolicy, "slow")
}

// pressed holds the sender where it has used its credit.
func (c *conn) pressed(t *signal.Turn, queued, size int) {
	c.edge.wheel.watch(c)
	sender := origin(t)
	if sender == nil {
		return
	}
	if c.press.use(sender, size) > c.edge.lim.Credit || queued > c.edge.lim.Queue/4*3 {
		t.Hold(c)
	}
}

// use counts what a connection has added.
func (p *pressure) use(sender *conn, size int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used == nil {
		p.used = map[*conn]int{}
	}
	p.used[sender] += size
	return p.used[sender]
}

// relax forgets who has filled the queue.
func (p *pressure) relax() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used = nil
}

// Flush implements signal.Flusher.
func (c *conn) Flush() { c.ws.Flush() }

// Wait implements signal.Waiter: a sending connection waits until this one has
// caught up, or has ended.
func (c *conn) Wait(ctx context.Context) {
	since := c.edge.clock.Now()
	select {
	case <-c.ws.Drained(c.edge.lim.Queue / 2):
		c.press.relax()
	case <-c.done:
	case <-ctx.Done():
	}
	c.edge.metrics.Held(c.edge.clock.Now().Sub(since))
}
