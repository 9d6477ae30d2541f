// Package storetest says what a directory.Store must do, as tests that every
// engine runs. It is imported by tests only.
package storetest

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// Fresh makes a new, empty database and returns a function that opens it. Every
// call gives another handle on the same database, as another process would have.
type Fresh func(t *testing.T) (open func() directory.Store)

// Run runs the whole suite.
func Run(t *testing.T, fresh Fresh) {
	tests := []struct {
		name string
		test func(*testing.T, *bench)
	}{
		{"ids are never given twice", testReserve},
		{"rows come back as written", testRoundTrip},
		{"a read gives what is new", testIncremental},
		{"a batch is written as a whole or not at all", testAtomic},
		{"conflicts", testConflicts},
		{"domains do not touch each other", testDomains},
		{"a deleted name is free", testTombstone},
		{"a deleted object can be restored", testRestore},
		{"a domain with objects stays", testDomainNotEmpty},
		{"sessions end with their owner", testSessionsEnd},
		{"purged sessions make reads full", testPurge},
		{"the canary is kept", testCanary},
		{"a cancelled commit writes nothing", testCancelled},
		{"commits become visible in order", testOrder},
		{"two directories on one store", testTwoDirectories},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			open := fresh(t)
			test.test(t, &bench{t: t, open: open, store: handle(t, open)})
		})
	}
}

// handle opens a store for the length of the test.
func handle(t *testing.T, open func() directory.Store) directory.Store {
	s := open()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// bench is what a test works with.
type bench struct {
	t     *testing.T
	open  func() directory.Store
	store directory.Store
}

func (b *bench) id() int64 {
	b.t.Helper()
	id, err := b.store.Reserve(b.t.Context(), 1)
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b *bench) commit(batch directory.Batch) {
	b.t.Helper()
	if err := b.store.Commit(b.t.Context(), &batch); err != nil {
		b.t.Fatal(err)
	}
}

// conflict expects that the batch is refused and nothing is written.
func (b *bench) conflict(what string, batch directory.Batch) {
	b.t.Helper()
	before := b.read(0)
	if err := b.store.Commit(b.t.Context(), &batch); !errors.Is(err, directory.ErrConflict) {
		b.t.Errorf("%s: got %v, want a conflict", what, err)
	}
	if after := b.read(0); !reflect.DeepEqual(before, after) {
		b.t.Errorf("%s: a refused batch left something behind:\n%+v\n%+v", what, before, after)
	}
}

func (b *bench) read(since int64) directory.Rows {
	b.t.Helper()
	rows, err := b.store.Read(b.t.Context(), since)
	if err != nil {
		b.t.Fatal(err)
	}
	return sorted(rows)
}

// sorted makes reads comparable: the order of rows means nothing.
func sorted(rows directory.Rows) directory.Rows {
	slices.SortFunc(rows.Domains, func(a, b directory.DomainRow) int { return int(a.ID - b.ID) })
	slices.SortFunc(rows.Objects, func(a, b directory.ObjectRow) int { return int(a.ID - b.ID) })
	slices.SortFunc(rows.Sessions, func(a, b directory.SessionRow) int { return strings.Compare(a.ID, b.ID) })
	return rows
}

// domain is a new domain that is not written yet.
func (b *bench) domain(name string, hosts ...string) directory.DomainRow {
	return directory.DomainRow{Domain: directory.Domain{ID: signal.DomainID(b.id()), Name: name, Hosts: hosts}}
}

// addDomain writes a domain and returns it as stored.
func (b *bench) addDomain(name string, hosts ...string) directory.DomainRow {
	row := b.domain(name, hosts...)
	b.commit(directory.Batch{Domains: []directory.DomainRow{row}})
	return b.storedDomain(row.ID)
}

// object is a new user that is not written yet.
func (b *bench) object(dom signal.DomainID, sip, num string) directory.ObjectRow {
	id := b.id()
	return directory.ObjectRow{Object: directory.Object{
		ID: signal.ObjectID(id), Domain: dom, SIP: sip, Num: num, GUID: guid(id),
	}}
}

func guid(id int64) string {
	text := []byte(strings.Repeat("0", 32))
	for i := 31; id > 0; i-- {
		text[i] = "0123456789abcdef"[id&15]
		id >>= 4
	}
	return string(text)
}

// addObject writes a user and returns it as stored.
func (b *bench) addObject(dom signal.DomainID, sip, num string) directory.ObjectRow {
	row := b.object(dom, sip, num)
	b.commit(directory.Batch{Objects: []directory.ObjectRow{row}})
	return b.storedObject(row.ID)
}

func (b *bench) session(owner directory.ObjectRow, id string) directory.SessionRow {
	return directory.SessionRow{Secret: []byte("sealed"), Session: directory.Session{
		ID: id, Owner: owner.Address(), Created: someTime, Used: someTime,
	}}
}

var someTime = time.UnixMilli(1_700_000_000_123)

func (b *bench) storedDomain(id signal.DomainID) directory.DomainRow {
	b.t.Helper()
	rows := b.read(0)
	i := slices.IndexFunc(rows.Domains, func(d directory.DomainRow) bool { return d.ID == id })
	if i < 0 {
		b.t.Fatalf("domain %d is not stored", id)
	}
	return rows.Domains[i]
}

func (b *bench) storedObject(id signal.ObjectID) directory.ObjectRow {
	b.t.Helper()
	rows := b.read(0)
	i := slices.IndexFunc(rows.Objects, func(o directory.ObjectRow) bool { return o.ID == id })
	if i < 0 {
		b.t.Fatalf("object %d is not stored", id)
	}
	return rows.Objects[i]
}

func one(o directory.ObjectRow) directory.Batch {
	return directory.Batch{Objects: []directory.ObjectRow{o}}
}
