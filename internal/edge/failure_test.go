package edge

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/ws"
	"github.com/tandem-switch/tandem/trace"
)

// journal is a log, or a trace, that a test can read.
type journal struct {
	mu      sync.Mutex // guards the following
	text    bytes.Buffer
	records []trace.Record
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) Trace(r trace.Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.records = append(j.records, r)
}

// failures are the lines about logins that failed.
func (j *journal) failures() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var list []string
	for line := range strings.Lines(j.text.String()) {
		if _, attrs, ok := strings.Cut(line, `level=INFO msg="a login failed" `); ok {
			list = append(list, strings.TrimSpace(attrs))
		}
	}
	return list
}

// An operator sees who guesses, and does not see each guess.
func TestFailedLoginsAreLogged(t *testing.T) {
	log := &journal{}
	r := newRig(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(log, nil))
		c.Limits = Limits{PairFailures: 2, PairWait: time.Hour, PairWaitMax: time.Hour}
	})
	wrong := func(user string) {
		t.Helper()
		c := r.dial(clientPath)
		c.respond(c.authenticate("user", user, "hidden-guess"))
		c.wantError(2)
		c.ws.Abort()
	}
	for range 5 { // three are checked, two are refused
		wrong("alice")
	}
	want := []string{
		"door=client account=u1:alice from=127.0.0.1 reason=credentials",
		"door=client account=u1:alice from=127.0.0.1 reason=limit_pair",
	}
	if got := log.failures(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("logged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	r.clock.Advance(time.Minute)
	wrong("alice")
	wrong("bob")
	if got := log.failures(); len(got) != 4 || !strings.HasSuffix(got[2], "reason=limit_pair unlogged=1") || !strings.Contains(got[3], "account=u1:bob from=127.0.0.1 reason=credentials unlogged=2") {
		t.Errorf("a minute later\n%s", strings.Join(got, "\n"))
	}
	r.clock.Advance(time.Minute)
	c := r.dial(appsPath)
	c.appLogin(appservice.UserLogin("example.com", strings.Repeat("ä", 300)), c.challenge(), "hidden-guess")
	if got := log.failures(); len(got) != 5 || !strings.HasPrefix(got[4], "door=apps account=u1:ÄÄ") || len(got[4]) > 400 {
		t.Errorf("at the other door\n%s", strings.Join(got, "\n"))
	}
	if strings.Contains(log.text.String(), "hidden-guess") {
		t.Error("a password is logged")
	}
}

func TestFailuresAreCountedByAddress(t *testing.T) {
	f, now := newFailures(Limits{Remembered: 2}), time.Unix(1e9, 0)
	at := func(last byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, last}) }
	for i, test := range []struct {
		from    byte
		refused bool
		after   time.Duration
		want    bool
		hidden  int
	}{
		{1, false, 0, true, 0},
		{1, false, 0, false, 0},
		{1, true, 0, true, 0},
		{1, false, 59 * time.Second, false, 0},
		{1, false, time.Minute, true, 2},
		{2, false, time.Minute, true, 0},
		{3, false, time.Minute, true, 0}, // the first is forgotten
		{1, false, time.Minute, true, 0},
	} {
		if due, hidden := f.due(at(test.from), test.refused, now.Add(test.after)); due != test.want || hidden != test.hidden {
			t.Errorf("%d: %v, %d, want %v, %d", i, due, hidden, test.want, test.hidden)
		}
	}
}

// A frame that is dropped is traced once, and then why.
func TestDropsAreTracedShortly(t *testing.T) {
	log := &journal{}
	r := newRig(t, func(c *Config) { c.Tracer = trace.New(log, trace.PBX) })
	c := r.dial(appsPath)
	c.send(`{"mt":"Whatever","api":"PbxSignal","src":"1"}`)
	c.want("Error")
	var got []string
	for _, rec := range log.records {
		got = append(got, strings.TrimSpace(rec.Dir.String()+" "+rec.Text+" "+rec.Reason))
	}
	if len(got) != 3 || got[0] != `in {"mt":"Whatever","api":"PbxSignal","src":"1"}` || !strings.HasPrefix(got[1]+got[2], "in  before_loginout ") {
		t.Errorf("traced\n%s", strings.Join(got, "\n"))
	}
}

func noReuse() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

// While connections end the pages are still served, and say that it ends; nobody
// new is let in.
func TestStopIsShown(t *testing.T) {
	r := newRig(t)
	config := Config{Directory: r.dir, APIs: []appservice.API{newFakeAPI("PbxSignal")}, Listen: []string{"http://127.0.0.1:0"}}
	e, err := New(config)
	r.must(err)
	r.must(e.Listen(t.Context()))
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- e.Serve(ctx) }()
	url := e.URLs()[0]
	door := "ws" + strings.TrimPrefix(url, "http") + appsPath
	fetch(t, noReuse(), url+"/readyz", 200)
	socket, err := ws.Dial(t.Context(), door, ws.DialConfig{})
	r.must(err)
	defer socket.Abort()

	if !e.admit() { // one that will not go
		t.Fatal("not admitted")
	}
	in, err := ws.Dial(t.Context(), door, ws.DialConfig{})
	r.must(err)
	defer in.Abort()
	user := &client{t, in}
	if m := user.appLogin(appservice.UserLogin("example.com", "alice"), user.challenge(), "secret-alice"); m["ok"] != true {
		t.Fatalf("login: %v", m)
	}

	e.Drain()
	(&client{t, socket}).wantClosed(1001) // not logged in
	if body := fetch(t, noReuse(), url+"/readyz", 503); body != "draining\n" {
		t.Errorf("/readyz says %q", body)
	}
	fetch(t, noReuse(), url+"/healthz", 200)
	if _, err := ws.Dial(t.Context(), door, ws.DialConfig{}); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a new socket: %v", err)
	}
	user.quiet() // who is in goes on

	stop()
	user.wantClosed(1001)
	if body := fetch(t, noReuse(), url+"/readyz", 503); body != "shutting down\n" { // one connection is still there
		t.Errorf("/readyz says %q", body)
	}
	e.ended.Done()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// Whoever logs out of a switch that drains does not get in again.
func TestNoLoginWhileDraining(t *testing.T) {
	r := newRig(t)
	c, _ := r.loginClient("alice")
	r.edge.Drain()
	c.send(`{"mt":"Logout"}`)
	c.until("LogoutResult")
	c.send(`{"mt":"Login","type":"user","userAgent":"test"}`)
	c.wantClosed(1001)
}
