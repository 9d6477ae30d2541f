package hostile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// every type of a Signal message, and one that is none.
var types = []string{
	"setup_ack", "info", "call_proc", "alert", "progress", "conn", "channels", "facility", "user_info", "media_info", "accept", "SETUP", "",
}

// TestUnknownCalls: a positive number that was never used is answered with rel 81,
// everything else on a number without a call is dropped and counted.
func TestUnknownCalls(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c := m.user(t, "eve", "IM_EXT")
	for i, typ := range types {
		before := m.drops("cause_81")
		c.signaling(1000+i, fmt.Sprintf(`{"type":%q}`, typ))
		if got := c.settle(); len(got) != 1 || got[0].str("sig.type") != "rel" || got[0].num("sig.cau.num") != 81 || got[0].num("call") != 1000+i {
			t.Errorf("%q on an unused number: %v", typ, got)
		}
		m.counted(t, "cause_81", before, 1)

		before = m.drops("unknown_call")
		c.signaling(-1000-i, fmt.Sprintf(`{"type":%q}`, typ))
		c.signaling(1<<31-1-i, `{"type":"rel"}`)
		c.signaling(-1<<31, `{"type":"disc"}`)
		c.silent()
		m.counted(t, "unknown_call", before, 1)
	}
	if n := m.drops("release_collision"); n != float64(2*len(types)) {
		t.Errorf("%v release collisions", n)
	}
	c.signaling(0, fmt.Sprintf(chatSetup, "victim"))
	if got := c.settle(); len(got) != 1 || got[0].num("sig.cau.num") != 81 {
		t.Errorf("setup on 0: %v", got)
	}
	before := m.drops("unknown_call")
	c.signaling(-5, fmt.Sprintf(chatSetup, "victim"))
	c.silent()
	m.counted(t, "unknown_call", before, 1)
}

