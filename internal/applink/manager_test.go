package applink_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/applink"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/dial"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/storetest"
	"github.com/tandem-switch/tandem/signal"
)

// limit is for waits that a good program does not need.
const limit = 20 * time.Second

// ground is a directory with one domain, and a Manager that runs on a clock that
// stands still.
type ground struct {
	t     *testing.T
	dir   *directory.Directory
	dom   directory.Domain
	clock *ticks
	news  chan signal.Address // links that were connected or lost
	m     *applink.Manager
}

// ticks is a manual clock that says which timers were started.
type ticks struct {
	*clock.Manual
	set chan time.Duration
}

func (c *ticks) AfterFunc(d time.Duration, f func()) clock.Timer {
	timer := c.Manual.AfterFunc(d, f)
	c.set <- d
	return timer
}

func newGround(t *testing.T, change ...func(*applink.Config)) *ground {
	t.Helper()
	g := &ground{t: t, clock: &ticks{clock.NewManual(), make(chan time.Duration, 100)}, news: make(chan signal.Address, 100)}
	sealer, err := directory.NewSealer(bytes.Repeat([]byte{1}, 32))
	g.must(err)
	g.dir, err = directory.Open(t.Context(), storetest.NewMemory(), sealer, directory.Config{Clock: clock.NewManual()})
	g.must(err)
	g.dom, err = g.dir.AddDomain(t.Context(), "example.com", nil)
	g.must(err)
	cfg := applink.Config{Lics: func(signal.DomainID, string) (int, bool) { return 3, true }, Directory: g.dir, Clock: g.clock, Random: func() float64 { return 0.5 }, Name: "pbx", Version: "1", Build: "2"}
	for _, f := range change {
		f(&cfg)
	}
	g.m, err = applink.New(cfg)
	g.must(err)
	g.m.Watch(func(a signal.Address) { g.news <- a })
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { g.m.Run(ctx); close(ended) }()
	t.Cleanup(func() {
		stop()
		receive(t, ended)
	})
	return g
}

func (g *ground) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(limit):
		t.Fatal("nothing happens")
	}
	panic("unreachable")
}

// add adds an app object whose service is at the URL.
func (g *ground) add(name, url, password string) directory.Object {
	g.t.Helper()
	o, err := g.dir.AddApp(g.t.Context(), g.dom.ID, directory.NewObject{
		SIP: name, DN: "Title", Password: password, URL: url + "/svc/app.htm", APIs: []string{"Echo"}, Properties: directory.Properties{Websocket: true},
	})
	g.must(err)
	return o
}

func (g *ground) set(o directory.Object, edit directory.ObjectEdit) {
	g.t.Helper()
	_, err := g.dir.SetObject(g.t.Context(), o.Address(), edit)
	g.must(err)
}

// until waits for news after which the state is good.
func (g *ground) until(o directory.Object, good func(applink.State, bool) bool) {
	g.t.Helper()
	for {
		if good(g.m.State(o.Address())) {
			return
		}
		receive(g.t, g.news)
	}
}

func connected(s applink.State, ok bool) bool { return ok && !s.Connected.IsZero() }

// service is an app service: a program on a loopback socket.
type service struct {
	*appservice.Server
	url      string
	sessions chan appservice.Session
	told     chan appservice.PbxInfo
	password string
	info     string
}

// Authenticate implements appservice.Host.
func (s *service) Authenticate(ctx context.Context, l appservice.Login, check func(string) bool) (appservice.Account, error) {
	return appservice.SharedPassword{App: l.App, Password: s.password}.Authenticate(ctx, l, check)
}

// AppInfo implements appservice.AppInformer.
func (s *service) AppInfo(context.Context, appservice.Session, string) appservice.AppInfoResult {
	return appservice.AppInfoResult{ServiceInfo: appservice.ServiceInfo{APIs: json.RawMessage(s.info)}}
}

// PbxInfo implements appservice.PbxListener.
func (s *service) PbxInfo(_ context.Context, _ appservice.Session, info appservice.PbxInfo) {
	s.told <- info
}

