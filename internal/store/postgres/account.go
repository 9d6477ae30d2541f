package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tandem-switch/tandem/internal/account"
)

var _ account.Store = (*Store)(nil)

// The classes of what stands against a row.
const (
	uniqueViolation     = "23505"
	foreignKeyViolation = "23503"
)

// inAccountTx runs work in a transaction and gives its errors as account.Store
// says.
func (s *Store) inAccountTx(ctx context.Context, work func(*accountTx)) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		w := &accountTx{ctx: ctx, tx: tx}
		work(w)
		return w.err
	})
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case uniqueViolation:
			return account.ErrTaken
		case foreignKeyViolation:
			return account.ErrConflict
		}
	}
	return err
}

// accountTx runs statements one after the other; the first error makes it idle.
type accountTx struct {
	ctx context.Context
	tx  pgx.Tx
	err error
}

// exec returns the number of rows that the statement touched.
func (w *accountTx) exec(query string, args ...any) int64 {
	if w.err != nil {
		return 0
	}
	tag, err := w.tx.Exec(w.ctx, query, args...)
	w.err = err
	return tag.RowsAffected()
}

// one is exec for a statement that finds its row unless that has changed.
func (w *accountTx) one(query string, args ...any) {
	if touched := w.exec(query, args...); w.err == nil && touched != 1 {
		w.err = account.ErrConflict
	}
}

// KeepLink implements account.Store.
func (s *Store) KeepLink(ctx context.Context, hash []byte, expires time.Time) (bool, error) {
	return s.touched(ctx, `UPDATE admin_setup SET link = $1, expires = $2
		WHERE NOT EXISTS (SELECT 1 FROM admin_account)`, hash, millis(expires))
}

// AddAccount implements account.Store. The row of admin_setup is locked first: of
// several accounts that are added at once, one is the first.
func (s *Store) AddAccount(ctx context.Context, row account.Row, link *account.Link) (id int64, err error) {
	list, err := grantsColumn(row.Grants)
	if err != nil {
		return 0, err
	}
	err = s.inAccountTx(ctx, func(w *accountTx) {
		w.exec(`SELECT 1 FROM admin_setup FOR UPDATE`)
		if link != nil {
			w.one(`UPDATE admin_setup SET link = NULL, expires = 0 WHERE link = $1 AND expires > $2
				AND NOT EXISTS (SELECT 1 FROM admin_account)`, link.Hash, millis(link.Now))
		} else {
			w.one(`UPDATE admin_setup SET link = NULL, expires = 0`)
		}
		if w.err == nil {
			w.err = w.tx.QueryRow(ctx, `UPDATE admin_setup SET next_id = next_id + 1 RETURNING next_id - 1`).Scan(&id)
		}
		w.one(`INSERT INTO admin_account (account, name, password, grants, disabled, secret, pending, step, created,
			password_changed, last_login, rev) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)`,
			id, row.Name, row.Password, list, row.Disabled, row.Secret, row.Pending, row.Step,
			millis(row.Created), millis(row.PasswordChanged), millis(row.LastLogin))
	})
	return id, err
}

const accountColumns = `a.account, a.name, a.password, a.grants, a.disabled, a.secret, a.pending, a.step, a.created,
	a.password_changed, a.last_login, a.rev, (SELECT count(*) FROM admin_recovery r WHERE r.account = a.account)`

// accountScan is where the columns of an account go. They are null where a token
// belongs to no account.
type accountScan struct {
	id, step, created, changed, login, rev, left *int64
	name, password, grants                       *string
	disabled                                     *bool
	secret, pending                              []byte
}

func (a *accountScan) into() []any {
	return []any{&a.id, &a.name, &a.password, &a.grants, &a.disabled, &a.secret, &a.pending, &a.step, &a.created,
		&a.changed, &a.login, &a.rev, &a.left}
}

func (a *accountScan) row() (account.Row, error) {
	if a.id == nil {
		return account.Row{}, nil
	}
	list, err := grantsOf(*a.grants)
	return account.Row{
		Account: account.Account{
			ID: *a.id, Name: *a.name, Grants: list, Disabled: *a.disabled, Factor: a.secret != nil,
			RecoveryLeft: int(*a.left), Created: timeOf(*a.created), PasswordChanged: timeOf(*a.changed),
			LastLogin: timeOf(*a.login), Rev: *a.rev,
		},
		Password: *a.password, Secret: a.secret, Pending: a.pending, Step: *a.step,
	}, err
}

// Account implements account.Store.
func (s *Store) Account(ctx context.Context, id int64) (account.Row, bool, error) {
	return s.accountBy(ctx, `a.account = $1`, id)
}

// AccountByName implements account.Store.
func (s *Store) AccountByName(ctx context.Context, name string) (account.Row, bool, error) {
	return s.accountBy(ctx, `a.name = $1`, name)
}

