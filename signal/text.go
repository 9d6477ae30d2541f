package signal

import (
	"strconv"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// maxID is how long the id of a text may be (A3).
const maxID = 64

// writer is where a text came from: a leg of a call, or an inbox.
type writer struct {
	leg  *Leg
	call *chatCall // nil: an inbox, in a chat that has no call
	side int
}

func (w writer) inbox() bool { return w.leg.reg.inbox.Load() == w.leg }

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
		if k.chat.sw.count(l.conn.ep.Name(), v) {
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
		l.parts = new(Collector)
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
		k.toOtherSide(t, l, t.work.head)
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
	if !w.leg.reg.ext() && !w.leg.gone && w.leg.owner == owner(k) {
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
		c.sw.drop(w.leg.conn.ep.Name(), dropRepeated, nil)
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
	targets := c.targets(t, &w)
	enc := encoder{t: t, chat: c, side: w.side, text: x, entry: e}
	taken := 0
	for _, to := range targets {
		if !enc.send(to) {
			continue
		}
		if !to.own {
			taken++
			c.sentTo(t, to, w.side, e.seq)
		}
	}
	switch {
	case taken > 0:
		c.sw.obs.Message()
		c.sent(t, w, e)
	case enc.unfit > 0:
		c.fail(t, w, e, CauseIncompatible)
	default:
		c.fail(t, w, e, CauseSubscriberAbsent)
		if w.call != nil {
			w.call.cutIfPlain(t, w, CauseSubscriberAbsent)
		}
	}
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
			if in := r.inbox.Load(); in != nil && in != w.leg {
				list = append(list, target{leg: in, inbox: true, own: true})
			}
		}
	}
	t.work.targets = list
	return list
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
		if c.self && r == w.leg.reg {
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
	if c.self && r == w.leg.reg {
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
func (c *Chat) sentTo(t *Turn, to target, from int, seq uint64) {
	l := to.leg
	if to.inbox {
		return
	}
	if !l.answered && l.firstText.IsZero() {
		l.firstText = t.Now
		c.arm(t.Now, t.Now.Add(unansweredLimit))
	}
	if k, ok := l.owner.(*chatCall); ok {
		k.active = t.Now
	}
	if !l.reg.ext() && c.hasExt(from) {
		l.conn.probe(t, probe{chat: c, side: 1 - from, seq: seq})
	}
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
		c.sw.drop(w.leg.conn.ep.Name(), dropTypingLimit, nil)
		return
	}
	enc := encoder{t: t, chat: c, side: w.side, text: x}
	for _, r := range c.sides[1-w.side].object.registrations() {
		if in := r.inbox.Load(); in != nil {
			if in != w.leg {
				enc.send(target{leg: in, inbox: true})
			}
			continue
		}
		if l := c.typingLeg(w, r); l != nil {
			enc.send(target{leg: l})
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
	if c.sides[side].party.Kind == App && w.call != nil || c.self && r == w.leg.reg {
		return nil
	}
	return c.newestLeg(r, side, w.leg)
}

// encoder writes a text in the forms that its receivers need: each form once.
type encoder struct {
	t     *Turn
	chat  *Chat
	side  int // of the writer
	text  *Text
	entry entry
	form  form // what t.work.head holds
	tail  byte // what t.work.tail holds: 0 nothing, 1 ext, 2 ext and chat
	unfit int  // receivers that can take no form of it
}

// form is the common beginning of a text.
type form uint8

const (
	noForm form = iota
	published
	extended
)

var closing = []byte(`}]}`)

// send encodes for one receiver and sends; false if there is nothing for it.
func (e *encoder) send(to target) bool {
	ext := to.leg.reg.ext()
	if e.text.Typing == NotTyping && !ext && e.text.HTML == nil {
		e.unfit++
		return false
	}
	mime, data, want := htmlMime, e.text.HTML, published
	if ext && e.text.Data != nil {
		mime, data, want = e.text.Mime, e.text.Data, extended
	}
	if len(data) > e.room(mime) {
		return e.sendParts(to, mime, data, ext)
	}
	if e.form != want {
		e.head(mime, data, true)
		e.form = want
	}
	if !ext {
		to.leg.send(e.t, e.t.work.head, closing)
		return true
	}
	e.makeTail(to)
	to.sendInbox(e.t, e.t.work.head, e.t.work.tail)
	return true
}

// room is how long the data of one part may be, so that the message has at most
// 15 KiB with everything else in it.
func (e *encoder) room(mime []byte) int {
	const fixed = 512 // names of members, id, numbers
	s := e.chat.sides
	return maxPart - fixed - len(s[e.side].sender) - len(s[1-e.side].party.SIP) - len(mime) -
		len(e.text.Attach) - len(e.text.Subject) - len(e.text.Extra) - len(e.text.Alt)
}

// sendInbox keeps the parts of texts of several chats apart on an inbox.
func (to target) sendInbox(t *Turn, head, tail []byte) {
	if to.inbox {
		to.leg.conn.inboxMu.Lock()
		defer to.leg.conn.inboxMu.Unlock()
	}
	to.leg.send(t, head, tail)
}

var (
	htmlMime = []byte(`"text/html"`)
	messages = []byte(`{"type":"facility","fty":[{"type":"im_message"`)
)

// head writes everything that published clients and others have in common.
func (e *encoder) head(mime, data []byte, last bool) {
	b := append(e.t.work.head[:0], messages...)
	b = append(b, e.chat.sides[e.side].sender...)
	switch {
	case e.text.Typing == TypingOn:
		b = append(b, `,"typing":true`...)
	case e.text.Typing == TypingOff:
		b = append(b, `,"typing":false`...)
	default:
		b = append(append(b, `,"mime":`...), mime...)
		b = append(append(b, `,"data":`...), data...)
	}
	if last {
		b = strconv.AppendInt(append(b, `,"time":`...), e.t.Now.Unix(), 10)
		b = appendNamed(b, `,"attach":`, e.text.Attach)
		b = appendNamed(b, `,"subject":`, e.text.Subject)
		b = append(b, e.text.Extra...)
	} else {
		b = append(b, `,"more":true`...)
	}
	e.t.work.head = b
}

func appendNamed(b []byte, name string, value []byte) []byte {
	if len(value) == 0 {
		return b
	}
	return append(append(b, name...), value...)
}

// makeTail writes the members for registrations with IM_EXT: they stand last, so
// that both forms share their beginning.
func (e *encoder) makeTail(to target) {
	kind := byte(1)
	if to.inbox {
		kind = 2
		if to.own {
			kind = 3
		}
	}
	if e.tail == kind {
		return
	}
	b := e.t.work.tail[:0]
	if e.text.Typing == NotTyping {
		b = append(e.entry.appendID(append(b, `,"id":`...)), `,"timestamp":`...)
		b = strconv.AppendInt(b, e.entry.at, 10)
		b = appendNamed(b, `,"alt":`, e.text.Alt)
	}
	b = e.appendChat(b, to)
	e.t.work.tail, e.tail = append(b, closing...), kind
}

// appendChat names the chat on an inbox: the peer of the receiving person.
func (e *encoder) appendChat(b []byte, to target) []byte {
	if !to.inbox {
		return b
	}
	peer := e.side
	if to.own {
		peer = 1 - e.side
	}
	return strictjson.AppendString(append(b, `,"chat":`...), e.chat.sides[peer].party.SIP)
}

// sendParts sends a long text in as few parts as fit, without another text
// between them (A12).
func (e *encoder) sendParts(to target, mime, data []byte, ext bool) bool {
	if to.inbox {
		to.leg.conn.inboxMu.Lock()
		defer to.leg.conn.inboxMu.Unlock()
	}
	e.form, e.tail = noForm, 0
	rest := strictjson.Unescape(data[1 : len(data)-1])
	for rest != "" {
		var part string
		part, rest = splitText(rest, e.room(mime))
		e.head(mime, jsonString(part), rest == "")
		switch {
		case rest != "" && to.inbox:
			e.t.work.tail = append(e.appendChat(e.t.work.tail[:0], to), closing...)
			to.leg.send(e.t, e.t.work.head, e.t.work.tail)
		case rest != "" || !ext:
			to.leg.send(e.t, e.t.work.head, closing)
		default:
			e.makeTail(to)
			to.leg.send(e.t, e.t.work.head, e.t.work.tail)
		}
	}
	e.form, e.tail = noForm, 0
	return true
}

// splitText cuts a text so that the first part has at most size bytes as JSON,
// on a rune border and outside of tags and entities (decision 39).
func splitText(s string, size int) (part, rest string) {
	used, safe := 2, 0
	inTag, entity := false, -1
	for i, r := range s {
		if used += jsonSize(r); used > size && safe > 0 {
			return s[:safe], s[safe:]
		}
		switch {
		case r == '<':
			inTag = true
		case r == '>':
			inTag = false
		case r == '&':
			entity = i
		case r == ';' || r == ' ':
			entity = -1
		}
		if entity >= 0 && i-entity > 12 {
			entity = -1
		}
		if !inTag && entity < 0 {
			safe = i + len(string(r))
		}
	}
	return s, ""
}

func jsonSize(r rune) int {
	switch {
	case r == '"' || r == '\\' || r == '\n' || r == '\r' || r == '\t' || r == '\b' || r == '\f':
		return 2
	case r < 0x20:
		return 6
	}
	return len(string(r))
}

// keptText is a text that waits: for the winner of a call to a program, or for a
// device that was woken.
type keptText struct {
	w     writer
	text  Text
	entry entry
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
	if called == 1 {
		k.choose(nil)
		return false
	}
	return called > 1
}

// keep stores a text until it can go on; too many end in cause 47.
func (k *chatCall) keep(t *Turn, w writer, x *Text, e entry) {
	size := len(x.Data) + len(x.HTML) + len(x.Attach) + len(x.Extra)
	if len(k.early) >= maxEarly || k.earlySize+size > maxEarlyBytes {
		k.refuse(t, w, e.idString(), CauseResourceUnavailable)
		return
	}
	if len(k.early) == 0 {
		k.earlyAt = t.Now
		k.chat.arm(t.Now, t.Now.Add(earlyLimit))
	}
	k.early = append(k.early, &keptText{w: w, text: x.clone(), entry: e})
	k.earlySize += size
}

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
		if !k.ended {
			k.chat.deliver(t, x.w, &x.text, x.entry)
		}
	}
}

// failEarly tells the writers of waiting texts that they go nowhere.
func (k *chatCall) failEarly(t *Turn, cause Cause) {
	early := k.early
	k.early, k.earlySize = nil, 0
	for _, x := range early {
		k.chat.fail(t, x.w, x.entry, cause)
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
		k.end(t, CauseSubscriberAbsent, CauseSubscriberAbsent)
		return
	}
	k.wakeUntil = t.Now.Add(wakeLimit)
	c.arm(t.Now, k.wakeUntil)
	c.sw.wait(c.sides[k.to()].object, k)
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
	if !k.mustWait(k.from) {
		k.flushEarly(t)
	}
}
