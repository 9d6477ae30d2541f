package ws_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/ws"
)

func TestClientRoundTrip(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	c := s.dial(t, ws.DialConfig{})
	for _, n := range []int{0, 1, 125, 126, 16384, 16385, 65535} {
		if err := c.Write(letters(n)); err != nil {
			t.Fatal(err)
		}
		got, err := c.Read(t.Context())
		if err != nil || !bytes.Equal(got, letters(n)) {
			t.Fatalf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
	if c.RemoteAddr().String() != s.Listener.Addr().String() {
		t.Fatalf("remote address %v", c.RemoteAddr())
	}
}

// hand upgrades by hand, so that the test is the server.
func hand(t *testing.T, cfg ws.DialConfig) (*ws.Client, *rawPeer) {
	t.Helper()
	peers := make(chan *rawPeer, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		p := newRawPeer(conn)
		p.r = rw.Reader
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Accept: "+acceptKey(r.Header.Get("Sec-WebSocket-Key"))+"\r\n\r\n")
		peers <- p
	}))
	t.Cleanup(s.Close)
	c, err := ws.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http"), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Abort)
	p := receive(t, peers, "the client")
	t.Cleanup(func() { _ = p.Conn.Close() })
	return c, p
}

// A client splits at 16384 too, and masks.
func TestClientWritesFragments(t *testing.T) {
	c, p := hand(t, ws.DialConfig{})
	go func() { _ = c.Write(letters(40000)) }()
	var whole []byte
	for i, want := range []struct {
		first  byte
		length int
	}{{0x01, 16384}, {0x00, 16384}, {0x80, 7232}} {
		f := p.nextMasked(t)
		if f.first != want.first || len(f.payload) != want.length {
			t.Fatalf("frame %d: %#x of %d", i, f.first, len(f.payload))
		}
		whole = append(whole, f.payload...)
	}
	if !bytes.Equal(whole, letters(40000)) {
		t.Fatal("arrived wrong")
	}
}

// nextMasked reads a frame of a client.
func (p *rawPeer) nextMasked(t *testing.T) frame {
	t.Helper()
	h := p.bytes(t, 2)
	if h[1]&0x80 == 0 {
		t.Fatal("not masked")
	}
	n := int(h[1] & 0x7F)
	if n == 126 {
		long := p.bytes(t, 2)
		n = int(long[0])<<8 | int(long[1])
	}
	key := p.bytes(t, 4)
	f := frame{first: h[0], payload: p.bytes(t, n)}
	for i := range f.payload {
		f.payload[i] ^= key[i%4]
	}
	return f
}

func (p *rawPeer) bytes(t *testing.T, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(p.r, b); err != nil {
		t.Fatal(err)
	}
	return b
}

