package sqlstore

import (
	"encoding/json"

	"github.com/tandem-switch/tandem/internal/messages"
)

// Bits of msg.bits: what other tables have of the message.
const (
	hasFiles     = 1
	hasReactions = 2
	isPinned     = 4
	isPost       = 8 // of type 0
	isAttaching  = 16
)

const msgColumns = 16

// The statements that insert one row and perInsert rows.
var (
	insertMsg = [2]string{
		`INSERT INTO msg (mid, conv, n, author, ts, kind, bits, cid, mime, body, data, ext, alt, reply, edited, expires) VALUES ` + values(1, msgColumns),
		`INSERT INTO msg (mid, conv, n, author, ts, kind, bits, cid, mime, body, data, ext, alt, reply, edited, expires) VALUES ` + values(perInsert, msgColumns),
	}
	insertIdem = [2]string{
		`INSERT INTO idem (author, h, mid) VALUES ` + values(1, 3),
		`INSERT INTO idem (author, h, mid) VALUES ` + values(perInsert, 3),
	}
)

// post stores a message.
func (b *batch) post(op *messages.Post) (r messages.Result, err error) {
	author := b.intern(op.Author)
	if author == nil {
		return r, b.unknown("author")
	}
	key := idemKey{author.id, 0}
	if op.CID != "" {
		key.h = hashCID(op.CID)
		if s, ok := b.posted(&key, op.CID); ok {
			return messages.Result{
				N: unpack[messages.Number](s.mid), Time: s.ts, Conv: unpack[messages.ConvID](s.conv), Repeated: true,
				By: unpack[messages.PersonID](author.id), Root: unpack[messages.Number](s.root),
			}, b.err
		}
	}
	c, with, err := b.place(op, author)
	if err != nil || b.err != nil {
		return r, err
	}
	if err := b.holdFiles(op.Files); err != nil {
		return r, err
	}
	root, reply := b.replied(op, c)
	r.By, r.With = unpack[messages.PersonID](author.id), unpack[messages.PersonID](with)
	mid := b.number()
	b.advance(c, author, op, mid)
	r.N, r.Time, r.Conv, r.Changed = unpack[messages.Number](mid), c.head.ts, unpack[messages.ConvID](c.id), true
	if op.Topic != "" {
		if root == 0 {
			root = mid
		}
		r.Root = unpack[messages.Number](root)
	}
	b.writePost(op, c, author, mid, root, reply)
	if op.CID == "" {
		key.h = mid // the table also says what somebody has written
	} else {
		b.l.st.window.add(b.no, key, sent{mid, c.head.ts, c.id, root})
	}
	b.idems.args = append(b.idems.args, author.id, key.h, mid)
	b.idems.n++
	return r, b.err
}

// unknown is the refusal for a person that is not named as it must be.
func (b *batch) unknown(who string) error {
	if b.err != nil {
		return b.err
	}
	return refuse(messages.BadParameter, "The %s is not known.", who)
}

// posted finds the message that was sent under the same key before. Where another
// id of the author has the same hash, the key moves on.
func (b *batch) posted(key *idemKey, cid string) (s sent, ok bool) {
	if s, ok := b.l.st.window.find(*key); ok || !b.keys {
		return s, ok
	}
	for range 8 {
		var other string
		found := false
		b.query(`SELECT i.mid, COALESCE(m.ts, 0), COALESCE(m.conv, 0), COALESCE(p.root, 0), COALESCE(m.cid, '')
			FROM idem i LEFT JOIN msg m ON m.mid = i.mid LEFT JOIN post p ON p.mid = i.mid WHERE i.author = $1 AND i.h = $2`,
			func(scan func(...any) error) error {
				found = true
				return scan(&s.mid, &s.ts, &s.conv, &s.root, &other)
			}, key.author, key.h)
		switch {
		case b.err != nil || !found:
			return sent{}, false
		case other == cid || other == "": // deleted since: it stays sent
			return s, true
		}
		key.h++
	}
	return sent{}, false
}

// place finds where the message goes, and the receiver.
func (b *batch) place(op *messages.Post, author *person) (c *conv, with int64, err error) {
	switch {
	case op.Group != 0:
		c, err = b.groupFor(op.Group, author)
		return c, 0, err
	case op.Topic != "":
		topic := b.intern(messages.Ref{SIP: op.Topic})
		if topic == nil {
			return nil, 0, b.unknown("topic")
		}
		return b.topicConv(topic.id, ""), 0, nil
	}
	to := b.intern(op.To)
	if to == nil {
		return nil, 0, b.unknown("receiver")
	}
	if !op.Own {
		return b.pairConv(author.id, to.id), to.id, nil
	}
	owner := b.intern(op.Owner)
	switch {
	case owner == author:
		return b.ownConv(author.id, to.id), to.id, nil
	case owner == to && owner != nil:
		return b.ownConv(to.id, author.id), to.id, nil
	case b.err != nil:
		return nil, 0, b.err
	}
	return nil, 0, refuse(messages.BadParameter, "The owner of a conversation is the author or the receiver.")
}

