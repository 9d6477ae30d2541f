package admin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/trace"
)

// frame traces a frame of alice's connection in the domain, whose call ends in the
// other one, or in none.
func (d *door) frame(domain, other, text string) {
	d.t.Helper()
	e := trace.Event{Flags: trace.Frames, Peer: trace.Peer{Conn: "c1"}, Frame: []byte(text)}
	if dom, ok := d.dir.DomainByName(domain); ok {
		alice, _ := d.dir.ObjectByName(dom.ID, "alice")
		e.Peer = trace.Peer{Conn: "c-" + domain, Domain: int64(dom.ID), Object: int64(alice.ID), DomainName: domain, ObjectName: "alice"}
		e.Leg.Ends[0] = int64(dom.ID)
	}
	if dom, ok := d.dir.DomainByName(other); ok {
		e.Leg.Call, e.Leg.Ends[1] = 7, int64(dom.ID)
	}
	d.tracer.Note(e)
}

const rules = "/trace/rules"

func TestTraceRequestsAreChecked(t *testing.T) {
	d := newDoor(t)
	for _, tt := range []struct {
		who, body, reason string
		status            int
		code              admin.Code
		field             string
	}{
		{"operator", `{"flags":[]}`, "", 422, admin.Invalid, "flags"},
		{"operator", `{"flags":["HTTP"]}`, "", 422, admin.Invalid, "flags"},
		{"operator", `{"flags":["PBX"],"for":"soon"}`, "", 422, admin.Invalid, "for"},
		{"operator", `{"flags":["PBX"],"for":"-1m"}`, "", 422, admin.Invalid, "for"},
		{"operator", `{"flags":["PBX"],"for":"25h"}`, "", 422, admin.Invalid, "for"},
		{"operator", `{"flags":["HTTP/Servlets"],"for":"61m"}`, "", 422, admin.Invalid, "for"},
		{"operator", `{"flags":["WebSocket","PBX"],"for":"61m"}`, "", 422, admin.Invalid, "for"},
		{"operator", `{"flags":["PBX"],"user":"alice"}`, "", 422, admin.Invalid, "domain"},
		{"operator", `{"flags":["PBX"],"domain":"one.example","user":"nobody"}`, "", 404, admin.NotFound, "user"},
		{"operator", `{"flags":["PBX"],"domain":"six.example"}`, "", 404, admin.NotFound, "domain"},
		{"operator", `{"flags":["PBX"],"call":"7"}`, "", 422, admin.Invalid, "call"},
		{"operator", `{"flags":["PBX"],"content":true}`, "", 422, admin.ReasonRequired, "Pbx-Reason"},
		{"operator", `{"flags":["PBX"],"content":true,"contentFor":"11m"}`, "x", 422, admin.Invalid, "contentFor"},
		{"operator", `{"flags":["PBX"],"contentFor":"1m"}`, "x", 422, admin.Invalid, "contentFor"},
		{"domain_admin", `{"flags":["PBX"]}`, "", 403, admin.Forbidden, "domain"},
		{"domain_admin", `{"flags":["PBX"],"domain":"two.example"}`, "", 404, admin.NotFound, "domain"},
		{"stranger", `{"flags":["PBX"],"domain":"one.example","user":"alice"}`, "", 404, admin.NotFound, "domain"},
		{"auditor", `{"flags":["PBX"],"domain":"one.example"}`, "", 403, admin.Forbidden, ""},
	} {
		d.clock.Advance(4e9)
		p := d.problem(d.ask(tt.who, "POST", rules, tt.body, "Pbx-Reason: "+tt.reason), tt.status, tt.code)
		if len(p.Fields) > 0 && p.Fields[0].Field != tt.field || len(p.Fields) == 0 && tt.field != "" {
			t.Errorf("%s %s: fields %v, want %q", tt.who, tt.body, p.Fields, tt.field)
		}
	}
	if list := d.tracer.Rules(); len(list) != 0 {
		t.Errorf("on: %v", list)
	}
	for _, act := range d.acts() {
		if act.Outcome == "done" {
			t.Errorf("in the audit log: %+v", act)
		}
	}
	others := 0
	for _, act := range d.acts() {
		if act.Code == "other_tenant" {
			others++
		}
	}
	equal(t, others, 2)
}

