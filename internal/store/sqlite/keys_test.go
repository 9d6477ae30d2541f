package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestKeys(t *testing.T) {
	storetest.RunKeys(t, func(t *testing.T) storetest.Sealed {
		s := open(t, filepath.Join(t.TempDir(), "pbx.db"))
		t.Cleanup(func() { s.Close() })
		return s
	})
}