// groupFor finds a group in which somebody may write now.
func (b *batch) groupFor(id messages.ConvID, who *person) (*conv, error) {
	c := b.convByID(pack(b.l.dom, id))
	if b.err != nil {
		return nil, b.err
	}
	if c == nil || c.kind != messages.GroupConv || c.gone != 0 {
		return nil, refuse(messages.NotFound, "There is no such group.")
	}
	m := b.memberOf(c, who.id)
	switch {
	case b.err != nil:
		return nil, b.err
	case !m.here():
		return nil, refuse(messages.NotFound, "There is no such group.")
	}
	return c, b.mayWrite(c, m)
}

// mayWrite holds the rules of a group for what its members write: new messages and
// new texts of old ones.
func (b *batch) mayWrite(c *conv, m *member) error {
	switch {
	case c.announce && m.role < messages.Admin:
		return refuse(messages.NotAllowed, "Only admins write in this group.")
	case m.mutedUntil > b.now:
		return refuse(messages.NotAllowed, "You may not write in this group for the time being.")
	}
	return nil
}

// replied finds the discussion of an answer, and drops a reply to what is not in
// the same chat.
func (b *batch) replied(op *messages.Post, c *conv) (root, reply int64) {
	if op.Reply == 0 {
		return 0, 0
	}
	reply = pack(b.l.dom, op.Reply)
	ask := b.peek
	if op.Reply > messages.Number(b.l.st.head) {
		ask = b.query // of this very batch
	}
	ok := false
	ask(`SELECT m.conv, COALESCE(p.root, 0) FROM msg m LEFT JOIN post p ON p.mid = m.mid WHERE m.mid = $1`, func(scan func(...any) error) error {
		var conv int64
		err := scan(&conv, &root)
		other := b.l.st.convs[conv]
		ok = conv == c.id || c.pair != nil && other != nil && other.pair == c.pair
		return err
	}, reply)
	if !ok {
		return 0, 0
	}
	return root, reply
}

// advance moves the head of the conversation and its clock: never back, and each
// message later than the one before.
func (b *batch) advance(c *conv, author *person, op *messages.Post, mid int64) {
	b.touch(c)
	last := c.head.ts
	if c.pair != nil {
		last = c.pair.newest()
	}
	ts := b.now
	if op.Time != 0 {
		ts = op.Time
	}
	c.head.ts = max(ts, last+1)
	c.head.seq = mid
	if op.Kind != messages.Normal {
		return
	}
	c.head.n++
	c.head.mid = mid
	if c.kind == messages.TopicConv {
		return
	}
	if cu := b.cursorOf(c, author.id); cu != nil {
		b.touchCursor(cu)
		cu.marks.own++
	}
}

// writePost queues the rows.
func (b *batch) writePost(op *messages.Post, c *conv, author *person, mid, root, reply int64) {
	bits := int64(0)
	if len(op.Files) > 0 {
		bits |= hasFiles
		b.files(op.Files, c, author.id, mid)
	}
	if op.Topic != "" {
		bits |= isPost
		if op.Attaching {
			bits |= isAttaching
		}
		b.put(`INSERT INTO post (mid, root, title, tags, notify) VALUES ($1, $2, $3, $4, $5)`,
			mid, root, op.Title, jsonList(op.Tags), b.notified(op.Notify))
	}
	if op.Broadcast != 0 {
		with := c.p1
		if with == author.id {
			with = c.p2
		}
		b.put(`INSERT INTO bcastmsg (bcast, person, conv, mid) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			pack(b.l.dom, op.Broadcast), with, c.id, mid)
	}
	if hour := b.now / 3_600_000; hour != b.l.st.tick {
		b.l.st.tick = hour
		b.put(`INSERT INTO tick (hour, mid) VALUES ($1, $2) ON CONFLICT DO NOTHING`, pack(b.l.dom, hour), mid)
	}
	b.posts.args = append(b.posts.args, mid, c.id, c.head.n, author.id, c.head.ts, int64(op.Kind), bits, op.CID,
		op.Mime, op.Text, op.Data, op.Ext, op.Alt, reply, int64(0), op.Expires)
	b.posts.n++
}

// files writes the references: one that is the author's and one for the others.
func (b *batch) files(files []messages.File, c *conv, author, mid int64) {
	owners := []int64{0}
	if c.kind != messages.TopicConv && c.p1 != c.p2 {
		owners = []int64{0, author}
	}
	for i := range files {
		f := &files[i]
		for _, owner := range owners {
			b.put(`INSERT INTO fileref (id, mid, owner, hash, name, type, size, width, height, duration, thumb, created)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
				b.number(), mid, owner, f.Hash, f.Name, f.Type, f.Size, int64(f.Width), int64(f.Height), f.Duration, btoi(f.Thumb), b.now)
		}
	}
}

// notified makes people known and lists their ids in JSON.
func (b *batch) notified(refs []messages.Ref) string {
	ids := make([]int64, 0, len(refs))
	for _, ref := range refs {
		if p := b.intern(ref); p != nil {
			ids = append(ids, p.id)
		}
	}
	text, _ := json.Marshal(ids) // numbers never fail
	return string(text)
}

func jsonList(list []string) string {
	if len(list) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(list) // texts never fail
	return string(text)
}
