// Package storetest says what a directory.Store must do, as tests that every
// engine runs. It is imported by tests only.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
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

func testReserve(t *testing.T, b *bench) {
	other := handle(t, b.open)
	var mu sync.Mutex
	given := map[int64]bool{}
	var all sync.WaitGroup
	for _, store := range []directory.Store{b.store, other, b.store, other} {
		all.Go(func() {
			for range 10 {
				first, err := store.Reserve(t.Context(), 3)
				mu.Lock()
				for id := first; err == nil && id < first+3; id++ {
					if id <= 0 || given[id] {
						t.Errorf("id %d is not new", id)
					}
					given[id] = true
				}
				mu.Unlock()
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func testRoundTrip(t *testing.T, b *bench) {
	d := b.domain("example.com", "pbx.example.com", "192.0.2.1", "a.example.com")
	d.Default = true
	o := b.object(d.ID, "Zoë \"quoted\" 日本 🎉", "*12#")
	o.Kind, o.DN, o.CN, o.Disabled, o.OverrideCLI = signal.App, "ÅÄÖ 'x'", strings.Repeat("n", 256), true, true
	o.APIs, o.URL, o.Apps = []string{"PbxSignal", "PbxApi"}, "https://example.com/a?b=c", []string{"users", "a \"b\", {c}"}
	o.Secret = []byte{0, 1, 255, 0}
	o.Devices = []directory.Device{
		{HW: "phone-2", Text: "Tür", App: "softphone", SingleReg: true}, {HW: "Phone-1"},
	}
	s := b.session(o, strings.Repeat("a", 32))
	s.UserAgent, s.Code, s.NeedsAuthorization, s.Token = "agent/1", 1234, true, "tok\"en"
	s.Wake, s.Secret = []string{"phone", "chat"}, bytes.Repeat([]byte{0}, 60)
	plain := b.object(d.ID, "plain", "")
	b.commit(directory.Batch{
		Domains: []directory.DomainRow{d}, Objects: []directory.ObjectRow{o, plain}, Sessions: []directory.SessionRow{s},
	})
	d.Rev, o.Rev, plain.Rev, s.Rev = 1, 1, 1, 1
	want := sorted(directory.Rows{Head: 1, Full: true, Batch: directory.Batch{
		Domains: []directory.DomainRow{d}, Objects: []directory.ObjectRow{o, plain}, Sessions: []directory.SessionRow{s},
	}})
	again := &bench{t: t, store: handle(t, b.open)}
	for name, got := range map[string]directory.Rows{"same": b.read(0), "reopened": again.read(0)} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s handle:\ngot  %+v\nwant %+v", name, got, want)
		}
	}
}

func testIncremental(t *testing.T, b *bench) {
	if rows := b.read(0); rows.Head != 0 || len(rows.Domains) != 0 {
		t.Fatalf("a new store has %+v", rows)
	}
	d := b.addDomain("a.example")
	alice, bob := b.addObject(d.ID, "alice", "1"), b.addObject(d.ID, "bob", "2")
	head := b.read(0).Head
	if rows := b.read(head); !reflect.DeepEqual(rows, directory.Rows{Head: head}) {
		t.Errorf("nothing is new, but %+v", rows)
	}
	bob.Devices = []directory.Device{{HW: "hw"}}
	b.commit(one(bob))
	alice.Deleted = someTime
	b.commit(one(alice))
	rows := b.read(head)
	if rows.Full || rows.Head != head+2 || len(rows.Domains) != 0 || len(rows.Objects) != 2 {
		t.Fatalf("read since %d: %+v", head, rows)
	}
	if got := rows.Objects[0]; got.ID != alice.ID || !got.Deleted.Equal(someTime) {
		t.Errorf("no tombstone: %+v", got)
	}
	if got := rows.Objects[1]; len(got.Devices) != 1 || got.Rev != head+1 {
		t.Errorf("the device is not there: %+v", got)
	}
	for _, since := range []int64{0, head + 100} {
		if rows := b.read(since); !rows.Full || len(rows.Objects) != 1 || len(rows.Domains) != 1 {
			t.Errorf("read since %d is not the living: %+v", since, rows)
		}
	}
}

func testAtomic(t *testing.T, b *bench) {
	d := b.addDomain("a.example")
	b.addObject(d.ID, "alice", "1")
	good, bad := b.object(d.ID, "bob", "2"), b.object(d.ID, "ALICE", "3")
	b.conflict("bad last", directory.Batch{Objects: []directory.ObjectRow{good, bad}})
	b.conflict("bad first", directory.Batch{Objects: []directory.ObjectRow{bad, good}})
	b.commit(one(good)) // the store still works
}

func testConflicts(t *testing.T, b *bench) {
	d := b.addDomain("a.example", "host.example")
	e := b.domain("b.example")
	e.Default = true
	b.commit(directory.Batch{Domains: []directory.DomainRow{e}})
	alice := b.addObject(d.ID, "Émile", "1")
	domain := func(row directory.DomainRow) directory.Batch {
		return directory.Batch{Domains: []directory.DomainRow{row}}
	}
	b.conflict("domain name taken", domain(b.domain("a.example")))
	b.conflict("name is a host name", domain(b.domain("host.example")))
	b.conflict("host name taken", domain(b.domain("c.example", "host.example")))
	b.conflict("host name is a name", domain(b.domain("c.example", "b.example")))
	second := b.domain("c.example")
	second.Default = true
	b.conflict("second default", domain(second))
	b.conflict("name taken, other case", one(b.object(d.ID, "éMILE", "2")))
	b.conflict("number taken", one(b.object(d.ID, "x", "1")))
	b.conflict("no such domain", one(b.object(signal.DomainID(b.id()), "x", "")))
	same := b.object(d.ID, "x", "")
	same.GUID = alice.GUID
	b.conflict("guid taken", one(same))
	same = b.object(e.ID, "x", "")
	same.ID = alice.ID
	b.conflict("id taken, even in another domain", one(same))
	twice := alice
	twice.Devices = []directory.Device{{HW: "hw"}, {HW: "HW"}}
	b.conflict("device twice", one(twice))
	moved := alice
	moved.Domain = e.ID
	b.conflict("id of another domain", one(moved))
	stranger := b.session(alice, "s")
	stranger.Owner.Domain = e.ID
	b.conflict("session of another domain", directory.Batch{Sessions: []directory.SessionRow{stranger}})

	old := alice
	alice.DN = "new"
	b.commit(one(alice))
	b.conflict("changed meanwhile", one(old))
	b.conflict("domain changed meanwhile", domain(directory.DomainRow{Domain: d.Domain, Version: directory.Version{Rev: d.Rev + 100}}))
	alice = b.storedObject(alice.ID)
	alice.Deleted = someTime
	b.commit(one(alice))
	alice.Rev, alice.Deleted = b.read(0).Head, time.Time{}
	b.conflict("written after its deletion", one(alice))
}

func testDomains(t *testing.T, b *bench) {
	d, e := b.addDomain("a.example"), b.addDomain("b.example")
	inA, inB := b.addObject(d.ID, "alice", "1"), b.addObject(e.ID, "alice", "1")
	inA.Deleted = someTime
	b.commit(one(inA))
	if got := b.storedObject(inB.ID); !reflect.DeepEqual(got, inB) {
		t.Errorf("the other domain's alice: got %+v, want %+v", got, inB)
	}
}

func testTombstone(t *testing.T, b *bench) {
	d := b.addDomain("a.example", "host.example")
	alice := b.addObject(d.ID, "alice", "1")
	b.commit(directory.Batch{Sessions: []directory.SessionRow{b.session(alice, "s")}})
	gone := alice
	gone.Deleted = someTime
	gone.EndSessions = someTime
	again := b.object(d.ID, "Alice", "1")
	b.commit(directory.Batch{Objects: []directory.ObjectRow{gone, again}}) // in this order
	rows := b.read(0)
	if len(rows.Objects) != 1 || rows.Objects[0].ID == alice.ID || len(rows.Sessions) != 0 {
		t.Errorf("the new alice does not start empty: %+v", rows)
	}
	again = rows.Objects[0]
	again.Deleted = someTime
	b.commit(one(again))
	d.Deleted, d.Hosts = someTime, nil
	b.commit(directory.Batch{Domains: []directory.DomainRow{d}})
	if e := b.addDomain("a.example", "host.example"); e.ID == d.ID {
		t.Error("the new domain has the old id")
	}
	b.conflict("object of a deleted domain", one(b.object(d.ID, "alice", "")))
}

func testDomainNotEmpty(t *testing.T, b *bench) {
	d := b.addDomain("a.example")
	b.addObject(d.ID, "alice", "")
	d.Deleted = someTime
	b.conflict("a domain with objects", directory.Batch{Domains: []directory.DomainRow{d}})
}

func testSessionsEnd(t *testing.T, b *bench) {
	d := b.addDomain("a.example")
	alice, bob := b.addObject(d.ID, "alice", ""), b.addObject(d.ID, "bob", "")
	b.commit(directory.Batch{Sessions: []directory.SessionRow{
		b.session(alice, "a1"), b.session(alice, "a2"), b.session(bob, "b1"),
	}})
	head := b.read(0).Head
	alice.EndSessions = someTime
	b.commit(one(alice))
	if rows := b.read(0); len(rows.Sessions) != 1 || rows.Sessions[0].ID != "b1" {
		t.Errorf("left over: %+v", rows.Sessions)
	}
	rows := b.read(head)
	if len(rows.Sessions) != 2 || rows.Sessions[0].Deleted.IsZero() || rows.Sessions[0].Secret != nil {
		t.Errorf("no tombstones: %+v", rows.Sessions)
	}
	alice = b.storedObject(alice.ID)
	alice.Deleted, alice.EndSessions = someTime, someTime
	b.commit(one(alice))
	b.conflict("session of a deleted user", directory.Batch{Sessions: []directory.SessionRow{b.session(alice, "a3")}})
}

func testPurge(t *testing.T, b *bench) {
	d := b.addDomain("a.example")
	alice := b.addObject(d.ID, "alice", "")
	b.commit(directory.Batch{Sessions: []directory.SessionRow{b.session(alice, "s")}})
	before := b.read(0).Head
	s := b.read(0).Sessions[0]
	s.Deleted, s.Secret = someTime, nil
	b.commit(directory.Batch{Sessions: []directory.SessionRow{s}})
	ended := b.read(0).Head
	b.addObject(d.ID, "bob", "")
	for _, at := range []time.Time{someTime, someTime.Add(time.Second), someTime.Add(time.Hour)} {
		if err := b.store.Purge(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		purged := at.After(someTime)
		if rows := b.read(before); rows.Full != purged || len(rows.Sessions) == 1 == purged {
			t.Errorf("purged before %v: read since %d: %+v", at, before, rows)
		}
		if rows := b.read(ended); rows.Full || len(rows.Objects) != 1 {
			t.Errorf("a reader that saw the end needs no full read: %+v", rows)
		}
	}
}

func testCanary(t *testing.T, b *bench) {
	for _, store := range []directory.Store{b.store, handle(t, b.open)} {
		kept, err := store.Canary(t.Context(), []byte("first"))
		if err != nil || string(kept) != "first" {
			t.Errorf("kept %q, %v", kept, err)
		}
		if kept, err = store.Canary(t.Context(), []byte("second")); err != nil || string(kept) != "first" {
			t.Errorf("kept %q, %v", kept, err)
		}
	}
}

func testCancelled(t *testing.T, b *bench) {
	d := b.addDomain("a.example")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	batch := one(b.object(d.ID, "alice", ""))
	if err := b.store.Commit(ctx, &batch); err == nil || errors.Is(err, directory.ErrConflict) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	if rows := b.read(0); len(rows.Objects) != 0 {
		t.Errorf("written: %+v", rows.Objects)
	}
	b.commit(batch)
}

// testOrder has two handles write at once while a third follows: each of its
// reads must continue exactly where the last one ended.
func testOrder(t *testing.T, b *bench) {
	d := b.addDomain("a.example")
	follower := &bench{t: t, store: handle(t, b.open)}
	start := follower.read(0).Head
	const each = 25
	var writers sync.WaitGroup
	for _, store := range []directory.Store{b.store, handle(t, b.open)} {
		writers.Go(func() {
			for range each {
				id, err := store.Reserve(t.Context(), 1)
				row := directory.ObjectRow{Object: directory.Object{ID: signal.ObjectID(id), Domain: d.ID, SIP: guid(id), GUID: guid(id)}}
				batch := one(row)
				if err := errors.Join(err, store.Commit(t.Context(), &batch)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	seen := map[int64]bool{}
	for head, last := start, false; !last; {
		select {
		case <-done:
			last = true // one more read
		default:
		}
		rows := follower.read(head)
		for _, o := range rows.Objects {
			if o.Rev <= head || o.Rev > rows.Head || seen[o.Rev] {
				t.Errorf("commit %d came in the read from %d to %d", o.Rev, head, rows.Head)
			}
			seen[o.Rev] = true
		}
		head = rows.Head
	}
	for n := start + 1; n <= start+2*each; n++ {
		if !seen[n] {
			t.Errorf("commit %d was missed", n)
		}
	}
}

// testTwoDirectories is two nodes: what one writes, the other sees at its next
// look, and both may write without losing anything of each other.
func testTwoDirectories(t *testing.T, b *bench) {
	sealer, err := directory.NewSealer(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	node := func(store directory.Store) *directory.Directory {
		d, err := directory.Open(t.Context(), store, sealer, directory.Config{})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	first, second := node(b.store), node(handle(t, b.open))
	dom, err := first.AddDomain(t.Context(), "example.com", nil)
	must(err)
	must(second.Sync(t.Context()))
	alice, err := second.AddUser(t.Context(), dom.ID, directory.NewObject{SIP: "alice", Num: "101", Password: "secret-alice"})
	must(err)
	// The first node does not know alice yet: it must find out by itself.
	_, err = first.AddUser(t.Context(), dom.ID, directory.NewObject{SIP: "Alice", Password: "secret-alice"})
	if directory.CodeOf(err) != directory.CodeNameTaken {
		t.Fatalf("second alice: %v", err)
	}
	must(first.AddDevice(t.Context(), alice.Address(), directory.Device{HW: "hw-1"}))
	dn := "Alice"
	_, err = second.SetUser(t.Context(), alice.Address(), directory.ObjectEdit{DN: &dn}) // knows no hw-1 yet
	must(err)
	for _, d := range []*directory.Directory{first, second} {
		must(d.Sync(t.Context()))
		got, _ := d.UserByName(dom.ID, "alice")
		password, err := d.Password(alice.Address())
		known, _ := d.Device(alice.Address(), "hw-1")
		if got.DN != "Alice" || password != "secret-alice" || err != nil || !known {
			t.Errorf("%+v, password %q %v, device %v", got, password, err, known)
		}
	}
	if err := second.RemoveDomain(t.Context(), dom.ID); directory.CodeOf(err) != directory.CodeDomainNotEmpty {
		t.Errorf("remove the domain: %v", err)
	}
}
