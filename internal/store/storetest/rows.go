package storetest

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

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
	o.Kind, o.DN, o.CN, o.Disabled, o.OverrideCLI = directory.App, "ÅÄÖ 'x'", strings.Repeat("n", 256), true, true
	o.SecondFactor, o.Home = true, "../../APPS/chat/chat,ümlaut'\""
	o.APIs, o.URL, o.Apps = []string{"PbxSignal", "PbxApi"}, "https://example.com/a?b=c", []string{"users", "a \"b\", {c}"}
	o.Secret = []byte{0, 1, 255, 0}
	o.Node, o.Template = "Küche", 4711
	hide := false
	o.Properties = directory.Properties{
		Location: "'x'", Emails: []string{"a@b.example"}, Hide: &hide, Messages: directory.None, AppLics: []string{"App(x)"},
		Allows: []directory.Allow{{Name: "é", Visible: true}}, Blocked: []signal.ObjectID{3}, Filter: "f",
		Groups: []directory.Membership{{Name: "g", Dyn: "out"}}, Diversions: []directory.Diversion{{Type: "cfu", Num: "1"}},
		Presence: []directory.Presence{{Contact: "tel:", Note: "\"<b>"}}, Websocket: true,
	}
	o.Profiles = []directory.Profile{{ID: 1, Name: "é", Contacts: []directory.Contact{{ID: 7, SIP: "bob", DN: "\"B\"", Presence: true, Ext: "tel"}}}, {ID: 2}}
	d.Settings = directory.Settings{
		Org: "ÅÄÖ", Filters: []directory.Filter{{Name: "f", Rules: []directory.Rule{{Prefix: "0", Allow: true}}}},
		Plan: directory.Plan{Nodes: []directory.Node{{Name: "Küche", Prefix: "8"}}, Routes: []directory.Route{{Prefix: "0", To: 5, Max: 3}}, Intl: "000"},
	}
	o.Devices = []directory.Device{
		{HW: "phone-2", Text: "Tür", App: "softphone", SingleReg: true, Admin: true, NoFilter: true, TLS: true, NoMob: true, Trusted: true}, {HW: "Phone-1"},
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

func testRestore(t *testing.T, b *bench) {
	d := b.addDomain("a.example")
	e := b.addDomain("b.example")
	b.addObject(e.ID, "elsewhere", "1")
	alice := b.object(d.ID, "alice", "1")
	alice.Secret, alice.Home, alice.Devices = []byte{1, 2}, "home", []directory.Device{{HW: "b", Trusted: true}, {HW: "a"}}
	alice.Profiles = []directory.Profile{{ID: 3}}
	alice.Location = "here"
	b.commit(one(alice))
	alice = b.storedObject(alice.ID)
	b.conflict("restored while it lives", one(restored(alice)))
	gone := alice
	gone.Deleted, gone.EndSessions = someTime, someTime
	b.commit(one(gone))
	kept := b.tombstones(d.ID)
	if len(kept) != 1 || len(b.tombstones(e.ID)) != 0 {
		t.Fatalf("tombstones %+v", kept)
	}
	want := alice
	want.Rev, want.Deleted = kept[0].Rev, someTime
	if got := kept[0]; !got.Deleted.Equal(someTime) || !reflect.DeepEqual(withoutTime(got), withoutTime(want)) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	again := b.addObject(d.ID, "ALICE", "")
	b.conflict("restored under a taken name", one(restored(kept[0])))
	again.Deleted = someTime.Add(time.Hour)
	b.commit(one(again))
	b.commit(one(restored(kept[0])))
	got := b.storedObject(alice.ID)
	want.Rev = got.Rev
	if !reflect.DeepEqual(got, withoutTime(want)) {
		t.Errorf("restored:\ngot  %+v\nwant %+v", got, want)
	}
	got.Deleted = someTime
	b.commit(one(got))
	for _, at := range []time.Time{someTime, someTime.Add(time.Second)} {
		if err := b.store.PurgeObjects(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		left := 2
		if at.After(someTime) {
			left = 1
		}
		if kept := b.tombstones(d.ID); len(kept) != left {
			t.Errorf("purged before %v: %+v", at, kept)
		}
	}
	b.addObject(d.ID, "alice", "1") // whose name and number are free
}

func restored(o directory.ObjectRow) directory.ObjectRow {
	o.Deleted, o.Restore = time.Time{}, true
	return o
}

func withoutTime(o directory.ObjectRow) directory.ObjectRow {
	o.Deleted = time.Time{}
	return o
}

func (b *bench) tombstones(dom signal.DomainID) []directory.ObjectRow {
	b.t.Helper()
	rows, err := b.store.Tombstones(b.t.Context(), dom)
	if err != nil {
		b.t.Fatal(err)
	}
	return rows
}

func testDomainNotEmpty(t *testing.T, b *bench) {
	d := b.addDomain("a.example")
	alice, bob := b.addObject(d.ID, "alice", ""), b.addObject(d.ID, "bob", "")
	d.Deleted, alice.Deleted, bob.Deleted = someTime, someTime, someTime
	b.conflict("a domain with objects", directory.Batch{Domains: []directory.DomainRow{d}})
	b.conflict("a domain with one of its objects", directory.Batch{Domains: []directory.DomainRow{d}, Objects: []directory.ObjectRow{alice}})
	b.commit(directory.Batch{Domains: []directory.DomainRow{d}, Objects: []directory.ObjectRow{alice, bob}})
	if rows := b.read(0); len(rows.Domains) != 0 || len(rows.Objects) != 0 {
		t.Errorf("left behind: %+v", rows)
	}
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
	for range 2 { // looking keeps nothing
		if kept, err := b.store.Canary(t.Context(), nil); err != nil || kept != nil {
			t.Errorf("kept %q, %v", kept, err)
		}
	}
	for _, store := range []directory.Store{b.store, handle(t, b.open)} {
		kept, err := store.Canary(t.Context(), []byte("first"))
		if err != nil || string(kept) != "first" {
			t.Errorf("kept %q, %v", kept, err)
		}
		if kept, err = store.Canary(t.Context(), []byte("second")); err != nil || string(kept) != "first" {
			t.Errorf("kept %q, %v", kept, err)
		}
		if kept, err = store.Canary(t.Context(), nil); err != nil || string(kept) != "first" {
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