// TestTraceIsWrittenDown: every switch stands in the audit log with its reason, and
// what cannot be written there is not on.
func TestTraceIsWrittenDown(t *testing.T) {
	d := newDoor(t)
	made := d.ask("domain_admin", "POST", rules,
		`{"flags":["PBX"],"domain":"one.example","user":"alice","for":"5m","content":true,"contentFor":"2m"}`, "Pbx-Reason: ticket 4711")
	var on admin.Trace
	if err := json.Unmarshal([]byte(made.text), &on); err != nil || made.status != 201 || on.ID != 1 || on.User != "alice" || on.ContentUntil == nil ||
		on.ContentUntil.Sub(on.Since) != 2*60e9 || on.Until.Sub(on.Since) != 5*60e9 || on.Reason != "ticket 4711" || !strings.Contains(on.By, "domain_admin") {
		t.Fatalf("%d %s %v", made.status, made.text, err)
	}
	equal(t, d.ask("domain_admin", "DELETE", rules+"/1", "").status, 204)
	d.problem(d.ask("domain_admin", "DELETE", rules+"/1", ""), 404, admin.NotFound)
	var got []string
	for _, act := range d.acts() {
		got = append(got, strings.Join([]string{act.Actor.Name, act.Act, string(act.Outcome), act.Domain.Name, act.Object.Name, act.Reason}, "|"))
	}
	equal(t, strings.Join(got, "\n"),
		"domain_admin|trace.on|done|one.example|1: PBX for 5m0s, with the bodies of messages for 2m0s, user alice|ticket 4711\n"+
			"domain_admin|trace.off|done|one.example|1: PBX for 5m0s, with the bodies of messages for 2m0s, user alice|")
	d.deaf = true
	d.problem(d.ask("operator", "POST", rules, `{"flags":["PBX"],"content":true}`, "Pbx-Reason: x"), 500, admin.AuditFailed)
	if d.tracer.On(trace.All) {
		t.Error("a trace is on that is not written down")
	}
}

// TestTracesOfOthers: a domain admin sees and ends only what is narrowed to the own
// domain, an auditor sees and ends nothing.
func TestTracesOfOthers(t *testing.T) {
	d := newDoor(t)
	for _, body := range []string{`{"flags":["PBX"]}`, `{"flags":["PBX"],"domain":"one.example"}`, `{"flags":["PBX"],"domain":"two.example"}`} {
		equal(t, d.ask("operator", "POST", rules, body).status, 201)
	}
	for who, want := range map[string]string{"operator": "[1 2 3]", "org_admin": "[2]", "domain_admin": "[2]", "auditor": "[2]", "stranger": "[3]"} {
		var list admin.Page[admin.Trace]
		if err := json.Unmarshal([]byte(d.ask(who, "GET", rules, "").text), &list); err != nil {
			t.Fatal(err)
		}
		ids := []uint64{}
		for _, r := range list.Items {
			ids = append(ids, r.ID)
		}
		equal(t, who+fmt.Sprint(ids), who+want)
	}
	d.problem(d.ask("domain_admin", "DELETE", rules+"/1", ""), 404, admin.NotFound)
	d.problem(d.ask("domain_admin", "DELETE", rules+"/3", ""), 404, admin.NotFound)
	d.problem(d.ask("auditor", "DELETE", rules+"/2", ""), 403, admin.Forbidden)
	equal(t, len(d.tracer.Rules()), 3)
}

