package service

import (
	"context"
	"strings"

	"github.com/tandem-switch/tandem/internal/messages"
)

// search finds messages of the asker (decision 67). older is the number of a
// message of the page before.
func (c *call) search(ctx context.Context, q *Search) (r SearchResult, err error) {
	x := c.session
	if !x.isOwnTopic(q.Topic) {
		return r, nil
	}
	ask := messages.SearchQuery{Person: x.person.ID, Text: strings.TrimSpace(q.Text), Older: messages.Number(q.Older), Count: countOf(q.Count)}
	if ask.Text == "" {
		return r, parameter("There is nothing to look for in text.")
	}
	if q.SIP != "" {
		if ask.Chat, err = x.chatOf(ctx, q.SIP); err != nil {
			return r, emptyIfNone(err)
		}
	}
	page, err := x.link.s.config.Search.Search(ctx, x.link.domain.log, ask)
	if err != nil {
		return r, err
	}
	for i := range page.Hits {
		if err := c.sendHit(ctx, &page.Hits[i]); err != nil {
			return r, err
		}
	}
	return SearchResult{More: page.More, Behind: page.Behind}, nil
}

func (c *call) sendHit(ctx context.Context, h *messages.SearchHit) error {
	x := c.session
	d := x.link.domain
	if x.hidden(&h.Message) {
		return nil
	}
	ind := SearchInd{Msg: x.msg(&h.Message), Excerpt: h.Excerpt}
	if chat := chatIn(&h.Message); chat.Group != 0 {
		ind.Grp = d.groupName(chat.Group)
	} else if p, err := d.log.Person(ctx, messages.Ref{ID: chat.With}); err == nil {
		ind.SIP = d.nameOf(p)
	}
	for _, m := range h.Marks {
		ind.Highlight = append(ind.Highlight, Stretch{From: int64(m[0]), To: int64(m[1])})
	}
	return c.send(ind)
}
