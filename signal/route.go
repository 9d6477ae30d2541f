package signal

import (
	"strconv"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/sanitize"
)

// Drop reasons: labels of the drop metric.
const (
	dropUnknownCall   = "unknown_call"
	dropCrossed       = "crossed_release"
	dropDuplicate     = "duplicate_member"
	dropLiveNumber    = "setup_on_live_call"
	dropUnknownType   = "unknown_type"
	dropState         = "wrong_state"
	dropNotRegistered = "not_registered"
	dropTypingLimit   = "typing_limit"
	dropTypingStored  = "typing_behind_text"
	dropNobody        = "nobody_there"
	dropRepeated      = "repeated_id"
	dropReceipt       = "receipt"
	dropCaseVariant   = "case_variant"
	dropCollision     = "release_collision"
	dropFacility      = "facility"
	dropLate          = "late"
	dropForeign       = "foreign_attachment"
	dropRefused       = "not_stored"
	dropHidden        = "hidden"
)

// Route takes one Signaling message of the client: srcToken is the raw token of
// its src member, empty if it has none. Answers and refusals go to the endpoint.
// Messages of one connection must be routed in their order.
func (c *Conn) Route(t *Turn, srcToken []byte, number int32, m *Message) {
	t.work.chat, t.work.conn = nil, c
	if leg, owner := c.leg(number); leg != nil {
		if !leg.inbox {
			leg.heard(t)
		}
		if m.Duplicate {
			c.duplicate(t, leg, m)
			return
		}
		owner.handle(t, leg, m)
		return
	}
	src := string(srcToken)
	switch {
	case number == 0:
		c.reject(t, src, number, CauseInvalidCallReference)
	case m.Duplicate:
		c.drop(t, nil, dropDuplicate)
	case m.Type == SetupMsg && number > 0:
		c.setup(t, src, number, m)
	default:
		c.unknown(t, src, number, m)
	}
}

// RouteMalformed answers a Signaling message whose sig object Decode refused.
func (c *Conn) RouteMalformed(t *Turn, src string, number int32, m *Message, cause Cause) {
	t.work.chat = nil
	leg, owner := c.leg(number)
	c.drop(t, leg, "malformed")
	switch {
	case leg != nil && (m.Type == RelMsg || m.Type == DiscMsg):
		m.fty = strictjson.Value{} // a rel ends the leg, whatever stands in it
		owner.handle(t, leg, m)
	case leg != nil:
		c.failAll(t, leg, m, cause)
	case number > 0 && m.Type == SetupMsg:
		c.reject(t, src, number, cause)
	}
}

// unknown handles what is no setup on a number that is not live (decision 28).
func (c *Conn) unknown(t *Turn, src string, number int32, m *Message) {
	rel, recent := c.recent(number)
	switch {
	case m.Type == RelMsg || m.Type == DiscMsg:
		c.drop(t, nil, dropCollision)
	case recent && rel.bySwitch && t.Now.Sub(rel.at) < numberRest && m.carriesText():
		if c.crossedStored(t, &rel, m) {
			return
		}
		c.drop(t, nil, dropCrossed)
		if rel.ext {
			c.crossed(t, rel.src, number, m)
		}
	case recent || number < 0:
		c.drop(t, nil, dropUnknownCall)
	default:
		c.reject(t, src, number, CauseInvalidCallReference)
	}
}

// reject answers with a rel on a number that carries no call.
func (c *Conn) reject(t *Turn, src string, number int32, cause Cause) {
	if r := c.selected(src); r != nil {
		src = r.src
	}
	c.send(t, src, number, appendRel(t.work.other[:0], cause))
	c.sw.obs.Dropped("cause_" + strconv.Itoa(int(cause)))
}

// selected is the registration that a src names, else the first one (decision 25).
func (c *Conn) selected(src string) *Registration {
	if r := c.bySrc(src); r != nil {
		return r
	}
	return c.first()
}

// carriesText tells whether a message has an im_message.
func (m *Message) carriesText() bool {
	for f := range m.fty.Elements() {
		if f.Get("type").Is("im_message") {
			return true
		}
	}
	return false
}

