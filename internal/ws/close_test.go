package ws_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/ws"
)

func TestClose(t *testing.T) {
	tests := []struct {
		name    string
		code    int
		reason  string
		payload string
	}{
		{"code and reason", 1001, "shutdown", "\x03\xe9shutdown"},
		{"no code", ws.CodeNone, "ignored", ""},
		{"long reason", 1008, strings.Repeat("x", 200), "\x03\xf0" + strings.Repeat("x", 123)},
		{"long reason of wide characters", 1008, strings.Repeat("ä", 100), "\x03\xf0" + strings.Repeat("ä", 61)},
		{"reason is not UTF-8", 1008, "\xff", "\x03\xf0"},
	}
	s := serve(t, ws.Config{}, nil)
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			p := s.raw(t)
			h := s.conn(t)
			_, _ = h.conn.QueueText([]byte("last words"))
			h.conn.Close(x.code, x.reason)
			h.conn.Close(1000, "again")
			if _, err := h.conn.QueueText([]byte("too late")); !errors.Is(err, ws.ErrClosed) {
				t.Fatalf("Queue after Close: %v", err)
			}
			if err := h.conn.QueuePing(nil); !errors.Is(err, ws.ErrClosed) {
				t.Fatalf("QueuePing after Close: %v", err)
			}
			p.want(t, 0x81, "last words")
			p.want(t, 0x88, x.payload)
			p.send(t, join(text("crossing"), masked(0x89, nil), closing(1000, "")))
			p.wantEnd(t)
			if err := h.wait(t); !errors.Is(err, ws.ErrClosed) {
				t.Fatalf("Serve returned %v", err)
			}
		})
	}
}

// Nothing is delivered once Close was called.
func TestNothingIsDeliveredAfterClose(t *testing.T) {
	s := serve(t, ws.Config{}, func(h *handler) {
		h.message = func(text []byte) error { t.Errorf("message %q", text); return nil }
		h.binary = func() error { t.Error("binary"); return nil }
	})
	p := s.raw(t)
	h := s.conn(t)
	h.conn.Close(1000, "")
	p.send(t, join(text("a"), masked(0x01, nil), masked(0x80, nil), masked(0x82, nil), closing(1000, "")))
	_ = h.wait(t)
}

// The socket ends with the second close frame, whoever sent it, not with the time
// limit: that would take 20 s.
func TestTheSecondCloseFrameEndsTheSocket(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	started := time.Now()
	for i := range 20 {
		p := s.raw(t)
		h := s.conn(t)
		if i%2 == 0 {
			h.conn.Close(1000, "")
		}
		p.send(t, closing(1000, ""))
		p.wantClose(t, 1000)
		p.wantEnd(t)
		_ = h.wait(t)
	}
	if d := time.Since(started); d > 10*time.Second {
		t.Fatalf("20 connections took %v to close", d)
	}
}

// A peer that does not answer the close frame loses the socket after a second.
func TestCloseWithoutAnswer(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	p := s.raw(t)
	h := s.conn(t)
	h.conn.Close(1000, "")
	p.wantClose(t, 1000)
	p.wantEnd(t)
	if err := h.wait(t); !errors.Is(err, ws.ErrClosed) {
		t.Fatalf("Serve returned %v", err)
	}
}

// A peer that goes on sending when it is closed for a fault still gets the close
// frame, not a reset.
func TestCloseFrameSurvivesUnreadData(t *testing.T) {
	s := serve(t, ws.Config{MaxMessage: 1000}, nil)
	for name, first := range map[string][]byte{"protocol": bare(0x81, "a"), "size": masked(0x81, letters(1001)), "UTF-8": text("\xff")} {
		t.Run(name, func(t *testing.T) {
			code := map[string]int{"protocol": 1002, "size": 1009, "UTF-8": 1007}[name]
			p := s.raw(t)
			p.send(t, first)
			p.send(t, masked(0x81, letters(60000)))
			p.wantClose(t, code)
			_ = p.Conn.Close()
		})
	}
}

// Behind the close frame for a fault comes the end of our side, at once: a peer
// whose frames we do not understand any more may send one that we cannot read.
func TestOurSideEndsAfterAFault(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	p := s.raw(t)
	h := s.conn(t)
	p.send(t, join(bare(0x81, "a"), text("unread")))
	p.wantClose(t, 1002)
	p.wantEnd(t)
	if h.conn.Dead() {
		t.Fatal("the end came with the time limit")
	}
	_ = p.Conn.Close()
	eventually(t, "ended", h.conn.Dead)
}

