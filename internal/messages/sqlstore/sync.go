package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/messages"
)

// A token is "1.<epoch>.<number>", both in base 36.
func token(epoch, n int64) string {
	return "1." + strconv.FormatInt(epoch, 36) + "." + strconv.FormatInt(n, 36)
}

func parseToken(s string) (epoch, n int64, ok bool) {
	part := strings.Split(s, ".")
	if len(part) != 3 || part[0] != "1" {
		return 0, 0, false
	}
	epoch, err1 := strconv.ParseInt(part[1], 36, 64)
	n, err2 := strconv.ParseInt(part[2], 36, 64)
	return epoch, n, err1 == nil && err2 == nil && n >= 0 && n <= messages.MaxNumber
}

// part is the row of a domain in a snapshot.
type part struct{ head, heads, floor, epoch int64 }

func (r *reader) part() (p part, err error) {
	found, err := r.one(`SELECT head, heads, floor, epoch FROM part WHERE dom = $1`, []any{&p.head, &p.heads, &p.floor, &p.epoch}, r.dom)
	if err == nil && !found {
		err = notFound("domain")
	}
	return p, err
}

// Sync implements messages.Reader. Why nothing is missed: numbers are committed
// in order together with their rows, so a snapshot that shows head h shows every
// change up to h and none above; derived rows name the conversations that changed
// up to part.heads, and what they lack is exactly the tail behind it, which is
// read as a whole.
func (l *domainLog) Sync(ctx context.Context, person messages.PersonID, tok string, limit int) (page messages.SyncPage, err error) {
	err = l.snapshot(ctx, func(r *reader) error {
		p, err := r.part()
		if err != nil {
			return err
		}
		page.Token = token(p.epoch, p.head)
		if tok == "" {
			return nil
		}
		epoch, since, ok := parseToken(tok)
		if !ok || epoch != p.epoch || since > p.head || since < p.floor {
			page.Reset = true
			return nil
		}
		y := &syncer{reader: r, part: p, who: pack(l.dom, person), since: since | firstKey(l.dom), limit: count(limit), sides: map[int64]*side{}}
		if err := y.find(); err != nil {
			return err
		}
		last, more := y.cut()
		if more {
			page.Token, page.More = token(p.epoch, last&numberMask), true
		}
		page.Changes, err = y.changes(!more)
		return err
	})
	return page, err
}

// The texts of a synchronisation, whose plans a test pins (TestPlans).
const (
	numbersOfMsg = `SELECT mid FROM msg WHERE conv = $1 AND mid > $2 AND mid <= $3 ORDER BY mid LIMIT $4`
	numbersOfEv  = `SELECT seq FROM ev WHERE conv = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4`
	purgesOfEv   = `SELECT seq, kind FROM ev WHERE conv = 0 AND seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3`
	tailOfMsg    = `SELECT mid, conv FROM msg WHERE mid > $1 AND mid <= $2 ORDER BY mid`
	tailOfEv     = `SELECT seq, conv FROM ev WHERE seq > $1 AND seq <= $2 ORDER BY seq`
	plainSides   = `SELECT c.id, c.kind, c.p1, c.p2, c.title, c.marks, c.members, c.last_seq, c.newest_dlv, c.newest_dlv_ts, c.newest_rd, c.newest_rd_ts,
		m.visible_from, m.left_at, m.role FROM member m LEFT JOIN conv c ON c.id = m.conv WHERE m.person = $1`
	changedSides = ` AND c.last_seq > $2`
)

// syncer finds what concerns a person above a number: first the numbers alone,
// then the rows of those that fit the page.
type syncer struct {
	*reader
	part
	who, since int64
	limit      int
	sides      map[int64]*side // by conversation; nil: not the person's
	entries    []entry
	stop       int64   // the page ends before this key; 0: it may go to the end
	quiet      []*side // changed conversations whose marks are not in the log
}

// source is the table that an entry is in.
type source int8

const (
	ofMsg source = iota
	ofEv
	ofDraft
	ofReadPost
	ofCursor
	ofPurge
)

type entry struct {
	key  int64
	from source
	conv int64
	ref  int64
	data string
	ts   int64
}

func (y *syncer) find() error {
	if err := y.changed(); err != nil {
		return err
	}
	if err := y.private(); err != nil {
		return err
	}
	if err := y.purges(); err != nil {
		return err
	}
	if y.bound() <= y.heads|firstKey(y.dom) {
		return nil // the page is full without the tail
	}
	return y.tail()
}