// crossed tells an IM_EXT client that its texts crossed the release of the call
// (A1.7): failed 41 on the released number (A12).
func (c *Conn) crossed(t *Turn, src string, number int32, m *Message) {
	for f := range m.fty.Elements() {
		id, _ := f.Get("id").Bytes()
		if !f.Get("type").Is("im_message") || len(id) == 0 || len(id) > maxID || f.Get("more").Kind() == strictjson.True {
			continue
		}
		n := notice{id: string(id), state: StateFailed, at: t.Now, cause: CauseTemporaryFailure}
		c.send(t, src, number, n.append(t.work.other[:0]))
	}
}

// duplicate drops a message in which a name stands twice; an IM_EXT sender is
// told if one id can be named (A12).
func (c *Conn) duplicate(t *Turn, leg *Leg, m *Message) {
	leg.drop(t, dropDuplicate)
	c.failAll(t, leg, m, CauseBadContent)
}

// failAll tells an IM_EXT client that the texts of a message are not passed on.
func (c *Conn) failAll(t *Turn, leg *Leg, m *Message, cause Cause) {
	if !leg.reg.ext() {
		return
	}
	for f := range m.fty.Elements() {
		id, chat, ok := soleID(f)
		if !ok {
			continue
		}
		n := notice{id: string(id), state: StateFailed, at: t.Now, cause: cause}
		if leg.inbox {
			n.chat = chat
		}
		leg.emit(t, n.append(t.work.other[:0]), nil)
	}
}

// soleID is the id of an im_message in which id and type stand only once.
func soleID(f strictjson.Value) (id []byte, chat string, ok bool) {
	ids, types := 0, 0
	for m := range f.Members() {
		switch {
		case m.NameIs("id"):
			ids++
			id, _ = m.Value().Bytes()
		case m.NameIs("type"):
			types++
			ok = m.Value().Is("im_message")
		case m.NameIs("chat"):
			chat = m.Value().String()
		}
	}
	return id, chat, ok && ids == 1 && types == 1 && len(id) > 0 && len(id) <= maxID
}

// setup starts a call of the client (3.3, 3.4).
func (c *Conn) setup(t *Turn, src string, number int32, m *Message) {
	r := c.selected(src)
	if r == nil {
		c.drop(t, nil, dropNotRegistered)
		c.send(t, src, number, appendRel(t.work.other[:0], CauseWrongState))
		return
	}
	cause := c.admitSetup(t, r)
	if cause == 0 {
		cause = c.startCall(t, r, number, m)
	}
	if cause != 0 {
		c.reject(t, r.src, number, cause)
		c.mu.Lock()
		c.remember(release{number: number, at: t.Now, bySwitch: true, ext: r.ext(), src: r.src})
		c.mu.Unlock()
	}
}

