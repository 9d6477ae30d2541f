package appservice

import (
	"context"

	"github.com/tandem-switch/tandem/trace"
)

// Flow is a Session that tells how far its peer is behind. Server sessions are: who
// has much to send, such as a long list, asks before it sends on, so that the queue
// does not run full.
type Flow interface {
	// Queued is how many bytes wait for the peer.
	Queued() int
	// Drained returns a channel that is closed once fewer than below bytes wait,
	// or the connection has ended.
	Drained(below int) <-chan struct{}
	// SendAll sends frames one after another with one write. Like Send it never
	// blocks; a frame that no peer would take is an error, and the rest is sent.
	SendAll(ctx context.Context, frames []Frame) error
}

var _ Flow = (*serverSession)(nil)

// Queued implements Flow.
func (c *serverSession) Queued() int { return c.conn.Queued() }

// Drained implements Flow.
func (c *serverSession) Drained(below int) <-chan struct{} { return c.conn.Drained(below) }

// SendAll implements Flow.
func (c *serverSession) SendAll(_ context.Context, frames []Frame) (err error) {
	for _, f := range frames {
		if len(f.Raw) > MaxMessage {
			err = errTooBig
			continue
		}
		c.trace(trace.Out, f.Raw)
		if _, failed := c.conn.QueueText(f.Raw); failed != nil {
			return c.sendFailed(failed)
		}
	}
	c.flush()
	return err
}
