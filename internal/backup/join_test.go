package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/backup"
)

// shelf is a store in memory: tables of one column.
type shelf struct {
	tables map[string][]string
	order  []string
	fails  error
}

func newShelf(rows ...string) *shelf {
	s := &shelf{tables: map[string][]string{}}
	for _, row := range rows {
		table, text, _ := strings.Cut(row, ":")
		if s.tables[table] == nil {
			s.order = append(s.order, table)
		}
		s.tables[table] = append(s.tables[table], text)
	}
	return s
}

func (s *shelf) String() string { return fmt.Sprint(s.order, s.tables) }

func (s *shelf) Schema(context.Context) (int64, error) { return 1, nil }

func (s *shelf) Dump(_ context.Context, sink backup.Sink) error {
	for _, name := range s.order {
		if err := sink.Table(backup.Table{Name: name, Columns: []string{"text"}}); err != nil {
			return err
		}
		for _, row := range s.tables[name] {
			if err := sink.Row([]any{row}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shelf) Load(_ context.Context, source backup.Source, check func([]byte) error) error {
	fresh := newShelf()
	for {
		t, more, err := source.NextTable()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		fresh.order = append(fresh.order, t.Name)
		for {
			row, more, err := source.NextRow()
			if err != nil {
				return err
			}
			if !more {
				break
			}
			fresh.tables[t.Name] = append(fresh.tables[t.Name], row[0].(string))
		}
	}
	if err := errors.Join(s.fails, check(nil)); err != nil {
		return err
	}
	*s = *fresh
	return nil
}

func write(t *testing.T, s backup.Store) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := backup.Write(t.Context(), &b, s, backup.Lock{}, backup.Header{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func restore(t *testing.T, text []byte, s backup.Store) error {
	t.Helper()
	_, err := backup.Restore(t.Context(), bytes.NewReader(text), "", s, nil, func([]byte) error { return nil })
	return err
}

func TestJoin(t *testing.T) {
	main, part := newShelf("a:1", "a:2", "b:3"), newShelf("a:x", "c:y")
	text := write(t, backup.Join(main, "part.", part))
	other, otherPart := newShelf("z:0"), newShelf("z:0")
	if err := restore(t, text, backup.Join(other, "part.", otherPart)); err != nil {
		t.Fatal(err)
	}
	if other.String() != main.String() || otherPart.String() != part.String() {
		t.Errorf("%s and %s, want %s and %s", other, otherPart, main, part)
	}
}

// A backup from before there was a part leaves the part as it is.
func TestJoinWithoutPart(t *testing.T) {
	text := write(t, newShelf("a:1"))
	main, part := newShelf("z:0"), newShelf("z:0")
	if err := restore(t, text, backup.Join(main, "part.", part)); err != nil {
		t.Fatal(err)
	}
	if main.String() != "[a] map[a:[1]]" || part.String() != "[z] map[z:[0]]" {
		t.Errorf("%s and %s", main, part)
	}
}

func TestJoinFails(t *testing.T) {
	text := write(t, backup.Join(newShelf("a:1"), "part.", newShelf("b:2")))
	broken := errors.New("broken")
	for name, test := range map[string]struct{ main, part error }{"main": {broken, nil}, "part": {nil, broken}} {
		main, part := newShelf("z:0"), newShelf("z:0")
		main.fails, part.fails = test.main, test.part
		if err := restore(t, text, backup.Join(main, "part.", part)); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		if part.String() != "[z] map[z:[0]]" || test.main != nil && main.String() != "[z] map[z:[0]]" {
			t.Errorf("%s: %s and %s", name, main, part)
		}
	}
}

func TestJoinInWrongOrder(t *testing.T) {
	text := write(t, newShelf("part.b:2", "a:1"))
	if err := restore(t, text, backup.Join(newShelf(), "part.", newShelf())); err == nil || !strings.Contains(err.Error(), "wrong place") {
		t.Error(err)
	}
}

func TestTables(t *testing.T) {
	text := write(t, backup.Join(newShelf("a:1"), "part.", newShelf("b:2")))
	verify := func(text []byte) error {
		r, err := backup.NewReader(bytes.NewReader(text), "", 1)
		if err != nil {
			return err
		}
		names, err := backup.Tables(r)
		if err == nil && fmt.Sprint(names) != "[a part.b]" {
			t.Errorf("tables %v", names)
		}
		return err
	}
	if err := verify(text); err != nil {
		t.Error(err)
	}
	for _, cut := range []int{1, 10, len(text) / 2} {
		if err := verify(text[:len(text)-cut]); err == nil {
			t.Errorf("cut by %d bytes: no error", cut)
		}
	}
}
