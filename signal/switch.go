package signal

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/trace"
)

// Limits bound what one client may make the switch do. Zero values mean the
// defaults of DefaultLimits.
type Limits struct {
	SetupRate            float64 // setups per second and registration
	SetupBurst           int     // how many at once
	RegistrationsPerConn int
	RegistrationsPerUser int
	LegsPerConn          int // live legs on one connection

	StoredRate  float64 // texts per second and person that go to the archive
	StoredBurst int     // how many at once
}

// defaultLimits are the limits of docs/limits.md.
var defaultLimits = Limits{SetupRate: 20, SetupBurst: 100, RegistrationsPerConn: 16, RegistrationsPerUser: 64, LegsPerConn: 4096,
	StoredRate: 50, StoredBurst: 500}

// DefaultLimits returns the limits that hold where none are given.
func DefaultLimits() Limits { return defaultLimits }

// Config is what a Switch is made of. Directory and Policy are required.
type Config struct {
	Directory Directory
	Policy    Policy
	Clock     clock.Clock   // nil: the system clock
	Waker     Waker         // nil: nobody is woken
	Observer  Observer      // nil: nothing is counted
	Tracer    *trace.Tracer // nil: off
	Licences  Licences      // nil: everybody has everything
	Archive   Archive       // nil: nothing is stored
	Limits    Limits
}

// Switch joins registrations by calls and chats.
type Switch struct {
	dir     Directory
	policy  Policy
	clock   clock.Clock
	waker   Waker
	watcher Watcher // nil: nobody
	obs     Observer
	tracer  *trace.Tracer
	limits  Limits
	closed  atomic.Bool
	over    chan struct{} // closed together with it: nobody is held any more
	traced  atomic.Uint64 // calls and chats so far: the newest trace.CallID
	drains  atomic.Bool

	licences Licences
	archive  Archive // nil: nothing is stored

	mu      sync.RWMutex // guards the following; taken after the lock of a chat or call
	objects map[Address]*object
	chats   map[chatKey]*Chat
	calls   map[*Call]struct{}
}

// object is a person or program as long as it has registrations or chats.
type object struct {
	addr    Address
	regs    atomic.Pointer[[]*Registration] // oldest first; replaced, never changed
	refs    int                             // guarded by Switch.mu
	placed  int                             // guarded by Switch.mu: live calls that it has set up, chats aside
	chats   map[*Chat]struct{}              // guarded by Switch.mu
	waiting map[wakened]struct{}            // guarded by Switch.mu: calls that wait for a registration
	talking int                             // guarded by Switch.mu: calls with media that it has set up or answered
	group   *group                          // guarded by Switch.mu: of a group; nil until it is needed
	posting allowance
}

// wakened is told that the object it waits for has a registration.
type wakened interface{ registered(t *Turn) }

func (o *object) registrations() []*Registration {
	if p := o.regs.Load(); p != nil {
		return *p
	}
	return nil
}

// New makes a switch. It validates and starts nothing.
func New(cfg Config) (*Switch, error) {
	if cfg.Directory == nil || cfg.Policy == nil {
		return nil, errors.New("signal: a switch needs a directory and a policy")
	}
	s := &Switch{
		dir: cfg.Directory, policy: cfg.Policy, clock: cfg.Clock, waker: cfg.Waker, obs: cfg.Observer,
		tracer: cfg.Tracer, limits: cfg.Limits, licences: cfg.Licences, archive: cfg.Archive,
		over: make(chan struct{}), objects: map[Address]*object{}, chats: map[chatKey]*Chat{}, calls: map[*Call]struct{}{},
	}
	if s.clock == nil {
		s.clock = clock.System()
	}
	if s.waker == nil {
		s.waker = nobody{}
	}
	if s.obs == nil {
		s.obs = nobody{}
	}
	if s.licences == nil {
		s.licences = nobody{}
	}
	s.limits.defaults()
	return s, nil
}

func (l *Limits) defaults() {
	d := defaultLimits
	if l.SetupRate > 0 {
		d.SetupRate = l.SetupRate
	}
	if l.StoredRate > 0 {
		d.StoredRate = l.StoredRate
	}
	for _, f := range [...]struct {
		to   *int
		from int
	}{{&d.SetupBurst, l.SetupBurst}, {&d.RegistrationsPerConn, l.RegistrationsPerConn},
		{&d.RegistrationsPerUser, l.RegistrationsPerUser}, {&d.LegsPerConn, l.LegsPerConn},
		{&d.StoredBurst, l.StoredBurst}} {
		if f.from > 0 {
			*f.to = f.from
		}
	}
	*l = d
}

// SetWatcher names who follows what objects do; nil: nobody. It must be called
// before the first connection.
func (s *Switch) SetWatcher(w Watcher) { s.watcher = w }

