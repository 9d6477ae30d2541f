package ws_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/ws"
)

// Fragments (appwebsocket.md 1.3): no frame is over 16384 bytes.
func TestLongMessagesLeaveInFragments(t *testing.T) {
	tests := []struct {
		length int
		frames []int
	}{
		{16383, []int{16383}},
		{16384, []int{16384}},
		{16385, []int{16384, 1}},
		{20000, []int{16384, 3616}},
		{32768, []int{16384, 16384}},
		{65535, []int{16384, 16384, 16384, 16383}},
		{100000, []int{16384, 16384, 16384, 16384, 16384, 16384, 1696}},
	}
	s := serve(t, ws.Config{MaxMessage: 1 << 20}, nil)
	p := s.raw(t)
	for _, x := range tests {
		t.Run(fmt.Sprint(x.length), func(t *testing.T) {
			want := letters(x.length)
			p.send(t, masked(0x81, want))
			got, frames := p.fragments(t)
			if !bytes.Equal(got, want) || !slices.Equal(frames, x.frames) {
				t.Fatalf("got %d bytes in %v", len(got), frames)
			}
		})
	}
}

// fragments reads one message and the lengths of its frames.
func (p *rawPeer) fragments(t *testing.T) (message []byte, frames []int) {
	t.Helper()
	first := byte(0x01)
	for {
		f, err := p.next()
		if err != nil {
			t.Fatal(err)
		}
		if f.first&0x7F != first {
			t.Fatalf("frame %d begins with %#x", len(frames), f.first)
		}
		message, frames, first = append(message, f.payload...), append(frames, len(f.payload)), 0x00
		if f.first&0x80 != 0 {
			return message, frames
		}
	}
}

// letters is text whose content depends on the position.
func letters(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(i%25)
	}
	return b
}

func TestQueueJoinsParts(t *testing.T) {
	whole := letters(40000)
	cuts := [][]byte{nil, whole[:3], whole[3:3], whole[3:16384], whole[16384:16385], whole[16385:39999], whole[39999:]}
	s := serve(t, ws.Config{}, func(h *handler) {
		h.message = func([]byte) error {
			queued, err := h.conn.Queue(cuts...)
			if want := 40000 + 3*4; queued != want {
				t.Errorf("queued %d, want %d", queued, want)
			}
			h.conn.Flush()
			return err
		}
	})
	p := s.raw(t)
	p.send(t, text("go"))
	if got, frames := p.fragments(t); !bytes.Equal(got, whole) || len(frames) != 3 {
		t.Fatalf("got %d bytes in %v", len(got), frames)
	}
}

// Sizes around the borders of blocks, in one turn and in many.
func TestSizes(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	p := s.raw(t)
	r := rand.New(rand.NewPCG(1, 2))
	sizes := []int{0, 1, 125, 126, 127, 1014, 1015, 1016, 1017, 1018, 1019, 1020, 1021, 1024, 4096, 16370, 16376, 16377, 16384, 65535}
	for range 200 {
		sizes = append(sizes, r.IntN(3000))
	}
	go func() {
		for i, n := range sizes {
			_, _ = p.Write(masked(0x81, letters(n)))
			if i == len(sizes)/2 {
				_, _ = p.Write(masked(0x89, []byte("half")))
			}
		}
	}()
	for i, n := range sizes {
		if got, _ := p.fragments(t); !bytes.Equal(got, letters(n)) {
			t.Fatalf("message %d of %d bytes arrived wrong", i, n)
		}
		if i == len(sizes)/2 {
			p.want(t, 0x8A, "half")
		}
	}
}

// The frames of one read are one turn.
func TestTurns(t *testing.T) {
	log := make(chan string, 100)
	s := serve(t, ws.Config{}, func(h *handler) {
		h.message = func(text []byte) error { log <- string(text); return nil }
		h.pong = func(payload []byte) { log <- "pong " + string(payload) }
		h.binary = func() error { log <- "binary"; return nil }
		h.turnEnd = func() { log <- "end" }
	})
	p := s.raw(t)
	expect := func(want ...string) {
		t.Helper()
		for _, w := range want {
			if got := receive(t, log, w); got != w {
				t.Fatalf("got %q, want %q", got, w)
			}
		}
	}
	p.send(t, join(text("a"), text("b"), masked(0x8A, []byte("x")), text("c")))
	expect("a", "b", "pong x", "c", "end")
	p.send(t, join(masked(0x82, []byte{0}), masked(0x02, nil), masked(0x80, nil), text("d")))
	expect("binary", "binary", "d", "end")
	whole := text("in two halves")
	p.send(t, join(text("e"), whole[:9]))
	expect("e", "end")
	p.send(t, whole[9:])
	expect("in two halves", "end")
	p.send(t, closing(1000, ""))
	expect("end")
}

