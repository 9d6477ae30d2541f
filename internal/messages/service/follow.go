package service

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/trace"
)

const (
	tailPage      = 500   // changes that are read at a time
	maxPlaces     = 20000 // conversations that are kept in mind
	maxMoves      = 65536 // marks that wait to be told
	expirePause   = 15 * time.Second
	followerPause = time.Second // after an error
)

// follower reads what is committed in a domain and tells the sessions and switches
// that want to know. It is behind the log, never in its way: who is slow loses live
// news and is told so.
type follower struct {
	d *domain

	mu     sync.Mutex // guards the following
	places map[messages.ConvID]*place
	moves  map[moveKey]move // marks to be told, the newest of each
	order  []moveKey
	some   chan struct{} // takes one
	due    []delivery    // what a broadcast has stored; bounded by its messages in flight
}

// delivery is a message that the service has stored by itself.
type delivery struct {
	b  *broadcast
	op *messages.Post
	r  messages.Result
}

// place is what is known of a conversation.
type place struct {
	kind   messages.ConvKind
	a, b   messages.PersonID // the pair; owner and partner
	topic  string
	detail bool // of a group: every mark is told
}

type moveKey struct {
	reader messages.PersonID
	conv   messages.ConvID
	state  messages.MarkState
}

type move struct {
	reader messages.Person
	group  messages.ConvID
	m      messages.Move
	at     int64
}

func newFollower(d *domain) *follower {
	return &follower{d: d, places: map[messages.ConvID]*place{}, moves: map[moveKey]move{}, some: make(chan struct{}, 1)}
}

// run follows until the domain has no links any more.
func (f *follower) run() {
	ctx, at := f.d.ctx, f.d.log.Head()
	for {
		changed := f.d.log.Changed()
		if head := f.d.log.Head(); head > at && !f.listened() {
			at = head
		} else if head > at {
			var err error
			if at, err = f.tail(ctx, at); err != nil && !f.pause(err) {
				return
			}
		}
		f.tellMoves(ctx)
		f.tellDue(ctx)
		select {
		case <-changed:
		case <-f.some:
		case <-ctx.Done():
			return
		}
	}
}

func (f *follower) pause(err error) bool {
	if f.d.ctx.Err() == nil {
		f.d.s.config.Log.Warn("live news are late", "domain", f.d.name, "error", err)
	}
	select {
	case <-time.After(followerPause):
		return true
	case <-f.d.ctx.Done():
		return false
	}
}

// listened tells whether anybody wants to know.
func (f *follower) listened() bool {
	for _, x := range f.d.all() {
		if x.listens() {
			return true
		}
	}
	return false
}

func (x *session) listens() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return (x.ext && x.src != nil) || len(x.subs) > 0
}

// tail tells everything above a number.
func (f *follower) tail(ctx context.Context, at messages.Number) (messages.Number, error) {
	for {
		page, err := f.d.log.Tail(ctx, at, tailPage)
		if messages.CodeOf(err) == messages.NotFound {
			return f.d.log.Head(), nil // the log has been cut: nothing to tell
		}
		if err != nil {
			return at, err
		}
		for i := range page.Changes {
			f.tell(ctx, &page.Changes[i])
		}
		if at = page.Next; !page.More {
			return at, nil
		}
		f.tellMoves(ctx)
		f.tellDue(ctx)
	}
}

// tell tells one change to everybody whom it concerns.
func (f *follower) tell(ctx context.Context, c *messages.Change) {
	switch c.Kind {
	case messages.PurgedRows, messages.PersonErased, messages.FilesDropped, messages.TopicSet, messages.Drafted, messages.ReadPost:
		return
	case messages.MemberSet:
		f.forget(c.Conv)
		f.tellAll(ctx, c, f.place(ctx, c), union(f.d.inGroup(c.Conv), f.d.of(c.Person.ID)))
		return
	}
	p := f.place(ctx, c)
	if p == nil {
		return
	}
	to := f.audience(c.Conv, p)
	if p.kind == messages.GroupConv && ofOlder(c.Kind) {
		to = f.sighted(ctx, c, to)
	}
	f.tellAll(ctx, c, p, to)
}

