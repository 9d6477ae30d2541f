package service

import (
	"context"
	"strconv"
	"strings"
	"unicode"

	"github.com/tandem-switch/tandem/internal/messages"
)

// Topics have names on the wire ("alice", "alice?notes", "messages?g12", "helpdesk")
// and others in the store, where those of people and apps carry the number of the
// person or object: so they stay with one that is renamed, and who gets the name
// later finds nothing ("#17", "#17?notes"). Those of groups carry the number of the
// group ("#g12").
const topicMark = "#"

// topicOf finds a topic that the session may read and write (decision 55). Who may
// not gets the same answer as for a topic that is not there.
func (x *session) topicOf(ctx context.Context, name string) (string, error) {
	base, sub, hasSub := strings.Cut(name, "?")
	switch {
	case name == "":
		return personal(x.person.ID), nil
	case strings.HasPrefix(name, topicMark):
		return "", notFound("topic")
	}
	if g, ok := x.link.domain.isGroup(name); ok {
		if _, err := x.memberOf(ctx, g); err != nil {
			return "", notFound("topic")
		}
		return groupTopic(g), nil
	}
	owner, ok := x.topics[strings.ToLower(base)]
	if x.is(base) {
		owner, ok = x.person.ID, true
	}
	switch {
	case ok && !hasSub:
		return personal(owner), nil
	case ok && validSub(sub):
		return personal(owner) + "?" + strings.ToLower(sub), nil
	}
	return "", notFound("topic")
}

func validSub(sub string) bool { return sub != "" && !strings.ContainsAny(sub, "?#") }

func personal(p messages.PersonID) string { return topicMark + strconv.FormatInt(int64(p), 10) }

func groupTopic(g messages.ConvID) string { return topicMark + "g" + strconv.FormatInt(int64(g), 10) }

// rights is what a session may read, for a query: a snapshot.
type rights struct {
	own    map[string]bool
	groups map[string]bool
}

func (x *session) rights(ctx context.Context) (*rights, error) {
	groups, err := x.link.domain.log.Groups(ctx, x.person.ID)
	if err != nil {
		return nil, err
	}
	r := &rights{own: map[string]bool{personal(x.person.ID): true}, groups: map[string]bool{}}
	for _, id := range x.topics {
		r.own[personal(id)] = true
	}
	for _, g := range groups {
		r.groups[groupTopic(g.ID)] = true
	}
	return r, nil
}

// sees tells whether a topic, by its name in the store, may be read.
func (r *rights) sees(topic string) bool { return r.owns(topic) || r.groups[topic] }

// owns tells whether a topic belongs to the asker: the personal one and those of the
// apps of the login.
func (r *rights) owns(topic string) bool {
	base, _, _ := strings.Cut(topic, "?")
	return r.own[base]
}

// nameOfTopic is the name on the wire of one in the store.
func (d *domain) nameOfTopic(ctx context.Context, topic string) string {
	id := strings.TrimPrefix(topic, topicMark)
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

// validName tells whether somebody may be called so. The first signs of names of ours
// are not for others.
func validName(sip string) bool {
	return sip != "" && len(sip) <= maxSIP && !strings.HasPrefix(sip, topicMark) && !strings.HasPrefix(sip, "?") &&
		strings.IndexFunc(sip, unicode.IsControl) < 0
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
