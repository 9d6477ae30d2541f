package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/testkit"
	"github.com/tandem-switch/tandem/signal"
)

// fakeSwitch has calls that a test ends.
type fakeSwitch struct {
	mu      sync.Mutex // guards the following
	calls   []signal.CallInfo
	drained int
}

func (f *fakeSwitch) Drain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drained++
}

func (f *fakeSwitch) Calls() []signal.CallInfo {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *fakeSwitch) set(calls ...signal.CallInfo) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = calls
}

// A switch that drains ends with its last call, or when its time is over.
func TestDrainer(t *testing.T) {
	call, chat := signal.CallInfo{Kind: signal.MediaCall}, signal.CallInfo{Kind: signal.ChatCall}
	inboxes := signal.CallInfo{Kind: signal.ChatCall, Inboxes: true}
	for name, c := range map[string]struct {
		calls []signal.CallInfo
		again time.Duration // limit of a second Drain
		want  time.Duration
	}{
		"no calls":         {nil, 0, 0},
		"a call that ends": {[]signal.CallInfo{call}, 0, 10 * time.Second},
		"inboxes only":     {[]signal.CallInfo{inboxes}, 0, 0},
		"endless":          {[]signal.CallInfo{call, chat, inboxes}, 0, time.Minute},
		"shortened":        {[]signal.CallInfo{call, chat, inboxes}, 5 * time.Second, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeSwitch{}
				f.set(c.calls...)
				d := newDrainer(slog.New(slog.DiscardHandler))
				d.of = drained{f, f}
				ctx, cancel := d.context(t.Context())
				defer cancel()
				time.Sleep(time.Hour)
				if ctx.Err() != nil {
					t.Fatal("ended before it was drained")
				}
				begin := time.Now()
				if before := d.Draining(); before.Draining || before.Until != nil {
					t.Errorf("before: %+v", before)
				}
				state := d.Drain(time.Minute)
				if !state.Draining || !state.Until.Equal(begin.Add(time.Minute)) {
					t.Errorf("state %+v", state)
				}
				if c.again > 0 {
					d.Drain(c.again)
				}
				if len(c.calls) == 1 {
					time.AfterFunc(9500*time.Millisecond, func() { f.set(inboxes) })
				}
				<-ctx.Done()
				if got := time.Since(begin); got != c.want {
					t.Errorf("ended after %v, want %v", got, c.want)
				}
				if f.drained != 2 { // as doors and as calls
					t.Errorf("drained %d times", f.drained)
				}
			})
		})
	}
}

// A stop does not wait for a drain.
func TestDrainerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSwitch{calls: []signal.CallInfo{{}}}
		d := newDrainer(slog.New(slog.DiscardHandler))
		d.of = drained{f, f}
		stopped, stop := context.WithCancel(t.Context())
		ctx, cancel := d.context(stopped)
		defer cancel()
		d.Drain(time.Hour)
		synctest.Wait()
		stop()
		<-ctx.Done()
		synctest.Wait() // nothing is left
	})
}

// pbx drain keeps a live chat alive, lets nobody else in, and ends the server
// when the chat has ended.
func TestDrainCommand(t *testing.T) {
	data := t.TempDir()
	s := start(t, data, 0)
	play(t, data, []step{{args: "domain add example.com"}})
	for i, name := range []string{"alice", "bob"} {
		play(t, data, []step{{args: "user add " + name + " --num 10" + strconv.Itoa(i+1) + " --password-stdin", stdin: "password-" + name}})
	}
	file := filepath.Join(t.TempDir(), "bob")
	if err := os.WriteFile(file, []byte("password-bob\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bob := openPhone(t, s, "bob", "bob", file)
	alice := testkit.Dial(t, s.url, "alice.1")
	alice.Login("alice", "password-alice")
	alice.Register("NO_MEDIA_CALL|IM_EXT")
	alice.Send(`{"api":"PbxSignal","mt":"Signaling","src":"alice.1","call":1,"sig":{"type":"setup","channel":0,"complete":true,"cd":{"sip":"bob"},"fty":[{"type":"im_setup"}]}}`)
	alice.Send(`{"api":"PbxSignal","mt":"Signaling","src":"alice.1","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","id":"x1","data":"before"}]}}`)
	bob.message("before")
	play(t, data, []step{
		{args: "drain --for 10s", out: "no new logins and no new calls"},
		{args: "drain --for 1h", out: "(1 now)"},
		{args: "drain --for 0s", code: exitUsage, err: "between 1s and 168h"},
	})
	if status, body := get(t, s.url+"/readyz"); status != 503 || body != "draining\n" {
		t.Errorf("/readyz: %d %q", status, body)
	}
	late := pbx(t, "", "phone", "--server", s.ws(), "--user", "bob", "--password-file", file)
	if late.code == exitOK || !strings.Contains(late.err, "503") {
		t.Errorf("a phone that came too late: %+v", late)
	}
	alice.Send(`{"api":"PbxSignal","mt":"Signaling","src":"alice.1","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","id":"x2","data":"after"}]}}`)
	bob.message("after")
	said, out := io.Pipe()
	var failure lockedBuffer
	waited := make(chan int, 1)
	go func() {
		waited <- run(t.Context(), []string{"drain", "--data", data, "--wait"}, cli.Console{In: strings.NewReader(""), Out: out, Err: &failure})
		out.Close()
	}()
	// The server ends with its last call: the command must have found it before.
	if line, err := bufio.NewReader(said).ReadString('\n'); err != nil || !strings.Contains(line, "(1 now)") {
		t.Errorf("drain --wait: %q, %v", line, err)
	}
	alice.Drop()
	if code := <-waited; code != exitOK {
		t.Errorf("drain --wait: %d %s", code, &failure)
	}
	if code := s.stop(); code != exitOK || !strings.Contains(s.log.String(), "msg=drained calls=0") {
		t.Errorf("the server ended with %d\n%s", code, s.log)
	}
	play(t, data, []step{{args: "drain", code: exitFailed, err: "no server is running"}})
}
