package edge

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

func TestClientLoginWithPasswordThenSession(t *testing.T) {
	r := newRig(t)
	c := r.dial(clientPath)
	c.send(`{"mt":"SubscribeRegister"}`)
	c.wantText(`{"mt":"UpdateRegister"}`)
	c.send(`{"mt":"LoginInfo"}`)
	c.wantText(`{"mt":"LoginInfoResult","user":{"digest":true,"ntlm":false,"oauth2":false},"session":{"digest":true}}`)
	p := c.authenticate("user", "alice", "secret-alice")
	if p.Domain != "example.com" || len(p.Challenge) != 16 {
		t.Fatalf("Authenticate: %+v", p)
	}
	c.respond(p)
	res := c.result(p)
	u := res.info.User
	if u["domain"] != "example.com" || u["sip"] != "alice" || u["dn"] != "Alice" || u["num"] != "101" || u["guid"] != r.alice.GUID {
		t.Errorf("user %v", u)
	}
	if !slices.Equal(res.info.APIs, []string{"PbxSignal"}) {
		t.Errorf("apis %v", res.info.APIs)
	}
	if len(res.id) != 32 || len(res.password) != 23 {
		t.Errorf("session %q, password of %d", res.id, len(res.password))
	}
	c.want("UpdateUser")
	if m := c.want("SessionAdded"); m.str("id") != res.id || m["info"].(map[string]any)["current"] != true {
		t.Errorf("%v", m)
	}

	again := r.dial(clientPath)
	p = again.authenticate("session", res.id, res.password)
	again.respond(p)
	if res := again.result(p); res.info.Session != nil || res.info.User["sip"] != "alice" {
		t.Errorf("resumed: %s", res.Info)
	}
	again.settle()
	c.quiet() // a resumed session is no new one
}

func TestClientLoginWithDomainInTheName(t *testing.T) {
	r := newRig(t)
	other, err := r.dir.AddDomain(t.Context(), "example.org", nil)
	r.must(err)
	_, err = r.dir.AddUser(t.Context(), other.ID, directory.NewObject{SIP: "zoe", Password: "secret-zoe"})
	r.must(err)
	for _, c := range []struct {
		name, password string
		ok             bool
	}{
		{"alice@example.com", "secret-alice", true},
		{"Alice@pbx.example.com", "secret-alice", true},
		{"zoe@example.org", "secret-zoe", true},
		{"zoe", "secret-zoe", false},
		{"alice@example.org", "secret-alice", false},
		{"alice@elsewhere.net", "secret-alice", false},
	} {
		s := r.dial(clientPath)
		p := s.authenticate("user", c.name, c.password)
		s.respond(p)
		if !c.ok {
			s.wantError(2)
			continue
		}
		s.result(p)
	}
}

func TestClientWrongLogins(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		name   string
		change func(*appservice.Proof)
		code   int
	}{
		{"wrong password", func(p *appservice.Proof) { p.Password = "wrong" }, 2},
		{"unknown user", func(p *appservice.Proof) { p.User = "ghost" }, 2},
		{"app object", func(p *appservice.Proof) { p.User, p.Password = "robot", "pwd-robot" }, 2},
		{"other challenge", func(p *appservice.Proof) { p.Challenge = "0000000000000000" }, 2},
		{"other domain", func(p *appservice.Proof) { p.Domain = "example.org" }, 2},
		{"short nonce", func(p *appservice.Proof) { p.Nonce = "1234567" }, 1},
		{"other type", func(p *appservice.Proof) { p.Type = "session" }, 1},
		{"unknown type", func(p *appservice.Proof) { p.Type = "magic" }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := r.dial(clientPath)
			s.t = t
			p := s.authenticate("user", "alice", "secret-alice")
			c.change(&p)
			s.respond(p)
			s.wantError(c.code)
			p = s.authenticate("user", "alice", "secret-alice")
			s.respond(p)
			s.result(p) // the socket is still good
		})
	}
	t.Run("malformed", func(t *testing.T) {
		s := r.dial(clientPath)
		for _, text := range []string{
			`{"mt":"Login"}`, `{"mt":"Login","type":7}`, `{"mt":"Login","type":"user","method":"ntlm","username":"a","response":"b","nonce":"12345678"}`,
		} {
			s.send(text)
			s.wantError(1)
		}
		s.send(`{"mt":"LoginCancel"}`)
		s.wantError(6)
	})
	t.Run("unknown session", func(t *testing.T) {
		s := r.dial(clientPath)
		p := s.authenticate("session", "00000000000000000000000000000000", "x")
		s.respond(p)
		s.wantError(5)
	})
	t.Run("fifth", func(t *testing.T) {
		s := r.dial(clientPath)
		for range 5 {
			p := s.authenticate("user", "bob", "wrong")
			s.respond(p)
			s.wantError(2)
		}
		s.wantClosed(1008)
	})
}

