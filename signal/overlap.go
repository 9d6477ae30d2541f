package signal

import "github.com/tandem-switch/tandem/internal/strictjson"

// Overlap dialling (decision 31): a setup whose number is only the beginning of
// one is answered with setup_ack; the client sends more digits with info, until
// the number is known, or no more come for 15 s.

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
	_, found := k.sw.dir.Resolve(k.from.Address, "", k.digits)
	if m.complete() || found || !k.sw.dir.Incomplete(k.from.Address, k.digits) {
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
	}
	var doc strictjson.Doc
	if doc.Parse(raw) != nil {
		k.end(t, CauseProtocolError)
		return
	}
	m, err := Decode(doc.Root())
	if err != nil {
		k.end(t, CauseOf(err))
		return
	}
	scr := k.caller.conn.screenSetup(t, k.caller.reg, &m, &k.from, &to, k.media)
	if scr.cause != 0 {
		k.end(t, scr.cause)
		return
	}
	k.timer.Stop()
	if scr.chat {
		k.becomeChat(t, newOffer(&m, &k.from, t.work.fty, false), &to)
		return
	}
	k.begin(t, newOffer(&m, &k.from, t.work.fty, k.media), &to)
}

// becomeChat hands the caller's leg over to a chat. It is the one place where the
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
