package hostile_test

import (
	"fmt"
	"strings"
	"testing"
)

// wrong are values of every JSON type.
var wrong = []string{
	`null`, `true`, `false`, `0`, `-1`, `1.5`, `1e400`, `99999999999999999999`, `""`, `"x"`, `"\ud800"`, `[]`, `[[]]`, `{}`,
	`{"x":{}}`, `["x",7,null]`, `[{"type":"im_message","data":"x"}]`, `{"num":"102","sip":"victim"}`,
}

// TestWrongTypesOfRegister: every Register is answered with its result, and the
// connection goes on.
func TestWrongTypesOfRegister(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c := m.dial(t, appsDoor, home)
	c.login("eve", home)
	for _, name := range []string{"hw", "flags", "x"} {
		for _, v := range wrong {
			c.send(fmt.Sprintf(`{"api":"PbxSignal","mt":"Register","src":"r",%q:%s}`, name, v))
			got := c.settle()
			if len(got) == 0 || got[0].str("mt") != "RegisterResult" || got[0].str("src") != "r" {
				t.Errorf("%s:%s: %v", name, v, got)
			}
		}
	}
	for _, v := range wrong {
		c.send(`{"api":"PbxSignal","mt":"Register","src":` + v + `}`)
		got := c.settle()
		if len(got) != 1 || got[0].str("mt") != "RegisterResult" {
			t.Errorf("src:%s: %v", v, got)
		}
	}
}

// TestWrongTypesOfTheEnvelope: the connection goes on, and what is not taken is
// counted.
func TestWrongTypesOfTheEnvelope(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c := m.user(t, "eve", "IM_EXT")
	for _, frame := range []string{
		`{"api":%s,"mt":"Signaling","src":"eve","call":1,"sig":{}}`,
		`{"api":"PbxSignal","mt":"Signaling","src":%s,"call":77,"sig":{"type":"alert"}}`,
		`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":%s,"sig":{"type":"alert"}}`,
		`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":77,"sig":%s}`,
		`{"api":"PbxSignal","mt":"Signaling","src":"eve","call":77,"sig":{"type":%s}}`,
	} {
		for _, v := range wrong {
			before := m.allDrops()
			text := fmt.Sprintf(frame, v)
			c.send(text)
			answers := c.settle()
			if m.allDrops() == before && len(answers) == 0 {
				t.Errorf("%s: neither answered nor counted", text)
			}
			for _, a := range answers {
				if a.str("sig.type") != "rel" && a.str("mt") != "Error" {
					t.Errorf("%s: %s", text, a.raw)
				}
			}
		}
	}
}

// allDrops is the sum over all reasons.
func (m *machine) allDrops() (sum float64) { return m.sum("pbx_drops_total{") }

