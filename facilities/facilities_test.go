package facilities

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// screen asks the table about one facility.
func screen(t testing.TB, table *Table, v signal.View, facility string) signal.Verdict {
	t.Helper()
	var doc strictjson.Doc
	if err := doc.Parse([]byte(facility)); err != nil {
		t.Fatal(err)
	}
	var out signal.Verdict
	if v.Parts == nil {
		v.Parts = new(signal.Collector)
	}
	if v.Now.IsZero() {
		v.Now = time.Unix(1767225600, 0)
	}
	table.Screen(&v, doc.Root(), &out)
	return out
}

var (
	sender    = &signal.Party{Address: signal.Address{Domain: 1, Object: 7}, SIP: "alice"}
	inChat    = signal.View{Msg: signal.FacilityMsg, Chat: true, From: sender}
	inChatExt = signal.View{Msg: signal.FacilityMsg, Chat: true, Ext: true, From: sender}
)

// files is an archive of which nothing but its file links is asked.
type files struct{ signal.Archive }

func (files) Attaches(a signal.Address, url string) bool {
	return a == sender.Address && strings.HasPrefix(url, "https://ap.example.com/example.com/messages/")
}

func TestTexts(t *testing.T) {
	table := New()
	inChatExt := inChatExt
	inChatExt.Archive = files{}
	own := `https%3A%2F%2Fap.example.com%2Fexample.com%2Fmessages%2Ftmp%2F1%2Fa.pdf`
	for _, tt := range []struct {
		name, members string
		view          signal.View
		html, data    string // "" = none
	}{
		{"plain text", `"data":"hi"`, inChat, `"hi"`, ""},
		{"markup", `"data":"<b onclick=x>hi"`, inChat, `"<b>hi</b>"`, ""},
		{"escapes", `"data":"a\u003cscript>x</script>\n\"q\""`, inChat, `"a\n\"q\""`, ""},
		{"mime with parameters", `"mime":"Text/HTML; charset=utf-8","data":"<i>x"`, inChat, `"<i>x</i>"`, ""},
		{"text/plain", `"mime":"text/plain","data":"a<b\nc"`, inChatExt, `"a&lt;b<br>c"`, `"a<b\nc"`},
		{"text/plain without signs", `"mime":"text/plain","data":"abc"`, inChatExt, `"abc"`, `"abc"`},
		{"another type", `"mime":"application/json","data":"{}","alt":"<b>v</b><img>"`, inChatExt, `"<b>v</b>"`, `"{}"`},
		{"alt of a published client", `"mime":"application/json","data":"{}","alt":"v"`, inChat, "", `"{}"`},
		{"null members", `"data":"hi","subject":null,"mime":null`, inChat, `"hi"`, ""},
		{"own attachment", `"data":"","attach":"` + own + `"`, inChatExt, `""`, ""},
	} {
		v := screen(t, table, tt.view, `{"type":"im_message",`+tt.members+`}`)
		if v.Action != signal.TakeText || string(v.Text.HTML) != tt.html || string(v.Text.Data) != tt.data {
			t.Errorf("%s: action %d, HTML %s, data %s (%s)", tt.name, v.Action, v.Text.HTML, v.Text.Data, v.Reason)
		}
	}
}

func TestRefusedTexts(t *testing.T) {
	table := New()
	for _, tt := range []struct {
		name, members string
		view          signal.View
		cause         signal.Cause
	}{
		{"empty", `"data":""`, inChat, signal.CauseProtocolError},
		{"empty after sanitising", `"data":"<script>x</script>"`, inChat, signal.CauseProtocolError},
		{"no data", `"subject":"s"`, inChat, signal.CauseProtocolError},
		{"data is a number", `"data":1`, inChat, signal.CauseBadContent},
		{"typing is a word", `"typing":"yes"`, inChat, signal.CauseBadContent},
		{"too long", `"data":"` + strings.Repeat("x", signal.MaxTextJSON) + `"`, inChat, signal.CauseProtocolError},
		{"too long once escaped", `"mime":"text/plain","data":"` + strings.Repeat("<", 15000) + `"`, inChat, signal.CauseProtocolError},
		{"another type too long", `"mime":"a/b","data":"` + strings.Repeat("x", 13000) + `"`, inChatExt, signal.CauseProtocolError},
		{"mime with markup", `"mime":"a/<b>","data":"x"`, inChatExt, signal.CauseBadContent},
		{"foreign attachment", `"data":"x","attach":"https%3A%2F%2Fevil.example%2Fx"`, inChatExt, signal.CauseNotSubscribed},
		{"another type in parts", `"mime":"a/b","data":"x","more":true`, inChat, signal.CauseProtocolError},
	} {
		v := screen(t, table, tt.view, `{"type":"im_message",`+tt.members+`}`)
		if v.Action != signal.Refuse || v.Cause != tt.cause || v.Reason == "" {
			t.Errorf("%s: action %d, cause %d, reason %q; want refused with %d", tt.name, v.Action, v.Cause, v.Reason, tt.cause)
		}
	}
}