// admitSetup refuses floods of setups, and everything after Drain or Close.
func (c *Conn) admitSetup(t *Turn, r *Registration) Cause {
	if c.sw.closed.Load() {
		return CauseNormalUnspecified
	}
	if c.sw.drains.Load() {
		return CauseTemporaryFailure
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !r.setups.take(t.Now, c.sw.limits.SetupRate, c.sw.limits.SetupBurst) {
		return CauseCongestion
	}
	if len(c.legs) >= c.sw.limits.LegsPerConn {
		return CauseNoChannel
	}
	return 0
}

// setupScreen is what the facilities of a setup ask for.
type setupScreen struct {
	chat, override bool
	cause          Cause
}

// startCall finds the called party and hands over to a chat or a call. A cause
// means that there is no call and nothing was sent.
func (c *Conn) startCall(t *Turn, r *Registration, number int32, m *Message) Cause {
	to, err := m.called()
	if err != nil {
		return CauseOf(err)
	}
	from := *r.party.Load()
	callee, found := c.sw.dir.Resolve(from.Address, to.sip, to.num)
	if found && !c.sw.dir.Visible(from.Address, callee.Address) {
		found = false
	}
	media := m.hasMedia()
	scr := c.screenSetup(t, r, m, &from, &callee, media)
	switch {
	case media && !scr.chat && !c.sw.licences.MayCall(from.Address):
		return CauseNotSubscribed
	case to.sip == "" && !m.complete() && c.sw.dir.Incomplete(from.Address, to.num):
		return c.sw.overlap(t, c, r, number, m, &from, to.num)
	case !found && scr.chat:
		return c.sw.startGroup(t, c, r, number, newOffer(m, &from, t.work.fty, false), to.sip)
	case !found:
		return CauseUnallocated
	case scr.cause != 0:
		return scr.cause
	case !c.sw.mayCall(r, &callee, to.sip, to.num):
		return CauseRejected
	}
	if scr.override && from.MayOverrideCLI {
		from = overridden(from, m)
	}
	switch {
	case scr.chat && callee.Kind == HuntGroup:
		return c.sw.startHunt(t, c, r, number, m, &from, &callee)
	case scr.chat:
		return c.sw.startChat(t, c, r, number, newOffer(m, &from, t.work.fty, false), &callee)
	}
	return c.sw.startPlain(t, c, r, number, m, &from, &callee, media)
}

// mayCall asks the filter of the caller. A number counts as it was dialled; behind
// a name it counts if it was what led to a gateway.
func (s *Switch) mayCall(r *Registration, to *Party, sip, num string) bool {
	switch {
	case sip == "":
	case to.Gateway:
		num = to.Num
	default:
		num = ""
	}
	return s.dir.MayCall(r.addr, r.hw, to.Address, num)
}

// maxName is how long a name of a client's own choice may be (A9).
const maxName = 256

// overridden is the caller with the cg of the setup as it is (cli_override).
func overridden(from Party, m *Message) Party {
	cg := m.sig.Get("cg")
	if sip, num := cg.Get("sip").String(), cg.Get("num").String(); sip != "" || num != "" {
		from.SIP, from.Num = sanitize.Text(sip, maxName), sanitize.Text(num, maxName)
		from.Name = from.SIP
	}
	for f := range m.fty.Elements() {
		if name := f.Get("name"); f.Get("type").Is("name_identification") && name.String() != "" {
			from.Name = sanitize.Text(name.String(), maxName)
		}
	}
	return from
}

// screenSetup judges the facilities of a setup; those that go on are left in
// t.work.fty.
func (c *Conn) screenSetup(t *Turn, r *Registration, m *Message, from, to *Party, media bool) setupScreen {
	var out setupScreen
	v := View{Now: t.Now, Msg: SetupMsg, From: from, To: to, Ext: r.ext(), Media: media}
	list := t.work.fty[:0]
	for f := range m.fty.Elements() {
		verdict := &t.work.verdict
		verdict.Reset()
		c.sw.policy.Screen(&v, f, verdict)
		if c.count(t, nil, verdict) {
			continue
		}
		if verdict.Action == Relay {
			list = appendItem(list, verdict.Encoded)
		}
		switch verdict.Feature {
		case ChatSetup:
			out.chat = true
		case OverrideCLI:
			out.override = true
		case Unsupported:
			out.cause = verdict.Cause
		}
	}
	t.work.fty = list
	return out
}

// count keeps the books on a verdict, of a facility on a leg or on none; true if
// the facility is dropped.
func (c *Conn) count(t *Turn, l *Leg, v *Verdict) bool {
	if v.Removed > 0 {
		c.drop(t, l, dropCaseVariant)
	}
	if v.Foreign {
		c.drop(t, l, dropForeign)
	}
	if v.Action == Drop || v.Action == Refuse {
		c.drop(t, l, v.Reason)
	}
	return v.Action == Drop
}

func (l *Leg) count(t *Turn, v *Verdict) bool { return l.conn.count(t, l, v) }

// screenRelay judges the facilities of any other message of a call and leaves
// those that go on in t.work.fty.
func (s *Switch) screenRelay(t *Turn, l *Leg, m *Message, media bool) {
	list := t.work.fty[:0]
	v := View{Now: t.Now, Msg: m.Type, From: l.reg.party.Load(), Ext: l.reg.ext(), Media: media}
	for f := range m.fty.Elements() {
		verdict := &t.work.verdict
		verdict.Reset()
		s.policy.Screen(&v, f, verdict)
		if !l.count(t, verdict) && verdict.Action == Relay {
			list = appendItem(list, verdict.Encoded)
		}
	}
	t.work.fty = list
}
