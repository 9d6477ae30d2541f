package pbxmessages_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/outbox"
	"github.com/tandem-switch/tandem/internal/pbxmessages"
	"github.com/tandem-switch/tandem/internal/store/sqlite"
	"github.com/tandem-switch/tandem/signal"
)

// board is the switch as the archive calls it: it notes everything in one list, in its
// order.
type board struct{ notes chan string }

func (b *board) note(format string, args ...any) { b.notes <- fmt.Sprintf(format, args...) }

func (b *board) Turn(f func(t *signal.Turn)) { signal.RunTurn(context.Background(), f) }
func (b *board) Stored(_ *signal.Turn, s signal.Stored) {
	b.note("late %s %s to %s: cause %d, mid %d at %d", s.ID, s.Author.SIP, s.To.SIP, s.Cause, s.MID, s.At.UnixMilli())
}
func (b *board) Marked(_ *signal.Turn, k signal.Mark) {
	b.note("marked %s %s %s %d/%s by %d", k.Reader.SIP, k.State, k.Peer.SIP, k.MID, k.ID, k.Author.Object)
}
func (b *board) Deliver(_ *signal.Turn, d signal.Delivery) {
	b.note("deliver %s to %s %d: %s %s %s %s %s %s", d.Author.SIP, d.To.SIP, d.MID, d.HTML, d.Mime, d.Data, d.Alt, d.Attach, d.Ext)
}
func (b *board) GroupChanged(_ *signal.Turn, g signal.Group) {
	b.note("group %s %q %d", g.SIP, g.Name, len(g.Members))
}

// flaky is an outbox.Store that fails when told to.
type flaky struct {
	outbox.Store
	mu  sync.Mutex // guards the following
	err error
	// after is called when rows were added, before that is told; nil: nothing
	after func()
}

func (f *flaky) AddOutbox(ctx context.Context, rows []outbox.Row) ([]outbox.Repeat, error) {
	f.mu.Lock()
	err, after := f.err, f.after
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	repeated, err := f.Store.AddOutbox(ctx, rows)
	if after != nil {
		after()
	}
	return repeated, err
}

// hall is a rig with an outbox, a board, and two people.
type hall struct {
	*rig
	*board
	path       string
	store      *flaky
	alice, bob directory.Object
	stop       func()
}

func newHall(t testing.TB, offer string, change ...func(*pbxmessages.Config)) *hall {
	t.Helper()
	h := &hall{board: &board{make(chan string, 10_000)}, path: filepath.Join(t.TempDir(), "pbx.db")}
	h.store = &flaky{Store: h.open(t)}
	h.rig = newRig(t, offer, append(change, func(c *pbxmessages.Config) { c.Switch, c.Outbox = h.board, h.store })...)
	h.run(h.m)
	h.alice, h.bob = h.user("alice", h.object.ID), h.user("bob", h.object.ID)
	return h
}

func (h *hall) open(t testing.TB) outbox.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), h.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// run keeps the outbox until stop.
func (h *hall) run(m *pbxmessages.Messages) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { m.Run(ctx); close(ended) }()
	var once sync.Once
	h.stop = func() { once.Do(func() { stop(); receive(h.t, ended) }) }
	h.t.Cleanup(h.stop)
}

func party(o directory.Object) signal.Party {
	return signal.Party{Address: o.Address(), SIP: o.SIP, Name: o.DisplayName()}
}

// at is a time of the switch.
var at = time.UnixMilli(1_790_000_000_123)

// post posts a text; its result goes to the board.
func (h *hall) post(id string, change ...func(*signal.Post)) {
	p := &signal.Post{Author: party(h.alice), To: party(h.bob), OfAuthor: true, OfReceiver: true, ID: id, At: at, HTML: []byte(`"text ` + id + `"`)}
	for _, f := range change {
		f(p)
	}
	h.m.Post(p, func(t *signal.Turn, r signal.PostResult) {
		if t == nil {
			h.note("no turn")
		}
		h.note("%s: cause %d, queued %v, repeated %v, mid %d at %d", p.ID, r.Cause, r.Queued, r.Repeated, r.MID, r.At.UnixMilli())
	})
}

func (h *hall) reads(want ...string) {
	h.t.Helper()
	for _, w := range want {
		if got := receive(h.t, h.notes); got != w {
			h.t.Fatalf("the switch was told\n%s, want\n%s", got, w)
		}
	}
}

// posted is the Post of a text from alice to bob as the service hears it, and its
// token.
func (h *hall) posted(id string, replay bool) string {
	h.t.Helper()
	stamp := ""
	if replay {
		stamp = `"timestamp":1790000000123,`
	}
	return h.service.hears(`{"mt":"Post","src":"$",` + stamp + `"type":1,"author":"alice","id":"` + id + `","people":[{"sip":"alice","guid":"` + h.alice.GUID +
		`","dn":"ALICE"},{"sip":"bob","guid":"` + h.bob.GUID + `","dn":"BOB"}],"topics":["alice","bob"],"notify":["bob"],"text":"text ` + id + `"}`)[0]
}

