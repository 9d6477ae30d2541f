package signal_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// Decision 25: the same device and flags change nothing, others release the calls
// of before with cause 31.
func TestRegisterAgain(t *testing.T) {
	for _, tt := range []struct {
		flags, hw string
		callee    []string
	}{
		{"NO_MEDIA_CALL", "phone", nil},
		{"NO_MEDIA_CALL|UNKNOWN", "phone", nil},
		{"NO_MEDIA_CALL|IM_EXT", "phone", []string{"-1 rel 31"}},
		{"", "phone", []string{"-1 rel 31"}},
		{"NO_MEDIA_CALL", "phone2", []string{"-1 rel 31"}},
	} {
		t.Run(tt.flags+" "+tt.hw, func(t *testing.T) {
			w := newWorld(t, "alice", "bob")
			alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
			alice.register("NO_MEDIA_CALL", "phone")
			joined(alice, 1, bob, "bob")
			alice.register(tt.flags, tt.hw)
			bob.expect(tt.callee...)
			if tt.callee != nil {
				alice.expect("1 rel 31")
			}
			if n := w.drops.of("registered"); n != 2 {
				t.Errorf("%d registrations", n)
			}
		})
	}
}

// Decision 26: a Register that fails leaves the registration of before alone.
func TestRegisterRefused(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	if err := alice.tryRegister("", "toaster"); !errors.Is(err, signal.ErrNoSuchDevice) {
		t.Errorf("unknown device: %v", err)
	}
	alice.text(1, "still here")
	bob.expect("-1 text alice: still here")
	w.dir.disable("alice")
	p := w.phone("alice.2")
	if err := p.register("alice", "r0", "", ""); !errors.Is(err, signal.ErrBlocked) {
		t.Errorf("disabled: %v", err)
	}
}

// Decision 27: a device that may be registered once is replaced: rel 31, then the
// notice. Another device of the same person stays.
func TestSingleRegistrationIsReplaced(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.register("", "phone-single")
	joined(alice, 1, bob, "bob")
	other := w.connect("alice.2", "")
	other.register("", "phone-other-single")
	alice.expect()
	newer := w.connect("alice.3", "")
	newer.register("", "phone-single")
	alice.expect("1 rel 31", "unregistered replaced")
	bob.expect("-1 rel 31")
	other.expect()
	newer.expect()
	alice.chat(2, "bob")
	alice.expect("2 rel 101") // it is registered no more
	if n := len(w.sw.Registrations()); n != 3 {
		t.Errorf("%d registrations listed", n)
	}
}

// Decision 26: 16 registrations on a connection, 64 of a person.
func TestTooManyRegistrations(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	var phones []*phone
	for i := range 4 {
		p := w.phone(fmt.Sprint("alice.", i))
		phones = append(phones, p)
		for j := range 16 {
			if err := p.register("alice", fmt.Sprint("r", j), "", ""); err != nil {
				t.Fatalf("registration %d of connection %d: %v", j, i, err)
			}
		}
	}
	if err := phones[0].register("bob", "r99", "", ""); !errors.Is(err, signal.ErrTooMany) {
		t.Errorf("the 17th of a connection: %v", err)
	}
	fifth := w.phone("alice.5")
	if err := fifth.register("alice", "r0", "", ""); !errors.Is(err, signal.ErrTooMany) {
		t.Errorf("the 65th of a person: %v", err)
	}
	if err := phones[0].register("alice", "r3", "", ""); err != nil {
		t.Errorf("again at the limit: %v", err)
	}
	phones[3].lose()
	if err := fifth.register("alice", "r0", "", ""); err != nil {
		t.Errorf("after another left: %v", err)
	}
	for _, p := range append(phones, fifth) {
		p.lose()
		p.check(t)
	}
	w.empty(t)
}

// A person who is disabled loses registrations: cause 27 and the word.
func TestDisabledPersonEnds(t *testing.T) {
	w := newWorld(t, "alice", "bob", "carol")
	alice, bob, carol := w.connect("alice.1", ""), w.connect("bob.1", ""), w.connect("carol.1", "IM_INBOX")
	carol.say(-1, `{"type":"conn"}`)
	carol.got()
	joined(alice, 1, bob, "bob")
	w.sw.ObjectChanged(w.dir.disable("bob"))
	bob.expect("-1 rel 27", "unregistered blocked")
	alice.expect("1 rel 27")
	alice.chat(2, "bob")
	alice.expect("2 rel 1")
	w.sw.ObjectChanged(w.dir.disable("carol"))
	carol.expect("-1 rel 27", "unregistered blocked")
	for _, d := range []*device{alice, bob, carol} {
		d.lose()
	}
	w.empty(t)
}

