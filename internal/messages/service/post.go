package service

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/sanitize"
)

// future is how far ahead of our clock the time of a replayed post may be.
const future = time.Hour

// handlePost takes a Post. Those of a switch come without session: they speak for
// any author, keep their order, and hold the link when too many wait. Those of a
// session are posts of its own person.
func handlePost(c *call, f appservice.Frame) error {
	if !c.link.trusted || f.Get("session").Exists() {
		return askPost(c, f)
	}
	q := new(Post)
	if err := decode(f.Doc().Root(), q); err != nil {
		c.posted(messages.Result{}, err)
		return nil
	}
	c.link.posts.feed(job{run: func() { c.archive(q) }})
	return nil
}

func askPost(c *call, f appservice.Frame) error {
	return asked((*call).post)(c, f)
}

func (c *call) post(ctx context.Context, q *Post) (PostResult, error) { return c.session.post(ctx, q) }

// archive stores a post of the switch. The result follows when it is committed. While
// the switch does not take results it waits, and so do the posts behind it.
func (c *call) archive(q *Post) {
	if c.link.out.ready(c.link.ctx) != nil {
		return // the link has ended
	}
	op, err := guarded(c.link.ctx, func(ctx context.Context) (*messages.Post, error) {
		return c.link.domain.archived(ctx, q)
	})
	if err != nil {
		c.posted(messages.Result{}, err)
		return
	}
	c.link.domain.log.Submit(op, func(r messages.Result, err error) {
		c.posted(r, err)
		if err == nil && !r.Repeated {
			c.link.domain.stored(op, r)
		}
	})
}

// posted answers a post. It runs on the writer's goroutine and never blocks.
func (c *call) posted(r messages.Result, err error) {
	result := PostResult{ID: int64(r.N), AddsTo: int64(r.N), Timestamp: r.Time, Repeated: r.Repeated}
	if r.Root != 0 {
		result.AddsTo = int64(r.Root)
	}
	if err == nil {
		c.link.s.config.Observer.Posted(time.Since(c.began), 0)
		c.say(result.appendStored(make([]byte, 0, storedRoom+len(c.src)), c.src))
		return
	}
	result.fail(err)
	failed, _ := told(err)
	if isOurs(err) {
		c.link.s.config.Log.Error("a post was not stored", "domain", c.link.domain.name, "error", err)
	}
	c.link.s.config.Observer.Posted(time.Since(c.began), failed)
	c.answer(result)
}

// storedRoom is how long the result of a stored post is beside its src.
const storedRoom = 128

// appendStored writes the result of a post that was stored as answer does: there is one
// for each message.
func (p *PostResult) appendStored(dst, src []byte) []byte {
	dst = append(dst, '{')
	if src != nil {
		dst = append(append(append(dst, `"src":`...), src...), ',')
	}
	dst = append(dst, `"mt":"`+MTPostResult+`"`...)
	for _, m := range [...]struct {
		name  string
		value int64
	}{{`,"id":`, p.ID}, {`,"addsTo":`, p.AddsTo}, {`,"timestamp":`, p.Timestamp}} {
		if m.value != 0 {
			dst = strconv.AppendInt(append(dst, m.name...), m.value, 10)
		}
	}
	if p.Repeated {
		dst = append(dst, `,"repeated":true`...)
	}
	return append(dst, '}')
}

// stored is what follows a stored message. It never blocks.
func (d *domain) stored(op *messages.Post, r messages.Result) {
	switch {
	case op.Topic != "" || op.Kind == messages.Command:
	case op.Group != 0:
		d.badge.group(op.Group)
	case op.Own && op.Owner == op.Author:
	default:
		d.badge.posted(r.With)
	}
}

// archived is the operation for a post of the switch.
func (d *domain) archived(ctx context.Context, q *Post) (*messages.Post, error) {
	q.Attaching = false // it has no session whose client could upload anything
	if q.Type == typePost {
		return d.archivedPost(ctx, q)
	}
	if q.Type != typeChat {
		return nil, parameter("type is neither 0 nor 1.")
	}
	op, err := d.message(q)
	if err != nil {
		return nil, err
	}
	if op.Author = q.person(q.Author); op.Author == (messages.Ref{}) {
		return nil, parameter("A post needs an author.")
	}
	if err := d.address(op, q); err != nil {
		return nil, err
	}
	return op, d.attach(ctx, op, q.Attach)
}

