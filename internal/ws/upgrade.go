package ws

import (
	"bufio"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// Sizes of the handshake. readAhead is what the library reads at a time from
// what we have read: it needs room for a control frame, and more than 256 bytes
// to take a reader of ours.
const (
	handshakeTimeout = 10 * time.Second
	readAhead        = 288
)

// noWrites is the library's pool of write buffers: it never writes messages.
type noWrites struct{}

func (noWrites) Get() any { return nil }
func (noWrites) Put(any)  {}

var upgrader = websocket.Upgrader{
	HandshakeTimeout: handshakeTimeout,
	WriteBufferPool:  noWrites{},
	CheckOrigin:      func(*http.Request) bool { return true },
}

// Upgrade turns a request into a connection (RFC 6455 4.2). It takes no
// subprotocol and no extension and does not look at Origin (appwebsocket.md
// decisions 4, 6). If it fails it has answered the request.
//
// The caller then lets its HTTP handler return and runs Serve on a goroutine of its
// own: its stack is small, and what net/http kept for the request is released.
// Until Serve runs nothing is read.
func Upgrade(w http.ResponseWriter, r *http.Request, cfg Config) (*Conn, error) {
	c := newConn(cfg)
	lib, err := upgrader.Upgrade(hijacker{w, c}, r, nil)
	if err != nil {
		return nil, err
	}
	c.begin(lib)
	return c, nil
}

func newConn(cfg Config) *Conn {
	c := &Conn{now: cfg.Now, maxQueue: cfg.MaxQueue}
	if c.now == nil {
		c.now = time.Now
	}
	if c.maxQueue <= 0 {
		c.maxQueue = DefaultMaxQueue
	}
	c.SetReadLimit(cfg.MaxMessage)
	return c
}

// begin takes over from the handshake.
func (c *Conn) begin(lib *websocket.Conn) {
	c.lib = lib
	lib.SetPingHandler(func(payload string) error { c.gotPing([]byte(payload)); return nil })
	lib.SetPongHandler(func(payload string) error { c.gotPong([]byte(payload)); return nil })
	lib.SetCloseHandler(c.gotClose)
	lib.SetReadLimit(c.limit.Load())
	c.lastRead.Store(c.now().UnixNano())
	c.mu.Lock()
	c.upgraded = true
	c.mu.Unlock()
}

// hijacker gives the library our link in place of the socket.
type hijacker struct {
	http.ResponseWriter
	c *Conn
}

// Hijack implements http.Hijacker.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.c.attach(conn)
	if rw.Reader.Buffered() > 0 {
		return conn, rw, nil // the library refuses data before the handshake
	}
	h.c.br = bufio.NewReaderSize((*link)(h.c), readAhead)
	return (*link)(h.c), bufio.NewReadWriter(h.c.br, rw.Writer), nil
}

// attach makes conn the socket.
func (c *Conn) attach(conn net.Conn) {
	c.conn = conn
	if c.raw = rawConn(conn); c.raw != nil {
		c.readFn, c.sendFn = c.tryRead, c.trySend
	}
}
