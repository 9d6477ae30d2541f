package sqlstore_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/indextest"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

func TestFilesSQLite(t *testing.T) {
	testFiles(t, func(t *testing.T) *sqlstore.Store {
		return openLite(t, filepath.Join(t.TempDir(), "messages.db"), sqlstore.Options{})
	})
}

// testFiles runs the suite of the index of files.
func testFiles(t *testing.T, open func(t *testing.T) *sqlstore.Store) {
	indextest.Run(t, func(t *testing.T) indextest.Fixture {
		s := open(t)
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return indextest.Fixture{Index: s.FileIndex(), Person: person(s), Post: post(s)}
	})
	t.Run("further files", func(t *testing.T) {
		indextest.Run(t, func(t *testing.T) indextest.Fixture {
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			return indextest.Fixture{Index: s.FileIndex(), Person: person(s), Post: further(s)}
		})
	})
}

func domainLog(t *testing.T, s *sqlstore.Store, domain string) messages.Log {
	t.Helper()
	l, err := s.Log(t.Context(), domain)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func person(s *sqlstore.Store) func(*testing.T, string, string) int64 {
	return func(t *testing.T, domain, name string) int64 {
		t.Helper()
		l := domainLog(t, s, domain)
		if _, err := l.Do(t.Context(), &messages.Intern{People: []messages.Ref{{SIP: name, GUID: "guid-" + name}}}); err != nil {
			t.Fatal(err)
		}
		p, err := l.Person(t.Context(), messages.Ref{SIP: name})
		if err != nil {
			t.Fatal(err)
		}
		return int64(p.ID)
	}
}

// fileOf is the file of a post, as the service makes it of an attachment.
func fileOf(a filebuffer.Attachment) messages.File {
	return messages.File{
		Hash: a.Hash.String(), Name: a.Name, Type: a.Info.Type, Size: a.Size, Width: a.Info.Width, Height: a.Info.Height,
		Duration: a.Info.Duration.Milliseconds(), Thumb: a.Info.Thumb, Buffer: int64(a.Buffer), From: int64(a.Ref),
	}
}

// poster stores a message with a file, as indextest wants it.
type poster func(*testing.T, filebuffer.Owner, filebuffer.Owner, filebuffer.Attachment) (filebuffer.ID, filebuffer.ID, func(), error)

func post(s *sqlstore.Store) poster {
	return storing(s, func(ctx context.Context, l messages.Log, op *messages.Post) (messages.Number, error) {
		r, err := l.Do(ctx, op)
		return r.N, err
	})
}

// further stores the message first, and then the file.
func further(s *sqlstore.Store) poster {
	return storing(s, func(ctx context.Context, l messages.Log, op *messages.Post) (messages.Number, error) {
		files := op.Files
		op.Files = nil
		r, err := l.Do(ctx, op)
		if err != nil {
			return 0, err
		}
		_, err = l.Do(ctx, &messages.Attach{By: op.Author, ID: r.N, Files: files})
		return r.N, err
	})
}

func storing(s *sqlstore.Store, put func(context.Context, messages.Log, *messages.Post) (messages.Number, error)) poster {
	return func(t *testing.T, author, reader filebuffer.Owner, a filebuffer.Attachment) (own, shared filebuffer.ID, forget func(), err error) {
		t.Helper()
		l := domainLog(t, s, author.Domain)
		by, to := messages.Ref{ID: messages.PersonID(author.Person)}, messages.Ref{ID: messages.PersonID(reader.Person)}
		id, err := put(t.Context(), l, &messages.Post{Author: by, To: to, Text: "a file", Files: []messages.File{fileOf(a)}})
		if refused, ok := errors.AsType[*messages.Error](err); ok && refused.Code == messages.NotFound {
			return 0, 0, nil, filebuffer.ErrNotFound
		}
		if err != nil {
			return 0, 0, nil, err
		}
		for _, who := range []struct {
			person int64
			id     *filebuffer.ID
		}{{author.Person, &own}, {reader.Person, &shared}} {
			m, err := l.Message(t.Context(), messages.PersonID(who.person), id)
			if err != nil || len(m.Files) != 1 {
				t.Fatalf("%+v, %v", m, err)
			}
			*who.id = filebuffer.ID(m.Files[0].ID)
		}
		return own, shared, func() {
			if _, err := l.Do(t.Context(), &messages.Delete{By: by, ID: id}); err != nil {
				t.Error(err)
			}
		}, nil
	}
}

// TestFilesOfADroppedDomain leaves nothing that refers to contents.
func TestFilesOfADroppedDomain(t *testing.T) {
	s := openLite(t, filepath.Join(t.TempDir(), "messages.db"), sqlstore.Options{})
	defer s.Close()
	x := s.FileIndex()
	alice := filebuffer.Owner{Domain: "example.com", Person: person(s)(t, "example.com", "alice")}
	wide := filebuffer.Quota{Bytes: -1, Buffers: -1}
	id, err := x.Create(t.Context(), filebuffer.Buffer{Owner: alice, Ends: soon()}, wide)
	if err != nil {
		t.Fatal(err)
	}
	h := filebuffer.Hash{1}
	if err := errors.Join(x.Claim(t.Context(), alice.Domain, id, h, 1), x.Finish(t.Context(), alice.Domain, id, filebuffer.Info{}, soon())); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := post(s)(t, alice, alice, filebuffer.Attachment{Buffer: id, Hash: h, Name: "x", Size: 1}); err != nil {
		t.Fatal(err)
	}
	if doomed, err := x.Doom(t.Context(), h); doomed || err != nil {
		t.Errorf("doomed: %v, %v", doomed, err)
	}
	if err := s.Drop(t.Context(), alice.Domain); err != nil {
		t.Fatal(err)
	}
	found, err := x.Orphans(t.Context(), 10)
	if err != nil || len(found) != 1 || found[0] != h {
		t.Errorf("orphans %v, %v", found, err)
	}
	if doomed, err := x.Doom(t.Context(), h); !doomed || err != nil {
		t.Errorf("doomed: %v, %v", doomed, err)
	}
}

func soon() time.Time { return time.Now().Add(time.Hour) }

func TestFilesPostgres(t *testing.T) {
	dsn := server(t)
	testFiles(t, func(t *testing.T) *sqlstore.Store {
		return openPostgres(t, dsn, schema(t, dsn, "f"), sqlstore.Options{})
	})
}

// twoProcesses is an index of which another process collects.
type twoProcesses struct {
	sqlstore.FileIndex
	other sqlstore.FileIndex
}

func (x twoProcesses) Doom(ctx context.Context, h filebuffer.Hash) (bool, error) {
	return x.other.Doom(ctx, h)
}

func (x twoProcesses) Bury(ctx context.Context, h filebuffer.Hash) error { return x.other.Bury(ctx, h) }

func (x twoProcesses) Orphans(ctx context.Context, limit int) ([]filebuffer.Hash, error) {
	return x.other.Orphans(ctx, limit)
}

func (x twoProcesses) Delete(ctx context.Context, o filebuffer.Owner, id filebuffer.ID) error {
	return x.other.Delete(ctx, o, id)
}

// TestFilesOfTwoProcesses runs the suite where one process uploads and posts and
// another one deletes and collects.
func TestFilesOfTwoProcesses(t *testing.T) {
	for engine, open := range map[string]func(t *testing.T) (one, two *sqlstore.Store){
		"SQLite": func(t *testing.T) (one, two *sqlstore.Store) {
			path := filepath.Join(t.TempDir(), "messages.db")
			return openLite(t, path, sqlstore.Options{}), openLite(t, path, sqlstore.Options{})
		},
		"PostgreSQL": func(t *testing.T) (one, two *sqlstore.Store) {
			dsn := server(t)
			name := schema(t, dsn, "g")
			return openPostgres(t, dsn, name, sqlstore.Options{}), openPostgres(t, dsn, name, sqlstore.Options{})
		},
	} {
		t.Run(engine, func(t *testing.T) {
			indextest.Run(t, func(t *testing.T) indextest.Fixture {
				one, two := open(t)
				t.Cleanup(func() {
					if err := errors.Join(one.Close(), two.Close()); err != nil {
						t.Error(err)
					}
				})
				return indextest.Fixture{Index: twoProcesses{one.FileIndex(), two.FileIndex()}, Person: person(one), Post: post(one)}
			})
		})
	}
}

// TestFilesOfAClosedStore: whoever asks is told to come again, not that there is
// no such file.
func TestFilesOfAClosedStore(t *testing.T) {
	s := openLite(t, filepath.Join(t.TempDir(), "messages.db"), sqlstore.Options{})
	alice := filebuffer.Owner{Domain: "example.com", Person: person(s)(t, "example.com", "alice")}
	x := s.FileIndex()
	id, err := x.Create(t.Context(), filebuffer.Buffer{Owner: alice, Ends: soon()}, filebuffer.Quota{Bytes: -1, Buffers: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = x.Buffer(t.Context(), alice.Domain, id, time.Now())
	_, other := x.Buffer(t.Context(), "other.example", id, time.Now())
	for _, err := range []error{err, other, x.Claim(t.Context(), alice.Domain, id, filebuffer.Hash{1}, 1), x.Delete(t.Context(), alice, id)} {
		if !errors.Is(err, filebuffer.ErrAway) || errors.Is(err, filebuffer.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	}
}
