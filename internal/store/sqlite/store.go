// Package sqlite keeps the directory in one SQLite file. It implements
// directory.Store; cmd/pbx opens it, nobody else knows it.
//
// It is not a general database layer: every statement is here, written out.
// The other engine is in package postgres; one suite (storetest) says what both
// must do.
//
// The file is in WAL mode with synchronous=FULL: a commit that has returned
// survives a power cut. All writes go through one connection, reads through two
// others. Several processes may use the file at the same time; they wait for
// each other for up to ten seconds. A Store may be used by several goroutines.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver of sql.Open("sqlite")

	"github.com/tandem-switch/tandem/internal/directory"
)

// Store is an open file.
type Store struct {
	writer *sql.DB // one connection, transactions take the write lock at once
	reader *sql.DB
}

var _ directory.Store = (*Store)(nil)

//go:embed migrations/*.sql
var migrations embed.FS

// pragmas are set on every connection.
var pragmas = []string{
	"busy_timeout(10000)", // first: setting the others may have to wait
	"journal_mode(WAL)",
	"synchronous(FULL)",
	"foreign_keys(1)",
}

// Open opens the file, creates it if need be (mode 0600) and brings its tables
// up to date. The folder must exist.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := touch(path); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	s := &Store{}
	err := s.open(path)
	if err == nil {
		err = s.migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: open %s: %w", path, err), s.Close())
	}
	return s, nil
}

// touch creates the file so that nobody else can read it. Files that SQLite puts
// beside it get the same mode.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (s *Store) open(path string) (err error) {
	dsn, err := dataSource(path)
	if err != nil {
		return err
	}
	if s.writer, err = sql.Open("sqlite", dsn+"&_txlock=immediate"); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sql.Open("sqlite", dsn+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	s.reader.SetMaxOpenConns(2)
	return nil
}

// dataSource is a URI, so that no character of the path means anything.
func dataSource(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	return u.String(), nil
}

// migrate brings the tables up to date. Of two processes that do it at once, one
// fails because the other has done it; it then finds nothing left to do.
func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.writer, files)
	if err != nil {
		return err
	}
	for range 3 {
		if _, err = p.Up(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return err
	}
	found, known, err := p.GetVersions(ctx) // Up does nothing to tables of a newer program
	if err != nil {
		return err
	}
	return directory.CheckVersion(found, known)
}

// Close implements directory.Store.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.reader, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}
