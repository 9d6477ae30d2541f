package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestOutbox(t *testing.T) {
	dsn := server(t)
	storetest.RunOutbox(t, func(t *testing.T) func() storetest.OutboxStore {
		dsn := schema(t, dsn)
		return func() storetest.OutboxStore { return open(t, dsn) }
	})
}

// An outbox of the time before keys were looked at is kept whole, and its keys hold.
func TestOutboxOfBefore(t *testing.T) {
	dsn := schema(t, server(t))
	open(t, dsn).Close()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	storetest.OutboxOfBefore(t, func(query string, args ...any) error {
		_, err := conn.Exec(t.Context(), query, args...)
		return err
	})
	s := open(t, dsn)
	defer s.Close()
	storetest.KeepsOutboxOfBefore(t, s)
}
