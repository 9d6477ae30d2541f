package directory_test

import (
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

func TestHome(t *testing.T) {
	b := newBench(t)
	alice, bob, robot := b.addUser(b.dom, "alice", "101"), b.addUser(b.dom, "bob", "102"), b.addApp(b.dom, "robot")
	away := b.another()
	b.must(b.AddDevice(t.Context(), alice.Address(), directory.Device{HW: "hw"}))
	b.must(away.Sync(t.Context()))
	b.must(b.SetHome(t.Context(), alice.Address(), "../../APPS/chat/chat,users"))
	b.must(away.Sync(t.Context()))
	for name, d := range map[string]*directory.Directory{"writer": b.Directory, "follower": away, "loaded": b.another()} {
		if got := d.Home(alice.Address()); got != "../../APPS/chat/chat,users" {
			t.Errorf("%s: %q", name, got)
		}
		if got := d.Home(bob.Address()); got != "" {
			t.Errorf("%s: bob has %q", name, got)
		}
		if known, _ := d.Device(alice.Address(), "hw"); !known {
			t.Errorf("%s: the device is gone", name)
		}
	}
	if password, err := b.Password(alice.Address()); err != nil || password != "password of alice" {
		t.Errorf("password %q, %v", password, err)
	}
	b.set(alice, directory.ObjectEdit{DN: ptr("x")})
	for home, code := range map[string]directory.Code{
		strings.Repeat("x", 4096): "", strings.Repeat("x", 4097): directory.CodeBadValue, "a\nb": directory.CodeBadValue, "\xff": directory.CodeBadValue,
	} {
		b.must(b.SetHome(t.Context(), alice.Address(), "before"))
		b.refused(code, b.SetHome(t.Context(), alice.Address(), home))
		if got := b.Home(alice.Address()); (code == "") != (got == home) || code != "" && got != "before" {
			t.Errorf("%.20q: %.20q", home, got)
		}
	}
	b.must(b.SetHome(t.Context(), alice.Address(), ""))
	if got := b.Home(alice.Address()); got != "" {
		t.Errorf("%q was not taken away", got)
	}
	b.refused(directory.CodeNotFound, b.SetHome(t.Context(), robot.Address(), "x"))
	b.refused(directory.CodeNotFound, b.SetHome(t.Context(), signal.Address{Domain: bob.Domain + 1, Object: bob.ID}, "x"))
}

// A home screen is nobody else's business, and writing the same again costs
// nothing.
func TestHomeIsQuiet(t *testing.T) {
	b := newBench(t)
	alice := b.addUser(b.dom, "alice", "")
	b.must(b.AddDevice(t.Context(), alice.Address(), directory.Device{HW: "hw"}))
	away := b.another()
	var told, commits int
	count := func(directory.Change) { told++ }
	b.Watch(count)
	away.Watch(count)
	b.store.Before = func(operation string) error {
		if operation == "commit" {
			commits++
		}
		return nil
	}
	for _, home := range []string{"chat", "chat", "chat,users"} {
		b.must(b.SetHome(t.Context(), alice.Address(), home))
		b.must(away.Sync(t.Context()))
	}
	if told != 0 || commits != 2 || away.Home(alice.Address()) != "chat,users" {
		t.Errorf("%d changes told, %d commits, home %q", told, commits, away.Home(alice.Address()))
	}
	// What else has changed meanwhile is told.
	b.must(b.SetHome(t.Context(), alice.Address(), ""))
	b.set(alice, directory.ObjectEdit{DN: ptr("x")})
	b.must(away.Sync(t.Context()))
	if told != 2 {
		t.Errorf("%d changes told, want one by each", told)
	}
}

func TestSecondFactorFlag(t *testing.T) {
	b := newBench(t)
	alice, err := b.AddUser(t.Context(), b.dom.ID, directory.NewObject{SIP: "alice", Password: "long enough", SecondFactor: true})
	b.must(err)
	bob := b.addUser(b.dom, "bob", "")
	b.set(bob, directory.ObjectEdit{SecondFactor: ptr(true)})
	b.set(alice, directory.ObjectEdit{DN: ptr("x")})
	for name, d := range map[string]*directory.Directory{"writer": b.Directory, "loaded": b.another()} {
		for _, user := range []directory.Object{alice, bob} {
			if o, _ := d.Object(user.Address()); !o.SecondFactor {
				t.Errorf("%s: %s has no second factor", name, o.SIP)
			}
		}
	}
	if o := b.set(alice, directory.ObjectEdit{SecondFactor: ptr(false)}); o.SecondFactor {
		t.Error("it stays on")
	}
	_, err = b.AddApp(t.Context(), b.dom.ID, directory.NewObject{SIP: "robot", SecondFactor: true})
	b.refused(directory.CodeBadValue, err)
	robot := b.addApp(b.dom, "robot")
	_, err = b.SetApp(t.Context(), robot.Address(), directory.ObjectEdit{SecondFactor: ptr(true)})
	b.refused(directory.CodeBadValue, err)
}
