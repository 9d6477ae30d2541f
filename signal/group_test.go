package signal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

const team = "messages?g12"

// Decision 60, A2: a text is posted once and goes to every member: to inboxes without
// calls, to others by a call from the group, also to the author's other devices.
func TestGroup(t *testing.T) {
	w := newStored(t, "alice", "bob", "carol", "dave", "eve")
	w.store.group(12, "Team", "alice", "bob", "carol", "dave")
	alice, second, own := w.connect("alice.1", "IM_EXT"), w.connect("alice.2", ""), w.inbox("alice.3")
	bob, bobs, carol, eve := w.connect("bob.1", ""), w.inbox("bob.2"), w.connect("carol.1", "IM_EXT"), w.connect("eve.1", "")
	alice.chat(1, team)
	second.chat(1, team)
	alice.expect("1 call_proc", "1 conn")
	second.expect("1 call_proc", "1 conn")
	alice.sayText(1, `"id":"x","data":"hello","subject":"mine"`)
	bob.expect("-1 setup messages?g12", "-1 text alice: hello")
	f := bob.last()
	if !strings.Contains(f, `"sender":"alice","sender_dn":"Alice"`) || !strings.Contains(f, `"subject":"Team"`) || strings.Contains(f, "mid") {
		t.Error(f)
	}
	bobs.expect("-1 text alice: hello")
	if f := bobs.last(); !strings.Contains(f, `"chat":"messages?g12"`) || !strings.Contains(f, `"mid":100`) {
		t.Error(f)
	}
	carol.expect("-1 setup messages?g12", "-1 text alice: hello")
	own.expect("-1 text alice: hello")
	second.expect("1 text alice: hello")
	alice.expect("1 sent x/100")
	eve.expect()
	if got := fmt.Sprint(w.store.texts(), w.waiting()); got != "[alice>messages?g12 hello] [chat]" {
		t.Errorf("%s", got)
	}
	if r := w.store.rows[0]; r.OfAuthor || r.OfReceiver || string(r.Ext) != `{"subject":"mine"}` {
		t.Errorf("%+v", r)
	}

	bob.text(-1, "answer") // in the call of the group
	alice.expect("1 text bob: answer")
	second.expect("1 text bob: answer")
	own.expect("-1 text bob: answer")
	bobs.expect("-1 text bob: answer")
	carol.expect("-1 text bob: answer")
	bob.expect()

	bobs.inChat(team, `"id":"y","data":"from the inbox"`)
	bobs.expect("-1 sent y/102")
	bob.expect("-1 text bob: from the inbox")
	alice.expect("1 text bob: from the inbox")
}

// waiting is whom somebody tried to wake.
func (w *world) waiting() []string {
	w.waker.mu.Lock()
	defer w.waker.mu.Unlock()
	return w.waker.woken
}

// Who is no member gets 1 like for a name that is none, who has no licence 50.
func TestGroupOfOthers(t *testing.T) {
	w := newStored(t, "alice", "eve")
	w.store.group(12, "Team", "alice")
	eve, in := w.connect("eve.1", ""), w.inbox("eve.2")
	eve.chat(1, team)
	eve.chat(2, "messages?g13")
	eve.chat(3, "messages")
	in.inChat(team, `"id":"x","data":"a"`)
	in.inChat("messages?g13", `"id":"y","data":"b"`)
	w.store.mu.Lock()
	w.store.unlicensed = true
	w.store.mu.Unlock()
	alice := w.connect("alice.1", "")
	alice.chat(1, team)
	alice.expect("1 rel 50")
	eve.expect("1 rel 1", "2 rel 1", "3 rel 1")
	in.expect("-1 failed x 1", "-1 failed y 1")
	w2 := newWorld(t, "alice")
	volatile := w2.connect("alice.1", "")
	volatile.chat(1, team)
	volatile.say(2, `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"messages?g12"}}`)
	volatile.expect("1 rel 1", "2 rel 1")
}

