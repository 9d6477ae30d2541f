package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
	"github.com/tandem-switch/tandem/internal/messages/storetest"
)

func openLite(t testing.TB, path string, o sqlstore.Options) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.OpenSQLite(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func(clock.Clock) messages.Store {
		path := filepath.Join(t.TempDir(), "messages.db")
		return func(c clock.Clock) messages.Store { return openLite(t, path, sqlstore.Options{Clock: c}) }
	})
}
