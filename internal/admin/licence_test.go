package admin_test

import (
	"encoding/json"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/signal"
)

// nobodyAssigned is a directory in which no licence is assigned.
type nobodyAssigned struct{ *directory.Directory }

func (n nobodyAssigned) Domains() (list []licence.Domain) {
	for _, d := range n.Directory.Domains() {
		list = append(list, licence.Domain{ID: d.ID, Name: d.Name})
	}
	return list
}

func (nobodyAssigned) Assigned(signal.DomainID) iter.Seq2[signal.ObjectID, []string] {
	return func(func(signal.ObjectID, []string) bool) {}
}

// licensing is an API with licences, the domains a.example and b.example, and
// those who ask it.
type licensing struct {
	t   *testing.T
	api *admin.API
	who map[string]account.Identity // by the header Who
	log *audit.Log
}

func newLicensing(t *testing.T) *licensing {
	t.Helper()
	data := t.TempDir()
	dir := openDirectory(t, data)
	a := must(dir.AddDomain(t.Context(), "a.example", nil))(t)
	b := must(dir.AddDomain(t.Context(), "b.example", nil))(t)
	store := openStore(t, data)
	sealer := must(directory.NewSealer(make([]byte, 32)))(t)
	gate := must(licence.Open(t.Context(), store, sealer, nobodyAssigned{dir}, licence.Config{}))(t)
	grant := func(g account.Grant) account.Identity {
		return account.Identity{Kind: account.KindAccount, Name: "somebody", Grants: []account.Grant{g}}
	}
	l := &licensing{t: t, who: map[string]account.Identity{
		"operator": grant(account.Grant{Role: account.Operator}), "auditor": grant(account.Grant{Role: account.Auditor}),
		"admin a": grant(account.Grant{Role: account.DomainAdmin, Domain: a.ID}), "admin b": grant(account.Grant{Role: account.DomainAdmin, Domain: b.ID}),
		"nobody": {Kind: account.KindUser},
	}}
	l.log = must(audit.Open(t.Context(), store, sealer, audit.Config{}))(t)
	l.api = newAPI(t, dir, admin.Config{
		Licences: gate,
		Authenticate: func(r *http.Request) (account.Identity, error) {
			if who, known := l.who[r.Header.Get("Who")]; known {
				return who, nil
			}
			return account.Identity{}, &account.Error{Code: account.CodeNoSession}
		},
		Audit: l.log,
	})
	return l
}

// acts are the rows of the audit log, oldest first.
func (l *licensing) acts() []audit.Entry {
	l.t.Helper()
	return must(l.log.List(l.t.Context(), audit.Query{Reader: audit.Reader{Everything: true}, Ascending: true, Limit: 1000}))(l.t).Entries
}

// ask sends a request and takes the answer into out.
func (l *licensing) ask(who, method, path, body string, out any) (status int) {
	l.t.Helper()
	r := httptest.NewRequest(method, admin.Prefix+path, strings.NewReader(body))
	r.Header.Set("Who", who)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Pbx-Reason", "test")
	w := httptest.NewRecorder()
	l.api.ServeHTTP(w, r)
	if out != nil && w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			l.t.Fatalf("%s %s: %v\n%s", method, path, err, w.Body)
		}
	}
	return w.Code
}

