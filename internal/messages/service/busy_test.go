package service_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/service"
)

// slow is a store whose lists of chats wait for a gate, and that can be away.
type slow struct {
	messages.Store
	gate chan struct{}
	away *atomic.Bool
	in   *atomic.Int32 // lists that were begun
}

func (s slow) Log(ctx context.Context, domain string) (messages.Log, error) {
	log, err := s.Store.Log(ctx, domain)
	return slowLog{log, s}, err
}

type slowLog struct {
	messages.Log
	s slow
}

func (l slowLog) Chats(ctx context.Context, p messages.PersonID, q messages.ChatsQuery) ([]messages.ChatRow, error) {
	l.s.in.Add(1)
	select {
	case <-l.s.gate:
		return l.Log.Chats(ctx, p, q)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l slowLog) Submit(op messages.Op, done messages.Done) {
	if _, post := op.(*messages.Post); post && l.s.away.Load() {
		go done(messages.Result{}, &messages.Error{Code: messages.Away, Text: "disk is full", Err: context.DeadlineExceeded})
		return
	}
	l.Log.Submit(op, done)
}

func newSlow(t *testing.T) (*ground, slow) {
	t.Helper()
	var s slow
	g := newGround(t, func(c *service.Config) {
		s = slow{Store: c.Store, gate: make(chan struct{}), away: new(atomic.Bool), in: new(atomic.Int32)}
		c.Store = s
	})
	return g, s
}

// Reads that hang delay neither posts nor, up to a limit, other sessions; a session
// that asks too much is told so, and everything taken is answered in order.
func TestReadsDelayNoPosts(t *testing.T) {
	g, s := newSlow(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), "")
	const asked = 300
	for i := range asked {
		p.send(fmt.Sprintf(`{"mt":"ReadChats","src":"r%d","user":"alice","session":%d}`, i, a.id))
	}
	expect(t, []frame{p.chat("alice", "bob", "not delayed")}, `{"mt":"PostResult","!error":0}`)
	expect(t, b.ask(`{"mt":"ReadGroups"}`), `{"mt":"ReadGroupsResult"}`)
	p.await(`{"mt":"ReadChatsResult","src":"r299","error":4}`)
	refused := 1
	p.mu.Lock()
	for _, f := range p.heard {
		if f.mt() == "ReadChatsResult" && f["error"] != nil {
			refused++
		}
	}
	p.mu.Unlock()
	if refused < asked-258 || refused > asked-256 {
		t.Errorf("%d of %d were refused", refused, asked)
	}
	close(s.gate)
	last := -1
	for range asked - refused {
		src := p.await(`{"mt":"ReadChatsResult","!error":0}`).src()
		n, err := strconv.Atoi(strings.TrimPrefix(src, "r"))
		if err != nil || n <= last {
			t.Fatalf("%s came behind r%d", src, last)
		}
		last = n
	}
}

// A request that hangs ends with its link, and with the service.
func TestEndWithRequestsThatHang(t *testing.T) {
	g, _ := newSlow(t)
	p := g.pbx()
	a := p.session("alice", guid("alice"), "")
	for i := range 20 {
		p.send(fmt.Sprintf(`{"mt":"ReadChats","src":"r%d","user":"alice","session":%d}`, i, a.id))
	}
	p.ask(`{"mt":"ReadMembers","grp":1}`)
	if err := p.c.Close(""); err != nil {
		t.Log(err)
	}
	<-p.c.Done()
	q := g.pbx()
	expect(t, []frame{q.chat("x", "y", "others go on")}, `{"mt":"PostResult","!error":0}`)
}

// A store that is away is told as a cause that the sender may try again; nothing of
// its inside is told. When it is back everything works.
func TestStoreAway(t *testing.T) {
	g, s := newSlow(t)
	p := g.pbx()
	s.away.Store(true)
	expect(t, []frame{p.chat("alice", "bob", "x", `,"id":"1"`)}, `{"mt":"PostResult","error":true,"errorText":"The service cannot store or read at the moment.","cau":41,"!id":0}`)
	s.away.Store(false)
	expect(t, []frame{p.chat("alice", "bob", "x", `,"id":"1"`)}, `{"mt":"PostResult","!error":0,"!repeated":0}`)
}

