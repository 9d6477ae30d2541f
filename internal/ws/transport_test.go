package ws_test

import (
	"errors"
	"net"
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/ws"
)

// A handler that panics is the caller's to recover; the connection can then be
// closed like any other.
func TestCloseAfterAPanic(t *testing.T) {
	recovered := make(chan *ws.Conn, 1)
	s := serve(t, ws.Config{}, func(h *handler) {
		h.message = func(text []byte) error {
			defer func() {
				if string(text) == "panic" {
					recovered <- h.conn
				}
			}()
			panic(string(text))
		}
	})
	s.guard = true
	p := s.raw(t)
	p.send(t, join(text("panic"), text("unread")))
	receive(t, recovered, "the panic").Close(1011, "sorry")
	p.wantClose(t, 1011)
	p.wantEnd(t)
}

func TestUnixSocket(t *testing.T) {
	lc := ws.ListenConfig()
	l, err := lc.Listen(t.Context(), "unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, l)
	p := s.raw(t)
	p.send(t, join(text("a"), masked(0x81, letters(30000))))
	p.want(t, 0x81, "a")
	if got, _ := p.fragments(t); len(got) != 30000 {
		t.Fatalf("got %d bytes", len(got))
	}
	p.send(t, closing(1000, ""))
	p.wantClose(t, 1000)
	p.wantEnd(t)
}

func TestRemoteAddr(t *testing.T) {
	lc := ws.ListenConfig()
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, l)
	p := s.raw(t)
	if got := s.conn(t).conn.RemoteAddr().String(); got != p.LocalAddr().String() {
		t.Fatalf("the server sees %s, the client is %s", got, p.LocalAddr())
	}
}

// serveOn serves an echo on a listener.
func serveOn(t *testing.T, l net.Listener) *server {
	t.Helper()
	s := unstarted(t, ws.Config{}, nil)
	_ = s.Listener.Close()
	s.Listener = l
	s.Start()
	return s
}

// The end of TLS sockets.
func TestLostTLS(t *testing.T) {
	s := serveTLS(t, ws.Config{}, nil)
	tests := map[string]func(p *rawPeer){
		"goodbye":      func(p *rawPeer) { _ = p.Conn.Close() },
		"in a message": func(p *rawPeer) { p.send(t, text("message")[:8]); _ = p.Conn.Close() },
		"cut":          func(p *rawPeer) { _ = p.Conn.(interface{ NetConn() net.Conn }).NetConn().Close() },
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			p := s.raw(t)
			end(p)
			if err := s.conn(t).wait(t); !errors.Is(err, ws.ErrLost) {
				t.Fatalf("Serve returned %v", err)
			}
		})
	}
}