// ofOlder tells whether a change is one of a message that may have been there before
// some members of its group.
func ofOlder(k messages.ChangeKind) bool {
	switch k {
	case messages.Edited, messages.Deleted, messages.Expired, messages.Reacted, messages.Unreacted, messages.Pinned, messages.Unpinned:
		return true
	}
	return false
}

// sighted are those sessions whose people may see the message that has changed: who
// came later, and is shown nothing of the time before, is not told either what
// becomes of it (Sync has the same rule).
func (f *follower) sighted(ctx context.Context, c *messages.Change, to []*session) []*session {
	seen := make(map[messages.PersonID]bool, len(to))
	out := make([]*session, 0, len(to))
	for _, x := range to {
		sees, known := seen[x.person.ID]
		if !known {
			m, err := f.d.log.Member(ctx, c.Conv, x.person.ID)
			sees = err == nil && m.Role >= messages.MemberRole && m.VisibleFrom < c.Ref
			seen[x.person.ID] = sees
			if err != nil && messages.CodeOf(err) != messages.NotFound {
				x.setLost(true)
			}
		}
		if sees {
			out = append(out, x)
		}
	}
	return out
}

// audience are the sessions that may see what happens in a conversation.
func (f *follower) audience(conv messages.ConvID, p *place) []*session {
	switch p.kind {
	case messages.PairConv:
		if p.a == p.b {
			return f.d.of(p.a)
		}
		return append(f.d.of(p.a), f.d.of(p.b)...)
	case messages.OwnConv:
		return f.d.of(p.a)
	case messages.GroupConv:
		return f.d.inGroup(conv)
	case messages.TopicConv:
		return f.topicAudience(p.topic)
	}
	return nil
}

func (f *follower) topicAudience(topic string) []*session {
	base, _, _ := strings.Cut(strings.TrimPrefix(topic, topicMark), "?")
	if g, ok := strings.CutPrefix(base, "g"); ok {
		n, _ := digits(g)
		return f.d.inGroup(messages.ConvID(n))
	}
	n, _ := digits(base)
	return f.d.throughApp(messages.PersonID(n))
}

func union(a, b []*session) []*session {
	have := make(map[*session]bool, len(a))
	for _, x := range a {
		have[x] = true
	}
	for _, x := range b {
		if !have[x] {
			a = append(a, x)
		}
	}
	return a
}

// tellAll tells one change to sessions that may see it.
func (f *follower) tellAll(ctx context.Context, c *messages.Change, p *place, to []*session) {
	if c.Message != nil && c.Message.Waits(f.d.s.config.Clock.Now().UnixMilli()) {
		return // it is announced when its files have come
	}
	for _, x := range to {
		if p != nil {
			c.Chat = p.chatOf(c.Conv, x.person.ID)
		}
		if c.Message != nil && c.Message.Post != nil && !c.Message.Deleted {
			x.tellSubscriptions(ctx, c.Message)
		}
		x.event(ctx, c)
	}
}

// chatOf is the chat in the eyes of somebody.
func (p *place) chatOf(conv messages.ConvID, viewer messages.PersonID) messages.Chat {
	switch {
	case p.kind == messages.GroupConv:
		return messages.Chat{Group: conv}
	case p.kind == messages.TopicConv:
		return messages.Chat{}
	case p.kind == messages.PairConv && p.b == viewer:
		return messages.Chat{With: p.a}
	}
	return messages.Chat{With: p.b}
}

func everything(string) bool { return true }

// event tells a change to a session that has asked for our extension.
func (x *session) event(ctx context.Context, c *messages.Change) {
	x.mu.Lock()
	src, wants, lost := x.src, x.ext && x.src != nil && !x.ended, x.lost
	x.mu.Unlock()
	if !wants {
		return
	}
	change, ok := x.change(ctx, c, everything)
	if !ok {
		return
	}
	if lost && x.news(src, Event{Change{Kind: kindLost}}) {
		x.setLost(false)
	}
	if !x.news(src, Event{change}) {
		x.setLost(true)
	}
}

