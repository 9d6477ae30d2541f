package ws_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/tandem-switch/tandem/internal/ws"
)

// allocs runs f and fails if it allocates more than most times.
func allocs(t *testing.T, most float64, f func()) {
	t.Helper()
	if raceOn {
		t.Skip("not with the race detector")
	}
	f()
	if n := testing.AllocsPerRun(300, f); n > most {
		t.Fatalf("%v allocations, want at most %v", n, most)
	}
}

func TestSendingDoesNotAllocate(t *testing.T) {
	tests := []struct {
		name string
		size int
		send func(c *ws.Conn)
	}{
		{"one text", 202 + 2, func(c *ws.Conn) { _, _ = c.QueueText(alphabet[:200]) }},
		{"parts", 202 + 2, func(c *ws.Conn) { _, _ = c.Queue(alphabet[:100], alphabet[:60], alphabet[:40]) }},
		{"32 texts", 32 * 204, func(c *ws.Conn) {
			for range 32 {
				_, _ = c.QueueText(alphabet[:200])
			}
		}},
		{"fragments", 40000 + 3*4, func(c *ws.Conn) { _, _ = c.QueueText(alphabet[:40000]) }},
		{"ping", 2 + 8, func(c *ws.Conn) { _ = c.QueuePing(alphabet[:8]) }},
	}
	s := serve(t, ws.Config{}, nil)
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			p := s.raw(t)
			c := s.conn(t).conn
			in := make([]byte, x.size)
			allocs(t, 0, func() {
				x.send(c)
				c.Flush()
				if _, err := io.ReadFull(p.r, in); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

var alphabet = letters(40000)

// What comes in one piece costs nothing; what the library puts together costs
// its reader.
func TestReceivingDoesNotAllocate(t *testing.T) {
	tests := []struct {
		name   string
		pieces [][]byte
		most   float64
	}{
		{"text", [][]byte{text("message")}, 0},
		{"64 texts", [][]byte{bytes.Repeat(text("message"), 64)}, 0},
		{"text and pong", [][]byte{join(masked(0x8A, []byte("mark")), text("message"))}, 0},
		{"fragments", [][]byte{join(masked(0x01, []byte("mess")), masked(0x80, []byte("age")))}, 1},
		{"long", [][]byte{masked(0x81, letters(40000))}, 1},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			turns := make(chan struct{}, 100)
			bytes := 0
			s := serve(t, ws.Config{}, func(h *handler) {
				h.message = func(text []byte) error { bytes += len(text); return nil }
				h.turnEnd = func() {
					if bytes > 0 && bytes%7 == 0 || bytes == 40000 {
						bytes = 0
						turns <- struct{}{}
					}
				}
			})
			p := s.raw(t)
			allocs(t, x.most, func() {
				for _, b := range x.pieces {
					p.send(t, b)
				}
				<-turns
			})
		})
	}
}

// In a flood nearly every read ends within a frame. Only that frame takes the way
// of parts.
func TestFloodDoesNotAllocate(t *testing.T) {
	const n = 2000
	turns, count := make(chan struct{}, 1), 0
	s := serve(t, ws.Config{}, func(h *handler) {
		h.message = func([]byte) error {
			if count++; count%n == 0 {
				turns <- struct{}{}
			}
			return nil
		}
	})
	p := s.raw(t)
	flood := bytes.Repeat(text("twenty-six bytes and more"), n)
	allocs(t, n/40, func() {
		p.send(t, flood)
		<-turns
	})
}

// Between turns a connection keeps no buffer, after its end nothing at all.
func TestNothingIsKept(t *testing.T) {
	held := make(chan int, 100)
	s := serve(t, ws.Config{MaxMessage: 100_000}, func(h *handler) {
		h.message = func(text []byte) error {
			_, err := h.conn.QueueText(text)
			return err
		}
		h.turnEnd = func() {
			h.conn.Flush()
			held <- h.conn.Held()
		}
	})
	kept := func(what string, most int) {
		t.Helper()
		if n := receive(t, held, what); n > most {
			t.Fatalf("after %s the connection keeps %d bytes", what, n)
		}
	}
	ends := map[string]func(p *rawPeer){
		"end":            func(p *rawPeer) { _ = p.Conn.Close() },
		"close":          func(p *rawPeer) { p.send(t, join(closing(1000, ""), text("unread"))) },
		"protocol error": func(p *rawPeer) { p.send(t, join(bare(0x81, "a"), text("unread"))) },
		"part":           func(p *rawPeer) { p.send(t, text("unread")[:5]); _ = p.Conn.Close() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			p := s.raw(t)
			h := s.conn(t)
			p.send(t, join(text("a"), masked(0x01, nil), masked(0x80, nil)))
			kept("messages", 0)
			part := masked(0x81, letters(3000))
			p.send(t, part[:2000])
			kept("a part of a message", 4096)
			p.send(t, part[2000:])
			kept("the rest of it", 0)
			end(p)
			_ = h.wait(t)
			eventually(t, "empty", func() bool { return h.conn.Queued() == 0 })
			for len(held) > 0 {
				<-held
			}
		})
	}
}
