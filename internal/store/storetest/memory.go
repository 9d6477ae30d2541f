package storetest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// Memory is a directory.Store without a database, for tests of what lies above
// it. It passes the suite. Close does nothing: two directories may share it.
type Memory struct {
	mu     sync.Mutex // guards the following
	nextID int64
	canary []byte
	tables tables

	// Before is called, if set, before every operation ("reserve", "commit",
	// "read", "tombstones", "purge", "purge objects", "canary"); an error of it is what the operation
	// returns. It must be set before the store is used.
	Before func(operation string) error
}

var _ directory.Store = (*Memory)(nil)

// tables are replaced as a whole by a commit.
type tables struct {
	head, floor int64
	domains     map[signal.DomainID]directory.DomainRow
	objects     map[signal.ObjectID]directory.ObjectRow
	sessions    map[string]directory.SessionRow
	emptied     map[signal.ObjectID]bool // tombstones that have nothing left
}

// NewMemory is an empty store.
func NewMemory() *Memory {
	return &Memory{nextID: 1, tables: tables{
		domains:  map[signal.DomainID]directory.DomainRow{},
		objects:  map[signal.ObjectID]directory.ObjectRow{},
		sessions: map[string]directory.SessionRow{}, emptied: map[signal.ObjectID]bool{},
	}}
}

