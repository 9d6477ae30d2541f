package hostile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
)

// abroad are ways to point at the victim of the other tenant.
var abroad = []string{
	"victim@other.example", "sip:victim@other.example", "VICTIM@OTHER.EXAMPLE", "victim@other.example:5060", "victim@other.example.",
	"victim@[other.example]", "victim@other.example@example.com", "victim@@example.com", "victim@", "victim@127.0.0.1", "\u0076ictim@other.example",
	"victim\x00@other.example", "victim%40other.example", "victim@other.example;transport=tcp", "only-there", "only-there@other.example", "999",
}

// TestTenantsReachNobodyOfEachOther: the same names and numbers live in both
// domains; whoever is meant, it is never the one of the other domain.
func TestTenantsReachNobodyOfEachOther(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	m.addForeigner()
	spy := m.userOf(t, "victim", foreign, "IM_EXT|NO_MEDIA_CALL")
	spyBox, _ := m.inbox(t, "victim", foreign)
	only := m.userOf(t, "only-there", foreign, "")
	local := m.user(t, "victim", "")
	eve := m.user(t, "eve", "IM_EXT")
	box, inbox := m.inbox(t, "eve", home)
	call := 0
	for _, name := range abroad {
		for _, setup := range []string{
			`{"type":"setup","channel":0,"complete":true,"cd":{"sip":%s},"fty":[{"type":"im_setup"}]}`,
			`{"type":"setup","channel":-1,"complete":true,"cd":{"sip":%s,"num":"999"}}`,
			`{"type":"setup","channel":0,"complete":true,"cd":{"num":%s}}`,
			`{"type":"setup","channel":0,"cd":{"num":%s}}`,
		} {
			call++
			eve.signaling(call, fmt.Sprintf(setup, quote(name)))
			for _, got := range eve.settle() {
				if got.str("sig.type") != "rel" && !strings.HasPrefix(name, "victim@") {
					t.Errorf("%q: %s", name, got.raw)
				}
			}
			eve.signaling(call, `{"type":"rel"}`)
			eve.settle()
			m.clock.Advance(bucketTime)
		}
		box.facility(inbox, fmt.Sprintf(`{"type":"im_message","chat":%s,"id":"abroad-%d","data":"x"}`, quote(name), call))
		box.facility(inbox, fmt.Sprintf(`{"type":"im_message","chat":%s,"typing":true}`, quote(name)))
		box.facility(inbox, fmt.Sprintf(`{"type":"im_receipt","chat":%s,"id":"x","state":"read"}`, quote(name)))
		box.settle()
	}
	for _, name := range []string{"victim", "105"} { // the own one is meant
		call++
		eve.signaling(call, `{"type":"setup","channel":0,"complete":true,"cd":{"sip":"`+name+`","num":"`+name+`"},"fty":[{"type":"im_setup"}]}`)
		eve.facility(call, text("for the own one"))
		eve.settle()
	}
	for _, c := range []*client{spy, spyBox, only} {
		for _, got := range c.settle() {
			t.Errorf("a message crossed the border: %s", got.raw)
		}
	}
	if len(local.settle()) == 0 {
		t.Error("the own victim got nothing")
	}
}

// TestTenantsAreToldApartAtTheDoor: the password of one domain is none in the
// other, whatever domain, host or name the login carries.
func TestTenantsAreToldApartAtTheDoor(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	m.addForeigner()
	for _, tt := range []struct{ host, domain, sip, password string }{
		{foreign, foreign, "eve", passwordOf("eve", home)},
		{home, foreign, "eve", passwordOf("eve", home)},
		{foreign, "", "eve", passwordOf("eve", home)},
		{home, home, "eve", passwordOf("eve", foreign)},
		{home, home, "eve@other.example", passwordOf("eve", foreign)},
		{home, home, "only-there", passwordOf("only-there", foreign)},
		{home, "nowhere.example", "eve", passwordOf("eve", home)},
	} {
		before := m.sum("pbx_login_failures_total{")
		c := m.dial(t, appsDoor, tt.host)
		c.send(`{"mt":"AppChallenge"}`)
		l := appservice.UserLogin(tt.domain, tt.sip)
		digest := appservice.Digest(l, c.next().str("challenge"), tt.password)
		c.send(fmt.Sprintf(`{"mt":"AppLogin","domain":%q,"sip":%q,"digest":%q}`, tt.domain, tt.sip, digest))
		if got := c.next(); got.get("ok") == true {
			t.Errorf("%+v logged in: %s", tt, got.raw)
		}
		if m.sum("pbx_login_failures_total{") != before+1 {
			t.Errorf("%+v was not counted", tt)
		}
	}
}