// A text is posted once for both sides, and its result comes in the order of the texts.
func TestPost(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	if !h.m.Stores(h.alice.Address()) || h.m.Generation() == 0 {
		t.Error("alice has no store")
	}
	h.post("1")
	h.post("2")
	h.post("3", func(p *signal.Post) {
		p.To, p.Mime, p.Data, p.Alt, p.Attach, p.Ext, p.HTML = p.Author, []byte(`"a/b"`), []byte(`"d"`), []byte(`"alt"`), []byte(`"https%3A"`), []byte(`{"x":1}`), nil
	})
	h.post("4", func(p *signal.Post) { p.OfAuthor = false })
	first, second := h.posted("1", false), h.posted("2", false)
	third := h.service.hears(`{"mt":"Post","src":"$","type":1,"author":"alice","id":"3","people":[{"sip":"alice","guid":"` + h.alice.GUID +
		`","dn":"ALICE"}],"topics":["alice"],"notify":["alice"],"mime":"a/b","data":"d","alt":"alt","attach":"https%3A","ext":{"x":1}}`)[0]
	fourth := h.service.hears(`{"mt":"Post","src":"$","type":1,"author":"alice","id":"4","people":[{"sip":"alice","guid":"` + h.alice.GUID +
		`","dn":"ALICE"},{"sip":"bob","guid":"` + h.bob.GUID + `","dn":"BOB"}],"topics":["bob"],"notify":["bob"],"text":"text 4"}`)[0]
	h.service.say(`{"mt":"PostResult","src":%s,"error":true,"cau":57}`, fourth)
	h.service.say(`{"mt":"PostResult","src":%s,"id":8,"addsTo":8,"timestamp":1790000000200}`, third) // another conversation
	h.reads("3: cause 0, queued false, repeated false, mid 8 at 1790000000200")
	h.service.say(`{"mt":"PostResult","src":%s,"id":"10","timestamp":"1790000000300","repeated":true}`, second)
	h.service.say(`{"mt":"PostResult","src":%s,"id":9,"timestamp":1790000000250}`, first)
	h.reads(
		"1: cause 0, queued false, repeated false, mid 9 at 1790000000250",
		"2: cause 0, queued false, repeated true, mid 10 at 1790000000300",
		"4: cause 57, queued false, repeated false, mid 0 at 1790000000123",
	)
	h.post("5")
	h.service.say(`{"mt":"Error","src":%s,"error":1}`, h.posted("5", false))
	h.reads("5: cause 47, queued false, repeated false, mid 0 at 1790000000123")
	h.service.say(`{"mt":"PostResult","src":%s,"id":9}`, first) // again
	h.service.say(`{"mt":"PostResult","src":"p99","id":9}`)
	h.post("6", func(p *signal.Post) { p.HTML = []byte(`"` + strings.Repeat("x", 300_000) + `"`) })
	h.reads("6: cause 111, queued false, repeated false, mid 0 at 1790000000123")
	if n := h.m.Conversations(); n != 0 {
		t.Errorf("%d conversations are left", n)
	}
	if n := h.m.Tickets(h.object.Address()); n != 0 {
		t.Errorf("%d tickets", n)
	}
}

// A service without our extension gets a post for each side, and both must answer.
func TestPostPublished(t *testing.T) {
	h := newHall(t, noExt)
	h.connected()
	h.post("1", func(p *signal.Post) { p.Attach = []byte(`"https%3A"`) })
	first := h.service.hears(`{"mt":"Post","src":"$","type":1,"author":"alice","topic":"alice","notify":["bob"],"text":"text 1","attach":"https%3A"}`)[0]
	second := h.service.hears(`{"mt":"Post","src":"$","type":1,"author":"alice","topic":"bob","notify":["bob"],"text":"text 1","attach":"https%3A"}`)[0]
	h.service.say(`{"mt":"PostResult","src":%s,"id":90,"addsTo":90}`, first)
	h.service.say(`{"mt":"PostResult","src":%s,"id":91}`, second)
	h.reads("1: cause 0, queued false, repeated false, mid 0 at 1790000000123")
	h.post("2", func(p *signal.Post) { p.OfReceiver = false })
	first = h.service.hears(`{"mt":"Post","src":"$","type":1,"author":"alice","topic":"alice","notify":["bob"],"text":"text 2"}`)[0]
	h.service.say(`{"mt":"PostResult","src":%s,"error":true}`, first)
	h.reads("2: cause 47, queued false, repeated false, mid 0 at 1790000000123")
	// marks are not its business: the switch goes by the ids that it remembers
	h.m.Mark(signal.Mark{Reader: party(h.bob), Peer: party(h.alice), State: signal.StateRead, ID: "1", Author: h.alice.Address()})
	h.reads(fmt.Sprintf("marked bob read alice 0/1 by %d", h.alice.ID))
	h.service.silent(h.rig)
}

