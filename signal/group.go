package signal

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// A group is called and written to like a person who is always there: the switch
// answers. Each member has a chat of its own with the group (Chat.group), so calls,
// inboxes and late joiners are those of any chat. A text is posted once, in the chat of
// its author; when the archive has it, the group passes it on in the chats of all
// members who have a registration, and then the author is told (decision 60, A2).

// Bounds of groups.
const (
	maxFans   = 1024 // what waits for a group before the archive has to wait
	maxRecent = 1000 // texts of which a group remembers who wrote them
	// maxLively is up to how many members typing goes around, a pong proves delivery
	// and members who are not there are woken.
	maxLively = 200
)

// group is what the switch keeps of a group as long as somebody has a chat with it. It
// does one thing after the other, on a goroutine of its own while there is something
// to do, and without any lock held.
type group struct {
	sw   *Switch
	addr Address

	mu      sync.Mutex // guards the following; taken after the lock of a chat
	room    sync.Cond  // there may be room in queue
	queue   []func(t *Turn)
	running bool

	// guarded by the goroutine
	recent []authored // oldest first from next
	next   int
	woken  time.Time // when members who were not there were woken
}

// authored is who wrote a message.
type authored struct {
	mid    int64 // 0: it lies in the outbox
	id     string
	author Address
}

// asGroup makes the object a group; Switch.mu is held.
func (o *object) asGroup(s *Switch) *group {
	if o.group == nil {
		o.group = &group{sw: s, addr: o.addr}
		o.group.room.L = &o.group.mu
	}
	return o.group
}

// fan has f done for a group, after all that was asked for before. It waits while
// there is too much.
func (s *Switch) fan(a Address, f func(t *Turn, g *group)) {
	s.mu.Lock()
	o := s.acquire(a)
	g := o.asGroup(s)
	s.mu.Unlock()
	g.mu.Lock()
	for len(g.queue) >= maxFans {
		g.room.Wait()
	}
	g.mu.Unlock()
	g.enqueue(func(t *Turn) {
		f(t, g)
		s.mu.Lock()
		s.release(o)
		s.mu.Unlock()
	})
}

// enqueue has f done after all that was asked for before. It does not wait: what
// chats bring is bounded by what waits in them.
func (g *group) enqueue(f func(t *Turn)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, f)
	if !g.running {
		g.running = true
		go g.run()
	}
}

// idle tells whether nothing waits.
func (g *group) idle() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.running
}

func (g *group) run() {
	for {
		g.mu.Lock()
		if len(g.queue) == 0 {
			g.queue, g.running = nil, false
			g.mu.Unlock()
			return
		}
		f := g.queue[0]
		g.queue[0] = nil
		g.queue = g.queue[1:]
		g.room.Broadcast()
		g.mu.Unlock()
		g.sw.turn(f)
	}
}

// relay passes on a text of a member that has its result, and lets its chat tell him.
func (g *group) relay(t *Turn, c *Chat, p *post) {
	var slow []Waiter
	if r := &p.result; p.request != nil && r.Cause == 0 && !r.Repeated {
		members := g.sw.archive.Members(g.addr)
		e := entry{id: p.entry.id, at: p.entry.at, done: true}
		e.stored(*r)
		g.remember(authored{r.MID, p.entry.id, p.request.Author.Address})
		slow = t.onBehalf(p.ctx, func() {
			as := p.origin
			as.proof = as.proof && len(members) <= maxLively
			g.toMembers(t, members, p.request.To, p.request.Author.Address, &p.text, &as, e)
		})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.posts.slow) < maxSlow {
		c.posts.slow = append(c.posts.slow, slow...)
	}
	c.posts.pop() // it is the oldest: groups keep the order of each chat
	c.settle(t, p)
}

// toMembers passes on a stored message to all members but the author. Those who are
// not there are woken, in small groups.
func (g *group) toMembers(t *Turn, members []Address, to Party, author Address, x *Text, as *origin, e entry) {
	present := g.sw.present(members)
	for i := range present {
		if present[i].Address == author {
			continue
		}
		m, side := g.sw.lockChat(t, &present[i], &to)
		m.passStored(t, writer{side: 1 - side, as: as}, x, e)
		m.mu.Unlock()
	}
	if len(members) > maxLively || len(members) == len(present) || t.Now.Sub(g.woken) < wakeLimit {
		return
	}
	g.woken = t.Now
	for _, a := range members {
		if a != author && len(g.sw.registrations(a)) == 0 {
			g.sw.waker.Wake(t, a, "chat")
		}
	}
}

// present are those of the members who have a registration.
func (s *Switch) present(members []Address) []Party {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []Party
	for _, a := range members {
		o := s.objects[a]
		if o == nil {
			continue
		}
		if regs := o.registrations(); len(regs) > 0 {
			list = append(list, *regs[0].party.Load())
		}
	}
	return list
}

// remember notes who wrote a message.
func (g *group) remember(a authored) {
	if len(g.recent) < maxRecent {
		g.recent = append(g.recent, a)
		return
	}
	g.recent[g.next] = a
	g.next = (g.next + 1) % maxRecent
}

