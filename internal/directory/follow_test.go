package directory_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

// step does what Follow does at its next poll.
func (b *bench) step() {
	b.t.Helper()
	b.must(b.Step(b.t.Context()))
}

func TestFollowSeesWhatOthersWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewMemory()
		open := func() *directory.Directory {
			d, err := directory.Open(t.Context(), store, newSealer(t, 1), directory.Config{Clock: clock.System()})
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		writer, follower := open(), open()
		changes := make(chan directory.Change, 20)
		follower.Watch(func(c directory.Change) {
			if _, ok := follower.Domain(c.Address.Domain); !ok && c.What == directory.DomainSet {
				t.Errorf("%+v is told before it is in effect", c)
			}
			changes <- c
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { follower.Follow(ctx); close(done) }()
		b := &bench{t: t, Directory: writer, dom: directory.Domain{}}
		dom := b.addDomain("example.com")
		alice := b.addUser(dom, "alice", "101")
		synctest.Wait()
		if len(changes) != 0 {
			t.Fatalf("before a second has passed: %+v", <-changes)
		}
		time.Sleep(1001 * time.Millisecond) // of the bubble
		synctest.Wait()
		if got, ok := follower.Resolve(alice.Address(), "alice", ""); !ok || got.Address != alice.Address() {
			t.Errorf("alice is not known: %+v", got)
		}
		s := b.addSession(alice)
		b.must(b.AuthorizeSession(t.Context(), alice.Address(), s.ID))
		b.must(b.RemoveUser(t.Context(), alice.Address()))
		b.must(b.RemoveDomain(t.Context(), dom.ID))
		time.Sleep(time.Second)
		synctest.Wait()
		var what []directory.What
		for len(changes) > 0 {
			what = append(what, (<-changes).What)
		}
		// The session came and went between two looks: it is not mentioned.
		want := []directory.What{directory.DomainSet, directory.ObjectSet, directory.DomainGone, directory.ObjectGone}
		if !slices.Equal(what, want) {
			t.Errorf("changes %v, want %v", what, want)
		}
		cancel()
		<-done
	})
}

