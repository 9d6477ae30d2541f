package signal

import (
	"context"
	"slices"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// A stored text waits in its chat until the archive has it: it is stored before it is
// passed on, and passed on before it is acknowledged (A4). What a chat has waiting
// keeps its order. Nothing is refused because much waits: the connection that writes
// is not read until there is room (backlog.Wait, allowance).

// maxPosts is how many texts of a chat wait before those who write are not read any
// more, and maxPostBytes how much text.
const (
	maxPosts     = 256
	maxPostBytes = 1 << 20
)

// keeps is what the archive said of the two sides, and when.
type keeps struct {
	asked      bool
	generation uint64
	side       [2]bool
}

// storing tells whether texts of the chat go to the archive, or behind some that do.
func (c *Chat) storing() bool {
	a := c.sw.archive
	if a == nil {
		return false
	}
	if g := a.Generation(); !c.keeps.asked || g != c.keeps.generation {
		c.keeps = keeps{asked: true, generation: g}
		if c.group == nil {
			c.keeps.side = [2]bool{a.Stores(c.key[0]), a.Stores(c.key[1])}
		}
	}
	return c.kept() || len(c.posts.list) > 0
}

// kept is what storing found out last.
func (c *Chat) kept() bool { return c.group != nil || c.keeps.side[0] || c.keeps.side[1] }

// hosts tells whether the switch is the called party where the side is called: a
// group, or a person for whom the chat is stored (A1.6, A5). A program answers
// itself.
func (c *Chat) hosts(side int) bool {
	if !c.storing() {
		return false
	}
	switch c.sides[side].party.Kind {
	case GroupChat:
		return true
	case User:
		return c.keeps.side[side]
	}
	return false
}

// post is a text that waits: for the archive, or behind one that does.
type post struct {
	w       writer
	text    Text
	entry   entry
	since   time.Time
	ctx     context.Context // of the turn that brought it: who it is counted for where a receiver is behind
	request *Post           // nil: not submitted (yet)
	plain   bool            // it is not to be stored, but waits behind others
	also    *Leg            // where the same id came from once more
	done    bool
	handed  bool // to the group
	size    int
	result  PostResult

	origin origin
}

// backlog is what waits in a chat.
type backlog struct {
	chat   *Chat
	list   []*post // oldest first
	size   int     // bytes of their texts
	asking bool    // the group is being looked up: nothing goes to the archive yet
	freed  chan struct{}
	slow   []Waiter // receivers of this chat that are behind: whoever writes waits for them
}

func (b *backlog) waiting() int { return len(b.list) }

func (b *backlog) full() bool { return len(b.list) >= maxPosts || b.size >= maxPostBytes }

func (b *backlog) push(p *post) {
	p.size = p.text.size()
	b.list = append(b.list, p)
	b.size += p.size
	b.chat.sw.obs.PostsWaiting(1)
}

// Wait implements Waiter: for room.
func (b *backlog) Wait(ctx context.Context) {
	for ctx.Err() == nil {
		b.chat.mu.Lock()
		if !b.full() || b.chat.dead {
			b.chat.mu.Unlock()
			return
		}
		if b.freed == nil {
			b.freed = make(chan struct{})
		}
		freed := b.freed
		b.chat.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
		case <-b.chat.sw.over:
			return
		}
	}
}

// pop takes the oldest text out.
func (b *backlog) pop() {
	b.size -= b.list[0].size
	b.list[0] = nil
	b.list = b.list[1:]
	if len(b.list) == 0 {
		b.list = nil
	}
	if b.freed != nil && !b.full() {
		close(b.freed)
		b.freed = nil
	}
	b.chat.sw.obs.PostsWaiting(-1)
}

// takeStored passes on a text of a chat that is stored for somebody.
func (c *Chat) takeStored(t *Turn, w writer, x *Text, e entry) {
	// where it is stored for its author alone somebody must be there (A5)
	alone := !c.hosts(1 - w.side)
	there := !alone || !w.inbox() || c.callFor(t, &w)
	if there && w.call != nil && w.call.mustWait(w.side) {
		w.call.keep(t, w, x, e)
		return
	}
	if !there || alone && len(c.sides[1-w.side].object.registrations()) == 0 {
		c.fail(t, w, e, CauseSubscriberAbsent)
		if w.call != nil {
			w.call.cutIfPlain(t, w, CauseSubscriberAbsent)
		}
		return
	}
	c.post(t, w, x, e)
}

