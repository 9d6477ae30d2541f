package appservice_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/internal/ws"
)

// door is a myApps door with one person, alice, and one session. mode changes
// how it answers the second Login.
type door struct {
	t    *testing.T
	mode string
}

const (
	sessionID       = "9ae4b9193f1362019e19009033400109"
	sessionPassword = "CJv8T5QopMHnuEjpau9vkMM"
)

func (d door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := ws.Upgrade(w, r, ws.Config{MaxMessage: appservice.MaxMessage})
	if err != nil {
		return
	}
	_ = conn.Serve(&doorConn{door: d, conn: conn})
	conn.Abort()
}

type doorConn struct {
	door
	conn *ws.Conn
	doc  strictjson.Doc
}

func (c *doorConn) Binary() error { return nil }
func (c *doorConn) Pong([]byte)   {}
func (c *doorConn) TurnEnd()      { c.conn.Flush() }

func (c *doorConn) send(req appservice.Frame, v any) {
	raw, err := appservice.AppendReply(nil, req, v)
	if err != nil {
		c.t.Error(err)
	}
	_, _ = c.conn.QueueText(raw)
}

func (c *doorConn) Message(text []byte) error {
	f, err := appservice.ParseFrame(&c.doc, text)
	if err != nil {
		c.t.Error(err)
		return err
	}
	switch {
	case f.MT == appservice.MTLogin && !f.Get("method").Exists():
		c.send(f, appservice.UpdateRegister{}) // between the steps other messages may stand
		c.send(f, appservice.Authenticate{Type: f.Get("type").String(), Method: "digest", Domain: "example.com", Challenge: "9d9a00b3ffeebd12"})
	case f.MT == appservice.MTLogin:
		c.login(f)
	case f.MT == appservice.MTAppGetLogin:
		c.getLogin(f)
	case f.API == appservice.APIPbxSignal:
		c.send(f, map[string]string{"mt": f.MT + "Result"})
		c.send(f, map[string]any{"mt": "Signaling", "call": -1})
	}
	return nil
}

func (c *doorConn) login(f appservice.Frame) {
	var l appservice.ClientLogin
	if err := f.Decode(&l); err != nil {
		c.t.Error(err)
	}
	p := appservice.Proof{Type: l.Type, Domain: "example.com", User: l.Username, Password: "wonderland", Nonce: l.Nonce, Challenge: "9d9a00b3ffeebd12"}
	if l.Type == appservice.TypeSession {
		p.Password = sessionPassword
	}
	switch {
	case !p.Verify(l.Response) || !appservice.ValidNonce(l.Nonce):
		c.send(f, appservice.LoginResult{Error: appservice.LoginFailed, ErrorText: "Authentication failed"})
		return
	case c.mode == "forged":
		p.Password = "guess"
	case c.mode == "authorize":
		c.send(f, appservice.Authorize{Code: 4711})
	case c.mode == "redirect":
		info := json.RawMessage(`{"host":"pbx2.example.com","https":443,"mod":"PBX0"}`)
		c.send(f, appservice.Redirect{Info: info, Digest: p.RedirectDigest(info)})
		return
	}
	info := appservice.ClientInfo{User: appservice.User{Domain: "example.com", SIP: "alice", DN: "Alice Müller <&>"}, APIs: []string{appservice.APIPbxSignal}}
	if l.Type == appservice.TypeUser {
		sealed := p.SealSession(sessionID, sessionPassword)
		info.Session = &sealed
	}
	text := info.AppendJSON(nil)
	c.send(f, appservice.LoginResult{Info: text, Digest: p.LoginResultDigest(text)})
}

func (c *doorConn) getLogin(f appservice.Frame) {
	if !f.Get("app").Is("users") {
		c.send(f, appservice.AppGetLoginResult{Error: 1, ErrorText: "no such app"})
		return
	}
	challenge := f.Get("challenge").String()
	l := appservice.Login{App: "users", Domain: "example.com", SIP: "alice", Info: appservice.Info{AppObj: "users", CN: "Alice"}.AppendJSON(nil)}
	c.send(f, appservice.AppGetLoginResult{
		App: l.App, Domain: l.Domain, SIP: l.SIP, Info: l.Info, Digest: appservice.Digest(l, challenge, "pwd"),
		Salt: "salt", Key: appservice.SealLoginKey("salt", sessionPassword, appservice.SessionKey(challenge, "pwd")),
	})
}

