package service_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages/service"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// onBoth runs a test on SQLite, and on PostgreSQL where there is one.
func onBoth(t *testing.T, test func(t *testing.T, edit func(*service.Config))) {
	t.Run("sqlite", func(t *testing.T) { test(t, func(*service.Config) {}) })
	t.Run("postgres", func(t *testing.T) {
		dsn := os.Getenv("PBX_TEST_POSTGRES")
		if dsn == "" {
			t.Skip("PBX_TEST_POSTGRES is not set")
		}
		schema := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))
		drop := func() {
			ctx := context.Background() // the test's may be over
			conn, err := pgx.Connect(ctx, dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(ctx)
			if _, err := conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+pgx.Identifier{schema}.Sanitize()+" CASCADE"); err != nil {
				t.Error(err)
			}
		}
		drop()
		t.Cleanup(drop)
		store, err := sqlstore.OpenPostgres(t.Context(), dsn, schema, sqlstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
		test(t, func(c *service.Config) { c.Store = store })
	})
}

// pass is what a result says about further files.
type pass struct {
	t       *testing.T
	base    string // http(s)://host
	domain  string
	message int64
	session string
	key     string
}

// passOf reads session and key of a result.
func (g *ground) passOf(f frame, message int64) pass {
	g.t.Helper()
	session, ok1 := f["session"].(float64)
	key, ok2 := f["key"].(float64)
	if !ok1 || !ok2 || key <= 0 || key >= 1<<53 {
		g.t.Fatalf("no session or no key: %v", f)
	}
	return pass{g.t.(*testing.T), g.web, dom, message, itoa(int64(session)), itoa(int64(key))}
}

// send uploads a file to the message and wants a status.
func (p pass) send(want int, name, content string) {
	p.t.Helper()
	at := fmt.Sprintf("%s/%s/%s/attach/%d?session=%s&key=%s&name=%s", p.base, p.domain, object, p.message, p.session, p.key, url.QueryEscape(name))
	r, err := http.Post(at, "text/plain", strings.NewReader(content))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != want {
		p.t.Errorf("%s: %d, want %d", name, r.StatusCode, want)
	}
}

// open has a session ask for a key of a message of its own, without changing it.
func (s *session) open(g *ground, message int64) pass {
	s.p.t.Helper()
	got := s.ask(fmt.Sprintf(`{"mt":"Update","id":%d,"attaching":false}`, message))
	expect(s.p.t, got, `{"mt":"UpdateResult","session":`+itoa(s.id)+`,"key":"*","!error":0}`)
	return g.passOf(got[0], message)
}

// A post gets further files: who follows the topic is told each time, who asks has
// them all.
func TestAttachToAPost(t *testing.T) {
	onBoth(t, func(t *testing.T, edit func(*service.Config)) {
		g := withFiles(t, edit)
		p := g.pbx()
		a, b, x := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), ""), p.session("alice", guid("alice"), "IM_EXT")
		sip, _ := team(t, a)
		b.ask(`{"mt":"SetFilter","src":"all"}`)
		got := a.ask(`{"mt":"Post","topic":"` + sip + `","text":"photos"}`)
		expect(t, got, `{"mt":"PostResult","id":"*","addsTo":"*","session":`+itoa(a.id)+`,"key":"*","!url":0,"!error":0}`)
		m := id(got[0])
		key := g.passOf(got[0], m)
		p.await(`{"mt":"Add","src":"all","id":` + itoa(m) + `,"!attached":0}`)
		key.send(200, "one.txt", "1")
		p.await(`{"mt":"Add","src":"all","id":` + itoa(m) + `,"text":"photos","attached":[{"name":"one.txt"}]}`)
		key.send(200, "../two.txt", "22")
		added := p.await(`{"mt":"Add","src":"all","id":` + itoa(m) + `,"attached":[{"name":"one.txt"},{"name":"two.txt","url":"*"}]}`)
		if code, body := download(t, added["attached"].([]any)[1].(map[string]any)["url"].(string)); code != 200 || body != "22" {
			t.Errorf("%d %q", code, body)
		}
		files := b.ask(fmt.Sprintf(`{"mt":"Attachments","id":%d}`, m))
		expect(t, files, `{"mt":"AttachmentsResult","files":[{"name":"one.txt"},{"name":"two.txt"}]}`)
		// Nobody collects them.
		if _, err := g.files.Collect(t.Context()); err != nil {
			t.Error(err)
		}
		if code, _ := download(t, added["attached"].([]any)[0].(map[string]any)["url"].(string)); code != 200 {
			t.Errorf("collected: %d", code)
		}
		// A message has 16 files at most.
		for i := range 14 {
			key.send(200, fmt.Sprint(i), "x")
		}
		key.send(409, "too many", "x")
		// An app that logs in itself has a session of its own.
		bot := g.must(g.dial(asApp("helpdesk", "helpdesk", "b07"), secret))
		got = bot.ask(`{"mt":"Post","topic":"helpdesk","text":"the manual"}`)
		g.passOf(got[0], id(got[0])).send(200, "manual.txt", "read me")
		expect(t, bot.ask(fmt.Sprintf(`{"mt":"Attachments","id":%d}`, id(got[0]))), `{"files":[{"name":"manual.txt"}]}`)
		// Of our extension: where to send it, in one piece.
		got = x.ask(`{"mt":"Post","topic":"alice","text":"mine"}`)
		expect(t, got, `{"mt":"PostResult","session":`+itoa(x.id)+`,"key":"*","url":"*"}`)
		r, err := http.Post(got[0]["url"].(string)+"&name=here", "", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		expect(t, x.ask(fmt.Sprintf(`{"mt":"Attachments","id":%d}`, id(got[0]))), `{"files":[{"name":"here"}]}`)
	})
}

