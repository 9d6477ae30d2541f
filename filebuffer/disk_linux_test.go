package filebuffer_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/local"
)

// tiny mounts a file system of 1 MiB.
func tiny(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		t.Skip("a tmpfs cannot be mounted here:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestFullDisk(t *testing.T) {
	dir := tiny(t)
	r := newRig(t, func(c *filebuffer.Config) {
		blobs, err := local.Open(filepath.Join(dir, "files"))
		if err != nil {
			t.Fatal(err)
		}
		c.Blobs = blobs
	})
	r.dir = dir
	if err := os.Mkdir(filepath.Join(dir, "spool"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, kept := r.upload(alice, "kept", "a small file")
	_, link := r.create(alice, "large")
	r.want(507, "POST", link, strings.Repeat("x", 2<<20))
	r.want(404, "GET", link, "")
	if blobs, staged, _ := r.pieces(); blobs != 1 || staged != 0 {
		t.Errorf("%d blobs, %d staged", blobs, staged)
	}
	r.want(200, "GET", kept, "")
	r.want(200, "POST", link, strings.Repeat("x", 500<<10)) // there is room for less
}

// TestFullSpool: the disk that fills up is that of resumable uploads.
func TestFullSpool(t *testing.T) {
	spool := filepath.Join(tiny(t), "spool")
	r := newRig(t, func(c *filebuffer.Config) { c.Spool = spool })
	if err := os.Mkdir(filepath.Join(r.dir, "spool"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, link := r.create(alice, "large")
	r.begin(201, link, 2<<20)
	r.patch(507, link, 0, strings.Repeat("x", 2<<20))
	if left, err := os.ReadDir(spool); len(left) != 0 || err != nil {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	r.want(200, "POST", link, "a small file")
}
