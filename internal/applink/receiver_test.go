package applink_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/applink"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/trace"
)

// listener is a Receiver that notes what it is told.
type listener struct {
	up     chan appservice.Link
	frames chan string
	down   chan error
}

func newListener() *listener {
	return &listener{make(chan appservice.Link, 10), make(chan string, 100), make(chan error, 10)}
}

func (l *listener) Up(c appservice.Link)     { l.up <- c }
func (l *listener) Frame(f appservice.Frame) { l.frames <- string(f.Raw) }
func (l *listener) Down(err error)           { l.down <- err }

func say(t *testing.T, s appservice.Session, text string) {
	t.Helper()
	if err := s.Send(t.Context(), appservice.Frame{Raw: []byte(text)}); err != nil {
		t.Error(err)
	}
}

// What a service says outside of APIs goes to the Receiver of its object, from the
// answer to AppInfo to the end of the connection, and anew on the next one.
func TestReceiver(t *testing.T) {
	s := newService(t, "secret")
	to := newListener()
	g := newGround(t, func(c *applink.Config) {
		c.Receiver = func(o *directory.Object) appservice.Receiver {
			if o.SIP != "messages" {
				return nil
			}
			return to
		}
	})
	g.add("messages", s.url, "secret")
	g.add("other", s.url, "secret") // nobody listens to it
	var there appservice.Session
	for range 2 {
		if c := receive(t, s.sessions); appservice.LoginOf(c).SIP == "messages" {
			there = c
		} else {
			say(t, c, `{"mt":"Nothing"}`)
		}
	}
	conn := receive(t, to.up)
	if string(conn.APIs()) != s.info {
		t.Errorf("offers %s", conn.APIs())
	}
	say(t, there, `{"mt":"Marked","id":1}`)
	say(t, there, `{"mt":"Unread","unread":1}`)
	for _, want := range []string{`{"mt":"Marked","id":1}`, `{"mt":"Unread","unread":1}`} {
		if got := receive(t, to.frames); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	long := []byte(`{"mt":"Post","text":"` + strings.Repeat("x", 200_000) + `"}`)
	if err := conn.Send(make([]byte, appservice.MaxMessageLink+1)); err == nil {
		t.Error("a message that is too long")
	}
	for _, text := range [][]byte{[]byte(`{"mt":"Mark"}`), long} {
		g.must(conn.Send(text))
		if f, err := there.Recv(t.Context()); err != nil || string(f.Raw) != string(text) {
			t.Errorf("the service got %d bytes of %d: %v", len(f.Raw), len(text), err)
		}
	}
	g.must(there.Close(""))
	receive(t, to.down)
	if err := conn.Send([]byte(`{"mt":"Late"}`)); !errors.Is(err, appservice.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
	receive(t, conn.Drained(1))
	g.clock.Advance(receive(t, g.clock.set))
	receive(t, to.up)
}

// The frames of a link are traced with the domain and the object, so that rules for
// these see them.
func TestLinkTraces(t *testing.T) {
	recorder := trace.NewRecorder(1 << 20)
	tracer := trace.Open(trace.Config{Recorder: recorder, Sink: recorder, On: trace.WebSocket})
	s := newService(t, "secret")
	g := newGround(t, func(c *applink.Config) { c.Tracer = tracer })
	o := g.add("svc", s.url, "secret")
	g.until(o, connected)
	receive(t, s.sessions)
	recorder.Close()
	list := recorder.Records(trace.Filter{Domain: int64(o.Domain), Object: int64(o.ID)})
	if len(list) < 4 {
		t.Fatalf("%d records", len(list))
	}
	if p := list[0].Peer; p.Conn != "link:svc@example.com" || p.DomainName != "example.com" || p.ObjectName != "svc" {
		t.Errorf("peer %+v", p)
	}
}

// early is a Receiver that looks whether its link counts as connected already.
type early struct {
	*listener
	connected func() bool
	was       chan bool
}

func (e *early) Up(c appservice.Link) {
	e.was <- e.connected()
	e.listener.Up(c)
}

// Whoever sees that a link is connected can use it: the Receiver is told before.
func TestReceiverIsToldBeforeTheLinkIsConnected(t *testing.T) {
	s := newService(t, "secret")
	var g *ground
	var o directory.Object
	ready := make(chan struct{})
	to := &early{newListener(), func() bool { <-ready; return connected(g.m.State(o.Address())) }, make(chan bool, 1)}
	g = newGround(t, func(c *applink.Config) { c.Receiver = func(*directory.Object) appservice.Receiver { return to } })
	o = g.add("messages", s.url, "secret")
	close(ready)
	if receive(t, to.was) {
		t.Error("the link was connected before the receiver was told")
	}
	receive(t, to.up)
	g.until(o, connected)
	if _, apis, there := g.m.Service(o.Address()); !there || string(apis) != s.info {
		t.Errorf("offers %s, %v", apis, there)
	}
}
