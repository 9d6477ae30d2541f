package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	driver "modernc.org/sqlite"
	result "modernc.org/sqlite/lib"

	"github.com/tandem-switch/tandem/internal/directory"
)

// Reserve implements directory.Store.
func (s *Store) Reserve(ctx context.Context, n int) (first int64, err error) {
	err = s.writer.QueryRowContext(ctx,
		`UPDATE directory SET next_id = next_id + ?1 RETURNING next_id - ?1`, n).Scan(&first)
	return first, err
}

// Canary implements directory.Store.
func (s *Store) Canary(ctx context.Context, sealed []byte) (kept []byte, err error) {
	err = s.writer.QueryRowContext(ctx,
		`UPDATE directory SET canary = coalesce(canary, ?) RETURNING canary`, sealed).Scan(&kept)
	return kept, err
}

// Purge implements directory.Store.
func (s *Store) Purge(ctx context.Context, before time.Time) error {
	return s.inTx(ctx, func(w *writer) {
		w.exec(`UPDATE directory SET floor = max(floor, coalesce(
			(SELECT max(rev) FROM session WHERE deleted > 0 AND deleted < ?1), 0))`, millis(before))
		w.exec(`DELETE FROM session WHERE deleted > 0 AND deleted < ?1`, millis(before))
	})
}

// PurgeObjects implements directory.Store. Empty properties mark what was emptied.
func (s *Store) PurgeObjects(ctx context.Context, before time.Time) error {
	return s.inTx(ctx, func(w *writer) {
		w.exec(`DELETE FROM device WHERE EXISTS (SELECT 1 FROM object o WHERE o.domain = device.domain AND o.object = device.object
			AND o.deleted > 0 AND o.deleted < ?1)`, millis(before))
		w.exec(`UPDATE object SET num = '', dn = '', cn = '', url = '', apis = '[]', apps = '[]', secret = NULL, home = '', profiles = '', properties = ''
			WHERE deleted > 0 AND deleted < ?1 AND properties <> ''`, millis(before))
	})
}

// Commit implements directory.Store.
func (s *Store) Commit(ctx context.Context, b *directory.Batch) error {
	err := s.inTx(ctx, func(w *writer) {
		w.err = w.tx.QueryRowContext(ctx, `UPDATE directory SET head = head + 1 RETURNING head`).Scan(&w.rev)
		for d := range b.DomainsGone(false) {
			w.domain(d)
		}
		for i := range b.Objects {
			w.object(&b.Objects[i])
		}
		for i := range b.Sessions {
			w.session(&b.Sessions[i])
		}
		for d := range b.DomainsGone(true) {
			w.domain(d)
		}
	})
	if isTaken(err) {
		return directory.ErrConflict
	}
	return err
}

// isTaken: a unique index or a reference stood against it.
func isTaken(err error) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && e.Code()&0xff == result.SQLITE_CONSTRAINT
}

// inTx holds the write lock from before work begins until it is committed, or
// rolled back if work leaves an error.
func (s *Store) inTx(ctx context.Context, work func(*writer)) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	w := &writer{ctx: ctx, tx: tx}
	if work(w); w.err != nil {
		return errors.Join(w.err, tx.Rollback())
	}
	return tx.Commit()
}

// writer writes rows one after the other; the first error makes it idle.
type writer struct {
	ctx context.Context
	tx  *sql.Tx
	rev int64
	err error
}

// exec returns the number of rows that the statement touched.
func (w *writer) exec(query string, args ...any) (touched int64) {
	if w.err != nil {
		return 0
	}
	var res sql.Result
	if res, w.err = w.tx.ExecContext(w.ctx, query, args...); w.err != nil {
		return 0
	}
	touched, w.err = res.RowsAffected()
	return touched
}

// one is exec for a statement that finds its row unless that has changed.
func (w *writer) one(query string, args ...any) {
	if touched := w.exec(query, args...); w.err == nil && touched != 1 {
		w.err = directory.ErrConflict
	}
}

func (w *writer) domain(d *directory.DomainRow) {
	if d.Rev == 0 {
		w.one(`INSERT INTO domain (domain, name, is_default, settings, rev, deleted) VALUES (?, ?, ?, ?, ?, 0)`,
			d.ID, d.Name, d.Default, w.document(d.Settings), w.rev)
	} else {
		w.one(`UPDATE domain SET name = ?3, is_default = ?4, rev = ?5, deleted = ?6, settings = ?7
			WHERE domain = ?1 AND rev = ?2 AND deleted = 0
			AND (?6 = 0 OR NOT EXISTS (SELECT 1 FROM object WHERE object.domain = ?1 AND object.deleted = 0))`,
			d.ID, d.Rev, d.Name, d.Default, w.rev, millis(d.Deleted), w.document(d.Settings))
		w.exec(`DELETE FROM domain_host WHERE domain = ?`, d.ID)
	}
	if !d.Deleted.IsZero() {
		return
	}
	for place, name := range append([]string{d.Name}, d.Hosts...) {
		w.one(`INSERT INTO domain_host (name, domain, place) VALUES (?, ?, ?)`, name, d.ID, place)
	}
}

