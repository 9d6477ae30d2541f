package sqlstore

import (
	"slices"

	"github.com/tandem-switch/tandem/internal/messages"
)

// mark moves the cursors of a person in a chat. Nothing is written now: fold does.
func (b *batch) mark(op *messages.Mark) (r messages.Result, err error) {
	by := b.intern(op.By)
	if by == nil {
		return r, b.unknown("person")
	}
	convs, err := b.marked(op, by)
	if err != nil || b.err != nil {
		return r, err
	}
	up := pack(b.l.dom, op.Up)
	if op.CID != "" {
		if up = b.byCID(op); up == 0 {
			return r, refuse(messages.NotFound, "There is no such message.")
		}
	}
	r.By = unpack[messages.PersonID](by.id)
	r.Time = op.Time
	if r.Time == 0 {
		r.Time = b.now
	}
	for _, c := range convs {
		b.markConv(c, by, up, op.State, &r)
		if c.kind != messages.OwnConv || c.p1 == by.id {
			r.Unread += b.unread(c, by.id)
		}
	}
	r.Changed = len(r.Moves) > 0
	return r, b.err
}

// marked are the conversations in which the mark counts: with a partner also the
// partner's own one, so that its owner sees how far this person is.
func (b *batch) marked(op *messages.Mark, by *person) ([]*conv, error) {
	if op.Group == 0 {
		with := b.find(op.With)
		if with == nil {
			return nil, b.notFound("chat")
		}
		return b.pairOf(by.id, with.id).all(), nil
	}
	c := b.convByID(pack(b.l.dom, op.Group))
	if c == nil || c.kind != messages.GroupConv {
		return nil, b.notFound("group")
	}
	if m := b.memberOf(c, by.id); !m.here() {
		return nil, b.notFound("group")
	}
	return []*conv{c}, nil
}

func (b *batch) notFound(what string) error {
	if b.err != nil {
		return b.err
	}
	return refuse(messages.NotFound, "There is no such %s.", what)
}

// byCID finds the message that the other side sent under an id of its own.
func (b *batch) byCID(op *messages.Mark) int64 {
	ref := op.CIDBy
	if ref == (messages.Ref{}) {
		ref = op.With
	}
	author := b.find(ref)
	if author == nil {
		return 0
	}
	key := idemKey{author.id, hashCID(op.CID)}
	was := b.keys
	b.keys = true
	s, _ := b.posted(&key, op.CID)
	b.keys = was
	return s.mid
}

// place is a message as marks see it.
type place struct {
	mid, n, author int64
	cid            string
}

// markConv moves one cursor.
func (b *batch) markConv(c *conv, by *person, up int64, state messages.MarkState, r *messages.Result) {
	cu := b.cursorOf(c, by.id)
	if cu == nil || b.err != nil || c.head.n == 0 {
		return
	}
	m := &cu.marks
	foreign := c.head.n - m.rd - m.own // of others behind the mark; deleted ones too
	whole := up == 0 || up >= c.head.mid
	if whole && (foreign <= 0 && state == messages.ReadMark || state == messages.DeliveredMark && m.dlv >= c.head.n) {
		return // nothing of others is behind it
	}
	if !whole && (state == messages.ReadMark && up <= m.rdMid || state == messages.DeliveredMark && up <= m.dlvMid) {
		return
	}
	p, ok := b.placeOf(c, by.id, up, whole)
	if !ok {
		return
	}
	moved := false
	b.touchCursor(cu)
	if p.n > m.dlv {
		m.dlv, m.dlvMid, m.dlvT, m.movedDlv, moved = p.n, p.mid, r.Time, true, true
	}
	if state == messages.ReadMark && p.n > m.rd {
		m.rd, m.rdMid, m.rdT, m.movedRd, moved = p.n, p.mid, r.Time, true, true
		m.own = b.ownBehind(c, by.id, p)
	}
	if moved {
		r.Moves = append(r.Moves, b.move(c, p, state, r.Time))
	}
}

// placeOf finds the newest message of somebody else that a mark covers.
func (b *batch) placeOf(c *conv, by, up int64, whole bool) (p place, ok bool) {
	if whole {
		up = lastKey(b.l.dom)
	}
	ask := b.peek
	if c.batch == b.no {
		ask = b.query // there may be posts in this batch
	}
	ask(`SELECT mid, n, author, cid FROM msg WHERE conv = $1 AND mid <= $2 AND author <> $3 ORDER BY mid DESC LIMIT 1`, func(scan func(...any) error) error {
		ok = true
		return scan(&p.mid, &p.n, &p.author, &p.cid)
	}, c.id, up, by)
	return p, ok && b.err == nil
}

// ownBehind counts the person's own messages behind a place.
func (b *batch) ownBehind(c *conv, by int64, p place) (own int64) {
	if p.n == c.head.n {
		return 0
	}
	b.query(countOwn, func(scan func(...any) error) error { return scan(&own) }, c.id, p.mid, by)
	return own
}

