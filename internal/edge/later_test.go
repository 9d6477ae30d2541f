package edge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/signal"
)

// never is a limit that no test lives to see.
const never = time.Hour

func receiptWait(d time.Duration) func(*Config) {
	return func(c *Config) { c.Limits.ReceiptWait = d }
}

// writes counts those of all sockets of a listener.
type writes struct {
	net.Listener
	n atomic.Int64
}

func (w *writes) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &counted{c, w}, nil
}

type counted struct {
	net.Conn
	by *writes
}

func (c *counted) Write(p []byte) (int, error) {
	c.by.n.Add(1)
	return c.Conn.Write(p)
}

// count has all writes of the edge counted from now on.
func (r *rig) count() *writes {
	r.http.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	r.must(err)
	w := &writes{Listener: l}
	r.http = &httptest.Server{Listener: w, Config: &http.Server{Handler: r.edge.Handler()}}
	r.http.Start()
	return w
}

// live is the session of alice.
func (r *rig) live() *session { return r.api.session("alice").(*session) }

// later queues a text that may wait, in a turn of its own.
func (r *rig) later(s *session, text string) {
	r.t.Helper()
	t := signal.NewTurn(context.Background(), r.clock.Now())
	r.must(s.SendLater(t, []byte(text)))
	t.End(context.Background())
}

func numbered(n int) string { return fmt.Sprintf(`{"mt":"Late","n":%d}`, n) }

func TestReceiptLeavesByItself(t *testing.T) {
	r := newRig(t)
	if r.edge.later.wait != 10*time.Millisecond {
		t.Errorf("receipts wait for %v", r.edge.later.wait)
	}
	c := r.loginUser("alice")
	for i := range 20 { // each starts the timer anew
		r.later(r.live(), numbered(i))
		c.wantText(numbered(i))
	}
	r.must(r.live().SendLater(nil, []byte(numbered(20))))
	c.wantText(numbered(20))
}

func TestReceiptsRideWithTheNextText(t *testing.T) {
	r := newRig(t, receiptWait(never))
	w := r.count()
	c := r.loginUser("alice")
	before := w.n.Load()
	for i := range 3 {
		r.later(r.live(), numbered(i))
	}
	r.must(r.live().Send(context.Background(), appservice.Frame{Raw: []byte(numbered(3))}))
	for i := range 4 {
		c.wantText(numbered(i))
	}
	if n := w.n.Load() - before; n != 1 {
		t.Errorf("%d writes", n)
	}
	r.later(r.live(), numbered(4)) // its flag still stands from before
	c.send(`{"mt":"KeepAlive"}`)   // in whatever is written next
	c.wantText(numbered(4))
	c.want("KeepAlive")
	if n := w.n.Load() - before; n != 2 {
		t.Errorf("%d writes", n)
	}
}

func TestReceiptsNeedNotWait(t *testing.T) {
	r := newRig(t, receiptWait(Unlimited))
	w := r.count()
	c := r.loginUser("alice")
	before := w.n.Load()
	turn := signal.NewTurn(context.Background(), r.clock.Now())
	for i := range 3 {
		r.must(r.live().SendLater(turn, []byte(numbered(i))))
	}
	if r.live().conn.ws.Queued() == 0 {
		t.Error("a receipt does not wait for the end of its turn")
	}
	turn.End(context.Background())
	for i := range 3 {
		c.wantText(numbered(i))
	}
	if n := w.n.Load() - before; n != 1 {
		t.Errorf("%d writes", n)
	}
	r.must(r.live().SendLater(nil, []byte(numbered(3)))) // without a turn: at once
	c.wantText(numbered(3))
	if r.edge.later.timer != nil {
		t.Error("there is a timer")
	}
}

func TestReceiptsDoNotWaitBehindMuch(t *testing.T) {
	r := newRig(t, receiptWait(never), func(c *Config) { c.Limits.Queue = 4096 })
	c := r.loginUser("alice")
	r.later(r.live(), keepAlive(1500))
	r.later(r.live(), keepAlive(1500)) // over half
	c.want("KeepAlive")
	c.want("KeepAlive")
}