// message is the operation with everything but its author and its place.
func (d *domain) message(q *Post) (*messages.Post, error) {
	if err := q.clean(); err != nil {
		return nil, err
	}
	q.fromExt()
	if q.isEmpty() && q.Attach == "" && !q.Attaching {
		return nil, withCause(causeTooLong, parameter("The message is empty."))
	}
	kind, err := kindOf(q.Kind)
	if err != nil {
		return nil, err
	}
	now := d.s.config.Clock.Now()
	if q.Timestamp > now.Add(future).UnixMilli() {
		q.Timestamp = 0
	}
	if q.Expires != 0 && q.Expires <= now.UnixMilli() {
		return nil, parameter("expires is over already.")
	}
	return &messages.Post{
		CID: q.ID, Time: q.Timestamp, Kind: kind, Reply: messages.Number(q.Reply), Expires: q.Expires,
		Mime: q.Mime, Text: q.Text, Data: q.Data, Ext: string(q.Ext), Alt: q.Alt,
	}, nil
}

// person is somebody whom the post names, with what it says about him.
func (q *Post) person(sip string) messages.Ref {
	if ref := refOf(sip); ref.ID != 0 {
		return ref
	}
	if !validName(sip) {
		return messages.Ref{}
	}
	for _, p := range q.People {
		if strings.EqualFold(p.SIP, sip) {
			return p.ref()
		}
	}
	return messages.Ref{SIP: sip}
}

func (w Who) ref() messages.Ref {
	return messages.Ref{GUID: strings.ToLower(w.GUID), SIP: w.SIP, Name: sanitize.Text(w.DN, maxTitle)}
}

// address says where a chat message of the switch belongs. Of our extension it
// names the group, or the topics of the sides that store: both have it in common,
// one has it for itself. As documented it names one topic at a time, which is that
// side's own (decision 56).
func (d *domain) address(op *messages.Post, q *Post) error {
	if q.Grp != "" {
		g, err := d.groupRef(q.Grp)
		op.Group = g
		return withCause(causeUnknown, err)
	}
	if len(q.Notify) != 1 || q.Notify[0] == "" {
		return parameter("A chat message needs one receiver in notify.")
	}
	if g, ok := d.isGroup(q.Notify[0]); ok { // as documented, for each member; the group has it once
		if op.Group = g; !strings.EqualFold(q.Topic, q.Author) {
			return notAllowed("A second copy of a message to a group")
		}
		return nil
	}
	if op.To = q.person(q.Notify[0]); op.To == (messages.Ref{}) {
		return withCause(causeUnknown, notFound("person"))
	}
	sides := q.Topics
	if len(sides) == 0 {
		sides = []string{q.Topic}
	}
	byAuthor, byReceiver := false, false
	for _, side := range sides {
		author, receiver := strings.EqualFold(side, q.Author), strings.EqualFold(side, q.Notify[0])
		if !author && !receiver {
			return notAllowed("A topic of somebody who has no part in the chat")
		}
		byAuthor, byReceiver = byAuthor || author, byReceiver || receiver
	}
	op.Own = byAuthor != byReceiver
	switch {
	case !op.Own:
	case byAuthor:
		op.Owner = op.Author
	default:
		op.Owner = op.To
	}
	return nil
}

// archivedPost is a post of type 0 that a switch makes for any author.
func (d *domain) archivedPost(ctx context.Context, q *Post) (*messages.Post, error) {
	op, err := d.message(q)
	if err != nil {
		return nil, err
	}
	if op.Author = q.person(q.Author); op.Author == (messages.Ref{}) {
		return nil, parameter("A post needs an author.")
	}
	if op.Topic, err = d.anyTopic(ctx, q); err != nil {
		return nil, err
	}
	if err := postMembers(op, q); err != nil {
		return nil, err
	}
	return op, d.attach(ctx, op, q.Attach)
}

// anyTopic is the topic of a post that may name any.
func (d *domain) anyTopic(ctx context.Context, q *Post) (string, error) {
	if g, ok := d.isGroup(q.Topic); ok {
		return groupTopic(g), nil
	}
	base, sub, hasSub := strings.Cut(q.Topic, "?")
	if !validName(base) || (hasSub && !validSub(sub)) {
		return "", notFound("topic")
	}
	r, err := d.log.Do(ctx, &messages.Intern{People: []messages.Ref{q.person(base)}})
	if err != nil || len(r.Members) != 1 {
		return "", err
	}
	if hasSub {
		return personal(r.Members[0].Person.ID) + "?" + strings.ToLower(sub), nil
	}
	return personal(r.Members[0].Person.ID), nil
}

// postMembers fills in what posts of type 0 have besides.
func postMembers(op *messages.Post, q *Post) error {
	op.Reply = messages.Number(q.RepliesTo)
	for _, n := range q.Notify {
		if ref := q.person(n); ref != (messages.Ref{}) {
			op.Notify = append(op.Notify, ref)
		}
	}
	op.Tags = tagsOf(q.Tags)
	return nil
}

