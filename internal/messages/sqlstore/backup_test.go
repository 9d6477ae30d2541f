package sqlstore_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/backup"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// copyStore writes a backup of one store and reads it into the other.
func copyStore(t *testing.T, from, to *sqlstore.Store) {
	t.Helper()
	var file bytes.Buffer
	if _, err := backup.Write(t.Context(), &file, from, backup.Lock{}, backup.Header{}); err != nil {
		t.Fatal(err)
	}
	keys, canary := func([][]byte) error { return nil }, func([]byte) error { return nil }
	if _, err := backup.Restore(t.Context(), &file, "", to, keys, canary); err != nil {
		t.Fatal(err)
	}
}

// TestBackupBetweenEngines carries a store from SQLite to PostgreSQL and back.
func TestBackupBetweenEngines(t *testing.T) {
	dsn := server(t)
	first := openLite(t, filepath.Join(t.TempDir(), "first.db"), sqlstore.Options{})
	second := openPostgres(t, dsn, schema(t, dsn, ""), sqlstore.Options{})
	third := openLite(t, filepath.Join(t.TempDir(), "third.db"), sqlstore.Options{})
	for _, s := range []*sqlstore.Store{first, second, third} {
		t.Cleanup(func() { s.Close() })
	}
	l, err := first.Log(t.Context(), "example.com")
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Do(t.Context(), &messages.Post{
		Author: crashRef("s", 0), To: crashRef("r", 0), CID: "c", Text: "ä \"quoted\"\n🎉", Files: []messages.File{{Hash: "h", Name: "n", Thumb: true, Size: 3}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Do(t.Context(), &messages.Mark{By: crashRef("r", 0), With: crashRef("s", 0), State: messages.ReadMark}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Do(t.Context(), &messages.Flush{}); err != nil {
		t.Fatal(err)
	}
	copyStore(t, first, second)
	copyStore(t, second, third)
	for i, s := range []*sqlstore.Store{second, third} {
		l, err := s.Log(t.Context(), "example.com")
		if err != nil {
			t.Fatal(err)
		}
		m, err := l.Message(t.Context(), 0, r.N)
		if err != nil || m.Text != "ä \"quoted\"\n🎉" || len(m.Files) != 2 || !m.Files[0].Thumb || m.Author.SIP != "s0" || m.Time != r.Time {
			t.Fatalf("copy %d: %+v, %v", i, m, err)
		}
		marks, err := l.Marks(t.Context(), 0, r.N)
		if err != nil || len(marks) != 1 || marks[0].Read == 0 {
			t.Fatalf("copy %d: %+v, %v", i, marks, err)
		}
		again, err := l.Do(t.Context(), &messages.Post{Author: crashRef("s", 0), To: crashRef("r", 0), CID: "c", Text: "again"})
		if err != nil || !again.Repeated || again.N != r.N {
			t.Fatalf("copy %d: %+v, %v", i, again, err)
		}
	}
}
