package ws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// Client is the client side of a connection. Read is called by one goroutine at a
// time, which also answers pings; everything else by any. A Client is simple
// rather than lean: writes block.
type Client struct {
	lib     *websocket.Conn
	timeout time.Duration
	done    chan struct{} // closed by Close and Abort
	stop    sync.Once

	gather  *gatherer
	writeMu sync.Mutex // guards writing of messages

	readMu  sync.Mutex    // guards the following; held while a Read runs
	room    bytes.Buffer  // of the one that reads
	reading chan received // a read that outlived the context of its Read
	ended   error         // what ended the connection
}

// received is the result of reading one message.
type received struct {
	text []byte
	err  error
}

func newClient(lib *websocket.Conn, gather *gatherer, cfg DialConfig) *Client {
	c := &Client{lib: lib, gather: gather, timeout: cfg.WriteTimeout, done: make(chan struct{})}
	if c.timeout <= 0 {
		c.timeout = DefaultWriteTimeout
	}
	if cfg.MaxMessage <= 0 {
		cfg.MaxMessage = DefaultClientMessage
	}
	lib.SetReadLimit(cfg.MaxMessage)
	lib.SetPingHandler(c.control(cfg.PingHandler, c.answerPing))
	lib.SetPongHandler(c.control(cfg.PongHandler, func([]byte) error { return nil }))
	return c
}

// control adapts a handler to the library.
func (c *Client) control(h, otherwise func([]byte) error) func(string) error {
	if h == nil {
		h = otherwise
	}
	return func(payload string) error { return h([]byte(payload)) }
}

// answerPing does not fail a connection that can still be read.
func (c *Client) answerPing(payload []byte) error {
	_ = c.Pong(payload)
	return nil
}

// RemoteAddr is the address of the server.
func (c *Client) RemoteAddr() net.Addr { return c.lib.RemoteAddr() }

