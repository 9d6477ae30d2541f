package signal

import (
	"maps"
	"slices"
	"time"
)

// chatCall is a call of a chat: one caller's leg, or the switch on behalf of an
// inbox, with the legs that it made (A1 model). The lock of the chat guards it.
type chatCall struct {
	chat   *Chat
	offer  *offer
	from   int  // the side that called
	caller *Leg // nil: the switch holds the call
	// legs are all others: called legs, and legs of the caller's other devices.
	legs []*Leg

	answered bool  // conn was passed to the caller, or there is none to pass it to
	ever     bool  // somebody of the called side has answered at some time
	cause    Cause // the best of called legs that went without an answer
	offers   map[*Registration]lateOffer
	since    time.Time
	active   time.Time // when the last facility came
	typed    time.Time // when the last typing indication came
	fresh    bool      // its first text is being delivered: offers do not count yet
	ended    bool

	// the switch itself is the called party (A1.6): nobody needs to be there
	hosted   bool
	deserted time.Time // when the last attachment of the called side went
	unopened bool      // the group that is called is being looked up
	posts    int       // texts of the call that wait to be stored
	leaving  Cause     // the caller has gone while texts waited: the call ends with it behind them

	// a program is called: the first leg that answers wins (decision 36)
	exclusive bool
	early     []*kept
	earlySize int
	earlyAt   time.Time
	chosen    *Leg // it gets early texts although nobody has answered
	// nobody was there: a device was woken
	wakeUntil time.Time
}

// lateOffer is what is remembered of an offer after the first ones (A1.5).
type lateOffer struct {
	at    time.Time
	never bool
}

var (
	_ owner   = (*chatCall)(nil)
	_ wakened = (*chatCall)(nil)
)

// startChat begins the call of a client's setup with im_setup.
func (s *Switch) startChat(t *Turn, c *Conn, r *Registration, number int32, o *offer, to *Party) Cause {
	if r.inbox.Load() != nil {
		return CauseWrongState
	}
	own := r.party.Load()
	chat, side := s.lockChat(t, own, to)
	defer chat.mu.Unlock()
	return chat.start(t, c, r, number, o, side)
}

// start begins the call of a client in the chat.
func (c *Chat) start(t *Turn, conn *Conn, r *Registration, number int32, o *offer, side int) Cause {
	if len(c.calls) >= maxChatCalls {
		return CauseNoChannel
	}
	call := c.newCall(t, side, o)
	leg := conn.openLeg(r, number, t.Now, call)
	if leg == nil {
		call.end(t, CauseNoChannel, CauseNoChannel)
		return CauseNoChannel
	}
	leg.heard(t)
	call.open(t, leg)
	return 0
}

// maxChatCalls bounds the live calls between two people: one peer cannot use up
// the call numbers of a connection.
const maxChatCalls = 64

// open begins the call of a caller's leg.
func (k *chatCall) open(t *Turn, leg *Leg) {
	k.caller, k.answered = leg, false
	leg.side = k.from
	if k.chat.posts.asking {
		k.unopened = true
		return
	}
	k.proceed(t)
}

// proceed tells the caller that the called party is known, and calls it.
func (k *chatCall) proceed(t *Turn) {
	k.unopened = false
	k.caller.send(t, callProc, nil)
	k.begin(t)
}

var callProc = []byte(`{"type":"call_proc"}`)

// newCall enters a call into the chat.
func (c *Chat) newCall(t *Turn, from int, o *offer) *chatCall {
	call := &chatCall{chat: c, offer: o, from: from, since: t.Now, active: t.Now, answered: true}
	call.exclusive = c.sides[1-from].party.Kind == App
	c.calls = append(c.calls, call)
	c.arm(t.Now, t.Now.Add(idleLimit))
	c.sw.obs.CallStarted(ChatCall)
	return call
}

// hold makes a call of the switch on behalf of an inbox of the side (A2).
func (c *Chat) hold(t *Turn, side int) *chatCall {
	o := newOffer(nil, &c.sides[side].party, []byte(`{"type":"im_setup"}`), false)
	call := c.newCall(t, side, o)
	call.fresh = true
	return call
}

// begin offers the call to everybody, or wakes somebody, or gives up with 20. Where
// the chat is stored for the called side the switch itself answers at once (A1.6).
func (k *chatCall) begin(t *Turn) {
	if k.chat.hosts(k.to()) {
		k.hosted, k.deserted = true, t.Now
		k.answer(t, nil)
		k.offerAll(t)
		k.chat.arm(t.Now, t.Now.Add(hostedIdle))
		return
	}
	k.offerAll(t)
	if len(k.legs) > 0 || k.chat.hasInbox(k.to()) {
		return
	}
	k.wake(t)
}

