package signal

// crossedStored takes texts that crossed the rel of the switch, where their chat is
// stored (A1.7): they are stored and passed on as if they had come on a leg. What is
// refused is failed on the released number (A12).
func (c *Conn) crossedStored(t *Turn, rel *release, m *Message) bool {
	s := c.sw
	if s.archive == nil || rel.reg == nil || s.closed.Load() {
		return false
	}
	own, ok := s.dir.Party(rel.reg.addr)
	if !ok {
		return false
	}
	peer, ok := s.peerOf(own.Address, rel.peer)
	if !ok {
		return false
	}
	chat, side := s.lockChat(t, &own, &peer)
	defer chat.mu.Unlock()
	if !chat.storing() {
		return false
	}
	t.work.chat = chat
	l := &Leg{conn: c, reg: rel.reg, number: rel.number, side: side, gone: true, crossed: true}
	w := writer{leg: l, side: side}
	parts := Collector{conn: c}
	defer parts.Reset()
	for f := range m.fty.Elements() {
		if !f.Get("type").Is("im_message") {
			continue
		}
		v := chat.screen(t, w, f, &parts)
		switch {
		case l.count(t, v), v.Action == Collected, v.Text.Typing != NotTyping:
		case v.Action == TakeText:
			chat.take(t, w, &v.Text)
		case v.Action == Refuse:
			chat.failed(t, w, v.Text.id(), v.Cause)
		}
	}
	return true
}

// peerOf is who was on the other side of a chat: a person of the directory, or a
// group with which the chat lives still.
func (s *Switch) peerOf(own, peer Address) (Party, bool) {
	if chat := s.findChat(keyOf(own, peer)); chat != nil && chat.group != nil {
		chat.mu.Lock()
		defer chat.mu.Unlock()
		for i := range chat.sides {
			if chat.sides[i].party.Kind == GroupChat {
				return chat.sides[i].party, true
			}
		}
	}
	p, ok := s.dir.Party(peer)
	return p, ok && s.dir.Visible(own, peer)
}
