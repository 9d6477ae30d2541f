package admin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

// trail is an API with an audit log, and two domains in it.
type trail struct {
	t        *testing.T
	dir      *directory.Directory
	log      *audit.Log
	api      *admin.API
	op       *admin.Client
	one, two directory.Domain
	full     atomic.Bool // the audit log cannot be written
}

func newTrail(t *testing.T) *trail {
	b := &trail{t: t, dir: openDirectory(t, t.TempDir())}
	store := storetest.NewAuditMemory()
	store.Before = func(operation string) error {
		if b.full.Load() && operation == "append" {
			return errors.New("disk full")
		}
		return nil
	}
	sealer, err := directory.NewSealer(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	b.log = must(audit.Open(t.Context(), store, sealer, audit.Config{}))(t)
	b.one = must(b.dir.AddDomain(t.Context(), "one.example", nil))(t)
	b.two = must(b.dir.AddDomain(t.Context(), "two.example", nil))(t)
	b.api = newAPI(t, b.dir, admin.Config{Audit: b.log, Authenticate: b.authenticate})
	b.op = directly(b.api)
	return b
}

// authenticate lets in whom the header names.
func (b *trail) authenticate(r *http.Request) (account.Identity, error) {
	grants := map[string]account.Grant{
		"ann":  {Role: account.DomainAdmin, Domain: b.one.ID},
		"bob":  {Role: account.DomainAdmin, Domain: b.two.ID},
		"aud":  {Role: account.Auditor, Domain: b.one.ID},
		"root": {Role: account.Operator},
	}
	name := r.Header.Get("X-Test")
	grant, ok := grants[name]
	if !ok {
		return account.Identity{}, &account.Error{Code: account.CodeNoSession}
	}
	return account.Identity{Kind: account.KindAccount, Account: 7, Name: name, From: "192.0.2.1", Grants: []account.Grant{grant}}, nil
}

// ask sends a request of somebody over the network.
func (b *trail) ask(who, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(b.t.Context(), method, admin.Prefix+path, strings.NewReader(body))
	if body == "" {
		r = httptest.NewRequestWithContext(b.t.Context(), method, admin.Prefix+path, nil)
	}
	r.Header.Set("X-Test", who)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	return w
}

// rows are all rows, oldest first, without what no test can know.
func (b *trail) rows() []audit.Entry {
	b.t.Helper()
	page := must(b.log.List(b.t.Context(), audit.Query{Reader: audit.Reader{Everything: true}, Ascending: true, Limit: 1000}))(b.t)
	for i := range page.Entries {
		e := &page.Entries[i]
		*e = audit.Entry{Actor: e.Actor, From: e.From, Act: e.Act, Domain: e.Domain, Object: e.Object,
			Outcome: e.Outcome, Code: e.Code, Reason: e.Reason, Details: e.Details}
	}
	return page.Entries
}

// last expects so many more rows than seen, and returns the newest.
func (b *trail) last(seen *int, more int) audit.Entry {
	b.t.Helper()
	rows := b.rows()
	if *seen += more; len(rows) != *seen {
		b.t.Fatalf("%d rows, want %d: %+v", len(rows), *seen, rows)
	}
	if len(rows) == 0 {
		return audit.Entry{}
	}
	return rows[len(rows)-1]
}

func TestActsAreWrittenDown(t *testing.T) {
	b := newTrail(t)
	seen := 0
	socket := audit.Actor{Kind: audit.Operator, ID: "1000", Name: "uid:1000", Role: "operator"}
	one := audit.Domain{ID: b.one.ID, Name: "one.example"}

	ctx := t.Context()
	alice := must(b.op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "alice@one.example", DN: "Alice", Password: "very secret", Num: "101"}))(t)
	object := audit.Object{Kind: "object", ID: itoa(alice.ID), Name: "alice"}
	equal(t, b.last(&seen, 1), audit.Entry{
		Actor: socket, Act: "object.add", Domain: one, Object: object, Outcome: audit.Done,
		Details: []audit.Detail{{Name: "dn", New: "Alice"}, {Name: "num", New: "101"}, {Name: "password"}, {Name: "sip", New: "alice"}, {Name: "type", New: "user"}},
	})
	must(b.op.SetObject(admin.WithReason(ctx, "she married"), admin.SetObject{Type: "user", Name: "alice@one.example", ObjectEdit: admin.ObjectEdit{
		SIP: admin.Some("alicia"), DN: admin.Some("Alicia"), Password: admin.Some("other secret"), Num: admin.Some("101"),
	}}))(t)
	equal(t, b.last(&seen, 1), audit.Entry{
		Actor: socket, Act: "object.set", Domain: one, Object: object, Outcome: audit.Done, Reason: "she married",
		Details: []audit.Detail{{Name: "dn", Old: "Alice", New: "Alicia"}, {Name: "sip", Old: "alice", New: "alicia"}, {Name: "password"}},
	})
	object.Name = "alicia"
	must(b.op.AddDevice(ctx, admin.AddDevice{User: "alicia@one.example", NewDevice: admin.NewDevice{HW: "desk", Text: "Desk"}}))(t)
	equal(t, b.last(&seen, 1), audit.Entry{
		Actor: socket, Act: "device.add", Domain: one, Object: object, Outcome: audit.Done,
		Details: []audit.Detail{{Name: "hw", New: "desk"}, {Name: "text", New: "Desk"}},
	})
	must(b.op.RemoveDevice(ctx, admin.RemoveDevice{User: "alicia@one.example", HW: "desk"}))(t)
	e := b.last(&seen, 1)
	equal(t, e.Object, object)
	if !strings.Contains(join(e.Details), "hw:desk>") {
		t.Errorf("removed device: %+v", e.Details)
	}
	must(b.op.RemoveObject(ctx, admin.RemoveObject{Type: "user", Name: "alicia@one.example"}))(t)
	if e := b.last(&seen, 1); e.Act != "object.remove" || !strings.Contains(join(e.Details), "num:101>") || e.Object != object {
		t.Errorf("removed: %+v", e)
	}
	must(b.op.ImportUsers(ctx, admin.ImportUsers{Domain: "one.example", CSV: strings.NewReader("sip,dn,num,password\nx,X,1,long enough\nx,X,2,long enough\n")}))(t)
	equal(t, b.last(&seen, 1).Details, []audit.Detail{{Name: "added", New: "1"}, {Name: "refused", New: "1"}})

	var export bytes.Buffer
	must(b.log.Export(ctx, &export, audit.Query{Reader: audit.Reader{Everything: true}}))(t)
	if strings.Contains(export.String(), "secret") || strings.Contains(export.String(), "long enough") {
		t.Errorf("a password is in the audit log: %s", export.String())
	}
}

