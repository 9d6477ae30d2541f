package service

import (
	"context"
	"strings"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/sanitize"
)

// Names of roles and rules on the wire.
const (
	roleMember = "member"
	roleAdmin  = "admin"
	roleOwner  = "owner"
	roleBanned = "banned"

	historyJoined = "joined"
	historyAll    = "all"

	marksAuto = "auto"
	marksOn   = "on"
	marksOff  = "off"
)

func roleName(r messages.Role) string {
	switch r {
	case messages.Owner:
		return roleOwner
	case messages.Admin:
		return roleAdmin
	case messages.MemberRole:
		return roleMember
	case messages.Banned:
		return roleBanned
	}
	return ""
}

func historyName(r messages.HistoryRule) string {
	if r == messages.HistoryAll {
		return historyAll
	}
	return historyJoined
}

func title(dn string) string { return strings.TrimSpace(sanitize.Text(dn, maxTitle)) }

// writeGroup makes, renames or deletes a group (decision 60).
func (c *call) writeGroup(ctx context.Context, q *WriteGroup) (r WriteGroupResult, err error) {
	x := c.session
	d := x.link.domain
	name := title(q.DN)
	if q.ID == 0 {
		return x.makeGroup(ctx, name)
	}
	id := messages.ConvID(q.ID)
	r.ID, r.SIP = q.ID, d.groupName(id)
	if _, err := x.memberOf(ctx, id); err != nil {
		return r, err
	}
	if name == "" {
		if _, err = d.log.Do(ctx, &messages.DropGroup{By: x.ref(), ID: id}); err == nil {
			d.groupGone(id)
		}
		return r, err
	}
	if _, err = d.log.Do(ctx, &messages.SetGroup{By: x.ref(), ID: id, Title: &name}); err == nil {
		err = d.groupChanged(ctx, id)
	}
	return r, err
}

func (x *session) makeGroup(ctx context.Context, name string) (r WriteGroupResult, err error) {
	d := x.link.domain
	if name == "" {
		return r, parameter("A group needs a name in dn.")
	}
	groups, err := d.log.Groups(ctx, x.person.ID)
	if err != nil {
		return r, err
	}
	if len(groups) >= maxGroups {
		return r, messages.Errorf(messages.Quota, "You are in too many groups.")
	}
	done, err := d.log.Do(ctx, &messages.MakeGroup{By: x.ref(), Title: name})
	if err != nil {
		return r, err
	}
	id := done.Conv
	d.member(id, x.person.ID, true)
	return WriteGroupResult{ID: int64(id), SIP: d.groupName(id)}, nil
}

func (c *call) readGroups(ctx context.Context, _ *ReadGroups) (r ReadGroupsResult, err error) {
	x := c.session
	d := x.link.domain
	groups, err := d.log.Groups(ctx, x.person.ID)
	if err != nil {
		return r, err
	}
	for _, g := range groups {
		ind := ReadGroupsInd{ID: int64(g.ID), SIP: d.groupName(g.ID), DN: g.Title}
		if x.ext {
			ind.Role, ind.Announce, ind.Open = roleName(g.Role), g.Announce, g.Open
			ind.History, ind.Marks, ind.Members = historyName(g.History), marksName(g.Marks), int64(g.Members)
		}
		if err := c.send(ind); err != nil {
			return r, err
		}
	}
	return r, nil
}

// writeMember adds, changes or deletes a member (decision 60).
func (c *call) writeMember(ctx context.Context, q *WriteMember) (r WriteMemberResult, err error) {
	x := c.session
	g, err := x.groupOf(ctx, q.Grp)
	if err != nil {
		return r, err
	}
	role := messages.MemberRole
	if q.Admin {
		role = messages.Admin
	}
	op := &messages.SetMember{By: x.ref(), Group: g, Role: role}
	switch {
	case q.ID == 0 && q.Member == "":
		return r, parameter("Either id or member is needed.")
	case q.ID == 0:
		op.Act = messages.Add
		if op.Member, err = x.memberNamed(ctx, g, q.Member); err != nil {
			return r, err
		}
		if m, err := x.link.domain.log.Member(ctx, g, op.Member.ID); err == nil && m.Role >= messages.MemberRole {
			op.Act = messages.Grant
		}
	case q.Member == "":
		op.Act, op.Member = messages.Kick, messages.Ref{ID: messages.PersonID(q.ID)}
		if messages.PersonID(q.ID) == x.person.ID {
			op.Act = messages.Leave
		}
	default:
		op.Act, op.Member = messages.Grant, messages.Ref{ID: messages.PersonID(q.ID)}
	}
	done, err := x.setMember(ctx, op)
	if err == nil && x.ext && len(done.Members) > 0 {
		r.ID = int64(done.Members[0].Person.ID)
	}
	return r, err
}

// groupOf is a group of which the asker is a member; all others are not found.
func (x *session) groupOf(ctx context.Context, grp string) (messages.ConvID, error) {
	g, err := x.link.domain.groupRef(grp)
	if err != nil {
		return 0, err
	}
	_, err = x.memberOf(ctx, g)
	return g, err
}

