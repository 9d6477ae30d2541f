package signal

import "time"

// Marks say how far a person has received or read a chat (A3). In a volatile chat they
// are the switch's own; of a stored one the archive keeps them, and the switch tells
// at once what it can: marks of texts that it remembers. In a group the archive alone
// knows.

// receipt takes what a client says about texts of the other side: a mark that covers
// everything up to one text (A3). Anything else is dropped.
func (c *Chat) receipt(t *Turn, w writer, r *Receipt) {
	if c.self || !w.leg.reg.ext() {
		w.leg.drop(t, dropReceipt)
		return
	}
	e := c.meant(w.side, r)
	switch {
	case e != nil && int(e.side) == w.side: // its own
		w.leg.drop(t, dropReceipt)
	case e != nil:
		c.advance(t, w.side, r.State, e, w.leg.reg)
	case c.storing():
		c.markOlder(t, w, r)
	default:
		w.leg.drop(t, dropReceipt)
	}
}

// meant is the text that a receipt of a side names, if the switch remembers it.
func (c *Chat) meant(reader int, r *Receipt) *entry {
	if r.MID == 0 {
		return c.texts.find(1-reader, r.ID)
	}
	return c.texts.numbered(r.MID)
}

// numbered finds a text by its number. It is mostly one of the last.
func (x *texts) numbered(mid int64) *entry {
	for i := len(x.ring) - 1; i >= 0; i-- {
		if e := &x.ring[(x.next+i)%len(x.ring)]; e.mid == mid {
			return e
		}
	}
	return nil
}

// markOlder leaves a mark of a text that the switch does not remember to the archive.
// It counts like a post: nobody floods the archive with numbers.
func (c *Chat) markOlder(t *Turn, w writer, r *Receipt) {
	if c.spend(t, w.side) {
		c.sw.obs.PostsHeld()
	}
	m := c.mark(w.side, r.State, t.Now)
	m.MID, m.ID = r.MID, r.ID
	if m.MID != 0 {
		m.ID = ""
	}
	if c.group != nil && m.ID != "" {
		c.group.markByID(m)
		return
	}
	c.sw.archive.Mark(m)
}

// mark is a mark of a side, without the text.
func (c *Chat) mark(reader int, state State, at time.Time) Mark {
	return Mark{Reader: c.sides[reader].party, Peer: c.sides[1-reader].party, State: state, At: at}
}

// delivered is the proof of a pong: this side has everything up to seq.
func (c *Chat) delivered(t *Turn, side int, seq uint64, mid int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead || c.self {
		return
	}
	if c.group != nil {
		if mid > 0 && c.storing() {
			m := c.mark(side, StateDelivered, t.Now)
			m.MID = mid
			c.sw.archive.Mark(m)
		}
		return
	}
	for i := range c.texts.ring {
		if e := &c.texts.ring[i]; e.seq == seq {
			c.advance(t, side, StateDelivered, e, nil)
			return
		}
	}
}

// advance moves a mark forward, tells those who want to know, and has it stored.
// said is the registration that says so, nil if a pong does.
func (c *Chat) advance(t *Turn, reader int, state State, e *entry, said *Registration) {
	if !c.moveMark(t, reader, state, e, said) {
		c.sw.obs.Dropped(dropReceipt)
		return
	}
	if !c.storing() {
		return
	}
	m := c.mark(reader, state, t.Now)
	m.Author = m.Peer.Address
	if m.MID = e.mid; m.MID == 0 {
		m.ID = e.idString()
	}
	c.sw.archive.Mark(m)
}