// TestWrongTypesOfASetup: a setup is answered; a call that comes of it ends with a
// rel.
func TestWrongTypesOfASetup(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	eve, victim := m.user(t, "eve", ""), m.user(t, "victim", "")
	number := 0
	try := func(sig string) {
		t.Helper()
		number++
		before := m.allDrops()
		eve.signaling(number, sig)
		got := eve.settle()
		if len(got) == 0 && m.allDrops() == before {
			t.Errorf("%s: neither answered nor counted", sig)
		}
		for _, g := range got {
			if typ := g.str("sig.type"); typ != "rel" && typ != "call_proc" && typ != "conn" || g.num("call") != number {
				t.Errorf("%s: %s", sig, g.raw)
			}
		}
		eve.signaling(number, `{"type":"rel","cau":{"num":16}}`)
		eve.settle()
		for _, g := range victim.settle() {
			wellFormed(t, g)
		}
		m.clock.Advance(bucketTime)
	}
	for _, name := range []string{
		"bc", "cg", "cd", "complete", "channel", "channels_cmd", "channels", "faststart", "fty", "cau", "pi",
		"inband_info", "uui", "dsp", "llc", "hlc", "confId", "callId", "sdp", "unknown",
	} {
		for _, v := range wrong {
			sig := fmt.Sprintf(`{"type":"setup","channel":0,"cd":{"sip":"victim"},"fty":[{"type":"im_setup"}],%q:%s}`, name, v)
			sig = strings.NewReplacer(
				`"channel":0,"cd":{"sip":"victim"},"fty":[{"type":"im_setup"}],"channel"`, `"cd":{"sip":"victim"},"fty":[{"type":"im_setup"}],"channel"`,
				`"cd":{"sip":"victim"},"fty":[{"type":"im_setup"}],"cd"`, `"fty":[{"type":"im_setup"}],"cd"`,
				`"fty":[{"type":"im_setup"}],"fty"`, `"fty"`,
			).Replace(sig)
			try(sig)
		}
	}
	for _, name := range []string{"sip", "num", "flags", "guid", "unknown"} {
		for _, v := range wrong {
			cd := fmt.Sprintf(`{"sip":"victim",%q:%s}`, name, v)
			if name == "sip" {
				cd = `{"sip":` + v + `}`
			}
			try(`{"type":"setup","channel":0,"cd":` + cd + `,"fty":[{"type":"im_setup"}]}`)
		}
	}
	for _, v := range wrong {
		try(`{"type":"setup","channel":0,"cd":{"sip":"victim"},"fty":[{"type":` + v + `}]}`)
		try(`{"type":"setup","channel":0,"cd":{"sip":"victim"},"fty":[` + v + `]}`)
		try(`{"type":"setup","channel":0,"cd":{"sip":"victim"},"fty":[{"type":"im_setup","inbox":` + v + `}]}`)
		try(`{"type":"setup","channel":0,"cd":{"sip":"victim"},"fty":[{"type":"name_identification","name":` + v + `}]}`)
	}
}

// wellFormed wants the members of a relayed message to have the types that the
// protocol gives them, as far as the switch owns them.
func wellFormed(t *testing.T, g message) {
	t.Helper()
	ok := g.str("api") == "PbxSignal" && g.str("mt") == "Signaling" && g.get("call") != nil && g.str("sig.type") != ""
	if g.str("sig.type") == "setup" {
		_, complete := g.get("sig.complete").(bool)
		_, channel := g.get("sig.channel").(float64)
		ok = ok && complete && channel && g.str("sig.bc") != "" && g.str("sig.cg.sip") == "eve" &&
			g.str("sig.cd.sip") == "victim" && len(g.str("sig.confId")) == 32 && len(g.str("sig.callId")) == 32
	}
	if g.str("sig.type") == "rel" {
		_, num := g.get("sig.cau.num").(float64)
		ok = ok && num
	}
	if !ok {
		t.Errorf("not well formed: %s", g.raw)
	}
}