// Such a service is asked for the badge after what may have changed it.
func TestPolls(t *testing.T) {
	badges := make(chan string, 10)
	h := newHall(t, noExt, func(c *pbxmessages.Config) {
		c.Badge = func(_ *signal.Turn, a signal.Address, n int64) { badges <- fmt.Sprintf("%d has %d", a.Object, n) }
	})
	h.connected()
	ask := func() string {
		t.Helper()
		return h.service.hears(`{"mt":"ReadChats","src":"$","user":"bob","topic":"bob","unread":true}`)[0]
	}
	h.post("1", func(p *signal.Post) { p.OfAuthor = false })
	src := h.service.hears(`{"mt":"Post","src":"$","type":1,"author":"alice","topic":"bob","notify":["bob"],"text":"text 1"}`)[0]
	h.service.say(`{"mt":"PostResult","src":%s,"id":1}`, src)
	src = ask()
	h.m.AskUnread(h.bob.Address()) // while it is asked
	h.service.say(`{"mt":"ReadChatsInd","src":%s,"sip":"alice","unread":2}`, src)
	h.service.say(`{"mt":"ReadChatsInd","src":%s,"sip":"carol","unread":"3"}`, src)
	h.service.say(`{"mt":"ReadChatsResult","src":%s}`, src)
	if got := receive(t, badges); got != fmt.Sprintf("%d has 5", h.bob.ID) {
		t.Error(got)
	}
	h.service.silent(h.rig)
	h.clock.Advance(time.Second)
	src = ask()
	h.service.say(`{"mt":"ReadChatsResult","src":%s,"error":5}`, src)
	bob := h.opened(h.bob)
	bob.say(`{"api":"PbxMessages","mt":"ReadChat","src":"r","topic":"bob","sip":"alice","noind":true}`)
	src = h.service.hears(`{"mt":"ReadChat","src":"$","user":"bob","session":1001,"topic":"bob","sip":"alice","noind":true}`)[0]
	h.service.say(`{"mt":"ReadChatResult","src":%s}`, src)
	bob.gets(`{"api":"PbxMessages","mt":"ReadChatResult","src":"r"}`)
	h.service.say(`{"mt":"ReadChatsResult","src":%s}`, ask())
	if got := receive(t, badges); got != fmt.Sprintf("%d has 0", h.bob.ID) {
		t.Error(got)
	}
}

// Two sides may have different services.
func TestPostToTwoServices(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	other := newFake(t, withExt)
	o := h.messages("other", other.url)
	carol := h.user("carol", o.ID)
	other.conn = receive(t, other.conns)
	h.until(o)
	h.post("1", func(p *signal.Post) { p.To = party(carol) })
	people := `"people":[{"sip":"alice","guid":"` + h.alice.GUID + `","dn":"ALICE"},{"sip":"carol","guid":"` + carol.GUID + `","dn":"CAROL"}]`
	first := h.service.hears(`{"mt":"Post","src":"$","type":1,"author":"alice","id":"1",` + people + `,"topics":["alice"],"notify":["carol"],"text":"text 1"}`)[0]
	second := other.hears(`{"mt":"Post","src":"$","type":1,"author":"alice","id":"1",` + people + `,"topics":["carol"],"notify":["carol"],"text":"text 1"}`)[0]
	h.service.say(`{"mt":"PostResult","src":%s,"id":9}`, first)
	other.say(`{"mt":"PostResult","src":%s,"id":9}`, second)
	h.reads("1: cause 0, queued false, repeated false, mid 0 at 1790000000123")
	// one of them is away: what goes there waits, the text is passed on
	h.must(other.conn.Close(""))
	h.away(o)
	h.post("2", func(p *signal.Post) { p.To = party(carol) })
	first = h.service.hears(`{"mt":"Post","src":"$","type":1,"author":"alice","id":"2",` + people + `,"topics":["alice"],"notify":["carol"],"text":"text 2"}`)[0]
	h.service.say(`{"mt":"PostResult","src":%s,"id":10}`, first)
	h.reads("2: cause 0, queued true, repeated false, mid 0 at 1790000000123")
}

// until waits until Messages knows of the link.
func (h *hall) until(o directory.Object) { h.wait(o, true) }
func (h *hall) away(o directory.Object)  { h.wait(o, false) }