// SetArchive names who stores chats. The link to it may be built after the switch; it
// must be called before the first connection.
func (s *Switch) SetArchive(a Archive) { s.archive = a }

func (s *Switch) activityChanged(t *Turn, a Address) {
	if s.watcher != nil {
		s.watcher.ActivityChanged(t, a)
	}
}

// Activity is what the switch knows of an object at the moment.
type Activity struct {
	Registered bool
	OnPhone    bool // it has set up or answered a call with media
}

// Activity tells what an object does.
func (s *Switch) Activity(a Address) Activity {
	s.mu.RLock()
	defer s.mu.RUnlock()
	o := s.objects[a]
	if o == nil {
		return Activity{}
	}
	return Activity{Registered: len(o.registrations()) > 0, OnPhone: o.talking > 0}
}

// SetWaker names who wakes idle sessions. The doors that do it are built after
// the switch; it must be called before the first connection.
func (s *Switch) SetWaker(w Waker) { s.waker = w }

// nobody is the waker and observer of a switch that has none, and its licences.
type nobody struct{}

func (nobody) MayCall(Address) bool             { return true }
func (nobody) Wake(*Turn, Address, string) bool { return false }
func (nobody) Registered(int)                   {}
func (nobody) CallStarted(CallKind)             {}
func (nobody) CallEnded(CallKind, Cause)        {}
func (nobody) Message()                         {}
func (nobody) Dropped(string)                   {}
func (nobody) PostsWaiting(int)                 {}
func (nobody) PostsHeld()                       {}

func (nobody) Posted(time.Duration, PostOutcome) {}

// turn runs f in a turn of its own: a timer, or a change from outside.
func (s *Switch) turn(f func(t *Turn)) {
	RunTurn(context.Background(), func(t *Turn) {
		t.Now = s.clock.Now()
		f(t)
	})
}

// acquire finds or makes the entry of an object and takes a reference. The
// caller holds s.mu.
func (s *Switch) acquire(a Address) *object {
	o := s.objects[a]
	if o == nil {
		o = &object{addr: a}
		s.objects[a] = o
	}
	o.refs++
	return o
}

// release gives a reference back. The caller holds s.mu.
func (s *Switch) release(o *object) {
	if o.refs--; o.refs == 0 {
		delete(s.objects, o.addr)
	}
}

// wait has w told of the next registration of o.
func (s *Switch) wait(o *object, w wakened) {
	s.mu.Lock()
	if o.waiting == nil {
		o.waiting = map[wakened]struct{}{}
	}
	o.waiting[w] = struct{}{}
	s.mu.Unlock()
}

// waitNoMore takes that back.
func (s *Switch) waitNoMore(o *object, w wakened) {
	s.mu.Lock()
	delete(o.waiting, w)
	s.mu.Unlock()
}

// Drain refuses new calls and chats with cause 41; those that live go on, and so
// do chats between inboxes. It does not wait.
func (s *Switch) Drain() { s.drains.Store(true) }

// Close releases every call with cause 31 and refuses new ones. Connections
// stay: their owner closes them when what was sent to them has left.
func (s *Switch) Close() {
	if !s.closed.Swap(true) {
		close(s.over)
	}
	s.turn(func(t *Turn) {
		s.mu.RLock()
		chats := make([]*Chat, 0, len(s.chats))
		for _, c := range s.chats {
			chats = append(chats, c)
		}
		calls := make([]*Call, 0, len(s.calls))
		for c := range s.calls {
			calls = append(calls, c)
		}
		s.mu.RUnlock()
		for _, c := range chats {
			c.shutdown(t, CauseNormalUnspecified)
		}
		for _, c := range calls {
			c.shutdown(t, CauseNormalUnspecified)
		}
	})
}

// ObjectChanged follows a change in the directory: registrations of an object
// that is gone or disabled end with cause 27, names are read anew.
func (s *Switch) ObjectChanged(a Address) {
	s.mu.RLock()
	o := s.objects[a]
	var chats []*Chat
	if o != nil {
		for c := range o.chats {
			chats = append(chats, c)
		}
	}
	s.mu.RUnlock()
	if o == nil {
		return
	}
	party, ok := s.dir.Party(a)
	s.turn(func(t *Turn) {
		if ok {
			for _, r := range o.registrations() {
				r.party.Store(&party)
			}
			for _, c := range chats {
				c.rename(&party)
			}
			return
		}
		for _, r := range o.registrations() {
			r.conn.unregister(t, r, CauseOutOfOrder, "blocked")
		}
	})
}

// newID names a call or chat in traces.
func (s *Switch) newID() trace.CallID { return trace.CallID(s.traced.Add(1)) }

// timer starts f on the clock of the switch.
func (s *Switch) timer(d time.Duration, f func(t *Turn)) clock.Timer {
	return s.clock.AfterFunc(d, func() { s.turn(f) })
}
