package appservice_test

import (
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
	"github.com/tandem-switch/tandem/internal/ws"
)

// host is a service's Host that remembers what it is told.
type host struct {
	appservice.SharedPassword
	pbx chan appservice.PbxInfo
}

func (h host) AppInfo(_ context.Context, _ appservice.Session, app string) appservice.AppInfoResult {
	return appservice.AppInfoResult{
		Info:        appservice.AppFeatures{Hidden: true, APIs: json.RawMessage(`{}`)},
		ServiceInfo: appservice.ServiceInfo{APIs: json.RawMessage(`{"com.example.ext":{"version":1}}`)},
	}
}

func (h host) PbxInfo(_ context.Context, _ appservice.Session, info appservice.PbxInfo) {
	h.pbx <- info
}

func newHost() host {
	return host{appservice.SharedPassword{App: "svc", Password: "pwd"}, make(chan appservice.PbxInfo, 1)}
}

// start runs a server on a loopback socket; the URL is that of its websocket.
func start(t *testing.T, config appservice.ServerConfig) (*appservice.Server, string) {
	t.Helper()
	server, err := appservice.NewServer(config)
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(server)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		site.Close()
	})
	return server, strings.Replace(site.URL, "http", "ws", 1)
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func dial(t *testing.T, config appservice.DialConfig) *appservice.Client {
	t.Helper()
	if config.Login.App == "" {
		config.Login = appservice.PasswordLogin("svc", "example.com")
	}
	if config.Password == "" {
		config.Password = "pwd"
	}
	c, err := appservice.Dial(limited(t), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close("") })
	return c
}

func TestServerAndClient(t *testing.T) {
	h := newHost()
	_, url := start(t, appservice.ServerConfig{Host: h, Domain: "example.com", APIs: []appservice.API{fakeAPI{"", new(record)}}})
	c := dial(t, appservice.DialConfig{
		URL: url, AskInfo: true, PbxInfo: &appservice.PbxInfo{Domain: "example.com", PBX: "pbx-main", APIs: []string{"PbxApi"}},
	})
	if !c.Info().ServiceInfo.Has("com.example.ext") || !c.Info().Info.Hidden || c.Info().App != "svc" || c.Domain() != "example.com" || c.App() != "svc" {
		t.Errorf("%+v %s", c.Info(), c.Domain())
	}
	if info := <-h.pbx; info.PBX != "pbx-main" || len(info.APIs) != 1 {
		t.Errorf("%+v", info)
	}
	f, err := c.Call(limited(t), json.RawMessage(`{"mt":"Echo","src":"own","text":"<&>"}`))
	if err != nil || f.MT != "EchoResult" || f.Get("text").String() != "<&>" || f.SrcString() != "own" {
		t.Errorf("%s %v", f.Raw, err)
	}
	f, err = c.Call(limited(t), json.RawMessage(`{"mt":"Refuse"}`))
	if e, ok := errors.AsType[*appservice.Error](err); !ok || e.Code != 7 || f.MT != appservice.MTError {
		t.Errorf("%s %v", f.Raw, err)
	}
}

func TestDialRefused(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost()})
	_, err := appservice.Dial(limited(t), appservice.DialConfig{URL: url, Login: appservice.PasswordLogin("svc", ""), Password: "wrong"})
	e, ok := errors.AsType[*appservice.LoginError](err)
	if !ok || e.Text != "Authentication failed" || !errors.Is(err, appservice.ErrLoginFailed) {
		t.Error(err)
	}
	if _, err := appservice.Dial(limited(t), appservice.DialConfig{URL: "ws://127.0.0.1:1/"}); err == nil {
		t.Error("nobody listens")
	}
	if _, err := appservice.NewServer(appservice.ServerConfig{}); err == nil {
		t.Error("a server without host")
	}
}