func (h *hall) wait(o directory.Object, up bool) {
	h.t.Helper()
	deadline := time.Now().Add(limit)
	for h.m.Connected(o.Address()) != up {
		if time.Now().After(deadline) {
			h.t.Fatal("the link does not change")
		}
		time.Sleep(time.Millisecond)
	}
}

// cut loses the link and waits until that is known.
func (h *hall) cut() {
	h.t.Helper()
	h.must(h.service.conn.Close(""))
	h.away(h.object)
}

// back advances the clock until the link is there again.
func (h *hall) back() {
	h.t.Helper()
	for done := false; !done; {
		h.clock.Advance(time.Second)
		select {
		case h.service.conn = <-h.service.conns:
			done = true
		case <-time.After(5 * time.Millisecond):
		}
	}
	h.until(h.object)
}

// A4: while the link is down texts go into the outbox, and then to the service, in
// order and with their times; new ones of the conversation go behind them.
func TestOutbox(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	h.post("1")
	h.posted("1", false)
	h.cut() // 1 has no result
	h.reads("1: cause 0, queued true, repeated false, mid 0 at 1790000000123")
	h.post("2")
	h.reads("2: cause 0, queued true, repeated false, mid 0 at 1790000000123")
	if s := h.m.Totals(); s.Rows != 2 || s.Bytes < 1024 {
		t.Errorf("%+v", s)
	}
	h.back()
	first, second := h.posted("1", true), h.posted("2", true)
	h.post("3") // behind them
	h.reads("3: cause 0, queued true, repeated false, mid 0 at 1790000000123")
	h.service.silent(h.rig)
	carol := h.user("carol", h.object.ID)
	h.post("4", func(p *signal.Post) { p.To, p.HTML = party(carol), nil }) // another conversation goes straight
	fourth := strings.Split(receive(t, h.service.heard), `"`)[7]
	h.service.say(`{"mt":"PostResult","src":"%s","id":20,"timestamp":1790000000400}`, fourth)
	h.reads("4: cause 0, queued false, repeated false, mid 20 at 1790000000400")
	h.service.say(`{"mt":"PostResult","src":%s,"id":11,"timestamp":1790000000123,"repeated":true}`, first)
	h.service.say(`{"mt":"PostResult","src":%s,"error":true,"cau":100}`, second)
	h.reads(
		"late 1 alice to bob: cause 0, mid 11 at 1790000000123",
		"late 2 alice to bob: cause 100, mid 0 at 1790000000123",
	)
	h.service.say(`{"mt":"PostResult","src":%s,"id":13,"timestamp":1790000000124}`, h.posted("3", true))
	h.reads("late 3 alice to bob: cause 0, mid 13 at 1790000000124")
	h.post("5")
	h.service.say(`{"mt":"PostResult","src":%s,"id":14,"timestamp":1790000000500}`, h.posted("5", false))
	h.reads("5: cause 0, queued false, repeated false, mid 14 at 1790000000500")
	if s := h.m.Totals(); s.Rows != 0 || s.Bytes != 0 {
		t.Errorf("%+v", s)
	}
	if n := h.m.Conversations(); n != 0 {
		t.Errorf("%d conversations are left", n)
	}
	if h.counts.of("replayed stored") != 2 || h.counts.of("replayed refused") != 1 {
		t.Errorf("%v", h.counts.drops)
	}
}

// A service that does not answer for 5 s gets nothing more until it does.
func TestOutboxWhenStalled(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	h.post("1")
	first := h.posted("1", false)
	h.clock.Advance(4 * time.Second)
	h.post("2")
	h.posted("2", false)
	h.clock.Advance(time.Second)
	h.reads("1: cause 0, queued true, repeated false, mid 0 at 1790000000123", "2: cause 0, queued true, repeated false, mid 0 at 1790000000123")
	h.service.say(`{"mt":"PostResult","src":%s,"id":9}`, first) // too late: the replay finds it
	replayed := []string{h.posted("1", true), h.posted("2", true)}
	h.post("3", func(p *signal.Post) { p.To = p.Author })
	h.reads("3: cause 0, queued true, repeated false, mid 0 at 1790000000123")
	for i, src := range replayed {
		h.service.say(`{"mt":"PostResult","src":%s,"id":%d,"timestamp":1790000000123,"repeated":true}`, src, 9+i)
	}
	h.reads("late 1 alice to bob: cause 0, mid 9 at 1790000000123", "late 2 alice to bob: cause 0, mid 10 at 1790000000123")
	receive(t, h.service.heard) // 3
	if n := h.counts.of("service_foreign_src"); n != 1 {
		t.Errorf("%d late results", n)
	}
}