// A message of a chat: the result for the switch has no key, for nobody could use it;
// its author asks by Update. Both sides are told, live and later.
func TestAttachToAChat(t *testing.T) {
	onBoth(t, func(t *testing.T, edit func(*service.Config)) {
		g := withFiles(t, edit)
		p := g.pbx()
		a, b, c := p.session("alice", guid("alice"), "IM_EXT"), p.session("bob", guid("bob"), "IM_EXT"), p.session("carol", guid("carol"), "IM_EXT")
		old := p.session("bob", guid("bob"), "")
		sent := p.chat("alice", "bob", "see below", `,"attaching":true`)
		expect(t, []frame{sent}, `{"mt":"PostResult","id":"*","!session":0,"!key":0,"!url":0}`)
		b.event(`{"kind":"message","msg":{"text":"see below","!attached":0}}`)
		since := b.ask(`{"mt":"Sync"}`)[0]["since"].(string)
		key := a.open(g, id(sent))
		b.ask(`{"mt":"ReadChats"}`)
		p.none(`{"mt":"Event","kind":"edit"}`) // to ask changes nothing
		key.send(200, "plan.txt", "the plan")
		for _, s := range []*session{a, b} {
			s.event(`{"kind":"edit","msg":{"id":` + itoa(id(sent)) + `,"text":"see below","!edited":0,"attached":[{"name":"plan.txt","size":8}]}}`)
		}
		expect(t, b.ask(`{"mt":"Sync","since":"`+since+`"}`), `{"kind":"edit","msg":{"attached":[{"name":"plan.txt"}]}}`, `{"mt":"SyncResult"}`)
		read := old.ask(`{"mt":"ReadChat","topic":"bob","sip":"alice"}`)
		expect(t, read, `{"mt":"ReadChatInd","msg":{"text":"see below","attached":[{"name":"plan.txt"}]}}`, `{"mt":"ReadChatResult"}`)
		alices := a.ask(`{"mt":"ReadChat","topic":"alice","sip":"bob"}`)
		for _, at := range []string{attached(t, read[0]), attached(t, alices[0])} {
			if code, body := download(t, at); code != 200 || body != "the plan" {
				t.Errorf("%d %q", code, body)
			}
		}
		if attached(t, read[0]) == attached(t, alices[0]) {
			t.Error("both sides have the same URL")
		}
		p.none(`{"mt":"Event","src":"` + c.src() + `"}`)
		// Deleted with all its files, and nothing more can come.
		expect(t, a.ask(fmt.Sprintf(`{"mt":"Delete","id":%d}`, id(sent))), `{"mt":"DeleteResult","!error":0}`)
		key.send(404, "late", "x")
		if n, err := g.files.Collect(t.Context()); err != nil || n != 0 {
			t.Errorf("%d collected while the buffer lingers, %v", n, err)
		}
		if _, err := g.files.Expire(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Error(err)
		}
		if n, err := g.files.Collect(t.Context()); err != nil || n != 1 {
			t.Errorf("%d collected, %v", n, err)
		}
	})
}

