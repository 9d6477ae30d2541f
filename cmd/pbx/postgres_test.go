package main

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// database is the DSN of an empty schema on the server that PBX_TEST_POSTGRES
// names; without that variable the test is skipped.
func database(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("PBX_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("PBX_TEST_POSTGRES is not set")
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := "pbx_" + strings.ToLower(strings.NewReplacer("/", "_", " ", "_").Replace(t.Name()))
	schema := pgx.Identifier{name}.Sanitize()
	if _, err := conn.Exec(t.Context(), "DROP SCHEMA IF EXISTS "+schema+" CASCADE; CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background() // the test's is over
		if _, err := conn.Exec(ctx, "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
		conn.Close(ctx)
	})
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return dsn + " search_path=" + name
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// onBoth runs a test on SQLite and on PostgreSQL; flags are what commands that open
// the store need.
func onBoth(t *testing.T, test func(t *testing.T, flags ...string)) {
	t.Run("SQLite", func(t *testing.T) { test(t) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, "--postgres", database(t)) })
}

func TestAdministrationOnPostgres(t *testing.T) {
	t.Run("without server", func(t *testing.T) {
		play(t, t.TempDir(), script, "--postgres", database(t))
	})
	t.Run("with server", func(t *testing.T) {
		data, dsn := t.TempDir(), database(t)
		start(t, data, 0, "--postgres", dsn)
		play(t, data, script) // the server knows where its data is
	})
}

// What a command has written into the database is there for the server, and the
// other way round; nothing of it is in the data directory.
func TestPostgresServerComesAndGoes(t *testing.T) {
	data, flags := filepath.Join(t.TempDir(), "data"), []string{"--postgres", database(t)}
	play(t, data, []step{
		{args: "domain add example.com"},
		{args: "user add alice --password-stdin --second-factor", stdin: "long enough"},
	}, flags...)
	s := start(t, data, 0, flags...)
	play(t, data, []step{
		{args: "user list", out: "alice@example.com - - - yes"},
		{args: "user add bob --password-stdin", stdin: "long enough"},
		{args: "device add desk --user bob --single"},
	})
	if code := s.stop(); code != exitOK {
		t.Errorf("the server ended with %d", code)
	}
	play(t, data, []step{
		{args: "user list", out: "bob@example.com - - - -"},
		{args: "device list", out: "desk bob@example.com - - yes"},
	}, flags...)
	if _, err := os.Stat(filepath.Join(data, databaseName)); err == nil {
		t.Errorf("there is a %s too", databaseName)
	}
	play(t, data, []step{{args: "user list", code: exitFailed, err: "not the data directory"}})
	other := t.TempDir() // with another master key
	play(t, other, []step{{args: "user list", code: exitFailed, err: "master key is missing"}}, flags...)
	if err := os.WriteFile(filepath.Join(other, "master.key"), make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	play(t, other, []step{{args: "user list", code: exitFailed, err: "another master key"}}, flags...)
}

// One server has the database; commands on other data directories work all the
// same, and the server sees what they write.
func TestPostgresOneServer(t *testing.T) {
	data, other, flags := t.TempDir(), t.TempDir(), []string{"--postgres", database(t)}
	s := start(t, data, 0, flags...)
	key, err := os.ReadFile(filepath.Join(data, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "master.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	play(t, other, []step{
		{args: "serve --listen http://127.0.0.1:0", code: exitFailed, err: "another server uses this database"},
		{args: "domain add example.com"},
	}, flags...)
	if status, body := get(t, s.url+"/readyz"); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("the server ended with %d", code)
	}
	start(t, other, 0, flags...)
}

func TestPostgresOutOfReach(t *testing.T) {
	got := pbx(t, "", "user", "list", "--data", t.TempDir(), "--postgres", "postgres://pbx:hidden-secret@127.0.0.1:1/pbx?connect_timeout=1")
	if got.code != exitFailed || !strings.HasPrefix(got.err, "pbx: ") || strings.Contains(got.err, "hidden-secret") {
		t.Errorf("%+v", got)
	}
}
