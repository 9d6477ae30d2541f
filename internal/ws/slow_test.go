package ws_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/ws"
)

// stuff queues messages of 10 KB and flushes until the queue is full.
func stuff(t *testing.T, c *ws.Conn) (messages int) {
	t.Helper()
	m := letters(10000)
	for range 100_000 {
		before := c.Queued()
		queued, err := c.QueueText(m)
		switch {
		case errors.Is(err, ws.ErrFull):
			if queued != before && queued > before {
				t.Fatalf("a refused message was queued: %d, then %d", before, queued)
			}
			return messages
		case err != nil:
			t.Fatal(err)
		}
		messages++
		started := time.Now()
		c.Flush()
		if d := time.Since(started); d > 2*time.Second {
			t.Fatalf("Flush took %v", d)
		}
	}
	t.Fatal("the queue was never full")
	return 0
}

// A peer that does not read fills its queue and delays nobody; then it reads, and
// everything arrives.
func TestPeerThatDoesNotRead(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ws.Config, func(*handler)) *server{"plain": serve, "TLS": serveTLS} {
		t.Run(name, func(t *testing.T) {
			s := start(t, ws.Config{MaxQueue: 300_000}, nil)
			slow := s.raw(t)
			victim := s.conn(t).conn
			n := stuff(t, victim)
			if q := victim.Queued(); q <= 0 || q > 300_000 {
				t.Fatalf("%d bytes are queued", q)
			}
			half := victim.Drained(150_000)
			if half != victim.Drained(150_000) {
				t.Fatal("two channels for one bound")
			}
			select {
			case <-half:
				t.Fatal("drained before anything was read")
			default:
			}
			other := s.raw(t)
			other.send(t, text("a"))
			other.want(t, 0x81, "a")
			for i := range n {
				if got, _ := slow.fragments(t); !bytes.Equal(got, letters(10000)) {
					t.Fatalf("message %d arrived wrong", i)
				}
			}
			within(t, half, "the half mark")
			within(t, victim.Drained(0), "the end of the queue")
			for end := time.Now().Add(1100 * time.Millisecond); time.Now().Before(end); { // longer than a retry
				slow.send(t, text("alive"))
				slow.want(t, 0x81, "alive")
			}
		})
	}
}

// Stalled counts while the socket takes nothing, by the clock of Config.
func TestStalled(t *testing.T) {
	var now atomic.Int64
	s := serve(t, ws.Config{MaxQueue: 20 << 20, Now: func() time.Time { return time.Unix(now.Load(), 0) }}, nil)
	slow := s.raw(t)
	c := s.conn(t).conn
	if _, err := c.QueueText([]byte("a")); err != nil || c.Stalled() != 0 {
		t.Fatalf("stalled before the first flush: %v, %v", c.Stalled(), err)
	}
	n := stuff(t, c)
	settled := c.Queued()
	eventually(t, "stalled for 7 s", func() bool {
		if q := c.Queued(); q != settled || now.Load() == 0 { // the kernel found room after all
			settled = q
			now.Add(7)
		}
		return c.Stalled() >= 7*time.Second
	})
	slow.want(t, 0x81, "a")
	for c.Queued() >= settled {
		slow.fragments(t)
		n--
	}
	if d := c.Stalled(); d != 0 {
		t.Fatalf("stalled for %v after progress, with %d bytes to go", d, c.Queued())
	}
	for range n {
		slow.fragments(t)
	}
	eventually(t, "drained", func() bool { return c.Queued() == 0 && c.Stalled() == 0 })
}

// eventually asks until the answer is yes. It is for what only the kernel knows.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("not %s", what)
		}
		runtime.Gosched()
	}
}