// addForeigner makes a person and a number that only the other tenant has.
func (m *machine) addForeigner() {
	m.t.Helper()
	m.add(foreign, newObject("only-there", "999"))
}

// TestSessionsOfOthers: nobody ends or confirms a session of somebody else, of the
// own tenant or another, nor learns whether there is one.
func TestSessionsOfOthers(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	eve := m.clientOf(t, "eve", home)
	victims := map[string]*myApps{
		"the same tenant": m.clientOf(t, "victim", home), "another tenant": m.clientOf(t, "victim", foreign),
		"the namesake": m.clientOf(t, "eve", foreign),
	}
	for name, v := range victims {
		for _, mt := range []string{"DeleteSession", "AuthorizeSession"} {
			before := m.drops("unknown_session")
			eve.send(fmt.Sprintf(`{"mt":%q,"id":%q,"src":"s"}`, mt, v.session))
			real := eve.untilMT("Error")
			eve.send(fmt.Sprintf(`{"mt":%q,"id":%q,"src":"s"}`, mt, strings.Repeat("0", 32)))
			if other := eve.untilMT("Error"); other.raw != real.raw {
				t.Errorf("%s of %s can be told from one that does not exist:\n%s\n%s", mt, name, real.raw, other.raw)
			}
			m.counted(t, "unknown_session", before, 2)
		}
		for _, got := range v.settle() {
			if mt := got.str("mt"); mt == "SessionDeleted" || mt == "LogoutResult" || mt == "SessionAdded" && !strings.Contains(got.raw, v.session) {
				t.Errorf("%s got %s", name, got.raw)
			}
		}
	}
	for _, got := range eve.settle() {
		for name, v := range victims {
			if strings.Contains(got.raw, v.session) {
				t.Errorf("eve sees the session of %s: %s", name, got.raw)
			}
		}
	}
}

// TestAppGetLoginOfOthers: a login for an app is one for the own person, and only
// for apps and devices of the own tenant and person.
func TestAppGetLoginOfOthers(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	app := newObject("robot", "")
	app.APIs, app.Password, app.URL = []string{"PbxSignal"}, "app-secret", "https://app.example/robot.htm"
	_, err := m.dir.AddApp(t.Context(), m.domain[foreign].ID, app)
	m.must(err)
	owner, _ := m.dir.UserByName(m.domain[home].ID, "victim")
	stranger, _ := m.dir.UserByName(m.domain[foreign].ID, "eve")
	m.must(addDevice(m, owner.Address(), "Phone_victim"))
	m.must(addDevice(m, stranger.Address(), "Phone_namesake"))
	eve := m.clientOf(t, "eve", home)
	for _, name := range []string{"robot", "dev:Phone_victim", "dev:Phone_namesake", "dev:", "nothing", "victim", ""} {
		eve.send(fmt.Sprintf(`{"mt":"AppGetLogin","src":"g","app":%q,"challenge":"0123456789abcdef"}`, name))
		got := eve.until("AppGetLoginResult", func(m message) bool { return m.str("src") == "g" })
		if got.get("digest") != nil || got.get("error") == nil {
			t.Errorf("%q: %s", name, got.raw)
		}
	}
	eve.send(`{"mt":"AppGetLogin","src":"g","app":"chat","challenge":"0123456789abcdef","sip":"victim","domain":"other.example"}`)
	got := eve.until("AppGetLoginResult", func(m message) bool { return m.str("src") == "g" })
	if got.str("sip") != "eve" || got.str("domain") != home {
		t.Error(got.raw)
	}
	// the login of eve for the challenge of a socket is good for eve alone
	c := m.dial(t, appsDoor, foreign)
	c.send(`{"mt":"AppChallenge"}`)
	eve.send(fmt.Sprintf(`{"mt":"AppGetLogin","src":"g","app":"chat","challenge":%q}`, c.next().str("challenge")))
	got = eve.until("AppGetLoginResult", func(m message) bool { return m.str("src") == "g" })
	forged := strings.NewReplacer(`"mt":"AppGetLoginResult"`, `"mt":"AppLogin"`, `"`+home+`"`, `"`+foreign+`"`).Replace(got.raw)
	c.send(forged)
	if got := c.next(); got.get("ok") == true {
		t.Errorf("%s logged in with %s", got.raw, forged)
	}
}