func (m *Memory) begin(ctx context.Context, operation string) error {
	if m.Before != nil {
		if err := m.Before(operation); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Reserve implements directory.Store.
func (m *Memory) Reserve(ctx context.Context, n int) (int64, error) {
	if err := m.begin(ctx, "reserve"); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nextID += int64(n)
	return m.nextID - int64(n), nil
}

// Canary implements directory.Store.
func (m *Memory) Canary(ctx context.Context, sealed []byte) ([]byte, error) {
	if err := m.begin(ctx, "canary"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.canary == nil {
		m.canary = slices.Clone(sealed)
	}
	return m.canary, nil
}

// Purge implements directory.Store.
func (m *Memory) Purge(ctx context.Context, before time.Time) error {
	if err := m.begin(ctx, "purge"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, s := range m.tables.sessions {
		if !s.Deleted.IsZero() && s.Deleted.Before(before) {
			delete(m.tables.sessions, id)
			m.tables.floor = max(m.tables.floor, s.Rev)
		}
	}
	return nil
}

// Tombstones implements directory.Store.
func (m *Memory) Tombstones(ctx context.Context, domain signal.DomainID) ([]directory.ObjectRow, error) {
	if err := m.begin(ctx, "tombstones"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []directory.ObjectRow
	for _, o := range m.tables.objects {
		if o.Domain == domain && !o.Deleted.IsZero() && !m.tables.emptied[o.ID] {
			list = append(list, o)
		}
	}
	return list, nil
}

// PurgeObjects implements directory.Store.
func (m *Memory) PurgeObjects(ctx context.Context, before time.Time) error {
	if err := m.begin(ctx, "purge objects"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, o := range m.tables.objects {
		if !o.Deleted.IsZero() && o.Deleted.Before(before) {
			m.tables.emptied[id] = true
		}
	}
	return nil
}

// Close implements directory.Store.
func (m *Memory) Close() error { return nil }

// Read implements directory.Store.
func (m *Memory) Read(ctx context.Context, since int64) (directory.Rows, error) {
	if err := m.begin(ctx, "read"); err != nil {
		return directory.Rows{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &m.tables
	rows := directory.Rows{Head: t.head}
	if t.head == since {
		return rows, nil
	}
	if since < t.floor || since > t.head {
		since = 0
	}
	rows.Full = since == 0
	wanted := func(v directory.Version) bool { return v.Rev > since && (since > 0 || v.Deleted.IsZero()) }
	for _, d := range t.domains {
		if wanted(d.Version) {
			rows.Domains = append(rows.Domains, d)
		}
	}
	for _, o := range t.objects {
		if wanted(o.Version) {
			rows.Objects = append(rows.Objects, o)
		}
	}
	for _, s := range t.sessions {
		if wanted(s.Version) {
			rows.Sessions = append(rows.Sessions, s)
		}
	}
	return rows, nil
}

// Commit implements directory.Store.
func (m *Memory) Commit(ctx context.Context, b *directory.Batch) error {
	if err := m.begin(ctx, "commit"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := tables{
		head: m.tables.head + 1, floor: m.tables.floor,
		domains: maps.Clone(m.tables.domains), objects: maps.Clone(m.tables.objects), sessions: maps.Clone(m.tables.sessions), emptied: m.tables.emptied,
	}
	if !t.write(b) {
		return directory.ErrConflict
	}
	m.tables = t
	return nil
}

func (t *tables) write(b *directory.Batch) bool {
	for d := range b.DomainsGone(false) {
		if !t.domain(*d) {
			return false
		}
	}
	for _, o := range b.Objects {
		if !t.object(o) {
			return false
		}
	}
	for _, s := range b.Sessions {
		if !t.session(s) {
			return false
		}
	}
	for d := range b.DomainsGone(true) {
		if !t.domain(*d) {
			return false
		}
	}
	return true
}

// fits tells whether a row of version v may replace old.
func fits(v, old directory.Version, known bool) bool {
	if v.Rev == 0 {
		return !known
	}
	return known && v.Rev == old.Rev && old.Deleted.IsZero()
}

// fitsObject is fits for objects, whose tombstones can be restored.
func fitsObject(o, old directory.ObjectRow, known bool) bool {
	if o.Restore {
		return known && o.Rev == old.Rev && !old.Deleted.IsZero()
	}
	return fits(o.Version, old.Version, known)
}

func (t *tables) domain(d directory.DomainRow) bool {
	old, known := t.domains[d.ID]
	if !fits(d.Version, old.Version, known) {
		return false
	}
	for _, other := range t.domains {
		if other.ID != d.ID && other.Deleted.IsZero() && d.Deleted.IsZero() && claimsSame(other.Domain, d.Domain) {
			return false
		}
	}
	for _, o := range t.objects {
		if o.Domain == d.ID && o.Deleted.IsZero() && !d.Deleted.IsZero() {
			return false
		}
	}
	d.Rev = t.head
	t.domains[d.ID] = d
	return true
}

func claimsSame(a, b directory.Domain) bool {
	names := append([]string{a.Name}, a.Hosts...)
	taken := func(name string) bool { return slices.Contains(names, name) }
	return a.Default && b.Default || taken(b.Name) || slices.ContainsFunc(b.Hosts, taken)
}

func (t *tables) object(o directory.ObjectRow) bool {
	old, known := t.objects[o.ID]
	dom := t.domains[o.Domain]
	if !fitsObject(o, old, known) || known && old.Domain != o.Domain || dom.ID == 0 || !dom.Deleted.IsZero() {
		return false
	}
	for _, other := range t.objects {
		if other.ID != o.ID && objectsClash(other, o) {
			return false
		}
	}
	if hasTwice(o.Devices) {
		return false
	}
	if !o.EndSessions.IsZero() {
		t.endSessions(o)
	}
	o.Rev, o.EndSessions, o.Restore = t.head, time.Time{}, false
	t.objects[o.ID] = o
	return true
}

func objectsClash(a, b directory.ObjectRow) bool {
	if a.GUID == b.GUID {
		return true
	}
	if a.Domain != b.Domain || !a.Deleted.IsZero() || !b.Deleted.IsZero() {
		return false
	}
	return directory.Fold(a.SIP) == directory.Fold(b.SIP) || a.Num != "" && a.Num == b.Num && a.Node == b.Node
}

func hasTwice(devices []directory.Device) bool {
	seen := map[string]bool{}
	for _, dev := range devices {
		key := strings.ToLower(dev.HW)
		if seen[key] {
			return true
		}
		seen[key] = true
	}
	return false
}

func (t *tables) endSessions(o directory.ObjectRow) {
	for id, s := range t.sessions {
		if s.Owner == o.Address() && s.Deleted.IsZero() {
			s.Deleted, s.Rev, s.Secret, s.Token = o.EndSessions, t.head, nil, ""
			t.sessions[id] = s
		}
	}
}

func (t *tables) session(s directory.SessionRow) bool {
	old, known := t.sessions[s.ID]
	owner, ok := t.objects[s.Owner.Object]
	if !fits(s.Version, old.Version, known) || !ok || owner.Domain != s.Owner.Domain || !owner.Deleted.IsZero() {
		return false
	}
	s.Rev = t.head
	t.sessions[s.ID] = s
	return true
}
