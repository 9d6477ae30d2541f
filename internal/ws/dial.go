package ws

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// DefaultWriteTimeout is DialConfig.WriteTimeout where it is 0.
const DefaultWriteTimeout = 10 * time.Second

// DefaultClientMessage is DialConfig.MaxMessage where it is 0: what the Messages
// service may send (appwebsocket.md decision 5).
const DefaultClientMessage = 256 << 10

// clientReadBuffer is what a client reads at a time.
const clientReadBuffer = 4 << 10

// clientBuffers holds the write buffers of all clients; each is as long as the
// longest frame.
var clientBuffers sync.Pool

// DialConfig is what a client connection may do. The zero value is usable.
type DialConfig struct {
	// Header is added to the request.
	Header http.Header
	// TLS is for wss, nil = the defaults.
	TLS *tls.Config
	// NetDial opens the socket, nil = net.Dialer. No proxy is used.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
	// MaxMessage is the longest message accepted; a longer one closes the
	// connection with 1009. 0 means DefaultClientMessage.
	MaxMessage int64
	// WriteTimeout is how long a write may wait for the peer; after that the
	// connection is unusable. 0 means DefaultWriteTimeout.
	WriteTimeout time.Duration
	// PingHandler is called for every ping in place of answering it. Its error
	// ends the connection. Call Client.Pong now or later, or never.
	PingHandler func(payload []byte) error
	// PongHandler is called for every pong. Its error ends the connection.
	PongHandler func(payload []byte) error
}

// HandshakeError says that the server did not accept the connection.
type HandshakeError struct {
	Status int // of its answer, 0 if there was none
	Err    error
}

func (e *HandshakeError) Error() string {
	if e.Status == 0 {
		return "ws: handshake: " + e.Err.Error()
	}
	return fmt.Sprintf("ws: handshake: answer %d", e.Status)
}

func (e *HandshakeError) Unwrap() error { return e.Err }

// Dial connects to a ws or wss URL. ctx bounds the handshake only. The caller must
// Close or Abort the client.
func Dial(ctx context.Context, url string, cfg DialConfig) (*Client, error) {
	gather := &gatherer{}
	d := websocket.Dialer{
		NetDialContext:   gather.dial(cfg.NetDial),
		TLSClientConfig:  cfg.TLS,
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   clientReadBuffer,
		WriteBufferSize:  MaxFrame,
		WriteBufferPool:  &clientBuffers,
	}
	lib, answer, err := d.DialContext(ctx, url, cfg.Header)
	if err != nil {
		return nil, handshakeError(answer, err)
	}
	return newClient(lib, gather, cfg), nil
}

func handshakeError(answer *http.Response, err error) error {
	e := &HandshakeError{Err: err}
	if answer != nil && errors.Is(err, websocket.ErrBadHandshake) {
		e.Status = answer.StatusCode
	}
	return e
}
