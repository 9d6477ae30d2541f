package sqlstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/tandem-switch/tandem/internal/messages"
)

// side is a conversation as a person sees it.
type side struct {
	id, p1, p2  int64
	kind        messages.ConvKind
	title       string
	created     int64
	gone        int64
	marksRule   messages.MarksRule
	count       int64
	head        convHead
	marks       marks
	peer        marks // of the partner
	tombs       int64 // unread messages that are gone
	joined      int64
	visibleFrom int64
	leftAt      int64
	role        messages.Role
}

// The order is fixed by LEFT JOIN: from the rows of the person to those of the
// conversations, never the other way.
const sideCols = `SELECT c.id, c.kind, c.p1, c.p2, c.title, c.created, c.gone, c.marks, c.members, c.last_mid, c.last_n, c.last_seq, c.last_ts,
	c.newest_dlv, c.newest_rd, m.joined, m.visible_from, m.left_at, m.role,
	COALESCE(k.dlv, 0), COALESCE(k.dlv_mid, 0), COALESCE(k.rd, 0), COALESCE(k.rd_mid, 0), COALESCE(k.own, 0),
	COALESCE(o.dlv, 0), COALESCE(o.dlv_mid, 0), COALESCE(o.rd, 0), COALESCE(o.rd_mid, 0),
	(SELECT count(*) FROM tomb t WHERE t.conv = m.conv AND t.n > k.rd AND t.author <> m.person)
	FROM member m LEFT JOIN conv c ON c.id = m.conv LEFT JOIN cursor k ON k.conv = m.conv AND k.person = m.person
	LEFT JOIN cursor o ON o.conv = m.conv AND o.person = CASE WHEN c.p1 = m.person THEN c.p2 ELSE c.p1 END `

func (r *reader) sides(person int64, where string, args ...any) (list []side, err error) {
	err = r.query(sideCols+`WHERE m.person = $1`+where, func(scan func(...any) error) error {
		var s side
		h, k, o := &s.head, &s.marks, &s.peer
		err := scan(&s.id, &s.kind, &s.p1, &s.p2, &s.title, &s.created, &s.gone, &s.marksRule, &s.count, &h.mid, &h.n, &h.seq, &h.ts, &h.newestDlv, &h.newestRd,
			&s.joined, &s.visibleFrom, &s.leftAt, &s.role, &k.dlv, &k.dlvMid, &k.rd, &k.rdMid, &k.own, &o.dlv, &o.dlvMid, &o.rd, &o.rdMid, &s.tombs)
		list = append(list, s)
		return err
	}, append([]any{person}, args...)...)
	for i := range list {
		if err := r.overlaid(&list[i], person); err != nil {
			return nil, err
		}
	}
	return list, err
}

// overlaid adds what is not folded yet.
func (r *reader) overlaid(s *side, person int64) error {
	rd := s.marks.rd
	r.l.overlay.head(s.id, &s.head)
	r.l.overlay.cursor(s.id, person, &s.marks)
	if s.kind != messages.GroupConv {
		r.l.overlay.cursor(s.id, s.partner(person), &s.peer)
	}
	if s.marks.rd == rd || s.tombs == 0 {
		return nil
	}
	_, err := r.one(countTombs, []any{&s.tombs}, s.id, s.marks.rd, person)
	return err
}

// left says whether the person is no member of the group any more.
func (s *side) left() bool { return s.leftAt != 0 || s.role < messages.MemberRole || s.gone != 0 }

// upTo is the newest number that the person may see.
func (s *side) upTo(dom int64) int64 {
	if s.leftAt != 0 {
		return s.leftAt
	}
	return lastKey(dom)
}

// partner of a conversation of two.
func (s *side) partner(person int64) int64 {
	if s.p1 == person {
		return s.p2
	}
	return s.p1
}

func (s *side) unread() int64 {
	if s.left() {
		return 0
	}
	return max(s.head.n-s.marks.rd-s.marks.own-s.tombs, 0)
}

// chatKey is what conversations of one chat have in common.
type chatKey struct{ with, group int64 }

// Unread implements messages.Reader.
func (l *domainLog) Unread(ctx context.Context, person messages.PersonID) (sum int64, err error) {
	who := pack(l.dom, person)
	err = l.read(ctx, func(r *reader) error {
		list, err := r.sides(who, ``)
		for i := range list {
			sum += list[i].unread()
		}
		return err
	})
	return sum, err
}