// While the group is looked up nothing is answered, and what is written waits.
func TestGroupIsLookedUp(t *testing.T) {
	for _, member := range []bool{true, false} {
		w := newStored(t, "alice", "bob")
		w.store.group(12, "Team", "alice", "bob")
		if !member {
			w.store.group(12, "Team", "bob")
		}
		w.store.slow = true
		alice, in, bob := w.connect("alice.1", "IM_EXT"), w.inbox("alice.2"), w.connect("bob.1", "")
		alice.chat(1, team)
		alice.sayText(1, `"id":"x","data":"one"`)
		alice.sayText(1, `"typing":true`)
		in.inChat(team, `"id":"y","data":"two"`)
		alice.expect()
		in.expect()
		w.store.lookUp()
		if member {
			alice.expect("1 call_proc", "1 conn", "1 sent x/100", "1 text alice: two")
			in.expect("-1 text alice: one", "-1 sent y/101")
			bob.expect("-1 setup messages?g12", "-1 text alice: one", "-1 text alice: two")
		} else {
			alice.expect("1 rel 1")
			in.expect("-1 failed y 1")
			bob.expect()
		}
		for _, d := range []*device{alice, in, bob} {
			d.lose()
		}
		w.advance(2 * signal.ChatMemory)
		w.empty(t)
	}
}

// The answer may be there before the chat is: who is no member gets no call by that.
func TestGroupIsFoundAtOnce(t *testing.T) {
	w := newStored(t, "alice", "bob", "eve")
	w.store.group(12, "Team", "alice", "bob")
	w.store.slow, w.store.hasty = true, true
	alice, eve, in, bob := w.connect("alice.1", ""), w.connect("eve.1", ""), w.inbox("eve.2"), w.connect("bob.1", "")
	eve.chat(1, team)
	eve.text(1, "let me in")
	in.inChat(team, `"id":"x","data":"me too"`)
	eve.expect("1 rel 1")
	in.expect("-1 failed x 1")
	alice.chat(1, team)
	alice.text(1, "one")
	alice.expect("1 call_proc", "1 conn")
	bob.expect("-1 setup messages?g12", "-1 text alice: one")
}

// The caller hangs up while the group is looked up: his text goes out all the same.
func TestCallerLeavesALookup(t *testing.T) {
	w := newStored(t, "alice", "bob")
	w.store.group(12, "Team", "alice", "bob")
	w.store.slow = true
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.chat(1, team)
	alice.text(1, "bye")
	alice.say(1, `{"type":"rel","cau":{"num":16}}`)
	w.store.lookUp()
	bob.expect("-1 setup messages?g12", "-1 text alice: bye")
	alice.expect()
}

// Membership and rights: muted members and those who left are refused by the service,
// and who is out gets nothing any more and loses the call.
func TestGroupMembersChange(t *testing.T) {
	w := newStored(t, "alice", "bob", "carol")
	w.store.group(12, "Team", "alice", "bob")
	alice, bob, carol := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", ""), w.inbox("carol.1")
	alice.chat(1, team)
	bob.chat(1, team)
	w.store.silent[w.address("bob")] = true
	bob.text(1, "muted")
	bob.expect("1 call_proc", "1 conn", "1 rel 57")
	w.store.silent[w.address("alice")] = true
	alice.sayText(1, `"id":"m","data":"muted"`)
	alice.expect("1 call_proc", "1 conn", "1 failed m 57")
	clear(w.store.silent)

	bob.chat(2, team)
	w.store.group(12, "New name", "alice", "carol")
	bob.expect("2 call_proc", "2 conn", "2 rel 1")
	alice.sayText(1, `"id":"x","data":"who is here"`)
	alice.expect("1 sent x/100")
	carol.expect("-1 text alice: who is here")
	bob.expect()
	w.store.group(12, "New name", "alice", "bob")
	alice.sayText(1, `"id":"y","data":"welcome"`)
	bob.expect("-1 setup messages?g12", "-1 text alice: welcome")
	if f := bob.last(); !strings.Contains(f, `"subject":"New name"`) {
		t.Error(f)
	}
	w.store.group(12, "", []string{}...)
	alice.expect("1 sent y/101", "1 rel 1")
	bob.expect("-1 rel 1")
}

