package admin_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/audit"
)

// route is an operation as the document describes it.
type route struct {
	method, path, right, reach string
	stream                     bool
}

// routes are all operations of the API.
func (d *door) routes() []route {
	d.t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Right  string `json:"x-right"`
			Reach  string `json:"x-reach"`
			Stream bool   `json:"x-stream"`
		}
	}
	if err := json.Unmarshal([]byte(d.ask("", "GET", "/openapi.json", "").text), &doc); err != nil {
		d.t.Fatal(err)
	}
	var list []route
	for path, operations := range doc.Paths {
		for method, op := range operations {
			path, ok := strings.CutPrefix(path, admin.Prefix)
			if !ok || op.Reach == "" {
				d.t.Errorf("%s %s is outside of %s, or does not say who may call it", method, path, admin.Prefix)
			}
			list = append(list, route{strings.ToUpper(method), path, op.Right, op.Reach, op.Stream})
		}
	}
	if len(list) < 20 {
		d.t.Fatalf("only %d routes were found", len(list))
	}
	return list
}

// rights is what each role may do, where it may do anything. It is written down
// here once more on purpose.
var rights = map[string][]string{
	"operator":     {"read", "write", "reveal", "trace", "manage_domains", "manage_accounts", "operate"},
	"org_admin":    {"read", "write", "reveal", "trace", "manage_domains", "manage_accounts"},
	"domain_admin": {"read", "write", "reveal", "trace"},
	"auditor":      {"read"},
	"stranger":     {"read", "write", "reveal", "trace"}, // in two.example
	"nothing":      {},
}

// Every role meets every route, in its own domain and in one of others. Requests
// say nothing useful: what is allowed fails later, what is refused must fail first.
func TestEveryRouteWithEveryRole(t *testing.T) {
	d := newDoor(t)
	for _, r := range d.routes() {
		for who := range rights {
			d.clock.Advance(4e9) // nobody is held up
			d.meet(r, who, "one.example")
			d.meet(r, who, "two.example")
		}
		d.anonymous(r)
	}
}

// meet checks one route for one person in one domain.
func (d *door) meet(r route, who, domain string) {
	d.t.Helper()
	has := slices.Contains(rights[who], r.right)
	home := who == "operator" || (who == "stranger") == (domain == "two.example") && who != "nothing"
	var allowed, hidden bool
	switch r.reach {
	case "installation":
		allowed = has && who == "operator"
	case "somewhere":
		allowed = has
	case "domain":
		allowed, hidden = has && home, !home
	default:
		allowed = true
	}
	if allowed && r.stream {
		return // it may take its time
	}
	before := d.newest()
	got := d.ask(who, r.method, r.at(domain), r.body())
	var p admin.Problem
	_ = json.Unmarshal([]byte(got.text), &p) // where it is one
	unknown := p.Code == admin.NotFound && strings.HasPrefix(p.Text, "There is no domain")
	switch {
	case got.status == 500 || got.status == 401 && r.reach != "open":
		d.t.Errorf("%s: %s %s: %d %s", who, r.method, r.at(domain), got.status, got.text)
	case allowed && (got.status == 403 || unknown):
		d.t.Errorf("%s may not %s %s: %s", who, r.method, r.at(domain), got.text)
	case hidden && !unknown:
		d.t.Errorf("%s reaches %s %s: %d %s", who, r.method, r.at(domain), got.status, got.text)
	case !allowed && !hidden && got.status != 403:
		d.t.Errorf("%s does %s %s: %d %s", who, r.method, r.at(domain), got.status, got.text)
	}
	if !allowed {
		d.attempted(r, who, before, hidden)
	}
}

// attempted checks that a refusal was written down.
func (d *door) attempted(r route, who string, before int64, hidden bool) {
	d.t.Helper()
	code := "forbidden"
	if hidden {
		code = "other_tenant"
	}
	page := must(d.log.List(d.t.Context(), audit.Query{Reader: audit.Reader{Everything: true}, After: before, Ascending: true}))(d.t)
	list := page.Entries
	if len(list) != 1 || list[0].Outcome != audit.Refused || list[0].Code != code || list[0].Actor.Name != who || hidden && list[0].Domain.ID != 0 {
		d.t.Errorf("%s: %s %s: the audit log has %+v", who, r.method, r.path, list)
	}
}