// to is the called side. In a chat with oneself the caller is side 0.
func (k *chatCall) to() int { return 1 - k.from }

// offerAll sends the setup to every registration of the called side that has no
// inbox; an inbox counts as answering at once (A1.1, A1.2).
func (k *chatCall) offerAll(t *Turn) {
	for _, r := range k.chat.sides[k.to()].object.registrations() {
		if r.inbox.Load() == nil {
			k.newLeg(t, r, k.to())
		}
	}
	if k.chat.hasInbox(k.to()) {
		k.answer(t, nil)
	}
}

// newLeg makes a leg to a registration and sends it the setup. Nil if the
// connection cannot take one.
func (k *chatCall) newLeg(t *Turn, r *Registration, side int) *Leg {
	l := r.conn.newLeg(r, t.Now, k, k.chat.sides[1-side].object)
	if l == nil {
		return nil
	}
	l.side = side
	k.legs = append(k.legs, l)
	o := k.offer
	if side == k.from {
		o = newOffer(nil, &k.chat.sides[1-side].party, k.offer.fty, false)
		o.confID = k.offer.confID
	}
	t.work.head = o.append(t.work.head[:0], &k.chat.sides[side].party)
	l.send(t, t.work.head, nil)
	return l
}

// join lets a registration in that has neither inbox nor leg in the chat (A1.5).
// Nil if it may not be offered the call now.
func (k *chatCall) join(t *Turn, r *Registration, side int) *Leg {
	if o, offered := k.offers[r]; offered && (o.never || t.Now.Sub(o.at) < offerAgain) {
		return nil
	}
	l := k.newLeg(t, r, side)
	if l != nil && !k.fresh {
		k.remember(r, lateOffer{at: t.Now})
	}
	return l
}

func (k *chatCall) remember(r *Registration, o lateOffer) {
	if k.offers == nil {
		k.offers = map[*Registration]lateOffer{}
	}
	if len(k.offers) >= maxOffers {
		live := slices.Concat(k.chat.sides[0].object.registrations(), k.chat.sides[1].object.registrations())
		maps.DeleteFunc(k.offers, func(old *Registration, _ lateOffer) bool { return !slices.Contains(live, old) })
	}
	k.offers[r] = o
}

// maxOffers is how many registrations a call remembers before it forgets those
// that have gone. There are never more live ones.
const maxOffers = 256

// legOf is the live leg of a registration on a side, except one.
func (k *chatCall) legOf(r *Registration, side int, except *Leg) *Leg {
	if k.caller != nil && k.caller.reg == r && k.caller.side == side && k.caller != except {
		return k.caller
	}
	for _, l := range k.legs {
		if l.reg == r && l.side == side && l != except {
			return l
		}
	}
	return nil
}

// handle implements owner.
func (k *chatCall) handle(t *Turn, l *Leg, m *Message) {
	c := k.chat
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.gone {
		l.drop(t, dropLate)
		return
	}
	l.spoke = true
	switch m.Type {
	case FacilityMsg:
		k.facility(t, l, m)
	case ConnMsg:
		k.conn(t, l, m)
	case RelMsg, DiscMsg:
		k.released(t, l, m.cause())
	case CallProcMsg, SetupAckMsg, AlertMsg, ProgressMsg:
		// a chat has no state between offer and answer: nothing to pass on
		if l.answered {
			l.drop(t, dropState)
		}
	case InfoMsg, UserInfoMsg, ChannelsMsg, MediaInfoMsg:
		k.relayOther(t, l, m)
	case SetupMsg:
		l.drop(t, dropLiveNumber)
	default:
		l.drop(t, dropUnknownType)
	}
}

// relayOther passes on what connected legs may say besides facilities.
func (k *chatCall) relayOther(t *Turn, l *Leg, m *Message) {
	if !l.answered || l == k.caller && !k.answered || m.Type == ChannelsMsg || m.Type == MediaInfoMsg ||
		m.Type == UserInfoMsg && len(m.sig.Get("uui").String()) > maxUserUser {
		l.drop(t, dropState)
		return
	}
	k.chat.sw.screenRelay(t, l, m, false)
	t.work.head = appendRelay(t.work.head[:0], m.Type, m, t.work.fty)
	k.toOtherSide(t, l, t.work.head, true)
}