// TestForeignAttachmentOfPublishedClient: the text goes on, the entry does not.
func TestForeignAttachmentOfPublishedClient(t *testing.T) {
	v := screen(t, New(), inChat, `{"type":"im_message","data":"x","attach":"https%3A%2F%2Fevil.example%2Fx"}`)
	if v.Action != signal.TakeText || v.Text.Attach != nil || !v.Foreign {
		t.Errorf("action %d, attach %s, %d removed", v.Action, v.Text.Attach, v.Removed)
	}
}

func TestExtraMembers(t *testing.T) {
	v := screen(t, New(), inChat, `{"type":"im_message","data":"x","DATA":"<img>","x":{"Sender":"c","y":1},"X":2,"ſubject":"s","sender":"carol","time":1}`)
	if got := string(v.Text.Extra); got != `,"x":{"y":1}` || v.Removed != 4 {
		t.Errorf("extra %s, %d removed", got, v.Removed)
	}
}

func TestIDsAreForExtendedClients(t *testing.T) {
	for _, tt := range []struct {
		view     signal.View
		id, want string
	}{
		{inChatExt, `"abc"`, "abc"},
		{inChatExt, `"a\u0062c"`, "abc"},
		{inChat, `"abc"`, ""},
		{inChatExt, `"` + strings.Repeat("x", 65) + `"`, ""},
		{inChatExt, `""`, ""},
	} {
		v := screen(t, New(), tt.view, `{"type":"im_message","data":"x","id":`+tt.id+`}`)
		if got := idOf(&v); got != tt.want {
			t.Errorf("%s: id %q, want %q", tt.id, got, tt.want)
		}
	}
}

func TestPartsAreJudgedAsAWhole(t *testing.T) {
	table, c := New(), new(signal.Collector)
	view := inChat
	view.Parts = c
	for _, part := range []string{`a<scr`, `ipt>alert(1)</scr`} {
		if v := screen(t, table, view, `{"type":"im_message","data":"`+part+`","more":true}`); v.Action != signal.Collected {
			t.Fatalf("%s: action %d", part, v.Action)
		}
	}
	v := screen(t, table, view, `{"type":"im_message","data":"ipt>b","subject":"<b>S</b>"}`)
	if v.Action != signal.TakeText || string(v.Text.HTML) != `"ab"` || string(v.Text.Subject) != `"S"` || c.Pending() {
		t.Errorf("action %d, HTML %s, subject %s", v.Action, v.Text.HTML, v.Text.Subject)
	}
}

func TestPartsTooLong(t *testing.T) {
	part := `{"type":"im_message","data":"` + strings.Repeat("x", 13000) + `","more":true}`
	for _, tt := range []struct {
		view signal.View
		want signal.Action // of the part that is too much
	}{{inChat, signal.Refuse}, {inChatExt, signal.Collected}} {
		view := tt.view
		view.Parts = new(signal.Collector)
		var v signal.Verdict
		for range 4 {
			v = screen(t, New(), view, part)
		}
		if v.Action != tt.want || len(view.Parts.Data()) != 0 {
			t.Errorf("ext %v: action %d with %d bytes kept", view.Ext, v.Action, len(view.Parts.Data()))
		}
		if !view.Ext {
			continue
		}
		v = screen(t, New(), view, `{"type":"im_message","data":"end","id":"i"}`)
		if v.Action != signal.Refuse || v.Cause != signal.CauseProtocolError || string(v.Text.ID) != "i" || view.Parts.Pending() {
			t.Errorf("last part: action %d, cause %d", v.Action, v.Cause)
		}
	}
}

func TestRows(t *testing.T) {
	user, program := &signal.Party{Kind: signal.User}, &signal.Party{Kind: signal.App}
	for _, tt := range []struct {
		view     signal.View
		facility string
		action   signal.Action
		feature  signal.Feature
	}{
		{signal.View{Msg: signal.SetupMsg}, `{"type":"im_setup"}`, signal.Relay, signal.ChatSetup},
		{signal.View{Msg: signal.SetupMsg, Media: true}, `{"type":"im_setup"}`, signal.Drop, 0},
		{signal.View{Msg: signal.SetupMsg}, `{"type":"cli_override"}`, signal.Terminate, signal.OverrideCLI},
		{signal.View{Msg: signal.FacilityMsg}, `{"type":"cli_override"}`, signal.Drop, 0},
		{signal.View{Msg: signal.SetupMsg}, `{"type":"name_identification","name":"x"}`, signal.Terminate, 0},
		{signal.View{Msg: signal.SetupMsg}, `{"type":"im_message","data":"x"}`, signal.Drop, 0},
		{signal.View{Msg: signal.FacilityMsg}, `{"type":"im_message","data":"x"}`, signal.Drop, 0},
		{signal.View{Msg: signal.FacilityMsg}, `{"type":"hold_notify"}`, signal.Relay, 0},
		{signal.View{Msg: signal.AlertMsg}, `{"type":"call_waiting"}`, signal.Relay, 0},
		{signal.View{Msg: signal.FacilityMsg}, `{"type":"ct_complete"}`, signal.Drop, 0},
		{signal.View{Msg: signal.SetupMsg}, `{"type":"presence_publish"}`, signal.Terminate, signal.Unsupported},
		{signal.View{Msg: signal.SetupMsg, To: user}, `{"type":"presence_subscribe"}`, signal.Terminate, signal.Unsupported},
		{signal.View{Msg: signal.SetupMsg, To: program}, `{"type":"presence_subscribe"}`, signal.Relay, 0},
		{signal.View{Msg: signal.SetupMsg}, `{"type":"something_new","a":1}`, signal.Relay, 0},
		{inChat, `{"type":"im_receipt","id":"a","state":"read"}`, signal.Drop, 0},
		{inChatExt, `{"type":"im_receipt","id":"a","state":"read"}`, signal.TakeReceipt, 0},
		{inChatExt, `{"type":"im_receipt","id":"a","state":"failed"}`, signal.Drop, 0},
		{inChatExt, `{"type":"im_receipt","state":"read"}`, signal.Drop, 0},
	} {
		if v := screen(t, New(), tt.view, tt.facility); v.Action != tt.action || v.Feature != tt.feature {
			t.Errorf("%v %s: action %d, feature %d (%s); want %d, %d", tt.view.Msg, tt.facility, v.Action, v.Feature, v.Reason, tt.action, tt.feature)
		}
	}
}