// forward passes on a text that has waited for its receiver.
func (c *Chat) forward(t *Turn, w writer, x *Text, e entry) {
	if c.storing() {
		c.post(t, w, x, e)
		return
	}
	c.deliver(t, w, x, e)
}

// post lets a text wait for the archive.
func (c *Chat) post(t *Turn, w writer, x *Text, e entry) {
	e.id = e.idString()
	p := &post{w: w, text: x.clone(), entry: e, since: t.Now, ctx: context.Background()}
	if w.leg.conn == t.work.conn {
		p.ctx = t.ctx
	}
	if w.call != nil {
		w.call.posts++
	}
	c.posts.push(p)
	c.press(t, w)
	if !c.kept() {
		p.plain, p.done = true, true // its time comes behind the others
		return
	}
	if c.group != nil {
		p.origin = origin{sender: slices.Clone(c.sides[w.side].sender), proof: c.hasExt(w.side)}
	}
	if !c.posts.asking {
		c.submit(p)
	}
}

// press makes the writer wait where the chat has enough waiting, where he has posted
// too much in too short a time, or where a receiver is behind. Where the turn is
// another's, because the text has waited for that one, nobody waits.
func (c *Chat) press(t *Turn, w writer) {
	if w.leg.conn != t.work.conn {
		c.owe(t, w.side)
		return
	}
	held := c.posts.full()
	if held {
		t.Hold(&c.posts)
	}
	for _, s := range c.posts.slow {
		held = true
		t.Hold(s)
	}
	c.posts.slow = nil
	if c.spend(t, w.side) || held {
		c.sw.obs.PostsHeld()
	}
}

// spend counts something that a person gives the archive, and makes him wait for what
// is over his rate.
func (c *Chat) spend(t *Turn, side int) (held bool) {
	debt := c.owe(t, side)
	if debt > 0 {
		t.Hold(&pause{sw: c.sw, until: t.Now.Add(debt)})
	}
	return debt > 0
}

// owe counts one thing, and tells how much time the person owes.
func (c *Chat) owe(t *Turn, side int) time.Duration {
	return c.sides[side].object.posting.take(t.Now, c.sw.limits.StoredRate, c.sw.limits.StoredBurst)
}

// request is the text as the archive gets it.
func (c *Chat) request(p *post) *Post {
	from, to := &c.sides[p.w.side], &c.sides[1-p.w.side]
	r := &Post{
		Author: from.party, To: to.party, ID: p.entry.id, At: time.UnixMilli(p.entry.at),
		HTML: p.text.HTML, Alt: p.text.Alt, Attach: p.text.Attach, Ext: p.text.ext(),
	}
	if p.text.Data != nil {
		r.Mime, r.Data = p.text.Mime, p.text.Data
	}
	r.Reply = replyOf(r.Ext)
	if c.group == nil {
		r.OfAuthor, r.OfReceiver = c.keeps.side[p.w.side], c.keeps.side[1-p.w.side] && !c.self
	}
	return r
}

// ext is the further members of a text as one object; nil if there are none.
func (x *Text) ext() []byte {
	if len(x.Extra) == 0 && len(x.Subject) == 0 {
		return nil
	}
	b := appendNamed(nil, `,"subject":`, x.Subject)
	b = append(append(b, x.Extra...), '}')
	b[0] = '{'
	return b
}

// replyOf reads which message a text answers.
func replyOf(ext []byte) int64 {
	if ext == nil {
		return 0
	}
	var doc strictjson.Doc
	if doc.Parse(ext) != nil {
		return 0
	}
	n, _ := doc.Root().Get("reply").Int64()
	return max(n, 0)
}

// submit gives a text to the archive.
func (c *Chat) submit(p *post) {
	p.request = c.request(p)
	if c.group != nil {
		p.text.Subject = strictjson.AppendString(nil, p.request.To.Name)
	}
	c.sw.archive.Post(p.request, func(t *Turn, r PostResult) { c.posted(t, p, r) })
}

// posted takes the result of a post.
func (c *Chat) posted(t *Turn, p *post, r PostResult) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.done {
		return
	}
	p.done, p.result = true, r
	c.sw.obs.Posted(t.Now.Sub(p.since), r.outcome())
	c.advanceBacklog(t)
}

