// Package postgres keeps the directory in PostgreSQL. It implements
// directory.Store; cmd/pbx opens it, nobody else knows it.
//
// It is not a general database layer: every statement is here, written out. The
// other engine is in package sqlite; one suite (storetest) says what both must
// do.
//
// Commits of all nodes are serialised by the row of table directory: it is
// locked before anything is read or written, and until the commit is visible. So
// the numbers of commits become visible in order, which a sequence would not
// give. A Store may be used by several goroutines.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/tandem-switch/tandem/internal/directory"
)

// Store is a pool of connections to one database.
type Store struct {
	pool *pgxpool.Pool
}

var _ directory.Store = (*Store)(nil)

//go:embed migrations/*.sql
var migrations embed.FS

// maxConns is enough: a directory writes one thing at a time.
const maxConns = 4

// Open connects (dsn is a URL or keywords and values, as libpq takes them) and
// brings the tables up to date. Nodes that do so at the same time wait for each
// other. The error never contains the password of dsn.
func Open(ctx context.Context, dsn string) (*Store, error) {
	c, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("postgres: the DSN cannot be read: %w", err)
	}
	c.MaxConns = maxConns
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	s := &Store{pool: pool}
	if err := s.migrate(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("postgres: open %s: %w", c.ConnConfig.Database, err)
	}
	return s, nil
}

func (s *Store) migrate(ctx context.Context) (err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(s.pool)
	defer func() { err = errors.Join(err, db.Close()) }() // the pool stays open
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	if _, err = p.Up(ctx); err != nil {
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
	s.pool.Close()
	return nil
}
