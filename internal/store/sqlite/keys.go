package sqlite

import (
	"context"
	"database/sql"

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
	{"canary", "directory", "canary", "0", "0", "''"},
	{"licence_key", "licence_key", "secret", "0", "0", "key"},
	{"admin_factor", "admin_account", "secret", "0", "account", "''"},
	{"admin_factor_pending", "admin_account", "pending", "0", "account", "''"},
}

// Sealed implements keys.Store.
func (s *Store) Sealed(ctx context.Context, current []byte, n int) ([]keys.Text, error) {
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	var list []keys.Text
	for _, c := range sealedColumns {
		err := eachRow(ctx, tx, func(row *sql.Rows) error {
			t := keys.Text{Place: c.place}
			err := row.Scan(&t.Domain, &t.Object, &t.ID, &t.Sealed)
			list = append(list, t)
			return err
		}, `SELECT `+c.domain+`, `+c.object+`, `+c.id+`, `+c.column+` FROM `+c.table+`
			WHERE `+c.column+` IS NOT NULL AND substr(`+c.column+`, 1, ?) <> ? LIMIT ?`, len(current), current, n-len(list))
		if err != nil || len(list) == n {
			return list, err
		}
	}
	return list, nil
}

// Reseal implements keys.Store. Revisions stay as they are: nothing has changed
// for anybody.
func (s *Store) Reseal(ctx context.Context, texts []keys.Text) error {
	return s.inTx(ctx, func(w *writer) {
		for _, t := range texts {
			for _, c := range sealedColumns {
				if c.place == t.Place {
					w.exec(`UPDATE `+c.table+` SET `+c.column+` = ? WHERE `+c.column+` = ? AND `+c.domain+` = ? AND `+c.object+` = ? AND `+c.id+` = ?`,
						t.Fresh, t.Sealed, t.Domain, t.Object, t.ID)
				}
			}
		}
	})
}
