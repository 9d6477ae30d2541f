package service

import (
	"context"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/messages"
)

// Topics have names on the wire ("alice", "alice?notes", "messages?g12", "helpdesk")
// and others in the store, where those of people carry the number of the person: so
// they stay with a person who is renamed, and somebody who gets the name later finds
// nothing ("#17", "#17?notes"). Those of groups carry the number of the group
// ("#g12"). Only topics of apps are stored by their name, in lower case.
const topicMark = "#"

// topicOf finds a topic that the session may read and write (decision 55). Who may
// not gets the same answer as for a topic that is not there.
func (x *session) topicOf(ctx context.Context, name string) (string, error) {
	base, sub, hasSub := strings.Cut(name, "?")
	switch {
	case name == "" || x.is(name):
		return personal(x.person.ID), nil
	case x.is(base) && validSub(sub, hasSub):
		return personal(x.person.ID) + "?" + strings.ToLower(sub), nil
	case strings.HasPrefix(name, topicMark):
		return "", notFound("topic")
	}
	if g, ok := x.link.domain.isGroup(name); ok {
		if _, err := x.memberOf(ctx, g); err != nil {
			return "", notFound("topic")
		}
		return groupTopic(g), nil
	}
	if x.hasApp(base) && (!hasSub || validSub(sub, true)) {
		return strings.ToLower(name), nil
	}
	return "", notFound("topic")
}

func validSub(sub string, has bool) bool {
	return has && sub != "" && !strings.ContainsAny(sub, "?#") && len(sub) <= maxSIP
}

func personal(p messages.PersonID) string { return topicMark + strconv.FormatInt(int64(p), 10) }

func groupTopic(g messages.ConvID) string { return topicMark + "g" + strconv.FormatInt(int64(g), 10) }

// hasApp tells whether an app is among those of the login. Groups are never reached
// so: the name of the Messages object opens none of them.
func (x *session) hasApp(name string) bool {
	for _, app := range x.apps {
		if app != "" && strings.EqualFold(app, name) && !strings.EqualFold(app, x.link.domain.object) {
			return true
		}
	}
	return false
}

// rights is what a session may read, for a query: a snapshot.
type rights struct {
	x      *session
	own    string
	groups map[string]bool
}

func (x *session) rights(ctx context.Context) (*rights, error) {
	groups, err := x.link.domain.log.Groups(ctx, x.person.ID)
	if err != nil {
		return nil, err
	}
	r := &rights{x: x, own: personal(x.person.ID), groups: map[string]bool{}}
	for _, g := range groups {
		r.groups[groupTopic(g.ID)] = true
	}
	return r, nil
}

// sees tells whether a topic, by its name in the store, may be read.
func (r *rights) sees(topic string) bool {
	base, _, _ := strings.Cut(topic, "?")
	if !strings.HasPrefix(topic, topicMark) {
		return r.x.hasApp(base)
	}
	return base == r.own || r.groups[topic]
}

// owns tells whether a topic belongs to the asker: the personal one and those of
// the own app.
func (r *rights) owns(topic string) bool {
	base, _, _ := strings.Cut(topic, "?")
	return base == r.own || (!strings.HasPrefix(topic, topicMark) && r.x.hasApp(base))
}

// nameOfTopic is the name on the wire of one in the store.
func (d *domain) nameOfTopic(ctx context.Context, topic string) string {
	id, marked := strings.CutPrefix(topic, topicMark)
	if !marked {
		return topic
	}
	if g, ok := strings.CutPrefix(id, "g"); ok {
		n, _ := digits(g)
		return d.groupName(messages.ConvID(n))
	}
	id, sub, hasSub := strings.Cut(id, "?")
	n, _ := digits(id)
	p, err := d.log.Person(ctx, messages.Ref{ID: messages.PersonID(n)})
	if err != nil {
		return ""
	}
	if hasSub {
		return d.nameOf(p) + "?" + sub
	}
	return d.nameOf(p)
}

// groupName is the name of a group on the wire.
func (d *domain) groupName(g messages.ConvID) string {
	return d.object + "?g" + strconv.FormatInt(int64(g), 10)
}

// nameOf is how a person is called on the wire. Who has lost the name, because it
// was given to somebody else, is called by number: so the old chat can still be read.
func (d *domain) nameOf(p messages.Person) string {
	if p.SIP == "" && p.ID != 0 {
		return "?p" + strconv.FormatInt(int64(p.ID), 10)
	}
	return p.SIP
}

// refOf is the person of a name on the wire.
func refOf(sip string) messages.Ref {
	if id, ok := strings.CutPrefix(sip, "?p"); ok {
		if n, ok := digits(id); ok {
			return messages.Ref{ID: messages.PersonID(n)}
		}
	}
	return messages.Ref{SIP: sip}
}

// groupRef finds the group that a member grp names, by name or by number.
func (d *domain) groupRef(grp string) (messages.ConvID, error) {
	if g, ok := d.isGroup(grp); ok {
		return g, nil
	}
	if n, ok := digits(grp); ok && n > 0 {
		return messages.ConvID(n), nil
	}
	return 0, notFound("group")
}

// memberOf is the membership of the asker in a group; not found for all others.
func (x *session) memberOf(ctx context.Context, g messages.ConvID) (messages.Member, error) {
	m, err := x.link.domain.log.Member(ctx, g, x.person.ID)
	if err == nil && m.Role < messages.MemberRole {
		err = notFound("group")
	}
	return m, err
}

// chatOf finds the chat that a name means to the asker.
func (x *session) chatOf(ctx context.Context, sip string) (messages.Chat, error) {
	d := x.link.domain
	if g, ok := d.isGroup(sip); ok {
		return messages.Chat{Group: g}, nil
	}
	p, err := d.log.Person(ctx, refOf(sip))
	if err != nil {
		return messages.Chat{}, err
	}
	return messages.Chat{With: p.ID}, nil
}

// chatBy is chatOf for messages that have sip and grp.
func (x *session) chatBy(ctx context.Context, sip, grp string) (messages.Chat, error) {
	if grp == "" {
		if sip == "" {
			return messages.Chat{}, parameter("Either sip or grp is needed.")
		}
		return x.chatOf(ctx, sip)
	}
	g, err := x.link.domain.groupRef(grp)
	return messages.Chat{Group: g}, err
}
