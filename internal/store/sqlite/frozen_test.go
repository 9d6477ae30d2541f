package sqlite_test

import (
	"database/sql"
	_ "embed"
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/sqlite"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

//go:embed testdata/v1.sql
var v1 string

func TestFrozenV1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pbx.db")
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.ExecContext(t.Context(), v1)
	must(t, err)
	must(t, db.Close())
	s := open(t, path)
	defer s.Close()
	storetest.Frozen(t, s)
	if old, fresh := schemaOf(t, path), schemaOf(t, freshFile(t)); old != fresh {
		t.Errorf("an old file and a new one differ:\n%s\n%s", old, fresh)
	}
}

func TestNewerTables(t *testing.T) {
	path := freshFile(t)
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	must(t, err)
	if s, err := sqlite.Open(t.Context(), path); directory.CodeOf(err) != directory.CodeNewerStore {
		t.Errorf("opened: %v, %v", s, err)
	}
}

func freshFile(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "pbx.db")
	must(t, open(t, path).Close())
	return path
}

// schemaOf is the text of all tables and indexes but those of the migration tool.
func schemaOf(t *testing.T, path string) (text string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	must(t, db.QueryRowContext(t.Context(),
		`SELECT group_concat(sql, ';' ORDER BY name) FROM sqlite_master WHERE sql <> '' AND name NOT LIKE 'goose%' AND name <> 'sqlite_sequence'`).Scan(&text))
	return text
}
