// Package trace shows the frames that pass through the switch, for the operator
// who looks for a fault (appwebsocket.md 6.3).
//
// A Tracer is given to the doors and to the switch. They hand it every frame in,
// every frame out and every frame they drop; flags and rules decide which of them
// are recorded. Flags that are set go to a Sink, such as the log; rules, which are
// narrowed to a domain, user, connection or call and end by themselves, go to a
// Recorder, from which records are read, followed and saved. Secrets reach
// neither, and the bodies of messages do so only as long as somebody has asked
// for content. The package is no log: what the switch itself has to say goes to
// slog. It knows no domains and users by itself: numbers and names of them are
// told by the callers, and who may see what is for those to decide who read
// (Filter.Within).
//
// A nil Tracer is off, and asking a Tracer that is off costs one atomic load and
// no allocation. All methods may be called from any goroutine at any time. A
// Tracer that is on calls its Sink on the goroutine of the frame: a Sink must
// not block for long and must not come back to the connection it is told about.
package trace

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// Sink receives records.
type Sink interface {
	Trace(Record)
}

// Config is what a Tracer is made of.
type Config struct {
	Sink     Sink      // of the flags that are On; nil: none
	On       Flag      // may be changed with Set
	Recorder *Recorder // gets what the rules ask for, and what goes to the Sink; nil: there are no rules
}

// Tracer decides what is recorded. Use New or Open; nil is a Tracer that is off.
type Tracer struct {
	sink     Sink
	recorder *Recorder
	flags    atomic.Uint32         // of everything that is on
	wants    atomic.Pointer[wants] // the same in full; replaced, never changed
	counts   [len(names)]atomic.Uint64

	mu    sync.Mutex // guards the following
	set   wants      // what wants points to a copy of
	last  uint64     // id of the newest rule
	timer *time.Timer
}

// wants is what is on.
type wants struct {
	flags   Flag // for the sink
	raw     time.Time
	content bool // of the sink
	rules   []Rule
}

// New returns a Tracer that writes to sink what the flags ask for. Without a
// sink there is nothing to trace to and the result is nil.
func New(sink Sink, on Flag) *Tracer {
	if sink == nil {
		return nil
	}
	return Open(Config{Sink: sink, On: on})
}

// Open returns a Tracer that can be switched by rules.
func Open(c Config) *Tracer {
	t := &Tracer{sink: c.Sink, recorder: c.Recorder}
	t.wants.Store(&wants{})
	t.Set(c.On)
	return t
}

// On reports whether one of the flags is traced for anybody. Callers need it only
// to avoid work of their own; the other methods ask themselves.
func (t *Tracer) On(f Flag) bool {
	return t != nil && Flag(t.flags.Load())&f != 0
}

// Set changes what is traced to the Sink, also while frames pass. WebSocket ends
// by itself after RawLimit.
func (t *Tracer) Set(on Flag) {
	if t == nil {
		return
	}
	t.change(func(w *wants) {
		w.raw = time.Time{}
		if w.flags = on & All; t.sink == nil {
			w.flags = 0
		}
		if w.flags&WebSocket != 0 {
			w.raw = time.Now().Add(RawLimit)
		}
	})
}

// SetContent says whether the Sink gets the bodies of messages too. They are
// private; the default is that only their lengths are shown. Secrets stay masked.
func (t *Tracer) SetContent(on bool) {
	if t != nil {
		t.change(func(w *wants) { w.content = on })
	}
}

// Frame records a frame that came in or went out, of a connection of which no
// more is known. The frame is not kept.
func (t *Tracer) Frame(f Flag, conn string, d Dir, frame []byte) {
	if t.On(f) {
		t.Note(Event{Flags: f, Peer: Peer{Conn: conn}, Dir: d, Frame: frame})
	}
}

// Drop records that a frame which came in goes no further, with the reason that
// is also counted. The frame is not kept; it is nil where it was recorded already,
// or where there is none.
func (t *Tracer) Drop(f Flag, conn, reason string, frame []byte) {
	if t.On(f) {
		t.Note(Event{Flags: f, Peer: Peer{Conn: conn}, Dir: In, Reason: reason, Frame: frame})
	}
}

// Note records an event for all who want it: once for the Sink and once for the
// Recorder. e.Frame is not kept.
func (t *Tracer) Note(e Event) {
	if !t.On(e.Flags) {
		return
	}
	now := time.Now()
	w := t.wants.Load()
	toSink := e.Flags & w.flags
	wanted, content := w.of(&e, now)
	if wanted |= toSink; wanted == 0 {
		return
	}
	t.count(wanted)
	r := newRecord(&e, wanted, now)
	r.Text = mask(e.Frame, false)
	if content {
		r.Content = mask(e.Frame, true)
	}
	if t.recorder != nil {
		t.recorder.Trace(r)
	}
	if toSink != 0 {
		r.Flag, r.Content = toSink, ""
		if w.content {
			r.Text = mask(e.Frame, true)
		}
		t.sink.Trace(r)
	}
}

// of tells for which flags the rules want an event, and whether with content.
func (w *wants) of(e *Event, now time.Time) (flags Flag, content bool) {
	for i := range w.rules {
		r := &w.rules[i]
		if r.Flags&e.Flags == 0 || !now.Before(r.Until) || !r.Scope.has(e) {
			continue
		}
		flags |= r.Flags & e.Flags
		content = content || now.Before(r.ContentUntil)
	}
	return flags, content
}

func (t *Tracer) count(flags Flag) {
	for f := uint32(flags); f != 0; f &= f - 1 {
		t.counts[bits.TrailingZeros32(f)].Add(1)
	}
}

// Stats is what a Tracer has done since it was made.
type Stats struct {
	Records map[string]uint64 // by the name of the flag, all of them
	Lost    uint64            // records that readers were too slow for
	Rules   int               // active now
}

// Stats counts; of a nil Tracer everything is zero.
func (t *Tracer) Stats() Stats {
	s := Stats{Records: make(map[string]uint64, len(names))}
	for i, name := range names {
		s.Records[name] = 0
		if t != nil {
			s.Records[name] = t.counts[i].Load()
		}
	}
	if t != nil {
		s.Rules = len(t.Rules())
		s.Lost = t.recorder.Lost()
	}
	return s
}

// Pending is a frame that came in and is recorded as soon as it is known to which
// call it belongs, at the latest before the next record that it causes. It is used
// by the goroutine that handles the frame; a nil Pending does nothing.
type Pending struct {
	tracer *Tracer
	event  Event
	drops  []string
	noted  bool
}

// Hold returns a Pending of the event. Its frame must stay as it is until Done.
func (t *Tracer) Hold(e Event) *Pending { return &Pending{tracer: t, event: e} }

// Belongs records the frame as one of the leg, unless it was recorded before.
func (p *Pending) Belongs(l Leg) {
	if p != nil && !p.noted {
		p.event.Leg = l
		p.Done()
	}
}

// Done records the frame unless it was recorded before.
func (p *Pending) Done() {
	if p != nil && !p.noted {
		p.noted = true
		p.tracer.Note(p.event)
		for _, reason := range p.drops {
			p.drop(reason)
		}
	}
}

// Drop records, behind the frame, that something of it goes no further.
func (p *Pending) Drop(reason string) {
	switch {
	case p == nil:
	case p.noted:
		p.drop(reason)
	default:
		p.drops = append(p.drops, reason)
	}
}

func (p *Pending) drop(reason string) {
	e := p.event
	e.Frame, e.Reason = nil, reason
	p.tracer.Note(e)
}