func (x *session) setLost(is bool) {
	x.mu.Lock()
	x.lost = is
	x.mu.Unlock()
}

// news sends something that was not asked for now, if there is room.
func (x *session) news(src []byte, v any) bool {
	raw, ok := x.encode(src, v)
	return !ok || x.offer(raw)
}

// encode writes news; false if they do not fit into a message.
func (x *session) encode(src []byte, v any) ([]byte, bool) {
	raw, err := appservice.AppendReply(nil, appservice.Frame{Src: src}, v)
	if err != nil || len(raw) > appservice.MaxMessage {
		x.link.s.config.Observer.Dropped("event_too_long")
		return nil, false
	}
	return raw, true
}

// offer sends news if there is room.
func (x *session) offer(raw []byte) bool { return x.link.news(raw, "event") }

// tellSubscriptions tells a post to the filters and discussions that it belongs to.
func (x *session) tellSubscriptions(ctx context.Context, m *messages.Message) {
	for _, s := range x.subscriptions() {
		if !s.wants(x.link.domain, m) || x.isSilent(s, m.CID) {
			continue
		}
		if raw, ok := x.encode(s.src, x.add(ctx, m, false)); ok {
			x.tellAdd(s, raw)
		}
	}
}

// place finds out where a change happened.
func (f *follower) place(ctx context.Context, c *messages.Change) *place {
	if m := c.Message; m != nil && c.Kind == messages.Posted {
		p := &place{kind: m.ConvIs, a: m.Owner, b: m.With}
		if m.Post != nil {
			p.topic = m.Post.Topic.SIP
		}
		return p
	}
	return f.known(ctx, c.Conv)
}

// known reads a conversation, or remembers it.
func (f *follower) known(ctx context.Context, conv messages.ConvID) *place {
	f.mu.Lock()
	p := f.places[conv]
	f.mu.Unlock()
	if p != nil {
		return p
	}
	rows, err := f.d.log.Conversations(ctx, conv-1, 1)
	if err != nil || len(rows) != 1 || rows[0].ID != conv {
		return nil
	}
	p = f.placeOf(ctx, &rows[0])
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.places) >= maxPlaces {
		clear(f.places)
	}
	f.places[conv] = p
	return p
}

func (f *follower) placeOf(ctx context.Context, row *messages.ConvRow) *place {
	p := &place{kind: row.Kind, detail: true}
	if len(row.People) > 0 {
		p.a, p.topic = row.People[0].ID, row.People[0].SIP
		p.b = row.People[len(row.People)-1].ID
	}
	if row.Kind == messages.GroupConv {
		g, err := f.d.log.Group(ctx, row.ID)
		p.detail = err == nil && (g.Marks == messages.MarksOn || (g.Marks == messages.MarksAuto && g.Members <= marksDetailed))
	}
	return p
}

// forget drops what is remembered of a conversation that changes.
func (f *follower) forget(conv messages.ConvID) {
	f.mu.Lock()
	delete(f.places, conv)
	f.mu.Unlock()
}

// moved notes a mark that is to be told. Of one reader in one chat only the newest
// counts, so what waits is bounded by who reads where.
func (f *follower) moved(reader messages.Person, group messages.ConvID, m messages.Move, at int64) {
	key := moveKey{reader.ID, m.Conv, m.State}
	f.mu.Lock()
	_, waits := f.moves[key]
	if waits || len(f.moves) < maxMoves {
		f.moves[key] = move{reader, group, m, at}
	}
	if !waits && len(f.moves) <= maxMoves {
		f.order = append(f.order, key)
	}
	f.mu.Unlock()
	select {
	case f.some <- struct{}{}:
	default:
	}
}

// deliver has a stored message passed on by the switches. It never blocks.
func (f *follower) deliver(v delivery) {
	f.mu.Lock()
	f.due = append(f.due, v)
	f.mu.Unlock()
	select {
	case f.some <- struct{}{}:
	default:
	}
}

