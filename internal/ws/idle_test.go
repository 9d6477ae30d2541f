package ws_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/tandem-switch/tandem/internal/ws"
)

// BenchmarkIdle reports what one idle connection holds in this process, without
// its client: fresh, after having talked, and after having talked and one more
// collection, which shrinks stacks. net/http is part of it only where it
// remains. It runs once whatever b.N is.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
	}
	const n = 2000
	plain := plainSocket(b, n)
	s := &server{Server: httptest.NewServer(http.HandlerFunc(lean))}
	b.Cleanup(s.Close)
	warm := s.raw(b)
	warm.send(b, text("warm"))
	warm.want(b, 0x81, "warm")
	before := inUse()
	peers := make([]net.Conn, n)
	for i := range peers {
		peers[i] = s.lean(b)
	}
	report := func(name string) {
		b.ReportMetric((inUse()-before)/n-plain, name)
	}
	report("fresh-B/conn")
	talk(b, peers)
	report("talked-B/conn")
	report("shrunk-B/conn")
	b.ReportMetric(0, "ns/op")
}

// leanEcho is a Handler with nothing of its own.
type leanEcho struct{ *ws.Conn }

func (h leanEcho) Message(text []byte) error {
	_, err := h.QueueText(text)
	return err
}

func (h leanEcho) Binary() error { return nil }
func (h leanEcho) Pong([]byte)   {}
func (h leanEcho) TurnEnd()      { h.Flush() }

func lean(w http.ResponseWriter, r *http.Request) {
	if c, err := ws.Upgrade(w, r, ws.Config{}); err == nil {
		go c.Serve(leanEcho{c})
	}
}

// lean is raw without a buffer for each client.
func (s *server) lean(t testing.TB) net.Conn {
	t.Helper()
	p, err := s.tryRaw()
	if err != nil {
		t.Fatal(err)
	}
	conn := p.Conn
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// talk has each peer send a message and a pong, and read the echo.
func talk(t testing.TB, peers []net.Conn) {
	t.Helper()
	out := join(text("hello"), masked(0x8A, nil))
	in := make([]byte, 7)
	for _, p := range peers {
		if _, err := p.Write(out); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Read(in); err != nil {
			t.Fatal(err)
		}
	}
}

// inUse is the memory in use after a collection.
func inUse() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse + m.StackInuse)
}

// plainSocket measures what one end of a TCP connection holds.
func plainSocket(t testing.TB, n int) float64 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ends := make([]net.Conn, 0, 2*n)
	before := inUse()
	for range n {
		near, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, near, far)
	}
	each := (inUse() - before) / float64(2*n)
	for _, c := range ends {
		_ = c.Close()
	}
	_ = l.Close()
	return each
}
