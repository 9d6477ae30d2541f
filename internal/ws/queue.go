package ws

import "time"

// wait is somebody who waits for the queue to shrink.
type wait struct {
	below int
	done  chan struct{}
}

// QueueText is Queue of one part.
func (c *Conn) QueueText(text []byte) (queued int, err error) { return c.Queue(text) }

// Queue appends one text message, the parts one after another, in frames of at
// most MaxFrame bytes. It copies them and does not write: call Flush. queued is
// what now waits, in bytes. It never blocks. ErrFull: the message is not queued,
// the connection stays. ErrClosed: the connection has ended or is closing.
func (c *Conn) Queue(parts ...[]byte) (queued int, err error) {
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	size := textSize(length)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.admit(size, c.maxQueue); err != nil {
		return c.queued, err
	}
	c.reserve(size)
	if length <= MaxFrame {
		c.putHeader(final|opText, length)
		for _, p := range parts {
			c.put(p)
		}
	} else {
		c.putFragments(length, parts)
	}
	return c.queued, nil
}

// putFragments queues a message that needs several frames.
func (c *Conn) putFragments(length int, parts [][]byte) {
	first, left := byte(opText), 0
	for _, p := range parts {
		for len(p) > 0 {
			if left == 0 {
				left = min(length, MaxFrame)
				length -= left
				if length == 0 {
					first |= final
				}
				c.putHeader(first, left)
				first = opContinue
			}
			n := min(left, len(p))
			c.put(p[:n])
			p, left = p[n:], left-n
		}
	}
}

// QueuePing queues a ping, in order with the messages. ErrControl: the payload
// is over 125 bytes.
func (c *Conn) QueuePing(payload []byte) error {
	return c.queueControl(opPing, payload, c.maxQueue)
}

// queueControl queues a control frame unless more than limit would then wait.
func (c *Conn) queueControl(op byte, payload []byte, limit int) error {
	if len(payload) > maxControl {
		return ErrControl
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.admit(shortHeader+len(payload), limit); err != nil {
		return err
	}
	c.putControl(op, payload)
	return nil
}

// putControl needs the mutex.
func (c *Conn) putControl(op byte, payload []byte) {
	c.reserve(shortHeader + len(payload))
	c.putHeader(final|op, len(payload))
	c.put(payload)
}

// admit says whether size bytes more may be queued. It needs the mutex.
func (c *Conn) admit(size, limit int) error {
	switch {
	case c.closing.Load():
		return ErrClosed
	case size > limit-c.queued:
		return ErrFull
	}
	return nil
}

// reserve makes room for n bytes where one block can hold them with what is
// queued, so that one write sends them. It needs the mutex.
func (c *Conn) reserve(n int) {
	switch {
	case c.tail == nil:
		c.tail = takeBlock(min(n, turnSize))
		c.head = c.tail
	case c.tail.room() < n && c.head == c.tail && len(c.tail.rest())+n <= turnSize:
		c.tail = c.tail.grown(n)
		c.head = c.tail
	}
}

func (c *Conn) putHeader(first byte, length int) {
	h := newHeader(first, length)
	c.put(h.b[:h.n])
}

// put appends bytes to the queue. It needs the mutex.
func (c *Conn) put(p []byte) {
	c.queued += len(p)
	for {
		n := min(len(p), c.tail.room())
		c.tail.buf = append(c.tail.buf, p[:n]...)
		if p = p[n:]; len(p) == 0 {
			return
		}
		c.tail.next = takeBlock(turnSize)
		c.tail = c.tail.next
	}
}

// sent takes n bytes from the head of the queue, and its block with the last of
// them. It needs the mutex.
func (c *Conn) sent(n int) {
	b := c.head
	b.off += n
	c.queued -= n
	if b.off < len(b.buf) {
		return
	}
	if c.head = b.next; c.head == nil {
		c.tail = nil
	}
	b.free()
}

// drop empties the queue, so that nobody waits for it any more. It needs the mutex.
func (c *Conn) drop() {
	for c.head != nil {
		b := c.head
		c.head = b.next
		b.free()
	}
	c.tail, c.queued = nil, 0
}

// Queued is how many bytes wait for the peer, frame headers included.
func (c *Conn) Queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queued
}

// Drained returns a channel that is closed once fewer than below bytes wait, or the
// connection has ended. Calls with the same bound share it until then.
func (c *Conn) Drained(below int) <-chan struct{} {
	below = max(below, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.waits {
		if w.below == below {
			return w.done
		}
	}
	done := make(chan struct{})
	if c.queued < below {
		close(done)
		return done
	}
	c.waits = append(c.waits, wait{below, done})
	return done
}

// release tells those whose bound is reached. It needs the mutex.
func (c *Conn) release() {
	kept := c.waits[:0]
	for _, w := range c.waits {
		if c.queued < w.below {
			close(w.done)
		} else {
			kept = append(kept, w)
		}
	}
	clear(c.waits[len(kept):])
	if c.waits = kept; len(kept) == 0 {
		c.waits = nil
	}
}

// Stalled is how long the socket has taken no byte although some were offered;
// 0 if it has taken all that was flushed.
func (c *Conn) Stalled() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.draining || c.dead {
		return 0
	}
	return max(0, c.now().Sub(c.moved))
}