func newService(t *testing.T, password string) *service {
	t.Helper()
	s := &service{sessions: make(chan appservice.Session, 10), told: make(chan appservice.PbxInfo, 10), password: password, info: `{"com.example":{"v":1}}`}
	var err error
	s.Server, err = appservice.NewServer(appservice.ServerConfig{Host: s, MaxMessage: appservice.MaxMessageLink, Serve: func(ctx context.Context, c appservice.Session) {
		s.sessions <- c
		<-ctx.Done()
	}})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(s.Server)
	s.url = site.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		_ = s.Shutdown(ctx)
		site.Close()
	})
	return s
}

// The procedure of decision 76: login as the object, PbxInfo, AppInfo; it follows the
// directory.
func TestLinkFollowsTheDirectory(t *testing.T) {
	s := newService(t, "secret")
	g := newGround(t)
	o := g.add("svc", s.url, "secret")
	g.until(o, connected)
	info := receive(t, s.told)
	if info.Domain != "example.com" || info.PBX != "pbx" || fmt.Sprint(info.APIs) != "[Echo]" || info.Version != "1" || info.Build != "2" {
		t.Errorf("PbxInfo %+v", info)
	}
	first := receive(t, s.sessions)
	login := appservice.LoginOf(first)
	if told := appservice.InfoOf(login); login.SIP != "svc" || login.GUID != o.GUID || login.DN != "Title" || told.AppObj != "svc" || told.AppURL != o.URL || told.PBX != "pbx" || told.Lics != 3 || told.Unlicensed || !told.TestMode {
		t.Errorf("login %+v, info %+v", login, told)
	}
	for {
		if url, apis, ok := g.m.Service(o.Address()); ok && len(apis) > 0 {
			if url != strings.Replace(s.url, "http", "ws", 1)+"/svc" || string(apis) != s.info {
				t.Errorf("service at %s: %s", url, apis)
			}
			break
		}
		receive(t, g.news) // the answer to AppInfo comes after the login
	}
	if links, up := g.m.Totals(); links != 1 || up != 1 {
		t.Errorf("%d of %d", up, links)
	}
	title := "Another"
	g.set(o, directory.ObjectEdit{DN: &title}) // logs in anew
	second := receive(t, s.sessions)
	if dn := appservice.LoginOf(second).DN; dn != title {
		t.Errorf("second login of %q", dn)
	}
	g.until(o, connected)
	g.set(o, directory.ObjectEdit{Properties: func(p *directory.Properties) { p.Websocket = false }})
	g.until(o, func(_ applink.State, there bool) bool { return !there })
	if _, _, ok := g.m.Service(o.Address()); ok {
		t.Error("the link is still there")
	}
}

// A wrong password is tried again after 60 s, and at once when it is changed.
func TestLinkLoginRefused(t *testing.T) {
	s := newService(t, "secret")
	g := newGround(t)
	o := g.add("svc", s.url, "wrong one")
	if d := receive(t, g.clock.set); d != time.Minute {
		t.Errorf("pause of %v", d)
	}
	if st, _ := g.m.State(o.Address()); !st.Connected.IsZero() || !strings.Contains(st.Error, "login failed") || strings.Contains(st.Error, "wrong one") {
		t.Errorf("state %+v", st)
	}
	g.clock.Advance(time.Minute)
	if d := receive(t, g.clock.set); d != time.Minute {
		t.Errorf("second pause of %v", d)
	}
	right := "secret"
	g.set(o, directory.ObjectEdit{Password: &right})
	g.until(o, connected)
}