// moveMark moves a mark forward and tells those who want to know: every IM_EXT
// registration of the writer's side, of read also the reader's own others (A12).
// False if it does not advance.
func (c *Chat) moveMark(t *Turn, reader int, state State, e *entry, said *Registration) bool {
	s := &c.sides[reader]
	mark := &s.delivered
	if state == StateRead {
		mark = &s.read
	}
	if e.seq <= *mark || state == StateDelivered && e.seq <= s.read {
		return false
	}
	*mark = e.seq
	if s.delivered < s.read {
		s.delivered = s.read
	}
	n := notice{id: e.id, mid: e.mid, state: state, sip: s.party.SIP, at: t.Now}
	c.announceMark(t, reader, n, said)
	return true
}

func (c *Chat) announceMark(t *Turn, reader int, n notice, said *Registration) {
	if c.shows(reader) {
		c.announce(t, 1-reader, n, nil)
	}
	if n.state == StateRead {
		c.announce(t, reader, n, said)
	}
}

// shows tells whether the other side may know what this one does: people whom a person
// has hidden from, or blocked, get no delivered, read or typing (A3).
func (c *Chat) shows(side int) bool { return c.sw.dir.Visible(c.key[1-side], c.key[side]) }

// announce sends a notice to every IM_EXT registration of a side that has an
// attachment, except where it came from.
func (c *Chat) announce(t *Turn, side int, n notice, except *Registration) {
	for _, r := range c.sides[side].object.registrations() {
		if !r.ext() || r == except {
			continue
		}
		l := r.inbox.Load()
		if l == nil {
			l = c.newestLeg(r, side, nil)
		}
		if l != nil {
			c.notify(t, l, 1-side, n)
		}
	}
}

// markedPair tells of a mark that the archive has moved in a chat of two.
func (s *Switch) markedPair(t *Turn, m *Mark) {
	c, reader := s.lockIfHeard(t, &m.Reader, &m.Peer)
	if c == nil {
		return
	}
	defer c.mu.Unlock()
	if c.self {
		return
	}
	e := c.meant(reader, &Receipt{MID: m.MID, ID: m.ID})
	if e != nil && int(e.side) != reader {
		c.moveMark(t, reader, m.State, e, nil) // or it was told already
		return
	}
	if m.Author == (Address{}) {
		c.sw.obs.Dropped(dropReceipt)
		return
	}
	c.announceMark(t, reader, notice{id: m.ID, mid: m.MID, state: m.State, sip: m.Reader.SIP, at: m.At}, nil)
}

// storedPair is the late result of a text in a chat of two.
func (s *Switch) storedPair(t *Turn, r *Stored) {
	c, side := s.lockIfHeard(t, &r.Author, &r.To)
	if c == nil {
		return
	}
	defer c.mu.Unlock()
	c.late(side, r)
	n := r.notice()
	c.announce(t, side, n, nil)
	if r.Cause == 0 && !c.self {
		c.announce(t, 1-side, n, nil)
	}
}

// late enters the result of a text that lay in the outbox.
func (c *Chat) late(side int, r *Stored) {
	if c.self {
		side = 0
	}
	if e := c.texts.find(side, r.ID); e != nil {
		e.stored(PostResult{MID: r.MID, At: r.At})
		e.cause = r.Cause
	}
}

func (r *Stored) notice() notice {
	n := notice{id: r.ID, mid: r.MID, state: StateSent, at: r.At}
	if r.Cause != 0 {
		n.state, n.cause, n.mid = StateFailed, r.Cause, 0
	}
	return n
}

// lockIfHeard locks the chat of two people, or of one with a group, if anybody could
// hear of something in it: where it lives, or where one of them has an inbox.
func (s *Switch) lockIfHeard(t *Turn, a, b *Party) (c *Chat, sideOfA int) {
	if s.findChat(keyOf(a.Address, b.Address)) == nil && !s.inboxOf(a.Address) && !s.inboxOf(b.Address) {
		return nil, 0
	}
	return s.lockChat(t, a, b)
}

// inboxOf tells whether an object has an inbox.
func (s *Switch) inboxOf(a Address) bool {
	for _, r := range s.registrations(a) {
		if r.inbox.Load() != nil {
			return true
		}
	}
	return false
}
