package service

import (
	"context"
	"strings"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/trace"
)

// handleMark takes a Mark of a switch, behind the posts before it. It has no
// answer; what cannot be is dropped and counted.
func handleMark(c *call, f appservice.Frame) error {
	if !c.link.trusted {
		return appservice.ErrUnknownMT
	}
	q := new(Mark)
	if err := decode(f.Doc().Root(), q); err != nil {
		c.link.dropMark(err)
		return nil
	}
	c.link.posts.feed(job{run: func() { c.link.mark(q) }})
	return nil
}

func (l *link) dropMark(err error) {
	l.s.config.Observer.Dropped("mark")
	l.s.config.Tracer.Drop(trace.Signalling, l.name, "mark: "+err.Error(), nil)
}

// mark moves a mark for somebody.
func (l *link) mark(q *Mark) {
	d := l.domain
	op, err := d.markOp(q)
	if err != nil {
		l.dropMark(err)
		return
	}
	reader := messages.Person{GUID: strings.ToLower(q.GUID), SIP: q.User}
	d.log.Submit(op, func(r messages.Result, err error) {
		if err != nil {
			l.dropMark(err)
			return
		}
		reader.ID = r.By
		d.marked(reader, op.Group, r)
	})
}

func (d *domain) markOp(q *Mark) (*messages.Mark, error) {
	op := &messages.Mark{
		By: messages.Ref{GUID: strings.ToLower(q.GUID), SIP: q.User}, Up: messages.Number(q.ID), CID: q.CID,
	}
	switch q.State {
	case StateDelivered:
		op.State = messages.DeliveredMark
	case StateRead:
		op.State = messages.ReadMark
	default:
		return nil, parameter("state is neither delivered nor read")
	}
	if !validName(q.User) || (q.SIP == "") == (q.Grp == "") || (q.ID == 0) == (q.CID == "") {
		return nil, parameter("a mark needs user, either sip or grp, and either id or cid")
	}
	if q.Grp == "" {
		op.With = refOf(q.SIP)
		return op, nil
	}
	if q.CID != "" {
		op.CIDBy = refOf(q.Author)
	}
	g, err := d.groupRef(q.Grp)
	op.Group = g
	return op, err
}

// marked tells the switches, and looks at the unread number again. It never
// blocks: it also runs on the writer's goroutine.
func (d *domain) marked(reader messages.Person, group messages.ConvID, r messages.Result) {
	read := false
	for _, m := range r.Moves {
		read = read || m.State == messages.ReadMark
		d.follow.moved(reader, group, m, r.Time)
	}
	if read {
		d.badge.person(r.By)
	}
}

func (c *call) readMarks(ctx context.Context, q *ReadMarks) (r ReadMarksResult, err error) {
	x := c.session
	d := x.link.domain
	r.ID = q.ID
	m, err := x.message(ctx, q.ID)
	if err != nil {
		return r, err
	}
	if m.Post != nil {
		return r, notFound("chat message")
	}
	rows, err := d.log.Marks(ctx, x.person.ID, m.ID)
	if err != nil {
		return r, err
	}
	for _, row := range rows {
		if row.Delivered != 0 {
			r.Delivered++
		}
		if row.Read != 0 {
			r.Read++
		}
		ind := ReadMarksInd{SIP: d.nameOf(row.Person), GUID: row.Person.GUID, DN: row.Person.Name, Delivered: row.Delivered, Read: row.Read}
		if err := c.send(ind); err != nil {
			return r, err
		}
	}
	return r, nil
}

// handleUnread takes the question of a switch for the number of somebody; it is
// answered by Unread, as when it has changed.
func handleUnread(c *call, f appservice.Frame) error {
	if !c.link.trusted {
		return appservice.ErrUnknownMT
	}
	q := new(Unread)
	if err := decode(f.Doc().Root(), q); err != nil {
		return err2reply(err)
	}
	return c.ofSwitch(len(f.Raw), func() {
		d := c.link.domain
		if p, err := d.log.Person(c.link.ctx, refOf(q.User)); err == nil {
			d.badge.ask(p.ID)
		}
	})
}
