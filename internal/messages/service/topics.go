package service

import (
	"context"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/sanitize"
)

// subscription is a SetFilter or Discussion that is told new posts.
type subscription struct {
	src        []byte
	filter     messages.Filter
	addsTo     messages.Number // only this discussion; 0: any
	discussion bool
	liked      bool
	mute       []string // ids of posts of the session itself that it is not told

	listing bool     // a list with the same src is being sent: news wait for its end
	held    [][]byte // them, at most maxHeld
}

// maxHeld is how many new posts wait for the end of a list.
const maxHeld = 64

// list says that a list of a subscription begins; its news come behind the result.
func (c *call) list(s *subscription) {
	x := c.session
	x.mu.Lock()
	s.listing = true
	x.mu.Unlock()
	c.after = func() {
		x.mu.Lock()
		defer x.mu.Unlock() // so that no newer one overtakes them
		for _, raw := range s.held {
			x.offer(raw)
		}
		s.listing, s.held = false, nil
	}
}

// tellAdd tells a new post, or keeps it for later.
func (x *session) tellAdd(s *subscription, raw []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case !s.listing:
		x.offer(raw)
	case len(s.held) < maxHeld:
		s.held = append(s.held, raw)
	default:
		x.link.s.config.Observer.Dropped("event")
	}
}

// subscribe begins or replaces the subscription of a src.
func (c *call) subscribe(s *subscription) error {
	x := c.session
	s.src = c.src
	if s.src == nil {
		return nil // nobody could be told
	}
	c.list(s)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.subs[string(s.src)] == nil && len(x.subs) >= maxSubscriptions {
		return messages.Errorf(messages.Quota, "There are too many filters in this session.")
	}
	if !x.ended {
		x.subs[string(s.src)] = s
	}
	return nil
}

// subscriptions are those of a session.
func (x *session) subscriptions() []*subscription {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := make([]*subscription, 0, len(x.subs))
	for _, s := range x.subs {
		list = append(list, s)
	}
	return list
}

