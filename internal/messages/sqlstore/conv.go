package sqlstore

import "github.com/tandem-switch/tandem/internal/messages"

const convCols = `id, kind, p1, p2, title, created, gone, announce, open, history, marks, members,
	last_mid, last_n, last_seq, last_ts, newest_dlv, newest_dlv_ts, newest_rd, newest_rd_ts`

func (b *batch) scanConv(scan func(...any) error) (*conv, error) {
	c := &conv{l: b.l, cursors: map[int64]*cursor{}}
	var announce, open int64
	h := &c.head
	err := scan(&c.id, &c.kind, &c.p1, &c.p2, &c.title, &c.created, &c.gone, &announce, &open, &c.history, &c.marks, &c.count,
		&h.mid, &h.n, &h.seq, &h.ts, &h.newestDlv, &h.newestDlvT, &h.newestRd, &h.newestRdT)
	c.announce, c.open = announce != 0, open != 0
	return c, err
}

// convByID finds a conversation; nil where there is none.
func (b *batch) convByID(id int64) (c *conv) {
	if c := b.l.st.convs[id]; c != nil {
		return c
	}
	b.peek(`SELECT `+convCols+` FROM conv WHERE id = $1`, func(scan func(...any) error) (err error) {
		c, err = b.scanConv(scan)
		return err
	}, id)
	switch {
	case b.err != nil || c == nil:
		return nil
	case c.kind == messages.PairConv || c.kind == messages.OwnConv:
		b.pairOf(c.p1, c.p2) // with its siblings
		return b.l.st.convs[id]
	case c.kind == messages.TopicConv:
		b.l.st.topics[c.p1] = c
	}
	b.l.st.convs[id] = c
	return c
}

// pairOf finds what two people have; the conversations in it may be nil.
func (b *batch) pairOf(x, y int64) *pair {
	key := [2]int64{min(x, y), max(x, y)}
	if p := b.l.st.pairs[key]; p != nil {
		return p
	}
	p := &pair{lo: key[0], hi: key[1]}
	const text = `SELECT ` + convCols + ` FROM conv WHERE p1 = $1 AND p2 = $2`
	each := func(scan func(...any) error) error {
		c, err := b.scanConv(scan)
		if err == nil {
			b.join(p, c)
		}
		return err
	}
	b.peek(text, each, p.lo, p.hi)
	if p.lo != p.hi {
		b.peek(text, each, p.hi, p.lo)
	}
	if b.err == nil {
		b.l.st.pairs[key] = p
	}
	return p
}

// join puts a conversation into its pair.
func (b *batch) join(p *pair, c *conv) {
	c.pair = p
	b.l.st.convs[c.id] = c
	switch {
	case c.kind == messages.PairConv:
		p.both = c
	case c.p1 == p.lo:
		p.own[0] = c
	default:
		p.own[1] = c
	}
}

// all are the conversations that exist.
func (p *pair) all() (list []*conv) {
	for _, c := range []*conv{p.both, p.own[0], p.own[1]} {
		if c != nil {
			list = append(list, c)
		}
	}
	return list
}

// of is the own conversation of a person.
func (p *pair) of(person int64) *conv {
	if person == p.lo {
		return p.own[0]
	}
	return p.own[1]
}

// newest is the time of the newest message.
func (p *pair) newest() (ts int64) {
	for _, c := range [...]*conv{p.both, p.own[0], p.own[1]} {
		if c != nil {
			ts = max(ts, c.head.ts)
		}
	}
	return ts
}

