package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/dial"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// door is an API as it stands on the network: the header Who names one of
// people.
type door struct {
	t          *testing.T
	api        *admin.API
	dir        *directory.Directory
	people     map[string]account.Identity
	clock      *clock.Manual
	log        *audit.Log
	tracer     *trace.Tracer
	kept       *trace.Recorder
	broadcasts posted
	deaf       bool // the audit log takes nothing
}

// newDoor has the domains one.example and two.example, each with alice and bot,
// and somebody of every role.
func newDoor(t *testing.T) *door {
	t.Helper()
	data := t.TempDir()
	store := openStore(t, data)
	sealer := must(directory.OpenKeyFile(t.Context(), filepath.Join(data, directory.KeyFile), store))(t)
	d := &door{t: t, dir: must(directory.Open(t.Context(), store, sealer, directory.Config{
		CheckURL: dial.New([]netip.Prefix{netip.MustParsePrefix("192.168.7.0/24")}).CheckURL,
	}))(t)}
	d.clock = clock.NewManual()
	d.kept = trace.NewRecorder(0)
	d.tracer = trace.Open(trace.Config{Recorder: d.kept})
	var ids []signal.DomainID
	for _, name := range []string{"one.example", "two.example"} {
		dom := must(d.dir.AddDomain(t.Context(), name, nil))(t)
		ids = append(ids, dom.ID)
		must(d.dir.AddUser(t.Context(), dom.ID, directory.NewObject{SIP: "alice", Num: "101", Password: "long enough"}))(t)
		must(d.dir.AddApp(t.Context(), dom.ID, directory.NewObject{SIP: "bot"}))(t)
	}
	must(d.dir.SetDomain(t.Context(), ids[0], directory.DomainEdit{Settings: func(s *directory.Settings) { s.Org = "acme" }}))(t)
	grant := func(name string, g account.Grant) {
		d.people[name] = account.Identity{Kind: account.KindAccount, Account: int64(1000 + len(d.people)), Name: name, Grants: []account.Grant{g}}
	}
	d.people = map[string]account.Identity{"nothing": {Kind: account.KindAccount, Account: 999, Name: "nothing"}}
	grant("operator", account.Grant{Role: account.Operator})
	grant("org_admin", account.Grant{Role: account.OrgAdmin, Org: "acme"})
	grant("domain_admin", account.Grant{Role: account.DomainAdmin, Domain: ids[0]})
	grant("auditor", account.Grant{Role: account.Auditor, Domain: ids[0]})
	grant("stranger", account.Grant{Role: account.DomainAdmin, Domain: ids[1]})
	d.log = must(audit.Open(t.Context(), deafStore{store, d}, sealer, audit.Config{}))(t)
	keeping, stored, _ := kept(t)
	must(stored.Log(t.Context(), "one.example"))(t)
	d.api = newAPI(t, d.dir, admin.Config{
		Keeping: func() *admin.Keeping { return keeping }, Broadcaster: &d.broadcasts,
		Clock: d.clock, Live: live{d.dir}, Answers: store, Authenticate: d.who,
		Accounts: &account.Config{Store: store, Sealing: sealer, Cost: account.Cost{Memory: 64, Time: 1, Threads: 1}},
		Attempts: guard.New(account.DefaultLimits()),
		Tracer:   d.tracer, Recorder: d.kept, Audit: d.log,
	})
	return d
}

// deafStore takes no rows of the audit log while the door is deaf.
type deafStore struct {
	audit.Store
	d *door
}

// AppendAudit implements audit.Store.
func (s deafStore) AppendAudit(ctx context.Context, link func(audit.StoredMark) (audit.Row, error)) error {
	if s.d.deaf {
		return errors.New("deaf")
	}
	return s.Store.AppendAudit(ctx, link)
}

// acts are the newest rows of the audit log, the newest last.
func (d *door) acts() []audit.Entry {
	d.t.Helper()
	page := must(d.log.List(d.t.Context(), audit.Query{Reader: audit.Reader{Everything: true}, Limit: 1000}))(d.t)
	slices.Reverse(page.Entries)
	return page.Entries
}

