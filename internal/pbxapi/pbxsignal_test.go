package pbxapi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/facilities"
	"github.com/tandem-switch/tandem/internal/pbxapi"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// house is a directory of three people: alice 1, bob 2, carol 3.
type house struct{}

var names = []string{"alice", "bob", "carol"}

func (house) party(i int) (signal.Party, bool) {
	if i < 1 || i > len(names) {
		return signal.Party{}, false
	}
	return signal.Party{Address: signal.Address{Domain: 1, Object: signal.ObjectID(i)}, SIP: names[i-1], Num: fmt.Sprint(100 + i), Name: names[i-1]}, true
}

func (h house) Resolve(_ signal.Address, sip, num string) (signal.Party, bool) {
	for i, name := range names {
		if sip == name || sip == "" && num == fmt.Sprint(101+i) {
			return h.party(i + 1)
		}
	}
	return signal.Party{}, false
}
func (h house) Party(a signal.Address) (signal.Party, bool) { return h.party(int(a.Object)) }
func (house) Visible(_, _ signal.Address) bool              { return true }
func (house) Device(_ signal.Address, hw string) (known, single bool) {
	return hw == "" || hw == "phone" || hw == "single", hw == "single"
}
func (house) Incomplete(signal.Address, string) bool                      { return false }
func (house) MayCall(signal.Address, string, signal.Address, string) bool { return true }
func (house) HuntMembers(signal.Address) []signal.Party                   { return nil }
func (house) Handling(signal.Address) signal.Handling                     { return signal.Handling{} }

// session records what the API sends.
type session struct {
	who appservice.Principal
	api *pbxapi.PbxSignal

	mu     sync.Mutex // guards the following
	sent   []string
	pings  []string
	failed error // what Send returns
}

func newSwitch(t testing.TB) (*signal.Switch, *pbxapi.PbxSignal) {
	t.Helper()
	sw, err := signal.New(signal.Config{Directory: house{}, Policy: facilities.New()})
	if err != nil {
		t.Fatal(err)
	}
	return sw, pbxapi.NewSignal(sw)
}

func login(api *pbxapi.PbxSignal, object int64) *session {
	return &session{api: api, who: appservice.Principal{DomainID: 1, ObjectID: object, APIs: []string{appservice.AllAPIs}}}
}

func (s *session) Principal() appservice.Principal { return s.who }
func (s *session) App() string                     { return "" }
func (s *session) Recv(context.Context) (appservice.Frame, error) {
	return appservice.Frame{}, appservice.ErrNoRecv
}
func (s *session) Send(_ context.Context, f appservice.Frame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	s.sent = append(s.sent, string(f.Raw))
	return nil
}
func (s *session) Reply(appservice.Frame, any) error { return nil }
func (s *session) Close(string) error                { return nil }
func (s *session) Ping(_ context.Context, payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pings = append(s.pings, string(payload))
	return nil
}

// say hands a frame to the API as a door does.
func (s *session) say(t testing.TB, text string) error {
	t.Helper()
	var doc strictjson.Doc
	f, err := appservice.ParseFrame(&doc, []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s.api.Handle(context.Background(), s, f)
}

// got is what was sent since the last time.
func (s *session) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent
	s.sent = nil
	return sent
}