// newest is the number of the newest row of the audit log.
func (d *door) newest() int64 {
	d.t.Helper()
	head, _, err := d.log.Head(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return head.Number
}

// anonymous checks what nobody in particular may do.
func (d *door) anonymous(r route) {
	d.t.Helper()
	if r.reach == "open" {
		return
	}
	got := d.ask("", r.method, r.at("one.example"), r.body())
	d.problem(got, 401, admin.Unauthenticated)
	if got.header.Get("WWW-Authenticate") == "" {
		d.t.Errorf("%s %s does not say how to log in", r.method, r.path)
	}
}

// at is the path of the route, with names of nothing that is there.
func (r route) at(domain string) string {
	var parts []string
	for part := range strings.SplitSeq(r.path, "/") {
		switch {
		case part == "{domain}":
			part = domain
		case part == "{id}":
			part = "999999"
		case strings.HasPrefix(part, "{"):
			part = "nobody"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "/")
}

// body is nothing that an operation would take.
func (r route) body() string {
	if r.method == "GET" || r.method == "DELETE" {
		return ""
	}
	return "{"
}

// A domain that is not one's own is as unknown as one that does not exist, to the
// last character.
func TestOtherDomainsLookLikeNone(t *testing.T) {
	d := newDoor(t)
	for _, path := range []string{"", "/objects", "/objects/alice", "/deleted"} {
		there := d.ask("domain_admin", "GET", "/domains/two.example"+path, "")
		none := d.ask("domain_admin", "GET", "/domains/six.example"+path, "")
		if there.status != 404 || strings.ReplaceAll(there.text, "two", "six") != none.text {
			t.Errorf("%s: %s and %s", path, there.text, none.text)
		}
	}
	list := d.ask("domain_admin", "GET", "/domains", "").text
	if !strings.Contains(list, "one.example") || strings.Contains(list, "two.example") {
		t.Errorf("the list shows %s", list)
	}
	if list := d.ask("domain_admin", "GET", "/domains?host=two.example", "").text; strings.Contains(list, "two.example") {
		t.Errorf("the list shows %s", list)
	}
	equal(t, d.ask("stranger", "GET", "/registrations", "").text, `{"items":[]}`+"\n")
	equal(t, d.ask("stranger", "GET", "/calls?domain=one.example", "").text, `{"items":[]}`+"\n")
	if got := d.ask("domain_admin", "GET", "/registrations", "").text; !strings.Contains(got, "alice") {
		t.Errorf("one's own are not shown: %s", got)
	}
}

// What concerns other domains too is for operators, wherever it stands.
func TestDomainMembersForOperators(t *testing.T) {
	d := newDoor(t)
	d.problem(d.ask("org_admin", "PATCH", "/domains/one.example", `{"default":true}`), 403, admin.Forbidden)
	d.problem(d.ask("org_admin", "PATCH", "/domains/one.example", `{"org":"other"}`), 403, admin.Forbidden)
	d.problem(d.ask("org_admin", "POST", "/domains", `{"name":"new.example"}`), 403, admin.Forbidden)
	d.problem(d.ask("org_admin", "POST", "/domains", `{"name":"new.example","org":"other"}`), 403, admin.Forbidden)
	d.problem(d.ask("org_admin", "POST", "/domains", `{"name":"new.example","org":"acme","default":true}`), 403, admin.Forbidden)
	equal(t, d.ask("org_admin", "POST", "/domains", `{"name":"new.example","org":"acme"}`).status, 201)
	equal(t, d.ask("org_admin", "PATCH", "/domains/new.example", `{"hosts":["pbx.new.example"]}`).status, 200)
	equal(t, d.ask("org_admin", "DELETE", "/domains/new.example", "", "Pbx-Reason: over").status, 204)
}

// Names that programs trip over.
func TestHostileNames(t *testing.T) {
	d := newDoor(t)
	for _, name := range []string{
		"__proto__", "constructor", "..", ".", "%", "a%2fb", "a/b", `a\b`, "a b", "a\x00b", "a\nb", "id:1", "guid:", "😀", "'; DROP TABLE object; --",
		"<script>", "${jndi}", "=1+1", strings.Repeat("x", 5000), strings.Repeat("ü", 40), "\u202egnp", "null", "-", "~", "\xff",
	} {
		body := `{"type":"user","password":"long enough","sip":` + jsonOf(t, name) + `}`
		made := d.ask("operator", "POST", "/domains/one.example/objects", body)
		path := "/domains/one.example/objects/" + escape(name)
		for _, got := range []answer{
			made, d.ask("operator", "GET", path, ""), d.ask("operator", "PATCH", path, `{"dn":"x"}`),
			d.ask("operator", "GET", "/domains/"+escape(name), ""), d.ask("domain_admin", "GET", "/domains/"+escape(name)+"/objects", ""),
			d.ask("operator", "GET", "/domains/one.example/objects?q="+url.QueryEscape(name), ""), d.ask("operator", "DELETE", path, ""),
		} {
			if got.status >= 500 || strings.ContainsAny(strings.TrimSuffix(got.text, "\n"), "\x00\n\u202e") {
				t.Errorf("%.40q: %d %.200s", name, got.status, got.text)
			}
		}
		if made.status != 201 && made.status != 422 {
			t.Errorf("%.40q: %d %s", name, made.status, made.text)
		}
	}
	if got := d.ask("operator", "GET", "/domains/one.example/objects", ""); strings.Count(got.text, `"sip"`) != 2 {
		t.Errorf("left: %s", got.text)
	}
}

// escape is a segment of a path; dots alone would be resolved by clients.
func escape(name string) string {
	if strings.Trim(name, ".") == "" {
		return strings.ReplaceAll(name, ".", "%2e")
	}
	return url.PathEscape(name)
}