// tellDue has the switches pass on what broadcasts have stored.
func (f *follower) tellDue(ctx context.Context) {
	f.mu.Lock()
	due := f.due
	f.due = nil
	f.mu.Unlock()
	for _, v := range due {
		f.tellDelivery(ctx, v)
		v.b.release()
	}
}

func (f *follower) tellDelivery(ctx context.Context, v delivery) {
	p, err := f.d.log.Person(ctx, messages.Ref{ID: v.r.With})
	if err != nil {
		f.d.s.config.Observer.Dropped("deliver")
		return
	}
	raw, ok := f.d.marshal(Deliver{
		Author: f.d.nameOf(v.b.author), AuthorGUID: v.b.author.GUID, AuthorDN: v.b.author.Name,
		SIP: f.d.nameOf(p), GUID: p.GUID, ID: int64(v.r.N), CID: v.op.CID, Timestamp: v.r.Time,
		Text: v.op.Text, Mime: v.op.Mime, Data: v.op.Data, Ext: rawOrNil(v.op.Ext), Alt: v.op.Alt, Attach: v.b.attach,
	})
	if !ok || len(raw) > appservice.MaxMessage {
		f.d.s.config.Observer.Dropped("deliver")
		return
	}
	for _, l := range f.d.trusted() {
		l.trace(trace.Out, raw)
		_ = l.out.wait(ctx, raw) // ends with the domain
	}
}

// tellMoves tells the switches which marks have moved.
func (f *follower) tellMoves(ctx context.Context) {
	f.mu.Lock()
	moves, order := f.moves, f.order
	if len(order) > 0 {
		f.moves, f.order = map[moveKey]move{}, nil
	}
	f.mu.Unlock()
	for _, key := range order {
		if marked, ok := f.marked(ctx, moves[key]); ok {
			f.d.tellSwitch(marked, "marked")
		}
	}
}

func (f *follower) marked(ctx context.Context, v move) (Marked, bool) {
	p := f.known(ctx, v.m.Conv)
	if p == nil || (!p.detail && !v.m.Newest) {
		return Marked{}, false
	}
	chat := p.chatOf(v.m.Conv, v.reader.ID)
	people, err := f.d.log.People(ctx, []messages.PersonID{v.reader.ID, v.m.Author, chat.With})
	if err != nil {
		f.d.s.config.Observer.Dropped("marked")
		return Marked{}, false
	}
	reader := people[v.reader.ID]
	out := Marked{
		User: f.d.nameOf(reader), GUID: reader.GUID, ID: int64(v.m.Message), CID: v.m.CID,
		Author: f.d.nameOf(people[v.m.Author]), State: StateDelivered, Timestamp: v.at,
	}
	if v.m.State == messages.ReadMark {
		out.State = StateRead
	}
	if chat.Group != 0 {
		out.Grp = f.d.groupName(chat.Group)
	} else {
		out.SIP = f.d.nameOf(people[chat.With])
	}
	return out, true
}

// expire ends messages whose own time is over.
func (d *domain) expire() {
	tick := time.NewTicker(expirePause)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-d.ctx.Done():
			return
		}
		if err := d.expireNow(d.ctx); err != nil && d.ctx.Err() == nil {
			d.s.config.Log.Warn("expired messages stay", "domain", d.name, "error", err)
		}
		if err := d.announce(d.ctx); err != nil && d.ctx.Err() == nil {
			d.s.config.Log.Warn("posts wait longer than for their files", "domain", d.name, "error", err)
		}
	}
}

// expireNow deletes what is over, if anything is.
func (d *domain) expireNow(ctx context.Context) error {
	rule := messages.Purge{Expired: d.s.config.Clock.Now().UnixMilli()}
	over, err := d.log.Dry(ctx, &rule)
	if err != nil || over.Count == 0 {
		return err
	}
	for {
		op := rule
		if r, err := d.log.Do(ctx, &op); err != nil || !r.More {
			return err
		}
	}
}
