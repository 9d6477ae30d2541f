package signal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// inboxOf connects a device with an open inbox.
func (w *world) inboxOf(name string) *device {
	d := w.connect(name, "IM_INBOX")
	d.say(-1, `{"type":"conn"}`)
	d.got()
	return d
}

// A2: an inbox without conn ends after 30 s with 102; a repeated Register opens
// it again, and legs that came meanwhile stay.
func TestInboxClosesAndOpens(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "IM_INBOX")
	alice.chat(1, "bob")
	alice.text(1, "one")
	alice.expect("1 call_proc", "1 conn")
	bob.expect("-1 setup bob", "-1 text alice: one")
	w.advance(30 * time.Second)
	bob.expect("-1 rel 102")
	alice.expect("1 rel 41") // nobody else has answered
	alice.chat(2, "bob")
	alice.text(2, "two")
	bob.expect("-2 setup alice", "-2 text alice: two") // IM_EXT alone
	bob.register("IM_INBOX", "")
	bob.expect("-3 setup bob")
	alice.text(2, "three")
	bob.expect("-3 text alice: three")
	bob.text(-2, "on the old leg")
	if got := alice.got(); got[len(got)-1] != "2 text bob: on the old leg" {
		t.Errorf("alice got %q", got)
	}
	bob.say(-3, `{"type":"conn"}`)
	w.advance(time.Minute)
	bob.register("IM_INBOX", "") // it is open: nothing happens
	if got := bob.got(); count(got, "-4") != 0 {
		t.Errorf("bob got %q", got)
	}
	bob.say(-3, `{"type":"rel"}`)
	alice.text(2, "four")
	bob.expect("-2 text alice: four")
}

// A2: held calls. The peer's rel ends one; the next text sets up anew; idle ones
// end after 15 minutes.
func TestHeldCall(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.inboxOf("alice.1"), w.connect("bob.1", "")
	alice.sayText(-1, `"chat":"bob","typing":true`)
	bob.expect() // never for typing
	alice.sayText(-1, `"chat":"bob","id":"x1","data":"one"`)
	bob.expect("-1 setup alice", "-1 text alice: one")
	bob.say(-1, `{"type":"conn"}`)
	bob.pong()
	bob.text(-1, "two")
	alice.expect("-1 sent x1", "-1 delivered x1", "-1 text bob: two")
}

// The peer's rel ends it, the next text begins anew; an idle one is released.
func TestHeldCallEnds(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.inboxOf("alice.1"), w.connect("bob.1", "")
	alice.sayText(-1, `"chat":"bob","id":"x1","data":"one"`)
	bob.say(-1, `{"type":"rel","cau":{"num":21}}`)
	alice.sayText(-1, `"chat":"bob","id":"x2","data":"two"`)
	bob.expect("-1 setup alice", "-1 text alice: one", "-2 setup alice", "-2 text alice: two")
	bob.say(-2, `{"type":"conn"}`)
	alice.expect("-1 sent x1", "-1 sent x2")
	w.advance(signal.IdleLimit)
	bob.expect("-2 rel 16")
	alice.lose()
	bob.lose()
	w.empty(t)
}

// A2: an inbox gets everything once, also what the person's other devices send;
// its own texts it does not get.
func TestInboxBesideOtherDevices(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	box, second, leg := w.inboxOf("alice.1"), w.inboxOf("alice.2"), w.connect("alice.3", "")
	bob := w.connect("bob.1", "")
	leg.chat(1, "bob")
	bob.say(-1, `{"type":"conn"}`)
	leg.text(1, "from the leg")
	leg.expect("1 call_proc", "1 conn")
	box.expect("-1 text alice: from the leg")
	second.expect("-1 text alice: from the leg")
	bob.expect("-1 setup alice", "-1 text alice: from the leg")
	box.sayText(-1, `"chat":"bob","id":"x","data":"from the inbox"`)
	second.expect("-1 text alice: from the inbox")
	leg.expect() // a published device does not see what others write
	bob.expect("-1 text alice: from the inbox")
	box.expect("-1 sent x")
	bob.text(-1, "back")
	for _, d := range []*device{box, second} {
		d.expect("-1 text bob: back")
	}
	leg.expect("1 text bob: back")
}

// The copies say which chat they are of: the peer, not the writer.
func TestInboxNamesThePeer(t *testing.T) {
	w := newWorld(t, "alice", "bob", "carol")
	alice, bob := w.inboxOf("alice.1"), w.inboxOf("bob.1")
	second := w.inboxOf("alice.2")
	alice.sayText(-1, `"chat":"bob","id":"x","data":"hello"`)
	for _, tt := range []struct {
		d    *device
		chat string
	}{{bob, "alice"}, {second, "bob"}, {alice, "bob"}} {
		last := tt.d.frames[len(tt.d.frames)-1]
		if !strings.Contains(last, `"chat":"`+tt.chat+`"`) {
			t.Errorf("%s got %s, want chat %s", tt.d.name, last, tt.chat)
		}
	}
}

// The released inbox of the only device ends the calls that it alone had answered.
func TestInboxGoesAndItsCallsEnd(t *testing.T) {
	for _, go2 := range []func(*device){
		func(d *device) { d.say(-1, `{"type":"rel"}`) }, func(d *device) { d.lose() }, func(d *device) { d.register("", "") },
	} {
		w := newWorld(t, "alice", "bob")
		alice, bob := w.connect("alice.1", ""), w.inboxOf("bob.1")
		alice.chat(1, "bob")
		alice.text(1, "one")
		bob.expect("-1 text alice: one")
		go2(bob)
		if got := alice.got(); len(got) != 3 || got[2] != "1 rel 41" {
			t.Errorf("alice got %q", got)
		}
		alice.lose()
		bob.lose()
		w.empty(t)
	}
}