func join(list []audit.Detail) (text string) {
	for _, d := range list {
		text += d.Name + ":" + d.Old + ">" + d.New + " "
	}
	return text
}

func itoa(n int64) string {
	text, _ := json.Marshal(n)
	return string(text)
}

func TestDomainsAreWrittenDown(t *testing.T) {
	b := newTrail(t)
	seen := 0
	ctx := t.Context()
	must(b.op.AddDomain(ctx, admin.NewDomain{Name: "three.example"}))(t)
	e := b.last(&seen, 1)
	if e.Act != "domain.add" || e.Domain.Name != "three.example" || e.Domain.ID == 0 || e.Object != (audit.Object{Kind: "domain", ID: itoa(int64(e.Domain.ID)), Name: "three.example"}) {
		t.Errorf("added: %+v", e)
	}
	must(b.op.SetDomain(ctx, admin.SetDomain{Name: "three.example", DomainEdit: admin.DomainEdit{Name: admin.Some("drei.example")}}))(t)
	equal(t, b.last(&seen, 1).Details, []audit.Detail{{Name: "name", Old: "three.example", New: "drei.example"}})

	_, err := b.op.RemoveDomain(ctx, "drei.example")
	refused(t, err, admin.ReasonRequired, "--reason")
	b.last(&seen, 0)
	must(b.op.RemoveDomain(admin.WithReason(ctx, "Vertrag zu Ende, schöne Grüße"), "drei.example"))(t)
	e = b.last(&seen, 2)
	begun := b.rows()[seen-2]
	if begun.Outcome != audit.Begun || begun.Act != "domain.remove" || begun.Reason != "Vertrag zu Ende, schöne Grüße" || begun.Object != e.Object {
		t.Errorf("begun: %+v", begun)
	}
	if e.Outcome != audit.Done || e.Act != "domain.remove" || e.Reason != begun.Reason || e.Domain.Name != "drei.example" {
		t.Errorf("done: %+v", e)
	}
	must(b.op.AddObject(ctx, admin.NewObject{Type: "app", SIP: "bot@one.example"}))(t)
	b.last(&seen, 1)
	_, err = b.op.RemoveDomain(admin.WithReason(ctx, "x"), "one.example")
	refused(t, err, "domain_not_empty", "")
	if e := b.last(&seen, 2); e.Outcome != audit.Refused || e.Code != "domain_not_empty" {
		t.Errorf("an announced act that was refused: %+v", e)
	}
}

