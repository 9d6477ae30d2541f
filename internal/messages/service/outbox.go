package service

import (
	"context"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
)

// outbox is what a link is about to send, in order. One goroutine (run) writes it,
// many frames at a time, and not faster than the peer reads.
type outbox struct {
	s       appservice.Session
	dropped func(reason string)

	mu     sync.Mutex // guards the following
	frames []appservice.Frame
	bytes  int
	ended  bool
	some   chan struct{} // takes one: there is something to send
	room   chan struct{} // closed when bytes has fallen; nil: nobody waits
}

func newOutbox(s appservice.Session, dropped func(string)) *outbox {
	return &outbox{s: s, dropped: dropped, some: make(chan struct{}, 1)}
}

// put adds a frame whatever its size: results of posts, whose number is bounded
// elsewhere. It never blocks.
func (o *outbox) put(raw []byte) {
	o.mu.Lock()
	o.add(raw)
	o.mu.Unlock()
}

// add needs mu.
func (o *outbox) add(raw []byte) {
	if o.ended {
		return
	}
	o.frames = append(o.frames, appservice.Frame{Raw: raw})
	o.bytes += len(raw)
	select {
	case o.some <- struct{}{}:
	default:
	}
}

// offer adds live news; it reports whether there was room. It never blocks.
func (o *outbox) offer(raw []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bytes > maxOutgoing {
		return false
	}
	o.add(raw)
	return true
}

// wait adds a frame once there is room.
func (o *outbox) wait(ctx context.Context, raw []byte) error {
	if err := o.ready(ctx); err != nil {
		return err
	}
	o.put(raw)
	return ctx.Err()
}

// ready waits until there is room. Those who have waited may all add a frame.
func (o *outbox) ready(ctx context.Context) error {
	for {
		o.mu.Lock()
		if o.bytes <= maxOutgoing || o.ended {
			o.mu.Unlock()
			return nil
		}
		if o.room == nil {
			o.room = make(chan struct{})
		}
		room := o.room
		o.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// run sends until the context ends.
func (o *outbox) run(ctx context.Context) {
	flow, _ := o.s.(appservice.Flow)
	for {
		select {
		case <-o.some:
		case <-ctx.Done():
			o.end()
			return
		}
		for frames := o.take(); len(frames) > 0; frames = o.take() {
			o.send(ctx, flow, frames)
		}
	}
}

// take removes what fits into one lot.
func (o *outbox) take() []appservice.Frame {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, size := 0, 0
	for n < len(o.frames) && (n == 0 || size+len(o.frames[n].Raw) <= flowLow) {
		size += len(o.frames[n].Raw)
		n++
	}
	lot := o.frames[:n:n]
	if o.frames = o.frames[n:]; len(o.frames) == 0 {
		o.frames = nil
	}
	if o.bytes -= size; o.bytes <= maxOutgoing && o.room != nil {
		close(o.room)
		o.room = nil
	}
	return lot
}

// send writes a lot, after waiting for the peer to take what it was sent before. A
// connection that fails ends by itself.
func (o *outbox) send(ctx context.Context, flow appservice.Flow, lot []appservice.Frame) {
	if flow == nil {
		for _, f := range lot {
			_ = o.s.Send(ctx, f)
		}
		return
	}
	if flow.Queued() > flowHigh {
		select {
		case <-flow.Drained(flowLow):
		case <-ctx.Done():
			return
		}
	}
	_ = flow.SendAll(ctx, lot)
}

func (o *outbox) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended, o.frames, o.bytes = true, nil, 0
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}
