package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Config says what is to be done.
type Config struct {
	Rounds   int
	Store    string // of the Messages service: "sqlite" or "postgres"
	Embedded bool   // the switch hosts the service: it is killed with it
	PBX, App string // paths of the programs
	Dir      string // for their data; empty at the beginning

	// Sabotage has the service lose what it has stored: its files are put back to
	// what they were before the round. A run must then find a loss.
	Sabotage bool

	Log func(format string, args ...any)
}

// How one round goes.
const (
	pairs      = 12
	loadTime   = 1300 * time.Millisecond
	downMost   = 400 * time.Millisecond // how long a killed program stays away, at most
	ackLimit   = 40 * time.Second       // for the acknowledgements after the load
	drainLimit = 15 * time.Second       // until everything acknowledged can be read
	drainPoll  = 150 * time.Millisecond
	perRound   = 500 // messages that are acknowledged in a round, at least on average
)

// Result is what was done and found.
type Result struct {
	Rounds       int
	Acknowledged int
	Connects     int64
	Repeats      int64
	Failed       int64
	Wrong        []string // every message that is missing, there twice or out of order
}

// Err is nil if nothing was lost.
func (r *Result) Err() error {
	switch {
	case len(r.Wrong) > 0:
		return fmt.Errorf("%d messages are missing, there twice, or out of order", len(r.Wrong))
	case r.Acknowledged < perRound*r.Rounds:
		return fmt.Errorf("only %d messages were acknowledged in %d rounds: that proves little", r.Acknowledged, r.Rounds)
	}
	return nil
}

// chat is two people who write to each other.
type chat struct {
	people [2]*person
	ledger *Ledger
	token  string // of the second one, at the beginning of the round
	rows   []Row  // that were read in the round
}

// site is what is killed: the programs.
type site interface {
	url() string       // of the switch, ws://host:port
	victims() []string // what can be killed, in turn
	prepare() error    // before each round
	strike(ctx context.Context, victim string) error
	last() error // what the programs said last
}

// Run starts the programs and does the rounds. The error says that it could not do
// them; what is wrong with the messages stands in the result.
func Run(ctx context.Context, c Config) (*Result, error) {
	w, err := newWorld(ctx, c)
	if err != nil {
		return nil, err
	}
	defer w.close()
	return rounds(ctx, c, w, drainLimit)
}

// runner does the rounds at a site.
type runner struct {
	site
	drain time.Duration // see drainLimit
}

func rounds(ctx context.Context, c Config, s site, drain time.Duration) (*Result, error) {
	w := runner{s, drain}
	chats := w.chats()
	r := &Result{}
	var err error
	for r.Rounds < c.Rounds && len(r.Wrong) == 0 {
		began := time.Now()
		victim := w.victims()[r.Rounds%len(w.victims())]
		wrong, err := w.round(ctx, chats, victim)
		if err != nil {
			return nil, fmt.Errorf("round %d, %s: %w", r.Rounds+1, victim, err)
		}
		r.Rounds++
		r.Wrong = append(r.Wrong, wrong...)
		c.Log("round %d: killed %s, %d acknowledged so far, %.1f s", r.Rounds, victim, acknowledged(chats), time.Since(began).Seconds())
	}
	if len(r.Wrong) == 0 {
		if r.Wrong, err = w.everything(ctx, chats); err != nil {
			return nil, err
		}
	}
	r.Acknowledged = acknowledged(chats)
	for _, h := range chats {
		for _, p := range h.people {
			r.Connects += p.Connects.Load()
			r.Repeats += p.Repeats.Load()
			r.Failed += p.Failed.Load()
		}
	}
	return r, nil
}

func acknowledged(chats []*chat) int {
	n := 0
	for _, h := range chats {
		n += h.ledger.Acknowledged()
	}
	return n
}

// chats are the pairs of people.
func (w runner) chats() []*chat {
	var list []*chat
	for i := range pairs {
		a, b := userName(2*i), userName(2*i+1)
		l := NewLedger(a, b)
		list = append(list, &chat{ledger: l, people: [2]*person{
			{name: a, peer: b, url: w.url, ledger: l}, {name: b, peer: a, url: w.url, ledger: l},
		}})
	}
	return list
}

func userName(i int) string { return fmt.Sprintf("user%02d", i) }

