package postgres_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/store/postgres"
)

func claim(t *testing.T, dsn string) *postgres.Claim {
	t.Helper()
	c, err := postgres.NewClaim(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Release)
	return c
}

// One server has a schema, before there are tables; others have theirs, and
// commands need no claim.
func TestClaim(t *testing.T) {
	dsn := server(t)
	mine, others := schema(t, dsn), ""
	t.Run("other", func(t *testing.T) { others = schema(t, dsn); claim(t, others).Release() })
	first := claim(t, mine)
	if second, err := postgres.NewClaim(t.Context(), mine); !errors.Is(err, postgres.ErrClaimed) || second != nil {
		t.Errorf("%v, %v", second, err)
	}
	open(t, mine).Close()
	if !first.Held() {
		t.Error("not held")
	}
	first.Release()
	if first.Held() {
		t.Error("still held")
	}
	claim(t, mine)
	var none *postgres.Claim
	if none.Release(); !none.Held() {
		t.Error("no claim is not in order")
	}
}

func TestClaimNeedsADatabase(t *testing.T) {
	for _, dsn := range []string{"postgres://pbx:hidden-secret@127.0.0.1:1/pbx?connect_timeout=1", "host=127.0.0.1 port=one password=hidden-secret"} {
		if c, err := postgres.NewClaim(t.Context(), dsn); err == nil || strings.Contains(err.Error(), "hidden-secret") {
			t.Errorf("%v, %v", c, err)
		}
	}
}

// lines is a log whose lines can be waited for.
type lines chan string

func (l lines) Write(p []byte) (int, error) { l <- string(p); return len(p), nil }

func (l lines) await(t *testing.T, part string) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case line := <-l:
			if strings.Contains(line, part) {
				return
			}
		case <-limit:
			t.Fatalf("the log does not say %q", part)
		}
	}
}

// A lock that goes away with its connection is missed, and taken again as soon as
// nobody else has it.
func TestClaimIsLost(t *testing.T) {
	dsn := schema(t, server(t))
	c := claim(t, dsn)
	log, ctx := make(lines, 1000), t.Context()
	ctx, stop := context.WithCancel(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		c.Keep(ctx, slog.New(slog.NewTextHandler(log, nil)))
	}()
	defer func() { stop(); <-kept }()

	rival, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer rival.Close(context.Background())
	if _, err := rival.Exec(t.Context(), takeOver); err != nil {
		t.Fatal(err)
	}
	log.await(t, "the lock on the database is lost")
	log.await(t, "another server has taken the database")
	if c.Held() {
		t.Error("held by two")
	}
	if err := rival.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	log.await(t, "held again")
	if !c.Held() {
		t.Error("not held")
	}
}

// takeOver ends the connection that has the lock on the schema and takes it.
const takeOver = `DO $$
DECLARE
	owner record;
BEGIN
	SELECT pid, classid::int4 AS space, objid::int4 AS own INTO STRICT owner FROM pg_locks
		WHERE locktype = 'advisory' AND objid = (SELECT oid FROM pg_namespace WHERE nspname = current_schema());
	PERFORM pg_terminate_backend(owner.pid);
	PERFORM pg_advisory_lock(owner.space, owner.own);
END $$`
