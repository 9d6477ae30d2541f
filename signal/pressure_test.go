package signal_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// read handles one message as the reader of a connection does: it may be held. The
// channel is closed when it reads on.
func (d *device) read(ctx context.Context, call int32, sig string) <-chan struct{} {
	d.w.t.Helper()
	turn := signal.NewTurn(ctx, d.w.clock.Now())
	if err := d.doc.Parse([]byte(sig)); err != nil {
		d.w.t.Fatal(err)
	}
	m, err := signal.Decode(d.doc.Root())
	if err != nil {
		d.w.t.Fatal(err)
	}
	d.conn.Route(turn, []byte(`"`+d.name+`"`), call, &m)
	on := make(chan struct{})
	go func() {
		turn.End(ctx)
		close(on)
	}()
	return on
}

func reads(on <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-on:
		return true
	default:
		return false
	}
}

// A4: nothing is refused because much waits, but whoever writes is not read until
// there is room in the chat.
func TestManyPostsHoldTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newStored(t, "alice", "bob", "carol")
		alice, bob := w.inbox("alice.1"), w.inbox("bob.1")
		w.store.hold = true
		write := func(chat string, n int) <-chan struct{} {
			return alice.read(t.Context(), -1, fmt.Sprintf(`{"type":"facility","fty":[{"type":"im_message","chat":"%s","id":"x%d","data":"hi"}]}`, chat, n))
		}
		for i := range signal.MaxPosts - 1 {
			if !reads(write("bob", i)) {
				t.Fatalf("held at text %d", i+1)
			}
		}
		last := write("bob", signal.MaxPosts-1)
		more := write("bob", signal.MaxPosts) // of the same read: it is taken, too
		if reads(last) || reads(more) {
			t.Fatal("not held")
		}
		if !reads(write("carol", 1000)) {
			t.Error("another chat is held")
		}
		w.store.answer(1)
		if reads(last) || w.drops.of("held") != 2 {
			t.Errorf("%d times held", w.drops.of("held"))
		}
		w.store.answer(1)
		if !reads(last) || !reads(more) {
			t.Error("held for ever")
		}
		w.store.answer(1000)
		bob.got()
		if n := len(w.store.texts()); n != signal.MaxPosts+2 || w.drops.of("posts") != 0 {
			t.Errorf("%d stored, %d wait", n, w.drops.of("posts"))
		}
	})
}

// The same for much text.
func TestLongPostsHoldTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newStored(t, "alice", "bob")
		alice := w.inbox("alice.1")
		w.store.hold = true
		say := `{"type":"facility","fty":[{"type":"im_message","chat":"bob","data":"` + strings.Repeat("x", 40<<10) + `"}]}`
		n := 0
		var on <-chan struct{}
		for on = alice.read(t.Context(), -1, say); reads(on); on = alice.read(t.Context(), -1, say) {
			if n++; n > 30 {
				t.Fatal("not held")
			}
		}
		w.store.answer(1)
		if !reads(on) {
			t.Error("held for ever")
		}
	})
}

// Much at once is held once, for as long as all of it takes.
func TestPausesOfOneReadDoNotAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newStoredWith(t, signal.Limits{StoredRate: 10, StoredBurst: 100}, "alice", "bob")
		alice := w.inbox("alice.1")
		for i := range 100 {
			alice.inChat("bob", fmt.Sprintf(`"id":"x%d","data":"hi"`, i))
		}
		one := `{"type":"im_message","chat":"bob","data":"hi"}`
		on := alice.read(t.Context(), -1, `{"type":"facility","fty":[`+strings.Repeat(one+",", 9)+one+`]}`)
		for range 9 {
			if reads(on) {
				t.Fatal("ten texts too many are worth a second")
			}
			w.advance(100 * time.Millisecond)
		}
		w.advance(100 * time.Millisecond)
		if !reads(on) {
			t.Error("held for longer than a second")
		}
	})
}

// A reader that is held goes when its connection does.
func TestHeldWriterIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newStoredWith(t, signal.Limits{StoredRate: 1, StoredBurst: 1}, "alice", "bob")
		alice := w.inbox("alice.1")
		w.store.hold = true
		ctx, cancel := context.WithCancel(t.Context())
		for i := range signal.MaxPosts {
			alice.inChat("bob", fmt.Sprintf(`"id":"x%d","data":"hi"`, i))
		}
		on := alice.read(ctx, -1, `{"type":"facility","fty":[{"type":"im_message","chat":"bob","data":"hi"}]}`)
		if reads(on) {
			t.Fatal("not held")
		}
		cancel()
		if !reads(on) {
			t.Error("held for ever")
		}
		on = alice.read(t.Context(), -1, `{"type":"facility","fty":[{"type":"im_message","chat":"bob","data":"hi"}]}`)
		if reads(on) {
			t.Fatal("not held")
		}
		w.sw.Close() // the server stops
		w.sw.Close()
		if !reads(on) {
			t.Error("held at the end")
		}
	})
}

