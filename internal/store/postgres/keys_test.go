package postgres_test

import (
	"testing"

	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestKeys(t *testing.T) {
	dsn := server(t)
	storetest.RunKeys(t, func(t *testing.T) storetest.Sealed {
		s := open(t, schema(t, dsn))
		t.Cleanup(func() { s.Close() })
		return s
	})
}
