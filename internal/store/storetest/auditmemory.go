package storetest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/signal"
)

// AuditMemory is an audit.Store without a database, for tests of what lies above
// it. It passes the suite. The zero value is not usable.
type AuditMemory struct {
	mu     sync.Mutex // guards the following
	state  audit.State
	rows   []audit.Row
	signed []audit.SignedRow
	key    *audit.StoredKey

	// Before is called, if set, before every operation ("append", "state",
	// "read", "sign", "signed", "key"); an error of it is what the operation
	// returns. It must be set before the store is used.
	Before func(operation string) error
}

var _ audit.Store = (*AuditMemory)(nil)

// NewAuditMemory is an empty store.
func NewAuditMemory() *AuditMemory {
	return &AuditMemory{state: audit.State{Head: audit.StoredMark{Hash: make([]byte, 32)}}}
}

// Close does nothing: the memory may be shared.
func (m *AuditMemory) Close() error { return nil }

func (m *AuditMemory) begin(ctx context.Context, operation string) error {
	if m.Before != nil {
		if err := m.Before(operation); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// AppendAudit implements audit.Store.
func (m *AuditMemory) AppendAudit(ctx context.Context, link func(audit.StoredMark) (audit.Row, error)) error {
	if err := m.begin(ctx, "append"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := link(m.state.Head)
	if err != nil {
		return err
	}
	m.rows = append(m.rows, r)
	m.state.Head = audit.StoredMark{Number: r.Number, Hash: r.Hash}
	m.state.LastRow = r.Number
	return nil
}

// AuditState implements audit.Store.
func (m *AuditMemory) AuditState(ctx context.Context) (audit.State, error) {
	if err := m.begin(ctx, "state"); err != nil {
		return audit.State{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state, nil
}

// ReadAudit implements audit.Store.
func (m *AuditMemory) ReadAudit(ctx context.Context, f audit.Filter) ([]audit.Row, error) {
	if err := m.begin(ctx, "read"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := slices.Clone(m.rows)
	if f.Descending {
		slices.Reverse(rows)
	}
	var list []audit.Row
	for _, r := range rows {
		if len(list) < f.Limit && inPage(f, r) && matches(f, r) {
			list = append(list, r)
		}
	}
	return list, nil
}

func inPage(f audit.Filter, r audit.Row) bool {
	if f.Descending {
		return f.After == 0 || r.Number < f.After
	}
	return r.Number > f.After
}

func matches(f audit.Filter, r audit.Row) bool {
	is := func(want, got string) bool { return want == "" || want == got }
	return (!f.InDomains || slices.Contains(f.Domains, signal.DomainID(r.Domain))) &&
		is(f.ActorKind, r.ActorKind) && is(f.ActorName, r.ActorName) && is(f.Outcome, r.Outcome) &&
		is(f.ObjectKind, r.ObjectKind) && is(f.ObjectID, r.ObjectID) && is(f.ObjectName, r.ObjectName) &&
		(is(f.Act, r.Act) || strings.HasPrefix(r.Act, f.Act+".")) &&
		(f.Since == 0 || r.Time >= f.Since) && (f.Until == 0 || r.Time < f.Until)
}

// SignAudit implements audit.Store.
func (m *AuditMemory) SignAudit(ctx context.Context, h audit.SignedRow) error {
	if err := m.begin(ctx, "sign"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i, found := slices.BinarySearchFunc(m.signed, h.Number, func(s audit.SignedRow, n int64) int { return int(s.Number - n) })
	if !found {
		m.signed = slices.Insert(m.signed, i, h)
	}
	m.state.Signed = max(m.state.Signed, h.Number)
	m.state.LastSigned = max(m.state.LastSigned, h.Number)
	return nil
}

// ReadAuditSigned implements audit.Store.
func (m *AuditMemory) ReadAuditSigned(ctx context.Context, after int64, limit int) ([]audit.SignedRow, error) {
	if err := m.begin(ctx, "signed"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if after < 0 {
		return slices.Clone(m.signed[max(len(m.signed)-1, 0):]), nil
	}
	i, found := slices.BinarySearchFunc(m.signed, after, func(s audit.SignedRow, n int64) int { return int(s.Number - n) })
	if found {
		i++
	}
	return slices.Clone(m.signed[i:min(i+limit, len(m.signed))]), nil
}

// AuditKey implements audit.Store.
func (m *AuditMemory) AuditKey(ctx context.Context, k audit.StoredKey) (audit.StoredKey, error) {
	if err := m.begin(ctx, "key"); err != nil {
		return audit.StoredKey{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.key == nil {
		m.key = &k
	}
	return *m.key, nil
}

// SwapAuditKey implements audit.Store.
func (m *AuditMemory) SwapAuditKey(ctx context.Context, old, sealed []byte) error {
	if err := m.begin(ctx, "key"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.key != nil && bytes.Equal(m.key.Sealed, old) {
		m.key.Sealed = sealed
	}
	return nil
}
