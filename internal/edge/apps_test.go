package edge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

func TestAppsLogins(t *testing.T) {
	r := newRig(t)
	r.addApp("tool", "pwd-tool", "PbxSignal", "PbxApi", "PbxAdminApi")
	alice := r.alice.Address()
	r.must(r.dir.AddDevice(t.Context(), alice, directory.Device{HW: "phone-1", App: "softphone"}))
	r.must(r.dir.AddDevice(t.Context(), alice, directory.Device{HW: "desk-1", App: "tool"}))
	both := "PbxSignal PbxApi"
	for _, c := range []struct {
		name     string
		login    appservice.Login
		password string
		want     string // sip, app, apis of the session; empty: refused
	}{
		{"user", appservice.UserLogin("example.com", "alice"), "secret-alice", "alice//" + strings.Join(userAPIs, " ")},
		{"user, domain by host", appservice.UserLogin("", "alice"), "secret-alice", "alice//" + strings.Join(userAPIs, " ")},
		{"user, other case", appservice.UserLogin("example.com", "ALICE"), "secret-alice", "alice//" + strings.Join(userAPIs, " ")},
		{"user, wrong password", appservice.UserLogin("example.com", "alice"), "secret-bob", ""},
		{"user, empty password", appservice.UserLogin("example.com", "alice"), "", ""},
		{"user, other domain", appservice.UserLogin("example.org", "alice"), "secret-alice", ""},
		{"nobody", appservice.UserLogin("example.com", "nobody"), "secret-alice", ""},
		{"nobody at all", appservice.Login{}, "", ""},
		{"object", appservice.PasswordLogin("tool", "example.com"), "pwd-tool", "tool/tool/PbxSignal PbxApi PbxAdminApi (app)"},
		{"object by vector", appservice.Login{App: "tool"}, "pwd-tool", "tool/tool/PbxSignal PbxApi PbxAdminApi (app)"},
		{"object, wrong password", appservice.PasswordLogin("tool", "example.com"), "secret-alice", ""},
		{"object as user", appservice.UserLogin("example.com", "tool"), "pwd-tool", ""},
		{"unknown object", appservice.PasswordLogin("ghost", "example.com"), "x", ""},
		{"user through object", appservice.Login{App: "page", PbxObj: "tool", Domain: "example.com", SIP: "alice", DN: "Alice", Info: []byte(`{"appobj":"tool"}`)}, "pwd-tool", "alice/tool/" + both},
		{"user through object, own password", appservice.Login{App: "tool", Domain: "example.com", SIP: "alice"}, "secret-alice", ""},
		{"nobody through object", appservice.Login{App: "tool", Domain: "example.com", SIP: "ghost"}, "pwd-tool", ""},
		{"device app", appservice.Login{App: "x", PbxObj: "dev:desk-1", Domain: "example.com", SIP: "alice"}, "pwd-tool", "alice/tool/" + both},
		{"built-in app", appservice.Login{App: "chat", PbxObj: "chat", Domain: "example.com", SIP: "bob"}, r.edge.secret, "bob/chat/" + strings.Join(userAPIs, " ")},
		{"built-in device app", appservice.Login{App: "softphone", PbxObj: "dev:phone-1", Domain: "example.com", SIP: "alice"}, r.edge.secret, "alice/softphone/" + strings.Join(userAPIs, " ")},
		{"built-in app, wrong secret", appservice.Login{App: "chat", PbxObj: "chat", Domain: "example.com", SIP: "bob"}, "guess", ""},
		{"unknown device", appservice.Login{App: "chat", PbxObj: "dev:ghost", Domain: "example.com", SIP: "alice"}, r.edge.secret, ""},
		{"another's device", appservice.Login{App: "chat", PbxObj: "dev:phone-1", Domain: "example.com", SIP: "bob"}, r.edge.secret, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := r.dial(appsPath)
			s.t = t
			m := s.appLogin(c.login, s.challenge(), c.password)
			if m["error"] != nil || m.str("domain") != "example.com" || m.str("app") != c.login.App {
				t.Errorf("result %v", m)
			}
			if c.want == "" {
				if m["ok"] == true || m.str("errorText") != "Authentication failed" {
					t.Errorf("result %v, want a refusal", m)
				}
				return
			}
			if m["ok"] != true {
				t.Fatalf("result %v, want success", m)
			}
			s.send(`{"api":"PbxSignal","mt":"Whoami","src":"w"}`)
			w := s.want("WhoamiResult")
			got := fmt.Sprintf("%s/%s/%s", w.str("sip"), w.str("app"), strings.Trim(fmt.Sprint(w["apis"]), "[]"))
			if w["isApp"] == true {
				got += " (app)"
			}
			if got != c.want || w.str("domain") != "example.com" {
				t.Errorf("session %s, want %s", got, c.want)
			}
		})
	}
}

