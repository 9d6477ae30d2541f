package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestAccounts(t *testing.T) {
	storetest.RunAccount(t, func(t *testing.T) func() storetest.AccountStore {
		path := filepath.Join(t.TempDir(), "pbx.db")
		return func() storetest.AccountStore { return open(t, path) }
	})
}
