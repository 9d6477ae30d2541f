package admin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/internal/peer"
)

// desk is an API as browsers find it: with accounts, and nobody in them.
type desk struct {
	t     *testing.T
	api   *admin.API
	dir   *directory.Directory
	local *admin.Client // at the control socket
	clock *clock.Manual
	log   *audit.Log
}

const strong = "correct horse battery"

func newDesk(t *testing.T) *desk {
	t.Helper()
	data := t.TempDir()
	store := openStore(t, data)
	sealer := must(directory.OpenKeyFile(t.Context(), filepath.Join(data, directory.KeyFile), store))(t)
	d := &desk{t: t, dir: must(directory.Open(t.Context(), store, sealer, directory.Config{}))(t), clock: clock.NewManual()}
	d.log = must(audit.Open(t.Context(), store, sealer, audit.Config{}))(t)
	d.api = newAPI(t, d.dir, admin.Config{
		Accounts: &account.Config{Store: store, Sealing: sealer, Cost: account.Cost{Memory: 64, Time: 1, Threads: 1}},
		Attempts: guard.New(account.DefaultLimits()), Clock: d.clock, Origins: []string{"https://public.example"},
		Audit: d.log,
	})
	d.local = directly(d.api)
	for _, name := range []string{"one.example", "two.example"} {
		dom := must(d.dir.AddDomain(t.Context(), name, nil))(t)
		must(d.dir.AddUser(t.Context(), dom.ID, directory.NewObject{SIP: "alice", Password: "long enough"}))(t)
	}
	return d
}

// browser is one browser: it keeps its cookie.
type browser struct {
	*desk
	cookie string
	token  string
}

func (d *desk) browser() *browser { return &browser{desk: d} }

// ask sends a request; headers are "Name: value".
func (b *browser) ask(method, path, body string, headers ...string) answer {
	b.t.Helper()
	ctx := peer.With(b.t.Context(), peer.Peer{Addr: netip.MustParseAddr("192.0.2.7"), HTTPS: true})
	r := httptest.NewRequestWithContext(ctx, method, "https://pbx.example"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if b.cookie != "" {
		r.Header.Set("Cookie", account.Cookie+"="+b.cookie)
	}
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookie = c.Value
	}
	text := must(io.ReadAll(w.Result().Body))(b.t)
	return answer{w.Code, w.Result().Header, string(text)}
}

// v1 is ask below the prefix, with a body that becomes JSON.
func (b *browser) v1(method, path string, body any, headers ...string) answer {
	b.t.Helper()
	text := ""
	if body != nil {
		text = string(must(json.Marshal(body))(b.t))
	}
	return b.ask(method, admin.Prefix+path, text, headers...)
}

// want expects a status and, unless it is empty, a text in the answer.
func (b *browser) want(a answer, status int, text string) answer {
	b.t.Helper()
	if a.status != status || !strings.Contains(a.text, text) {
		b.t.Errorf("got %d %s, want %d with %s", a.status, a.text, status, text)
	}
	return a
}

// get is an answer as a value.
func get[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.text), &v); err != nil || a.status >= 300 {
		t.Fatalf("%d %s: %v", a.status, a.text, err)
	}
	return v
}

// add makes an account at the control socket.
func (d *desk) add(name string, grants ...admin.Grant) {
	d.t.Helper()
	must(d.local.AddAccount(d.t.Context(), admin.NewAccount{Name: name, Password: strong, Grants: grants}))(d.t)
}

// in is a browser in which somebody has logged in.
func (d *desk) in(name string) *browser {
	d.t.Helper()
	b := d.browser()
	b.want(b.v1("POST", "/session", admin.Login{Name: name, Password: strong}), 200, name)
	return b
}

var (
	grantOperator = admin.Grant{Role: "operator"}
	grantOne      = admin.Grant{Role: "domain_admin", Domain: "one.example"}
	grantTwo      = admin.Grant{Role: "domain_admin", Domain: "two.example"}
)

