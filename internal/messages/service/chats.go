package service

import (
	"context"

	"github.com/tandem-switch/tandem/internal/messages"
)

// older reads the member older: milliseconds, or seconds where it is too small for
// them (decision 57).
func older(n int64) int64 {
	if n > 0 && n < secondsBelow {
		return n * 1000
	}
	return n
}

// counted is how many rows were asked for (decision 58).
func countOf(n int64) int {
	switch {
	case n <= 0:
		return countDefault
	case n > countMost:
		return countMost
	}
	return int(n)
}

// isOwnTopic tells whether a chat list is that of the session's person. Others read
// like empty ones (decision 55).
func (x *session) isOwnTopic(topic string) bool { return topic == "" || x.is(topic) }

func (c *call) readChats(ctx context.Context, q *ReadChats) (r ReadChatsResult, err error) {
	x := c.session
	if !x.isOwnTopic(q.Topic) {
		return r, nil
	}
	rows, err := x.link.domain.log.Chats(ctx, x.person.ID, messages.ChatsQuery{Unread: q.Unread})
	if err != nil {
		return r, err
	}
	for i := range rows {
		if rows[i].Left && !x.ext {
			continue
		}
		if err := c.send(x.chatInd(&rows[i], q.Unread)); err != nil {
			return r, err
		}
	}
	return r, nil
}

// chatInd is one chat as the session gets it.
func (x *session) chatInd(row *messages.ChatRow, unread bool) ReadChatsInd {
	d := x.link.domain
	ind := ReadChatsInd{SIP: d.nameOf(row.Peer), DN: row.Peer.Name, Timestamp: row.Time}
	if row.Group != 0 {
		ind.SIP, ind.DN, ind.Grp = d.groupName(row.Group), row.Title, true
	} else if _, ok := d.isGroup(ind.SIP); ok {
		ind.Grp = true // stored by a switch that knows no groups of ours
	}
	if unread {
		ind.Unread = row.Unread
	}
	if !x.ext {
		return ind
	}
	ind.GUID, ind.ID, ind.Total = row.Peer.GUID, int64(row.Last.ID), row.Unread
	ind.Read, ind.PeerRead, ind.PeerDelivered = int64(row.Read), int64(row.PeerRead), int64(row.PeerDelivered)
	ind.Author, ind.Preview, ind.Draft = d.nameOf(row.Last.Author), preview(row.Last.Text), row.Draft
	ind.Left = row.Left
	return ind
}

func (c *call) readChat(ctx context.Context, q *ReadChat) (r ReadChatResult, err error) {
	x := c.session
	if !x.isOwnTopic(q.Topic) {
		return r, nil
	}
	chat, err := x.chatOf(ctx, q.SIP)
	if messages.CodeOf(err) == messages.NotFound {
		return r, nil // nothing was ever said
	}
	if err != nil {
		return r, err
	}
	if q.NoInd {
		return r, emptyIfNone(x.read(ctx, chat, 0))
	}
	rows, err := x.history(ctx, chat, q)
	if err != nil {
		return r, emptyIfNone(err)
	}
	r.More = x.ext && len(rows) == countOf(q.Count)
	if err := c.sendHistory(rows); err != nil {
		return r, err
	}
	if len(rows) == 0 || q.Keep {
		return r, nil
	}
	newest := max(rows[0].ID, rows[len(rows)-1].ID)
	return r, x.read(ctx, chat, newest)
}

// emptyIfNone makes an answer of nothing out of one that is not there.
func emptyIfNone(err error) error {
	if messages.CodeOf(err) == messages.NotFound {
		return nil
	}
	return err
}

func (x *session) history(ctx context.Context, chat messages.Chat, q *ReadChat) ([]messages.Message, error) {
	page := messages.Page{Count: countOf(q.Count)}
	switch {
	case q.Below != 0:
		page.Older = messages.Number(q.Below)
	case q.Above != 0:
		page.After = messages.Number(q.Above)
	default:
		page.OlderTime = older(q.Older)
	}
	return x.link.domain.log.History(ctx, x.person.ID, chat, page)
}