// toOtherSide sends a sig object to the legs of this call on the other side, to
// all or to connected ones alone.
func (k *chatCall) toOtherSide(t *Turn, from *Leg, sig []byte, connected bool) {
	if k.caller != nil && k.caller.side != from.side && (k.answered || !connected) {
		k.caller.send(t, sig, nil)
	}
	for _, l := range k.legs {
		if l.side != from.side && (l.answered || l == k.chosen || !k.exclusive && !connected) {
			l.send(t, sig, nil)
		}
	}
}

// conn is an answer: the first one of the called side is passed to the caller,
// later ones join silently (A1.2).
func (k *chatCall) conn(t *Turn, l *Leg, m *Message) {
	if l == k.caller || l.answered {
		l.drop(t, dropState)
		return
	}
	k.chat.sw.screenRelay(t, l, m, false)
	k.answerBy(t, l, t.work.fty)
}

// answerBy lets a leg take part in the call; fty are facilities that go with the
// conn to the caller.
func (k *chatCall) answerBy(t *Turn, l *Leg, fty []byte) {
	if l.answered || l == k.caller {
		return
	}
	l.answered = true
	if l.side != k.to() {
		return
	}
	if k.exclusive {
		k.win(t, l, fty)
		return
	}
	k.answer(t, fty)
}

// answer passes the conn to the caller, once.
func (k *chatCall) answer(t *Turn, fty []byte) {
	k.ever = true
	if k.answered {
		return
	}
	k.answered = true
	if k.caller != nil {
		t.work.tail = appendNameFacility(append(t.work.tail[:0], fty...), k.chat.sides[k.to()].party.Name)
		t.work.head = append(append(t.work.head[:0], `{"type":"conn","channel":0,"fty":[`...), t.work.tail...)
		t.work.head = append(t.work.head, ']', '}')
		k.caller.send(t, t.work.head, nil)
	}
}

// released is a rel of a client (A1.4).
func (k *chatCall) released(t *Turn, l *Leg, cause Cause) {
	l.free(t, false)
	if l == k.caller {
		k.abandoned(t, cause)
		return
	}
	if o, late := k.offers[l.reg]; cause == CauseRejected || late && o.never {
		k.remember(l.reg, lateOffer{at: t.Now, never: true})
	}
	k.removed(t, l, cause)
}

// abandoned ends the call after the caller has gone: behind the texts that wait to
// be stored.
func (k *chatCall) abandoned(t *Turn, cause Cause) {
	k.caller = nil
	if k.posts > 0 {
		k.leaving, k.answered = cause, true
		return
	}
	k.end(t, cause, cause)
}

// removed takes a leg that is gone out of the call and ends the call if that was
// the last one that counts.
func (k *chatCall) removed(t *Turn, l *Leg, cause Cause) {
	k.takeOut(l)
	if l.side == k.from {
		return
	}
	if !l.answered {
		k.cause = better(k.cause, cause)
	}
	k.endIfDeserted(t, l.answered, cause)
}

func (k *chatCall) takeOut(l *Leg) {
	for i, x := range k.legs {
		if x == l {
			k.legs = append(k.legs[:i:i], k.legs[i+1:]...)
			break
		}
	}
	if k.chosen == l {
		k.chosen = nil
	}
}

// endIfDeserted ends the call when its called side has neither an inbox nor a
// leg that answered, or none at all where nobody ever answered.
func (k *chatCall) endIfDeserted(t *Turn, answered bool, cause Cause) {
	if k.ended || k.waiting() || k.chat.hasInbox(k.to()) && (k.caller != nil || len(k.legs) > 0) {
		return
	}
	if k.hosted && k.caller != nil {
		k.deserted = t.Now
		k.chat.arm(t.Now, t.Now.Add(hostedIdle))
		return
	}
	left := 0
	for _, l := range k.legs {
		if l.side != k.to() {
			continue
		}
		if l.answered {
			return
		}
		left++
	}
	switch {
	case answered:
		k.end(t, cause, CauseNonSelected)
	case left == 0:
		k.end(t, k.cause, k.cause)
	}
}

// lost implements owner: the connection of a leg is gone.
func (k *chatCall) lost(t *Turn, l *Leg) {
	c := k.chat
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.gone {
		return
	}
	l.free(t, false)
	if l == k.caller {
		k.abandoned(t, CauseTemporaryFailure)
		return
	}
	cause := CauseOutOfOrder
	if l.answered {
		cause = CauseTemporaryFailure
	}
	k.removed(t, l, cause)
}