// TestWhoSeesWhatOfATrace: frames whose both ends are in one's domains, and bodies
// only for those who may see what people say to each other.
func TestWhoSeesWhatOfATrace(t *testing.T) {
	d := newDoor(t)
	equal(t, d.ask("operator", "POST", rules, `{"flags":["PBX"],"content":true}`, "Pbx-Reason: x").status, 201)
	d.frame("", "", `{"mt":"before","data":"words"}`)
	d.frame("one.example", "", `{"mt":"one","data":"words"}`)
	d.frame("two.example", "", `{"mt":"two","data":"words"}`)
	d.frame("one.example", "two.example", `{"mt":"across","data":"words","pwd":"hunter2"}`)
	d.frame("two.example", "one.example", `{"mt":"back","data":"words"}`)
	for who, want := range map[string]string{
		"operator": "before one two across back", "org_admin": "one", "domain_admin": "one", "auditor": "one", "stranger": "two",
	} {
		got := d.ask(who, "GET", "/trace/records", "")
		var seen []string
		for line := range strings.Lines(got.text) {
			var r struct{ Frame string }
			var f struct{ MT string }
			if json.Unmarshal([]byte(line), &r) != nil || json.Unmarshal([]byte(r.Frame), &f) != nil {
				t.Fatalf("%s: %s", who, line)
			}
			seen = append(seen, f.MT)
		}
		equal(t, who+": "+strings.Join(seen, " "), who+": "+want)
		if words := strings.Contains(got.text, "words"); words == (who == "auditor") || strings.Contains(got.text, "hunter2") {
			t.Errorf("%s sees %s", who, got.text)
		}
		if got.header.Get("Content-Type") != "application/jsonl" || !strings.Contains(got.header.Get("Content-Disposition"), "trace.jsonl") {
			t.Errorf("%v", got.header)
		}
	}
	d.problem(d.ask("nothing", "GET", "/trace/records", ""), 403, admin.Forbidden)
	d.problem(d.ask("stranger", "GET", "/trace/records?domain=one.example", ""), 404, admin.NotFound)
	for query, want := range map[string]int{
		"flags=PBX": 5, "flags=App": 0, "domain=one.example": 2, "domain=one.example&user=alice": 2, "domain=one.example&user=bot": 0,
		"connection=c1": 1, "call=k7": 2, "since=1h": 5, "since=2999-01-01T00:00:00Z": 0,
	} {
		d.clock.Advance(4e9)
		equal(t, query+fmt.Sprint(strings.Count(d.ask("operator", "GET", "/trace/records?format=text&"+query, "").text, "\n")), query+fmt.Sprint(want))
	}
	for _, query := range []string{"flags=x", "call=x", "since=x", "user=alice", "format=xml"} {
		d.problem(d.ask("operator", "GET", "/trace/records?"+query, ""), 422, admin.Invalid)
	}
}

// events reads n events of a live view.
func (d *door) events(who string, n int, headers ...string) []string {
	d.t.Helper()
	server := httptest.NewServer(d.api)
	defer server.Close()
	ctx, cancel := context.WithCancel(d.t.Context())
	defer cancel()
	r := must(http.NewRequestWithContext(ctx, http.MethodGet, server.URL+admin.Prefix+"/trace/tail?format=text", nil))(d.t)
	r.Header.Set("Who", who)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	res := must(http.DefaultClient.Do(r))(d.t)
	defer res.Body.Close()
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		d.t.Fatalf("%s %v", res.Status, res.Header)
	}
	d.frame("one.example", "", `{"mt":"live"}`)
	var list []string
	lines := bufio.NewScanner(res.Body)
	for len(list) < 2*n && lines.Scan() {
		if text := lines.Text(); strings.HasPrefix(text, "id: ") || strings.HasPrefix(text, "data: ") {
			list = append(list, text)
		}
	}
	return list
}

// TestTraceIsFollowed: what is kept comes first, then what happens, and who lost the
// connection goes on where it was.
func TestTraceIsFollowed(t *testing.T) {
	d := newDoor(t)
	equal(t, d.ask("operator", "POST", rules, `{"flags":["PBX"]}`).status, 201)
	d.frame("one.example", "", `{"mt":"kept"}`)
	d.frame("two.example", "", `{"mt":"of others"}`)
	first := d.events("auditor", 2)
	if len(first) != 4 || !strings.HasSuffix(first[1], `{"mt":"kept"}`) || !strings.HasSuffix(first[3], `{"mt":"live"}`) {
		t.Fatalf("%q", first)
	}
	next := d.events("auditor", 1, "Last-Event-ID: "+strings.TrimPrefix(first[2], "id: "))
	if len(next) != 2 || next[0] == first[2] || !strings.HasSuffix(next[1], `{"mt":"live"}`) {
		t.Errorf("after %s: %q", first[2], next)
	}
	if again := d.events("auditor", 1, "Last-Event-ID: other-99"); len(again) != 2 || again[0] != first[0] {
		t.Errorf("after another run: %q", again)
	}
}