func (d *door) who(r *http.Request) (account.Identity, error) {
	if who, ok := d.people[r.Header.Get("Who")]; ok {
		return who, nil
	}
	return account.Identity{}, &account.Error{Code: account.CodeNoSession}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
}

// ask sends a request; headers are "Name: value".
func (d *door) ask(who, method, path, body string, headers ...string) answer {
	d.t.Helper()
	r := httptest.NewRequestWithContext(d.t.Context(), method, "https://pbx.example"+admin.Prefix+path, strings.NewReader(body))
	r.Header.Set("Who", who)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	d.api.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer{w.Code, w.Result().Header, string(text)}
}

// problem is the problem in an answer of that status.
func (d *door) problem(a answer, status int, code admin.Code) admin.Problem {
	d.t.Helper()
	var p admin.Problem
	err := json.Unmarshal([]byte(a.text), &p)
	if err != nil || a.status != status || p.Status != status || p.Code != code || p.Text == "" || p.Title == "" ||
		a.header.Get("Content-Type") != "application/problem+json" {
		d.t.Errorf("got %d %s, want %d with the code %s", a.status, a.text, status, code)
	}
	return p
}

func TestProblems(t *testing.T) {
	d := newDoor(t)
	const objects = "/domains/one.example/objects"
	for _, tt := range []struct {
		method, path, body string
		status             int
		code               admin.Code
		field              string
	}{
		{"GET", "/nothing", "", 404, admin.NoRoute, ""},
		{"PUT", "/domains", "{}", 405, admin.BadMethod, ""},
		{"GET", "/domains?colour=red", "", 422, admin.Invalid, "colour"},
		{"GET", "/domains?limit=0", "", 422, admin.Invalid, "limit"},
		{"GET", "/domains?cursor=%21", "", 400, admin.BadCursor, "cursor"},
		{"GET", objects + "?cursor=AAAA", "", 400, admin.BadCursor, "cursor"},
		{"GET", objects + "?sort=colour", "", 422, admin.Invalid, "sort"},
		{"POST", objects, `{"type":"user","sip":"x","colour":"red"}`, 422, admin.Invalid, "colour"},
		{"POST", objects, `{"type":"user","sip":"x","__proto__":{}}`, 422, admin.Invalid, "__proto__"},
		{"POST", objects, `{"type":"user"}`, 422, admin.Invalid, "sip"},
		{"POST", objects, `{"type":"king","sip":"x"}`, 422, admin.Invalid, "type"},
		{"POST", objects, `{"type":"user","sip":7}`, 422, admin.Invalid, "sip"},
		{"POST", objects, `{"type":"user","sip":"`, 400, admin.BadBody, "body"},
		{"POST", objects, "\xff", 400, admin.BadBody, ""},
		{"POST", objects, "", 400, admin.BadBody, ""},
		{"POST", objects, `{"type":"user","sip":"a:b","password":"long enough"}`, 422, "bad_name", "sip"},
		{"POST", objects, `{"type":"user","sip":"x","num":"x","password":"long enough"}`, 422, "bad_number", "num"},
		{"POST", objects, `{"type":"user","sip":"x","password":"s3cret"}`, 422, "password_too_short", "password"},
		{"POST", objects, `{"type":"user","sip":"x","password":["hidden-secret"]}`, 422, admin.Invalid, "password"},
		{"POST", objects, `{"type":"user","sip":"Alice","password":"long enough"}`, 409, "name_taken", "sip"},
		{"POST", objects, `{"type":"user","sip":"x","num":"101","password":"long enough"}`, 409, "number_taken", "num"},
		{"POST", objects, `{"type":"user","sip":"x","password":"long enough","apps":["bot","none"]}`, 404, admin.NotFound, "apps[1]"},
		{"POST", objects, `{"type":"user","sip":"x","password":"long enough","template":"alice"}`, 404, admin.NotFound, "template"},
		{"POST", objects, `{"type":"user","sip":"x","password":"long enough","node":"west"}`, 422, "bad_value", "node"},
		{"POST", objects, `{"type":"app","sip":"x","url":"gopher://x"}`, 422, "bad_value", ""},
		{"POST", objects, `{"type":"user","sip":"` + strings.Repeat("x", 2<<20) + `"}`, 413, admin.TooLarge, ""},
		{"GET", objects + "/none", "", 404, admin.NotFound, ""},
		{"GET", objects + "/id:999", "", 404, admin.NotFound, ""},
		{"GET", objects + "/id:x", "", 404, admin.NotFound, ""},
		{"GET", objects + "/guid:x", "", 404, admin.NotFound, ""},
		{"GET", objects + "/bot?type=user", "", 404, admin.NotFound, ""},
		{"DELETE", "/domains/one.example", "", 422, admin.ReasonRequired, "Pbx-Reason"},
	} {
		p := d.problem(d.ask("operator", tt.method, tt.path, tt.body), tt.status, tt.code)
		field := ""
		if len(p.Fields) > 0 {
			field = p.Fields[0].Field
		}
		if field != tt.field {
			t.Errorf("%s %s %.80s: the field is %q, want %q (%s)", tt.method, tt.path, tt.body, field, tt.field, p.Text)
		}
		if text := must(json.Marshal(p))(t); strings.Contains(string(text), "secret") {
			t.Errorf("the problem tells a secret: %s", text)
		}
	}
}

