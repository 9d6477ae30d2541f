package sqlite_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/sqlite"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() directory.Store {
		path := filepath.Join(t.TempDir(), "pbx.db")
		return func() directory.Store { return open(t, path) }
	})
}

func TestFilesAreOfTheOwnerAlone(t *testing.T) {
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "pbx.db"))
	defer s.Close()
	if _, err := s.Reserve(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v: want the file and its WAL", files, err)
	}
	for _, file := range files {
		if info, err := file.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", file.Name(), info.Mode(), err)
		}
	}
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"a b", "what?_pragma=synchronous(OFF)", "50%20", "#1", "ümlaut"} {
		path := filepath.Join(t.TempDir(), name)
		s := open(t, path)
		first, err := s.Reserve(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%q: %v, %v", name, info, err)
		}
		s = open(t, path)
		if second, err := s.Reserve(t.Context(), 1); err != nil || second <= first {
			t.Errorf("%q: another file was opened: %d, %d, %v", name, first, second, err)
		}
		s.Close()
	}
}

func TestOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pbx.db")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s, err := sqlite.Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	all.Wait()
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte("this is no database, but long enough to be looked at as one........................................................"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"no database": text, "no folder": filepath.Join(folder, "none", "pbx.db"), "a folder": folder} {
		if s, err := sqlite.Open(t.Context(), path); err == nil {
			t.Errorf("%s was opened", name)
			s.Close()
		}
	}
}

func TestDurable(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "pbx.db"))
	defer s.Close()
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "10000"} {
		if got := s.Pragma(t, pragma); got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
}