// The switch holds the call of a member: it ends without a word of anybody.
func TestGroupCallsEnd(t *testing.T) {
	w := newStored(t, "alice", "bob")
	w.store.group(12, "Team", "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.chat(1, team)
	alice.text(1, "hi")
	bob.expect("-1 setup messages?g12", "-1 text alice: hi")
	bob.say(-1, `{"type":"conn","channel":0}`)
	w.advance(14 * time.Minute)
	alice.expect("1 call_proc", "1 conn")
	w.advance(2 * time.Minute)
	alice.expect("1 rel 16")
	bob.expect("-1 rel 16")
	alice.lose()
	bob.lose()
	w.advance(2 * signal.ChatMemory)
	w.empty(t)
}

// Typing goes to those who have an attachment.
func TestTypingInAGroup(t *testing.T) {
	w := newStored(t, "alice", "bob", "carol", "dave")
	w.store.group(12, "Team", "alice", "bob", "carol", "dave")
	alice, bob, carol, dave := w.connect("alice.1", ""), w.inbox("bob.1"), w.connect("carol.1", ""), w.connect("dave.1", "")
	alice.chat(1, team)
	dave.chat(5, team)
	dave.got()
	alice.sayText(1, `"typing":true`)
	bob.expect("-1 typing true")
	if f := bob.last(); !strings.Contains(f, `"sender":"alice"`) || !strings.Contains(f, `"chat":"messages?g12"`) {
		t.Error(f)
	}
	dave.expect("5 typing true")
	carol.expect()
	alice.sayText(1, `"typing":true`)
	alice.sayText(1, `"typing":false`)
	bob.expect("-1 typing false")
	alice.expect("1 call_proc", "1 conn")
}

// Marks in a group: the archive keeps them, and the authors of what was read are told.
func TestMarksInAGroup(t *testing.T) {
	w := newStored(t, "alice", "bob", "carol")
	g := w.store.group(12, "Team", "alice", "bob", "carol")
	alice, bob, carol, plain := w.inbox("alice.1"), w.inbox("bob.1"), w.inbox("carol.1"), w.connect("carol.2", "")
	alice.inChat(team, `"id":"a","data":"1"`)
	carol.expect("-1 text alice: 1")
	bob.inChat(team, `"id":"b","data":"2"`)
	carol.expect("-1 text bob: 2")
	bob.expect("-1 text alice: 1", "-1 sent b/101")
	alice.expect("-1 sent a/100", "-1 text bob: 2")
	plain.expect("-1 setup messages?g12", "-1 text alice: 1", "-1 text bob: 2")
	plain.pong()
	plain.pong()
	carol.say(-1, `{"type":"facility","fty":[{"type":"im_receipt","chat":"messages?g12","mid":100,"state":"read"}]}`)
	alice.say(-1, `{"type":"facility","fty":[{"type":"im_receipt","chat":"messages?g12","mid":100,"state":"read"}]}`) // its own
	if got := fmt.Sprint(w.store.marked()); got != "[carol of messages?g12: delivered 100 carol of messages?g12: delivered 101 carol of messages?g12: read 100]" {
		t.Error(got)
	}
	mark := func(mid int64, id, author string, state signal.State) {
		w.sw.Turn(func(turn *signal.Turn) {
			w.sw.Marked(turn, signal.Mark{Reader: w.party("carol"), Peer: g.Party, Author: w.address(author), MID: mid, ID: id, State: state, At: w.clock.Now()})
		})
	}
	mark(100, "a", "alice", signal.StateRead)
	alice.expect("-1 read a/100")
	carol.expect("-1 read a/100")
	if f := alice.last(); !strings.Contains(f, `"sip":"carol"`) || !strings.Contains(f, `"chat":"messages?g12"`) {
		t.Error(f)
	}
	alice.inChat(team, `"id":"c","data":"3"`)
	carol.expect("-1 text alice: 3")
	bob.expect("-1 text alice: 3")
	alice.expect("-1 sent c/102")
	mark(102, "c", "alice", signal.StateRead)
	alice.expect("-1 read c/102")
	bob.expect("-1 read/102") // it covers what bob wrote
	carol.expect("-1 read c/102")
}

// A4 in a group: forwarded from the outbox, numbered later.
func TestGroupOutbox(t *testing.T) {
	w := newStored(t, "alice", "bob", "carol")
	w.store.group(12, "Team", "alice", "bob", "carol")
	alice, bob, carol := w.inbox("alice.1"), w.inbox("bob.1"), w.connect("carol.1", "")
	w.store.down = true
	alice.inChat(team, `"id":"a","data":"1"`)
	bob.expect("-1 text alice: 1")
	carol.expect("-1 setup messages?g12", "-1 text alice: 1")
	alice.expect("-1 sent a")
	// marks go by id until then; the archive hands them back without having looked
	bob.receiptOf(team, `"id":"a"`, "delivered")
	bob.receiptOf(team, `"id":"unknown"`, "delivered")
	bob.receiptOf(team, `"mid":77`, "read")
	if m := w.store.marks; len(m) != 2 || m[1].Author != w.address("alice") && m[0].Author != w.address("alice") {
		t.Errorf("%+v", m)
	}
	w.store.echo()
	alice.expect("-1 delivered a")
	w.store.up()
	alice.expect("-1 sent a/100")
	bob.expect("-1 sent a/100")
	bob.receiptOf(team, `"mid":100`, "read")
	w.store.echo()
	w.store.down = true
	alice.expect("-1 read a/100")
	bob.expect("-1 read a/100")
	alice.inChat(team, `"id":"b","data":"2"`)
	alice.expect("-1 sent b")
	w.store.refuse = func(*signal.Post) signal.Cause { return signal.CauseNotAuthorised }
	w.store.up()
	alice.expect("-1 failed b 57")
	bob.expect("-1 text alice: 2")
}

// Ten thousand members cost only those who are there.
func TestHugeGroup(t *testing.T) {
	w := newStored(t, "alice", "bob")
	g := w.store.group(12, "Everybody", "alice", "bob")
	for i := range 10000 {
		g.Members = append(g.Members, signal.Address{Domain: 1, Object: signal.ObjectID(1000 + i)})
	}
	w.store.mu.Lock()
	w.store.groups[team] = &g
	w.store.mu.Unlock()
	alice, bob := w.inbox("alice.1"), w.connect("bob.1", "")
	alice.inChat(team, `"id":"a","data":"1"`)
	bob.expect("-1 setup messages?g12", "-1 text alice: 1")
	alice.expect("-1 sent a/100")
	if f := signal.FootprintOf(w.sw); f.Objects > 3 || f.Chats > 2 || len(bob.pings) > 0 || len(w.waiting()) > 0 {
		t.Errorf("%+v, %d pings, %d woken", f, len(bob.pings), len(w.waiting()))
	}
}

// A repeated id in a group: not delivered again, also when the switch has forgotten it.
func TestRepeatedIDInAGroup(t *testing.T) {
	w := newStored(t, "alice", "bob")
	w.store.group(12, "Team", "alice", "bob")
	alice, copied, bob := w.inbox("alice.1"), w.inbox("alice.2"), w.inbox("bob.1")
	alice.inChat(team, `"id":"x","data":"once"`)
	bob.expect("-1 text alice: once")
	alice.expect("-1 sent x/100")
	alice.inChat(team, `"id":"x","data":"twice"`)
	alice.expect("-1 sent x/100")
	w.advance(2 * signal.ChatMemory)
	alice.inChat(team, `"id":"x","data":"thrice"`)
	alice.expect("-1 sent x/100")
	copied.expect("-1 text alice: once")
	bob.expect()
}