func (s *session) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := s.got(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

const chatWithBob = `"sig":{"type":"setup","channel":0,"complete":true,"cd":{"sip":"bob"},"fty":[{"type":"im_setup"}]}}`

// Decision 26: with an error there is nothing but src.
func TestRegisterForms(t *testing.T) {
	for _, tt := range []struct {
		object     int64
		members    string
		want, also string
	}{
		{1, ``, ``, ``},
		{1, `,"src":"a"`, `,"src":"a"`, ``},
		{1, `,"src":7`, `,"src":7`, ``},
		{1, `,"src":"a\u0062"`, `,"src":"a\u0062"`, ``},
		{1, `,"src":true`, ``, ``}, // neither string nor number: absent
		{1, `,"src":"a","hw":"phone","flags":"NO_MEDIA_CALL|FUTURE"`, `,"src":"a"`, ``},
		{1, `,"src":"a","hw":""`, `,"src":"a"`, ``},
		{1, `,"src":"a","hw":7,"flags":{}`, `,"src":"a"`, ``},
		{1, `,"src":"a","hw":"toaster"`, `,"src":"a","err":"no such device"`, ``},
		{9, `,"src":"a"`, `,"src":"a","err":"blocked"`, ``},
		{9, ``, `,"err":"blocked"`, ``},
		{1, `,"src":"a","flags":"IM_INBOX"`, `,"src":"a"`, `"inbox":true`},
	} {
		_, api := newSwitch(t)
		s := login(api, tt.object)
		if err := s.say(t, `{"api":"PbxSignal","mt":"Register"`+tt.members+`}`); err != nil {
			t.Errorf("%s: %v", tt.members, err)
		}
		got := s.got()
		if want := `{"api":"PbxSignal","mt":"RegisterResult"` + tt.want + `}`; len(got) == 0 || got[0] != want {
			t.Errorf("%s: got %q, want %s", tt.members, got, want)
		}
		if (len(got) == 2) != (tt.also != "") || len(got) == 2 && !strings.Contains(got[1], tt.also) {
			t.Errorf("%s: and %q", tt.members, got)
		}
	}
}

// Where the API is not allowed, Register says so and brings nothing with it.
func TestRegisterNotAllowed(t *testing.T) {
	sw, api := newSwitch(t)
	s := login(api, 1)
	s.who.APIs = []string{"Monitor"}
	_ = s.say(t, `{"api":"PbxSignal","mt":"Register","src":1}`)
	s.expect(t, `{"api":"PbxSignal","mt":"RegisterResult","src":1,"err":"not allowed"}`)
	if n := len(sw.Registrations()); n != 0 {
		t.Errorf("%d registrations", n)
	}
}

func TestUnknownMessage(t *testing.T) {
	_, api := newSwitch(t)
	if err := login(api, 1).say(t, `{"api":"PbxSignal","mt":"Attach","src":1}`); !errors.Is(err, appservice.ErrUnknownMT) {
		t.Errorf("%v", err)
	}
	if api.Name() != "PbxSignal" {
		t.Error(api.Name())
	}
}

// Every Signaling carries the src of the Register, as it was written, whatever the
// message that began the call carried (decision 25).
func TestSrcEcho(t *testing.T) {
	for _, tt := range []struct{ register, said, want string }{
		{``, ``, ``}, {``, `,"src":"badge"`, ``}, {`,"src":"a"`, ``, `,"src":"a"`}, {`,"src":7`, `,"src":7`, `,"src":7`},
		{`,"src":7`, `,"src":"7"`, `,"src":7`}, {`,"src":"a"`, `,"src":"b"`, `,"src":"a"`},
	} {
		_, api := newSwitch(t)
		alice, bob := login(api, 1), login(api, 2)
		_ = alice.say(t, `{"api":"PbxSignal","mt":"Register"`+tt.register+`}`)
		_ = bob.say(t, `{"api":"PbxSignal","mt":"Register"`+tt.register+`}`)
		alice.got()
		bob.got()
		_ = alice.say(t, `{"api":"PbxSignal","mt":"Signaling"`+tt.said+`,"call":1,`+chatWithBob)
		alice.expect(t, `{"api":"PbxSignal","mt":"Signaling"`+tt.want+`,"call":1,"sig":{"type":"call_proc"}}`)
		if got := bob.got(); len(got) != 1 || !strings.HasPrefix(got[0], `{"api":"PbxSignal","mt":"Signaling"`+tt.want+`,"call":-1,"sig":{"type":"setup"`) {
			t.Errorf("%+v: bob got %q", tt, got)
		}
	}
}

// What is no call number is passed over, and harms nothing.
func TestMalformedNumbers(t *testing.T) {
	_, api := newSwitch(t)
	s, bob := login(api, 1), login(api, 2)
	_ = s.say(t, `{"api":"PbxSignal","mt":"Register"}`)
	_ = bob.say(t, `{"api":"PbxSignal","mt":"Register"}`)
	s.got()
	bob.got()
	for _, call := range []string{``, `"call":"1",`, `"call":1.5,`, `"call":2147483648,`, `"call":-2147483649,`, `"call":1e3,`, `"call":null,`, `"call":{},`, `"call":1e400,`} {
		if err := s.say(t, `{"api":"PbxSignal","mt":"Signaling",`+call+chatWithBob); err != nil {
			t.Errorf("%s: %v", call, err)
		}
		for _, f := range s.got() {
			if !strings.Contains(f, `"call":1000,`) { // 1e3 may be read as what it is
				t.Errorf("%s: %s", call, f)
			}
		}
	}
	for call, want := range map[string]string{`0`: `"call":0,"sig":{"type":"rel","cau":{"num":81}}}`, `2147483647`: `"call":2147483647,"sig":{"type":"call_proc"}}`, `-2147483648`: ``} {
		_ = s.say(t, `{"api":"PbxSignal","mt":"Signaling","call":`+call+`,`+chatWithBob)
		got := strings.Join(s.got(), "")
		if want == "" && got != "" || !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s", call, got)
		}
	}
	for _, sig := range []string{`"sig":null`, `"sig":[]`, `"sig":"x"`, `"x":1`, `"sig":{"type":7}`, `"sig":{"type":"setup","fty":7}`} {
		if err := s.say(t, `{"api":"PbxSignal","mt":"Signaling","call":9,`+sig+`}`); err != nil {
			t.Errorf("%s: %v", sig, err)
		}
	}
	s.expect(t, `{"api":"PbxSignal","mt":"Signaling","call":9,"sig":{"type":"rel","cau":{"num":111}}}`)
}