func TestAttemptsAreWrittenDown(t *testing.T) {
	b := newTrail(t)
	seen := 0
	ann := audit.Actor{Kind: audit.Account, ID: "7", Name: "ann", Role: "domain_admin"}
	for _, path := range []string{"/domains/two.example", "/domains/nowhere.example"} { // no difference can be told
		w := b.ask("ann", "GET", path, "")
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		name := strings.TrimPrefix(path, "/domains/")
		equal(t, b.last(&seen, 1), audit.Entry{
			Actor: ann, From: "192.0.2.1", Act: "domain.get", Object: audit.Object{Kind: "domain", Name: name},
			Outcome: audit.Refused, Code: "other_tenant", Details: []audit.Detail{},
		})
	}
	if w := b.ask("aud", "DELETE", "/domains/one.example/objects/alice", ""); w.Code != http.StatusForbidden {
		t.Errorf("auditor: %d %s", w.Code, w.Body)
	}
	equal(t, b.last(&seen, 1), audit.Entry{
		Actor: audit.Actor{Kind: audit.Account, ID: "7", Name: "aud", Role: "auditor"}, From: "192.0.2.1", Act: "object.remove",
		Domain: audit.Domain{ID: b.one.ID, Name: "one.example"}, Object: audit.Object{Kind: "object", Name: "alice"},
		Outcome: audit.Refused, Code: "forbidden", Details: []audit.Detail{},
	})
	if w := b.ask("ann", "POST", "/domains", `{"name":"new.example"}`); w.Code != http.StatusForbidden {
		t.Errorf("new domain: %d %s", w.Code, w.Body)
	}
	if e := b.last(&seen, 1); e.Act != "domain.add" || e.Code != "forbidden" {
		t.Errorf("new domain: %+v", e)
	}
	b.ask("ann", "GET", "/domains/one.example", "")
	b.ask("ann", "PATCH", "/domains/one.example/objects/nobody", `{"dn":"X"}`)
	b.ask("stranger", "GET", "/domains/one.example", "")
	b.last(&seen, 0) // reading, mistakes and strangers are no acts
}

