package ws_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tandem-switch/tandem/internal/ws"
)

// counted counts the writes to a socket.
type counted struct {
	net.Conn
	writes atomic.Int64
}

func (c *counted) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

// Messages that are given together leave together, in order, beside others.
func TestClientWriteAll(t *testing.T) {
	var socket *counted
	s := serve(t, ws.Config{}, nil)
	c := s.dial(t, ws.DialConfig{NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		socket = &counted{Conn: conn}
		return socket, err
	}})
	before := socket.writes.Load()
	list := make([][]byte, 0, 202)
	for i := range 200 {
		list = append(list, letters(i))
	}
	list = append(list, letters(60_000), letters(60_000), letters(0))
	var others sync.WaitGroup
	others.Go(func() {
		for range 20 {
			if err := c.Ping([]byte("x")); err != nil {
				t.Error(err)
			}
		}
	})
	written := make(chan error, 1)
	go func() { written <- c.WriteAll(list) }()
	for i, want := range list {
		got, err := c.Read(t.Context())
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("message %d: %d bytes of %d, %v", i, len(got), len(want), err)
		}
	}
	if err := receive(t, written, "the end of writing"); err != nil {
		t.Error(err)
	}
	others.Wait()
	if n := socket.writes.Load() - before; n > 40 {
		t.Errorf("%d writes for %d messages and 20 pings", n, len(list))
	}
	c.Abort()
	if err := c.WriteAll(list); !errors.Is(err, ws.ErrClosed) && !errors.Is(err, ws.ErrLost) {
		t.Errorf("after the end: %v", err)
	}
}