// A new name is the sender of the next text, and the next call's.
func TestRenamedPersonSpeaksUnderTheNewName(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	w.sw.ObjectChanged(w.dir.rename("alice", "alicia", "Alicia"))
	alice.text(1, "hello")
	alice.chat(2, "bob")
	bob.expect("-1 text alicia: hello", "-2 setup alicia")
	w.sw.ObjectChanged(signal.Address{Domain: 1, Object: 99}) // nobody: nothing
}

// Closing the switch releases everything with 31, waiting and ringing calls too,
// and takes nothing new.
func TestCloseOfTheSwitch(t *testing.T) {
	w := newWorld(t, "alice", "bob", "carol")
	w.waker.live = true
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	alice.say(2, `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"bob"}}`)
	alice.chat(3, "carol") // woken, waits
	alice.say(4, `{"type":"setup","channel":-1,"cd":{"num":"10"}}`)
	alice.expect("2 call_proc", "3 call_proc", "4 setup_ack")
	bob.got()
	w.sw.Close()
	for n, d := range map[int]*device{4: alice, 2: bob} {
		if got := d.got(); len(got) != n || count(got, "1 rel 31")+count(got, "2 rel 31")+count(got, "3 rel 31")+count(got, "4 rel 31")+count(got, "-1 rel 31")+count(got, "-2 rel 31") != n {
			t.Errorf("%s got %q", d.name, got)
		}
	}
	alice.chat(5, "bob")
	alice.expect("5 rel 31")
	if err := alice.tryRegister("", "phone"); !errors.Is(err, signal.ErrShutdown) {
		t.Errorf("a Register after Close: %v", err)
	}
	w.sw.Close()
	alice.lose()
	bob.lose()
	w.empty(t)
}

// A switch that drains begins no call or chat; those that live go on.
func TestDrain(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	w.sw.Drain()
	alice.say(2, `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"bob"}}`)
	alice.chat(3, "bob")
	alice.expect("2 rel 41", "3 rel 41")
	bob.expect()
	if n := len(w.sw.Calls()); n != 1 {
		t.Errorf("%d calls live", n)
	}
	if err := alice.tryRegister("", "phone"); err != nil {
		t.Errorf("a Register: %v", err)
	}
	alice.lose()
	bob.lose()
	w.empty(t)
}

// The src of a message selects the registration; without a known one it is the
// first of the connection (decision 25).
func TestSrcSelectsTheRegistration(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	bob := w.connect("bob.1", "")
	p := w.phone("alice.1")
	_ = p.register("alice", "r0", "", "")
	_ = p.register("alice", "r1", "IM_INBOX", "phone")
	setup := `{"type":"setup","channel":0,"complete":true,"cd":{"sip":"bob"},"fty":[{"type":"im_setup"}]}`
	p.say("r0", 1, setup)
	bob.expect("-1 setup alice")
	p.say("r1", 2, setup) // an inbox sets no chat up: 101
	bob.expect()
	p.say("unknown", 3, setup)
	bob.expect("-2 setup alice")
	p.check(t)
	if live := p.live(); len(live) != 3 { // 1, 3 and the inbox
		t.Errorf("live numbers: %v", live)
	}
}

// The lists tell what there is.
func TestLists(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice := w.connect("alice.1", "IM_INBOX")
	w.advance(time.Second)
	bob := w.connect("bob.1", "NO_MEDIA_CALL")
	alice.say(-1, `{"type":"conn"}`)
	alice.sayText(-1, `"chat":"bob","id":"x","data":"hello"`)
	w.advance(time.Second)
	bob.say(7, `{"type":"setup","channel":0,"complete":true,"cd":{"num":"10"},"fty":[{"type":"mwi_activate"}]}`)
	bob.say(8, `{"type":"setup","channel":-1,"cd":{"num":"10"}}`)
	regs := w.sw.Registrations()
	if len(regs) != 2 || regs[0].SIP != "alice" || !regs[0].Inbox || regs[0].Flags.String() != "IM_EXT|IM_INBOX" || regs[1].Conn != "bob.1" {
		t.Errorf("registrations: %+v", regs)
	}
	calls := w.sw.Calls()
	if len(calls) != 2 || !calls[0].Held || calls[0].From != "alice" || calls[0].To != "bob" || calls[0].Legs != 1 || calls[0].Texts != 1 {
		t.Errorf("calls: %+v", calls)
	}
	if calls[1].Kind != signal.MediaCall || calls[1].To != "10" || calls[1].Answered {
		t.Errorf("calls: %+v", calls[1])
	}
}