func TestLoginAndLogout(t *testing.T) {
	d := newDesk(t)
	d.add("anna", grantOne)
	b := d.browser()
	b.want(b.v1("GET", "/session", nil), 401, "unauthenticated")
	for _, l := range []admin.Login{{Name: "anna", Password: "wrong"}, {Name: "carla", Password: strong}, {Name: strong, Password: "anna"}, {}} {
		b.want(b.v1("POST", "/session", l), 401, `"code":"bad_login"`)
	}
	got := b.want(b.v1("POST", "/session", admin.Login{Name: "Anna", Password: strong}), 200, `"name":"anna"`)
	c := got.header.Get("Set-Cookie")
	for _, part := range []string{account.Cookie + "=", "Path=/admin", "HttpOnly", "Secure", "SameSite=Strict", "Expires="} {
		if !strings.Contains(c, part) {
			t.Errorf("the cookie %s has no %s", c, part)
		}
	}
	you := get[admin.You](t, b.v1("GET", "/session", nil))
	if you.Kind != "account" || you.Name != "anna" || !slices.Equal(you.Grants, []admin.Grant{grantOne}) || you.Session == "" {
		t.Errorf("you are %+v", you)
	}
	b.want(b.v1("GET", "/domains/one.example/objects", nil), 200, "alice")
	b.want(b.v1("GET", "/domains/two.example/objects", nil), 404, "not_found")
	old := b.cookie
	b.want(b.v1("DELETE", "/session", nil), 204, "")
	if b.cookie != "" {
		t.Error("the cookie was not taken away")
	}
	b.cookie = old
	b.want(b.v1("GET", "/session", nil), 401, "unauthenticated")
	b.want(b.v1("POST", "/session", admin.Login{Name: "anna", Password: strong}), 200, "anna") // in spite of the old cookie
}

func TestOtherSites(t *testing.T) {
	d := newDesk(t)
	d.add("anna", grantOperator)
	b := d.in("anna")
	const other = "Sec-Fetch-Site: cross-site"
	b.want(b.v1("POST", "/domains", admin.NewDomain{Name: "three.example"}, other), 403, "cross_origin")
	b.want(b.v1("POST", "/domains", admin.NewDomain{Name: "three.example"}, "Origin: https://evil.example"), 403, "cross_origin")
	b.want(b.v1("POST", "/session", admin.Login{Name: "anna", Password: strong}, other), 403, "cross_origin")
	b.want(b.v1("POST", "/setup", admin.Setup{}, other), 403, "cross_origin")
	b.want(b.v1("POST", "/users/me/password", admin.UserPassword{}, other), 403, "cross_origin")
	b.want(b.ask("POST", "/admin/setup", "token=x&name=y", other, "Content-Type: application/x-www-form-urlencoded"), 403, "Another site")
	b.want(b.v1("GET", "/domains", nil, other), 401, "unauthenticated")
	b.want(b.v1("POST", "/domains", admin.NewDomain{Name: "three.example"}, "Origin: https://public.example"), 201, "three.example")
	b.want(b.v1("POST", "/domains", admin.NewDomain{Name: "four.example"}, "Sec-Fetch-Site: same-origin"), 201, "four.example")
}

func TestOwnAccount(t *testing.T) {
	d := newDesk(t)
	d.add("anna", grantOne)
	b, other := d.in("anna"), d.in("anna")
	b.want(b.v1("GET", "/me", nil), 200, `"second_factor":false`)
	sessions := get[admin.Page[admin.AdminSession]](t, b.v1("GET", "/me/sessions", nil)).Items
	if len(sessions) != 2 || sessions[0].Current == sessions[1].Current || sessions[0].From != "192.0.2.7" {
		t.Errorf("sessions %+v", sessions)
	}
	if sessions[1].Current { // both began in the same millisecond
		sessions[0], sessions[1] = sessions[1], sessions[0]
	}
	b.want(b.v1("DELETE", "/me/sessions/"+sessions[1].ID, nil), 204, "")
	other.want(other.v1("GET", "/me", nil), 401, "")
	b.want(b.v1("DELETE", "/me/sessions/"+sessions[1].ID, nil), 404, "")

	type change struct {
		Old string `json:"old"`
		New string `json:"new"`
	}
	b.want(b.v1("PUT", "/me/password", change{"wrong", "another " + strong}), 401, "bad_login")
	b.want(b.v1("PUT", "/me/password", change{strong, "short"}), 422, "weak_password")
	b.want(b.v1("PUT", "/me/password", change{strong, "another " + strong}), 204, "")
	b.want(b.v1("GET", "/me", nil), 200, "anna")

	other.want(other.v1("POST", "/session", admin.Login{Name: "anna", Password: "another " + strong}), 200, "")
	e := get[admin.Enrolment](t, b.v1("POST", "/me/second-factor", admin.Proof{Password: "another " + strong}))
	code := must(account.Enrolment{Secret: e.Secret}.Code(d.clock.Now()))(t)
	codes := get[admin.RecoveryCodes](t, b.v1("POST", "/me/second-factor/confirm", map[string]string{"code": code})).Codes
	other.want(other.v1("GET", "/me", nil), 401, "")
	other.want(other.v1("POST", "/session", admin.Login{Name: "anna", Password: "another " + strong}), 401, `"code":"second_factor"`)
	other.want(other.v1("POST", "/session", admin.Login{Name: "anna", Password: "another " + strong, Code: codes[0]}), 200, "")
	b.want(b.v1("GET", "/me", nil), 200, `"recovery_codes_left":9`)
	b.want(b.v1("POST", "/me/recovery-codes", admin.Proof{Password: "another " + strong, Code: codes[1]}), 200, "codes")
	d.clock.Advance(time.Minute)
	code = must(account.Enrolment{Secret: e.Secret}.Code(d.clock.Now()))(t)
	b.want(b.v1("POST", "/me/second-factor/remove", admin.Proof{Password: "another " + strong, Code: code}), 204, "")
	b.want(b.v1("GET", "/me", nil), 200, `"second_factor":false`)
}

