package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestReplay(t *testing.T) {
	storetest.RunReplay(t, func(t *testing.T) func() storetest.ReplayStore {
		path := filepath.Join(t.TempDir(), "pbx.db")
		return func() storetest.ReplayStore { return open(t, path) }
	})
}
