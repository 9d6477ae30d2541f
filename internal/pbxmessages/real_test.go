package pbxmessages_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/messages/service"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
	"github.com/tandem-switch/tandem/internal/pbxmessages"
	"github.com/tandem-switch/tandem/signal"
)

// house is a hall whose people have the Messages service itself, on SQLite.
type house struct {
	*hall
	store  directory.Object // its Messages object
	down   atomic.Bool
	badges chan string

	mu    sync.Mutex // guards the following
	conns map[net.Conn]struct{}
}

// Account implements service.Accounts.
func (h *house) Account(_ context.Context, at service.Place, domain, _ string) (service.Account, bool) {
	return service.Account{Domain: domain, Object: "store", Passwords: []string{"secret"}}, at.Domain == "example.com"
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{conns: map[net.Conn]struct{}{}, badges: make(chan string, 100_000)}
	h.hall = newHall(t, withExt, func(c *pbxmessages.Config) {
		c.Badge = func(_ *signal.Turn, a signal.Address, unread int64) {
			h.badges <- fmt.Sprintf("%d has %d", a.Object, unread)
		}
		c.NewID = nil
	})
	db, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "messages.db"), sqlstore.Options{})
	h.must(err)
	t.Cleanup(func() { _ = db.Close() })
	s, err := service.New(service.Config{Store: db, Accounts: h})
	h.must(err)
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		s.ServeHTTP(w, r)
	}))
	site.Config.ConnState = func(c net.Conn, state http.ConnState) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if state == http.StateNew {
			h.conns[c] = struct{}{}
		}
	}
	site.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		_ = s.Shutdown(ctx)
		site.Close()
	})
	h.store = h.messages("store", site.URL)
	for _, o := range []*directory.Object{&h.alice, &h.bob} {
		*o, err = h.dir.SetUser(t.Context(), o.Address(), directory.ObjectEdit{Properties: func(p *directory.Properties) { p.Messages = h.store.ID }})
		h.must(err)
	}
	h.until(h.store)
	return h
}

// outage cuts the service off until the test lets it come back.
func (h *house) outage() {
	h.t.Helper()
	h.down.Store(true)
	h.mu.Lock()
	for c := range h.conns {
		_ = c.Close()
	}
	h.mu.Unlock()
	h.wait(h.store, false)
}

func (h *house) comesBack() {
	h.t.Helper()
	h.down.Store(false)
	deadline := time.Now().Add(limit)
	for !h.m.Connected(h.store.Address()) {
		if time.Now().After(deadline) {
			h.t.Fatal("the link does not come back")
		}
		h.clock.Advance(time.Second)
		time.Sleep(2 * time.Millisecond)
	}
}

// ask sends a request of a client and collects what comes up to its result.
func (h *house) ask(c *client, text string) (list []map[string]any) {
	h.t.Helper()
	c.say(text)
	for {
		got := receive(h.t, c.got)
		var m map[string]any
		h.must(json.Unmarshal([]byte(got), &m))
		list = append(list, m)
		if mt, _ := m["mt"].(string); strings.HasSuffix(mt, "Result") || mt == "Error" {
			return list
		}
	}
}

// session is a client of a person with a session.
func (h *house) session(o directory.Object, flags string) *client {
	h.t.Helper()
	c := h.client(o)
	got := h.ask(c, `{"api":"PbxMessages","mt":"Session","src":"s","flags":"`+flags+`"}`)
	if got[0]["mt"] != "SessionResult" {
		h.t.Fatalf("%v", got)
	}
	return c
}

// put posts a text to the service and returns its result.
func (h *house) put(id string, change ...func(*signal.Post)) signal.PostResult {
	h.t.Helper()
	done := make(chan signal.PostResult, 1)
	p := &signal.Post{Author: party(h.alice), To: party(h.bob), OfAuthor: true, OfReceiver: true, ID: id, At: at, HTML: []byte(`"text ` + id + `"`)}
	for _, f := range change {
		f(p)
	}
	h.m.Post(p, func(_ *signal.Turn, r signal.PostResult) { done <- r })
	return receive(h.t, done)
}

