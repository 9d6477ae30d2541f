package storetest

import (
	"reflect"
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
		ID: id, Link: link, Author: author, Receiver: receiver, Key: "key\x00ü", At: time.UnixMilli(1_790_000_000_123 + id).UTC(),
		Single: id%2 == 0, Body: []byte(`{"text":"ü` + strings.Repeat("x", int(id)) + `"}`),
	}
	if receiver < 0 {
		r.Group = "messages?g12"
	}
	return r
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
	noError(t, s.AddOutbox(t.Context(), []outbox.Row{want[2], outboxRow(4, b, 7, 8)}))
	noError(t, s.AddOutbox(t.Context(), []outbox.Row{want[0], want[1]}))
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
	noError(t, s.AddOutbox(t.Context(), nil))
	if got := outboxOf(t, s, b, 10); len(got) != 1 {
		t.Errorf("the other link: %+v", got)
	}
}

func testOutboxAllOrNone(t *testing.T, open func() OutboxStore) {
	s, a := open(), signal.Address{Domain: 1, Object: 2}
	noError(t, s.AddOutbox(t.Context(), []outbox.Row{outboxRow(2, a, 7, 8)}))
	if err := s.AddOutbox(t.Context(), []outbox.Row{outboxRow(1, a, 7, 8), outboxRow(2, a, 7, 8)}); err == nil {
		t.Error("an id twice")
	}
	if got := outboxOf(t, s, a, 10); len(got) != 1 || got[0].ID != 2 {
		t.Errorf("%+v", got)
	}
}

func testOutboxChats(t *testing.T, open func() OutboxStore) {
	s, a, b := open(), signal.Address{Domain: 1, Object: 2}, signal.Address{Domain: 2, Object: 1}
	if list, highest, err := s.OutboxChats(t.Context()); len(list) != 0 || highest != 0 || err != nil {
		t.Errorf("an empty one: %v, %d, %v", list, highest, err)
	}
	rows := []outbox.Row{outboxRow(1, a, 7, 8), outboxRow(2, a, 7, 8), outboxRow(3, a, 8, 7), outboxRow(4, b, 7, -12)}
	noError(t, s.AddOutbox(t.Context(), rows))
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
	noError(t, s.AddOutbox(t.Context(), []outbox.Row{outboxRow(1, a, 7, 8), outboxRow(2, b, 7, 8), outboxRow(3, a, 7, 8)}))
	noError(t, s.DropOutbox(t.Context(), a))
	if got := outboxOf(t, s, a, 10); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := outboxOf(t, s, b, 10); len(got) != 1 {
		t.Errorf("the other link: %+v", got)
	}
}