func TestAbort(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	p := s.raw(t)
	h := s.conn(t)
	h.conn.Abort()
	h.conn.Abort()
	h.conn.Close(1000, "")
	h.conn.Flush()
	if f, err := p.next(); err == nil {
		t.Fatalf("got frame %#x", f.first)
	}
	if err := h.wait(t); !errors.Is(err, ws.ErrClosed) {
		t.Fatalf("Serve returned %v", err)
	}
	within(t, h.conn.Drained(1), "release of who waits")
}

// The end of the socket without a close frame.
func TestLostConnections(t *testing.T) {
	tests := map[string]func(p *rawPeer){
		"end":              func(p *rawPeer) { _ = p.Conn.Close() },
		"end in a header":  func(p *rawPeer) { _, _ = p.Write([]byte{0x81}); _ = p.Conn.Close() },
		"end in a message": func(p *rawPeer) { _, _ = p.Write(text("message")[:8]); _ = p.Conn.Close() },
		"end in fragments": func(p *rawPeer) { _, _ = p.Write(masked(0x01, nil)); _ = p.Conn.Close() },
		"send and close":   func(p *rawPeer) { _, _ = p.Write(text("a")); _ = p.Conn.Close() },
		"half close":       func(p *rawPeer) { _ = p.Conn.(*net.TCPConn).CloseWrite() },
		"reset":            func(p *rawPeer) { _ = p.Conn.(*net.TCPConn).SetLinger(0); _ = p.Conn.Close() },
		"reset in a header": func(p *rawPeer) {
			_, _ = p.Write([]byte{0x81})
			_ = p.Conn.(*net.TCPConn).SetLinger(0)
			_ = p.Conn.Close()
		},
	}
	s := serve(t, ws.Config{}, nil)
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			p := s.raw(t)
			end(p)
			h := s.conn(t)
			if err := h.wait(t); !errors.Is(err, ws.ErrLost) {
				t.Fatalf("Serve returned %v", err)
			}
			if _, err := h.conn.QueueText(nil); !errors.Is(err, ws.ErrClosed) {
				t.Fatalf("Queue after the end: %v", err)
			}
		})
	}
}

// Peers that send something and close at once are all noticed: no end of a
// stream is lost behind a short read.
func TestSendAndCloseAtOnce(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	for range 300 {
		p := s.raw(t)
		p.send(t, text("a"))
		_ = p.Conn.Close()
		_ = s.conn(t).wait(t)
	}
}

// Everything that may be called from outside is called while the connection ends
// in one of several ways.
func TestCloseRaces(t *testing.T) {
	s := serve(t, ws.Config{MaxQueue: 50_000}, nil)
	tls := serveTLS(t, ws.Config{MaxQueue: 50_000}, nil)
	ends := []func(p *rawPeer, c *ws.Conn){
		func(_ *rawPeer, c *ws.Conn) { c.Close(1000, "") },
		func(_ *rawPeer, c *ws.Conn) { c.Abort() },
		func(p *rawPeer, _ *ws.Conn) { _ = p.Conn.Close() },
		func(p *rawPeer, _ *ws.Conn) { _, _ = p.Write(closing(1000, "")) },
		func(p *rawPeer, _ *ws.Conn) { _, _ = p.Write(bare(0x81, "a")) },
	}
	for i := range 100 {
		s := s
		if i%4 == 3 {
			s = tls
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) { race(t, s, ends[i%len(ends)], ends[i/7%len(ends)]) })
	}
}

func race(t *testing.T, s *server, ends ...func(p *rawPeer, c *ws.Conn)) {
	p := s.raw(t)
	h := s.conn(t)
	c := h.conn
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 100 {
				_, _ = c.QueueText(letters(3000))
				_ = c.QueuePing(nil)
				c.Flush()
				_, _ = c.Stalled(), c.LastRead()
				<-c.Drained(60_000)
			}
		})
	}
	wg.Go(func() { _, _ = p.Write(join(text("a"), text("b"))) })
	for _, end := range ends {
		wg.Go(func() { end(p, c) })
	}
	wg.Wait()
	_ = p.Conn.Close()
	_ = h.wait(t)
	within(t, c.Drained(0), "release of who waits")
}
