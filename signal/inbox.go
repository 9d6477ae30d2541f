package signal

import (
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// inboxOwner is the owner of an inbox: one leg for all chats of a registration,
// from the Register to the end (A2).
type inboxOwner struct {
	sw    *Switch
	mu    sync.Mutex // guards the following and the leg; never held with the lock of a chat
	timer clock.Timer
}

var _ owner = (*inboxOwner)(nil)

// inboxState is what a chat keeps for an inbox that writes in it.
type inboxState struct {
	typing typing
	parts  Collector
}

// inboxState finds or makes the state; the lock of the chat is held.
func (c *Chat) inboxState(l *Leg) *inboxState {
	s := c.inbox[l]
	if s == nil {
		if c.inbox == nil {
			c.inbox = map[*Leg]*inboxState{}
		}
		s = &inboxState{parts: Collector{conn: l.conn}}
		c.inbox[l] = s
	}
	return s
}

// expireParts refuses texts of inboxes whose last part does not come, and tells
// when it wants to look again; the zero time is never.
func (c *Chat) expireParts(t *Turn) (next time.Time) {
	for l, s := range c.inbox {
		if s.parts.Pending() && !s.parts.Since.Add(MaxPartsTime).After(t.Now) {
			if !s.parts.Spoilt && s.parts.ID != "" { // else with the last part
				c.failed(t, writer{leg: l, side: c.sideOf(l.reg)}, s.parts.ID, CauseProtocolError)
			}
			s.parts.Spoil(t.Now)
		}
		if at := s.parts.Since.Add(MaxPartsTime); s.parts.Pending() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// sideOf is the side that a registration belongs to.
func (c *Chat) sideOf(r *Registration) int {
	if c.key[0] == r.addr {
		return 0
	}
	return 1
}

// openInbox sends the setup of the inbox. Texts go to it at once; without an
// answer for 30 s it ends.
func (r *Registration) openInbox(t *Turn) {
	c := r.conn
	t.work.chat = nil
	o := &inboxOwner{sw: c.sw}
	o.mu.Lock()
	defer o.mu.Unlock()
	l := c.newLeg(r, t.Now, o, nil)
	if l == nil {
		return
	}
	party := r.party.Load()
	setup := newOffer(nil, party, []byte(`{"type":"im_setup","inbox":true}`), false)
	t.work.head = setup.append(t.work.head[:0], party)
	l.send(t, t.work.head, nil)
	r.inbox.Store(l)
	o.timer = c.sw.timer(inboxAnswer, func(t *Turn) { o.expire(t, l) })
}

// expire ends an inbox that was not answered.
func (o *inboxOwner) expire(t *Turn, l *Leg) {
	o.mu.Lock()
	answered := l.answered
	o.mu.Unlock()
	if !answered {
		o.cut(t, l, CauseTimer)
	}
}

// handle implements owner.
func (o *inboxOwner) handle(t *Turn, l *Leg, m *Message) {
	switch m.Type {
	case FacilityMsg:
		o.facility(t, l, m)
	case ConnMsg:
		o.mu.Lock()
		l.answered = true
		o.timer.Stop()
		o.mu.Unlock()
	case RelMsg, DiscMsg:
		o.close(t, l, false, 0)
	case CallProcMsg, AlertMsg, ProgressMsg:
	case UnknownType:
		l.drop(t, dropUnknownType)
	default:
		l.drop(t, dropState)
	}
}

// lost implements owner.
func (o *inboxOwner) lost(t *Turn, l *Leg) { o.close(t, l, false, 0) }

// cut implements owner.
func (o *inboxOwner) cut(t *Turn, l *Leg, cause Cause) { o.close(t, l, true, cause) }

// close ends the inbox: from now on the registration is one with IM_EXT alone,
// until it registers again.
func (o *inboxOwner) close(t *Turn, l *Leg, rel bool, cause Cause) {
	t.work.chat = nil
	o.mu.Lock()
	o.timer.Stop()
	l.reg.inbox.CompareAndSwap(l, nil)
	l.conn.inboxMu.Lock()
	if rel {
		l.sendHeld(t, appendRel(t.work.other[:0], cause), nil)
	}
	l.free(t, rel)
	l.conn.inboxMu.Unlock()
	o.mu.Unlock()
	o.sw.inboxGone(t, l.reg)
}

// inboxGone ends calls that only an inbox of the person had answered, or kept, and
// forgets its half texts.
func (s *Switch) inboxGone(t *Turn, r *Registration) {
	if r.flags&Inbox == 0 {
		return
	}
	s.mu.RLock()
	var chats []*Chat
	if o := s.objects[r.addr]; o != nil {
		for c := range o.chats {
			chats = append(chats, c)
		}
	}
	s.mu.RUnlock()
	for _, c := range chats {
		c.mu.Lock()
		for l := range c.inbox {
			if l.reg == r && r.inbox.Load() != l {
				c.inbox[l].parts.Reset()
				delete(c.inbox, l)
			}
		}
		for _, k := range append([]*chatCall(nil), c.calls...) {
			kept := k.caller == nil && len(k.legs) == 0
			if (k.caller != nil && k.ever || kept) && c.sides[k.to()].party.Address == r.addr {
				k.endIfDeserted(t, true, CauseTemporaryFailure)
			}
		}
		c.mu.Unlock()
	}
}

// facility handles texts and receipts of an inbox: each names its chat.
func (o *inboxOwner) facility(t *Turn, l *Leg, m *Message) {
	for f := range m.fty.Elements() {
		t.work.chat = nil
		switch {
		case f.Get("type").Is("im_message"), f.Get("type").Is("im_receipt"):
			o.inChat(t, l, f)
		default:
			l.drop(t, dropFacility)
		}
	}
}

// inChat finds the chat of one facility and hands it over.
func (o *inboxOwner) inChat(t *Turn, l *Leg, f strictjson.Value) {
	name, named := f.Get("chat").Text()
	if !named || name == "" {
		o.nowhere(t, l, f, "", CauseMandatoryMissing)
		return
	}
	c, side, cause := o.sw.chatNamed(t, l.reg, name)
	if cause != 0 {
		o.nowhere(t, l, f, name, cause)
		return
	}
	defer c.mu.Unlock()
	t.work.chat = c
	l.heard(t)
	w := writer{leg: l, side: side}
	v := c.screen(t, w, f, &c.inboxState(l).parts)
	if l.count(t, v) {
		return
	}
	c.last = t.Now
	switch v.Action {
	case TakeText:
		c.take(t, w, &v.Text)
	case TakeReceipt:
		c.receipt(t, w, &v.Receipt)
	case Refuse:
		c.failed(t, w, v.Text.id(), v.Cause)
	}
}

// chatNamed finds the chat of a registration with the person or group of a name, and
// locks it.
func (s *Switch) chatNamed(t *Turn, r *Registration, name string) (c *Chat, side int, cause Cause) {
	own := r.party.Load()
	peer, found := s.dir.Resolve(own.Address, name, "")
	if !found {
		return s.lockGroup(t, own, name)
	}
	if !s.dir.Visible(own.Address, peer.Address) {
		return nil, 0, CauseUnallocated
	}
	if cause := s.admitInbox(r, own, &peer); cause != 0 {
		return nil, 0, cause
	}
	c, side = s.lockChat(t, own, &peer)
	return c, side, 0
}

// admitInbox finds the member of a hunt group that the text is for, and asks the
// filter of the writer where a chat begins. Nothing is asked in a chat that lives.
func (s *Switch) admitInbox(r *Registration, own, peer *Party) Cause {
	if s.findChat(keyOf(own.Address, peer.Address)) != nil {
		return 0
	}
	if !s.mayCall(r, peer, peer.SIP, "") {
		return CauseRejected
	}
	if peer.Kind == HuntGroup {
		member, ok := s.huntFor(own.Address, peer.Address)
		if !ok {
			return CauseSubscriberAbsent
		}
		*peer = member
	}
	return 0
}

// nowhere answers a text that names no chat, or none that there is for the
// sender: with the name as it was sent (A12).
func (o *inboxOwner) nowhere(t *Turn, l *Leg, f strictjson.Value, chat string, cause Cause) {
	l.drop(t, "unknown_chat")
	id, plain := f.Get("id").Bytes()
	if !f.Get("type").Is("im_message") || len(id) == 0 || len(id) > maxID || !plain || f.Get("more").Kind() == strictjson.True {
		return
	}
	if len(chat) > 256 {
		chat = ""
	}
	n := notice{chat: chat, id: string(id), state: StateFailed, cause: cause, at: t.Now}
	t.work.other = n.append(t.work.other[:0])
	l.send(t, t.work.other, nil)
}
