package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/tandem-switch/tandem/internal/messages"
)

// inFlight is how many messages of one broadcast wait for their commit at a time, so
// that it does not fill the queue of the domain.
const inFlight = 128

// broadcast sends a private message to each of many people. Each message has an id
// made of the key and the receiver: so what was sent before is not sent again, and a
// broadcast that was cut off goes on where it was.
func (c *call) broadcast(ctx context.Context, q *Broadcast) (r BroadcastResult, err error) {
	x := c.session
	d := x.link.domain
	most := x.link.s.settings(d.name).Broadcast
	if most == 0 {
		most = maxReceivers
	}
	if most < 0 {
		return r, notAllowed("A broadcast")
	}
	if q.Key == "" {
		return r, parameter("A broadcast needs a key.")
	}
	op, err := d.message(&Post{Body: q.Body, Attach: q.Attach})
	if err != nil {
		return r, err
	}
	op.Author = x.ref()
	if err := d.attach(ctx, op, q.Attach); err != nil {
		return r, err
	}
	to, unknown, err := x.receivers(ctx, q)
	if err != nil {
		return r, err
	}
	if len(to) == 0 || len(to) > most {
		return r, parameter("A broadcast has between 1 and %d receivers that exist.", most)
	}
	if !d.mayReach(x.person.ID, len(to), time.Now()) {
		return r, messages.Errorf(messages.Quota, "Too many receivers of broadcasts; try again later.")
	}
	made, err := d.log.Do(ctx, &messages.MakeBroadcast{By: x.ref(), Key: q.Key, Total: int64(len(to))})
	if err != nil {
		return r, err
	}
	b := &broadcast{d: d, author: x.person, op: op, key: q.Key, id: made.N, attach: q.Attach}
	failed := b.send(ctx, to)
	r.ID, r.Unknown = int64(made.N), unknown
	if r.Counts, err = d.counts(ctx, x.person.ID, made.N); err == nil {
		r.Counts.Failed = failed
	}
	return r, err
}

// How many receivers one person may reach by broadcasts: so many at once, and so many
// again in a second. Of more people than reachers the one who has sent nothing for the
// longest time is forgotten.
const (
	reachBurst = 2 * maxReceivers
	reachRate  = 50
	reachers   = 10_000
)

// mayReach takes room for a broadcast of a person to n receivers; false if there is
// none.
func (d *domain) mayReach(p messages.PersonID, n int, now time.Time) bool {
	d.reachMu.Lock()
	defer d.reachMu.Unlock()
	l := d.reach.Touch(uint64(p))
	if *l == nil {
		*l = rate.NewLimiter(reachRate, reachBurst)
	}
	return (*l).AllowN(now, n)
}

// receivers are the people that a broadcast is for, each once, and the names that
// nobody has.
func (x *session) receivers(ctx context.Context, q *Broadcast) (to []messages.Ref, unknown []string, err error) {
	if q.Grp != "" {
		return x.fellows(ctx, q.Grp)
	}
	names, seen := make([]string, 0, len(q.To)), map[string]bool{}
	for _, name := range q.To {
		folded := strings.ToLower(name)
		switch {
		case seen[folded] || x.is(name):
		case validName(name):
			names = append(names, name)
		default:
			unknown = append(unknown, name)
		}
		seen[folded] = true
	}
	found, err := x.link.domain.findAll(ctx, x.who.SIP, names)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		if ref, ok := found[strings.ToLower(name)]; ok {
			to = append(to, ref)
		} else {
			unknown = append(unknown, name)
		}
	}
	return to, unknown, nil
}

// fellows are the other members of a group, for its admins.
func (x *session) fellows(ctx context.Context, grp string) ([]messages.Ref, []string, error) {
	d := x.link.domain
	g, err := d.groupRef(grp)
	if err != nil {
		return nil, nil, err
	}
	me, err := x.memberOf(ctx, g)
	if err != nil {
		return nil, nil, err
	}
	if me.Role < messages.Admin {
		return nil, nil, notAllowed("A broadcast to a group of which you are no admin")
	}
	rows, err := d.log.Members(ctx, g, messages.MembersQuery{})
	if err != nil {
		return nil, nil, err
	}
	rows = slices.DeleteFunc(rows, func(m messages.Member) bool { return m.Role < messages.MemberRole || m.Person.ID == x.person.ID })
	to := make([]messages.Ref, 0, len(rows))
	for i := range rows {
		p := &rows[i].Person
		to = append(to, messages.Ref{ID: p.ID, GUID: p.GUID, SIP: p.SIP})
	}
	return to, nil, nil
}

// broadcast is one that is being sent.
type broadcast struct {
	d      *domain
	author messages.Person
	op     *messages.Post // of which each message is a copy
	key    string
	id     messages.Number
	attach string
	tokens chan struct{} // one for each message that is not dealt with

	mu     sync.Mutex // guards the following
	failed int64
}

// send stores the messages and has them delivered; it returns how many failed.
func (b *broadcast) send(ctx context.Context, to []messages.Ref) int64 {
	b.tokens = make(chan struct{}, inFlight)
	for _, ref := range to {
		if !b.wait(ctx) {
			break
		}
		op := *b.op
		op.To, op.CID, op.Broadcast = ref, b.cid(ref), b.id
		op.Files = slices.Clone(b.op.Files)
		b.d.log.Submit(&op, func(r messages.Result, err error) { b.done(&op, r, err) })
	}
	for range inFlight { // all have come back
		if !b.wait(ctx) {
			break
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}

// wait takes a token; false if the context has ended.
func (b *broadcast) wait(ctx context.Context) bool {
	select {
	case b.tokens <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// release gives a token back: the message has been dealt with.
func (b *broadcast) release() { <-b.tokens }

// cid is the id of one message: the same for the same key and receiver.
func (b *broadcast) cid(ref messages.Ref) string {
	who := ref.GUID
	if who == "" {
		who = strings.ToLower(ref.SIP)
	}
	if who == "" {
		who = personal(ref.ID)
	}
	sum := sha256.Sum256([]byte(b.key + "\x00" + who))
	return hex.EncodeToString(sum[:])
}

// done runs on the writer's goroutine and never blocks.
func (b *broadcast) done(op *messages.Post, r messages.Result, err error) {
	if err != nil {
		b.mu.Lock()
		b.failed++
		b.mu.Unlock()
		b.release()
		return
	}
	if r.Repeated {
		b.release()
		return
	}
	b.d.stored(op, r)
	b.d.follow.deliver(delivery{b: b, op: op, r: r})
}

// counts says how far a broadcast has come; only its author may know.
func (d *domain) counts(ctx context.Context, asker messages.PersonID, id messages.Number) (*Counts, error) {
	row, err := d.log.Broadcast(ctx, id)
	if err != nil {
		return nil, err
	}
	if row.Author != asker {
		return nil, notFound("broadcast")
	}
	return &Counts{Total: row.Total, Sent: row.Sent, Delivered: row.Delivered, Read: row.Read}, nil
}

func (c *call) readBroadcast(ctx context.Context, q *ReadBroadcast) (r ReadBroadcastResult, err error) {
	r.ID = q.ID
	r.Counts, err = c.session.link.domain.counts(ctx, c.session.person.ID, messages.Number(q.ID))
	return r, err
}
