package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/tandem-switch/tandem/internal/licence"
)

var _ licence.Store = (*Store)(nil)

// Licences implements licence.Store.
func (s *Store) Licences(ctx context.Context, since int64) (licence.Rows, error) {
	var rows licence.Rows
	var begun int64
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return rows, err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	err = tx.QueryRowContext(ctx, `SELECT head, begun FROM licence_head`).Scan(&rows.Head, &begun)
	rows.Begun = timeOf(begun)
	if err != nil || rows.Head == since {
		return rows, err
	}
	if since > rows.Head {
		since = 0
	}
	rows.Full = since == 0
	r := reader{ctx: ctx, tx: tx, since: since}
	rows.Keys = r.licenceKeys()
	rows.Entitlements = r.entitlements()
	return rows, r.err
}

func (r *reader) licenceKeys() []licence.KeyRow {
	var list []licence.KeyRow
	r.each(`SELECT key, name, public, secret, made, revoked, rev FROM licence_key WHERE rev > ?1`, func(row *sql.Rows) error {
		var k licence.KeyRow
		var made, revoked int64
		err := row.Scan(&k.ID, &k.Name, &k.Public, &k.Sealed, &made, &revoked, &k.Rev)
		k.Made, k.Revoked = timeOf(made), timeOf(revoked)
		list = append(list, k)
		return err
	})
	return list
}

func (r *reader) entitlements() []licence.EntitlementRow {
	var list []licence.EntitlementRow
	r.each(`SELECT licence, domain, text, installed, revoked, rev FROM licence WHERE rev > ?1`, func(row *sql.Rows) error {
		var e licence.EntitlementRow
		var installed, revoked int64
		err := row.Scan(&e.ID, &e.Domain, &e.Text, &installed, &revoked, &e.Rev)
		e.Installed, e.Revoked = timeOf(installed), timeOf(revoked)
		list = append(list, e)
		return err
	})
	return list
}

// CommitLicences implements licence.Store.
func (s *Store) CommitLicences(ctx context.Context, b *licence.Batch) error {
	return s.inTx(ctx, func(w *writer) {
		w.err = w.tx.QueryRowContext(ctx, `UPDATE licence_head SET head = head + 1, begun = CASE begun WHEN 0 THEN ?2 ELSE begun END
			WHERE head = ?1 RETURNING head`, b.Head, millis(b.Begun)).Scan(&w.rev)
		if errors.Is(w.err, sql.ErrNoRows) {
			w.err = licence.ErrConflict
		}
		for _, k := range b.Keys {
			w.exec(`INSERT INTO licence_key (key, name, public, secret, made, revoked, rev) VALUES (?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (key) DO UPDATE SET secret = excluded.secret, revoked = excluded.revoked, rev = excluded.rev`,
				k.ID, k.Name, k.Public, k.Sealed, millis(k.Made), millis(k.Revoked), w.rev)
		}
		for _, e := range b.Entitlements {
			w.exec(`INSERT INTO licence (licence, domain, text, installed, revoked, rev) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT (licence) DO UPDATE SET revoked = excluded.revoked, rev = excluded.rev`,
				e.ID, e.Domain, e.Text, millis(e.Installed), millis(e.Revoked), w.rev)
		}
	})
}
