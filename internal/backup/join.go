package backup

import (
	"context"
	"strings"
)

// Join is two stores in one backup: the tables of part stand behind those of main,
// with prefix in front of their names. A backup without tables of part, such as one
// of a program that did not know them yet, leaves part as it is.
//
// Load gives each store its tables in a transaction of its own, those of main first.
// Check the whole backup before (Tables), so that nothing but the stores can fail
// between the two.
func Join(main Store, prefix string, part Store) Store {
	return &joined{Store: main, prefix: prefix, part: part}
}

type joined struct {
	Store  // the main one
	prefix string
	part   Store
}

// Dump implements Store.
func (j *joined) Dump(ctx context.Context, sink Sink) error {
	if err := j.Store.Dump(ctx, sink); err != nil {
		return err
	}
	return j.part.Dump(ctx, &prefixed{sink, j.prefix})
}

// prefixed is a sink that puts a prefix in front of the names of tables.
type prefixed struct {
	Sink
	prefix string
}

// Table implements Sink.
func (p *prefixed) Table(t Table) error {
	t.Name = p.prefix + t.Name
	return p.Sink.Table(t)
}

// Load implements Store.
func (j *joined) Load(ctx context.Context, source Source, check func(canary []byte) error) error {
	parts := &splitter{Source: source, prefix: j.prefix}
	if err := j.Store.Load(ctx, parts, check); err != nil {
		return err
	}
	if parts.first == nil {
		return nil
	}
	return j.part.Load(ctx, &rest{splitter: parts}, func([]byte) error { return nil })
}

// splitter ends before the first table with the prefix, which it keeps.
type splitter struct {
	Source
	prefix string
	first  *Table
}

// NextTable implements Source.
func (s *splitter) NextTable() (Table, bool, error) {
	if s.first != nil {
		return Table{}, false, nil
	}
	t, more, err := s.Source.NextTable()
	if err == nil && more && strings.HasPrefix(t.Name, s.prefix) {
		s.first = &t
		return Table{}, false, nil
	}
	return t, more, err
}

// NextRow implements Source.
func (s *splitter) NextRow() ([]any, bool, error) {
	if s.first != nil {
		return nil, false, nil
	}
	return s.Source.NextRow()
}

// rest is what stands behind a splitter, without the prefix.
type rest struct {
	*splitter
	begun bool
}

// NextTable implements Source.
func (r *rest) NextTable() (Table, bool, error) {
	t, more, err := *r.first, true, error(nil)
	if r.begun {
		t, more, err = r.Source.NextTable()
	}
	r.begun = true
	if err != nil || !more {
		return Table{}, false, err
	}
	name, found := strings.CutPrefix(t.Name, r.prefix)
	if !found {
		return Table{}, false, bad("the table %s stands at the wrong place", t.Name)
	}
	t.Name = name
	return t, true, nil
}

// NextRow implements Source.
func (r *rest) NextRow() ([]any, bool, error) { return r.Source.NextRow() }

// Tables reads a backup to its end and names its tables: it refuses with an *Error
// what is cut or was changed.
func Tables(b *Reader) ([]string, error) {
	var names []string
	for {
		t, more, err := b.NextTable()
		if err != nil || !more {
			return names, err
		}
		names = append(names, t.Name)
	}
}
