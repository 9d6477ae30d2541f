package service

import (
	"context"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
)

const (
	maxBadges  = 100000 // people whose number waits to be looked at, or is remembered
	badgeLot   = 200    // people looked at in one go, each badgePause
	memberPage = 500
)

// badge tells the switches the number of unread messages of people, when it has
// changed (decision 65). It is behind the messages and never in their way: of a
// person only the last number counts.
type badge struct {
	d *domain

	mu     sync.Mutex // guards the following
	dirty  map[messages.PersonID]struct{}
	queue  []messages.PersonID
	groups map[messages.ConvID]struct{}
	some   chan struct{} // takes one

	told map[messages.PersonID]int64 // of run alone
}

func newBadge(d *domain) *badge {
	return &badge{
		d: d, dirty: map[messages.PersonID]struct{}{}, groups: map[messages.ConvID]struct{}{},
		some: make(chan struct{}, 1), told: map[messages.PersonID]int64{},
	}
}

// person has the number of somebody looked at. It never blocks.
func (b *badge) person(p messages.PersonID) {
	if p == 0 {
		return
	}
	b.mu.Lock()
	if _, waits := b.dirty[p]; !waits && len(b.queue) < maxBadges {
		b.dirty[p] = struct{}{}
		b.queue = append(b.queue, p)
	}
	b.mu.Unlock()
	b.wake()
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
		for b.lot(ctx) {
			if !rest(ctx, badgePause) {
				return
			}
		}
		if !rest(ctx, badgePause/10) { // messages come in bursts
			return
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

// lot looks at some people; true if there are more.
func (b *badge) lot(ctx context.Context) bool {
	b.expand(ctx)
	b.mu.Lock()
	n := min(badgeLot, len(b.queue))
	people := b.queue[:n:n]
	b.queue = b.queue[n:]
	for _, p := range people {
		delete(b.dirty, p)
	}
	more := len(b.queue) > 0
	b.mu.Unlock()
	for _, p := range people {
		b.look(ctx, p)
	}
	return more
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

// look tells the number of somebody if it is another one than was told last.
func (b *badge) look(ctx context.Context, id messages.PersonID) {
	n, err := b.d.log.Unread(ctx, id)
	if err != nil {
		return
	}
	if before, told := b.told[id]; told && before == n {
		return
	}
	p, err := b.d.log.Person(ctx, messages.Ref{ID: id})
	if err != nil || p.SIP == "" {
		return
	}
	if len(b.told) >= maxBadges {
		clear(b.told)
	}
	b.told[id] = n
	b.d.tellSwitch(Unread{User: p.SIP, Unread: n})
}
