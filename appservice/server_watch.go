package appservice

import "time"

// watch pings the peer, and drops it when it is silent, does not log in, or takes
// nothing.
func (c *serverSession) watch() (stop func()) {
	t := c.server.times
	login := time.AfterFunc(t.login, func() {
		if !c.loggedIn.Load() {
			c.conn.Close(ClosePolicy, "no login")
		}
	})
	done := make(chan struct{})
	go c.ping(time.NewTicker(t.ping), done)
	return func() { login.Stop(); close(done) }
}

func (c *serverSession) ping(tick *time.Ticker, done <-chan struct{}) {
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		if c.dead(c.server.times.drop) {
			c.abort()
			return
		}
		if c.conn.QueuePing(nil) == nil {
			c.conn.Flush()
		}
	}
}

// dead tells whether the peer has been silent, or has taken nothing, for too long.
// While the reader is held nobody listens, so silence means nothing.
func (c *serverSession) dead(limit time.Duration) bool {
	if c.conn.Stalled() > limit {
		return true
	}
	released := time.Unix(0, c.released.Load())
	return !c.held.Load() && time.Since(c.conn.LastRead()) > limit && time.Since(released) > limit
}

// hold runs wait, which blocks the reader, and so the peer, at most until the end
// of the session.
func (c *serverSession) hold(wait func(end <-chan struct{}) bool) bool {
	c.held.Store(true)
	defer func() {
		c.released.Store(time.Now().UnixNano())
		c.held.Store(false)
	}()
	return wait(c.ctx.Done())
}

// abort cuts the connection, also under a reader that push holds.
func (c *serverSession) abort() {
	c.cancel()
	c.conn.Abort()
}

// close ends the connection in order, also under a reader that push holds.
func (c *serverSession) close(code int, reason string) {
	c.conn.Close(code, reason)
	c.cancel()
}