func TestClientChallengeAndNonceAreGoodOnce(t *testing.T) {
	r := newRig(t)
	c := r.dial(clientPath)
	p := c.authenticate("user", "alice", "secret-alice")
	wrong := p
	wrong.Password = "wrong"
	c.respond(wrong)
	c.wantError(2)
	c.respond(p)
	c.wantError(2)

	again := c.authenticate("user", "alice", "secret-alice")
	c.respond(again)
	res := c.result(again)
	for _, kind := range []string{"user", "session"} {
		s := r.dial(clientPath)
		p := s.authenticate(kind, map[string]string{"user": "alice", "session": res.id}[kind],
			map[string]string{"user": "secret-alice", "session": res.password}[kind])
		p.Nonce = again.Nonce
		s.respond(p)
		if kind == "user" {
			s.wantError(2)
			continue
		}
		s.result(p) // the first use with this session
		s = r.dial(clientPath)
		q := s.authenticate("session", res.id, res.password)
		q.Nonce = again.Nonce
		s.respond(q)
		s.wantError(2)
		r.clock.Advance(10 * time.Minute)
		s = r.dial(clientPath)
		q = s.authenticate("session", res.id, res.password)
		q.Nonce = again.Nonce
		s.respond(q)
		s.result(q)
	}
}

func TestClientWithFixedChallengeAndKnownResponse(t *testing.T) {
	r := newRig(t, func(c *Config) { c.FixedChallenge = "0123456789abcdef" })
	c := r.dial(clientPath)
	c.send(`{"mt":"Login","type":"user","userAgent":"x"}`)
	c.wantText(`{"mt":"Authenticate","type":"user","method":"digest","domain":"example.com","challenge":"0123456789abcdef"}`)
	// sha256 of innovaphoneAppClient:user:example.com:alice:secret-alice:a491f76e528be0b9:0123456789abcdef
	c.send(`{"mt":"Login","type":"user","method":"digest","username":"alice","nonce":"a491f76e528be0b9","response":"defb999cab56276887f5a8ebaafed7dfe1c82130b6faefd216bf5efa094f1686"}`)
	if m := c.want("LoginResult"); m["error"] != nil {
		t.Error(m)
	}
}

func TestClientLogoutForgetsTheSession(t *testing.T) {
	r := newRig(t)
	c, res := r.loginClient("alice")
	other, _ := r.loginClient("alice")
	c.until("SessionAdded")
	c.send(`{"mt":"Logout"}`)
	c.want("LogoutResult")
	if m := other.want("SessionDeleted"); m.str("id") != res.id {
		t.Errorf("%v", m)
	}
	if _, closed := r.api.counts(); closed != 1 {
		t.Errorf("%d sessions are closed, want 1", closed)
	}
	c.send(`{"api":"PbxSignal","mt":"Echo","src":"1"}`)
	c.want("Error")
	p := c.authenticate("session", res.id, res.password)
	c.respond(p)
	c.wantError(5)
	p = c.authenticate("user", "alice", "secret-alice")
	c.respond(p)
	c.result(p) // the socket may log in again
	c.settle()
	c.send(`{"api":"PbxSignal","mt":"Echo","src":"1","text":"again"}`)
	c.want("EchoResult")
	other.until("SessionAdded")
}

