package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tandem-switch/tandem/internal/directory"
)

// Reserve implements directory.Store.
func (s *Store) Reserve(ctx context.Context, n int) (first int64, err error) {
	err = s.pool.QueryRow(ctx,
		`UPDATE directory SET next_id = next_id + $1 RETURNING next_id - $1`, int64(n)).Scan(&first)
	return first, err
}

// Canary implements directory.Store.
func (s *Store) Canary(ctx context.Context, sealed []byte) (kept []byte, err error) {
	err = s.pool.QueryRow(ctx,
		`UPDATE directory SET canary = coalesce(canary, $1) RETURNING canary`, sealed).Scan(&kept)
	return kept, err
}

// Purge implements directory.Store.
func (s *Store) Purge(ctx context.Context, before time.Time) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE directory SET floor = greatest(floor,
			(SELECT max(rev) FROM session WHERE deleted > 0 AND deleted < $1))`, millis(before))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM session WHERE deleted > 0 AND deleted < $1`, millis(before))
		return err
	})
}

// PurgeObjects implements directory.Store. Empty properties mark what was emptied.
func (s *Store) PurgeObjects(ctx context.Context, before time.Time) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := lockHead(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM device d USING object o WHERE o.domain = d.domain AND o.object = d.object
			AND o.deleted > 0 AND o.deleted < $1`, millis(before))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE object SET num = '', dn = '', cn = '', url = '', apis = '{}', apps = '{}', secret = NULL, home = '', profiles = '', properties = ''
			WHERE deleted > 0 AND deleted < $1 AND properties <> ''`, millis(before))
		return err
	})
}