// round is one load with a kill in it, and what is found afterwards.
func (w runner) round(ctx context.Context, chats []*chat, victim string) ([]string, error) {
	if err := w.tokens(ctx, chats); err != nil {
		return nil, err
	}
	if err := w.prepare(); err != nil {
		return nil, err
	}
	load, stop := context.WithTimeout(ctx, loadTime)
	defer stop()
	patience, cancel := context.WithTimeout(ctx, loadTime+ackLimit)
	defer cancel()
	var g errgroup.Group
	for _, h := range chats {
		for _, p := range h.people {
			g.Go(func() error { return p.write(patience, load) })
		}
	}
	g.Go(func() error {
		time.Sleep(loadTime/10 + rand.N(loadTime*8/10))
		return w.strike(ctx, victim)
	})
	if err := g.Wait(); err != nil {
		return nil, errors.Join(err, w.last())
	}
	return w.verify(ctx, chats)
}

// tokens notes where everybody has come to before the round.
func (w runner) tokens(ctx context.Context, chats []*chat) error {
	return w.each(ctx, chats, func(ctx context.Context, r *reader, h *chat) (err error) {
		h.token, err = r.token(ctx)
		h.rows = nil
		return err
	})
}

// verify reads what is new. What waits in the outbox of the switch comes a little
// later.
func (w runner) verify(ctx context.Context, chats []*chat) ([]string, error) {
	var wrong []string
	var missing []string
	for end := time.Now().Add(w.drain); ; time.Sleep(drainPoll) {
		found, err := w.read(ctx, chats)
		if err != nil && time.Now().After(end) {
			return nil, errors.Join(err, w.last())
		}
		wrong = append(wrong, found...)
		missing = missingOf(chats)
		if err == nil && len(missing) == 0 || len(wrong) > 0 || time.Now().After(end) {
			break
		}
	}
	if wrong = append(wrong, missing...); len(wrong) > 0 {
		return wrong, nil
	}
	return w.synced(ctx, chats)
}

func missingOf(chats []*chat) []string {
	var list []string
	for _, h := range chats {
		list = append(list, h.ledger.Missing()...)
	}
	return list
}

// read reads what has come since the last time.
func (w runner) read(ctx context.Context, chats []*chat) ([]string, error) {
	found := make([][]string, len(chats))
	err := w.each(ctx, chats, func(ctx context.Context, r *reader, h *chat) error {
		rows, err := r.chat(ctx, h.people[0].name, h.ledger.Newest())
		if err == nil {
			found[slices.Index(chats, h)] = h.ledger.Found(rows)
			h.rows = append(h.rows, rows...)
		}
		return err
	})
	return slices.Concat(found...), err
}

// synced compares with what Sync tells somebody who was away since the round began.
func (w runner) synced(ctx context.Context, chats []*chat) ([]string, error) {
	found := make([]string, len(chats))
	err := w.each(ctx, chats, func(ctx context.Context, r *reader, h *chat) error {
		rows, err := r.missed(ctx, h.people[0].name, h.token)
		if err == nil {
			found[slices.Index(chats, h)] = differ(h.ledger.Chat, rows, h.rows)
		}
		return err
	})
	return slices.DeleteFunc(found, func(s string) bool { return s == "" }), err
}

// everything reads all that was ever written once more, from the beginning.
func (w runner) everything(ctx context.Context, chats []*chat) ([]string, error) {
	for _, h := range chats {
		h.ledger.Forget()
	}
	wrong, err := w.read(ctx, chats)
	return append(wrong, missingOf(chats)...), err
}

// readLimit is how long reading everything of everybody may take.
const readLimit = 3 * time.Minute

// each does something as the second person of each chat.
func (w runner) each(ctx context.Context, chats []*chat, do func(context.Context, *reader, *chat) error) error {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	var g errgroup.Group
	g.SetLimit(4)
	for _, h := range chats {
		g.Go(func() error {
			r, err := w.reader(ctx, h.people[1].name)
			if err != nil {
				return err
			}
			defer r.close()
			return do(ctx, r, h)
		})
	}
	return g.Wait()
}

// reader opens a reader; a service that has just come back needs a moment.
func (w runner) reader(ctx context.Context, name string) (*reader, error) {
	for end := time.Now().Add(w.drain); ; {
		r, err := openReader(ctx, w.url(), name)
		if err == nil || time.Now().After(end) {
			return r, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(1100 * time.Millisecond): // before that, Session is refused (decision 53)
		}
	}
}