// A refusal for the moment is tried again; one that never comes has the link made anew.
func TestReplayAgain(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	h.cut()
	h.post("1")
	h.reads("1: cause 0, queued true, repeated false, mid 0 at 1790000000123")
	h.back()
	h.service.say(`{"mt":"PostResult","src":%s,"error":true,"cau":41}`, h.posted("1", true))
	var src string
	for src == "" {
		h.clock.Advance(time.Second)
		select {
		case got := <-h.service.heard:
			src = strings.Split(got, `"`)[7]
		case <-time.After(50 * time.Millisecond):
		}
	}
	h.back() // a minute later; the clock may have run on until that link was given up too
	h.service.say(`{"mt":"PostResult","src":%s,"id":9,"timestamp":1790000000123}`, h.posted("1", true))
	for {
		select {
		case got := <-h.service.heard:
			h.service.say(`{"mt":"PostResult","src":"%s","id":9,"timestamp":1790000000123}`, strings.Split(got, `"`)[7])
			continue
		case got := <-h.notes:
			if want := "late 1 alice to bob: cause 0, mid 9 at 1790000000123"; got != want {
				t.Errorf("the switch was told\n%s, want\n%s", got, want)
			}
		case <-time.After(limit):
			t.Error("nothing happens")
		}
		return
	}
}

// What lies in the outbox is there after the switch was killed, and is posted then.
func TestOutboxSurvives(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	h.cut()
	h.post("1")
	h.reads("1: cause 0, queued true, repeated false, mid 0 at 1790000000123")
	// another process begins on the same file, while this one does nothing more
	again := &board{make(chan string, 10)}
	m, err := pbxmessages.New(t.Context(), pbxmessages.Config{Directory: h.dir, Licences: h.lics, Switch: again, Outbox: h.open(t), Clock: h.clock})
	h.must(err)
	if s := m.Totals(); s.Rows != 1 || s.Bytes < 512 {
		t.Errorf("%+v", s)
	}
	h.run(m)
	l := &wire{sent: make(chan string, 10), apis: withExt, done: make(chan struct{})}
	to := m.Receiver(&h.object)
	to.Up(l)
	got := receive(t, l.sent)
	if !strings.HasPrefix(got, `{"mt":"Post","src":"p1","timestamp":1790000000123,"type":1,"author":"alice","id":"1",`) {
		t.Errorf("replayed %s", got)
	}
	to.Frame(frame(t, `{"mt":"PostResult","src":"p1","id":9,"timestamp":1790000000123}`))
	if got := receive(t, again.notes); got != "late 1 alice to bob: cause 0, mid 9 at 1790000000123" {
		t.Error(got)
	}
}

// A row of the time before is converted for a service that knows only what is
// published.
func TestReplayPublished(t *testing.T) {
	h := newHall(t, noExt)
	b := &board{make(chan string, 10)}
	m, err := pbxmessages.New(t.Context(), pbxmessages.Config{Directory: h.dir, Licences: h.lics, Switch: b, Outbox: h.store, Clock: h.clock})
	h.must(err)
	h.run(m)
	m.Post(&signal.Post{Author: party(h.alice), To: party(h.bob), OfAuthor: true, OfReceiver: true, ID: "1", At: at, HTML: []byte(`"t"`), Attach: []byte(`"u"`)},
		func(_ *signal.Turn, r signal.PostResult) { b.note("queued %v", r.Queued) })
	if got := receive(t, b.notes); got != "queued true" {
		t.Fatal(got)
	}
	l := &wire{sent: make(chan string, 10), apis: noExt, done: make(chan struct{})}
	to := m.Receiver(&h.object)
	to.Up(l)
	for i, topic := range []string{"alice", "bob"} {
		want := fmt.Sprintf(`{"mt":"Post","src":"p%d","type":1,"author":"alice","notify":["bob"],"text":"t","attach":"u","topic":%q}`, i+1, topic)
		if got := receive(t, l.sent); got != want {
			t.Errorf("replayed %s, want %s", got, want)
		}
	}
	to.Frame(frame(t, `{"mt":"PostResult","src":"p1","id":1}`))
	to.Frame(frame(t, `{"mt":"PostResult","src":"p2","error":true}`))
	if got := receive(t, b.notes); got != "late 1 alice to bob: cause 47, mid 0 at 1790000000123" {
		t.Error(got)
	}
}

// A full outbox refuses with 42, a store that fails with 41.
func TestOutboxFull(t *testing.T) {
	h := newHall(t, withExt, func(c *pbxmessages.Config) { c.OutboxSize = 2000 })
	h.connected()
	h.cut()
	for i := range 3 {
		h.post(fmt.Sprint(i))
	}
	h.reads("0: cause 0, queued true, repeated false, mid 0 at 1790000000123", "1: cause 0, queued true, repeated false, mid 0 at 1790000000123",
		"2: cause 42, queued false, repeated false, mid 0 at 1790000000123")
	carol := h.user("carol", h.messages("other", h.service.url).ID)
	h.store.mu.Lock()
	h.store.err = context.DeadlineExceeded
	h.store.mu.Unlock()
	h.post("4", func(p *signal.Post) { p.Author = party(carol); p.OfReceiver = false })
	h.reads("4: cause 41, queued false, repeated false, mid 0 at 1790000000123")
	if s := h.m.Totals(); s.Rows != 2 {
		t.Errorf("%+v", s)
	}
}

