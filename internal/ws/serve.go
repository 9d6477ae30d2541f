package ws

import (
	"errors"
	"fmt"
	"io"

	"github.com/gorilla/websocket"
)

// Serve reads until the connection ends and hands what comes to h. It returns why:
// a *CloseError where the peer closed, ErrClosed where we did, ErrLost, ErrTooBig,
// ErrUTF8, ErrProtocol, or what a method of h returned.
//
// When it has returned anything but ErrSwitch the connection is closed, or closes
// within a second without further help. After ErrSwitch it is called again, on any
// goroutine. Once Close was called nothing is delivered any more; Serve returns
// when the peer has answered, at the latest after a second.
func (c *Conn) Serve(h Handler) error {
	c.handler = h
	c.inTurn = c.in != nil || c.br.Buffered() > 0 // after ErrSwitch
	err := c.serve(h)
	c.endTurn()
	c.handler = nil
	if errors.Is(err, ErrSwitch) {
		return err
	}
	return c.ended(err)
}

// serve reads messages. The error is the handler's, or that of the connection.
func (c *Conn) serve(h Handler) error {
	defer c.tidy()
	for {
		done := false
		var err error
		if c.br.Buffered() == 0 {
			if c.in == nil && c.fill() != nil { // here, not below the library: a small stack
				c.libDone = true
				return c.lost()
			}
			done, err = c.quick(h)
		}
		if !done {
			err = c.slow(h)
		}
		if err != nil {
			return err
		}
	}
}

// slow has the library read up to the end of the next message and hands that to
// the handler.
func (c *Conn) slow(h Handler) error {
	kind, r, err := c.lib.NextReader()
	if err != nil {
		return c.why(err)
	}
	if kind != websocket.TextMessage {
		return c.binary(h, r)
	}
	if err := c.readMessage(r); err != nil {
		return c.why(err)
	}
	return c.text(h, c.msg.buf)
}

// binary skips a binary message and tells the handler.
func (c *Conn) binary(h Handler, r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return c.why(err)
	}
	if c.closing.Load() {
		return nil
	}
	return h.Binary()
}

// readMessage reads one message into c.msg, which grows with what comes.
func (c *Conn) readMessage(r io.Reader) error {
	if c.msg == nil {
		c.msg = takeBlock(smallest)
	}
	c.msg.buf = c.msg.buf[:0]
	c.partial = true
	for {
		if c.msg.room() == 0 {
			c.msg = c.msg.grown(len(c.msg.buf)) // twice as long at least
		}
		m := c.msg
		n, err := r.Read(m.buf[len(m.buf):cap(m.buf)])
		m.buf = m.buf[:len(m.buf)+n]
		if err == io.EOF {
			c.partial = false
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// tidy gives back what is kept while a message is read.
func (c *Conn) tidy() {
	c.msg.free()
	c.msg, c.partial = nil, false
}

// why says in our words why the library stopped reading, and closes the
// connection where the peer was wrong.
func (c *Conn) why(err error) error {
	c.libDone = true
	closed, byPeer := errors.AsType[*websocket.CloseError](err)
	switch {
	case c.inErr != nil:
		return c.lost()
	case byPeer && c.closedFirst():
		return ErrClosed
	case byPeer:
		return &CloseError{Code: closed.Code, Reason: closed.Text}
	case errors.Is(err, websocket.ErrReadLimit):
		c.Close(CodeTooBig, "")
		return ErrTooBig
	}
	c.Close(CodeProtocol, "")
	return fmt.Errorf("%w: %v", ErrProtocol, err)
}

// closedFirst says that the close frame of the peer is the answer to ours.
func (c *Conn) closedFirst() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ours
}

// lost is the error for the end of the socket.
func (c *Conn) lost() error {
	if c.closing.Load() {
		return ErrClosed
	}
	return fmt.Errorf("%w: %w", ErrLost, c.inErr)
}

// gotPing answers a ping, in order with what is queued. Where the peer does not
// read what it has been sent, pings stay unanswered.
func (c *Conn) gotPing(payload []byte) {
	if c.queueControl(opPong, payload, c.maxQueue/2) == nil {
		c.ponged = true
	}
}

func (c *Conn) gotPong(payload []byte) {
	if c.handler != nil {
		c.handler.Pong(payload)
	}
}

// gotClose answers the close frame of the peer with the same code.
func (c *Conn) gotClose(code int, _ string) error {
	c.peerClosed(code)
	return nil
}