// maxChats is how many chats of a person one read gives.
const maxChats = 10_000

// Chats implements messages.Reader.
func (l *domainLog) Chats(ctx context.Context, person messages.PersonID, q messages.ChatsQuery) (chats []messages.ChatRow, err error) {
	who := pack(l.dom, person)
	err = l.read(ctx, func(r *reader) error {
		list, err := r.sides(who, ``)
		if err != nil {
			return err
		}
		chats, err = r.chats(who, list, q)
		return err
	})
	return chats, err
}

// Chat implements messages.Reader.
func (l *domainLog) Chat(ctx context.Context, person messages.PersonID, chat messages.Chat) (row messages.ChatRow, err error) {
	who := pack(l.dom, person)
	err = l.read(ctx, func(r *reader) error {
		list, err := r.sidesOf(who, chat)
		if err != nil {
			return err
		}
		rows, err := r.chats(who, list, messages.ChatsQuery{Count: 1})
		if err == nil && len(rows) == 0 {
			return notFound("chat")
		}
		if err == nil {
			row = rows[0]
		}
		return err
	})
	return row, err
}

// sidesOf are the conversations of one chat.
func (r *reader) sidesOf(who int64, chat messages.Chat) ([]side, error) {
	if chat.Group != 0 {
		list, err := r.sides(who, ` AND m.conv = $2`, pack(r.dom, chat.Group))
		if err == nil && len(list) == 0 {
			return nil, notFound("group")
		}
		return list, err
	}
	ids, err := r.convsOf(who, pack(r.dom, chat.With))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	for len(ids) < 2 {
		ids = append(ids, ids[0])
	}
	return r.sides(who, ` AND m.conv IN ($2, $3)`, ids[0], ids[1])
}

// convsOf are the conversation with a partner and the person's own one.
func (r *reader) convsOf(who, with int64) (ids []int64, err error) {
	err = r.query(`SELECT id FROM conv WHERE p1 = $1 AND p2 = $2 AND kind = 1 UNION ALL SELECT id FROM conv WHERE p1 = $3 AND p2 = $4 AND kind = 2`,
		func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			ids = append(ids, id)
			return err
		}, min(who, with), max(who, with), who, with)
	return ids, err
}

// merged is a chat that is being put together.
type merged struct {
	messages.ChatRow
	sides []side
	last  int64
}

func (r *reader) chats(who int64, list []side, q messages.ChatsQuery) ([]messages.ChatRow, error) {
	found := merge(who, list)
	limit := q.Count
	if limit <= 0 || limit > maxChats {
		limit = maxChats
	}
	kept := found[:0]
	for _, m := range found {
		if (q.Older == 0 || m.Time < q.Older) && (!q.Unread || m.Unread > 0) && len(kept) < limit {
			kept = append(kept, m)
		}
	}
	if err := r.previews(who, kept); err != nil {
		return nil, err
	}
	if err := r.partners(who, kept); err != nil {
		return nil, err
	}
	slices.SortFunc(kept, newestFirst) // previews has set the times of groups that were left
	rows := make([]messages.ChatRow, len(kept))
	for i, m := range kept {
		rows[i] = m.ChatRow
	}
	return rows, nil
}

// merge makes chats of conversations, newest first.
func merge(who int64, list []side) []*merged {
	byKey := map[chatKey]*merged{}
	var found []*merged
	for i := range list {
		s := list[i]
		if s.leftAt != 0 && s.visibleFrom >= s.leftAt {
			continue // banned without ever having been in
		}
		key := chatKey{group: s.id}
		if s.kind != messages.GroupConv {
			key = chatKey{with: s.partner(who)}
		}
		m := byKey[key]
		if m == nil {
			m = &merged{}
			byKey[key] = m
			found = append(found, m)
			m.With, m.Group = unpack[messages.PersonID](key.with), unpack[messages.ConvID](key.group)
		}
		m.add(s)
	}
	slices.SortFunc(found, newestFirst)
	return found
}

func newestFirst(x, y *merged) int {
	return cmp.Or(cmp.Compare(y.Time, x.Time), cmp.Compare(y.last, x.last), cmp.Compare(y.sides[0].id, x.sides[0].id))
}

