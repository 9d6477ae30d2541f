package trace

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Limits of rules.
const (
	MaxRules     = 64
	domainRules  = 16               // of them, narrowed to one domain
	DefaultTime  = 10 * time.Minute // of an Order without one
	MaxTime      = 24 * time.Hour
	RawLimit     = 60 * time.Minute // of WebSocket, whoever switches it
	ContentLimit = 10 * time.Minute
	maxReason    = 512
)

// Scope narrows a rule. All members that are set must fit; the zero Scope is
// everything.
type Scope struct {
	Domain int64  // connections of this domain
	Object int64  // connections of this user or app, in its domain
	Conn   string // this connection
	Call   CallID // all legs of this call

	DomainName, ObjectName string // for people; not compared
}

// has tells whether an event is within the scope.
func (s *Scope) has(e *Event) bool {
	return (s.Domain == 0 || s.Domain == e.Peer.Domain) &&
		(s.Object == 0 || s.Object == e.Peer.Object) &&
		(s.Conn == "" || s.Conn == e.Peer.Conn) &&
		(s.Call == 0 || s.Call == e.Leg.Call)
}

// Order asks for a rule.
type Order struct {
	Flags      Flag
	Scope      Scope
	For        time.Duration // 0: DefaultTime; at most MaxTime, with WebSocket RawLimit
	Content    bool          // bodies of messages too
	ContentFor time.Duration // 0: as long as the rule, but ContentLimit at most
	By         string        // who asks
	Reason     string        // why; needed for Content
}

// Rule is a trace that is on until it ends by itself.
type Rule struct {
	ID           uint64
	Flags        Flag
	Scope        Scope
	Since, Until time.Time
	ContentUntil time.Time // until then with bodies of messages; zero: never
	By, Reason   string
}

// OrderError says which member of an Order does not do.
type OrderError struct {
	Field string // flags, for, content, contentFor, reason, object
	Text  string // a sentence for people
}

// Error implements error.
func (e *OrderError) Error() string { return e.Text }

// The other errors of Add.
var (
	ErrTooManyRules = errors.New("there are too many traces already, switch one off first")
	ErrNoRecorder   = errors.New("this tracer takes no rules")
)

// check completes the order.
func (o *Order) check() error {
	longest := MaxTime
	if o.Flags&WebSocket != 0 {
		longest = RawLimit
	}
	if o.For == 0 {
		o.For = DefaultTime
	}
	switch {
	case o.Flags == 0:
		return &OrderError{"flags", "no trace flag is named"}
	case o.Flags&^All != 0:
		return &OrderError{"flags", "there are flags that are not known"}
	case o.For < 0:
		return &OrderError{"for", "the time is negative"}
	case o.For > longest:
		return &OrderError{"for", fmt.Sprintf("a trace of %s lasts %s at most", o.Flags, span(longest))}
	case o.Scope.Object != 0 && o.Scope.Domain == 0:
		return &OrderError{"object", "an object is one of a domain"}
	case len(o.Reason) > maxReason:
		return &OrderError{"reason", fmt.Sprintf("the reason is longer than %d bytes", maxReason)}
	}
	return o.checkContent()
}

// span is a time as people say it.
func span(d time.Duration) string {
	if d > time.Hour {
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return fmt.Sprintf("%d minutes", d/time.Minute)
}

func (o *Order) checkContent() error {
	switch {
	case !o.Content && o.ContentFor != 0:
		return &OrderError{"contentFor", "a time for content without content"}
	case !o.Content:
		return nil
	case o.Reason == "":
		return &OrderError{"reason", "the bodies of messages are private: say why they have to be seen"}
	case o.ContentFor < 0:
		return &OrderError{"contentFor", "the time is negative"}
	case o.ContentFor > ContentLimit:
		return &OrderError{"contentFor", fmt.Sprintf("the bodies of messages are shown for %s at most", span(ContentLimit))}
	case o.ContentFor == 0:
		o.ContentFor = ContentLimit
	}
	o.ContentFor = min(o.ContentFor, o.For)
	return nil
}

// Add switches a trace on. The error is an *OrderError, ErrTooManyRules or
// ErrNoRecorder.
func (t *Tracer) Add(o Order) (Rule, error) {
	if t == nil || t.recorder == nil {
		return Rule{}, ErrNoRecorder
	}
	if err := o.check(); err != nil {
		return Rule{}, err
	}
	r := Rule{Flags: o.Flags, Scope: o.Scope, Since: time.Now(), By: o.By, Reason: o.Reason}
	r.Until = r.Since.Add(o.For)
	if o.Content {
		r.ContentUntil = r.Since.Add(o.ContentFor)
	}
	err := ErrTooManyRules
	t.change(func(w *wants) {
		if w.takes(o.Scope.Domain) {
			t.last++
			r.ID, err = t.last, nil
			w.rules = append(w.rules, r)
		}
	})
	return r, err
}

// takes tells whether there is room for one more rule: nobody takes it all from
// other domains.
func (w *wants) takes(domain int64) bool {
	same := 0
	for _, r := range w.rules {
		if r.Scope.Domain == domain {
			same++
		}
	}
	return len(w.rules) < MaxRules && (domain == 0 || same < domainRules)
}

// Remove switches a trace off and returns what it was; false if there is none.
func (t *Tracer) Remove(id uint64) (Rule, bool) {
	var gone Rule
	if t == nil {
		return gone, false
	}
	t.change(func(w *wants) {
		w.rules = slices.DeleteFunc(w.rules, func(r Rule) bool {
			if r.ID == id {
				gone = r
			}
			return r.ID == id
		})
	})
	return gone, gone.ID != 0
}

// Rules returns the traces that are on, oldest first.
func (t *Tracer) Rules() []Rule {
	if t == nil {
		return nil
	}
	now := time.Now()
	return slices.DeleteFunc(slices.Clone(t.wants.Load().rules), func(r Rule) bool { return !now.Before(r.Until) })
}

// change changes what is on, takes out what has ended, and makes it known.
func (t *Tracer) change(f func(*wants)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.set
	w.rules = slices.Clone(w.rules)
	now := time.Now()
	w.end(now)
	f(&w)
	t.set = w
	t.wants.Store(&w)
	t.flags.Store(uint32(w.union()))
	t.wakeAt(now)
}

// end takes out what has ended.
func (w *wants) end(now time.Time) {
	w.rules = slices.DeleteFunc(w.rules, func(r Rule) bool { return !now.Before(r.Until) })
	if !w.raw.IsZero() && !now.Before(w.raw) {
		w.flags, w.raw = w.flags&^WebSocket, time.Time{}
	}
}

func (w *wants) union() Flag {
	f := w.flags
	for _, r := range w.rules {
		f |= r.Flags
	}
	return f
}

// wakeAt has the next end noticed when it comes, so that what has ended costs
// nothing any more. It needs the mutex.
func (t *Tracer) wakeAt(now time.Time) {
	next := t.set.raw
	for _, r := range t.set.rules {
		if next.IsZero() || r.Until.Before(next) {
			next = r.Until
		}
	}
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	if !next.IsZero() {
		t.timer = time.AfterFunc(next.Sub(now), func() { t.change(func(*wants) {}) })
	}
}
