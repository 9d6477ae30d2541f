package search

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/tandem-switch/tandem/internal/messages"
)

// Source is what a Follower reads: a messages.Store.
type Source interface {
	Domains(ctx context.Context) ([]string, error)
	Log(ctx context.Context, domain string) (messages.Log, error)
}

// Observer counts, for metrics. Its methods must not block.
type Observer interface {
	// Indexed counts changes that were read and messages that came into the index.
	Indexed(changes, messages int)
	// Deepened counts messages whose parts of words came into the index.
	Deepened(messages int)
	// Lag is by how many changes the index of a domain is behind its log.
	Lag(domain string, changes int64)
	// Gone is a domain that is followed no more.
	Gone(domain string)
	// Failed counts steps that failed and are done again.
	Failed()
}

// FollowerConfig is what a Follower needs. Source and Index must be set.
type FollowerConfig struct {
	Source Source
	Index  Index
	// Rate is how many changes a second are read at most, over all domains: what
	// indexing may cost. 0 is 5,000, below 0 there is no limit.
	Rate int
	// Busy reports whether the store has more to do than it can at once. Then the
	// index takes at most a tenth of one processor, whatever the rate is, and falls
	// behind. nil: never. It is asked after each step.
	Busy func() bool
	// NoParts leaves the parts of words out: words are then found by their
	// beginnings alone.
	NoParts  bool
	Observer Observer     // nil: nobody
	Log      *slog.Logger // nil: none
}

// How a Follower goes on.
const (
	tailLot   = 500                    // changes of one step
	deepLot   = 100                    // messages of one step, for the parts of words
	gather    = 200 * time.Millisecond // after a change, more are waited for
	rest      = 4                      // between two steps for parts, as many times as a step took
	restBusy  = 9                      // between any two steps while the store is busy
	retry     = time.Second            // after a failure, then twice as long and so on
	retryMax  = time.Minute
	lookEvery = time.Second // for domains that are new or gone
)

// Follower keeps an Index up with the logs of a store. It has a goroutine for
// each domain, which waits for changes and reads them behind the commit; nobody
// waits for it. The place up to which it has come is in the index, in the
// transaction of what it wrote: after a crash it goes on there. Parts of words
// follow when nothing else is to be done.
type Follower struct {
	config  FollowerConfig
	limiter *rate.Limiter

	mu      sync.Mutex // guards the following
	follows map[string]*follow
	work    sync.WaitGroup
}

