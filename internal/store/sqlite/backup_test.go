package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestBackup(t *testing.T) {
	fresh := func(t *testing.T) storetest.Copied {
		s := open(t, filepath.Join(t.TempDir(), "pbx.db"))
		t.Cleanup(func() { s.Close() })
		return s
	}
	storetest.RunBackup(t, fresh, fresh)
}