func TestActsAreRefusedWithoutAuditLog(t *testing.T) {
	b := newTrail(t)
	seen := 0
	b.full.Store(true)
	_, err := b.op.AddObject(t.Context(), admin.NewObject{Type: "app", SIP: "bot@one.example"})
	refused(t, err, admin.AuditFailed, "was done")
	if _, found := b.dir.AppByName(b.one.ID, "bot"); !found {
		t.Error("it was not done")
	}
	_, err = b.op.RemoveDomain(admin.WithReason(t.Context(), "x"), "two.example")
	refused(t, err, admin.NotAudited, "Nothing was done")
	if _, found := b.dir.DomainByName("two.example"); !found {
		t.Error("it was done")
	}
	b.full.Store(false)
	b.last(&seen, 0)
}

func TestAuditIsReadWithinLimits(t *testing.T) {
	b := newTrail(t)
	ctx := t.Context()
	for _, name := range []string{"a@one.example", "b@two.example", "c@one.example"} {
		must(b.op.AddObject(ctx, admin.NewObject{Type: "app", SIP: name}))(t)
	}
	must(b.op.AddDomain(ctx, admin.NewDomain{Name: "three.example"}))(t)
	list := func(who, query string) string {
		w := b.ask(who, "GET", "/audit"+query, "")
		if w.Code != http.StatusOK {
			return string(codeOf(t, w))
		}
		var page admin.Page[admin.AuditEntry]
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, e := range page.Items {
			text += e.Object.Name + " "
		}
		if page.Next != "" {
			text += "+" + page.Next
		}
		return text
	}
	for _, test := range []struct{ who, query, want string }{
		{"root", "", "three.example c b a "},
		{"ann", "", "c a "},
		{"bob", "", "b "},
		{"aud", "?order=oldest", "a c "},
		{"ann", "?domain=one.example", "c a "},
		{"ann", "?domain=two.example", "not_found"},
		{"ann", "?domain=nowhere.example", "not_found"},
		{"root", "?domain=two.example", "b "},
		{"root", "?object_name=c&object_kind=object", "c "},
		{"root", "?act=domain", "three.example "},
		{"root", "?act=Domain", "bad_query"},
		{"root", "?actor=uid:1000&actor_kind=operator", "three.example c b a "},
		{"root", "?actor_kind=token", ""},
		{"root", "?outcome=refused", ""},
		{"root", "?since=2100-01-01T00:00:00Z", ""},
		{"root", "?until=2000-01-01T00:00:00Z", ""},
		{"root", "?since=yesterday", "invalid"},
		{"root", "?cursor=x", "bad_cursor"},
		{"root", "?cursor=" + url.QueryEscape("LTE"), "bad_cursor"}, // -1
		{"nobody", "", "unauthenticated"},
	} {
		if got := list(test.who, test.query); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.who, test.query, got, test.want)
		}
	}
	first := list("ann", "?limit=1")
	_, cursor, _ := strings.Cut(first, "+")
	if second := list("ann", "?limit=1&cursor="+cursor); !strings.HasPrefix(first, "c +") || second != "a " {
		t.Errorf("pages: %q, %q", first, second)
	}
	for _, path := range []string{"/audit/head", "/audit/verify"} {
		if w := b.ask("ann", "GET", path, ""); w.Code != http.StatusForbidden {
			t.Errorf("%s of a domain admin: %d", path, w.Code)
		}
	}
	w := b.ask("ann", "GET", "/audit/export", "")
	report := must(audit.VerifyExport(w.Body, audit.Proof{Partial: true}))(t)
	if w.Code != http.StatusOK || report.Rows != 2 || report.Fault != nil {
		t.Errorf("export of a domain admin: %d %+v", w.Code, report)
	}
}

func codeOf(t *testing.T, w *httptest.ResponseRecorder) admin.Code {
	t.Helper()
	var p admin.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return p.Code
}

