package ws_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/ws"
)

// FuzzServer feeds a server the bytes of a client: at once, and cut into pieces.
// Whole frames and parts of frames take different ways; what the handler sees and
// what the client gets must be the same. Nothing may panic or hang.
func FuzzServer(f *testing.F) {
	for _, x := range rfcCases() {
		f.Add(x.sent, byte(1))
		f.Add(x.sent, byte(9))
	}
	f.Add(join(text("a"), masked(0x81, letters(900)), masked(0x89, nil), masked(0x01, letters(300)), masked(0x80, nil)), byte(100))
	s := serve(f, ws.Config{MaxMessage: 1000}, nil)
	f.Fuzz(func(t *testing.T, sent []byte, piece byte) {
		if len(sent) > 1<<16 {
			return
		}
		whole := s.observe(t, sent, len(sent))
		pieces := s.observe(t, sent, int(piece)+1)
		if whole != pieces {
			t.Fatalf("at once:\n%s\nin pieces of %d:\n%s", whole, int(piece)+1, pieces)
		}
		if !strings.Contains(whole, "ended") {
			t.Fatal("Serve did not end")
		}
	})
}

// observe tells what one connection has seen: of the handler and of the client.
func (s *server) observe(t *testing.T, sent []byte, piece int) string {
	var seen strings.Builder
	setUp := func(h *handler) {
		h.message = func(text []byte) error {
			fmt.Fprintf(&seen, "message %q\n", text)
			_, err := h.conn.QueueText(text)
			return err
		}
		h.binary = func() error { seen.WriteString("binary\n"); return nil }
		h.pong = func(payload []byte) { fmt.Fprintf(&seen, "pong %q\n", payload) }
		h.turnEnd = h.conn.Flush
	}
	s.setUp = setUp
	p := s.raw(t)
	h := s.conn(t)
	for rest := range slices.Chunk(sent, max(piece, 1)) {
		if _, err := p.Write(rest); err != nil {
			break
		}
	}
	_ = p.Conn.(*net.TCPConn).CloseWrite()
	got := p.all()
	fmt.Fprintf(&seen, "ended by %v\n", kind(h.wait(t)))
	_ = p.Conn.Close()
	return seen.String() + got
}

// all is what the client gets until the end, control frames aside: when a pong or
// a close frame still arrives depends on when the client has ended.
func (p *rawPeer) all() string {
	var got bytes.Buffer
	_ = p.SetReadDeadline(time.Now().Add(patience))
	for {
		f, err := p.next()
		if err != nil {
			return got.String()
		}
		if f.first < 0x88 {
			fmt.Fprintf(&got, "%#x %q\n", f.first, f.payload)
		}
	}
}

// kind is the sentinel of an error of Serve.
func kind(err error) string {
	for _, e := range []error{ws.ErrProtocol, ws.ErrUTF8, ws.ErrTooBig, ws.ErrLost, ws.ErrClosed} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	return err.Error()
}

// FuzzUnmask compares the fast way with the obvious one.
func FuzzUnmask(f *testing.F) {
	f.Add([]byte("hello, world"), uint32(0x01020304))
	f.Fuzz(func(t *testing.T, p []byte, key uint32) {
		want := slices.Clone(p)
		for i := range want {
			want[i] ^= byte(key >> (8 * (i % 4)))
		}
		ws.Unmask(p, key)
		if !bytes.Equal(p, want) {
			t.Fatalf("got %q, want %q", p, want)
		}
	})
}
