package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
)

// Inspection is what can be seen of a database without changing it.
type Inspection struct {
	Faults       []string // what is damaged; empty: nothing
	Found, Known int64    // version of the tables, and the newest that this program knows
}

// Inspect looks at an SQLite file, which may be in use; the error is fs.ErrNotExist
// if there is none.
func Inspect(ctx context.Context, path string) (i Inspection, err error) {
	if _, err := os.Stat(path); err != nil {
		return i, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return i, err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: "mode=rw&_pragma=busy_timeout(10000)&_pragma=query_only(1)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return i, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if i.Faults, err = faults(ctx, db); err != nil {
		return i, err
	}
	files, err := fs.Sub(sqliteMigrations, "migrations/sqlite")
	if err != nil {
		return i, err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return i, err
	}
	sources := p.ListSources()
	i.Known = sources[len(sources)-1].Version
	err = db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&i.Found)
	return i, err
}

// faults is what SQLite finds damaged.
func faults(ctx context.Context, db *sql.DB) (list []string, err error) {
	rows, err := db.QueryContext(ctx, `PRAGMA quick_check(10)`)
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		if text != "ok" {
			list = append(list, text)
		}
	}
	return list, rows.Err()
}
