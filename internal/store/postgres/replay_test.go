package postgres_test

import (
	"testing"

	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestReplay(t *testing.T) {
	dsn := server(t)
	storetest.RunReplay(t, func(t *testing.T) func() storetest.ReplayStore {
		dsn := schema(t, dsn)
		return func() storetest.ReplayStore { return open(t, dsn) }
	})
}
