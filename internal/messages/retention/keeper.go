package retention

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages"
)

// Store is what a Keeper works on: a messages.Store.
type Store interface {
	Domains(ctx context.Context) ([]string, error)
	Log(ctx context.Context, domain string) (messages.Log, error)
	Stats() messages.Stats
}

// Collector removes the bytes of files that nobody refers to: a filebuffer.Store.
type Collector interface {
	Collect(ctx context.Context) (int, error)
}

// Observer counts, for metrics. Its methods must not block.
type Observer interface {
	// Deleted counts what a batch has deleted.
	Deleted(messages, files, bytes int64)
	// Failed counts runs that did not come to their end.
	Failed()
}

// Config is what a Keeper needs. Store must be set.
type Config struct {
	Store    Store
	Files    Collector     // nil: there are no files
	Every    time.Duration // between two runs over all domains; 0: an hour
	Observer Observer      // nil: nobody
	Clock    clock.Clock   // nil: the machine's
	Log      *slog.Logger  // nil: none
}

// How a run leaves the writer to others.
const (
	busyWait = 5 * time.Second       // for an empty queue, before a batch
	busyLook = 20 * time.Millisecond // how often it is looked
	rest     = 4                     // after a batch, as many times as it took
	restMax  = 2 * time.Second
)

const day = 24 * time.Hour

// Keeper applies the rules of retention.
type Keeper struct {
	c Config

	mu   sync.Mutex               // guards the following
	busy map[string]chan struct{} // by domain: closed when its run is over
}

// New makes a Keeper. It does nothing before Run, Apply or Erase.
func New(c Config) (*Keeper, error) {
	if c.Store == nil {
		return nil, errors.New("retention: Config needs Store")
	}
	c.Every = cmp.Or(c.Every, time.Hour)
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{c: c, busy: map[string]chan struct{}{}}, nil
}

// Run applies the rules of all domains, again and again, until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if !k.wait(ctx, k.c.Every) {
			return
		}
		domains, err := k.c.Store.Domains(ctx)
		if err != nil && ctx.Err() == nil {
			k.c.Observer.Failed()
			k.c.Log.Error("the domains with messages cannot be read", "err", err)
		}
		for _, d := range domains {
			if _, err := k.Apply(ctx, d); err != nil && ctx.Err() == nil {
				k.c.Observer.Failed()
				k.c.Log.Error("messages that are too old were not deleted", "domain", d, "err", err)
			}
		}
	}
}

// wait waits and reports whether ctx goes on.
func (k *Keeper) wait(ctx context.Context, d time.Duration) bool {
	over := make(chan struct{})
	t := k.c.Clock.AfterFunc(d, func() { close(over) })
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-over:
		return true
	}
}

// Count says what was or would be deleted. Held are messages that a legal hold
// keeps; only Dry counts them.
type Count struct {
	Messages int64 `json:"messages"`
	Files    int64 `json:"files"` // references, of which each file of a chat has two
	Bytes    int64 `json:"bytes"` // of the references; a blob that others have too stays
	Held     int64 `json:"held"`
}

// add adds what one operation has deleted: of a purge of files, the messages stay.
func (c *Count) add(p *messages.Purged, files bool) {
	if p != nil {
		if !files {
			c.Messages += p.Count
		}
		c.Files += p.FileRefs
		c.Bytes += p.Bytes
	}
}

// Outcome is what one rule means.
type Outcome struct {
	Rule messages.Rule
	Count
}

// Report is the outcome of a run.
type Report struct {
	Domain string
	Rules  []Outcome
	Total  Count
}

func (r *Report) add(o Outcome) {
	r.Rules = append(r.Rules, o)
	r.Total.Messages += o.Messages
	r.Total.Files += o.Files
	r.Total.Bytes += o.Bytes
	r.Total.Held += o.Held
}

// Log is the log of a domain. One that has never stored anything is NotFound, and
// is not made.
func (k *Keeper) Log(ctx context.Context, domain string) (messages.Retained, error) {
	names, err := k.c.Store.Domains(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if strings.EqualFold(n, domain) {
			log, err := k.c.Store.Log(ctx, n)
			if err != nil {
				return nil, err
			}
			if l, ok := log.(messages.Retained); ok {
				return l, nil
			}
			return nil, messages.Errorf(messages.Internal, "This store knows no rules of retention.")
		}
	}
	return nil, messages.Errorf(messages.NotFound, "There are no messages of the domain %s.", domain)
}

// Dry counts what Apply would delete now, and deletes nothing.
func (k *Keeper) Dry(ctx context.Context, domain string) (Report, error) {
	log, err := k.Log(ctx, domain)
	if err != nil {
		return Report{}, err
	}
	return k.over(ctx, log, func(ctx context.Context, p *messages.Purge, c *Count) error {
		counted, err := log.Dry(ctx, p)
		c.Held = max(c.Held, counted.Held)
		if p.Files { // the files of messages that go are among these
			c.Files, c.Bytes = 0, 0
		}
		c.add(&counted, p.Files)
		return err
	})
}

// Apply deletes what the rules of a domain do not keep. A run that is going on is
// waited for.
func (k *Keeper) Apply(ctx context.Context, domain string) (Report, error) {
	log, err := k.Log(ctx, domain)
	if err != nil {
		return Report{}, err
	}
	release, err := k.take(ctx, log.Domain())
	if err != nil {
		return Report{}, err
	}
	defer release()
	begin := k.c.Clock.Now()
	report, err := k.over(ctx, log, func(ctx context.Context, p *messages.Purge, c *Count) error {
		return k.purge(ctx, log, p, c)
	})
	if report.Total.Messages+report.Total.Files > 0 {
		k.c.Log.Info("messages that are too old were deleted", "domain", log.Domain(), "messages", report.Total.Messages,
			"files", report.Total.Files, "bytes", report.Total.Bytes, "took", k.c.Clock.Now().Sub(begin))
		err = errors.Join(err, k.collect(ctx))
	}
	return report, err
}

