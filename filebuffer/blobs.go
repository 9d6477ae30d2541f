package filebuffer

import (
	"context"
	"io"
	"iter"
	"time"
)

// Blobs keeps the bytes of files, each content once under its hash. What Stage
// and Place have acknowledged survives a loss of power. The implementations are
// in the packages local and s3; blobtest is the suite that both pass.
type Blobs interface {
	// Stage reads r to its end, with constant memory, into a place where nobody
	// sees it. If r fails or the context ends, nothing is left. ErrFull if there
	// is no space.
	Stage(ctx context.Context, r io.Reader) (Staged, error)
	// Open opens a blob for reading from any position. The context holds for
	// all reads.
	Open(ctx context.Context, h Hash) (Blob, error)
	// SetThumb keeps a small picture beside a blob.
	SetThumb(ctx context.Context, h Hash, data []byte) error
	// Thumb reads it.
	Thumb(ctx context.Context, h Hash) ([]byte, error)
	// Delete removes a blob and its thumbnail. A blob that is not there is
	// deleted already.
	Delete(ctx context.Context, h Hash) error
	// List goes through all blobs, in any order.
	List(ctx context.Context) iter.Seq2[Hash, error]
	// Sweep removes what was staged before the time given and never placed: the
	// rest of uploads whose process died. It reports how many.
	Sweep(ctx context.Context, before time.Time) (int, error)
}

// Staged is content that is complete and not yet a blob.
type Staged interface {
	// Hash and Size are those of the content.
	Hash() Hash
	Size() int64
	// Place makes it the blob of its hash. If there is one already, that one
	// stays.
	Place(ctx context.Context) error
	// Discard removes it. After Place it does nothing.
	Discard(ctx context.Context) error
}

// Blob is an open blob.
type Blob interface {
	io.ReadSeekCloser
	Size() int64
}