// Absent members stay, null clears, and the rev guards.
func TestPatch(t *testing.T) {
	d := newDoor(t)
	const alice = "/domains/one.example/objects/alice"
	first := d.ask("operator", "GET", alice, "")
	tag := first.header.Get("ETag")
	got := d.ask("operator", "PATCH", alice, `{"dn":"Alice","emails":["a@one.example"],"hide":true,"groups":[{"name":"sales"}]}`, "If-Match: "+tag)
	if got.status != 200 || got.header.Get("ETag") == tag || !strings.Contains(got.text, `"num":"101"`) || !strings.Contains(got.text, `"dn":"Alice"`) || !strings.Contains(got.text, `"hide":true`) {
		t.Fatalf("%+v", got)
	}
	p := d.problem(d.ask("operator", "PATCH", alice, `{"dn":"Other"}`, "If-Match: "+tag), 412, admin.RevMismatch)
	if `"`+jsonOf(t, p.Rev)+`"` != got.header.Get("ETag") {
		t.Errorf("the present rev is %d, want %s", p.Rev, got.header.Get("ETag"))
	}
	d.problem(d.ask("operator", "DELETE", alice, "", "If-Match: "+tag), 412, admin.RevMismatch)
	d.problem(d.ask("operator", "DELETE", alice, "", "If-Match: seven"), 422, admin.Invalid)
	got = d.ask("operator", "PATCH", alice, `{"dn":null,"emails":null,"hide":null,"groups":null,"num":null}`)
	for _, word := range []string{"Alice", "emails", "hide", "groups", "101"} {
		if strings.Contains(got.text, word) {
			t.Errorf("%s is still in %s", word, got.text)
		}
	}
	if got := d.ask("operator", "DELETE", alice, "", "If-Match: "+got.header.Get("ETag")); got.status != 204 || got.text != "" {
		t.Errorf("%+v", got)
	}
	var deleted admin.Page[admin.Deleted]
	if err := json.Unmarshal([]byte(d.ask("operator", "GET", "/domains/one.example/deleted", "").text), &deleted); err != nil || len(deleted.Items) != 1 || deleted.Items[0].SIP != "alice" {
		t.Fatalf("deleted: %+v, %v", deleted, err)
	}
	restore := "/domains/one.example/deleted/" + jsonOf(t, deleted.Items[0].ID) + "/restore"
	d.problem(d.ask("operator", "POST", strings.Replace(restore, "one", "two", 1), ""), 404, admin.NotFound)
	if got := d.ask("operator", "POST", restore, ""); got.status != 200 || !strings.Contains(got.text, `"sip":"alice"`) {
		t.Errorf("%+v", got)
	}
	if got := d.ask("operator", "GET", alice+"/export", "", "Pbx-Reason: asked for it"); got.status != 200 || !strings.Contains(got.text, `"effective":`) {
		t.Errorf("%+v", got)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	return string(must(json.Marshal(v))(t))
}

func TestReferences(t *testing.T) {
	d := newDoor(t)
	const objects = "/domains/one.example/objects"
	for _, body := range []string{
		`{"type":"messages","sip":"store"}`, `{"type":"push","sip":"pusher"}`, `{"type":"gateway","sip":"trunk"}`,
		`{"type":"group","sip":"team"}`, `{"type":"template","sip":"staff","messages":"store","apps":["bot"]}`,
		`{"type":"user","sip":"bob","password":"long enough","template":"staff","push":":none","blocked":["alice"]}`,
	} {
		if got := d.ask("operator", "POST", objects, body); got.status != 201 {
			t.Fatalf("%s: %s", body, got.text)
		}
	}
	got := d.ask("operator", "GET", objects+"/bob", "").text
	for _, part := range []string{`"template":"staff"`, `"push":":none"`, `"blocked":["alice"]`} {
		if !strings.Contains(got, part) {
			t.Errorf("no %s in %s", part, got)
		}
	}
	if strings.Contains(got, "store") {
		t.Errorf("what the template gives is shown as the user's own: %s", got)
	}
	if got := d.ask("operator", "GET", objects+"/bob?effective=true", "").text; !strings.Contains(got, `"messages":"store"`) || !strings.Contains(got, `"apps":["bot"]`) {
		t.Errorf("effective: %s", got)
	}
	got = d.ask("operator", "PATCH", "/domains/one.example", `{"plan":{"nodes":[{"name":"west","prefix":"7"}],"routes":[{"prefix":"0","to":"trunk"}]},"filters":[{"name":"internal","otherwise":false}]}`).text
	for _, part := range []string{`"to":"trunk"`, `"prefix":"7"`, `"name":"internal"`, `"org":"acme"`} {
		if !strings.Contains(got, part) {
			t.Errorf("no %s in %s", part, got)
		}
	}
	p := d.problem(d.ask("operator", "PATCH", "/domains/one.example", `{"plan":{"routes":[{"prefix":"0","to":"none"}]}}`), 404, admin.NotFound)
	equal(t, p.Fields[0].Field, "plan.routes[0].to")
	if got := d.ask("operator", "PATCH", "/domains/one.example", `{"plan":null}`).text; strings.Contains(got, "trunk") {
		t.Errorf("the plan was not cleared: %s", got)
	}
}

// A request with a key is done once.
func TestIdempotency(t *testing.T) {
	d := newDoor(t)
	const objects, key = "/domains/one.example/objects", "Idempotency-Key: k1"
	const bob = `{"type":"user","sip":"bob","password":"long enough"}`
	first := d.ask("operator", "POST", objects, bob, key)
	again := d.ask("operator", "POST", objects, bob, key)
	if first.status != 201 || again.status != 201 || again.text != first.text || again.header.Get("Idempotency-Replayed") != "true" ||
		again.header.Get("ETag") != first.header.Get("ETag") || again.header.Get("Content-Type") != first.header.Get("Content-Type") {
		t.Errorf("%+v\n%+v", first, again)
	}
	d.problem(d.ask("operator", "POST", objects, strings.Replace(bob, "bob", "rob", 1), key), 422, admin.KeyReused)
	d.problem(d.ask("operator", "POST", "/domains/two.example/objects", bob, key), 422, admin.KeyReused)
	d.problem(d.ask("domain_admin", "POST", objects, bob, key), 409, "name_taken") // keys are one's own
	d.problem(d.ask("domain_admin", "POST", objects, bob, key), 409, "name_taken")
	d.problem(d.ask("stranger", "POST", objects, bob, key), 404, admin.NotFound)
	d.problem(d.ask("operator", "POST", objects, bob, "Idempotency-Key: "+strings.Repeat("x", 129)), 422, admin.Invalid)
	acts := 0
	for _, act := range d.acts() {
		if act.Act == "object.add" && act.Outcome == "done" {
			acts++
		}
	}
	equal(t, acts, 1)
}

func TestPrivateURLs(t *testing.T) {
	d := newDoor(t)
	const objects = "/domains/one.example/objects"
	for _, address := range []string{"http://127.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/", "http://localhost/"} {
		body := `{"type":"app","sip":"x","url":"` + address + `"}`
		equal(t, d.problem(d.ask("operator", "POST", objects, body), 422, "private_url").Fields[0].Field, "url")
		d.problem(d.ask("domain_admin", "PATCH", objects+"/bot", `{"url":"`+address+`"}`), 422, "private_url")
	}
	equal(t, d.ask("domain_admin", "PATCH", objects+"/bot", `{"url":"https://app.example/x"}`).status, 200)
	equal(t, d.ask("domain_admin", "PATCH", objects+"/bot", `{"url":"http://192.168.7.7/x"}`).status, 200)
	equal(t, d.ask("domain_admin", "PATCH", objects+"/bot", `{"url":null}`).status, 200)
}

func TestPages(t *testing.T) {
	d := newDoor(t)
	dom, _ := d.dir.DomainByName("two.example")
	for i := range 25 {
		must(d.dir.AddUser(t.Context(), dom.ID, directory.NewObject{SIP: "u" + string(rune('a'+i)), DN: "N" + string(rune('z'-i)), Password: "long enough"}))(t)
	}
	walk := func(query string) (names []string) {
		path := "/domains/two.example/objects?limit=7&" + query
		for next := ""; ; {
			var page admin.Page[admin.Object]
			text := d.ask("operator", "GET", path+next, "").text
			if err := json.Unmarshal([]byte(text), &page); err != nil {
				t.Fatal(err)
			}
			for _, o := range page.Items {
				names = append(names, o.SIP)
			}
			if page.Next == "" {
				return names
			}
			next = "&cursor=" + page.Next
		}
	}
	all := walk("")
	if len(all) != 27 || all[0] != "alice" || all[2] != "ua" || all[26] != "uy" {
		t.Errorf("%v", all)
	}
	down := walk("sort=-sip")
	for i := range all {
		if down[len(down)-1-i] != all[i] {
			t.Fatalf("%v\n%v", all, down)
		}
	}
	if by := walk("sort=dn&type=user&q=n"); len(by) != 25 || by[0] != "uy" || by[24] != "ua" {
		t.Errorf("%v", by)
	}
	// What comes and goes between two parts shifts nothing.
	var page admin.Page[admin.Object]
	if err := json.Unmarshal([]byte(d.ask("operator", "GET", "/domains/two.example/objects?limit=5&type=user", "").text), &page); err != nil {
		t.Fatal(err)
	}
	last := page.Items[4]
	gone, _ := d.dir.ObjectByName(dom.ID, last.SIP)
	if err := d.dir.RemoveObject(t.Context(), gone.Address(), 0); err != nil {
		t.Fatal(err)
	}
	must(d.dir.AddUser(t.Context(), dom.ID, directory.NewObject{SIP: "aaa", Password: "long enough"}))(t)
	cursor := page.Next
	if err := json.Unmarshal([]byte(d.ask("operator", "GET", "/domains/two.example/objects?limit=5&type=user&cursor="+cursor, "").text), &page); err != nil || page.Items[0].SIP != "ue" {
		t.Errorf("after %s comes %+v", last.SIP, page.Items)
	}
}

// A browser sends Latin-1 in headers at most: the console sends what else people write
// encoded, and the log has it in their words.
func TestEncodedReason(t *testing.T) {
	for _, tt := range []struct{ sent, written string }{
		{"UTF-8''has%20left%3A%20%C3%BC%C4%9F%20%F0%9F%91%8B", "has left: üğ 👋"},
		{"utf-8''%C3%BC", "ü"},
		{"UTF-8''UTF-8''%25", "UTF-8''%"},
		{"Gründe", "Gründe"},
		{"100%25 of them", "100%25 of them"},
		{"50 % + 1", "50 % + 1"},
		{"UTF-8''%", ""},
		{"UTF-8''%FF", ""},
		{"UTF-8''a%0Ab", ""},
		{"UTF-8''" + strings.Repeat("%C3%BC", 250), strings.Repeat("ü", 250)},
		{"UTF-8''" + strings.Repeat("%C3%BC", 251), ""},
	} {
		d := newDoor(t)
		got := d.ask("operator", "DELETE", "/domains/one.example/objects/alice", "", "Pbx-Reason: "+tt.sent)
		if tt.written == "" {
			d.problem(got, 422, admin.Invalid)
			continue
		}
		equal(t, got.status, 204)
		acts := d.acts()
		equal(t, acts[len(acts)-1].Reason, tt.written)
	}
}

func TestReasonAndHeaders(t *testing.T) {
	d := newDoor(t)
	d.problem(d.ask("operator", "DELETE", "/domains/one.example/objects/alice", "", "Pbx-Reason: a\tb"), 422, admin.Invalid)
	got := d.ask("operator", "DELETE", "/domains/one.example/objects/alice", "", "Pbx-Reason: has left")
	equal(t, got.status, 204)
	acts := d.acts()
	last := acts[len(acts)-1]
	if last.Act != "object.remove" || last.Reason != "has left" || last.Object.Name != "alice" || last.Domain.Name != "one.example" || last.Outcome != "done" {
		t.Errorf("%+v", last)
	}
	d.ask("operator", "PATCH", "/domains/two.example/objects/alice", `{"password":"hidden-secret","dn":"A"}`)
	acts = d.acts()
	equal(t, acts[len(acts)-1].Details, []audit.Detail{{Name: "dn", New: "A"}, {Name: "password"}})
	for _, path := range []string{"/docs", "/openapi.json", "/openapi.yaml", "/domains", "/nothing"} {
		got := d.ask("", "GET", path, "")
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store"} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, got.header.Get(name))
			}
		}
		if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") {
			t.Errorf("%s: %s", path, policy)
		}
	}
	if page := d.ask("", "GET", "/docs", "").text; strings.Contains(page, "<script") || strings.Contains(page, "https://") || !strings.Contains(page, `id="object-set"`) {
		t.Error("the page has scripts, loads something, or lacks operations")
	}
}

