package postgres_test

import (
	"testing"

	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestOutbox(t *testing.T) {
	dsn := server(t)
	storetest.RunOutbox(t, func(t *testing.T) func() storetest.OutboxStore {
		dsn := schema(t, dsn)
		return func() storetest.OutboxStore { return open(t, dsn) }
	})
}
