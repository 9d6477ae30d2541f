package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/outbox"
	"github.com/tandem-switch/tandem/signal"
)

// OutboxStore is an outbox.Store that can be closed.
type OutboxStore interface {
	outbox.Store
	Close() error
}

// RunOutbox runs the suite of outbox.Store. fresh makes a new, empty database and
// returns a function that opens it, as Fresh does.
func RunOutbox(t *testing.T, fresh func(t *testing.T) (open func() OutboxStore)) {
	tests := []struct {
		name string
		test func(t *testing.T, open func() OutboxStore)
	}{
		{"rows are kept in order", testOutboxOrder},
		{"all rows or none", testOutboxAllOrNone},
		{"what waits is summed up", testOutboxChats},
		{"a key is there once", testOutboxKeys},
		{"the rows of a text have one key", testOutboxParts},
		{"a link goes with its rows", testOutboxDrop},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			open := fresh(t)
			test.test(t, func() OutboxStore {
				s := open()
				t.Cleanup(func() { noError(t, s.Close()) })
				return s
			})
		})
	}
}

func outboxRow(id int64, link signal.Address, author, receiver signal.ObjectID) outbox.Row {
	r := outbox.Row{
		ID: id, Link: link, Author: author, Receiver: receiver, Key: fmt.Sprint("key\x00ü", id), At: time.UnixMilli(1_790_000_000_123 + id).UTC(),
		Single: id%2 == 0, Body: []byte(`{"text":"ü` + strings.Repeat("x", int(id)) + `"}`),
	}
	if receiver < 0 {
		r.Group = "messages?g12"
	}
	return r
}

// added adds rows; all, or those that are told, repeat others.
func added(t *testing.T, s OutboxStore, rows []outbox.Row, want ...outbox.Repeat) {
	t.Helper()
	got, err := s.AddOutbox(t.Context(), rows)
	noError(t, err)
	for i := range got {
		got[i].At = got[i].At.UTC()
	}
	if !slices.Equal(got, want) {
		t.Errorf("repeated %+v, want %+v", got, want)
	}
}

// keyed is a row with another key.
func keyed(key string, r outbox.Row) outbox.Row {
	r.Key = key
	return r
}

// repeats is what a row repeats.
func repeats(r, first outbox.Row) outbox.Repeat {
	return outbox.Repeat{ID: r.ID, First: first.ID, At: first.At}
}

// outboxOf reads the rows of a link, with their times in UTC.
func outboxOf(t *testing.T, s OutboxStore, link signal.Address, limit int) []outbox.Row {
	t.Helper()
	rows, err := s.Outbox(t.Context(), link, limit)
	noError(t, err)
	for i := range rows {
		rows[i].At = rows[i].At.UTC()
	}
	return rows
}

func testOutboxOrder(t *testing.T, open func() OutboxStore) {
	s, a, b := open(), signal.Address{Domain: 1, Object: 2}, signal.Address{Domain: 1, Object: 3}
	want := []outbox.Row{outboxRow(3, a, 7, 8), outboxRow(5, a, 8, 7), outboxRow(6, a, 7, -12)}
	added(t, s, []outbox.Row{want[2], outboxRow(4, b, 7, 8)})
	added(t, s, []outbox.Row{want[0], want[1]})
	again := open() // after a restart too
	if got := outboxOf(t, again, a, 10); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := outboxOf(t, again, a, 2); !reflect.DeepEqual(got, want[:2]) {
		t.Errorf("the first two: %+v", got)
	}
	noError(t, again.RemoveOutbox(t.Context(), []int64{3, 6, 99}))
	if got := outboxOf(t, s, a, 10); !reflect.DeepEqual(got, want[1:2]) {
		t.Errorf("after two were removed: %+v", got)
	}
	noError(t, s.RemoveOutbox(t.Context(), nil))
	added(t, s, nil)
	if got := outboxOf(t, s, b, 10); len(got) != 1 {
		t.Errorf("the other link: %+v", got)
	}
}

func testOutboxAllOrNone(t *testing.T, open func() OutboxStore) {
	s, a := open(), signal.Address{Domain: 1, Object: 2}
	added(t, s, []outbox.Row{outboxRow(2, a, 7, 8)})
	other := outboxRow(2, a, 7, 8)
	other.Key = "another"
	if _, err := s.AddOutbox(t.Context(), []outbox.Row{outboxRow(1, a, 7, 8), other}); err == nil {
		t.Error("an id twice")
	}
	if got := outboxOf(t, s, a, 10); len(got) != 1 || got[0].ID != 2 {
		t.Errorf("%+v", got)
	}
}

func testOutboxKeys(t *testing.T, open func() OutboxStore) {
	s, a, b := open(), signal.Address{Domain: 1, Object: 2}, signal.Address{Domain: 1, Object: 3}
	first, again := keyed("k", outboxRow(1, a, 7, 8)), keyed("k", outboxRow(2, a, 7, -12)) // to somebody else: the same
	third := keyed("k\x00", outboxRow(3, a, 7, 8))
	added(t, s, []outbox.Row{first, again, third}, repeats(again, first))
	others := []outbox.Row{keyed("k", outboxRow(4, a, 8, 7)), keyed("k", outboxRow(5, b, 7, 8))} // another author, another link
	added(t, s, others)
	s = open() // after a restart too
	late := keyed("k", outboxRow(6, a, 7, 8))
	added(t, s, []outbox.Row{late, outboxRow(7, a, 7, 8)}, repeats(late, first))
	if got, want := outboxOf(t, s, a, 10), []outbox.Row{first, third, others[0], outboxRow(7, a, 7, 8)}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	ask, new := keyed("k", outboxRow(8, a, 7, 8)), keyed("new", outboxRow(9, a, 7, 8))
	ask.Ask, new.Ask = true, true
	added(t, s, []outbox.Row{ask, new}, repeats(ask, first))
	noError(t, s.RemoveOutbox(t.Context(), []int64{first.ID}))
	late.ID = 10
	added(t, s, []outbox.Row{late}) // the key has gone with its row
	if got := outboxOf(t, s, a, 10); len(got) != 4 || got[3].ID != late.ID {
		t.Errorf("got %+v", got)
	}
}