// A turn ends where a read has filled the whole buffer, so that a flood is cut
// into turns of at most 16 KiB.
func TestFloodIsCutIntoTurns(t *testing.T) {
	turn, longest, all := 0, 0, 0
	done := make(chan struct{})
	one := text(strings.Repeat("x", 94)) // 100 bytes
	const n = 2000
	s := serve(t, ws.Config{}, func(h *handler) {
		h.message = func([]byte) error { turn++; return nil }
		h.turnEnd = func() {
			longest, all, turn = max(longest, turn), all+turn, 0
			if all == n {
				close(done)
			}
		}
	})
	p := s.raw(t)
	p.send(t, bytes.Repeat(one, n))
	within(t, done, "all messages")
	if longest > 16384/100+1 {
		t.Fatalf("a turn of %d messages", longest)
	}
}

func TestReadLimitCanBeRaised(t *testing.T) {
	s := serve(t, ws.Config{MaxMessage: 10}, func(h *handler) {
		h.message = func(text []byte) error {
			h.conn.SetReadLimit(1000)
			_, err := h.conn.QueueText(text)
			return err
		}
		h.turnEnd = h.conn.Flush
	})
	p := s.raw(t)
	p.send(t, join(text("short"), masked(0x81, letters(1000))))
	p.want(t, 0x81, "short")
	p.want(t, 0x81, string(letters(1000)))
	p.send(t, masked(0x81, letters(1001)))
	p.wantClose(t, 1009)
}

// Another goroutine raises the limit while the connection waits, also for a
// message that comes in parts.
func TestReadLimitCanBeRaisedFromOutside(t *testing.T) {
	turns := make(chan struct{}, 100)
	s := serve(t, ws.Config{MaxMessage: 10}, func(h *handler) {
		echo(h)
		h.turnEnd = func() { h.conn.Flush(); turns <- struct{}{} }
	})
	p := s.raw(t)
	h := s.conn(t)
	p.send(t, text("first"))
	p.want(t, 0x81, "first")
	receive(t, turns, "the end of the turn")
	h.conn.SetReadLimit(1000)
	m := masked(0x81, letters(1000))
	p.send(t, m[:100])
	receive(t, turns, "the end of the read")
	p.send(t, m[100:])
	p.want(t, 0x81, string(letters(1000)))
	p.send(t, m)
	p.want(t, 0x81, string(letters(1000)))
}

func TestDefaultReadLimit(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	p := s.raw(t)
	p.send(t, masked(0x81, letters(65535)))
	if got, _ := p.fragments(t); len(got) != 65535 {
		t.Fatalf("got %d bytes", len(got))
	}
	p.send(t, masked(0x81, letters(65536)))
	p.wantClose(t, 1009)
}

// Serve goes on where it was left, on another goroutine.
func TestSwitchGoroutines(t *testing.T) {
	count := 0
	s := serve(t, ws.Config{}, func(h *handler) {
		h.message = func(text []byte) error {
			if _, err := h.conn.QueueText(text); err != nil {
				return err
			}
			if count++; count%2 == 1 {
				return ws.ErrSwitch
			}
			return nil
		}
		h.turnEnd = h.conn.Flush
	})
	p := s.raw(t)
	half := text("6")
	p.send(t, join(text("1"), text("2"), masked(0x01, []byte("3")), masked(0x80, nil), text("4"), text("5"), half[:4]))
	for i := range 5 {
		p.want(t, 0x81, fmt.Sprint(i+1))
	}
	p.send(t, half[4:])
	p.want(t, 0x81, "6")
}

func TestHandlerErrors(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name string
		set  func(h *handler)
		sent []byte
		code int
	}{
		{"message", func(h *handler) { h.message = func([]byte) error { return boom } }, text("a"), 1011},
		{"binary", func(h *handler) { h.binary = func() error { return boom } }, masked(0x82, nil), 1011},
		{"message with a close", func(h *handler) {
			h.message = func([]byte) error { h.conn.Close(1008, "policy"); return boom }
		}, join(text("a"), text("b")), 1008},
		{"binary with a close", func(h *handler) {
			h.binary = func() error { h.conn.Close(ws.CodeBinary, "text only"); return boom }
		}, masked(0x82, []byte("a")), 1003},
		{"message of fragments", func(h *handler) { h.message = func([]byte) error { return boom } },
			join(masked(0x01, nil), masked(0x80, nil), text("a")), 1011},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			ends := make(chan struct{}, 10)
			s := serve(t, ws.Config{}, func(h *handler) {
				h.turnEnd = func() { ends <- struct{}{} }
				x.set(h)
			})
			p := s.raw(t)
			p.send(t, x.sent)
			h := s.conn(t)
			if err := h.wait(t); err != boom {
				t.Fatalf("Serve returned %v", err)
			}
			receive(t, ends, "the end of the turn")
			p.wantClose(t, x.code)
			p.send(t, closing(x.code, ""))
			p.wantEnd(t)
		})
	}
}