// collect removes blobs and thumbnails that nobody refers to any more.
func (k *Keeper) collect(ctx context.Context) error {
	if k.c.Files == nil {
		return nil
	}
	_, err := k.c.Files.Collect(ctx)
	return err
}

// over goes through the rules.
func (k *Keeper) over(ctx context.Context, log messages.Retained, do func(context.Context, *messages.Purge, *Count) error) (Report, error) {
	report := Report{Domain: log.Domain()}
	rules, err := log.Rules(ctx)
	if err != nil {
		return report, err
	}
	now := k.c.Clock.Now()
	for _, r := range rules {
		o := Outcome{Rule: r}
		for _, p := range purges(r, rules, now) {
			if err := do(ctx, p, &o.Count); err != nil {
				report.add(o)
				return report, err
			}
		}
		report.add(o)
	}
	return report, nil
}

// purges are the operations of a rule: first that for messages, then that for
// files, where it is the stricter one.
func purges(r messages.Rule, all []messages.Rule, now time.Time) []*messages.Purge {
	var out []*messages.Purge
	add := func(days int, files bool) {
		if days == 0 {
			return
		}
		p := &messages.Purge{Before: now.Add(-time.Duration(days) * day).UnixMilli(), Conv: r.Conv, Files: files}
		if r.Conv == 0 {
			for _, other := range all {
				if other.Conv != 0 {
					p.Except = append(p.Except, other.Conv)
				}
			}
		}
		out = append(out, p)
	}
	add(r.Messages, false)
	if r.Messages == 0 || r.Files < r.Messages {
		add(r.Files, true)
	}
	return out
}

// purge repeats an operation until nothing is left.
func (k *Keeper) purge(ctx context.Context, log messages.Log, p *messages.Purge, c *Count) error {
	for {
		op := *p // the log keeps what it is given
		r, took, err := k.batch(ctx, log, &op)
		if err != nil {
			return err
		}
		c.add(r.Purged, p.Files)
		if !r.More {
			return nil
		}
		p.After = r.N
		if !k.wait(ctx, min(rest*took, restMax)) {
			return ctx.Err()
		}
	}
}

// batch does one operation when nobody else waits for the writer, or after a
// while in any case.
func (k *Keeper) batch(ctx context.Context, log messages.Log, op messages.Op) (messages.Result, time.Duration, error) {
	for waited := time.Duration(0); waited < busyWait && k.c.Store.Stats().Queued > 0; waited += busyLook {
		if !k.wait(ctx, busyLook) {
			return messages.Result{}, 0, ctx.Err()
		}
	}
	begin := k.c.Clock.Now()
	r, err := log.Do(ctx, op)
	if err == nil {
		var c Count
		p, is := op.(*messages.Purge)
		c.add(r.Purged, is && p.Files)
		k.c.Observer.Deleted(c.Messages, c.Files, c.Bytes)
	}
	return r, k.c.Clock.Now().Sub(begin), err
}

// take makes this the run of a domain.
func (k *Keeper) take(ctx context.Context, domain string) (release func(), err error) {
	domain = strings.ToLower(domain)
	for {
		k.mu.Lock()
		other := k.busy[domain]
		if other == nil {
			over := make(chan struct{})
			k.busy[domain] = over
			k.mu.Unlock()
			return func() {
				k.mu.Lock()
				delete(k.busy, domain)
				k.mu.Unlock()
				close(over)
			}, nil
		}
		k.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Erase deletes a person: what the person wrote, the person's own conversations,
// and then name, marks and memberships. A legal hold refuses it (NotAllowed), and
// an unknown person is NotFound. What a run that broke off has deleted stays
// deleted; the next one goes on.
func (k *Keeper) Erase(ctx context.Context, domain string, person messages.Ref) (Count, error) {
	var c Count
	log, err := k.Log(ctx, domain)
	if err != nil {
		return c, err
	}
	who, err := log.Person(ctx, person)
	if err != nil {
		return c, err
	}
	release, err := k.take(ctx, log.Domain())
	if err != nil {
		return c, err
	}
	defer release()
	for {
		r, took, err := k.batch(ctx, log, &messages.Erase{Person: messages.Ref{ID: who.ID}})
		if err != nil {
			return c, err
		}
		c.add(r.Purged, false)
		if !r.More {
			break
		}
		if !k.wait(ctx, min(rest*took, restMax)) {
			return c, ctx.Err()
		}
	}
	k.c.Log.Info("a person was erased", "domain", log.Domain(), "messages", c.Messages, "files", c.Files, "bytes", c.Bytes)
	return c, k.collect(ctx)
}

// DryErase counts what Erase would delete, and deletes nothing. It is refused as
// Erase would be.
func (k *Keeper) DryErase(ctx context.Context, domain string, person messages.Ref) (Count, error) {
	var c Count
	log, err := k.Log(ctx, domain)
	if err != nil {
		return c, err
	}
	counted, err := log.DryErase(ctx, person)
	c.add(&counted, false)
	return c, err
}

// nobody is an Observer that looks away.
type nobody struct{}

func (nobody) Deleted(_, _, _ int64) {}
func (nobody) Failed()               {}
