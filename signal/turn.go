package signal

import (
	"context"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/trace"
)

// Flusher has something queued that Flush sends off. Flush never blocks.
type Flusher interface{ Flush() }

// Waiter makes the origin of a turn wait until a receiver has caught up.
type Waiter interface{ Wait(ctx context.Context) }

// Turn is one unit of work: the frames of one socket read, or one timer. It has
// one time, and what it queues for peers leaves together at its end, with one
// write for each peer. A turn is used by one goroutine.
type Turn struct {
	Now   time.Time
	Buf   []byte   // room for endpoints to write a frame in
	Parts [][]byte // room for endpoints to name the pieces of a frame in
	Msg   Message  // room for the message that is routed

	// For doors that trace: the frame that is handled, as long as it may not be
	// known to which call it belongs, and to which leg the frame belongs that is
	// being sent.
	Heard *trace.Pending
	Leg   trace.Leg

	ctx   context.Context
	dirty []Flusher
	holds []Waiter
	work  work
}

var turns = sync.Pool{New: func() any { return new(Turn) }}

// NewTurn takes a turn from the pool; End gives it back. The context is handed
// to endpoints, so that they find the turn again (see TurnFrom).
func NewTurn(ctx context.Context, now time.Time) *Turn {
	t := turns.Get().(*Turn)
	t.Now, t.ctx = now, ctx
	return t
}

// RunTurn runs f in a turn of its own, which nobody waits for: a timer, or an
// event from outside of any connection.
func RunTurn(ctx context.Context, f func(t *Turn)) {
	t := NewTurn(ctx, time.Now())
	t.ctx = WithTurn(ctx, t)
	f(t)
	t.End(canceled)
}

// canceled is the context of turns that may not be held.
var canceled = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// Context is the context that the turn was made with.
func (t *Turn) Context() context.Context { return t.ctx }

// Dirty has f flushed when the turn ends.
func (t *Turn) Dirty(f Flusher) {
	for i := len(t.dirty) - 1; i >= 0 && i >= len(t.dirty)-8; i-- {
		if t.dirty[i] == f {
			return
		}
	}
	t.dirty = append(t.dirty, f)
}

// Hold makes whoever drives the turn wait at its end (back-pressure).
func (t *Turn) Hold(w Waiter) {
	for _, h := range t.holds {
		if h == w {
			return
		}
	}
	t.holds = append(t.holds, w)
}

// Held tells whether whoever drives the turn has to wait at its end.
func (t *Turn) Held() bool { return len(t.holds) > 0 }

// Flush sends off what is queued so far.
func (t *Turn) Flush() {
	for i, f := range t.dirty {
		f.Flush()
		t.dirty[i] = nil
	}
	t.dirty = t.dirty[:0]
}

// End flushes, then waits for receivers that are behind, and gives the turn back
// to the pool: it must not be used any more. Only the reader of a connection may
// be held; for a timer pass a context that is done.
func (t *Turn) End(ctx context.Context) {
	t.Flush()
	for i, w := range t.holds {
		if ctx.Err() == nil {
			w.Wait(ctx)
		}
		t.holds[i] = nil
	}
	t.holds, t.ctx, t.Heard = t.holds[:0], nil, nil
	if cap(t.Buf) > 64<<10 {
		t.Buf = nil
	}
	clear(t.Parts[:cap(t.Parts)])
	t.Msg = Message{}
	t.work.reset()
	turns.Put(t)
}

type turnKey struct{}

// WithTurn makes a context that carries the turn. A connection that handles many
// turns rather implements Value itself and answers TurnKey.
func WithTurn(ctx context.Context, t *Turn) context.Context {
	return context.WithValue(ctx, turnKey{}, t)
}

// TurnKey is the key under which a context answers with its *Turn.
func TurnKey() any { return turnKey{} }

// TurnFrom is the turn that a context carries, nil if none.
func TurnFrom(ctx context.Context) *Turn {
	t, _ := ctx.Value(turnKey{}).(*Turn)
	return t
}