func TestDialWithLoginFromElsewhere(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost(), APIs: []appservice.API{fakeAPI{"", new(record)}}})
	c := dial(t, appservice.DialConfig{URL: url, GetLogin: func(_ context.Context, challenge string) (appservice.Login, string, error) {
		l := appservice.Login{App: "svc", SIP: "rico", DN: "Schulte, Rico", Info: []byte(`{"appobj":"go","cn":"\u003cü\/>"}`)}
		l.Digest = appservice.Digest(l, challenge, "pwd")
		return l, appservice.SessionKey(challenge, "pwd"), nil
	}})
	if c.SessionKey() == "" {
		t.Error("no key")
	}
	refuses := errors.New("not today")
	_, err := appservice.Dial(limited(t), appservice.DialConfig{URL: url, GetLogin: func(context.Context, string) (appservice.Login, string, error) {
		return appservice.Login{}, "", refuses
	}})
	if !errors.Is(err, refuses) {
		t.Error(err)
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost(), APIs: []appservice.API{fakeAPI{"", new(record)}}})
	c := dial(t, appservice.DialConfig{URL: url})
	var calls sync.WaitGroup
	for i := range 100 {
		calls.Go(func() {
			want := fmt.Sprint("text ", i)
			f, err := c.Call(limited(t), map[string]string{"mt": "Echo", "text": want})
			if err != nil || f.Get("text").String() != want {
				t.Errorf("%s: %s %v", want, f.Raw, err)
			}
		})
	}
	calls.Wait()
}

func TestServeReadsInOrderAndHoldsTheSender(t *testing.T) {
	const n = 500
	begin := make(chan struct{})
	done := make(chan error, 1)
	_, url := start(t, appservice.ServerConfig{Host: newHost(), Serve: func(ctx context.Context, s appservice.Session) {
		<-begin
		for i := range n {
			f, err := s.Recv(ctx)
			if got, _ := f.Get("n").Int64(); err != nil || int(got) != i {
				done <- fmt.Errorf("frame %d: %d %w", i, got, err)
				return
			}
		}
		done <- nil
		<-ctx.Done()
	}})
	c := dial(t, appservice.DialConfig{URL: url})
	for i := range n {
		if err := c.Notify(limited(t), map[string]any{"mt": "Count", "n": i}); err != nil {
			t.Fatal(err)
		}
	}
	close(begin)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestSessionIsWhoLoggedIn(t *testing.T) {
	type seen struct {
		principal appservice.Principal
		login     appservice.Login
		key, app  string
	}
	who := make(chan seen, 1)
	_, url := start(t, appservice.ServerConfig{Host: newHost(), Serve: func(_ context.Context, s appservice.Session) {
		who <- seen{appservice.PrincipalOf(s), appservice.LoginOf(s), appservice.KeyOf(s), s.App()}
	}})
	c := dial(t, appservice.DialConfig{URL: url, Login: appservice.Login{App: "svc", SIP: "rico", DN: "Rico", Info: []byte(`{ "appobj" : "go" }`)}})
	got := <-who
	if got.principal.IsApp || got.principal.SIP != "rico" || got.login.DN != "Rico" || got.key != c.SessionKey() || got.app != "svc" || got.login.Digest != "" {
		t.Errorf("%+v", got)
	}
	if _, err := c.Recv(limited(t)); !errors.Is(err, appservice.ErrClosed) { // Serve returned
		t.Error(err)
	}
	<-c.Done()
	if err := c.Err(); !errors.Is(err, appservice.ErrClosed) {
		t.Error(err)
	}
	if _, err := c.Call(limited(t), appservice.KeepAlive{}); !errors.Is(err, appservice.ErrClosed) {
		t.Error(err)
	}
}

// raw is a connection without login.
func raw(t *testing.T, url string) *ws.Client {
	t.Helper()
	c, err := ws.Dial(limited(t), url, ws.DialConfig{MaxMessage: appservice.MaxMessage})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Abort)
	return c
}

func write(t *testing.T, c *ws.Client, text string) {
	t.Helper()
	if err := c.Write([]byte(text)); err != nil {
		t.Error(err)
	}
}

func wantText(t *testing.T, c *ws.Client, want string) {
	t.Helper()
	text, err := c.Read(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "received", string(text), want)
}

func wantClose(t *testing.T, c *ws.Client, want int) {
	t.Helper()
	for {
		if _, err := c.Read(limited(t)); err != nil {
			if code, ok := ws.CloseCode(err); !ok || code != want {
				t.Errorf("closed by %v, want %d", err, want)
			}
			return
		}
	}
}

