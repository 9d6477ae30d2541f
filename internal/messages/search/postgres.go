package search

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Postgres is an Index on tsvector columns with GIN, in the schema that the DSN
// chooses (search_path). The vectors are made here, not by a text search
// configuration. Parts of words are in a vector of their own; no extension is
// needed. Old versions of rows are gone after a vacuum.
type Postgres struct{ pool *pgxpool.Pool }

var _ Index = (*Postgres)(nil)

const postgresTables = `
CREATE TABLE search_version (fold INT NOT NULL);
INSERT INTO search_version VALUES (%d);
CREATE TABLE search_domain (
	id    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name  TEXT NOT NULL UNIQUE,
	mark  BIGINT NOT NULL DEFAULT 0,
	epoch BIGINT NOT NULL DEFAULT 0,
	begun BIGINT NOT NULL DEFAULT 0,
	parts BIGINT NOT NULL DEFAULT 0,
	docs  BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE search_doc (
	dom   BIGINT NOT NULL,
	mid   BIGINT NOT NULL,
	conv  BIGINT NOT NULL,
	body  TEXT NOT NULL,
	words TSVECTOR NOT NULL,
	parts TSVECTOR,
	PRIMARY KEY (dom, mid)
);
CREATE INDEX search_words ON search_doc USING gin (words);
CREATE INDEX search_parts ON search_doc USING gin (parts);
`

const postgresDrop = `DROP TABLE IF EXISTS search_doc, search_domain, search_version`

// postgresLock is held while tables are made, so that nodes wait for each other.
const postgresLock = 0x746e64736561 // "tndsea"

const postgresConns = 4

// OpenPostgres connects (dsn is a URL or keywords and values, as libpq takes
// them) and makes the tables if need be. Tables of another version of this
// package are made anew: followers fill them again.
func OpenPostgres(ctx context.Context, dsn string) (*Postgres, error) {
	c, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("search: the DSN cannot be read: %w", err)
	}
	c.MaxConns = postgresConns
	// A plan must fit the words: rare ones are found by their index, usual ones by
	// going back from the newest message.
	c.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_custom_plan"
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	s := &Postgres{pool: pool}
	if err := s.create(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("search: open %s: %w", c.ConnConfig.Database, err)
	}
	return s, nil
}

func (s *Postgres) create(ctx context.Context) error {
	return s.within(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(postgresLock)); err != nil {
			return err
		}
		var there bool
		if err := tx.QueryRow(ctx, "SELECT to_regclass('search_version') IS NOT NULL").Scan(&there); err != nil {
			return err
		}
		version := 0
		if there {
			if err := tx.QueryRow(ctx, "SELECT fold FROM search_version").Scan(&version); err != nil {
				return err
			}
		}
		if version == foldVersion {
			return nil
		}
		_, err := tx.Exec(ctx, postgresDrop+";"+fmt.Sprintf(postgresTables, foldVersion))
		return err
	})
}

func (s *Postgres) within(ctx context.Context, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, do)
}

// Close implements Index.
func (s *Postgres) Close() error {
	s.pool.Close()
	return nil
}

// Write implements Index. The row of the domain is locked: batches of a domain
// wait for each other, also those of other nodes.
func (s *Postgres) Write(ctx context.Context, b Batch) error {
	if err := b.check(); err != nil {
		return err
	}
	err := s.within(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO search_domain (name) VALUES ($1) ON CONFLICT DO NOTHING", b.Domain); err != nil {
			return err
		}
		var id, parts int64
		if err := tx.QueryRow(ctx, "SELECT id, parts FROM search_domain WHERE name = $1 FOR UPDATE", b.Domain).Scan(&id, &parts); err != nil {
			return err
		}
		gone, err := tx.Exec(ctx, "DELETE FROM search_doc WHERE dom = $1 AND mid = ANY($2)", id, b.numbers())
		if err != nil {
			return err
		}
		added, err := putPostgres(ctx, tx, id, parts, b.Put)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE search_domain SET mark = $1, epoch = $2, begun = $3, docs = docs + $4 WHERE id = $5",
			b.Mark, b.Epoch, b.Begun, added-gone.RowsAffected(), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("search: write: %w", err)
	}
	return nil
}

// numbers are all messages of the batch.
func (b Batch) numbers() []int64 {
	out := make([]int64, 0, len(b.Remove)+len(b.Put))
	out = append(out, b.Remove...)
	for _, d := range b.Put {
		out = append(out, d.Number)
	}
	return out
}

// putPostgres inserts messages; of two with one number the last counts.
func putPostgres(ctx context.Context, tx pgx.Tx, id, parts int64, docs []Doc) (added int64, err error) {
	var lot pgx.Batch
	last := make(map[int64]int, len(docs))
	for i, d := range docs {
		last[d.Number] = i
	}
	for i, d := range docs {
		if last[d.Number] != i {
			continue
		}
		text := d.text()
		words := cutWords(foldCells(text))
		var deep *string
		if d.Number <= parts {
			v := partVector(id, d.Conv, words)
			deep = &v
		}
		lot.Queue("INSERT INTO search_doc (dom, mid, conv, body, words, parts) VALUES ($1, $2, $3, $4, $5::text::tsvector, $6::text::tsvector)",
			id, d.Number, d.Conv, text, wordVector(id, d.Conv, words), deep)
		added++
	}
	return added, tx.SendBatch(ctx, &lot).Close()
}

// wordVector is the text of a tsvector with positions. No entry has a character
// that would have to be quoted.
func wordVector(dom, conv int64, words []word) string {
	var out strings.Builder
	out.WriteString("'" + scopeToken(dom, conv) + "'")
	for i, t := range tokens(words) {
		out.WriteString(" '" + t + "':" + strconv.Itoa(i+1))
	}
	return out.String()
}