// cut implements owner: the registration of a leg has ended.
func (k *chatCall) cut(t *Turn, l *Leg, cause Cause) {
	c := k.chat
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.gone {
		return
	}
	l.rel(t, cause)
	if l == k.caller {
		k.abandoned(t, cause)
		return
	}
	k.removed(t, l, cause)
}

// cutSender ends the leg of a sender whose text is refused (A1.7): if it was the
// caller's, the switch holds the call on behalf of the caller from now on. What it
// holds without any leg ends.
func (k *chatCall) cutSender(t *Turn, l *Leg, cause Cause) {
	l.rel(t, cause)
	if l == k.caller {
		k.caller, k.answered = nil, true
	} else {
		k.takeOut(l)
	}
	if k.caller == nil && k.posts == 0 && len(k.legs) == 0 && !k.chat.hasInbox(k.to()) {
		k.end(t, cause, cause)
	}
}

// end releases what is left: the caller and the legs of his side get cause, the
// called legs that answered too, those that never answered silent.
func (k *chatCall) end(t *Turn, cause, silent Cause) {
	if k.ended {
		return
	}
	k.ended = true
	c := k.chat
	k.stopWaiting()
	k.failEarly(t, cause)
	for _, l := range k.legs {
		if l.answered || l.side == k.from {
			l.rel(t, cause)
		} else {
			l.rel(t, silent)
		}
	}
	k.legs = nil
	if k.caller != nil {
		k.caller.rel(t, cause)
		k.caller = nil
	}
	for i, x := range c.calls {
		if x == k {
			c.calls = append(c.calls[:i:i], c.calls[i+1:]...)
			break
		}
	}
	c.last = t.Now
	if len(c.calls) == 0 {
		c.arm(t.Now, t.Now.Add(chatMemory))
	}
	c.sw.obs.CallEnded(ChatCall, cause)
}

// expire does what is due in the call and returns when it wants to be asked next.
func (k *chatCall) expire(t *Turn) (next time.Time) {
	at := func(due time.Time) bool {
		if !due.After(t.Now) {
			return true
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
		return false
	}
	if k.waiting() && at(k.wakeUntil) {
		k.end(t, CauseSubscriberAbsent, CauseSubscriberAbsent)
		return time.Time{}
	}
	if len(k.early) > 0 && !k.waiting() && at(k.earlyAt.Add(earlyLimit)) {
		k.choose(t)
	}
	k.expireLegs(t, at)
	if k.ended {
		return time.Time{}
	}
	idle := k.idleAt()
	if grace := k.typed.Add(typingGrace); grace.After(idle) {
		idle = grace
	}
	if at(idle) {
		k.end(t, CauseNormal, CauseNormal)
		return time.Time{}
	}
	return next
}

// idleAt is when the call ends if nothing is said in it.
func (k *chatCall) idleAt() time.Time {
	if !k.hosted || k.chat.group != nil || k.caller == nil || k.calledLegs() || k.chat.hasInbox(k.to()) {
		return k.active.Add(idleLimit)
	}
	if k.deserted.After(k.active) {
		return k.deserted.Add(hostedIdle)
	}
	return k.active.Add(hostedIdle)
}

// calledLegs tells whether the called side has a leg.
func (k *chatCall) calledLegs() bool {
	return slices.ContainsFunc(k.legs, func(l *Leg) bool { return l.side == k.to() })
}

// expireLegs ends legs that have never answered (A1.3) and texts whose last part
// does not come.
func (k *chatCall) expireLegs(t *Turn, at func(time.Time) bool) {
	cause := CauseNoAnswer
	if k.ever {
		cause = CauseNonSelected
	}
	for _, l := range append([]*Leg(nil), k.legs...) {
		if !l.answered && !l.firstText.IsZero() && at(l.firstText.Add(unansweredLimit)) && !l.gone {
			l.rel(t, cause)
			k.removed(t, l, cause)
		}
	}
	for _, l := range append(k.allLegs(), k.caller) {
		if l == nil || l.gone || l.parts == nil || !l.parts.Pending() || !at(l.parts.Since.Add(MaxPartsTime)) {
			continue
		}
		if !l.parts.Spoilt && (l.parts.ID != "" || !l.reg.ext()) { // else with the last part
			k.refuse(t, writer{leg: l, call: k, side: l.side}, l.parts.ID, CauseProtocolError)
		}
		if l.parts.Spoil(t.Now) {
			at(l.parts.Since.Add(MaxPartsTime))
		}
	}
}

func (k *chatCall) allLegs() []*Leg { return append([]*Leg(nil), k.legs...) }
