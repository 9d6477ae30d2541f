package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
)

// Token is an API token, without what is secret about it.
type Token struct {
	ID      string    `json:"id" doc:"Id of the token."`
	Account string    `json:"account,omitempty" doc:"Account that it belongs to; absent: none, it was made on the machine itself."`
	Name    string    `json:"name" doc:"Name of the token."`
	Grants  []Grant   `json:"grants" nullable:"false" doc:"What it may do at most. It never may more than its account."`
	Created time.Time `json:"created" doc:"When it was made."`
	Expires time.Time `json:"expires,omitzero" doc:"When it ends; absent: never."`
	Used    time.Time `json:"used,omitzero" doc:"When it was last used, exact to a minute."`
}

// MadeToken is a token that was just made.
type MadeToken struct {
	Token
	Secret string `json:"secret" doc:"The token itself, for the header Authorization: Bearer. It is never shown again."`
}

// NewToken is a token to be made.
type NewToken struct {
	Name    string    `json:"name" doc:"Name, unique among your tokens."`
	Grants  []Grant   `json:"grants" doc:"What it may do; at most what you may."`
	Expires time.Time `json:"expires,omitzero" required:"false" doc:"When it ends; absent: never."`
}

func (a *API) registerTokens() {
	register(a, operation{
		ID: "token-list", Method: http.MethodGet, Path: "/tokens", Tag: "Tokens", Summary: "List your API tokens", Reach: oneself,
	}, a.listTokens)
	register(a, operation{
		ID: "token-add", Method: http.MethodPost, Path: "/tokens", Tag: "Tokens", Summary: "Make an API token",
		Text:   "Tokens cannot make tokens.",
		Status: http.StatusCreated, Reach: oneself, Act: "token.add", Secret: true,
	}, a.addToken)
	register(a, operation{
		ID: "token-revoke", Method: http.MethodDelete, Path: "/tokens/{id}", Tag: "Tokens", Summary: "Revoke an API token",
		Text:  "One of yours; operators can revoke those of everybody.",
		Reach: oneself, Act: "token.revoke",
	}, a.revokeToken)
}

type listTokensInput struct {
	All bool `query:"all" doc:"Those of everybody; for operators."`
}

type listTokensAnswer struct {
	Body Page[Token]
}

func (a *API) listTokens(ctx context.Context, in *listTokensInput) (*listTokensAnswer, error) {
	list, err := a.accounts.Tokens(ctx, calling(ctx).identity, in.All)
	if err != nil {
		return nil, err
	}
	names, err := a.accounts.Names(ctx, list)
	return &listTokensAnswer{Page[Token]{Items: mapped(list, func(t account.Token) Token { return a.tokenOf(t, names[t.Account]) })}}, err
}

func (a *API) tokenOf(t account.Token, owner string) Token {
	return Token{
		ID: t.ID, Account: owner, Name: t.Name, Grants: a.showGrants(t.Grants),
		Created: t.Created.UTC(), Expires: inUTC(t.Expires), Used: inUTC(t.Used),
	}
}

type addTokenInput struct {
	Body NewToken
}

type madeTokenAnswer struct {
	Body MadeToken
}

func (a *API) addToken(ctx context.Context, in *addTokenInput) (*madeTokenAnswer, error) {
	who := calling(ctx).identity
	about(ctx, in.Body.Name)
	grants, err := a.grantsOf(ctx, in.Body.Grants)
	if err != nil {
		return nil, err
	}
	text, t, err := a.accounts.AddToken(ctx, who, account.NewToken{Name: in.Body.Name, Grants: grants, Expires: in.Body.Expires})
	if err != nil {
		return nil, err
	}
	owner := who.Name
	if t.Account == 0 {
		owner = ""
	}
	return &madeTokenAnswer{MadeToken{a.tokenOf(t, owner), text}}, nil
}

type revokeTokenInput struct {
	ID string `path:"id" maxLength:"64" doc:"Id of the token."`
}

func (a *API) revokeToken(ctx context.Context, in *revokeTokenInput) (*nothing, error) {
	about(ctx, in.ID)
	return &nothing{}, a.accounts.RevokeToken(ctx, calling(ctx).identity, in.ID)
}
