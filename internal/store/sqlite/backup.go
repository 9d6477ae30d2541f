package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/backup"
)

var _ backup.Store = (*Store)(nil)

// Schema implements backup.Store.
func (s *Store) Schema(ctx context.Context) (version int64, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&version)
	return version, err
}

// tables lists the tables in the order of their creation: each behind those that
// it refers to.
func tables(ctx context.Context, tx *sql.Tx) (list []string, err error) {
	err = eachRow(ctx, tx, func(row *sql.Rows) error {
		var name string
		err := row.Scan(&name)
		list = append(list, name)
		return err
	}, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite_%' ORDER BY rowid`)
	return list, err
}

func eachRow(ctx context.Context, tx *sql.Tx, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// columns are the columns of a table, with what kind of values they have.
func columns(ctx context.Context, tx *sql.Tx, table string) (names, kinds []string, err error) {
	err = eachRow(ctx, tx, func(row *sql.Rows) error {
		var name, declared string
		err := row.Scan(&name, &declared)
		names = append(names, name)
		kinds = append(kinds, map[string]string{"INTEGER": "int", "TEXT": "text", "BLOB": "bytes"}[declared])
		return err
	}, `SELECT name, type FROM pragma_table_info(?) ORDER BY cid`, table)
	return names, kinds, err
}

// Dump implements backup.Store.
func (s *Store) Dump(ctx context.Context, sink backup.Sink) error {
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
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
}

func dumpTable(ctx context.Context, tx *sql.Tx, sink backup.Sink, table string) error {
	names, _, err := columns(ctx, tx, table)
	if err != nil {
		return err
	}
	if err := sink.Table(backup.Table{Name: table, Columns: names}); err != nil {
		return err
	}
	values, targets := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		targets[i] = &values[i]
	}
	return eachRow(ctx, tx, func(row *sql.Rows) error {
		if err := row.Scan(targets...); err != nil {
			return err
		}
		return sink.Row(values)
	}, `SELECT `+quoted(names)+` FROM `+quoted([]string{table}))
}

// quoted is a list of names in SQL. They come from the database itself, or were
// compared with what it has.
func quoted(names []string) string {
	return `"` + strings.Join(names, `", "`) + `"`
}

// Load implements backup.Store. Where the store has an audit log it stays: what
// was done before is not undone by a restoration.
func (s *Store) Load(ctx context.Context, source backup.Source, check func([]byte) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing is left to do after a commit
	l := loader{ctx: ctx, tx: tx}
	if err := l.load(source, check); err != nil {
		return refused(err)
	}
	return refused(tx.Commit())
}

// refused tells what the backup is to blame for: rows that do not fit together.
func refused(err error) error {
	if isTaken(err) {
		return backup.Bad(err)
	}
	return err
}

type loader struct {
	ctx context.Context
	tx  *sql.Tx
}

func (l *loader) load(source backup.Source, check func([]byte) error) error {
	var head, next int64
	err := l.tx.QueryRowContext(l.ctx, `SELECT head, next_id FROM directory`).Scan(&head, &next)
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
	err = l.tx.QueryRowContext(l.ctx, `UPDATE directory SET head = max(head, ?1) + 1, floor = max(head, ?1) + 1, next_id = max(next_id, ?2)
		RETURNING canary`, head, next).Scan(&canary)
	if errors.Is(err, sql.ErrNoRows) {
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
	if _, err := l.tx.ExecContext(l.ctx, `PRAGMA defer_foreign_keys = 1`); err != nil {
		return nil, err
	}
	list, err := tables(l.ctx, l.tx)
	if err != nil {
		return nil, err
	}
	kept := map[string]bool{}
	for _, table := range list {
		if kept[table], err = l.keeps(table); err != nil {
			return nil, err
		}
		if kept[table] || table == "audit" { // which is empty, and refuses to be emptied
			continue
		}
		if _, err := l.tx.ExecContext(l.ctx, `DELETE FROM `+quoted([]string{table})); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

func (l *loader) keeps(table string) (bool, error) {
	if !strings.HasPrefix(table, "audit") {
		return false, nil
	}
	var any bool
	err := l.tx.QueryRowContext(l.ctx, `SELECT EXISTS (SELECT 1 FROM audit)`).Scan(&any)
	return any, err
}

func (l *loader) table(source backup.Source, table backup.Table) error {
	names, kinds, err := columns(l.ctx, l.tx, table.Name)
	if err != nil {
		return err
	}
	kind := make([]string, len(table.Columns))
	for i, name := range table.Columns {
		at := slices.Index(names, name)
		if at < 0 {
			return &backup.Error{Code: backup.CodeBadBackup, Message: "The backup has a column " + name + " of " + table.Name + ", which this program does not know."}
		}
		kind[i] = kinds[at]
	}
	insert, err := l.tx.PrepareContext(l.ctx, `INSERT INTO `+quoted([]string{table.Name})+` (`+quoted(table.Columns)+`)
		VALUES (?`+strings.Repeat(`, ?`, len(kind)-1)+`)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for {
		values, more, err := source.NextRow()
		if err != nil || !more {
			return err
		}
		for i := range values {
			if values[i], err = backup.Column(kind[i], values[i]); err != nil {
				return err
			}
		}
		if _, err := insert.ExecContext(l.ctx, values...); err != nil {
			return err
		}
	}
}
