package postgres_test

import (
	"testing"

	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestAccounts(t *testing.T) {
	dsn := server(t)
	storetest.RunAccount(t, func(t *testing.T) func() storetest.AccountStore {
		dsn := schema(t, dsn)
		return func() storetest.AccountStore { return open(t, dsn) }
	})
}
