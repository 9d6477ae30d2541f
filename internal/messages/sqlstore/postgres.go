package sqlstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/postgres/*.sql
var postgresMigrations embed.FS

// maxConns is the writer and the reads that run at once; others wait.
const maxConns = 9

// OpenPostgres connects (dsn is a URL or keywords and values, as libpq takes them)
// and brings the tables up to date, in the schema that search_path of dsn names
// first; schema, where it is not empty, is put there and made if need be. Nodes
// that do so at the same time wait for each other. The error never contains the
// password of dsn.
func OpenPostgres(ctx context.Context, dsn, schema string, o Options) (*Store, error) {
	c, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("messages: the DSN cannot be read: %w", err)
	}
	c.MaxConns = maxConns
	if schema != "" {
		c.ConnConfig.RuntimeParams["search_path"] = pgx.Identifier{schema}.Sanitize()
	}
	// Rows are looked up by keys: on a disk of today, and in memory, a scan is not
	// four times cheaper than that (TestPlans).
	if c.ConnConfig.RuntimeParams["random_page_cost"] == "" {
		c.ConnConfig.RuntimeParams["random_page_cost"] = "1.1"
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	e := &elephant{pool: pool}
	if err := e.open(ctx, schema, o.Claim); err != nil {
		return nil, errors.Join(fmt.Errorf("messages: open %s: %w", c.ConnConfig.Database, err), e.close())
	}
	s := start(e, o)
	if e.claim != nil {
		s.lost = e.claim.lost
		go s.keepClaim()
	}
	return s, nil
}

// elephant is PostgreSQL.
type elephant struct {
	pool  *pgxpool.Pool
	claim *claim // nil: others may write too
}

// open claims the database, if it is to be, before anything is done to its tables.
func (e *elephant) open(ctx context.Context, schema, program string) (err error) {
	if schema != "" {
		if err := e.makeSchema(ctx, schema); err != nil {
			return err
		}
	}
	if program != "" {
		if e.claim, err = newClaim(ctx, e.pool, program); err != nil {
			return err
		}
	}
	return e.migrate(ctx)
}

func (e *elephant) migrate(ctx context.Context) (err error) {
	files, err := fs.Sub(postgresMigrations, "migrations/postgres")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(e.pool)
	defer func() { err = errors.Join(err, db.Close()) }() // the pool stays open
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	if _, err = p.Up(ctx); err != nil {
		return err
	}
	return checkVersion(ctx, p)
}

// makeSchema makes the schema unless it is there. Of two who do so at once one may
// fail because the other was quicker.
func (e *elephant) makeSchema(ctx context.Context, schema string) (err error) {
	for range 3 {
		_, err = e.pool.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS `+pgx.Identifier{schema}.Sanitize())
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

func (e *elephant) close() error {
	if e.claim != nil {
		e.claim.drop()
	}
	e.pool.Close()
	return nil
}

// pgTx gathers statements and sends them together with the next that needs an
// answer: a whole batch of posts is one round trip.
type pgTx struct {
	e      *elephant
	conn   *pgxpool.Conn // that of the claim, if there is one
	queued pgx.Batch
	began  bool
}

// begin implements engine. BEGIN goes with the first statement.
func (e *elephant) begin(ctx context.Context) (tx, error) {
	acquire := e.pool.Acquire
	if e.claim != nil {
		acquire = e.claim.begin
	}
	conn, err := acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &pgTx{e: e, conn: conn}, nil
}

// release gives the connection back; that of the claim is kept.
func (t *pgTx) release() {
	if t.e.claim == nil {
		t.conn.Release()
	}
	t.conn = nil
}

func (t *pgTx) queue(text string, args ...any) {
	if !t.began {
		t.began = true
		t.queued.Queue(`BEGIN ISOLATION LEVEL READ COMMITTED`)
	}
	t.queued.Queue(text, args...)
}

// send sends what is queued; last reads the answer of the last statement.
func (t *pgTx) send(ctx context.Context, last func(pgx.BatchResults) error) error {
	n := t.queued.Len()
	if n == 0 {
		return nil
	}
	queued := t.queued
	t.queued = pgx.Batch{}
	results := t.conn.SendBatch(ctx, &queued)
	for range n - 1 {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // it says the same
			return err
		}
	}
	err := last(results)
	return errors.Join(err, results.Close())
}

func (t *pgTx) put(_ context.Context, text string, args ...any) error {
	t.queue(text, args...)
	return nil
}

func (t *pgTx) exec(ctx context.Context, text string, args ...any) (n int64, err error) {
	t.queue(text, args...)
	err = t.send(ctx, func(r pgx.BatchResults) error {
		tag, err := r.Exec()
		n = tag.RowsAffected()
		return err
	})
	return n, err
}

func (t *pgTx) query(ctx context.Context, text string, each func(scan func(...any) error) error, args ...any) error {
	t.queue(text, args...)
	return t.send(ctx, func(r pgx.BatchResults) error {
		rows, err := r.Query()
		if err != nil {
			return err
		}
		return eachRow(rows, each)
	})
}

func eachRow(rows pgx.Rows, each func(scan func(...any) error) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// fence cannot count rows, for nobody waits for its answer before the commit: so
// it is a statement that fails, by a division by zero. It takes the lock of the
// row, and with it the right to give numbers.
func (t *pgTx) fence(_ context.Context, dom, was, head int64) error {
	t.queue(`WITH moved AS (UPDATE part SET head = $1 WHERE dom = $2 AND head = $3 RETURNING 1) SELECT 1 / count(*) FROM moved`, head, dom, was)
	return nil
}

func (t *pgTx) commit(ctx context.Context) error {
	t.queue(`COMMIT`)
	err := t.send(ctx, func(r pgx.BatchResults) error {
		tag, err := r.Exec()
		if err == nil && tag.String() != "COMMIT" { // a transaction that had failed ends so
			err = errors.New("the transaction was rolled back: " + tag.String())
		}
		return err
	})
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok && pe.Code == "22012" {
		err = errFence
	}
	if err != nil {
		t.rollback()
		return err
	}
	t.release()
	return nil
}

// rollback ends the transaction. Where the connection is lost, the others of the
// pool are likely to be too: they are all made anew.
func (t *pgTx) rollback() {
	if t.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if t.began && !t.conn.Conn().IsClosed() {
		_, _ = t.conn.Exec(ctx, `ROLLBACK`) // if it fails the connection is closed
	}
	if t.conn.Conn().IsClosed() {
		t.e.pool.Reset()
	}
	t.release()
}

// pgReader reads, in a transaction or not.
type pgReader struct {
	on interface {
		Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
		Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	}
}

func (r pgReader) query(ctx context.Context, text string, each func(scan func(...any) error) error, args ...any) error {
	rows, err := r.on.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, each)
}

func (r pgReader) exec(ctx context.Context, text string, args ...any) (int64, error) {
	tag, err := r.on.Exec(ctx, text, args...)
	return tag.RowsAffected(), err
}

// read implements engine.
func (e *elephant) read(ctx context.Context, snapshot bool) (db, func(), error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	if !snapshot {
		return pgReader{conn}, conn.Release, nil
	}
	t, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		conn.Release()
		return nil, nil, err
	}
	return pgReader{t}, func() {
		_ = t.Rollback(context.Background()) // it has only read
		conn.Release()
	}, nil
}

// behind implements engine: a look-up is one more way to the server.
func (*elephant) behind() bool { return false }

// class implements engine.
func (e *elephant) class(err error) class {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return away
	}
	switch {
	case pe.Code == "23505":
		return unique
	case pe.Code == "40P01", pe.Code == "40001":
		return victim
	case strings.HasPrefix(pe.Code, "22"), strings.HasPrefix(pe.Code, "23"), strings.HasPrefix(pe.Code, "42"):
		return odd
	}
	return away // connection, disk, shutdown, limits
}

func (e *elephant) tables(ctx context.Context, c db) (list []string, err error) {
	err = c.query(ctx, `SELECT table_name::text FROM information_schema.tables
		WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'goose%' AND table_name NOT LIKE 'search\_%' ORDER BY table_name`,
		func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			list = append(list, name)
			return err
		})
	return list, err
}

func (e *elephant) columns(ctx context.Context, c db, table string) (names, kinds []string, err error) {
	err = c.query(ctx, `SELECT column_name::text, data_type::text FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`, func(scan func(...any) error) error {
		var name, declared string
		err := scan(&name, &declared)
		names = append(names, name)
		kinds = append(kinds, map[string]string{"bigint": "int", "text": "text", "bytea": "bytes", "boolean": "bool"}[declared])
		return err
	}, table)
	return names, kinds, err
}
