package sqlstore

import (
	"context"

	"github.com/tandem-switch/tandem/internal/messages"
)

// doGroup does what concerns groups.
func (b *batch) doGroup(op messages.Op) (messages.Result, error) {
	switch op := op.(type) {
	case *messages.MakeGroup:
		return b.makeGroup(op)
	case *messages.SetGroup:
		return b.setGroup(op)
	case *messages.DropGroup:
		return b.dropGroup(op)
	case *messages.SetMember:
		return b.setMember(op)
	case *messages.SetTopic:
		return b.setTopic(op)
	case *messages.MakeBroadcast:
		return b.makeBroadcast(op)
	}
	return b.doPurge(op)
}

func (b *batch) makeGroup(op *messages.MakeGroup) (r messages.Result, err error) {
	by := b.intern(op.By)
	if by == nil {
		return r, b.unknown("person")
	}
	c := b.newConv(messages.GroupConv, 0, 0, setup{title: op.Title, announce: op.Announce, open: op.Open, history: op.History, marks: op.Marks})
	r.N, r.Conv, r.Time, r.Changed = unpack[messages.Number](c.id), unpack[messages.ConvID](c.id), b.now, true
	r.By = unpack[messages.PersonID](by.id)
	b.event(c, messages.GroupSet, c.id, by.id, 0, op.Title)
	b.enter(c, by, messages.Owner, &r)
	for _, ref := range op.Members {
		p := b.intern(ref)
		if p != nil && b.err == nil && !b.memberOf(c, p.id).here() {
			b.enter(c, p, messages.MemberRole, &r)
		}
	}
	b.saveCount(c)
	return r, b.err
}

// enter makes somebody a member, anew or again.
func (b *batch) enter(c *conv, p *person, role messages.Role, r *messages.Result) {
	b.structural()
	was := b.memberOf(c, p.id)
	seq := b.event(c, messages.MemberSet, 0, p.id, role, "")
	from := seq - 1
	if c.history == messages.HistoryAll {
		from = 0
	}
	c.count++
	if was == nil {
		m := b.newMember(c, p.id, role, from)
		r.Members = append(r.Members, m.public(p))
		return
	}
	was.role, was.joined, was.visibleFrom, was.leftAt, was.mutedUntil = role, seq, from, 0, 0
	b.saveMember(c, was)
	if cu := b.cursorOf(c, p.id); cu != nil { // what was said meanwhile is not unread
		b.touchCursor(cu)
		m := &cu.marks
		m.rd, m.rdMid, m.dlv, m.dlvMid, m.own = c.head.n, c.head.mid, c.head.n, c.head.mid, 0
	} else {
		b.newCursor(c, p.id)
	}
	r.Members = append(r.Members, was.public(p))
}

// leave ends a membership, by leaving, kick or ban.
func (b *batch) leave(c *conv, p *person, m *member, role messages.Role, r *messages.Result) {
	b.structural()
	seq := b.event(c, messages.MemberSet, 0, p.id, role, "")
	if m.here() {
		c.count--
		m.leftAt = seq
	}
	m.role = role
	b.saveMember(c, m)
	r.Members = append(r.Members, m.public(p))
}

func (b *batch) saveMember(c *conv, m *member) {
	b.put(`UPDATE member SET role = $1, joined = $2, visible_from = $3, left_at = $4, muted_until = $5 WHERE person = $6 AND conv = $7`,
		int64(m.role), m.joined, m.visibleFrom, m.leftAt, m.mutedUntil, m.person, c.id)
}

func (b *batch) saveCount(c *conv) {
	b.put(`UPDATE conv SET members = $1 WHERE id = $2`, c.count, c.id)
}

func (m *member) public(p *person) messages.Member {
	return messages.Member{
		Person: p.public(), Role: m.role, MutedUntil: m.mutedUntil, Joined: unpack[messages.Number](m.joined),
		VisibleFrom: unpack[messages.Number](m.visibleFrom), LeftAt: unpack[messages.Number](m.leftAt),
	}
}

// groupAs finds a group for somebody who acts; by and m are nil for the system.
func (b *batch) groupAs(ref messages.Ref, id messages.ConvID) (c *conv, by *person, m *member, err error) {
	if ref != (messages.Ref{}) {
		if by = b.intern(ref); by == nil {
			return nil, nil, nil, b.unknown("person")
		}
	}
	c = b.convByID(pack(b.l.dom, id))
	if c == nil || c.kind != messages.GroupConv || c.gone != 0 {
		return nil, nil, nil, b.notFound("group")
	}
	if by != nil {
		m = b.memberOf(c, by.id)
	}
	return c, by, m, nil
}

