package service

import (
	"context"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/sanitize"
)

// errNoFiles is the answer where there is no place for files.
func errNoFiles() error { return notAllowed("A file") }

func (c *call) createFileBuffer(ctx context.Context, q *CreateFileBuffer) (r CreateFileBufferResult, err error) {
	x := c.session
	files := x.link.s.config.Files
	if files == nil {
		return r, errNoFiles()
	}
	id, url, err := files.Create(ctx, x.owner(), uint64(x.id), sanitize.Text(q.Name, maxTitle))
	if err != nil {
		return r, ofFiles(err)
	}
	return CreateFileBufferResult{ID: int64(id), URL: url}, nil
}

func (c *call) deleteFileBuffer(ctx context.Context, q *DeleteFileBuffer) (r DeleteFileBufferResult, err error) {
	x := c.session
	r.ID = q.ID
	files := x.link.s.config.Files
	if files == nil {
		return r, errNoFiles()
	}
	return r, ofFiles(files.Delete(ctx, x.owner(), filebuffer.ID(q.ID)))
}

func (c *call) attachments(ctx context.Context, q *Attachments) (r AttachmentsResult, err error) {
	x := c.session
	r.Files = []File{}
	m, err := x.message(ctx, q.ID)
	if messages.CodeOf(err) == messages.NotFound {
		return r, nil // reads like a message without files
	}
	if err != nil || x.link.s.config.Files == nil {
		return r, err
	}
	for _, f := range m.Files {
		r.Files = append(r.Files, File{ID: f.ID, URL: x.mint(f), Name: f.Name})
	}
	return r, nil
}
