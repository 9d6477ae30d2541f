package postgres_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/keys"
	"github.com/tandem-switch/tandem/internal/store/postgres"
)

// TestTheDirectoryIsLockedFirst: who changes objects waits for the row of the directory
// before it touches one, as a commit does. So a commit and a change of the key never
// wait for each other.
func TestTheDirectoryIsLockedFirst(t *testing.T) {
	server := server(t)
	for name, do := range map[string]func(*testing.T, *postgres.Store) error{
		"a change of the key": func(t *testing.T, s *postgres.Store) error {
			return s.Reseal(t.Context(), []keys.Text{
				{Place: "object", Domain: 1, Object: 2, Sealed: []byte("old"), Fresh: []byte("new")},
				{Place: "canary", Sealed: []byte("old"), Fresh: []byte("new")},
			})
		},
		"a purge of objects": func(t *testing.T, s *postgres.Store) error { return s.PurgeObjects(t.Context(), time.Now()) },
	} {
		t.Run(name, func(t *testing.T) {
			dsn := schema(t, server)
			s := open(t, dsn)
			t.Cleanup(func() { s.Close() })
			if _, err := s.Canary(t.Context(), []byte("old")); err != nil {
				t.Fatal(err)
			}
			conn, err := pgx.Connect(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			if _, err := conn.Exec(t.Context(), `BEGIN; SELECT 1 FROM directory FOR UPDATE`); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- do(t, s) }()
			for waiting, touched := 0, 0; waiting == 0; {
				select {
				case err := <-done:
					t.Fatalf("it has waited for no lock: %v", err)
				default:
				}
				err := conn.QueryRow(t.Context(), `SELECT count(*), count(l.pid), pg_sleep(0.005)::text FROM pg_stat_activity a
					LEFT JOIN pg_locks l ON l.pid = a.pid AND l.relation = 'object'::regclass
					WHERE pg_backend_pid() = ANY(pg_blocking_pids(a.pid))`).Scan(&waiting, &touched, new(string))
				if err != nil {
					t.Fatal(err)
				}
				if touched > 0 {
					t.Error("it has touched objects before")
				}
			}
			if _, err := conn.Exec(t.Context(), `ROLLBACK`); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}