// Who may not add files, and from when on.
func TestAttachRights(t *testing.T) {
	g := withFiles(t)
	p := g.pbx()
	a, b := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), "")
	sip, _ := team(t, a)
	chat, group := id(p.chat("alice", "bob", "hi")), id(p.groupText("bob", sip, "hi all"))
	topic := b.ask(`{"mt":"Post","topic":"` + sip + `","text":"a post"}`)
	key := a.open(g, chat)
	key.send(200, "a", "x")
	for what, edit := range map[string]func(*pass){
		"another key":     func(k *pass) { k.key = itoa(number(t, k.key) ^ 1) },
		"no key":          func(k *pass) { k.key = "0" },
		"no session":      func(k *pass) { k.session = "0" },
		"bob's session":   func(k *pass) { k.session = itoa(b.id) },
		"another message": func(k *pass) { k.message = group },
		"another domain":  func(k *pass) { k.domain = "other.org" },
	} {
		other := key
		edit(&other)
		other.send(404, what, "x")
	}
	for _, q := range []string{`{"mt":"Update","id":%d,"attaching":false}`, `{"mt":"Update","id":%d,"text":"forged"}`} {
		expect(t, b.ask(fmt.Sprintf(q, chat)), `{"mt":"UpdateResult","error":true,"!session":0,"!key":0}`)
		expect(t, a.ask(fmt.Sprintf(q, chat+1000)), `{"mt":"UpdateResult","error":true,"!session":0,"!key":0}`)
	}
	expect(t, a.ask(`{"mt":"Post","topic":"bob","text":"x"}`), `{"mt":"PostResult","error":true,"!session":0,"!key":0}`)

	// A member that may not write any more adds nothing either.
	ofGroup, ofPost := b.open(g, group), g.passOf(topic[0], id(topic[0]))
	ofGroup.send(200, "a", "x")
	ofPost.send(200, "a", "x")
	mute := func(until time.Time) {
		expect(t, a.ask(fmt.Sprintf(`{"mt":"Mute","grp":%q,"member":"bob","until":%d}`, sip, until.UnixMilli())), `{"mt":"MuteResult","!error":0}`)
	}
	mute(time.Now().Add(time.Hour))
	ofGroup.send(403, "muted", "x")
	ofPost.send(403, "muted", "x")
	mute(time.Unix(0, 0))
	ofGroup.send(200, "b", "x")
	expect(t, a.ask(`{"mt":"Kick","grp":"`+sip+`","member":"bob"}`), `{"mt":"KickResult","!error":0}`)
	ofGroup.send(403, "out", "x")
	ofPost.send(404, "out", "x") // a topic that he does not see
	expect(t, a.ask(fmt.Sprintf(`{"mt":"Attachments","id":%d}`, group)), `{"files":[{"name":"a"},{"name":"b"}]}`)

	// The key ends with its session, and is worth nothing in the next one.
	p.send(`{"mt":"SessionEnd","session":` + itoa(a.id) + `}`)
	again := p.session("alice", guid("alice"), "")
	key.send(404, "over", "x")
	key.session = itoa(again.id)
	key.send(404, "in the next session", "x")
	again.open(g, chat).send(200, "b", "x")
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	var n int64
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A key holds for 10 minutes; who asks for one that holds has the same for longer.
func TestAttachKeyEnds(t *testing.T) {
	now := clock.NewManual()
	g := withFiles(t, func(c *service.Config) { c.Clock = now })
	p := g.pbx()
	a := p.session("alice", guid("alice"), "")
	got := a.ask(`{"mt":"Post","topic":"alice","text":"x"}`)
	key := g.passOf(got[0], id(got[0]))
	now.Advance(9 * time.Minute)
	key.send(200, "a", "x")
	if again := a.open(g, key.message); again != key {
		t.Errorf("another key %v, want %v", again, key)
	}
	now.Advance(9 * time.Minute) // the clock goes on by itself too: a machine with much to do must not reach the end
	key.send(200, "b", "x")
	now.Advance(time.Minute)
	key.send(404, "too late", "x")
	if again := a.open(g, key.message); again.key == key.key {
		t.Error("the same key")
	}
	// There are as many as fit; the oldest goes.
	oldest := a.open(g, key.message)
	now.Advance(time.Second)
	for range 64 {
		a.ask(`{"mt":"Post","topic":"alice","text":"x"}`)
	}
	oldest.send(404, "forgotten", "x")
}

