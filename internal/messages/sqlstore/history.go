package sqlstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/tandem-switch/tandem/internal/messages"
)

// The two directions of a page of one conversation. The index on the conversation
// gives the order; no plan may sort (TestPlans).
const (
	pageDown = `SELECT ` + msgCols + fromMsg + `WHERE m.conv = $1 AND m.mid > $2 AND m.mid < $3 AND (m.expires = 0 OR m.expires > $4) ORDER BY m.mid DESC LIMIT $5`
	pageUp   = `SELECT ` + msgCols + fromMsg + `WHERE m.conv = $1 AND m.mid > $2 AND m.mid < $3 AND (m.expires = 0 OR m.expires > $4) ORDER BY m.mid LIMIT $5`
)

// History implements messages.Reader.
func (l *domainLog) History(ctx context.Context, person messages.PersonID, chat messages.Chat, q messages.Page) (page []messages.Message, err error) {
	who := pack(l.dom, person)
	err = l.read(ctx, func(r *reader) error {
		sides, err := r.sidesOf(who, chat)
		if err != nil {
			return err
		}
		list, err := r.page(sides, q)
		if err != nil {
			return err
		}
		if err := r.complete(list, who); err != nil {
			return err
		}
		for i := range list {
			list[i].With = chat.With
		}
		page = plain(list)
		return nil
	})
	return page, err
}

// page merges a page of several conversations.
func (r *reader) page(sides []side, q messages.Page) (list []row, err error) {
	limit := count(q.Count)
	for i := range sides {
		part, err := r.pageOf(&sides[i], q, limit)
		if err != nil {
			return nil, err
		}
		list = append(list, part...)
	}
	if len(sides) > 1 {
		up := q.After != 0
		slices.SortFunc(list, func(x, y row) int {
			if up {
				return cmp.Compare(x.key, y.key)
			}
			return cmp.Compare(y.key, x.key)
		})
	}
	return list[:min(len(list), limit)], nil
}

func (r *reader) pageOf(s *side, q messages.Page, limit int) (list []row, err error) {
	above, below := s.visibleFrom, s.upTo(r.dom)
	if below < lastKey(r.dom) {
		below++ // the bound is open
	}
	text := pageDown
	switch {
	case q.After != 0:
		text, above = pageUp, max(above, pack(r.dom, q.After))
	case q.Older != 0:
		below = min(below, pack(r.dom, q.Older))
	case q.OlderTime != 0:
		at, err := r.timed(s, q.OlderTime)
		if err != nil {
			return nil, err
		}
		below = min(below, at)
	}
	err = r.query(text, func(scan func(...any) error) error {
		w, err := scanMsg(scan)
		w.ConvIs = s.kind
		w.Owner = unpack[messages.PersonID](s.p1)
		list = append(list, w)
		return err
	}, s.id, above, below, r.now, int64(limit))
	return list, err
}

// timed finds the first message of a conversation that is not older than a time.
// The times of a conversation rise with its messages, so halving finds it; each
// step reads one row.
func (r *reader) timed(s *side, ts int64) (int64, error) {
	low, high := firstKey(r.dom), lastKey(r.dom) // the answer is in (low, high]
	if head := r.l.head.Load(); head > 0 {
		high = pack(r.dom, head) + 1
	}
	for low+1 < high {
		mid := low + (high-low)/2
		var key, at int64
		found, err := r.one(`SELECT mid, ts FROM msg WHERE conv = $1 AND mid >= $2 ORDER BY mid LIMIT 1`, []any{&key, &at}, s.id, mid)
		switch {
		case err != nil:
			return 0, err
		case !found || at >= ts:
			high = mid
		default:
			low = key
		}
	}
	return high, nil
}

// Conversation implements messages.Reader.
func (l *domainLog) Conversation(ctx context.Context, id messages.ConvID, q messages.Page) (page []messages.Message, err error) {
	err = l.read(ctx, func(r *reader) error {
		s := side{id: pack(l.dom, id)}
		found, err := r.one(`SELECT kind, p1, p2 FROM conv WHERE id = $1`, []any{&s.kind, &s.p1, &s.p2}, s.id)
		if err == nil && !found {
			return notFound("conversation")
		}
		if err != nil {
			return err
		}
		list, err := r.page([]side{s}, q)
		if err != nil {
			return err
		}
		if err := r.complete(list, 0); err != nil {
			return err
		}
		for i := range list {
			list[i].With = unpack[messages.PersonID](s.p2)
		}
		page = plain(list)
		return nil
	})
	return page, err
}

// Message implements messages.Reader.
func (l *domainLog) Message(ctx context.Context, person messages.PersonID, id messages.Number) (m messages.Message, err error) {
	err = l.read(ctx, func(r *reader) error {
		m, err = r.message(pack(l.dom, person), pack(l.dom, id))
		return err
	})
	return m, err
}

