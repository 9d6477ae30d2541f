package pbxmessages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/applink"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/pbxmessages"
	"github.com/tandem-switch/tandem/internal/store/storetest"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// limit is for waits that a good program does not need.
const limit = 20 * time.Second

// withExt is what a service with our extension offers.
const withExt = `{"com.example.messages.ext":{"version":1,"files":"https://files.example.com/example.com/messages/"}}`

func receive[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(limit):
		t.Fatal("nothing happens")
	}
	panic("unreachable")
}

// lics are licences that can be taken away.
type lics struct {
	mu       sync.Mutex // guards the following
	without  map[licence.Feature]bool
	watchers []func()
}

func (l *lics) Licensed(_ signal.Address, f licence.Feature) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.without[f]
}

func (l *lics) Watch(f func()) { l.watchers = append(l.watchers, f) }

func (l *lics) set(f licence.Feature, without bool) {
	l.mu.Lock()
	l.without[f] = without
	l.mu.Unlock()
	for _, f := range l.watchers {
		f()
	}
}

// counts counts what is dropped.
type counts struct {
	mu    sync.Mutex // guards the following
	drops map[string]int
}

func (c *counts) Replayed(outcome string) { c.Dropped("replayed " + outcome) }
func (c *counts) Dropped(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops[reason]++
}

func (c *counts) of(reason string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drops[reason]
}

// rig is a directory, links and Messages, with a service that the test plays.
type rig struct {
	t       testing.TB
	dir     *directory.Directory
	dom     directory.Domain
	clock   *clock.Manual
	lics    *lics
	counts  *counts
	m       *pbxmessages.Messages
	links   *applink.Manager
	object  directory.Object // the Messages object
	service *fake
}

