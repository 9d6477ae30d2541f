package sqlstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// claimed opens a store that nobody else may write to.
func claimed(t *testing.T, dsn, schema, program string) *sqlstore.Store {
	t.Helper()
	s := openPostgres(t, dsn, schema, sqlstore.Options{Claim: program})
	t.Cleanup(func() { s.Close() })
	return s
}

// say stores a message, and may be told once that the database is away.
func say(t *testing.T, s *sqlstore.Store, cid string) error {
	t.Helper()
	l, err := s.Log(t.Context(), "example.com")
	if err != nil {
		return err
	}
	_, err = l.Do(t.Context(), &messages.Post{Author: crashRef("s", 0), To: crashRef("r", 0), Text: "x", CID: cid})
	return err
}

// One service has a schema; it may have others beside it, and commands work all the same.
func TestClaim(t *testing.T) {
	dsn := server(t)
	mine, others := schema(t, dsn, ""), schema(t, dsn, "2")
	first := claimed(t, dsn, mine, "pbx serve")
	second, err := sqlstore.OpenPostgres(t.Context(), dsn, mine, sqlstore.Options{Claim: "messages-app"})
	if err == nil {
		second.Close()
		t.Fatal("two services have one database")
	}
	for _, part := range []string{"Another Messages service uses this database: pbx serve on ", ", process ", ", since 20", "Stop that one first"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	claimed(t, dsn, others, "messages-app")
	beside := openPostgres(t, dsn, mine, sqlstore.Options{})
	if err := say(t, beside, "c0-1"); err != nil {
		t.Error(err)
	}
	beside.Close()
	if err := say(t, first, "c0-2"); err != nil {
		t.Error(err)
	}
	first.Close()
	if err := say(t, claimed(t, dsn, mine, "messages-app"), "c0-3"); err != nil {
		t.Error(err)
	}
}

// backend ends the connection that has the lock, and may take it over under a name.
func backend(t *testing.T, dsn, schema, name string, take bool) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	const find = `SELECT l.pid, l.classid::int4, l.objid::int4, a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
		WHERE l.locktype = 'advisory' AND l.objid = (SELECT oid FROM pg_namespace WHERE nspname = $1)`
	var pid, space, object int
	var old string
	if err := conn.QueryRow(t.Context(), find, schema).Scan(&pid, &space, &object, &old); err != nil {
		t.Fatal(err)
	}
	if name == "" {
		name = old
	}
	if _, err := conn.Exec(t.Context(), `SELECT set_config('application_name', $1, false)`, name); err != nil {
		t.Fatal(err)
	}
	if !take {
		_, err = conn.Exec(t.Context(), `SELECT pg_terminate_backend($1)`, pid)
	} else {
		batch := &pgx.Batch{}
		batch.Queue(`SELECT pg_terminate_backend($1)`, pid)
		batch.Queue(`SELECT pg_advisory_lock($1, $2)`, space, object)
		err = conn.SendBatch(t.Context(), batch).Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// A connection that ends is no loss as long as nobody else takes the lock: also not if
// it is a connection of our own whose end the server has not seen.
func TestClaimIsTakenAgain(t *testing.T) {
	dsn := server(t)
	for _, take := range []bool{false, true} {
		t.Run("", func(t *testing.T) {
			name := schema(t, dsn, "")
			s := claimed(t, dsn, name, "pbx serve")
			if err := say(t, s, "c0-1"); err != nil {
				t.Fatal(err)
			}
			backend(t, dsn, name, "", take)
			if err := say(t, s, "c0-2"); err != nil && messages.CodeOf(err) != messages.Away {
				t.Fatal(err)
			}
			if err := say(t, s, "c0-2"); err != nil {
				t.Fatal(err)
			}
			select {
			case <-s.Lost():
				t.Error("lost")
			default:
			}
			if s, err := sqlstore.OpenPostgres(t.Context(), dsn, name, sqlstore.Options{Claim: "messages-app"}); err == nil {
				s.Close()
				t.Error("the lock is not held again")
			}
		})
	}
}

// Who has lost the lock to another service stores nothing any more, and says so also
// if it has nothing to write.
func TestClaimIsLost(t *testing.T) {
	dsn := server(t)
	for _, busy := range []bool{false, true} {
		t.Run("", func(t *testing.T) {
			name := schema(t, dsn, "")
			s := claimed(t, dsn, name, "pbx serve")
			if err := say(t, s, "c0-1"); err != nil {
				t.Fatal(err)
			}
			rival := backend(t, dsn, name, "rival", true)
			if busy {
				for range 2 {
					if err := say(t, s, "c0-2"); messages.CodeOf(err) != messages.Away {
						t.Fatalf("acknowledged: %v", err)
					}
				}
				if err := say(t, s, "c0-2"); err == nil || !strings.Contains(err.Error(), "Another Messages service has taken the database: rival") {
					t.Errorf("%v", err)
				}
			}
			select {
			case <-s.Lost():
			case <-time.After(20 * time.Second):
				t.Fatal("nobody has noticed it")
			}
			rival.Close(t.Context())
			if err := say(t, s, "c0-3"); messages.CodeOf(err) != messages.Away {
				t.Errorf("a service that was lost stores again: %v", err)
			}
			s.Close()
			s = claimed(t, dsn, name, "messages-app")
			l, err := s.Log(t.Context(), "example.com")
			if err != nil {
				t.Fatal(err)
			}
			author, err := l.Person(t.Context(), crashRef("s", 0))
			if err != nil {
				t.Fatal(err)
			}
			for cid, stored := range map[string]bool{"c0-1": true, "c0-2": false, "c0-3": false} {
				if _, err := l.MessageByCID(t.Context(), author.ID, cid); (err == nil) != stored {
					t.Errorf("%s: %v", cid, err)
				}
			}
		})
	}
}