func (m *merged) add(s side) {
	m.sides = append(m.sides, s)
	m.Unread += s.unread()
	if s.leftAt != 0 { // what came later is not for who has left, nor when: previews has the time
		s.head.newestDlv, s.head.newestRd = min(s.head.newestDlv, s.leftAt), min(s.head.newestRd, s.leftAt)
		m.Time = max(m.Time, s.created)
	} else {
		m.Time = max(m.Time, cmp.Or(s.head.ts, s.created))
	}
	m.last = max(m.last, min(s.head.mid, s.upTo(s.id>>numberBits)))
	m.Read = max(m.Read, unpack[messages.Number](s.marks.rdMid))
	m.Delivered = max(m.Delivered, unpack[messages.Number](s.marks.dlvMid))
	peer := s.peer
	if s.kind == messages.GroupConv {
		m.Title, m.Left = s.title, s.left()
		peer.dlvMid, peer.rdMid = s.head.newestDlv, s.head.newestRd
	}
	m.PeerDelivered = max(m.PeerDelivered, unpack[messages.Number](peer.dlvMid))
	m.PeerRead = max(m.PeerRead, unpack[messages.Number](peer.rdMid))
}

// previews finds the last messages: those that the heads name, or, where they are
// gone or may not be seen, the newest ones that are left.
func (r *reader) previews(who int64, chats []*merged) error {
	var keys []int64
	for _, m := range chats {
		for _, s := range m.sides {
			if s.head.mid != 0 && s.head.mid <= s.upTo(r.dom) && s.head.mid > s.visibleFrom {
				keys = append(keys, s.head.mid)
			}
		}
	}
	byKey := map[int64]row{}
	err := r.in(`SELECT `+msgCols+fromMsg+`WHERE m.mid IN `, ``, keys, func(scan func(...any) error) error {
		w, err := scanMsg(scan)
		if !w.over(r.now) {
			byKey[w.key] = w
		}
		return err
	})
	if err != nil {
		return err
	}
	var last []row
	var owner []*merged
	for _, m := range chats {
		w, err := r.preview(m, byKey)
		if err != nil {
			return err
		}
		if w.key != 0 {
			last, owner = append(last, w), append(owner, m)
		}
	}
	if err := r.complete(last, who); err != nil {
		return err
	}
	for i := range last {
		last[i].ConvIs = owner[i].kindOf(last[i].conv)
		last[i].With = owner[i].With
		owner[i].Last = last[i].Message
		owner[i].Time = max(owner[i].Time, last[i].Time)
	}
	return nil
}

func (m *merged) kindOf(conv int64) messages.ConvKind {
	for _, s := range m.sides {
		if s.id == conv {
			return s.kind
		}
	}
	return 0
}

func (r *reader) preview(m *merged, byKey map[int64]row) (last row, err error) {
	for i := range m.sides {
		s := &m.sides[i]
		w, ok := byKey[s.head.mid]
		if !ok && s.head.n > 0 {
			w, err = r.newest(s)
		}
		if err != nil {
			return last, err
		}
		if w.key > last.key {
			last = w
		}
	}
	return last, nil
}

// over says that the message's own time has ended.
func (w *row) over(now int64) bool { return w.Expires != 0 && w.Expires <= now }

func (r *reader) newest(s *side) (w row, err error) {
	err = r.query(`SELECT `+msgCols+fromMsg+`WHERE m.conv = $1 AND m.mid > $2 AND m.mid <= $3 AND m.kind = 0 AND (m.expires = 0 OR m.expires > $4)
		ORDER BY m.mid DESC LIMIT 1`, func(scan func(...any) error) (err error) {
		w, err = scanMsg(scan)
		return err
	}, s.id, s.visibleFrom, s.upTo(r.dom), r.now)
	return w, err
}

// partners adds the people of the other side, and drafts.
func (r *reader) partners(who int64, chats []*merged) error {
	var ids []int64
	for _, m := range chats {
		if m.With != 0 {
			ids = append(ids, pack(r.dom, m.With))
		}
	}
	people, err := r.people(ids)
	if err != nil {
		return err
	}
	drafts := map[int64]string{}
	err = r.query(`SELECT conv, body FROM draft WHERE person = $1`, func(scan func(...any) error) error {
		var conv int64
		var text string
		err := scan(&conv, &text)
		drafts[conv] = text
		return err
	}, who)
	if err != nil {
		return err
	}
	for _, m := range chats {
		m.Peer = people[m.With]
		for i := range m.sides {
			s := &m.sides[i]
			if text := drafts[s.id]; text != "" {
				m.Draft = text
			}
		}
	}
	return nil
}
