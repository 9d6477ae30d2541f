package appservice_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

func parse(t testing.TB, text string) appservice.Frame {
	t.Helper()
	f, err := appservice.ParseFrame(new(strictjson.Doc), []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return f
}

func TestParseFrameEnvelope(t *testing.T) {
	for _, c := range []struct{ text, mt, api, src, word string }{
		{`{"mt":"KeepAlive"}`, "KeepAlive", "", "", ""},
		{`{"src":"a","api":"PbxSignal","mt":"Register"}`, "Register", "PbxSignal", `"a"`, "a"},
		{`{"mt":"X","src":7}`, "X", "", "7", "7"},
		{`{"mt":"X","src":-1.50e2}`, "X", "", "-1.50e2", "-1.50e2"},
		{` { "mt" : "\u0041" , "src" : "\u00fc\"" } `, "A", "", `"\u00fc\""`, `ü"`},
		{`{"m\u0074":"A"}`, "A", "", "", ""},
		{`{"mt":"A","src":null}`, "A", "", "", ""},
		{`{"mt":"A","src":{"a":1}}`, "A", "", "", ""},
		{`{"mt":"A","src":["a"],"api":4}`, "A", "", "", ""},
		{`{"mt":"A","src":""}`, "A", "", `""`, ""},
		{`{"mt":"A","src":"` + strings.Repeat("x", 1022) + `"}`, "A", "", `"` + strings.Repeat("x", 1022) + `"`, strings.Repeat("x", 1022)},
		{`{"mt":"A","src":"` + strings.Repeat("x", 1023) + `"}`, "A", "", "", ""},
	} {
		f := parse(t, c.text)
		if f.MT != c.mt || f.API != c.api || string(f.Src) != c.src || f.SrcString() != c.word {
			t.Errorf("%s: mt %q api %q src %s word %q", c.text, f.MT, f.API, f.Src, f.SrcString())
		}
	}
}

func TestParseFrameErrors(t *testing.T) {
	for text, want := range map[string]error{
		`[1,2]`:                              appservice.ErrNotObject,
		`"x"`:                                appservice.ErrNotObject,
		`null`:                               appservice.ErrNotObject,
		`{}`:                                 appservice.ErrNoMT,
		`{"src":"q3"}`:                       appservice.ErrNoMT,
		`{"mt":1}`:                           appservice.ErrNoMT,
		`{"mt":null}`:                        appservice.ErrNoMT,
		`{"messageType":"x"}`:                appservice.ErrObsolete,
		`{"mt":"a","mt":"b"}`:                appservice.ErrDuplicateName,
		`{"mt":"a","\u006dt":"b"}`:           appservice.ErrDuplicateName,
		`{"mt":"a","x":1,"x":1}`:             appservice.ErrDuplicateName,
		`{"mt":"a","b":{"c":1,"c":2},"b":1}`: appservice.ErrDuplicateName,
	} {
		if _, err := appservice.ParseFrame(new(strictjson.Doc), []byte(text)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
	for _, text := range []string{``, `{`, `{"mt":"a"}{}`, "{\"mt\":\"\xff\"}", `{'mt':1}`, strings.Repeat("[", 100)} {
		_, err := appservice.ParseFrame(new(strictjson.Doc), []byte(text))
		if _, ok := errors.AsType[*strictjson.SyntaxError](err); !ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if !errors.Is(appservice.ErrObsolete, appservice.ErrNoMT) {
		t.Error("ErrObsolete is no ErrNoMT")
	}
}

func TestFrameDuplicateBelowEnvelope(t *testing.T) {
	if f := parse(t, `{"mt":"a","sig":{"x":1,"y":{"x":1}}}`); f.Duplicate() {
		t.Error("no name is repeated")
	}
	if f := parse(t, `{"mt":"a","sig":{"y":[{"x":1,"x":1}]}}`); !f.Duplicate() {
		t.Error("x is repeated")
	}
	if f := (appservice.Frame{}); f.Duplicate() || f.Get("x").Exists() || f.Doc() != nil {
		t.Error("the zero frame")
	}
}

func TestFrameCloneKeeps(t *testing.T) {
	text := []byte(`{"mt":"Post","src":"s","text":"hello"}`)
	f, err := appservice.ParseFrame(new(strictjson.Doc), text)
	if err != nil {
		t.Fatal(err)
	}
	kept := f.Clone()
	for i := range text {
		text[i] = ' '
	}
	if got := kept.Get("text").String(); got != "hello" || string(kept.Src) != `"s"` {
		t.Errorf("kept %q %s", got, kept.Src)
	}
}

func TestParseFrameAllocatesNothing(t *testing.T) {
	text := []byte(`{"api":"PbxSignal","mt":"Signaling","src":"alice.1","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","data":"x"}]}}`)
	var doc strictjson.Doc
	allocs := testing.AllocsPerRun(100, func() {
		f, err := appservice.ParseFrame(&doc, text)
		if err != nil || f.MT != "Signaling" || !f.Get("sig").Exists() {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestTolerance(t *testing.T) {
	var tol appservice.Tolerance
	for i := range 10 {
		err := appservice.ErrNotObject
		if i%2 == 0 {
			err = appservice.ErrObsolete
		}
		if code := tol.Excuse(err); code != 0 {
			t.Fatalf("frame %d closes with %d", i, code)
		}
	}
	if code := tol.Excuse(appservice.ErrNoMT); code != appservice.CloseBadData {
		t.Errorf("the eleventh: %d", code)
	}
	for _, err := range []error{appservice.ErrDuplicateName, &strictjson.SyntaxError{}} {
		if code := new(appservice.Tolerance).Excuse(err); code != appservice.CloseBadData {
			t.Errorf("%v: %d", err, code)
		}
	}
}

func TestAppendReply(t *testing.T) {
	type result struct {
		MT string `json:"mt"`
		N  int    `json:"n,omitempty"`
	}
	for _, c := range []struct {
		req  string
		v    any
		want string
	}{
		{`{"mt":"X"}`, result{MT: "XResult"}, `{"mt":"XResult"}`},
		{`{"mt":"X","src":7}`, result{"XResult", 1}, `{"src":7,"mt":"XResult","n":1}`},
		{`{"mt":"X","src":"7","api":"A\n"}`, result{MT: "XResult"}, `{"api":"A\n","src":"7","mt":"XResult"}`},
		{`{"mt":"X","src":"\u00fc"}`, appservice.KeepAlive{}, `{"src":"\u00fc","mt":"KeepAlive"}`},
		{`{"mt":"X","src":"s"}`, struct{}{}, `{"src":"s"}`},
		{`{"mt":"X"}`, struct{}{}, `{}`},
		{`{"mt":"X"}`, map[string]string{"mt": "</&>"}, `{"mt":"</&>"}`},
		{`{"mt":"X","src":"s"}`, json.RawMessage(`{"mt":"Y","x":{"src":1}}`), `{"src":"s","mt":"Y","x":{"src":1}}`},
		{`{"mt":"X"}`, appservice.AppLoginResult{ErrorText: "no"}, `{"mt":"AppLoginResult","ok":false,"errorText":"no"}`},
	} {
		got, err := appservice.AppendReply(nil, parse(t, c.req), c.v)
		if err != nil {
			t.Errorf("%s: %v", c.req, err)
		}
		equal(t, c.req, string(got), c.want)
	}
}

func TestNewFrame(t *testing.T) {
	f, err := appservice.NewFrame(appservice.UpdateUser{User: appservice.User{SIP: "a", DN: "<b>"}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "frame", string(f.Raw), `{"mt":"UpdateUser","user":{"domain":"","sip":"a","guid":"","dn":"<b>","prefix":{}}}`)
	equal(t, "user", string(appservice.User{SIP: "a"}.AppendJSON(nil)), `{"domain":"","sip":"a","guid":"","dn":"","prefix":{}}`)
	var zero appservice.Frame
	if l := appservice.LoginFrom(zero); l.App != "" || l.Info != nil {
		t.Errorf("%+v", l)
	}
}

func TestAppendReplyRefuses(t *testing.T) {
	req := parse(t, `{"mt":"X","src":"s"}`)
	for _, v := range []any{
		map[string]any{"mt": "Y", "src": "other"}, json.RawMessage(`{"mt":"Y","api":"Z"}`), []int{1}, "text", make(chan int), json.RawMessage(``),
	} {
		if got, err := appservice.AppendReply(nil, req, v); err == nil {
			t.Errorf("%v: %s", v, got)
		}
	}
}

func TestAppendError(t *testing.T) {
	for req, want := range map[string]string{
		`{"mt":"X","src":"q"}`:                   `{"src":"q","mt":"Error","error":1,"errorText":"unknown mt"}`,
		`{"mt":"X","src":1,"api":"PbxAdminApi"}`: `{"api":"PbxAdminApi","src":1,"mt":"Error","error":1,"errorText":"unknown mt"}`,
	} {
		equal(t, req, string(appservice.AppendError(nil, parse(t, req), 1, appservice.TextUnknownMT)), want)
	}
}

func FuzzParseFrame(f *testing.F) {
	for _, s := range []string{
		`{"mt":"AppLogin","info":{"a":[1,2,{"b":"\ud800"}]},"src":"x"}`, `{"mt":"a","mt":"b"}`, `[]`, `{"src":7,"mt":"x"}`, `{"messageType":1}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var doc strictjson.Doc
		frame, err := appservice.ParseFrame(&doc, text)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("accepted %q", text)
		}
		answer := appservice.AppendError(nil, frame, 1, frame.MT)
		echo, err := appservice.ParseFrame(new(strictjson.Doc), answer)
		if err != nil || string(echo.Src) != string(frame.Src) || echo.API != frame.API {
			t.Fatalf("%q answered with %q: %v", text, answer, err)
		}
		if c := frame.Clone(); c.MT != frame.MT || c.Duplicate() != frame.Duplicate() {
			t.Fatalf("clone of %q", text)
		}
		canonical := appservice.Canonical(text)
		if again := appservice.Canonical(canonical); string(again) != string(canonical) {
			t.Fatalf("canonical %q, then %q", canonical, again)
		}
		var a, b any
		if json.Unmarshal(text, &a) != nil || json.Unmarshal(canonical, &b) != nil {
			t.Fatalf("canonical form %q of %q", canonical, text)
		}
	})
}
