package ws_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/tandem-switch/tandem/internal/ws"
)

// BenchmarkEchoTurn measures a turn: n messages of 200 bytes in one read, answered
// with one write. Time and allocations count both ends of the socket.
func BenchmarkEchoTurn(b *testing.B) {
	b.Run("1", func(b *testing.B) { benchmarkEcho(b, serve(b, ws.Config{}, nil), 1) })
	b.Run("32", func(b *testing.B) { benchmarkEcho(b, serve(b, ws.Config{}, nil), 32) })
	b.Run("tls-1", func(b *testing.B) { benchmarkEcho(b, serveTLS(b, ws.Config{}, nil), 1) })
	b.Run("tls-32", func(b *testing.B) { benchmarkEcho(b, serveTLS(b, ws.Config{}, nil), 32) })
}

func benchmarkEcho(b *testing.B, s *server, n int) {
	p := s.raw(b)
	out := []byte(strings.Repeat(string(text(strings.Repeat("x", 200))), n))
	in := make([]byte, (200+4)*n)
	b.ReportAllocs()
	b.SetBytes(int64(n))
	for b.Loop() {
		if _, err := p.Write(out); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(p.r, in); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBareEcho is the same with the library alone, for comparison.
func BenchmarkBareEcho(b *testing.B) {
	for _, n := range []int{1, 32} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := &server{Server: httptest.NewServer(http.HandlerFunc(bareEcho))}
			b.Cleanup(s.Close)
			benchmarkEcho(b, s, n)
		})
	}
}

func bareEcho(w http.ResponseWriter, r *http.Request) {
	var u websocket.Upgrader
	c, err := u.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	for {
		kind, m, err := c.ReadMessage()
		if err != nil || c.WriteMessage(kind, m) != nil {
			return
		}
	}
}
