package sqlstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/tandem-switch/tandem/internal/backup"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages"
)

// faulty is an engine whose disk fails when it is told to.
type faulty struct {
	engine
	begins, commits atomic.Bool // fail
	lost            atomic.Bool // commits succeed and the answer is lost
}

var errDisk = errors.New("the disk has failed")

func (f *faulty) begin(ctx context.Context) (tx, error) {
	if f.begins.Load() {
		return nil, errDisk
	}
	t, err := f.engine.begin(ctx)
	return &faultyTx{t, f}, err
}

type faultyTx struct {
	tx
	f *faulty
}

func (t *faultyTx) commit(ctx context.Context) error {
	if t.f.commits.Load() {
		t.rollback()
		return errDisk
	}
	err := t.tx.commit(ctx)
	if t.f.lost.Load() && err == nil {
		return errDisk
	}
	return err
}

func faultyStore(t *testing.T) (*faulty, *lite, messages.Log) {
	t.Helper()
	e, err := openLite(t.Context(), filepath.Join(t.TempDir(), "messages.db"))
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{engine: e}
	s := start(f, Options{})
	t.Cleanup(func() { s.Close() })
	l, err := s.Log(t.Context(), "example.com")
	if err != nil {
		t.Fatal(err)
	}
	return f, e, l
}

func ref(name string) messages.Ref { return messages.Ref{GUID: "g-" + name, SIP: name} }

func say(t *testing.T, l messages.Log, text string) (messages.Result, error) {
	t.Helper()
	return l.Do(t.Context(), &messages.Post{Author: ref("alice"), To: ref("bob"), Text: text, CID: text})
}

