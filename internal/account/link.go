package account

import (
	"context"
	"errors"
	"net/netip"

	"github.com/tandem-switch/tandem/internal/guard"
)

// NewLink makes the token of the one-time link with which the first operator is
// made, instead of one made earlier. It is empty if there is an account already.
func (s *Service) NewLink(ctx context.Context) (token string, err error) {
	token, hash := newSecret()
	kept, err := s.Store.KeepLink(ctx, hash, s.now().Add(s.LinkLife))
	if err != nil || !kept {
		return "", err
	}
	return token, nil
}

// UseLink makes the first operator. A link is good once and for nothing else; one
// that is refused for its name or password remains. Refusals: bad_link, bad_name,
// weak_password, too_many_attempts, busy.
func (s *Service) UseLink(ctx context.Context, token, name, password string, from netip.Addr) (Account, error) {
	const key = "admin link"
	if refused := s.Guard.Allow(key, from, s.Clock.Now()); refused != guard.Allowed {
		return Account{}, refuse(CodeTooManyAttempts, "", "Too many wrong attempts: wait some minutes, then try again.")
	}
	if !isSecret(token) {
		s.Guard.Failed(key, from, s.Clock.Now())
		return Account{}, errBadLink
	}
	row, err := s.newRow(ctx, Draft{Name: name, Password: password, Grants: []Grant{{Role: Operator}}})
	if err != nil {
		return Account{}, err
	}
	row.ID, err = s.Store.AddAccount(ctx, row, &Link{Hash: hashOf(token), Now: s.now()})
	switch {
	case errors.Is(err, ErrConflict) || errors.Is(err, ErrTaken):
		s.Guard.Failed(key, from, s.Clock.Now())
		return Account{}, errBadLink
	case err != nil:
		return Account{}, err
	}
	return row.Account, nil
}

var errBadLink = refuse(CodeBadLink, "token", "The link was used, is older than a day, or was replaced by the one of a later start: see what the server prints.")
