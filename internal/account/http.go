package account

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Cookie is the name of the cookie that holds a session.
const Cookie = "tandem_admin"

// cookiePath is where browsers send the cookie, and nowhere else.
const cookiePath = "/admin"

// Requests is what an Authenticator asks about HTTP requests.
type Requests struct {
	// From is the address of the client, behind trusted proxies; invalid if it
	// is not known.
	From func(*http.Request) netip.Addr
	// Secure tells whether the client came by https.
	Secure func(*http.Request) bool
	// Refuse answers a request that goes no further. err is an *Error, or a
	// failure of the store.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
	// Origins may send requests with the cookie too, like
	// https://pbx.example.com: the public URL, where a proxy changes the Host.
	Origins []string
}

// Authenticator finds out who sends a request: whoever is in its context already
// (the control socket), the owner of an API token, or that of a session.
type Authenticator struct {
	accounts *Service
	requests Requests
	origin   *http.CrossOriginProtection
}

// NewAuthenticator makes an Authenticator. It fails for an origin that is none.
func NewAuthenticator(s *Service, r Requests) (*Authenticator, error) {
	a := &Authenticator{accounts: s, requests: r, origin: http.NewCrossOriginProtection()}
	for _, o := range r.Origins {
		if err := a.origin.AddTrustedOrigin(strings.TrimSuffix(o, "/")); err != nil {
			return nil, fmt.Errorf("account: origin %q: %w", o, err)
		}
	}
	return a, nil
}

// Wrap lets requests through to next with the Identity of their sender in the
// context, or with none if they present nothing, or a session that is over: it is
// for next to refuse what needs one. A wrong token is refused here; so is what a
// browser sends on behalf of another site, unless it comes with a token.
func (a *Authenticator) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, err := a.identify(r)
		if err != nil {
			a.requests.Refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (a *Authenticator) identify(r *http.Request) (ctx context.Context, err error) {
	ctx = r.Context()
	if _, ok := FromContext(ctx); ok {
		return ctx, nil
	}
	if header := r.Header.Values("Authorization"); len(header) > 0 {
		return a.byToken(ctx, r, header)
	}
	if err := a.origin.Check(r); err != nil {
		return ctx, refuse(CodeCrossOrigin, "", "Another site has sent this request from your browser: it was not carried out.")
	}
	value, ok := sessionCookie(r)
	if !ok || a.fromElsewhere(r) {
		return ctx, nil
	}
	who, err := a.accounts.BySession(ctx, value, a.requests.From(r))
	if CodeOf(err) == CodeNoSession {
		return ctx, nil
	}
	return WithIdentity(ctx, who), err
}

func (a *Authenticator) byToken(ctx context.Context, r *http.Request, header []string) (context.Context, error) {
	scheme, token, _ := strings.Cut(header[0], " ")
	if len(header) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return ctx, refuse(CodeBadToken, "Authorization", "The header Authorization has the form: Bearer tdm_...")
	}
	who, err := a.accounts.ByToken(ctx, strings.TrimSpace(token), a.requests.From(r))
	return WithIdentity(ctx, who), err
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

// SetCookie gives the browser the value of its new session.
func (a *Authenticator) SetCookie(w http.ResponseWriter, r *http.Request, value string, s Session) {
	c := a.cookie(r)
	c.Value, c.Expires = value, s.Expires
	http.SetCookie(w, c)
}

// ClearCookie takes it away.
func (a *Authenticator) ClearCookie(w http.ResponseWriter, r *http.Request) {
	c := a.cookie(r)
	c.MaxAge = -1
	http.SetCookie(w, c)
}

func (a *Authenticator) cookie(r *http.Request) *http.Cookie {
	return &http.Cookie{
		Name: Cookie, Path: cookiePath, HttpOnly: true, Secure: a.requests.Secure(r), SameSite: http.SameSiteStrictMode,
	}
}
