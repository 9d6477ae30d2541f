package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// another is a connection that holds locks as another process would.
type another struct {
	*pgx.Conn
	t *testing.T
}

func connect(t *testing.T, dsn, schema string) another {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	c := another{conn, t}
	c.do(`SET search_path = ` + pgx.Identifier{schema}.Sanitize())
	return c
}

func (c another) do(text string, args ...any) {
	c.t.Helper()
	if _, err := c.Exec(c.t.Context(), text, args...); err != nil {
		c.t.Fatal(text, ": ", err)
	}
}

// awaits waits until somebody waits for a lock of ours; done says that he did not.
func (c another) awaits(done <-chan error) {
	c.t.Helper()
	for waiting := 0; waiting == 0; {
		select {
		case err := <-done:
			c.t.Fatalf("it has waited for no lock: %v", err)
		default:
		}
		if err := c.QueryRow(c.t.Context(), `SELECT count(*), pg_sleep(0.005)::text FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))`).
			Scan(&waiting, new(string)); err != nil {
			c.t.Fatal(err)
		}
	}
}

// files are two contents that alice has uploaded: hashes, and a buffer of each.
type files struct {
	s          *sqlstore.Store
	l          messages.Log
	alice, bob filebuffer.Owner
	hashes     [2]filebuffer.Hash // in order
	buffers    [2]filebuffer.ID
}