// With the Messages object its outbox goes.
func TestOutboxGoesWithTheObject(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	h.cut()
	h.post("1")
	h.reads("1: cause 0, queued true, repeated false, mid 0 at 1790000000123")
	for _, o := range []directory.Object{h.alice, h.bob} {
		_, err := h.dir.SetUser(t.Context(), o.Address(), directory.ObjectEdit{Properties: func(p *directory.Properties) { p.Messages = 0 }})
		h.must(err)
	}
	h.must(h.dir.RemoveObject(t.Context(), h.object.Address(), 0))
	for h.m.Totals().Rows > 0 || h.m.Conversations() > 0 {
		h.clock.Advance(time.Second)
		time.Sleep(time.Millisecond)
	}
	if list, _, err := h.store.OutboxChats(t.Context()); len(list) > 0 || err != nil {
		t.Errorf("%+v, %v", list, err)
	}
	h.post("2")
	h.reads("2: cause 47, queued false, repeated false, mid 0 at 1790000000123")
}

// Marks go to the service, and what it says of them to the switch.
func TestMarks(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	read := signal.Mark{Reader: party(h.bob), Peer: party(h.alice), State: signal.StateRead, MID: 9, ID: "1", Author: h.alice.Address()}
	h.m.Mark(read)
	h.service.hears(`{"mt":"Mark","user":"bob","guid":"` + h.bob.GUID + `","sip":"alice","id":9,"state":"read"}`)
	byID := read
	byID.MID, byID.State = 0, signal.StateDelivered
	h.m.Mark(byID)
	h.service.hears(`{"mt":"Mark","user":"bob","guid":"` + h.bob.GUID + `","sip":"alice","cid":"1","author":"alice","state":"delivered"}`)
	h.service.say(`{"mt":"Marked","user":"somebody","guid":"%s","sip":"ALICE","id":9,"cid":"1","author":"alice","state":"read","timestamp":1790000000123}`, h.bob.GUID)
	h.reads(fmt.Sprintf("marked bob read alice 9/1 by %d", h.alice.ID))
	for _, bad := range []string{
		`{"mt":"Marked","user":"nobody","sip":"alice","id":9,"state":"read"}`, `{"mt":"Marked","user":"bob","sip":"nobody","id":9,"state":"read"}`,
		`{"mt":"Marked","user":"bob","sip":"alice","state":"read"}`, `{"mt":"Marked","user":"bob","sip":"alice","id":9,"state":"sent"}`, `{"mt":"Marked","user":"bob","grp":"x?g1","id":9,"state":"read"}`,
		`{"mt":"Unread","user":"bob"}`, `{"mt":"Deliver","author":"bob","sip":"alice","text":1}`, `{"mt":"Deliver","author":"bob","sip":"alice","id":1,"ext":1}`, `{"mt":"MemberChanged","grp":"messages?g0"}`,
	} {
		h.service.say("%s", bad)
	}
	h.service.say(`{"mt":"Marked","user":"bob","sip":"alice","id":10,"state":"delivered"}`)
	h.reads("marked bob delivered alice 10/ by 0")
	if n := h.counts.of("service_bad_frame"); n != 9 {
		t.Errorf("%d bad frames", n)
	}
	// with the link down the switch is told at once, and the service when it is back:
	// of several marks the newest
	h.cut()
	for mid := range int64(3) {
		k := read
		k.MID = 20 + mid
		h.m.Mark(k)
		h.reads(fmt.Sprintf("marked bob read alice %d/1 by %d", 20+mid, h.alice.ID))
	}
	h.back()
	h.service.hears(`{"mt":"Mark","user":"bob","guid":"` + h.bob.GUID + `","sip":"alice","id":22,"state":"read"}`)
}

// A message that the service has stored by itself is passed on, as HTML that may be
// shown.
func TestDeliver(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	h.service.say(`{"mt":"Deliver","author":"alice","sip":"bob","id":7,"cid":"c","timestamp":1790000000123,"text":"<b onclick=\"x\">hi</b><script>y</script>","mime":"text/plain","data":"hi","alt":"<i>a</i>","attach":"u","ext":{"a":1}}`)
	h.reads(`deliver alice to bob 7: "<b>hi</b>" "text/plain" "hi" "<i>a</i>" "u" {"a":1}`)
}

