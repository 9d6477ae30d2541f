package account_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/account"
)

// door is an Authenticator before a handler that tells who comes in.
func door(t testing.TB, s *account.Service) (*account.Authenticator, http.Handler) {
	t.Helper()
	a, err := account.NewAuthenticator(s, account.Requests{
		From:   func(r *http.Request) netip.Addr { p, _ := netip.ParseAddrPort(r.RemoteAddr); return p.Addr() },
		Secure: func(r *http.Request) bool { return r.URL.Scheme == "https" },
		Refuse: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, string(account.CodeOf(err)), http.StatusUnauthorized)
		},
		Origins: []string{"https://pbx.example.com/"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a, a.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := account.FromContext(r.Context())
		if !ok {
			who.Name = "nobody"
		}
		io.WriteString(w, who.Name+who.Token)
	}))
}

func TestAuthenticator(t *testing.T) {
	r := newRig(t)
	r.add("anna", operator)
	who, value := r.login("anna")
	token, _, err := r.AddToken(t.Context(), who, account.NewToken{Name: "ci", Grants: []account.Grant{seven}})
	r.must(err)
	_, h := door(t, r.Service)

	cookie := account.Cookie + "=" + value
	over := account.Cookie + "=" + strings.Repeat("A", 43)
	type headers map[string]string
	tests := []struct {
		name    string
		method  string
		headers headers
		want    string
	}{
		{"nothing", "GET", nil, "nobody"},
		{"cookie", "GET", headers{"Cookie": cookie}, "anna"},
		{"cookie, same origin", "POST", headers{"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}, "anna"},
		{"cookie, typed", "GET", headers{"Cookie": cookie, "Sec-Fetch-Site": "none"}, "anna"},
		{"cookie, no browser", "POST", headers{"Cookie": cookie}, "anna"},
		{"cookie, public URL", "POST", headers{"Cookie": cookie, "Origin": "https://pbx.example.com"}, "anna"},
		{"cookie, other site", "POST", headers{"Cookie": cookie, "Sec-Fetch-Site": "cross-site"}, "cross_origin"},
		{"cookie, sister site", "DELETE", headers{"Cookie": cookie, "Sec-Fetch-Site": "same-site"}, "cross_origin"},
		{"cookie, other origin", "PUT", headers{"Cookie": cookie, "Origin": "https://evil.example"}, "cross_origin"},
		{"cookie, no origin", "POST", headers{"Cookie": cookie, "Origin": "null"}, "cross_origin"},
		{"no cookie, other site", "POST", headers{"Sec-Fetch-Site": "cross-site"}, "cross_origin"},
		{"reading, other site", "GET", headers{"Cookie": cookie, "Sec-Fetch-Site": "cross-site"}, "nobody"},
		{"reading, sister site", "GET", headers{"Cookie": cookie, "Sec-Fetch-Site": "same-site"}, "nobody"},
		{"session that is over", "GET", headers{"Cookie": over}, "nobody"},
		{"two cookies", "GET", headers{"Cookie": over + "; " + cookie}, "nobody"},
		{"another cookie", "GET", headers{"Cookie": "a=b; " + cookie + "; c=d"}, "anna"},
		{"token", "POST", headers{"Authorization": "Bearer " + token}, "annaci"},
		{"token, lower case", "GET", headers{"Authorization": "bearer  " + token}, "annaci"},
		{"token, other site", "POST", headers{"Authorization": "Bearer " + token, "Sec-Fetch-Site": "cross-site"}, "annaci"},
		{"token and cookie", "GET", headers{"Authorization": "Bearer " + token, "Cookie": cookie}, "annaci"},
		{"wrong token and cookie", "GET", headers{"Authorization": "Bearer tdm_" + strings.Repeat("A", 43), "Cookie": cookie}, "bad_token"},
		{"session as a token", "GET", headers{"Authorization": "Bearer " + value}, "bad_token"},
		{"token as a session", "GET", headers{"Cookie": account.Cookie + "=" + token}, "nobody"},
		{"no scheme", "GET", headers{"Authorization": token}, "bad_token"},
		{"password", "GET", headers{"Authorization": "Basic YW5uYTpzZWNyZXQ="}, "bad_token"},
		{"empty", "GET", headers{"Authorization": "", "Cookie": cookie}, "bad_token"},
	}
	for _, test := range tests {
		req := httptest.NewRequestWithContext(t.Context(), test.method, "https://switch.example/admin/v1/me", nil)
		for k, v := range test.headers {
			req.Header.Set(k, v)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if got := strings.TrimSpace(rec.Body.String()); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}

	req := httptest.NewRequestWithContext(account.WithIdentity(t.Context(), root), "POST", "/admin/v1/me", nil)
	req.Header.Set("Authorization", "Bearer nonsense")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	if got := rec.Body.String(); got != "uid:0" {
		t.Errorf("control socket: %q", got)
	}
}

func TestCookie(t *testing.T) {
	r := newRig(t)
	r.add("anna")
	_, value := r.login("anna")
	a, _ := door(t, r.Service)
	for scheme, secure := range map[string]bool{"https": true, "http": false} {
		req := httptest.NewRequestWithContext(t.Context(), "POST", scheme+"://switch.example/admin/v1/session", nil)
		rec := httptest.NewRecorder()
		a.SetCookie(rec, req, value, account.Session{Expires: r.clock.Now()})
		a.ClearCookie(rec, req)
		list := rec.Result().Cookies()
		if len(list) != 2 || list[0].Value != value || list[0].Expires.IsZero() || list[1].Value != "" || list[1].MaxAge >= 0 {
			t.Fatalf("cookies %v", list)
		}
		for _, c := range list {
			if !c.HttpOnly || c.Secure != secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/admin" || c.Domain != "" || c.Name != account.Cookie {
				t.Errorf("%s: cookie %s", scheme, c)
			}
		}
	}
}

func TestOriginsAreChecked(t *testing.T) {
	for _, origin := range []string{"pbx.example.com", "https://pbx.example.com/path", "*"} {
		if _, err := account.NewAuthenticator(nil, account.Requests{Origins: []string{origin}}); err == nil {
			t.Errorf("%q was accepted", origin)
		}
	}
}

// failing is a store that is out of reach.
type failing struct{ account.Store }

var errStore = errors.New("the disk is on fire")

func (failing) Session(context.Context, []byte) (s account.SessionRow, of account.Row, found bool, err error) {
	return s, of, false, errStore
}

func TestStoreFailureIsNoLogout(t *testing.T) {
	r := newRig(t, func(c *account.Config) { c.Store = failing{} })
	var told error
	a, err := account.NewAuthenticator(r.Service, account.Requests{
		From:   func(*http.Request) netip.Addr { return home },
		Refuse: func(_ http.ResponseWriter, _ *http.Request, err error) { told = err },
	})
	r.must(err)
	req := httptest.NewRequestWithContext(t.Context(), "GET", "/admin/v1/me", nil)
	req.Header.Set("Cookie", account.Cookie+"="+strings.Repeat("A", 43))
	a.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let in") })).ServeHTTP(httptest.NewRecorder(), req)
	if !errors.Is(told, errStore) {
		t.Errorf("told %v", told)
	}
}

// FuzzHeaders: whatever the headers are, nobody comes in who has no secret.
func FuzzHeaders(f *testing.F) {
	s := account.New(account.Config{Store: emptyStore{}, Cost: cheap})
	_, h := door(f, s)
	f.Add("Bearer tdm_"+strings.Repeat("A", 43), "")
	f.Add("", account.Cookie+"="+strings.Repeat("A", 43))
	f.Add("Bearer", "a=b;;"+account.Cookie)
	f.Fuzz(func(t *testing.T, authorization, cookie string) {
		req := httptest.NewRequestWithContext(t.Context(), "GET", "/admin/v1/me", nil)
		req.Header["Authorization"] = []string{authorization}
		if authorization == "" {
			req.Header.Del("Authorization")
		}
		req.Header["Cookie"] = []string{cookie}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if got := strings.TrimSpace(rec.Body.String()); got != "nobody" && got != "bad_token" {
			t.Errorf("%q", got)
		}
	})
}

// emptyStore knows nobody.
type emptyStore struct{ account.Store }

func (emptyStore) Session(context.Context, []byte) (s account.SessionRow, of account.Row, found bool, err error) {
	return s, of, false, nil
}

func (emptyStore) Token(context.Context, []byte) (t account.TokenRow, of account.Row, found bool, err error) {
	return t, of, false, nil
}
