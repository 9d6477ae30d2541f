package pbxmessages_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/pbxmessages"
	"github.com/tandem-switch/tandem/signal"
)

// later makes a text one that comes again, with the time of then: the first result has
// the time of the first.
func later(p *signal.Post) { p.At, p.HTML = at.Add(time.Minute), []byte(`"another text"`) }

const (
	firstQueued = "1: cause 0, queued true, repeated false, mid 0 at 1790000000123"
	againQueued = "1: cause 0, queued true, repeated true, mid 0 at 1790000000123"
)

// A3: a text that lies in the outbox is answered with the first result when its id
// comes again, in whatever chat of its author, and is posted once.
func TestOutboxKey(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	h.cut()
	h.post("1")
	h.post("1", later) // while the first is not committed, or is
	h.reads(firstQueued, againQueued)
	carol := h.user("carol", h.object.ID)
	h.post("1", later, func(p *signal.Post) { p.To = party(carol) })
	h.reads(againQueued)
	h.post("1", func(p *signal.Post) { p.Author, p.To = p.To, p.Author }) // bob's own
	h.reads(firstQueued)
	if s := h.m.Totals(); s.Rows != 2 {
		t.Errorf("%+v", s)
	}
	h.back()
	src := h.posted("1", true)
	if got := receive(t, h.service.heard); !strings.Contains(got, `"author":"bob"`) {
		t.Errorf("posted %s", got)
	}
	h.post("1", later) // replayed, without result
	h.reads(againQueued)
	h.service.silent(h.rig)
	h.service.say(`{"mt":"PostResult","src":%s,"id":9,"timestamp":1790000000123}`, src)
	h.reads("late 1 alice to bob: cause 0, mid 9 at 1790000000123")
	h.post("1", later) // behind bob's; it is stored, but its row is there for the rest of the batch
	h.reads("1: cause 0, queued false, repeated true, mid 9 at 1790000000123")
}

// The key holds after a restart of the switch, and goes with its row.
func TestOutboxKeySurvives(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	h.cut()
	h.post("1")
	h.reads(firstQueued)
	h.stop()
	m, err := pbxmessages.New(t.Context(), pbxmessages.Config{Directory: h.dir, Licences: h.lics, Switch: h.board, Outbox: h.open(t), Clock: h.clock})
	h.must(err)
	h.m = m
	h.run(m)
	h.post("1", later)
	h.reads(againQueued)
	if s := m.Totals(); s.Rows != 1 {
		t.Errorf("%+v", s)
	}
	l := &wire{sent: make(chan string, 10), apis: withExt, done: make(chan struct{})}
	to := m.Receiver(&h.object)
	to.Up(l)
	receive(t, l.sent)
	to.Frame(frame(t, `{"mt":"PostResult","src":"p1","id":9,"timestamp":1790000000123}`))
	h.reads("late 1 alice to bob: cause 0, mid 9 at 1790000000123")
	h.post("1", later) // the service is asked again: it has the key now
	if got := receive(t, l.sent); !strings.Contains(got, `"id":"1"`) || strings.Contains(got, "timestamp") {
		t.Errorf("posted %s", got)
	}
	to.Frame(frame(t, `{"mt":"PostResult","src":"p2","id":9,"timestamp":1790000000123,"repeated":true}`))
	h.reads("1: cause 0, queued false, repeated true, mid 9 at 1790000000123")
	h.stop() // what was answered is removed
	if list, _, err := h.store.OutboxChats(t.Context()); len(list) != 0 || err != nil || m.Ended() != 0 {
		t.Errorf("left: %v, %v, %d results", list, err, m.Ended())
	}
}

// A full outbox refuses what is new; what lies in it is answered as before.
func TestOutboxKeyWhenFull(t *testing.T) {
	h := newHall(t, withExt, func(c *pbxmessages.Config) { c.OutboxSize = 1000 })
	h.connected()
	h.cut()
	h.post("1")
	h.post("2")
	h.post("1", later)
	h.reads(firstQueued, "2: cause 42, queued false, repeated false, mid 0 at 1790000000123", againQueued)
	if s := h.m.Totals(); s.Rows != 1 {
		t.Errorf("%+v", s)
	}
}

// A service that knows only what is published gets two posts of a text: they are one
// text, and its id is one id.
func TestOutboxKeyPublished(t *testing.T) {
	h := newHall(t, noExt)
	h.connected()
	h.cut()
	h.post("1")
	h.reads(firstQueued)
	for range 2 {
		h.post("1", later)
		h.reads(againQueued)
	}
	if s := h.m.Totals(); s.Rows != 2 {
		t.Errorf("%+v", s)
	}
	// taken for a service of ours, as long as it is not connected
	h.stop()
	b := &board{make(chan string, 10)}
	m, err := pbxmessages.New(t.Context(), pbxmessages.Config{Directory: h.dir, Licences: h.lics, Switch: b, Outbox: h.open(t), Clock: h.clock})
	h.must(err)
	h.m, h.board = m, b
	h.run(m)
	h.post("1", later)
	h.reads(againQueued)
	h.post("2")
	h.reads(strings.Replace(firstQueued, "1:", "2:", 1))
	if s := m.Totals(); s.Rows != 3 {
		t.Errorf("%+v", s)
	}
}

// What came again after the service has refused the first is refused too, whichever the
// switch learns first: nothing is acknowledged that is not kept.
func TestOutboxKeyOfRefused(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	h.cut()
	h.post("1")
	h.post("2")
	h.reads(firstQueued, strings.Replace(firstQueued, "1:", "2:", 1))
	h.back()
	first := h.posted("1", true)
	h.posted("2", true)
	h.service.say(`{"mt":"PostResult","src":%s,"error":true,"cau":57}`, first)
	h.reads("late 1 alice to bob: cause 57, mid 0 at 1790000000123")
	h.post("1", later) // behind 2, while the row of the first is still there
	h.reads(fmt.Sprintf("1: cause 57, queued false, repeated false, mid 0 at %d", at.Add(time.Minute).UnixMilli()))
}

// The same where the row is found just before the service answers, and is gone before
// the writer tells of it.
func TestOutboxKeyOfRefusedMeanwhile(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	h.cut()
	h.post("1")
	h.reads(firstQueued)
	h.back()
	first := h.posted("1", true)
	found, tell := make(chan struct{}), make(chan struct{})
	h.store.mu.Lock()
	h.store.after = func() { close(found); <-tell }
	h.store.mu.Unlock()
	h.post("1", later)
	receive(t, found)
	h.service.say(`{"mt":"PostResult","src":%s,"error":true,"cau":57}`, first)
	h.reads("late 1 alice to bob: cause 57, mid 0 at 1790000000123")
	for h.m.Replaying(h.object.Address()) {
		time.Sleep(time.Millisecond)
	}
	close(tell)
	h.reads(fmt.Sprintf("1: cause 57, queued false, repeated false, mid 0 at %d", at.Add(time.Minute).UnixMilli()))
	if n := h.m.Ended(); n != 0 {
		t.Errorf("%d results are remembered", n)
	}
}
