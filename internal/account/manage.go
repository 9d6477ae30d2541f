package account

import (
	"context"
	"errors"
	"net/netip"
	"slices"
)

// Draft is an account to be made.
type Draft struct {
	Name     string
	Password string
	Grants   []Grant
}

// Add makes an account with at most the rights of who. Refusals: forbidden,
// bad_name, weak_password, bad_grant, name_taken, too_many.
func (s *Service) Add(ctx context.Context, who Identity, d Draft) (Account, error) {
	grants, err := checkGrants(d.Grants)
	if err != nil {
		return Account{}, err
	}
	d.Grants = grants
	if err := s.mayHandOut(who, grants); err != nil {
		return Account{}, err
	}
	if err := s.full(ctx); err != nil {
		return Account{}, err
	}
	row, err := s.newRow(ctx, d)
	if err != nil {
		return Account{}, err
	}
	row.ID, err = s.Store.AddAccount(ctx, row, nil)
	switch {
	case errors.Is(err, ErrTaken):
		return Account{}, refuse(CodeNameTaken, "name", "There is an administrator of this name already.")
	case errors.Is(err, ErrConflict):
		return Account{}, errChanged
	case err != nil:
		return Account{}, err
	}
	row.Rev = 1
	return row.Account, nil
}

// newRow checks name and password and hashes the latter.
func (s *Service) newRow(ctx context.Context, d Draft) (Row, error) {
	name, err := checkName("name", d.Name)
	if err != nil {
		return Row{}, err
	}
	now := s.now()
	row := Row{Account: Account{Name: name, Grants: d.Grants, Created: now, PasswordChanged: now, Rev: 1}}
	row.Password, err = s.newPassword(ctx, "password", row, d.Password)
	return row, err
}

func (s *Service) full(ctx context.Context) error {
	n, err := s.Store.CountAccounts(ctx)
	if err == nil && n >= maxAccounts {
		err = refuse(CodeTooMany, "", "There are too many accounts.")
	}
	return err
}

// newPassword checks a new password of the account and hashes it.
func (s *Service) newPassword(ctx context.Context, field string, row Row, password string) (string, error) {
	words := parts(row.Name)
	for _, g := range row.Grants {
		words = append(words, g.Org)
		if name, _, ok := s.Tenants.Tenant(g.Domain); ok {
			words = append(words, parts("@" + name)[2:]...)
		}
	}
	if err := checkPassword(field, password, words); err != nil {
		return "", err
	}
	done, err := s.hasher.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return s.hasher.hash(password), nil
}

// Account is the account of the name, if who may see it. Refusal: not_found.
func (s *Service) Account(ctx context.Context, who Identity, name string) (Account, error) {
	row, err := s.visible(ctx, who, name)
	return row.Account, err
}

// Accounts lists what who may see of the accounts behind the name after, by name,
// at most limit. next is where to go on, empty at the end.
func (s *Service) Accounts(ctx context.Context, who Identity, after string, limit int) (list []Account, next string, err error) {
	for {
		rows, err := s.Store.Accounts(ctx, after, limit)
		if err != nil {
			return nil, "", err
		}
		for _, row := range rows {
			after = row.Name
			if s.maySee(who, row) {
				list = append(list, row.Account)
			}
			if len(list) == limit {
				return list, after, nil
			}
		}
		if len(rows) < limit {
			return list, "", nil
		}
	}
}

// visible reads an account that who may see; any other does not exist for who.
func (s *Service) visible(ctx context.Context, who Identity, name string) (Row, error) {
	name, err := checkName("name", name)
	if err != nil {
		return Row{}, errNoAccount
	}
	row, found, err := s.Store.AccountByName(ctx, name)
	switch {
	case err != nil:
		return Row{}, err
	case !found || !s.maySee(who, row):
		return Row{}, errNoAccount
	}
	return row, nil
}

// maySee: whoever may read everything that the account is about, and the account
// itself.
func (s *Service) maySee(who Identity, row Row) bool {
	if who.Account == row.ID && row.ID != 0 || who.May(Read, Scope{}) {
		return true
	}
	return len(row.Grants) > 0 && !slices.ContainsFunc(row.Grants, func(g Grant) bool { return !who.May(Read, s.scopeOf(g)) })
}

// mayManage refuses with forbidden unless who may manage accounts with these
// grants, and has all of them.
func (s *Service) mayManage(who Identity, grants []Grant) error {
	if len(grants) == 0 && !who.May(ManageAccounts, Scope{}) {
		return errForbidden
	}
	for _, g := range grants {
		if !who.May(ManageAccounts, s.scopeOf(g)) || !s.mayGrant(who, g) {
			return errForbidden
		}
	}
	return nil
}

// mayHandOut is mayManage for grants that are new: what they are about must exist.
func (s *Service) mayHandOut(who Identity, grants []Grant) error {
	if err := s.mayManage(who, grants); err != nil {
		return err
	}
	return s.knownDomains(grants)
}

// knownDomains refuses with bad_grant what is about a domain that does not exist.
func (s *Service) knownDomains(grants []Grant) error {
	for _, g := range grants {
		if _, known := s.orgOf(g.Domain); g.Domain != 0 && !known {
			return refuse(CodeBadGrant, "domain", "There is no such domain.")
		}
	}
	return nil
}