// indicateGroup passes a typing indication on to the members who have an attachment.
// It is dropped while the group has something to do.
func (c *Chat) indicateGroup(t *Turn, w writer, state Typing) {
	g := c.group
	if c.posts.asking || !g.idle() {
		w.leg.drop(t, dropTypingStored)
		return
	}
	author, to := c.sides[w.side].party.Address, c.sides[1-w.side].party
	as := &origin{sender: slices.Clone(c.sides[w.side].sender)}
	g.enqueue(func(t *Turn) {
		members := g.sw.archive.Members(g.addr)
		if len(members) > maxLively {
			g.sw.obs.Dropped(dropTypingLimit)
			return
		}
		present := g.sw.present(members)
		for i := range present {
			if present[i].Address == author || !g.sw.dir.Visible(present[i].Address, author) {
				continue
			}
			if m, side := g.sw.lockIfHeard(t, &present[i], &to); m != nil {
				m.passTyping(t, writer{side: 1 - side, as: as}, &Text{Typing: state})
				m.mu.Unlock()
			}
		}
	})
}

// stored tells of the late result of a text.
func (g *group) stored(t *Turn, r *Stored) {
	n := r.notice()
	if c, side := g.sw.lockIfHeard(t, &r.Author, &r.To); c != nil {
		c.late(side, r)
		c.announce(t, side, n, nil)
		c.mu.Unlock()
	}
	if r.Cause != 0 {
		return
	}
	g.numbered(r)
	present := g.sw.present(g.sw.archive.Members(g.addr))
	for i := range present {
		if present[i].Address != r.Author.Address {
			g.tell(t, &present[i], &r.To, n)
		}
	}
}

// tell sends a notice to the IM_EXT registrations of a member.
func (g *group) tell(t *Turn, member, to *Party, n notice) {
	if c, side := g.sw.lockIfHeard(t, member, to); c != nil {
		c.announce(t, side, n, nil)
		c.mu.Unlock()
	}
}

// numbered enters the number of a message that lay in the outbox.
func (g *group) numbered(r *Stored) {
	for i := range g.recent {
		if a := &g.recent[i]; a.id == r.ID && a.author == r.Author.Address {
			a.mid = r.MID
			return
		}
	}
	g.remember(authored{r.MID, r.ID, r.Author.Address})
}

// known completes a mark of a message that the archive did not look at; false if the
// group does not remember it.
func (g *group) known(m *Mark) bool {
	if m.Author != (Address{}) {
		return true
	}
	for _, a := range g.recent {
		if m.MID != 0 && a.mid == m.MID || m.MID == 0 && a.id == m.ID && a.author != m.Reader.Address {
			m.Author, m.ID = a.author, a.id
			return true
		}
	}
	return false
}

// markByID stores a mark of a message that may have no number yet: the group knows
// whose it is, or nobody does.
func (g *group) markByID(m Mark) {
	g.enqueue(func(*Turn) {
		if !g.known(&m) {
			g.sw.obs.Dropped(dropReceipt)
			return
		}
		g.sw.archive.Mark(m)
	})
}

// marked tells the authors of what a member has received or read since the mark
// before, as far as the group remembers them.
func (g *group) marked(t *Turn, m *Mark) {
	if !g.known(m) {
		g.sw.obs.Dropped(dropReceipt)
		return
	}
	n := notice{id: m.ID, mid: m.MID, state: m.State, sip: m.Reader.SIP, at: m.At}
	var before int64
	if c, side := g.sw.lockIfHeard(t, &m.Reader, &m.Peer); c != nil {
		before = c.sides[side].moveNumber(m)
		news := m.MID == 0 || before < m.MID
		if news && m.State == StateRead {
			c.announce(t, side, n, nil)
		}
		c.mu.Unlock()
		if !news {
			return
		}
	}
	for _, a := range g.authors(before, m) {
		if a == m.Reader.Address || !g.sw.dir.Visible(a, m.Reader.Address) {
			continue
		}
		n.id = ""
		if a == m.Author {
			n.id = m.ID
		}
		if p, ok := g.sw.dir.Party(a); ok {
			g.tell(t, &p, &m.Peer, n)
		}
	}
}

// moveNumber moves the mark of a member, which in a group is a number of a message,
// and returns the one before.
func (s *side) moveNumber(m *Mark) (before int64) {
	mark := &s.delivered
	if m.State == StateRead {
		mark = &s.read
	}
	before = int64(*mark)
	*mark = max(*mark, uint64(max(m.MID, 0)))
	return before
}

// authors are those of the messages behind before, up to the mark.
func (g *group) authors(before int64, m *Mark) []Address {
	list := []Address{m.Author}
	if before == 0 {
		return list
	}
	for _, a := range g.recent {
		if a.mid > before && a.mid <= m.MID && !slices.Contains(list, a.author) {
			list = append(list, a.author)
		}
	}
	return list
}

