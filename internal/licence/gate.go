package licence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/signal"
)

// Mode says how the Gate decides (decision 78).
type Mode string

// The modes.
const (
	ModeList Mode = "list" // by what is installed, once the first key was made
	ModeAll  Mode = "all"  // everybody has everything
	ModeNone Mode = "none" // nobody has anything
)

// Sealing encrypts what must be readable again; directory.Sealing says more.
type Sealing interface {
	Seal(plain, bound []byte) []byte
	Unseal(sealed, bound []byte) ([]byte, error)
}

// Config is what Open can be told. The zero value is usable.
type Config struct {
	Mode  Mode          // default: ModeList
	Clock clock.Clock   // default: the system's
	Log   *slog.Logger  // default: silence
	Poll  time.Duration // how often Follow looks at the store and the clock; default 1 s
}

func (c *Config) setDefaults() {
	if c.Mode == "" {
		c.Mode = ModeList
	}
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Poll <= 0 {
		c.Poll = time.Second
	}
}

// Gate answers who has what. See the package comment.
type Gate struct {
	store   Store
	sealing Sealing
	people  People
	mode    Mode
	clock   clock.Clock
	log     *slog.Logger
	poll    time.Duration

	view    atomic.Pointer[view]
	failing atomic.Bool   // the last look at the store went wrong
	wake    chan struct{} // tells Follow that a domain has changed

	dirtyMu sync.Mutex // guards the following; no other lock is taken under it
	dirty   map[signal.DomainID]struct{}

	mu       sync.Mutex // one writer at a time; taken before dirtyMu; guards the following
	head     int64
	begun    time.Time
	keys     map[string]*trusted
	held     map[string]*installed
	builtAt  time.Time // by the clock, when the view was made
	watchers []func()
	turnsAt  time.Time      // when an entitlement begins or ends, or is to be warned of; zero: never
	warnings map[string]int // by id of the entitlement: days before the end last warned of
}

// trusted is a key in memory.
type trusted struct {
	KeyRow
	public PublicKey
}

// installed is an entitlement in memory.
type installed struct {
	row EntitlementRow
	Signed
	damaged  error // why it cannot be used, whatever its key
	verified bool  // its key is known, and has signed it
}