// Update is what changes of an account; what is nil stays. Rev is that of the
// account as it was read, 0 for any.
type Update struct {
	Rev      int64
	Grants   *[]Grant
	Disabled *bool
	Password *string
}

// Update changes an account that who manages. A new password and disabling end
// its sessions. Refusals: not_found, forbidden, bad_grant, weak_password,
// conflict, last_operator.
func (s *Service) Update(ctx context.Context, who Identity, name string, u Update) (Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, err := s.managed(ctx, who, name, u.Rev)
	if err != nil {
		return Account{}, err
	}
	c := Change{Row: row}
	if err := s.apply(ctx, who, &c, u); err != nil {
		return Account{}, err
	}
	if u.Grants == nil && u.Password == nil && c.Disabled == row.Disabled {
		return row.Account, nil
	}
	if err := s.operatorLeft(ctx, row, c.Row); err != nil {
		return Account{}, err
	}
	if err := s.Store.ChangeAccount(ctx, c); err != nil {
		return Account{}, changed(err)
	}
	c.Rev++
	return c.Account, nil
}

// apply puts the update into the change.
func (s *Service) apply(ctx context.Context, who Identity, c *Change, u Update) (err error) {
	if u.Grants != nil {
		if c.Grants, err = checkGrants(*u.Grants); err != nil {
			return err
		}
		if err := s.mayHandOut(who, c.Grants); err != nil {
			return err
		}
	}
	if u.Disabled != nil {
		c.EndSessions = *u.Disabled && !c.Disabled
		c.Disabled = *u.Disabled
	}
	if u.Password != nil {
		if c.Password, err = s.newPassword(ctx, "password", c.Row, *u.Password); err != nil {
			return err
		}
		c.PasswordChanged, c.EndSessions = s.now(), true
	}
	return nil
}

// managed reads an account that who manages, at the version rev.
func (s *Service) managed(ctx context.Context, who Identity, name string, rev int64) (Row, error) {
	row, err := s.visible(ctx, who, name)
	if err != nil {
		return Row{}, err
	}
	if err := s.mayManage(who, row.Grants); err != nil {
		return Row{}, err
	}
	if rev != 0 && rev != row.Rev {
		return Row{}, errChanged
	}
	return row, nil
}

// operatorLeft refuses with last_operator a change after which no enabled account
// is an operator, if one was.
func (s *Service) operatorLeft(ctx context.Context, before, after Row) error {
	if !isOperator(before) || isOperator(after) {
		return nil
	}
	list, err := s.Store.Accounts(ctx, "", maxAccounts+1)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(r Row) bool { return r.ID != before.ID && isOperator(r) }) {
		return nil
	}
	return refuse(CodeLastOperator, "", "This is the last operator: make another one first.")
}

func isOperator(r Row) bool {
	return !r.Disabled && slices.Contains(r.Grants, Grant{Role: Operator})
}

// Remove deletes an account that who manages, with its sessions and tokens. rev
// as in Update. Refusals: not_found, forbidden, conflict, last_operator.
func (s *Service) Remove(ctx context.Context, who Identity, name string, rev int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, err := s.managed(ctx, who, name, rev)
	if err != nil {
		return err
	}
	if err := s.operatorLeft(ctx, row, Row{}); err != nil {
		return err
	}
	if err := s.Store.DeleteAccount(ctx, row.ID, row.Rev); err != nil {
		return changed(err)
	}
	return nil
}

// ResetFactor switches the second factor of an account off for somebody who has
// lost it, and ends the sessions. It is for operators. Refusals: not_found,
// forbidden, no_factor, conflict.
func (s *Service) ResetFactor(ctx context.Context, who Identity, name string) error {
	row, err := s.visible(ctx, who, name)
	switch {
	case err != nil:
		return err
	case !who.May(Operate, Scope{}):
		return errForbidden
	case row.Secret == nil && row.Pending == nil:
		return errNoFactor
	}
	if err := s.dropFactor(ctx, row, ""); err != nil {
		return err
	}
	return nil
}

// ChangePassword changes the password of who, who knows the old one, and ends the
// other sessions. Refusals: those of Login, weak_password, forbidden, conflict.
func (s *Service) ChangePassword(ctx context.Context, who Identity, old, fresh string) error {
	if err := own(who); err != nil {
		return err
	}
	from, _ := netip.ParseAddr(who.From)
	p, err := s.prove(ctx, proof{name: who.Name, password: old, from: from})
	if err != nil {
		return err
	}
	if old == fresh {
		return refuse(CodeWeakPassword, "new", "The new password is the old one.")
	}
	row := p.row
	if row.ID != who.Account {
		return errNoAccount // another one of the same name
	}
	if row.Password, err = s.newPassword(ctx, "new", row, fresh); err != nil {
		return err
	}
	row.PasswordChanged = s.now()
	if err := s.Store.ChangeAccount(ctx, Change{Row: row, EndSessions: true, KeepSession: who.Session}); err != nil {
		return changed(err)
	}
	return nil
}