// advanceBacklog settles what has its result, oldest first.
func (c *Chat) advanceBacklog(t *Turn) {
	if c.group != nil {
		for _, p := range c.posts.list {
			if !p.done {
				break
			}
			if !p.handed {
				p.handed = true
				c.group.enqueue(func(t *Turn) { c.group.relay(t, c, p) })
			}
		}
		return
	}
	for len(c.posts.list) > 0 && c.posts.list[0].done {
		p := c.posts.list[0]
		c.posts.pop()
		c.settle(t, p)
	}
}

// settle passes on a text that has its result, and tells the writer.
func (c *Chat) settle(t *Turn, p *post) {
	t.work.chat = c
	call := p.w.call
	if call != nil {
		call.posts--
	}
	w, e := p.w, p.entry
	c.current(&w)
	switch {
	case p.plain:
		c.deliver(t, w, &p.text, e)
	case p.result.Cause != 0:
		w.leg.drop(t, dropRefused)
		c.result(t, w, e, p.result.Cause)
		if w.call != nil {
			w.call.cutIfPlain(t, w, p.result.Cause)
		}
	default:
		e.stored(p.result)
		c.settleStored(t, w, p, e)
	}
	if p.also != nil && p.also.reg != w.leg.reg {
		w.leg = p.also
		if first := c.texts.find(int(e.side), e.id); first != nil {
			c.answerAgain(t, w, first)
		}
	}
	if call != nil && call.posts == 0 && call.leaving != 0 {
		call.end(t, call.leaving, call.leaving)
	}
}

// stored enters what the archive said of a text.
func (e *entry) stored(r PostResult) {
	e.mid = r.MID
	if !r.At.IsZero() {
		e.at = r.At.UnixMilli()
	}
}

// settleStored passes on a stored text, unless it was passed on before.
func (c *Chat) settleStored(t *Turn, w writer, p *post, e entry) {
	if p.result.Repeated {
		w.leg.drop(t, dropRepeated)
		c.sent(t, w, e)
		return
	}
	w.as = &p.origin
	taken, unfit := c.passFrom(t, &w, p, e)
	other := &c.sides[1-w.side]
	switch {
	case taken > 0 || c.hosts(1-w.side):
		c.sw.obs.Message()
		c.sent(t, w, e)
	case unfit > 0:
		c.fail(t, w, e, CauseIncompatible)
	default:
		c.fail(t, w, e, CauseSubscriberAbsent)
	}
	if taken == 0 && c.group == nil && len(other.object.registrations()) == 0 && t.Now.Sub(c.woken) >= wakeLimit {
		c.woken = t.Now
		c.sw.waker.Wake(t, other.object.addr, "chat")
	}
}

// passFrom passes on a text as if the connection that wrote it did: receivers that are
// behind are noted for its next text.
func (c *Chat) passFrom(t *Turn, w *writer, p *post, e entry) (taken, unfit int) {
	slow := t.onBehalf(p.ctx, func() { taken, unfit = c.pass(t, w, &p.text, &e) })
	if len(c.posts.slow) < maxSlow {
		c.posts.slow = append(c.posts.slow, slow...)
	}
	return taken, unfit
}

// maxSlow is about how many receivers that are behind a chat remembers.
const maxSlow = 64

// onBehalf runs f as a part of the turn that counts for the connection of another
// one, and returns for whom that one would have had to wait.
func (t *Turn) onBehalf(of context.Context, f func()) (slow []Waiter) {
	ctx, held := t.ctx, len(t.holds)
	t.ctx = WithTurn(of, t)
	f()
	t.ctx = ctx
	slow = slices.Clone(t.holds[held:])
	clear(t.holds[held:])
	t.holds = t.holds[:held]
	return slow
}

// current finds the call that a text belongs to by now: its own, else the newest; if
// there is none, one is made where it is needed.
func (c *Chat) current(w *writer) {
	if w.call != nil && !w.call.ended {
		return
	}
	w.call = nil
	for i := len(c.calls) - 1; i >= 0; i-- {
		if k := c.calls[i]; !k.unopened && (!c.self || k.from == w.side) {
			w.call = k
			return
		}
	}
}

// waitsAlready notes that a text came once more while it still waits.
func (c *Chat) waitsAlready(w writer, first *entry) {
	for _, p := range c.posts.list {
		if p.entry.seq == first.seq {
			p.also = w.leg
			return
		}
	}
}