func (s *Store) accountBy(ctx context.Context, where string, key any) (account.Row, bool, error) {
	var a accountScan
	err := s.pool.QueryRow(ctx, `SELECT `+accountColumns+` FROM admin_account a WHERE `+where, key).Scan(a.into()...)
	return found(&a, err)
}

// found is the account if there was a row.
func found(a *accountScan, err error) (account.Row, bool, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return account.Row{}, false, nil
	}
	if err != nil {
		return account.Row{}, false, err
	}
	row, err := a.row()
	return row, err == nil, err
}

// CountAccounts implements account.Store.
func (s *Store) CountAccounts(ctx context.Context) (n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*) FROM admin_account`).Scan(&n)
	return n, err
}

// Accounts implements account.Store.
func (s *Store) Accounts(ctx context.Context, after string, limit int) ([]account.Row, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+accountColumns+` FROM admin_account a WHERE a.name > $1 ORDER BY a.name LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (account.Row, error) {
		var a accountScan
		if err := row.Scan(a.into()...); err != nil {
			return account.Row{}, err
		}
		return a.row()
	})
}

// ChangeAccount implements account.Store.
func (s *Store) ChangeAccount(ctx context.Context, c account.Change) error {
	list, err := grantsColumn(c.Grants)
	if err != nil {
		return err
	}
	return s.inAccountTx(ctx, func(w *accountTx) {
		w.one(`UPDATE admin_account SET password = $3, grants = $4, disabled = $5, password_changed = $6, rev = rev + 1
			WHERE account = $1 AND rev = $2`,
			c.ID, c.Rev, c.Password, list, c.Disabled, millis(c.PasswordChanged))
		if c.SetSecret {
			w.one(`UPDATE admin_account SET secret = $2, step = greatest(step, $3) WHERE account = $1`, c.ID, c.Secret, c.Step)
		}
		if c.SetPending {
			w.one(`UPDATE admin_account SET pending = $2 WHERE account = $1`, c.ID, c.Pending)
		}
		if c.SetRecovery {
			w.exec(`DELETE FROM admin_recovery WHERE account = $1`, c.ID)
			for _, hash := range c.Recovery {
				w.one(`INSERT INTO admin_recovery (account, hash) VALUES ($1, $2)`, c.ID, hash)
			}
		}
		if c.EndSessions {
			w.exec(`DELETE FROM admin_session WHERE account = $1 AND session <> $2`, c.ID, c.KeepSession)
		}
	})
}

// DeleteAccount implements account.Store.
func (s *Store) DeleteAccount(ctx context.Context, id, rev int64) error {
	return s.inAccountTx(ctx, func(w *accountTx) {
		w.one(`DELETE FROM admin_account WHERE account = $1 AND rev = $2`, id, rev) // sessions and codes go with it
		w.exec(`DELETE FROM admin_token WHERE account = $1`, id)
	})
}

// SpendStep implements account.Store.
func (s *Store) SpendStep(ctx context.Context, id, step int64) (bool, error) {
	return s.touched(ctx, `UPDATE admin_account SET step = $2 WHERE account = $1 AND step < $2`, id, step)
}

// SpendRecovery implements account.Store.
func (s *Store) SpendRecovery(ctx context.Context, id int64, hash []byte) (bool, error) {
	return s.touched(ctx, `DELETE FROM admin_recovery WHERE account = $1 AND hash = $2`, id, hash)
}

// touched tells whether the statement has found something.
func (s *Store) touched(ctx context.Context, query string, args ...any) (bool, error) {
	tag, err := s.pool.Exec(ctx, query, args...)
	return err == nil && tag.RowsAffected() > 0, err
}

