package sqlstore

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages"
)

// keyed is a store whose keys wait for a fold that comes only when a test says so.
type keyed struct {
	s *Store
	l messages.Log
}

func openKeyed(t *testing.T, path string) keyed {
	t.Helper()
	s, err := OpenSQLite(t.Context(), path, Options{Clock: clock.NewManual()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	l, err := s.Log(t.Context(), "example.com")
	if err != nil {
		t.Fatal(err)
	}
	return keyed{s, l}
}

func (k keyed) do(t *testing.T, op messages.Op) messages.Result {
	t.Helper()
	r, err := k.l.Do(t.Context(), op)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (k keyed) post(t *testing.T, cid string) messages.Result {
	t.Helper()
	return k.do(t, &messages.Post{Author: messages.Ref{GUID: "a", SIP: "a"}, To: messages.Ref{GUID: "b", SIP: "b"}, Text: "text", CID: cid})
}

// rows is how many keys are in the table.
func (k keyed) rows(t *testing.T) (n int) {
	t.Helper()
	err := k.s.read(t.Context(), func(r *reader) error {
		_, err := r.one(`SELECT count(*) FROM idem`, []any{&n})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// again posts something once more and wants the first result.
func (k keyed) again(t *testing.T, cid string, first messages.Result) {
	t.Helper()
	r := k.post(t, cid)
	if !r.Repeated || r.N != first.N || r.Time != first.Time || r.Conv != first.Conv {
		t.Errorf("%s again: %+v, first %+v", cid, r, first)
	}
	m, err := k.l.MessageByCID(t.Context(), first.By, cid)
	if err != nil || m.ID != first.N {
		t.Errorf("%s is message %d, %v", cid, m.ID, err)
	}
}

// TestKeysWait: a key holds from the commit of its message on, wherever it is.
func TestKeysWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	k := openKeyed(t, path)
	first := k.post(t, "one")
	if n := k.rows(t); n != 0 {
		t.Fatalf("%d keys were written at once", n)
	}
	k.again(t, "one", first)

	// Somebody else has the file too: his memory begins with the messages.
	other := openKeyed(t, path)
	other.again(t, "one", first)
	second := other.post(t, "two")
	k.again(t, "two", second)

	k.do(t, &messages.Flush{})
	if n := k.rows(t); n != 2 {
		t.Errorf("%d keys are written", n)
	}
	k.again(t, "one", first)
	k.again(t, "two", second)
}

// TestKeysAreForgotten: what the window has no more is found in the table, also in the
// middle of many that are new.
func TestKeysAreForgotten(t *testing.T) {
	k := openKeyed(t, filepath.Join(t.TempDir(), "messages.db"))
	first := k.post(t, "first")
	results := make(chan messages.Result, 3*windowSize)
	for i := range cap(results) {
		k.l.Submit(&messages.Post{Author: messages.Ref{GUID: "a"}, To: messages.Ref{GUID: "b"}, Text: "text", CID: fmt.Sprint(i)}, func(r messages.Result, err error) {
			if err != nil || r.Repeated {
				t.Errorf("%+v, %v", r, err)
			}
			results <- r
		})
	}
	for range cap(results) {
		<-results
	}
	l := k.l.(*domainLog)
	if err := l.s.w.admin(t.Context(), func(*batch) error { // the window belongs to the writer, which may fold now
		if n := len(l.st.window.pending); n > maxPending+messages.MaxBatch {
			t.Errorf("%d keys wait", n)
		}
		if n := len(l.st.window.now) + len(l.st.window.last); n > 3*windowSize {
			t.Errorf("%d keys are in memory", n)
		}
		if _, known := l.st.window.find(idemKey{pack(1, first.By), hashCID("first")}); known {
			t.Error("the window forgets nothing")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	k.again(t, "first", first)
}

// TestKeysGoWithTheirMessages: what is erased or purged before its key was written
// leaves none.
func TestKeysGoWithTheirMessages(t *testing.T) {
	for name, op := range map[string]messages.Op{
		"erase": &messages.Erase{Person: messages.Ref{GUID: "a"}},
		"purge": &messages.Purge{Before: 1 << 52},
	} {
		t.Run(name, func(t *testing.T) {
			k := openKeyed(t, filepath.Join(t.TempDir(), "messages.db"))
			for i := range 20 {
				k.post(t, fmt.Sprint(i))
			}
			for more := true; more; {
				r := k.do(t, op)
				if p, ok := op.(*messages.Purge); ok {
					p.After = r.N
				}
				more = r.More
			}
			k.do(t, &messages.Flush{})
			if n := k.rows(t); n != 0 {
				t.Errorf("%d keys are left", n)
			}
		})
	}
}

// TestKeysOfAFailure: a batch that was not committed leaves no key behind.
func TestKeysOfAFailure(t *testing.T) {
	k := openKeyed(t, filepath.Join(t.TempDir(), "messages.db"))
	k.post(t, "before")
	refused := fmt.Errorf("refused")
	err := k.s.w.admin(context.Background(), func(b *batch) error {
		b.use(k.l.(*domainLog))
		if _, err := b.post(&messages.Post{Author: messages.Ref{GUID: "a"}, To: messages.Ref{GUID: "b"}, Text: "text", CID: "failed"}); err != nil {
			return err
		}
		b.writeKeys()
		return refused
	})
	if err == nil {
		t.Fatal("it did not fail")
	}
	if r := k.post(t, "failed"); r.Repeated {
		t.Error("what has failed counts as sent")
	}
	k.do(t, &messages.Flush{})
	if n := k.rows(t); n != 2 {
		t.Errorf("%d keys", n)
	}
}