// state is what bob sees.
func seen(t *testing.T, l messages.Log) string {
	t.Helper()
	bob, err := l.Person(t.Context(), ref("bob"))
	if err != nil {
		t.Fatal(err)
	}
	alice, err := l.Person(t.Context(), ref("alice"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := l.History(t.Context(), bob.ID, messages.Chat{With: alice.ID}, messages.Page{})
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, m := range page {
		text = fmt.Sprint(m.Text, m.N, " ", text)
	}
	unread, err := l.Unread(t.Context(), bob.ID)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(text, "unread ", unread)
}

func wantSeen(t *testing.T, l messages.Log, want string) {
	t.Helper()
	if got := seen(t, l); got != want {
		t.Fatalf("bob sees %q, want %q", got, want)
	}
}

// TestFailingDisk: what fails is refused with Away, leaves nothing behind, and the
// store goes on when the disk is back. Marks that were acknowledged before stay.
func TestFailingDisk(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(*faulty, bool)
	}{
		{"no transaction begins", func(f *faulty, on bool) { f.begins.Store(on) }},
		{"the sync of a commit fails", func(f *faulty, on bool) { f.commits.Store(on) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, _, l := faultyStore(t)
			for _, text := range []string{"a", "b"} {
				if _, err := say(t, l, text); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := l.Do(t.Context(), &messages.Mark{By: ref("bob"), With: ref("alice"), CID: "a", State: messages.ReadMark}); err != nil {
				t.Fatal(err)
			}
			wantSeen(t, l, "a1 b2 unread 1")
			test.set(f, true)
			head := l.Head()
			for range 3 {
				if _, err := say(t, l, "c"); messages.CodeOf(err) != messages.Away || !errors.Is(err, errDisk) {
					t.Fatalf("error %v", err)
				}
				if _, err := l.Do(t.Context(), &messages.Post{Author: ref("carol"), To: ref("bob"), Text: "x"}); messages.CodeOf(err) != messages.Away {
					t.Fatalf("error %v", err)
				}
			}
			wantSeen(t, l, "a1 b2 unread 1") // reads go on
			test.set(f, false)
			r, err := say(t, l, "c")
			if err != nil || r.Repeated || r.N != head+1 {
				t.Fatalf("head %d, then %+v, %v", head, r, err)
			}
			wantSeen(t, l, "a1 b2 c3 unread 2")
			if _, err := l.Do(t.Context(), &messages.Flush{}); err != nil {
				t.Fatal(err)
			}
			wantSeen(t, l, "a1 b2 c3 unread 2")
		})
	}
}

// TestMarksOutliveAFailure: marks that were acknowledged are written when the disk
// is back, without anybody asking.
func TestMarksOutliveAFailure(t *testing.T) {
	e, err := openLite(t.Context(), filepath.Join(t.TempDir(), "messages.db"))
	if err != nil {
		t.Fatal(err)
	}
	f, c := &faulty{engine: e}, clock.NewManual()
	s := start(f, Options{Clock: c})
	t.Cleanup(func() { s.Close() })
	l, err := s.Log(t.Context(), "example.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := say(t, l, "a"); err != nil {
		t.Fatal(err)
	}
	f.commits.Store(true)
	if _, err := l.Do(t.Context(), &messages.Mark{By: ref("bob"), With: ref("alice"), State: messages.ReadMark}); err != nil {
		t.Fatal(err)
	}
	if _, err := say(t, l, "b"); messages.CodeOf(err) != messages.Away {
		t.Fatalf("error %v", err)
	}
	f.commits.Store(false)
	changed := l.Changed()
	for done := false; !done; {
		select {
		case <-changed:
			page, err := l.Tail(t.Context(), 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			changed = l.Changed()
			for _, c := range page.Changes {
				done = done || c.Kind == messages.Read
			}
		default:
			c.Advance(refold)
			runtime.Gosched()
		}
	}
	wantSeen(t, l, "a1 unread 0")
}

// TestLostAnswer: the commit has happened and nobody knows. The sender repeats and
// gets the first result.
func TestLostAnswer(t *testing.T) {
	f, _, l := faultyStore(t)
	if _, err := say(t, l, "a"); err != nil {
		t.Fatal(err)
	}
	f.lost.Store(true)
	if _, err := say(t, l, "b"); messages.CodeOf(err) != messages.Away {
		t.Fatalf("error %v", err)
	}
	f.lost.Store(false)
	r, err := say(t, l, "b")
	if err != nil || !r.Repeated {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err = say(t, l, "c"); err != nil || r.Repeated {
		t.Fatalf("%+v, %v", r, err)
	}
	wantSeen(t, l, "a1 b2 c3 unread 3")
}

// TestFullDisk fills the database up to a limit of pages, which is what SQLite
// answers with when the disk is full.
func TestFullDisk(t *testing.T) {
	_, e, l := faultyStore(t)
	if _, err := say(t, l, "a"); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		t.Helper()
		err := l.(*domainLog).s.w.admin(t.Context(), func(b *batch) error { // on the writer's goroutine: the connection is its own
			if !b.begin() {
				return b.err
			}
			return e.write.query(t.Context(), fmt.Sprint(`PRAGMA max_page_count = `, pages), func(scan func(...any) error) error { return scan(new(int64)) })
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // what is there already stays
	big := make([]byte, 100_000)
	for i := range big {
		big[i] = 'x'
	}
	_, err := l.Do(t.Context(), &messages.Post{Author: ref("alice"), To: ref("bob"), Text: string(big), CID: "big"})
	if messages.CodeOf(err) != messages.Away {
		t.Fatalf("error %v", err)
	}
	wantSeen(t, l, "a1 unread 1")
	limit(1_000_000)
	if r, err := say(t, l, "b"); err != nil || r.Repeated {
		t.Fatalf("%+v, %v", r, err)
	}
	wantSeen(t, l, "a1 b2 unread 2")
}

// poison is refused by the database whenever a certain text is written.
type poison struct{ engine }

var errPoison = errors.New("the database does not take this")

func (p poison) begin(ctx context.Context) (tx, error) {
	t, err := p.engine.begin(ctx)
	return &poisonTx{tx: t}, err
}

func (p poison) class(err error) class {
	if errors.Is(err, errPoison) {
		return odd
	}
	return p.engine.class(err)
}

type poisonTx struct{ tx }

func (t *poisonTx) put(ctx context.Context, text string, args ...any) error {
	for _, a := range args {
		if a == "poison" {
			return errPoison
		}
	}
	return t.tx.put(ctx, text, args...)
}

// TestPoison: one operation that the database does not take does not harm those
// that were in its batch.
func TestPoison(t *testing.T) {
	e, err := openLite(t.Context(), filepath.Join(t.TempDir(), "messages.db"))
	if err != nil {
		t.Fatal(err)
	}
	s := start(poison{e}, Options{})
	t.Cleanup(func() { s.Close() })
	l, err := s.Log(t.Context(), "example.com")
	if err != nil {
		t.Fatal(err)
	}
	const n = 50
	results := make(chan error, n)
	for i := range n {
		text := fmt.Sprint(i)
		if i == 20 {
			text = "poison"
		}
		l.Submit(&messages.Post{Author: ref("alice"), To: ref("bob"), Text: text}, func(_ messages.Result, err error) { results <- err })
	}
	for i := range n {
		if err := <-results; (i == 20) != (messages.CodeOf(err) == messages.Internal) || i != 20 && err != nil {
			t.Errorf("operation %d: %v", i, err)
		}
	}
	bob, err := l.Person(t.Context(), ref("bob"))
	if err != nil {
		t.Fatal(err)
	}
	if unread, err := l.Unread(t.Context(), bob.ID); err != nil || unread != n-1 {
		t.Fatalf("%d unread, %v", unread, err)
	}
}

// undone is a database that undoes so many transactions for others, at their commits.
type undone struct {
	engine
	left atomic.Int64
}

var errUndone = errors.New("undone for another transaction")

func (u *undone) class(err error) class {
	if errors.Is(err, errUndone) {
		return victim
	}
	return u.engine.class(err)
}

func (u *undone) begin(ctx context.Context) (tx, error) {
	t, err := u.engine.begin(ctx)
	return &undoneTx{t, u}, err
}

type undoneTx struct {
	tx
	u *undone
}

func (t *undoneTx) commit(ctx context.Context) error {
	if t.u.left.Add(-1) >= 0 {
		t.rollback()
		return errUndone
	}
	return t.tx.commit(ctx)
}

// TestVictim: what was undone for another transaction is done once, however often;
// behind the bound nobody is told that it was. Marks that were acknowledged stay.
func TestVictim(t *testing.T) {
	e, err := openLite(t.Context(), filepath.Join(t.TempDir(), "messages.db"))
	if err != nil {
		t.Fatal(err)
	}
	u := &undone{engine: e}
	s := start(u, Options{})
	t.Cleanup(func() { s.Close() })
	l, err := s.Log(t.Context(), "example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"a", "b"} {
		if _, err := say(t, l, text); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Do(t.Context(), &messages.Mark{By: ref("bob"), With: ref("alice"), CID: "a", State: messages.ReadMark}); err != nil {
		t.Fatal(err)
	}
	u.left.Store(maxAttempts - 1)
	if r, err := say(t, l, "c"); err != nil || r.Repeated {
		t.Fatalf("%+v, %v", r, err)
	}
	wantSeen(t, l, "a1 b2 c3 unread 2")
	u.left.Store(maxAttempts)
	if _, err := say(t, l, "d"); messages.CodeOf(err) != messages.Away {
		t.Fatalf("error %v", err)
	}
	if r, err := say(t, l, "d"); err != nil || r.Repeated {
		t.Fatalf("%+v, %v", r, err)
	}
	u.left.Store(maxAttempts - 1)
	runs := 0
	if err := s.w.admin(t.Context(), func(b *batch) error {
		runs++
		b.put(`UPDATE part SET floor = floor + 1`)
		return b.err
	}); err != nil || runs != maxAttempts {
		t.Fatalf("%d runs, %v", runs, err)
	}
	wantSeen(t, l, "a1 b2 c3 d4 unread 3")
}

// TestVictimOfABackup: a backup is read once. Tried again, what is left of it would be
// loaded, and taken for all.
func TestVictimOfABackup(t *testing.T) {
	_, _, l := faultyStore(t)
	if _, err := say(t, l, "a"); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := backup.Write(t.Context(), &file, l.(*domainLog).s, backup.Lock{}, backup.Header{}); err != nil {
		t.Fatal(err)
	}
	e, err := openLite(t.Context(), filepath.Join(t.TempDir(), "copy.db"))
	if err != nil {
		t.Fatal(err)
	}
	u := &undone{engine: e}
	s := start(u, Options{})
	t.Cleanup(func() { s.Close() })
	u.left.Store(1)
	keys, canary := func([][]byte) error { return nil }, func([]byte) error { return nil }
	if _, err := backup.Restore(t.Context(), &file, "", s, keys, canary); !errors.Is(err, errUndone) {
		t.Errorf("error %v", err)
	}
}