// setMember changes a member and tells the switches before anything else is said,
// so that the next text goes to the right people.
func (x *session) setMember(ctx context.Context, op *messages.SetMember) (messages.Result, error) {
	d := x.link.domain
	r, err := d.log.Do(ctx, op)
	if err != nil {
		return r, err
	}
	d.membersChanged(ctx, op.Group, r)
	return r, nil
}

// membersChanged tells the switches which members came, went or changed.
func (d *domain) membersChanged(ctx context.Context, g messages.ConvID, r messages.Result) {
	for _, m := range r.Members {
		is := m.Role >= messages.MemberRole
		d.member(g, m.Person.ID, is)
		d.badge.person(m.Person.ID)
		changed := MemberChanged{
			Grp: d.groupName(g), Member: d.nameOf(m.Person), GUID: m.Person.GUID, DN: m.Person.Name,
			Role: roleName(m.Role), Mute: m.MutedUntil, Gone: !is,
		}
		d.tellWatchers(g, changed)
	}
	if r.Gone {
		d.groupGone(g)
	}
}

func (d *domain) groupGone(g messages.ConvID) {
	d.tellWatchers(g, GroupChanged{Grp: d.groupName(g), Gone: true})
	d.mu.Lock()
	delete(d.groups, g)
	d.mu.Unlock()
}

// groupChanged tells the switches the settings of a group.
func (d *domain) groupChanged(ctx context.Context, g messages.ConvID) error {
	d.follow.forget(g)
	row, err := d.log.Group(ctx, g)
	if err == nil {
		d.tellWatchers(g, GroupChanged{Grp: d.groupName(g), DN: row.Title, Announce: row.Announce})
	}
	return err
}

// tellWatchers tells the switches that have asked for the members of a group.
func (d *domain) tellWatchers(g messages.ConvID, v any) {
	raw, ok := d.marshal(v)
	for _, l := range d.trusted() {
		if ok && l.watches(g) {
			l.tell(raw)
		}
	}
}

// setGroup changes settings of a group.
func (c *call) setGroup(ctx context.Context, q *SetGroup) (r SetGroupResult, err error) {
	x := c.session
	op := &messages.SetGroup{By: x.ref(), Announce: q.Announce, Open: q.Open}
	if op.ID, err = x.groupOf(ctx, q.Grp); err != nil {
		return r, err
	}
	if q.DN != nil {
		name := title(*q.DN)
		if name == "" {
			return r, parameter("A group needs a name.")
		}
		op.Title = &name
	}
	if err := groupRules(op, q); err != nil {
		return r, err
	}
	if _, err = x.link.domain.log.Do(ctx, op); err != nil {
		return r, err
	}
	return r, x.link.domain.groupChanged(ctx, op.ID)
}

func groupRules(op *messages.SetGroup, q *SetGroup) error {
	if q.History != nil {
		rule, ok := map[string]messages.HistoryRule{historyJoined: messages.HistoryJoined, historyAll: messages.HistoryAll}[*q.History]
		if !ok {
			return parameter("history is neither joined nor all.")
		}
		op.History = &rule
	}
	if q.Marks != nil {
		rule, ok := map[string]messages.MarksRule{marksAuto: messages.MarksAuto, marksOn: messages.MarksOn, marksOff: messages.MarksOff}[*q.Marks]
		if !ok {
			return parameter("marks is neither auto, on nor off.")
		}
		op.Marks = &rule
	}
	return nil
}

func marksName(r messages.MarksRule) string {
	switch r {
	case messages.MarksOn:
		return marksOn
	case messages.MarksOff:
		return marksOff
	}
	return marksAuto
}

func (c *call) join(ctx context.Context, q *Join) (r JoinResult, err error) {
	g, err := c.session.link.domain.groupRef(q.Grp)
	if err != nil {
		return r, err
	}
	_, err = c.session.setMember(ctx, &messages.SetMember{By: c.session.ref(), Group: g, Member: c.session.ref(), Act: messages.Join})
	if messages.CodeOf(err) == messages.NotAllowed {
		err = notFound("group") // one that is not open looks like one that is not there
	}
	return r, err
}

func (c *call) leave(ctx context.Context, q *Leave) (r LeaveResult, err error) {
	g, err := c.session.groupOf(ctx, q.Grp)
	if err != nil {
		return r, err
	}
	_, err = c.session.setMember(ctx, &messages.SetMember{By: c.session.ref(), Group: g, Member: c.session.ref(), Act: messages.Leave})
	return r, err
}

// act does something to a member that a request names.
func (x *session) act(ctx context.Context, grp, member string, op *messages.SetMember) error {
	g, err := x.groupOf(ctx, grp)
	if err != nil {
		return err
	}
	op.By, op.Group = x.ref(), g
	if op.Member, err = x.memberNamed(ctx, g, member); err != nil {
		return err
	}
	_, err = x.setMember(ctx, op)
	return err
}