func twoFiles(t *testing.T, s *sqlstore.Store) *files {
	t.Helper()
	f := &files{s: s, l: domainLog(t, s, "example.com"), hashes: [2]filebuffer.Hash{{1}, {2}}}
	f.alice = filebuffer.Owner{Domain: "example.com", Person: person(s)(t, "example.com", "alice")}
	f.bob = filebuffer.Owner{Domain: "example.com", Person: person(s)(t, "example.com", "bob")}
	for i := range f.hashes {
		f.buffers[i] = f.claimed(t, f.hashes[i])
		if err := s.FileIndex().Finish(t.Context(), "example.com", f.buffers[i], filebuffer.Info{}, soon()); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f *files) open(t *testing.T) filebuffer.ID {
	t.Helper()
	id, err := f.s.FileIndex().Create(t.Context(), filebuffer.Buffer{Owner: f.alice, Ends: soon()}, filebuffer.Quota{Bytes: -1, Buffers: -1})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (f *files) claimed(t *testing.T, h filebuffer.Hash) filebuffer.ID {
	t.Helper()
	id := f.open(t)
	if err := f.s.FileIndex().Claim(t.Context(), "example.com", id, h, 1); err != nil {
		t.Fatal(err)
	}
	return id
}

// both are the files of a message, the last hash first.
func (f *files) both() (list []messages.File) {
	for i := range f.hashes {
		list = append(list, messages.File{Hash: f.hashes[i].String(), Name: "x", Size: 1, Buffer: int64(f.buffers[i])})
	}
	slices.Reverse(list)
	return list
}

func (f *files) do(ctx context.Context, op messages.Op) (messages.Result, error) {
	return f.l.Do(ctx, op)
}

func (f *files) post(expires int64, list []messages.File) *messages.Post {
	return &messages.Post{
		Author: messages.Ref{ID: messages.PersonID(f.alice.Person)}, To: messages.Ref{ID: messages.PersonID(f.bob.Person)},
		Text: "two files", CID: "cid", Expires: expires, Files: list,
	}
}

// posted is the number of a message that has been there before.
func (f *files) posted(t *testing.T, expires int64, list []messages.File) messages.Number {
	t.Helper()
	r, err := f.do(t.Context(), f.post(expires, list))
	if err != nil {
		t.Fatal(err)
	}
	return r.N
}

// act is what a test does while somebody else has locks.
type act func(ctx context.Context) error

func (f *files) op(op messages.Op) act {
	return func(ctx context.Context) error {
		_, err := f.do(ctx, op)
		return err
	}
}

// locking are the operations that lock contents, each with what must be there before.
var locking = map[string]func(*testing.T, *files) act{
	"a post": func(_ *testing.T, f *files) act { return f.op(f.post(0, f.both())) },
	"further files": func(t *testing.T, f *files) act {
		n := f.posted(t, 0, nil)
		return f.op(&messages.Attach{By: messages.Ref{ID: messages.PersonID(f.alice.Person)}, ID: n, Files: f.both()})
	},
	"deleting a message": func(t *testing.T, f *files) act {
		n := f.posted(t, 0, f.both())
		return f.op(&messages.Delete{By: messages.Ref{ID: messages.PersonID(f.alice.Person)}, ID: n})
	},
	"purging messages that expired": func(t *testing.T, f *files) act {
		f.posted(t, time.Now().Add(time.Hour).UnixMilli(), f.both())
		return f.op(&messages.Purge{Expired: time.Now().Add(2 * time.Hour).UnixMilli()})
	},
	"purging files": func(t *testing.T, f *files) act {
		f.posted(t, 0, f.both())
		return f.op(&messages.Purge{Before: time.Now().Add(time.Hour).UnixMilli(), Files: true})
	},
	"erasing a person": func(t *testing.T, f *files) act {
		f.posted(t, 0, f.both())
		return f.op(&messages.Erase{Person: messages.Ref{ID: messages.PersonID(f.alice.Person)}})
	},
	"dropping the domain": func(t *testing.T, f *files) act {
		f.posted(t, 0, f.both())
		return func(ctx context.Context) error { return f.s.Drop(ctx, "example.com") }
	},
	"deleting a buffer": func(_ *testing.T, f *files) act {
		return func(ctx context.Context) error { return f.s.FileIndex().Delete(ctx, f.alice, f.buffers[0]) }
	},
	"buffers that end": func(_ *testing.T, f *files) act {
		return func(ctx context.Context) error {
			n, err := f.s.FileIndex().Expire(ctx, soon().Add(time.Hour))
			if n != len(f.buffers) && err == nil {
				err = fmt.Errorf("%d have ended", n)
			}
			return err
		}
	},
	"claiming a content": func(t *testing.T, f *files) act {
		id := f.open(t)
		return func(ctx context.Context) error { return f.s.FileIndex().Claim(ctx, "example.com", id, f.hashes[0], 1) }
	},
	"finishing an upload": func(t *testing.T, f *files) act {
		id := f.claimed(t, f.hashes[0])
		return func(ctx context.Context) error {
			return f.s.FileIndex().Finish(ctx, "example.com", id, filebuffer.Info{}, soon())
		}
	},
	"opening a buffer again": func(t *testing.T, f *files) act {
		id := f.claimed(t, f.hashes[0])
		return func(ctx context.Context) error { return f.s.FileIndex().Reopen(ctx, "example.com", id) }
	},
	"dooming": func(_ *testing.T, f *files) act {
		return func(ctx context.Context) error {
			_, err := f.s.FileIndex().Doom(ctx, f.hashes[0])
			return err
		}
	},
}

// TestLocksInOrder: whoever waits for the first content has no lock that a holder of
// it may want next: none of another content, of a buffer, a reference or the log. So
// the writer and the collector never wait for each other.
func TestLocksInOrder(t *testing.T) {
	dsn := server(t)
	for name, prepare := range locking {
		t.Run(name, func(t *testing.T) {
			schema := schema(t, dsn, "l")
			s := openPostgres(t, dsn, schema, sqlstore.Options{})
			t.Cleanup(func() { s.Close() })
			f := twoFiles(t, s)
			do := prepare(t, f)
			c := connect(t, dsn, schema)
			c.do(`BEGIN`)
			c.do(`SELECT 1 FROM file WHERE hash = $1 FOR UPDATE`, f.hashes[0].String())
			before := s.Stats().Retries
			done := make(chan error, 1)
			go func() { done <- do(t.Context()) }()
			c.awaits(done)
			for _, table := range []string{"file", "buffer", "fileref", "part"} {
				c.do(`SAVEPOINT free`)
				if _, err := c.Exec(t.Context(), `SELECT 1 FROM `+table+` FOR UPDATE NOWAIT`); err != nil {
					t.Errorf("while it waits, it has locks of table %s: %v", table, err)
				}
				c.do(`ROLLBACK TO SAVEPOINT free`)
			}
			c.do(`ROLLBACK`)
			if err := <-done; err != nil {
				t.Error(err)
			}
			if n := s.Stats().Retries - before; n != 0 {
				t.Errorf("%d retries", n)
			}
		})
	}
}

// TestDeadlockIsTriedAgain makes the store the victim of somebody who keeps no order:
// nobody is told, nothing is lost and nothing is there twice.
func TestDeadlockIsTriedAgain(t *testing.T) {
	dsn := server(t)
	for name, test := range map[string]struct {
		do       func(*files) act
		messages int
		buffers  int
	}{
		"a post":   {func(f *files) act { return f.op(f.post(0, f.both()[1:])) }, 1, 2},
		"an index": {func(f *files) act { return locking["deleting a buffer"](nil, f) }, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			for range 5 {
				schema := schema(t, dsn, "d")
				s := openPostgres(t, dsn, schema, sqlstore.Options{})
				t.Cleanup(func() { s.Close() })
				f := twoFiles(t, s)
				c := connect(t, dsn, schema)
				if !c.deadlock(f, test.do(f)) {
					continue // we were the victim
				}
				if n := s.Stats().Retries; n < 1 {
					t.Errorf("%d retries", n)
				}
				for text, want := range map[string]int{`SELECT count(*) FROM msg`: test.messages, `SELECT count(*) FROM fileref`: 2 * test.messages, `SELECT count(*) FROM buffer`: test.buffers} {
					got := 0
					if err := c.QueryRow(t.Context(), text).Scan(&got); err != nil || got != want {
						t.Errorf("%s: %d, want %d (%v)", text, got, want, err)
					}
				}
				return
			}
			t.Error("the store never was the victim")
		})
	}
}

// deadlock takes the locks of a buffer and of its content in the wrong order, while do
// takes them in the right one. It reports whether do was the victim.
func (c another) deadlock(f *files, do act) bool {
	c.t.Helper()
	c.do(`BEGIN`)
	c.do(`SET LOCAL deadlock_timeout = '10s'`) // the store looks first
	c.do(`SELECT 1 FROM buffer WHERE hash = $1 FOR UPDATE`, f.hashes[0].String())
	done := make(chan error, 1)
	go func() { done <- do(c.t.Context()) }()
	c.awaits(done)
	_, err := c.Exec(c.t.Context(), `UPDATE file SET loose = loose WHERE hash = $1`, f.hashes[0].String())
	if pe, ok := errors.AsType[*pgconn.PgError](err); err != nil && (!ok || pe.Code != "40P01") {
		c.t.Error(err)
	}
	c.do(`ROLLBACK`)
	if err := <-done; err != nil {
		c.t.Error(err)
	}
	return err == nil
}
