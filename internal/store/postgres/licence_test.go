package postgres_test

import (
	"testing"

	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestLicences(t *testing.T) {
	dsn := server(t)
	storetest.RunLicence(t, func(t *testing.T) func() storetest.LicenceStore {
		dsn := schema(t, dsn)
		return func() storetest.LicenceStore { return open(t, dsn) }
	})
}
