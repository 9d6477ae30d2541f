package edge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// keepAlive is a KeepAlive of exactly n bytes.
func keepAlive(n int) string {
	const frame = `{"mt":"KeepAlive","x":""}`
	return frame[:len(frame)-2] + strings.Repeat("x", n-len(frame)) + `"}`
}

func TestMessageSizes(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{appsPath, clientPath} {
		c := r.dial(path)
		c.send(keepAlive(4096))
		c.want("KeepAlive")
		c.send(keepAlive(4097))
		c.wantClosed(1009)
	}
	for _, c := range []*client{r.loginUser("alice"), first(r.loginClient("bob"))} {
		c.send(keepAlive(65535)) // in fragments
		c.want("KeepAlive")
		c.send(keepAlive(65536))
		c.wantClosed(1009)
	}
	c, _ := r.loginClient("bob")
	c.send(`{"mt":"Logout"}`)
	c.until("LogoutResult")
	p := c.authenticate("user", "bob", "secret-bob")
	c.respond(p)
	c.result(p)
	c.send(keepAlive(65535))
	c.until("KeepAlive")
	c.send(`{"mt":"Logout"}`)
	c.until("LogoutResult")
	c.send(keepAlive(4097))
	c.wantClosed(1009)
}

func TestBadText(t *testing.T) {
	r := newRig(t)
	deep := strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64)
	deeper := `{"mt":"KeepAlive","a":` + deep + "}"
	for _, c := range []struct {
		name, text string
		code       int
	}{
		{"no JSON", `hello`, 1007},
		{"half JSON", `{"mt":"KeepAlive"`, 1007},
		{"two texts", `{"mt":"KeepAlive"}{}`, 1007},
		{"too deep", deeper, 1007},
		{"mt twice", `{"mt":"KeepAlive","mt":"KeepAlive"}`, 1007},
		{"mt twice, escaped", `{"mt":"KeepAlive","\u006dt":"x"}`, 1007},
		{"other name twice", `{"mt":"KeepAlive","x":1,"x":2}`, 1007},
		{"not UTF-8", "{\"mt\":\"\xff\"}", 1007},
		{"obsolete protocol", `{"messageType":"innovaphonePbxWebsocket"}`, 1008},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, path := range []string{appsPath, clientPath} {
				s := r.raw(path)
				s.t = t
				if err := s.frame(opText, []byte(c.text)); err != nil {
					t.Fatal(err)
				}
				s.wantClose(c.code)
			}
		})
	}
	in := r.loginUser("alice")
	in.send(`{"messageType":"x"}`) // after the login it is one odd frame among others
	in.quiet()
	in.send(`{"mt":`)
	in.wantClosed(1007)
}

func TestTenOddFramesArePassedOver(t *testing.T) {
	r := newRig(t)
	c := r.loginUser("alice")
	for i := range 10 {
		c.send([]string{`[1,2]`, `"text"`, `7`, `null`, `{"src":"x"}`, `{"mt":7}`, `{}`}[i%7])
	}
	c.quiet()
	c.send(`{}`)
	c.wantClosed(1007)
}

func TestBinary(t *testing.T) {
	r := newRig(t)
	s := r.raw(appsPath)
	r.must(s.frame(opBinary, []byte{1, 2, 3}))
	s.wantClose(1003)

	s = r.raw(appsPath)
	r.must(s.frame(opText, []byte(`{"mt":"AppChallenge"}`)))
	_, text, err := s.next()
	r.must(err)
	var m message
	unmarshal(t, string(text), &m)
	l := appservice.UserLogin("example.com", "alice")
	r.must(s.frame(opText, fmt.Appendf(nil, `{"mt":"AppLogin","domain":"example.com","sip":"alice","digest":%q}`,
		appservice.Digest(l, m.str("challenge"), "secret-alice"))))
	_, _, err = s.next()
	r.must(err)
	r.must(s.frame(opBinary, []byte{1, 2, 3}))
	r.must(s.frame(opText, []byte(`{"mt":"KeepAlive"}`)))
	if op, text, err := s.next(); op != opText || string(text) != `{"mt":"KeepAlive"}` {
		t.Errorf("received %d %s %v", op, text, err)
	}
}