func (r *reader) message(who, key int64) (m messages.Message, err error) {
	var list []row
	var s side
	err = r.query(`SELECT `+msgCols+`, c.kind, c.p1, c.p2, c.title`+fromMsg+`LEFT JOIN conv c ON c.id = m.conv WHERE m.mid = $1`, func(scan func(...any) error) error {
		w, err := scanMsg(scan, &s.kind, &s.p1, &s.p2, &s.title)
		list = append(list, w)
		return err
	}, key)
	if err != nil {
		return m, err
	}
	if len(list) == 0 || list[0].over(r.now) || list[0].hidden(who, r.now) {
		return m, notFound("message")
	}
	s.id = list[0].conv
	seen, err := r.sees(who, &s, key)
	if err != nil || !seen {
		return m, cmp.Or(err, notFound("message"))
	}
	if err := r.complete(list, who); err != nil {
		return m, err
	}
	m = list[0].Message
	m.ConvIs, m.Owner = s.kind, unpack[messages.PersonID](s.p1)
	m.With = unpack[messages.PersonID](s.p2)
	if who != 0 && s.kind != messages.GroupConv {
		m.With = unpack[messages.PersonID](s.partner(who))
	}
	return m, nil
}

// sees says whether somebody may see a message: a member of that time. Topics
// are the caller's to decide.
func (r *reader) sees(who int64, s *side, key int64) (bool, error) {
	if who == 0 || s.kind == messages.TopicConv {
		return true, nil
	}
	var from, left int64
	found, err := r.one(`SELECT visible_from, left_at FROM member WHERE person = $1 AND conv = $2`, []any{&from, &left}, who, s.id)
	return found && key > from && (left == 0 || key <= left), err
}

// MessageByCID implements messages.Reader.
func (l *domainLog) MessageByCID(ctx context.Context, author messages.PersonID, cid string) (m messages.Message, err error) {
	who := pack(l.dom, author)
	err = l.read(ctx, func(r *reader) error {
		if found, err := r.unkeyed(who, cid, &m); found || err != nil {
			return err
		}
		h := hashCID(cid)
		for range 8 {
			var mid int64
			found, err := r.one(`SELECT mid FROM idem WHERE author = $1 AND h = $2`, []any{&mid}, who, h)
			if err != nil {
				return err
			}
			if !found {
				break
			}
			if m, err = r.message(who, mid); err != nil || m.CID == cid {
				return err
			}
			h++
		}
		return notFound("message")
	})
	return m, err
}

// unkeyed finds a message whose key is not in table idem yet. Whoever asks for both
// asks here first: one that is not here any more is there.
func (r *reader) unkeyed(who int64, cid string, m *messages.Message) (found bool, err error) {
	if !r.l.s.e.behind() {
		return false, nil
	}
	var heads, mid int64
	if _, err = r.one(`SELECT heads FROM part WHERE dom = $1`, []any{&heads}, r.dom); err != nil {
		return false, err
	}
	found, err = r.one(`SELECT mid FROM msg WHERE mid > $1 AND mid <= $2 AND author = $3 AND cid = $4 LIMIT 1`, []any{&mid},
		firstKey(r.dom)|heads, lastKey(r.dom), who, cid)
	if found && err == nil {
		*m, err = r.message(who, mid)
	}
	return found, err
}

// Marks implements messages.Reader.
func (l *domainLog) Marks(ctx context.Context, person messages.PersonID, id messages.Number) (list []messages.MarkRow, err error) {
	key := pack(l.dom, id)
	err = l.read(ctx, func(r *reader) error {
		m, err := r.message(pack(l.dom, person), key)
		if err != nil {
			return err
		}
		list, err = r.marksOf(pack(l.dom, m.Conv), key, pack(l.dom, m.Author.ID))
		return err
	})
	return list, err
}

// marksOf lists the cursors of a conversation but the author's. The time is that
// of the first mark in the log that covers the message; where the log has none,
// that of the newest.
func (r *reader) marksOf(conv, key, author int64) (list []messages.MarkRow, err error) {
	need := map[int64]*messages.MarkRow{}
	var order []*messages.MarkRow
	err = r.query(`SELECT k.person, k.dlv, k.dlv_mid, k.dlv_ts, k.rd, k.rd_mid, k.rd_ts, k.own, COALESCE(p.guid, ''), COALESCE(p.sip, ''), COALESCE(p.name, '')
		FROM cursor k LEFT JOIN person p ON p.id = k.person WHERE k.conv = $1 AND k.person <> $2 ORDER BY k.person`, func(scan func(...any) error) error {
		var who int64
		var k marks
		var p messages.Person
		if err := scan(&who, &k.dlv, &k.dlvMid, &k.dlvT, &k.rd, &k.rdMid, &k.rdT, &k.own, &p.GUID, &p.SIP, &p.Name); err != nil {
			return err
		}
		r.l.overlay.cursor(conv, who, &k)
		p.ID = unpack[messages.PersonID](who)
		w := &messages.MarkRow{Person: p}
		order = append(order, w)
		if k.rdMid >= key {
			w.Read = k.rdT
		}
		if k.dlvMid >= key {
			w.Delivered = k.dlvT
		}
		if w.Read != 0 || w.Delivered != 0 {
			need[who] = w
		}
		return nil
	}, conv, author)
	if err == nil && len(need) > 0 {
		err = r.firstMarks(conv, key, need)
	}
	for _, w := range order {
		if w.Read != 0 && (w.Delivered == 0 || w.Delivered > w.Read) {
			w.Delivered = w.Read
		}
		list = append(list, *w)
	}
	return list, err
}