func TestAccountsByHTTP(t *testing.T) {
	d := newDesk(t)
	d.add("root", grantOperator)
	d.add("anna", grantOne)
	d.add("ben", grantTwo)
	root, anna := d.in("root"), d.in("anna")
	anna.want(anna.v1("GET", "/accounts/ben", nil), 404, "not_found")
	anna.want(anna.v1("GET", "/accounts/nobody", nil), 404, "not_found")
	anna.want(anna.v1("GET", "/accounts/anna", nil), 200, "one.example")
	anna.want(anna.v1("POST", "/accounts", admin.NewAccount{Name: "x", Password: strong}), 403, "forbidden")
	if list := get[admin.Page[admin.Account]](t, anna.v1("GET", "/accounts", nil)).Items; len(list) != 1 || list[0].Name != "anna" {
		t.Errorf("anna sees %+v", list)
	}
	first := get[admin.Page[admin.Account]](t, root.v1("GET", "/accounts?limit=2", nil))
	rest := get[admin.Page[admin.Account]](t, root.v1("GET", "/accounts?limit=2&cursor="+first.Next, nil))
	if len(first.Items) != 2 || len(rest.Items) != 1 || rest.Items[0].Name != "root" || rest.Next != "" {
		t.Errorf("pages %+v and %+v", first, rest)
	}

	made := root.want(root.v1("POST", "/accounts", admin.NewAccount{Name: "carla", Password: strong, Grants: []admin.Grant{grantOne, grantTwo}}), 201, "carla")
	if made.header.Get("ETag") != `"1"` || strings.Contains(made.text, "argon2") || strings.Contains(made.text, strong) {
		t.Errorf("made %v %s", made.header, made.text)
	}
	root.want(root.v1("POST", "/accounts", admin.NewAccount{Name: "carla", Password: strong}), 409, "name_taken")
	root.want(root.v1("POST", "/accounts", admin.NewAccount{Name: "x", Password: "short"}), 422, `"field":"password"`)
	root.want(root.v1("POST", "/accounts", admin.NewAccount{Name: "x", Password: strong, Grants: []admin.Grant{{Role: "org_admin"}}}), 422, "bad_grant")
	root.want(root.v1("POST", "/accounts", admin.NewAccount{Name: "x", Password: strong, Grants: []admin.Grant{{Role: "domain_admin", Domain: "six.example"}}}), 404, "grants[0].domain")
	root.want(root.v1("POST", "/accounts", admin.NewAccount{Name: "x", Password: strong, Grants: []admin.Grant{{Role: "king"}}}), 422, "grants[0].role")
	root.want(root.v1("PATCH", "/accounts/carla", map[string]any{"disabled": true}, `If-Match: "9"`), 412, "stale")
	root.want(root.v1("PATCH", "/accounts/carla", map[string]any{"disabled": true}, `If-Match: "1"`), 200, `"disabled":true`)
	root.want(root.v1("PATCH", "/accounts/carla", map[string]any{"grants": []admin.Grant{grantTwo}}), 200, `"grants":[{"role":"domain_admin","domain":"two.example"}]`)
	root.want(root.v1("PATCH", "/accounts/root", map[string]any{"disabled": true}), 409, "last_operator")
	root.want(root.v1("DELETE", "/accounts/carla", nil, `If-Match: "1"`), 412, "stale")
	root.want(root.v1("DELETE", "/accounts/carla", nil), 204, "")
	root.want(root.v1("DELETE", "/accounts/ben/second-factor", nil), 409, "no_factor")
	anna.want(anna.v1("DELETE", "/accounts/anna/second-factor", nil), 403, "forbidden")
}