func TestWatchTellsOwnChangesInOrder(t *testing.T) {
	b := newBench(t)
	var got []directory.Change
	b.Watch(func(c directory.Change) { got = append(got, c) })
	alice := b.addUser(b.dom, "alice", "")
	s := b.addSession(alice)
	b.must(b.SetSessionInfo(t.Context(), alice.Address(), s.ID, "t", nil))
	b.must(b.SetSessionInfo(t.Context(), alice.Address(), s.ID, "t", nil)) // nothing new
	b.must(b.RemoveUser(t.Context(), alice.Address()))
	a := alice.Address()
	want := []directory.Change{
		{What: directory.ObjectSet, Address: a}, {What: directory.SessionAdded, Address: a, Session: s.ID},
		{What: directory.SessionSet, Address: a, Session: s.ID}, {What: directory.ObjectGone, Address: a},
		{What: directory.SessionGone, Address: a, Session: s.ID},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestAFollowerThatWasAwayForLong must not keep what was purged meanwhile.
func TestAFollowerThatWasAwayForLong(t *testing.T) {
	b := newBench(t)
	alice, bob := b.addUser(b.dom, "alice", "101"), b.addUser(b.dom, "bob", "102")
	s, kept := b.addSession(alice), b.addSession(bob)
	away := b.another()
	var gone []directory.Change
	away.Watch(func(c directory.Change) {
		if c.What == directory.SessionGone || c.What == directory.ObjectGone {
			gone = append(gone, c)
		}
	})
	b.must(b.RemoveUser(t.Context(), alice.Address()))
	swapped := b.set(bob, directory.ObjectEdit{SIP: ptr("alice"), Num: ptr("101")})
	b.must(b.store.Purge(t.Context(), b.clock.Now().Add(time.Hour)))
	b.must(away.Sync(t.Context()))
	if len(gone) != 2 {
		t.Errorf("told %+v", gone)
	}
	if _, ok := away.Session(s.ID); ok {
		t.Error("the purged session is still there")
	}
	if _, ok := away.Session(kept.ID); !ok {
		t.Error("the other session is gone")
	}
	if got, _ := away.Resolve(swapped.Address(), "alice", ""); got.Address != swapped.Address() {
		t.Errorf("alice is %+v", got)
	}
	if _, ok := away.Resolve(swapped.Address(), "bob", ""); ok {
		t.Error("bob is still there")
	}
}

func TestNamesThatChangeHandsBetweenTwoLooks(t *testing.T) {
	b := newBench(t)
	alice, bob := b.addUser(b.dom, "alice", "101"), b.addUser(b.dom, "bob", "102")
	second := b.addDomain("b.example", "h.example")
	away := b.another()
	b.set(alice, directory.ObjectEdit{SIP: ptr("x"), Num: ptr("")})
	b.set(bob, directory.ObjectEdit{SIP: ptr("alice"), Num: ptr("101")})
	b.set(alice, directory.ObjectEdit{SIP: ptr("bob"), Num: ptr("102")})
	_, err := b.SetDomain(t.Context(), second.ID, directory.DomainEdit{Hosts: &[]string{}, Default: true})
	b.must(err)
	_, err = b.SetDomain(t.Context(), b.dom.ID, directory.DomainEdit{Hosts: &[]string{"h.example"}})
	b.must(err)
	b.must(away.Sync(t.Context()))
	for name, d := range map[string]*directory.Directory{"writer": b.Directory, "follower": away, "loaded": b.another()} {
		byName, _ := d.Resolve(alice.Address(), "alice", "")
		byNum, _ := d.Resolve(alice.Address(), "", "102")
		host, _ := d.DomainByHost("h.example")
		def, _ := d.Default()
		if byName.Address != bob.Address() || byNum.Address != alice.Address() || host.ID != b.dom.ID || def.ID != second.ID {
			t.Errorf("%s: %+v %+v %+v %+v", name, byName, byNum, host, def)
		}
	}
}

func TestAStoreThatFails(t *testing.T) {
	b := newBench(t)
	alice := b.addUser(b.dom, "alice", "101")
	broken := errors.New("disk on fire")
	fail := ""
	b.store.Before = func(operation string) error {
		if operation == fail {
			return broken
		}
		return nil
	}
	fail = "commit"
	_, err := b.SetUser(t.Context(), alice.Address(), directory.ObjectEdit{SIP: ptr("eve")})
	if !errors.Is(err, broken) || directory.CodeOf(err) != "" {
		t.Errorf("got %v", err)
	}
	if got, _ := b.Object(alice.Address()); got.SIP != "alice" {
		t.Error("memory is ahead of the store")
	}
	fail = "read" // after the commit: the write has happened, a later look sees it
	b.set(alice, directory.ObjectEdit{SIP: ptr("eve")})
	fail = ""
	b.must(b.Sync(t.Context()))
	if got, _ := b.Object(alice.Address()); got.SIP != "eve" {
		t.Error("the write was lost")
	}
}

func TestFollowLogsFailuresOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, log := storetest.NewMemory(), &bytes.Buffer{}
		d, err := directory.Open(t.Context(), store, newSealer(t, 1), directory.Config{Log: slog.New(slog.NewTextHandler(log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		var broken atomic.Bool
		broken.Store(true)
		store.Before = func(string) error {
			if broken.Load() {
				return errors.New("out of reach")
			}
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { d.Follow(ctx); close(done) }()
		time.Sleep(10*time.Second + time.Millisecond)
		synctest.Wait()
		if d.Following() || strings.Count(log.String(), "out of reach") != 1 {
			t.Errorf("after ten failures: %s", log)
		}
		broken.Store(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if !d.Following() || strings.Count(log.String(), "\n") != 2 {
			t.Errorf("after recovery: %s", log)
		}
		cancel()
		<-done
	})
}
