package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/internal/messages"
)

// setTopic makes, renames or deletes a topic.
func (b *batch) setTopic(op *messages.SetTopic) (r messages.Result, err error) {
	var c *conv
	if op.ID != 0 {
		c = b.convByID(pack(b.l.dom, op.ID))
	} else if topic := b.intern(messages.Ref{SIP: op.SIP}); topic != nil {
		if c = b.findTopic(topic.id); c == nil && !op.Gone {
			c = b.topicConv(topic.id, "")
		}
	}
	if c == nil || c.kind != messages.TopicConv {
		return r, b.notFound("topic")
	}
	by := b.intern(op.By)
	r.Conv, r.Time, r.By = unpack[messages.ConvID](c.id), b.now, unpack[messages.PersonID](idOf(by))
	b.structural()
	switch {
	case op.Gone:
		r.Gone, c.gone = true, b.now
	default:
		c.title, c.gone = op.Name, 0
	}
	b.put(`UPDATE conv SET title = $1, gone = $2 WHERE id = $3`, c.title, c.gone, c.id)
	r.N, r.Changed = unpack[messages.Number](b.event(c, messages.TopicSet, c.id, idOf(by), 0, c.title)), true
	return r, b.err
}

func (b *batch) makeBroadcast(op *messages.MakeBroadcast) (r messages.Result, err error) {
	by := b.intern(op.By)
	if by == nil {
		return r, b.unknown("person")
	}
	var id, ts int64
	b.query(`SELECT id, ts FROM bcast WHERE author = $1 AND name = $2`, func(scan func(...any) error) error { return scan(&id, &ts) }, by.id, op.Key)
	r.By = unpack[messages.PersonID](by.id)
	if id != 0 {
		r.N, r.Time, r.Repeated = unpack[messages.Number](id), ts, true
		return r, b.err
	}
	id = b.number()
	b.put(`INSERT INTO bcast (id, author, name, ts, total) VALUES ($1, $2, $3, $4, $5)`, id, by.id, op.Key, b.now, op.Total)
	r.N, r.Time, r.Changed = unpack[messages.Number](id), b.now, true
	return r, b.err
}

// Broadcast implements messages.Reader.
func (l *domainLog) Broadcast(ctx context.Context, id messages.Number) (w messages.BroadcastRow, err error) {
	key := pack(l.dom, id)
	err = l.read(ctx, func(r *reader) error {
		var author int64
		found, err := r.one(`SELECT author, name, ts, total FROM bcast WHERE id = $1`, []any{&author, &w.Key, &w.Time, &w.Total}, key)
		if err == nil && !found {
			return notFound("broadcast")
		}
		if err != nil {
			return err
		}
		w.ID, w.Author = id, unpack[messages.PersonID](author)
		return r.query(`SELECT b.mid, b.conv, b.person, COALESCE(k.dlv, 0), COALESCE(k.dlv_mid, 0), COALESCE(k.rd, 0), COALESCE(k.rd_mid, 0), COALESCE(k.own, 0)
			FROM bcastmsg b LEFT JOIN cursor k ON k.conv = b.conv AND k.person = b.person WHERE b.bcast = $1`, func(scan func(...any) error) error {
			var mid, conv, who int64
			var k marks
			err := scan(&mid, &conv, &who, &k.dlv, &k.dlvMid, &k.rd, &k.rdMid, &k.own)
			r.l.overlay.cursor(conv, who, &k)
			w.Sent++
			w.Delivered += btoi(max(k.dlvMid, k.rdMid) >= mid)
			w.Read += btoi(k.rdMid >= mid)
			return err
		}, key)
	})
	return w, err
}

// maxScan bounds how many posts one question looks at.
const maxScan = 100_000

// Posts implements messages.Reader. It reads the newest posts of the topics that
// the filter names, or of all, and looks at each: a filter that matches nothing
// costs at most maxScan rows.
func (l *domainLog) Posts(ctx context.Context, person messages.PersonID, q messages.PostsQuery) (page []messages.Message, err error) {
	who := pack(l.dom, person)
	err = l.read(ctx, func(r *reader) error {
		limit := count(q.Count)
		below := lastKey(l.dom)
		for scanned := 0; len(page) < limit && scanned < maxScan; {
			list, err := r.somePosts(q, below)
			if err != nil || len(list) == 0 {
				return err
			}
			scanned += len(list)
			below = list[len(list)-1].key
			if err := r.complete(list, who); err != nil {
				return err
			}
			for i := range list {
				if m := &list[i].Message; len(page) < limit && !list[i].hidden(who, r.now) && matches(&q, m) {
					m.ConvIs = messages.TopicConv
					page = append(page, *m)
				}
			}
		}
		return nil
	})
	return page, err
}

