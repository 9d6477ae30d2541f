package sqlstore

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/internal/messages"
)

// doPurge does what makes rows disappear.
func (b *batch) doPurge(op messages.Op) (messages.Result, error) {
	switch op := op.(type) {
	case *messages.Purge:
		if op.Log != 0 {
			return b.forget(op)
		}
		return b.purge(op)
	case *messages.SetHold:
		return b.setHold(op)
	case *messages.Erase:
		return b.erase(op)
	}
	return messages.Result{}, refuse(messages.BadParameter, "There is no such operation.")
}

// candidate is a message that a rule may delete.
type candidate struct {
	row
	c side
}

// asking is what both a batch and a reader can do.
type asking func(text string, each func(scan func(...any) error) error, args ...any) error

// candidates are the next messages that a rule names, without regard to holds;
// last is how far it looked, more whether there may be others behind.
func candidates(ask asking, dom int64, op *messages.Purge, after int64, limit int) (list []candidate, last int64, more bool, err error) {
	below := lastKey(dom)
	if op.Before != 0 {
		// The first message of the first hour that began after that time.
		err = ask(`SELECT mid FROM tick WHERE hour > $1 AND hour <= $2 ORDER BY hour LIMIT 1`, func(scan func(...any) error) error { return scan(&below) },
			pack(dom, op.Before/3_600_000), lastKey(dom))
		if err != nil {
			return nil, 0, false, err
		}
	}
	text, args := candidateText(dom, op, after, below, limit)
	seen := 0
	err = ask(text, func(scan func(...any) error) error {
		var w candidate
		var err error
		w.row, err = scanMsg(scan, &w.c.kind, &w.c.p1, &w.c.p2)
		w.c.id = w.conv
		seen++
		last = w.key
		if (len(op.Kinds) == 0 || slices.Contains(op.Kinds, w.c.kind)) && !slices.Contains(op.Except, w.Conv) {
			list = append(list, w)
		}
		return err
	}, args...)
	return list, last, seen == limit, err
}

func candidateText(dom int64, op *messages.Purge, after, below int64, limit int) (string, []any) {
	var b strings.Builder
	b.WriteString(`SELECT ` + msgCols + `, COALESCE(c.kind, 0), COALESCE(c.p1, 0), COALESCE(c.p2, 0)` + fromMsg + `LEFT JOIN conv c ON c.id = m.conv WHERE m.mid > $1 AND m.mid < $2`)
	args := []any{after, below}
	and := func(text string, arg int64) {
		args = append(args, arg)
		b.WriteString(text + itoa(len(args)))
	}
	if op.Conv != 0 {
		and(` AND m.conv = $`, pack(dom, op.Conv))
	}
	if op.Before != 0 {
		and(` AND m.ts < $`, op.Before)
	} else {
		and(` AND m.expires > 0 AND m.expires <= $`, op.Expired)
	}
	if op.Files {
		b.WriteString(` AND EXISTS (SELECT 1 FROM fileref f WHERE f.mid = m.mid)`)
	}
	and(` ORDER BY m.mid LIMIT $`, int64(limit))
	return b.String(), args
}

// ask is query in the form that readers have too.
func (b *batch) ask(text string, each func(scan func(...any) error) error, args ...any) error {
	b.query(text, each, args...)
	return b.err
}

// purge deletes one batch of messages, or of file references.
func (b *batch) purge(op *messages.Purge) (r messages.Result, err error) {
	if !b.loadHolds() {
		return r, b.err
	}
	list, last, more, err := candidates(b.ask, b.l.dom, op, firstKey(b.l.dom)|int64(op.After), messages.PurgeBatch)
	if err != nil {
		return r, err
	}
	p := messages.Purged{}
	var drop []row
	for i := range list {
		if w := &list[i]; b.l.st.holds.keep(&w.c, pack(b.l.dom, w.Author.ID), b.isMember) {
			p.Held++
		} else {
			drop = append(drop, w.row)
		}
	}
	if b.err != nil {
		return r, b.err
	}
	kind := messages.PurgedRows
	for i := range drop {
		p.Messages = append(p.Messages, drop[i].ID)
	}
	if op.Files {
		kind = messages.FilesDropped
		p.Files, p.Bytes = b.dropFiles(drop)
	} else {
		p.Files, p.Bytes = b.purgeRows(drop)
		if op.Expired != 0 {
			b.tellExpired(drop)
		}
	}
	if len(drop) > 0 {
		told := messages.Purged{Messages: p.Messages, Files: p.Files}
		if kind == messages.PurgedRows && op.Expired == 0 { // those that expired were told one by one
			for i := range drop {
				told.Convs = append(told.Convs, drop[i].Conv)
			}
		}
		b.event(nil, kind, 0, 0, 0, purgedJSON(told))
	}
	p.Count, p.FileRefs = int64(len(drop)), int64(len(p.Files))
	r.N, r.Time, r.More, r.Changed, r.Purged = unpack[messages.Number](last), b.now, more, len(drop) > 0, &p
	return r, b.err
}