// Groups are found by their name; their members follow the service.
func TestGroups(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	ready := func(t *signal.Turn, g signal.Group, cause signal.Cause) {
		h.note("ready %s %q %d members, cause %d", g.SIP, g.Name, len(g.Members), cause)
	}
	for _, name := range []string{"messages", "messages?g", "messages?g0", "messages?g01", "messages?gx", "other?g1", "messages?g1?g2", "messages?g1@other.example", "messages?g1234567890123456"} {
		if _, cause, known := h.m.Group(h.alice.Address(), name, ready); cause != 1 || !known {
			t.Errorf("%s: cause %d, known %v", name, cause, known)
		}
	}
	h.lics.set(licence.ChatGroup, true)
	if _, cause, known := h.m.Group(h.alice.Address(), "messages?g12", ready); cause != 50 || !known {
		t.Errorf("cause %d, known %v", cause, known)
	}
	h.lics.set(licence.ChatGroup, false)
	g, cause, known := h.m.Group(h.alice.Address(), "MESSAGES?g12@example.com", ready)
	if cause != 0 || known || g.Address.Object >= 0 || g.Address.Domain != h.dom.ID {
		t.Fatalf("%+v, %d, %v", g, cause, known)
	}
	src := h.service.hears(`{"mt":"ReadMembers","src":"$","grp":"messages?g12"}`)[0]
	if _, _, known := h.m.Group(h.bob.Address(), "messages?g12", ready); known || h.m.Members(g.Address) != nil {
		t.Error("known before the answer")
	}
	h.service.say(`{"mt":"ReadMembersInd","src":%s,"id":1,"member":"old name","guid":"%s","dn":"A","admin":true,"role":"owner"}`, src, h.alice.GUID)
	h.service.say(`{"mt":"ReadMembersInd","src":%s,"id":2,"member":"far","guid":"00000000000000000000000000000001","role":"member"}`, src)
	h.service.say(`{"mt":"ReadMembersInd","src":%s,"id":3,"member":"bob","guid":"%s","role":"banned"}`, src, h.bob.GUID)
	h.service.say(`{"mt":"ReadMembersResult","src":%s,"sip":"messages?g12","dn":"The <b>Group</b>"}`, src)
	h.reads(`ready messages?g12 "The Group" 1 members, cause 0`, `ready  "" 0 members, cause 1`)
	found, cause, known := h.m.Group(h.alice.Address(), "messages?g12", ready)
	if cause != 0 || !known || found.Address != g.Address || found.Kind != signal.GroupChat || found.SIP != "messages?g12" || len(found.Members) != 1 {
		t.Errorf("%+v, %d, %v", found, cause, known)
	}
	h.service.say(`{"mt":"MemberChanged","grp":"messages?g12","member":"bob","guid":"%s","role":"member"}`, h.bob.GUID)
	h.service.say(`{"mt":"GroupChanged","grp":"messages?g12","dn":"New"}`)
	h.service.say(`{"mt":"GroupChanged","grp":"messages?g77","dn":"Unknown"}`)
	h.reads(`group messages?g12 "The Group" 2`, `group messages?g12 "New" 2`)

	// a text of the group, and what is said of it
	h.post("1", func(p *signal.Post) { p.To, p.OfAuthor, p.OfReceiver = found.Party, false, false })
	post := h.service.hears(`{"mt":"Post","src":"$","type":1,"author":"alice","id":"1","people":[{"sip":"alice","guid":"` + h.alice.GUID + `","dn":"ALICE"}],"grp":"messages?g12","text":"text 1"}`)[0]
	h.service.say(`{"mt":"PostResult","src":%s,"id":9,"timestamp":1790000000123}`, post)
	h.reads("1: cause 0, queued false, repeated false, mid 9 at 1790000000123")
	h.m.Mark(signal.Mark{Reader: party(h.bob), Peer: found.Party, State: signal.StateRead, ID: "1", Author: h.alice.Address()})
	h.service.hears(`{"mt":"Mark","user":"bob","guid":"` + h.bob.GUID + `","grp":"messages?g12","cid":"1","author":"alice","state":"read"}`)
	h.service.say(`{"mt":"Marked","user":"bob","grp":"messages?g12","id":9,"cid":"1","author":"alice","state":"read"}`)
	h.reads(fmt.Sprintf("marked bob read messages?g12 9/1 by %d", h.alice.ID))
	h.service.say(`{"mt":"Deliver","author":"alice","grp":"messages?g12","id":10,"text":"all"}`)
	h.reads(`deliver alice to messages?g12 10: "all"     `)

	// over a new link the members are read anew; meanwhile those of before hold
	h.cut()
	h.post("2", func(p *signal.Post) { p.To, p.OfAuthor, p.OfReceiver = found.Party, false, false })
	h.reads("2: cause 0, queued true, repeated false, mid 0 at 1790000000123")
	if g, cause, known := h.m.Group(h.bob.Address(), "messages?g12", ready); cause != 0 || !known || len(g.Members) != 2 {
		t.Errorf("%+v, %d, %v", g, cause, known)
	}
	h.back()
	said := receive(t, h.service.heard)
	if strings.Contains(said, `"Post"`) {
		said, post = receive(t, h.service.heard), said
	} else {
		post = receive(t, h.service.heard)
	}
	tokens, ok := matched(said, `{"mt":"ReadMembers","src":"$","grp":"messages?g12"}`)
	if !ok {
		t.Fatal(said)
	}
	h.service.say(`{"mt":"PostResult","src":"%s","id":11,"timestamp":1790000000123}`, strings.Split(post, `"`)[7])
	h.reads("late 2 alice to messages?g12: cause 0, mid 11 at 1790000000123")
	h.service.say(`{"mt":"ReadMembersInd","src":%s,"id":1,"member":"alice","guid":"%s","role":"owner"}`, tokens[0], h.alice.GUID)
	h.service.say(`{"mt":"ReadMembersResult","src":%s,"sip":"messages?g12","dn":"New"}`, tokens[0])
	h.reads(`group messages?g12 "New" 1`)
	h.service.say(`{"mt":"GroupChanged","grp":"messages?g12","gone":true}`)
	h.reads(`group messages?g12 "New" 0`)
	if h.m.Members(g.Address) != nil {
		t.Error("members of a group that is gone")
	}

	// nobody answers, or nobody is there
	h.m.Group(h.alice.Address(), "messages?g13", ready)
	h.service.hears(`{"mt":"ReadMembers","src":"$","grp":"messages?g13"}`)
	h.clock.Advance(5 * time.Second)
	h.reads(`ready  "" 0 members, cause 41`)
	h.m.Group(h.alice.Address(), "messages?g14", ready)
	h.service.hears(`{"mt":"ReadMembers","src":"$","grp":"messages?g14"}`)
	h.cut()
	h.reads(`ready  "" 0 members, cause 41`)
	h.m.Group(h.alice.Address(), "messages?g15", ready)
	h.reads(`ready  "" 0 members, cause 41`)
}

