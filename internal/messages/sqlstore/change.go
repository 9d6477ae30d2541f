package sqlstore

import (
	"cmp"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
)

// doRare does what does not come often.
func (b *batch) doRare(op messages.Op) (messages.Result, error) {
	switch op := op.(type) {
	case *messages.Attach:
		return b.attach(op)
	case *messages.Edit:
		return b.edit(op)
	case *messages.Delete:
		return b.deleteMessage(op)
	case *messages.React:
		return b.react(op)
	case *messages.Pin:
		return b.pin(op)
	case *messages.SetDraft:
		return b.draft(op)
	case *messages.Like:
		return b.like(op)
	case *messages.ReadPosts:
		return b.readPosts(op)
	case *messages.Intern:
		return b.internAll(op)
	case *messages.Flush:
		b.w.foldDue.Store(true)
		return messages.Result{}, nil
	}
	return b.doGroup(op)
}

func (b *batch) internAll(op *messages.Intern) (r messages.Result, err error) {
	for _, ref := range op.People {
		p := b.intern(ref)
		if p == nil {
			return r, b.unknown("person")
		}
		r.Members = append(r.Members, messages.Member{Person: p.public()})
	}
	return r, b.err
}

func (p *person) public() messages.Person {
	return messages.Person{ID: unpack[messages.PersonID](p.id), GUID: p.guid, SIP: p.sip, Name: p.name}
}

// target is a message that somebody wants to change.
type target struct {
	row
	c      *conv
	by     *person // nil: the system
	member *member // of by, in a group
}

// target finds a message that by may see.
func (b *batch) target(by messages.Ref, id messages.Number) (t target, err error) {
	if by != (messages.Ref{}) {
		if t.by = b.find(by); t.by == nil {
			return t, b.notFound("message")
		}
	}
	found := false
	b.query(`SELECT `+msgCols+fromMsg+`WHERE m.mid = $1`, func(scan func(...any) error) (err error) {
		found = true
		t.row, err = scanMsg(scan)
		return err
	}, pack(b.l.dom, id))
	if !found {
		return t, b.notFound("message")
	}
	if t.c = b.convByID(t.conv); t.c == nil {
		return t, b.notFound("message")
	}
	if t.by == nil || t.c.kind == messages.TopicConv {
		return t, nil
	}
	m := b.memberOf(t.c, t.by.id)
	if m == nil || t.key <= m.visibleFrom || m.leftAt != 0 && t.key > m.leftAt {
		return t, b.notFound("message")
	}
	if t.c.kind == messages.GroupConv {
		if t.member = m; !m.here() || t.c.gone != 0 {
			return t, refuse(messages.NotAllowed, "You are not in this group.")
		}
	}
	return t, nil
}

// mine says whether the message is by's own.
func (t *target) mine() bool { return t.by != nil && t.Author.ID == unpack[messages.PersonID](t.by.id) }

// within says whether the message may still be changed.
func (b *batch) within(t *target, w time.Duration) bool {
	return w == 0 || w > 0 && b.now-t.Time <= w.Milliseconds()
}

// asker is whoever did it, 0 the system.
func (t *target) asker() int64 {
	if t.by == nil {
		return 0
	}
	return t.by.id
}

// result tells of a change, with the message as it is now.
func (b *batch) result(t *target, seq int64) messages.Result {
	r := messages.Result{
		N: unpack[messages.Number](seq), Time: b.now, Conv: unpack[messages.ConvID](t.conv), Changed: seq != 0,
		By: unpack[messages.PersonID](t.asker()),
	}
	b.flush()
	if b.err != nil {
		return r
	}
	rd := &reader{ctx: b.ctx, c: b.t, l: b.l, dom: b.l.dom, now: b.now}
	found, err := rd.messages([]int64{t.key}, 0)
	if err != nil {
		b.err = err
		return r
	}
	r.Message = found[t.key]
	return r
}

func (b *batch) edit(op *messages.Edit) (r messages.Result, err error) {
	t, err := b.target(op.By, op.ID)
	if err != nil || b.err != nil {
		return r, err
	}
	if !t.mine() && t.by != nil && !op.TopicAllowed {
		return r, refuse(messages.NotAllowed, "Only its author may change a message.")
	}
	if !b.within(&t, op.Windows.Author) {
		return r, refuse(messages.NotAllowed, "The message is too old to be changed.")
	}
	if t.member != nil {
		if err := b.mayWrite(t.c, t.member); err != nil {
			return r, err
		}
	}
	waits := t.Waits(b.now)
	if op.KeepText && !t.Attaching && !op.SetTags {
		return b.result(&t, 0), b.err
	}
	told := ""
	if t.Attaching && !(waits && op.Attaching) {
		told = messages.Announced
	}
	if !op.KeepText {
		edited := b.now
		if waits {
			edited = 0 // nobody else has seen another text
		}
		b.put(`UPDATE msg SET mime = $1, body = $2, data = $3, ext = $4, alt = $5, edited = $6 WHERE mid = $7`,
			op.Mime, op.Text, op.Data, op.Ext, op.Alt, edited, t.key)
	}
	b.bit(&t, isAttaching, t.Attaching && told == "")
	if op.SetTags && t.bits&isPost != 0 {
		b.put(`UPDATE post SET tags = $1, notify = $2 WHERE mid = $3`, jsonList(op.Tags), b.notified(op.Notify), t.key)
	}
	return b.result(&t, b.event(t.c, messages.Edited, t.key, t.asker(), 0, told)), b.err
}