func purgedJSON(p messages.Purged) string {
	text, _ := json.Marshal(p) // numbers never fail
	return string(text)
}

func (b *batch) isMember(conv, person int64) bool {
	c := b.convByID(conv)
	return c != nil && b.memberOf(c, person) != nil
}

// tellExpired tells the participants.
func (b *batch) tellExpired(rows []row) {
	for i := range rows {
		if c := b.convByID(rows[i].conv); c != nil {
			b.event(c, messages.Expired, rows[i].key, 0, 0, "")
		}
	}
}

// purgeRows deletes messages for good, also the keys of their senders. Ordinals
// that somebody has not read yet are buried.
func (b *batch) purgeRows(rows []row) (files []int64, bytes int64) {
	b.writeKeys()               // or they come later than they go
	unread := map[int64]int64{} // conversation: everybody has read up to here
	for i := range rows {
		w := &rows[i]
		if _, ok := unread[w.conv]; !ok {
			read := int64(0)
			b.query(`SELECT COALESCE(min(rd), 0) FROM cursor WHERE conv = $1`, func(scan func(...any) error) error { return scan(&read) }, w.conv)
			unread[w.conv] = read
			b.put(`DELETE FROM tomb WHERE conv = $1 AND n <= $2`, w.conv, read)
		}
		if w.N > unread[w.conv] {
			b.bury(w)
		}
		b.put(`DELETE FROM idem WHERE author = $1 AND h = $2 AND mid = $3`, pack(b.l.dom, w.Author.ID), keyOf(w.CID, w.key), w.key)
	}
	return b.dropRows(rows)
}

// dropRows deletes messages and what belongs to them, and returns the references
// of files that are gone, and their bytes.
func (b *batch) dropRows(rows []row) (files []int64, bytes int64) {
	files, bytes = b.dropFiles(rows)
	for i := range rows {
		w := &rows[i]
		b.put(`DELETE FROM msg WHERE mid = $1`, w.key)
		if w.bits&hasReactions != 0 {
			b.put(`DELETE FROM react WHERE mid = $1`, w.key)
		}
		if w.bits&isPinned != 0 {
			b.put(`DELETE FROM pin WHERE conv = $1 AND mid = $2`, w.conv, w.key)
		}
		if w.bits&isPost != 0 {
			b.put(`DELETE FROM post WHERE mid = $1`, w.key)
			b.put(`DELETE FROM liked WHERE mid = $1`, w.key)
		}
	}
	return files, bytes
}

// dropFiles deletes the file references of messages.
func (b *batch) dropFiles(rows []row) (files []int64, bytes int64) {
	var hashes []string
	for i := range rows {
		if rows[i].bits&hasFiles == 0 {
			continue
		}
		b.query(`SELECT id, size, hash FROM fileref WHERE mid = $1 ORDER BY id`, func(scan func(...any) error) error {
			var id, size int64
			var hash string
			err := scan(&id, &size, &hash)
			files, bytes, hashes = append(files, id&numberMask), bytes+size, append(hashes, hash)
			return err
		}, rows[i].key)
	}
	b.loosen(hashes)
	for i := range rows {
		if rows[i].bits&hasFiles != 0 {
			b.put(`DELETE FROM fileref WHERE mid = $1`, rows[i].key)
			b.put(`UPDATE msg SET bits = $1 WHERE mid = $2`, rows[i].bits&^hasFiles, rows[i].key)
		}
	}
	return files, bytes
}

// forgetBatch is how many changes one batch forgets.
const forgetBatch = 5000

// forget raises the floor: changes up to a number are deleted.
func (b *batch) forget(op *messages.Purge) (r messages.Result, err error) {
	b.use(b.l)
	to := min(int64(op.Log), b.l.st.heads)
	last := firstKey(b.l.dom) | to
	n := 0
	b.query(`SELECT seq FROM ev WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3`, func(scan func(...any) error) error {
		var seq int64
		err := scan(&seq)
		if n++; n == forgetBatch {
			last, r.More = seq, true
		}
		return err
	}, firstKey(b.l.dom), last, int64(forgetBatch))
	b.put(`DELETE FROM ev WHERE seq > $1 AND seq <= $2`, firstKey(b.l.dom), last)
	b.put(`UPDATE part SET floor = $1 WHERE dom = $2 AND floor < $1`, last&numberMask, b.l.dom)
	r.N, r.Time, r.Changed, r.Purged = unpack[messages.Number](last), b.now, n > 0, &messages.Purged{Count: int64(n)}
	return r, b.err
}

// holds are the legal holds of a domain.
type holds struct{ people, convs map[int64]bool }

func (b *batch) loadHolds() bool {
	if b.l.st.holds != nil {
		return true
	}
	h, err := readHolds(b.ask, b.l.dom)
	if err == nil {
		b.l.st.holds = h
	}
	return err == nil
}

