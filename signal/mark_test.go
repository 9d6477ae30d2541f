package signal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/signal"
)

// receiptOf says delivered or read on an inbox.
func (d *device) receiptOf(chat, what, state string) {
	d.say(-1, `{"type":"facility","fty":[{"type":"im_receipt","chat":"`+chat+`",`+what+`,"state":"`+state+`"}]}`)
}

// marked is what the archive says when a mark has moved.
func (w *world) marked(reader, peer string, mid int64, id string, state signal.State) {
	w.sw.Turn(func(t *signal.Turn) {
		w.sw.Marked(t, signal.Mark{Reader: w.party(reader), Peer: w.party(peer), Author: w.address(peer), MID: mid, ID: id, State: state, At: w.clock.Now()})
	})
}

// A3, A12: marks by number: told at once, stored, and not told again when the archive
// says so; backwards, of oneself, of states of the switch, they are dropped.
func TestStoredMarks(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice, bob, bobs := w.inbox("alice.1"), w.inbox("bob.1"), w.inbox("bob.2")
	for i := range 3 {
		alice.inChat("bob", fmt.Sprintf(`"id":"x%d","data":"hello"`, i))
	}
	alice.got()
	bob.got()
	bobs.got()
	for _, step := range []struct{ what, state, told, stored string }{
		{`"mid":100`, "delivered", "-1 delivered x0/100", "bob of alice: delivered 100"},
		{`"mid":"101"`, "read", "-1 read x1/101", "bob of alice: read 101"},
		{`"mid":100`, "read", "", ""},
		{`"mid":101`, "delivered", "", ""},
		{`"id":"x1"`, "read", "", ""},
		{`"mid":102,"id":"x0"`, "delivered", "-1 delivered x2/102", "bob of alice: delivered 102"},
		{`"mid":102`, "sent", "", ""},
		{`"mid":0`, "read", "", ""}, {`"mid":-5`, "read", "", ""}, {`"mid":1.5`, "read", "", ""}, {`"mid":"x"`, "read", "", ""},
		{`"mid":9007199254740992`, "read", "", ""},
		{`"mid":999999999999`, "read", "", "bob of alice: read 999999999999"}, // the archive knows
		{`"id":"older"`, "read", "", "bob of alice: read 0older"},
	} {
		bob.receiptOf("alice", step.what, step.state)
		if got := strings.Join(alice.got(), ", "); got != step.told {
			t.Errorf("%s %s: alice got %q, want %q", step.state, step.what, got, step.told)
		}
		if got := strings.Join(w.store.marked(), ", "); got != step.stored {
			t.Errorf("%s %s: stored %q, want %q", step.state, step.what, got, step.stored)
		}
	}
	bobs.expect("-1 read x1/101")
	bob.expect()
	alice.receiptOf("bob", `"mid":102`, "read") // its own
	if got := w.store.marked(); len(got) > 0 {
		t.Errorf("stored: %v", got)
	}
	w.marked("bob", "alice", 102, "x2", signal.StateDelivered) // as bob said
	w.marked("bob", "alice", 101, "x1", signal.StateRead)
	alice.expect()
	w.marked("bob", "alice", 102, "x2", signal.StateRead) // by SetRead
	alice.expect("-1 read x2/102")
	bob.expect("-1 read x2/102")
	bobs.expect("-1 read x2/102")
}

// Marks of messages that the switch has forgotten, or never knew.
func TestMarksOfOldMessages(t *testing.T) {
	w := newStored(t, "alice", "bob")
	w.marked("bob", "alice", 7, "old", signal.StateRead) // nobody hears
	if f := signal.FootprintOf(w.sw); f.Chats != 0 {
		t.Errorf("%+v", f)
	}
	alice, bob := w.inbox("alice.1"), w.inbox("bob.1")
	bob.receiptOf("alice", `"mid":7`, "read")
	if got := fmt.Sprint(w.store.marked()); got != "[bob of alice: read 7]" {
		t.Error(got)
	}
	bob.receiptOf("alice", `"mid":8`, "read")
	w.store.echo() // it has not looked
	alice.expect()
	w.marked("bob", "alice", 7, "old", signal.StateRead)
	alice.expect("-1 read old/7")
	if f := alice.last(); !strings.Contains(f, `"chat":"bob"`) || !strings.Contains(f, `"sip":"bob"`) {
		t.Error(f)
	}
	bob.expect("-1 read old/7")
}