// maxMarkEvents bounds how much of the log one question for marks reads.
const maxMarkEvents = 5000

func (r *reader) firstMarks(conv, key int64, need map[int64]*messages.MarkRow) error {
	type found struct{ dlv, rd bool }
	seen := map[int64]*found{}
	open := 2 * len(need)
	after := key
	for read := 0; open > 0 && read < maxMarkEvents; {
		n := 0
		err := r.query(`SELECT seq, kind, ref, person, ts FROM ev WHERE conv = $1 AND seq > $2 ORDER BY seq LIMIT 200`, func(scan func(...any) error) error {
			var kind messages.ChangeKind
			var ref, who, ts int64
			err := scan(&after, &kind, &ref, &who, &ts)
			n++
			w := need[who]
			if err != nil || w == nil || ref < key || kind != messages.Read && kind != messages.Delivered {
				return err
			}
			f := seen[who]
			if f == nil {
				f = &found{}
				seen[who] = f
			}
			if kind == messages.Read && !f.rd {
				w.Read, f.rd = ts, true
				open--
			}
			if !f.dlv {
				w.Delivered, f.dlv = ts, true
				open--
			}
			return nil
		}, conv, after)
		if err != nil || n < 200 {
			return err
		}
		read += n
	}
	return nil
}

// Pins implements messages.Reader.
func (l *domainLog) Pins(ctx context.Context, person messages.PersonID, chat messages.Chat) (page []messages.Message, err error) {
	who := pack(l.dom, person)
	err = l.read(ctx, func(r *reader) error {
		sides, err := r.sidesOf(who, chat)
		if err != nil {
			return err
		}
		var list []row
		var order []int64
		for i := range sides {
			s := &sides[i]
			if err := r.query(`SELECT `+msgCols+`, n.seq FROM pin n JOIN msg m ON m.mid = n.mid LEFT JOIN person a ON a.id = m.author
				WHERE n.conv = $1 AND n.mid > $2 AND n.mid <= $3`, func(scan func(...any) error) error {
				var seq int64
				w, err := scanMsg(scan, &seq)
				w.ConvIs, w.With = s.kind, chat.With
				list, order = append(list, w), append(order, seq)
				return err
			}, s.id, s.visibleFrom, s.upTo(r.dom)); err != nil {
				return err
			}
		}
		if err := r.complete(list, who); err != nil {
			return err
		}
		page = byOrder(plain(list), order)
		return nil
	})
	return page, err
}

// byOrder sorts messages by numbers that go with them, the highest first.
func byOrder(list []messages.Message, order []int64) []messages.Message {
	index := make([]int, len(list))
	for i := range index {
		index[i] = i
	}
	slices.SortFunc(index, func(x, y int) int { return cmp.Compare(order[y], order[x]) })
	out := make([]messages.Message, len(list))
	for i, at := range index {
		out[i] = list[at]
	}
	return out
}

// Drafts implements messages.Reader.
func (l *domainLog) Drafts(ctx context.Context, person messages.PersonID) (list []messages.Draft, err error) {
	who := pack(l.dom, person)
	err = l.read(ctx, func(r *reader) error {
		list, err = r.drafts(who, 0, nil)
		return err
	})
	return list, err
}

// drafts are those that changed above a number; seqs gets their numbers.
func (r *reader) drafts(who, above int64, seqs *[]int64) (list []messages.Draft, err error) {
	err = r.query(`SELECT d.body, d.ts, d.seq, c.id, c.kind, c.p1, c.p2, COALESCE(p.id, 0), COALESCE(p.guid, ''), COALESCE(p.sip, ''), COALESCE(p.name, '')
		FROM draft d LEFT JOIN conv c ON c.id = d.conv LEFT JOIN person p ON p.id = CASE WHEN c.p1 = d.person THEN c.p2 ELSE c.p1 END AND c.kind < 3
		WHERE d.person = $1 AND d.seq > $2 ORDER BY d.seq`, func(scan func(...any) error) error {
		var d messages.Draft
		var s side
		var seq, peer int64
		if err := scan(&d.Text, &d.Time, &seq, &s.id, &s.kind, &s.p1, &s.p2, &peer, &d.Peer.GUID, &d.Peer.SIP, &d.Peer.Name); err != nil {
			return err
		}
		d.Peer.ID = unpack[messages.PersonID](peer)
		d.Chat = s.chat(who)
		switch {
		case seqs != nil:
			*seqs = append(*seqs, seq)
		case d.Text == "":
			return nil
		}
		list = append(list, d)
		return nil
	}, who, above)
	return list, err
}

// chat names the conversation in the eyes of a person.
func (s *side) chat(who int64) messages.Chat {
	switch s.kind {
	case messages.GroupConv:
		return messages.Chat{Group: unpack[messages.ConvID](s.id)}
	case messages.TopicConv:
		return messages.Chat{}
	}
	return messages.Chat{With: unpack[messages.PersonID](s.partner(who))}
}
