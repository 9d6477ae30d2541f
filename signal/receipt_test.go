package signal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// pong answers the newest ping.
func (d *device) pong() {
	d.mu.Lock()
	n := uint32(0)
	if len(d.pings) > 0 {
		n = d.pings[len(d.pings)-1]
	}
	d.mu.Unlock()
	d.w.turn(func(t *signal.Turn) { d.conn.Pong(t, n) })
}

func (d *device) receipt(call int, id, state string) {
	d.say(call, `{"type":"facility","fty":[{"type":"im_receipt","id":"`+id+`","state":"`+state+`"}]}`)
}

// A3: marks go forward only, read implies delivered, and only delivered and read
// about texts of the other side are taken.
func TestMarks(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "IM_EXT")
	joined(alice, 1, bob, "bob")
	for i := range 5 {
		alice.sayText(1, fmt.Sprintf(`"id":"x%d","data":"hello"`, i))
	}
	bob.sayText(-1, `"id":"b0","data":"hi"`)
	alice.got()
	bob.got()
	for _, step := range []struct{ id, state, want string }{
		{"x1", "delivered", "1 delivered x1"},
		{"x1", "delivered", ""}, {"x0", "delivered", ""},
		{"x3", "read", "1 read x3"},
		{"x2", "delivered", ""}, {"x3", "delivered", ""}, {"x3", "read", ""}, {"x2", "read", ""},
		{"x4", "delivered", "1 delivered x4"},
		{"x4", "read", "1 read x4"},
		{"x4", "sent", ""}, {"x4", "failed", ""}, {"x4", "", ""}, {"unknown", "read", ""}, {"", "read", ""},
		{"b0", "read", ""}, // its own
		{strings.Repeat("x", 65), "read", ""},
	} {
		bob.receipt(-1, step.id, step.state)
		if got := strings.Join(alice.got(), ", "); got != step.want {
			t.Errorf("%s %s: alice got %q, want %q", step.state, step.id, got, step.want)
		}
	}
	bob.expect()
}

// A3: a repeated id is answered with the first result and not delivered again;
// two people may use the same id.
func TestRepeatedID(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "IM_EXT")
	joined(alice, 1, bob, "bob")
	alice.sayText(1, `"id":"x","data":"first"`)
	alice.sayText(1, `"id":"\u0078","data":"second"`)
	bob.sayText(-1, `"id":"x","data":"mine"`)
	bob.expect("-1 text alice: first", "-1 sent x")
	alice.expect("1 sent x", "1 sent x", "1 text bob: mine")
	other := w.connect("alice.2", "IM_EXT") // the key is the object: another device too
	other.chat(1, "bob")
	other.sayText(1, `"id":"x","data":"third"`)
	other.expect("1 call_proc", "1 sent x")
	bob.expect("-2 setup alice")
}

// A chat knows its last 1,000 texts: what is older is not known any more.
func TestThousandTexts(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "IM_EXT")
	joined(alice, 1, bob, "bob")
	text := func(i int) { alice.sayText(1, fmt.Sprintf(`"id":"x%d","data":"hello"`, i)) }
	for i := range signal.MaxTexts + 500 {
		text(i)
	}
	alice.got()
	bob.got()
	bob.receipt(-1, "x499", "delivered")
	alice.expect()
	bob.receipt(-1, "x500", "delivered")
	alice.expect("1 delivered x500")
	bob.receipt(-1, fmt.Sprint("x", signal.MaxTexts+499), "read")
	alice.expect(fmt.Sprint("1 read x", signal.MaxTexts+499))
	text(500) // known
	bob.expect()
	text(499) // forgotten: a new text
	bob.expect("-1 text alice: hello")
}

// A3: delivery to a published client is proven by the pong to a ping written
// behind the text; one is under way, what comes meanwhile shares the next.
func TestProbes(t *testing.T) {
	w := newWorld(t, "alice", "bob", "carol")
	alice, carol, bob := w.connect("alice.1", "IM_EXT"), w.connect("carol.1", "IM_EXT"), w.connect("bob.1", "")
	alice.chat(1, "bob")
	carol.chat(1, "bob")
	bob.say(-1, `{"type":"conn"}`)
	bob.say(-2, `{"type":"conn"}`)
	alice.sayText(1, `"id":"x1","data":"1"`)
	alice.sayText(1, `"id":"x2","data":"2"`)
	carol.sayText(1, `"id":"y1","data":"1"`)
	alice.sayText(1, `"id":"x3","data":"3"`)
	alice.got()
	carol.got()
	if len(bob.pings) != 1 {
		t.Fatalf("%d pings, want one outstanding", len(bob.pings))
	}
	w.turn(func(turn *signal.Turn) { bob.conn.Pong(turn, 4711) }) // not ours
	alice.expect()
	bob.pong()
	alice.expect("1 delivered x1")
	if len(bob.pings) != 2 {
		t.Fatalf("%d pings, want one for all that waited", len(bob.pings))
	}
	bob.pong()
	alice.expect("1 delivered x3")
	carol.expect("1 delivered y1")
	bob.pong() // once more: nothing
	alice.expect()
	if len(bob.pings) != 2 {
		t.Errorf("%d pings", len(bob.pings))
	}
}

