package service

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/sanitize"
)

func (c *call) react(ctx context.Context, q *React) (r ReactResult, err error) {
	r.ID = q.ID
	if !validEmoji(q.Emoji) {
		return r, parameter("emoji is not one sign of at most %d bytes.", maxEmoji)
	}
	m, err := c.session.message(ctx, q.ID)
	if err != nil {
		return r, err
	}
	_, err = c.session.link.domain.log.Do(ctx, &messages.React{By: c.session.ref(), ID: m.ID, Emoji: q.Emoji, On: q.On})
	return r, err
}

// validEmoji takes a short text without blanks, control characters and what HTML
// could take for its own.
func validEmoji(s string) bool {
	if s == "" || len(s) > maxEmoji || !utf8.ValidString(s) || strings.ContainsAny(s, "<>&\"'") {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) < 0
}

func (c *call) pin(ctx context.Context, q *Pin) (r PinResult, err error) {
	r.ID = q.ID
	m, err := c.session.message(ctx, q.ID)
	if err != nil {
		return r, err
	}
	if m.Post != nil {
		return r, notFound("chat message")
	}
	_, err = c.session.link.domain.log.Do(ctx, &messages.Pin{By: c.session.ref(), ID: m.ID, On: q.On})
	return r, err
}

func (c *call) readPins(ctx context.Context, q *ReadPins) (r ReadPinsResult, err error) {
	x := c.session
	chat, err := x.chatBy(ctx, q.SIP, q.Grp)
	if err != nil {
		return r, emptyIfNone(err)
	}
	rows, err := x.link.domain.log.Pins(ctx, x.person.ID, chat)
	if err != nil {
		return r, emptyIfNone(err)
	}
	for i := range rows {
		if x.hidden(&rows[i]) {
			continue
		}
		if err := c.send(ReadPinsInd{Msg: x.msg(&rows[i])}); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (c *call) setDraft(ctx context.Context, q *SetDraft) (r SetDraftResult, err error) {
	x := c.session
	op := &messages.SetDraft{By: x.ref(), Text: sanitize.HTML(q.Text)}
	if len(op.Text) > maxDraft {
		return r, parameter("A draft has at most %d bytes.", maxDraft)
	}
	switch {
	case q.Grp != "":
		op.Group, err = x.groupOf(ctx, q.Grp)
	case q.SIP == "":
		err = parameter("Either sip or grp is needed.")
	default:
		if g, ok := x.link.domain.isGroup(q.SIP); ok {
			op.Group, err = x.groupOf(ctx, x.link.domain.groupName(g))
		} else {
			op.To, err = x.find(ctx, q.SIP)
		}
	}
	if err != nil {
		return r, err
	}
	done, err := x.link.domain.log.Do(ctx, op)
	if err == nil && done.Changed {
		x.tellDraft(ctx, op, done)
	}
	return r, err
}

// tellDraft tells the other devices of the person: drafts are private, so no
// follower sees them.
func (x *session) tellDraft(ctx context.Context, op *messages.SetDraft, done messages.Result) {
	d := x.link.domain
	c := &messages.Change{N: done.N, Kind: messages.Drafted, Chat: messages.Chat{Group: op.Group}, Data: op.Text, Time: done.Time}
	if op.Group == 0 {
		p, err := d.log.Person(ctx, op.To)
		if err != nil {
			return
		}
		c.Chat.With = p.ID
	}
	for _, other := range d.of(x.person.ID) {
		if other != x {
			other.event(ctx, c)
		}
	}
}

func (c *call) sync(ctx context.Context, q *Sync) (r SyncResult, err error) {
	x := c.session
	rights, err := x.rights(ctx)
	if err != nil {
		return r, err
	}
	page, err := x.link.domain.log.Sync(ctx, x.person.ID, q.Since, countOf(q.Count))
	if err != nil {
		return r, err
	}
	for i := range page.Changes {
		change, ok := x.change(ctx, &page.Changes[i], rights.sees)
		if !ok {
			continue
		}
		if err := c.send(SyncInd{change}); err != nil {
			return r, err
		}
	}
	return SyncResult{Since: page.Token, More: page.More, Reset: page.Reset}, nil
}