func testOutboxParts(t *testing.T, open func() OutboxStore) {
	s, a := open(), signal.Address{Domain: 1, Object: 2}
	row := func(id, text int64) outbox.Row {
		r := keyed("k", outboxRow(id, a, 7, 8))
		r.Text = text
		return r
	}
	// two texts of two rows each, those of the first not together
	added(t, s, []outbox.Row{row(1, 1), row(2, 2), row(3, 2)}, repeats(row(2, 2), row(1, 1)), repeats(row(3, 2), row(1, 1)))
	added(t, s, []outbox.Row{row(4, 1)})
	added(t, s, []outbox.Row{row(5, 5)}, repeats(row(5, 5), row(1, 1)))
	noError(t, s.RemoveOutbox(t.Context(), []int64{1}))
	added(t, s, []outbox.Row{row(6, 6), row(7, 6)}, repeats(row(6, 6), row(4, 1)), repeats(row(7, 6), row(4, 1)))
	noError(t, s.RemoveOutbox(t.Context(), []int64{4}))
	added(t, s, []outbox.Row{row(8, 0), row(9, 8)})
	added(t, s, []outbox.Row{row(10, 2)}, repeats(row(10, 2), row(10, 2))) // too late: its place is taken
	if got := outboxOf(t, s, a, 10); len(got) != 2 {
		t.Errorf("got %+v", got)
	}
}

func testOutboxChats(t *testing.T, open func() OutboxStore) {
	s, a, b := open(), signal.Address{Domain: 1, Object: 2}, signal.Address{Domain: 2, Object: 1}
	if list, highest, err := s.OutboxChats(t.Context()); len(list) != 0 || highest != 0 || err != nil {
		t.Errorf("an empty one: %v, %d, %v", list, highest, err)
	}
	rows := []outbox.Row{outboxRow(1, a, 7, 8), outboxRow(2, a, 7, 8), outboxRow(3, a, 8, 7), outboxRow(4, b, 7, -12)}
	added(t, s, rows)
	list, highest, err := s.OutboxChats(t.Context())
	noError(t, err)
	size := func(rows ...outbox.Row) (n int64) {
		for _, r := range rows {
			n += int64(len(r.Body))
		}
		return n
	}
	want := []outbox.Chat{
		{Link: a, Author: 7, Receiver: 8, Rows: 2, Bytes: size(rows[:2]...)}, {Link: a, Author: 8, Receiver: 7, Rows: 1, Bytes: size(rows[2])},
		{Link: b, Author: 7, Receiver: -12, Group: "messages?g12", Rows: 1, Bytes: size(rows[3])},
	}
	if highest != 4 || !reflect.DeepEqual(list, want) {
		t.Errorf("highest %d, got %+v\nwant %+v", highest, list, want)
	}
}

func testOutboxDrop(t *testing.T, open func() OutboxStore) {
	s, a, b := open(), signal.Address{Domain: 1, Object: 2}, signal.Address{Domain: 1, Object: 3}
	added(t, s, []outbox.Row{outboxRow(1, a, 7, 8), outboxRow(2, b, 7, 8), outboxRow(3, a, 7, 8)})
	noError(t, s.DropOutbox(t.Context(), a))
	if got := outboxOf(t, s, a, 10); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := outboxOf(t, s, b, 10); len(got) != 1 {
		t.Errorf("the other link: %+v", got)
	}
}

// OutboxOfBefore brings a new database back to version 9, with rows that have the same
// key: those of two texts, and of one that is posted twice.
func OutboxOfBefore(t *testing.T, exec func(query string, args ...any) error) {
	t.Helper()
	noError(t, exec(`DROP INDEX outbox_key`))
	noError(t, exec(`ALTER TABLE outbox DROP COLUMN part`))
	noError(t, exec(`DELETE FROM goose_db_version WHERE version_id >= 10`))
	noError(t, exec(`INSERT INTO outbox (id, domain, object, author, receiver, grp, key, at, single, body) VALUES
		(1, 1, 2, 7, 8, '', $1, 1790000000001, 1, $1), (2, 1, 2, 7, 8, '', $1, 1790000000002, 1, $1),
		(3, 1, 2, 8, 7, '', $1, 1790000000003, 0, $1), (4, 1, 2, 8, 7, '', $1, 1790000000004, 0, $1)`, []byte("@")))
}

// KeepsOutboxOfBefore looks at the database once it was opened.
func KeepsOutboxOfBefore(t *testing.T, s OutboxStore) {
	t.Helper()
	link := signal.Address{Domain: 1, Object: 2}
	if rows := outboxOf(t, s, link, 10); len(rows) != 4 || rows[3].ID != 4 || rows[3].Key != "@" {
		t.Errorf("kept %+v", rows)
	}
	again := keyed("@", outboxRow(5, link, 8, 9))
	added(t, s, []outbox.Row{again}, outbox.Repeat{ID: 5, First: 3, At: time.UnixMilli(1_790_000_000_003).UTC()})
}
