package search

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the driver of sql.Open("sqlite")
)

// SQLite is an Index on FTS5 in a file of its own, so that indexing never holds
// the writer of the store up. Words are cut here; the tokenizer "ascii" only
// splits at blanks. Deleted entries are overwritten (secure-delete), for erasure
// must reach the file.
//
// The file may be deleted while nothing runs: it is made again from the store.
type SQLite struct {
	writer *sql.DB // one connection, transactions take the write lock at once
	reader *sql.DB
	puts   puts
}

// puts are the statements of every message, prepared for writer.
type puts struct{ doc, word, part put }

type put struct{ *sql.Stmt }

var _ Index = (*SQLite)(nil)

// synchronous NORMAL: a power cut may take the last batches, together with their
// mark, and the follower writes them again.
var sqlitePragmas = []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)", "secure_delete(1)"}

const sqliteTables = `
CREATE TABLE domain (
	id    INTEGER PRIMARY KEY AUTOINCREMENT,
	name  TEXT NOT NULL UNIQUE,
	mark  INTEGER NOT NULL DEFAULT 0,
	epoch INTEGER NOT NULL DEFAULT 0,
	begun INTEGER NOT NULL DEFAULT 0,
	parts INTEGER NOT NULL DEFAULT 0,
	docs  INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE doc (id INTEGER PRIMARY KEY, conv INTEGER NOT NULL, body TEXT NOT NULL);
CREATE VIRTUAL TABLE word USING fts5(body, content='', columnsize=0, prefix='1 2', tokenize="ascii tokenchars '.'");
CREATE VIRTUAL TABLE part USING fts5(body, content='', columnsize=0, detail=none, tokenize="ascii tokenchars '.'");
INSERT INTO word(word, rank) VALUES ('secure-delete', 1);
INSERT INTO part(part, rank) VALUES ('secure-delete', 1);
`

const sqliteDrop = `
DROP TABLE IF EXISTS word;
DROP TABLE IF EXISTS part;
DROP TABLE IF EXISTS doc;
DROP TABLE IF EXISTS domain;
`

// OpenSQLite opens the file and creates it if need be (mode 0600). A file of
// another version of this package is emptied: followers fill it again.
func OpenSQLite(ctx context.Context, path string) (*SQLite, error) {
	s := &SQLite{}
	err := touch(path)
	if err == nil {
		err = s.open(path)
	}
	if err == nil {
		err = s.create(ctx)
	}
	if err == nil {
		err = s.prepare(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("search: open %s: %w", path, err), s.Close())
	}
	return s, nil
}

// touch creates the file so that nobody else can read it.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (s *SQLite) open(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: url.Values{"_pragma": sqlitePragmas}.Encode()}
	if s.writer, err = sql.Open("sqlite", u.String()+"&_txlock=immediate"); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sql.Open("sqlite", u.String()+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	s.reader.SetMaxOpenConns(4)
	return nil
}

// create makes the tables, unless they are of this version.
func (s *SQLite) create(ctx context.Context) error {
	var version int
	if err := s.writer.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version == foldVersion {
		return nil
	}
	return s.within(ctx, func(tx *sql.Tx) error { return recreate(ctx, tx) })
}