// A name twice below the envelope drops the message (A12).
func TestDuplicateBelowTheEnvelope(t *testing.T) {
	_, api := newSwitch(t)
	s := login(api, 1)
	_ = s.say(t, `{"api":"PbxSignal","mt":"Register"}`)
	s.got()
	_ = s.say(t, `{"api":"PbxSignal","mt":"Signaling","call":1,"sig":{"type":"setup","cd":{"sip":"bob","sip":"carol"},"fty":[{"type":"im_setup"}]}}`)
	s.expect(t)
}

// Probes: a ping of five bytes behind the text; its pong proves the delivery, any
// other payload is not ours.
func TestProbes(t *testing.T) {
	_, api := newSwitch(t)
	alice, bob := login(api, 1), login(api, 2)
	_ = alice.say(t, `{"api":"PbxSignal","mt":"Register","flags":"IM_EXT"}`)
	_ = bob.say(t, `{"api":"PbxSignal","mt":"Register"}`)
	_ = alice.say(t, `{"api":"PbxSignal","mt":"Signaling","call":1,`+chatWithBob)
	_ = alice.say(t, `{"api":"PbxSignal","mt":"Signaling","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","id":"x","data":"hello"}]}}`)
	alice.got()
	if len(bob.pings) != 1 || len(bob.pings[0]) != 5 {
		t.Fatalf("pings: %q", bob.pings)
	}
	right := bob.pings[0]
	for _, payload := range []string{"", "d", right[1:], right + "x", "x" + right[1:], right[:4] + "\xff", "keepalive"} {
		api.Pong(context.Background(), bob, []byte(payload))
		alice.expect(t)
	}
	api.Pong(context.Background(), login(api, 2), []byte(right)) // a session without registrations
	alice.expect(t)
	api.Pong(context.Background(), bob, []byte(right))
	if got := alice.got(); len(got) != 1 || !strings.Contains(got[0], `"state":"delivered"`) {
		t.Errorf("alice got %q", got)
	}
}

// Closed ends registrations and calls; twice is once; a session that never
// registered is none of its business.
func TestClosedEndsEverything(t *testing.T) {
	sw, api := newSwitch(t)
	alice, bob := login(api, 1), login(api, 2)
	for i := range 3 {
		_ = alice.say(t, fmt.Sprintf(`{"api":"PbxSignal","mt":"Register","src":%d}`, i))
	}
	_ = bob.say(t, `{"api":"PbxSignal","mt":"Register"}`)
	_ = alice.say(t, `{"api":"PbxSignal","mt":"Signaling","call":1,`+chatWithBob)
	_ = bob.say(t, `{"api":"PbxSignal","mt":"Signaling","call":-1,"sig":{"type":"conn","channel":0}}`)
	bob.got()
	for range 2 {
		api.Closed(context.Background(), alice)
	}
	api.Closed(context.Background(), login(api, 3))
	bob.expect(t, `{"api":"PbxSignal","mt":"Signaling","call":-1,"sig":{"type":"rel","cau":{"num":41}}}`)
	if regs := sw.Registrations(); len(regs) != 1 || regs[0].SIP != "bob" {
		t.Errorf("left: %+v", regs)
	}
}