func (w *writer) object(o *directory.ObjectRow) {
	apis, apps, properties, profiles := w.column(o.APIs), w.column(o.Apps), w.document(o.Properties), w.profiles(o.Profiles)
	if o.Rev == 0 {
		w.one(`INSERT INTO object (domain, object, kind, sip, sip_key, num, dn, cn, guid, disabled, override_cli, second_factor,
			apis, url, apps, secret, home, profiles, node, template, properties, rev, deleted)
			SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0
			WHERE EXISTS (SELECT 1 FROM domain WHERE domain = ? AND deleted = 0)`,
			o.Domain, o.ID, o.Kind, o.SIP, directory.Fold(o.SIP), o.Num, o.DN, o.CN, o.GUID, o.Disabled, o.OverrideCLI,
			o.SecondFactor, apis, o.URL, apps, o.Secret, o.Home, profiles, o.Node, o.Template, properties, w.rev, o.Domain)
	} else {
		w.one(`UPDATE object SET sip = ?, sip_key = ?, num = ?, dn = ?, cn = ?, disabled = ?, override_cli = ?,
			second_factor = ?, apis = ?, url = ?, apps = ?, secret = ?, home = ?, profiles = ?, node = ?, template = ?, properties = ?, rev = ?, deleted = ?
			WHERE domain = ? AND object = ? AND rev = ? AND (deleted > 0) = ?`,
			o.SIP, directory.Fold(o.SIP), o.Num, o.DN, o.CN, o.Disabled, o.OverrideCLI,
			o.SecondFactor, apis, o.URL, apps, o.Secret, o.Home, profiles, o.Node, o.Template, properties, w.rev, millis(o.Deleted),
			o.Domain, o.ID, o.Rev, o.Restore)
	}
	w.devices(o)
	w.endSessions(o)
}

// devices of a deleted object stay, for its restoration.
func (w *writer) devices(o *directory.ObjectRow) {
	if !o.Deleted.IsZero() {
		return
	}
	if o.Rev != 0 {
		w.exec(`DELETE FROM device WHERE domain = ? AND object = ?`, o.Domain, o.ID)
	}
	for place, dev := range o.Devices {
		w.one(`INSERT INTO device (domain, object, hw_key, hw, text, app, single_reg, admin, no_filter, tls, no_mob, trusted, place)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			o.Domain, o.ID, directory.Fold(dev.HW), dev.HW, dev.Text, dev.App, dev.SingleReg,
			dev.Admin, dev.NoFilter, dev.TLS, dev.NoMob, dev.Trusted, place)
	}
}

// endSessions leaves tombstones.
func (w *writer) endSessions(o *directory.ObjectRow) {
	if o.EndSessions.IsZero() {
		return
	}
	w.exec(`UPDATE session SET deleted = ?, rev = ?, secret = NULL, token = '' WHERE domain = ? AND object = ? AND deleted = 0`,
		millis(o.EndSessions), w.rev, o.Domain, o.ID)
}

func (w *writer) session(s *directory.SessionRow) {
	wake := w.column(s.Wake)
	if s.Rev == 0 {
		w.one(`INSERT INTO session (domain, object, session, user_agent, created, used, code, pending, token, wake, secret, rev, deleted)
			SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0
			WHERE EXISTS (SELECT 1 FROM object WHERE domain = ? AND object = ? AND deleted = 0)`,
			s.Owner.Domain, s.Owner.Object, s.ID, s.UserAgent, millis(s.Created), millis(s.Used), s.Code, s.NeedsAuthorization,
			s.Token, wake, s.Secret, w.rev, s.Owner.Domain, s.Owner.Object)
		return
	}
	w.one(`UPDATE session SET used = ?, code = ?, pending = ?, token = ?, wake = ?, secret = ?, rev = ?, deleted = ?
		WHERE domain = ? AND object = ? AND session = ? AND rev = ? AND deleted = 0`,
		millis(s.Used), s.Code, s.NeedsAuthorization, s.Token, wake, s.Secret, w.rev, millis(s.Deleted),
		s.Owner.Domain, s.Owner.Object, s.ID, s.Rev)
}

// profiles are JSON, nothing without any.
func (w *writer) profiles(list []directory.Profile) string {
	if len(list) == 0 {
		return ""
	}
	return w.document(list)
}

// document is a value as JSON.
func (w *writer) document(v any) string {
	text, err := json.Marshal(v)
	if w.err == nil {
		w.err = err
	}
	return string(text)
}

func (w *writer) column(list []string) string {
	text, err := texts(list).column()
	if w.err == nil {
		w.err = err
	}
	return text
}