func recreate(ctx context.Context, tx *sql.Tx) error {
	for _, q := range []string{sqliteDrop, sqliteTables, fmt.Sprintf("PRAGMA user_version = %d", foldVersion)} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func (s *SQLite) prepare(ctx context.Context) error {
	for _, p := range []struct {
		into *put
		text string
	}{
		{&s.puts.doc, "INSERT INTO doc (id, conv, body) VALUES (?, ?, ?)"},
		{&s.puts.word, "INSERT INTO word (rowid, body) VALUES (?, ?)"},
		{&s.puts.part, "INSERT INTO part (rowid, body) VALUES (?, ?)"},
	} {
		stmt, err := s.writer.PrepareContext(ctx, p.text)
		if err != nil {
			return err
		}
		*p.into = put{stmt}
	}
	return nil
}

// of are the statements in a transaction.
func (p puts) of(ctx context.Context, tx *sql.Tx) puts {
	return puts{put{tx.StmtContext(ctx, p.doc.Stmt)}, put{tx.StmtContext(ctx, p.word.Stmt)}, put{tx.StmtContext(ctx, p.part.Stmt)}}
}

// row executes it. The context does not end it: it is short, and one that could be
// ended costs a goroutine. So it is looked at before.
func (p put) row(ctx context.Context, args ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := p.ExecContext(context.WithoutCancel(ctx), args...)
	return err
}

// within runs a transaction.
func (s *SQLite) within(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// Close implements Index.
func (s *SQLite) Close() error {
	var errs []error
	for _, p := range []put{s.puts.doc, s.puts.word, s.puts.part} {
		if p.Stmt != nil {
			errs = append(errs, p.Close())
		}
	}
	for _, db := range []*sql.DB{s.reader, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// rowOf is the row of a message: domain and number in one key, so that a range
// of rows is a range of numbers of one domain.
func rowOf(domain, number int64) int64 { return domain<<numberBits + number }

// scopeToken is the entry that says where a message stands. No word has a dot.
func scopeToken(domain, conv int64) string {
	return "." + strconv.FormatInt(domain, 36) + "." + strconv.FormatInt(conv, 36)
}

// Write implements Index.
func (s *SQLite) Write(ctx context.Context, b Batch) error {
	if err := b.check(); err != nil {
		return err
	}
	err := s.within(ctx, func(tx *sql.Tx) error {
		w, err := s.newWriter(ctx, tx, b.Domain)
		if err != nil {
			return err
		}
		return w.write(b)
	})
	if err != nil {
		return fmt.Errorf("search: write: %w", err)
	}
	return nil
}

// sqliteWriter is one transaction that writes to a domain.
type sqliteWriter struct {
	ctx    context.Context
	tx     *sql.Tx
	puts   puts
	cut    cutter
	id     int64
	parts  int64
	newest int64 // highest number in the index: what is above cannot be there yet
	docs   int64 // more or fewer than before
}

func (s *SQLite) newWriter(ctx context.Context, tx *sql.Tx, domain string) (*sqliteWriter, error) {
	if _, err := tx.ExecContext(ctx, "INSERT INTO domain (name) VALUES (?) ON CONFLICT DO NOTHING", domain); err != nil {
		return nil, err
	}
	w := &sqliteWriter{ctx: ctx, tx: tx, puts: s.puts.of(ctx, tx)}
	err := tx.QueryRowContext(ctx, "SELECT id, parts FROM domain WHERE name = ?", domain).Scan(&w.id, &w.parts)
	if err != nil {
		return nil, err
	}
	if w.id > maxDomain {
		return nil, errors.New("this file has had as many domains as it can hold: delete it, it is made again")
	}
	var newest sql.NullInt64
	err = tx.QueryRowContext(ctx, "SELECT max(id) FROM doc WHERE id >= ? AND id < ?", rowOf(w.id, 0), rowOf(w.id+1, 0)).Scan(&newest)
	w.newest = -1
	if newest.Valid {
		w.newest = newest.Int64 & maxNumber
	}
	return w, err
}

func (w *sqliteWriter) write(b Batch) error {
	for _, n := range b.Remove {
		if err := w.remove(n); err != nil {
			return err
		}
	}
	for _, d := range b.Put {
		if err := w.put(d); err != nil {
			return err
		}
	}
	_, err := w.tx.ExecContext(w.ctx, "UPDATE domain SET mark = ?, epoch = ?, begun = ?, docs = docs + ? WHERE id = ?",
		b.Mark, b.Epoch, b.Begun, w.docs, w.id)
	return err
}

// remove takes a message out, if it is there. The engine must be told what was
// in its entries.
func (w *sqliteWriter) remove(number int64) error {
	if number > w.newest {
		return nil
	}
	id := rowOf(w.id, number)
	var conv int64
	var body string
	err := w.tx.QueryRowContext(w.ctx, "SELECT conv, body FROM doc WHERE id = ?", id).Scan(&conv, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	scope := scopeToken(w.id, conv)
	if _, err := w.tx.ExecContext(w.ctx, "INSERT INTO word (word, rowid, body) VALUES ('delete', ?, ?)", id, w.cut.words(scope, body)); err != nil {
		return err
	}
	if number <= w.parts {
		if _, err := w.tx.ExecContext(w.ctx, "INSERT INTO part (part, rowid, body) VALUES ('delete', ?, ?)", id, w.cut.parts(scope, body)); err != nil {
			return err
		}
	}
	w.docs--
	_, err = w.tx.ExecContext(w.ctx, "DELETE FROM doc WHERE id = ?", id)
	return err
}

func (w *sqliteWriter) put(d Doc) error {
	if err := w.remove(d.Number); err != nil {
		return err
	}
	id, text, scope := rowOf(w.id, d.Number), d.text(), scopeToken(w.id, d.Conv)
	if err := w.puts.doc.row(w.ctx, id, d.Conv, text); err != nil {
		return err
	}
	if err := w.puts.word.row(w.ctx, id, w.cut.words(scope, text)); err != nil {
		return err
	}
	if d.Number <= w.parts {
		if err := w.puts.part.row(w.ctx, id, w.cut.parts(scope, text)); err != nil {
			return err
		}
	}
	w.newest = max(w.newest, d.Number)
	w.docs++
	return nil
}

// Deepen implements Index.
func (s *SQLite) Deepen(ctx context.Context, domain string, limit int) (done int, err error) {
	err = s.within(ctx, func(tx *sql.Tx) error {
		var id, parts int64
		err := tx.QueryRowContext(ctx, "SELECT id, parts FROM domain WHERE name = ?", domain).Scan(&id, &parts)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		done, err = s.deepen(ctx, tx, id, parts, limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("search: parts of words: %w", err)
	}
	return done, nil
}

func (s *SQLite) deepen(ctx context.Context, tx *sql.Tx, id, parts int64, limit int) (int, error) {
	rows, err := tx.QueryContext(ctx, "SELECT id, conv, body FROM doc WHERE id > ? AND id < ? ORDER BY id LIMIT ?",
		rowOf(id, parts), rowOf(id+1, 0), limit)
	if err != nil {
		return 0, err
	}
	docs, err := scanRows(rows)
	if err != nil || len(docs) == 0 {
		return 0, err
	}
	var cut cutter
	puts := s.puts.of(ctx, tx)
	for _, d := range docs {
		if err := puts.part.row(ctx, rowOf(id, d.number), cut.parts(scopeToken(id, d.conv), d.text)); err != nil {
			return 0, err
		}
	}
	_, err = tx.ExecContext(ctx, "UPDATE domain SET parts = ? WHERE id = ?", docs[len(docs)-1].number, id)
	return len(docs), err
}

func scanRows(rows *sql.Rows) ([]row, error) {
	defer rows.Close()
	var out []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.number, &r.conv, &r.text); err != nil {
			return nil, err
		}
		r.number &= maxNumber
		out = append(out, r)
	}
	return out, rows.Err()
}

// State implements Index.
func (s *SQLite) State(ctx context.Context, domain string) (State, error) {
	st, _, err := s.state(ctx, domain)
	return st, err
}

// state is the state of a domain with its number, 0 where it has none.
func (s *SQLite) state(ctx context.Context, domain string) (st State, id int64, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT id, mark, epoch, begun, parts, docs FROM domain WHERE name = ?", domain).
		Scan(&id, &st.Mark, &st.Epoch, &st.Begun, &st.Parts, &st.Docs)
	if errors.Is(err, sql.ErrNoRows) {
		return State{}, 0, nil
	}
	if err != nil {
		return State{}, 0, fmt.Errorf("search: state: %w", err)
	}
	return st, id, nil
}

// Domains implements Index.
func (s *SQLite) Domains(ctx context.Context) ([]string, error) {
	rows, err := s.reader.QueryContext(ctx, "SELECT name FROM domain ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("search: domains: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, rows.Err()
}

// resetLot is how many messages are forgotten in one transaction.
const resetLot = 500

// Reset implements Index. The only domain goes at once, with the tables.
func (s *SQLite) Reset(ctx context.Context, domain string) error {
	for more := true; more; {
		err := s.within(ctx, func(tx *sql.Tx) (err error) {
			more, err = s.reset(ctx, tx, domain)
			return err
		})
		if err != nil {
			return fmt.Errorf("search: reset: %w", err)
		}
	}
	return nil
}

func (s *SQLite) reset(ctx context.Context, tx *sql.Tx, domain string) (more bool, err error) {
	var others, here int
	err = tx.QueryRowContext(ctx, "SELECT count(*) FILTER (WHERE name <> ?), count(*) FILTER (WHERE name = ?) FROM domain", domain, domain).
		Scan(&others, &here)
	if err != nil || here == 0 {
		return false, err
	}
	if others == 0 {
		return false, recreate(ctx, tx)
	}
	w, err := s.newWriter(ctx, tx, domain)
	if err != nil {
		return false, err
	}
	// From the newest on: a reset that is broken off leaves a mark of 0 and the
	// oldest messages, which the follower writes again.
	rows, err := tx.QueryContext(ctx, "SELECT id, 0, '' FROM doc WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?",
		rowOf(w.id, 0), rowOf(w.id+1, 0), resetLot)
	if err != nil {
		return false, err
	}
	docs, err := scanRows(rows)
	if err != nil {
		return false, err
	}
	b := Batch{Domain: domain}
	for _, d := range docs {
		b.Remove = append(b.Remove, d.number)
	}
	if len(docs) == 0 {
		_, err = tx.ExecContext(ctx, "DELETE FROM domain WHERE id = ?", w.id)
		return false, err
	}
	return true, w.write(b)
}

// Rename implements Index.
func (s *SQLite) Rename(ctx context.Context, from, to string) error {
	_, err := s.writer.ExecContext(ctx, "UPDATE OR IGNORE domain SET name = ? WHERE name = ?", to, from)
	if err != nil {
		return fmt.Errorf("search: rename: %w", err)
	}
	return nil
}

// Find implements Index.
func (s *SQLite) Find(ctx context.Context, a Ask) (Page, error) { return find(ctx, s, a) }

// The joins are crossed to fix their order: the first table leads, and is read
// from the newest message down.
const (
	sqliteByWord = `SELECT d.id, d.conv, d.body FROM word w CROSS JOIN doc d ON d.id = w.rowid
		WHERE w.word MATCH ? AND w.rowid < ? AND w.rowid >= ? ORDER BY w.rowid DESC LIMIT ?`
	sqliteByPart = `SELECT d.id, d.conv, d.body FROM part p CROSS JOIN doc d ON d.id = p.rowid
		WHERE p.part MATCH ? AND p.rowid < ? AND p.rowid >= ? ORDER BY p.rowid DESC LIMIT ?`
)

// candidates implements source. Where the question has both parts of words and
// whole ones, the whole ones lead if they are rare, else the parts; the others
// are compared with the text.
func (s *SQLite) candidates(ctx context.Context, p plan) ([]row, error) {
	_, id, err := s.state(ctx, p.domain)
	if err != nil || id == 0 {
		return nil, err
	}
	scope := sqliteScope(id, p.convs)
	statement, match := sqliteByWord, ""
	if p.byParts() {
		statement, match = sqliteByPart, sqliteParts(p)+scope
	} else {
		match = sqliteMatch(p) + scope
	}
	rows, err := s.reader.QueryContext(ctx, statement, match, rowOf(id, p.below), rowOf(id, p.floor), p.limit)
	if err != nil {
		return nil, err
	}
	return scanRows(rows)
}

// sqliteMatch asks for words. In a deep plan, parts are left to the comparison.
func sqliteMatch(p plan) string {
	var all []string
	for _, t := range p.query.terms {
		if p.deep && t.isPart() {
			continue
		}
		entries, prefix := t.phrase()
		e := `"` + strings.Join(entries, " ") + `"`
		if prefix {
			e += " *"
		}
		all = append(all, e)
	}
	return "(" + strings.Join(all, " AND ") + ")"
}

// sqliteParts asks for all parts of words.
func sqliteParts(p plan) string {
	var all []string
	for _, t := range p.query.terms {
		if !t.isPart() {
			continue
		}
		for _, g := range t.parts() {
			all = append(all, `"`+g+`"`)
		}
	}
	return "(" + strings.Join(all, " AND ") + ")"
}

func sqliteScope(id int64, convs []int64) string {
	if convs == nil {
		return ""
	}
	all := make([]string, len(convs))
	for i, c := range convs {
		all[i] = `"` + scopeToken(id, c) + `"`
	}
	return " AND (" + strings.Join(all, " OR ") + ")"
}

// Checkpoint empties the journal of the file, in which what was deleted may still
// stand. It waits for nobody: with readers it does what it can.
func (s *SQLite) Checkpoint(ctx context.Context) error {
	var busy, log, done int
	if err := s.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done); err != nil {
		return fmt.Errorf("search: checkpoint: %w", err)
	}
	return nil
}