func TestClientSessionsOfAUser(t *testing.T) {
	r := newRig(t)
	a, _ := r.loginClient("alice")
	b, resB := r.loginClient("alice")
	stranger, resS := r.loginClient("bob")
	if m := a.want("SessionAdded"); m.str("id") != resB.id {
		t.Errorf("%v", m)
	}
	a.sendf(`{"mt":"DeleteSession","src":"d","id":%q}`, resS.id)
	if m := a.want("Error"); m.str("src") != "d" {
		t.Errorf("%v", m)
	}
	stranger.quiet()
	a.sendf(`{"mt":"DeleteSession","id":%q}`, resB.id)
	b.want("LogoutResult")
	b.wantClosed(1000)
	if m := a.want("SessionDeleted"); m.str("id") != resB.id {
		t.Errorf("%v", m)
	}
	c := r.dial(clientPath)
	p := c.authenticate("session", resB.id, resB.password)
	c.respond(p)
	c.wantError(5)
}

func TestClientSeesChangesOfItsUser(t *testing.T) {
	r := newRig(t)
	c, res := r.loginClient("alice")
	name, password, yes := "Alice B.", "another-secret", true
	edit := func(e directory.ObjectEdit) {
		_, err := r.dir.SetUser(t.Context(), r.alice.Address(), e)
		r.must(err)
	}
	edit(directory.ObjectEdit{DN: &name})
	if m := c.want("UpdateUser"); m["user"].(map[string]any)["dn"] != name {
		t.Errorf("%v", m)
	}
	edit(directory.ObjectEdit{Password: &password}) // ends all sessions
	c.until("LogoutResult")
	c.wantClosed(1000)
	c = r.dial(clientPath)
	p := c.authenticate("session", res.id, res.password)
	c.respond(p)
	c.wantError(5)
	p = c.authenticate("user", "alice", password)
	c.respond(p)
	c.result(p)
	edit(directory.ObjectEdit{Disabled: &yes})
	c.until("LogoutResult")
	c.wantClosed(1000)
}

func TestClientStoreDown(t *testing.T) {
	r := newRig(t)
	r.store.mu.Lock()
	r.store.broken = errors.New("disk full")
	r.store.mu.Unlock()
	c := r.dial(clientPath)
	p := c.authenticate("user", "alice", "secret-alice")
	c.respond(p)
	c.wantError(1)
}

func TestWake(t *testing.T) {
	r := newRig(t)
	a, res := r.loginClient("alice")
	b, _ := r.loginClient("alice")
	a.until("SessionAdded")
	wake := func(kind string) bool { return r.edge.Wake(nil, r.alice.Address(), kind) }
	if wake("chat") {
		t.Error("woken without having asked")
	}
	a.send(`{"mt":"SetSessionInfo","token":"push-token","wake":["chat","chat","nonsense"]}`)
	b.want("SessionUpdated")
	if !wake("chat") || wake("phone") {
		t.Error("chat was asked for, phone was not")
	}
	a.until("Wake")
	b.quiet()
	s, _ := r.dir.Session(res.id)
	if s.Token != "push-token" || !slices.Equal(s.Wake, []string{"chat"}) {
		t.Errorf("kept: %q %v", s.Token, s.Wake)
	}
	a.ws.Abort()
	resumed := r.dial(clientPath)
	p := resumed.authenticate("session", res.id, res.password)
	resumed.respond(p)
	resumed.result(p)
	resumed.settle()
	turn := signal.NewTurn(t.Context(), r.clock.Now())
	if !r.edge.Wake(turn, r.alice.Address(), "chat") {
		t.Error("the announcement is lost with the connection")
	}
	turn.End(t.Context())
	resumed.want("Wake")
}

func TestDoorAliases(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/PBX0/APPS/websocket", "/PBX0/APPS/chat", "/PBX0/APPS/chat/websocket"} {
		c := r.dial(path)
		c.challenge()
	}
	for _, path := range []string{"/PBX0/APPCLIENT/websocket", "/PBX0/APPCLIENT/130000/websocket", "/PBX0/WEBSOCKET/websocket"} {
		c := r.dial(path)
		c.authenticate("user", "alice", "x")
	}
}
