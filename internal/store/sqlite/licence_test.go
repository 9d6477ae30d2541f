package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestLicences(t *testing.T) {
	storetest.RunLicence(t, func(t *testing.T) func() storetest.LicenceStore {
		path := filepath.Join(t.TempDir(), "pbx.db")
		return func() storetest.LicenceStore { return open(t, path) }
	})
}
