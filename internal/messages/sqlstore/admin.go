package sqlstore

import (
	"context"
	"strings"

	"github.com/tandem-switch/tandem/internal/messages"
)

// domainTables are all tables with the first column of their keys, by which the
// rows of a domain are found.
var domainTables = [...]struct{ name, key string }{
	{"person", "id"}, {"conv", "id"}, {"member", "person"}, {"cursor", "conv"}, {"msg", "mid"}, {"ev", "seq"}, {"tomb", "conv"},
	{"idem", "author"}, {"react", "mid"}, {"pin", "conv"}, {"draft", "person"}, {"fileref", "id"}, {"buffer", "id"}, {"post", "mid"}, {"liked", "mid"},
	{"readpost", "person"}, {"bcast", "id"}, {"bcastmsg", "bcast"}, {"tick", "hour"}, {"hold", "person"}, {"hold", "conv"},
	{"rule", "id"},
}

// dropBatch is how many rows of a dropped domain one commit deletes.
const dropBatch = 5000

// Drop implements messages.Store.
func (s *Store) Drop(ctx context.Context, domain string) error {
	name := strings.ToLower(domain)
	var dom int64
	err := s.w.admin(ctx, func(b *batch) error {
		dom = 0
		b.query(`SELECT dom FROM part WHERE name = $1`, func(scan func(...any) error) error { return scan(&dom) }, name)
		if dom == 0 && b.err == nil {
			return messages.Errorf(messages.NotFound, "There is no domain of this name.")
		}
		gone := "#" + itoa(int(dom))
		b.put(`UPDATE part SET name = $1 WHERE dom = $2`, gone, dom)
		b.after = append(b.after, func() {
			s.renamed(dom, name, gone)
			s.mu.Lock()
			l := s.byDom[dom]
			s.mu.Unlock()
			if l != nil {
				l.st = state{}
			}
		})
		return b.err
	})
	if err != nil {
		return err
	}
	for _, t := range domainTables {
		for more := true; more; {
			if err := s.w.admin(ctx, func(b *batch) error {
				more = b.dropSome(t.name, t.key, dom)
				return b.err
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropSome deletes some rows of a domain from a table and reports whether there
// are more.
func (b *batch) dropSome(table, key string, dom int64) bool {
	last, more := lastKey(dom), false
	b.query(`SELECT `+key+` FROM `+table+` WHERE `+key+` >= $1 AND `+key+` <= $2 ORDER BY `+key+` LIMIT 1 OFFSET $3`, func(scan func(...any) error) error {
		more = true
		return scan(&last)
	}, firstKey(dom), lastKey(dom), int64(dropBatch))
	if table == "fileref" || table == "buffer" {
		var hashes []string
		b.query(`SELECT DISTINCT hash FROM `+table+` WHERE `+key+` >= $1 AND `+key+` <= $2`, func(scan func(...any) error) error {
			var hash string
			err := scan(&hash)
			hashes = append(hashes, hash)
			return err
		}, firstKey(dom), last)
		b.loosen(hashes)
	}
	b.put(`DELETE FROM `+table+` WHERE `+key+` >= $1 AND `+key+` <= $2`, firstKey(dom), last)
	return more
}

// Conversations implements messages.Reader.
func (l *domainLog) Conversations(ctx context.Context, after messages.ConvID, limit int) (list []messages.ConvRow, err error) {
	err = l.read(ctx, func(r *reader) error {
		return r.query(`SELECT c.id, c.kind, c.p1, c.title, c.last_n, c.last_ts, c.last_mid, c.last_seq,
			COALESCE(p.id, 0), COALESCE(p.guid, ''), COALESCE(p.sip, ''), COALESCE(p.name, ''), COALESCE(q.id, 0), COALESCE(q.guid, ''), COALESCE(q.sip, ''), COALESCE(q.name, '')
			FROM conv c LEFT JOIN person p ON p.id = c.p1 AND c.kind <> 3 LEFT JOIN person q ON q.id = c.p2
			WHERE c.id > $1 AND c.id <= $2 ORDER BY c.id LIMIT $3`, func(scan func(...any) error) error {
			var w messages.ConvRow
			var id, p1 int64
			var h convHead
			var people [2]messages.Person
			var ids [2]int64
			err := scan(&id, &w.Kind, &p1, &w.Title, &h.n, &h.ts, &h.mid, &h.seq,
				&ids[0], &people[0].GUID, &people[0].SIP, &people[0].Name, &ids[1], &people[1].GUID, &people[1].SIP, &people[1].Name)
			l.overlay.head(id, &h)
			w.ID, w.Messages, w.Time = unpack[messages.ConvID](id), h.n, h.ts
			for i, p := range people {
				if p.ID = unpack[messages.PersonID](ids[i]); ids[i] != 0 {
					w.People = append(w.People, p)
				}
			}
			list = append(list, w)
			return err
		}, firstKey(l.dom)|int64(after), lastKey(l.dom), int64(count(limit)))
	})
	return list, err
}

// ConversationOf implements messages.Reader.
func (l *domainLog) ConversationOf(ctx context.Context, person messages.PersonID, chat messages.Chat, own bool) (id messages.ConvID, err error) {
	who, with := pack(l.dom, person), pack(l.dom, chat.With)
	err = l.read(ctx, func(r *reader) error {
		var key int64
		var found bool
		switch {
		case chat.Group != 0:
			found, err = r.one(`SELECT conv FROM member WHERE person = $1 AND conv = $2`, []any{&key}, who, pack(l.dom, chat.Group))
		case own:
			found, err = r.one(`SELECT id FROM conv WHERE p1 = $1 AND p2 = $2 AND kind = 2`, []any{&key}, who, with)
		default:
			found, err = r.one(`SELECT id FROM conv WHERE p1 = $1 AND p2 = $2 AND kind = 1`, []any{&key}, min(who, with), max(who, with))
		}
		if err == nil && !found {
			return notFound("conversation")
		}
		id = unpack[messages.ConvID](key)
		return err
	})
	return id, err
}

// Files implements messages.Reader.
func (l *domainLog) Files(ctx context.Context, after int64, limit int) (list []messages.File, err error) {
	err = l.read(ctx, func(r *reader) error {
		return r.query(`SELECT `+fileCols+` FROM fileref WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3`, func(scan func(...any) error) error {
			f, _, err := scanFile(scan)
			list = append(list, f)
			return err
		}, firstKey(l.dom)|after, lastKey(l.dom), int64(count(limit)))
	})
	return list, err
}

// Usage implements messages.Reader.
func (l *domainLog) Usage(ctx context.Context) (u messages.Usage, err error) {
	err = l.read(ctx, func(r *reader) error {
		for _, q := range []struct {
			text string
			into []any
		}{
			{`SELECT count(*) FROM person WHERE id > $1 AND id <= $2`, []any{&u.People}},
			{`SELECT count(*) FROM conv WHERE id > $1 AND id <= $2`, []any{&u.Conversations}},
			{`SELECT count(*), COALESCE(sum(length(body) + length(data)), 0) FROM msg WHERE mid > $1 AND mid <= $2`, []any{&u.Messages, &u.TextBytes}},
			{`SELECT count(*) FROM ev WHERE seq > $1 AND seq <= $2`, []any{&u.Changes}},
			{`SELECT count(*), COALESCE(sum(size), 0) FROM fileref WHERE id > $1 AND id <= $2`, []any{&u.Files, &u.FileBytes}},
		} {
			if _, err := r.one(q.text, q.into, firstKey(l.dom), lastKey(l.dom)); err != nil {
				return err
			}
		}
		return nil
	})
	return u, err
}