func TestReceiptsHoldTheSender(t *testing.T) {
	r := newRig(t, receiptWait(never), func(c *Config) { c.Limits = Limits{Queue: 4096, Credit: 100} })
	r.loginUser("alice")
	s := r.live()
	turn := signal.NewTurn(s.conn.context(), r.clock.Now())
	r.must(s.SendLater(turn, []byte(keepAlive(1500))))
	r.must(s.SendLater(turn, []byte(keepAlive(1500))))
	ended, end := context.WithCancel(context.Background())
	if !s.conn.press.on.Load() || s.conn.press.used[s.conn] < 1500 {
		t.Error("nobody is held")
	}
	end()
	turn.End(ended)
}

// Whatever ends the connection, what waits leaves before.
func TestReceiptsLeaveBeforeTheEnd(t *testing.T) {
	for name, end := range map[string]func(*rig, *rawSocket){
		"shutdown":       func(r *rig, _ *rawSocket) { go r.edge.Shutdown(context.Background()) },
		"close":          func(r *rig, _ *rawSocket) { r.must(r.live().Close("enough")) },
		"peer":           func(r *rig, s *rawSocket) { r.must(s.frame(opClose, []byte{3, 232})) },
		"half of socket": func(r *rig, s *rawSocket) { r.must(s.conn.(*net.TCPConn).CloseWrite()) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, receiptWait(never))
			s := r.stuck("alice")
			r.later(r.live(), numbered(1))
			end(r, s)
			if m := s.text(); m.str("mt") != "Late" {
				t.Errorf("received %v", m)
			}
			if op, _, err := s.next(); err == nil && op != opClose {
				t.Errorf("opcode %d", op)
			}
			if name == "close" || name == "shutdown" {
				return // its answer to our close frame is owed
			}
			<-r.live().conn.done
			if err := r.live().SendLater(nil, []byte("{}")); !errors.Is(err, appservice.ErrClosed) {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

// After the stop nothing waits any more.
func TestReceiptsDoNotWaitForWhatWillNotCome(t *testing.T) {
	r := newRig(t, receiptWait(never))
	c := r.loginUser("alice")
	r.later(r.live(), numbered(1))
	r.edge.later.stop()
	c.wantText(numbered(1))
	r.later(r.live(), numbered(2))
	c.wantText(numbered(2))
	if r.live().conn.waits.Load() {
		t.Error("a flag is left")
	}
}

// Receipts from many goroutines, mixed with texts: none is lost, and those of
// one goroutine stay in order.
func TestReceiptsOfMany(t *testing.T) {
	const senders, each = 4, 500
	r := newRig(t, receiptWait(50*time.Microsecond))
	c := r.loginUser("alice")
	s := r.live()
	var all sync.WaitGroup
	for from := range senders {
		all.Go(func() {
			for i := range each {
				text := fmt.Appendf(nil, `{"mt":"Late","from":%d,"n":%d}`, from, i)
				turn := signal.NewTurn(context.Background(), time.Time{})
				var err error
				if i%7 == 3 {
					err = s.SendParts(turn, text)
				} else {
					err = s.SendLater(turn, text)
				}
				turn.End(context.Background())
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	var next [senders]float64
	for range senders * each {
		m := c.want("Late")
		from := int(m["from"].(float64))
		if m["n"] != next[from] {
			t.Fatalf("%d: received %v, want %v", from, m["n"], next[from])
		}
		next[from]++
	}
	all.Wait()
}

func TestNothingIsAllocatedForAReceipt(t *testing.T) {
	r := newRig(t, receiptWait(never))
	r.stuck("alice")
	s := r.live()
	parts := [][]byte{[]byte(`{"mt":"Late"`), []byte("}")}
	turn := signal.NewTurn(context.Background(), r.clock.Now())
	defer turn.End(context.Background())
	allocs := testing.AllocsPerRun(100, func() {
		for range 3 {
			if err := s.SendLater(turn, parts...); err != nil {
				t.Fatal(err)
			}
		}
		r.edge.later.flush()
	})
	if allocs > 0 && !raced {
		t.Errorf("%v allocations", allocs)
	}
	if n := s.conn.ws.Queued(); n != 0 {
		t.Errorf("%d bytes are left", n)
	}
}
