package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/store/sqlite"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestAuditSuite(t *testing.T) {
	storetest.RunAudit(t, func(t *testing.T) (func() storetest.AuditStore, func(string)) {
		path := freshFile(t)
		db := other(t, path)
		must(t, exec(t, db, `DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete`))
		return func() storetest.AuditStore { return open(t, path) }, func(statements string) {
			t.Helper()
			must(t, exec(t, db, statements))
		}
	})
}

// other opens the file as any other program does.
func other(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func exec(t *testing.T, db *sql.DB, statements string) error {
	_, err := db.ExecContext(t.Context(), statements)
	return err
}

func TestAuditIsAppendOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pbx.db")
	s := open(t, path)
	defer s.Close()
	appendOne(t, s)
	db := other(t, path)
	for _, statement := range []string{`UPDATE audit SET reason = 'x'`, `DELETE FROM audit`} {
		if exec(t, db, statement) == nil {
			t.Errorf("%s was done", statement)
		}
	}
}

func appendOne(t *testing.T, s *sqlite.Store) {
	t.Helper()
	must(t, s.AppendAudit(t.Context(), func(audit.StoredMark) (audit.Row, error) {
		return audit.Row{Number: 1, Previous: make([]byte, 32), Hash: make([]byte, 32)}, nil
	}))
}
