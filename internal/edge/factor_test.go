package edge

import (
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
)

// newFactorRig is a rig in which the logins of alice must be confirmed.
func newFactorRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.setSecondFactor(true)
	return r
}

func (r *rig) setSecondFactor(on bool) {
	r.t.Helper()
	_, err := r.dir.SetUser(r.t.Context(), r.alice.Address(), directory.ObjectEdit{SecondFactor: &on})
	r.must(err)
}

// pendingLogin goes as far as Authorize; it returns what the other session sees.
func (r *rig) pendingLogin(other *client) (c *client, res loginResult, confirm func(), id string) {
	r.t.Helper()
	c = r.dial(clientPath)
	p := c.authenticate("user", "alice", "secret-alice")
	c.respond(p)
	code := c.want("Authorize")["code"].(float64)
	m := other.until("SessionAdded")
	info := m["info"].(map[string]any)
	if info["needsAuthorization"] != true || info["code"] != code || code < 1000 || code > 9999 {
		r.t.Fatalf("the other session sees %v, the client %v", info, code)
	}
	return c, loginResult{}, func() { res = c.result(p) }, m.str("id")
}

func TestSecondFactorConfirmed(t *testing.T) {
	r := newFactorRig(t)
	a, _ := r.loginClient("alice") // the first session needs none
	c, _, confirm, id := r.pendingLogin(a)
	c.send(`{"api":"PbxSignal","mt":"Echo","src":"1"}`)
	c.want("Error") // not logged in yet
	stranger, _ := r.loginClient("bob")
	stranger.sendf(`{"mt":"AuthorizeSession","src":"x","id":%q}`, id)
	stranger.want("Error")
	a.sendf(`{"mt":"AuthorizeSession","id":%q}`, id)
	if m := a.want("SessionUpdated"); m.str("id") != id || m["info"].(map[string]any)["needsAuthorization"] != nil {
		t.Errorf("%v", m)
	}
	confirm()
	c.settle()
	c.send(`{"api":"PbxSignal","mt":"Echo","src":"1","text":"in"}`)
	c.want("EchoResult")
	c.send(keepAlive(65535))
	c.want("KeepAlive")
	a.sendf(`{"mt":"AuthorizeSession","src":"y","id":%q}`, id)
	a.want("Error") // nothing waits any more
	r.clock.Advance(3 * time.Minute)
	c.quietly()
}

// quietly is quiet, but pings and other messages may be on the way.
func (c *client) quietly() {
	c.t.Helper()
	c.settle()
}

func TestSecondFactorRefused(t *testing.T) {
	r := newFactorRig(t)
	a, _ := r.loginClient("alice")
	c, _, _, id := r.pendingLogin(a)
	a.sendf(`{"mt":"DeleteSession","id":%q}`, id)
	c.wantError(6)
	if m := a.want("SessionDeleted"); m.str("id") != id {
		t.Errorf("%v", m)
	}
	p := c.authenticate("user", "bob", "secret-bob")
	c.respond(p)
	c.result(p) // the socket is still good
}

func TestSecondFactorTimeout(t *testing.T) {
	r := newFactorRig(t)
	a, _ := r.loginClient("alice")
	c, _, _, id := r.pendingLogin(a)
	r.clock.Advance(119 * time.Second)
	c.quiet()
	r.clock.Advance(time.Second)
	c.wantError(6)
	if m := a.until("SessionDeleted"); m.str("id") != id {
		t.Errorf("%v", m)
	}
	if _, ok := r.dir.Session(id); ok {
		t.Error("the session is still there")
	}
}

func TestSecondFactorCancelledAndLost(t *testing.T) {
	r := newFactorRig(t)
	a, _ := r.loginClient("alice")
	c, _, _, id := r.pendingLogin(a)
	c.send(`{"mt":"Login","type":"user"}`)
	c.wantError(1) // one at a time
	c.send(`{"mt":"LoginCancel"}`)
	c.wantError(6)
	if m := a.until("SessionDeleted"); m.str("id") != id {
		t.Errorf("%v", m)
	}
	c, _, _, id = r.pendingLogin(a)
	c.ws.Abort()
	if m := a.until("SessionDeleted"); m.str("id") != id {
		t.Errorf("%v", m)
	}
}

func TestSecondFactorConfirmedElsewhere(t *testing.T) {
	r := newFactorRig(t)
	a, _ := r.loginClient("alice")
	_, _, confirm, id := r.pendingLogin(a)
	r.must(r.dir.AuthorizeSession(t.Context(), r.alice.Address(), id))
	confirm()
}

func TestResumedSessionNeedsNoSecondFactor(t *testing.T) {
	r := newFactorRig(t)
	_, res := r.loginClient("alice")
	c := r.dial(clientPath)
	p := c.authenticate("session", res.id, res.password)
	c.respond(p)
	c.result(p)
}

// The flag may come and go while people are logged in; it counts at the next
// login.
func TestSecondFactorSwitched(t *testing.T) {
	r := newRig(t)
	a, _ := r.loginClient("alice")
	r.loginClient("alice")
	r.setSecondFactor(true)
	a.until("UpdateUser")
	c, _, _, _ := r.pendingLogin(a)
	r.setSecondFactor(false)
	r.loginClient("alice")
	c.quiet() // still waits
}

// A login that waits confirms nothing: the next one is the first again when all
// others are gone.
func TestSecondFactorFirstSession(t *testing.T) {
	r := newFactorRig(t)
	a, _ := r.loginClient("alice")
	r.pendingLogin(a)
	a.send(`{"mt":"Logout"}`)
	a.until("LogoutResult")
	r.loginClient("alice")
}

// Whoever knows the password only cannot pile up logins that wait.
func TestSecondFactorSurplus(t *testing.T) {
	r := newFactorRig(t)
	a, _ := r.loginClient("alice")
	var list []*client
	for range 5 {
		c, _, _, _ := r.pendingLogin(a)
		list = append(list, c)
		r.clock.Advance(time.Second)
	}
	list[0].wantError(6)
	for _, c := range list[1:] {
		c.quiet()
	}
}

// At the application door nobody could confirm a login with the password, so
// there is none.
func TestSecondFactorAtTheApplicationDoor(t *testing.T) {
	r := newRig(t)
	r.loginUser("alice")
	r.setSecondFactor(true)
	c := r.dial(appsPath)
	login := appservice.UserLogin("example.com", "alice")
	if m := c.appLogin(login, c.challenge(), "secret-alice"); m["ok"] != false {
		t.Errorf("alice is in without confirmation: %v", m)
	}
	r.loginUser("bob")
	r.setSecondFactor(false)
	r.loginUser("alice")
}