// texts are the texts of a chat, newest first.
func (h *house) texts(c *client, topic, partner string) (list []string) {
	h.t.Helper()
	for _, m := range h.ask(c, `{"api":"PbxMessages","mt":"ReadChat","src":"r","topic":"`+topic+`","sip":"`+partner+`","keep":true}`) {
		if msg, ok := m["msg"].(map[string]any); ok {
			list = append(list, msg["text"].(string))
		}
	}
	return list
}

// With the service itself: texts, histories, marks, the badge.
func TestWithTheService(t *testing.T) {
	h := newHouse(t)
	first, second := h.put("one"), h.put("two")
	if first.Cause != 0 || first.Queued || first.MID == 0 || second.MID <= first.MID || !second.At.After(first.At) {
		t.Fatalf("%+v, %+v", first, second)
	}
	if again := h.put("one"); !again.Repeated || again.MID != first.MID || !again.At.Equal(first.At) {
		t.Errorf("repeated: %+v", again)
	}
	if got := receive(t, h.badges); got != fmt.Sprintf("%d has 1", h.bob.ID) && got != fmt.Sprintf("%d has 2", h.bob.ID) {
		t.Error(got)
	}
	bob, alice := h.session(h.bob, ""), h.session(h.alice, "IM_EXT")
	chats := h.ask(bob, `{"api":"PbxMessages","mt":"ReadChats","src":"c","topic":"bob","unread":true}`)
	if len(chats) != 2 || chats[0]["sip"] != "alice" || chats[0]["dn"] != "ALICE" || chats[0]["unread"] != 2.0 || chats[0]["src"] != "c" {
		t.Errorf("%v", chats)
	}
	if got := h.texts(bob, "bob", "alice"); fmt.Sprint(got) != "[text two text one]" {
		t.Errorf("%v", got)
	}
	if got := h.texts(bob, "alice", "bob"); len(got) != 0 {
		t.Errorf("a foreign topic: %v", got)
	}
	h.m.Mark(signal.Mark{Reader: party(h.bob), Peer: party(h.alice), State: signal.StateDelivered, MID: first.MID})
	h.reads(fmt.Sprintf("marked bob delivered alice %d/one by %d", first.MID, h.alice.ID))
	h.m.Mark(signal.Mark{Reader: party(h.bob), Peer: party(h.alice), State: signal.StateDelivered, ID: "two", Author: h.alice.Address()})
	h.reads(fmt.Sprintf("marked bob delivered alice %d/two by %d", second.MID, h.alice.ID))
	if got := h.ask(bob, fmt.Sprintf(`{"api":"PbxMessages","mt":"SetRead","src":"x","id":%d}`, second.MID)); got[0]["mt"] != "SetReadResult" {
		t.Errorf("%v", got)
	}
	h.reads(fmt.Sprintf("marked bob read alice %d/two by %d", second.MID, h.alice.ID))
	for got := ""; got != fmt.Sprintf("%d has 0", h.bob.ID); {
		got = receive(t, h.badges)
	}
	h.m.AskUnread(h.alice.Address())
	if got := receive(t, h.badges); got != fmt.Sprintf("%d has 0", h.alice.ID) {
		t.Error(got)
	}
	if got := h.ask(alice, `{"api":"PbxMessages","mt":"Nonsense","src":"n"}`); got[0]["mt"] != "Error" && got[len(got)-1]["mt"] != "Error" {
		t.Errorf("%v", got)
	}
}

// A4 with the service itself: what was written while it was away is stored once, in
// order, with the time of the switch.
func TestOutageOfTheService(t *testing.T) {
	h := newHouse(t)
	before := h.put("0")
	h.outage()
	now := h.clock.Now()
	for i := range 5 {
		r := h.put(fmt.Sprint("away ", i), func(p *signal.Post) { p.At = now.Add(time.Duration(i) * time.Millisecond) })
		if !r.Queued || r.MID != 0 || r.Cause != 0 {
			t.Fatalf("%+v", r)
		}
	}
	if r := h.put("away 1"); !r.Queued || !r.Repeated || r.Cause != 0 || !r.At.Equal(now.Add(time.Millisecond).Truncate(time.Millisecond)) {
		t.Errorf("again: %+v", r)
	}
	h.comesBack()
	last := int64(0)
	for i := range 5 {
		var id, rest string
		got := receive(t, h.notes)
		if _, err := fmt.Sscanf(got, "late away %s alice to bob: cause 0, mid %d at %s", &id, &last, &rest); err != nil || id != fmt.Sprint(i) || last <= before.MID {
			t.Fatalf("%s: %v", got, err)
		}
		if want := fmt.Sprint(now.Add(time.Duration(i) * time.Millisecond).UnixMilli()); rest != want {
			t.Errorf("%d stored at %s, want %s", i, rest, want)
		}
	}
	if r := h.put("after"); r.Queued || r.MID <= last {
		t.Errorf("%+v", r)
	}
	bob := h.session(h.bob, "")
	if got := h.texts(bob, "bob", "alice"); strings.Join(got, ",") != "text after,text away 4,text away 3,text away 2,text away 1,text away 0,text 0" {
		t.Errorf("%v", got)
	}
	h.outage()
	var frame map[string]any
	h.must(json.Unmarshal([]byte(receive(t, bob.got)), &frame))
	if frame["mt"] != "Error" || frame["src"] != "s" {
		t.Errorf("%v", frame)
	}
}