// A client without receipts: the pong says delivered, with the number.
func TestPongOfAStoredText(t *testing.T) {
	w := newStored(t, "alice", "bob")
	alice, bob := w.inbox("alice.1"), w.connect("bob.1", "")
	alice.inChat("bob", `"id":"x","data":"hi"`)
	bob.pong()
	alice.expect("-1 sent x/100", "-1 delivered x/100")
	if got := fmt.Sprint(w.store.marked()); got != "[bob of alice: delivered 100]" {
		t.Error(got)
	}
}

// What the service has stored by itself comes like a text.
func TestDeliver(t *testing.T) {
	w := newStored(t, "alice", "bob", "carol")
	deliver := func(to signal.Party, d signal.Delivery) {
		d.Author, d.To, d.At = w.party("alice"), to, w.clock.Now()
		w.sw.Turn(func(t *signal.Turn) { w.sw.Deliver(t, d) })
	}
	hello := signal.Delivery{ID: "b1", MID: 5, HTML: []byte(`"hello"`), Ext: []byte(`{"key":"k","id":"forged","Data":"x"}`)}
	deliver(w.party("bob"), hello) // nobody there
	if got := fmt.Sprint(w.waiting()); got != "[chat]" {
		t.Errorf("woken: %s", got)
	}
	alice, copied, plain, in := w.connect("alice.1", "IM_EXT"), w.inbox("alice.2"), w.connect("bob.1", ""), w.inbox("bob.2")
	deliver(w.party("bob"), hello)
	alice.expect()
	copied.expect("-1 text alice: hello")
	plain.expect("-1 setup alice", "-1 text alice: hello")
	in.expect("-1 text alice: hello")
	if f := in.last(); !strings.Contains(f, `"key":"k","id":"b1","mid":5`) {
		t.Error(f)
	}
	in.receiptOf("alice", `"mid":5`, "read")
	copied.expect("-1 read b1/5")
	in.inChat("alice", `"id":"r","data":"thanks"`)
	plain.expect() // only what others write
	alice.expect("-1 setup bob", "-1 text bob: thanks")
	g := w.store.group(12, "Team", "alice", "bob")
	deliver(g.Party, signal.Delivery{ID: "b2", MID: 6, HTML: []byte(`"to all"`)})
	in.expect("-1 sent r/100", "-1 text alice: to all")
	copied.expect("-1 text bob: thanks", "-1 text alice: to all")
	plain.expect("-2 setup messages?g12", "-2 text alice: to all")
	alice.expect() // it has no call to the group
}

// A3: people whom somebody has hidden from get no marks of him, and no typing; his own
// devices do.
func TestHiddenPeopleGetNoMarks(t *testing.T) {
	for _, stored := range []bool{true, false} {
		w := newStored(t, "alice", "bob")
		if !stored {
			w.store.unlicense("alice", "bob")
		}
		w.store.group(12, "Team", "alice", "bob")
		alice, bob, bobs := w.inbox("alice.1"), w.inbox("bob.1"), w.inbox("bob.2")
		alice.inChat("bob", `"id":"x","data":"hi"`)
		alice.got()
		bob.got()
		bobs.got()
		w.dir.hide("alice", "bob")
		bob.receiptOf("alice", `"id":"x"`, "delivered")
		bob.receiptOf("alice", `"id":"x"`, "read")
		bob.inChat("alice", `"typing":true`)
		bobs.inChat("messages?g12", `"typing":true`)
		alice.expect()
		if got := bobs.got(); len(got) != 1 || !strings.HasPrefix(got[0], "-1 read x") {
			t.Errorf("%v", got)
		}
		if stored {
			g := w.store.group(12, "Team", "alice", "bob")
			w.sw.Turn(func(turn *signal.Turn) {
				w.sw.Marked(turn, signal.Mark{Reader: w.party("bob"), Peer: g.Party, Author: w.address("alice"), MID: 100, ID: "x", State: signal.StateRead})
			})
			alice.expect()
		}
	}
}