func (b *batch) move(c *conv, p place, state messages.MarkState, ts int64) messages.Move {
	mv := messages.Move{
		Conv: unpack[messages.ConvID](c.id), Author: unpack[messages.PersonID](p.author), CID: p.cid,
		Message: unpack[messages.Number](p.mid), State: state,
	}
	b.touch(c)
	if p.mid > c.head.newestDlv {
		c.head.newestDlv, c.head.newestDlvT = p.mid, ts
		mv.Newest = state == messages.DeliveredMark
	}
	if state == messages.ReadMark && p.mid > c.head.newestRd {
		c.head.newestRd, c.head.newestRdT, mv.Newest = p.mid, ts, true
	}
	return mv
}

// unread counts what a person has not read of a conversation.
func (b *batch) unread(c *conv, who int64) (n int64) {
	cu := b.cursorOf(c, who)
	if cu == nil {
		return 0
	}
	n = c.head.n - cu.marks.rd - cu.marks.own
	if n <= 0 || b.err != nil {
		return 0
	}
	gone := int64(0)
	b.peek(countTombs, func(scan func(...any) error) error { return scan(&gone) }, c.id, cu.marks.rd, who)
	return max(n-gone, 0)
}

const countTombs = `SELECT count(*) FROM tomb WHERE conv = $1 AND n > $2 AND author <> $3`

// logged says whether the moves of single members are changes of the log.
func (c *conv) logged() bool {
	if c.kind != messages.GroupConv {
		return true
	}
	return c.setup.marks == messages.MarksOn || c.setup.marks == messages.MarksAuto && c.count <= messages.MarkedGroup
}

// unfolded tells whether something waits for the next fold.
func (st *state) unfolded() bool {
	return len(st.dirty) > 0 || len(st.dirtyCursors) > 0 || len(st.kept) > 0 || len(st.window.pending) > 0
}

// crowded tells whether so many keys wait that it must not be longer.
func (b *batch) crowded() bool {
	return slices.ContainsFunc(b.logs, func(l *domainLog) bool { return len(l.st.window.pending) >= maxPending })
}

// fold writes what was derived since the last time: cursors, whose moves take
// their numbers now, heads of conversations, and keys of senders.
func (b *batch) fold() {
	b.s.mu.Lock()
	logs := make([]*domainLog, 0, len(b.s.byDom))
	for _, l := range b.s.byDom {
		if l.st.unfolded() {
			logs = append(logs, l)
		}
	}
	b.s.mu.Unlock()
	for _, l := range logs {
		if !b.use(l) || !l.st.loaded {
			continue
		}
		for cu := range l.st.dirtyCursors {
			b.foldCursor(cu)
		}
		for c := range l.st.dirty {
			b.foldHead(c)
		}
		b.flush()
		b.writeKeys()
		b.number() // so that others who write see that somebody did
		b.put(`UPDATE part SET heads = $1 WHERE dom = $2`, l.st.next, l.dom)
	}
	b.after = append(b.after, func() { b.folded(logs) })
}

func (b *batch) foldCursor(cu *cursor) {
	b.touchCursor(cu)
	m, c := &cu.marks, cu.conv
	if m.movedDlv || m.movedRd {
		b.touch(c)
		if c.logged() {
			if m.movedDlv && (!m.movedRd || m.dlvMid > m.rdMid || m.dlvT < m.rdT) {
				m.seq = b.markEvent(c, messages.Delivered, m.dlvMid, cu.person, m.dlvT)
			}
			if m.movedRd {
				m.seq = b.markEvent(c, messages.Read, m.rdMid, cu.person, m.rdT)
			}
		} else {
			m.seq = b.number()
			c.head.seq = m.seq
		}
		m.movedDlv, m.movedRd = false, false
	}
	b.put(`UPDATE cursor SET dlv = $1, dlv_mid = $2, dlv_ts = $3, rd = $4, rd_mid = $5, rd_ts = $6, own = $7, seq = $8 WHERE conv = $9 AND person = $10`,
		m.dlv, m.dlvMid, m.dlvT, m.rd, m.rdMid, m.rdT, m.own, m.seq, c.id, cu.person)
}

func (b *batch) markEvent(c *conv, kind messages.ChangeKind, mid, who, ts int64) int64 {
	now := b.now
	b.now = ts
	seq := b.event(c, kind, mid, who, 0, "")
	b.now = now
	return seq
}

func (b *batch) foldHead(c *conv) {
	h := &c.head
	b.put(`UPDATE conv SET last_mid = $1, last_n = $2, last_seq = $3, last_ts = $4, newest_dlv = $5, newest_dlv_ts = $6, newest_rd = $7, newest_rd_ts = $8
		WHERE id = $9`, h.mid, h.n, h.seq, h.ts, h.newestDlv, h.newestDlvT, h.newestRd, h.newestRdT, c.id)
}

// folded notes that nothing is dirty any more. It runs after the commit, before
// anything else changes.
func (b *batch) folded(logs []*domainLog) {
	for _, l := range logs {
		l.st.heads = l.st.head
		clear(l.st.dirty)
		clear(l.st.dirtyCursors)
		l.overlay.rotate()
	}
	b.w.foldDue.Store(false)
	if b.w.timer != nil {
		b.w.timer.Stop()
		b.w.timer = nil
	}
}