func TestServerBeforeLogin(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost(), Challenge: func() string { return "0123456789abcdef" }})
	c := raw(t, url)
	write(t, c, `{"mt":"KeepAlive"}`)
	wantText(t, c, `{"mt":"KeepAlive"}`)
	write(t, c, `{"mt":"CheckBuild","url":"http://h/a.htm"}`)
	wantText(t, c, `{"mt":"CheckBuildResult"}`)
	for range 10 {
		write(t, c, `[1,2]`)
	}
	write(t, c, `{"mt":"Echo","src":1}`)
	wantText(t, c, `{"src":1,"mt":"Error","error":1,"errorText":"not logged in"}`)
	write(t, c, `{"mt":"AppChallenge"}`)
	wantText(t, c, `{"mt":"AppChallengeResult","challenge":"0123456789abcdef"}`)
	write(t, c, `{"src":"no mt"}`)
	wantClose(t, c, appservice.CloseBadData)
}

func TestServerCloseCodes(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost()})
	for name, c := range map[string]struct {
		text string
		n    int
		code int
	}{
		"bad JSON":      {`{"mt":`, 1, appservice.CloseBadData},
		"repeated name": {`{"mt":"KeepAlive","mt":"KeepAlive"}`, 1, appservice.CloseBadData},
		"too long":      {`{"mt":"` + strings.Repeat("x", 4096) + `"}`, 1, appservice.CloseTooBig},
		"five attempts": {`{"mt":"AppLogin","app":"svc","digest":"00"}`, 5, appservice.ClosePolicy},
	} {
		t.Run(name, func(t *testing.T) {
			conn := raw(t, url)
			for range c.n {
				write(t, conn, c.text)
			}
			wantClose(t, conn, c.code)
		})
	}
}

func TestServerAfterLoginTakesLongMessages(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost(), APIs: []appservice.API{fakeAPI{"", new(record)}}})
	c := dial(t, appservice.DialConfig{URL: url})
	long := strings.Repeat("ü", 30000)
	f, err := c.Call(limited(t), map[string]string{"mt": "Echo", "text": long})
	if err != nil || f.Get("text").String() != long {
		t.Error(len(f.Raw), err)
	}
	if err := c.Notify(limited(t), map[string]string{"mt": "Echo", "text": strings.Repeat("x", 65536)}); err == nil {
		t.Error("longer than the protocol allows")
	}
}

func TestServerFaultsCloseTheSessionAlone(t *testing.T) {
	_, url := start(t, appservice.ServerConfig{Host: newHost(), APIs: []appservice.API{fakeAPI{"", new(record)}}})
	for _, mt := range []string{"Panic", "Fail"} {
		c := dial(t, appservice.DialConfig{URL: url})
		if err := c.Notify(limited(t), map[string]string{"mt": mt}); err != nil {
			t.Fatal(err)
		}
		_, err := c.Recv(limited(t))
		if code, _ := ws.CloseCode(err); code != appservice.CloseInternal || !errors.Is(err, appservice.ErrClosed) {
			t.Error(mt, err)
		}
	}
	dial(t, appservice.DialConfig{URL: url})
}

func TestServerShutdown(t *testing.T) {
	var log record
	ended := make(chan struct{})
	server, url := start(t, appservice.ServerConfig{
		Host: newHost(), APIs: []appservice.API{fakeAPI{"A", &log}},
		Serve: func(ctx context.Context, _ appservice.Session) { <-ctx.Done(); close(ended) },
	})
	c := dial(t, appservice.DialConfig{URL: url})
	if err := server.Shutdown(limited(t)); err != nil {
		t.Fatal(err)
	}
	<-ended
	_, err := c.Recv(limited(t))
	if code, _ := ws.CloseCode(err); code != appservice.CloseShutdown {
		t.Error(err)
	}
	if strings.Join(log.list(), ",") != "open A,closed A" {
		t.Error(log.list())
	}
	if _, err := appservice.Dial(limited(t), appservice.DialConfig{URL: url}); err == nil {
		t.Error("the server is closed")
	}
}

