package signal_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// Decision 51: who was woken registers within 8 s and gets what waited, in order.
func TestWokenDeviceGetsWhatWaited(t *testing.T) {
	for _, flags := range []string{"", "IM_EXT", "IM_INBOX"} {
		t.Run(flags, func(t *testing.T) {
			w := newWorld(t, "alice", "bob")
			w.waker.live = true
			alice := w.connect("alice.1", "IM_EXT")
			alice.chat(1, "bob")
			alice.sayText(1, `"id":"x1","data":"one"`)
			alice.sayText(1, `"typing":true`) // never buffered
			alice.sayText(1, `"id":"x2","data":"two"`)
			alice.expect("1 call_proc")
			w.advance(7 * time.Second)
			bob := w.connect("bob.1", flags)
			number := "-1"
			if flags == "IM_INBOX" {
				bob.expect("-1 setup bob", "-1 text alice: one", "-1 text alice: two")
				alice.expect("1 conn", "1 sent x1", "1 sent x2")
			} else {
				bob.expect(number+" setup alice", "-1 text alice: one", "-1 text alice: two")
				alice.expect("1 sent x1", "1 sent x2")
			}
			w.advance(signal.WakeLimit)
			alice.expect()
			if fmt.Sprint(w.waker.woken) != "[chat]" {
				t.Errorf("woken: %v", w.waker.woken)
			}
		})
	}
}

// In vain: 20 after 8 s, not before.
func TestWokenInVain(t *testing.T) {
	for _, setup := range []string{
		`{"type":"setup","channel":0,"complete":true,"cd":{"sip":"bob"},"fty":[{"type":"im_setup"}]}`,
		`{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"bob"}}`,
	} {
		w := newWorld(t, "alice", "bob")
		w.waker.live = true
		alice := w.connect("alice.1", "")
		alice.say(1, setup)
		w.advance(7999 * time.Millisecond)
		alice.expect("1 call_proc")
		w.advance(time.Millisecond)
		alice.expect("1 rel 20")
		alice.lose()
		w.empty(t)
	}
}

// Nobody to wake: 20 at once.
func TestNobodyToWake(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice := w.connect("alice.1", "")
	alice.chat(1, "bob")
	alice.expect("1 call_proc", "1 rel 20")
	alice.say(2, `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"bob"}}`)
	alice.expect("2 call_proc", "2 rel 20")
	if fmt.Sprint(w.waker.woken) != "[chat phone]" {
		t.Errorf("woken: %v", w.waker.woken)
	}
}

// A text from an inbox wakes and waits as well.
func TestInboxTextWaits(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	w.waker.live = true
	alice := w.connect("alice.1", "IM_INBOX")
	alice.say(-1, `{"type":"conn"}`)
	alice.sayText(-1, `"chat":"bob","id":"x1","data":"one"`)
	alice.sayText(-1, `"chat":"bob","id":"x2","data":"two"`)
	alice.expect("-1 setup alice")
	bob := w.connect("bob.1", "")
	bob.expect("-1 setup alice", "-1 text alice: one", "-1 text alice: two")
	alice.expect("-1 sent x1", "-1 sent x2")
}

// In vain they have failed: the inbox outlives the call.
func TestInboxTextWaitsInVain(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	w.waker.live = true
	alice := w.connect("alice.1", "IM_INBOX")
	alice.say(-1, `{"type":"conn"}`)
	alice.sayText(-1, `"chat":"bob","id":"x1","data":"one"`)
	w.advance(signal.WakeLimit)
	alice.expect("-1 setup alice", "-1 failed x1 20")
	alice.sayText(-1, `"chat":"bob","id":"x1","data":"one"`) // its first result
	alice.expect("-1 failed x1 20")
}

// A caller who hangs up, or is lost, waits no more: who registers then hears
// nothing.
func TestCallerLeavesWhileWaiting(t *testing.T) {
	for _, leave := range []func(*device){func(d *device) { d.say(1, `{"type":"rel"}`) }, func(d *device) { d.lose() }} {
		for _, channel := range []string{"0", "-1"} {
			w := newWorld(t, "alice", "bob")
			w.waker.live = true
			alice := w.connect("alice.1", "")
			alice.say(1, `{"type":"setup","channel":`+channel+`,"complete":true,"cd":{"sip":"bob"},"fty":[{"type":"im_setup"}]}`)
			leave(alice)
			bob := w.connect("bob.1", "")
			bob.expect()
			alice.lose()
			bob.lose()
			w.empty(t)
		}
	}
}

// A registration without media does not help a call with media: it waits on.
func TestWokenForMedia(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	w.waker.live = true
	alice := w.connect("alice.1", "")
	alice.say(1, `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"bob"}}`)
	chatty := w.connect("bob.1", "NO_MEDIA_CALL")
	chatty.expect()
	w.advance(5 * time.Second)
	phone := w.connect("bob.2", "")
	phone.expect("-1 setup alice")
	w.advance(3900 * time.Millisecond) // the 4 s count from its setup
	phone.expect()
	w.advance(200 * time.Millisecond)
	phone.expect("-1 rel 18")
	alice.expect("1 call_proc", "1 rel 18")
}
