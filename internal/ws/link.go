package ws

import (
	"encoding/binary"
	"net"
	"time"
)

// link is the Conn as the library sees it: a net.Conn that hands out what the
// turn's read brought, ends the turn before it reads again, and turns the close
// frames that the library writes by itself into Close. Only the goroutine that
// runs Serve uses it.
type link Conn

var _ net.Conn = (*link)(nil)

// Read implements net.Conn.
func (l *link) Read(p []byte) (int, error) {
	c := (*Conn)(l)
	if c.in == nil {
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.in.rest())
	if c.budget > 0 {
		n = min(n, c.budget)
		c.budget -= n
	}
	c.took(n)
	return n, nil
}

// got makes b, with n bytes read behind what was carried, what is handed out.
func (c *Conn) got(b *block, n int) {
	b.buf = b.buf[:c.carried+n]
	c.carried = 0
	c.in = b
}

// took drops n bytes of what was read, and the buffer with the last of them.
func (c *Conn) took(n int) {
	c.in.off += n
	if c.in.off == len(c.in.buf) {
		c.in.free()
		c.in = nil
	}
}

// fill ends the turn and reads the socket: it blocks until there is something,
// which then stands in c.in.
func (c *Conn) fill() error {
	c.endTurn()
	if c.inErr == nil {
		c.inErr = c.readSocket()
	}
	if c.inErr != nil {
		return c.inErr
	}
	c.inTurn = true
	c.lastRead.Store(c.now().UnixNano())
	c.lib.SetReadLimit(c.limit.Load())
	return nil
}

// endTurn sends our pongs, gives back what the turn used and tells the handler.
func (c *Conn) endTurn() {
	if !c.partial {
		c.msg.free()
		c.msg = nil
	}
	if c.ponged {
		c.ponged = false
		c.Flush()
	}
	if c.inTurn {
		c.inTurn = false
		if c.handler != nil {
			c.handler.TurnEnd()
		}
	}
}

// Write implements net.Conn. The library writes the answer of the handshake, and
// later a close frame where the peer breaks the protocol; we answer pings and
// close frames ourselves.
func (l *link) Write(p []byte) (int, error) {
	c := (*Conn)(l)
	c.mu.Lock()
	upgraded := c.upgraded
	c.mu.Unlock()
	if !upgraded {
		return c.conn.Write(p)
	}
	if len(p) >= shortHeader+closeCodeLen && p[0]&opMask == opClose {
		payload := p[shortHeader:]
		c.Close(int(binary.BigEndian.Uint16(payload)), string(payload[closeCodeLen:]))
	}
	return len(p), nil
}

// Close implements net.Conn: the library gives up during the handshake.
func (l *link) Close() error { return l.conn.Close() }

// LocalAddr implements net.Conn.
func (l *link) LocalAddr() net.Addr { return l.conn.LocalAddr() }

// RemoteAddr implements net.Conn.
func (l *link) RemoteAddr() net.Addr { return l.conn.RemoteAddr() }

// SetDeadline implements net.Conn: the handshake clears those of net/http.
func (l *link) SetDeadline(t time.Time) error { return l.conn.SetDeadline(t) }

// SetReadDeadline implements net.Conn; nobody calls it.
func (l *link) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn. After the handshake our writes do not
// block, and the deadline belongs to the goroutine that drains.
func (l *link) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.upgraded {
		return nil
	}
	return l.conn.SetWriteDeadline(t)
}
