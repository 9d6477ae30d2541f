package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/messages/keeping"
	"github.com/tandem-switch/tandem/internal/messages/retention"
)

// Desk is what administrators work with: it has the keeper, which applies the rules of
// retention every hour and on demand, the bytes of files, for exports, and what keeps
// the search index up with the store.
func (h *Host) Desk() keeping.Desk {
	return keeping.Desk{Keeper: h.keeper, Files: contents{h.blobs}, Search: h.follow}
}

func (h *Host) openKeeper() (err error) {
	h.keeper, err = retention.New(retention.Config{
		Store: h.store, Files: h.files, Observer: h.config.Metrics.Messages().Retention(), Log: h.config.Log,
	})
	return err
}

// contents opens blobs as an export wants them.
type contents struct{ blobs filebuffer.Blobs }

// Open implements export.Files.
func (c contents) Open(ctx context.Context, hash string) (io.ReadCloser, error) {
	h, ok := filebuffer.ParseHash(hash)
	if !ok {
		return nil, fmt.Errorf("%q is no hash: %w", hash, fs.ErrNotExist)
	}
	blob, err := c.blobs.Open(ctx, h)
	if errors.Is(err, filebuffer.ErrNotFound) {
		return nil, fmt.Errorf("%s: %w", hash, fs.ErrNotExist)
	}
	return blob, err
}
