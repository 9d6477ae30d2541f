package signal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// hotline is a world with the hunt group "team" of the given members.
func hotline(t *testing.T, members ...string) (w *world, caller *device) {
	t.Helper()
	w = newWorld(t, append([]string{"alice", "team"}, members...)...)
	var names []string
	for _, m := range members {
		names = append(names, strings.TrimRight(m, "!"))
	}
	w.dir.group("team", names...)
	return w, w.connect("alice.1", "IM_EXT")
}

// gone ends all devices and looks for what is left.
func (w *world) gone(t *testing.T, devices ...*device) {
	t.Helper()
	for _, d := range devices {
		d.lose()
	}
	w.empty(t)
}

// With media: all devices of all members, the first conn wins, the others get 26.
func TestHuntGroupMedia(t *testing.T) {
	w, alice := hotline(t, "bob", "carol")
	bob, carol1, carol2 := w.connect("bob.1", ""), w.connect("carol.1", ""), w.connect("carol.2", "")
	alice.say(1, strings.Replace(offerSetup, `"sip":"bob"`, `"sip":"team"`, 1))
	if f := bob.frames[0]; !strings.Contains(f, `"cd":{"sip":"team","num":"102"}`) {
		t.Errorf("bob got %s", f)
	}
	carol2.say(-1, `{"type":"alert"}`)
	bob.say(-1, `{"type":"rel","cau":{"num":17}}`)
	carol1.say(-1, `{"type":"conn"}`)
	alice.expect("1 call_proc", "1 alert", "1 conn")
	if f := alice.frames[2]; !strings.Contains(f, `"name":"Carol"`) {
		t.Errorf("conn: %s", f)
	}
	bob.expect("-1 setup alice")
	carol1.expect("-1 setup alice")
	carol2.expect("-1 setup alice", "-1 rel 26")
	alice.say(1, `{"type":"rel"}`)
	carol1.expect("-1 rel 16")
	w.gone(t, alice, bob, carol1, carol2)
}

// Who is called: members whom the caller may know of, not the caller, not groups.
func TestHuntGroupMembers(t *testing.T) {
	w, alice := hotline(t, "bob", "carol", "other")
	w.dir.group("team", "alice", "bob", "carol", "other", "nobody")
	w.dir.group("other", "bob")
	w.dir.hide("alice", "carol")
	bob, carol := w.connect("bob.1", ""), w.connect("carol.1", "")
	alice.say(1, strings.Replace(offerSetup, `"sip":"bob"`, `"num":"102"`, 1))
	alice.expect("1 call_proc")
	bob.expect("-1 setup alice")
	carol.expect()
	bob.say(-1, `{"type":"rel","cau":{"num":21}}`)
	alice.expect("1 rel 21")
	bob.lose()
	alice.say(2, strings.Replace(offerSetup, `"sip":"bob"`, `"sip":"team"`, 1))
	alice.expect("2 call_proc", "2 rel 20")
	w.gone(t, alice, carol)
}

// A chat: what is written waits for the first member who answers; all devices of
// that one stay, those of the others get 26.
func TestHuntGroupChat(t *testing.T) {
	for _, by := range []string{"conn", "text"} {
		w, alice := hotline(t, "bob", "carol")
		bob, carol1, carol2 := w.connect("bob.1", "IM_EXT"), w.connect("carol.1", "IM_EXT"), w.connect("carol.2", "")
		alice.chat(1, "team")
		if f := bob.frames[0]; !strings.Contains(f, `"cd":{"sip":"team","num":"102"}`) || !strings.Contains(f, `{"type":"im_setup"}`) {
			t.Errorf("bob got %s", f)
		}
		alice.sayText(1, `"id":"a1","data":"help"`)
		alice.say(1, `{"type":"facility","fty":[{"type":"im_message","typing":true}]}`)
		alice.expect("1 call_proc")
		if by == "conn" {
			carol1.say(-1, `{"type":"conn","channel":0}`)
		} else {
			carol1.say(-1, `{"type":"facility","fty":[{"type":"im_message","typing":true}]}`)
		}
		bob.expect("-1 setup alice", "-1 rel 26")
		carol1.expect("-1 setup alice", "-1 text alice: help")
		carol2.expect("-1 setup alice", "-1 text alice: help")
		if by == "conn" {
			alice.expect("1 conn", "1 sent a1")
		} else {
			alice.expect("1 conn", "1 sent a1", "1 typing true")
		}
		carol2.say(-1, `{"type":"conn"}`)
		carol2.text(-1, "hello")
		alice.expect("1 text carol: hello")
		bob.say(-1, `{"type":"conn"}`) // too late
		alice.say(1, `{"type":"rel"}`)
		carol1.expect("-1 rel 16")
		carol2.expect("-1 rel 16")
		w.advance(2 * signal.ChatMemory)
		w.gone(t, alice, bob, carol1, carol2)
	}
}