// AddSession implements account.Store. The row of the account is locked first, so
// that no session of an old password is left when that is changed at the same time.
func (s *Store) AddSession(ctx context.Context, row account.SessionRow, checked, rehashed string, p account.Prune) error {
	return s.inAccountTx(ctx, func(w *accountTx) {
		w.one(`UPDATE admin_account SET last_login = $1, password = coalesce(nullif($2, ''), password)
			WHERE account = $3 AND password = $4 AND NOT disabled`, millis(row.Created), rehashed, row.Account, checked)
		w.exec(`DELETE FROM admin_session WHERE expires <= $1 OR used <= $2`, millis(p.Expired), millis(p.Idle))
		w.exec(`DELETE FROM admin_session WHERE session IN (SELECT session FROM admin_session WHERE account = $1
			ORDER BY used DESC, created DESC, session OFFSET $2)`, row.Account, p.Keep-1)
		w.one(`INSERT INTO admin_session (session, account, hash, created, used, expires, address, user_agent)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, row.ID, row.Account, row.Hash, millis(row.Created), millis(row.Used),
			millis(row.Expires), row.From, row.UserAgent)
	})
}

const sessionColumns = `s.session, s.account, s.created, s.used, s.expires, s.address, s.user_agent`

func sessionInto(e *account.Session) (into []any, done func()) {
	var created, used, expires int64
	return []any{&e.ID, &e.Account, &created, &used, &expires, &e.From, &e.UserAgent}, func() {
		e.Created, e.Used, e.Expires = timeOf(created), timeOf(used), timeOf(expires)
	}
}

// Session implements account.Store.
func (s *Store) Session(ctx context.Context, hash []byte) (account.SessionRow, account.Row, bool, error) {
	var e account.SessionRow
	var a accountScan
	into, done := sessionInto(&e.Session)
	err := s.pool.QueryRow(ctx, `SELECT `+sessionColumns+`, s.hash, `+accountColumns+`
		FROM admin_session s JOIN admin_account a ON a.account = s.account WHERE s.hash = $1`, hash).
		Scan(append(append(into, &e.Hash), a.into()...)...)
	done()
	row, ok, err := found(&a, err)
	return e, row, ok, err
}

// TouchSession implements account.Store.
func (s *Store) TouchSession(ctx context.Context, id string, used time.Time) error {
	_, err := s.touched(ctx, `UPDATE admin_session SET used = greatest(used, $1) WHERE session = $2`, millis(used), id)
	return err
}

// Sessions implements account.Store.
func (s *Store) Sessions(ctx context.Context, of int64) ([]account.Session, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+sessionColumns+` FROM admin_session s WHERE s.account = $1 ORDER BY s.created, s.session`, of)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e account.Session, err error) {
		into, done := sessionInto(&e)
		err = row.Scan(into...)
		done()
		return e, err
	})
}

// DeleteSession implements account.Store.
func (s *Store) DeleteSession(ctx context.Context, of int64, id string) (bool, error) {
	return s.touched(ctx, `DELETE FROM admin_session WHERE account = $1 AND session = $2`, of, id)
}

// AddToken implements account.Store.
func (s *Store) AddToken(ctx context.Context, t account.TokenRow) error {
	list, err := grantsColumn(t.Grants)
	if err != nil {
		return err
	}
	return s.inAccountTx(ctx, func(w *accountTx) {
		if t.Account != 0 {
			w.one(`SELECT 1 FROM admin_account WHERE account = $1 FOR KEY SHARE`, t.Account)
		}
		w.one(`INSERT INTO admin_token (token, account, name, hash, grants, created, expires, used)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			t.ID, t.Account, t.Name, t.Hash, list, millis(t.Created), millis(t.Expires), millis(t.Used))
	})
}

const tokenColumns = `t.token, t.account, t.name, t.grants, t.created, t.expires, t.used`

func tokenInto(t *account.Token) (into []any, done func() error) {
	var created, expires, used int64
	var list string
	return []any{&t.ID, &t.Account, &t.Name, &list, &created, &expires, &used}, func() (err error) {
		t.Created, t.Expires, t.Used = timeOf(created), timeOf(expires), timeOf(used)
		t.Grants, err = grantsOf(list)
		return err
	}
}

// Token implements account.Store.
func (s *Store) Token(ctx context.Context, hash []byte) (account.TokenRow, account.Row, bool, error) {
	var t account.TokenRow
	var a accountScan
	into, done := tokenInto(&t.Token)
	err := s.pool.QueryRow(ctx, `SELECT `+tokenColumns+`, t.hash, `+accountColumns+`
		FROM admin_token t LEFT JOIN admin_account a ON a.account = t.account
		WHERE t.hash = $1 AND (t.account = 0 OR a.account IS NOT NULL)`, hash).
		Scan(append(append(into, &t.Hash), a.into()...)...)
	if err == nil {
		err = done()
	}
	row, ok, err := found(&a, err)
	return t, row, ok, err
}

// TouchToken implements account.Store.
func (s *Store) TouchToken(ctx context.Context, id string, used time.Time) error {
	_, err := s.touched(ctx, `UPDATE admin_token SET used = greatest(used, $1) WHERE token = $2`, millis(used), id)
	return err
}

// Tokens implements account.Store.
func (s *Store) Tokens(ctx context.Context, of int64) ([]account.Token, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+tokenColumns+` FROM admin_token t WHERE t.account = $1 OR $1 < 0 ORDER BY t.account, t.name`, of)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (t account.Token, err error) {
		into, done := tokenInto(&t)
		if err := row.Scan(into...); err != nil {
			return t, err
		}
		return t, done()
	})
}

// DeleteToken implements account.Store.
func (s *Store) DeleteToken(ctx context.Context, of int64, id string) (bool, error) {
	return s.touched(ctx, `DELETE FROM admin_token WHERE account = $1 AND token = $2`, of, id)
}

// grantsOf and grantsColumn turn grants from and to a column, as JSON.
func grantsOf(text string) (list []account.Grant, err error) {
	if text == "[]" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(text), &list)
	return list, err
}

func grantsColumn(list []account.Grant) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal(list)
	return string(text), err
}
