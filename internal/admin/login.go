package admin

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/peer"
)

// Login is what an administrator logs in with.
type Login struct {
	Name     string `json:"name" maxLength:"256" doc:"Name of the account."`
	Password string `json:"password" maxLength:"4096" doc:"Its password."`
	Code     string `json:"code,omitempty" maxLength:"64" doc:"Code of the second factor, or a recovery code. Send the login again with it after a problem second_factor."`
}

// You is who asks.
type You struct {
	Kind    string  `json:"kind" enum:"socket,account,token" doc:"How you were recognised."`
	Name    string  `json:"name" doc:"Name of the account."`
	Token   string  `json:"token,omitempty" doc:"Name of the token."`
	Session string  `json:"session,omitempty" doc:"Id of the session."`
	Grants  []Grant `json:"grants" nullable:"false" doc:"What you may do."`
}

// AdminSession is a login of an administrator in a browser.
type AdminSession struct {
	ID        string    `json:"id" doc:"Id of the session."`
	Created   time.Time `json:"created" doc:"When it began."`
	Used      time.Time `json:"used" doc:"When it was last used, exact to a minute. It ends after 12 hours without use."`
	Expires   time.Time `json:"expires" doc:"When it ends in any case."`
	From      string    `json:"from" doc:"Address that it began from."`
	UserAgent string    `json:"user_agent,omitempty" doc:"What the browser calls itself."`
	Current   bool      `json:"current" doc:"It is the one that asks."`
}

func (a *API) registerLogin() {
	register(a, operation{
		ID: "session-begin", Method: http.MethodPost, Path: "/session", Tag: "Login", Summary: "Log in",
		Text:  "The answer sets a cookie. Wrong names, wrong passwords and disabled accounts are not told apart; too many wrong attempts have to wait.",
		Reach: everybody, Act: "session.begin", Secret: true,
	}, a.login)
	register(a, operation{
		ID: "session-get", Method: http.MethodGet, Path: "/session", Tag: "Login", Summary: "Who you are, and what you may do", Reach: oneself,
	}, a.getSession)
	register(a, operation{
		ID: "session-end", Method: http.MethodDelete, Path: "/session", Tag: "Login", Summary: "Log out", Reach: oneself, Act: "session.end",
	}, a.logout)
	register(a, operation{
		ID: "setup", Method: http.MethodPost, Path: "/setup", Tag: "Login", Summary: "Make the first operator with the one-time link",
		Status: http.StatusCreated, Reach: everybody, Act: "account.setup", Secret: true,
	}, a.setup)
}

type loginInput struct {
	Body Login
}

type loginAnswer struct {
	SetCookie string `header:"Set-Cookie"`
	Body      You
}

func (a *API) login(ctx context.Context, in *loginInput) (*loginAnswer, error) {
	r := calling(ctx).request
	if err := a.sameOrigin(r); err != nil {
		return nil, err
	}
	entered, err := a.accounts.Login(ctx, account.Login{
		Name: in.Body.Name, Password: in.Body.Password, Code: in.Body.Code, From: peerAddr(r), UserAgent: r.UserAgent(),
	})
	if name, known := a.accounts.Known(ctx, in.Body.Name); known { // what is typed there may be a password
		about(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	calling(ctx).identity = entered.Who
	return &loginAnswer{account.SetCookie(r, entered).String(), a.you(entered.Who)}, nil
}

// sameOrigin refuses what a browser sends on behalf of another site. Operations
// that everybody may call ask it; for the others Authenticate does.
func (a *API) sameOrigin(r *http.Request) error {
	if a.authenticator == nil || trusted(r) {
		return nil
	}
	return a.authenticator.SameOrigin(r)
}

// trusted tells whether the request came over the control socket.
func trusted(r *http.Request) bool {
	_, ok := r.Context().Value(trustedKey{}).(account.Identity)
	return ok
}

// peerAddr is the address of whoever sends a request, invalid if it has none.
func peerAddr(r *http.Request) netip.Addr {
	p, _ := peer.Of(r.Context())
	return p.Addr
}

type youAnswer struct {
	Body You
}

func (a *API) getSession(ctx context.Context, _ *nothing) (*youAnswer, error) {
	return &youAnswer{a.you(calling(ctx).identity)}, nil
}

func (a *API) you(who account.Identity) You {
	return You{Kind: string(who.Kind), Name: who.Name, Token: who.Token, Session: who.Session, Grants: a.showGrants(who.Grants)}
}

type logoutAnswer struct {
	SetCookie string `header:"Set-Cookie"`
}

func (a *API) logout(ctx context.Context, _ *nothing) (*logoutAnswer, error) {
	c := calling(ctx)
	about(ctx, c.identity.Name)
	if err := a.accounts.Logout(ctx, c.identity); err != nil {
		return nil, err
	}
	return &logoutAnswer{account.ClearCookie(c.request).String()}, nil
}

// Setup is what the first operator is made of.
type Setup struct {
	Token    string `json:"token" maxLength:"256" doc:"The token of the one-time link."`
	Name     string `json:"name" maxLength:"256" doc:"Name of the account."`
	Password string `json:"password" maxLength:"4096" doc:"Password of at least 10 characters."`
}

type setupInput struct {
	Body Setup
}

func (a *API) setup(ctx context.Context, in *setupInput) (*accountAnswer, error) {
	r := calling(ctx).request
	if err := a.sameOrigin(r); err != nil {
		return nil, err
	}
	made, err := a.accounts.UseLink(ctx, in.Body.Token, in.Body.Name, in.Body.Password, peerAddr(r))
	if err == nil {
		calling(ctx).identity = account.Identity{
			Kind: account.KindAccount, Account: made.ID, Name: made.Name, Grants: made.Grants, From: calling(ctx).identity.From,
		}
	}
	return a.answerAccount(ctx, made, err)
}

// SetupToken makes the token of the one-time link with which the first operator is
// made at /admin/setup?token=...; it is empty if there is an account already.
func (a *API) SetupToken(ctx context.Context) (string, error) { return a.accounts.NewLink(ctx) }
