package sqlstore

import (
	"context"

	"github.com/tandem-switch/tandem/internal/messages"
)

// erase deletes one batch of what a person has written, and in the end the person.
func (b *batch) erase(op *messages.Erase) (r messages.Result, err error) {
	p := b.find(op.Person)
	if p == nil {
		return r, b.notFound("person")
	}
	if !b.loadHolds() {
		return r, b.err
	}
	held, err := b.l.st.holds.keepAuthor(b.ask, p.id)
	switch {
	case err != nil:
		return r, err
	case held:
		return r, errErasureHeld
	}
	r.By, r.Time, r.Changed = unpack[messages.PersonID](p.id), b.now, true
	drop, keys := b.written(p.id)
	if len(keys) == 0 {
		drop = b.ownRows(p.id)
	}
	files, bytes := b.purgeRows(drop)
	for _, h := range keys {
		b.put(`DELETE FROM idem WHERE author = $1 AND h = $2`, p.id, h)
	}
	pd := messages.Purged{Files: files, Count: int64(len(drop)), FileRefs: int64(len(files)), Bytes: bytes}
	for i := range drop {
		pd.Messages = append(pd.Messages, drop[i].ID)
		if c := b.convByID(drop[i].conv); c != nil {
			b.event(c, messages.Deleted, drop[i].key, 0, 0, "")
		}
	}
	if len(drop) > 0 {
		r.N = unpack[messages.Number](b.event(nil, messages.PurgedRows, 0, 0, 0, purgedJSON(messages.Purged{Messages: pd.Messages, Files: files})))
	}
	r.Purged = &pd
	if r.More = len(keys) > 0 || len(drop) > 0; !r.More {
		r.N = unpack[messages.Number](b.erasePerson(p))
	}
	return r, b.err
}

// errErasureHeld refuses an erasure.
var errErasureHeld = messages.Errorf(messages.NotAllowed, "A legal hold keeps what this person has written.")

// keepAuthor says whether a hold keeps the person, or something that the person has
// written elsewhere.
func (h *holds) keepAuthor(ask asking, author int64) (held bool, err error) {
	if h.people[author] {
		return true, nil
	}
	for conv := range h.convs {
		err := ask(`SELECT 1 FROM msg WHERE conv = $1 AND author = $2 LIMIT 1`, func(scan func(...any) error) error {
			held = true
			return scan(new(int64))
		}, conv, author)
		if err != nil || held {
			return held, err
		}
	}
	return false, nil
}

// erased are the messages that written and ownRows find, in the end. The keys of those
// behind heads ($2, up to $3) may not be in idem yet.
const erased = `(SELECT m.mid FROM idem i JOIN msg m ON m.mid = i.mid WHERE i.author = $1
	UNION SELECT m.mid FROM msg m WHERE m.mid > $2 AND m.mid <= $3 AND m.author = $1
	UNION SELECT m.mid FROM conv c JOIN msg m ON m.conv = c.id WHERE c.p1 = $1 AND c.kind = 2)`

// DryErase implements messages.Retained.
func (l *domainLog) DryErase(ctx context.Context, ref messages.Ref) (p messages.Purged, err error) {
	who, err := l.Person(ctx, ref)
	if err != nil {
		return p, err
	}
	id := pack(l.dom, who.ID)
	err = l.snapshot(ctx, func(r *reader) error {
		h, err := readHolds(r.query, l.dom)
		if err != nil {
			return err
		}
		held, err := h.keepAuthor(r.query, id)
		switch {
		case err != nil:
			return err
		case held:
			return errErasureHeld
		}
		part, err := r.part()
		if err != nil {
			return err
		}
		args := []any{id, firstKey(l.dom) | part.heads, lastKey(l.dom)}
		if _, err := r.one(`SELECT count(*) FROM `+erased+` e`, []any{&p.Count}, args...); err != nil {
			return err
		}
		_, err = r.one(`SELECT count(*), COALESCE(sum(f.size), 0) FROM `+erased+` e JOIN fileref f ON f.mid = e.mid`, []any{&p.FileRefs, &p.Bytes}, args...)
		return err
	})
	return p, err
}

// written are messages of an author, with their keys in idem.
func (b *batch) written(author int64) (list []row, keys []int64) {
	b.writeKeys()
	b.query(`SELECT i.h, `+msgCols+` FROM idem i LEFT JOIN msg m ON m.mid = i.mid LEFT JOIN person a ON a.id = m.author WHERE i.author = $1 AND m.mid IS NOT NULL LIMIT $2`,
		func(scan func(...any) error) error {
			var h int64
			w, err := scanMsg(func(dest ...any) error { return scan(append([]any{&h}, dest...)...) })
			list, keys = append(list, w), append(keys, h)
			return err
		}, author, int64(messages.PurgeBatch))
	return list, keys
}

// ownRows are messages of others in the person's own conversations.
func (b *batch) ownRows(owner int64) (list []row) {
	b.query(`SELECT `+msgCols+` FROM conv c JOIN msg m ON m.conv = c.id LEFT JOIN person a ON a.id = m.author
		WHERE c.p1 = $1 AND c.kind = 2 LIMIT $2`, func(scan func(...any) error) error {
		w, err := scanMsg(scan)
		list = append(list, w)
		return err
	}, owner, int64(messages.PurgeBatch))
	return list
}

// erasePerson deletes everything else. The row stays, without names, so that the
// number is never given again and reactions of others keep their count.
func (b *batch) erasePerson(p *person) int64 {
	var groups []int64
	b.query(`SELECT m.conv FROM member m JOIN conv c ON c.id = m.conv WHERE m.person = $1 AND c.kind = 3 AND m.left_at = 0`, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		groups = append(groups, id)
		return err
	}, p.id)
	var r messages.Result
	for _, id := range groups {
		c := b.convByID(id)
		if c == nil {
			continue
		}
		if m := b.memberOf(c, p.id); m.here() {
			b.leave(c, p, m, messages.Left, &r)
			b.successor(c, &r)
			b.saveCount(c)
		}
	}
	b.writeKeys()
	seq := b.event(nil, messages.PersonErased, 0, p.id, 0, "")
	for _, text := range []string{
		`DELETE FROM draft WHERE person = $1`, `DELETE FROM readpost WHERE person = $1`, `DELETE FROM liked WHERE person = $1`,
		`DELETE FROM idem WHERE author = $1`, `DELETE FROM bcast WHERE author = $1`,
		`UPDATE person SET guid = '', sip = '', sip_key = '', name = '' WHERE id = $1`,
	} {
		b.put(text, p.id)
	}
	b.structural()
	st := &b.l.st
	st.byID, st.byGUID, st.bySIP = map[int64]*person{}, map[string]*person{}, map[string]*person{}
	return seq
}