// TestWrongTypesInAChat: members of im_message, im_receipt, cau and of other
// messages. Nothing of a wrong type reaches the other side; an IM_EXT client that
// names an id is told.
func TestWrongTypesInAChat(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	eve, victim := m.user(t, "eve", "IM_EXT"), m.user(t, "victim", "IM_EXT")
	number := eve.chat(1, victim)
	id := 0
	stringMembers := []string{"data", "mime", "attach", "subject", "alt", "chat"}
	for _, name := range append(stringMembers, "typing", "more", "sender", "sender_dn", "time", "timestamp", "mid", "participants", "unknown") {
		for _, v := range wrong {
			id++
			f := fmt.Sprintf(`{"type":"im_message","data":"x","id":"id-%d",%q:%s}`, id, name, v)
			if name == "data" {
				f = fmt.Sprintf(`{"type":"im_message","id":"id-%d","data":%s}`, id, v)
			}
			before := m.allDrops()
			eve.facility(1, f)
			told := false
			for _, a := range eve.settle() {
				told = told || a.str("sig.fty.0.type") == "im_receipt"
			}
			if !told && name == "more" {
				eve.facility(1, `{"type":"im_message","data":""}`) // ends the text in parts
				eve.settle()
			} else if !told && name != "typing" && m.allDrops() == before {
				t.Errorf("%s: neither told nor counted", f)
			}
			for _, g := range victim.settle() {
				for _, s := range append(stringMembers, "id", "sender", "sender_dn") {
					if v := g.get("sig.fty.0." + s); v != nil {
						if _, ok := v.(string); !ok {
							t.Errorf("%s became %s", f, g.raw)
						}
					}
				}
				if g.str("sig.fty.0.sender") != "eve" || g.str("sig.fty.0.sender_dn") != display("eve", home) {
					t.Errorf("%s became %s", f, g.raw)
				}
			}
			m.clock.Advance(bucketTime)
		}
	}
	for _, name := range []string{"id", "state", "mid", "chat", "cau", "sip", "timestamp"} {
		for _, v := range wrong {
			victim.facility(number, fmt.Sprintf(`{"type":"im_receipt",%q:%s}`, name, v))
			victim.settle()
			eve.silent()
		}
	}
	for _, v := range wrong {
		for _, sig := range []string{
			`{"type":"info","cd":%s}`, `{"type":"info","dsp":%s}`, `{"type":"user_info","uui":%s}`, `{"type":"conn","channel":%s}`,
			`{"type":"facility","fty":%s}`, `{"type":"facility","fty":[{"type":%s}]}`, `{"type":"call_proc","channel":%s}`,
			`{"type":"alert","pi":%s}`, `{"type":%s}`, `{"type":"channels","channels":%s}`, `{"type":"media_info","x":%s}`,
			`%s`,
		} {
			eve.signaling(1, fmt.Sprintf(sig, v))
		}
	}
	eve.settle()
	for _, g := range victim.settle() {
		wellFormed(t, g)
	}
	call := 100
	for _, v := range wrong {
		for _, cau := range []string{v, `{"num":` + v + `}`, `{"num":16,"loc":` + v + `}`} {
			call++
			number := eve.chat(call, victim)
			eve.signaling(call, `{"type":"rel","cau":`+cau+`}`)
			if c := victim.untilRel(number); c < 1 || c > 127 {
				t.Errorf("cau %s became %d", cau, c)
			}
			m.clock.Advance(bucketTime)
		}
	}
}

// TestWrongTypesBeforeTheLogin: members of AppLogin and Login.
func TestWrongTypesBeforeTheLogin(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	for _, v := range wrong {
		c := m.dial(t, appsDoor, home)
		for i, name := range []string{"app", "domain", "sip", "guid"} {
			c.send(`{"mt":"AppChallenge","user":` + v + `}`)
			if got := c.next(); len(got.str("challenge")) != 16 {
				t.Errorf("AppChallenge with %s: %s", v, got.raw)
			}
			c.send(fmt.Sprintf(`{"mt":"AppLogin","sip":"ann","digest":"00","dn":%s,"info":%s,"pbxObj":%s,"y":{%q:%s}}`, v, v, v, name, v))
			if got := c.next(); got.str("mt") != "AppLoginResult" || got.get("ok") == true {
				t.Errorf("AppLogin %d with %s: %s", i, v, got.raw)
			}
		}
		c.send(`{"mt":"AppChallenge"}`)
		c.next()
		c.send(fmt.Sprintf(`{"mt":"AppLogin","app":%s,"domain":%s,"sip":%s,"guid":%s,"digest":%s}`, v, v, v, v, v))
		if got := c.next(); got.str("mt") != "AppLoginResult" || got.get("ok") == true {
			t.Errorf("AppLogin with %s: %s", v, got.raw)
		}
		c.wantClose(1008)

		d := m.dial(t, clientDoor, home)
		d.send(fmt.Sprintf(`{"mt":"Login","type":%s,"userAgent":%s}`, v, v))
		if got := d.next(); got.str("mt") != "LoginResult" && got.str("mt") != "Authenticate" {
			t.Errorf("Login with %s: %s", v, got.raw)
		}
		d.send(`{"mt":"Login","type":"user"}`)
		d.until("Authenticate", func(m message) bool { return m.str("mt") == "Authenticate" })
		d.send(fmt.Sprintf(`{"mt":"Login","type":"user","method":"digest","username":%s,"nonce":%s,"response":%s}`, v, v, v))
		if got := d.next(); got.str("mt") != "Authenticate" && got.get("error") == nil { // asked again, or refused
			t.Errorf("Login with %s: %s", v, got.raw)
		}
	}
	if n := m.sum("pbx_login_failures_total{"); n < float64(len(wrong)) {
		t.Errorf("%v failed logins were counted", n)
	}
}
