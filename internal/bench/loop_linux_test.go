package bench

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// serveHere starts one kind of server inside the test; T is the stub.
func serveHere(t *testing.T, k Kind) (addr string) {
	t.Helper()
	if k != Tandem {
		url, err := start(k)
		if err != nil {
			t.Fatal(err)
		}
		return hostOf(url)
	}
	return serveStub(t, newStub())
}

func serveStub(t *testing.T, s *stub) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go s.serve(l)
	return l.Addr().String()
}

// ourselves has the meters of the test process.
func ourselves(t *testing.T, k Kind) *process {
	t.Helper()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return &process{kind: k, cmd: &exec.Cmd{Process: self}}
}

// linked opens a loop of pairs.
func linked(t *testing.T, k Kind, pairs int, ext bool) *loop {
	t.Helper()
	clients, err := enterAll(k, serveHere(t, k), planPairs(k, "t", pairs, ext))
	if err != nil {
		t.Fatal(err)
	}
	if err := linkAll(k, clients, 1); err != nil {
		t.Fatal(err)
	}
	l, err := newLoop(k, clients)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	return l
}

func TestClosedLoop(t *testing.T) {
	for _, k := range kinds() {
		for _, inFlight := range []int{1, 3, batch} {
			l := linked(t, k, 3, false)
			m := run{driver: pingPong{}, seed: seedPairs(inFlight), fan: 1, window: 20 * time.Millisecond}
			s, err := l.measure(m, ourselves(t, k))
			if err != nil {
				t.Fatalf("%s, %d in flight: %v", k, inFlight, err)
			}
			if s.total < 3*inFlight || s.deliveries > s.total || s.cpu <= 0 || s.perDelivery() <= 0 {
				t.Errorf("%s, %d in flight: %+v", k, inFlight, s)
			}
		}
	}
}

func TestReceipts(t *testing.T) {
	l := linked(t, Tandem, 2, true)
	for name, m := range map[string]run{
		"both ways": {driver: pingPong{}, seed: seedPairs(1)},
		"one way":   {driver: oneWay{}, seed: seedWriters},
	} {
		m.fan, m.acks, m.window = 1, true, 20*time.Millisecond
		if _, err := l.measure(m, ourselves(t, Tandem)); err != nil || l.acks != l.sent || l.sent < 2 {
			t.Errorf("%s: %d texts, %d receipts, %v", name, l.sent, l.acks, err)
		}
	}
}

func TestPacedLoop(t *testing.T) {
	for _, k := range kinds() {
		l := linked(t, k, 4, false)
		took, err := l.paced(2000, 50*time.Millisecond, 7)
		if err != nil || len(took) != l.sent || len(took) < 50 || percentile(took, 0) <= 0 {
			t.Errorf("%s: %d latencies of %d texts, %v", k, len(took), l.sent, err)
		}
	}
}

func TestFanOut(t *testing.T) {
	p := ourselves(t, Tandem)
	p.addr = serveHere(t, Tandem)
	r := &rig{Config: Config{Window: 20 * time.Millisecond, Log: t.Logf}, values: values{}, servers: map[Kind]*process{Tandem: p}}
	cpu, allocs, err := r.fanOut(Tandem, 4, 0)
	if err != nil || cpu <= 0 || allocs <= 0 {
		t.Errorf("%v µs, %v allocations, %v", cpu, allocs, err)
	}
}

func TestTalk(t *testing.T) {
	for _, k := range kinds() {
		clients, err := enterAll(k, serveHere(t, k), planPairs(k, "t", 3, false))
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []error{linkAll(k, clients, 1), talk(k, clients, 2), unlinkAll(k, clients, 1)} {
			if step != nil {
				t.Errorf("%s: %v", k, step)
			}
		}
		closeAll(clients)
	}
}

func TestRefusals(t *testing.T) {
	s := newStub()
	s.refuse = "bob"
	addr := serveStub(t, s)
	if _, err := enter(Tandem, addr, plan{name: "bob"}); err == nil || !strings.Contains(err.Error(), "not allowed") {
		t.Errorf("a refused registration: %v", err)
	}
	c, err := enter(Tandem, addr, plan{name: "alice", peer: "nobody"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	if err := (tandemDialect{}).link(c, nil); !errors.Is(err, errUnexpected) {
		t.Errorf("a call to nobody: %v", err)
	}
	if _, err := dialConn(addr, "/elsewhere"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a door that is not there: %v", err)
	}
}

// A lost connection ends the run with an error instead of a wait.
func TestServerHangsUp(t *testing.T) {
	l := linked(t, Relay, 1, false)
	l.write(l.sockets[0], appendClientFrame(nil, opClose, []byte{3, 232}))
	l.begin(pingPong{})
	l.until(patience, never)
	if l.err == nil {
		t.Error("no error")
	}
}

func TestNumbersDiffer(t *testing.T) {
	s := &socket{}
	s.prepare([]byte(`{"id":"` + idMark + `"}`))
	seen := map[string]bool{}
	for range 3 {
		s.number(batch)
		for b := s.frames; len(b) > 0; {
			f, size, err := nextFrame(b)
			if err != nil || size == 0 {
				t.Fatal(err)
			}
			text := append([]byte{}, f.payload...)
			mask(text, f.key)
			if len(text) != len(idMark)+9 || !strings.HasPrefix(string(text), `{"id":"00000000`) || !strings.HasSuffix(string(text), `"}`) {
				t.Fatalf("text %q", text)
			}
			seen[string(text)] = true
			b = b[size:]
		}
	}
	if len(seen) != 3*batch {
		t.Errorf("%d different identities, want %d", len(seen), 3*batch)
	}
}