func TestPings(t *testing.T) {
	pongs := make(chan string, 10)
	s := serve(t, ws.Config{}, func(h *handler) {
		h.pong = func(payload []byte) { pongs <- string(payload) }
	})
	p := s.raw(t)
	h := s.conn(t)
	if err := h.conn.QueuePing(make([]byte, 126)); !errors.Is(err, ws.ErrControl) {
		t.Fatalf("a ping of 126 bytes: %v", err)
	}
	_, _ = h.conn.QueueText([]byte("before"))
	if err := h.conn.QueuePing([]byte("mark")); err != nil {
		t.Fatal(err)
	}
	_, _ = h.conn.QueueText([]byte("behind"))
	h.conn.Flush()
	p.want(t, 0x81, "before")
	p.want(t, 0x89, "mark")
	p.want(t, 0x81, "behind")
	p.send(t, masked(0x89, []byte("yours"))) // nobody but us flushes the pong
	p.want(t, 0x8A, "yours")
	long := letters(125)
	p.send(t, join(masked(0x8A, []byte("mark")), masked(0x8A, nil), masked(0x01, nil), masked(0x8A, long), masked(0x80, nil)))
	for _, want := range []string{"mark", "", string(long)} {
		if got := receive(t, pongs, "a pong"); got != want {
			t.Fatalf("pong %q, want %q", got, want)
		}
	}
}

func TestLastRead(t *testing.T) {
	now := time.Unix(1000, 0)
	clock := func() time.Time { return now }
	got := make(chan time.Time, 1)
	s := serve(t, ws.Config{Now: clock}, func(h *handler) {
		now = now.Add(time.Minute) // before the first read
		h.pong = func([]byte) { got <- h.conn.LastRead() }
		if last := h.conn.LastRead(); !last.Equal(time.Unix(1000, 0)) {
			t.Errorf("after the upgrade: %v", last)
		}
	})
	p := s.raw(t)
	p.send(t, masked(0x8A, nil))
	if last := receive(t, got, "the pong"); !last.Equal(time.Unix(1060, 0)) {
		t.Fatalf("after a pong: %v", last)
	}
}

// Many goroutines queue and flush; what each has queued arrives in its order.
func TestConcurrentQueue(t *testing.T) {
	const writers, each = 16, 500
	s := serve(t, ws.Config{MaxQueue: 64 << 20}, nil)
	p := s.raw(t)
	h := s.conn(t)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				m := fmt.Appendf(nil, "%d %d ", w, i)
				if i%100 == 0 {
					m = append(m, letters(20000)...)
				}
				if _, err := h.conn.Queue(m[:1], m[1:]); err != nil {
					t.Error(err)
				}
				if i%3 == w%3 {
					h.conn.Flush()
				}
			}
			h.conn.Flush()
		})
	}
	var next [writers]int
	for range writers * each {
		m, _ := p.fragments(t)
		var w, i int
		if _, err := fmt.Fscan(bytes.NewReader(m), &w, &i); err != nil {
			t.Fatal(err)
		}
		if next[w] != i {
			t.Fatalf("writer %d: message %d in place of %d", w, i, next[w])
		}
		next[w]++
	}
	wg.Wait()
	if n := h.conn.Queued(); n != 0 {
		t.Fatalf("%d bytes are still queued", n)
	}
}

// The same over TLS, where every flush goes the portable way.
func TestTLS(t *testing.T) {
	s := serveTLS(t, ws.Config{MaxMessage: 1 << 20}, nil)
	c := s.dial(t, ws.DialConfig{MaxMessage: 1 << 20})
	for _, n := range []int{0, 1, 200, 1023, 1024, 1025, 5000, 16384, 20000, 65535, 200000, 10, 10, 10, 3000} {
		if err := c.Write(letters(n)); err != nil {
			t.Fatal(err)
		}
		got, err := c.Read(t.Context())
		if err != nil || !bytes.Equal(got, letters(n)) {
			t.Fatalf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
	if err := c.Close(1000, "bye"); err != nil {
		t.Fatal(err)
	}
	if code, _ := ws.CloseCode(s.conn(t).wait(t)); code != 1000 {
		t.Fatalf("closed with %d", code)
	}
}

func TestTLSInPieces(t *testing.T) {
	s := serveTLS(t, ws.Config{MaxMessage: 1000}, nil)
	for _, x := range rfcCases() {
		t.Run(x.name, func(t *testing.T) { x.run(t, s, 5) })
	}
	t.Run("reads to the end", func(t *testing.T) {
		p := s.raw(t)
		p.send(t, closing(1000, ""))
		p.wantClose(t, 1000)
		if _, err := p.r.ReadByte(); err != io.EOF {
			t.Fatalf("the end is %v: TLS was cut", err)
		}
	})
}
