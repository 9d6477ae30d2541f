package sqlstore

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/tandem-switch/tandem/internal/messages"
)

// reader is one read.
type reader struct {
	ctx context.Context
	c   db
	l   *domainLog
	dom int64
	now int64
}

func (r *reader) query(text string, each func(scan func(...any) error) error, args ...any) error {
	return r.c.query(r.ctx, text, each, args...)
}

// one asks for one row; found says whether there was one.
func (r *reader) one(text string, into []any, args ...any) (found bool, err error) {
	err = r.query(text, func(scan func(...any) error) error {
		found = true
		return scan(into...)
	}, args...)
	return found, err
}

// read runs do with a connection; each of its queries sees what is committed when
// it begins.
func (s *Store) read(ctx context.Context, do func(*reader) error) error {
	return s.reading(ctx, false, do)
}

func (s *Store) reading(ctx context.Context, snapshot bool, do func(*reader) error) error {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return errClosed
	}
	s.reads.Add(1)
	c, free, err := s.e.read(ctx, snapshot)
	if err != nil {
		return s.failed(err)
	}
	defer free()
	return s.failed(do(&reader{ctx: ctx, c: c, now: s.clock.Now().UnixMilli()}))
}

func (l *domainLog) read(ctx context.Context, do func(*reader) error) error {
	return l.s.read(ctx, func(r *reader) error {
		r.l, r.dom = l, l.dom
		return do(r)
	})
}

func (l *domainLog) snapshot(ctx context.Context, do func(*reader) error) error {
	return l.s.reading(ctx, true, func(r *reader) error {
		r.l, r.dom = l, l.dom
		return do(r)
	})
}

func count(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, messages.MaxCount)
}

func notFound(what string) error {
	return messages.Errorf(messages.NotFound, "There is no such %s.", what)
}

// Person implements messages.Reader.
func (l *domainLog) Person(ctx context.Context, ref messages.Ref) (p messages.Person, err error) {
	err = l.read(ctx, func(r *reader) error {
		where, arg := `id = $1`, any(pack(l.dom, ref.ID))
		switch {
		case ref.ID != 0:
		case ref.GUID != "":
			where, arg = `guid = $1 AND guid <> ''`, ref.GUID
		default:
			where, arg = `sip_key = $1 AND sip_key <> ''`, strings.ToLower(ref.SIP)
		}
		var id int64
		found, err := r.one(`SELECT id, guid, sip, name FROM person WHERE `+where+` AND dom = $2`, []any{&id, &p.GUID, &p.SIP, &p.Name}, arg, l.dom)
		if err == nil && !found {
			return notFound("person")
		}
		p.ID = unpack[messages.PersonID](id)
		return err
	})
	return p, err
}

// People implements messages.Reader.
func (l *domainLog) People(ctx context.Context, ids []messages.PersonID) (people map[messages.PersonID]messages.Person, err error) {
	keys := make([]int64, len(ids))
	for i, id := range ids {
		keys[i] = pack(l.dom, id)
	}
	err = l.read(ctx, func(r *reader) error {
		people, err = r.people(keys)
		return err
	})
	return people, err
}

func (r *reader) people(keys []int64) (map[messages.PersonID]messages.Person, error) {
	people := map[messages.PersonID]messages.Person{}
	err := r.in(`SELECT id, guid, sip, name FROM person WHERE id IN `, ``, keys, func(scan func(...any) error) error {
		var p messages.Person
		var id int64
		err := scan(&id, &p.GUID, &p.SIP, &p.Name)
		p.ID = unpack[messages.PersonID](id)
		people[p.ID] = p
		return err
	})
	return people, err
}

// in asks with a list of keys, a few lengths of list at a time, so that there are
// few texts.
func (r *reader) in(before, behind string, keys []int64, each func(scan func(...any) error) error) error {
	for len(keys) > 0 {
		n := 1
		for n < len(keys) && n < 256 {
			n *= 4
		}
		args := make([]any, n)
		for i := range args {
			args[i] = keys[min(i, len(keys)-1)] // filled up with the last
		}
		if err := r.query(before+values(1, n)+behind, each, args...); err != nil {
			return err
		}
		keys = keys[min(n, len(keys)):]
	}
	return nil
}