// Nobody takes the live views of all others.
func TestLiveViewsAreBounded(t *testing.T) {
	d := newDoor(t)
	server := httptest.NewServer(d.api)
	defer server.Close()
	defer d.kept.Close()
	follow := func(who string) int {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+admin.Prefix+"/trace/tail", nil))(t)
		r.Header.Set("Who", who)
		res := must(http.DefaultClient.Do(r))(t)
		t.Cleanup(func() { res.Body.Close() })
		return res.StatusCode
	}
	for range 4 {
		equal(t, follow("stranger"), 200)
	}
	equal(t, follow("stranger"), 503)
	equal(t, follow("operator"), 200)
}

// TestTraceEndsWithTheSwitch: those who follow do not hold up its end.
func TestTraceEndsWithTheSwitch(t *testing.T) {
	d := newDoor(t)
	d.kept.Close()
	d.problem(d.ask("operator", "GET", "/trace/tail", ""), 503, admin.Busy)
}

func TestDebugPage(t *testing.T) {
	d := newDoor(t)
	w := httptest.NewRecorder()
	d.api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/debug.xml", nil))
	equal(t, w.Code, 303)
	equal(t, w.Header().Get("Location"), admin.Prefix+"/debug.xml")
	d.problem(d.ask("", "GET", "/debug.xml", ""), 401, admin.Unauthenticated)
	if stranger := d.ask("", "GET", "/debug.xml", "", "Accept: text/html,*/*"); stranger.status != 303 || stranger.header.Get("Location") != "/admin/login" {
		t.Errorf("whoever is not logged in gets %+v", stranger)
	}
	d.problem(d.ask("", "POST", "/debug.xml", "on=yes&minutes=1", "Content-Type: application/x-www-form-urlencoded"), 401, admin.Unauthenticated)
	d.problem(d.ask("domain_admin", "GET", "/debug.xml", ""), 403, admin.Forbidden)
	page := d.ask("operator", "GET", "/debug.xml", "")
	if page.status != 200 || !strings.Contains(page.text, "<b>Off.</b>") || strings.Contains(page.text, "<script") ||
		page.header.Get("Content-Security-Policy") != "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'" {
		t.Errorf("%+v", page)
	}
	form := func(body string) answer {
		return d.ask("operator", "POST", "/debug.xml", body, "Content-Type: application/x-www-form-urlencoded")
	}
	got := form("on=yes&minutes=60&reason=<b>ticket</b>")
	equal(t, got.status, 303)
	equal(t, got.header.Get("Location"), admin.Prefix+"/debug.xml")
	list := d.tracer.Rules()
	if len(list) != 1 || list[0].Flags != trace.WebSocket || list[0].Until.Sub(list[0].Since) != trace.RawLimit {
		t.Fatalf("%+v", list)
	}
	if page := d.ask("operator", "GET", "/debug.xml", "").text; !strings.Contains(page, `value="1"`) || !strings.Contains(page, "<b>On.</b>") {
		t.Error(page)
	}
	for _, bad := range []string{"on=yes&minutes=61", "on=yes&minutes=x", "on=yes", "off=x", "", "on=yes&minutes=1&reason=a%0ab"} {
		if got := form(bad); got.status != 422 && got.status != 400 {
			t.Errorf("%q: %d %s", bad, got.status, got.text)
		}
	}
	d.problem(form("off=9"), 404, admin.NotFound)
	equal(t, form("off=1").status, 303)
	if d.tracer.On(trace.WebSocket) {
		t.Error("still on")
	}
	acts := d.acts()
	last := acts[len(acts)-1]
	if len(acts) < 3 || last.Act != "trace.debug" || last.Outcome != "done" {
		t.Errorf("%+v", acts)
	}
}
