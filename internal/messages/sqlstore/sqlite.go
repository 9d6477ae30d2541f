package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/sqlite/*.sql
var sqliteMigrations embed.FS

// readers is how many reads of SQLite run at once; others wait.
const readers = 4

// lite is SQLite.
type lite struct {
	path   string
	writer *sql.DB // one connection
	reader *sql.DB
	texts  texts
	write  *liteConn // nil: to be opened
	free   chan *liteConn
}

// pragmas of every connection. A transaction that has returned from COMMIT
// survives a power cut (synchronous=FULL). The WAL file is kept: writing over it
// syncs twice as fast as growing it.
var pragmas = []string{
	"busy_timeout(10000)", // first: setting the others may have to wait
	"journal_mode(WAL)",
	"synchronous(FULL)",
	"foreign_keys(0)", // there are none
	"temp_store(MEMORY)",
}

// checkpointPages is how long the WAL may become until it is copied into the file, in
// pages of 4 KiB. A batch of posts writes into the same pages of the indexes again and
// again; of each, only the newest state is copied.
const checkpointPages = 4000

func openLite(ctx context.Context, path string) (*lite, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // nobody else may read it
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	e := &lite{path: path, free: make(chan *liteConn, readers)}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	if e.writer, err = sql.Open("sqlite", u.String()+"&_txlock=immediate&_pragma=cache_size(-65536)&_pragma=wal_autocheckpoint("+itoa(checkpointPages)+")"); err != nil {
		return nil, err
	}
	e.writer.SetMaxOpenConns(1)
	if e.reader, err = sql.Open("sqlite", u.String()+"&_pragma=query_only(1)&_pragma=cache_size(-16384)"); err == nil {
		e.reader.SetMaxOpenConns(readers)
		err = e.migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	for range readers {
		e.free <- &liteConn{e: e, pool: e.reader}
	}
	return e, nil
}

func (e *lite) migrate(ctx context.Context) error {
	files, err := fs.Sub(sqliteMigrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, e.writer, files)
	if err != nil {
		return err
	}
	for range 3 { // of two processes that do it at once, one fails and then finds it done
		if _, err = p.Up(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return err
	}
	return checkVersion(ctx, p)
}

func checkVersion(ctx context.Context, p *goose.Provider) error {
	found, known, err := p.GetVersions(ctx) // Up does nothing to tables of a newer program
	if err != nil {
		return err
	}
	if found > known {
		return fmt.Errorf("the tables are of version %d, made by a newer program; this one knows %d", found, known)
	}
	return nil
}

func (e *lite) close() error {
	var errs []error
	for len(e.free) > 0 {
		(<-e.free).drop()
	}
	if e.write != nil {
		e.write.drop()
	}
	for _, db := range []*sql.DB{e.reader, e.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// liteConn is one connection with its prepared statements. One goroutine uses it
// at a time.
type liteConn struct {
	e     *lite
	never bool // contexts do not end its statements: for the writer, whom busy_timeout bounds
	pool  *sql.DB
	conn  *sql.Conn // nil: to be opened
	asks  map[string]ask
	acts  map[string]act
	args  []driver.NamedValue // room
}

// ask is a statement that asks. It lasts as long as its connection.
type ask struct{ *sql.Stmt }

// act is a statement that changes something. It is the driver's: what database/sql
// does around each call, beside converting what is converted already, costs as much
// as a small statement.
type act interface {
	driver.Stmt
	driver.StmtExecContext
}

// maxStmts bounds the prepared statements of a connection, of each kind.
const maxStmts = 300

func (c *liteConn) open(ctx context.Context) (err error) {
	if c.conn == nil {
		c.conn, err = c.pool.Conn(ctx)
		c.asks, c.acts = map[string]ask{}, map[string]act{}
	}
	return err
}

func (c *liteConn) drop() {
	forget(c.asks)
	forget(c.acts)
	if c.conn != nil {
		_ = c.conn.Close()
	}
	c.conn, c.asks, c.acts = nil, nil, nil
}

// forget closes statements: their connection goes too, or they are prepared again.
func forget[S io.Closer](stmts map[string]S) {
	for text, s := range stmts {
		_ = s.Close()
		delete(stmts, text)
	}
}

func (c *liteConn) ask(ctx context.Context, text string) (ask, error) {
	if s, ok := c.asks[text]; ok {
		return s, nil
	}
	if len(c.asks) >= maxStmts { // texts with lists of many lengths
		forget(c.asks)
	}
	s, err := c.conn.PrepareContext(ctx, c.e.texts.of(text))
	if err != nil {
		return ask{}, err
	}
	c.asks[text] = ask{s}
	return ask{s}, nil
}

func (c *liteConn) act(ctx context.Context, text string) (s act, err error) {
	if s, ok := c.acts[text]; ok {
		return s, nil
	}
	if len(c.acts) >= maxStmts {
		forget(c.acts)
	}
	err = c.conn.Raw(func(conn any) error {
		p, err := conn.(driver.ConnPrepareContext).PrepareContext(ctx, orFail(c.e.texts.of(text)))
		if err == nil {
			s = p.(act)
			c.acts[text] = s
		}
		return err
	})
	return s, err
}

// orFail has an insert that fails leave what it has done already, for the writer
// undoes the whole transaction then. Else SQLite keeps a copy of every page that an
// insert of several rows touches.
func orFail(text string) string {
	if rest, ok := strings.CutPrefix(text, "INSERT INTO "); ok {
		return "INSERT OR FAIL INTO " + rest
	}
	return text
}

// values are arguments as the driver takes them.
func (c *liteConn) values(args []any) (list []driver.NamedValue, err error) {
	list = c.args[:0]
	for i, a := range args {
		v := driver.NamedValue{Ordinal: i + 1, Value: a}
		switch a.(type) {
		case int64, string:
		default:
			if v.Value, err = driver.DefaultParameterConverter.ConvertValue(a); err != nil {
				return nil, err
			}
		}
		list = append(list, v)
	}
	c.args = list
	return list, nil
}

// bound is the context of a statement: one that can end costs a goroutine.
func (c *liteConn) bound(ctx context.Context) context.Context {
	if c.never {
		return context.Background()
	}
	return ctx
}

func (c *liteConn) query(ctx context.Context, text string, each func(scan func(...any) error) error, args ...any) error {
	ctx = c.bound(ctx)
	s, err := c.ask(ctx, text)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c *liteConn) exec(ctx context.Context, text string, args ...any) (int64, error) {
	r, err := c.do(ctx, text, args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// put implements tx: at once.
func (c *liteConn) put(ctx context.Context, text string, args ...any) error {
	_, err := c.do(ctx, text, args)
	return err
}

func (c *liteConn) do(ctx context.Context, text string, args []any) (driver.Result, error) {
	ctx = c.bound(ctx)
	s, err := c.act(ctx, text)
	if err != nil {
		return nil, err
	}
	list, err := c.values(args)
	if err != nil {
		return nil, err
	}
	r, err := s.ExecContext(ctx, list)
	clear(list) // keeps nothing alive
	return r, err
}

func (c *liteConn) fence(ctx context.Context, dom, was, head int64) error {
	n, err := c.exec(ctx, `UPDATE part SET head = $1 WHERE dom = $2 AND head = $3`, head, dom, was)
	if err == nil && n != 1 {
		return errFence
	}
	return err
}

func (c *liteConn) commit(ctx context.Context) error {
	err := c.put(ctx, `COMMIT`)
	if err != nil {
		c.rollback()
	}
	return err
}

// rollback ends the transaction. After an error of the disk SQLite may have done
// so itself, and the state of the connection is not worth trusting.
func (c *liteConn) rollback() {
	if c.conn == nil {
		return
	}
	if _, err := c.conn.ExecContext(context.Background(), `ROLLBACK`); err != nil {
		c.drop()
	}
}

// begin implements engine.
func (e *lite) begin(ctx context.Context) (tx, error) {
	if e.write == nil {
		e.write = &liteConn{e: e, pool: e.writer, never: true}
	}
	c := e.write
	if err := c.open(ctx); err != nil {
		return nil, err
	}
	if err := c.put(ctx, `BEGIN IMMEDIATE`); err != nil {
		c.drop()
		return nil, err
	}
	return c, nil
}

// read implements engine.
func (e *lite) read(ctx context.Context, snapshot bool) (db, func(), error) {
	var c *liteConn
	select {
	case c = <-e.free:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	err := c.open(ctx)
	if err == nil && snapshot {
		err = c.put(ctx, `BEGIN`)
	}
	if err != nil {
		c.drop()
		e.free <- c
		return nil, nil, err
	}
	return c, func() {
		if snapshot {
			c.rollback()
		}
		e.free <- c
	}, nil
}

// behind implements engine.
func (*lite) behind() bool { return true }

// class implements engine.
func (e *lite) class(err error) class {
	se, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return away // of database/sql or the context: the connection
	}
	switch code := se.Code(); code & 0xff {
	case sqlite3.SQLITE_CONSTRAINT:
		if code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_ROWID {
			return unique
		}
		return odd
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISUSE:
		return odd
	}
	return away
}

func (e *lite) tables(ctx context.Context, c db) (list []string, err error) {
	err = c.query(ctx, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
		func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			list = append(list, name)
			return err
		})
	return list, err
}

func (e *lite) columns(ctx context.Context, c db, table string) (names, kinds []string, err error) {
	err = c.query(ctx, `SELECT name, type FROM pragma_table_info($1) ORDER BY cid`, func(scan func(...any) error) error {
		var name, declared string
		err := scan(&name, &declared)
		names = append(names, name)
		kinds = append(kinds, map[string]string{"INTEGER": "int", "TEXT": "text", "BLOB": "bytes"}[declared])
		return err
	}, table)
	return names, kinds, err
}
