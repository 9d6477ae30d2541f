package hostile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// chatting is eve in a chat with two devices of the victim: one with IM_EXT, one
// of the published protocol.
type chatting struct{ eve, ext, plain *client }

func (m *machine) chatting(t *testing.T, flags string) chatting {
	t.Helper()
	c := chatting{m.user(t, "eve", flags), m.user(t, "victim", "IM_EXT"), m.user(t, "victim", "NO_MEDIA_CALL")}
	c.eve.signaling(1, fmt.Sprintf(chatSetup, "victim"))
	for _, v := range []*client{c.ext, c.plain} {
		v.signaling(v.untilSig("setup").num("call"), `{"type":"conn","channel":0}`)
	}
	c.eve.untilSig("conn")
	return c
}

// send sends a text and returns what both devices got; nil if nothing.
func (c chatting) send(f string) (ext, plain *message) {
	c.eve.t.Helper()
	c.eve.facility(1, f)
	c.eve.settle()
	one := func(v *client) *message {
		var got *message
		for _, m := range v.settle() {
			if m.str("sig.fty.0.type") == "im_message" {
				got = &m
			}
		}
		return got
	}
	return one(c.ext), one(c.plain)
}

// TestMimes: missing, empty, odd and upper-case ones. A published client gets
// sanitised HTML or nothing, whatever the type.
func TestMimes(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	const none = "\x00none"
	for _, flags := range []string{"IM_EXT", "NO_MEDIA_CALL"} {
		c := m.chatting(t, flags)
		const markup = `<b onclick=x>B</b><script>x</script>`
		for _, tt := range []struct{ mime, ext, plain string }{
			{``, `<b>B</b>`, `<b>B</b>`},
			{`,"mime":null`, `<b>B</b>`, `<b>B</b>`},
			{`,"mime":""`, `<b>B</b>`, `<b>B</b>`},
			{`,"mime":" "`, `<b>B</b>`, `<b>B</b>`},
			{`,"mime":";charset=utf-8"`, `<b>B</b>`, `<b>B</b>`},
			{`,"mime":"text/html"`, `<b>B</b>`, `<b>B</b>`},
			{`,"mime":"TEXT/HTML"`, `<b>B</b>`, `<b>B</b>`},
			{`,"mime":"Text/Html; charset=UTF-8"`, `<b>B</b>`, `<b>B</b>`},
			{`,"mime":"\u0074ext/html\t;x"`, `<b>B</b>`, `<b>B</b>`},
			{`,"mime":" text/html"`, `<b>B</b>`, `<b>B</b>`},
			{`,"mime":"text/plain"`, markup, `&lt;b onclick=x&gt;B&lt;/b&gt;&lt;script&gt;x&lt;/script&gt;`},
			{`,"mime":"TEXT/PLAIN;format=flowed"`, markup, `&lt;b onclick=x&gt;B&lt;/b&gt;&lt;script&gt;x&lt;/script&gt;`},
			{`,"mime":"text/html,text/plain"`, markup, none},
			{`,"mime":"text/ html"`, markup, none},
			{`,"mime":"text/htm\u006c5"`, markup, none},
			{`,"mime":"image/svg+xml"`, markup, none},
			{`,"mime":"x"`, markup, none},
			{`,"mime":"text/<b>"`, none, none},
			{`,"mime":"text/\u0000html"`, none, none},
			{`,"mime":"` + strings.Repeat("x", 200) + `"`, none, none},
		} {
			ext, plain := c.send(`{"type":"im_message","data":` + quote(markup) + tt.mime + `}`)
			for _, got := range []struct {
				m    *message
				want string
			}{{ext, tt.ext}, {plain, tt.plain}} {
				switch {
				case got.m == nil && got.want != none:
					t.Errorf("%s %s: nothing came", flags, tt.mime)
				case got.m != nil && got.m.str("sig.fty.0.data") != got.want:
					t.Errorf("%s %s: %s", flags, tt.mime, got.m.raw)
				case got.m != nil && got.m == plain && got.m.str("sig.fty.0.mime") != "text/html":
					t.Errorf("%s %s: %s", flags, tt.mime, got.m.raw)
				}
			}
			if ext != nil && ext.str("sig.fty.0.data") == markup && ext.str("sig.fty.0.mime") == "text/html" {
				t.Errorf("%s %s: not sanitised: %s", flags, tt.mime, ext.raw)
			}
		}
		_ = c.ext.conn.Close()
		_ = c.plain.conn.Close()
		c.eve.untilRel(1)
	}
}

// harmful are characters that do something where they are shown.
const harmful = "\\u001b]0;title\\u0007\\u001b[2J\\u009b31m\\u007f\\u0000\\r\\b"

