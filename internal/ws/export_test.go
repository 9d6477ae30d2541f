package ws

// Unmask is for its fuzz test.
var Unmask = unmask

// Held is how many bytes of buffers a connection keeps. It is called on the
// goroutine that runs Serve or after its end.
func (c *Conn) Held() int {
	n := 0
	for _, b := range []*block{c.in, c.msg} {
		if b != nil {
			n += cap(b.buf)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for b := c.head; b != nil; b = b.next {
		n += cap(b.buf)
	}
	return n
}

// Dead tells whether the connection has ended on our side too.
func (c *Conn) Dead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead
}
