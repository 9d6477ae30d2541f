package signal

import (
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// A call to a hunt group goes to all devices of its members. With media it is an
// ordinary Call: the first leg that answers wins. A chat goes to one member, with
// all devices: to one with an inbox, who counts as answering at once; to the only
// one who is there; else to the first who answers. Until then it is a Call with
// hunt set, and what the caller says waits; after that it is an ordinary chat of
// the two people.

// MaxHuntMembers is how many members of a hunt group are called.
const MaxHuntMembers = 256

// huntLimit is how long members have to answer a chat (decision 31).
const huntLimit = 30 * time.Second

// members lists who is called for a hunt group: those whom the caller may know of,
// without the caller. Groups in groups are not called.
func (s *Switch) members(from, group Address) []Party {
	all := s.dir.HuntMembers(group)
	list := make([]Party, 0, min(len(all), MaxHuntMembers))
	for i := range all {
		m := &all[i]
		if len(list) < MaxHuntMembers && m.Address != from && m.Kind != HuntGroup && s.dir.Visible(from, m.Address) {
			list = append(list, *m)
		}
	}
	return list
}

// startHunt begins a chat with a hunt group.
func (s *Switch) startHunt(t *Turn, c *Conn, r *Registration, number int32, m *Message, from, to *Party) Cause {
	if r.inbox.Load() != nil {
		return CauseWrongState
	}
	o := newOffer(m, from, t.work.fty, false)
	o.called = to
	if member, ok := s.sole(s.members(from.Address, to.Address)); ok {
		return s.startChat(t, c, r, number, o, &member)
	}
	k := s.newCall(t, from, false)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.hunt = true
	if !k.place(t, c, r, number) {
		return CauseNoChannel
	}
	k.begin(t, o, to)
	return 0
}

// beginHunt is the same after overlap dialling.
func (k *Call) beginHunt(t *Turn, o *offer, to *Party) {
	o.called = to
	if member, ok := k.sw.sole(k.sw.members(k.from.Address, to.Address)); ok {
		k.becomeChat(t, o, &member)
		return
	}
	k.hunt = true
	k.begin(t, o, to)
}

// sole is the member who has a chat without being asked: one with an inbox, or the
// only one who is there.
func (s *Switch) sole(members []Party) (Party, bool) {
	there, only := 0, -1
	for i := range members {
		regs := s.registrations(members[i].Address)
		for _, r := range regs {
			if r.inbox.Load() != nil {
				return members[i], true
			}
		}
		if len(regs) > 0 {
			there, only = there+1, i
		}
	}
	if there != 1 {
		return Party{}, false
	}
	return members[only], true
}

// registrations are those of an object, oldest first.
func (s *Switch) registrations(a Address) []*Registration {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if o := s.objects[a]; o != nil {
		return o.registrations()
	}
	return nil
}

// huntFor is the member whom a text from an inbox to a hunt group goes to: one with
// whom the writer has a chat already, else as for a setup, else the one who has
// been there for longest.
func (s *Switch) huntFor(from, group Address) (Party, bool) {
	members := s.members(from, group)
	for i := range members {
		if s.findChat(keyOf(from, members[i].Address)) != nil {
			return members[i], true
		}
	}
	if m, ok := s.sole(members); ok {
		return m, true
	}
	var oldest *Registration
	best := -1
	for i := range members {
		for _, r := range s.registrations(members[i].Address) {
			if r.before(oldest) {
				oldest, best = r, i
			}
		}
	}
	if best < 0 {
		return Party{}, false
	}
	return members[best], true
}

// before tells whether the registration is rather a client for chats than the
// other, or as good and older.
func (r *Registration) before(other *Registration) bool {
	if other == nil {
		return true
	}
	if a, b := r.flags&(NoMedia|Ext) != 0, other.flags&(NoMedia|Ext) != 0; a != b {
		return a
	}
	return r.since.Before(other.since)
}

// settled hands the hunt over if it is clear by now who has it.
func (k *Call) settled(t *Turn) bool {
	member, ok := k.sw.sole(k.sw.members(k.from.Address, k.to.Address))
	if !ok {
		return false
	}
	k.handOver(t, &member, func(call *chatCall) { call.begin(t) }, nil)
	return true
}

// fromHunter keeps what the caller says until a member has the chat. Typing
// indications do not wait.
func (k *Call) fromHunter(t *Turn, l *Leg, m *Message) {
	if m.Type != FacilityMsg || !m.waits() {
		l.drop(t, dropState)
		return
	}
	if len(k.early) == 0 && k.wakeTill.IsZero() {
		k.timer.Reset(earlyLimit)
	}
	k.keepEarly(t, l, m.sig.Raw())
}

// waits tells whether a message has more than typing indications in it.
func (m *Message) waits() bool {
	for f := range m.fty.Elements() {
		if !f.Get("type").Is("im_message") || !f.Get("typing").Exists() {
			return true
		}
	}
	return false
}

// fromHunted handles what a called member says: a conn, or a text or typing
// indication, answers (A1.2).
func (k *Call) fromHunted(t *Turn, l *Leg, m *Message) {
	switch {
	case m.Type == ConnMsg:
		k.handOver(t, l.reg.party.Load(), func(call *chatCall) { call.conn(t, l, m) }, nil)
	case m.Type == FacilityMsg && m.carriesText():
		k.handOver(t, l.reg.party.Load(), func(call *chatCall) { call.answerBy(t, l, nil) },
			func(call *chatCall) { call.facility(t, l, m) })
	case m.Type == CallProcMsg, m.Type == SetupAckMsg, m.Type == AlertMsg, m.Type == ProgressMsg:
	default:
		l.drop(t, dropState)
	}
}

// expireHunt is for members who do not answer: a text goes to the one who has been
// there for longest, without a text the call ends.
func (k *Call) expireHunt(t *Turn) {
	if len(k.early) == 0 {
		k.end(t, CauseNoAnswer)
		return
	}
	best := k.forks[0]
	for _, l := range k.forks[1:] {
		if l.reg.before(best.reg) {
			best = l
		}
	}
	k.handOver(t, best.reg.party.Load(), nil, nil)
}

// handOver turns the hunt into a chat of the caller and a member, whose legs stay;
// those of the others are released. first comes before, then behind what the
// caller has said so far, both under the lock of the chat.
func (k *Call) handOver(t *Turn, member *Party, first, then func(*chatCall)) {
	l := k.caller
	chat, side := k.sw.lockChat(t, l.reg.party.Load(), member)
	defer chat.mu.Unlock()
	if len(chat.calls) >= maxChatCalls {
		k.end(t, CauseNoChannel)
		return
	}
	k.ended, k.handed = true, true
	early := k.early
	k.early = nil
	l.conn.discharge(k.earlySum)
	k.earlySum = 0
	k.timer.Stop()
	call := chat.newCall(t, side, k.offer)
	call.caller, call.answered, l.side = l, false, side
	l.hand(call)
	for _, f := range k.forks {
		if f.reg.addr != member.Address {
			f.rel(t, CauseNonSelected)
			continue
		}
		f.side = call.to()
		call.legs = append(call.legs, f)
		f.hand(call)
	}
	k.forks = nil
	k.unplace()
	k.sw.obs.CallEnded(k.kind, CauseNormal)
	if chat.hosts(call.to()) {
		call.hosted, call.deserted = true, t.Now
		call.answer(t, nil)
	}
	if first != nil {
		first(call)
	}
	call.replay(t, early)
	if then != nil && !call.ended {
		then(call)
	}
}

// replay takes what the caller has said before a member had the chat.
func (k *chatCall) replay(t *Turn, early [][]byte) {
	for _, sig := range early {
		if k.ended || k.caller == nil {
			return
		}
		if m, ok := again(sig); ok {
			k.facility(t, k.caller, &m)
		}
	}
}

// again decodes a message that was kept.
func again(sig []byte) (Message, bool) {
	doc := new(strictjson.Doc)
	if doc.Parse(sig) != nil {
		return Message{}, false
	}
	m, err := Decode(doc.Root())
	return m, err == nil
}

// failEarly tells the caller that what has waited goes nowhere.
func (k *Call) failEarly(t *Turn, cause Cause) {
	if k.caller == nil || k.caller.gone {
		return
	}
	for _, sig := range k.early {
		if m, ok := again(sig); ok {
			k.caller.conn.failAll(t, k.caller, &m, cause)
		}
	}
}
