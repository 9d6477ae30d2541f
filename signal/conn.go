package signal

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is a connection as the switch sees it: the registrations that it brought
// and its space of call numbers, one for both signs (A1).
type Conn struct {
	sw *Switch
	ep Endpoint

	mu       sync.Mutex // guards the following; taken after the lock of a chat or call
	closed   bool
	regs     []*Registration
	legs     map[int32]*Leg
	callers  []callerLegs // who holds legs here
	released []release    // lately, oldest first
	last     int32        // the newest number of the switch
	wrapped  bool         // numbers may have been used before
	probes   probes

	inboxMu sync.Mutex // one text at a time on inboxes; taken after the lock of a chat

	waiting atomic.Int64 // bytes of the client that wait in chats and calls
}

// maxWaiting is how much of one client may wait for the rest of a text, for the
// winner of a call or for a device that was woken.
const maxWaiting = 512 << 10

// charge takes room for n bytes that wait; false if there is none.
func (c *Conn) charge(n int) bool {
	if c.waiting.Add(int64(n)) > maxWaiting {
		c.waiting.Add(int64(-n))
		return false
	}
	return true
}

// discharge gives room back.
func (c *Conn) discharge(n int) { c.waiting.Add(int64(-n)) }

// release is what is remembered of a number for a minute.
type release struct {
	number   int32
	at       time.Time
	bySwitch bool
	ext      bool
	src      string
	// of a leg of a chat: whose it was, and who was on the other side
	reg  *Registration
	peer Address
}

// numberRest is for how long a released number is not used again by the switch,
// and a text on it counts as crossing (decision 28, A1.7).
const numberRest = 60 * time.Second

// maxReleased bounds what a connection remembers of released numbers.
const maxReleased = 1024

// Connect makes the connection known. It costs nothing until it registers.
func (s *Switch) Connect(ep Endpoint) *Conn {
	return &Conn{sw: s, ep: ep}
}

// Close ends the registrations and calls of a connection that is lost or logged
// out: peers of answered legs get cause 41, unanswered ones disappear (decision
// 29, A12). It is idempotent.
func (c *Conn) Close(t *Turn) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.closed = true
	regs := append([]*Registration(nil), c.regs...)
	legs := make([]*Leg, 0, len(c.legs))
	for _, l := range c.legs {
		legs = append(legs, l)
	}
	c.mu.Unlock()
	for _, r := range regs {
		c.forget(r)
		c.sw.activityChanged(t, r.addr)
	}
	for _, l := range legs {
		l.lost(t)
	}
	for _, r := range regs {
		c.sw.inboxGone(t, r)
	}
}

// bySrc is the registration under a src, nil if none.
func (c *Conn) bySrc(src string) *Registration {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.regs {
		if r.src == src {
			return r
		}
	}
	return nil
}

// first is the oldest registration of the connection, nil if none.
func (c *Conn) first() *Registration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.regs) == 0 {
		return nil
	}
	return c.regs[0]
}

// leg is a live leg and what it belongs to; nil if there is none.
func (c *Conn) leg(number int32) (*Leg, owner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.legs[number]; l != nil {
		return l, l.owner
	}
	return nil, nil
}

func (c *Conn) legsOf(r *Registration) []*Leg {
	c.mu.Lock()
	defer c.mu.Unlock()
	var legs []*Leg
	for _, l := range c.legs {
		if l.reg == r {
			legs = append(legs, l)
		}
	}
	return legs
}

// newLeg gives a leg towards the client its number: -1, -2, ... live and lately
// released ones are passed over. from is the object that calls, nil for the switch
// itself. Nil if the connection is gone or full, or if from has its share of it.
// The owner is asked about the leg at once: its lock must be held.
func (c *Conn) newLeg(r *Registration, now time.Time, o owner, from *object) *Leg {
	c.mu.Lock()
	defer c.mu.Unlock()
	if from == r.object { // who calls oneself takes nothing from others
		from = nil
	}
	if !c.takes(r) || !c.share(from) {
		return nil
	}
	for {
		if c.last == math.MinInt32 {
			c.last, c.wrapped = 0, true
		}
		c.last--
		if _, live := c.legs[c.last]; live {
			continue
		}
		if c.wrapped && c.rests(c.last, now) {
			continue
		}
		_, inbox := o.(*inboxOwner)
		return c.enter(&Leg{conn: c, reg: r, number: c.last, owner: o, since: now, inbox: inbox, from: from})
	}
}

// openLeg enters a leg under the client's number, as newLeg does; nil if it is
// live or the connection gone or full.
func (c *Conn) openLeg(r *Registration, number int32, now time.Time, o owner) *Leg {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.takes(r) || c.legs[number] != nil {
		return nil
	}
	c.released = slices.DeleteFunc(c.released, func(rel release) bool { return rel.number == number })
	return c.enter(&Leg{conn: c, reg: r, number: number, owner: o, since: now, answered: true})
}