func TestAuditClient(t *testing.T) {
	b := newTrail(t)
	ctx := t.Context()
	head := must(b.op.AuditHead(ctx, admin.AskAuditHead{}))(t)
	equal(t, head, admin.AuditHead{Hash: strings.Repeat("0", 64), Key: b.log.PublicKey().String()})
	must(b.op.AddObject(ctx, admin.NewObject{Type: "app", SIP: "a@one.example"}))(t)
	must(b.op.SetObject(ctx, admin.SetObject{Type: "app", Name: "a@one.example", ObjectEdit: admin.ObjectEdit{SIP: admin.Some("b")}}))(t)
	signed := must(b.log.Sign(ctx))(t)
	head = must(b.op.AuditHead(ctx, admin.AskAuditHead{}))(t)
	if head.Signed != signed.String() || !strings.HasPrefix(head.Signed, head.Head+":") || head.Number != 2 {
		t.Errorf("%+v", head)
	}
	report := must(b.op.VerifyAudit(ctx, head.Signed))(t)
	equal(t, report, admin.AuditReport{Rows: 2, Head: head.Head, Signed: 2})
	report = must(b.op.VerifyAudit(ctx, "9:"+head.Hash))(t)
	equal(t, report.Fault, &admin.AuditFault{Kind: "cut", First: 3, Last: 9, Text: "Rows 3 to 9 were cut off the end."})
	_, err := b.op.VerifyAudit(ctx, "nonsense")
	refused(t, err, "bad_head", "A head is like")

	history := must(b.op.Audit(ctx, admin.AuditQuery{Object: "b@one.example", Most: 10}))(t)
	if len(history) != 2 || history[0].Act != "object.add" || history[1].Act != "object.set" {
		t.Errorf("history: %+v", history)
	}
	must(b.op.RemoveObject(ctx, admin.RemoveObject{Type: "app", Name: "b@one.example"}))(t)
	history = must(b.op.Audit(ctx, admin.AuditQuery{Object: "b@one.example", Most: 1}))(t)
	if len(history) != 1 || history[0].Act != "object.remove" {
		t.Errorf("history of a removed object: %+v", history)
	}
	export := must(b.op.ExportAudit(ctx, admin.AuditQuery{}))(t)
	text := must(io.ReadAll(export))(t)
	export.Close()
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	found := must(audit.VerifyExport(bytes.NewReader(text), audit.Proof{Head: &signed, Key: b.log.PublicKey()}))(t)
	if last := must(audit.ParseEntry([]byte(lines[len(lines)-1])))(t); found.Rows != 4 || found.Fault != nil || last.Act != "audit.export" {
		t.Errorf("export: %+v, last %+v", found, last)
	}
}

// TestActNames: whatever the API may write down has a name that the log takes.
func TestActNames(t *testing.T) {
	b := newTrail(t)
	names := admin.ActNames(b.api)
	if len(names) < 20 {
		t.Fatalf("only %d operations", len(names))
	}
	for _, name := range names {
		_, err := b.log.Append(t.Context(), audit.Entry{
			Act: name, Actor: audit.Actor{Kind: audit.System}, Outcome: audit.Done,
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Nobody fills the audit log by trying: what is refused further stands in the
// process log alone, and what is done is still written down.
func TestAttemptsAreBounded(t *testing.T) {
	b := newTrail(t)
	for range 150 {
		b.ask("ann", "GET", "/domains/two.example", "")
	}
	rows := func() int {
		head, _, err := b.log.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return int(head.Number)
	}
	before := rows()
	if before < 50 || before > 60 {
		t.Errorf("150 attempts have made %d rows", before)
	}
	if w := b.ask("ann", "PATCH", "/domains/one.example/objects/nobody", `{"dn":"X"}`); w.Code != http.StatusNotFound {
		t.Errorf("nobody: %d", w.Code)
	}
	b.ask("ann", "POST", "/domains/one.example/objects", `{"type":"app","sip":"bot"}`)
	if got := rows(); got != before+1 {
		t.Errorf("%d rows after an act, had %d", got, before)
	}
	b.ask("bob", "GET", "/domains/one.example", "")
	if got := rows(); got != before+2 {
		t.Errorf("%d rows after an attempt of another, had %d", got, before+1)
	}
}