// somePosts are the next newest posts.
func (r *reader) somePosts(q messages.PostsQuery, below int64) (list []row, err error) {
	from, where, args := firstKey(r.dom), ``, []any{below}
	if q.AddsTo != 0 {
		where, from = ` AND q.root = $3`, pack(r.dom, q.AddsTo)-1
	}
	args = append(args, from)
	if q.AddsTo != 0 {
		args = append(args, from+1)
	}
	err = r.query(`SELECT `+msgCols+` FROM post q JOIN msg m ON m.mid = q.mid JOIN conv c ON c.id = m.conv LEFT JOIN person a ON a.id = m.author
		WHERE q.mid < $1 AND q.mid > $2`+where+` AND c.gone = 0 ORDER BY q.mid DESC LIMIT 200`, func(scan func(...any) error) error {
		w, err := scanMsg(scan)
		list = append(list, w)
		return err
	}, args...)
	return list, err
}

// matches says whether a post is what a question asks for.
func matches(q *messages.PostsQuery, m *messages.Message) bool {
	p := m.Post
	switch {
	case p == nil || q.Liked && !p.Liked || q.Exclude != 0 && m.ID == q.Exclude || q.Older != 0 && m.Time >= q.Older:
		return false
	case q.Visible != nil && !q.Visible(p.Topic.SIP):
		return false
	}
	return filtered(&q.Filter, m)
}

// filtered holds the rules of section 4.7. An empty filter takes everything.
func filtered(f *messages.Filter, m *messages.Message) bool {
	var parts []bool
	add := func(list []string, has func(string) bool) {
		if len(list) > 0 {
			parts = append(parts, combine(f.Or, len(list), func(i int) bool { return has(list[i]) }))
		}
	}
	add(f.Topics, func(t string) bool { return within(m.Post.Topic.SIP, t) })
	add(f.Tags, func(t string) bool {
		return slices.ContainsFunc(m.Post.Tags, func(has string) bool { return strings.EqualFold(has, t) })
	})
	add(f.Authors, func(t string) bool { return strings.EqualFold(m.Author.SIP, t) })
	add(f.Notifies, func(t string) bool {
		return slices.ContainsFunc(m.Post.Notify, func(p messages.Person) bool { return strings.EqualFold(p.SIP, t) })
	})
	for i := range f.Filters {
		parts = append(parts, filtered(&f.Filters[i], m))
	}
	return len(parts) == 0 || combine(f.Or, len(parts), func(i int) bool { return parts[i] })
}

func combine(or bool, n int, is func(int) bool) bool {
	for i := range n {
		if is(i) == or {
			return or
		}
	}
	return !or
}

// within says whether a topic is another one or a sub-topic of it.
func within(topic, of string) bool {
	return strings.EqualFold(topic, of) || len(topic) > len(of) && topic[len(of)] == '?' && strings.EqualFold(topic[:len(of)], of)
}

// Discussion implements messages.Reader.
func (l *domainLog) Discussion(ctx context.Context, person messages.PersonID, root messages.Number, q messages.Page) (page []messages.Message, err error) {
	who := pack(l.dom, person)
	err = l.read(ctx, func(r *reader) error {
		above, below, order := firstKey(l.dom), lastKey(l.dom), `DESC`
		switch {
		case q.After != 0:
			above, order = pack(l.dom, q.After), ``
		case q.Older != 0:
			below = pack(l.dom, q.Older)
		}
		older := int64(messages.MaxNumber)
		if q.OlderTime != 0 {
			older = q.OlderTime
		}
		var list []row
		err := r.query(`SELECT `+msgCols+` FROM post q JOIN msg m ON m.mid = q.mid LEFT JOIN person a ON a.id = m.author
			WHERE q.root = $1 AND q.mid > $2 AND q.mid < $3 AND m.ts < $4 ORDER BY q.mid `+order+` LIMIT $5`, func(scan func(...any) error) error {
			w, err := scanMsg(scan)
			w.ConvIs = messages.TopicConv
			if !w.hidden(who, r.now) {
				list = append(list, w)
			}
			return err
		}, pack(l.dom, root), above, below, older, int64(count(q.Count)))
		if err != nil {
			return err
		}
		if err := r.complete(list, who); err != nil {
			return err
		}
		page = plain(list)
		return nil
	})
	return page, err
}

// Topics implements messages.Reader.
func (l *domainLog) Topics(ctx context.Context, topic string) (list []messages.Topic, err error) {
	key := strings.ToLower(topic)
	err = l.read(ctx, func(r *reader) error {
		// "?" is the separator, "@" the character behind it.
		return r.query(`SELECT c.id, p.sip, c.title FROM person p JOIN conv c ON c.p1 = p.id AND c.kind = 4
			WHERE p.dom = $1 AND p.sip_key > $2 AND p.sip_key < $3 AND p.sip_key <> '' AND c.gone = 0 ORDER BY p.sip_key`, func(scan func(...any) error) error {
			var t messages.Topic
			var id int64
			err := scan(&id, &t.SIP, &t.Name)
			t.ID = unpack[messages.ConvID](id)
			list = append(list, t)
			return err
		}, l.dom, key+"?", key+"@")
	})
	return list, err
}
