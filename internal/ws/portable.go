package ws

import (
	"errors"
	"io"
	"os"
)

// Sockets that we cannot read and write without blocking, foremost TLS, take the
// ways of this file: reads into a buffer that is kept while they wait, small for a
// quiet peer; writes by a goroutine for each flush.

// readPortable reads what there is into c.in. The buffer is as large as the
// last reads suggest: one that was filled is followed by a larger one.
func (c *Conn) readPortable() error {
	b := c.nextBlock(smallest << (2 * c.readClass))
	n, err := c.conn.Read(b.buf[c.carried:cap(b.buf)])
	if n == 0 {
		b.free()
		if err == nil {
			err = io.ErrNoProgress
		}
		return err
	}
	c.got(b, n)
	switch {
	case b.room() == 0 && cap(b.buf) < turnSize:
		c.readClass++
	case n < cap(b.buf)/4 && c.readClass > 0:
		c.readClass--
	}
	return nil
}

// drainPortable writes the queue until it is empty or the connection ends. It
// runs on a goroutine of its own; there is at most one.
func (c *Conn) drainPortable() {
	for c.stillDraining() {
		b := c.cut()
		n, err := c.conn.Write(b.rest())
		c.wrote(b, n, err)
	}
}

// cut takes the first block off the queue; its bytes still count as queued.
func (c *Conn) cut() *block {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.head
	if b == nil { // the connection has just ended
		return takeBlock(0)
	}
	if c.head = b.next; c.head == nil {
		c.tail = nil
	}
	return b
}

// wrote accounts for a block that has been written.
func (c *Conn) wrote(b *block, n int, err error) {
	c.mu.Lock()
	defer c.unlock()
	b.free()
	switch {
	case c.dead:
	case err != nil:
		c.kill()
	default:
		c.queued -= n
		c.progress()
	}
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
