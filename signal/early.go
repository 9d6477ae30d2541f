package signal

import (
	"slices"
	"time"
)

// kept is a text, or a message with other facilities, that waits: for the winner
// of a call to a program, or for a device that was woken.
type kept struct {
	w     writer
	text  Text
	entry entry
	sig   []byte // other facilities
	size  int
}

// Bounds of what waits in one call (decision 37).
const (
	maxEarly      = 32
	maxEarlyBytes = 64 << 10
)

// mustWait tells whether a text of the side has to wait.
func (k *chatCall) mustWait(side int) bool {
	if side != k.from {
		return false
	}
	if k.waiting() {
		return true
	}
	if !k.exclusive || k.chat.hasInbox(k.to()) || k.chosen != nil {
		return false
	}
	called := 0
	for _, l := range k.legs {
		if l.side == k.to() {
			if l.answered {
				return false
			}
			called++
		}
	}
	if called == 1 && len(k.early) == 0 { // else behind what waits already
		k.choose(nil)
		return false
	}
	return called > 0
}

// keep stores a text until it can go on; too many end in cause 47.
func (k *chatCall) keep(t *Turn, w writer, x *Text, e entry) {
	size := x.size()
	if !k.keepMore(t, w.leg, size) {
		k.chat.fail(t, w, e, CauseResourceUnavailable)
		k.cutIfPlain(t, w, CauseResourceUnavailable)
		return
	}
	k.early = append(k.early, &kept{w: w, text: x.clone(), entry: e, size: size})
}

// keepFacilities stores facilities that are no texts in the same way.
func (k *chatCall) keepFacilities(t *Turn, l *Leg, sig []byte) {
	w := writer{leg: l, call: k, side: l.side}
	if !k.keepMore(t, l, len(sig)) {
		k.cutSender(t, l, CauseResourceUnavailable)
		return
	}
	k.early = append(k.early, &kept{w: w, sig: slices.Clone(sig), size: len(sig)})
}

// keepMore takes room for something that waits; false if there is none.
func (k *chatCall) keepMore(t *Turn, l *Leg, size int) bool {
	if len(k.early) >= maxEarly || k.earlySize+size > maxEarlyBytes || !l.conn.charge(size) {
		return false
	}
	if len(k.early) == 0 {
		k.earlyAt = t.Now
		k.chat.arm(t.Now, t.Now.Add(earlyLimit))
	}
	k.earlySize += size
	return true
}

// size is how much memory a text takes, about.
func (x *Text) size() int { return len(x.Data) + len(x.HTML) + len(x.Attach) + len(x.Extra) }

func (x *Text) clone() Text {
	y := *x
	for _, b := range []*[]byte{&y.ID, &y.Mime, &y.Data, &y.Alt, &y.HTML, &y.Subject, &y.Attach, &y.Extra} {
		if *b != nil {
			*b = append([]byte(nil), *b...)
		}
	}
	return y
}

// flushEarly delivers what has waited, in order.
func (k *chatCall) flushEarly(t *Turn) {
	early := k.early
	k.early, k.earlySize = nil, 0
	for _, x := range early {
		x.w.leg.conn.discharge(x.size)
		switch {
		case k.ended:
		case x.sig != nil:
			k.toOtherSide(t, x.w.leg, x.sig, false)
		default:
			k.chat.forward(t, x.w, &x.text, x.entry)
		}
	}
}

// failEarly tells the writers of waiting texts that they go nowhere.
func (k *chatCall) failEarly(t *Turn, cause Cause) {
	early := k.early
	k.early, k.earlySize = nil, 0
	for _, x := range early {
		x.w.leg.conn.discharge(x.size)
		if x.sig == nil {
			k.chat.fail(t, x.w, x.entry, cause)
		}
	}
}

// choose gives early texts to the oldest registration of a program, although it
// has not answered (A1). A nil turn only chooses.
func (k *chatCall) choose(t *Turn) {
	for _, l := range k.legs {
		if l.side == k.to() {
			k.chosen = l
			break
		}
	}
	if t != nil && k.chosen != nil {
		k.flushEarly(t)
	}
}

// win gives the call to the first leg that answers; the others are released.
func (k *chatCall) win(t *Turn, l *Leg, fty []byte) {
	k.chosen = nil
	k.answer(t, fty)
	for _, other := range append([]*Leg(nil), k.legs...) {
		if other != l && other.side == k.to() {
			other.rel(t, CauseNonSelected)
			k.takeOut(other)
		}
	}
	k.flushEarly(t)
}

func (k *chatCall) waiting() bool { return !k.wakeUntil.IsZero() }

// wake tells idle sessions of the called person and waits for a registration;
// without any the call ends with 20 (decisions 50, 51).
func (k *chatCall) wake(t *Turn) {
	c := k.chat
	if !c.sw.waker.Wake(t, c.sides[k.to()].object.addr, "chat") {
		cause := c.sides[k.to()].party.absent()
		k.end(t, cause, cause)
		return
	}
	k.wakeUntil = t.Now.Add(wakeLimit)
	c.arm(t.Now, k.wakeUntil)
	c.sw.wait(c.sides[k.to()].object, k)
	if len(c.sides[k.to()].object.registrations()) > 0 { // it came between the two
		k.stopWaiting()
		k.offerAll(t)
	}
}

func (k *chatCall) stopWaiting() {
	if k.waiting() {
		k.wakeUntil = time.Time{}
		k.chat.sw.waitNoMore(k.chat.sides[k.to()].object, k)
	}
}

// registered implements wakened: the person is there now.
func (k *chatCall) registered(t *Turn) {
	c := k.chat
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.ended || !k.waiting() {
		return
	}
	k.stopWaiting()
	k.offerAll(t)
	if len(k.legs) == 0 && !c.hasInbox(k.to()) {
		k.end(t, CauseSubscriberAbsent, CauseSubscriberAbsent)
		return
	}
	switch {
	case !k.exclusive || c.hasInbox(k.to()):
		k.flushEarly(t)
	case len(k.legs) == 1:
		k.choose(t)
	default:
		k.earlyAt = t.Now
		c.arm(t.Now, t.Now.Add(earlyLimit))
	}
}
