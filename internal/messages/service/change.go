package service

import (
	"context"

	"github.com/tandem-switch/tandem/internal/messages"
)

// change is a change of the log as the session gets it; false for what does not
// concern it. sees says which topics it may read.
func (x *session) change(ctx context.Context, c *messages.Change, sees func(string) bool) (Change, bool) {
	d := x.link.domain
	out := Change{N: int64(c.N), ID: int64(c.Ref), Timestamp: c.Time}
	switch {
	case c.Chat.Group != 0:
		out.Grp = d.groupName(c.Chat.Group)
	case c.Chat.With != 0:
		if p, err := d.log.Person(ctx, messages.Ref{ID: c.Chat.With}); err == nil {
			out.SIP = d.nameOf(p)
		}
	}
	if c.Message != nil && c.Message.Post != nil {
		if !sees(c.Message.Post.Topic.SIP) {
			return out, false
		}
		out.Topic = d.nameOfTopic(ctx, c.Message.Post.Topic.SIP)
	}
	return out, x.changeKind(ctx, &out, c)
}

// changeKind fills in what the kinds have.
func (x *session) changeKind(ctx context.Context, out *Change, c *messages.Change) bool {
	switch c.Kind {
	case messages.Posted, messages.Edited:
		return x.changedMessage(out, c)
	case messages.Deleted, messages.Expired:
		out.Kind = kindDelete
		x.by(out, c)
	case messages.Purges:
		out.Kind = kindPurge
		for _, id := range c.Refs {
			out.IDs = append(out.IDs, int64(id))
		}
	case messages.Reacted, messages.Unreacted:
		out.Kind, out.Emoji, out.On = kindReact, c.Data, c.Kind == messages.Reacted
		x.by(out, c)
	case messages.Pinned, messages.Unpinned:
		out.Kind, out.On = kindPin, c.Kind == messages.Pinned
		x.by(out, c)
	case messages.Liked, messages.Unliked:
		out.Kind, out.On = kindLike, c.Kind == messages.Liked
		x.by(out, c)
	case messages.Drafted:
		out.Kind, out.Text = kindDraft, c.Data
		return c.Person.ID == 0 || c.Person.ID == x.person.ID
	case messages.Delivered, messages.Read, messages.ReadPost:
		out.Kind, out.State = kindMark, StateRead
		if c.Kind == messages.Delivered {
			out.State = StateDelivered
		}
		x.by(out, c)
	default:
		return x.changedGroup(ctx, out, c)
	}
	return true
}

func (x *session) by(out *Change, c *messages.Change) {
	if c.Person.ID != 0 {
		out.User, out.GUID = x.link.domain.nameOf(c.Person), c.Person.GUID
	}
}

// changedMessage is a new message or one that was edited.
func (x *session) changedMessage(out *Change, c *messages.Change) bool {
	if c.Message == nil {
		return false
	}
	out.Kind, out.ID, out.Timestamp = kindMessage, 0, 0
	switch {
	case c.Message.Deleted:
		out.Kind, out.ID = kindDelete, int64(c.Message.ID)
		return true
	case c.Kind == messages.Edited && c.Data != messages.Announced:
		out.Kind, out.Timestamp = kindEdit, c.Time
	case c.Message.Post != nil:
		out.Kind = kindPost
	}
	msg := x.msg(c.Message)
	out.Msg = &msg
	return true
}

func (x *session) changedGroup(ctx context.Context, out *Change, c *messages.Change) bool {
	d := x.link.domain
	switch c.Kind {
	case messages.GroupSet:
		out.Kind, out.ID = kindGroup, int64(c.Conv)
		g, err := d.log.Group(ctx, c.Conv)
		if err != nil {
			out.Gone = true
			return true
		}
		out.DN, out.Announce = g.Title, g.Announce
	case messages.GroupGone:
		out.Kind, out.ID, out.Gone = kindGroup, int64(c.Conv), true
	case messages.MemberSet:
		out.Kind, out.ID, out.Role = kindMember, int64(c.Conv), roleName(c.Role)
		out.Gone = c.Role < messages.MemberRole
		out.User, out.GUID, out.DN = d.nameOf(c.Person), c.Person.GUID, c.Person.Name
	default:
		return false
	}
	return true
}
