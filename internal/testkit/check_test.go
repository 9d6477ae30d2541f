package testkit_test

import (
	"path/filepath"
	"testing"

	"github.com/tandem-switch/tandem/internal/testkit"
)

func TestFilesAreWellFormed(t *testing.T) {
	for _, dir := range []string{"dialogues", "dialogues-more"} {
		files, err := filepath.Glob(filepath.Join("../../testdata", dir, "*.txt"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no dialogues (%v)", dir, err)
		}
		for _, f := range files {
			d, err := testkit.ParseFile(f)
			if err == nil {
				err = testkit.Check(d)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
}
