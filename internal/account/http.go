package account

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/tandem-switch/tandem/internal/peer"
)

// Cookie is the name of the cookie that holds a session.
const Cookie = "tandem_admin"

// cookiePath is where browsers send the cookie, and nowhere else.
const cookiePath = "/admin"

// Authenticator finds out who sends an HTTP request: the owner of an API token, or
// that of a session. Where the request comes from is what internal/peer says.
type Authenticator struct {
	accounts *Service
	origin   *http.CrossOriginProtection
}

// NewAuthenticator makes an Authenticator. origins, like https://pbx.example.com,
// may send requests with the cookie besides the host that the request names: the
// public URL, where a proxy changes the Host. It fails for an origin that is none.
func NewAuthenticator(s *Service, origins ...string) (*Authenticator, error) {
	a := &Authenticator{accounts: s, origin: http.NewCrossOriginProtection()}
	for _, o := range origins {
		if err := a.origin.AddTrustedOrigin(strings.TrimSuffix(o, "/")); err != nil {
			return nil, fmt.Errorf("account: origin %q: %w", o, err)
		}
	}
	return a, nil
}

// Identify is who sends the request. Without token and cookie, and with the cookie
// of a session that is over, it is nobody: the refusal is no_session. Others:
// bad_token, cross_origin. Any other error is a failure of the store.
func (a *Authenticator) Identify(r *http.Request) (Identity, error) {
	if header := r.Header.Values("Authorization"); len(header) > 0 {
		return a.byToken(r, header)
	}
	if err := a.SameOrigin(r); err != nil {
		return Identity{}, err
	}
	value, ok := sessionCookie(r)
	if !ok || a.fromElsewhere(r) {
		return Identity{}, errNoSession
	}
	return a.accounts.BySession(r.Context(), value, from(r))
}

// SameOrigin refuses with cross_origin what a browser sends on behalf of another
// site and what may change something: a login too must be one's own.
func (a *Authenticator) SameOrigin(r *http.Request) error {
	if a.origin.Check(r) != nil {
		return refuse(CodeCrossOrigin, "", "Another site has sent this request from your browser: it was not carried out.")
	}
	return nil
}

func (a *Authenticator) byToken(r *http.Request, header []string) (Identity, error) {
	scheme, token, _ := strings.Cut(header[0], " ")
	if len(header) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return Identity{}, refuse(CodeBadToken, "Authorization", "The header Authorization has the form: Bearer tdm_...")
	}
	return a.accounts.ByToken(r.Context(), strings.TrimSpace(token), from(r))
}

// from is the address of the client, invalid if it is not known.
func from(r *http.Request) netip.Addr {
	p, _ := peer.Of(r.Context())
	return p.Addr
}

// fromElsewhere tells whether another site, a sister included, has caused a
// request that only reads. Its cookie does not count.
func (a *Authenticator) fromElsewhere(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	return true
}

// sessionCookie is the value of the cookie. If there are several, which a sister
// site can bring about, none counts.
func sessionCookie(r *http.Request) (string, bool) {
	list := r.CookiesNamed(Cookie)
	if len(list) != 1 {
		return "", false
	}
	return list[0].Value, true
}

// SetCookie is the cookie of a new session, for the answer to the request.
func SetCookie(r *http.Request, in Entered) *http.Cookie {
	c := cookie(r)
	c.Value, c.Expires = in.Value, in.Session.Expires
	return c
}

// ClearCookie is the cookie that takes it away.
func ClearCookie(r *http.Request) *http.Cookie {
	c := cookie(r)
	c.MaxAge = -1
	return c
}

func cookie(r *http.Request) *http.Cookie {
	p, _ := peer.Of(r.Context())
	return &http.Cookie{
		Name: Cookie, Path: cookiePath, HttpOnly: true, Secure: p.HTTPS, SameSite: http.SameSiteStrictMode,
	}
}
