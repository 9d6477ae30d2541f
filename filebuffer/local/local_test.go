package local

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/blobtest"
)

func open(t *testing.T) *Dir {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "files"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestBlobs(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) filebuffer.Blobs { return open(t) })
}

func TestModes(t *testing.T) {
	d := open(t)
	h := blobtest.Put(t, d, []byte("private"))
	if err := d.SetThumb(t.Context(), h, []byte("x")); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(d.path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if want := map[bool]fs.FileMode{true: 0o700, false: 0o600}[entry.IsDir()]; info.Mode().Perm() != want {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// failing fails like a full disk, at a byte, at the sync or at the close.
type failing struct {
	*os.File
	room        int
	sync, close error
}

func (f *failing) Write(p []byte) (int, error) {
	if len(p) > f.room {
		n, _ := f.File.Write(p[:f.room])
		f.room = 0
		return n, syscall.ENOSPC
	}
	f.room -= len(p)
	return f.File.Write(p)
}

func (f *failing) Sync() error { return f.sync }

func (f *failing) Close() error { f.File.Close(); return f.close }

func TestFullDisk(t *testing.T) {
	for name, fail := range map[string]failing{
		"first byte": {room: 0},
		"some byte":  {room: 77},
		"sync":       {room: 1000, sync: syscall.EDQUOT},
		"close":      {room: 1000, close: syscall.ENOSPC},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			d.create = func(path string) (file, error) {
				f, err := os.Create(path)
				return &failing{f, fail.room, fail.sync, fail.close}, err
			}
			if _, err := d.Stage(t.Context(), bytes.NewReader(make([]byte, 500))); !errors.Is(err, filebuffer.ErrFull) {
				t.Errorf("stage: %v", err)
			}
			if err := d.SetThumb(t.Context(), filebuffer.Hash{1}, make([]byte, 500)); !errors.Is(err, filebuffer.ErrFull) {
				t.Errorf("thumbnail: %v", err)
			}
			if left, _ := os.ReadDir(filepath.Join(d.path, "stage")); len(left) != 0 {
				t.Errorf("%d files are left", len(left))
			}
		})
	}
}
