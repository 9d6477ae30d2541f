// Package blobtest is the suite that every implementation of filebuffer.Blobs
// passes. It is for tests alone.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
)

// Run runs the suite. open gives an empty place for blobs each time.
func Run(t *testing.T, open func(t *testing.T) filebuffer.Blobs) {
	for name, test := range map[string]func(*testing.T, filebuffer.Blobs){
		"stages and places":     stages,
		"reads from anywhere":   seeks,
		"leaves nothing behind": cuts,
		"deletes":               deletes,
		"keeps thumbnails":      thumbs,
		"lists":                 lists,
		"sweeps":                sweeps,
		"places the same twice": races,
		"takes large ones":      large,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Put stages and places a content.
func Put(t *testing.T, b filebuffer.Blobs, content []byte) filebuffer.Hash {
	t.Helper()
	s, err := b.Stage(t.Context(), bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if s.Hash() != sha256.Sum256(content) || s.Size() != int64(len(content)) {
		t.Fatalf("staged %s of %d bytes", s.Hash(), s.Size())
	}
	if err := s.Place(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Discard(t.Context()); err != nil {
		t.Fatal("discard after place:", err)
	}
	return s.Hash()
}

// Get reads a blob whole.
func Get(t *testing.T, b filebuffer.Blobs, h filebuffer.Hash) []byte {
	t.Helper()
	blob, err := b.Open(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	content, err := io.ReadAll(blob)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(content)) != blob.Size() {
		t.Errorf("read %d bytes of %d", len(content), blob.Size())
	}
	return content
}

func gone(t *testing.T, b filebuffer.Blobs, h filebuffer.Hash) {
	t.Helper()
	if blob, err := b.Open(t.Context(), h); !errors.Is(err, filebuffer.ErrNotFound) {
		t.Errorf("open: %v, want not found", err)
		if err == nil {
			blob.Close()
		}
	}
}

// all counts what List tells.
func all(t *testing.T, b filebuffer.Blobs) map[filebuffer.Hash]bool {
	t.Helper()
	found := map[filebuffer.Hash]bool{}
	for h, err := range b.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if found[h] {
			t.Errorf("%s is listed twice", h)
		}
		found[h] = true
	}
	return found
}

func stages(t *testing.T, b filebuffer.Blobs) {
	for _, size := range []int{0, 1, 4095, 300_000} {
		content := random(size)
		s, err := b.Stage(t.Context(), iotest.HalfReader(bytes.NewReader(content)))
		if err != nil {
			t.Fatal(err)
		}
		gone(t, b, s.Hash()) // staged is not there yet
		if err := s.Place(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := Get(t, b, s.Hash()); !bytes.Equal(got, content) {
			t.Errorf("%d bytes came back as %d others", size, len(got))
		}
		s, err = b.Stage(t.Context(), bytes.NewReader(random(10)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Discard(t.Context()); err != nil {
			t.Error(err)
		}
		gone(t, b, s.Hash())
	}
}

func seeks(t *testing.T, b filebuffer.Blobs) {
	content := random(100_000)
	blob, err := b.Open(t.Context(), Put(t, b, content))
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	for _, at := range []int64{99_999, 0, 50_000, 12} {
		if pos, err := blob.Seek(at, io.SeekStart); err != nil || pos != at {
			t.Fatalf("seek %d: %d, %v", at, pos, err)
		}
		got := make([]byte, min(1000, 100_000-at))
		if _, err := io.ReadFull(blob, got); err != nil || !bytes.Equal(got, content[at:][:len(got)]) {
			t.Errorf("at %d: %v, or other bytes", at, err)
		}
	}
	if pos, err := blob.Seek(0, io.SeekEnd); err != nil || pos != 100_000 {
		t.Errorf("end: %d, %v", pos, err)
	}
}

var errCut = errors.New("cut")

// cuts lets uploads fail at several points: what the reader says comes back, and
// nothing stays.
func cuts(t *testing.T, b filebuffer.Blobs) {
	content := random(200_000)
	for _, at := range []int64{0, 1, 100_000, 200_000} {
		r := io.MultiReader(bytes.NewReader(content[:at]), iotest.ErrReader(errCut))
		if _, err := b.Stage(t.Context(), r); !errors.Is(err, errCut) {
			t.Errorf("cut at %d: %v", at, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := io.MultiReader(bytes.NewReader(content), readerFunc(func([]byte) (int, error) { cancel(); return 1, nil }))
	if _, err := b.Stage(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
	if n, err := b.Sweep(t.Context(), time.Now().Add(time.Hour)); n != 0 || err != nil {
		t.Errorf("%d staged pieces were left behind, %v", n, err)
	}
	if found := all(t, b); len(found) != 0 {
		t.Errorf("%d blobs", len(found))
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func deletes(t *testing.T, b filebuffer.Blobs) {
	h := Put(t, b, []byte("to be deleted"))
	other := Put(t, b, []byte("to be kept"))
	if err := b.SetThumb(t.Context(), h, []byte("picture")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time nothing is there
		if err := b.Delete(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	gone(t, b, h)
	if _, err := b.Thumb(t.Context(), h); !errors.Is(err, filebuffer.ErrNotFound) {
		t.Errorf("thumbnail: %v", err)
	}
	if string(Get(t, b, other)) != "to be kept" {
		t.Error("the other one has changed")
	}
	if string(Get(t, b, Put(t, b, []byte("to be deleted")))) != "to be deleted" {
		t.Error("the same content does not come again")
	}
}

func thumbs(t *testing.T, b filebuffer.Blobs) {
	h := Put(t, b, []byte("picture"))
	if _, err := b.Thumb(t.Context(), h); !errors.Is(err, filebuffer.ErrNotFound) {
		t.Errorf("before: %v", err)
	}
	for _, want := range []string{"small", "another"} {
		if err := b.SetThumb(t.Context(), h, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Thumb(t.Context(), h); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
	}
	if found := all(t, b); len(found) != 1 {
		t.Errorf("thumbnails are no blobs: %d", len(found))
	}
}

func lists(t *testing.T, b filebuffer.Blobs) {
	want := map[filebuffer.Hash]bool{}
	for i := range 40 {
		want[Put(t, b, fmt.Append(nil, "content ", i))] = true
	}
	found := all(t, b)
	for h := range want {
		if !found[h] {
			t.Errorf("%s is not listed", h)
		}
	}
	if len(found) != len(want) {
		t.Errorf("%d listed, want %d", len(found), len(want))
	}
	for _, err := range b.List(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		break // must not go on
	}
}

func sweeps(t *testing.T, b filebuffer.Blobs) {
	kept := Put(t, b, []byte("a blob"))
	left, err := b.Stage(t.Context(), bytes.NewReader(random(100)))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := b.Sweep(t.Context(), time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("swept %d new ones, %v", n, err)
	}
	if n, err := b.Sweep(t.Context(), time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("swept %d, %v, want 1", n, err)
	}
	if err := left.Place(t.Context()); err == nil {
		t.Error("what was swept can be placed")
	}
	gone(t, b, left.Hash())
	if string(Get(t, b, kept)) != "a blob" {
		t.Error("the blob is gone")
	}
}

// races stages the same content many times at once.
func races(t *testing.T, b filebuffer.Blobs) {
	content := random(50_000)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			s, err := b.Stage(t.Context(), bytes.NewReader(content))
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Place(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := Get(t, b, sha256.Sum256(content)); !bytes.Equal(got, content) {
		t.Error("other bytes")
	}
}

// large is more than one part of a multipart upload.
func large(t *testing.T, b filebuffer.Blobs) {
	const size = 20 << 20
	sum := sha256.New()
	s, err := b.Stage(t.Context(), io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{1}), size), sum))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Place(t.Context()); err != nil {
		t.Fatal(err)
	}
	blob, err := b.Open(t.Context(), filebuffer.Hash(sum.Sum(nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	again := sha256.New()
	if n, err := io.Copy(again, blob); n != size || err != nil || !bytes.Equal(again.Sum(nil), sum.Sum(nil)) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// random is content that no other call has given.
func random(size int) []byte {
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(rand.Uint32())
	}
	return content
}