func TestAppsVectorsWithFixedChallenge(t *testing.T) {
	r := newRig(t, func(c *Config) { c.FixedChallenge = "0123456789abcdef" })
	r.addApp("pbxadminapi", "pwd")
	for _, members := range []string{
		`"digest":"a205299ed2ef2786c311e0be1b14db343f2cadd906a6ae7b564eee34bda5e9a1"`,
		`"domain":"","sip":"","guid":"","dn":"","info":{},"digest":"57B23FE824B9222A7AC879597CB509BCDC865A1BFEB057D9D12118CEF0C3BA34"`,
		`"info":{ "cn": "Test User" },"digest":"96db3c3f657230c2b68194becc6d2a77f05de9f79f01fc81e9ca0fb196b10d9d"`,
		`"domain":"example.com","sip":"pbxadminapi","guid":"00000000000000000000000000000000","dn":"Admin","digest":"eeac41b1c8c009d37586415a275145f5e3d2be4b18f35c53bb1f21aaa6b9215b","pbxObj":"pbxadminapi"`,
	} {
		c := r.dial(appsPath)
		if got := c.challenge(); got != "0123456789abcdef" {
			t.Fatalf("challenge %q", got)
		}
		c.send(`{"mt":"AppLogin","app":"pbxadminapi",` + members + `}`)
		if m := c.want("AppLoginResult"); m["ok"] != true || m.str("app") != "pbxadminapi" || m.str("domain") != "example.com" {
			t.Errorf("%s: %v", members, m)
		}
	}
}

func TestAppsChallengeIsGoodOnceAndOnItsSocketAlone(t *testing.T) {
	r := newRig(t)
	alice := appservice.UserLogin("example.com", "alice")
	a, b := r.dial(appsPath), r.dial(appsPath)
	first := a.challenge()
	if m := a.appLogin(alice, first, "wrong"); m["ok"] == true {
		t.Fatal("a wrong password was taken")
	}
	if m := a.appLogin(alice, first, "secret-alice"); m["ok"] == true {
		t.Fatal("a spent challenge was taken")
	}
	older, newer := a.challenge(), a.challenge()
	if m := b.appLogin(alice, newer, "secret-alice"); m["ok"] == true {
		t.Fatal("the challenge of another socket was taken")
	}
	if older == newer {
		t.Fatal("the same challenge twice")
	}
	if m := a.appLogin(alice, older, "secret-alice"); m["ok"] == true {
		t.Fatal("a replaced challenge was taken")
	}
	if m := a.appLogin(alice, a.challenge(), "secret-alice"); m["ok"] != true {
		t.Fatalf("the socket is no longer good: %v", m)
	}
}

func TestAppsFifthWrongLoginIsAnsweredAndEndsTheSocket(t *testing.T) {
	r := newRig(t)
	c := r.dial(appsPath)
	for range 5 {
		c.challenge()
		c.send(`{"mt":"AppLogin","sip":"alice","domain":"example.com","digest":"00"}`)
		if m := c.want("AppLoginResult"); m["ok"] == true {
			t.Fatal("logged in")
		}
	}
	c.wantClosed(1008)
}

func TestAppsDisabledUser(t *testing.T) {
	r := newRig(t)
	c := r.loginUser("alice")
	yes := true
	_, err := r.dir.SetUser(t.Context(), r.alice.Address(), directory.ObjectEdit{Disabled: &yes})
	r.must(err)
	c.wantClosed(1008)
	c = r.dial(appsPath)
	if m := c.appLogin(appservice.UserLogin("example.com", "alice"), c.challenge(), "secret-alice"); m["ok"] == true {
		t.Error("a disabled user logged in")
	}
	r.must(r.dir.RemoveUser(t.Context(), r.alice.Address()))
	c = r.dial(appsPath)
	if m := c.appLogin(appservice.UserLogin("example.com", "alice"), c.challenge(), "secret-alice"); m["ok"] == true {
		t.Error("a deleted user logged in")
	}
}

func TestSocketWithoutLoginEndsAfter120Seconds(t *testing.T) {
	r := newRig(t)
	idle, busy, in := r.dial(appsPath), r.dial(clientPath), r.loginUser("alice")
	for range 11 {
		r.clock.Advance(10 * time.Second)
		busy.quiet()
		idle.quiet()
		in.quiet()
	}
	r.clock.Advance(14 * time.Second)
	idle.wantClosed(1008)
	busy.wantClosed(1008)
	in.quiet()
}

func TestMessagesBeforeLogin(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{appsPath, clientPath} {
		c := r.dial(path)
		c.send(`{"mt":"KeepAlive"}`)
		c.wantText(`{"mt":"KeepAlive"}`)
		c.send(`{"mt":"KeepAlive","src":7,"api":"PbxSignal"}`)
		c.wantText(`{"api":"PbxSignal","src":7,"mt":"KeepAlive"}`)
		c.send(`{"mt":"CheckBuild","url":"http://h/PBX0/APPS/chat/chat.htm"}`)
		if m := c.want("CheckBuildResult"); m["url"] != nil || (path == clientPath) != (m.str("version") == "1.2" && m.str("build") == "99") {
			t.Errorf("%s: %v", path, m)
		}
		c.send(`{"api":"PbxSignal","mt":"Echo","src":"e"}`)
		if m := c.want("Error"); m.str("src") != "e" || m.str("api") != "PbxSignal" || m["error"] != float64(1) {
			t.Errorf("%s: %v", path, m)
		}
		c.send(`{"api":"PbxSignal","mt":"Echo"}`)
		c.send(`{"mt":"Nonsense"}`)
		c.send(`{"mt":"Logout"}`)
		c.quiet()
	}
}

