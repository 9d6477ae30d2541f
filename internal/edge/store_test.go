package edge

import (
	"context"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// memStore is a directory.Store in memory, for one process and without conflicts.
type memStore struct {
	mu       sync.Mutex // guards the following
	head     int64
	ids      int64
	domains  []directory.DomainRow
	objects  []directory.ObjectRow
	sessions []directory.SessionRow
	canary   []byte
	broken   error // returned by Commit
}

var _ directory.Store = (*memStore)(nil)

func (m *memStore) Reserve(_ context.Context, n int) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := m.ids + 1
	m.ids += int64(n)
	return first, nil
}

func (m *memStore) Commit(_ context.Context, b *directory.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	m.head++
	for _, r := range b.Domains {
		r.Rev = m.head
		put(&m.domains, r, func(o directory.DomainRow) bool { return o.ID == r.ID })
	}
	for _, r := range b.Objects {
		r.Rev = m.head
		put(&m.objects, r, func(o directory.ObjectRow) bool { return o.ID == r.ID })
		if !r.EndSessions.IsZero() || !r.Deleted.IsZero() {
			m.endSessions(r)
		}
	}
	for _, r := range b.Sessions {
		r.Rev = m.head
		put(&m.sessions, r, func(o directory.SessionRow) bool { return o.ID == r.ID })
	}
	return nil
}

func (m *memStore) endSessions(r directory.ObjectRow) {
	for i := range m.sessions {
		if s := &m.sessions[i]; s.Owner == r.Address() && s.Deleted.IsZero() {
			s.Deleted, s.Rev = time.Now(), m.head
		}
	}
}

func put[T any](rows *[]T, row T, same func(T) bool) {
	for i, old := range *rows {
		if same(old) {
			(*rows)[i] = row
			return
		}
	}
	*rows = append(*rows, row)
}

func (m *memStore) Read(_ context.Context, since int64) (directory.Rows, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := directory.Rows{Head: m.head, Full: since == 0}
	wanted := func(v directory.Version) bool { return v.Rev > since && (since > 0 || v.Deleted.IsZero()) }
	for _, r := range m.domains {
		if wanted(r.Version) {
			rows.Domains = append(rows.Domains, r)
		}
	}
	for _, r := range m.objects {
		if wanted(r.Version) {
			rows.Objects = append(rows.Objects, r)
		}
	}
	for _, r := range m.sessions {
		if wanted(r.Version) {
			rows.Sessions = append(rows.Sessions, r)
		}
	}
	return rows, nil
}

func (m *memStore) Purge(context.Context, time.Time) error { return nil }

func (m *memStore) Canary(_ context.Context, sealed []byte) ([]byte, error) {
	if m.canary == nil {
		m.canary = sealed
	}
	return m.canary, nil
}

func (m *memStore) Close() error { return nil }

func (m *memStore) Tombstones(context.Context, signal.DomainID) ([]directory.ObjectRow, error) {
	return nil, nil
}

func (m *memStore) PurgeObjects(context.Context, time.Time) error { return nil }