// A connection that ends with a full queue leaves no goroutine and no memory.
func TestPeerThatNeverReadsIsCut(t *testing.T) {
	s := serve(t, ws.Config{MaxQueue: 1 << 20}, nil)
	before := runtime.NumGoroutine()
	const n = 20
	for range n {
		p := s.raw(t)
		h := s.conn(t)
		stuff(t, h.conn)
		drained := h.conn.Drained(1000)
		h.conn.Abort()
		within(t, drained, "release of who waits")
		if err := h.wait(t); !errors.Is(err, ws.ErrClosed) {
			t.Fatalf("Serve returned %v", err)
		}
		if _, err := h.conn.QueueText(nil); !errors.Is(err, ws.ErrClosed) || h.conn.Queued() != 0 || h.conn.Stalled() != 0 {
			t.Fatalf("after the end: %v, %d bytes, stalled %v", err, h.conn.Queued(), h.conn.Stalled())
		}
		if _, err := io.Copy(io.Discard, p.r); !errors.Is(err, syscall.ECONNRESET) {
			t.Fatalf("what the kernel held was not dropped: %v", err)
		}
		_ = p.Conn.Close()
	}
	eventually(t, "back to few goroutines", func() bool { return runtime.NumGoroutine() <= before+2 })
}

// Close does not wait for a peer that does not read: a second at most.
func TestCloseOfAPeerThatNeverReads(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ws.Config, func(*handler)) *server{"plain": serve, "TLS": serveTLS} {
		t.Run(name, func(t *testing.T) {
			s := start(t, ws.Config{}, nil)
			s.raw(t)
			h := s.conn(t)
			stuff(t, h.conn)
			started := time.Now()
			h.conn.Close(1001, "")
			if d := time.Since(started); d > time.Second/2 {
				t.Fatalf("Close took %v", d)
			}
			if err := h.wait(t); !errors.Is(err, ws.ErrClosed) {
				t.Fatalf("Serve returned %v", err)
			}
		})
	}
}

// A peer that only pings and never reads is not answered for ever: what it is
// owed leaves room for messages.
func TestPingsOfAPeerThatDoesNotRead(t *testing.T) {
	read := make(chan struct{})
	s := serve(t, ws.Config{MaxQueue: 100_000}, func(h *handler) {
		h.message = func([]byte) error { close(read); return nil }
	})
	p := s.raw(t)
	c := s.conn(t).conn
	flood := bytes.Repeat(masked(0x89, letters(125)), 1000)
	for range 300 {
		p.send(t, flood)
	}
	p.send(t, text("all sent"))
	within(t, read, "the message")
	if q := c.Queued(); q < 40_000 || q > 50_000 {
		t.Fatalf("%d bytes of pongs wait", q)
	}
	if _, err := c.QueueText(letters(20_000)); err != nil {
		t.Fatalf("no room beside the pongs: %v", err)
	}
}

func TestFullQueueTakesSmallerMessages(t *testing.T) {
	s := serve(t, ws.Config{MaxQueue: 1000}, nil)
	p := s.raw(t)
	c := s.conn(t).conn
	if _, err := c.QueueText(letters(997)); !errors.Is(err, ws.ErrFull) {
		t.Fatalf("997 bytes: %v", err)
	}
	if q, err := c.QueueText(letters(900)); err != nil || q != 904 {
		t.Fatalf("900 bytes: %d %v", q, err)
	}
	if err := c.QueuePing(letters(95)); !errors.Is(err, ws.ErrFull) {
		t.Fatalf("a ping of 95: %v", err)
	}
	if q, err := c.Queue([]byte(strings.Repeat("y", 50)), letters(44)); err != nil || q != 1000 {
		t.Fatalf("94 bytes: %d %v", q, err)
	}
	c.Flush()
	p.want(t, 0x81, string(letters(900)))
	p.want(t, 0x81, strings.Repeat("y", 50)+string(letters(44)))
}

// The queue is full at exactly MaxQueue, headers included.
func TestQueueBound(t *testing.T) {
	for length, size := range map[int]int{0: 2, 125: 127, 126: 130, 16384: 16388, 16385: 16391, 16510: 16518, 32768: 32776, 65535: 65551} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			for most, want := range map[int]error{size: nil, size - 1: ws.ErrFull} {
				s := serve(t, ws.Config{MaxQueue: most}, nil)
				s.raw(t)
				c := s.conn(t).conn
				queued, err := c.QueueText(letters(length))
				if err != want || err == nil && queued != size {
					t.Fatalf("room for %d: queued %d, %v", most, queued, err)
				}
			}
		})
	}
}
