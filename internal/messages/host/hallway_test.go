package host

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/ws"
)

func TestHallway(t *testing.T) {
	w := newHallway(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host+r.URL.Path)
	}), slog.New(slog.DiscardHandler))
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return w.dial(ctx) }}}
	answer, err := client.Get("http://hosted.invalid/example.com")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || string(body) != "hosted.invalid/example.com" {
		t.Errorf("%q, %v", body, err)
	}
	w.close()
	if _, err := w.dial(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("dialled into a closed hallway: %v", err)
	}
}

// What one side writes waits in the system: neither blocks because the other one is
// writing too.
func TestPairHasBuffers(t *testing.T) {
	a, b, err := pair()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	defer b.Close()
	text := strings.Repeat("x", 32<<10)
	for _, c := range []net.Conn{a, b} {
		if n, err := io.WriteString(c, text); n != len(text) || err != nil {
			t.Fatal(n, err)
		}
	}
	for _, c := range []net.Conn{a, b} {
		got := make([]byte, len(text))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
			t.Error(err)
		}
	}
}

// A websocket goes through it.
func TestHallwayTakesWebsockets(t *testing.T) {
	taken := make(chan error, 1)
	w := newHallway(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		conn, err := ws.Upgrade(rw, r, ws.Config{MaxMessage: 1000})
		taken <- err
		if err == nil {
			conn.Close(1000, "")
		}
	}), slog.New(slog.DiscardHandler))
	defer w.close()
	c, err := w.dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request := httptest.NewRequest(http.MethodGet, "http://hosted.invalid/", nil)
	request.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	if err := request.Write(c); err != nil {
		t.Fatal(err)
	}
	if err := <-taken; err != nil {
		t.Error(err)
	}
}

func TestURLKey(t *testing.T) {
	name := filepath.Join(t.TempDir(), "k")
	first, err := urlKey(name)
	if err != nil || len(first) != keySize {
		t.Fatal(first, err)
	}
	again, err := urlKey(name)
	if err != nil || string(again) != string(first) {
		t.Errorf("another key: %v", err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if err := os.WriteFile(name, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := urlKey(name); err == nil || !strings.Contains(err.Error(), "5 bytes") {
		t.Error(err)
	}
}

func TestSearchPath(t *testing.T) {
	for dsn, want := range map[string]string{
		"host=x dbname=y":                  `host=x dbname=y search_path="a"`,
		"postgres://u@h/d?sslmode=disable": "postgres://u@h/d?search_path=%22a%22&sslmode=disable",
		"postgres://u@h/d?search_path=b":   "postgres://u@h/d?search_path=%22a%22",
		"host=x search_path=b":             `host=x search_path=b search_path="a"`,
	} {
		if got := withSearchPath(dsn, `"a"`); got != want {
			t.Errorf("%s: %s, want %s", dsn, got, want)
		}
	}
}

func TestIsFile(t *testing.T) {
	for path, want := range map[string]bool{
		"/example.com/messages/tmp/1/x":                  true,
		"/example.com/messages/files/1/x":                true,
		"/example.com/messages":                          false,
		"/example.com/messages/innovaphone-messages-api": false,
		"/example.com/other/files/1/x":                   false,
		"/example.com/messages/attach/90":                true,
		"/example.com/messages/attach":                   false,
		"/messages/files/1":                              false,
	} {
		if isFile(path, "messages") != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}