// A4: the rate of one person, in all chats together; what is over it delays the
// connection and is not lost.
func TestRateOfPosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newStoredWith(t, signal.Limits{StoredRate: 10, StoredBurst: 5}, "alice", "bob", "carol")
		alice, other := w.inbox("alice.1"), w.inbox("alice.2")
		write := func(d *device, chat string) <-chan struct{} {
			return d.read(t.Context(), -1, `{"type":"facility","fty":[{"type":"im_message","chat":"`+chat+`","data":"hi"}]}`)
		}
		for i := range 5 {
			if !reads(write([]*device{alice, other}[i%2], []string{"bob", "carol"}[i%2])) {
				t.Fatalf("held at text %d", i+1)
			}
		}
		sixth, seventh := write(alice, "carol"), write(other, "bob")
		if reads(sixth) || reads(seventh) {
			t.Fatal("not held")
		}
		w.advance(100 * time.Millisecond)
		if !reads(sixth) || reads(seventh) {
			t.Error("the debt of one text is 100 ms")
		}
		w.advance(100 * time.Millisecond)
		if !reads(seventh) {
			t.Error("the debt of two texts is 200 ms")
		}
		// marks of what the switch does not know cost the same
		mark := alice.read(t.Context(), -1, `{"type":"facility","fty":[{"type":"im_receipt","chat":"bob","mid":5,"state":"read"}]}`)
		if reads(mark) {
			t.Error("a flood of marks is not held")
		}
		w.advance(100 * time.Millisecond)
		w.store.settle()
		if !reads(mark) || len(w.store.texts()) != 7 {
			t.Errorf("%d stored", len(w.store.texts()))
		}
	})
}

// A receiver that is behind holds whoever writes, though the text goes out in another
// turn.
func TestSlowReceiverHoldsTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newStored(t, "alice", "bob")
		alice, bob := w.inbox("alice.1"), w.inbox("bob.1")
		bob.slow = make(chan struct{})
		say := `{"type":"facility","fty":[{"type":"im_message","chat":"bob","data":"hi"}]}`
		if !reads(alice.read(t.Context(), -1, say)) {
			t.Fatal("held before anything was sent")
		}
		w.store.settle()
		next := alice.read(t.Context(), -1, say)
		if reads(next) {
			t.Fatal("not held")
		}
		close(bob.slow)
		if !reads(next) {
			t.Error("held for ever")
		}
	})
}

// What has waited for a program is posted when that answers: it does not pay for it.
func TestWhoAnswersIsNotHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newStoredWith(t, signal.Limits{StoredRate: 1, StoredBurst: 1}, "alice", "bot!")
		first, second, alice := w.connect("bot.1", ""), w.connect("bot.2", ""), w.connect("alice.1", "")
		alice.chat(1, "bot")
		for range 20 {
			alice.text(1, "early")
		}
		if on := second.read(t.Context(), -1, `{"type":"conn","channel":0}`); !reads(on) {
			t.Error("the program is held")
		}
		w.store.settle()
		if n := len(w.store.texts()); n != 20 {
			t.Errorf("%d texts stored", n)
		}
		first.expect("-1 setup alice", "-1 rel 26")
		if on := alice.read(t.Context(), 1, `{"type":"facility","fty":[{"type":"im_message","data":"now"}]}`); reads(on) {
			t.Error("the writer is not held")
		}
	})
}

// Names of groups that the service has to be asked for cost like texts.
func TestManyLookupsAreHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newStoredWith(t, signal.Limits{StoredRate: 1, StoredBurst: 10}, "alice")
		w.store.slow = true
		alice := w.inbox("alice.1")
		for i := range 20 {
			on := alice.read(t.Context(), -1, fmt.Sprintf(`{"type":"facility","fty":[{"type":"im_receipt","chat":"messages?g%d","mid":5,"state":"read"}]}`, i+1))
			if reads(on) != (i < 5) { // the lookup, and the mark behind it
				t.Fatalf("%d lookups: held %v", i+1, i < 5)
			}
		}
	})
}