func TestTokensByHTTP(t *testing.T) {
	d := newDesk(t)
	d.add("root", grantOperator)
	d.add("anna", grantOne)
	root, anna := d.in("root"), d.in("anna")
	anna.want(anna.v1("POST", "/tokens", admin.NewToken{Name: "ci", Grants: []admin.Grant{grantOperator}}), 403, "forbidden")
	anna.want(anna.v1("POST", "/tokens", admin.NewToken{Name: "ci", Grants: []admin.Grant{grantTwo}}), 404, "grants[0].domain")
	made := get[admin.MadeToken](t, anna.v1("POST", "/tokens", admin.NewToken{Name: "ci", Grants: []admin.Grant{grantOne}}))
	if made.Account != "anna" || !strings.HasPrefix(made.Secret, "tdm_") {
		t.Errorf("made %+v", made)
	}
	program := d.browser()
	program.token = made.Secret
	program.want(program.v1("GET", "/session", nil), 200, `"kind":"token","name":"anna","token":"ci"`)
	program.want(program.v1("GET", "/domains/one.example/objects", nil, "Sec-Fetch-Site: cross-site"), 200, "alice")
	program.want(program.v1("GET", "/domains/two.example/objects", nil), 404, "")
	program.want(program.v1("POST", "/tokens", admin.NewToken{Name: "more", Grants: []admin.Grant{grantOne}}), 403, "forbidden")
	program.want(program.v1("PUT", "/me/password", map[string]string{"old": strong, "new": "another " + strong}), 403, "forbidden")
	list := anna.want(anna.v1("GET", "/tokens", nil), 200, made.ID)
	if strings.Contains(list.text, made.Secret) {
		t.Error("the list shows the secret")
	}
	anna.want(anna.v1("GET", "/tokens?all=true", nil), 403, "forbidden")
	root.want(root.v1("GET", "/tokens?all=true", nil), 200, `"account":"anna"`)
	root.want(root.v1("DELETE", "/tokens/"+made.ID, nil), 204, "")
	program.want(program.v1("GET", "/session", nil), 401, "unauthenticated")

	local := must(d.local.AddToken(t.Context(), admin.NewToken{Name: "backup", Grants: []admin.Grant{grantOperator}, Expires: d.clock.Now().Add(time.Hour)}))(t)
	program.token = local.Secret
	program.want(program.v1("GET", "/domains", nil), 200, "two.example")
	d.clock.Advance(time.Hour)
	program.want(program.v1("GET", "/domains", nil), 401, "unauthenticated")
}

func TestFirstOperator(t *testing.T) {
	d := newDesk(t)
	token := must(d.api.SetupToken(t.Context()))(t)
	b := d.browser()
	page := b.want(b.ask("GET", "/admin/setup?token="+token, ""), 200, token)
	if csp := page.header.Get("Content-Security-Policy"); strings.Contains(page.text, "<script") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "form-action 'self'") {
		t.Errorf("the page may do too much: %s", csp)
	}
	b.want(b.ask("GET", "/admin/setup?token="+url.QueryEscape(`"><script>alert(1)</script>`), ""), 200, "&lt;script&gt;")
	send := func(token, name, password, repeat string) answer {
		form := url.Values{"token": {token}, "name": {name}, "password": {password}, "repeat": {repeat}}
		return b.ask("POST", "/admin/setup", form.Encode(), "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin")
	}
	b.want(send(token, "anna", strong, strong+"x"), 422, "not the same")
	b.want(send(token, "anna", "short", "short"), 422, "at least 10 characters")
	b.want(send("other", "anna", strong, strong), 422, "The link was used")
	if got := send(token, "anna", "short", "short"); strings.Contains(got.text, `value="short"`) {
		t.Error("the page repeats the password")
	}
	b.want(send(token, "anna", strong, strong), 201, "<strong>anna</strong>")
	b.want(send(token, "ben", strong, strong), 422, "The link was used")
	d.in("anna").v1("GET", "/domains", nil)
	if again := must(d.api.SetupToken(t.Context()))(t); again != "" {
		t.Error("another link, although there is an operator")
	}
	b.want(b.v1("POST", "/setup", admin.Setup{Token: token, Name: "ben", Password: strong}), 422, "bad_link")
}