// What an inbox may not say, and what it is told.
func TestInboxRefusals(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice := w.inboxOf("alice.1")
	for _, tt := range []struct{ members, want string }{
		{`"id":"x1","data":"no chat"`, "-1 failed x1 96"},
		{`"chat":"","id":"x2","data":"no chat"`, "-1 failed x2 96"},
		{`"chat":7,"id":"x3","data":"no chat"`, "-1 failed x3 96"},
		{`"chat":"mallory","id":"x4","data":"nobody"`, "-1 failed x4 1"},
		{`"chat":"bob","id":"x5","data":"not there"`, "-1 failed x5 20"},
		{`"chat":"bob","id":"x6","data":7`, "-1 failed x6 100"},
		{`"chat":"bob","id":"x7","data":"a","data":"b"`, "-1 failed x7 100"},
		{`"chat":"bob","id":"x8","data":""`, "-1 failed x8 111"},
		{`"chat":"bob","id":"x9","data":"` + strings.Repeat("x", 49<<10) + `"`, "-1 failed x9 111"},
		{`"chat":"alice","id":"x10","data":"note to myself, with one device"`, "-1 failed x10 20"},
	} {
		alice.sayText(-1, tt.members)
		alice.expect(tt.want)
	}
	alice.say(-1, `{"type":"facility","fty":[{"type":"hold_notify"}]}`)
	alice.say(-1, `{"type":"channels"}`)
	alice.say(-1, `{"type":"alert"}`)
	alice.expect()
	alice.chat(1, "bob")
	alice.expect("1 rel 101")
}

// What waits until a program has answered one call is overtaken in another (decisions 36
// and 37), also in the copies that the author's own inboxes get.
func TestInboxHearsProgramsInTheirCalls(t *testing.T) {
	w := newWorld(t, "alice", "bot!")
	one, two := w.connect("bot.1", ""), w.connect("bot.2", "")
	alice, second, own := w.inboxOf("alice.1"), w.connect("alice.2", ""), w.inboxOf("alice.3")
	alice.sayText(-1, `"chat":"bot","data":"for whichever"`)
	alice.lose() // the switch holds the call
	second.chat(1, "bot")
	two.say(-2, `{"type":"conn","channel":0}`)
	second.text(1, "for the second")
	own.expect("-1 text alice: for the second")
	w.advance(time.Second)
	own.expect("-1 text alice: for whichever")
	one.expect("-1 setup alice", "-2 setup alice", "-2 rel 26", "-1 text alice: for whichever")
	two.expect("-1 setup alice", "-2 setup alice", "-2 text alice: for the second")
}

// A text for which there is no leg, here because the only connection is full, leaves no
// call behind.
func TestInboxTextWithoutALeg(t *testing.T) {
	for _, w := range []*world{
		newWorldWith(t, signal.Limits{LegsPerConn: 1}, "alice", "bob", "carol"),
		newStoredWith(t, signal.Limits{LegsPerConn: 1}, "alice", "bob", "carol"),
	} {
		alice, bob, carol := w.inboxOf("alice.1"), w.connect("bob.1", ""), w.connect("carol.1", "")
		carol.chat(1, "bob")
		bob.expect("-1 setup carol")
		alice.sayText(-1, `"chat":"bob","id":"x","data":"hello"`)
		if w.store == nil {
			alice.expect("-1 failed x 20")
		} else {
			alice.expect("-1 sent x/100")
		}
		if calls := w.sw.Calls(); len(calls) != 1 {
			t.Errorf("%+v", calls)
		}
		w.gone(t, alice, bob, carol)
	}
}

// A call that the switch holds ends with its last leg, also where that is cut because
// nobody takes what it says.
func TestHeldCallEndsWithTheLastLeg(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.inboxOf("alice.1"), w.connect("bob.1", "")
	alice.sayText(-1, `"chat":"bob","data":"bye"`)
	alice.lose()
	bob.text(-1, "are you there?")
	bob.expect("-1 setup alice", "-1 text alice: bye", "-1 rel 20")
	if calls := w.sw.Calls(); len(calls) != 0 {
		t.Errorf("%+v", calls)
	}
	w.gone(t, bob)
}

// The same where an inbox has kept it.
func TestHeldCallEndsWithTheInbox(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.inboxOf("bob.1")
	alice.chat(1, "bob")
	alice.text(1, strings.Repeat("x", 49<<10))
	alice.expect("1 call_proc", "1 conn", "1 rel 111")
	bob.lose()
	if calls := w.sw.Calls(); len(calls) != 0 {
		t.Errorf("%+v", calls)
	}
	w.gone(t, alice)
}

// Parts from an inbox are kept apart by chat, and come on inboxes unbroken.
func TestInboxPartsByChat(t *testing.T) {
	w := newWorld(t, "alice", "bob", "carol")
	alice, bob, carol := w.inboxOf("alice.1"), w.inboxOf("bob.1"), w.connect("carol.1", "IM_EXT")
	alice.sayText(-1, `"chat":"bob","data":"to ","more":true`)
	alice.sayText(-1, `"chat":"carol","data":"for ","more":true`)
	alice.sayText(-1, `"chat":"bob","typing":true`)
	alice.sayText(-1, `"chat":"bob","id":"b","data":"bob"`)
	alice.sayText(-1, `"chat":"carol","id":"c","data":"carol"`)
	bob.expect("-1 typing true", "-1 text alice: to bob")
	carol.expect("-1 setup alice", "-1 text alice: for carol")
	alice.expect("-1 sent b", "-1 sent c")
}
