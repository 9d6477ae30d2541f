package signal

import (
	"slices"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// maxID is how long the id of a text may be (A3).
const maxID = 64

// writer is where a text came from: a leg of a call, or an inbox; or neither, where
// it comes from a group or from the archive.
type writer struct {
	leg  *Leg      // nil: the text was not written in this chat
	call *chatCall // nil: an inbox, in a chat that has no call
	side int
	as   *origin // nil: of the volatile text of a device
}

// origin is what there is to say of a text that is stored: everybody who is there gets
// it, and it does not matter whether anybody is.
type origin struct {
	sender []byte // in a group: the author, as side.sender; nil: the side
	proof  bool   // in a group: the author has receipts
}

func (w writer) inbox() bool { return w.leg != nil && w.leg.inbox }

// is tells whether the text came from the registration.
func (w writer) is(r *Registration) bool { return w.leg != nil && w.leg.reg == r }

// facility handles a facility message on a leg of a chat: texts, receipts and
// everything else, in their order (decision 30f).
func (k *chatCall) facility(t *Turn, l *Leg, m *Message) {
	k.active = t.Now
	w := writer{leg: l, call: k, side: l.side}
	list := t.work.fty[:0]
	for f := range m.fty.Elements() {
		if l.gone || k.ended {
			break
		}
		v := k.chat.screen(t, w, f, l.collector())
		if l.count(t, v) {
			continue
		}
		if v.Action == Relay {
			list = appendItem(list, v.Encoded)
			continue
		}
		t.work.fty = k.relayList(t, l, list)
		list = t.work.fty
		k.take(t, w, v)
	}
	t.work.fty = k.relayList(t, l, list)
}

// collector is where the leg's parts are kept; it is made when it is needed.
func (l *Leg) collector() *Collector {
	if l.parts == nil {
		l.parts = &Collector{conn: l.conn}
	}
	return l.parts
}

// screen asks the policy about one facility of a chat.
func (c *Chat) screen(t *Turn, w writer, f strictjson.Value, parts *Collector) *Verdict {
	out := &t.work.verdict
	out.Reset()
	t.work.view = View{
		Now: t.Now, Msg: FacilityMsg, From: &c.sides[w.side].party, Chat: true,
		Inbox: w.inbox(), Ext: w.leg.reg.ext(), Parts: parts,
	}
	if c.sw.archive != nil {
		t.work.view.Archive = c.sw.archive
	}
	pending := parts.Pending()
	c.sw.policy.Screen(&t.work.view, f, out)
	if !pending && parts.Pending() {
		c.arm(t.Now, t.Now.Add(MaxPartsTime))
	}
	return out
}

// relayList sends facilities that are merely relayed, and empties the list.
func (k *chatCall) relayList(t *Turn, l *Leg, list []byte) []byte {
	if len(list) > 0 {
		t.work.head = append(appendFty(append(t.work.head[:0], `{"type":"facility"`...), list), '}')
		if k.mustWait(l.side) {
			k.keepFacilities(t, l, t.work.head)
		} else {
			k.toOtherSide(t, l, t.work.head, false)
		}
	}
	return list[:0]
}

// take does what a verdict asks for.
func (k *chatCall) take(t *Turn, w writer, v *Verdict) {
	switch v.Action {
	case TakeText, Collected:
		k.answerBy(t, w.leg, nil)
		if v.Action == TakeText {
			k.chat.take(t, w, &v.Text)
		}
	case TakeReceipt:
		k.chat.receipt(t, w, &v.Receipt)
	case Refuse:
		k.answerBy(t, w.leg, nil)
		if v.Quiet {
			k.chat.failed(t, w, v.Text.id(), v.Cause)
		} else {
			k.refuse(t, w, v.Text.id(), v.Cause)
		}
	}
}

// id is the sender's id of the text, "" if none.
func (x *Text) id() string {
	if x.IDPlain != "" {
		return x.IDPlain
	}
	return string(x.ID)
}

// refuse tells the sender that a text is not passed on: failed to a client with
// receipts, rel to others where the cause asks for it (A1.7, A12).
func (k *chatCall) refuse(t *Turn, w writer, id string, cause Cause) {
	k.chat.failed(t, w, id, cause)
	switch cause {
	case CauseCongestion, CauseResourceUnavailable, CauseProtocolError:
		k.cutIfPlain(t, w, cause)
	}
}

// cutIfPlain releases the leg of a writer who cannot be told otherwise.
func (k *chatCall) cutIfPlain(t *Turn, w writer, cause Cause) {
	if !w.leg.reg.ext() && !w.leg.gone && w.call == k {
		k.cutSender(t, w.leg, cause)
	}
}

// take passes on a text or typing indication. The lock is held.
func (c *Chat) take(t *Turn, w writer, x *Text) {
	if x.Typing != NotTyping {
		c.indicate(t, w, x)
		return
	}
	e, repeated := c.enter(t, w, x)
	if repeated {
		w.leg.drop(t, dropRepeated)
		return
	}
	if w.inbox() && c.sw.closed.Load() {
		c.fail(t, w, e, CauseNormalUnspecified)
		return
	}
	if c.storing() {
		c.takeStored(t, w, x, e)
		return
	}
	if w.inbox() && !c.callFor(t, &w) {
		c.fail(t, w, e, CauseSubscriberAbsent)
		return
	}
	if w.call != nil && w.call.mustWait(w.side) {
		w.call.keep(t, w, x, e)
		return
	}
	c.deliver(t, w, x, e)
}

// target is where a text goes.
type target struct {
	leg   *Leg
	inbox bool
	own   bool // a copy for the writer's own inbox
}

// deliver sends a text once to every registration of the other side and to every
// other inbox of the own side (A1 model), and tells the writer.
func (c *Chat) deliver(t *Turn, w writer, x *Text, e entry) {
	taken, unfit := c.pass(t, &w, x, &e)
	switch {
	case taken > 0:
		c.sw.obs.Message()
		c.sent(t, w, e)
	case unfit > 0:
		c.fail(t, w, e, CauseIncompatible)
	default:
		c.fail(t, w, e, CauseSubscriberAbsent)
		if w.call != nil {
			w.call.cutIfPlain(t, w, CauseSubscriberAbsent)
		}
	}
}

// pass sends a text to its attachments. taken is how many of the other side took it,
// unfit how many there were for which it has no form.
func (c *Chat) pass(t *Turn, w *writer, x *Text, e *entry) (taken, unfit int) {
	called := w.call
	targets := c.targets(t, w)
	if w.call != nil {
		w.call.fresh = false
	}
	t.work.chat = c
	enc := encoder{t: t, chat: c, side: w.side, as: w.as, text: x, entry: *e}
	for _, to := range targets { // own ones come last, and only get what went out
		if to.own && taken == 0 && w.as == nil || !enc.send(to) {
			continue
		}
		if !to.own {
			taken++
			c.sentTo(t, to, w, e)
		}
	}
	if called == nil && w.call != nil && len(w.call.legs) == 0 { // nobody could be called
		w.call.end(t, CauseSubscriberAbsent, CauseSubscriberAbsent)
		w.call = nil
	}
	return taken, enc.unfit
}

// targets lists the attachments that get a text, making legs for late joiners.
func (c *Chat) targets(t *Turn, w *writer) []target {
	list := t.work.targets[:0]
	other := 1 - w.side
	for _, r := range c.sides[other].object.registrations() {
		if in := r.inbox.Load(); in != nil {
			if in != w.leg {
				list = append(list, target{leg: in, inbox: true})
				if w.call != nil {
					w.call.answeredByInbox(t, other)
				}
			}
			continue
		}
		if l := c.legFor(t, w, r, other); l != nil {
			list = append(list, target{leg: l})
		}
	}
	if !c.self {
		for _, r := range c.sides[w.side].object.registrations() {
			if in := r.inbox.Load(); in != nil {
				if in != w.leg {
					list = append(list, target{leg: in, inbox: true, own: true})
				}
			} else if l := c.ownLeg(w, r); l != nil {
				list = append(list, target{leg: l, own: true})
			}
		}
	}
	t.work.targets = list
	return list
}

// ownLeg is the leg on which another device of the author gets a text to a group: it
// hears there what all members say.
func (c *Chat) ownLeg(w *writer, r *Registration) *Leg {
	if c.group == nil || w.is(r) {
		return nil
	}
	return c.newestLeg(r, w.side, nil)
}

// answeredByInbox lets a late inbox of the called side answer.
func (k *chatCall) answeredByInbox(t *Turn, side int) {
	if side == k.to() && !k.answered {
		k.answer(t, nil)
	}
}

// legFor is the leg on which a registration gets a text: its leg of the call in
// which it was written, else its newest leg of the chat, else a new one (A1.5).
func (c *Chat) legFor(t *Turn, w *writer, r *Registration, side int) *Leg {
	if w.call == nil {
		if c.self && w.is(r) || c.sw.closed.Load() {
			return nil
		}
		w.call = c.hold(t, w.side)
	}
	k := w.call
	if l := k.legOf(r, side, w.leg); l != nil {
		if k.exclusive && side == k.to() && !l.answered && l != k.chosen {
			return nil
		}
		return l
	}
	if c.sides[side].party.Kind == App {
		return nil
	}
	if c.self {
		if l := k.legOf(r, w.side, w.leg); l != nil {
			return l
		}
	}
	if l := c.newestLeg(r, side, w.leg); l != nil {
		return l
	}
	if c.self && w.is(r) {
		return nil
	}
	return k.join(t, r, side)
}

// callFor finds the call that a text from an inbox belongs to: the newest one,
// else one that the switch holds on behalf of the inbox (A2), else none, where
// only inboxes are on the other side. False if nobody can be called.
func (c *Chat) callFor(t *Turn, w *writer) bool {
	for i := len(c.calls) - 1; i >= 0; i-- {
		if k := c.calls[i]; !c.self || k.from == w.side {
			k.active = t.Now
			w.call = k
			return true
		}
	}
	other := &c.sides[1-w.side]
	regs := other.object.registrations()
	if len(regs) > 0 && (other.party.Kind != App || c.allInboxes(1-w.side)) {
		return true // late joiners get a call when they need one
	}
	w.call = c.hold(t, w.side)
	w.call.begin(t)
	return !w.call.ended
}

// allInboxes tells whether every registration of the side has an inbox.
func (c *Chat) allInboxes(side int) bool {
	for _, r := range c.sides[side].object.registrations() {
		if r.inbox.Load() == nil {
			return false
		}
	}
	return true
}

// sentTo keeps the books of one delivery: the limit of an unanswered leg, and
// the proof that the text has arrived.
func (c *Chat) sentTo(t *Turn, to target, w *writer, e *entry) {
	l := to.leg
	if to.inbox {
		return
	}
	if !l.answered && l.firstText.IsZero() {
		l.firstText = t.Now
		c.arm(t.Now, t.Now.Add(unansweredLimit))
	}
	if k := c.callOf(l); k != nil {
		k.active = t.Now
	}
	if !l.reg.ext() && (c.hasExt(w.side) || w.as != nil && w.as.proof) {
		l.conn.probe(t, probe{chat: c, side: 1 - w.side, seq: e.seq, mid: e.mid})
	}
}

// callOf is the call that a leg of the chat belongs to.
func (c *Chat) callOf(l *Leg) *chatCall {
	for _, k := range c.calls {
		if l == k.caller || slices.Contains(k.legs, l) {
			return k
		}
	}
	return nil
}

// indicate passes on a typing indication to those who have an attachment: it
// never makes one (A1.5).
func (c *Chat) indicate(t *Turn, w writer, x *Text) {
	limit := &w.leg.typing
	if w.inbox() {
		limit = &c.inboxState(w.leg).typing
	} else {
		w.call.typed = t.Now
	}
	if !limit.pass(t.Now, x.Typing) {
		w.leg.drop(t, dropTypingLimit)
		return
	}
	if c.posts.waiting() > 0 {
		w.leg.drop(t, dropTypingStored)
		return
	}
	if c.group != nil {
		c.indicateGroup(t, w, x.Typing)
		return
	}
	if !c.shows(w.side) {
		w.leg.drop(t, dropHidden)
		return
	}
	c.passTyping(t, w, x)
}

// passTyping sends an indication to the attachments of the other side.
func (c *Chat) passTyping(t *Turn, w writer, x *Text) {
	t.work.chat = c
	enc := encoder{t: t, chat: c, side: w.side, as: w.as, text: x}
	for _, r := range c.sides[1-w.side].object.registrations() {
		if in := r.inbox.Load(); in != nil {
			if in != w.leg {
				enc.send(target{leg: in, inbox: true})
			}
			continue
		}
		if l := c.typingLeg(w, r); l != nil && enc.send(target{leg: l}) {
			if k := c.callOf(l); k != nil {
				k.active, k.typed = t.Now, t.Now
			}
		}
	}
}

func (c *Chat) typingLeg(w writer, r *Registration) *Leg {
	side := 1 - w.side
	if w.call != nil {
		if l := w.call.legOf(r, side, w.leg); l != nil {
			if w.call.exclusive && side == w.call.to() && !l.answered && l != w.call.chosen {
				return nil
			}
			return l
		}
	}
	if c.sides[side].party.Kind == App && w.call != nil || c.self && w.is(r) {
		return nil
	}
	return c.newestLeg(r, side, w.leg)
}