// Settings of a domain say for how long texts may be changed.
func TestWindows(t *testing.T) {
	g := newGround(t, func(c *service.Config) {
		c.Settings = func(string) service.Settings {
			return service.Settings{Edit: -1, Delete: -1, AdminDelete: -1, Broadcast: -1}
		}
	})
	p := g.pbx()
	a := p.session("alice", guid("alice"), "")
	m := id(p.chat("alice", "bob", "x"))
	for _, q := range []string{`{"mt":"Update","id":%d,"text":"y"}`, `{"mt":"Delete","id":%d}`} {
		expect(t, a.ask(fmt.Sprintf(q, m)), `{"error":true}`)
	}
	expect(t, a.ask(`{"mt":"Broadcast","key":"k","to":["bob"],"text":"x"}`), `{"error":3}`)
	expect(t, a.ask(`{"mt":"ReadChat","sip":"bob"}`), `{"msg":{"text":"x"}}`, `{"mt":"ReadChatResult"}`)
}

// Admins of a group delete what others wrote; members do not.
func TestAdminsDelete(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), "")
	sip, _ := team(t, a)
	ofAlice, ofBob := id(p.groupText("alice", sip, "by alice")), id(p.groupText("bob", sip, "by bob"))
	expect(t, b.ask(fmt.Sprintf(`{"mt":"Delete","id":%d}`, ofAlice)), `{"mt":"DeleteResult","error":true}`)
	expect(t, a.ask(fmt.Sprintf(`{"mt":"Delete","id":%d}`, ofBob)), `{"mt":"DeleteResult","!error":0}`)
	expect(t, a.ask(fmt.Sprintf(`{"mt":"Update","id":%d,"text":"x"}`, ofBob)), `{"mt":"UpdateResult","error":true}`)
	expect(t, b.ask(`{"mt":"ReadChat","sip":"`+sip+`"}`), `{"msg":{"text":"by alice"}}`, `{"mt":"ReadChatResult"}`)
}

// searcher finds one message, and remembers what it was asked.
type searcher struct{ asked messages.SearchQuery }

func (s *searcher) Search(ctx context.Context, log messages.Log, q messages.SearchQuery) (messages.SearchPage, error) {
	s.asked = q
	if q.Text == "long" {
		return messages.SearchPage{}, messages.Errorf(messages.BadParameter, "Too long.")
	}
	rows, err := log.History(ctx, q.Person, q.Chat, messages.Page{Count: 1})
	if err != nil {
		return messages.SearchPage{}, err
	}
	return messages.SearchPage{Hits: []messages.SearchHit{{Message: rows[0], Excerpt: "cake", Marks: [][2]int{{0, 4}}}}, More: true, Behind: true}, nil
}

func TestSearch(t *testing.T) {
	found := &searcher{}
	g := newGround(t, func(c *service.Config) { c.Search = found })
	p := g.pbx()
	m := id(p.chat("alice", "bob", "cake"))
	b := p.session("bob", guid("bob"), "")
	expect(t, b.ask(`{"mt":"Search","topic":"bob","sip":"alice","text":" cake ","older":99,"count":500}`),
		`{"mt":"SearchInd","sip":"alice","!grp":0,"msg":{"id":`+itoa(m)+`,"text":"cake","!cid":0},"excerpt":"cake","highlight":[{"from":0,"to":4}]}`,
		`{"mt":"SearchResult","more":true,"behind":true}`)
	if found.asked.Text != "cake" || found.asked.Older != 99 || found.asked.Count != 200 || found.asked.Chat.With == 0 {
		t.Errorf("asked %+v", found.asked)
	}
	expect(t, b.ask(`{"mt":"Search","topic":"alice","sip":"bob","text":"cake"}`), `{"mt":"SearchResult","!error":0}`)
	expect(t, b.ask(`{"mt":"Search","sip":"nobody","text":"cake"}`), `{"mt":"SearchResult","!error":0}`)
	expect(t, b.ask(`{"mt":"Search","text":"  "}`), `{"mt":"SearchResult","error":1}`)
	expect(t, b.ask(`{"mt":"Search","text":"long"}`), `{"mt":"SearchResult","error":1,"errorText":"Too long."}`)
}

// One person with many sessions does not take every place of the link.
func TestOnePersonLeavesRoom(t *testing.T) {
	g, s := newSlow(t)
	p := g.pbx()
	b := p.session("bob", guid("bob"), "")
	var all []*session
	for range 12 {
		all = append(all, p.session("alice", guid("alice"), ""))
	}
	for _, a := range all {
		p.send(fmt.Sprintf(`{"mt":"ReadChats","src":"r","user":"alice","session":%d}`, a.id))
	}
	for range 50 {
		expect(t, b.ask(`{"mt":"ReadGroups"}`), `{"mt":"ReadGroupsResult","!error":0}`)
	}
	if n := s.in.Load(); n < 1 || n > 4 {
		t.Errorf("%d requests of one person run", n)
	}
	close(s.gate)
	for range 12 {
		p.await(`{"mt":"ReadChatsResult","src":"r","!error":0}`)
	}
}
