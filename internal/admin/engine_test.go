package admin_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/replay"
	"github.com/tandem-switch/tandem/internal/store/postgres"
	"github.com/tandem-switch/tandem/internal/store/sqlite"
)

// engine is what both kinds of stores are.
type engine interface {
	directory.Store
	licence.Store
	account.Store
	audit.Store
	replay.Store
}

// server is the DSN of the PostgreSQL whose turn it is; empty: SQLite.
var server string

// TestMain runs every test of the administration on SQLite, and then on the
// PostgreSQL that PBX_TEST_POSTGRES names.
func TestMain(m *testing.M) {
	code := m.Run()
	if server = os.Getenv("PBX_TEST_POSTGRES"); server != "" && code == 0 {
		code = m.Run()
	}
	os.Exit(code)
}

// openStore opens the store of a data directory, until the test ends. The same
// directory has the same store.
func openStore(t testing.TB, data string) engine {
	t.Helper()
	s, err := engineOf(t, data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func engineOf(t testing.TB, data string) (engine, error) {
	if server == "" {
		return sqlite.Open(t.Context(), filepath.Join(data, "pbx.db"))
	}
	sum := sha256.Sum256([]byte(data))
	name := "admin_" + hex.EncodeToString(sum[:8])
	makeSchema(t, pgx.Identifier{name}.Sanitize())
	u, err := url.Parse(server)
	if err != nil || u.Scheme == "" {
		return postgres.Open(t.Context(), server+" search_path="+name)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return postgres.Open(t.Context(), u.String())
}

func makeSchema(t testing.TB, quoted string) {
	conn, err := pgx.Connect(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA IF NOT EXISTS "+quoted); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background() // the test's is over
		if _, err := conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+quoted+" CASCADE"); err != nil {
			t.Error(err)
		}
		conn.Close(ctx)
	})
}