func partVector(dom, conv int64, words []word) string {
	var out strings.Builder
	out.WriteString("'" + scopeToken(dom, conv) + "'")
	for _, g := range grams(words) {
		out.WriteString(" '" + g + "'")
	}
	return out.String()
}

// Deepen implements Index.
func (s *Postgres) Deepen(ctx context.Context, domain string, limit int) (done int, err error) {
	err = s.within(ctx, func(tx pgx.Tx) error {
		var id, parts int64
		err := tx.QueryRow(ctx, "SELECT id, parts FROM search_domain WHERE name = $1 FOR UPDATE", domain).Scan(&id, &parts)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		done, err = deepenPostgres(ctx, tx, id, parts, limit)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("search: parts of words: %w", err)
	}
	return done, nil
}

func deepenPostgres(ctx context.Context, tx pgx.Tx, id, parts int64, limit int) (int, error) {
	rows, err := tx.Query(ctx, "SELECT mid, conv, body FROM search_doc WHERE dom = $1 AND mid > $2 ORDER BY mid LIMIT $3", id, parts, limit)
	if err != nil {
		return 0, err
	}
	docs, err := pgx.CollectRows(rows, scanRow)
	if err != nil || len(docs) == 0 {
		return 0, err
	}
	var lot pgx.Batch
	for _, d := range docs {
		lot.Queue("UPDATE search_doc SET parts = $1::text::tsvector WHERE dom = $2 AND mid = $3",
			partVector(id, d.conv, cutWords(foldCells(d.text))), id, d.number)
	}
	lot.Queue("UPDATE search_domain SET parts = $1 WHERE id = $2", docs[len(docs)-1].number, id)
	return len(docs), tx.SendBatch(ctx, &lot).Close()
}

func scanRow(r pgx.CollectableRow) (out row, err error) {
	err = r.Scan(&out.number, &out.conv, &out.text)
	return out, err
}

// State implements Index.
func (s *Postgres) State(ctx context.Context, domain string) (State, error) {
	st, _, err := s.state(ctx, domain)
	return st, err
}

func (s *Postgres) state(ctx context.Context, domain string) (st State, id int64, err error) {
	err = s.pool.QueryRow(ctx, "SELECT id, mark, epoch, begun, parts, docs FROM search_domain WHERE name = $1", domain).
		Scan(&id, &st.Mark, &st.Epoch, &st.Begun, &st.Parts, &st.Docs)
	if errors.Is(err, pgx.ErrNoRows) {
		return State{}, 0, nil
	}
	if err != nil {
		return State{}, 0, fmt.Errorf("search: state: %w", err)
	}
	return st, id, nil
}

// Domains implements Index.
func (s *Postgres) Domains(ctx context.Context) ([]string, error) {
	rows, err := s.pool.Query(ctx, "SELECT name FROM search_domain ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("search: domains: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Reset implements Index.
func (s *Postgres) Reset(ctx context.Context, domain string) error {
	err := s.within(ctx, func(tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, "DELETE FROM search_domain WHERE name = $1 RETURNING id", domain).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM search_doc WHERE dom = $1", id)
		return err
	})
	if err != nil {
		return fmt.Errorf("search: reset: %w", err)
	}
	return nil
}

// Rename implements Index.
func (s *Postgres) Rename(ctx context.Context, from, to string) error {
	_, err := s.pool.Exec(ctx, `UPDATE search_domain SET name = $1
		WHERE name = $2 AND NOT EXISTS (SELECT 1 FROM search_domain WHERE name = $1)`, to, from)
	if err != nil {
		return fmt.Errorf("search: rename: %w", err)
	}
	return nil
}

// Find implements Index.
func (s *Postgres) Find(ctx context.Context, a Ask) (Page, error) { return find(ctx, s, a) }

// candidates implements source.
func (s *Postgres) candidates(ctx context.Context, p plan) ([]row, error) {
	_, id, err := s.state(ctx, p.domain)
	if err != nil || id == 0 {
		return nil, err
	}
	words, parts := postgresQuery(p)
	scope := postgresScope(id, p.convs)
	statement := "SELECT mid, conv, body FROM search_doc WHERE dom = $1 AND mid < $2 AND mid >= $3"
	args := []any{id, p.below, p.floor, p.limit}
	for _, c := range []struct{ column, query string }{{"words", words}, {"parts", parts}} {
		if c.query != "" {
			args = append(args, c.query+scope)
			statement += fmt.Sprintf(" AND %s @@ $%d::text::tsquery", c.column, len(args))
		}
	}
	rows, err := s.pool.Query(ctx, statement+" ORDER BY mid DESC LIMIT $4", args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanRow)
}

// postgresQuery asks for words and, in a deep plan, for parts of words. Either
// may be "".
func postgresQuery(p plan) (words, parts string) {
	var w, g []string
	for _, t := range p.query.terms {
		if p.deep && t.isPart() {
			for _, gram := range t.parts() {
				g = append(g, "'"+gram+"'")
			}
			continue
		}
		entries, prefix := t.phrase()
		e := "'" + strings.Join(entries, "' <-> '") + "'"
		if prefix {
			e += ":*"
		}
		w = append(w, "("+e+")")
	}
	return strings.Join(w, " & "), strings.Join(g, " & ")
}

func postgresScope(id int64, convs []int64) string {
	if convs == nil {
		return ""
	}
	all := make([]string, len(convs))
	for i, c := range convs {
		all[i] = "'" + scopeToken(id, c) + "'"
	}
	return " & (" + strings.Join(all, " | ") + ")"
}
