package applink

import (
	"sync"

	"github.com/tandem-switch/tandem/appservice"
)

// conn is a connected service in the hands of its Receiver.
type conn struct {
	*session
	apis []byte
}

var _ appservice.Link = (*conn)(nil)

// APIs implements appservice.Link.
func (c *conn) APIs() []byte { return c.apis }

// Send implements appservice.Link.
func (c *conn) Send(raw []byte) error {
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return appservice.ErrClosed
	case len(raw) > appservice.MaxMessageLink:
		return errTooLong
	case s.conn+len(raw) > maxConn:
		return appservice.ErrQueueFull
	}
	s.conn += len(raw)
	s.push(queued{raw, false})
	return nil
}

// Queued implements appservice.Link.
func (c *conn) Queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.conn
}

// Drained implements appservice.Link.
func (c *conn) Drained(below int) <-chan struct{} {
	s := c.session
	s.mu.Lock()
	defer s.mu.Unlock()
	d := drained{below, make(chan struct{})}
	s.drained = append(s.drained, d)
	s.wakeDrained()
	return d.done
}

// reception hands the frames of one connection to the Receiver: not before it was
// told that the service is there.
type reception struct {
	to appservice.Receiver // nil: nobody

	mu sync.Mutex // guards the following; held while to is told of the beginning
	up bool
}

// begin tells the Receiver that the service is there.
func (r *reception) begin(c *conn) {
	if r.to == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.up = true
	r.to.Up(c)
}

// frame is for the reading goroutine.
func (r *reception) frame(f appservice.Frame) {
	if r.to == nil {
		return
	}
	r.mu.Lock()
	up := r.up
	r.mu.Unlock()
	if up {
		r.to.Frame(f)
	}
}

// end is called when nothing more is read.
func (r *reception) end(err error) {
	r.mu.Lock()
	was := r.up
	r.up = false
	r.mu.Unlock()
	if was {
		r.to.Down(err)
	}
}