// TestCallsOfOthers: the number of somebody else's call means nothing here.
func TestCallsOfOthers(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	mallory, victim := m.user(t, "mallory", ""), m.user(t, "victim", "")
	number := mallory.chat(7, victim)
	eve := m.user(t, "eve", "")
	for _, src := range []string{"eve", "victim", "mallory", "ann"} {
		for _, call := range []int{7, 1, -1, number} {
			eve.send(fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":%q,"call":%d,"sig":{"type":"facility","fty":[%s]}}`, src, call, text("forged")))
			eve.send(fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":%q,"call":%d,"sig":{"type":"rel"}}`, src, call))
		}
	}
	eve.settle()
	mallory.silent()
	victim.silent()
}

// TestWithoutRegistration: nothing of PbxSignal works before Register, nor before
// the login.
func TestWithoutRegistration(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c := m.dial(t, appsDoor, home)
	before := m.drops("before_login")
	c.send(`{"api":"PbxSignal","mt":"Register","src":"r"}`)
	c.send(`{"api":"PbxSignal","mt":"Signaling","src":"r","call":1,"sig":{"type":"setup","cd":{"sip":"ann"}}}`)
	for _, got := range c.settle() {
		if got.str("mt") != "Error" || got.str("src") != "r" {
			t.Error(got.raw)
		}
	}
	m.counted(t, "before_login", before, 2)
	c.login("eve", home)
	before = m.drops("not_registered")
	c.signaling(1, fmt.Sprintf(chatSetup, "ann"))
	if got := c.settle(); len(got) != 1 || got[0].num("sig.cau.num") != 101 {
		t.Error(got)
	}
	m.counted(t, "not_registered", before, 1)
}

// TestWrongState: messages that do not fit the state of their call change nothing
// and are counted; the call goes on.
func TestWrongState(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	for _, kind := range []struct{ name, setup string }{
		{"chat", fmt.Sprintf(chatSetup, "victim")},
		{"call with media", `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"victim"}}`},
		{"call without media", `{"type":"setup","channel":0,"complete":true,"cd":{"sip":"victim"}}`},
	} {
		t.Run(kind.name, func(t *testing.T) {
			eve, victim := m.user(t, "eve", ""), m.user(t, "victim", "")
			eve.signaling(1, kind.setup)
			number := victim.untilSig("setup").num("call")
			all := func(c *client, call int) {
				t.Helper()
				before := m.allDrops()
				for _, typ := range append(types, "conn") {
					if typ != "channels" && typ != "facility" {
						c.signaling(call, fmt.Sprintf(`{"type":%q}`, typ))
					}
				}
				c.signaling(call, kind.setup)
				c.settle()
				if m.allDrops() < before+3 {
					t.Errorf("%v messages were counted", m.allDrops()-before)
				}
			}
			all(eve, 1)
			for _, g := range victim.settle() {
				if typ := g.str("sig.type"); typ != "info" && typ != "user_info" { // TODO(signal): user_info needs an answer (3.4)
					t.Errorf("from a caller without answer: %s", g.raw)
				}
			}
			victim.signaling(number, `{"type":"conn","channel":0}`)
			eve.untilSig("conn")
			all(eve, 1)
			all(victim, number)
			eve.settle()
			victim.settle()
			eve.signaling(1, `{"type":"rel","cau":{"num":17}}`)
			if c := victim.untilRel(number); c != 17 {
				t.Errorf("released with %d", c)
			}
			eve.signaling(1, `{"type":"rel"}`)
			eve.silent()
			before := m.allDrops()
			for _, typ := range types {
				eve.signaling(1, fmt.Sprintf(`{"type":%q}`, typ))
				victim.signaling(number, fmt.Sprintf(`{"type":%q}`, typ))
			}
			eve.silent()
			victim.silent()
			if n := m.allDrops() - before; n != float64(2*len(types)) {
				t.Errorf("%v of %d messages on a released number were counted", n, 2*len(types))
			}
		})
	}
}

// TestFloodOfSetups gets rel 42; the victim is called at most as often as the limit
// allows.
func TestFloodOfSetups(t *testing.T) {
	const burst, flood = 30, 300
	m := start(t, options{signals: signal.Limits{SetupRate: 0.01, SetupBurst: burst}})
	m.bystanders(t)
	eve, victim := m.user(t, "eve", ""), m.user(t, "victim", "")
	before := m.drops("cause_42")
	for i := range flood {
		eve.signaling(i+1, fmt.Sprintf(chatSetup, "victim"))
	}
	refused := 0
	for _, g := range eve.settle() {
		if g.str("sig.type") == "rel" {
			refused++
			if g.num("sig.cau.num") != 42 {
				t.Error(g.raw)
			}
		}
	}
	if refused != flood-burst {
		t.Errorf("%d setups were refused", refused)
	}
	m.counted(t, "cause_42", before, flood-burst)
	if n := len(victim.settle()); n != burst {
		t.Errorf("the victim was called %d times", n)
	}
	m.clock.Advance(150 * time.Second)
	eve.settle()
	eve.signaling(flood+1, fmt.Sprintf(chatSetup, "victim"))
	eve.untilSig("call_proc")
}

// TestThousandsOfRegistrations: one connection has at most 16, whatever it tries.
func TestThousandsOfRegistrations(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c := m.dial(t, appsDoor, home)
	c.login("eve", home)
	for i := range 2000 {
		c.send(fmt.Sprintf(`{"api":"PbxSignal","mt":"Register","src":"r%d","flags":"IM_EXT"}`, i))
	}
	good := 0
	for _, g := range c.settle() {
		switch g.get("err") {
		case nil:
			good++
		case "too many registrations":
		default:
			t.Error(g.raw)
		}
	}
	if good != 16 {
		t.Errorf("%d registrations", good)
	}
	if n := m.sample("pbx_registrations"); n != 18 { // with the bystanders
		t.Errorf("%v registrations are counted", n)
	}
	for i := range 2000 { // the same one again and again, with other flags
		c.send(fmt.Sprintf(`{"api":"PbxSignal","mt":"Register","src":"r0","flags":%q}`, []string{"IM_EXT", "IM_INBOX"}[i%2]))
	}
	c.settle()
	_ = c.conn.Close()
	if !eventually(func() bool { return m.sample("pbx_registrations") == 2 }) {
		t.Errorf("%v registrations are left", m.sample("pbx_registrations"))
	}
}

// TestThousandsOfLegs: one connection has a bounded number; when it goes, they do.
func TestThousandsOfLegs(t *testing.T) {
	const limit = 200
	m := start(t, options{signals: signal.Limits{SetupRate: 1e6, SetupBurst: 1e6, LegsPerConn: limit}})
	m.bystanders(t)
	before := m.sum("pbx_calls{")
	eve := m.user(t, "eve", "IM_EXT")
	for i := range 2000 {
		eve.signaling(i+1, fmt.Sprintf(chatSetup, "eve"))
	}
	proceeding, refused := 0, 0
	for _, g := range eve.settle() {
		switch g.str("sig.type") {
		case "call_proc":
			proceeding++
		case "rel":
			refused++
			if c := g.num("sig.cau.num"); c != 34 && c != 42 {
				t.Error(g.raw)
			}
		}
	}
	if proceeding == 0 || proceeding > limit || refused < 2000-limit {
		t.Errorf("%d calls, %d refused", proceeding, refused)
	}
	_ = eve.conn.Close()
	if !eventually(func() bool { return m.sum("pbx_calls{") == before }) {
		t.Errorf("%v calls are left", m.sum("pbx_calls{")-before)
	}
}

// TestHugeSrc counts as none (docs/limits.md); one within the limit is echoed.
func TestHugeSrc(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c := m.dial(t, appsDoor, home)
	c.login("eve", home)
	long, huge := strings.Repeat("s", 1022), strings.Repeat("s", 1023)
	for _, tt := range []struct {
		src, want string
	}{{long, long}, {huge, ""}, {strings.Repeat("s", 60000), ""}} {
		c.send(`{"api":"PbxSignal","mt":"Register","src":"` + tt.src + `"}`)
		if got := c.next(); got.str("mt") != "RegisterResult" || got.str("src") != tt.want {
			t.Errorf("%d bytes: %.200s", len(tt.src), got.raw)
		}
		c.send(`{"mt":"KeepAlive","src":"` + tt.src + `"}`)
		if got := c.next(); got.str("src") != tt.want {
			t.Errorf("%d bytes: %.200s", len(tt.src), got.raw)
		}
	}
}

// TestFacilitiesOfOneMessage: sixteen go on in their order, seventeen are refused.
func TestFacilitiesOfOneMessage(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	eve, victim := m.user(t, "eve", ""), m.user(t, "victim", "")
	number := eve.chat(1, victim)
	list := func(n int) (l []string) {
		for i := range n {
			l = append(l, fmt.Sprintf(`{"type":"unknown","n":%d}`, i))
		}
		return l
	}
	eve.facility(1, list(16)...)
	eve.settle()
	if got := victim.settle(); len(got) != 1 || got[0].num("sig.fty.15.n") != 15 || got[0].num("call") != number {
		t.Error(got)
	}
	before := m.drops("malformed")
	eve.facility(1, list(17)...)
	eve.facility(1, list(1500)...)
	eve.silent()
	victim.silent()
	m.counted(t, "malformed", before, 2)
	eve.signaling(2, `{"type":"setup","channel":0,"cd":{"sip":"victim"},"fty":[`+strings.Join(list(17), ",")+`]}`)
	if c := eve.untilRel(2); c != 111 {
		t.Errorf("setup with 17 facilities: rel %d", c)
	}
	eve.signaling(3, `{"type":"setup","channel":0,"cd":{"sip":"victim"},"fty":[{"type":"x","x":"`+strings.Repeat("x", 17000)+`"}]}`)
	if c := eve.untilRel(3); c != 111 {
		t.Errorf("setup with 17 KB of facilities: rel %d", c)
	}
	victim.silent()
}

// TestFloodOfSetupsLeavesRoom: whoever fills the legs of a victim's connection with
// calls must not keep others from it, nor the victim from calling.
func TestFloodOfSetupsLeavesRoom(t *testing.T) {
	const limit = 200
	m := start(t, options{signals: signal.Limits{SetupRate: 1e6, SetupBurst: 1e6, LegsPerConn: limit}})
	m.bystanders(t)
	victim, mallory := m.user(t, "victim", ""), m.user(t, "mallory", "")
	for range 3 { // each has room for its own legs
		eve := m.user(t, "eve", "")
		for i := range limit {
			eve.signaling(i+1, `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"victim"}}`)
		}
		eve.settle()
	}
	victim.settle()
	number := mallory.chat(1, victim)
	mallory.facility(1, text("hello"))
	if got := victim.untilText(); got.num("call") != number {
		t.Error(got.raw)
	}
	victim.signaling(1, fmt.Sprintf(chatSetup, "mallory"))
	if got := victim.settle(); len(got) == 0 || got[0].str("sig.type") != "call_proc" {
		t.Errorf("the victim calls: %v", got)
	}
}
