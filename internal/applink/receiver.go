package applink

import (
	"sync"

	"github.com/tandem-switch/tandem/appservice"
)

// Receiver takes what a service says outside of the APIs: a Messages service, to the
// switch (appwebsocket.md 4.1). Up, then Frame any number of times, then Down; then
// perhaps Up again, with another Conn. None of them may block.
type Receiver interface {
	// Up says that the service is connected and has said what it offers, or that it
	// does not say. What it has sent before is lost.
	Up(c *Conn)
	// Frame is a message that is neither an answer to the link nor for an API. It runs
	// on the reading goroutine; f may be kept.
	Frame(f appservice.Frame)
	// Down says that the connection was lost, and why.
	Down(err error)
}

// Conn is a connected service in the hands of its Receiver. All methods are safe for
// use by several goroutines, and none blocks.
type Conn struct {
	s    *session
	apis []byte
}

// APIs is what the service offers: a JSON object from API ids to models, or nothing.
func (c *Conn) APIs() []byte { return c.apis }

// Send queues a message, which must not be changed any more. Where too much waits it
// is refused with ErrQueueFull, and the connection stays; ErrClosed after its end.
func (c *Conn) Send(raw []byte) error {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return appservice.ErrClosed
	case s.conn+len(raw) > maxConn:
		return appservice.ErrQueueFull
	}
	s.conn += len(raw)
	s.push(queued{raw, false})
	return nil
}

// Queued is how many bytes that were given to Send wait.
func (c *Conn) Queued() int {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.s.conn
}

// Drained returns a channel that is closed once fewer than below bytes wait, or the
// connection has ended.
func (c *Conn) Drained(below int) <-chan struct{} {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	d := drained{below, make(chan struct{})}
	s.drained = append(s.drained, d)
	s.wakeDrained()
	return d.done
}

// Close ends the connection; the link makes another one.
func (c *Conn) Close(reason string) { _ = c.s.Close(reason) }

// Longest is how long a message to the service may be. A service that takes as much
// as the switch has to say so, by what it offers; who knows it asks for a longer one.
const Longest = appservice.MaxMessageLink

// reception hands the frames of one connection to the Receiver: not before it was
// told that the service is there.
type reception struct {
	to Receiver // nil: nobody

	mu sync.Mutex // guards the following; held while to is told of the beginning
	up bool
}

// begin tells the Receiver that the service is there.
func (r *reception) begin(c *Conn) {
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