// adminOf finds a group in which by is an admin.
func (b *batch) adminOf(ref messages.Ref, id messages.ConvID) (*conv, *person, error) {
	c, by, m, err := b.groupAs(ref, id)
	switch {
	case err != nil || b.err != nil:
		return nil, nil, err
	case by == nil || m.here() && m.role >= messages.Admin:
		return c, by, nil
	case m.here():
		return nil, nil, refuse(messages.NotAllowed, "Only admins may do this.")
	}
	return nil, nil, b.notFound("group")
}

func idOf(p *person) int64 {
	if p == nil {
		return 0
	}
	return p.id
}

func (b *batch) setGroup(op *messages.SetGroup) (r messages.Result, err error) {
	c, by, err := b.adminOf(op.By, op.ID)
	if err != nil || b.err != nil {
		return r, err
	}
	was := c.setup
	b.structural()
	assign(&c.title, op.Title)
	assign(&c.announce, op.Announce)
	assign(&c.open, op.Open)
	assign(&c.history, op.History)
	assign(&c.setup.marks, op.Marks)
	r.Conv, r.By, r.Time = op.ID, unpack[messages.PersonID](idOf(by)), b.now
	if c.setup == was {
		return r, nil
	}
	b.put(`UPDATE conv SET title = $1, announce = $2, open = $3, history = $4, marks = $5 WHERE id = $6`,
		c.title, btoi(c.announce), btoi(c.open), int64(c.history), int64(c.setup.marks), c.id)
	r.N, r.Changed = unpack[messages.Number](b.event(c, messages.GroupSet, c.id, idOf(by), 0, c.title)), true
	return r, b.err
}

