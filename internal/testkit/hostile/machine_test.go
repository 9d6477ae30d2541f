// Package hostile_test plays bad clients against the whole machine over real
// sockets: whatever they send, they get a clear answer or close code, it is
// counted by its reason, and two innocent people go on chatting meanwhile.
//
// It is no place for what one package alone can prove; such tests stand beside
// their package. Each test builds a machine of its own. A client belongs to one
// goroutine.
package hostile_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/facilities"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/edge"
	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/internal/pbxapi"
	"github.com/tandem-switch/tandem/internal/store/sqlite"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// The two tenants. The first is the default one; the other is found by its host
// name. Both have people of the same names and numbers.
const (
	home    = "example.com"
	foreign = "other.example"
)

// people of both tenants. ann and ben are the bystanders.
var people = []string{"ann", "ben", "eve", "mallory", "victim"}

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// options are what a test may change about the machine.
type options struct {
	doors   edge.Limits
	signals signal.Limits
	// smallBuffers makes the kernel take little for clients that do not read.
	smallBuffers bool
}

// machine is a switch with its doors, a directory and a clock that can be moved.
type machine struct {
	t       testing.TB
	addr    string // host:port
	handler http.Handler
	clock   *clock.Manual
	dir     *directory.Directory
	doors   *edge.Edge
	sw      *signal.Switch
	domain  map[string]directory.Domain
	tracer  *trace.Tracer // off, until a test adds a rule
	kept    *trace.Recorder
}

// start builds a machine of the parts of the program.
func start(t testing.TB, o options) *machine {
	t.Helper()
	m := &machine{t: t, clock: clock.NewManual(), domain: map[string]directory.Domain{}}
	m.fill()
	m.kept = trace.NewRecorder(0)
	m.tracer = trace.Open(trace.Config{Recorder: m.kept})
	metrics := metric.New("test", "test")
	var err error
	m.sw, err = signal.New(signal.Config{
		Directory: m.dir, Policy: facilities.New(), Clock: m.clock, Observer: metrics, Tracer: m.tracer, Limits: o.signals,
	})
	m.must(err)
	m.doors, err = edge.New(edge.Config{
		Directory: m.dir, APIs: []appservice.API{pbxapi.NewSignal(m.sw)}, Metrics: metrics, Clock: m.clock,
		Tracer: m.tracer, Version: "test", Build: "1", Limits: o.doors,
	})
	m.must(err)
	m.sw.SetWaker(m.doors)
	m.doors.Start()
	m.handler = m.doors.Handler()
	server := httptest.NewUnstartedServer(m.handler)
	if o.smallBuffers {
		server.Config.ConnState = func(c net.Conn, s http.ConnState) {
			if tcp, ok := c.(*net.TCPConn); ok && s == http.StateNew {
				_ = tcp.SetWriteBuffer(16 << 10)
			}
		}
	}
	server.Start()
	m.addr = server.Listener.Addr().String()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := m.doors.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		server.Close()
		if n := m.drops("panic"); n != 0 {
			t.Errorf("%v panics", n)
		}
	})
	return m
}

// fill makes both tenants.
func (m *machine) fill() {
	m.t.Helper()
	store, err := sqlite.Open(m.t.Context(), filepath.Join(m.t.TempDir(), "pbx.db"))
	m.must(err)
	m.t.Cleanup(func() { _ = store.Close() })
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	sealer, err := directory.NewSealer(key)
	m.must(err)
	m.dir, err = directory.Open(m.t.Context(), store, sealer, directory.Config{Clock: m.clock})
	m.must(err)
	for _, name := range []string{home, foreign} {
		dom, err := m.dir.AddDomain(m.t.Context(), name, nil)
		m.must(err)
		m.domain[name] = dom
		for i, p := range people {
			m.add(name, directory.NewObject{SIP: p, Num: strconv.Itoa(101 + i), DN: display(p, name)})
		}
	}
}

// display is the name of a person; it tells the tenants apart.
func display(person, domain string) string {
	return strings.ToUpper(person[:1]) + person[1:] + " of " + domain
}

// add makes a person whose password is passwordOf.
func (m *machine) add(domain string, o directory.NewObject) directory.Object {
	m.t.Helper()
	o.Password = passwordOf(o.SIP, domain)
	u, err := m.dir.AddUser(m.t.Context(), m.domain[domain].ID, o)
	m.must(err)
	return u
}

func passwordOf(person, domain string) string { return "secret-" + person + "-" + domain }

func (m *machine) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// page is what /metrics shows.
func (m *machine) page() string {
	page := httptest.NewRecorder()
	m.handler.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return page.Body.String()
}

// sample is the value of a metric with its labels, as /metrics shows it.
func (m *machine) sample(series string) float64 {
	for line := range strings.Lines(m.page()) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			v, _ := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			return v
		}
	}
	return 0
}

// drops is how often something was refused for a reason.
func (m *machine) drops(reason string) float64 {
	return m.sample(fmt.Sprintf("pbx_drops_total{reason=%q}", reason))
}

// counted waits until a reason has been counted n times more than before.
func (m *machine) counted(t testing.TB, reason string, before float64, n int) {
	t.Helper()
	if !eventually(func() bool { return m.drops(reason) >= before+float64(n) }) {
		t.Errorf("%q was counted %v times, want %d", reason, m.drops(reason)-before, n)
	}
}

// eventually asks again and again, until patience ends.
func eventually(good func() bool) bool {
	tick, limit := time.NewTicker(5*time.Millisecond), time.NewTimer(patience)
	defer tick.Stop()
	defer limit.Stop()
	for !good() {
		select {
		case <-tick.C:
		case <-limit.C:
			return good()
		}
	}
	return true
}

// sum is the sum of all samples whose line begins so.
func (m *machine) sum(prefix string) (sum float64) {
	for line := range strings.Lines(m.page()) {
		if strings.HasPrefix(line, prefix) {
			v, _ := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]), 64)
			sum += v
		}
	}
	return sum
}

// bucketTime refills what a limit of setups or of typing took for one.
const bucketTime = time.Second