// TestTerminalEscapes: HTML and subjects leave without control characters but for
// line ends. text/plain goes unchanged to IM_EXT, with C0 escaped.
func TestTerminalEscapes(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c := m.chatting(t, "IM_EXT")
	for _, f := range []string{
		`{"type":"im_message","data":"a` + harmful + `z","subject":"a` + harmful + `z"}`,
		`{"type":"im_message","mime":"text/plain","data":"a` + harmful + `z","subject":"a` + harmful + `z"}`,
		`{"type":"im_message","mime":"a/b","alt":"a` + harmful + `z","data":"x","subject":"a` + harmful + `z"}`,
		`{"type":"im_message","data":"a&#27;[2J&#155;31m&#x1b;&#0;&#x7f;z"}`,
		`{"type":"im_message","data":"a&amp;#27;<b title=\"\u001b\">b</b>z"}`,
	} {
		ext, plain := c.send(f)
		if ext == nil || plain == nil {
			t.Fatalf("%s did not arrive", f)
		}
		for _, got := range []*message{ext, plain} {
			if strings.ContainsFunc(got.raw, func(r rune) bool { return r < ' ' }) {
				t.Errorf("control characters in %q", got.raw)
			}
		}
		for _, s := range []string{
			plain.str("sig.fty.0.data"), plain.str("sig.fty.0.subject"), ext.str("sig.fty.0.subject"), ext.str("sig.fty.0.alt"),
		} {
			if strings.ContainsFunc(strings.ReplaceAll(s, "\n", ""), unicode.IsControl) {
				t.Errorf("%s became %q", f, s)
			}
		}
		if !strings.HasPrefix(plain.str("sig.fty.0.data"), "a") || !strings.HasSuffix(plain.str("sig.fty.0.data"), "z") {
			t.Errorf("%s became %s", f, plain.raw)
		}
	}
	raw := "{\"type\":\"im_message\",\"data\":\"a\u009b31m\u007f\u2028z\",\"subject\":\"a\u009b\u2028\u202ez\"}" // not escaped
	ext, plain := c.send(raw)
	if ext == nil || plain == nil || strings.ContainsFunc(ext.raw+plain.raw, unicode.IsControl) {
		t.Errorf("%s became %v, %v", raw, ext, plain)
	}
	if s := ext.str("sig.fty.0.subject"); s != "az" {
		t.Errorf("subject %q", s)
	}
}

// TestLineSeparators: U+2028 and U+2029 may stand in a text and arrive there.
func TestLineSeparators(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c := m.chatting(t, "IM_EXT")
	for _, data := range []string{"a\u2028b\u2029c", `a\u2028b\u2029c`} {
		ext, plain := c.send(`{"type":"im_message","data":"` + data + `"}`)
		for _, got := range []*message{ext, plain} {
			if got == nil || got.str("sig.fty.0.data") != "a\u2028b\u2029c" {
				t.Errorf("%q became %v", data, got)
			}
		}
	}
}

// TestLoneSurrogates: the texts, names and ids that the switch screens leave as
// proper Unicode, so that the strictest parser reads them.
func TestLoneSurrogates(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c := m.chatting(t, "IM_EXT")
	for _, s := range []string{`\ud800`, `\udfff`, `\ud83d`, `\ude00\ud83d`, `\ud83dx\ude00`} {
		for _, f := range []string{
			`{"type":"im_message","data":"a%sz"}`, `{"type":"im_message","mime":"text/plain","data":"a%sz"}`,
			`{"type":"im_message","mime":"a/b","data":"a%sz","alt":"%[1]s"}`, `{"type":"im_message","data":"az","subject":"%s"}`,
			`{"type":"im_message","data":"az","id":"%s"}`, `{"type":"im_message","data":"az","mime":"%s"}`,
		} {
			f = fmt.Sprintf(f, s)
			ext, plain := c.send(f)
			for _, got := range []*message{ext, plain} {
				if got != nil && strings.Contains(strings.ToLower(got.raw), `\ud`) {
					t.Errorf("%s became %s", f, got.raw)
				}
			}
		}
	}
	ext, plain := c.send(`{"type":"im_message","data":"a\ud83d\ude00z"}`)
	if ext == nil || plain == nil || ext.str("sig.fty.0.data") != "a😀z" || plain.str("sig.fty.0.data") != "a😀z" {
		t.Errorf("a pair: %v, %v", ext, plain)
	}
}

