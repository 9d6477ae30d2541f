package ws

import (
	"context"
	"net"
	"sync"
)

// gatherer is the socket of a client that can hold back what is written, to write it
// together. What fails then is told by end, or by the next write.
type gatherer struct {
	net.Conn

	mu    sync.Mutex // guards the following
	holds bool
	held  []byte
}

// maxHeld is how much is held back at a time.
const maxHeld = 64 << 10

// dial opens the socket that the gatherer then is.
func (g *gatherer) dial(open func(ctx context.Context, network, addr string) (net.Conn, error)) func(ctx context.Context, network, addr string) (net.Conn, error) {
	if open == nil {
		open = (&net.Dialer{}).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := open(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		g.Conn = conn
		return g, nil
	}
}

// NetConn is the socket beneath.
func (g *gatherer) NetConn() net.Conn { return g.Conn }

// begin holds back what is written from now on.
func (g *gatherer) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holds = true
}

// end writes what was held back, and holds back nothing more.
func (g *gatherer) end() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holds = false
	return g.flush()
}

// flush needs mu.
func (g *gatherer) flush() error {
	if len(g.held) == 0 {
		return nil
	}
	_, err := g.Conn.Write(g.held)
	if g.held = g.held[:0]; cap(g.held) > 2*maxHeld {
		g.held = nil
	}
	return err
}

// Write implements net.Conn.
func (g *gatherer) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.holds {
		return g.Conn.Write(b)
	}
	g.held = append(g.held, b...)
	if len(g.held) < maxHeld {
		return len(b), nil
	}
	if err := g.flush(); err != nil {
		return 0, err
	}
	return len(b), nil
}