func (c *call) sendHistory(rows []messages.Message) error {
	for i := range rows {
		if c.session.hidden(&rows[i]) {
			continue
		}
		if err := c.send(ReadChatInd{Msg: c.session.msg(&rows[i])}); err != nil {
			return err
		}
	}
	return nil
}

// read marks a chat as read up to a message; 0: all of it.
func (x *session) read(ctx context.Context, chat messages.Chat, up messages.Number) error {
	d := x.link.domain
	op := &messages.Mark{By: x.ref(), Group: chat.Group, Up: up, State: messages.ReadMark}
	if chat.Group == 0 {
		op.With = messages.Ref{ID: chat.With}
	}
	r, err := d.log.Do(ctx, op)
	if err != nil {
		return err
	}
	d.marked(x.person, op.Group, r)
	return nil
}

func (c *call) setRead(ctx context.Context, q *SetRead) (r SetReadResult, err error) {
	x := c.session
	r.ID = q.ID
	m, err := x.message(ctx, q.ID)
	if err != nil {
		return r, err
	}
	if m.Post != nil {
		_, err = x.link.domain.log.Do(ctx, &messages.ReadPosts{By: x.ref(), ID: m.ID})
		return r, err
	}
	return r, x.read(ctx, chatIn(&m), m.ID)
}

// chatIn is the chat of a message, in the eyes of who asked for it.
func chatIn(m *messages.Message) messages.Chat {
	if m.ConvIs == messages.GroupConv {
		return messages.Chat{Group: m.Conv}
	}
	return messages.Chat{With: m.With}
}

func (c *call) update(ctx context.Context, q *Update) (r UpdateResult, err error) {
	x := c.session
	if q.Author != "" && !x.is(q.Author) {
		return r, notAllowed("Another author")
	}
	m, err := x.message(ctx, q.ID)
	if err != nil {
		return r, err
	}
	if m.Post != nil {
		if err := x.mayWrite(ctx, m.Post.Topic.SIP); err != nil {
			return r, err
		}
	}
	if err := q.clean(); err != nil {
		return r, err
	}
	op := &messages.Edit{
		By: x.ref(), ID: messages.Number(q.ID), Windows: x.windows(),
		Mime: q.Mime, Text: q.Text, Data: q.Data, Ext: string(q.Ext), Alt: q.Alt,
	}
	if q.Attaching != nil {
		op.Attaching, op.KeepText = *q.Attaching, q.isEmpty() && q.Ext == nil
	}
	if q.Tags != nil || q.Notify != nil {
		op.SetTags, op.Tags = true, tagsOf(q.Tags)
		for _, n := range q.Notify {
			if validName(n) {
				op.Notify = append(op.Notify, messages.Ref{SIP: n})
			}
		}
	}
	done, err := x.link.domain.log.Do(ctx, op)
	if err != nil {
		return r, err
	}
	if done.Message != nil && !done.Message.Attaching {
		x.link.domain.announced(m.ID)
	}
	if x.ext {
		r.ID = q.ID
	}
	if m.Author.ID == x.person.ID {
		r.AttachKey = x.allow(m.ID)
	}
	return r, nil
}

// windows says for how long the person may change and delete.
func (x *session) windows() messages.Windows {
	s := x.link.s.settings(x.link.domain.name)
	return messages.Windows{Author: s.Edit, Admin: -1}
}

func (c *call) delete(ctx context.Context, q *Delete) (r DeleteResult, err error) {
	x := c.session
	m, err := x.message(ctx, q.ID)
	if err != nil {
		return r, err
	}
	s := x.link.s.settings(x.link.domain.name)
	op := &messages.Delete{By: x.ref(), ID: m.ID, Windows: messages.Windows{Author: s.Delete, Admin: s.AdminDelete}}
	if m.Post != nil {
		rights, err := x.rights(ctx)
		if err != nil {
			return r, err
		}
		op.TopicAllowed = rights.owns(m.Post.Topic.SIP)
	}
	if _, err = x.link.domain.log.Do(ctx, op); err != nil {
		return r, err
	}
	x.link.domain.badge.chat(m.ConvIs, m.Conv, x.person.ID, m.With)
	if x.ext {
		r.ID = q.ID
	}
	return r, nil
}
