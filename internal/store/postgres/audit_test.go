package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestAuditSuite(t *testing.T) {
	dsn := server(t)
	storetest.RunAudit(t, func(t *testing.T) (func() storetest.AuditStore, func(string)) {
		dsn := schema(t, dsn)
		open(t, dsn).Close()
		exec := other(t, dsn)
		tamper := func(statements string) {
			t.Helper()
			if err := exec(statements); err != nil {
				t.Fatalf("%s: %v", statements, err)
			}
		}
		tamper(`ALTER TABLE audit DISABLE TRIGGER USER`)
		return func() storetest.AuditStore { return open(t, dsn) }, tamper
	})
}

// other connects as any other program does.
func other(t *testing.T, dsn string) (exec func(statements string) error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	return func(statements string) error {
		_, err := conn.Exec(t.Context(), statements)
		return err
	}
}

func TestAuditIsAppendOnly(t *testing.T) {
	dsn := schema(t, server(t))
	s := open(t, dsn)
	defer s.Close()
	err := s.AppendAudit(t.Context(), func(audit.StoredMark) (audit.Row, error) {
		return audit.Row{Number: 1, Previous: make([]byte, 32), Hash: make([]byte, 32)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	exec := other(t, dsn)
	for _, statement := range []string{`UPDATE audit SET reason = 'x'`, `DELETE FROM audit`, `TRUNCATE audit`} {
		if exec(statement) == nil {
			t.Errorf("%s was done", statement)
		}
	}
}
