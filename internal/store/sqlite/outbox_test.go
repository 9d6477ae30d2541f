package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestOutbox(t *testing.T) {
	storetest.RunOutbox(t, func(t *testing.T) func() storetest.OutboxStore {
		path := filepath.Join(t.TempDir(), "pbx.db")
		return func() storetest.OutboxStore { return open(t, path) }
	})
}

// An outbox of the time before keys were looked at is kept whole, and its keys hold.
func TestOutboxOfBefore(t *testing.T) {
	path := freshFile(t)
	db, err := sql.Open("sqlite", path)
	must(t, err)
	storetest.OutboxOfBefore(t, func(query string, args ...any) error {
		_, err := db.ExecContext(t.Context(), query, args...)
		return err
	})
	must(t, db.Close())
	s := open(t, path)
	defer s.Close()
	storetest.KeepsOutboxOfBefore(t, s)
}