// Open loads keys and entitlements from the store. It starts nothing: run
// Follow.
func Open(ctx context.Context, store Store, sealing Sealing, people People, c Config) (*Gate, error) {
	c.setDefaults()
	if c.Mode != ModeList && c.Mode != ModeAll && c.Mode != ModeNone {
		return nil, badValue("mode", "The mode of licences is list, all or none.")
	}
	g := &Gate{
		store: store, sealing: sealing, people: people,
		mode: c.Mode, clock: c.Clock, log: c.Log, poll: c.Poll,
		wake: make(chan struct{}, 1), dirty: map[signal.DomainID]struct{}{}, warnings: map[string]int{},
		keys: map[string]*trusted{}, held: map[string]*installed{},
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.catchUp(ctx); err != nil {
		return nil, err
	}
	g.rebuild()
	return g, nil
}

var _ signal.Licences = (*Gate)(nil)

// Licensed tells whether the object has the feature. It does not allocate.
func (g *Gate) Licensed(a signal.Address, f Feature) bool { return g.Standing(a, f) != Unlicensed }

// MayCall implements signal.Licences.
func (g *Gate) MayCall(caller signal.Address) bool { return g.Licensed(caller, Calls) }

// Standing tells how the object stands with the feature. It does not allocate.
func (g *Gate) Standing(a signal.Address, f Feature) Standing { return g.view.Load().feature(a, f) }

// App tells how the object stands with an app, by the name of the app's html
// file. It does not allocate.
func (g *Gate) App(a signal.Address, name string) Standing { return g.view.Load().app(a, name) }

// Watch has f called whenever somebody may stand otherwise than before, after that is
// in effect. f runs on the goroutine that follows; it must not block. Watch is called
// before Follow.
func (g *Gate) Watch(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.watchers = append(g.watchers, f)
}

// show makes the view the one that answers. The caller holds mu.
func (g *Gate) show(v *view) {
	g.view.Store(v)
	for _, f := range g.watchers {
		f()
	}
}

// Lics is how many licences an app object has for its service, by the name of
// the app: MaxCount if they are not counted. It does not allocate.
func (g *Gate) Lics(domain signal.DomainID, name string) int {
	n, _ := g.view.Load().services(domain, name)
	return n
}

// Service is Lics, and whether these licences are for tests alone.
func (g *Gate) Service(domain signal.DomainID, name string) (n int, testMode bool) {
	n, best := g.view.Load().services(domain, name)
	return n, best == TestMode
}

// CheckAssign tells whether the object may have the licences with these names.
// Refusals: bad_value for a name that is none; not_entitled and no_seat, which
// cannot come before the first key was made. It looks at what is assigned now:
// of two who ask at once both may be told yes; then the seat is the older one's.
func (g *Gate) CheckAssign(a signal.Address, names []string) error {
	v := g.view.Load()
	_, fixed := v.fixed()
	for _, name := range names {
		f := Feature(name)
		if !f.wellFormed() {
			return badValue("app_lics", fmt.Sprintf("%q is no licence: it is a feature, App(name) or Service(name).", short(name)))
		}
		if fixed {
			continue
		}
		s := v.of(a.Domain).find(f)
		if s == nil {
			return &Error{CodeNotEntitled, "app_lics", fmt.Sprintf("The domain has no licences of the name %s to assign.", f)}
		}
		if _, has := s.standing[a.Object]; !has && s.free == Unlicensed && len(s.standing) >= s.seats() {
			return &Error{CodeNoSeat, "app_lics", fmt.Sprintf("All %d licences %s of the domain are assigned.", s.seats(), f)}
		}
	}
	return nil
}

// Changed notes that the domain, or what is assigned in it, has changed. It
// never blocks; Follow takes it in at once, or Sync.
func (g *Gate) Changed(domain signal.DomainID) {
	g.dirtyMu.Lock()
	g.dirty[domain] = struct{}{}
	g.dirtyMu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// calm is how long Follow rests between two looks, so that an import costs a few
// of them and not one for each user.
const calm = 50 * time.Millisecond

// Follow takes in what other processes write and what Changed tells, lets
// entitlements begin and end, and warns of ends, until ctx is done. Failures of
// the store are logged once and tried again; meanwhile the Gate answers with what
// it knows.
func (g *Gate) Follow(ctx context.Context) {
	for {
		g.report(g.Sync(ctx))
		if !g.rest(ctx, calm, nil) || !g.rest(ctx, g.poll, g.wake) {
			return
		}
	}
}

// rest waits for d, or until woken; false when ctx is done.
func (g *Gate) rest(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	tick := make(chan struct{})
	timer := g.clock.AfterFunc(d, func() { close(tick) })
	defer timer.Stop()
	select {
	case <-tick:
	case <-wake:
	case <-ctx.Done():
		return false
	}
	return true
}

// Sync takes in at once what has changed: in the store, in the directory, and by
// the clock.
func (g *Gate) Sync(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := g.head
	err := g.catchUp(ctx)
	switch {
	case g.head != before || g.turned():
		g.rebuild()
	default:
		g.rebuildDirty()
	}
	return err
}

// now is the time of the wall: what was measured besides must not hide that the
// clock was set back.
func (g *Gate) now() time.Time { return g.clock.Now().Round(0) }

// turned tells whether the clock has passed a turn, or was set back.
func (g *Gate) turned() bool {
	now := g.now()
	return now.Before(g.builtAt) || !g.turnsAt.IsZero() && !now.Before(g.turnsAt)
}

// report logs when following begins to fail and when it works again.
func (g *Gate) report(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	failed := g.failing.Swap(err != nil)
	switch {
	case err != nil && !failed:
		g.log.Error("licence: cannot follow the store", "err", err)
	case err == nil && failed:
		g.log.Info("licence: following the store again")
	}
}

// catchUp takes in what was committed since the last time. The caller holds mu.
func (g *Gate) catchUp(ctx context.Context) error {
	rows, err := g.store.Licences(ctx, g.head)
	if err != nil {
		return fmt.Errorf("licence: read: %w", err)
	}
	if rows.Full {
		clear(g.keys)
		clear(g.held)
	}
	for _, row := range rows.Keys {
		g.keys[row.ID] = &trusted{row, PublicKey{row.Public}}
	}
	for _, row := range rows.Entitlements {
		g.hold(row)
	}
	if len(rows.Keys)+len(rows.Entitlements) > 0 {
		g.verify()
	}
	g.head, g.begun = rows.Head, rows.Begun
	return nil
}

// hold takes an entitlement into memory.
func (g *Gate) hold(row EntitlementRow) {
	if old := g.held[row.ID]; old != nil && old.row.Text == row.Text {
		old.row = row
		return
	}
	in := &installed{row: row}
	if in.Signed, in.damaged = Read(row.Text); in.damaged == nil && in.ID != row.ID {
		in.damaged = errDamaged
	}
	g.held[row.ID] = in
}

// verify checks the signatures that were not checked yet: once for each, because
// keys do not change.
func (g *Gate) verify() {
	for _, in := range g.held {
		key := g.keys[in.Key]
		if in.verified || in.damaged != nil || key == nil {
			continue
		}
		in.damaged = in.Verify(key.public)
		in.verified = in.damaged == nil
	}
}

// rebuild makes the view anew. The caller holds mu.
func (g *Gate) rebuild() {
	g.dirtyMu.Lock()
	clear(g.dirty) // before the directory is read: what changes later is dirty again
	g.dirtyMu.Unlock()
	g.builtAt = g.now()
	v := &view{
		always: g.mode == ModeAll || g.mode == ModeList && g.begun.IsZero(), never: g.mode == ModeNone,
		rest: &holding{}, domains: map[signal.DomainID]*holding{},
	}
	active := g.active()
	for _, in := range active[0] {
		v.rest.add(&in.Entitlement)
	}
	for _, domain := range g.people.Domains() {
		v.domains[domain.ID] = g.holdingOf(domain.ID, active)
	}
	g.show(v)
	g.watchEnds()
}

// rebuildDirty makes the holdings anew of those domains that have changed. The
// caller holds mu.
func (g *Gate) rebuildDirty() {
	g.dirtyMu.Lock()
	dirty := slices.Collect(maps.Keys(g.dirty))
	clear(g.dirty)
	g.dirtyMu.Unlock()
	if len(dirty) == 0 {
		return
	}
	v := *g.view.Load()
	v.domains = maps.Clone(v.domains)
	active := g.active()
	for _, domain := range dirty {
		v.domains[domain] = g.holdingOf(domain, active)
	}
	g.show(&v)
}

// active are the entitlements that hold now, by domain; 0 is every domain.
func (g *Gate) active() map[signal.DomainID][]*installed {
	now := g.now()
	list := map[signal.DomainID][]*installed{}
	for _, in := range g.held {
		if g.state(in, now) == Valid {
			list[in.row.Domain] = append(list[in.row.Domain], in)
		}
	}
	return list
}

func (g *Gate) holdingOf(domain signal.DomainID, active map[signal.DomainID][]*installed) *holding {
	h := &holding{}
	for _, in := range active[0] {
		h.add(&in.Entitlement)
	}
	if domain != 0 {
		for _, in := range active[domain] {
			h.add(&in.Entitlement)
		}
	}
	h.seat(g.people, domain)
	return h
}