// A replaced device is told by RegisterResult with its src.
func TestReplaced(t *testing.T) {
	_, api := newSwitch(t)
	older, newer := login(api, 1), login(api, 1)
	_ = older.say(t, `{"api":"PbxSignal","mt":"Register","src":"a","hw":"single"}`)
	older.got()
	_ = newer.say(t, `{"api":"PbxSignal","mt":"Register","src":"b","hw":"single"}`)
	older.expect(t, `{"api":"PbxSignal","mt":"RegisterResult","src":"a","err":"replaced"}`)
	newer.expect(t, `{"api":"PbxSignal","mt":"RegisterResult","src":"b"}`)
}

// A session to which the result cannot be sent gets no calls.
func TestRegisterOnADyingSession(t *testing.T) {
	sw, api := newSwitch(t)
	s := login(api, 1)
	s.failed = errors.New("queue full")
	if err := s.say(t, `{"api":"PbxSignal","mt":"Register"}`); !errors.Is(err, s.failed) {
		t.Errorf("%v", err)
	}
	if n := len(sw.Registrations()); n != 0 {
		t.Errorf("%d registrations", n)
	}
	api.Closed(context.Background(), s)
}

// Many sessions at once: what is left in the end is nothing.
func TestManySessions(t *testing.T) {
	sw, api := newSwitch(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for round := range 20 {
				s := login(api, int64(i%3+1))
				_ = s.say(t, `{"api":"PbxSignal","mt":"Register","src":"a","flags":"`+[]string{"", "IM_EXT", "IM_INBOX"}[(i+round)%3]+`"}`)
				for n := range 5 {
					_ = s.say(t, fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":"a","call":%d,`, n+1)+chatWithBob)
					_ = s.say(t, fmt.Sprintf(`{"api":"PbxSignal","mt":"Signaling","src":"a","call":%d,"sig":{"type":"facility","fty":[{"type":"im_message","chat":"bob","data":"hello"}]}}`, n-2))
				}
				api.Pong(context.Background(), s, []byte("d\x00\x00\x00\x01"))
				api.Closed(context.Background(), s)
			}
		})
	}
	all.Wait()
	if n := len(sw.Registrations()); n != 0 {
		t.Errorf("%d registrations left", n)
	}
	if calls := sw.Calls(); len(calls) != 0 {
		t.Errorf("calls left: %+v", calls)
	}
}

// FuzzSignaling: whatever a client says, every answer is a frame of the protocol.
func FuzzSignaling(f *testing.F) {
	f.Add(`{"api":"PbxSignal","mt":"Signaling","call":1,` + chatWithBob)
	f.Add(`{"api":"PbxSignal","mt":"Register","src":"\ud83d\ude00","hw":"phone","flags":"IM_INBOX|"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var doc, again strictjson.Doc
		frame, err := appservice.ParseFrame(&doc, []byte(text))
		if err != nil {
			return
		}
		_, api := newSwitch(t)
		alice, bob := login(api, 1), login(api, 2)
		_ = bob.say(t, `{"api":"PbxSignal","mt":"Register"}`)
		_ = alice.say(t, `{"api":"PbxSignal","mt":"Register","src":"a"}`)
		_ = alice.say(t, `{"api":"PbxSignal","mt":"Signaling","src":"a","call":7,`+chatWithBob)
		_ = api.Handle(context.Background(), alice, frame)
		for _, out := range append(alice.got(), bob.got()...) {
			if _, err := appservice.ParseFrame(&again, []byte(out)); err != nil {
				t.Fatalf("%q: %v", out, err)
			}
			if _, dup := again.Duplicate(); dup {
				t.Fatalf("a name twice: %q", out)
			}
		}
		api.Closed(context.Background(), alice)
		api.Closed(context.Background(), bob)
	})
}