// TestLoginPage: people with a browser and without scripts log in, see who they
// are, and log out.
func TestLoginPage(t *testing.T) {
	d := newDesk(t)
	must(d.local.AddAccount(t.Context(), admin.NewAccount{Name: "anna", Password: strong, Grants: []admin.Grant{grantOperator}}))(t)
	b := d.browser()
	page := b.want(b.ask("GET", "/admin/login", ""), 200, `name="password"`)
	if csp := page.header.Get("Content-Security-Policy"); strings.Contains(page.text, "<script") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "form-action 'self'") {
		t.Errorf("the page may do too much: %s", csp)
	}
	send := func(site, form string) answer {
		return b.ask("POST", "/admin/login", form, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: "+site)
	}
	anna := url.Values{"name": {"anna"}, "password": {strong}}.Encode()
	b.want(send("cross-site", anna), 403, "Another site")
	b.want(send("same-origin", "name=%zz"), 400, "could not be read")
	wrong := b.want(send("same-origin", "name=%3Canna%3E&password=not+the+password"), 401, "name or the password is wrong")
	if strings.Contains(wrong.text, "not the password") || strings.Contains(wrong.text, "<anna>") || wrong.header.Get("Set-Cookie") != "" {
		t.Errorf("the page says too much: %+v", wrong)
	}
	in := b.want(send("same-origin", anna), 303, "")
	equal(t, in.header.Get("Location"), "/admin/login")
	cookie := must(http.ParseSetCookie(in.header.Get("Set-Cookie")))(t)
	b.cookie = cookie.Value
	b.want(b.ask("GET", "/admin/login", ""), 200, "<strong>anna</strong>")
	b.want(b.v1("GET", "/session", nil), 200, `"anna"`)
	b.want(send("cross-site", "out=yes"), 403, "Another site")
	b.want(b.v1("GET", "/session", nil), 200, `"anna"`)
	out := b.want(send("same-origin", "out=yes"), 303, "")
	if gone := must(http.ParseSetCookie(out.header.Get("Set-Cookie")))(t); gone.MaxAge >= 0 {
		t.Errorf("the cookie stays: %v", gone)
	}
	b.want(b.v1("GET", "/session", nil), 401, "unauthenticated")
	b.want(b.ask("GET", "/admin/login", ""), 200, `name="password"`)
}

// TestWrongBodies: what is missing is named, and so is a type that is not known.
func TestWrongBodies(t *testing.T) {
	d := newDesk(t)
	b := d.browser()
	b.want(b.ask("POST", "/admin/v1/session", `{"name":"anna"}`), 422, `"errors":[{"field":"password","detail":"it is missing"}]`)
	b.want(b.ask("POST", "/admin/v1/session", `{"name":`), 400, "body: it is not the JSON that it should be.\"")
	b.want(b.ask("POST", "/admin/v1/session", `name=anna`, "Content-Type: application/x-www-form-urlencoded"), 415, "in the header Content-Type, like application/json.\"")
}

