package ws_test

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/ws"
)

// patience is how long a test waits for something that must come.
const patience = 30 * time.Second

// handler is a Handler made of functions; nil ones do nothing. ended takes what
// Serve returned.
type handler struct {
	conn    *ws.Conn
	message func(text []byte) error
	binary  func() error
	pong    func(payload []byte)
	turnEnd func()
	ended   chan error
}

func (h *handler) Message(text []byte) error {
	if h.message == nil {
		return nil
	}
	return h.message(text)
}

func (h *handler) Binary() error {
	if h.binary == nil {
		return nil
	}
	return h.binary()
}

func (h *handler) Pong(payload []byte) {
	if h.pong != nil {
		h.pong(payload)
	}
}

func (h *handler) TurnEnd() {
	if h.turnEnd != nil {
		h.turnEnd()
	}
}

// wait returns what Serve returned.
func (h *handler) wait(t testing.TB) error {
	t.Helper()
	return receive(t, h.ended, "the end of Serve")
}

// receive takes one value, in time.
func receive[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("%s did not come", what)
		panic("unreachable")
	}
}

// within fails unless done is closed in time.
func within(t testing.TB, done <-chan struct{}, what string) {
	t.Helper()
	receive(t, done, what)
}

// server accepts WebSocket connections; the last handlers stand in conns.
type server struct {
	*httptest.Server
	cfg   ws.Config
	setUp func(h *handler)
	guard bool // recover from panics of the handler
	conns chan *handler

	mu      sync.Mutex // guards the following
	closed  bool
	running sync.WaitGroup
}

// serve starts a server. setUp fills the functions of each connection's handler
// before it is served; nil serves an echo.
func serve(t testing.TB, cfg ws.Config, setUp func(h *handler)) *server {
	return start(t, cfg, setUp, (*httptest.Server).Start)
}

func serveTLS(t testing.TB, cfg ws.Config, setUp func(h *handler)) *server {
	return start(t, cfg, setUp, (*httptest.Server).StartTLS)
}

func start(t testing.TB, cfg ws.Config, setUp func(h *handler), run func(*httptest.Server)) *server {
	t.Helper()
	s := unstarted(t, cfg, setUp)
	run(s.Server)
	return s
}

func unstarted(t testing.TB, cfg ws.Config, setUp func(h *handler)) *server {
	t.Helper()
	if setUp == nil {
		setUp = echo
	}
	s := &server{cfg: cfg, setUp: setUp, conns: make(chan *handler, 1000)}
	s.Server = httptest.NewUnstartedServer(s)
	t.Cleanup(func() {
		s.Server.Close()
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		s.running.Wait()
	})
	return s
}

// enter counts a request unless the test is over.
func (s *server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Add(1)
	}
	return !s.closed
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		return
	}
	defer s.running.Done()
	c, err := ws.Upgrade(w, r, s.cfg)
	if err != nil {
		return
	}
	h := &handler{conn: c, ended: make(chan error, 1)}
	s.setUp(h)
	s.conns <- h
	s.running.Add(1)
	go s.run(h)
}

func (s *server) run(h *handler) {
	defer s.running.Done()
	defer func() {
		if s.guard {
			_ = recover()
		}
	}()
	for {
		err := h.conn.Serve(h)
		if err != ws.ErrSwitch {
			h.ended <- err
			return
		}
	}
}

// conn is the handler of the next connection.
func (s *server) conn(t testing.TB) *handler {
	t.Helper()
	return receive(t, s.conns, "a connection")
}

func (s *server) url() string { return "ws" + strings.TrimPrefix(s.URL, "http") }

