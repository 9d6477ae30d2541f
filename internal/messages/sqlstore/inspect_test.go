package sqlstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestInspect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.db")
	if _, err := Inspect(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	s, err := OpenSQLite(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if i, err := Inspect(t.Context(), path); err != nil || len(i.Faults) > 0 || i.Known < 1 || i.Found != i.Known { // in use
		t.Errorf("%+v, %v", i, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 4096 * 3; at < len(text); at += 4096 {
		copy(text[at:], "damaged")
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if i, err := Inspect(t.Context(), path); err == nil && len(i.Faults) == 0 {
		t.Error("nothing is found damaged")
	}
}