// TestForgedMembers: what the switch says about a sender is never the sender's
// word.
func TestForgedMembers(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c := m.chatting(t, "IM_EXT")
	forged := `"sender":"ann","sender_dn":"Ann","time":1,"timestamp":1,"mid":"7","chat":"ann","participants":"ann,ben"`
	ext, plain := c.send(`{"type":"im_message","data":"x","id":"forged",` + forged + `}`)
	for _, got := range []*message{ext, plain} {
		if got == nil || got.str("sig.fty.0.sender") != "eve" || got.str("sig.fty.0.sender_dn") != display("eve", home) ||
			got.num("sig.fty.0.time") < 1e9 || got.get("sig.fty.0.mid") != nil || got.get("sig.fty.0.chat") != nil ||
			got.get("sig.fty.0.participants") != nil || got == ext && got.num("sig.fty.0.timestamp") < 1e9 {
			t.Errorf("%v", got)
		}
	}
	for i, setup := range []string{
		`{"type":"setup","channel":0,"cd":{"sip":"victim"},"cg":{"sip":"ann","num":"101","dn":"Ann"},"fty":[{"type":"im_setup"},{"type":"name_identification","name":"Ann"}]}`,
		`{"type":"setup","channel":-1,"cd":{"sip":"victim"},"cg":{"sip":"ann"},"fty":[{"type":"cli_override"},{"type":"name_identification","name":"Ann"}]}`,
		`{"type":"setup","channel":0,"cd":{"sip":"victim"},"cg":{"num":"101"},"fty":[{"type":"im_setup","inbox":true},{"type":"cli_override"}]}`,
	} {
		c.eve.signaling(10+i, setup)
		got := c.ext.until("setup", func(m message) bool { return m.str("sig.type") == "setup" })
		names := 0
		for n := range 16 {
			if got.str(fmt.Sprintf("sig.fty.%d.type", n)) == "name_identification" {
				names++
				if got.str(fmt.Sprintf("sig.fty.%d.name", n)) != display("eve", home) {
					t.Error(got.raw)
				}
			}
		}
		if got.str("sig.cg.sip") != "eve" || got.str("sig.cg.num") != "103" || got.str("sig.cg.dn") != "" || names != 1 || got.get("sig.fty.0.inbox") != nil {
			t.Error(got.raw)
		}
		number := got.num("call")
		c.ext.signaling(number, `{"type":"conn","channel":0,"cg":{"sip":"ann"},"fty":[{"type":"name_identification","name":"Ann"}]}`)
		answer := c.eve.until("conn", func(m message) bool { return m.num("call") == 10+i && m.str("sig.type") == "conn" })
		if strings.Contains(answer.raw, `"Ann"`) {
			t.Errorf("a forged name: %s", answer.raw)
		}
	}
}

// TestForgedReceipts: nobody reports about texts that are not for him, nor states
// that only the switch knows.
func TestForgedReceipts(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	mallory, victim := m.user(t, "mallory", "IM_EXT"), m.user(t, "victim", "IM_EXT")
	number := mallory.chat(1, victim)
	mallory.facility(1, `{"type":"im_message","data":"secret","id":"of-mallory"}`)
	mallory.settle()
	victim.settle()
	eve := m.user(t, "eve", "IM_EXT")
	eve.chat(1, victim)
	box, inbox := m.inbox(t, "eve", home)
	mallory.settle()
	before := m.drops("receipt")
	sent := 0
	for _, state := range []string{"sent", "delivered", "read", "failed", "READ", ""} {
		f := fmt.Sprintf(`{"type":"im_receipt","id":"of-mallory","mid":"1","state":%q,"sip":"victim","chat":"mallory","timestamp":1}`, state)
		eve.facility(1, f)
		box.facility(inbox, f)
		box.facility(inbox, strings.Replace(f, `"chat":"mallory"`, `"chat":"victim"`, 1))
		sent += 3
		if state != "delivered" && state != "read" {
			victim.facility(number, f)
			sent++
		}
		mallory.facility(1, f) // about the own text
		sent++
	}
	for _, c := range []*client{eve, box, victim, mallory} {
		for _, got := range c.settle() {
			t.Errorf("%s got %s", c.name, got.raw)
		}
	}
	m.counted(t, "receipt", before, sent)
	victim.facility(number, `{"type":"im_receipt","id":"of-mallory","state":"read","sip":"ann","timestamp":1,"chat":"ann"}`)
	got := mallory.until("receipt", func(m message) bool { return m.str("sig.fty.0.state") == "read" })
	if got.str("sig.fty.0.sip") != "victim" || got.num("sig.fty.0.timestamp") < 1e9 || got.get("sig.fty.0.chat") != nil {
		t.Error(got.raw)
	}
}

