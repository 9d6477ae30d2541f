package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
)

// A lost master key is missed: nothing takes its place, so that the right one
// can be restored.
func testMissingKey(t *testing.T, flags ...string) {
	data := t.TempDir()
	play(t, data, []step{{args: "domain add example.com"}}, flags...)
	key, away := filepath.Join(data, directory.KeyFile), filepath.Join(t.TempDir(), "key")
	if err := os.Rename(key, away); err != nil {
		t.Fatal(err)
	}
	missing := "master key is missing: restore " + key
	play(t, data, []step{
		{args: "user list", code: exitFailed, err: missing},
		{args: "domain add two.example", code: exitFailed, err: missing},
		{args: "serve --listen http://127.0.0.1:0", code: exitFailed, err: missing},
	}, flags...)
	if _, err := os.Stat(key); err == nil {
		t.Fatal("another key was made")
	}
	if err := os.Rename(away, key); err != nil {
		t.Fatal(err)
	}
	play(t, data, []step{{args: "domain list", out: "example.com"}}, flags...)
}

func TestMissingKey(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { testMissingKey(t) })
	t.Run("PostgreSQL", func(t *testing.T) { testMissingKey(t, "--postgres", database(t)) })
}

// A store of a newer program is refused, and not changed.
func TestNewerStore(t *testing.T) {
	data := t.TempDir()
	play(t, data, []step{{args: "domain add example.com"}})
	db, err := sql.Open("sqlite", filepath.Join(data, databaseName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`); err != nil {
		t.Fatal(err)
	}
	play(t, data, []step{
		{args: "domain list", code: exitFailed, err: "version 99"},
		{args: "serve --listen http://127.0.0.1:0", code: exitFailed, err: "newer program"},
	})
}