// The order holds for what goes to one address: what waits for whichever member is
// overtaken by what is written to that member by name, also on one leg.
func TestHuntGroupIsOvertaken(t *testing.T) {
	w, alice := hotline(t, "bob", "carol")
	bob, carol := w.connect("bob.1", ""), w.connect("carol.1", "")
	alice.chat(1, "team")
	alice.sayText(1, `"id":"a1","data":"to the group"`)
	late := w.connect("bob.2", "")
	alice.chat(2, "bob")
	alice.sayText(2, `"id":"a2","data":"to bob"`)
	late.expect("-1 setup alice", "-1 text alice: to bob")
	alice.expect("1 call_proc", "2 call_proc", "2 sent a2")
	bob.say(-1, `{"type":"conn","channel":0}`)
	alice.expect("1 conn", "1 sent a1")
	bob.expect("-1 setup alice", "-2 setup alice", "-2 text alice: to bob", "-1 text alice: to the group")
	late.expect("-1 text alice: to the group")
	w.gone(t, alice, bob, late, carol)
}

// Whose chat it is without an answer.
func TestHuntGroupChatWithoutAnswer(t *testing.T) {
	t.Run("the only one who is there", func(t *testing.T) {
		w, alice := hotline(t, "bob", "carol")
		carol := w.connect("carol.1", "")
		alice.chat(1, "team")
		alice.sayText(1, `"id":"a1","data":"help"`)
		carol.expect("-1 setup alice", "-1 text alice: help")
		if f := carol.frames[0]; !strings.Contains(f, `"cd":{"sip":"team"`) {
			t.Errorf("carol got %s", f)
		}
		alice.expect("1 call_proc", "1 sent a1")
	})
	t.Run("an inbox", func(t *testing.T) {
		w, alice := hotline(t, "bob", "carol")
		bob, carol := w.connect("bob.1", ""), w.connect("carol.1", "IM_INBOX")
		carol.say(-1, `{"type":"conn"}`)
		alice.chat(1, "team")
		alice.sayText(1, `"id":"a1","data":"help"`)
		alice.expect("1 call_proc", "1 conn", "1 sent a1")
		carol.expect("-1 setup carol", "-1 text alice: help")
		bob.expect()
	})
	t.Run("the longest there, a client for chats first", func(t *testing.T) {
		w, alice := hotline(t, "bob", "carol", "dave")
		bob := w.connect("bob.1", "")
		w.advance(time.Second)
		carol := w.connect("carol.1", "NO_MEDIA_CALL")
		w.advance(time.Second)
		dave := w.connect("dave.1", "IM_EXT")
		alice.chat(1, "team")
		w.advance(5 * time.Second)
		alice.sayText(1, `"id":"a1","data":"help"`)
		w.advance(time.Second - time.Millisecond)
		carol.expect("-1 setup alice")
		w.advance(time.Millisecond)
		carol.expect("-1 text alice: help")
		bob.expect("-1 setup alice", "-1 rel 26")
		dave.expect("-1 setup alice", "-1 rel 26")
		alice.expect("1 call_proc", "1 sent a1")
		carol.text(-1, "yes")
		alice.expect("1 conn", "1 text carol: yes")
	})
	t.Run("nobody answers", func(t *testing.T) {
		w, alice := hotline(t, "bob", "carol")
		bob, carol := w.connect("bob.1", ""), w.connect("carol.1", "")
		alice.chat(1, "team")
		w.advance(30 * time.Second)
		alice.expect("1 call_proc", "1 rel 19")
		bob.expect("-1 setup alice", "-1 rel 19")
		w.gone(t, alice, bob, carol)
	})
	t.Run("all refuse", func(t *testing.T) {
		w, alice := hotline(t, "bob", "carol")
		bob, carol := w.connect("bob.1", ""), w.connect("carol.1", "")
		alice.chat(1, "team")
		alice.sayText(1, `"id":"a1","data":"help"`)
		bob.say(-1, `{"type":"rel","cau":{"num":21}}`)
		carol.say(-1, `{"type":"rel"}`)
		alice.expect("1 call_proc", "1 failed a1 21", "1 rel 21")
		w.gone(t, alice, bob, carol)
	})
	t.Run("nobody is there", func(t *testing.T) {
		w, alice := hotline(t, "bob", "carol")
		alice.chat(1, "team")
		alice.expect("1 call_proc", "1 rel 20")
		w.waker.live = true
		alice.chat(2, "team")
		alice.sayText(2, `"id":"a1","data":"help"`)
		w.advance(time.Second)
		carol := w.connect("carol.1", "")
		carol.expect("-1 setup alice", "-1 text alice: help")
		alice.expect("2 call_proc", "2 sent a1")
		alice.say(2, `{"type":"rel"}`)
		carol.lose()
		alice.chat(3, "team")
		w.advance(signal.WakeLimit)
		alice.expect("3 call_proc", "3 rel 20")
		w.advance(2 * signal.ChatMemory)
		w.gone(t, alice)
	})
}