// attach adds files. While the message waits for files nobody is told; then the Edit
// that ends that tells them all.
func (b *batch) attach(op *messages.Attach) (r messages.Result, err error) {
	t, err := b.target(op.By, op.ID)
	switch {
	case err != nil || b.err != nil:
		return r, err
	case t.over(b.now) || t.c.gone != 0:
		return r, b.notFound("message")
	case !t.mine():
		return r, refuse(messages.NotAllowed, "Only its author may add files to a message.")
	}
	if t.member != nil {
		if err := b.mayWrite(t.c, t.member); err != nil {
			return r, err
		}
	}
	had := 0
	b.query(`SELECT count(*) FROM fileref WHERE mid = $1 AND owner = 0`, one(&had), t.key)
	if most := cmp.Or(op.Most, messages.MaxFiles); had+len(op.Files) > most {
		return r, refuse(messages.Quota, "A message has at most %d files.", most)
	}
	if err := b.holdFiles(op.Files); err != nil {
		return r, err
	}
	b.files(op.Files, t.c, t.by.id, t.key)
	b.bit(&t, hasFiles, true)
	if t.Waits(b.now) {
		r = b.result(&t, 0)
		r.Changed = true
		return r, b.err
	}
	return b.result(&t, b.event(t.c, messages.Edited, t.key, t.asker(), 0, "")), b.err
}

func (b *batch) deleteMessage(op *messages.Delete) (r messages.Result, err error) {
	t, err := b.target(op.By, op.ID)
	if err != nil || b.err != nil {
		return r, err
	}
	admin := t.member != nil && t.member.role >= messages.Admin
	switch {
	case t.by == nil || op.TopicAllowed && t.c.kind == messages.TopicConv:
	case t.mine() && b.within(&t, op.Windows.Author):
	case admin && b.within(&t, op.Windows.Admin):
	case t.mine() || admin:
		return r, refuse(messages.NotAllowed, "The message is too old to be deleted.")
	default:
		return r, refuse(messages.NotAllowed, "You may not delete this message.")
	}
	if b.held(t.conv, pack(b.l.dom, t.Author.ID)) {
		return r, refuse(messages.NotAllowed, "A legal hold keeps this message.")
	}
	r = b.result(&t, 0)
	b.bury(&t.row)
	if files, _ := b.dropRows([]row{t.row}); len(files) > 0 {
		b.event(nil, messages.FilesDropped, 0, 0, 0, purgedJSON(messages.Purged{Files: files}))
	}
	seq := b.event(t.c, messages.Deleted, t.key, t.asker(), 0, "")
	r.N, r.Changed = unpack[messages.Number](seq), true
	return r, b.err
}