// Groups of the service: made by a client, found by the switch, which hears of every
// change.
func TestGroupsOfTheService(t *testing.T) {
	h := newHouse(t)
	alice := h.session(h.alice, "")
	made := h.ask(alice, `{"api":"PbxMessages","mt":"WriteGroup","src":"g","dn":"Team"}`)
	sip, _ := made[0]["sip"].(string)
	if !strings.HasPrefix(sip, "store?g") {
		t.Fatalf("%v", made)
	}
	ready := func(_ *signal.Turn, g signal.Group, cause signal.Cause) {
		h.note("ready %s %q %d members, cause %d", g.SIP, g.Name, len(g.Members), cause)
	}
	g, _, known := h.m.Group(h.bob.Address(), sip, ready)
	if known {
		t.Error("known before anybody has asked")
	}
	h.reads(`ready  "" 0 members, cause 1`)
	if got := h.ask(alice, fmt.Sprintf(`{"api":"PbxMessages","mt":"WriteMember","src":"m","grp":%q,"member":"bob"}`, sip)); got[0]["error"] != nil {
		t.Fatalf("%v", got)
	}
	h.reads(fmt.Sprintf("group %s %q 2", sip, "Team"))
	found, cause, known := h.m.Group(h.bob.Address(), sip, ready)
	if cause != 0 || !known || len(found.Members) != 2 || found.Address != g.Address {
		t.Fatalf("%+v, %d, %v", found, cause, known)
	}
	r := h.put("in the group", func(p *signal.Post) { p.To, p.OfAuthor, p.OfReceiver = found.Party, false, false })
	if r.Cause != 0 || r.MID == 0 {
		t.Fatalf("%+v", r)
	}
	bob := h.session(h.bob, "")
	if got := h.texts(bob, "bob", sip); fmt.Sprint(got) != "[text in the group]" {
		t.Errorf("%v", got)
	}
	h.m.Mark(signal.Mark{Reader: party(h.bob), Peer: found.Party, State: signal.StateRead, ID: "in the group", Author: h.alice.Address()})
	h.reads(fmt.Sprintf("marked bob read %s %d/in the group by %d", sip, r.MID, h.alice.ID))
	if r := h.put("not mine", func(p *signal.Post) {
		p.Author = party(h.user("carol", h.store.ID))
		p.To, p.OfAuthor, p.OfReceiver = found.Party, false, false
	}); r.Cause == 0 {
		t.Errorf("a text of somebody who is no member: %+v", r)
	}
	h.ask(alice, fmt.Sprintf(`{"api":"PbxMessages","mt":"Kick","src":"k","grp":%q,"member":"bob"}`, sip))
	h.reads(fmt.Sprintf("group %s %q 1", sip, "Team"))
	if _, cause, known := h.m.Group(h.bob.Address(), sip, ready); cause != 1 || !known {
		t.Errorf("cause %d, known %v", cause, known)
	}
	h.outage()
	h.comesBack()
	h.ask(h.session(h.alice, ""), fmt.Sprintf(`{"api":"PbxMessages","mt":"WriteGroup","src":"g","id":%s}`, strings.TrimPrefix(sip, "store?g")))
	h.reads(fmt.Sprintf("group %s %q 0", sip, "Team"))
}

var _ appservice.Session = (*client)(nil)