func TestRouting(t *testing.T) {
	r := newRig(t)
	for _, c := range []*client{r.loginUser("alice"), first(r.loginClient("alice"))} {
		for _, s := range []struct{ send, want string }{
			{`{"api":"PbxSignal","mt":"Echo","src":"1","text":"x"}`, `{"api":"PbxSignal","src":"1","mt":"EchoResult","text":"x"}`},
			{`{"api":"PbxSignal","mt":"Echo","src":17}`, `{"api":"PbxSignal","src":17,"mt":"EchoResult","text":""}`},
			{`{"api":"PbxSignal","mt":"Nonsense","src":"2"}`, `{"api":"PbxSignal","src":"2","mt":"Error","error":1,"errorText":"unknown mt"}`},
			{`{"api":"PbxSignal","mt":"Picky","src":"2"}`, `{"api":"PbxSignal","src":"2","mt":"Error","error":7,"errorText":"picky"}`},
			{`{"api":"PbxSignal","mt":"Nonsense"}`, ""},
			{`{"mt":"Nonsense","src":"3"}`, `{"src":"3","mt":"Error","error":1,"errorText":"unknown mt"}`},
			{`{"mt":"Nonsense"}`, ""},
			{`{"api":"PbxAdminApi","mt":"GetStun","src":"4"}`, `{"api":"PbxAdminApi","src":"4","mt":"Error","error":1,"errorText":"api not allowed"}`},
			{`{"api":"PbxAdminApi","mt":"GetStun"}`, ""},
			{`{"api":"RCC","mt":"Initialize","src":"5"}`, `{"api":"RCC","src":"5","mt":"Error","error":1,"errorText":"unknown mt"}`},
			{`{"api":"Nobodys","mt":"X","src":"6"}`, `{"api":"Nobodys","src":"6","mt":"Error","error":1,"errorText":"unknown mt"}`},
			{`{"mt":"Nonsense","src":"3","a":{"b":1,"b":2}}`, ""},
		} {
			c.send(s.send)
			if s.want != "" {
				c.wantText(s.want)
			}
			c.quiet()
		}
	}
}

func first[A, B any](a A, _ B) A { return a }

func TestForbiddenAPIOfAnObject(t *testing.T) {
	r := newRig(t)
	c := r.dial(appsPath)
	c.appLogin(appservice.PasswordLogin("mute", "example.com"), c.challenge(), "pwd-mute")
	for _, s := range []struct{ send, want string }{
		{`{"api":"PbxSignal","mt":"Register","src":"m"}`, `{"api":"PbxSignal","src":"m","mt":"RegisterResult","err":"not allowed"}`},
		{`{"api":"PbxSignal","mt":"Register"}`, `{"api":"PbxSignal","mt":"RegisterResult","err":"not allowed"}`},
		{`{"api":"EpSignal","mt":"Attach","src":"m"}`, `{"api":"EpSignal","src":"m","mt":"AttachResult","err":"not allowed"}`},
		{`{"api":"PbxSignal","mt":"Echo","src":"m"}`, `{"api":"PbxSignal","src":"m","mt":"Error","error":1,"errorText":"api not allowed"}`},
	} {
		c.send(s.send)
		c.wantText(s.want)
	}
}

func TestFailingAPIEndsItsConnectionOnly(t *testing.T) {
	r := newRig(t)
	other := r.loginUser("bob")
	for _, mt := range []string{"Broken", "Panic"} {
		c := r.loginUser("alice")
		c.sendf(`{"api":"PbxSignal","mt":%q,"src":"1"}`, mt)
		c.wantClosed(1011)
	}
	other.quiet()
	r.api.refuse = errBroken
	c := r.dial(appsPath)
	challenge := c.challenge()
	l := appservice.UserLogin("example.com", "alice")
	c.sendf(`{"mt":"AppLogin","domain":"example.com","sip":"alice","digest":%q}`, appservice.Digest(l, challenge, "secret-alice"))
	c.wantClosed(1011)
}

func TestPingsOfAnAPI(t *testing.T) {
	r := newRig(t)
	c := r.loginUser("alice")
	c.send(`{"api":"PbxSignal","mt":"Ping","text":"p1"}`)
	c.quiet() // reading answers the ping
	select {
	case got := <-r.api.pongs:
		if got != "p1" {
			t.Errorf("pong %q", got)
		}
	case <-time.After(patience):
		t.Error("no pong")
	}
}

func TestAddressOf(t *testing.T) {
	a := addressOf(appservice.Principal{DomainID: 3, ObjectID: 4})
	if a != (signal.Address{Domain: 3, Object: 4}) {
		t.Error(a)
	}
}