func TestUsersChangeTheirPassword(t *testing.T) {
	d := newDesk(t)
	b := d.browser()
	change := func(p admin.UserPassword) answer { return b.v1("POST", "/users/me/password", p) }
	b.want(change(admin.UserPassword{Name: "alice", Domain: "two.example", Old: "wrong", New: "even longer"}), 401, "bad_login")
	b.want(change(admin.UserPassword{Name: "ghost", Domain: "two.example", Old: "long enough", New: "even longer"}), 401, "bad_login")
	b.want(change(admin.UserPassword{Name: "alice", Domain: "six.example", Old: "long enough", New: "even longer"}), 401, "bad_login")
	b.want(change(admin.UserPassword{Name: "alice", Domain: "two.example", Old: "long enough", New: "short"}), 422, `"field":"new"`)
	b.want(change(admin.UserPassword{Name: "alice", Domain: "two.example", Old: "long enough", New: "long enough"}), 422, "the old one")

	two, _ := d.dir.DomainByName("two.example")
	alice, _ := d.dir.UserByName(two.ID, "alice")
	must(d.dir.CreateSession(t.Context(), alice.Address(), directory.NewSession{}))(t)
	b.want(change(admin.UserPassword{Name: "alice", Domain: "two.example", Old: "long enough", New: "even longer"}), 204, "")
	equal(t, must(d.dir.Password(alice.Address()))(t), "even longer")
	if left := d.dir.Sessions(alice.Address()); len(left) != 0 {
		t.Errorf("sessions of the old password: %+v", left)
	}
	one, _ := d.dir.DomainByName("one.example")
	other, _ := d.dir.UserByName(one.ID, "alice")
	equal(t, must(d.dir.Password(other.Address()))(t), "long enough")
	b.want(change(admin.UserPassword{Name: "alice@one.example", Old: "long enough", New: "even longer"}), 204, "")

	yes := true
	must(d.dir.SetUser(t.Context(), alice.Address(), directory.ObjectEdit{SecondFactor: &yes}))(t)
	must(d.dir.CreateSession(t.Context(), alice.Address(), directory.NewSession{}))(t)
	b.want(change(admin.UserPassword{Name: "alice", Domain: "two.example", Old: "even longer", New: "the longest"}), 403, "forbidden")
	must(d.dir.SetUser(t.Context(), other.Address(), directory.ObjectEdit{Disabled: &yes}))(t)
	b.want(change(admin.UserPassword{Name: "alice", Domain: "one.example", Old: "even longer", New: "the longest"}), 401, "bad_login")
}

func TestUserPasswordsCannotBeGuessed(t *testing.T) {
	d := newDesk(t)
	b := d.browser()
	for range 10 {
		b.v1("POST", "/users/me/password", admin.UserPassword{Name: "alice", Domain: "one.example", Old: "wrong", New: "even longer"})
	}
	for _, name := range []string{"sip:alice", "ALICE", "alice@one.example", "sip:Alice@ONE.example"} { // all the same
		wrong := admin.UserPassword{Name: name, Domain: "one.example", Old: "wrong", New: "even longer"}
		b.want(b.v1("POST", "/users/me/password", wrong), http.StatusTooManyRequests, "too_many_attempts")
	}
	right := admin.UserPassword{Name: "alice", Domain: "one.example", Old: "long enough", New: "even longer"}
	b.want(b.v1("POST", "/users/me/password", right), http.StatusTooManyRequests, "too_many_attempts")
	d.clock.Advance(15 * time.Minute)
	b.want(b.v1("POST", "/users/me/password", right), 204, "")
}

// What is done with accounts stands in the audit log, and so does what somebody had
// no right to; what was typed by mistake does not.
func TestAccountsAreAudited(t *testing.T) {
	d := newDesk(t)
	d.add("anna", grantOne)
	b := d.browser()
	b.v1("POST", "/session", admin.Login{Name: strong, Password: "anna"})
	b.want(b.v1("POST", "/session", admin.Login{Name: "anna", Password: strong}), 200, "")
	b.want(b.v1("POST", "/tokens", admin.NewToken{Name: "ci", Grants: []admin.Grant{grantOperator}}), 403, "")
	b.want(b.v1("POST", "/tokens", admin.NewToken{Name: "ci", Grants: []admin.Grant{grantOne}}), 201, "")
	var got []string
	page := must(d.log.List(t.Context(), audit.Query{Reader: audit.Reader{Everything: true}, Ascending: true, Limit: 1000}))(t)
	for _, act := range page.Entries {
		got = append(got, act.Act+" "+string(act.Outcome)+" "+act.Actor.Name+" "+act.Object.Name)
		if strings.Contains(act.Object.Name+act.Actor.Name+act.Domain.Name, strong) {
			t.Errorf("a password stands in the audit log: %+v", act)
		}
	}
	for _, want := range []string{"account.add done uid:1000 anna", "session.begin refused  ", "session.begin done anna anna", "token.add refused anna ci", "token.add done anna ci"} {
		if !slices.Contains(got, want) {
			t.Errorf("the audit log has %q, not %q", got, want)
		}
	}
}