func TestServerTimes(t *testing.T) {
	t.Run("no login", func(t *testing.T) {
		server, url := start(t, appservice.ServerConfig{Host: newHost()})
		server.SetTimes(time.Hour, time.Hour, 20*time.Millisecond)
		wantClose(t, raw(t, url), appservice.ClosePolicy)
	})
	t.Run("pings keep a silent client", func(t *testing.T) {
		pongs := make(chan string, 10)
		server, url := start(t, appservice.ServerConfig{Host: newHost(), APIs: []appservice.API{pongAPI{pongs}}})
		server.SetTimes(10*time.Millisecond, 10*time.Second, time.Hour)
		c := dial(t, appservice.DialConfig{URL: url, Ping: -1})
		for range 3 {
			<-pongs
		}
		if c.Err() != nil {
			t.Error(c.Err())
		}
	})
	t.Run("a dead client is dropped", func(t *testing.T) {
		closed := make(chan struct{})
		server, url := start(t, appservice.ServerConfig{Host: newHost(), APIs: []appservice.API{closeAPI{closed}}})
		server.SetTimes(10*time.Millisecond, 30*time.Millisecond, time.Hour)
		deaf(t, url)
		<-closed // it never reads, so it never answers a ping
	})
}

type pongAPI struct{ pongs chan string }

func (pongAPI) Name() string { return "" }
func (pongAPI) Handle(context.Context, appservice.Session, appservice.Frame) error {
	return appservice.ErrUnknownMT
}
func (a pongAPI) Pong(_ context.Context, _ appservice.Session, payload []byte) {
	select {
	case a.pongs <- string(payload):
	default:
	}
}

type closeAPI struct{ closed chan struct{} }

func (closeAPI) Name() string { return "" }
func (closeAPI) Handle(context.Context, appservice.Session, appservice.Frame) error {
	return appservice.ErrUnknownMT
}
func (a closeAPI) Closed(context.Context, appservice.Session) { close(a.closed) }

// TestSlowPeerIsCut: a service that sends to a peer that does not read is told so
// and goes on; nothing piles up beyond the queue.
func TestSlowPeerIsCut(t *testing.T) {
	result, begin := make(chan error, 1), make(chan struct{})
	_, url := start(t, appservice.ServerConfig{Host: newHost(), Serve: func(ctx context.Context, s appservice.Session) {
		<-begin // a cut takes what the peer has not read, the answer to its login too
		text := []byte(`{"mt":"Flood","data":"` + strings.Repeat("x", 60000) + `"}`)
		for range 2000 {
			if err := s.Send(ctx, appservice.Frame{Raw: text}); err != nil {
				result <- err
				return
			}
		}
		result <- nil
	}})
	deaf(t, url)
	close(begin)
	if err := <-result; !errors.Is(err, appservice.ErrQueueFull) {
		t.Error(err)
	}
}

// TestGreedyPeerIsHeld: a peer that asks and does not read the answers is not read
// either, and not cut: it gets all answers when it reads.
func TestGreedyPeerIsHeld(t *testing.T) {
	server, url := start(t, appservice.ServerConfig{Host: newHost(), APIs: []appservice.API{fakeAPI{"", new(record)}}})
	c := deaf(t, url)
	const n = 150 // more than sockets and queue can hold
	go func() {
		request := []byte(`{"mt":"Echo","text":"` + strings.Repeat("x", 60000) + `"}`)
		for range n {
			if c.Write(request) != nil {
				return
			}
		}
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ctx := limited(t); server.Held() == 0; <-tick.C {
		if ctx.Err() != nil {
			t.Fatal("the peer is not held")
		}
	}
	for range n {
		if text, err := c.Read(limited(t)); err != nil || len(text) < 60000 {
			t.Fatal(err)
		}
	}
}

// deaf is a connection that has logged in and reads nothing by itself.
func deaf(t *testing.T, url string) *ws.Client {
	t.Helper()
	c, err := ws.Dial(limited(t), url, ws.DialConfig{NetDial: narrow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Abort)
	logIn(t, c)
	return c
}

// narrow dials a socket that takes little before somebody reads.
func narrow(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err == nil {
		err = conn.(*net.TCPConn).SetReadBuffer(512 << 10)
	}
	return conn, err
}

// logIn logs a bare connection in.
func logIn(t *testing.T, c *ws.Client) {
	t.Helper()
	write(t, c, `{"mt":"AppChallenge"}`)
	text, err := c.Read(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	challenge := parse(t, string(text))
	l := appservice.PasswordLogin("svc", "")
	write(t, c, fmt.Sprintf(`{"mt":"AppLogin","app":"svc","sip":"svc","guid":%q,"dn":"Admin","digest":%q}`,
		l.GUID, appservice.Digest(l, challenge.Get("challenge").String(), "pwd")))
	wantText(t, c, `{"mt":"AppLoginResult","app":"svc","ok":true}`)
}
