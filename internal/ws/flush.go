package ws

import "time"

// retryEvery is how often a draining goroutine offers bytes to a socket that has
// not asked for more: the kernel asks only when a third of its buffer is free,
// but takes some before.
const retryEvery = time.Second

// Flush writes what is queued, as far as the socket takes it at once; the rest
// is written by a goroutine that ends with the queue. It never blocks.
func (c *Conn) Flush() {
	c.mu.Lock()
	if c.head != nil && !c.draining && !c.dead {
		c.send()
	}
	c.unlock()
}

// send needs the mutex.
func (c *Conn) send() {
	if c.raw == nil {
		c.startDraining()
		go c.drainPortable()
		return
	}
	if err := c.raw.Write(c.sendFn); err != nil {
		c.kill()
	} else if c.head != nil && !c.dead {
		c.startDraining()
		go c.drain()
	}
}

// startDraining needs the mutex.
func (c *Conn) startDraining() {
	c.draining = true
	c.moved = c.now()
}

// progress is what follows a successful write. It needs the mutex.
func (c *Conn) progress() {
	if c.draining {
		c.moved = c.now()
	}
	if c.waits != nil {
		c.release()
	}
	if c.queued == 0 && c.closing.Load() {
		c.closeWritten()
	}
}

// drain writes the queue of a plain socket until it is empty or the connection
// ends. It runs on a goroutine of its own; there is at most one.
func (c *Conn) drain() {
	attempt := func(fd uintptr) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.trySend(fd)
		return c.head == nil || c.dead
	}
	for c.stillDraining() {
		_ = c.conn.SetWriteDeadline(time.Now().Add(retryEvery))
		if err := c.raw.Write(attempt); err != nil && !isTimeout(err) {
			c.fail()
		}
	}
}

// stillDraining says whether there is more to write; otherwise the draining has
// ended when it returns.
func (c *Conn) stillDraining() bool {
	c.mu.Lock()
	defer c.unlock()
	if c.head != nil && !c.dead {
		return true
	}
	c.draining = false
	if !c.dead {
		_ = c.conn.SetWriteDeadline(time.Time{})
	}
	return false
}