const msgCols = `m.mid, m.conv, m.n, m.author, m.ts, m.kind, m.bits, m.cid, m.mime, m.body, m.data, m.ext, m.alt, m.reply, m.edited, m.expires,
	COALESCE(a.guid, ''), COALESCE(a.sip, ''), COALESCE(a.name, '')`

const fromMsg = ` FROM msg m LEFT JOIN person a ON a.id = m.author `

// row is a message with what is not told outside.
type row struct {
	messages.Message
	key, conv, bits int64
}

func scanMsg(scan func(...any) error, extra ...any) (w row, err error) {
	m := &w.Message
	var author, reply int64
	err = scan(append([]any{&w.key, &w.conv, &m.N, &author, &m.Time, &m.Kind, &w.bits, &m.CID, &m.Mime, &m.Text, &m.Data, &m.Ext, &m.Alt, &reply, &m.Edited, &m.Expires,
		&m.Author.GUID, &m.Author.SIP, &m.Author.Name}, extra...)...)
	m.ID, m.Conv = unpack[messages.Number](w.key), unpack[messages.ConvID](w.conv)
	m.Author.ID, m.Reply = unpack[messages.PersonID](author), unpack[messages.Number](reply)
	m.Pinned, m.Attaching = w.bits&isPinned != 0, w.bits&isAttaching != 0
	return w, err
}

// hidden tells whether a message waits for its files and is not that of the asker;
// 0 sees all.
func (w *row) hidden(asker, now int64) bool {
	return asker != 0 && w.Waits(now) && w.Author.ID != unpack[messages.PersonID](asker)
}

// complete adds what other tables have of messages, for an asker (0: everybody).
func (r *reader) complete(list []row, asker int64) error {
	var files, reactions, posts []int64
	at := make(map[int64]int, len(list))
	for i := range list {
		at[list[i].key] = i
		if list[i].bits&hasFiles != 0 {
			files = append(files, list[i].key)
		}
		if list[i].bits&hasReactions != 0 {
			reactions = append(reactions, list[i].key)
		}
		if list[i].bits&isPost != 0 {
			posts = append(posts, list[i].key)
		}
	}
	if err := r.files(list, at, files, asker); err != nil {
		return err
	}
	if err := r.reactions(list, at, reactions); err != nil {
		return err
	}
	return r.posts(list, at, posts, asker)
}

const fileCols = `id, mid, owner, hash, name, type, size, width, height, duration, thumb, created`

func scanFile(scan func(...any) error) (f messages.File, mid int64, err error) {
	var owner, thumb int64
	err = scan(&f.ID, &mid, &owner, &f.Hash, &f.Name, &f.Type, &f.Size, &f.Width, &f.Height, &f.Duration, &thumb, &f.Created)
	f.ID &= numberMask
	f.Message, f.Owner, f.Thumb = unpack[messages.Number](mid), unpack[messages.PersonID](owner), thumb != 0
	return f, mid, err
}

// files are those of the asker: its own references where it has some.
func (r *reader) files(list []row, at map[int64]int, keys []int64, asker int64) error {
	seen := map[int64]bool{}
	return r.in(`SELECT `+fileCols+` FROM fileref WHERE mid IN `, ` ORDER BY id`, keys, func(scan func(...any) error) error {
		f, mid, err := scanFile(scan)
		m := &list[at[mid]].Message
		mine := asker != 0 && m.Author.ID == unpack[messages.PersonID](asker)
		if err != nil || seen[f.ID] || asker != 0 && f.Owner != 0 && !mine {
			return err
		}
		seen[f.ID] = true
		if mine && f.Owner == m.Author.ID { // instead of the one for everybody, which is before it
			m.Files = m.Files[:len(m.Files)-1]
		}
		m.Files = append(m.Files, f)
		return nil
	})
}

