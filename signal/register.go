package signal

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Flags are what a registration asked for in Register.flags.
type Flags uint8

// The flags. Others are ignored.
const (
	NoMedia Flags = 1 << iota // never receives calls with media
	Ext                       // identities and receipts (A3)
	Inbox                     // one leg for all chats (A2); includes Ext
	SDP                       // media descriptions as SDP (A7)
)

// ParseFlags reads the ids of Register.flags, joined with "|".
func ParseFlags(s string) Flags {
	var f Flags
	for word := range strings.SplitSeq(s, "|") {
		switch strings.TrimSpace(word) {
		case "NO_MEDIA_CALL":
			f |= NoMedia
		case "IM_EXT":
			f |= Ext
		case "IM_INBOX":
			f |= Inbox | Ext
		case "SDP":
			f |= SDP
		}
	}
	return f
}

// String joins the flags as on the wire.
func (f Flags) String() string {
	var words []string
	for i, w := range [...]string{"NO_MEDIA_CALL", "IM_EXT", "IM_INBOX", "SDP"} {
		if f&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	return strings.Join(words, "|")
}

// Claim is what a client asks to be registered as.
type Claim struct {
	Address Address
	Src     string // raw JSON token of the Register's src, "" if it had none
	HW      string
	Flags   Flags
}

// Refusal is why a Register failed: the err string of its result (decision 26).
type Refusal string

// The refusals.
const (
	ErrNoSuchDevice Refusal = "no such device"
	ErrBlocked      Refusal = "blocked"
	ErrTooMany      Refusal = "too many registrations"
	ErrShutdown     Refusal = "shutting down"
)

// Error implements error.
func (r Refusal) Error() string { return string(r) }

// Registration is an object (and device) bound to a connection.
type Registration struct {
	conn   *Conn
	src    string
	hw     string
	flags  Flags
	addr   Address
	object *object
	since  time.Time
	single bool
	party  atomic.Pointer[Party]
	inbox  atomic.Pointer[Leg] // nil: no inbox
	setups bucket              // guarded by conn.mu
}

func (r *Registration) ext() bool { return r.flags&Ext != 0 }

// bucket is a token bucket: rate per second, burst at once.
type bucket struct {
	tokens float64
	last   time.Time
}

func (b *bucket) take(now time.Time, rate float64, burst int) bool {
	if b.last.IsZero() {
		b.tokens = float64(burst)
	} else {
		b.tokens = min(float64(burst), b.tokens+rate*now.Sub(b.last).Seconds())
	}
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// Register binds an object to the connection under the src of the claim
// (decisions 25 to 27). The same src with the same device and flags changes
// nothing, with others it releases the calls of the old registration with cause
// 31. The error is a Refusal. The caller announces the result, then calls Opened.
func (c *Conn) Register(t *Turn, claim Claim) (*Registration, error) {
	s := c.sw
	if s.closed.Load() {
		return nil, ErrShutdown
	}
	party, ok := s.dir.Party(claim.Address)
	if !ok {
		return nil, ErrBlocked
	}
	known, single := s.dir.Device(claim.Address, claim.HW)
	if !known {
		return nil, ErrNoSuchDevice
	}
	old := c.bySrc(claim.Src)
	if old != nil {
		if old.addr == claim.Address && old.hw == claim.HW && old.flags == claim.Flags {
			return old, nil
		}
		c.unregister(t, old, CauseNormalUnspecified, "")
	}
	r := &Registration{conn: c, src: claim.Src, hw: claim.HW, flags: claim.Flags, addr: claim.Address, since: t.Now, single: single}
	r.party.Store(&party)
	if old != nil {
		r.setups = old.setups // registering again gives no new burst
	}
	if err := c.admit(r); err != nil {
		return nil, err
	}
	s.obs.Registered(1)
	if single {
		s.replaceOthers(t, r)
	}
	return r, nil
}

// admit enters the registration at its connection and its object.
func (c *Conn) admit(r *Registration) error {
	s := c.sw
	s.mu.Lock()
	defer s.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrShutdown
	}
	if len(c.regs) >= s.limits.RegistrationsPerConn {
		return ErrTooMany
	}
	if o := s.objects[r.addr]; o != nil && !r.single && len(o.registrations()) >= s.limits.RegistrationsPerUser {
		return ErrTooMany
	}
	r.object = s.acquire(r.addr)
	c.regs = append(c.regs, r)
	return nil
}

// publish lets calls and texts find the registration.
func (c *Conn) publish(r *Registration) {
	s := c.sw
	s.mu.Lock()
	defer s.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	all := r.object.registrations()
	if slices.Contains(c.regs, r) && !slices.Contains(all, r) {
		all = append(slices.Clone(all), r)
		r.object.regs.Store(&all)
	}
}

// Opened is called behind the announced result of a Register: it opens the inbox
// that was asked for, also anew after it was closed (A2, A12). From now on calls
// find the registration, first of all those that wait for the person.
func (c *Conn) Opened(t *Turn, r *Registration) {
	if r.flags&Inbox != 0 && r.inbox.Load() == nil {
		r.openInbox(t)
	}
	c.publish(r)
	s := c.sw
	s.activityChanged(t, r.addr)
	if _, ok := s.dir.Party(r.addr); !ok { // it was disabled in between
		c.unregister(t, r, CauseOutOfOrder, string(ErrBlocked))
		return
	}
	if r.single {
		s.replaceOthers(t, r)
	}
	s.mu.Lock()
	waiting := make([]wakened, 0, len(r.object.waiting))
	for w := range r.object.waiting {
		waiting = append(waiting, w)
	}
	clear(r.object.waiting)
	s.mu.Unlock()
	for _, w := range waiting {
		w.registered(t)
	}
}

// replaceOthers ends older registrations of a device that may have one only.
func (s *Switch) replaceOthers(t *Turn, r *Registration) {
	for _, other := range r.object.registrations() {
		if other != r && other.hw == r.hw {
			other.conn.unregister(t, other, CauseNormalUnspecified, "replaced")
		}
	}
}

// unregister ends one registration: its calls get rel with the cause, and, if
// notice is given, the client is told.
func (c *Conn) unregister(t *Turn, r *Registration, cause Cause, notice string) {
	if !c.forget(r) {
		return
	}
	c.sw.activityChanged(t, r.addr)
	for _, leg := range c.legsOf(r) {
		leg.cut(t, cause)
	}
	c.sw.inboxGone(t, r)
	if notice != "" {
		c.ep.Unregistered(t, r.src, notice)
	}
}

// forget takes the registration out of the connection and the object; false if
// it was not there.
func (c *Conn) forget(r *Registration) bool {
	s := c.sw
	s.mu.Lock()
	defer s.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.regs, r)
	if i < 0 {
		return false
	}
	c.regs = slices.Delete(c.regs, i, i+1)
	rest := slices.DeleteFunc(slices.Clone(r.object.registrations()), func(x *Registration) bool { return x == r })
	r.object.regs.Store(&rest)
	s.release(r.object)
	s.obs.Registered(-1)
	return true
}
