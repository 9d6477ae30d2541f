package postgres_test

import (
	"context"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/postgres"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

// server is the DSN of PBX_TEST_POSTGRES; without it the test is skipped.
func server(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("PBX_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("PBX_TEST_POSTGRES is not set")
	}
	return dsn
}

// schema makes a schema for one test and returns a DSN that uses it.
func schema(t *testing.T, dsn string) string {
	t.Helper()
	name := "test_" + strings.ToLower(strings.NewReplacer("/", "_", " ", "_", ",", "_", "#", "_").Replace(t.Name()))
	name = name[:min(len(name), 60)]
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	quoted := pgx.Identifier{name}.Sanitize()
	if _, err := conn.Exec(t.Context(), "DROP SCHEMA IF EXISTS "+quoted+" CASCADE; CREATE SCHEMA "+quoted); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background() // the test's is over
		if _, err := conn.Exec(ctx, "DROP SCHEMA "+quoted+" CASCADE"); err != nil {
			t.Error(err)
		}
		conn.Close(ctx)
	})
	return within(dsn, name)
}

// within is the DSN, of either form, with the schema as search path.
func within(dsn, schema string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return dsn + " search_path=" + schema
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func open(t *testing.T, dsn string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSuite(t *testing.T) {
	dsn := server(t)
	storetest.Run(t, func(t *testing.T) func() directory.Store {
		dsn := schema(t, dsn)
		return func() directory.Store { return open(t, dsn) }
	})
}

func TestOpenAtOnce(t *testing.T) {
	dsn := schema(t, server(t))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s, err := postgres.Open(t.Context(), dsn)
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	all.Wait()
}

func TestOpenDoesNotTellThePassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://pbx:hidden-secret@127.0.0.1:1/pbx?connect_timeout=1",
		"postgres://pbx:hidden-secret@127.0.0.1:port/pbx",
		"host=127.0.0.1 port=1 password=hidden-secret user=pbx connect_timeout=1",
		"host=127.0.0.1 port=one password=hidden-secret",
	} {
		s, err := postgres.Open(t.Context(), dsn)
		if err == nil {
			s.Close()
			t.Fatal("opened")
		}
		if strings.Contains(err.Error(), "hidden-secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}
