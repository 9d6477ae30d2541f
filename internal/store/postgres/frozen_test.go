package postgres_test

import (
	_ "embed"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/postgres"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

//go:embed testdata/v1.sql
var v1 string

func TestFrozenV1(t *testing.T) {
	dsn := schema(t, server(t))
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), v1); err != nil {
		t.Fatal(err)
	}
	s := open(t, dsn)
	defer s.Close()
	storetest.Frozen(t, s)
}

func TestNewerTables(t *testing.T) {
	dsn := schema(t, server(t))
	open(t, dsn).Close()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`); err != nil {
		t.Fatal(err)
	}
	if s, err := postgres.Open(t.Context(), dsn); directory.CodeOf(err) != directory.CodeNewerStore {
		t.Errorf("opened: %v, %v", s, err)
	}
}
