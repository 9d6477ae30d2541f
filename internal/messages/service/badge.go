package service

import (
	"context"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
)

const (
	maxBadges  = 100000 // people whose numbers are remembered, or wait to be looked at
	badgeLot   = 1000   // numbers told in one go, each badgePause
	badgeReads = 100    // of them read from the store
	memberPage = 500
)

// badge tells the switches the number of unread messages of people, when it has
// changed (decision 65). It is behind the messages and never in their way: of a
// person only the last number counts. Numbers that are known are counted on in
// memory; after everything but a new message they are read from the store.
type badge struct {
	d *domain

	mu     sync.Mutex // guards the following
	people map[messages.PersonID]*unread
	queue  []messages.PersonID // with queued set
	groups map[messages.ConvID]struct{}
	some   chan struct{} // takes one
}

// unread is the number of one person.
type unread struct {
	sip     string
	n       int64
	told    int64 // below 0: never
	known   bool  // n is right
	reading bool  // it is being read from the store
	stale   bool  // something came while it was read
	queued  bool
}

func newBadge(d *domain) *badge {
	return &badge{
		d: d, people: map[messages.PersonID]*unread{}, groups: map[messages.ConvID]struct{}{}, some: make(chan struct{}, 1),
	}
}

// posted counts one message more for somebody. It never blocks.
func (b *badge) posted(p messages.PersonID) {
	b.mu.Lock()
	if u := b.of(p); u != nil {
		u.n++
		u.stale = u.reading
		b.enqueue(p, u)
	}
	b.mu.Unlock()
	b.wake()
}

// person has the number of somebody looked at anew. It never blocks.
func (b *badge) person(p messages.PersonID) {
	b.mu.Lock()
	if u := b.of(p); u != nil {
		u.known = false
		u.stale = u.reading
		b.enqueue(p, u)
	}
	b.mu.Unlock()
	b.wake()
}

// ask has the number of somebody told, also if it is as it was.
func (b *badge) ask(p messages.PersonID) {
	b.mu.Lock()
	if u := b.of(p); u != nil {
		u.told = -1
		b.enqueue(p, u)
	}
	b.mu.Unlock()
	b.wake()
}

// of needs mu. Where too many are remembered all numbers that wait for nothing are
// forgotten; nil if even so there is no room.
func (b *badge) of(p messages.PersonID) *unread {
	if p == 0 {
		return nil
	}
	u := b.people[p]
	if u == nil && len(b.people) >= maxBadges {
		for id, old := range b.people {
			if !old.queued && !old.reading {
				delete(b.people, id)
			}
		}
		if len(b.people) >= maxBadges {
			b.d.s.config.Observer.Dropped("unread")
			return nil
		}
	}
	if u == nil {
		u = &unread{told: -1}
		b.people[p] = u
	}
	return u
}

// enqueue needs mu.
func (b *badge) enqueue(p messages.PersonID, u *unread) {
	if !u.queued {
		u.queued = true
		b.queue = append(b.queue, p)
	}
}

// group has the numbers of all members looked at. It never blocks.
func (b *badge) group(g messages.ConvID) {
	b.mu.Lock()
	b.groups[g] = struct{}{}
	b.mu.Unlock()
	b.wake()
}

// chat has the numbers of everybody in a chat looked at.
func (b *badge) chat(kind messages.ConvKind, conv messages.ConvID, people ...messages.PersonID) {
	if kind == messages.GroupConv {
		b.group(conv)
		return
	}
	for _, p := range people {
		b.person(p)
	}
}

// retell has every number told again that is remembered: a switch is new.
func (b *badge) retell() {
	b.mu.Lock()
	for p, u := range b.people {
		u.told = -1
		b.enqueue(p, u)
	}
	b.mu.Unlock()
	b.wake()
}

func (b *badge) wake() {
	select {
	case b.some <- struct{}{}:
	default:
	}
}

func (b *badge) run() {
	ctx := b.d.ctx
	for {
		select {
		case <-b.some:
		case <-ctx.Done():
			return
		}
		if !rest(ctx, badgePause/10) { // messages come in bursts
			return
		}
		for b.lot(ctx) {
			if !rest(ctx, badgePause) {
				return
			}
		}
	}
}

// rest waits; false if the context has ended.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// lot tells some numbers; true if there are more.
func (b *badge) lot(ctx context.Context) bool {
	b.expand(ctx)
	reads := 0
	for range badgeLot {
		p, u, read, ok := b.next()
		if !ok {
			return false
		}
		if read {
			b.read(ctx, p, u)
			if reads++; reads >= badgeReads {
				return true
			}
		}
		b.tell(p, u)
	}
	return true
}

// next is the next person on the list; read if the number is not known.
func (b *badge) next() (p messages.PersonID, u *unread, read, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		b.queue = nil
		return 0, nil, false, false
	}
	p = b.queue[0]
	b.queue = b.queue[1:]
	u = b.people[p]
	u.queued, u.reading, u.stale = false, !u.known, false
	return p, u, u.reading, true
}

// read reads a number from the store. If it changed meanwhile it is read once more,
// later.
func (b *badge) read(ctx context.Context, id messages.PersonID, u *unread) {
	n, err := b.d.log.Unread(ctx, id)
	var p messages.Person
	if err == nil {
		p, err = b.d.log.Person(ctx, messages.Ref{ID: id})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	u.reading = false
	if err != nil {
		u.known = false
		return
	}
	u.sip, u.n, u.known = p.SIP, n, !u.stale
}

// tell tells a number if it is another one than was told last.
func (b *badge) tell(p messages.PersonID, u *unread) {
	b.mu.Lock()
	sip, n, news := u.sip, u.n, u.known && u.n != u.told && u.sip != ""
	if news {
		u.told = n
	}
	b.mu.Unlock()
	if news && !b.d.tellSwitch(Unread{User: sip, Unread: n}, "unread") {
		b.again(p)
	}
}

// again has a number told once more: a switch had no room for it.
func (b *badge) again(p messages.PersonID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if u := b.people[p]; u != nil {
		u.told = -1
		b.enqueue(p, u)
	}
}

// expand puts the members of groups on the list.
func (b *badge) expand(ctx context.Context) {
	b.mu.Lock()
	groups := b.groups
	if len(groups) > 0 {
		b.groups = map[messages.ConvID]struct{}{}
	}
	b.mu.Unlock()
	for g := range groups {
		after := messages.PersonID(0)
		for {
			rows, err := b.d.log.Members(ctx, g, messages.MembersQuery{After: after, Count: memberPage})
			if err != nil || len(rows) == 0 {
				break
			}
			for i := range rows {
				if rows[i].Role >= messages.MemberRole {
					b.person(rows[i].Person.ID)
				}
			}
			if after = rows[len(rows)-1].Person.ID; len(rows) < memberPage {
				break
			}
		}
	}
}
