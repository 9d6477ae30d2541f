package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/cli"
)

// Traces are switched, followed and saved while the server runs.
func TestTraceCommands(t *testing.T) { onBoth(t, testTraceCommands) }

func testTraceCommands(t *testing.T, flags ...string) {
	data := t.TempDir()
	s, files := demo(t, data, flags...)
	saved := filepath.Join(t.TempDir(), "trace.txt")
	play(t, data, []step{
		{args: "trace list", out: "TRACE FLAGS OF UNTIL CONTENT BY REASON"},
		{args: "trace off", out: "no trace was on"},
		{args: "trace on PBX --user alice --for 5m", out: "trace 1 is on: PBX, alice@demo.example, until"},
		{args: "trace on HTTP/Servlets,App --domain demo.example", out: "trace 2 is on: HTTP/Servlets,App, domain demo.example, until"},
		{args: "trace on Database --conn c1 --call k7", out: "trace 3 is on: Database, connection c1 call k7, until"},
		{args: "trace on Nonsense", code: exitFailed, err: "Nonsense"},
		{args: "trace on WebSocket --for 2h", code: exitFailed, err: "60 minutes"},
		{args: "trace on PBX --user nobody", code: exitFailed, err: "nobody"},
		{args: "trace on PBX --domain six.example", code: exitFailed, err: "six.example"},
		{args: "trace on PBX --content", code: exitUsage, err: "--reason"},
		{args: "trace on PBX --user alice@demo.example --content --reason ticket_4711", out: "trace 4 is on: PBX, alice@demo.example, until"},
		{args: "trace list", out: "ticket 4711"},
		{args: "trace off 9", code: exitFailed, err: "no trace 9"},
		{args: "trace off Signalling", code: exitFailed, err: "no trace of Signalling"},
		{args: "trace off Nonsense", code: exitFailed, err: "Nonsense"},
		{args: "trace off 3", out: "trace 3 is off: Database"},
		{args: "trace off App", out: "trace 2 is off"},
	})
	ctx, stop := context.WithCancel(t.Context())
	followed, ended := &lockedBuffer{}, make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"trace", "tail", "--json", "--flags", "PBX", "--data", data}, cli.Console{In: strings.NewReader(""), Out: followed, Err: followed})
	}()
	pbx(t, "the text of alice\n", "phone", "--server", s.ws(), "--user", "alice", "--password-file", files["alice"], "--chat", "bob")
	for limit := time.Now().Add(20 * time.Second); !strings.Contains(followed.String(), "Logout") && time.Now().Before(limit); {
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("tail ended with %d", code)
	}
	for line := range strings.Lines(followed.String()) {
		var r struct{ Object, Frame string }
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Object != "alice" {
			t.Fatalf("%v: %s", err, line)
		}
	}
	if !strings.Contains(followed.String(), "the text of alice") {
		t.Errorf("followed\n%s", followed)
	}
	play(t, data, []step{
		{args: "trace off all", out: "trace 1 is off"},
		{args: "trace save " + saved + " --user alice --since 5m"},
		{args: "trace save " + saved, code: exitFailed, err: "exists already; name another file"},
		{args: "trace save - --since 2006-01-02 --call k99", out: ""},
		{args: "trace save - --since yesterday", code: exitUsage, err: "--since yesterday is not like"},
		{args: "trace save - --call k99", out: ""},
		{args: "trace save - --call 99", code: exitFailed, err: "call like k7"},
		{args: "trace save " + filepath.Join(data, "none", "file"), code: exitFailed, err: "no such file"},
	})
	text, err := os.ReadFile(saved)
	if err != nil || strings.Count(string(text), "\n") != strings.Count(followed.String(), "\n") || !strings.Contains(string(text), " PBX in ") {
		t.Errorf("%v, saved\n%s\nfollowed\n%s", err, text, followed)
	}
	if info, err := os.Stat(saved); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if found := secretForm.FindString(string(text)); found != "" {
		t.Errorf("%q is traced", found)
	}
}

// A server that stops ends those who follow, and is not held up by them.
func TestTraceTailEndsWithTheServer(t *testing.T) {
	data := t.TempDir()
	s := start(t, data, 0)
	ended := make(chan int, 1)
	out := &lockedBuffer{}
	go func() {
		ended <- run(t.Context(), []string{"trace", "tail", "--data", data}, cli.Console{In: strings.NewReader(""), Out: out, Err: out})
	}()
	play(t, data, []step{{args: "trace on PBX", out: "trace 1 is on"}})
	if code := s.stop(); code != exitOK {
		t.Errorf("the server ended with %d: %s", code, s.log)
	}
	if code := <-ended; code != exitOK && !strings.Contains(out.String(), "pbx: ") {
		t.Errorf("tail ended with %d: %s", code, out)
	}
	play(t, data, []step{{args: "trace list", code: exitFailed, err: "no server is running"}})
}
