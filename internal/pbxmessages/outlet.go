package pbxmessages

import (
	"context"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
)

// outlet passes answers on to a client that takes them more slowly than they come: a
// long history of one client must neither fill its queue, which would end the
// connection, nor hold the link, which would hold all others. What waits is bounded;
// a client that lets it run full loses its sessions.
type outlet struct {
	g *guest

	mu      sync.Mutex // guards the following
	waiting [][]byte
	size    int
	running bool // a goroutine passes on what waits
	closed  bool
}

// unsentAbove is how much may wait in the queue of a connection before answers wait
// here.
const unsentAbove = 64 << 10

// drainer is a session that tells how much waits for its client; those of the doors
// do.
type drainer interface {
	Queued() int
	Drained(below int) <-chan struct{}
}

// send passes a message on, at once or when those before it have left.
func (o *outlet) send(raw []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d, _ := o.g.sess.(drainer)
	switch {
	case o.closed:
	case !o.running && (d == nil || d.Queued() < unsentAbove):
		_ = o.g.sess.Send(context.Background(), appservice.Frame{Raw: raw}) // its end is told by Closed
	case o.size+len(raw) > o.g.m.limits.Unsent:
		o.overflow()
	default:
		o.waiting, o.size = append(o.waiting, raw), o.size+len(raw)
		if !o.running {
			o.running = true
			go o.run(d)
		}
	}
}

// overflow drops what waits, and ends the sessions: their answers are not whole any
// more. The caller holds mu.
func (o *outlet) overflow() {
	o.g.m.obs.Dropped("client_slow")
	o.waiting, o.size = nil, 0
	go o.g.fail(textSlow)
}

// run passes on what waits, as fast as the client takes it.
func (o *outlet) run(d drainer) {
	for {
		<-d.Drained(unsentAbove)
		if !o.some(d) {
			return
		}
	}
}

// some passes on what has room, and one message in any case: that tells whether the
// connection is still there. False if nothing waits any more.
func (o *outlet) some(d drainer) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for first := true; len(o.waiting) > 0 && (first || d.Queued() < unsentAbove); first = false {
		raw := o.waiting[0]
		o.waiting[0], o.waiting, o.size = nil, o.waiting[1:], o.size-len(raw)
		if o.g.sess.Send(context.Background(), appservice.Frame{Raw: raw}) != nil {
			o.waiting, o.size, o.closed = nil, 0, true
		}
	}
	if len(o.waiting) == 0 {
		o.waiting, o.running = nil, false
	}
	return o.running
}

// close drops what waits.
func (o *outlet) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.waiting, o.size = true, nil, 0
}

// fail ends all sessions of the connection.
func (g *guest) fail(text string) {
	g.mu.Lock()
	list := append([]*session(nil), g.sessions...)
	g.mu.Unlock()
	for _, x := range list {
		x.svc.fail(x, text)
	}
}