// TestVeryLongNames: names of calls, chats, logins and people.
func TestVeryLongNames(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c, inbox := m.inbox(t, "eve", home)
	other := m.user(t, "mallory", "IM_EXT")
	for i, n := range []int{255, 256, 257, 1000, 60000} {
		long := strings.Repeat("n", n)
		other.signaling(i+1, fmt.Sprintf(chatSetup, long))
		if cause := other.untilRel(i + 1); cause != 1 && cause != 111 {
			t.Errorf("%d: rel %d", n, cause)
		}
		other.signaling(100+i, `{"type":"setup","channel":0,"cd":{"num":"`+strings.Repeat("1", n)+`"}}`)
		if cause := other.untilRel(100 + i); cause != 1 && cause != 111 && cause != 28 {
			t.Errorf("%d digits: rel %d", n, cause)
		}
		c.facility(inbox, fmt.Sprintf(`{"type":"im_message","id":"long-%d","chat":"%s","data":"x"}`, n, long))
		got := c.settle()
		if len(got) != 1 || got[0].num("sig.fty.0.cau") != 1 || got[0].str("sig.fty.0.id") != fmt.Sprintf("long-%d", n) || len(got[0].raw) > 1000 {
			t.Errorf("chat of %d: %v", n, got)
		}
		for _, frame := range []string{`{"mt":"%s","src":"s"}`, `{"api":"%s","mt":"x","src":"s"}`, `{"api":"PbxSignal","mt":"%s","src":"s"}`} {
			other.send(fmt.Sprintf(frame, long))
			if got := other.next(); got.str("mt") != "Error" || got.str("src") != "s" {
				t.Errorf("%.100s: %.200s", frame, got.raw)
			}
		}
		other.send(fmt.Sprintf(`{"api":"PbxSignal","mt":"Register","src":"x","hw":"%s"}`, long))
		if got := other.next(); got.str("err") != "no such device" {
			t.Errorf("hw of %d: %.200s", n, got.raw)
		}
	}
	for _, dn := range []string{strings.Repeat("ä", 2000), "Dr\x1b[31m <b>Red</b>\u202e", "<script>x</script>"} {
		if _, err := m.dir.AddUser(t.Context(), m.domain[home].ID, directory.NewObject{SIP: "long", DN: dn, Password: passwordOf("long", home)}); err != nil {
			continue // the directory does not take it
		}
		l := m.user(t, "long", "IM_EXT")
		l.signaling(1, fmt.Sprintf(chatSetup, "mallory"))
		got := other.untilSig("setup")
		if name := got.str("sig.fty.1.name"); len(name) > 256 || strings.ContainsFunc(name, unicode.IsControl) || strings.Contains(name, "<b>") {
			t.Errorf("the name %.40q became %q", dn, name)
		}
		u, _ := m.dir.UserByName(m.domain[home].ID, "long")
		m.must(m.dir.RemoveUser(t.Context(), u.Address()))
	}
}

// TestTextsInTheirWrongPlace are dropped and counted.
func TestTextsInTheirWrongPlace(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	eve, victim := m.user(t, "eve", ""), m.user(t, "victim", "")
	eve.signaling(1, `{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"victim"}}`)
	number := victim.untilSig("setup").num("call")
	victim.signaling(number, `{"type":"conn","channel":-1}`)
	eve.untilSig("conn")
	before := m.drops("facility_position")
	eve.facility(1, text("in a call with media"))
	eve.facility(1, `{"type":"im_setup"}`, `{"type":"im_receipt","id":"x","state":"read"}`)
	eve.settle()
	victim.silent()
	m.counted(t, "facility_position", before, 2)
}

// TestPartsWithoutEnd: half texts end after a minute, and are bounded.
func TestPartsWithoutEnd(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	c := m.chatting(t, "IM_EXT")
	for range 20 {
		if ext, plain := c.send(`{"type":"im_message","data":"` + strings.Repeat("x", 15000) + `","more":true,"id":"endless"}`); ext != nil || plain != nil {
			t.Fatal("a part was passed on")
		}
	}
	c.eve.facility(1, `{"type":"im_message","data":"end","id":"endless"}`)
	got := c.eve.settle()
	if len(got) != 1 || got[0].str("sig.fty.0.state") != "failed" || got[0].num("sig.fty.0.cau") != int(signal.CauseProtocolError) {
		t.Errorf("%v", got)
	}
	c.eve.facility(1, `{"type":"im_message","data":"half","more":true,"id":"half"}`)
	c.eve.settle()
	m.clock.Advance(61 * time.Second)
	failed := c.eve.until("failed", func(m message) bool { return m.str("sig.fty.0.state") == "failed" })
	if failed.str("sig.fty.0.id") != "half" {
		t.Error(failed.raw)
	}
	if ext, plain := c.send(`{"type":"im_message","data":"the late end","id":"half"}`); ext != nil || plain != nil {
		t.Errorf("the end of a text that has failed: %v", ext)
	}
	if ext, _ := c.send(text("whole")); ext == nil || ext.str("sig.fty.0.data") != "whole" {
		t.Errorf("after half a text: %v", ext)
	}
}
