package signal

// Overlap dialling (decision 31): a setup whose number is only the beginning of
// one is answered with setup_ack; the client sends more digits with info, until
// no longer number begins so, or no more come for 15 s. A number that is both
// complete and the beginning of a longer one waits too.

// maxDigits ends the dialling where a route takes any number of digits.
const maxDigits = 64

var setupAck = []byte(`{"type":"setup_ack"}`)

// overlap begins a call whose number is incomplete.
func (s *Switch) overlap(t *Turn, c *Conn, r *Registration, number int32, m *Message, from *Party, digits string) Cause {
	k := s.newCall(t, from, m.hasMedia())
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.place(t, c, r, number) {
		return CauseNoChannel
	}
	k.digits, k.setup = digits, append([]byte(nil), m.sig.Raw()...)
	k.timer = s.timer(overlapDigits, k.expire)
	k.caller.send(t, setupAck, nil)
	return 0
}

// dial takes more digits.
func (k *Call) dial(t *Turn, m *Message) {
	k.digits += number(m.sig.Get("cd").Get("num").String())
	k.timer.Reset(overlapDigits)
	if m.complete() || len(k.digits) > maxDigits || !k.sw.dir.Incomplete(k.from.Address, k.digits) {
		k.dialled(t)
	}
}

// dialled goes on with the number as it is.
func (k *Call) dialled(t *Turn) {
	raw := k.setup
	k.setup = nil
	to, found := k.sw.dir.Resolve(k.from.Address, "", k.digits)
	switch {
	case !found && k.sw.dir.Incomplete(k.from.Address, k.digits):
		k.end(t, CauseInvalidNumber)
		return
	case !found || !k.sw.dir.Visible(k.from.Address, to.Address):
		k.end(t, CauseUnallocated)
		return
	case !k.sw.mayCall(k.caller.reg, &to, "", k.digits):
		k.end(t, CauseRejected)
		return
	}
	m, ok := again(raw)
	if !ok {
		k.end(t, CauseProtocolError)
		return
	}
	scr := k.caller.conn.screenSetup(t, k.caller.reg, &m, &k.from, &to, k.media)
	if scr.cause != 0 {
		k.end(t, scr.cause)
		return
	}
	k.timer.Stop()
	o := newOffer(&m, &k.from, t.work.fty, k.media)
	switch {
	case scr.chat && to.Kind == HuntGroup:
		k.beginHunt(t, o, &to)
	case scr.chat:
		k.becomeChat(t, o, &to)
	default:
		k.begin(t, o, &to)
	}
}

// becomeChat hands the caller's leg over to a chat. Only here and in handOver the
// lock of a call is held while that of a chat is taken.
func (k *Call) becomeChat(t *Turn, o *offer, to *Party) {
	l := k.caller
	chat, side := k.sw.lockChat(t, l.reg.party.Load(), to)
	defer chat.mu.Unlock()
	if len(chat.calls) >= maxChatCalls || l.reg.inbox.Load() != nil {
		k.end(t, CauseNoChannel)
		return
	}
	k.ended, k.handed = true, true
	k.unplace()
	k.sw.obs.CallEnded(k.kind, CauseNormal)
	call := chat.newCall(t, side, o)
	l.hand(call)
	call.open(t, l)
}
