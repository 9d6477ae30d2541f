package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/backup"
)

// Schema implements backup.Store.
func (s *Store) Schema(ctx context.Context) (version int64, err error) {
	err = s.read(ctx, func(r *reader) error {
		_, err := r.one(`SELECT max(version_id) FROM goose_db_version`, []any{&version})
		return err
	})
	return version, err
}

// Dump implements backup.Store. The writer goes on meanwhile; on SQLite the file
// of the write-ahead log grows as long as it lasts.
func (s *Store) Dump(ctx context.Context, sink backup.Sink) error {
	return s.reading(ctx, true, func(r *reader) error {
		list, err := s.e.tables(ctx, r.c)
		if err != nil {
			return err
		}
		for _, table := range list {
			if err := s.dumpTable(r, sink, table); err != nil {
				return fmt.Errorf("table %s: %w", table, err)
			}
		}
		return nil
	})
}

func (s *Store) dumpTable(r *reader, sink backup.Sink, table string) error {
	names, _, err := s.e.columns(r.ctx, r.c, table)
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
	return r.query(`SELECT `+quoted(names)+` FROM `+quoted([]string{table}), func(scan func(...any) error) error {
		if err := scan(targets...); err != nil {
			return err
		}
		return sink.Row(values)
	})
}

// quoted is a list of names in SQL. They come from the database itself, or were
// compared with what it has.
func quoted(names []string) string { return `"` + strings.Join(names, `", "`) + `"` }

// Load implements backup.Store.
func (s *Store) Load(ctx context.Context, source backup.Source, check func([]byte) error) error {
	s.mu.Lock()
	used := len(s.byDom) > 0
	s.mu.Unlock()
	if used {
		return fmt.Errorf("messages: a backup is loaded before the logs are used")
	}
	return s.w.admin(ctx, func(b *batch) error {
		b.once = true // a second attempt would load what is left of the backup, and nothing else
		if err := s.load(b, source); err != nil {
			return err
		}
		if err := check(nil); err != nil {
			return err
		}
		return b.newEpochs()
	})
}

func (s *Store) load(b *batch, source backup.Source) error {
	if !b.begin() {
		return b.err
	}
	known, err := s.e.tables(b.ctx, b.t)
	if err != nil {
		return err
	}
	for _, table := range known {
		b.put(`DELETE FROM ` + quoted([]string{table}))
	}
	for {
		table, more, err := source.NextTable()
		if err != nil || !more || b.err != nil {
			return err
		}
		if !slices.Contains(known, table.Name) {
			return &backup.Error{Code: backup.CodeBadBackup, Message: "The backup has a table " + strconv.Quote(table.Name) + ", which this program does not know."}
		}
		if err := s.loadTable(b, source, table); err != nil {
			return fmt.Errorf("table %s: %w", table.Name, err)
		}
	}
}

func (s *Store) loadTable(b *batch, source backup.Source, table backup.Table) error {
	names, kinds, err := s.e.columns(b.ctx, b.t, table.Name)
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
	text := `INSERT INTO ` + quoted([]string{table.Name}) + ` (` + quoted(table.Columns) + `) VALUES ` + values(1, len(kind))
	for n := 0; ; n++ {
		row, more, err := source.NextRow()
		if err != nil || !more {
			return err
		}
		args := make([]any, len(row))
		for i := range row {
			if args[i], err = backup.Column(kind[i], row[i]); err != nil {
				return err
			}
		}
		if b.put(text, args...); n%1000 == 999 && b.err == nil {
			b.query(`SELECT 1`, func(scan func(...any) error) error { return scan(new(int64)) }) // sends what was put
		}
		if b.err != nil {
			return backup.Bad(b.err)
		}
	}
}

// newEpochs makes all clients and followers begin anew: what they have may not be
// what was restored.
func (b *batch) newEpochs() error {
	var doms []int64
	b.query(`SELECT dom FROM part`, func(scan func(...any) error) error {
		var dom int64
		err := scan(&dom)
		doms = append(doms, dom)
		return err
	})
	for _, dom := range doms {
		b.put(`UPDATE part SET epoch = $1 WHERE dom = $2`, epoch(), dom)
	}
	return b.err
}
