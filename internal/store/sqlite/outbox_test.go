package sqlite_test

import (
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