// changed are the conversations that have something new up to heads.
func (y *syncer) changed() error {
	list, err := y.sidesPlain(changedSides, y.since)
	if err != nil {
		return err
	}
	for i := range list {
		s := &list[i]
		y.sides[s.id] = s
		if err := y.numbers(s); err != nil {
			return err
		}
		if err := y.ownCursor(s); err != nil {
			return err
		}
	}
	return nil
}

// sidesPlain are rows of the person without marks.
func (y *syncer) sidesPlain(where string, args ...any) (list []side, err error) {
	err = y.query(plainSides+where, func(scan func(...any) error) error {
		var s side
		h := &s.head
		err := scan(&s.id, &s.kind, &s.p1, &s.p2, &s.title, &s.marksRule, &s.count, &h.seq, &h.newestDlv, &h.newestDlvT, &h.newestRd, &h.newestRdT,
			&s.visibleFrom, &s.leftAt, &s.role)
		list = append(list, s)
		return err
	}, append([]any{y.who}, args...)...)
	return list, err
}

// numbers are those of one conversation: of what the person may see.
func (y *syncer) numbers(s *side) error {
	above := max(y.since, s.visibleFrom)
	below := min(y.heads|firstKey(y.dom), s.upTo(y.dom), y.bound())
	for _, q := range [...]struct {
		text string
		from source
	}{
		{numbersOfMsg, ofMsg},
		{numbersOfEv, ofEv},
	} {
		err := y.query(q.text, func(scan func(...any) error) error {
			e := entry{from: q.from, conv: s.id}
			err := scan(&e.key)
			y.entries = append(y.entries, e)
			return err
		}, s.id, above, below, int64(y.limit+1))
		if err != nil {
			return err
		}
	}
	y.trim()
	return nil
}

// trim keeps no more than can be in the page; the rest only shows that there is
// more.
func (y *syncer) trim() {
	if len(y.entries) > 8*(y.limit+1) {
		y.sort()
		y.entries = y.entries[:y.limit+1]
	}
}

func (y *syncer) sort() {
	slices.SortFunc(y.entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
}

// bound is the number above which nothing can be in the page any more.
func (y *syncer) bound() int64 {
	if len(y.entries) <= y.limit {
		return lastKey(y.dom)
	}
	y.sort()
	return y.entries[y.limit].key
}

// ownCursor is the person's own mark where the log has no moves.
func (y *syncer) ownCursor(s *side) error {
	g := conv{kind: s.kind, setup: setup{marks: s.marksRule, count: s.count}}
	if g.logged() || s.left() {
		return nil
	}
	y.quiet = append(y.quiet, s)
	e := entry{from: ofCursor, conv: s.id}
	found, err := y.one(`SELECT seq, rd_mid, rd_ts FROM cursor WHERE conv = $1 AND person = $2 AND seq > $3`, []any{&e.key, &e.ref, &e.ts}, s.id, y.who, y.since)
	if found {
		y.entries = append(y.entries, e)
	}
	return err
}

// private are drafts and what was read of topics.
func (y *syncer) private() error {
	err := y.query(`SELECT seq, conv, body, ts FROM draft WHERE person = $1 AND seq > $2`, func(scan func(...any) error) error {
		e := entry{from: ofDraft}
		err := scan(&e.key, &e.conv, &e.data, &e.ts)
		y.entries = append(y.entries, e)
		return err
	}, y.who, y.since)
	if err != nil {
		return err
	}
	return y.query(`SELECT seq, mid FROM readpost WHERE person = $1 AND seq > $2`, func(scan func(...any) error) error {
		e := entry{from: ofReadPost}
		err := scan(&e.key, &e.ref)
		y.entries = append(y.entries, e)
		return err
	}, y.who, y.since)
}

// tail reads what is behind heads, of all conversations, and keeps the person's.
func (y *syncer) tail() error {
	from := max(y.since, y.heads|firstKey(y.dom))
	var found []entry
	for _, q := range [...]struct {
		text string
		from source
	}{
		{tailOfMsg, ofMsg},
		{tailOfEv, ofEv},
	} {
		err := y.query(q.text, func(scan func(...any) error) error {
			e := entry{from: q.from}
			err := scan(&e.key, &e.conv)
			if e.conv != 0 {
				found = append(found, e)
			}
			return err
		}, from, y.head|firstKey(y.dom))
		if err != nil {
			return err
		}
	}
	if err := y.belong(found); err != nil {
		return err
	}
	for _, e := range found {
		if s := y.sides[e.conv]; s != nil && e.key > s.visibleFrom && e.key <= s.upTo(y.dom) {
			y.entries = append(y.entries, e)
		}
	}
	return nil
}

// belong learns which conversations of the tail are the person's.
func (y *syncer) belong(found []entry) error {
	unknown := map[int64]bool{}
	for _, e := range found {
		if y.sides[e.conv] == nil {
			unknown[e.conv] = true
		}
	}
	if len(unknown) > 100 { // one question instead of many
		list, err := y.sidesPlain(``)
		for i := range list {
			if unknown[list[i].id] {
				y.sides[list[i].id] = &list[i]
			}
		}
		return err
	}
	for id := range unknown {
		list, err := y.sidesPlain(` AND m.conv = $2`, id)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			y.sides[id] = &list[0]
		}
	}
	return nil
}