// silence keeps a post from the subscription of the poster that filterSrc names; it
// returns the id by which the post is known.
func (x *session) silence(filterSrc, cid string) string {
	if cid == "" {
		cid = newID()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, src := range [...]string{`"` + filterSrc + `"`, filterSrc} {
		if s := x.subs[src]; s != nil && len(s.mute) < maxWaiting {
			s.mute = append(s.mute, cid)
		}
	}
	return cid
}

// isSilent tells, once, whether a post is kept from a subscription.
func (x *session) isSilent(s *subscription, cid string) bool {
	if cid == "" {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	i := slices.Index(s.mute, cid)
	if i < 0 {
		return false
	}
	s.mute = slices.Delete(s.mute, i, i+1)
	return true
}

// filterOf turns a filter into that of the store. A topic that the asker may not
// read stays in it as one that nothing has.
func (x *session) filterOf(ctx context.Context, f *Filter, depth int) (messages.Filter, error) {
	out := messages.Filter{Authors: f.Authors, Notifies: f.Notifies, Tags: tagsOf(f.Tags)}
	switch f.Op {
	case "", "and":
	case "or":
		out.Or = true
	default:
		return out, parameter("op is neither and nor or.")
	}
	if depth > 3 {
		return out, parameter("filters stand more than 4 deep.")
	}
	for _, t := range f.Topics {
		name, err := x.topicOf(ctx, t)
		if err != nil && messages.CodeOf(err) != messages.NotFound {
			return out, err
		}
		if err != nil {
			name = topicMark + "none"
		}
		out.Topics = append(out.Topics, name)
	}
	for i := range f.Filters {
		inner, err := x.filterOf(ctx, &f.Filters[i], depth+1)
		if err != nil {
			return out, err
		}
		out.Filters = append(out.Filters, inner)
	}
	return out, nil
}

func (c *call) setFilter(ctx context.Context, q *SetFilter) (r SetFilterResult, err error) {
	filter, err := c.session.filterOf(ctx, &q.Filter, 0)
	if err != nil {
		return r, err
	}
	s := &subscription{filter: filter, addsTo: messages.Number(q.AddsTo), liked: q.Liked}
	if err := c.subscribe(s); err != nil {
		return r, err
	}
	return r, c.listPosts(ctx, s, messages.PostsQuery{Count: countOf(q.Count)}, false)
}

func (c *call) discussion(ctx context.Context, q *Discussion) (r DiscussionResult, err error) {
	m, err := c.session.message(ctx, q.Discussion)
	if messages.CodeOf(err) == messages.NotFound {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	s := &subscription{addsTo: m.ID, discussion: true}
	if m.Post != nil && m.Post.Root != 0 {
		s.addsTo = m.Post.Root
	}
	if err := c.subscribe(s); err != nil {
		return r, err
	}
	return r, c.listPosts(ctx, s, messages.PostsQuery{Count: countOf(q.Count)}, false)
}

func (c *call) getMore(ctx context.Context, q *GetMore) (r GetMoreResult, err error) {
	x := c.session
	x.mu.Lock()
	s := x.subs[string(c.src)]
	x.mu.Unlock()
	if s == nil {
		return r, notFound("filter with this src")
	}
	c.list(s)
	narrowed := subscription{filter: s.filter, addsTo: s.addsTo, liked: s.liked}
	if q.AddsTo != 0 {
		narrowed.addsTo = messages.Number(q.AddsTo)
	}
	narrowed.liked = s.liked || q.Liked
	return r, c.listPosts(ctx, &narrowed, messages.PostsQuery{
		Count: countOf(q.Count), Older: older(q.Timestamp), Exclude: messages.Number(q.ID),
	}, q.Read)
}

// listPosts sends a page of posts, newest first.
func (c *call) listPosts(ctx context.Context, s *subscription, q messages.PostsQuery, read bool) error {
	x := c.session
	rights, err := x.rights(ctx)
	if err != nil {
		return err
	}
	q.Filter, q.AddsTo, q.Liked, q.Visible = s.filter, s.addsTo, s.liked, rights.sees
	rows, err := x.link.domain.log.Posts(ctx, x.person.ID, q)
	if err != nil {
		return err
	}
	for i := range rows {
		if err := c.send(x.add(ctx, &rows[i], read)); err != nil {
			return err
		}
	}
	return nil
}

// add is a post as the session gets it.
func (x *session) add(ctx context.Context, m *messages.Message, read bool) Add {
	d, p := x.link.domain, m.Post
	out := Add{
		ID: int64(m.ID), AddsTo: int64(p.Root), RepliesTo: int64(m.Reply), Author: d.nameOf(m.Author), DN: m.Author.Name,
		Topic: d.nameOfTopic(ctx, p.Topic.SIP), Text: m.Text, Timestamp: m.Time, RTimestamp: p.ReplyTime,
		Replies: p.Replies, Likes: p.Likes, Like: p.Liked, Attached: x.attached(m.Files),
	}
	if out.AddsTo == 0 {
		out.AddsTo = out.ID
	}
	if read {
		out.Read, out.Unread = int64(p.Read), p.Unread
	}
	return out
}

func (c *call) readTopics(ctx context.Context, q *ReadTopics) (r ReadTopicsResult, err error) {
	x := c.session
	d := x.link.domain
	r.ID = q.ID
	topics, err := x.subTopics(ctx)
	for _, t := range topics {
		if q.ID == 0 || q.ID == int64(t.ID) {
			if err := c.send(Topic{ID: int64(t.ID), SIP: d.nameOfTopic(ctx, t.SIP), DN: t.Name}); err != nil {
				return r, err
			}
		}
	}
	return r, err
}

// subTopics are those of the person and of the apps of the login.
func (x *session) subTopics(ctx context.Context) ([]messages.Topic, error) {
	list, err := x.link.domain.log.Topics(ctx, personal(x.person.ID))
	for _, id := range x.topics {
		if err != nil || id == x.person.ID {
			continue
		}
		var more []messages.Topic
		more, err = x.link.domain.log.Topics(ctx, personal(id))
		list = append(list, more...)
	}
	return list, err
}

func (c *call) writeTopic(ctx context.Context, q *WriteTopic) (r WriteTopicResult, err error) {
	x := c.session
	op := &messages.SetTopic{By: x.ref(), ID: messages.ConvID(q.ID), Name: sanitize.Text(q.DN, maxTitle)}
	op.Gone = op.Name == ""
	r.ID = q.ID
	if q.ID != 0 {
		if err := x.mayWriteTopic(ctx, messages.ConvID(q.ID)); err != nil {
			return r, err
		}
	}
	if q.SIP != "" || q.ID == 0 {
		if op.SIP, err = x.topicOf(ctx, q.SIP); err != nil {
			return r, err
		}
		if !strings.Contains(op.SIP, "?") || strings.HasPrefix(op.SIP, topicMark+"g") {
			return r, parameter("A sub-topic has the form <topic>?<name>.")
		}
	}
	if q.ID == 0 && !op.Gone {
		if err := x.roomForTopic(ctx, op.SIP); err != nil {
			return r, err
		}
	}
	done, err := x.link.domain.log.Do(ctx, op)
	if err == nil && done.Conv != 0 {
		r.ID = int64(done.Conv)
	}
	return r, err
}

// mayWriteTopic checks that a sub-topic is one of the asker's.
func (x *session) mayWriteTopic(ctx context.Context, id messages.ConvID) error {
	topics, err := x.subTopics(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(topics, func(t messages.Topic) bool { return t.ID == id }) {
		return notFound("topic")
	}
	return nil
}

func (x *session) roomForTopic(ctx context.Context, topic string) error {
	base, _, _ := strings.Cut(topic, "?")
	topics, err := x.link.domain.log.Topics(ctx, base)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if t.SIP == topic {
			return nil
		}
	}
	if len(topics) >= maxSubTopics {
		return messages.Errorf(messages.Quota, "There are too many sub-topics.")
	}
	return nil
}

func (c *call) like(ctx context.Context, q *Like) (r LikeResult, err error) {
	r.ID = q.ID
	m, err := c.session.message(ctx, q.ID)
	if err != nil {
		return r, err
	}
	if m.Post == nil {
		return r, notFound("post")
	}
	_, err = c.session.link.domain.log.Do(ctx, &messages.Like{By: c.session.ref(), ID: m.ID, On: q.On})
	return r, err
}