// The service is started anew: keys are gone, messages and their files are not.
func TestAttachAfterARestart(t *testing.T) {
	first := withFiles(t)
	p := first.pbx()
	a := p.session("alice", guid("alice"), "")
	m := id(p.chat("alice", "bob", "hi"))
	key := a.open(first, m)
	key.send(200, "a", "x")
	second := withFiles(t, func(c *service.Config) { c.Store = first.store })
	key.base = second.web
	key.send(404, "nobody is there", "x")
	p = second.pbx()
	a = p.session("alice", guid("alice"), "")
	key.send(404, "a session of before", "x")
	a.open(second, m).send(200, "b", "x")
	expect(t, a.ask(fmt.Sprintf(`{"mt":"Attachments","id":%d}`, m)), `{"files":[{"name":"a"},{"name":"b"}]}`)
}

// A post with attaching is told when an Update has ended that, with all its files.
func TestAttaching(t *testing.T) {
	onBoth(t, func(t *testing.T, edit func(*service.Config)) {
		g := withFiles(t, edit)
		p := g.pbx()
		a, b, x := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), ""), p.session("bob", guid("bob"), "IM_EXT")
		sip, _ := team(t, a)
		a.ask(`{"mt":"SetFilter","src":"alices"}`)
		b.ask(`{"mt":"SetFilter","src":"bobs"}`)
		got := a.ask(`{"mt":"Post","topic":"` + sip + `","attaching":true,"filterSrc":"alices"}`)
		expect(t, got, `{"mt":"PostResult","id":"*","session":"*","key":"*","!error":0}`)
		m := itoa(id(got[0]))
		key := g.passOf(got[0], id(got[0]))
		key.send(200, "one", "1")
		expect(t, a.ask(`{"mt":"SetFilter","src":"list"}`), `{"mt":"Add","id":`+m+`,"attached":[{"name":"one"}]}`, `{"mt":"SetFilterResult"}`)
		expect(t, b.ask(`{"mt":"SetFilter","src":"list"}`), `{"mt":"SetFilterResult"}`)
		expect(t, b.ask(`{"mt":"Attachments","id":`+m+`}`), `{"files":[]}`)
		expect(t, b.ask(`{"mt":"Discussion","discussion":`+m+`}`), `{"mt":"DiscussionResult"}`)
		expect(t, a.ask(`{"mt":"Update","id":`+m+`,"text":"photos","attaching":true}`), `{"mt":"UpdateResult","key":`+key.key+`,"!error":0}`)
		key.send(200, "two", "2")
		expect(t, b.ask(`{"mt":"SetFilter","src":"list"}`), `{"mt":"SetFilterResult"}`)
		for _, src := range []string{"alices", "bobs"} {
			p.none(`{"mt":"Add","src":"` + src + `"}`)
		}
		p.none(`{"mt":"Event","src":"` + x.src() + `","kind":"post"}`)
		expect(t, a.ask(`{"mt":"Update","id":`+m+`,"attaching":false}`), `{"mt":"UpdateResult","!error":0}`)
		p.await(`{"mt":"Add","src":"bobs","id":` + m + `,"text":"photos","attached":[{"name":"one"},{"name":"two"}]}`)
		x.event(`{"kind":"post","msg":{"id":` + m + `,"text":"photos","!edited":0,"attached":[{"name":"one"},{"name":"two"}]}}`)
		key.send(200, "three", "3")
		p.await(`{"mt":"Add","src":"bobs","id":` + m + `,"attached":[{},{},{"name":"three"}]}`)
		p.none(`{"mt":"Add","src":"alices","attached":[{},{}]}`) // its filterSrc
		// Without attaching an Update announces too, and an empty post needs files to come.
		m = itoa(id(a.ask(`{"mt":"Post","topic":"` + sip + `","text":"second","attaching":true}`)[0]))
		expect(t, a.ask(`{"mt":"Update","id":`+m+`,"text":"second one"}`), `{"mt":"UpdateResult","!error":0}`)
		p.await(`{"mt":"Add","src":"bobs","id":` + m + `,"text":"second one"}`)
		expect(t, a.ask(`{"mt":"Post","topic":"`+sip+`"}`), `{"mt":"PostResult","error":true,"!key":0}`)
	})
}