func assign[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (b *batch) dropGroup(op *messages.DropGroup) (r messages.Result, err error) {
	c, by, m, err := b.groupAs(op.By, op.ID)
	if err != nil || b.err != nil {
		return r, err
	}
	if by != nil {
		switch owner := b.otherWith(c, messages.Owner, 0); {
		case !m.here():
			return r, b.notFound("group")
		case m.role == messages.Owner || owner == 0 && m.role == messages.Admin:
		default:
			return r, refuse(messages.NotAllowed, "Only its owner may delete a group.")
		}
	}
	r.Conv, r.By, r.Time, r.Gone, r.Changed = op.ID, unpack[messages.PersonID](idOf(by)), b.now, true, true
	r.N = unpack[messages.Number](b.endGroup(c, idOf(by)))
	return r, b.err
}

func (b *batch) endGroup(c *conv, by int64) int64 {
	b.structural()
	c.gone = b.now
	b.put(`UPDATE conv SET gone = $1 WHERE id = $2`, c.gone, c.id)
	return b.event(c, messages.GroupGone, c.id, by, 0, "")
}

// otherWith finds a member with at least a role, the one who joined first; 0: none.
func (b *batch) otherWith(c *conv, role messages.Role, except int64) (who int64) {
	b.query(`SELECT person FROM member WHERE conv = $1 AND role >= $2 AND left_at = 0 AND person <> $3 ORDER BY joined, person LIMIT 1`,
		func(scan func(...any) error) error { return scan(&who) }, c.id, int64(role), except)
	return who
}

// setMember does one act on one member.
func (b *batch) setMember(op *messages.SetMember) (r messages.Result, err error) {
	c, by, own, err := b.groupAs(op.By, op.Group)
	if err != nil || b.err != nil {
		return r, err
	}
	p := by
	if op.Act != messages.Join && op.Act != messages.Leave || op.Member != (messages.Ref{}) {
		p = b.intern(op.Member)
	}
	if p == nil {
		return r, b.unknown("member")
	}
	m := b.memberOf(c, p.id)
	if err := b.mayAct(op, c, by, p, own, m); err != nil || b.err != nil {
		return r, err
	}
	r.Conv, r.By, r.Time = op.Group, unpack[messages.PersonID](idOf(by)), b.now
	before := b.l.st.next
	if err := b.act(op, c, p, m, &r); err != nil {
		return r, err
	}
	b.saveCount(c)
	r.Changed = b.l.st.next != before
	if r.Changed {
		r.N = messages.Number(b.l.st.next)
	}
	return r, b.err
}

// mayAct holds the rules of who may do what to whom.
func (b *batch) mayAct(op *messages.SetMember, c *conv, by, p *person, own, m *member) error {
	if by == nil {
		return nil
	}
	if op.Act == messages.Join || op.Act == messages.Leave {
		return b.maySelf(op, c, by == p, m)
	}
	switch {
	case !own.here():
		return b.notFound("group")
	case own.role < messages.Admin:
		return refuse(messages.NotAllowed, "Only admins may do this.")
	case op.Role == messages.Owner && own.role != messages.Owner:
		return refuse(messages.NotAllowed, "Only the owner may make somebody owner.")
	case !m.here() || by == p && op.Act == messages.Grant:
		return nil
	case m.role == messages.Owner && own.role != messages.Owner, m.role >= own.role && op.Act != messages.Grant && by != p:
		return refuse(messages.NotAllowed, "This member has the same role as you or a higher one.")
	}
	return nil
}

func (b *batch) maySelf(op *messages.SetMember, c *conv, self bool, m *member) error {
	switch {
	case !self:
		return refuse(messages.NotAllowed, "Nobody joins or leaves for somebody else.")
	case op.Act == messages.Leave:
		if !m.here() {
			return b.notFound("group")
		}
		return nil
	case m != nil && m.role == messages.Banned:
		return b.notFound("group")
	case !c.open && !m.here():
		return refuse(messages.NotAllowed, "Only an admin can add you to this group.")
	}
	return nil
}

func (b *batch) act(op *messages.SetMember, c *conv, p *person, m *member, r *messages.Result) error {
	switch op.Act {
	case messages.Join, messages.Add:
		return b.addMember(op, c, p, m, r)
	case messages.Leave, messages.Kick:
		if m.here() {
			b.leave(c, p, m, messages.Left, r)
			b.successor(c, r)
		}
	case messages.Ban:
		b.ban(c, p, m, r)
	case messages.Unban:
		if m != nil && m.role == messages.Banned {
			b.leave(c, p, m, messages.Left, r)
		}
	case messages.Mute:
		if !m.here() {
			return b.notFound("member")
		}
		if m.mutedUntil != op.Until {
			b.structural()
			m.mutedUntil = op.Until
			b.event(c, messages.MemberSet, 0, p.id, m.role, "")
			b.saveMember(c, m)
		}
		r.Members = append(r.Members, m.public(p))
	case messages.Grant:
		return b.grant(op, c, p, m, r)
	}
	return nil
}

func (b *batch) addMember(op *messages.SetMember, c *conv, p *person, m *member, r *messages.Result) error {
	switch {
	case m.here():
		if op.Act == messages.Add && op.Role != 0 && op.Role != m.role {
			return b.grant(op, c, p, m, r)
		}
		r.Members = append(r.Members, m.public(p))
		return nil
	case c.count >= messages.MaxMembers:
		return refuse(messages.Quota, "A group has at most %d members.", messages.MaxMembers)
	}
	role := messages.MemberRole
	if op.Act == messages.Add && op.Role != 0 {
		role = op.Role
	}
	b.enter(c, p, role, r)
	if role == messages.Owner {
		b.demote(c, p.id, r)
	}
	return nil
}

func (b *batch) ban(c *conv, p *person, m *member, r *messages.Result) {
	switch {
	case m == nil:
		b.structural()
		seq := b.event(c, messages.MemberSet, 0, p.id, messages.Banned, "")
		m = b.newMember(c, p.id, messages.Banned, seq)
		m.leftAt = seq
		b.saveMember(c, m)
		r.Members = append(r.Members, m.public(p))
	case m.role != messages.Banned:
		b.leave(c, p, m, messages.Banned, r)
		b.successor(c, r)
	}
}

func (b *batch) grant(op *messages.SetMember, c *conv, p *person, m *member, r *messages.Result) error {
	if !m.here() {
		return b.notFound("member")
	}
	if op.Role < messages.MemberRole {
		return refuse(messages.BadParameter, "A member has a role.")
	}
	if m.role != op.Role {
		b.setRole(c, p, m, op.Role, r)
		if op.Role == messages.Owner {
			b.demote(c, p.id, r)
		}
		b.successor(c, r)
		return nil
	}
	r.Members = append(r.Members, m.public(p))
	return nil
}

func (b *batch) setRole(c *conv, p *person, m *member, role messages.Role, r *messages.Result) {
	b.structural()
	m.role = role
	b.event(c, messages.MemberSet, 0, p.id, role, "")
	b.saveMember(c, m)
	r.Members = append(r.Members, m.public(p))
}

// demote makes the former owner an admin.
func (b *batch) demote(c *conv, except int64, r *messages.Result) {
	who := b.otherWith(c, messages.Owner, except)
	if who == 0 || b.err != nil {
		return
	}
	if p, m := b.find(messages.Ref{ID: unpack[messages.PersonID](who)}), b.memberOf(c, who); p != nil && m != nil {
		b.setRole(c, p, m, messages.Admin, r)
	}
}

// successor sees to it that a group has an admin, and ends it without members.
func (b *batch) successor(c *conv, r *messages.Result) {
	if c.count <= 0 {
		b.endGroup(c, 0)
		r.Gone = true
		return
	}
	if b.otherWith(c, messages.Admin, 0) != 0 || b.err != nil {
		return
	}
	who := b.otherWith(c, messages.MemberRole, 0)
	if p, m := b.find(messages.Ref{ID: unpack[messages.PersonID](who)}), b.memberOf(c, who); p != nil && m != nil {
		b.setRole(c, p, m, messages.Admin, r)
	}
}

const groupCols = `c.id, c.title, c.announce, c.open, c.history, c.marks, c.members, c.created`

func scanGroup(scan func(...any) error, extra ...any) (g messages.Group, err error) {
	var id, announce, open int64
	err = scan(append([]any{&id, &g.Title, &announce, &open, &g.History, &g.Marks, &g.Members, &g.Created}, extra...)...)
	g.ID, g.Announce, g.Open = unpack[messages.ConvID](id), announce != 0, open != 0
	return g, err
}

// Group implements messages.Reader.
func (l *domainLog) Group(ctx context.Context, id messages.ConvID) (g messages.Group, err error) {
	err = l.read(ctx, func(r *reader) error {
		found := false
		err := r.query(`SELECT `+groupCols+` FROM conv c WHERE c.id = $1 AND c.kind = 3 AND c.gone = 0`, func(scan func(...any) error) (err error) {
			found = true
			g, err = scanGroup(scan)
			return err
		}, pack(l.dom, id))
		if err == nil && !found {
			return notFound("group")
		}
		return err
	})
	return g, err
}

// Groups implements messages.Reader.
func (l *domainLog) Groups(ctx context.Context, person messages.PersonID) (list []messages.Group, err error) {
	err = l.read(ctx, func(r *reader) error {
		return r.query(`SELECT `+groupCols+`, c.kind, c.gone, m.role FROM member m LEFT JOIN conv c ON c.id = m.conv
			WHERE m.person = $1 AND m.left_at = 0 AND m.role > 0 ORDER BY m.conv`, func(scan func(...any) error) error {
			var kind messages.ConvKind
			var gone int64
			var role messages.Role
			g, err := scanGroup(scan, &kind, &gone, &role)
			if g.Role = role; kind == messages.GroupConv && gone == 0 {
				list = append(list, g)
			}
			return err
		}, pack(l.dom, person))
	})
	return list, err
}

const memberCols = `m.person, m.role, m.joined, m.visible_from, m.left_at, m.muted_until, COALESCE(p.guid, ''), COALESCE(p.sip, ''), COALESCE(p.name, '')
	FROM member m LEFT JOIN person p ON p.id = m.person `

func scanMember(scan func(...any) error) (w messages.Member, key int64, err error) {
	var joined, from, left int64
	err = scan(&key, &w.Role, &joined, &from, &left, &w.MutedUntil, &w.Person.GUID, &w.Person.SIP, &w.Person.Name)
	w.Person.ID = unpack[messages.PersonID](key)
	w.Joined, w.VisibleFrom, w.LeftAt = unpack[messages.Number](joined), unpack[messages.Number](from), unpack[messages.Number](left)
	return w, key, err
}

// Member implements messages.Reader.
func (l *domainLog) Member(ctx context.Context, group messages.ConvID, person messages.PersonID) (w messages.Member, err error) {
	err = l.read(ctx, func(r *reader) error {
		found := false
		err := r.query(`SELECT `+memberCols+`WHERE m.person = $1 AND m.conv = $2`, func(scan func(...any) error) (err error) {
			found = true
			w, _, err = scanMember(scan)
			return err
		}, pack(l.dom, person), pack(l.dom, group))
		if err == nil && !found {
			return notFound("member")
		}
		return err
	})
	return w, err
}

// Members implements messages.Reader.
func (l *domainLog) Members(ctx context.Context, group messages.ConvID, q messages.MembersQuery) (list []messages.Member, err error) {
	limit := q.Count
	if limit <= 0 || limit > messages.MaxMembers {
		limit = messages.MaxMembers
	}
	where := `m.left_at = 0 AND m.role > 0`
	if q.Banned {
		where = `m.role = -1`
	}
	err = l.read(ctx, func(r *reader) error {
		var joined int64
		if q.After != 0 {
			if _, err := r.one(`SELECT joined FROM member WHERE person = $1 AND conv = $2`, []any{&joined}, pack(l.dom, q.After), pack(l.dom, group)); err != nil {
				return err
			}
		}
		return r.query(`SELECT `+memberCols+`WHERE m.conv = $1 AND `+where+` AND (m.joined > $2 OR m.joined = $2 AND m.person > $3) ORDER BY m.joined, m.person LIMIT $4`,
			func(scan func(...any) error) error {
				w, _, err := scanMember(scan)
				list = append(list, w)
				return err
			}, pack(l.dom, group), joined, pack(l.dom, q.After), int64(limit))
	})
	return list, err
}
