package signal

import (
	"slices"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/trace"
)

// Times of a chat (decisions 31, 42, 51; A1).
const (
	unansweredLimit = 180 * time.Second // of a leg, after the first text on it
	idleLimit       = 15 * time.Minute  // of a call without any facility
	typingGrace     = 2 * time.Second   // no idle release behind a typing indication
	offerAgain      = 30 * time.Second  // between two offers to one registration
	chatMemory      = 60 * time.Second  // of a chat after its last leg
	hostedIdle      = 60 * time.Second  // of a call that the switch has answered, without leg, inbox and message (A1.6)
	earlyLimit      = time.Second       // until an early text goes to the oldest registration of a program
	wakeLimit       = 8 * time.Second   // for a woken device to register
	inboxAnswer     = 30 * time.Second  // for an inbox to be answered
)

// chatKey names the chat of two people: the lower address first.
type chatKey [2]Address

func keyOf(a, b Address) chatKey {
	if b.Domain < a.Domain || b.Domain == a.Domain && b.Object < a.Object {
		a, b = b, a
	}
	return chatKey{a, b}
}

// Chat joins two people with all their devices: the calls between them, and
// their inboxes. It lives from the first call or text until a minute after the
// last.
type Chat struct {
	sw   *Switch
	id   trace.CallID
	key  chatKey
	self bool // both sides are the same person
	// one side is a group, the other a member: every member has a chat of its own
	// with the group
	group *group

	mu    sync.Mutex // guards the following
	sides [2]side
	calls []*chatCall // oldest first
	inbox map[*Leg]*inboxState
	seq   uint64 // texts taken so far
	nonce uint64 // random part of the ids that the switch gives
	texts texts
	keeps keeps
	posts backlog
	woken time.Time // when somebody who was not there was woken for a stored text
	since time.Time
	last  time.Time   // when the last leg went or the last text came
	timer clock.Timer // set by whoever locks the chat first
	due   time.Time
	dead  bool // forgotten: look it up anew
}

// side is one of the two people.
type side struct {
	object *object
	party  Party
	sender []byte // ,"sender":"alice","sender_dn":"Alice"
	// how far this person's devices have everything from the other side
	delivered, read uint64
	// what is known of the registrations, as long as there are no others
	known *[]*Registration
	ext   bool
}

func (s *side) set(p *Party) {
	s.party = *p
	s.sender = strictjson.AppendString(append(s.sender[:0], `,"sender":`...), p.SIP)
	s.sender = strictjson.AppendString(append(s.sender, `,"sender_dn":`...), p.Name)
}

// lockChat finds or makes the chat of two people and locks it. a's side is
// returned; b's is the other one (in a chat with oneself, callers are side 0).
func (s *Switch) lockChat(t *Turn, a, b *Party) (c *Chat, sideOfA int) {
	key := keyOf(a.Address, b.Address)
	for {
		c = s.findChat(key)
		if c == nil {
			c = s.makeChat(t, key, a, b)
		}
		c.mu.Lock()
		if !c.dead {
			break
		}
		c.mu.Unlock()
	}
	if c.timer == nil {
		c.due = t.Now.Add(chatMemory)
		c.timer = s.timer(chatMemory, c.expire)
	}
	if c.key[0] == a.Address {
		return c, 0
	}
	return c, 1
}

func (s *Switch) findChat(key chatKey) *Chat {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.chats[key]
}

func (s *Switch) makeChat(t *Turn, key chatKey, a, b *Party) *Chat {
	if key[0] != a.Address {
		a, b = b, a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.chats[key]; c != nil {
		return c
	}
	c := &Chat{sw: s, id: s.newID(), key: key, self: a.Address == b.Address, since: t.Now, last: t.Now}
	for i, p := range [...]*Party{a, b} {
		o := s.acquire(p.Address)
		if o.chats == nil {
			o.chats = map[*Chat]struct{}{}
		}
		o.chats[c] = struct{}{}
		c.sides[i].object = o
		c.sides[i].set(p)
		if p.Kind == GroupChat {
			c.group = o.asGroup(s)
		}
	}
	c.posts.chat = c
	s.chats[key] = c
	return c
}

// forget takes an empty chat out of the switch; its lock is held.
func (c *Chat) forget() {
	c.dead = true
	c.timer.Stop()
	for _, s := range c.inbox {
		s.parts.Reset()
	}
	c.sw.mu.Lock()
	defer c.sw.mu.Unlock()
	delete(c.sw.chats, c.key)
	for i := range c.sides {
		delete(c.sides[i].object.chats, c)
		c.sw.release(c.sides[i].object)
	}
}

// rename follows a change of name or number.
func (c *Chat) rename(p *Party) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.sides {
		if c.sides[i].party.Address == p.Address {
			c.sides[i].set(p)
		}
	}
}

// arm makes the timer run at the given time at the latest.
func (c *Chat) arm(now, at time.Time) {
	if at.Before(c.due) {
		c.due = at
		c.timer.Reset(at.Sub(now))
	}
}

// expire does everything that is due and arms the timer for what is next.
func (c *Chat) expire(t *Turn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return
	}
	next := t.Now.Add(idleLimit)
	for _, call := range append([]*chatCall(nil), c.calls...) {
		if at := call.expire(t); !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	if at := c.expireParts(t); !at.IsZero() && at.Before(next) {
		next = at
	}
	if len(c.calls) == 0 {
		at := c.last.Add(chatMemory)
		if c.posts.waiting() > 0 && !at.After(t.Now) {
			at = t.Now.Add(chatMemory) // what waits has a result first
		}
		if !at.After(t.Now) {
			c.forget()
			return
		}
		if at.Before(next) {
			next = at
		}
	}
	c.due = next
	c.timer.Reset(next.Sub(t.Now))
}

// shutdown releases all calls of the chat.
func (c *Chat) shutdown(t *Turn, cause Cause) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range append([]*chatCall(nil), c.calls...) {
		call.end(t, cause, cause)
	}
}

// newestLeg is the newest live leg of a registration in the chat, on the given
// side (in a chat with oneself: on any), except one.
func (c *Chat) newestLeg(r *Registration, side int, except *Leg) *Leg {
	for i := len(c.calls) - 1; i >= 0; i-- {
		if c.calls[i].unopened {
			continue
		}
		if l := c.calls[i].legOf(r, side, except); l != nil {
			return l
		}
		if c.self {
			if l := c.calls[i].legOf(r, 1-side, except); l != nil {
				return l
			}
		}
	}
	return nil
}

// hasExt tells whether a registration of the side wants receipts.
func (c *Chat) hasExt(side int) bool {
	s := &c.sides[side]
	if regs := s.object.regs.Load(); regs != s.known {
		s.known = regs
		s.ext = slices.ContainsFunc(*regs, (*Registration).ext)
	}
	return s.ext
}

// hasInbox tells whether the side has an inbox.
func (c *Chat) hasInbox(side int) bool {
	for _, r := range c.sides[side].object.registrations() {
		if r.inbox.Load() != nil {
			return true
		}
	}
	return false
}
