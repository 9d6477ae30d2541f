package postgres_test

import (
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/store/sqlite"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

// A backup of one engine is restored into the other.
func TestBackup(t *testing.T) {
	dsn := server(t)
	here := func(t *testing.T) storetest.Copied {
		s := open(t, schema(t, dsn))
		t.Cleanup(func() { s.Close() })
		return s
	}
	there := func(t *testing.T) storetest.Copied {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "pbx.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	t.Run("from PostgreSQL to SQLite", func(t *testing.T) { storetest.RunBackup(t, here, there) })
	t.Run("from SQLite to PostgreSQL", func(t *testing.T) { storetest.RunBackup(t, there, here) })
}
