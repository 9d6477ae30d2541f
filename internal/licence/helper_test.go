package licence

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/signal"
)

// memory is a Store without a database.
type memory struct {
	mu   sync.Mutex
	rows Rows
	fail error
}

func (m *memory) Licences(_ context.Context, since int64) (Rows, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := Rows{Head: m.rows.Head, Begun: m.rows.Begun} // whoever asks gets all, or nothing
	if since == m.rows.Head || m.fail != nil {
		return r, m.fail
	}
	r.Full = true
	r.Keys, r.Entitlements = slices.Clone(m.rows.Keys), slices.Clone(m.rows.Entitlements)
	return r, nil
}

func (m *memory) CommitLicences(_ context.Context, b *Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if b.Head != m.rows.Head {
		return ErrConflict
	}
	m.rows.Head++
	if m.rows.Begun.IsZero() {
		m.rows.Begun = b.Begun
	}
	for _, row := range b.Keys {
		m.rows.Keys = put(m.rows.Keys, row, func(k KeyRow) bool { return k.ID == row.ID })
	}
	for _, row := range b.Entitlements {
		m.rows.Entitlements = put(m.rows.Entitlements, row, func(e EntitlementRow) bool { return e.ID == row.ID })
	}
	return nil
}

// put replaces the row that is meant, or adds it.
func put[T any](list []T, row T, same func(T) bool) []T {
	if i := slices.IndexFunc(list, same); i >= 0 {
		list[i] = row
		return list
	}
	return append(list, row)
}

// change writes to the store behind everybody's back.
func (m *memory) change(f func(*Rows)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.rows)
	m.rows.Head++
}

// crowd is a People that tests change.
type crowd struct {
	mu       sync.Mutex
	domains  map[signal.DomainID]string
	unseen   map[signal.DomainID]string // until the next Sync
	assigned map[signal.Address][]string
}

func (c *crowd) Sync(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.Copy(c.domains, c.unseen)
	return nil
}

func (c *crowd) Domains() (list []Domain) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, name := range c.domains {
		list = append(list, Domain{id, name})
	}
	return list
}

func (c *crowd) Assigned(domain signal.DomainID) iter.Seq2[signal.ObjectID, []string] {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := maps.Clone(c.assigned)
	return func(yield func(signal.ObjectID, []string) bool) {
		for a, names := range all {
			if a.Domain == domain && !yield(a.Object, names) {
				return
			}
		}
	}
}

// plainSealing seals by reversing, and checks what a secret is bound to.
type plainSealing struct{}

func (plainSealing) Seal(plain, bound []byte) []byte {
	sealed := append(slices.Clone(bound), plain...)
	slices.Reverse(sealed)
	return sealed
}

func (plainSealing) Unseal(sealed, bound []byte) ([]byte, error) {
	sealed = slices.Clone(sealed)
	slices.Reverse(sealed)
	plain, ok := strings.CutPrefix(string(sealed), string(bound))
	if !ok {
		return nil, errors.New("sealed for something else")
	}
	return []byte(plain), nil
}

// newSealing is plainSealing under another master key.
type newSealing struct{ plainSealing }

func (n newSealing) Seal(plain, bound []byte) []byte {
	return append([]byte("new "), n.plainSealing.Seal(plain, bound)...)
}

func (n newSealing) Unseal(sealed, bound []byte) ([]byte, error) {
	text, ok := strings.CutPrefix(string(sealed), "new ")
	if !ok {
		return nil, errors.New("sealed with another key")
	}
	return n.plainSealing.Unseal([]byte(text), bound)
}

// world is a Gate with all that it needs: domains 1 (a.example) and 2 (b.example).
type world struct {
	*Gate
	t      *testing.T
	store  *memory
	people *crowd
	clock  *clock.Manual
	log    *strings.Builder
}

func newWorld(t *testing.T, mode Mode) *world {
	w := &world{t: t, store: &memory{}, clock: clock.NewManual(), log: &strings.Builder{}, people: &crowd{
		domains: map[signal.DomainID]string{1: "a.example", 2: "b.example"}, assigned: map[signal.Address][]string{},
		unseen: map[signal.DomainID]string{},
	}}
	w.Gate = w.open(mode)
	return w
}

// open is another Gate on the same store.
func (w *world) open(mode Mode) *Gate {
	w.t.Helper()
	g, err := Open(w.t.Context(), w.store, plainSealing{}, w.people, Config{
		Mode: mode, Clock: w.clock, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	w.must(err)
	return g
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused expects a refusal.
func (w *world) refused(what string, err error, code Code) {
	w.t.Helper()
	if CodeOf(err) != code {
		w.t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func (w *world) keygen() Generated {
	w.t.Helper()
	made, err := w.Keygen(w.t.Context(), "test", true)
	w.must(err)
	return made
}

// add adds a domain after licences have begun.
func (w *world) add(id signal.DomainID, name string) {
	w.people.mu.Lock()
	w.people.domains[id] = name
	w.people.mu.Unlock()
	w.Changed(id)
	w.sync()
}

func (w *world) sync() {
	w.t.Helper()
	w.must(w.Sync(w.t.Context()))
}

// assign gives an object its licences.
func (w *world) assign(a signal.Address, names ...string) {
	w.people.mu.Lock()
	w.people.assigned[a] = names
	w.people.mu.Unlock()
	w.Changed(a.Domain)
	w.sync()
}

// give issues an entitlement and installs it.
func (w *world) give(e Entitlement, texts ...string) Info {
	w.t.Helper()
	e.Grants = grants(w.t, texts...)
	text, _, err := w.Issue(w.t.Context(), e)
	w.must(err)
	info, err := w.Install(w.t.Context(), text)
	w.must(err)
	return info
}

func at(domain signal.DomainID, object signal.ObjectID) signal.Address {
	return signal.Address{Domain: domain, Object: object}
}

// has expects who of the objects 1 to 4 of the domain has the feature.
func (w *world) has(domain signal.DomainID, f Feature, want string) {
	w.t.Helper()
	got := ""
	for id := signal.ObjectID(1); id <= 4; id++ {
		if w.Licensed(at(domain, id), f) {
			got += string(rune('0' + id))
		}
	}
	if got != want {
		w.t.Errorf("%s in domain %d: %q have it, want %q", f, domain, got, want)
	}
}

// shifted is a clock that can be set back.
type shifted struct {
	clock.Clock
	mu sync.Mutex
	by time.Duration
}

func (s *shifted) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Clock.Now().Add(s.by)
}

func (s *shifted) shift(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by += by
}
