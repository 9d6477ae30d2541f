package main

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/testkit"
	"github.com/tandem-switch/tandem/trace"
)

const password = "echo-secret"

// recorder keeps the frames of the bot as the manual writes them. It is safe for
// use by several goroutines.
type recorder struct {
	mu    sync.Mutex // guards the following
	lines []string
}

// Trace implements trace.Sink.
func (r *recorder) Trace(t trace.Record) {
	arrow := "<"
	if t.Dir == trace.Out {
		arrow = ">"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, arrow+" "+t.Text)
}

func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

// start runs the bot against the real switch until the test ends.
func start(t *testing.T, url, password string, r *recorder) (ended <-chan error, stop func()) {
	t.Helper()
	tracer := trace.New(r, trace.AppWebsocket)
	tracer.SetContent(true)
	b := bot{
		url:   "ws" + strings.TrimPrefix(url, "http") + "/PBX0/APPS/websocket",
		login: appservice.PasswordLogin("echobot", ""), password: password, tracer: tracer,
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	done := make(chan error, 1)
	go func() { done <- b.run(ctx) }()
	return done, cancel
}

// await takes what the bot says at its end.
func await(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("the bot does not end")
		return nil
	}
}

// registered waits until the bot has its registration: before that a chat with
// it is a chat with nobody.
func registered(t *testing.T, r *recorder) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Second)
	for {
		for _, line := range r.all() {
			if strings.Contains(line, `"RegisterResult"`) {
				return
			}
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("the bot does not register:\n%s", strings.Join(r.all(), "\n"))
		}
	}
}

func TestEcho(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the program")
	}
	target := testkit.NewLive(t).Start(t, testkit.Setup{
		People:  []testkit.Person{{Name: "alice", Number: "101", Display: "Alice", Password: "alice-secret"}},
		Objects: []testkit.Object{{Name: "echobot", Password: password, APIs: []string{"PbxSignal"}}},
	})
	var frames recorder
	ended, stop := start(t, target.URL, password, &frames)
	registered(t, &frames)

	alice := testkit.DialMyApps(t, target.URL, "a1")
	alice.Login("alice", "alice-secret")
	alice.Register("NO_MEDIA_CALL")
	alice.Send(`{"api":"PbxSignal","mt":"Signaling","src":"a1","call":1,"sig":{"type":"setup","bc":"a880","channel":0,"complete":true,"cd":{"sip":"echobot"},"fty":[{"type":"im_setup"}]}}`)
	alice.ExpectLater(`{"src":"a1","call":1,"sig":{"type":"conn"}}`)
	alice.Send(`{"api":"PbxSignal","mt":"Signaling","src":"a1","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","typing":true}]}}`)
	alice.Send(`{"api":"PbxSignal","mt":"Signaling","src":"a1","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","mime":"text/html","data":"Hello <b>robot</b>"}]}}`)
	alice.Expect(`{"src":"a1","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","sender":"echobot","mime":"text/html","data":"Hello <b>robot</b>"}]}}`)
	alice.Send(`{"api":"PbxSignal","mt":"Signaling","src":"a1","call":1,"sig":{"type":"rel","cau":{"num":16}}}`)
	alice.Send(`{"api":"PbxSignal","mt":"Signaling","src":"a1","call":2,"sig":{"type":"setup","channel":0,"complete":true,"cd":{"sip":"echobot"}}}`)
	alice.ExpectLater(`{"src":"a1","call":2,"sig":{"type":"rel","cau":{"num":88}}}`)
	stop()
	if err := await(t, ended); err != nil {
		t.Error(err)
	}
	compareWithManual(t, frames.all())

	ended, _ = start(t, target.URL, "wrong", new(recorder))
	if err := await(t, ended); !errors.Is(err, appservice.ErrLoginFailed) {
		t.Errorf("with a wrong password the bot ends with %v", err)
	}
}

// changing are the values that differ from one run to the next.
var changing = regexp.MustCompile(`"(challenge|digest|confId|callId)":"[^"]*"|"(time)":\d+`)

// settled is a frame without them, and without the escapes of the trace.
func settled(line string) string {
	line = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(line)
	return changing.ReplaceAllString(line, `"$1$2":…`)
}

// compareWithManual fails if the frames in docs/appservice.md are not those of
// the bot.
func compareWithManual(t *testing.T, frames []string) {
	t.Helper()
	want := listing(t)
	if digest := digestOf(want); !slices.ContainsFunc(want, func(line string) bool { return strings.Contains(line, digest) }) {
		t.Errorf("the digest of the manual is not %s", digest)
	}
	at := 0
	for _, line := range want {
		found := slices.IndexFunc(frames[at:], func(f string) bool { return settled(f) == settled(line) })
		if found < 0 {
			t.Fatalf("the bot has no frame\n  %s\nin this place of\n  %s", settled(line), strings.Join(frames, "\n  "))
		}
		at += found + 1
	}
}

// The Go code of the manual is taken from real programs.
func TestManualShowsRealCode(t *testing.T) {
	var code strings.Builder
	for _, name := range []string{"main.go", "../../appservice/example_test.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	blocks := strings.Split(manual(t), "```go\n")[1:]
	if len(blocks) == 0 {
		t.Error("the manual shows no code")
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		if !strings.Contains(code.String(), block) {
			t.Errorf("no program has\n%s", block)
		}
	}
}

func manual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/appservice.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// listing is the block of frames in the manual.
func listing(t *testing.T) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(manual(t)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, `> {"`) || strings.HasPrefix(line, `< {"`) {
			lines = append(lines, line)
		}
	}
	if len(lines) < 8 {
		t.Fatalf("docs/appservice.md has %d frames", len(lines))
	}
	return lines
}

// digestOf is the digest that belongs to the challenge of the manual.
func digestOf(lines []string) string {
	challenge := regexp.MustCompile(`"challenge":"([^"]*)"`).FindStringSubmatch(strings.Join(lines, "\n"))
	if challenge == nil {
		return "any, for it has no challenge"
	}
	return appservice.Digest(appservice.PasswordLogin("echobot", ""), challenge[1], password)
}