func TestPingsAndSilence(t *testing.T) {
	r := newRig(t)
	answering := r.loginUser("alice")
	silent := r.raw(appsPath)
	r.must(silent.frame(opText, []byte(`{"mt":"KeepAlive"}`)))
	if _, _, err := silent.next(); err != nil {
		t.Fatal(err)
	}
	for _, c := range r.edge.wheel.all() {
		r.edge.wheel.spare(c) // the limit of the login is not the subject
	}
	pings := 0
	for range 20 {
		r.clock.Advance(6 * time.Second)
		r.edge.wheel.tick()
		answering.quiet() // reading answers pings
	}
	for {
		op, _, err := silent.next()
		if err != nil || op == opClose {
			break
		}
		if op == opPing {
			pings++
		}
	}
	if pings < 2 || pings > 4 {
		t.Errorf("%d pings before the end, want about 3", pings)
	}
	answering.quiet()
}

// A connection that waits for something else than a client, as for the store of
// chats, is not read: its silence is no fault.
func TestHeldConnectionIsNotSilent(t *testing.T) {
	r := newRig(t)
	goOn := sync.OnceFunc(func() { close(r.api.held) })
	t.Cleanup(goOn)
	c := r.loginUser("alice")
	c.sendf(`{"api":"PbxSignal","mt":"Block"}`)
	held := r.edge.people.of(r.alice.Address())[0]
	for end := time.Now().Add(patience); !held.timer.held.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not held")
		}
	}
	for range 40 {
		r.clock.Advance(6 * time.Second)
		r.edge.wheel.tick()
	}
	goOn()
	c.sendf(`{"api":"PbxSignal","mt":"Echo","src":"1"}`)
	c.want("EchoResult")
	if held.timer.held.Load() {
		t.Error("held although nothing waits")
	}
}

func TestNeverReadingClientDelaysNobody(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Limits = Limits{Queue: 64 << 10, Credit: 8 << 10, SlowAfter: 300 * time.Millisecond}
	})
	r.stuck("alice")
	stuck := r.edge.people.of(r.alice.Address())[0]
	flooder, other, friend := r.loginUser("bob"), r.loginUser("bob"), r.loginUser("bob")
	text := fmt.Sprintf(`{"api":"PbxSignal","mt":"Relay","to":"alice","pad":%q}`, strings.Repeat("x", 8000))
	flooded := make(chan error, 1)
	go func() { // far more than all buffers hold
		for range 4000 {
			if err := flooder.ws.Write([]byte(text)); err != nil {
				flooded <- err
				return
			}
		}
		flooded <- nil
	}()
	for i := range 200 {
		other.sendf(`{"api":"PbxSignal","mt":"Echo","src":"%d"}`, i)
		other.want("EchoResult")
		friend.sendf(`{"api":"PbxSignal","mt":"Echo","src":"%d"}`, i)
		friend.want("EchoResult")
	}
	select { // the flooder goes on once the one who does not read is closed as slow
	case err := <-flooded:
		r.must(err)
	case <-time.After(3 * patience):
		t.Fatal("the flooder is still held")
	}
	flooder.quiet()
	select {
	case <-stuck.done:
	case <-time.After(patience):
		t.Error("the client that does not read is still there")
	}
}

func TestFloodIsHeldNotLost(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Limits = Limits{Queue: 64 << 10, Credit: 4 << 10} })
	reader, flooder := r.loginUser("alice"), r.loginUser("bob")
	const n = 3000
	pad := strings.Repeat("x", 2000)
	go func() {
		for i := range n {
			if flooder.ws.Write(fmt.Appendf(nil, `{"api":"PbxSignal","mt":"Relay","to":"alice","n":%d,"pad":%q}`, i, pad)) != nil {
				return
			}
		}
	}()
	for i := range n {
		if m := reader.want("Relay"); m["n"] != float64(i) {
			t.Fatalf("received number %v, want %d", m["n"], i)
		}
	}
}

func TestSendFromOutside(t *testing.T) {
	r := newRig(t)
	c := r.loginUser("alice")
	s := r.api.session("alice")
	if _, err := s.Recv(t.Context()); !errors.Is(err, appservice.ErrNoRecv) {
		t.Errorf("Recv: %v", err)
	}
	r.must(s.Send(context.Background(), appservice.Frame{Raw: []byte(`{"mt":"One"}`)}))
	c.want("One")
	turn := signal.NewTurn(context.Background(), r.clock.Now())
	r.must(s.Send(signal.WithTurn(context.Background(), turn), appservice.Frame{Raw: []byte(`{"mt":"Two"}`)}))
	turn.End(context.Background())
	c.want("Two")
	r.must(s.Reply(appservice.Frame{API: "PbxSignal", Src: []byte(`"s"`)}, map[string]string{"mt": "Three"}))
	c.wantText(`{"api":"PbxSignal","src":"s","mt":"Three"}`)
	r.must(s.Close("enough"))
	c.wantClosed(1000)
	for {
		if err := s.Send(context.Background(), appservice.Frame{Raw: []byte(`{}`)}); err != nil {
			break
		}
	}
}