func readHolds(ask asking, dom int64) (*holds, error) {
	h := &holds{people: map[int64]bool{}, convs: map[int64]bool{}}
	err := ask(`SELECT person, conv FROM hold WHERE person > $1 AND person <= $2 OR conv > $1 AND conv <= $2`, func(scan func(...any) error) error {
		var person, conv int64
		err := scan(&person, &conv)
		if person != 0 {
			h.people[person] = true
		} else {
			h.convs[conv] = true
		}
		return err
	}, firstKey(dom), lastKey(dom))
	return h, err
}

// keep is the one place that says whether a legal hold keeps a message: of a
// person, or of a conversation, or of one that a person on hold takes part in.
func (h *holds) keep(c *side, author int64, member func(conv, person int64) bool) bool {
	switch {
	case h.convs[c.id] || h.people[author]:
		return true
	case c.kind != messages.GroupConv:
		return h.people[c.p1] || h.people[c.p2]
	}
	for person := range h.people {
		if member(c.id, person) {
			return true
		}
	}
	return false
}

// held asks keep for one message.
func (b *batch) held(conv, author int64) bool {
	if !b.loadHolds() {
		return true
	}
	c := b.convByID(conv)
	if c == nil {
		return false
	}
	return b.l.st.holds.keep(&side{id: c.id, kind: c.kind, p1: c.p1, p2: c.p2}, author, b.isMember)
}

func (b *batch) setHold(op *messages.SetHold) (r messages.Result, err error) {
	var person, conv int64
	if op.Conv != 0 {
		if c := b.convByID(pack(b.l.dom, op.Conv)); c != nil {
			conv = c.id
		}
	} else if p := b.find(op.Person); p != nil {
		person = p.id
	}
	if person == 0 && conv == 0 {
		return r, b.notFound("person or conversation")
	}
	b.l.st.holds = nil
	if !op.On {
		r.Changed = b.exec(`DELETE FROM hold WHERE person = $1 AND conv = $2`, person, conv) > 0
		return r, b.err
	}
	b.put(`INSERT INTO hold (person, conv, since, note) VALUES ($1, $2, $3, $4) ON CONFLICT (person, conv) DO UPDATE SET note = excluded.note`,
		person, conv, b.now, op.Note)
	r.Changed, r.Time = true, b.now
	return r, b.err
}

// Dry implements messages.Reader.
func (l *domainLog) Dry(ctx context.Context, op *messages.Purge) (p messages.Purged, err error) {
	err = l.read(ctx, func(r *reader) error {
		if op.Log != 0 {
			_, err := r.one(`SELECT count(*) FROM ev WHERE seq > $1 AND seq <= $2`, []any{&p.Count}, firstKey(l.dom), firstKey(l.dom)|int64(op.Log))
			return err
		}
		h, err := readHolds(r.query, l.dom)
		if err != nil {
			return err
		}
		isMember := func(conv, person int64) bool {
			var n int64
			_, failed := r.one(`SELECT count(*) FROM member WHERE person = $1 AND conv = $2`, []any{&n}, person, conv)
			return n > 0 || failed != nil
		}
		after := firstKey(l.dom) | int64(op.After)
		for more := true; more; {
			var list []candidate
			if list, after, more, err = candidates(r.query, l.dom, op, after, messages.PurgeBatch); err != nil {
				return err
			}
			if err := r.countDry(h, list, isMember, &p); err != nil {
				return err
			}
		}
		return nil
	})
	return p, err
}

func (r *reader) countDry(h *holds, list []candidate, isMember func(conv, person int64) bool, p *messages.Purged) error {
	var files []int64
	for i := range list {
		w := &list[i]
		if h.keep(&w.c, pack(r.dom, w.Author.ID), isMember) {
			p.Held++
			continue
		}
		p.Count++
		if w.bits&hasFiles != 0 {
			files = append(files, w.key)
		}
	}
	seen := map[int64]bool{}
	return r.in(`SELECT id, size FROM fileref WHERE mid IN `, ``, files, func(scan func(...any) error) error {
		var id, size int64
		err := scan(&id, &size)
		if !seen[id] {
			seen[id] = true
			p.FileRefs++
			p.Bytes += size
		}
		return err
	})
}

// Holds implements messages.Reader.
func (l *domainLog) Holds(ctx context.Context) (list []messages.HoldRow, err error) {
	err = l.read(ctx, func(r *reader) error {
		return r.query(`SELECT person, conv, since, note FROM hold WHERE person > $1 AND person <= $2 OR conv > $1 AND conv <= $2 ORDER BY since, person, conv`,
			func(scan func(...any) error) error {
				var h messages.HoldRow
				var person, conv int64
				err := scan(&person, &conv, &h.Since, &h.Note)
				h.Person, h.Conv = unpack[messages.PersonID](person), unpack[messages.ConvID](conv)
				list = append(list, h)
				return err
			}, firstKey(l.dom), lastKey(l.dom))
	})
	return list, err
}
