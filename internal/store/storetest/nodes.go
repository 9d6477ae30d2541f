package storetest

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

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