// How often exactly is tested without HTTP: time goes on here.
func TestRateLimit(t *testing.T) {
	d := newDoor(t)
	for n := 0; ; n++ {
		got := d.ask("auditor", "GET", "/version", "")
		if got.status == 200 && n < 100_000 {
			continue
		}
		if n < 200 {
			t.Errorf("refused after %d requests", n)
		}
		d.problem(got, 429, admin.RateLimited)
		equal(t, got.header.Get("Retry-After"), "1")
		break
	}
	equal(t, d.ask("operator", "GET", "/version", "").status, 200)
}

func TestEndLive(t *testing.T) {
	d := newDoor(t)
	const one = "/domains/one.example"
	equal(t, d.ask("domain_admin", "DELETE", one+"/calls/k7", "").status, 204)
	d.problem(d.ask("domain_admin", "DELETE", one+"/calls/k8", ""), 404, admin.NotFound)
	d.problem(d.ask("domain_admin", "DELETE", one+"/calls/seven", ""), 404, admin.NotFound)
	d.problem(d.ask("stranger", "DELETE", "/domains/two.example/calls/k7", ""), 404, admin.NotFound)
	equal(t, d.ask("domain_admin", "DELETE", one+"/objects/alice/registrations", "").text, `{"ended":1}`+"\n")
	equal(t, d.ask("domain_admin", "DELETE", one+"/objects/alice/registrations?connection=c8", "").text, `{"ended":0}`+"\n")
	d.problem(d.ask("domain_admin", "DELETE", one+"/objects/nobody/registrations", ""), 404, admin.NotFound)
	d.problem(d.ask("auditor", "DELETE", one+"/objects/alice/registrations", ""), 403, admin.Forbidden)
}
