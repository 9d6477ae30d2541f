// Package local keeps blobs in a directory:
//
//	blobs/ab/ab12…        one file per content, named by its hash
//	blobs/ab/ab12….thumb  its thumbnail
//	stage/…               uploads that are not complete
//
// Directories are 0700, files 0600. A blob appears by the renaming of a complete
// file whose bytes are on the disk, so a reader sees all of it or nothing. The
// directory belongs to this package; several processes may share it. Everything
// is safe for use by several goroutines.
package local

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
)

const (
	thumbSuffix = ".thumb"
	bufferSize  = 256 << 10 // of one running upload
	maxThumb    = 1 << 20   // more is no thumbnail of ours
)

// Dir is a directory of blobs.
type Dir struct {
	path string
	// create makes a file to write to; tests put in one that fails.
	create func(path string) (file, error)
}

type file interface {
	io.WriteCloser
	Sync() error
}

// Open makes the directories where they are missing.
func Open(path string) (*Dir, error) {
	for _, sub := range []string{"blobs", "stage"} {
		if err := os.MkdirAll(filepath.Join(path, sub), 0o700); err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
	}
	if err := syncDir(path); err != nil {
		return nil, err
	}
	return &Dir{path: path, create: createFile}, nil
}

func createFile(path string) (file, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// Stage writes r into a file and syncs it.
func (d *Dir) Stage(ctx context.Context, r io.Reader) (filebuffer.Staged, error) {
	path := d.stagePath()
	sum := sha256.New()
	size, err := d.write(path, &reading{ctx: ctx, r: r, sum: sum})
	if err != nil {
		return nil, err
	}
	return &staged{dir: d, path: path, size: size, hash: filebuffer.Hash(sum.Sum(nil))}, nil
}

func (d *Dir) stagePath() string { return filepath.Join(d.path, "stage", rand.Text()) }

// write makes a file of all that r has; if anything fails, there is none.
func (d *Dir) write(path string, r io.Reader) (int64, error) {
	f, err := d.create(path)
	if err != nil {
		return 0, full(err)
	}
	size, err := io.CopyBuffer(struct{ io.Writer }{f}, r, make([]byte, bufferSize))
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return 0, full(errors.Join(err, missing(os.Remove(path))))
	}
	return size, nil
}

// reading hashes what passes, and fails when the context has ended.
type reading struct {
	ctx context.Context
	r   io.Reader
	sum hash.Hash
}

func (r *reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	r.sum.Write(p[:n])
	return n, err
}

type staged struct {
	dir  *Dir
	path string
	size int64
	hash filebuffer.Hash
}

func (s *staged) Hash() filebuffer.Hash { return s.hash }
func (s *staged) Size() int64           { return s.size }

// Place renames. A blob that is there already is replaced by the same bytes:
// whoever reads it keeps the file that he has open.
func (s *staged) Place(context.Context) error { return s.dir.place(s.path, s.dir.blobPath(s.hash)) }

func (s *staged) Discard(context.Context) error { return missing(os.Remove(s.path)) }

func (d *Dir) place(from, to string) error {
	parent := filepath.Dir(to)
	if err := os.Mkdir(parent, 0o700); err == nil {
		err = syncDir(filepath.Dir(parent))
		if err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return full(err)
	}
	if err := os.Rename(from, to); err != nil {
		return full(err)
	}
	return syncDir(parent)
}

func (d *Dir) blobPath(h filebuffer.Hash) string {
	name := h.String()
	return filepath.Join(d.path, "blobs", name[:2], name)
}

// Open opens a blob.
func (d *Dir) Open(_ context.Context, h filebuffer.Hash) (filebuffer.Blob, error) {
	f, err := os.Open(d.blobPath(h))
	if err != nil {
		return nil, notFound(err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return blob{f, info.Size()}, nil
}

type blob struct {
	*os.File
	size int64
}

func (b blob) Size() int64 { return b.size }

// SetThumb keeps a thumbnail, in the same way as a blob.
func (d *Dir) SetThumb(_ context.Context, h filebuffer.Hash, data []byte) error {
	path := d.stagePath()
	if _, err := d.write(path, strings.NewReader(string(data))); err != nil {
		return err
	}
	if err := d.place(path, d.blobPath(h)+thumbSuffix); err != nil {
		return errors.Join(err, missing(os.Remove(path)))
	}
	return nil
}

// Thumb reads a thumbnail.
func (d *Dir) Thumb(_ context.Context, h filebuffer.Hash) ([]byte, error) {
	f, err := os.Open(d.blobPath(h) + thumbSuffix)
	if err != nil {
		return nil, notFound(err)
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxThumb))
}

// Delete removes a blob; the thumbnail goes first, so that none stays alone.
func (d *Dir) Delete(_ context.Context, h filebuffer.Hash) error {
	path := d.blobPath(h)
	for _, name := range []string{path + thumbSuffix, path} {
		if err := missing(os.Remove(name)); err != nil {
			return err
		}
	}
	return nil
}

// List walks through the directory. Files that are not ours are passed over.
func (d *Dir) List(ctx context.Context) iter.Seq2[filebuffer.Hash, error] {
	return func(yield func(filebuffer.Hash, error) bool) {
		err := filepath.WalkDir(filepath.Join(d.path, "blobs"), func(path string, entry fs.DirEntry, err error) error {
			if err = errors.Join(missing(err), ctx.Err()); err != nil || entry == nil {
				return err
			}
			h, ok := filebuffer.ParseHash(entry.Name())
			if ok && entry.Type().IsRegular() && path == d.blobPath(h) && !yield(h, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(filebuffer.Hash{}, err)
		}
	}
}

var errStop = errors.New("stop")

// Sweep removes staged files that nobody has written to since.
func (d *Dir) Sweep(ctx context.Context, before time.Time) (int, error) {
	dir := filepath.Join(d.path, "stage")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue
		}
		if err := missing(os.Remove(filepath.Join(dir, entry.Name()))); err != nil {
			return removed, err
		}
		removed++
		if ctx.Err() != nil {
			return removed, ctx.Err()
		}
	}
	return removed, nil
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return full(errors.Join(d.Sync(), d.Close()))
}

// missing forgives that something is not there.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return filebuffer.ErrNotFound
	}
	return err
}

// full names what a disk says when nothing more fits.
func full(err error) error {
	for _, no := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, no) {
			return fmt.Errorf("%w: %w", filebuffer.ErrFull, err)
		}
	}
	return err
}
