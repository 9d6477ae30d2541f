package admin

import (
	"context"
	"net/http"
	"net/url"
)

// What the command line asks about administrators.

// ListAccounts asks for all accounts.
type ListAccounts struct{}

// AccountList lists the accounts of administrators.
func (c *Client) AccountList(ctx context.Context, _ ListAccounts) ([]Account, error) {
	return list[Account](ctx, c, "/accounts?limit=1000")
}

// AddAccount makes an account.
func (c *Client) AddAccount(ctx context.Context, n NewAccount) (Account, error) {
	var made Account
	return made, c.Do(ctx, http.MethodPost, "/accounts", n, &made)
}

// SetAccount changes an account.
type SetAccount struct {
	Name string
	AccountEdit
}

// SetAccount changes an account.
func (c *Client) SetAccount(ctx context.Context, r SetAccount) (Account, error) {
	var changed Account
	return changed, c.Do(ctx, http.MethodPatch, accountPath(r.Name), r.AccountEdit, &changed)
}

// RemoveAccount removes an account; it was as returned.
func (c *Client) RemoveAccount(ctx context.Context, name string) (Account, error) {
	was, err := c.account(ctx, name)
	if err == nil {
		err = c.Do(ctx, http.MethodDelete, accountPath(name), nil, nil)
	}
	return was, err
}

// ResetFactor switches the second factor of an account off, which is as returned
// then.
func (c *Client) ResetFactor(ctx context.Context, name string) (Account, error) {
	if err := c.Do(ctx, http.MethodDelete, accountPath(name)+"/second-factor", nil, nil); err != nil {
		return Account{}, err
	}
	return c.account(ctx, name)
}

func (c *Client) account(ctx context.Context, name string) (Account, error) {
	var found Account
	return found, c.Do(ctx, http.MethodGet, accountPath(name), nil, &found)
}

func accountPath(name string) string { return "/accounts/" + url.PathEscape(name) }

// ListTokens asks for the tokens of everybody.
type ListTokens struct{}

// TokenList lists API tokens.
func (c *Client) TokenList(ctx context.Context, _ ListTokens) ([]Token, error) {
	return list[Token](ctx, c, "/tokens?all=true")
}

// AddToken makes an API token that belongs to no account.
func (c *Client) AddToken(ctx context.Context, n NewToken) (MadeToken, error) {
	var made MadeToken
	return made, c.Do(ctx, http.MethodPost, "/tokens", n, &made)
}

// RevokeToken ends the token with the id, which is returned.
func (c *Client) RevokeToken(ctx context.Context, id string) (string, error) {
	return id, c.Do(ctx, http.MethodDelete, "/tokens/"+url.PathEscape(id), nil, nil)
}
