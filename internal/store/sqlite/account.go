package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	driver "modernc.org/sqlite"
	result "modernc.org/sqlite/lib"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
)

var _ account.Store = (*Store)(nil)

// inAccountTx is inTx with the answers of account.Store.
func (s *Store) inAccountTx(ctx context.Context, work func(*writer)) error {
	err := s.inTx(ctx, work)
	if e, ok := errors.AsType[*driver.Error](err); ok {
		switch e.Code() {
		case result.SQLITE_CONSTRAINT_UNIQUE, result.SQLITE_CONSTRAINT_PRIMARYKEY:
			return account.ErrTaken
		case result.SQLITE_CONSTRAINT_FOREIGNKEY:
			return account.ErrConflict
		}
	}
	if errors.Is(err, directory.ErrConflict) {
		return account.ErrConflict
	}
	return err
}

// KeepLink implements account.Store.
func (s *Store) KeepLink(ctx context.Context, hash []byte, expires time.Time) (kept bool, err error) {
	err = s.inTx(ctx, func(w *writer) {
		kept = w.exec(`UPDATE admin_setup SET link = ?, expires = ?
			WHERE NOT EXISTS (SELECT 1 FROM admin_account)`, hash, millis(expires)) == 1
	})
	return kept && err == nil, err
}