// newConv makes a conversation with its members and cursors.
func (b *batch) newConv(kind messages.ConvKind, p1, p2 int64, s setup) *conv {
	b.structural()
	c := &conv{l: b.l, id: b.number(), kind: kind, p1: p1, p2: p2, setup: s, cursors: map[int64]*cursor{}}
	if kind == messages.GroupConv {
		c.p1 = c.id
	}
	c.created = b.now
	c.head.seq, c.head.ts = c.id, 0
	b.put(`INSERT INTO conv (id, kind, p1, p2, title, created, announce, open, history, marks, members, last_seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		c.id, int64(kind), c.p1, p2, c.title, c.created, btoi(c.announce), btoi(c.open), int64(c.history), int64(c.marks), c.count, c.head.seq)
	b.l.st.convs[c.id] = c
	return c
}

// pairConv finds or makes the conversation of two people.
func (b *batch) pairConv(x, y int64) *conv {
	p := b.pairOf(x, y)
	if p.both == nil && b.err == nil {
		c := b.newConv(messages.PairConv, p.lo, p.hi, setup{})
		b.join(p, c)
		b.newMember(c, p.lo, messages.MemberRole, 0)
		if p.lo != p.hi {
			b.newMember(c, p.hi, messages.MemberRole, 0)
		}
	}
	return p.both
}

// ownConv finds or makes the own conversation of a person with a partner.
func (b *batch) ownConv(owner, partner int64) *conv {
	p := b.pairOf(owner, partner)
	if p.of(owner) == nil && b.err == nil {
		c := b.newConv(messages.OwnConv, owner, partner, setup{})
		b.join(p, c)
		b.newMember(c, owner, messages.MemberRole, 0)
		if owner != partner {
			b.newCursor(c, partner) // the partner's marks, for the owner to see
		}
	}
	return p.of(owner)
}

// topicConv finds or makes the conversation of a topic.
func (b *batch) topicConv(topic int64, title string) *conv {
	if c := b.findTopic(topic); c != nil || b.err != nil {
		return c
	}
	c := b.newConv(messages.TopicConv, topic, 0, setup{title: title})
	b.l.st.topics[topic] = c
	return c
}

func (b *batch) findTopic(topic int64) (c *conv) {
	if c := b.l.st.topics[topic]; c != nil {
		return c
	}
	b.peek(`SELECT `+convCols+` FROM conv WHERE p1 = $1 AND p2 = 0`, func(scan func(...any) error) (err error) {
		c, err = b.scanConv(scan)
		return err
	}, topic)
	if c == nil || b.err != nil {
		return nil
	}
	b.l.st.convs[c.id], b.l.st.topics[topic] = c, c
	return c
}

// newMember makes somebody a member, with a cursor at the present end.
func (b *batch) newMember(c *conv, who int64, role messages.Role, visibleFrom int64) *member {
	m := &member{person: who, role: role, joined: c.head.seq, visibleFrom: visibleFrom}
	b.put(`INSERT INTO member (person, conv, role, joined, visible_from, left_at, muted_until) VALUES ($1, $2, $3, $4, $5, 0, 0)`,
		who, c.id, int64(role), m.joined, m.visibleFrom)
	if c.kind == messages.GroupConv {
		if c.members == nil {
			c.members = map[int64]*member{}
		}
		c.members[who] = m
	}
	b.newCursor(c, who)
	return m
}

func (b *batch) newCursor(c *conv, who int64) {
	cu := &cursor{conv: c, person: who}
	cu.marks.rd, cu.marks.dlv, cu.marks.rdMid, cu.marks.dlvMid = c.head.n, c.head.n, c.head.mid, c.head.mid
	b.put(`INSERT INTO cursor (conv, person, dlv, dlv_mid, rd, rd_mid) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.id, who, cu.marks.dlv, cu.marks.dlvMid, cu.marks.rd, cu.marks.rdMid)
	c.cursors[who] = cu
}

// cursorOf finds a cursor; nil where there is none.
func (b *batch) cursorOf(c *conv, who int64) *cursor {
	if cu := c.cursors[who]; cu != nil {
		return cu
	}
	var cu *cursor
	b.peek(`SELECT dlv, dlv_mid, dlv_ts, rd, rd_mid, rd_ts, own, seq FROM cursor WHERE conv = $1 AND person = $2`, func(scan func(...any) error) error {
		cu = &cursor{conv: c, person: who}
		m := &cu.marks
		return scan(&m.dlv, &m.dlvMid, &m.dlvT, &m.rd, &m.rdMid, &m.rdT, &m.own, &m.seq)
	}, c.id, who)
	if cu != nil && b.err == nil {
		c.cursors[who] = cu
	}
	return cu
}

// memberOf finds a row of a group; nil where there is none.
func (b *batch) memberOf(c *conv, who int64) *member {
	if m := c.members[who]; m != nil {
		return m
	}
	var m *member
	b.peek(`SELECT person, role, joined, visible_from, left_at, muted_until FROM member WHERE person = $1 AND conv = $2`, func(scan func(...any) error) error {
		m = &member{}
		return scan(&m.person, &m.role, &m.joined, &m.visibleFrom, &m.leftAt, &m.mutedUntil)
	}, who, c.id)
	if m != nil && b.err == nil {
		if c.members == nil {
			c.members = map[int64]*member{}
		}
		c.members[who] = m
	}
	return m
}

// here says whether the row is one of a member.
func (m *member) here() bool { return m != nil && m.leftAt == 0 && m.role >= messages.MemberRole }

// event puts a change into the log and returns its number.
func (b *batch) event(c *conv, kind messages.ChangeKind, ref, who int64, role messages.Role, data string) int64 {
	seq := b.number()
	var conv int64
	if c != nil {
		conv = c.id
		b.touch(c)
		c.head.seq = seq
	}
	b.put(`INSERT INTO ev (seq, conv, kind, ref, person, role, ts, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		seq, conv, int64(kind), ref, who, int64(role), b.now, data)
	return seq
}