// memberNamed is the person of a name: one who is or was a member, also without a
// name of his own any more, or somebody new.
func (x *session) memberNamed(ctx context.Context, g messages.ConvID, name string) (messages.Ref, error) {
	log := x.link.domain.log
	if p, err := log.Person(ctx, refOf(name)); err == nil {
		if _, err := log.Member(ctx, g, p.ID); err == nil {
			return messages.Ref{ID: p.ID}, nil
		}
	}
	return x.find(ctx, name)
}

func (c *call) invite(ctx context.Context, q *Invite) (r InviteResult, err error) {
	return r, c.session.act(ctx, q.Grp, q.Member, &messages.SetMember{Act: messages.Add, Role: messages.MemberRole})
}

func (c *call) kick(ctx context.Context, q *Kick) (r KickResult, err error) {
	return r, c.session.act(ctx, q.Grp, q.Member, &messages.SetMember{Act: messages.Kick})
}

func (c *call) ban(ctx context.Context, q *Ban) (r BanResult, err error) {
	op := &messages.SetMember{Act: messages.Unban}
	if q.On {
		op.Act = messages.Ban
	}
	return r, c.session.act(ctx, q.Grp, q.Member, op)
}

func (c *call) mute(ctx context.Context, q *Mute) (r MuteResult, err error) {
	return r, c.session.act(ctx, q.Grp, q.Member, &messages.SetMember{Act: messages.Mute, Until: q.Until})
}

func (c *call) grant(ctx context.Context, q *Grant) (r GrantResult, err error) {
	roles := map[string]messages.Role{roleMember: messages.MemberRole, roleAdmin: messages.Admin, roleOwner: messages.Owner}
	role, ok := roles[q.Role]
	if !ok {
		return r, parameter("role is neither member, admin nor owner.")
	}
	return r, c.session.act(ctx, q.Grp, q.Member, &messages.SetMember{Act: messages.Grant, Role: role})
}

// handleReadMembers takes ReadMembers: of a switch, which is then told every change,
// or of a session.
func handleReadMembers(c *call, f appservice.Frame) error {
	if !c.link.trusted || f.Get("session").Exists() {
		return asked((*call).readMembers)(c, f)
	}
	q := new(ReadMembers)
	wrong := decode(f.Doc().Root(), q)
	return c.ofSwitch(len(f.Raw), func() {
		finish[ReadMembersResult](c, func(ctx context.Context) (r ReadMembersResult, err error) {
			if wrong != nil {
				return r, wrong
			}
			return c.switchMembers(ctx, q)
		})
	})
}

// readMembers lists the members of a group of the asker; who may forgive a ban sees
// the banned too.
func (c *call) readMembers(ctx context.Context, q *ReadMembers) (r ReadMembersResult, err error) {
	g, err := c.link.domain.groupRef(q.Grp)
	if err != nil {
		return r, err
	}
	m, err := c.session.memberOf(ctx, g)
	if err != nil {
		return r, err
	}
	if r, err = c.members(ctx, g); err != nil || m.Role < messages.Admin {
		return r, err
	}
	return r, c.sendMembers(ctx, g, messages.MembersQuery{Banned: true})
}

// switchMembers lists the members of any group for a switch, which is told every
// change from now on. It asks for a person with user: then the group is only there
// for its members.
func (c *call) switchMembers(ctx context.Context, q *ReadMembers) (r ReadMembersResult, err error) {
	d := c.link.domain
	g, err := d.groupRef(q.Grp)
	if err != nil {
		return r, err
	}
	if q.User != "" {
		p, err := d.log.Person(ctx, refOf(q.User))
		if err != nil {
			return r, notFound("group")
		}
		if m, err := d.log.Member(ctx, g, p.ID); err != nil || m.Role < messages.MemberRole {
			return r, notFound("group")
		}
	}
	c.link.watch(g)
	return c.members(ctx, g)
}

// members sends the members of a group.
func (c *call) members(ctx context.Context, g messages.ConvID) (r ReadMembersResult, err error) {
	d := c.link.domain
	group, err := d.log.Group(ctx, g)
	if err != nil {
		return r, err
	}
	if err := c.sendMembers(ctx, g, messages.MembersQuery{}); err != nil {
		return r, err
	}
	return ReadMembersResult{SIP: d.groupName(g), DN: group.Title, Announce: group.Announce}, nil
}

// sendMembers sends one indication for each member that is asked for.
func (c *call) sendMembers(ctx context.Context, g messages.ConvID, q messages.MembersQuery) error {
	d := c.link.domain
	rows, err := d.log.Members(ctx, g, q)
	if err != nil {
		return err
	}
	for i := range rows {
		m := &rows[i]
		ind := ReadMembersInd{
			ID: int64(m.Person.ID), Member: d.nameOf(m.Person), GUID: m.Person.GUID, DN: m.Person.Name,
			Admin: m.Role >= messages.Admin, Role: roleName(m.Role), Mute: m.MutedUntil,
		}
		if err := c.send(ind); err != nil {
			return err
		}
	}
	return nil
}
