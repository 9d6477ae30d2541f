package ws_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/tandem-switch/tandem/internal/ws"
)

// An independent client against our server.
func TestServerWithAnotherClient(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ws.Config, func(*handler)) *server{"plain": serve, "TLS": serveTLS} {
		t.Run(name, func(t *testing.T) {
			s := start(t, ws.Config{MaxMessage: 1 << 20}, nil)
			c := coder(t, s)
			for _, n := range []int{0, 1, 125, 126, 16384, 16385, 65535, 65536, 300_000, 5} {
				if err := c.Write(t.Context(), websocket.MessageText, letters(n)); err != nil {
					t.Fatal(err)
				}
				kind, got, err := c.Read(t.Context())
				if err != nil || kind != websocket.MessageText || !bytes.Equal(got, letters(n)) {
					t.Fatalf("%d bytes: got %d, %v", n, len(got), err)
				}
			}
			if err := c.Close(4005, "bye"); err != nil {
				t.Fatal(err)
			}
			err := s.conn(t).wait(t)
			if e, ok := errors.AsType[*ws.CloseError](err); !ok || e.Code != 4005 || e.Reason != "bye" {
				t.Fatalf("Serve returned %v", err)
			}
		})
	}
}

// coder connects the other client, offering what it can.
func coder(t *testing.T, s *server) *websocket.Conn {
	t.Helper()
	c, answer, err := websocket.Dial(t.Context(), s.url(), &websocket.DialOptions{
		HTTPClient:      s.Client(),
		Subprotocols:    []string{"chat"},
		CompressionMode: websocket.CompressionContextTakeover,
	})
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusSwitchingProtocols || c.Subprotocol() != "" {
		t.Fatalf("got %s, subprotocol %q", answer.Status, c.Subprotocol())
	}
	c.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

func TestServerClosesAnotherClient(t *testing.T) {
	s := serve(t, ws.Config{MaxMessage: 100}, func(h *handler) {
		h.binary = func() error { h.conn.Close(ws.CodeBinary, "text only"); return errors.New("binary") }
	})
	tests := []struct {
		name string
		kind websocket.MessageType
		sent []byte
		code websocket.StatusCode
	}{
		{"too big", websocket.MessageText, letters(101), websocket.StatusMessageTooBig},
		{"binary", websocket.MessageBinary, letters(10), websocket.StatusUnsupportedData},
		{"not UTF-8", websocket.MessageText, []byte("\xff"), websocket.StatusInvalidFramePayloadData},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			c := coder(t, s)
			if err := c.Write(t.Context(), x.kind, x.sent); err != nil {
				t.Fatal(err)
			}
			_, _, err := c.Read(t.Context())
			if got := websocket.CloseStatus(err); got != x.code {
				t.Fatalf("closed with %d: %v", got, err)
			}
		})
	}
}

func TestAnotherClientPings(t *testing.T) {
	s := serve(t, ws.Config{}, nil)
	c := coder(t, s)
	ctx := c.CloseRead(t.Context())
	for range 3 {
		if err := c.Ping(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// Our client against an independent server.
func TestClientWithAnotherServer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		c.SetReadLimit(1 << 20)
		coderEcho(r.Context(), c)
	}))
	defer s.Close()
	c, err := ws.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http"), ws.DialConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 126, 65536, 200_000} {
		if err := c.Write(letters(n)); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Read(t.Context()); err != nil || !bytes.Equal(got, letters(n)) {
			t.Fatalf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
	if err := c.Write([]byte("close")); err != nil {
		t.Fatal(err)
	}
	_, err = c.Read(t.Context())
	if code, _ := ws.CloseCode(err); code != 4007 {
		t.Fatalf("got %v", err)
	}
}

// coderEcho echoes until it is told to close.
func coderEcho(ctx context.Context, c *websocket.Conn) {
	for {
		kind, m, err := c.Read(ctx)
		if err != nil {
			return
		}
		if string(m) == "close" {
			_ = c.Close(4007, "as you like")
			return
		}
		if c.Write(ctx, kind, m) != nil {
			return
		}
	}
}
