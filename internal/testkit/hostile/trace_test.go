package hostile_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/trace"
)

// watch switches a trace on.
func (m *machine) watch(t testing.TB, o trace.Order) trace.Rule {
	t.Helper()
	r, err := m.tracer.Add(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// short is a record in short: "1 in alice k1 1 setup", of drops with their reason.
func short(r *trace.Record) string {
	var f struct {
		MT  string
		Sig struct {
			Type string
			Fty  []struct{ Type string }
		}
	}
	_ = json.Unmarshal([]byte(r.Text), &f)
	what := f.MT
	if f.Sig.Type != "" {
		what = f.Sig.Type
	}
	for _, fty := range f.Sig.Fty {
		what += " " + fty.Type
	}
	if r.Reason != "" {
		what = strings.TrimSpace(what + " !" + r.Reason)
	}
	return fmt.Sprintf("%s %s %s %d %s", r.Dir, r.ObjectName, r.Call, r.Number, what)
}

func shorts(list []*trace.Record) string {
	var lines []string
	for _, r := range list {
		lines = append(lines, short(r))
	}
	return strings.Join(lines, "\n")
}

// TestTraceOfAChat: the frames of a chat come in their order, with who is connected
// and one call on all legs and connections, those of inboxes too.
func TestTraceOfAChat(t *testing.T) {
	m := start(t, options{})
	eve := m.user(t, "eve", "IM_EXT|NO_MEDIA_CALL")
	victim := m.user(t, "victim", "IM_EXT|NO_MEDIA_CALL") // no pings ask for proof
	box, _ := m.inbox(t, "victim", home)
	box.settle()
	m.watch(t, trace.Order{Flags: trace.PBX})
	eve.signaling(1, fmt.Sprintf(`{"type":"setup","channel":0,"complete":true,"cd":{"sip":%q},"fty":[{"type":"im_setup","TYPE":"im_setup"}]}`, "victim"))
	number := victim.untilSig("setup").num("call")
	victim.signaling(number, `{"type":"conn","channel":0}`)
	victim.settle()
	eve.settle()
	eve.facility(1, `{"type":"im_message","id":"4711","data":"hidden words"}`)
	victim.untilText()
	box.untilText()
	eve.until("sent", func(m message) bool { return m.str("sig.fty.0.state") == "sent" })
	eve.facility(1, `{"type":"im_message","id":"4711","data":"hidden words"}`) // repeated
	eve.settle()
	box.facility(-1, `{"type":"im_message","chat":"eve","id":"4712","data":"hidden words"}`, `{"type":"im_message","chat":"nobody","id":"4713","data":"x"}`)
	eve.untilText()
	box.settle()
	eve.signaling(2, `{"type":"facility"}`)
	eve.settle()
	var got []string
	call := ""
	for _, r := range m.kept.Records(trace.Filter{Domain: m.domainID(home)}) {
		if r.Call != 0 {
			call = r.Call.String()
		}
		if !strings.HasSuffix(short(r), "KeepAlive") {
			got = append(got, short(r))
		}
		if strings.Contains(r.Text, "hidden words") {
			t.Errorf("a text is shown: %s", r.Text)
		}
	}
	want := strings.ReplaceAll(`in eve CALL 1 setup im_setup
in eve CALL 1 !case_variant
out eve CALL 1 call_proc
out victim CALL -1 setup im_setup name_identification
out eve CALL 1 conn name_identification
in victim CALL -1 conn
in eve CALL 1 facility im_message
out victim CALL -1 facility im_message
out victim CALL -1 facility im_message
out eve CALL 1 facility im_receipt
in eve CALL 1 facility im_message
out eve CALL 1 facility im_receipt
in eve CALL 1 !repeated_id
in victim CALL -1 facility im_message im_message
out eve CALL 1 facility im_message
out victim CALL -1 facility im_receipt
in victim  -1 !unknown_chat
out victim  -1 facility im_receipt
in eve  2 facility
out eve  2 rel`, "CALL", call)
	if strings.Join(got, "\n") != want {
		t.Errorf("traced\n%q\nwant\n%q", strings.Join(got, "\n"), want)
	}
}

func (m *machine) domainID(name string) int64 { return int64(m.domain[name].ID) }

// TestScopesOfATrace: a rule for a call shows all of its legs, one for a user his
// connections, one for a domain nothing of another, and nobody sees the frames of
// others or those before a login.
func TestScopesOfATrace(t *testing.T) {
	m := start(t, options{})
	everything := m.watch(t, trace.Order{Flags: trace.PBX | trace.WebSocket})
	eve, victim := m.user(t, "eve", "NO_MEDIA_CALL"), m.user(t, "victim", "NO_MEDIA_CALL")
	number := eve.chat(1, victim)
	abroad, other := m.userOf(t, "eve", foreign, "NO_MEDIA_CALL"), m.userOf(t, "ben", foreign, "NO_MEDIA_CALL")
	abroad.chat(1, other)
	all := m.kept.Records(trace.Filter{})
	last := all[len(all)-1]
	var chat trace.CallID
	for _, r := range all {
		if r.Call != 0 && r.Domain == m.domainID(home) {
			chat = r.Call
		}
		if r.Domain == 0 && len(r.Domains) != 0 || r.Domain != 0 && !slices.Equal(r.Domains, []int64{r.Domain}) {
			t.Errorf("%s concerns %v", short(r), r.Domains)
		}
		if r.Flag != trace.PBX|trace.WebSocket {
			t.Errorf("%s has %v", short(r), r.Flag)
		}
	}
	for _, r := range m.kept.Records(trace.Filter{Within: []int64{m.domainID(home)}}) {
		if r.DomainName != home || strings.Contains(r.Text, foreign) {
			t.Errorf("seen at home: %s", r.AppendText(nil, false))
		}
	}
	m.tracer.Remove(everything.ID)

	say := func() {
		eve.facility(1, text("from eve"))
		victim.untilText()
		victim.facility(number, text("from the victim"))
		eve.untilText()
		abroad.facility(1, text("from abroad"))
		other.untilText()
		abroad.settle()
	}
	eveAtHome, _ := m.dir.UserByName(m.domain[home].ID, "eve")
	legs := chat.String()
	for _, test := range []struct {
		scope trace.Scope
		want  string
	}{
		{trace.Scope{Call: chat}, "in eve " + legs + " 1 facility im_message\nout victim " + legs + " -1 facility im_message\n" +
			"in victim " + legs + " -1 facility im_message\nout eve " + legs + " 1 facility im_message"},
		{trace.Scope{Domain: m.domainID(home), Object: int64(eveAtHome.ID)}, "in eve " + legs + " 1 facility im_message\n" +
			"out eve " + legs + " 1 facility im_message"},
		{trace.Scope{Domain: m.domainID(foreign), Call: chat}, ""},
	} {
		rule := m.watch(t, trace.Order{Flags: trace.PBX, Scope: test.scope})
		say()
		m.tracer.Remove(rule.ID)
		list := m.kept.Records(trace.Filter{After: last.Seq})
		if got := shorts(list); got != test.want {
			t.Errorf("%+v: traced\n%s\nwant\n%s", test.scope, got, test.want)
		}
		if len(list) > 0 {
			last = list[len(list)-1]
		}
	}
}

// TestTracesAreSwitchedWhileTheyTalk: rules come and go, and readers follow, while
// frames flow; nobody is disturbed, and what is followed is what is kept.
func TestTracesAreSwitchedWhileTheyTalk(t *testing.T) {
	m := start(t, options{})
	talk := m.bystanders(t)
	var group sync.WaitGroup
	const rounds = 60
	for i := range 3 {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		group.Go(func() {
			for range rounds {
				r, err := m.tracer.Add(trace.Order{
					Flags: trace.Flag(1 + random.IntN(3)), Scope: trace.Scope{Domain: m.domainID(home) * int64(random.IntN(2))},
					Content: i == 0, Reason: "test",
				})
				if err != nil {
					t.Error(err)
					return
				}
				tail, err := m.kept.Tail(trace.Filter{Call: trace.CallID(random.IntN(2))})
				if err != nil {
					t.Error(err)
					return
				}
				if err := talk.well(); err != nil {
					t.Error(err)
				}
				if _, _, err := tail.Next(t.Context()); err != nil {
					t.Error(err)
				}
				tail.Close()
				if _, ok := m.tracer.Remove(r.ID); !ok {
					t.Error("a rule is gone")
				}
			}
		})
	}
	group.Wait()
	talk.undisturbed()
	if m.tracer.On(trace.All) {
		t.Error("something is still traced")
	}
	var at uint64
	for _, r := range m.kept.Records(trace.Filter{}) {
		if r.Seq <= at || r.Time.IsZero() || r.Conn == "" {
			t.Fatalf("record %d after %d: %s", r.Seq, at, r.AppendText(nil, false))
		}
		at = r.Seq
	}
	if at == 0 {
		t.Error("nothing was traced")
	}
}

// TestTraceOfAProgram: what an app object says is a message of a client only where
// it is Signaling.
func TestTraceOfAProgram(t *testing.T) {
	m := start(t, options{})
	robot := newObject("robot", "")
	robot.APIs, robot.Password = []string{"PbxSignal", "PbxAdminApi"}, "app-secret"
	_, err := m.dir.AddApp(t.Context(), m.domain[home].ID, robot)
	m.must(err)
	m.watch(t, trace.Order{Flags: trace.PBX})
	m.watch(t, trace.Order{Flags: trace.WebSocket})
	c := m.dial(t, appsDoor, home)
	c.name = "robot"
	c.send(`{"mt":"AppChallenge"}`)
	l := appservice.PasswordLogin("robot", home)
	c.send(fmt.Sprintf(`{"mt":"AppLogin","app":"robot","domain":%q,"sip":"robot","guid":%q,"dn":"Admin","pbxObj":"robot","digest":%q}`,
		home, l.GUID, appservice.Digest(l, c.next().str("challenge"), "app-secret")))
	if m := c.next(); m.get("ok") != true {
		t.Fatal(m.raw)
	}
	c.send(`{"api":"PbxAdminApi","mt":"GetStun","src":"1"}`)
	c.register("NO_MEDIA_CALL")
	var got []string
	for _, r := range m.kept.Records(trace.Filter{Domain: m.domainID(home), Flags: trace.PBX}) {
		got = append(got, short(r))
	}
	want := "out robot  0 AppLoginResult\nin robot  0 !unknown_api\nin robot  0 Register\nout robot  0 RegisterResult"
	if strings.Join(got, "\n") != want {
		t.Errorf("traced\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if all := shorts(m.kept.Records(trace.Filter{Flags: trace.WebSocket})); !strings.Contains(all, "in robot  0 GetStun") {
		t.Errorf("traced\n%s", all)
	}
}