// cut ends the page at the limit, or before stop, and returns its last number.
func (y *syncer) cut() (last int64, more bool) {
	y.sort()
	if y.stop != 0 {
		below, _ := slices.BinarySearchFunc(y.entries, y.stop, func(e entry, key int64) int { return cmp.Compare(e.key, key) })
		if below <= y.limit {
			y.entries = y.entries[:below]
			return y.stop - 1, true
		}
	}
	if len(y.entries) <= y.limit {
		return 0, false
	}
	y.entries = y.entries[:y.limit]
	return y.entries[y.limit-1].key, true
}

// changes reads the rows of the entries.
func (y *syncer) changes(whole bool) ([]messages.Change, error) {
	var mids, seqs, convs []int64
	for _, e := range y.entries {
		switch e.from {
		case ofMsg:
			mids = append(mids, e.key)
		case ofEv, ofPurge:
			seqs = append(seqs, e.key)
		}
		if e.conv != 0 && y.sides[e.conv] == nil {
			convs = append(convs, e.conv) // of drafts
		}
	}
	for _, id := range convs {
		if list, err := y.sidesPlain(` AND m.conv = $2`, id); err != nil {
			return nil, err
		} else if len(list) > 0 {
			y.sides[id] = &list[0]
		}
	}
	events, edited, err := y.events(seqs)
	if err != nil {
		return nil, err
	}
	found, err := y.messages(append(mids, edited...), y.who)
	if err != nil {
		return nil, err
	}
	purged, err := y.purged(events)
	if err != nil {
		return nil, err
	}
	out := make([]messages.Change, 0, len(y.entries))
	for _, e := range y.entries {
		if e.from == ofPurge {
			out = append(out, purged[e.key]...)
		} else if c, ok := y.change(e, events, found); ok {
			out = append(out, c)
		}
	}
	if whole {
		out = append(out, y.newest()...)
	}
	return out, nil
}

// events reads changes by their numbers, and which messages they have changed.
func (r *reader) events(seqs []int64) (map[int64]messages.Change, []int64, error) {
	found := map[int64]messages.Change{}
	var edited []int64
	err := r.in(`SELECT e.seq, e.conv, e.kind, e.ref, e.person, e.role, e.ts, e.data, COALESCE(p.guid, ''), COALESCE(p.sip, ''), COALESCE(p.name, '')
		FROM ev e LEFT JOIN person p ON p.id = e.person WHERE e.seq IN `, ``, seqs, func(scan func(...any) error) error {
		c, key, err := scanChange(scan)
		found[key] = c
		if c.Kind == messages.Edited {
			edited = append(edited, pack(r.dom, c.Ref))
		}
		return err
	})
	return found, edited, err
}

func scanChange(scan func(...any) error) (c messages.Change, key int64, err error) {
	var conv, ref, who int64
	err = scan(&key, &conv, &c.Kind, &ref, &who, &c.Role, &c.Time, &c.Data, &c.Person.GUID, &c.Person.SIP, &c.Person.Name)
	c.N, c.Conv, c.Ref = unpack[messages.Number](key), unpack[messages.ConvID](conv), unpack[messages.Number](ref)
	c.Person.ID = unpack[messages.PersonID](who)
	return c, key, err
}

// messages reads messages by their numbers, as they are now.
func (r *reader) messages(keys []int64, who int64) (map[int64]*messages.Message, error) {
	var list []row
	seen := map[int64]bool{}
	err := r.in(`SELECT `+msgCols+`, COALESCE(c.kind, 0), COALESCE(c.p1, 0), COALESCE(c.p2, 0)`+fromMsg+`LEFT JOIN conv c ON c.id = m.conv WHERE m.mid IN `, ``, keys,
		func(scan func(...any) error) error {
			var s side
			w, err := scanMsg(scan, &s.kind, &s.p1, &s.p2)
			if err != nil || seen[w.key] || w.over(r.now) {
				return err
			}
			seen[w.key] = true
			w.ConvIs, w.Owner, w.With = s.kind, unpack[messages.PersonID](s.p1), unpack[messages.PersonID](s.p2)
			if who != 0 {
				w.With = s.chat(who).With
			}
			list = append(list, w)
			return nil
		})
	if err == nil {
		err = r.complete(list, who)
	}
	found := make(map[int64]*messages.Message, len(list))
	for i := range list {
		found[list[i].key] = &list[i].Message
	}
	return found, err
}