// takes tells whether a registration can have one more leg: it may have ended
// since it was looked up. The caller holds c.mu.
func (c *Conn) takes(r *Registration) bool {
	return !c.closed && len(c.legs) < c.sw.limits.LegsPerConn && slices.Contains(c.regs, r)
}

// callerShare is the part of a connection's legs that one caller may hold: nobody
// takes a victim's line from all others.
const (
	callerShare = 8
	minShare    = 32
)

// callerLegs is how many legs a caller holds.
type callerLegs struct {
	from *object
	n    int
}

// share counts one more leg of a caller; false if it has its share. The caller of
// share holds c.mu.
func (c *Conn) share(from *object) bool {
	if from == nil {
		return true
	}
	i := slices.IndexFunc(c.callers, func(x callerLegs) bool { return x.from == from })
	if i < 0 {
		c.callers = append(c.callers, callerLegs{from, 1})
		return true
	}
	if c.callers[i].n >= max(minShare, c.sw.limits.LegsPerConn/callerShare) {
		return false
	}
	c.callers[i].n++
	return true
}

// unshare takes a leg of a caller off the count.
func (c *Conn) unshare(from *object) {
	i := slices.IndexFunc(c.callers, func(x callerLegs) bool { return x.from == from })
	if i < 0 {
		return
	}
	if c.callers[i].n--; c.callers[i].n == 0 {
		c.callers = slices.Delete(c.callers, i, i+1)
	}
}

func (c *Conn) enter(l *Leg) *Leg {
	if c.legs == nil {
		c.legs = map[int32]*Leg{}
	}
	c.legs[l.number] = l
	return l
}

// leave frees the number of a leg; false if it was free already.
func (c *Conn) leave(l *Leg, now time.Time, bySwitch bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.legs[l.number] != l {
		return false
	}
	delete(c.legs, l.number)
	c.unshare(l.from)
	rel := release{number: l.number, at: now, bySwitch: bySwitch, ext: l.reg.ext(), src: l.reg.src}
	if k, chat := l.owner.(*chatCall); chat && bySwitch {
		rel.reg, rel.peer = l.reg, k.chat.key[1-k.chat.sideOf(l.reg)]
	}
	c.remember(rel)
	return true
}

// remember keeps a released number for a while; the caller holds c.mu.
func (c *Conn) remember(rel release) {
	old := 0
	for old < len(c.released) && rel.at.Sub(c.released[old].at) >= numberRest {
		old++
	}
	if len(c.released)-old >= maxReleased {
		old++
	}
	c.released = append(slices.Delete(c.released, 0, old), rel)
}

// rests tells whether a number was released so lately that it is not used again.
func (c *Conn) rests(number int32, now time.Time) bool {
	for _, rel := range c.released {
		if rel.number == number && now.Sub(rel.at) < numberRest {
			return true
		}
	}
	return false
}

// recent is what is known of a number that is not live.
func (c *Conn) recent(number int32) (release, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rel := range slices.Backward(c.released) {
		if rel.number == number {
			return rel, true
		}
	}
	return release{}, false
}

// probes are the pings that prove delivery to clients without receipts: at most
// one outstanding, what is sent meanwhile shares the next one (A3).
type probes struct {
	n       uint32
	out     bool
	flying  []probe
	waiting []probe
}

// probe says: when the pong is here, this side has everything up to seq.
type probe struct {
	chat *Chat
	side int
	seq  uint64
	mid  int64 // of a stored text
}

// maxProbes bounds the chats that wait for one pong; beyond it the oldest gets no
// proof.
const maxProbes = 64

// probe asks for proof that what was sent has arrived.
func (c *Conn) probe(t *Turn, p probe) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.probes.waiting {
		if w := &c.probes.waiting[i]; w.chat == p.chat && w.side == p.side {
			w.seq, w.mid = p.seq, p.mid
			return
		}
	}
	if len(c.probes.waiting) >= maxProbes {
		c.probes.waiting = slices.Delete(c.probes.waiting, 0, 1)
	}
	c.probes.waiting = append(c.probes.waiting, p)
	if !c.probes.out {
		c.sendProbe(t)
	}
}

// sendProbe pings for what waits; the caller holds c.mu.
func (c *Conn) sendProbe(t *Turn) {
	p := &c.probes
	p.flying, p.waiting = p.waiting, p.flying[:0]
	p.out = true
	p.n++
	c.ep.Ping(t, p.n)
}

// Pong is called when the pong of ping n has come.
func (c *Conn) Pong(t *Turn, n uint32) {
	c.mu.Lock()
	if !c.probes.out || n != c.probes.n {
		c.mu.Unlock()
		return
	}
	done := append([]probe(nil), c.probes.flying...)
	clear(c.probes.flying)
	c.probes.flying, c.probes.out = c.probes.flying[:0], false
	if len(c.probes.waiting) > 0 {
		c.sendProbe(t)
	}
	c.mu.Unlock()
	for _, p := range done {
		p.chat.delivered(t, p.side, p.seq, p.mid)
	}
}