// Only for those who want to know: without IM_EXT on the sender's side no pings.
func TestNoProbesWithoutReceipts(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	alice.text(1, "x")
	w.connect("bob.2", "IM_EXT") // the receiver's flag does not count
	alice.text(1, "y")
	if len(bob.pings) != 0 {
		t.Errorf("%d pings", len(bob.pings))
	}
	w.connect("alice.2", "IM_EXT") // another device of the sender does
	alice.text(1, "z")
	if len(bob.pings) != 1 {
		t.Errorf("%d pings", len(bob.pings))
	}
}

// A12: delivered and read to every IM_EXT registration of the writer's side, read
// also to the reader's others; sent only to the one that wrote.
func TestWhoIsTold(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, second, published := w.connect("alice.1", "IM_EXT"), w.inboxOf("alice.2"), w.connect("alice.3", "")
	bob, other := w.connect("bob.1", "IM_EXT"), w.inboxOf("bob.2")
	alice.chat(1, "bob")
	bob.say(-1, `{"type":"conn"}`)
	alice.sayText(1, `"id":"x","data":"hello"`)
	alice.expect("1 call_proc", "1 conn", "1 sent x")
	second.expect("-1 text alice: hello")
	bob.expect("-1 setup alice", "-1 text alice: hello")
	other.expect("-1 text alice: hello")
	bob.receipt(-1, "x", "delivered")
	alice.expect("1 delivered x")
	second.expect("-1 delivered x")
	bob.expect()
	other.expect()
	bob.receipt(-1, "x", "read")
	alice.expect("1 read x")
	second.expect("-1 read x")
	bob.expect()
	other.expect("-1 read x")
	published.expect()
}

// The marks belong to the chat: they outlive a call, and end with the chat, a
// minute after its last leg.
func TestReceiptsAcrossCalls(t *testing.T) {
	for _, rest := range []time.Duration{signal.ChatMemory - time.Second, signal.ChatMemory + time.Second} {
		w := newWorld(t, "alice", "bob")
		alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "IM_EXT")
		joined(alice, 1, bob, "bob")
		alice.sayText(1, `"id":"x","data":"hello"`)
		alice.say(1, `{"type":"rel"}`)
		w.advance(rest)
		alice.chat(2, "bob")
		bob.say(-2, `{"type":"conn"}`)
		alice.got()
		bob.got()
		bob.receipt(-2, "x", "read")
		if rest < signal.ChatMemory {
			alice.expect("2 read x")
		} else {
			alice.expect()
		}
		alice.sayText(2, `"id":"x","data":"hello"`)
		if got := bob.got(); (len(got) == 0) != (rest < signal.ChatMemory) {
			t.Errorf("after %v: %q", rest, got)
		}
	}
}

// What nobody there can take has failed with 88; part of the devices is enough.
func TestUnfitText(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "")
	joined(alice, 1, bob, "bob")
	sealed := `"id":"%s","mime":"application/x-sealed","data":"{}"`
	alice.sayText(1, fmt.Sprintf(sealed, "x1"))
	alice.expect("1 failed x1 88")
	bob.expect()
	ext := w.connect("bob.2", "IM_EXT")
	alice.sayText(1, fmt.Sprintf(sealed, "x2"))
	alice.expect("1 sent x2")
	bob.expect()
	if got := ext.got(); len(got) != 2 {
		t.Errorf("the device with IM_EXT got %q", got)
	}
}

// An id longer than 64 bytes is none: the text gets one of the switch.
func TestLongID(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "IM_EXT")
	joined(alice, 1, bob, "bob")
	alice.sayText(1, `"id":"`+strings.Repeat("x", 65)+`","data":"hello"`)
	got := alice.got()
	if len(got) != 1 || !strings.HasPrefix(got[0], "1 sent ") || strings.Contains(got[0], "xx") {
		t.Fatalf("alice got %q", got)
	}
	id := strings.TrimPrefix(got[0], "1 sent ")
	if !strings.Contains(bob.frames[len(bob.frames)-1], `"id":"`+id+`"`) {
		t.Errorf("bob got %s, alice %s", bob.frames[len(bob.frames)-1], id)
	}
	bob.receipt(-1, id, "read")
	alice.expect("1 read " + id)
}
