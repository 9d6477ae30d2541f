package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/messages/host"
	"github.com/tandem-switch/tandem/internal/messages/service"
)

// nobody may log in.
type nobody struct{}

func (nobody) Account(context.Context, service.Place, string, string) (service.Account, bool) {
	return service.Account{}, false
}

// alone opens a Messages service as messages-app does.
func alone(t *testing.T, dsn string) (*host.Host, error) {
	t.Helper()
	h, err := host.Open(t.Context(), host.Config{
		Dir: t.TempDir(), Postgres: dsn, Program: "messages-app", FilesURL: "http://127.0.0.1", Accounts: nobody{},
	})
	if err == nil {
		t.Cleanup(func() { _ = h.Close(context.Background()) })
	}
	return h, err
}

// The embedded service and one that runs alone exclude each other on one database,
// which the switch itself uses too.
func TestPostgresOneMessagesService(t *testing.T) {
	dsn, data := database(t), t.TempDir()
	flags := []string{"--postgres", dsn}
	s := start(t, data, 0, flags...)
	if _, err := alone(t, dsn); err == nil || !strings.Contains(err.Error(), "Another Messages service uses this database: pbx serve on ") {
		t.Errorf("beside the embedded service: %v", err)
	}
	if status, body := get(t, s.url+"/readyz"); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
	s.stop()
	h, err := alone(t, dsn)
	if err != nil {
		t.Fatal(err)
	}
	play(t, data, []step{
		{args: "serve --listen http://127.0.0.1:0", code: exitFailed, err: "Another Messages service uses this database: messages-app on "},
	}, flags...)
	s = start(t, data, 0, append(flags, "--messages", "external")...) // the switch has a lock of its own
	s.stop()
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	start(t, data, 0, flags...)
}

// A switch whose Messages service loses its database goes on without it, and is not
// ready.
func TestPostgresTakesMessagesAway(t *testing.T) {
	dsn, data := database(t), t.TempDir()
	s, files := demo(t, data, "--postgres", dsn)
	if _, got := phoneScript(t, s, "alice@demo.example", files["alice"], "/chat bob\nhello\n"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), takeMessages); err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(20 * time.Second); !strings.Contains(s.log.String(), "chats wait in the outbox"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("the log does not say it\n%s", s.log)
		}
	}
	if _, got := phoneScript(t, s, "alice@demo.example", files["alice"], "/chat bob\nstill there\n"); got.code != exitOK {
		t.Errorf("a text does not wait: %+v", got)
	}
	if status, body := get(t, s.url+"/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := get(t, s.url+"/healthz"); status != http.StatusOK {
		t.Error("the switch has ended")
	}
}

// takeMessages ends the connection that has the lock of the Messages service, and
// takes it.
const takeMessages = `DO $$
DECLARE
	owner record;
BEGIN
	SELECT l.pid, l.classid::int4 AS space, l.objid::int4 AS own INTO STRICT owner FROM pg_locks l JOIN pg_namespace n ON n.oid = l.objid
		WHERE l.locktype = 'advisory' AND n.nspname = current_schema() || '_messages';
	PERFORM pg_terminate_backend(owner.pid);
	PERFORM pg_advisory_lock(owner.space, owner.own);
END $$`

// A directory of SQLite has one Messages service too.
func TestOneMessagesServicePerDirectory(t *testing.T) {
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, messagesDir), 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := admin.LockServer(t.Context(), filepath.Join(data, messagesDir)) // as messages-app does
	if err != nil {
		t.Fatal(err)
	}
	play(t, data, []step{{args: "serve --listen http://127.0.0.1:0", code: exitFailed, err: "is in use by another server (process"}})
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	start(t, data, 0)
	if _, err := admin.LockServer(t.Context(), filepath.Join(data, messagesDir)); admin.CodeOf(err) != admin.Busy {
		t.Errorf("messages-app could start: %v", err)
	}
}
