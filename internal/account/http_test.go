package account_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/peer"
)

// come is a request from home, with headers.
func come(ctx context.Context, method string, headers map[string]string) *http.Request {
	ctx = peer.With(ctx, peer.Peer{Addr: home, HTTPS: true})
	r := httptest.NewRequestWithContext(ctx, method, "https://switch.example/admin/v1/me", nil)
	for k, v := range headers {
		r.Header.Set(k, v)
	}
	return r
}

// told is who somebody is, or why not.
func told(who account.Identity, err error) string {
	if err != nil {
		return string(account.CodeOf(err))
	}
	return who.Name + who.Token
}

func TestAuthenticator(t *testing.T) {
	r := newRig(t)
	r.add("anna", operator)
	who, value := r.login("anna")
	token, _, err := r.AddToken(t.Context(), who, account.NewToken{Name: "ci", Grants: []account.Grant{seven}})
	r.must(err)
	a, err := account.NewAuthenticator(r.Service, "https://pbx.example.com/")
	r.must(err)

	cookie := account.Cookie + "=" + value
	over := account.Cookie + "=" + strings.Repeat("A", 43)
	type headers map[string]string
	tests := []struct {
		name    string
		method  string
		headers headers
		want    string
	}{
		{"nothing", "GET", nil, "no_session"},
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
		{"reading, other site", "GET", headers{"Cookie": cookie, "Sec-Fetch-Site": "cross-site"}, "no_session"},
		{"reading, sister site", "GET", headers{"Cookie": cookie, "Sec-Fetch-Site": "same-site"}, "no_session"},
		{"session that is over", "GET", headers{"Cookie": over}, "no_session"},
		{"two cookies", "GET", headers{"Cookie": over + "; " + cookie}, "no_session"},
		{"another cookie", "GET", headers{"Cookie": "a=b; " + cookie + "; c=d"}, "anna"},
		{"token", "POST", headers{"Authorization": "Bearer " + token}, "annaci"},
		{"token, lower case", "GET", headers{"Authorization": "bearer  " + token}, "annaci"},
		{"token, other site", "POST", headers{"Authorization": "Bearer " + token, "Sec-Fetch-Site": "cross-site"}, "annaci"},
		{"token and cookie", "GET", headers{"Authorization": "Bearer " + token, "Cookie": cookie}, "annaci"},
		{"wrong token and cookie", "GET", headers{"Authorization": "Bearer tdm_" + strings.Repeat("A", 43), "Cookie": cookie}, "bad_token"},
		{"session as a token", "GET", headers{"Authorization": "Bearer " + value}, "bad_token"},
		{"token as a session", "GET", headers{"Cookie": account.Cookie + "=" + token}, "no_session"},
		{"no scheme", "GET", headers{"Authorization": token}, "bad_token"},
		{"password", "GET", headers{"Authorization": "Basic YW5uYTpzZWNyZXQ="}, "bad_token"},
		{"empty", "GET", headers{"Authorization": "", "Cookie": cookie}, "bad_token"},
	}
	for _, test := range tests {
		who, err := a.Identify(come(t.Context(), test.method, test.headers))
		if got := told(who, err); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if err == nil && who.From != "192.0.2.1" {
			t.Errorf("%s: from %q", test.name, who.From)
		}
	}
}

func TestCookie(t *testing.T) {
	value := strings.Repeat("A", 43)
	for _, secure := range []bool{true, false} {
		r := httptest.NewRequestWithContext(peer.With(t.Context(), peer.Peer{HTTPS: secure}), "POST", "/admin/v1/session", nil)
		set := account.SetCookie(r, account.Entered{Value: value, Session: account.Session{Expires: time.Unix(1e9, 0)}})
		clear := account.ClearCookie(r)
		if set.Value != value || set.Expires.IsZero() || clear.Value != "" || clear.MaxAge >= 0 {
			t.Errorf("cookies %s and %s", set, clear)
		}
		for _, c := range []*http.Cookie{set, clear} {
			if !c.HttpOnly || c.Secure != secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/admin" || c.Domain != "" || c.Name != account.Cookie {
				t.Errorf("https %v: cookie %s", secure, c)
			}
		}
	}
}

func TestOriginsAreChecked(t *testing.T) {
	for _, origin := range []string{"pbx.example.com", "https://pbx.example.com/path", "*"} {
		if _, err := account.NewAuthenticator(nil, origin); err == nil {
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
	a, err := account.NewAuthenticator(r.Service)
	r.must(err)
	_, err = a.Identify(come(t.Context(), "GET", map[string]string{"Cookie": account.Cookie + "=" + strings.Repeat("A", 43)}))
	if !errors.Is(err, errStore) {
		t.Errorf("told %v", err)
	}
}

// FuzzHeaders: whatever the headers are, nobody comes in who has no secret.
func FuzzHeaders(f *testing.F) {
	s := account.New(account.Config{Store: emptyStore{}, Cost: cheap})
	a, err := account.NewAuthenticator(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Bearer tdm_"+strings.Repeat("A", 43), "")
	f.Add("", account.Cookie+"="+strings.Repeat("A", 43))
	f.Add("Bearer", "a=b;;"+account.Cookie)
	f.Fuzz(func(t *testing.T, authorization, cookie string) {
		r := come(t.Context(), "GET", nil)
		if authorization != "" {
			r.Header["Authorization"] = []string{authorization}
		}
		r.Header["Cookie"] = []string{cookie}
		if got := told(a.Identify(r)); got != "no_session" && got != "bad_token" {
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