// TestLicencesByRole walks the operations with everybody who may ask.
func TestLicencesByRole(t *testing.T) {
	l := newLicensing(t)
	var key admin.MadeLicenceKey
	if status := l.ask("operator", "POST", "/licence-keys", `{"hand":true}`, &key); status != 201 || !key.First || len(key.Given) != 2 || key.Private == "" {
		t.Fatalf("%d, %+v", status, key)
	}
	if _, err := licence.ParsePrivateKey(key.Private); err != nil {
		t.Error(err)
	}
	for _, act := range l.acts() {
		if text := must(json.Marshal(act))(t); strings.Contains(string(text), key.Private[25:]) {
			t.Errorf("the audit log has the key: %s", text)
		}
	}
	l.ask("operator", "POST", "/licence-keys", `{}`, nil)
	var list admin.Page[admin.Licence]
	l.ask("operator", "GET", "/licences", "", &list)
	one := list.Items[1]
	for _, test := range []struct {
		method, path, body                          string
		operator, auditor, adminA, adminB, nobodies int
	}{
		{"GET", "/licences", "", 200, 200, 403, 403, 403},
		{"GET", "/licences?limit=1", "", 200, 200, 403, 403, 403},
		{"GET", "/licences/" + one.ID, "", 200, 200, 403, 403, 403},
		{"GET", "/licences/none", "", 404, 404, 403, 403, 403},
		{"GET", "/licence-keys", "", 200, 200, 403, 403, 403},
		{"POST", "/licences", `{"text":"hello"}`, 422, 403, 403, 403, 403},
		{"POST", "/licences", `{}`, 422, 403, 403, 403, 403},
		{"POST", "/licences/issue", `{"domain":"a.example","grants":[{"name":"calls"}]}`, 200, 403, 403, 403, 403},
		{"POST", "/licences/issue", `{"domain":"a.example","grants":[{"name":"cals"}]}`, 422, 403, 403, 403, 403},
		{"POST", "/licences/issue", `{"domain":"a.example","grants":[]}`, 422, 403, 403, 403, 403},
		{"POST", "/licences/issue", `{"domain":"a.example","grants":[{"name":"calls","__proto__":1}]}`, 422, 403, 403, 403, 403},
		{"POST", "/licence-keys", `{"name":"two\nlines"}`, 422, 403, 403, 403, 403},
		{"POST", "/licence-keys/trust", `{"public":"hello"}`, 422, 403, 403, 403, 403},
		{"DELETE", "/licence-keys/" + key.ID, "", 409, 403, 403, 403, 403},
		{"DELETE", "/licence-keys/none", "", 422, 403, 403, 403, 403},
		{"GET", "/domains/a.example/licences", "", 200, 200, 200, 404, 404},
		{"GET", "/domains/nowhere.example/licences", "", 404, 404, 404, 404, 404},
		{"DELETE", "/licences/none", "", 404, 403, 403, 403, 403},
		{"DELETE", "/licences/" + one.ID, "", 204, 403, 403, 403, 403},
	} {
		for who, want := range map[string]int{
			"operator": test.operator, "auditor": test.auditor, "admin a": test.adminA, "admin b": test.adminB, "nobody": test.nobodies, "stranger": 401,
		} {
			var p admin.Problem
			if got := l.ask(who, test.method, test.path, test.body, &p); got != want {
				t.Errorf("%s: %s %s %s: %d, want %d (%s)", who, test.method, test.path, test.body, got, want, p.Text)
			}
		}
	}
}

func TestLicencesOverHTTP(t *testing.T) {
	l := newLicensing(t)
	var had admin.DomainLicences
	if l.ask("admin a", "GET", "/domains/a.example/licences", "", &had); !had.Unlimited {
		t.Errorf("before the first key: %+v", had)
	}
	l.ask("operator", "POST", "/licence-keys", `{"name":"main"}`, nil)
	var issued admin.IssuedLicence
	body := `{"domain":"b.example","grants":[{"name":"messages","count":5},{"name":"App(crm)"}],"until":"2999-01-01T00:00:00Z","note":"n","test":true}`
	if status := l.ask("operator", "POST", "/licences/issue", body, &issued); status != 200 || issued.Text == "" {
		t.Fatalf("issued %d, %+v", status, issued)
	}
	var lic admin.Licence
	if status := l.ask("operator", "POST", "/licences", string(must(json.Marshal(admin.LicenceText{Text: issued.Text}))(t)), &lic); status != 201 {
		t.Fatalf("installed with %d", status)
	}
	if lic.ID != issued.ID || lic.State != "valid" || lic.Holder != "b.example" || lic.Until.Year() != 2999 || !lic.Test || lic.Note != "n" || len(lic.Grants) != 2 {
		t.Errorf("installed %+v", lic)
	}
	l.ask("admin b", "GET", "/domains/b.example/licences", "", &had)
	names := ""
	for _, f := range had.Features {
		names += f.Name + " "
	}
	if had.Unlimited || names != "* App(crm) messages " || had.Features[0].Entitled != 0 || had.Features[2].Entitled != 5 || !had.Features[2].Test {
		t.Errorf("the domain has %+v", had)
	}
	var page admin.Page[admin.Licence]
	seen := map[string]bool{}
	for next := ""; ; next = "&cursor=" + page.Next {
		page = admin.Page[admin.Licence]{}
		if status := l.ask("operator", "GET", "/licences?limit=2"+next, "", &page); status != 200 {
			t.Fatalf("listed with %d", status)
		}
		for _, i := range page.Items {
			seen[i.ID] = true
		}
		if page.Next == "" {
			break
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d licences in the list", len(seen))
	}
	var p admin.Problem
	l.ask("operator", "DELETE", "/licences/"+lic.ID, "", nil)
	if status := l.ask("operator", "POST", "/licences", string(must(json.Marshal(admin.LicenceText{Text: issued.Text}))(t)), &p); status != 409 || p.Code != "revoked" {
		t.Errorf("installed after it was revoked: %d, %+v", status, p)
	}
	if status := l.ask("operator", "POST", "/licences/issue", `{"domain":"b","grants":[{"name":"cals"}]}`, &p); status != 422 || len(p.Fields) != 1 || p.Fields[0].Field != "grants" {
		t.Errorf("%d, %+v", status, p)
	}
	want := "licence.keygen licence.issue licence.install licence.revoke licence.revoke "
	acts := ""
	for _, act := range l.acts() {
		acts += act.Act + " "
	}
	if acts != want || !strings.HasPrefix(l.acts()[2].Object.Name, lic.ID) {
		t.Errorf("the audit log has %s: %+v", acts, l.acts())
	}
}
