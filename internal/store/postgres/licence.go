package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/licence"
)

var _ licence.Store = (*Store)(nil)

// Licences implements licence.Store. It never waits for a commit.
func (s *Store) Licences(ctx context.Context, since int64) (rows licence.Rows, err error) {
	head := `SELECT head, begun FROM licence_head`
	var begun int64
	// Nearly always nothing is new: that costs one statement.
	err = s.pool.QueryRow(ctx, head).Scan(&rows.Head, &begun)
	rows.Begun = timeOf(begun)
	if err != nil || rows.Head == since {
		return rows, err
	}
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.pool, snapshot, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, head).Scan(&rows.Head, &begun); err != nil {
			return err
		}
		rows.Begun = timeOf(begun)
		if since > rows.Head {
			since = 0
		}
		rows.Full = since == 0
		r := reader{ctx: ctx, tx: tx, since: since}
		rows.Keys = r.licenceKeys()
		rows.Entitlements = r.entitlements()
		return r.err
	})
	return rows, err
}

func (r *reader) licenceKeys() []licence.KeyRow {
	var list []licence.KeyRow
	r.each(`SELECT key, name, public, secret, made, revoked, rev FROM licence_key WHERE rev > $1`, func(row pgx.Rows) error {
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
	r.each(`SELECT licence, domain, text, installed, revoked, rev FROM licence WHERE rev > $1`, func(row pgx.Rows) error {
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
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		w := &writer{}
		// The lock comes first: everything after it sees all earlier commits.
		err := tx.QueryRow(ctx, `UPDATE licence_head SET head = head + 1, begun = CASE begun WHEN 0 THEN $2 ELSE begun END
			WHERE head = $1 RETURNING head`, b.Head, millis(b.Begun)).Scan(&w.rev)
		if errors.Is(err, pgx.ErrNoRows) {
			return licence.ErrConflict
		}
		if err != nil {
			return err
		}
		w.licences(b)
		return w.send(ctx, tx)
	})
}

func (w *writer) licences(b *licence.Batch) {
	for _, k := range b.Keys {
		w.one(`INSERT INTO licence_key (key, name, public, secret, made, revoked, rev) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (key) DO UPDATE SET secret = excluded.secret, revoked = excluded.revoked, rev = excluded.rev`,
			k.ID, k.Name, k.Public, k.Sealed, millis(k.Made), millis(k.Revoked), w.rev)
	}
	for _, e := range b.Entitlements {
		w.one(`INSERT INTO licence (licence, domain, text, installed, revoked, rev) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (licence) DO UPDATE SET revoked = excluded.revoked, rev = excluded.rev`,
			e.ID, e.Domain, e.Text, millis(e.Installed), millis(e.Revoked), w.rev)
	}
}
