package service_test

import (
	"context"

	"github.com/tandem-switch/tandem/filebuffer"
)

// noFiles is a place of files that has none.
type noFiles struct{}

func (noFiles) Create(context.Context, filebuffer.Owner, uint64, string) (filebuffer.ID, string, error) {
	return 0, "", filebuffer.ErrQuota
}

func (noFiles) Resolve(context.Context, filebuffer.Owner, string) (filebuffer.Attachment, error) {
	return filebuffer.Attachment{}, filebuffer.ErrForeign
}

func (noFiles) MintURL(string, filebuffer.Ref, uint64) string { return "" }
func (noFiles) Delete(context.Context, filebuffer.Owner, filebuffer.ID) error {
	return filebuffer.ErrNotFound
}
func (noFiles) EndSession(context.Context, string, uint64) error { return nil }