// sink collects records.
type sink struct {
	mu      sync.Mutex // guards the following
	records []trace.Record
}

func (s *sink) Trace(r trace.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, r)
}

func TestEveryFrameAndDropIsTraced(t *testing.T) {
	var s sink
	r := newRig(t, func(c *Config) { c.Tracer = trace.New(&s, trace.PBX) })
	c := r.loginUser("alice")
	c.send(`{"api":"PbxAdminApi","mt":"GetStun","src":"1","pwd":"very-secret"}`)
	c.want("Error")
	c.send(`[]`)
	c.quiet()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all bytes.Buffer
	for _, rec := range s.records {
		fmt.Fprintln(&all, rec.Conn, rec.Dir, rec.Reason, rec.Text)
	}
	for _, want := range []string{"in  ", "AppLogin", "out  ", "AppLoginResult", "in api_not_allowed", "in not_object", "c1 "} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &all)
		}
	}
	for _, secret := range []string{"very-secret"} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%q was traced:\n%s", secret, &all)
		}
	}
}

func TestNothingIsAllocatedForAMessageOnTheWay(t *testing.T) {
	for name, tracer := range map[string]*trace.Tracer{"no tracer": nil, "tracer off": traceOff()} {
		quiet := &quietAPI{}
		_, message := onTheWay(t, tracer, quiet)
		allocs := testing.AllocsPerRun(100, message)
		if quiet.n < 100 || (allocs > 0 && !raced) {
			t.Errorf("%s: %v allocations for each of %d messages", name, allocs, quiet.n)
		}
	}
}

// traceOff is the tracer of a switch on which nobody looks for anything.
func traceOff() *trace.Tracer { return trace.Open(trace.Config{Recorder: trace.NewRecorder(0)}) }

// onTheWay is what the door does for one message of a client.
func onTheWay(t testing.TB, tracer *trace.Tracer, api appservice.API) (*Edge, func()) {
	r := newRig(t, func(c *Config) { c.Tracer = tracer })
	c := &conn{edge: r.edge, done: make(chan struct{}), id: "c1"}
	c.door = &appsDoor{conn: c}
	s := &session{conn: c, principal: appservice.Principal{APIs: userAPIs}}
	c.sess.Store(s)
	c.second = true
	r.edge.apis["PbxSignal"] = api
	text := []byte(`{"api":"PbxSignal","mt":"Signaling","src":"x","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","data":"text"}]}}`)
	return r.edge, func() {
		if err := c.Message(text); err != nil {
			t.Fatal(err)
		}
		c.TurnEnd()
	}
}

// BenchmarkTraceOff is G12 at the door: a message with a tracer that is off, as a
// multiple of one without. Both take turns, in short rounds, and the best round
// of each counts, so that what else the machine does is left out.
func BenchmarkTraceOff(b *testing.B) {
	edge, message := onTheWay(b, nil, &quietAPI{})
	off := traceOff()
	const round = 100
	best := [2]time.Duration{time.Hour, time.Hour}
	b.ReportAllocs()
	for b.Loop() {
		for i, tracer := range [...]*trace.Tracer{nil, off, off, nil} {
			edge.tracer = tracer
			start := time.Now()
			for range round {
				message()
			}
			arm := &best[(i+1)/2%2]
			*arm = min(*arm, time.Since(start))
		}
	}
	b.ReportMetric(float64(best[1])/float64(best[0]), "off/nil")
}

type quietAPI struct{ n int }

func (a *quietAPI) Name() string { return "PbxSignal" }

func (a *quietAPI) Handle(ctx context.Context, s appservice.Session, f appservice.Frame) error {
	if signal.TurnFrom(ctx) == nil || f.Get("call").Kind() == 0 {
		return errBroken
	}
	a.n++
	return nil
}

func TestMetricsPage(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Metrics = metric.New("v", "b") })
	r.loginUser("alice").quiet()
	body := r.get("/metrics", 200)
	for _, want := range []string{`pbx_connections{door="apps"} 1`, `pbx_logins_total{door="apps"} 1`, "pbx_queue_bytes"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is missing in\n%s", want, body)
		}
	}
}