func openDoor(t *testing.T, mode string) string {
	t.Helper()
	site := httptest.NewServer(door{t, mode})
	t.Cleanup(site.Close)
	return strings.Replace(site.URL, "http", "ws", 1) + "/PBX0/APPCLIENT/websocket"
}

func dialMyApps(t *testing.T, url string, c appservice.Credentials) *appservice.MyApps {
	t.Helper()
	m, err := appservice.DialMyApps(limited(t), url, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

var alice = appservice.Credentials{Username: "alice", Password: "wonderland", UserAgent: "test"}

func TestMyApps(t *testing.T) {
	url := openDoor(t, "")
	m := dialMyApps(t, url, alice)
	if m.Info().User.DN != "Alice Müller <&>" || m.Info().APIs[0] != appservice.APIPbxSignal {
		t.Errorf("%+v", m.Info())
	}
	s := m.Session()
	if s.Type != appservice.TypeSession || s.Username != sessionID || s.Password != sessionPassword || s.UserAgent != "test" {
		t.Errorf("%+v", s)
	}
	f, err := m.Call(limited(t), json.RawMessage(`{"api":"PbxSignal","mt":"Register"}`))
	if err != nil || f.MT != "RegisterResult" {
		t.Errorf("%s %v", f.Raw, err)
	}
	kept, err := m.Recv(limited(t))
	if err != nil || kept.MT != "Signaling" || kept.API != appservice.APIPbxSignal {
		t.Errorf("%s %v", kept.Raw, err)
	}
	if err := m.Send(limited(t), appservice.SubscribeApps{}); err != nil {
		t.Error(err)
	}

	again := dialMyApps(t, url, s) // the session logs in without the person's password
	if again.Info().Session != nil || again.Session().Username != sessionID {
		t.Errorf("%+v", again.Session())
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := m.Recv(limited(t)); !errors.Is(err, appservice.ErrClosed) {
		t.Error(err)
	}
	<-m.Done()
	if !errors.Is(m.Err(), appservice.ErrClosed) || again.Err() != nil {
		t.Error(m.Err(), again.Err())
	}
}

func TestMyAppsOpensAnApp(t *testing.T) {
	m := dialMyApps(t, openDoor(t, ""), alice)
	_, service := start(t, appservice.ServerConfig{Host: appservice.SharedPassword{App: "users", Password: "pwd"}, APIs: []appservice.API{fakeAPI{"", new(record)}}})
	c := dial(t, appservice.DialConfig{URL: service, GetLogin: func(ctx context.Context, challenge string) (appservice.Login, string, error) {
		return m.GetLogin(ctx, "users", challenge)
	}})
	if len(c.SessionKey()) != 64 {
		t.Error(c.SessionKey())
	}
	_, _, err := m.GetLogin(limited(t), "unknown", "c")
	if e, ok := errors.AsType[*appservice.LoginError](err); !ok || e.Text != "no such app" {
		t.Error(err)
	}
}

func TestMyAppsRefused(t *testing.T) {
	wrong := alice
	wrong.Password = "wrong"
	_, err := appservice.DialMyApps(limited(t), openDoor(t, ""), wrong)
	if e, ok := errors.AsType[*appservice.LoginError](err); !ok || e.Code != appservice.LoginFailed {
		t.Error(err)
	}
	if _, err = appservice.DialMyApps(limited(t), openDoor(t, "forged"), alice); !errors.Is(err, appservice.ErrForged) {
		t.Error(err)
	}
	_, err = appservice.DialMyApps(limited(t), openDoor(t, "redirect"), alice)
	if e, ok := errors.AsType[*appservice.RedirectError](err); !ok || e.Info.Host != "pbx2.example.com" || e.Info.HTTPS != 443 {
		t.Error(err)
	}
}

func TestMyAppsAuthorize(t *testing.T) {
	code := 0
	c := alice
	c.Authorize = func(n int) { code = n }
	dialMyApps(t, openDoor(t, "authorize"), c)
	if code != 4711 {
		t.Error(code)
	}
}