// change is an entry in the eyes of the person; false where it is not to be told.
func (y *syncer) change(e entry, events map[int64]messages.Change, found map[int64]*messages.Message) (c messages.Change, ok bool) {
	s := y.sides[e.conv]
	switch e.from {
	case ofMsg:
		m := found[e.key]
		if m == nil {
			return c, false
		}
		c = messages.Change{N: m.ID, Kind: messages.Posted, Conv: m.Conv, Message: m, Ref: m.ID, Person: m.Author, Time: m.Time}
	case ofEv:
		c = events[e.key]
		if s != nil && ofMessage(c.Kind) && pack(y.dom, c.Ref) <= s.visibleFrom {
			return c, false
		}
		if c.Kind == messages.Edited {
			c.Message = found[pack(y.dom, c.Ref)]
		}
	case ofDraft:
		c = messages.Change{N: unpack[messages.Number](e.key), Kind: messages.Drafted, Conv: unpack[messages.ConvID](e.conv), Data: e.data, Time: e.ts}
	case ofReadPost:
		c = messages.Change{N: unpack[messages.Number](e.key), Kind: messages.ReadPost, Ref: unpack[messages.Number](e.ref)}
	case ofCursor:
		c = messages.Change{N: unpack[messages.Number](e.key), Kind: messages.Read, Conv: unpack[messages.ConvID](e.conv), Ref: unpack[messages.Number](e.ref), Time: e.ts}
	}
	if e.from >= ofDraft {
		c.Person.ID = unpack[messages.PersonID](y.who)
	}
	if s != nil {
		c.Chat = s.chat(y.who)
	}
	return c, true
}

// ofMessage says whether Ref of a change is a message.
func ofMessage(k messages.ChangeKind) bool {
	switch k {
	case messages.GroupSet, messages.GroupGone, messages.MemberSet, messages.TopicSet:
		return false
	}
	return true
}

// newest are the furthest marks of conversations whose log has no single ones:
// without a person.
func (y *syncer) newest() (out []messages.Change) {
	for _, s := range y.quiet {
		h := &s.head
		for _, n := range [...]struct {
			kind    messages.ChangeKind
			mid, ts int64
		}{{messages.Delivered, h.newestDlv, h.newestDlvT}, {messages.Read, h.newestRd, h.newestRdT}} {
			if n.mid > s.visibleFrom {
				out = append(out, messages.Change{
					N: unpack[messages.Number](h.seq), Kind: n.kind, Conv: unpack[messages.ConvID](s.id), Chat: s.chat(y.who),
					Ref: unpack[messages.Number](n.mid), Time: n.ts,
				})
			}
		}
	}
	return out
}

// Tail implements messages.Reader.
func (l *domainLog) Tail(ctx context.Context, after messages.Number, limit int) (page messages.TailPage, err error) {
	limit = count(limit)
	err = l.snapshot(ctx, func(r *reader) error {
		p, err := r.part()
		if err != nil {
			return err
		}
		page.Floor = messages.Number(p.floor)
		y := &syncer{reader: r, part: p, limit: limit, sides: map[int64]*side{}}
		if err := y.everything(firstKey(l.dom) | int64(after)); err != nil {
			return err
		}
		last, more := y.cut()
		page.Next, page.More = max(messages.Number(p.head), after), more
		if more {
			page.Next = unpack[messages.Number](last)
		}
		page.Changes, err = y.changes(false)
		return err
	})
	return page, err
}

// everything above a number, one more than the limit.
func (y *syncer) everything(above int64) error {
	for _, q := range [...]struct {
		text string
		from source
	}{
		{`SELECT mid, conv FROM msg WHERE mid > $1 AND mid <= $2 ORDER BY mid LIMIT $3`, ofMsg},
		{`SELECT seq, conv FROM ev WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3`, ofEv},
	} {
		err := y.query(q.text, func(scan func(...any) error) error {
			e := entry{from: q.from}
			err := scan(&e.key, new(int64))
			y.entries = append(y.entries, e)
			return err
		}, above, y.head|firstKey(y.dom), int64(y.limit+1))
		if err != nil {
			return err
		}
	}
	return nil
}
