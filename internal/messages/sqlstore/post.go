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
	isPost       = 8  // of type 0
	isAttaching  = 16 // statements name it by its number
)

// The statements that insert rows. Most messages are plain: HTML and nothing else.
var (
	insertMsg   = inserts(intoMsg, 16, ``)
	insertPlain = inserts(intoMsg, 7, `,0,0,'','','','',0,0,0`)
	insertIdem  = inserts(intoIdem, 3, ``)
	insertLate  = inserts(intoIdem, 3, ``).ending(` ON CONFLICT DO NOTHING`) // those of a life before may be there
)

const intoMsg = `INSERT INTO msg (mid, conv, n, author, ts, cid, body, kind, bits, mime, data, ext, alt, reply, edited, expires) VALUES `

const intoIdem = `INSERT INTO idem (author, h, mid) VALUES `

// insert is how rows of one table are inserted: so many of them with each text.
type insert struct {
	columns int
	texts   [len(perInsert)]string
}

// perInsert are the numbers of rows of one statement.
var perInsert = [...]int{32, 8, 1}

// inserts has so many parameters in each row, and rest behind them.
func inserts(text string, columns int, rest string) insert {
	i := insert{columns: columns}
	for k, rows := range perInsert {
		i.texts[k] = text + rowsOf(rows, columns, rest)
	}
	return i
}

func (i insert) ending(text string) insert {
	for k := range i.texts {
		i.texts[k] += text
	}
	return i
}

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
	if op.CID == "" {
		key.h = keyOf("", mid)
	} else {
		b.l.st.window.add(b.no, key, sent{mid, c.head.ts, c.id, root})
	}
	b.writePost(op, c, key, mid, root, reply)
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
	if b.isNew(*key) {
		return b.l.st.window.find(*key)
	}
	for range 8 {
		if s, ok := b.l.st.window.find(*key); ok {
			return s, true
		}
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
func (b *batch) writePost(op *messages.Post, c *conv, key idemKey, mid, root, reply int64) {
	bits := int64(0)
	if len(op.Files) > 0 {
		bits |= hasFiles
		b.files(op.Files, c, key.author, mid)
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
		if with == key.author {
			with = c.p2
		}
		b.put(`INSERT INTO bcastmsg (bcast, person, conv, mid) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			pack(b.l.dom, op.Broadcast), with, c.id, mid)
	}
	if hour := b.now / 3_600_000; hour != b.l.st.tick {
		b.l.st.tick = hour
		b.put(`INSERT INTO tick (hour, mid) VALUES ($1, $2) ON CONFLICT DO NOTHING`, pack(b.l.dom, hour), mid)
	}
	var number, author any = mid, key.author // in two rows
	r := &b.posts
	if bits == 0 && isPlain(op) {
		r = &b.plains
	}
	r.args = append(r.args, number, c.id, c.head.n, author, c.head.ts, op.CID, op.Text)
	if r == &b.posts {
		r.args = append(r.args, int64(op.Kind), bits, op.Mime, op.Data, op.Ext, op.Alt, reply, int64(0), op.Expires)
	}
	r.n++
	if b.s.e.behind() {
		b.l.st.window.wait(b.no, idemRow{key, mid})
		return
	}
	b.idems.args = append(b.idems.args, author, key.h, number)
	b.idems.n++
}

// isPlain tells whether a message is nothing but HTML.
func isPlain(op *messages.Post) bool {
	return op.Kind == messages.Normal && op.Mime == "" && op.Data == "" && op.Ext == "" && op.Alt == "" && op.Reply == 0 && op.Expires == 0
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
