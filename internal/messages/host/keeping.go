package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/messages/export"
	"github.com/tandem-switch/tandem/internal/messages/retention"
	"github.com/tandem-switch/tandem/internal/messages/search"
)

// Keeper applies the rules of retention, every hour and on demand.
func (h *Host) Keeper() *retention.Keeper { return h.keeper }

// Search keeps the search index up with the store.
func (h *Host) Search() *search.Follower { return h.follow }

// Contents are the bytes of files, for exports.
func (h *Host) Contents() export.Files { return contents{h.blobs} }

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