// deliver passes on a message that the archive has stored by itself.
func (g *group) deliver(t *Turn, d *Delivery) {
	x := d.text()
	x.Subject = strictjson.AppendString(nil, d.To.Name)
	from := strictjson.AppendString([]byte(`,"sender":`), d.Author.SIP)
	from = strictjson.AppendString(append(from, `,"sender_dn":`...), d.Author.Name)
	e := d.entry(t)
	g.remember(authored{d.MID, d.ID, d.Author.Address})
	g.toMembers(t, g.sw.archive.Members(g.addr), d.To, d.Author.Address, &x, &origin{sender: from}, e)
	g.sw.obs.Message()
	if c, side := g.sw.lockIfHeard(t, &d.Author, &d.To); c != nil {
		c.passStored(t, writer{side: side, as: new(origin)}, &x, e)
		c.mu.Unlock()
	}
}

// GroupChanged follows a change of a group's name or members, or its end. Who is no
// member any more loses the calls to it.
func (s *Switch) GroupChanged(t *Turn, g Group) {
	s.mu.RLock()
	var chats []*Chat
	if o := s.objects[g.Address]; o != nil {
		for c := range o.chats {
			chats = append(chats, c)
		}
	}
	s.mu.RUnlock()
	if len(chats) == 0 {
		return
	}
	members := make(map[Address]struct{}, len(g.Members))
	for _, a := range g.Members {
		members[a] = struct{}{}
	}
	for _, c := range chats {
		c.groupChanged(t, &g, members)
	}
}

func (c *Chat) groupChanged(t *Turn, g *Group, members map[Address]struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	side := 0
	if c.key[1] == g.Address {
		side = 1
	}
	if _, is := members[c.key[1-side]]; is {
		c.sides[side].set(&g.Party)
		return
	}
	if c.posts.asking {
		return // the answer is on its way
	}
	for _, k := range slices.Clone(c.calls) {
		k.end(t, CauseUnallocated, CauseUnallocated)
	}
}

// lookup is a question to the archive for a group.
type lookup struct {
	mu    sync.Mutex // guards the following; never held with another lock
	chat  *Chat
	done  bool
	group Group
	cause Cause
}

// ready takes the answer; it may come before the chat is there.
func (q *lookup) ready(t *Turn, g Group, cause Cause) {
	q.mu.Lock()
	q.done, q.group, q.cause = true, g, cause
	c := q.chat
	q.mu.Unlock()
	if c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.found(t, &g, cause)
	}
}

// of names the chat that waits for the answer; true if it is here already.
func (q *lookup) of(c *Chat) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.chat = c
	return q.done
}

// isGroup tells whether a name may be that of a group.
func isGroup(name string) bool { return strings.Contains(name, "?g") }

// lockGroup finds the chat of a person with a group and locks it. While the group is
// being looked up what is written waits.
func (s *Switch) lockGroup(t *Turn, own *Party, name string) (c *Chat, side int, cause Cause) {
	if s.archive == nil || !isGroup(name) {
		return nil, 0, CauseUnallocated
	}
	q := new(lookup)
	g, cause, known := s.archive.Group(own.Address, name, q.ready)
	if cause != 0 {
		return nil, 0, cause
	}
	g.Kind = GroupChat
	if !known {
		g.SIP, g.Name = name, ""
	}
	c, side = s.lockChat(t, own, &g.Party)
	if known {
		c.found(t, &g, 0)
		return c, side, 0
	}
	if c.spend(t, side) { // nobody tries out names of groups for nothing
		s.obs.PostsHeld()
	}
	c.posts.asking = true
	if q.of(c) {
		c.found(t, &q.group, q.cause)
		if q.cause != 0 { // whoever has locked the chat has nothing in it yet that found would refuse
			c.mu.Unlock()
			return nil, 0, q.cause
		}
	}
	return c, side, 0
}

// found ends the lookup of the group: calls are answered and texts posted, or both
// are refused.
func (c *Chat) found(t *Turn, g *Group, cause Cause) {
	side := 0
	if c.sides[1].party.Kind == GroupChat {
		side = 1
	}
	if p := &c.sides[side].party; cause == 0 && (p.SIP != g.SIP || p.Name != g.Name) {
		g.Kind = GroupChat
		c.sides[side].set(&g.Party)
	}
	if !c.posts.asking {
		return
	}
	c.posts.asking = false
	for _, k := range slices.Clone(c.calls) {
		switch {
		case !k.unopened:
		case cause != 0:
			k.end(t, cause, cause)
		case k.caller != nil:
			k.proceed(t)
		default:
			k.unopened = false
		}
	}
	for _, p := range c.posts.list {
		switch {
		case p.request != nil || p.done:
		case cause != 0:
			p.done, p.result.Cause = true, cause
		default:
			c.submit(p)
		}
	}
	c.advanceBacklog(t)
}

// startGroup begins the call of a client's setup to a group.
func (s *Switch) startGroup(t *Turn, c *Conn, r *Registration, number int32, o *offer, name string) Cause {
	if r.inbox.Load() != nil {
		return CauseWrongState
	}
	chat, side, cause := s.lockGroup(t, r.party.Load(), name)
	if cause != 0 {
		return cause
	}
	defer chat.mu.Unlock()
	return chat.start(t, c, r, number, o, side)
}