func (r *reader) reactions(list []row, at map[int64]int, keys []int64) error {
	seen := map[int64]bool{}
	return r.in(`SELECT r.mid, r.person, r.emoji, r.seq, COALESCE(p.sip, '') FROM react r LEFT JOIN person p ON p.id = r.person WHERE r.mid IN `,
		` ORDER BY r.seq`, keys, func(scan func(...any) error) error {
			var mid, who, seq int64
			var x messages.Reaction
			if err := scan(&mid, &who, &x.Emoji, &seq, &x.SIP); err != nil || seen[seq] {
				return err
			}
			seen[seq] = true
			x.Person = unpack[messages.PersonID](who)
			m := &list[at[mid]].Message
			m.Reactions = append(m.Reactions, x)
			return nil
		})
}

// posts adds what posts of type 0 have besides.
func (r *reader) posts(list []row, at map[int64]int, keys []int64, asker int64) error {
	notified := map[int64][]int64{}
	err := r.in(`SELECT p.mid, p.root, p.title, p.tags, p.notify, c.title, t.id, t.guid, t.sip, t.name
		FROM post p JOIN msg m ON m.mid = p.mid JOIN conv c ON c.id = m.conv JOIN person t ON t.id = c.p1 WHERE p.mid IN `, ``, keys,
		func(scan func(...any) error) error {
			var mid, root, topic int64
			var tags, notify, title string
			p := &messages.PostInfo{}
			if err := scan(&mid, &root, &p.Title, &tags, &notify, &title, &topic, &p.Topic.GUID, &p.Topic.SIP, &p.Topic.Name); err != nil {
				return err
			}
			p.Root, p.Topic.ID = unpack[messages.Number](root), unpack[messages.PersonID](topic)
			if title != "" {
				p.Topic.Name = title
			}
			var ids []int64
			if err := json.Unmarshal([]byte(tags), &p.Tags); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(notify), &ids); err != nil {
				return err
			}
			notified[mid] = ids
			list[at[mid]].Post = p
			return nil
		})
	if err != nil {
		return err
	}
	for _, mid := range keys {
		if err := r.postCounts(&list[at[mid]], notified[mid], asker); err != nil {
			return err
		}
	}
	return nil
}

// postCounts counts what an asker may see: not the answers of others that wait for
// their files (isAttaching; row.hidden has the same rule).
func (r *reader) postCounts(w *row, notified []int64, asker int64) error {
	p := w.Post
	if p == nil {
		return nil
	}
	people, err := r.people(notified)
	if err != nil {
		return err
	}
	for _, id := range notified {
		if who, ok := people[unpack[messages.PersonID](id)]; ok {
			p.Notify = append(p.Notify, who)
		}
	}
	root := pack(r.dom, p.Root)
	since := r.now - messages.AttachTime.Milliseconds()
	if _, err := r.one(`SELECT count(*), COALESCE(max(m.ts), 0) FROM post q JOIN msg m ON m.mid = q.mid WHERE q.root = $1
		AND (m.bits & 16 = 0 OR m.author = $2 OR m.ts <= $3)`, []any{&p.Replies, &p.ReplyTime}, root, asker, since); err != nil {
		return err
	}
	p.Replies = max(p.Replies-1, 0)
	var mine int64
	if _, err := r.one(`SELECT count(*), COALESCE(sum(CASE WHEN person = $1 THEN 1 ELSE 0 END), 0) FROM liked WHERE mid = $2`,
		[]any{&p.Likes, &mine}, asker, w.key); err != nil {
		return err
	}
	p.Liked = mine > 0
	if asker == 0 {
		return nil
	}
	var read int64
	if _, err := r.one(`SELECT mid FROM readpost WHERE person = $1 AND root = $2`, []any{&read}, asker, root); err != nil {
		return err
	}
	p.Read = unpack[messages.Number](read)
	_, err = r.one(`SELECT count(*) FROM post q JOIN msg m ON m.mid = q.mid WHERE q.root = $1 AND q.mid > $2 AND m.author <> $3
		AND (m.bits & 16 = 0 OR m.ts <= $4)`, []any{&p.Unread}, root, read, asker, since)
	return err
}

// plain are the messages of rows.
func plain(list []row) []messages.Message {
	out := make([]messages.Message, len(list))
	for i := range list {
		out[i] = list[i].Message
	}
	return out
}
