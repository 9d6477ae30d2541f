package ws

import (
	"crypto/tls"
	"net"
	"time"
)

// closeTimeout is how long a closing connection may take: to write what is
// queued, the close frame last, and to hear the peer's answer.
const closeTimeout = time.Second

// Close closes with a close frame behind what is queued (RFC 6455 7.1.2). The
// socket ends when the peer has answered, at the latest after a second. It does
// not block; the first call counts, and none after the peer has closed. A reason
// over 123 bytes is cut. CodeNone sends no code.
func (c *Conn) Close(code int, reason string) {
	c.mu.Lock()
	if !c.closing.Load() && !c.dead {
		c.ours = true
		c.startClosing(closePayload(code, reason))
	}
	c.unlock()
	c.Flush()
}

// Abort cuts the connection without a close frame. What is queued is lost; if the
// peer is behind, so is what the kernel holds. It does not block.
func (c *Conn) Abort() { c.fail() }

// startClosing queues the close frame. It needs the mutex.
func (c *Conn) startClosing(payload []byte) {
	c.closing.Store(true)
	c.putControl(opClose, payload)
	c.deadTimer = time.AfterFunc(closeTimeout, c.fail)
}

// peerClosed answers the close frame of the peer, or takes it as the answer to
// ours.
func (c *Conn) peerClosed(code int) {
	c.mu.Lock()
	c.peerDone = true
	switch {
	case c.dead:
	case !c.closing.Load():
		c.startClosing(closePayload(code, ""))
	case c.queued == 0:
		c.closeWritten()
	}
	c.unlock()
	c.Flush()
}

// closeWritten is what follows when the close frame has left. It needs the mutex.
func (c *Conn) closeWritten() {
	switch half, ok := c.conn.(*net.TCPConn); {
	case c.peerDone:
		c.kill()
	case c.wantFIN && ok:
		_ = half.CloseWrite()
	}
}

// fail ends the connection at once.
func (c *Conn) fail() {
	c.mu.Lock()
	c.kill()
	c.unlock()
}

// kill marks the connection as ended; unlock then closes the socket. It needs
// the mutex.
func (c *Conn) kill() {
	if c.dead {
		return
	}
	c.dead = true
	c.closing.Store(true)
	c.behind = c.queued > 0
	c.drop()
	c.release()
	if c.deadTimer != nil {
		c.deadTimer.Stop()
	}
}

// unlock gives back the mutex and closes the socket if the connection has ended
// meanwhile: not under the mutex, because closing waits for a call of raw to
// return, which may wait for the mutex.
func (c *Conn) unlock() {
	shut := c.dead && !c.shut
	c.shut = c.shut || shut
	c.mu.Unlock()
	if shut {
		c.shutSocket()
	}
}

// shutSocket closes the descriptor, once. A peer that is behind gets a reset, so
// that the kernel keeps nothing for it. TLS says goodbye where that cannot block.
func (c *Conn) shutSocket() {
	conn := c.conn
	if t, ok := conn.(*tls.Conn); ok {
		if !c.behind {
			go func() { _ = t.Close() }()
			return
		}
		conn = t.NetConn()
	}
	if t, ok := conn.(*net.TCPConn); ok && c.behind {
		_ = t.SetLinger(0)
	}
	_ = conn.Close()
}

// ended is what follows when Serve has stopped for good.
func (c *Conn) ended(err error) error {
	if c.inErr != nil {
		c.tidyIn()
		c.Flush() // who has ended its half alone still reads
		c.fail()
		return err
	}
	c.Close(CodeInternal, "") // unless it is closing
	c.mu.Lock()
	wait := !c.peerDone && !c.dead
	c.mu.Unlock()
	if wait {
		go c.linger()
	} else {
		c.tidyIn()
	}
	return err
}

// linger reads until the peer has answered our close frame or the time for it is
// over: bytes left unread would have the kernel throw the close frame away. Where
// its frames cannot be read any more the end of our side tells it to end too.
func (c *Conn) linger() {
	for !c.libDone {
		_, _, err := c.lib.NextReader()
		c.libDone = err != nil
	}
	c.endOurSide()
	for c.inErr == nil && c.fill() == nil {
		c.tidyIn()
	}
	c.tidyIn()
	c.fail()
}

// endOurSide half closes the socket behind the close frame.
func (c *Conn) endOurSide() {
	c.mu.Lock()
	defer c.unlock()
	if c.wantFIN = true; c.queued == 0 && !c.dead {
		c.closeWritten()
	}
}

// tidyIn gives back what was read and not taken.
func (c *Conn) tidyIn() {
	c.in.free()
	c.in = nil
}
