package sqlstore_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
	"github.com/tandem-switch/tandem/internal/messages/storetest"
)

// server is the DSN of PBX_TEST_POSTGRES; without it the test is skipped.
func server(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("PBX_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("PBX_TEST_POSTGRES is not set")
	}
	return dsn
}

// schema is the name of a schema for one test, which is dropped behind it.
func schema(t testing.TB, dsn, more string) string {
	t.Helper()
	name := "m" + more + "_" + strings.ToLower(strings.NewReplacer("/", "_", " ", "_", ",", "_", "#", "_", "'", "_").Replace(t.Name()))
	name = name[:min(len(name), 60)]
	drop := func() {
		ctx := context.Background() // the test's may be over
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+pgx.Identifier{name}.Sanitize()+" CASCADE"); err != nil {
			t.Error(err)
		}
	}
	drop()
	t.Cleanup(drop)
	return name
}

func openPostgres(t testing.TB, dsn, schema string, o sqlstore.Options) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.OpenPostgres(t.Context(), dsn, schema, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPostgres(t *testing.T) {
	dsn := server(t)
	n := 0
	storetest.Run(t, func(t *testing.T) func(clock.Clock) messages.Store {
		n++
		name := schema(t, dsn, strconv.Itoa(n))
		return func(c clock.Clock) messages.Store { return openPostgres(t, dsn, name, sqlstore.Options{Clock: c}) }
	})
}

func TestOpenPostgresDoesNotTellThePassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://pbx:hidden-secret@127.0.0.1:1/pbx?connect_timeout=1",
		"postgres://pbx:hidden-secret@127.0.0.1:port/pbx",
		"host=127.0.0.1 port=1 password=hidden-secret user=pbx connect_timeout=1",
	} {
		s, err := sqlstore.OpenPostgres(t.Context(), dsn, "x", sqlstore.Options{})
		if err == nil {
			s.Close()
			t.Fatal("opened")
		}
		if strings.Contains(err.Error(), "hidden-secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}
