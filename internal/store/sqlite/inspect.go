package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

// Inspection is what a look at a file has found.
type Inspection struct {
	Found, Known int64    // versions of the tables, and of this program
	Canary       []byte   // the text that tells the master key; nil in a new store
	Hosts        []string // host names of the domains
	// Unhosted are the domains in which another object has the name of the hosted
	// Messages object. It is looked for in tables of this version alone.
	Unhosted []string
	Faults   []string // what SQLite finds damaged
}

// Inspect looks at the file at path, whether a server uses it or not, and changes
// nothing: it makes no file and no tables. A missing file is fs.ErrNotExist.
func Inspect(ctx context.Context, path string) (i Inspection, err error) {
	if _, err := os.Stat(path); err != nil {
		return i, err
	}
	dsn, err := dataSource(path)
	if err != nil {
		return i, err
	}
	db, err := sql.Open("sqlite", dsn+"&mode=rw&_pragma=query_only(1)")
	if err != nil {
		return i, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if i.Faults, err = column(ctx, db, `PRAGMA quick_check(10)`); err != nil {
		return i, fmt.Errorf("sqlite: %w", err)
	}
	if len(i.Faults) == 1 && i.Faults[0] == "ok" {
		i.Faults = nil
	}
	if i.Known, err = knownVersion(); err != nil {
		return i, err
	}
	err = db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&i.Found)
	if err != nil || i.Found > i.Known {
		return i, err
	}
	if err := db.QueryRowContext(ctx, `SELECT canary FROM directory`).Scan(&i.Canary); err != nil {
		return i, err
	}
	if i.Hosts, err = column(ctx, db, `SELECT name FROM domain_host WHERE place > 0 ORDER BY name`); err != nil || i.Found < i.Known {
		return i, err
	}
	i.Unhosted, err = column(ctx, db, `SELECT domain.name FROM object JOIN domain ON domain.domain = object.domain
		WHERE object.deleted = 0 AND domain.deleted = 0 AND object.sip_key = 'messages' AND object.kind <> 2 ORDER BY domain.name`)
	return i, err
}

// column is the first column of all rows.
func column(ctx context.Context, db *sql.DB, query string) (list []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, rows.Err()
}

// knownVersion is that of the newest migration.
func knownVersion() (newest int64, err error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		number, _, _ := strings.Cut(path.Base(name), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("sqlite: migration %s: %w", name, err)
		}
		newest = max(newest, n)
	}
	return newest, nil
}
