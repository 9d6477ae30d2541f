package appservice

import (
	"context"
	"errors"

	"github.com/tandem-switch/tandem/internal/ws"
	"github.com/tandem-switch/tandem/trace"
)

var (
	_ Session    = (*serverSession)(nil)
	_ Pinger     = (*serverSession)(nil)
	_ ws.Handler = (*serverSession)(nil)
)

// App implements Session.
func (c *serverSession) App() string { return c.accepted.Account.App }

// Principal is what PrincipalOf finds.
func (c *serverSession) Principal() Principal { return c.accepted.Account.Principal }

// Login is what LoginOf finds.
func (c *serverSession) Login() Login { return c.accepted.Login }

// SessionKey is what KeyOf finds.
func (c *serverSession) SessionKey() string { return c.accepted.Key }

// Recv implements Session.
func (c *serverSession) Recv(ctx context.Context) (Frame, error) {
	if c.server.config.Serve == nil {
		return Frame{}, ErrNoRecv
	}
	select {
	case f := <-c.recv:
		return f, nil
	case <-c.ctx.Done():
		return Frame{}, ErrClosed
	case <-ctx.Done():
		return Frame{}, ctx.Err()
	}
}

// Send implements Session. Within a turn the frame waits for the end of the turn,
// so that the answers to many requests leave in one write.
func (c *serverSession) Send(_ context.Context, f Frame) error {
	if len(f.Raw) > MaxMessage {
		return errTooBig
	}
	c.trace(trace.Out, f.Raw)
	if _, err := c.conn.QueueText(f.Raw); err != nil {
		return c.sendFailed(err)
	}
	c.flush()
	return nil
}

// flush writes what is queued unless TurnEnd, which clears inTurn before it
// flushes, is still to come.
func (c *serverSession) flush() {
	if !c.inTurn.Load() {
		c.conn.Flush()
	}
}

func (c *serverSession) sendFailed(err error) error {
	if errors.Is(err, ws.ErrFull) {
		c.abort()
		return ErrQueueFull
	}
	return ErrClosed
}

// Reply implements Session.
func (c *serverSession) Reply(req Frame, v any) error { return ReplyTo(c.ctx, c, req, v) }

// Ping implements Pinger.
func (c *serverSession) Ping(_ context.Context, payload []byte) error {
	if err := c.conn.QueuePing(payload); err != nil {
		return c.sendFailed(err)
	}
	c.flush()
	return nil
}

// Close implements Session.
func (c *serverSession) Close(reason string) error {
	c.close(CloseNormal, reason)
	return nil
}