// bury keeps unread exact without the message.
func (b *batch) bury(w *row) {
	if w.Kind == messages.Normal && w.bits&isPost == 0 {
		b.put(`INSERT INTO tomb (conv, n, author) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, w.conv, w.N, pack(b.l.dom, w.Author.ID))
	}
}

func (b *batch) react(op *messages.React) (r messages.Result, err error) {
	t, err := b.target(op.By, op.ID)
	if err != nil || b.err != nil {
		return r, err
	}
	if t.by == nil {
		return r, b.unknown("person")
	}
	var mine, all int64
	had := false
	b.query(`SELECT emoji, person FROM react WHERE mid = $1`, func(scan func(...any) error) error {
		var emoji string
		var who int64
		err := scan(&emoji, &who)
		all++
		if who == t.by.id {
			mine++
			had = had || emoji == op.Emoji
		}
		return err
	}, t.key)
	switch {
	case b.err != nil:
		return r, b.err
	case had == op.On:
		return b.result(&t, 0), b.err
	case op.On && mine >= messages.MaxReacts:
		return r, refuse(messages.Quota, "These are too many reactions to one message.")
	case op.On:
		seq := b.event(t.c, messages.Reacted, t.key, t.by.id, 0, op.Emoji)
		b.put(`INSERT INTO react (mid, person, emoji, seq) VALUES ($1, $2, $3, $4)`, t.key, t.by.id, op.Emoji, seq)
		b.bit(&t, hasReactions, true)
		return b.result(&t, seq), b.err
	}
	b.put(`DELETE FROM react WHERE mid = $1 AND person = $2 AND emoji = $3`, t.key, t.by.id, op.Emoji)
	b.bit(&t, hasReactions, all > 1)
	return b.result(&t, b.event(t.c, messages.Unreacted, t.key, t.by.id, 0, op.Emoji)), b.err
}

// bit sets a bit of a message.
func (b *batch) bit(t *target, bit int64, on bool) {
	bits := t.bits &^ bit
	if on {
		bits |= bit
	}
	if bits != t.bits {
		t.bits = bits
		b.put(`UPDATE msg SET bits = $1 WHERE mid = $2`, bits, t.key)
	}
}

func (b *batch) pin(op *messages.Pin) (r messages.Result, err error) {
	t, err := b.target(op.By, op.ID)
	if err != nil || b.err != nil {
		return r, err
	}
	if t.member != nil && t.member.role < messages.Admin {
		return r, refuse(messages.NotAllowed, "Only admins pin messages in a group.")
	}
	if op.On == (t.bits&isPinned != 0) {
		return b.result(&t, 0), b.err
	}
	if !op.On {
		b.put(`DELETE FROM pin WHERE conv = $1 AND mid = $2`, t.conv, t.key)
		b.bit(&t, isPinned, false)
		return b.result(&t, b.event(t.c, messages.Unpinned, t.key, t.asker(), 0, "")), b.err
	}
	var n int64
	b.query(`SELECT count(*) FROM pin WHERE conv = $1`, func(scan func(...any) error) error { return scan(&n) }, t.conv)
	if n >= messages.MaxPins {
		return r, refuse(messages.Quota, "There are %d pinned messages already.", n)
	}
	seq := b.event(t.c, messages.Pinned, t.key, t.asker(), 0, "")
	b.put(`INSERT INTO pin (conv, mid, person, seq) VALUES ($1, $2, $3, $4)`, t.conv, t.key, t.asker(), seq)
	b.bit(&t, isPinned, true)
	return b.result(&t, seq), b.err
}

func (b *batch) draft(op *messages.SetDraft) (r messages.Result, err error) {
	by := b.intern(op.By)
	if by == nil {
		return r, b.unknown("person")
	}
	var c *conv
	if op.Group != 0 {
		c = b.convByID(pack(b.l.dom, op.Group))
		if c == nil || c.kind != messages.GroupConv || !b.memberOf(c, by.id).here() {
			return r, b.notFound("group")
		}
	} else {
		to := b.intern(op.To)
		if to == nil {
			return r, b.unknown("receiver")
		}
		p := b.pairOf(by.id, to.id)
		if c = p.of(by.id); c == nil || p.both != nil {
			c = b.pairConv(by.id, to.id)
		}
	}
	if b.err != nil {
		return r, b.err
	}
	seq := b.number()
	b.put(`INSERT INTO draft (person, conv, body, ts, seq) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (person, conv) DO UPDATE SET body = excluded.body, ts = excluded.ts, seq = excluded.seq`, by.id, c.id, op.Text, b.now, seq)
	return messages.Result{
		N: unpack[messages.Number](seq), Time: b.now, Conv: unpack[messages.ConvID](c.id), By: unpack[messages.PersonID](by.id), Changed: true,
	}, b.err
}

func (b *batch) like(op *messages.Like) (r messages.Result, err error) {
	t, err := b.target(op.By, op.ID)
	if err != nil || b.err != nil {
		return r, err
	}
	if t.by == nil {
		return r, b.unknown("person")
	}
	text, kind := `INSERT INTO liked (mid, person) VALUES ($1, $2) ON CONFLICT DO NOTHING`, messages.Liked
	if !op.On {
		text, kind = `DELETE FROM liked WHERE mid = $1 AND person = $2`, messages.Unliked
	}
	if b.exec(text, t.key, t.by.id) == 0 {
		return b.result(&t, 0), b.err
	}
	return b.result(&t, b.event(t.c, kind, t.key, t.by.id, 0, "")), b.err
}

func (b *batch) readPosts(op *messages.ReadPosts) (r messages.Result, err error) {
	by := b.intern(op.By)
	if by == nil {
		return r, b.unknown("person")
	}
	key := pack(b.l.dom, op.ID)
	var root, was int64
	b.query(`SELECT p.root, COALESCE(r.mid, 0) FROM post p LEFT JOIN readpost r ON r.person = $1 AND r.root = p.root WHERE p.mid = $2`,
		func(scan func(...any) error) error { return scan(&root, &was) }, by.id, key)
	if root == 0 {
		return r, b.notFound("message")
	}
	r.By, r.Root, r.Time = unpack[messages.PersonID](by.id), unpack[messages.Number](root), b.now
	if key <= was {
		return r, b.err
	}
	seq := b.number()
	b.put(`INSERT INTO readpost (person, root, mid, seq) VALUES ($1, $2, $3, $4)
		ON CONFLICT (person, root) DO UPDATE SET mid = excluded.mid, seq = excluded.seq`, by.id, root, key, seq)
	r.N, r.Changed = unpack[messages.Number](seq), true
	return r, b.err
}
