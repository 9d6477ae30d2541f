package bench

import (
	"io"
	"net"
	"sync"
	"syscall"
)

// turnSize is how much a gathering connection reads at a time.
const turnSize = 16 << 10

// gathering is the listener under server F: the relay R on connections that
// read up to 16 KiB at a time and write once per read what was to be written.
// It waits without a buffer, so that an idle connection keeps nothing.
type gathering struct {
	net.Listener
	pool sync.Pool // *[]byte of turnSize
}

func serveGathering(l net.Listener) error {
	g := &gathering{Listener: l}
	g.pool.New = func() any { b := make([]byte, turnSize); return &b }
	return serveRelay(g)
}

// Accept wraps what it accepts.
func (g *gathering) Accept() (net.Conn, error) {
	c, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp := c.(*net.TCPConn)
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, err
	}
	out := &gatheringConn{TCPConn: tcp, raw: raw, pool: &g.pool}
	out.fill = out.read
	return out, nil
}

// gatheringConn is one connection. After join its writes wait for the end of
// the peer's turn.
type gatheringConn struct {
	*net.TCPConn
	raw  syscall.RawConn
	pool *sync.Pool
	fill func(fd uintptr) bool

	// Of the reading goroutine:
	peer *gatheringConn // nil until joined
	buf  *[]byte        // from the pool, only while there is data
	data []byte         // of buf, not yet read
	err  error

	mu      sync.Mutex // guards the following
	gathers bool
	out     *[]byte // from the pool, only while there is data
}

// join makes c and its peer one relay; c's reader ends each turn of peer.
func (c *gatheringConn) join(peer *gatheringConn) {
	c.peer = peer
	peer.mu.Lock()
	peer.gathers = true
	peer.mu.Unlock()
}

// Read takes from the current turn. When that is used up, what the turn has
// written to the peer is sent, and the next turn begins.
func (c *gatheringConn) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		if err := c.turn(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.data)
	if c.data = c.data[n:]; len(c.data) == 0 {
		c.release()
	}
	return n, nil
}

func (c *gatheringConn) turn() error {
	if c.peer != nil {
		if err := c.peer.flush(); err != nil {
			return err
		}
	}
	if err := c.raw.Read(c.fill); err != nil {
		return err
	}
	return c.err
}

// read is called by the poller with the descriptor when there may be data.
func (c *gatheringConn) read(fd uintptr) bool {
	c.buf = c.pool.Get().(*[]byte)
	n, err := syscall.Read(int(fd), (*c.buf)[:turnSize])
	for err == syscall.EINTR {
		n, err = syscall.Read(int(fd), (*c.buf)[:turnSize])
	}
	if n > 0 {
		c.data = (*c.buf)[:n]
		return true
	}
	c.release()
	if err == syscall.EAGAIN {
		return false
	}
	if c.err = err; err == nil {
		c.err = io.EOF
	}
	return true
}

func (c *gatheringConn) release() {
	if c.buf != nil {
		c.pool.Put(c.buf)
		c.buf = nil
	}
}

// Write keeps p until flush; before join it writes at once.
func (c *gatheringConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.gathers {
		return c.TCPConn.Write(p)
	}
	if c.out == nil {
		c.out = c.pool.Get().(*[]byte)
		*c.out = (*c.out)[:0]
	}
	*c.out = append(*c.out, p...)
	return len(p), nil
}

// flush writes what was gathered, with one call.
func (c *gatheringConn) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out == nil {
		return nil
	}
	_, err := c.TCPConn.Write(*c.out)
	*c.out = (*c.out)[:cap(*c.out)]
	c.pool.Put(c.out)
	c.out = nil
	return err
}