// lockHead takes the row of the directory, which every transaction that changes more
// than one row of objects, sessions and devices locks first: so they follow one
// another, and no two of them wait for each other.
func lockHead(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT 1 FROM directory FOR UPDATE`)
	return err
}

// Commit implements directory.Store.
func (s *Store) Commit(ctx context.Context, b *directory.Batch) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		w := &writer{}
		// The lock comes first: everything after it sees all earlier commits.
		err := tx.QueryRow(ctx, `UPDATE directory SET head = head + 1 RETURNING head`).Scan(&w.rev)
		if err != nil {
			return err
		}
		if w.batch(b); w.err != nil {
			return w.err
		}
		return w.send(ctx, tx)
	})
	if isTaken(err) {
		return directory.ErrConflict
	}
	return err
}

// isTaken: a unique index or a reference stood against it (class 23).
func isTaken(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && len(e.Code) == 5 && e.Code[:2] == "23"
}

// writer collects the statements of a commit; they are sent together.
type writer struct {
	rev   int64
	queue pgx.Batch
	exact []bool // by statement: must touch exactly one row
	err   error
}

// profiles are JSON, nothing without any.
func (w *writer) profiles(list []directory.Profile) string {
	if len(list) == 0 {
		return ""
	}
	return w.document(list)
}

// document is a value as JSON; a failure stops the commit.
func (w *writer) document(v any) string {
	text, err := json.Marshal(v)
	w.err = errors.Join(w.err, err)
	return string(text)
}

// one adds a statement that finds its row unless that has changed.
func (w *writer) one(query string, args ...any) {
	w.queue.Queue(query, args...)
	w.exact = append(w.exact, true)
}

// any adds a statement that may touch any number of rows.
func (w *writer) any(query string, args ...any) {
	w.queue.Queue(query, args...)
	w.exact = append(w.exact, false)
}

func (w *writer) send(ctx context.Context, tx pgx.Tx) (err error) {
	results := tx.SendBatch(ctx, &w.queue)
	defer func() {
		if closed := results.Close(); err == nil {
			err = closed
		}
	}()
	for _, exact := range w.exact {
		tag, err := results.Exec()
		if err != nil {
			return err
		}
		if exact && tag.RowsAffected() != 1 {
			return directory.ErrConflict
		}
	}
	return nil
}

func (w *writer) batch(b *directory.Batch) {
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
}

func (w *writer) domain(d *directory.DomainRow) {
	if d.Rev == 0 {
		w.one(`INSERT INTO domain (domain, name, is_default, rev, deleted, settings) VALUES ($1, $2, $3, $4, 0, $5)`,
			d.ID, d.Name, d.Default, w.rev, w.document(d.Settings))
	} else {
		w.one(`UPDATE domain SET name = $3, is_default = $4, rev = $5, deleted = $6, settings = $7
			WHERE domain = $1 AND rev = $2 AND deleted = 0
			AND ($6::bigint = 0 OR NOT EXISTS (SELECT 1 FROM object WHERE object.domain = $1 AND object.deleted = 0))`,
			d.ID, d.Rev, d.Name, d.Default, w.rev, millis(d.Deleted), w.document(d.Settings))
		w.any(`DELETE FROM domain_host WHERE domain = $1`, d.ID)
	}
	if !d.Deleted.IsZero() {
		return
	}
	for place, name := range append([]string{d.Name}, d.Hosts...) {
		w.one(`INSERT INTO domain_host (name, domain, place) VALUES ($1, $2, $3)`, name, d.ID, place)
	}
}

func (w *writer) object(o *directory.ObjectRow) {
	if o.Rev == 0 {
		w.one(`INSERT INTO object (domain, object, kind, sip, sip_key, num, dn, cn, guid, disabled, override_cli, apis, url, apps, secret, rev, deleted,
			second_factor, home, node, template, properties, profiles)
			SELECT domain, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, $17, $18, $19, $20, $21, $22
			FROM domain WHERE domain = $1 AND deleted = 0`,
			o.Domain, o.ID, int16(o.Kind), o.SIP, directory.Fold(o.SIP), o.Num, o.DN, o.CN, o.GUID, o.Disabled, o.OverrideCLI,
			some(o.APIs), o.URL, some(o.Apps), o.Secret, w.rev, o.SecondFactor, o.Home, o.Node, o.Template, w.document(o.Properties),
			w.profiles(o.Profiles))
	} else {
		w.one(`UPDATE object SET sip = $4, sip_key = $5, num = $6, dn = $7, cn = $8, disabled = $9, override_cli = $10,
			apis = $11, url = $12, apps = $13, secret = $14, rev = $15, deleted = $16, second_factor = $17, home = $18,
			node = $19, template = $20, properties = $21, profiles = $23
			WHERE domain = $1 AND object = $2 AND rev = $3 AND (deleted > 0) = $22`,
			o.Domain, o.ID, o.Rev, o.SIP, directory.Fold(o.SIP), o.Num, o.DN, o.CN, o.Disabled, o.OverrideCLI,
			some(o.APIs), o.URL, some(o.Apps), o.Secret, w.rev, millis(o.Deleted), o.SecondFactor, o.Home,
			o.Node, o.Template, w.document(o.Properties), o.Restore, w.profiles(o.Profiles))
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
		w.any(`DELETE FROM device WHERE domain = $1 AND object = $2`, o.Domain, o.ID)
	}
	for place, dev := range o.Devices {
		w.one(`INSERT INTO device (domain, object, hw_key, hw, text, app, single_reg, place, admin, no_filter, tls, no_mob, trusted)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			o.Domain, o.ID, directory.Fold(dev.HW), dev.HW, dev.Text, dev.App, dev.SingleReg, place,
			dev.Admin, dev.NoFilter, dev.TLS, dev.NoMob, dev.Trusted)
	}
}

// endSessions leaves tombstones.
func (w *writer) endSessions(o *directory.ObjectRow) {
	if o.EndSessions.IsZero() {
		return
	}
	w.any(`UPDATE session SET deleted = $3, rev = $4, secret = NULL, token = '' WHERE domain = $1 AND object = $2 AND deleted = 0`,
		o.Domain, o.ID, millis(o.EndSessions), w.rev)
}

func (w *writer) session(s *directory.SessionRow) {
	if s.Rev == 0 {
		w.one(`INSERT INTO session (domain, object, session, user_agent, created, used, code, pending, token, wake, secret, rev, deleted)
			SELECT domain, object, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0
			FROM object WHERE domain = $1 AND object = $2 AND deleted = 0`,
			s.Owner.Domain, s.Owner.Object, s.ID, s.UserAgent, millis(s.Created), millis(s.Used), s.Code, s.NeedsAuthorization,
			s.Token, some(s.Wake), s.Secret, w.rev)
		return
	}
	w.one(`UPDATE session SET used = $5, code = $6, pending = $7, token = $8, wake = $9, secret = $10, rev = $11, deleted = $12
		WHERE domain = $1 AND object = $2 AND session = $3 AND rev = $4 AND deleted = 0`,
		s.Owner.Domain, s.Owner.Object, s.ID, s.Rev, millis(s.Used), s.Code, s.NeedsAuthorization,
		s.Token, some(s.Wake), s.Secret, w.rev, millis(s.Deleted))
}
