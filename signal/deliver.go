package signal

// What the archive has stored by itself comes to those who are there, as if the author
// had written it just now on a device without a chat.

// text is the message as chats pass it on.
func (d *Delivery) text() Text {
	x := Text{Mime: d.Mime, Data: d.Data, Alt: d.Alt, HTML: d.HTML, Attach: d.Attach}
	if len(d.Ext) > len(`{}`) { // an object: its members follow others
		x.Extra = append([]byte{','}, d.Ext[1:len(d.Ext)-1]...)
	}
	return x
}

// entry is the message as a chat remembers it.
func (d *Delivery) entry(t *Turn) entry {
	at := d.At
	if at.IsZero() {
		at = t.Now
	}
	return entry{done: true, mid: d.MID, at: at.UnixMilli(), id: d.ID}
}

// deliverPair passes a stored message on in a chat of two. Who is not there is woken.
func (s *Switch) deliverPair(t *Turn, d *Delivery) {
	there := len(s.registrations(d.To.Address)) > 0
	if !there && !s.inboxOf(d.Author.Address) {
		s.waker.Wake(t, d.To.Address, "chat")
		return
	}
	c, side := s.lockChat(t, &d.Author, &d.To)
	defer c.mu.Unlock()
	x := d.text()
	taken := c.passStored(t, writer{side: side, as: new(origin)}, &x, d.entry(t))
	s.obs.Message()
	if taken == 0 && !there {
		s.waker.Wake(t, d.To.Address, "chat")
	}
}

// passStored passes on a stored message that was not written in this chat.
func (c *Chat) passStored(t *Turn, w writer, x *Text, e entry) (taken int) {
	c.seq++
	c.last = t.Now
	e.seq, e.side, e.chat = c.seq, uint8(w.side), c
	if c.self {
		e.side = 0
	}
	if c.group == nil && (e.id == "" || c.texts.find(int(e.side), e.id) == nil) {
		e.idString()
		e.slot = uint16(c.texts.add(e))
	}
	c.current(&w)
	taken, _ = c.pass(t, &w, x, e)
	return taken
}