// AddAccount implements account.Store.
func (s *Store) AddAccount(ctx context.Context, row account.Row, link *account.Link) (id int64, err error) {
	err = s.inAccountTx(ctx, func(w *writer) {
		if link != nil {
			w.one(`UPDATE admin_setup SET link = NULL, expires = 0 WHERE link = ? AND expires > ?
				AND NOT EXISTS (SELECT 1 FROM admin_account)`, link.Hash, millis(link.Now))
		} else {
			w.one(`UPDATE admin_setup SET link = NULL, expires = 0`)
		}
		if w.err == nil {
			w.err = w.tx.QueryRowContext(ctx, `UPDATE admin_setup SET next_id = next_id + 1 RETURNING next_id - 1`).Scan(&id)
		}
		w.one(`INSERT INTO admin_account (account, name, password, grants, disabled, secret, pending, step, created,
			password_changed, last_login, rev) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
			id, row.Name, row.Password, w.grants(row.Grants), row.Disabled, row.Secret, row.Pending, row.Step,
			millis(row.Created), millis(row.PasswordChanged), millis(row.LastLogin))
	})
	return id, err
}

const accountColumns = `a.account, a.name, a.password, a.grants, a.disabled, a.secret, a.pending, a.step, a.created,
	a.password_changed, a.last_login, a.rev, (SELECT count(*) FROM admin_recovery r WHERE r.account = a.account)`

// accountScan is where the columns of an account go.
type accountScan struct {
	id, step, created, changed, login, rev, left sql.NullInt64
	name, password                               sql.NullString
	grants                                       grants
	disabled                                     sql.NullBool
	secret, pending                              []byte
}

func (a *accountScan) into() []any {
	return []any{&a.id, &a.name, &a.password, &a.grants, &a.disabled, &a.secret, &a.pending, &a.step, &a.created,
		&a.changed, &a.login, &a.rev, &a.left}
}

func (a *accountScan) row() account.Row {
	return account.Row{
		Account: account.Account{
			ID: a.id.Int64, Name: a.name.String, Grants: a.grants, Disabled: a.disabled.Bool, Factor: a.secret != nil,
			RecoveryLeft: int(a.left.Int64), Created: timeOf(a.created.Int64), PasswordChanged: timeOf(a.changed.Int64),
			LastLogin: timeOf(a.login.Int64), Rev: a.rev.Int64,
		},
		Password: a.password.String, Secret: a.secret, Pending: a.pending, Step: a.step.Int64,
	}
}

// Account implements account.Store.
func (s *Store) Account(ctx context.Context, id int64) (account.Row, bool, error) {
	return s.accountBy(ctx, `a.account = ?`, id)
}

// AccountByName implements account.Store.
func (s *Store) AccountByName(ctx context.Context, name string) (account.Row, bool, error) {
	return s.accountBy(ctx, `a.name = ?`, name)
}

func (s *Store) accountBy(ctx context.Context, where string, key any) (account.Row, bool, error) {
	var a accountScan
	err := s.reader.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM admin_account a WHERE `+where, key).Scan(a.into()...)
	found, err := some(err)
	return a.row(), found, err
}

// some tells whether there was a row.
func some(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// CountAccounts implements account.Store.
func (s *Store) CountAccounts(ctx context.Context) (n int, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT count(*) FROM admin_account`).Scan(&n)
	return n, err
}

// Accounts implements account.Store.
func (s *Store) Accounts(ctx context.Context, after string, limit int) ([]account.Row, error) {
	var list []account.Row
	err := s.rows(ctx, func(rows *sql.Rows) error {
		var a accountScan
		err := rows.Scan(a.into()...)
		list = append(list, a.row())
		return err
	}, `SELECT `+accountColumns+` FROM admin_account a WHERE a.name > ? ORDER BY a.name LIMIT ?`, after, limit)
	return list, err
}

// rows runs scan for every row of the query.
func (s *Store) rows(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// ChangeAccount implements account.Store.
func (s *Store) ChangeAccount(ctx context.Context, c account.Change) error {
	return s.inAccountTx(ctx, func(w *writer) {
		w.one(`UPDATE admin_account SET password = ?, grants = ?, disabled = ?, password_changed = ?, rev = rev + 1
			WHERE account = ? AND rev = ?`,
			c.Password, w.grants(c.Grants), c.Disabled, millis(c.PasswordChanged), c.ID, c.Rev)
		if c.SetSecret {
			w.one(`UPDATE admin_account SET secret = ?, step = max(step, ?) WHERE account = ?`, c.Secret, c.Step, c.ID)
		}
		if c.SetPending {
			w.one(`UPDATE admin_account SET pending = ? WHERE account = ?`, c.Pending, c.ID)
		}
		if c.SetRecovery {
			w.exec(`DELETE FROM admin_recovery WHERE account = ?`, c.ID)
			for _, hash := range c.Recovery {
				w.one(`INSERT INTO admin_recovery (account, hash) VALUES (?, ?)`, c.ID, hash)
			}
		}
		if c.EndSessions {
			w.exec(`DELETE FROM admin_session WHERE account = ? AND session <> ?`, c.ID, c.KeepSession)
		}
	})
}

// DeleteAccount implements account.Store.
func (s *Store) DeleteAccount(ctx context.Context, id, rev int64) error {
	return s.inAccountTx(ctx, func(w *writer) {
		w.one(`DELETE FROM admin_account WHERE account = ? AND rev = ?`, id, rev) // sessions and codes go with it
		w.exec(`DELETE FROM admin_token WHERE account = ?`, id)
	})
}

// SpendStep implements account.Store.
func (s *Store) SpendStep(ctx context.Context, id, step int64) (bool, error) {
	return s.touched(ctx, `UPDATE admin_account SET step = ?2 WHERE account = ?1 AND step < ?2`, id, step)
}

// SpendRecovery implements account.Store.
func (s *Store) SpendRecovery(ctx context.Context, id int64, hash []byte) (bool, error) {
	return s.touched(ctx, `DELETE FROM admin_recovery WHERE account = ? AND hash = ?`, id, hash)
}

// touched tells whether the statement has found something.
func (s *Store) touched(ctx context.Context, query string, args ...any) (found bool, err error) {
	err = s.inTx(ctx, func(w *writer) { found = w.exec(query, args...) > 0 })
	return found && err == nil, err
}

// AddSession implements account.Store.
func (s *Store) AddSession(ctx context.Context, row account.SessionRow, checked, rehashed string, p account.Prune) error {
	return s.inAccountTx(ctx, func(w *writer) {
		w.one(`UPDATE admin_account SET last_login = ?, password = coalesce(nullif(?, ''), password)
			WHERE account = ? AND password = ? AND disabled = 0`, millis(row.Created), rehashed, row.Account, checked)
		w.exec(`DELETE FROM admin_session WHERE expires <= ? OR used <= ?`, millis(p.Expired), millis(p.Idle))
		w.exec(`DELETE FROM admin_session WHERE session IN (SELECT session FROM admin_session WHERE account = ?
			ORDER BY used DESC, created DESC, session LIMIT -1 OFFSET ?)`, row.Account, p.Keep-1)
		w.one(`INSERT INTO admin_session (session, account, hash, created, used, expires, address, user_agent)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, row.ID, row.Account, row.Hash, millis(row.Created), millis(row.Used),
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
	err := s.reader.QueryRowContext(ctx, `SELECT `+sessionColumns+`, s.hash, `+accountColumns+`
		FROM admin_session s JOIN admin_account a ON a.account = s.account WHERE s.hash = ?`, hash).
		Scan(append(append(into, &e.Hash), a.into()...)...)
	done()
	found, err := some(err)
	return e, a.row(), found, err
}

// TouchSession implements account.Store.
func (s *Store) TouchSession(ctx context.Context, id string, used time.Time) error {
	_, err := s.touched(ctx, `UPDATE admin_session SET used = max(used, ?) WHERE session = ?`, millis(used), id)
	return err
}

// Sessions implements account.Store.
func (s *Store) Sessions(ctx context.Context, of int64) ([]account.Session, error) {
	var list []account.Session
	err := s.rows(ctx, func(rows *sql.Rows) error {
		var e account.Session
		into, done := sessionInto(&e)
		err := rows.Scan(into...)
		done()
		list = append(list, e)
		return err
	}, `SELECT `+sessionColumns+` FROM admin_session s WHERE s.account = ? ORDER BY s.created, s.session`, of)
	return list, err
}

// DeleteSession implements account.Store.
func (s *Store) DeleteSession(ctx context.Context, of int64, id string) (bool, error) {
	return s.touched(ctx, `DELETE FROM admin_session WHERE account = ? AND session = ?`, of, id)
}

// AddToken implements account.Store.
func (s *Store) AddToken(ctx context.Context, t account.TokenRow) error {
	return s.inAccountTx(ctx, func(w *writer) {
		w.one(`INSERT INTO admin_token (token, account, name, hash, grants, created, expires, used)
			SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE ?2 = 0 OR EXISTS (SELECT 1 FROM admin_account WHERE account = ?2)`,
			t.ID, t.Account, t.Name, t.Hash, w.grants(t.Grants), millis(t.Created), millis(t.Expires), millis(t.Used))
	})
}

const tokenColumns = `t.token, t.account, t.name, t.grants, t.created, t.expires, t.used`

func tokenInto(t *account.Token) (into []any, done func()) {
	var created, expires, used int64
	return []any{&t.ID, &t.Account, &t.Name, (*grants)(&t.Grants), &created, &expires, &used}, func() {
		t.Created, t.Expires, t.Used = timeOf(created), timeOf(expires), timeOf(used)
	}
}

// Token implements account.Store.
func (s *Store) Token(ctx context.Context, hash []byte) (account.TokenRow, account.Row, bool, error) {
	var t account.TokenRow
	var a accountScan
	into, done := tokenInto(&t.Token)
	err := s.reader.QueryRowContext(ctx, `SELECT `+tokenColumns+`, t.hash, `+accountColumns+`
		FROM admin_token t LEFT JOIN admin_account a ON a.account = t.account
		WHERE t.hash = ? AND (t.account = 0 OR a.account IS NOT NULL)`, hash).
		Scan(append(append(into, &t.Hash), a.into()...)...)
	done()
	found, err := some(err)
	return t, a.row(), found, err
}

// TouchToken implements account.Store.
func (s *Store) TouchToken(ctx context.Context, id string, used time.Time) error {
	_, err := s.touched(ctx, `UPDATE admin_token SET used = max(used, ?) WHERE token = ?`, millis(used), id)
	return err
}

// Tokens implements account.Store.
func (s *Store) Tokens(ctx context.Context, of int64) ([]account.Token, error) {
	var list []account.Token
	err := s.rows(ctx, func(rows *sql.Rows) error {
		var t account.Token
		into, done := tokenInto(&t)
		err := rows.Scan(into...)
		done()
		list = append(list, t)
		return err
	}, `SELECT `+tokenColumns+` FROM admin_token t WHERE t.account = ?1 OR ?1 < 0 ORDER BY t.account, t.name`, of)
	return list, err
}

// DeleteToken implements account.Store.
func (s *Store) DeleteToken(ctx context.Context, of int64, id string) (bool, error) {
	return s.touched(ctx, `DELETE FROM admin_token WHERE account = ? AND token = ?`, of, id)
}

// grants are a column, as JSON.
type grants []account.Grant

// Scan implements sql.Scanner.
func (g *grants) Scan(src any) error {
	text, _ := src.(string)
	if text == "" || text == "[]" {
		*g = nil
		return nil
	}
	return json.Unmarshal([]byte(text), (*[]account.Grant)(g))
}

func (w *writer) grants(list []account.Grant) string {
	if len(list) == 0 {
		return "[]"
	}
	text, err := json.Marshal(list)
	if w.err == nil {
		w.err = err
	}
	return string(text)
}