// Files of the own service may be attached.
func TestAttaches(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	const base = "https://files.example.com/example.com/messages/"
	for link, want := range map[string]bool{
		base + "tmp/1/a.txt?t=0": true, "HTTPS://FILES.example.com/example.com/messages/tmp/1": true, "http://files.example.com/example.com/messages/x": true,
		base: false, "https://files.example.com/example.com/messagesx/tmp": false, "https://evil.example/example.com/messages/x": false,
		base + "../x": false, base + "%2e%2e/x": false, base + "a%2fb": false, base + "a//b": false, base + `a%5cb`: false, "https://u@files.example.com/example.com/messages/x": false,
		"ftp://files.example.com/example.com/messages/x": false, "https://files.example.com:444/example.com/messages/x": false, "": false, "%": false,
	} {
		if got := h.m.Attaches(h.alice.Address(), link); got != want {
			t.Errorf("%s: %v", link, got)
		}
	}
	h.lics.set(licence.ChatAttach, true)
	if h.m.Attaches(h.alice.Address(), base+"x") {
		t.Error("without licence")
	}
}

// Resolve tells the service who names are.
func TestResolve(t *testing.T) {
	h := newHall(t, withExt)
	h.connected()
	h.service.say(`{"mt":"Resolve","src":"r1","names":["Alice","nobody",5,"","bob@example.com"]}`)
	h.service.hears(`{"src":"r1","mt":"ResolveResult","people":[{"sip":"alice","guid":"` + h.alice.GUID + `","dn":"ALICE"},{"sip":"bob","guid":"` + h.bob.GUID + `","dn":"BOB"}]}`)
	_, err := h.dir.SetUser(t.Context(), h.bob.Address(), directory.ObjectEdit{Properties: func(p *directory.Properties) { p.Blocked = []signal.ObjectID{h.alice.ID} }})
	if err != nil {
		t.Fatal(err)
	}
	for _, asker := range []string{"alice", "nobody"} { // bob is there for no one whom he has blocked, and for no one who is not there
		h.service.say(`{"mt":"Resolve","src":"r2","user":"%s","names":["bob"]}`, asker)
		h.service.hears(`{"src":"r2","mt":"ResolveResult","people":[]}`)
	}
	h.service.say(`{"mt":"Resolve","src":"r3","user":"bob","names":["alice"]}`)
	h.service.hears(`{"src":"r3","mt":"ResolveResult","people":[{"sip":"alice","guid":"` + h.alice.GUID + `","dn":"ALICE"}]}`)
}