// Read returns the next text message; it belongs to the caller. Binary messages
// are skipped. If ctx ends before, its error is returned and nothing is lost: the
// next Read goes on. Every other error is final: a *CloseError (see CloseCode)
// where the server closed, ErrClosed after Close or Abort, ErrLost, ErrTooBig,
// ErrUTF8, ErrProtocol.
func (c *Client) Read(ctx context.Context) ([]byte, error) {
	c.readMu.Lock()
	defer c.readMu.Unlock()
	if c.ended != nil {
		return nil, c.ended
	}
	if ctx.Done() == nil && c.reading == nil {
		return c.finish(c.receive())
	}
	if c.reading == nil {
		reading := make(chan received, 1)
		c.reading = reading
		go func() { reading <- c.receive() }()
	}
	select {
	case r := <-c.reading:
		c.reading = nil
		return c.finish(r)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// finish keeps what ended the connection. It needs readMu.
func (c *Client) finish(r received) ([]byte, error) {
	c.ended = r.err
	return r.text, r.err
}

// receive reads until there is a text message.
func (c *Client) receive() received {
	for {
		kind, text, err := c.message()
		switch {
		case err != nil:
			return received{err: c.why(err)}
		case kind != websocket.TextMessage:
		case !utf8.Valid(text):
			c.sendClose(CodeUTF8, "not UTF-8")
			c.Abort()
			return received{err: ErrUTF8}
		default:
			return received{text: text}
		}
	}
}

// message reads one message. It belongs to the caller, and is as long as it must be.
func (c *Client) message() (kind int, text []byte, err error) {
	kind, r, err := c.lib.NextReader()
	if err != nil {
		return kind, nil, err
	}
	c.room.Reset()
	if _, err = c.room.ReadFrom(r); err != nil {
		return kind, nil, err
	}
	text = bytes.Clone(c.room.Bytes())
	if c.room.Cap() > maxRoom {
		c.room = bytes.Buffer{}
	}
	return kind, text, nil
}

// maxRoom is how much room for reading stays.
const maxRoom = 64 << 10

// why says in our words why the library stopped reading. The socket is closed:
// the library has answered a close frame before.
func (c *Client) why(err error) error {
	defer c.Abort()
	closed, byPeer := errors.AsType[*websocket.CloseError](err)
	var socket *net.OpError
	switch {
	case c.isDone():
		return ErrClosed
	case byPeer && closed.Code != websocket.CloseAbnormalClosure:
		return &CloseError{Code: closed.Code, Reason: closed.Text}
	case byPeer, errors.Is(err, io.EOF), errors.As(err, &socket), errors.Is(err, net.ErrClosed):
		return fmt.Errorf("%w: %w", ErrLost, err)
	case errors.Is(err, websocket.ErrReadLimit):
		return ErrTooBig
	}
	return fmt.Errorf("%w: %v", ErrProtocol, err)
}

func (c *Client) isDone() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// Write sends one text message, in frames of at most MaxFrame bytes. It blocks
// until the kernel has taken all, at most DialConfig.WriteTimeout.
func (c *Client) Write(text []byte) error {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	return c.write(text)
}

// WriteAll is Write of several messages, which leave with as few writes to the socket
// as may be.
func (c *Client) WriteAll(texts [][]byte) error {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	c.gather.begin()
	var err error
	for _, text := range texts {
		if err = c.write(text); err != nil {
			break
		}
	}
	if flushed := c.gather.end(); err == nil && flushed != nil {
		return writeError(flushed)
	}
	return err
}

// write needs writeMu.
func (c *Client) write(text []byte) error {
	if c.isDone() {
		return ErrClosed
	}
	_ = c.lib.SetWriteDeadline(time.Now().Add(c.timeout))
	w, err := c.lib.NextWriter(websocket.TextMessage)
	if err != nil {
		return writeError(err)
	}
	if _, err := w.Write(text); err != nil {
		return writeError(err)
	}
	return writeError(w.Close())
}

// Ping sends a ping; the pong goes to DialConfig.PongHandler.
func (c *Client) Ping(payload []byte) error { return c.writeControl(websocket.PingMessage, payload) }

// Pong sends a pong: the answer to a ping that PingHandler kept, or one that
// nobody asked for.
func (c *Client) Pong(payload []byte) error { return c.writeControl(websocket.PongMessage, payload) }

func (c *Client) writeControl(kind int, payload []byte) error {
	if len(payload) > maxControl {
		return ErrControl
	}
	if c.isDone() {
		return ErrClosed
	}
	return writeError(c.lib.WriteControl(kind, payload, time.Now().Add(c.timeout)))
}

// writeError says in our words why a write failed.
func writeError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, websocket.ErrCloseSent), errors.Is(err, net.ErrClosed):
		return ErrClosed
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// Close sends a close frame, waits up to a second for the server's, and closes
// the socket. What arrives meanwhile is for a Read that runs, or lost. CodeNone
// sends no code. Only the first call does something.
func (c *Client) Close(code int, reason string) error {
	if c.isDone() {
		return nil
	}
	err := c.sendClose(code, reason)
	if err == nil {
		c.awaitClose()
	}
	c.Abort()
	return err
}

func (c *Client) sendClose(code int, reason string) error {
	p := closePayload(code, reason)
	return writeError(c.lib.WriteControl(websocket.CloseMessage, p, time.Now().Add(closeTimeout)))
}

// awaitClose reads until the server closes, unless a Read does so already.
func (c *Client) awaitClose() {
	_ = c.lib.SetReadDeadline(time.Now().Add(closeTimeout))
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	for {
		if _, err := c.Read(ctx); err != nil {
			return
		}
	}
}

// Abort cuts the connection without a close frame. It does not block.
func (c *Client) Abort() {
	c.stop.Do(func() {
		close(c.done)
		conn := c.lib.NetConn()
		if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
			conn = t.NetConn() // TLS would wait to say goodbye
		}
		_ = conn.Close()
	})
}
