package local

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/blobtest"
)

// TestTinyDisk fills a real file system of 1 MiB.
func TestTinyDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		t.Skip("a tmpfs cannot be mounted here:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	kept := blobtest.Put(t, d, make([]byte, 300<<10))
	for range 3 {
		if _, err := d.Stage(t.Context(), bytes.NewReader(make([]byte, 2<<20))); !errors.Is(err, filebuffer.ErrFull) {
			t.Fatalf("got %v", err)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "stage")); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
	if len(blobtest.Get(t, d, kept)) != 300<<10 {
		t.Error("the blob has changed")
	}
	blobtest.Put(t, d, make([]byte, 600<<10)) // the space is there again
}
