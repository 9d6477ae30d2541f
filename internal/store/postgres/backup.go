package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/backup"
)

var _ backup.Store = (*Store)(nil)

// Schema implements backup.Store.
func (s *Store) Schema(ctx context.Context) (version int64, err error) {
	err = s.pool.QueryRow(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&version)
	return version, err
}

// tables lists the tables in the order of their creation: each behind those that
// it refers to.
func tables(ctx context.Context, tx pgx.Tx) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
		AND relname NOT LIKE 'goose%' ORDER BY oid`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// column is a column of a table, with what kind of values it has.
type column struct{ Name, Kind string }

func columns(ctx context.Context, tx pgx.Tx, table string) ([]column, error) {
	rows, err := tx.Query(ctx, `SELECT column_name, CASE
			WHEN data_type IN ('bigint', 'integer', 'smallint') THEN 'int'
			WHEN data_type = 'boolean' THEN 'bool'
			WHEN data_type = 'text' THEN 'text'
			WHEN data_type = 'bytea' THEN 'bytes'
			WHEN data_type = 'ARRAY' AND udt_name = '_text' THEN 'list'
			ELSE data_type END
		FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`, table)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[column])
}

// Dump implements backup.Store.
func (s *Store) Dump(ctx context.Context, sink backup.Sink) error {
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, s.pool, snapshot, func(tx pgx.Tx) error {
		list, err := tables(ctx, tx)
		if err != nil {
			return err
		}
		for _, table := range list {
			if err := dumpTable(ctx, tx, sink, table); err != nil {
				return fmt.Errorf("table %s: %w", table, err)
			}
		}
		return nil
	})
}

func dumpTable(ctx context.Context, tx pgx.Tx, sink backup.Sink, table string) error {
	list, err := columns(ctx, tx, table)
	if err != nil {
		return err
	}
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.Name
	}
	if err := sink.Table(backup.Table{Name: table, Columns: names}); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT `+quoted(names)+` FROM `+quoted([]string{table}))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		for i := range values {
			values[i] = plain(values[i])
		}
		if err := sink.Row(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// plain is a value of the driver as one of a backup.
func plain(v any) any {
	switch v := v.(type) {
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case []any:
		list := make([]string, len(v))
		for i := range v {
			list[i], _ = v[i].(string)
		}
		return list
	}
	return v
}

func quoted(names []string) string {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(pgx.Identifier{name}.Sanitize())
	}
	return b.String()
}

// Load implements backup.Store. Where the store has an audit log it stays: what
// was done before is not undone by a restoration.
func (s *Store) Load(ctx context.Context, source backup.Source, check func([]byte) error) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		l := loader{ctx: ctx, tx: tx}
		return l.load(source, check)
	})
	if isTaken(err) { // the rows do not fit together
		return backup.Bad(err)
	}
	return err
}

type loader struct {
	ctx context.Context
	tx  pgx.Tx
}

func (l *loader) load(source backup.Source, check func([]byte) error) error {
	var head, next int64
	// The lock keeps every other commit out until this one is over.
	err := l.tx.QueryRow(l.ctx, `SELECT head, next_id FROM directory FOR UPDATE`).Scan(&head, &next)
	if err != nil {
		return err
	}
	kept, err := l.empty()
	if err != nil {
		return err
	}
	for {
		table, more, err := source.NextTable()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		keep, known := kept[table.Name]
		if !known { // engines may take other names for the same table, and have some of their own
			return &backup.Error{Code: backup.CodeBadBackup, Message: "The backup has a table " + strconv.Quote(table.Name) + ", which this program does not know."}
		}
		if keep {
			continue
		}
		if err := l.table(source, table); err != nil {
			return fmt.Errorf("table %s: %w", table.Name, err)
		}
	}
	var canary []byte
	err = l.tx.QueryRow(l.ctx, `UPDATE directory SET head = greatest(head, $1) + 1, floor = greatest(head, $1) + 1, next_id = greatest(next_id, $2)
		RETURNING canary`, head, next).Scan(&canary)
	if errors.Is(err, pgx.ErrNoRows) {
		return backup.Bad(errors.New("it has no directory"))
	}
	if err != nil {
		return err
	}
	if err := l.readable(); err != nil {
		return err
	}
	return check(canary)
}

// readable refuses rows with which the directory would not open again.
func (l *loader) readable() error {
	r := reader{ctx: l.ctx, tx: l.tx}
	r.domains()
	r.objects()
	r.sessions()
	if r.err != nil && l.ctx.Err() == nil {
		return backup.Bad(r.err)
	}
	return r.err
}

// empty empties all tables but an audit log that has rows, and returns what was
// kept.
func (l *loader) empty() (map[string]bool, error) {
	list, err := tables(l.ctx, l.tx)
	if err != nil {
		return nil, err
	}
	kept := map[string]bool{}
	slices.Reverse(list) // what refers to others goes first
	for _, table := range list {
		if kept[table], err = l.keeps(table); err != nil {
			return nil, err
		}
		if kept[table] || table == "audit" { // which is empty, and refuses to be emptied
			continue
		}
		if _, err := l.tx.Exec(l.ctx, `DELETE FROM `+quoted([]string{table})); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

func (l *loader) keeps(table string) (has bool, err error) {
	if !strings.HasPrefix(table, "audit") {
		return false, nil
	}
	err = l.tx.QueryRow(l.ctx, `SELECT EXISTS (SELECT 1 FROM audit)`).Scan(&has)
	return has, err
}

func (l *loader) table(source backup.Source, table backup.Table) error {
	list, err := columns(l.ctx, l.tx, table.Name)
	if err != nil {
		return err
	}
	rows := &copied{source: source}
	for _, name := range table.Columns {
		at := slices.IndexFunc(list, func(c column) bool { return c.Name == name })
		if at < 0 {
			return &backup.Error{Code: backup.CodeBadBackup, Message: "The backup has a column " + name + " of " + table.Name + ", which this program does not know."}
		}
		rows.kinds = append(rows.kinds, list[at].Kind)
	}
	_, err = l.tx.CopyFrom(l.ctx, pgx.Identifier{table.Name}, table.Columns, rows)
	return errors.Join(rows.err, err)
}

// copied is what is left of a table of a backup, for the COPY protocol.
type copied struct {
	source backup.Source
	kinds  []string
	values []any
	err    error
}

// Next implements pgx.CopyFromSource.
func (c *copied) Next() (more bool) {
	if c.values, more, c.err = c.source.NextRow(); c.err != nil || !more {
		return false
	}
	for i := range c.values {
		if c.values[i], c.err = backup.Column(c.kinds[i], c.values[i]); c.err != nil {
			return false
		}
	}
	return true
}

// Values implements pgx.CopyFromSource.
func (c *copied) Values() ([]any, error) { return c.values, nil }

// Err implements pgx.CopyFromSource.
func (c *copied) Err() error { return c.err }