// dial connects a Client.
func (s *server) dial(t testing.TB, cfg ws.DialConfig) *ws.Client {
	t.Helper()
	if s.TLS != nil {
		cfg.TLS = s.Client().Transport.(*http.Transport).TLSClientConfig
	}
	c, err := ws.Dial(t.Context(), s.url(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Abort)
	return c
}

// echo answers each message with itself at the end of the turn.
func echo(h *handler) {
	h.message = func(text []byte) error {
		_, err := h.conn.QueueText(text)
		return err
	}
	h.turnEnd = h.conn.Flush
}

// rawPeer is a client that speaks bytes.
type rawPeer struct {
	net.Conn
	r *bufio.Reader
}

const handshake = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// raw connects a rawPeer and does the handshake.
func (s *server) raw(t testing.TB) *rawPeer {
	t.Helper()
	p, err := s.tryRaw()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func (s *server) tryRaw() (*rawPeer, error) {
	conn, err := s.dialSocket()
	if err != nil {
		return nil, err
	}
	p := newRawPeer(conn)
	if _, err := io.WriteString(p, handshake); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(p.r, nil)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return nil, errors.New(answer.Status)
	}
	return p, nil
}

func newRawPeer(conn net.Conn) *rawPeer {
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &rawPeer{Conn: conn, r: bufio.NewReader(conn)}
}

// socket connects a rawPeer without the handshake.
func (s *server) socket(t testing.TB) *rawPeer {
	t.Helper()
	conn, err := s.dialSocket()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return newRawPeer(conn)
}

// answer reads the answer to a handshake.
func (p *rawPeer) answer(t testing.TB) *http.Response {
	t.Helper()
	a, err := http.ReadResponse(p.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (p *rawPeer) status(t testing.TB) string {
	t.Helper()
	return p.answer(t).Status
}

func (s *server) dialSocket() (net.Conn, error) {
	addr := s.Listener.Addr()
	if s.TLS == nil {
		return net.Dial(addr.Network(), addr.String())
	}
	return tls.Dial("tcp", addr.String(), &tls.Config{InsecureSkipVerify: true})
}

// frame is one frame as a rawPeer reads it.
type frame struct {
	first   byte
	payload []byte
}

// next reads one frame.
func (p *rawPeer) next() (frame, error) {
	var h [2]byte
	if _, err := io.ReadFull(p.r, h[:]); err != nil {
		return frame{}, err
	}
	n := int(h[1])
	if n >= 126 {
		long := make([]byte, 2+6*(n-126))
		if _, err := io.ReadFull(p.r, long); err != nil {
			return frame{}, err
		}
		n = int(binary.BigEndian.Uint64(append(make([]byte, 8-len(long)), long...)))
	}
	f := frame{first: h[0], payload: make([]byte, n)}
	_, err := io.ReadFull(p.r, f.payload)
	return f, err
}

// want reads one frame and compares it.
func (p *rawPeer) want(t testing.TB, first byte, payload string) {
	t.Helper()
	f, err := p.next()
	if err != nil {
		t.Fatalf("no frame %#x: %v", first, err)
	}
	if f.first != first || string(f.payload) != payload {
		t.Fatalf("got frame %#x %.80q, want %#x %.80q", f.first, f.payload, first, payload)
	}
}

// wantClose reads frames until the close frame and compares its code.
func (p *rawPeer) wantClose(t testing.TB, code int) {
	t.Helper()
	for {
		f, err := p.next()
		if err != nil {
			t.Fatalf("no close frame with %d: %v", code, err)
		}
		if f.first != 0x88 {
			continue
		}
		got := 1005
		if len(f.payload) >= 2 {
			got = int(binary.BigEndian.Uint16(f.payload))
		}
		if got != code {
			t.Fatalf("closed with %d %q, want %d", got, f.payload, code)
		}
		return
	}
}

// wantEnd reads until the socket ends.
func (p *rawPeer) wantEnd(t testing.TB) {
	t.Helper()
	if rest, err := io.ReadAll(p.r); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the socket is still open, got %q: %v", rest, err)
	}
}

var mask = []byte{0x37, 0xfa, 0x21, 0x3d}

// acceptKey is Sec-WebSocket-Accept (RFC 6455 4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// masked is a frame as a client sends it.
func masked(first byte, payload []byte) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n <= 125:
		b = append(b, 0x80|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, mask...)
	for i, x := range payload {
		b = append(b, x^mask[i%4])
	}
	return b
}

// text is a whole text message of a client.
func text(s string) []byte { return masked(0x81, []byte(s)) }

// closing is a close frame of a client.
func closing(code int, reason string) []byte {
	return masked(0x88, append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...))
}

// join makes one write of several frames.
func join(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

// send writes bytes.
func (p *rawPeer) send(t testing.TB, b []byte) {
	t.Helper()
	if _, err := p.Write(b); err != nil {
		t.Fatal(err)
	}
}
