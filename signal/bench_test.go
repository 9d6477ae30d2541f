package signal_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// talker sends frames that are written anew each time, in turns of their own,
// without allocating.
type talker struct {
	w   *world
	d   *device
	doc strictjson.Doc
	src []byte
	buf []byte
	ctx context.Context
}

func (w *world) talker(d *device) *talker {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	d.mute = true
	return &talker{w: w, d: d, src: []byte(`"` + d.name + `"`), ctx: ctx}
}

// say sends begin, the number n and end as one sig object on a call.
func (k *talker) say(tb testing.TB, call int32, begin string, n int, end string) {
	k.buf = append(strconv.AppendInt(append(k.buf[:0], begin...), int64(n), 10), end...)
	turn := signal.NewTurn(k.ctx, k.w.clock.Now())
	if err := k.doc.Parse(k.buf); err != nil {
		tb.Fatal(err)
	}
	m, err := signal.Decode(k.doc.Root())
	if err != nil {
		tb.Fatal(err)
	}
	turn.Msg = m
	k.d.conn.Route(turn, k.src, call, &turn.Msg)
	turn.End(k.ctx)
}

// BenchmarkSetup is a whole chat call: setup, conn, rel.
func BenchmarkSetup(b *testing.B) {
	w := newWorldWith(b, signal.Limits{SetupRate: 1e9, SetupBurst: 1e9}, "alice", "bob")
	alice, bob := w.talker(w.connect("alice.1", "NO_MEDIA_CALL")), w.talker(w.connect("bob.1", "NO_MEDIA_CALL"))
	b.ReportAllocs()
	called := int32(0)
	for b.Loop() {
		alice.say(b, 1, `{"type":"setup","channel":0,"complete":true,"cd":{"sip":"bob"},"x":`, 0, `,"fty":[{"type":"im_setup"}]}`)
		called--
		bob.say(b, called, `{"type":"conn","channel":`, 0, `}`)
		alice.say(b, 1, `{"type":"rel","cau":{"num":`, 16, `}}`)
	}
	b.StopTimer()
	if n := w.drops.of("live chat"); n != 0 {
		b.Errorf("%d calls live", n)
	}
}

// receipts is a text with an id, its sent, and the delivered that the receiver
// reports.
func receipts(tb testing.TB) (w *world, exchange func()) { return tracedReceipts(tb, nil) }

func tracedReceipts(tb testing.TB, tracer *trace.Tracer) (w *world, exchange func()) {
	w = newTracedWorld(tb, tracer, signal.Limits{}, "alice", "bob")
	a, b := w.connect("alice.1", "NO_MEDIA_CALL|IM_EXT"), w.connect("bob.1", "NO_MEDIA_CALL|IM_EXT")
	joined(a, 1, b, "bob")
	alice, bob, n := w.talker(a), w.talker(b), 0
	return w, func() {
		n++
		alice.say(tb, 1, `{"type":"facility","fty":[{"type":"im_message","mime":"text/html","data":"Hallo, this is a text of usual length","id":"4f0e8a7b2c11d9e3-`, n, `"}]}`)
		bob.say(tb, -1, `{"type":"facility","fty":[{"type":"im_receipt","state":"delivered","id":"4f0e8a7b2c11d9e3-`, n, `"}]}`)
	}
}

// BenchmarkChatWithReceipts is the way of G2.
func BenchmarkChatWithReceipts(b *testing.B) {
	w, exchange := receipts(b)
	b.ReportAllocs()
	for b.Loop() {
		exchange()
	}
	b.StopTimer()
	if w.drops.of("drop receipt") > 0 || w.drops.of("message") == 0 {
		b.Errorf("counted: %v", w.drops.n)
	}
}

// BenchmarkChatWithProbes is the same to a published client: a pong proves it.
func BenchmarkChatWithProbes(b *testing.B) {
	w := newWorld(b, "alice", "bob")
	a, p := w.connect("alice.1", "IM_EXT"), w.connect("bob.1", "")
	joined(a, 1, p, "bob")
	alice, n := w.talker(a), 0
	p.mute = true
	b.ReportAllocs()
	for b.Loop() {
		n++
		alice.say(b, 1, `{"type":"facility","fty":[{"type":"im_message","data":"Hallo","id":"4f0e8a7b2c11d9e3-`, n, `"}]}`)
		p.pings = p.pings[len(p.pings)-1:]
		p.pong()
	}
}

// TestReceiptAllocations guards the way of G2: the ids of a chat are the only
// thing that is kept of a text and its receipt.
func TestReceiptAllocations(t *testing.T) {
	if pooled > 0 {
		t.Skip("the race detector empties pools")
	}
	for name, tracer := range map[string]*trace.Tracer{
		"no tracer": nil, "tracer off": trace.Open(trace.Config{Recorder: trace.NewRecorder(0)}),
	} {
		_, exchange := tracedReceipts(t, tracer)
		for range 2 * signal.MaxTexts { // until the ring is full
			exchange()
		}
		if n := testing.AllocsPerRun(200, exchange); n > 4 {
			t.Errorf("%s: %v allocations for a text with its receipts", name, n)
		}
	}
}

// BenchmarkTraceOff is G12 in the switch: the way of G2 with a tracer that is off,
// as a multiple of the same without one. Both take turns, in short rounds, so that
// what else the machine does meets both.
func BenchmarkTraceOff(b *testing.B) {
	_, without := receipts(b)
	_, off := tracedReceipts(b, trace.Open(trace.Config{Recorder: trace.NewRecorder(0)}))
	for range 2 * signal.MaxTexts {
		without()
		off()
	}
	const round = 50
	best := [2]time.Duration{time.Hour, time.Hour}
	b.ReportAllocs()
	for b.Loop() {
		for i, exchange := range [...]func(){without, off, off, without} {
			start := time.Now()
			for range round {
				exchange()
			}
			arm := &best[(i+1)/2%2]
			*arm = min(*arm, time.Since(start))
		}
	}
	b.ReportMetric(float64(best[1])/float64(best[0]), "off/nil")
}
