package account

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// tokenPrefix begins every token, so that one that has leaked is recognised.
const tokenPrefix = "tdm_"

// NewToken is a token to be made.
type NewToken struct {
	Name    string
	Grants  []Grant
	Expires time.Time // zero: never
}

// AddToken makes an API token of who with at most its rights. text is the token
// itself, shown this once. What a token may do later is what its grants and those
// of its account have in common then. Tokens make no tokens. Refusals: forbidden,
// bad_name, bad_value, bad_grant, name_taken, too_many.
func (s *Service) AddToken(ctx context.Context, who Identity, n NewToken) (text string, t Token, err error) {
	if who.Kind != KindAccount && who.Kind != KindSocket {
		return "", Token{}, errForbidden
	}
	row, err := s.newToken(who, n)
	if err != nil {
		return "", Token{}, err
	}
	list, err := s.Store.Tokens(ctx, who.Account)
	if err != nil {
		return "", Token{}, err
	}
	if len(list) >= maxTokens {
		return "", Token{}, refuse(CodeTooMany, "", fmt.Sprintf("An account has at most %d tokens.", maxTokens))
	}
	secret, _ := newSecret()
	text = tokenPrefix + secret
	row.Hash = hashOf(text)
	switch err := s.Store.AddToken(ctx, row); {
	case errors.Is(err, ErrTaken):
		return "", Token{}, refuse(CodeNameTaken, "name", "There is a token of this name.")
	case errors.Is(err, ErrConflict):
		return "", Token{}, errNoAccount
	case err != nil:
		return "", Token{}, err
	}
	return text, row.Token, nil
}

func (s *Service) newToken(who Identity, n NewToken) (TokenRow, error) {
	name, err := checkName("name", n.Name)
	if err != nil {
		return TokenRow{}, err
	}
	grants, err := checkGrants(n.Grants)
	if err != nil {
		return TokenRow{}, err
	}
	if len(grants) == 0 {
		return TokenRow{}, refuse(CodeBadGrant, "grants", "A token without a grant may do nothing.")
	}
	for _, g := range grants {
		if !s.mayGrant(who, g) {
			return TokenRow{}, errForbidden
		}
	}
	if err := s.knownDomains(grants); err != nil {
		return TokenRow{}, err
	}
	now := s.now()
	if !n.Expires.IsZero() && !n.Expires.After(now) {
		return TokenRow{}, refuse(CodeBadValue, "expires", "A token expires in the future, or never.")
	}
	return TokenRow{Token: Token{
		ID: newID(), Account: who.Account, Name: name, Grants: grants, Created: now, Expires: n.Expires.Truncate(time.Millisecond),
	}}, nil
}

// ByToken is who presents the token. from is the address of the request. Refusal:
// bad_token.
func (s *Service) ByToken(ctx context.Context, text string, from netip.Addr) (Identity, error) {
	secret, ok := strings.CutPrefix(text, tokenPrefix)
	if !ok || !isSecret(secret) {
		return Identity{}, errBadToken
	}
	hash := hashOf(text)
	t, of, found, err := s.Store.Token(ctx, hash)
	if err != nil {
		return Identity{}, err
	}
	now := s.now()
	expired := !t.Expires.IsZero() && !t.Expires.After(now)
	if !found || subtle.ConstantTimeCompare(hash, t.Hash) != 1 || expired || of.Disabled {
		return Identity{}, errBadToken
	}
	if now.Sub(t.Used) >= touchEvery {
		if err := s.Store.TouchToken(ctx, t.ID, now); err != nil {
			return Identity{}, err
		}
	}
	return Identity{
		Kind: KindToken, Account: t.Account, Name: ownerName(of), Grants: s.common(t, of),
		From: address(from), Token: t.Name,
	}, nil
}

var errBadToken = refuse(CodeBadToken, "", "The token is unknown, expired or revoked.")

// common is what the token and its account may both do. A token that belongs to
// no account was made by somebody with all rights.
func (s *Service) common(t TokenRow, of Row) []Grant {
	if t.Account == 0 {
		return t.Grants
	}
	owner := Identity{Grants: of.Grants}
	return slices.DeleteFunc(slices.Clone(t.Grants), func(g Grant) bool { return !s.mayGrant(owner, g) })
}

func ownerName(of Row) string {
	if of.ID == 0 {
		return "local"
	}
	return of.Name
}

// Tokens lists the tokens of who; those of everybody for an operator who asks for
// all.
func (s *Service) Tokens(ctx context.Context, who Identity, all bool) ([]Token, error) {
	if all {
		if !who.May(Operate, Scope{}) {
			return nil, errForbidden
		}
		return s.Store.Tokens(ctx, -1)
	}
	if who.Account == 0 && who.Kind != KindSocket {
		return nil, nil
	}
	return s.Store.Tokens(ctx, who.Account)
}

// Names are the names of the accounts of tokens.
func (s *Service) Names(ctx context.Context, list []Token) (map[int64]string, error) {
	names := map[int64]string{}
	for _, t := range list {
		if _, known := names[t.Account]; known || t.Account == 0 {
			continue
		}
		row, _, err := s.Store.Account(ctx, t.Account)
		if err != nil {
			return nil, err
		}
		names[t.Account] = row.Name
	}
	return names, nil
}

// RevokeToken ends a token of who, or of anybody if who is an operator. Refusal:
// not_found.
func (s *Service) RevokeToken(ctx context.Context, who Identity, id string) error {
	everybody := who.May(Operate, Scope{})
	list, err := s.Tokens(ctx, who, everybody)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(t Token) bool { return t.ID == id })
	if at < 0 {
		return errNoToken
	}
	found, err := s.Store.DeleteToken(ctx, list[at].Account, id)
	if err != nil {
		return err
	}
	if !found {
		return errNoToken
	}
	return nil
}

var errNoToken = refuse(CodeNotFound, "token", "There is no such token.")