// tagsOf cleans tags; they are compared in lower case.
func tagsOf(tags []string) []string {
	var out []string
	for _, t := range tags {
		if t = strings.ToLower(sanitize.Text(t, maxTagLength)); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// post stores a post of the session's person: type 0, under the own name, in a
// topic that the person may write (A11).
func (x *session) post(ctx context.Context, q *Post) (PostResult, error) {
	d := x.link.domain
	switch {
	case q.Type != typePost:
		return PostResult{}, notAllowed("Chat messages are stored by the switch; posting them")
	case len(q.Topics) > 0 || q.Grp != "" || len(q.People) > 0 || q.Timestamp != 0:
		return PostResult{}, notAllowed("What only a switch may say")
	case q.Author != "" && !x.is(q.Author):
		return PostResult{}, notAllowed("Another author")
	}
	op, err := d.message(q)
	if err != nil {
		return PostResult{}, err
	}
	op.Author, op.Attaching = x.ref(), q.Attaching
	if op.Topic, err = x.topicOf(ctx, q.Topic); err != nil {
		return PostResult{}, err
	}
	if err := x.mayWrite(ctx, op.Topic); err != nil {
		return PostResult{}, err
	}
	if err := x.mayAnswer(ctx, op.Topic, q.RepliesTo); err != nil {
		return PostResult{}, err
	}
	if err := postMembers(op, q); err != nil {
		return PostResult{}, err
	}
	if err := d.attach(ctx, op, q.Attach); err != nil {
		return PostResult{}, err
	}
	if q.FilterSrc != "" {
		op.CID = x.silence(q.FilterSrc, op.CID)
	}
	r, err := d.log.Do(ctx, op)
	if err != nil {
		return PostResult{}, err
	}
	addsTo := r.Root
	if addsTo == 0 {
		addsTo = r.N
	}
	if op.Attaching && !r.Repeated {
		d.wait(r.N)
	}
	return PostResult{ID: int64(r.N), AddsTo: int64(addsTo), Timestamp: r.Time, Repeated: r.Repeated, AttachKey: x.allow(r.N)}, nil
}

// mayWrite checks that the asker may write into a topic, by its name in the store: in
// that of a group what holds for its chat holds for posts too.
func (x *session) mayWrite(ctx context.Context, topic string) error {
	n, ok := strings.CutPrefix(topic, topicMark+"g")
	if !ok {
		return nil
	}
	id, _ := digits(n)
	log := x.link.domain.log
	m, err := log.Member(ctx, messages.ConvID(id), x.person.ID)
	if err != nil {
		return err
	}
	g, err := log.Group(ctx, messages.ConvID(id))
	switch {
	case err != nil:
		return err
	case m.Role < messages.MemberRole, g.Announce && m.Role < messages.Admin:
		return notAllowed("Writing in this group")
	case m.MutedUntil > x.link.s.config.Clock.Now().UnixMilli():
		return notAllowed("Writing in this group for the time being")
	}
	return nil
}

// mayAnswer checks that what is answered is a post of the same topic.
func (x *session) mayAnswer(ctx context.Context, topic string, id int64) error {
	if id == 0 {
		return nil
	}
	m, err := x.message(ctx, id)
	if err != nil {
		return err
	}
	if m.Post == nil || m.Post.Topic.SIP != topic {
		return notFound("post in this topic")
	}
	return nil
}

// attach resolves the files of a post: the author's own temporary ones, and those
// the author may read. Anything else refuses the post (decision 63). The rows are
// made in the transaction of the message.
func (d *domain) attach(ctx context.Context, op *messages.Post, list string) error {
	entries := strings.Fields(list)
	if len(entries) == 0 {
		return nil
	}
	if len(entries) > maxAttached {
		return withCause(causeForeign, parameter("More than %d files.", maxAttached))
	}
	if d.s.config.Files == nil {
		return withCause(causeForeign, notAllowed("A file"))
	}
	r, err := d.log.Do(ctx, &messages.Intern{People: []messages.Ref{op.Author}})
	if err != nil || len(r.Members) != 1 {
		return err
	}
	author := r.Members[0].Person.ID
	if op.CID != "" {
		if _, err := d.log.MessageByCID(ctx, author, op.CID); err == nil {
			return nil // a replay: its files may have ended, and the first result holds
		}
	}
	for _, entry := range entries {
		file, err := d.resolve(ctx, author, entry)
		if err != nil {
			return withCause(causeForeign, err)
		}
		op.Files = append(op.Files, fileOf(file))
	}
	return nil
}

// resolve finds the file of one entry of attach.
func (d *domain) resolve(ctx context.Context, author messages.PersonID, entry string) (filebuffer.Attachment, error) {
	at, err := url.PathUnescape(entry)
	if err != nil {
		return filebuffer.Attachment{}, parameter("attach is not encoded.")
	}
	file, err := d.s.config.Files.Resolve(ctx, filebuffer.Owner{Domain: d.name, Person: int64(author)}, at)
	return file, ofFiles(err)
}
