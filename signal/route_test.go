package signal_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

func TestChatBetweenTwoDevices(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", "NO_MEDIA_CALL"), w.connect("bob.1", "NO_MEDIA_CALL")
	alice.chat(1, "bob")
	alice.expect("1 call_proc")
	bob.expect("-1 setup alice")
	bob.say(-1, `{"type":"conn","channel":0}`)
	alice.expect("1 conn")
	alice.text(1, "hi")
	bob.text(-1, "<b>ho<script>x</script>")
	bob.expect("-1 text alice: hi")
	alice.expect("1 text bob: <b>ho</b>")
	bob.say(-1, `{"type":"rel"}`)
	alice.expect("1 rel 16")
	if n := w.drops.of("live chat"); n != 0 {
		t.Errorf("%d calls live", n)
	}
}

func TestSetupFlood(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice := w.connect("alice.1", "")
	w.connect("bob.1", "")
	for i := range 150 {
		alice.chat(i+1, "bob")
	}
	refused := 0
	for _, f := range alice.got() {
		if strings.HasSuffix(f, " rel 42") {
			refused++
		}
	}
	if refused < 45 || refused > 50 {
		t.Errorf("%d of 150 setups refused with 42, want 50 less the refill", refused)
	}
}

func TestLongTextIsSplit(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "IM_EXT")
	alice.chat(1, "bob")
	bob.say(-1, `{"type":"conn"}`)
	bob.got()
	long := strings.Repeat("0123456789 &amp; ", 2500)
	alice.text(1, long)
	var joined string
	for _, f := range bob.frames[bob.taken:] {
		if len(f) > 15<<10 {
			t.Errorf("a part of %d bytes", len(f))
		}
	}
	parts := bob.got()
	if len(parts) != 3 {
		t.Errorf("%d parts, want as few as fit: 3", len(parts))
	}
	for i, f := range parts {
		part, more := strings.CutSuffix(strings.TrimPrefix(f, "-1 text alice: "), "...")
		joined += part
		if more != (i < len(parts)-1) {
			t.Errorf("part %d: more = %v", i, more)
		}
	}
	if joined != long {
		t.Errorf("%d bytes arrived, %d were sent", len(joined), len(long))
	}
}

// TestRouteAllocations guards G9: a text without markup is decoded, routed and
// encoded without allocating.
func TestRouteAllocations(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	stored := newStored(t, "alice", "bob") // there is an archive, but not for them
	stored.store.unlicense("alice", "bob")
	for _, w := range []*world{w, stored} {
		alice, bob := w.connect("alice.1", "NO_MEDIA_CALL"), w.connect("bob.1", "NO_MEDIA_CALL")
		route := routed(t, w, alice, bob)
		if n := testing.AllocsPerRun(200, route); n > pooled {
			t.Errorf("%v allocations per routed message", n)
		}
		if w.store != nil && len(w.store.pending) > 0 {
			t.Error("posted")
		}
	}
}

// routed sets up a chat and returns a function that sends one text of 200 bytes
// in a turn of its own.
func routed(t testing.TB, w *world, alice, bob *device) func() {
	alice.chat(1, "bob")
	bob.say(-1, `{"type":"conn","channel":0}`)
	alice.mute, bob.mute = true, true
	text := []byte(`{"type":"facility","fty":[{"type":"im_message","mime":"text/html","data":"` + strings.Repeat("0123456789", 20) + `"}]}`)
	var doc strictjson.Doc
	src := []byte(`"alice.1"`)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return func() {
		turn := signal.NewTurn(ctx, w.clock.Now())
		if err := doc.Parse(text); err != nil {
			t.Fatal(err)
		}
		m, err := signal.Decode(doc.Root())
		if err != nil {
			t.Fatal(err)
		}
		turn.Msg = m
		alice.conn.Route(turn, src, 1, &turn.Msg)
		turn.End(ctx)
	}
}

func BenchmarkRouteText(b *testing.B) {
	w := newWorld(b, "alice", "bob")
	w.drops.n = map[string]int{}
	alice, bob := w.connect("alice.1", "NO_MEDIA_CALL"), w.connect("bob.1", "NO_MEDIA_CALL")
	route := routed(b, w, alice, bob)
	b.ReportAllocs()
	for b.Loop() {
		route()
	}
}

// BenchmarkRouteStored is a text on its way to an archive that answers at once, and
// on to the receiver.
func BenchmarkRouteStored(b *testing.B) {
	w := newStoredWith(b, signal.Limits{StoredRate: 1e9, StoredBurst: 1e9}, "alice", "bob")
	w.sw.SetArchive(instant{w.store})
	alice, bob := w.connect("alice.1", "NO_MEDIA_CALL"), w.connect("bob.1", "NO_MEDIA_CALL")
	route := routed(b, w, alice, bob)
	b.ReportAllocs()
	for b.Loop() {
		route()
		p := w.store.pending[0]
		w.store.pending = w.store.pending[:0]
		w.sw.Turn(func(t *signal.Turn) { p.done(t, signal.PostResult{MID: 1}) })
	}
}

// instant is an archive without books.
type instant struct{ *archive }

func (a instant) Generation() uint64         { return 1 }
func (a instant) Stores(signal.Address) bool { return true }

// BenchmarkRouteToDevices shows that a text is encoded once and written k times
// (G11).
func BenchmarkRouteToDevices(b *testing.B) {
	for _, k := range []int{1, 2, 4, 8} {
		b.Run(strings.Repeat("+", k), func(b *testing.B) {
			w := newWorld(b, "alice", "bob")
			alice, bob := w.connect("alice.1", "NO_MEDIA_CALL"), w.connect("bob.1", "NO_MEDIA_CALL")
			for range k - 1 {
				w.connect("bob.2", "NO_MEDIA_CALL").mute = true
			}
			route := routed(b, w, alice, bob)
			b.ReportAllocs()
			for b.Loop() {
				route()
			}
		})
	}
}
