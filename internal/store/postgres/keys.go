package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/keys"
)

var _ keys.Store = (*Store)(nil)

// sealed is a column with sealed texts, and what tells its rows apart.
type sealed struct {
	place, table, column string
	domain, object, id   string // expressions
}

// sealedColumns are all columns with sealed texts.
var sealedColumns = []sealed{
	{"object", "object", "secret", "domain", "object", "''"},
	{"session", "session", "secret", "domain", "object", "session"},
	{"canary", "directory", "canary", "0::bigint", "0::bigint", "''"},
	{"licence_key", "licence_key", "secret", "0::bigint", "0::bigint", "key"},
	{"admin_factor", "admin_account", "secret", "0::bigint", "account", "''"},
	{"admin_factor_pending", "admin_account", "pending", "0::bigint", "account", "''"},
}

// Sealed implements keys.Store.
func (s *Store) Sealed(ctx context.Context, current []byte, n int) ([]keys.Text, error) {
	var list []keys.Text
	for _, c := range sealedColumns {
		rows, err := s.pool.Query(ctx, `SELECT `+c.domain+`, `+c.object+`, `+c.id+`, `+c.column+` FROM `+c.table+`
			WHERE `+c.column+` IS NOT NULL AND substr(`+c.column+`, 1, $1) <> $2 LIMIT $3`, len(current), current, n-len(list))
		if err != nil {
			return nil, err
		}
		found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (keys.Text, error) {
			t := keys.Text{Place: c.place}
			return t, row.Scan(&t.Domain, &t.Object, &t.ID, &t.Sealed)
		})
		list = append(list, found...)
		if err != nil || len(list) == n {
			return list, err
		}
	}
	return list, nil
}

// Reseal implements keys.Store. Revisions stay as they are: nothing has changed
// for anybody.
func (s *Store) Reseal(ctx context.Context, texts []keys.Text) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// The lock of Commit, and first as there: the canary lies in the same row, and
		// who takes it behind objects may wait for a commit that waits for one of them.
		if err := lockHead(ctx, tx); err != nil {
			return err
		}
		var w writer
		for _, t := range texts {
			for _, c := range sealedColumns {
				if c.place == t.Place {
					w.any(`UPDATE `+c.table+` SET `+c.column+` = $1 WHERE `+c.column+` = $2 AND `+c.domain+` = $3 AND `+c.object+` = $4 AND `+c.id+` = $5`,
						t.Fresh, t.Sealed, t.Domain, t.Object, t.ID)
				}
			}
		}
		return w.send(ctx, tx)
	})
}