func newRig(t testing.TB, offer string, change ...func(*pbxmessages.Config)) *rig {
	t.Helper()
	r := &rig{t: t, clock: clock.NewManual(), lics: &lics{without: map[licence.Feature]bool{}}, counts: &counts{drops: map[string]int{}}}
	sealer, err := directory.NewSealer(bytes.Repeat([]byte{1}, 32))
	r.must(err)
	r.dir, err = directory.Open(t.Context(), storetest.NewMemory(), sealer, directory.Config{Clock: clock.NewManual()})
	r.must(err)
	r.dom, err = r.dir.AddDomain(t.Context(), "example.com", nil)
	r.must(err)
	next := uint64(0)
	cfg := pbxmessages.Config{Directory: r.dir, Licences: r.lics, Observer: r.counts, Clock: r.clock, NewID: func() uint64 { next++; return 1000 + next }}
	for _, f := range change {
		f(&cfg)
	}
	r.m, err = pbxmessages.New(t.Context(), cfg)
	r.must(err)
	r.service = newFake(t, offer)
	r.links, err = applink.New(applink.Config{Directory: r.dir, Receiver: r.m.Receiver, Clock: r.clock, Random: func() float64 { return 0.5 }})
	r.must(err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.links.Run(ctx); close(ended) }()
	t.Cleanup(func() { stop(); receive(t, ended) })
	r.object = r.messages("messages", r.service.url)
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// messages adds a Messages object.
func (r *rig) messages(name, url string) directory.Object {
	r.t.Helper()
	o, err := r.dir.AddObject(r.t.Context(), r.dom.ID, directory.Messages, directory.NewObject{
		SIP: name, Password: "secret", URL: url + "/example.com/messages/innovaphone-messages-api", Properties: directory.Properties{Websocket: true},
	})
	r.must(err)
	return o
}

// user adds a person whose chats the object stores.
func (r *rig) user(name string, store signal.ObjectID) directory.Object {
	r.t.Helper()
	o, err := r.dir.AddUser(r.t.Context(), r.dom.ID, directory.NewObject{SIP: name, DN: strings.ToUpper(name), Password: "password", Properties: directory.Properties{Messages: store}})
	r.must(err)
	return o
}

// fake is a Messages service: what the switch says comes out of heard, and the test
// answers with say.
type fake struct {
	t     testing.TB
	url   string
	offer string
	heard chan string
	conns chan appservice.Session
	conn  appservice.Session // of the test
}

// Authenticate implements appservice.Host.
func (s *fake) Authenticate(ctx context.Context, l appservice.Login, check func(string) bool) (appservice.Account, error) {
	return appservice.SharedPassword{Password: "secret"}.Authenticate(ctx, l, check)
}

// AppInfo implements appservice.AppInformer.
func (s *fake) AppInfo(context.Context, appservice.Session, string) appservice.AppInfoResult {
	return appservice.AppInfoResult{ServiceInfo: appservice.ServiceInfo{APIs: json.RawMessage(s.offer)}}
}

func newFake(t testing.TB, offer string) *fake {
	t.Helper()
	s := &fake{t: t, offer: offer, heard: make(chan string, 10000), conns: make(chan appservice.Session, 10)}
	server, err := appservice.NewServer(appservice.ServerConfig{Host: s, MaxMessage: appservice.MaxMessageLink, Serve: func(ctx context.Context, c appservice.Session) {
		s.conns <- c
		for {
			f, err := c.Recv(ctx)
			if err != nil {
				return
			}
			s.heard <- string(f.Raw)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(server)
	s.url = site.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		_ = server.Shutdown(ctx)
		site.Close()
	})
	return s
}

// connected waits until the link is there and the switch knows it.
func (r *rig) connected() {
	r.t.Helper()
	r.service.conn = receive(r.t, r.service.conns)
	deadline := time.Now().Add(limit)
	for !r.m.Connected(r.object.Address()) {
		if time.Now().After(deadline) {
			r.t.Fatal("the link is not told of")
		}
		time.Sleep(time.Millisecond)
	}
}

// hears waits for what the switch says next. "$1" to "$9" match any token, and are
// returned in their order.
func (s *fake) hears(want string) (tokens []string) {
	s.t.Helper()
	got := receive(s.t, s.heard)
	tokens, ok := matched(got, want)
	if !ok {
		s.t.Fatalf("the service heard\n%s, want\n%s", got, want)
	}
	return tokens
}

// matched compares texts; "$" stands for a token, in quotes.
func matched(got, want string) (tokens []string, ok bool) {
	for {
		before, rest, found := strings.Cut(want, `"$"`)
		if !strings.HasPrefix(got, before) {
			return nil, false
		}
		got = got[len(before):]
		if !found {
			return tokens, got == ""
		}
		if got == "" || got[0] != '"' {
			return nil, false
		}
		end := strings.IndexByte(got[1:], '"')
		if end < 0 {
			return nil, false
		}
		tokens = append(tokens, got[:end+2])
		got, want = got[end+2:], rest
	}
}

func (s *fake) say(format string, args ...any) {
	s.t.Helper()
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	if err := s.conn.Send(context.Background(), appservice.Frame{Raw: []byte(text)}); err != nil {
		s.t.Fatal(err)
	}
}

// silent checks that the switch has said nothing more: what is said on another way
// comes behind it.
func (s *fake) silent(r *rig) {
	s.t.Helper()
	r.m.Nudge(r.object.Address())
	s.hears(`{"mt":"Nudge"}`)
}

// client is a connection of a client, as a door shows it.
type client struct {
	r    *rig
	who  appservice.Principal
	kept map[appservice.API]any
	got  chan string

	mu     sync.Mutex // guards the following
	stuck  bool       // takes nothing
	queued int
	drain  []chan struct{}
}

func (r *rig) client(o directory.Object) *client {
	return &client{
		r: r, kept: map[appservice.API]any{}, got: make(chan string, 1000),
		who: appservice.Principal{DomainID: int64(o.Domain), ObjectID: int64(o.ID), Domain: "example.com", SIP: o.SIP, IsApp: o.Kind != directory.User, APIs: []string{appservice.AllAPIs}},
	}
}

func (c *client) App() string { return "" }
func (c *client) Recv(context.Context) (appservice.Frame, error) {
	return appservice.Frame{}, appservice.ErrNoRecv
}
func (c *client) Reply(f appservice.Frame, v any) error {
	return appservice.ReplyTo(context.Background(), c, f, v)
}
func (c *client) Close(string) error              { return nil }
func (c *client) Principal() appservice.Principal { return c.who }
func (c *client) Keep(api appservice.API, v any)  { c.kept[api] = v }
func (c *client) Kept(api appservice.API) any     { return c.kept[api] }
func (c *client) Send(_ context.Context, f appservice.Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stuck {
		c.queued += len(f.Raw)
	}
	c.got <- string(f.Raw)
	return nil
}

// Queued is how many bytes wait.
func (c *client) Queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queued
}

// Drained is closed when less waits.
func (c *client) Drained(below int) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	done := make(chan struct{})
	if c.queued < below {
		close(done)
		return done
	}
	c.drain = append(c.drain, done)
	return done
}

// read takes everything from a client that was stuck.
func (c *client) read() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queued, c.stuck = 0, false
	for _, done := range c.drain {
		close(done)
	}
	c.drain = nil
}

// say hands a message of the client to the API, as a door does.
func (c *client) say(text string) {
	c.r.t.Helper()
	f, err := appservice.ParseFrame(new(strictjson.Doc), []byte(text))
	c.r.must(err)
	mux, err := appservice.NewMux(c.r.m)
	c.r.must(err)
	c.r.must(mux.Dispatch(c.r.t.Context(), c, f))
}

// gets waits for the next message to the client.
func (c *client) gets(want string) {
	c.r.t.Helper()
	if got := receive(c.r.t, c.got); got != want {
		c.r.t.Fatalf("%s got\n%s, want\n%s", c.who.SIP, got, want)
	}
}

func (c *client) nothing() {
	c.r.t.Helper()
	select {
	case got := <-c.got:
		c.r.t.Fatalf("%s got %s", c.who.SIP, got)
	default:
	}
}

// opened is a client with a session.
func (r *rig) opened(o directory.Object) *client {
	r.t.Helper()
	c := r.client(o)
	c.say(`{"api":"PbxMessages","mt":"Session","src":"s"}`)
	got := receive(r.t, r.service.heard)
	var session struct {
		Src     string
		Session int64
	}
	r.must(json.Unmarshal([]byte(got), &session))
	r.service.say(`{"mt":"SessionResult","src":"%s"}`, session.Src)
	c.gets(fmt.Sprintf(`{"api":"PbxMessages","mt":"SessionResult","src":"s","session":%d}`, session.Session))
	return c
}
