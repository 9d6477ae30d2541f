package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/edge"
)

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// A switch with nothing in it is ready, and shows what operators ask for.
func TestOperation(t *testing.T) {
	s := start(t, t.TempDir(), 0, "--name", "test-switch")
	for path, word := range map[string]string{
		"/healthz": "ok", "/readyz": "ready", "/metrics": "pbx_build_info", "/": "<title>Tandem</title>",
	} {
		if status, body := get(t, s.url+path); status != http.StatusOK || !strings.Contains(body, word) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("the server ended with %d", code)
	}
	if _, err := http.Get(s.url + "/healthz"); err == nil {
		t.Error("somebody still listens")
	}
}

// secretForm is what a digest, a session's password and an encrypted one look like.
var secretForm = regexp.MustCompile(`[[:xdigit:]]{64}`)

// What is traced goes to the log, without the secrets and texts.
func TestTrace(t *testing.T) {
	s, files := demo(t, t.TempDir(), "--trace", "PBX,WebSocket,AppWebsocket,Signalling", "--log-level", "ERROR")
	pbx(t, "the secret text\n", "phone", "--server", s.ws(), "--user", "alice", "--password-file", files["alice"], "--chat", "bob")
	s.stop()
	log := s.log.String()
	if !strings.Contains(log, "im_message") || !strings.Contains(log, "Register") || !strings.Contains(log, "LoginResult") {
		t.Errorf("nothing is traced:\n%s", log)
	}
	if strings.Contains(log, "the secret text") {
		t.Errorf("the text is traced:\n%s", log)
	}
	for _, name := range files {
		password, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(log, strings.TrimSpace(string(password))) {
			t.Errorf("a password is traced:\n%s", log)
		}
	}
	if found := secretForm.FindString(log); found != "" {
		t.Errorf("%q is traced:\n%s", found, log)
	}
}

// stopAtOnce is an output that stops the server with the first line it gets.
type stopAtOnce struct{ context.CancelFunc }

func (s stopAtOnce) Write(p []byte) (int, error) {
	s.CancelFunc()
	return len(p), nil
}

// A switch that is stopped while it says that it is ready ends in good order.
func TestStopAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var log lockedBuffer
	code := run(ctx, []string{"serve", "--data", t.TempDir(), "--listen", "http://127.0.0.1:0"},
		cli.Console{In: strings.NewReader(""), Out: stopAtOnce{cancel}, Err: &log})
	if code != exitOK || strings.Contains(log.String(), "canceled") {
		t.Errorf("the server ended with %d\n%s", code, &log)
	}
}

// A part that ends by itself ends the switch, in good order and with an error.
func TestPartFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	data := t.TempDir()
	got := pbx(t, "", "serve", "--data", data, "--listen", "http://127.0.0.1:0", "--pprof", taken.Addr().String())
	if got.code != exitFailed || !strings.Contains(got.err, "profiler: ") || !strings.Contains(got.err, "in use") {
		t.Errorf("%+v", got)
	}
	got = pbx(t, "", "serve", "--data", data, "--listen", "http://"+taken.Addr().String())
	if got.code != exitFailed || !strings.Contains(got.err, "in use") {
		t.Errorf("%+v", got)
	}
	play(t, data, []step{{args: "domain list", out: "DOMAIN"}}) // nothing holds the directory
}

func TestNetwork(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1": "127.0.0.1/32", "::1": "::1/128", "10.0.0.0/8": "10.0.0.0/8", "2001:db8::/32": "2001:db8::/32",
		"": "", "10.0.0": "", "10.0.0.0/33": "", "fe80::1%eth0": "", "localhost": "",
	} {
		var n network
		if err := n.UnmarshalText([]byte(text)); (err == nil) != (want != "") || err == nil && n.String() != want {
			t.Errorf("%q is %v, %v, want %q", text, n, err, want)
		}
	}
}

func TestStateOfACall(t *testing.T) {
	for want, call := range map[string]admin.Call{
		"calling": {}, "answered": {Answered: true}, "kept": {Answered: true, Kept: true}, "inboxes": {Inboxes: true},
	} {
		if got := state(call); got != want {
			t.Errorf("%+v is %q, want %q", call, got, want)
		}
	}
}

// TestReachable: the link for the first operator can be opened where the server
// listens on all addresses.
func TestReachable(t *testing.T) {
	for listen, want := range map[string]string{
		"https://[::]:8443":     "https://localhost:8443",
		"https://0.0.0.0:443":   "https://localhost:443",
		"https://0.0.0.0":       "https://localhost",
		"http://127.0.0.1:8080": "http://127.0.0.1:8080",
		"http://[::1]:8080":     "http://[::1]:8080",
		"https://10.0.0.5:443":  "https://10.0.0.5:443",
	} {
		if got := edge.Reachable(listen); got != want {
			t.Errorf("%s: got %s, want %s", listen, got, want)
		}
	}
}