// TestInboxIsAWordOfTheSwitch: a client cannot fake the setup of an inbox.
func TestInboxIsAWordOfTheSwitch(t *testing.T) {
	v := screen(t, New(), signal.View{Msg: signal.SetupMsg}, `{"type":"im_setup","inbox":true,"INBOX":true,"x":1}`)
	if got := string(v.Encoded); got != `{"type":"im_setup","x":1}` {
		t.Error(got)
	}
}

// TestRelayedHasNoSecondReading: whatever is relayed has no name that a reader
// blind to case could take for one of ours.
func TestRelayedHasNoSecondReading(t *testing.T) {
	v := screen(t, New(), signal.View{Msg: signal.FacilityMsg}, `{"type":"x","Type":"im_message","Data":"<img>","n":{"SENDER":1,"k":2}}`)
	if got := string(v.Encoded); got != `{"type":"x","n":{"k":2}}` || v.Removed != 3 {
		t.Errorf("%s, %d removed", got, v.Removed)
	}
}

// TestDocumented: docs/facilities.md has a line for every row.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/facilities.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range rows() {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/facilities.md does not mention %s", name)
		}
	}
}

func TestScreenTextDoesNotAllocate(t *testing.T) {
	table := New()
	var doc strictjson.Doc
	text := []byte(`{"type":"im_message","mime":"text/html","data":"` + strings.Repeat("0123456789", 20) + `"}`)
	view, out := inChat, signal.Verdict{}
	view.Parts = new(signal.Collector)
	if n := testing.AllocsPerRun(100, func() {
		if doc.Parse(text) != nil {
			t.Fatal("parse")
		}
		out.Reset()
		table.Screen(&view, doc.Root(), &out)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzScreen: whatever a client sends, what is taken of it is JSON, has no second
// reading, and no markup but ours.
func FuzzScreen(f *testing.F) {
	f.Add([]byte(`{"type":"im_message","data":"<b x=1>","more":true,"X":{"DATA":1}}`), false)
	f.Add([]byte(`{"type":"im_message","mime":"text/plain","data":"a\u2028<","alt":"<i>","id":"\u0061"}`), true)
	f.Add([]byte(`{"type":"im_message","data":"a","a":"<i","b":0}`), true)
	f.Fuzz(func(t *testing.T, text []byte, ext bool) {
		var doc strictjson.Doc
		if doc.Parse(text) != nil {
			return
		}
		if _, dup := doc.Duplicate(); dup || doc.Root().Get("type").Kind() != strictjson.String {
			return
		}
		view, out := inChat, signal.Verdict{}
		view.Ext, view.Parts = ext, new(signal.Collector)
		New().Screen(&view, doc.Root(), &out)
		x := &out.Text
		// Extra never holds the type of the facility, so the name is free for the object around it.
		members := append([]byte(`{"type":0`), x.Extra...)
		tokens := [][]byte{x.Mime, x.Data, x.HTML, x.Alt, x.Subject, x.Attach, out.Encoded, append(members, '}')}
		for _, token := range tokens {
			checkToken(t, token)
		}
		if html := string(x.HTML); strings.Contains(html, "<img") || strings.Contains(html, "<script") {
			t.Fatalf("markup: %s", html)
		}
	})
}

func checkToken(t *testing.T, token []byte) {
	if token == nil {
		return
	}
	var again strictjson.Doc
	if err := again.Parse(token); err != nil {
		t.Fatalf("%q: %v", token, err)
	}
	if _, dup := again.Duplicate(); dup {
		t.Fatalf("a name twice: %q", token)
	}
	if _, removed := strictjson.AppendClean(nil, again.Root(), owned); removed != 0 {
		t.Fatalf("a second reading: %q", token)
	}
}
