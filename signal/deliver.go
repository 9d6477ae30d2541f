package signal

import "github.com/tandem-switch/tandem/internal/strictjson"

// What the archive has stored by itself comes to those who are there, as if the author
// had written it just now on a device without a chat.

// text is the message as chats pass it on.
func (d *Delivery) text() Text {
	x := Text{Mime: d.Mime, Data: d.Data, Alt: d.Alt, HTML: d.HTML, Attach: d.Attach}
	var doc strictjson.Doc
	if doc.Parse(d.Ext) != nil || doc.Root().Kind() != strictjson.Object {
		return x
	}
	if _, dup := doc.Duplicate(); dup {
		return x
	}
	for m := range doc.Root().Members() {
		switch name := m.Name(); {
		case name == "subject" && m.Value().Kind() == strictjson.String:
			x.Subject = m.Value().Raw()
		case !textNames.Has(name) && !textNames.Variant(name):
			x.Extra = append(strictjson.AppendString(append(x.Extra, ','), name), ':')
			x.Extra, _ = strictjson.AppendClean(x.Extra, m.Value(), textNames)
		}
	}
	return x
}

// textNames are the members of an im_message that Ext does not name.
var textNames = strictjson.NewNames("type", "sender", "sender_dn", "subject", "participants", "data", "attach", "time",
	"typing", "mime", "more", "id", "mid", "timestamp", "chat", "alt")

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
	taken, _ = c.pass(t, &w, x, &e)
	return taken
}