// Pauses double from 1 s to 32 s and begin anew after a minute of connection.
func TestLinkBacksOff(t *testing.T) {
	s := newService(t, "secret")
	var mu sync.Mutex // guards down
	down := true
	g := newGround(t, func(c *applink.Config) {
		c.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			if down {
				return nil, errors.New("out of order")
			}
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		}
	})
	o := g.add("svc", s.url, "secret")
	pause := func(want time.Duration) {
		t.Helper()
		if d := receive(t, g.clock.set); d != want {
			t.Fatalf("pause of %v, want %v", d, want)
		}
	}
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 32} {
		wait := time.Duration(seconds) * time.Second
		pause(wait)
		g.clock.Advance(wait)
	}
	pause(32 * time.Second)
	mu.Lock()
	down = false
	mu.Unlock()
	g.clock.Advance(32 * time.Second)
	g.until(o, connected)
	g.clock.Advance(59 * time.Second)
	g.must(receive(t, s.sessions).Close(""))
	pause(32 * time.Second)
	g.clock.Advance(32 * time.Second)
	session := receive(t, s.sessions)
	g.until(o, connected)
	g.clock.Advance(time.Minute)
	g.must(session.Close(""))
	pause(time.Second)
}

func TestLinkJitter(t *testing.T) {
	for random, want := range map[float64]time.Duration{0: 800 * time.Millisecond, 0.999999999: 1200 * time.Millisecond} {
		g := newGround(t, func(c *applink.Config) {
			c.Random = func() float64 { return random }
			c.NetDial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no") }
		})
		g.add("svc", "http://ap.example.com", "secret")
		if d := receive(t, g.clock.set); d.Round(time.Millisecond) != want {
			t.Errorf("%v: %v", random, d)
		}
	}
}

// A service in a private network is not connected to unless that is allowed.
func TestLinkIntoPrivateNetwork(t *testing.T) {
	s := newService(t, "secret")
	g := newGround(t, func(c *applink.Config) { c.NetDial = dial.New(nil).DialContext })
	o := g.add("svc", s.url, "secret")
	receive(t, g.clock.set)
	if st, _ := g.m.State(o.Address()); !strings.Contains(st.Error, "private network") || len(s.sessions) != 0 {
		t.Errorf("state %+v", st)
	}
}

// echo is an API that answers what it is asked, and knows who asks.
type echo struct{ closed chan struct{} }

func (echo) Name() string { return "Echo" }
func (e echo) Handle(ctx context.Context, s appservice.Session, f appservice.Frame) error {
	if f.MT != "Say" {
		return appservice.ErrUnknownMT
	}
	who := appservice.PrincipalOf(s)
	return appservice.ReplyTo(ctx, s, f, map[string]any{"mt": "SayResult", "who": who.SIP, "app": who.IsApp, "key": appservice.KeyOf(s) != ""})
}
func (e echo) Closed(context.Context, appservice.Session) { close(e.closed) }

// secret is an API that is not ticked.
type secret struct{ echo }

func (secret) Name() string                               { return "Secret" }
func (secret) Closed(context.Context, appservice.Session) {}

// The service uses what is ticked at its object, as the object, over the link.
func TestServiceUsesAPIs(t *testing.T) {
	s := newService(t, "secret")
	e := echo{make(chan struct{})}
	g := newGround(t, func(c *applink.Config) { c.APIs = []appservice.API{e, secret{}} })
	o := g.add("svc", s.url, "secret")
	session := receive(t, s.sessions)
	ask := func(text, want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		g.must(session.Send(ctx, appservice.Frame{Raw: []byte(text)}))
		f, err := session.Recv(ctx)
		g.must(err)
		if string(f.Raw) != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, f.Raw, want)
		}
	}
	ask(`{"api":"Echo","mt":"Say","src":"1"}`, `{"api":"Echo","src":"1","app":true,"key":true,"mt":"SayResult","who":"svc"}`)
	ask(`{"api":"Echo","mt":"What","src":"2"}`, `{"api":"Echo","src":"2","mt":"Error","error":1,"errorText":"unknown mt"}`)
	ask(`{"api":"Secret","mt":"Say","src":"3"}`, `{"api":"Secret","src":"3","mt":"Error","error":1,"errorText":"api not allowed"}`)
	g.must(g.dir.RemoveApp(t.Context(), o.Address()))
	receive(t, e.closed)
}