// What waits is bounded, and no text is dropped without a word.
func TestHuntGroupChatOverflow(t *testing.T) {
	w, alice := hotline(t, "bob", "carol")
	bob, carol := w.connect("bob.1", ""), w.connect("carol.1", "")
	alice.chat(1, "team")
	for i := range signal.MaxEarly + 1 {
		alice.sayText(1, fmt.Sprintf(`"id":"a%d","data":"help"`, i))
	}
	got := alice.got()
	if n := len(got); got[n-1] != "1 rel 47" || count(got, "1 failed a") < signal.MaxEarly {
		t.Errorf("alice got %q", got)
	}
	w.gone(t, alice, bob, carol)
}

// The devices of a member who goes before the answer disappear; the caller's loss
// ends everything.
func TestHuntGroupChatLosses(t *testing.T) {
	w, alice := hotline(t, "bob", "carol")
	bob, carol := w.connect("bob.1", ""), w.connect("carol.1", "")
	alice.chat(1, "team")
	bob.lose()
	alice.lose()
	carol.expect("-1 setup alice", "-1 rel 41")
	w.gone(t, carol)
}

// A text from an inbox to a hunt group goes to a member, and further ones to the
// same.
func TestHuntGroupFromInbox(t *testing.T) {
	w := newWorld(t, "alice", "team", "bob", "carol")
	w.dir.group("team", "bob", "carol")
	alice := w.connect("alice.1", "IM_INBOX")
	alice.say(-1, `{"type":"conn"}`)
	say := func(id string) {
		alice.say(-1, `{"type":"facility","fty":[{"type":"im_message","chat":"team","id":"`+id+`","data":"help"}]}`)
	}
	say("a1")
	alice.expect("-1 setup alice", "-1 failed a1 20")
	carol := w.connect("carol.1", "")
	w.advance(time.Second)
	bob := w.connect("bob.1", "")
	say("a2")
	carol.expect("-1 setup alice", "-1 text alice: help")
	carol.lose()
	carol = w.connect("carol.2", "NO_MEDIA_CALL")
	w.advance(time.Second)
	say("a3") // the chat lives
	bob.expect()
	w.dir.mu.Lock()
	w.dir.mayCall = func(signal.Address, string, signal.Address, string) bool { return false }
	w.dir.mu.Unlock()
	carol.lose()
	w.advance(2 * signal.IdleLimit)
	alice.got()
	say("a4")
	alice.expect("-1 failed a4 21")
}