// NewFollower makes a Follower. Run starts it.
func NewFollower(c FollowerConfig) (*Follower, error) {
	if c.Source == nil || c.Index == nil {
		return nil, errors.New("search: FollowerConfig needs Source and Index")
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	limit := rate.Limit(cmp.Or(c.Rate, 5000))
	if c.Rate < 0 {
		limit = rate.Inf
	}
	return &Follower{config: c, limiter: rate.NewLimiter(limit, tailLot), follows: map[string]*follow{}}, nil
}

// Run follows all domains, also those that are made later, until ctx ends.
func (f *Follower) Run(ctx context.Context) {
	defer f.work.Wait()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := f.look(ctx); err != nil && ctx.Err() == nil {
			f.config.Observer.Failed()
			f.config.Log.Error("the domains whose messages are searched cannot be read", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look starts to follow new domains and forgets the index of those that are gone.
func (f *Follower) look(ctx context.Context) error {
	names, err := f.config.Source.Domains(ctx)
	if err != nil {
		return err
	}
	for i, name := range names {
		names[i] = strings.ToLower(name)
		if err := f.follow(ctx, names[i]); err != nil {
			return err
		}
	}
	known, err := f.config.Index.Domains(ctx)
	if err != nil {
		return err
	}
	for _, name := range known {
		if !slices.Contains(names, name) && !f.isFollowed(name) {
			if err := f.config.Index.Reset(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Follower) isFollowed(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.follows[name] != nil
}

// follow starts the goroutine of a domain, unless there is one. A domain that was
// renamed has one, under its old name here; it notices by itself.
func (f *Follower) follow(ctx context.Context, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.follows[name] != nil {
		return nil
	}
	log, err := f.config.Source.Log(ctx, name)
	if err != nil {
		return fmt.Errorf("domain %s: %w", name, err)
	}
	for _, d := range f.follows {
		if d.log == log {
			return nil
		}
	}
	d := &follow{f: f, name: name, log: log, again: make(chan chan error)}
	f.follows[name] = d
	f.work.Go(func() { d.run(ctx) })
	return nil
}

// forget ends to follow a domain.
func (f *Follower) forget(d *follow) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.follows, d.name)
	f.config.Observer.Gone(d.name)
}

// rename notes that a domain has another name.
func (f *Follower) rename(d *follow, to string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.follows, d.name)
	f.config.Observer.Gone(d.name)
	d.name = to
	f.follows[to] = d
}

// Rebuild empties the index of a domain and begins to fill it again. It returns
// when it is empty; until it is filled, searches find what is there already.
func (f *Follower) Rebuild(ctx context.Context, domain string) error {
	f.mu.Lock()
	d := f.follows[strings.ToLower(domain)]
	f.mu.Unlock()
	if d == nil {
		return messages.Errorf(messages.NotFound, "There is no index for the domain %s.", domain)
	}
	done := make(chan error, 1)
	select {
	case d.again <- done:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Status says how far the index of a domain is.
type Status struct {
	Domain string
	State
	Head int64 // of the log; State.Mark is the same when the index is complete
}

// Status tells it for the domains that are followed, sorted.
func (f *Follower) Status(ctx context.Context) ([]Status, error) {
	f.mu.Lock()
	logs := make(map[string]messages.Log, len(f.follows))
	for name, d := range f.follows {
		logs[name] = d.log
	}
	f.mu.Unlock()
	out := make([]Status, 0, len(logs))
	for name, log := range logs {
		st, err := f.config.Index.State(ctx, name)
		if err != nil {
			return nil, err
		}
		out = append(out, Status{Domain: name, State: st, Head: int64(log.Head())})
	}
	slices.SortFunc(out, func(a, b Status) int { return strings.Compare(a.Domain, b.Domain) })
	return out, nil
}

// follow is the work for one domain. Its goroutine owns name and state; the name
// is changed under the lock of the Follower.
type follow struct {
	f     *Follower
	name  string
	log   messages.Log
	state State
	known bool            // state is that of the index
	again chan chan error // Rebuild
}

func (d *follow) run(ctx context.Context) {
	defer d.f.forget(d)
	wait := retry
	for ctx.Err() == nil {
		changed, begin := d.log.Changed(), time.Now()
		n, more, err := d.step(ctx)
		took := time.Since(begin)
		switch {
		case err == nil:
			wait = retry
		case errors.Is(err, errGone):
			return
		case ctx.Err() == nil:
			d.f.config.Observer.Failed()
			d.f.config.Log.Error("messages cannot be indexed for searches", "domain", d.name, "err", err)
			d.known = false
			d.pause(ctx, wait, nil)
			wait = min(2*wait, retryMax)
			continue
		}
		if more && d.f.config.Busy != nil && d.f.config.Busy() {
			d.pause(ctx, restBusy*took, nil) // which counts for the rate
		}
		if d.f.limiter.WaitN(ctx, min(n, tailLot)) == nil && !more {
			d.idle(ctx, changed)
		}
	}
}

var errGone = errors.New("the domain is gone")

// idle adds parts of words until something changes.
func (d *follow) idle(ctx context.Context, changed <-chan struct{}) {
	for {
		begin := time.Now()
		n := 0
		if !d.f.config.NoParts {
			var err error
			if n, err = d.f.config.Index.Deepen(ctx, d.name, deepLot); err != nil && ctx.Err() == nil {
				d.f.config.Observer.Failed()
				d.f.config.Log.Error("parts of words cannot be indexed for searches", "domain", d.name, "err", err)
				d.pause(ctx, retryMax, changed)
				return
			}
			d.f.config.Observer.Deepened(n)
		}
		took := time.Duration(-1) // nothing to do: until something changes
		if n > 0 {
			took = rest * time.Since(begin)
		}
		if d.pause(ctx, took, changed) {
			d.pause(ctx, gather, nil)
			return
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// pause waits, for ever if the time is below 0, and reports whether it was
// woken. It answers Rebuild meanwhile.
func (d *follow) pause(ctx context.Context, t time.Duration, changed <-chan struct{}) (woken bool) {
	var over <-chan time.Time
	if t >= 0 {
		timer := time.NewTimer(t)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-ctx.Done():
	case <-over:
	case <-changed:
		return true
	case done := <-d.again:
		err := d.f.config.Index.Reset(ctx, d.name)
		d.known = false
		done <- err
		return true
	}
	return false
}

// step reads one lot of changes and writes it to the index. n is how many it was.
func (d *follow) step(ctx context.Context) (n int, more bool, err error) {
	if err := d.begin(ctx); err != nil {
		return 0, false, err
	}
	page, err := d.log.Tail(ctx, messages.Number(d.state.Mark), tailLot)
	switch {
	case messages.CodeOf(err) == messages.NotFound: // the domain was dropped
		return 0, false, cmp.Or(d.f.config.Index.Reset(ctx, d.name), errGone)
	case err != nil:
		return 0, false, err
	case int64(page.Floor) > max(d.state.Begun, d.state.Mark): // what has changed meanwhile is forgotten
		d.known = false
		return 0, true, d.f.config.Index.Reset(ctx, d.name)
	}
	if len(page.Changes) == 0 && int64(page.Next) == d.state.Mark {
		d.f.config.Observer.Lag(d.name, 0)
		return 0, false, nil
	}
	b, err := d.batch(ctx, page)
	if err != nil {
		return 0, false, err
	}
	if err := d.f.config.Index.Write(ctx, b); err != nil {
		return 0, false, err
	}
	d.state.Mark, d.state.Epoch = b.Mark, b.Epoch
	d.f.config.Observer.Indexed(len(page.Changes), len(b.Put))
	d.f.config.Observer.Lag(d.name, max(0, int64(d.log.Head())-b.Mark))
	d.take()
	return len(page.Changes), page.More, nil
}

// take answers a Rebuild while there is more to read.
func (d *follow) take() {
	select {
	case done := <-d.again:
		err := d.f.config.Index.Reset(context.Background(), d.name)
		d.known = false
		done <- err
	default:
	}
}

// begin finds out where to go on: after the start, a failure, or a new name. An
// index of another life of the log (a restored backup) begins anew.
func (d *follow) begin(ctx context.Context) error {
	if name := strings.ToLower(d.log.Domain()); name != d.name {
		if err := d.f.config.Index.Rename(ctx, d.name, name); err != nil {
			return err
		}
		d.f.rename(d, name)
		d.known = false
	}
	if d.known {
		return nil
	}
	st, err := d.f.config.Index.State(ctx, d.name)
	if err != nil {
		return err
	}
	if st != (State{}) && (st.Epoch != epochOf(d.log) || st.Mark > int64(d.log.Head())) {
		if err := d.f.config.Index.Reset(ctx, d.name); err != nil {
			return err
		}
		st = State{}
	}
	if st.Mark == 0 {
		st.Begun = int64(d.log.Head())
	}
	d.state, d.known = st, true
	return nil
}

// epochOf is the life of a log, of logs that know it.
func epochOf(log messages.Log) int64 {
	if e, ok := log.(messages.Searchable); ok {
		return e.Epoch()
	}
	return 0
}

// batch is what a part of the log means for the index.
func (d *follow) batch(ctx context.Context, page messages.TailPage) (Batch, error) {
	b := Batch{Domain: d.name, Mark: int64(page.Next), Epoch: epochOf(d.log), Begun: d.state.Begun}
	c := changes{at: map[int64]Doc{}, gone: map[int64]bool{}}
	for i := range page.Changes {
		ch := &page.Changes[i]
		switch ch.Kind {
		case messages.Posted, messages.Edited:
			c.set(number(ch), ch.Message)
		case messages.Deleted, messages.Expired:
			c.set(number(ch), nil)
		case messages.PurgedRows:
			if err := c.purged(ch.Data); err != nil {
				return b, err
			}
		case messages.FilesDropped:
			if err := c.reload(ctx, d.log, ch.Data); err != nil {
				return b, err
			}
		}
	}
	b.Put, b.Remove = c.lists()
	return b, nil
}

// number is the message that a change is about.
func number(ch *messages.Change) int64 {
	switch {
	case ch.Ref != 0:
		return int64(ch.Ref)
	case ch.Message != nil:
		return int64(ch.Message.ID)
	}
	return int64(ch.N)
}

// changes are the messages of a batch as they are at its end.
type changes struct {
	at   map[int64]Doc
	gone map[int64]bool
}

func (c *changes) set(n int64, m *messages.Message) {
	if d, ok := docOf(m); ok {
		c.at[n] = d
		delete(c.gone, n)
		return
	}
	delete(c.at, n)
	c.gone[n] = true
}

func (c *changes) purged(data string) error {
	var p messages.Purged
	if err := json.Unmarshal([]byte(data), &p); err != nil {
		return fmt.Errorf("what was purged cannot be read: %w", err)
	}
	for _, n := range p.Messages {
		c.set(int64(n), nil)
	}
	return nil
}

// reload reads messages again whose files have gone, for the names of the files.
func (c *changes) reload(ctx context.Context, log messages.Log, data string) error {
	var p messages.Purged
	if err := json.Unmarshal([]byte(data), &p); err != nil {
		return fmt.Errorf("which files were dropped cannot be read: %w", err)
	}
	for _, n := range p.Messages {
		m, err := log.Message(ctx, 0, n)
		switch {
		case err == nil:
			c.set(int64(n), &m)
		case messages.CodeOf(err) == messages.NotFound:
			c.set(int64(n), nil)
		default:
			return err
		}
	}
	return nil
}

// lists are the messages in order, so that the index grows at its end.
func (c *changes) lists() (put []Doc, remove []int64) {
	for _, d := range c.at {
		put = append(put, d)
	}
	for n := range c.gone {
		remove = append(remove, n)
	}
	slices.SortFunc(put, func(a, b Doc) int { return cmp.Compare(a.Number, b.Number) })
	slices.Sort(remove)
	return put, remove
}

// nobody is an Observer that looks away.
type nobody struct{}

func (nobody) Indexed(int, int)  {}
func (nobody) Deepened(int)      {}
func (nobody) Lag(string, int64) {}
func (nobody) Gone(string)       {}
func (nobody) Failed()           {}