// A test tool keeps pings back and answers them later.
func TestClientHoldsPongsBack(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	pongs := make(chan string, 10)
	s.setUp = func(h *handler) { h.pong = func(payload []byte) { pongs <- string(payload) } }
	held := make(chan []byte, 10)
	c := s.dial(t, ws.DialConfig{PingHandler: func(payload []byte) error { held <- payload; return nil }})
	go func() { _, _ = c.Read(t.Context()) }()
	h := s.conn(t)
	_ = h.conn.QueuePing([]byte("1"))
	_ = h.conn.QueuePing([]byte("2"))
	h.conn.Flush()
	first, second := receive(t, held, "ping 1"), receive(t, held, "ping 2")
	select {
	case p := <-pongs:
		t.Fatalf("pong %q came by itself", p)
	default:
	}
	for _, p := range [][]byte{second, first} {
		if err := c.Pong(p); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := receive(t, pongs, "pong"), receive(t, pongs, "pong"); a != "2" || b != "1" {
		t.Fatalf("pongs %q and %q", a, b)
	}
}

func TestClientPings(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	pongs := make(chan string, 10)
	stop := errors.New("enough")
	c := s.dial(t, ws.DialConfig{PongHandler: func(payload []byte) error {
		pongs <- string(payload)
		if string(payload) == "2" {
			return stop
		}
		return nil
	}})
	for _, p := range []string{"1", "2"} {
		if err := c.Ping([]byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Ping(make([]byte, 126)); !errors.Is(err, ws.ErrControl) {
		t.Fatalf("a ping of 126 bytes: %v", err)
	}
	_, err := c.Read(t.Context())
	if a, b := receive(t, pongs, "pong"), receive(t, pongs, "pong"); a != "1" || b != "2" || err == nil {
		t.Fatalf("pongs %q and %q, then %v", a, b, err)
	}
}

func TestClientAnswersPings(t *testing.T) {
	c, p := hand(t, ws.DialConfig{})
	go func() { _, _ = c.Read(t.Context()) }()
	p.send(t, bare(0x89, "x"))
	if f := p.nextMasked(t); f.first != 0x8A || string(f.payload) != "x" {
		t.Fatalf("got %#x %q", f.first, f.payload)
	}
}

// A Read whose context ends loses nothing.
func TestClientReadGoesOnAfterItsContext(t *testing.T) {
	c, p := hand(t, ws.DialConfig{})
	p.send(t, bare(0x81, "whole")[:4])
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		if _, err := c.Read(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	}
	p.send(t, join(bare(0x81, "whole")[4:], bare(0x81, "next")))
	for _, want := range []string{"whole", "next"} {
		if got, err := c.Read(context.Background()); err != nil || string(got) != want {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

func TestClientReadErrors(t *testing.T) {
	cut := func(p *rawPeer) { _ = p.Conn.Close() }
	tests := []struct {
		name string
		do   func(t *testing.T, c *ws.Client, p *rawPeer)
		err  error
		code int
	}{
		{"close", func(t *testing.T, _ *ws.Client, p *rawPeer) { p.send(t, bare(0x88, "\x03\xf0no")) }, nil, 1008},
		{"close without a code", func(t *testing.T, _ *ws.Client, p *rawPeer) { p.send(t, bare(0x88, "")) }, nil, 1005},
		{"end", func(_ *testing.T, _ *ws.Client, p *rawPeer) { cut(p) }, ws.ErrLost, 0},
		{"end in a message", func(t *testing.T, _ *ws.Client, p *rawPeer) { p.send(t, bare(0x81, "ab")[:3]); cut(p) }, ws.ErrLost, 0},
		{"masked", func(t *testing.T, _ *ws.Client, p *rawPeer) { p.send(t, text("a")) }, ws.ErrProtocol, 0},
		{"too big", func(t *testing.T, _ *ws.Client, p *rawPeer) { p.send(t, bare(0x81, strings.Repeat("x", 101))) }, ws.ErrTooBig, 0},
		{"not UTF-8", func(t *testing.T, _ *ws.Client, p *rawPeer) { p.send(t, bare(0x81, "\xff")) }, ws.ErrUTF8, 0},
		{"own abort", func(_ *testing.T, c *ws.Client, _ *rawPeer) { c.Abort() }, ws.ErrClosed, 0},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			c, p := hand(t, ws.DialConfig{MaxMessage: 100})
			p.send(t, join(bare(0x82, "skipped"), bare(0x81, "first")))
			if got, err := c.Read(t.Context()); err != nil || string(got) != "first" {
				t.Fatalf("got %q, %v", got, err)
			}
			x.do(t, c, p)
			_, err := c.Read(t.Context())
			if code, _ := ws.CloseCode(err); code != x.code || x.err != nil && !errors.Is(err, x.err) {
				t.Fatalf("got %v, want %v or code %d", err, x.err, x.code)
			}
			if _, again := c.Read(context.Background()); again.Error() != err.Error() {
				t.Fatalf("then %v", again)
			}
		})
	}
}

func TestClientClose(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	for name, reads := range map[string]bool{"while a Read runs": true, "without a Read": false} {
		t.Run(name, func(t *testing.T) {
			c := s.dial(t, ws.DialConfig{})
			ended := make(chan error, 1)
			if reads {
				go func() {
					_, err := c.Read(context.Background())
					ended <- err
				}()
			}
			if err := c.Close(4001, "bye"); err != nil {
				t.Fatal(err)
			}
			err := s.conn(t).wait(t)
			if e, ok := errors.AsType[*ws.CloseError](err); !ok || e.Code != 4001 || e.Reason != "bye" {
				t.Fatalf("the server saw %v", err)
			}
			if reads {
				if code, _ := ws.CloseCode(receive(t, ended, "the end of Read")); code != 4001 {
					t.Fatalf("Read saw %d", code)
				}
			}
			if err := c.Write(nil); !errors.Is(err, ws.ErrClosed) {
				t.Fatalf("Write after Close: %v", err)
			}
			if err := c.Ping(nil); !errors.Is(err, ws.ErrClosed) {
				t.Fatalf("Ping after Close: %v", err)
			}
			if err := c.Close(1000, ""); err != nil {
				t.Fatalf("Close after Close: %v", err)
			}
		})
	}
}

// A server that does not answer cannot hold Close for longer than a second.
func TestClientCloseWithoutAnswer(t *testing.T) {
	c, _ := hand(t, ws.DialConfig{})
	started := time.Now()
	_ = c.Close(1000, "")
	if d := time.Since(started); d > 3*time.Second {
		t.Fatalf("Close took %v", d)
	}
}

func TestClientWriteTimeout(t *testing.T) {
	c, _ := hand(t, ws.DialConfig{WriteTimeout: 50 * time.Millisecond})
	for range 10_000 {
		if err := c.Write(letters(16384)); err != nil {
			if !errors.Is(err, ws.ErrLost) {
				t.Fatalf("got %v", err)
			}
			return
		}
	}
	t.Fatal("writes to a server that does not read never end")
}

func TestDialErrors(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	for url, status := range map[string]int{
		"ws" + strings.TrimPrefix(s.URL, "http"): 404,
		"ws://127.0.0.1:1/":                      0,
		"http://127.0.0.1:1/":                    0,
		"::":                                     0,
	} {
		_, err := ws.Dial(t.Context(), url, ws.DialConfig{})
		e, ok := errors.AsType[*ws.HandshakeError](err)
		if !ok || e.Status != status || e.Error() == "" {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestDialHeader(t *testing.T) {
	got := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.UserAgent() }))
	defer s.Close()
	_, _ = ws.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http"), ws.DialConfig{Header: http.Header{"User-Agent": {"tandem"}}})
	if ua := receive(t, got, "the request"); ua != "tandem" {
		t.Fatalf("user agent %q", ua)
	}
}
