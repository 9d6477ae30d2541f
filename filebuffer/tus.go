package filebuffer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	tus "github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/exp/slog"
)

// A resumable upload (tus 1.0.0, core with creation, creation-with-upload and
// termination) goes to the URL of the buffer itself: POST with Upload-Length
// begins, PATCH appends, HEAD says how far it is, DELETE gives up. What has come
// is a file in the spool, synced before it is acknowledged; its length is the
// offset, and the size reserved in the buffer is the length announced, so there
// is nothing else to keep. The whole is then staged like any upload.

// newTus makes the handler of the protocol; its requests carry their buffer.
func newTus(s *Store) (http.Handler, error) {
	store := &spool{s}
	composer := tus.NewStoreComposer()
	composer.UseCore(store)
	composer.UseTerminater(store)
	h, err := tus.NewUnroutedHandler(tus.Config{
		StoreComposer:  composer,
		MaxSize:        s.c.Limit,
		BasePath:       s.c.Base + "/",
		Cors:           &tus.CorsConfig{Disable: true}, // all answers have it
		Logger:         slog.New(slog.NewTextHandler(io.Discard, nil)),
		NetworkTimeout: s.c.Stall,
		// Nothing that clients say about the file is kept.
		PreUploadCreateCallback: func(tus.HookEvent) (tus.HTTPResponse, tus.FileInfoChanges, error) {
			return tus.HTTPResponse{}, tus.FileInfoChanges{MetaData: tus.MetaData{}}, nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return h.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPost:
			h.PostFile(w, r)
		case http.MethodHead:
			h.HeadFile(w, r)
		case http.MethodPatch:
			h.PatchFile(w, r)
		case http.MethodDelete:
			h.DelFile(w, r)
		default:
			http.Error(w, errMethod.Error(), http.StatusMethodNotAllowed)
		}
	})), nil
}

// tusOptions tells what a server of the protocol can do.
func tusOptions(h http.Header) {
	h.Set("Tus-Resumable", "1.0.0")
	h.Set("Tus-Version", "1.0.0")
	h.Set("Tus-Extension", "creation,creation-with-upload,termination")
}

type bufferKey struct{}

// serveTus lets the protocol work on one buffer. One request at a time writes.
func (s *Store) serveTus(w http.ResponseWriter, r *http.Request, b Buffer) error {
	h := w.Header()
	h.Set("Access-Control-Expose-Headers", "Location, Tus-Resumable, Upload-Length, Upload-Offset")
	if b.State == Claimed {
		return errLocked // its last step is being done
	}
	if r.Method != http.MethodHead || s.cutAtTheEnd(b) {
		leave, err := s.running.enter(b)
		if err != nil {
			return errors.Join(errLocked, err)
		}
		defer leave()
		// What was done before this request got its turn counts.
		if b, err = s.c.Index.Buffer(r.Context(), b.Owner.Domain, b.ID, s.c.Now()); err != nil {
			return err
		}
		if b, err = s.finishCut(r, b); err != nil {
			return err
		}
		if b.State != Open && r.Method != http.MethodHead {
			return ErrTaken
		}
	}
	ctx := context.WithValue(r.Context(), bufferKey{}, at{buffer: b, url: r.URL.EscapedPath()[1:] + "?" + r.URL.RawQuery})
	s.tus.ServeHTTP(w, r.WithContext(ctx))
	return nil
}

// cutAtTheEnd tells that every byte of an upload has come and that nobody has made the
// file of them: the process ended in between.
func (s *Store) cutAtTheEnd(b Buffer) bool {
	info, err := os.Stat(s.spoolPath(b.Owner.Domain, b.ID))
	return err == nil && b.State == Open && info.Size() == b.Size
}

// finishCut makes the file after all: for a client the upload is over when it hears
// that its last byte is there, so that must not be said before. The caller has entered.
func (s *Store) finishCut(r *http.Request, b Buffer) (Buffer, error) {
	if !s.cutAtTheEnd(b) {
		return b, nil
	}
	u := &partial{s: s, at: at{buffer: b}, path: s.spoolPath(b.Owner.Domain, b.ID)}
	if err := u.FinishUpload(r.Context()); err != nil {
		return b, err
	}
	return s.c.Index.Buffer(r.Context(), b.Owner.Domain, b.ID, s.c.Now())
}

// at is the buffer of a request and the rest of its URL behind the base.
type at struct {
	buffer Buffer
	url    string
}

// spool is the data store of the protocol.
type spool struct{ s *Store }

// NewUpload begins anew.
func (p *spool) NewUpload(ctx context.Context, info tus.FileInfo) (tus.Upload, error) {
	where := ctx.Value(bufferKey{}).(at)
	u := &partial{s: p.s, at: where, path: p.s.spoolPath(where.buffer.Owner.Domain, where.buffer.ID)}
	now := p.s.c.Now()
	b := &u.at.buffer
	if err := p.s.c.Index.Begin(ctx, b.Owner.Domain, b.ID, info.Size, now, now.Add(p.s.c.UploadWithin), p.s.c.Quota); err != nil {
		return nil, p.s.tusError(err)
	}
	b.Size = info.Size
	if err := os.WriteFile(u.path, nil, 0o600); err != nil {
		return nil, u.giveUp(ctx, err)
	}
	return u, nil
}

// GetUpload finds one that has begun.
func (p *spool) GetUpload(ctx context.Context, _ string) (tus.Upload, error) {
	where := ctx.Value(bufferKey{}).(at)
	u := &partial{s: p.s, at: where, path: p.s.spoolPath(where.buffer.Owner.Domain, where.buffer.ID)}
	if where.buffer.State == Open {
		if came, err := u.offset(); err != nil || came > where.buffer.Size {
			return nil, tus.ErrNotFound
		}
	}
	return u, nil
}

// AsTerminatableUpload is for DELETE.
func (p *spool) AsTerminatableUpload(upload tus.Upload) tus.TerminatableUpload {
	return upload.(*partial)
}

// partial is an upload that goes on in several requests.
type partial struct {
	s    *Store
	at   at
	path string
}

func (u *partial) offset() (int64, error) {
	info, err := os.Stat(u.path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// GetInfo says how far it is. A buffer that has its file is at the end.
func (u *partial) GetInfo(context.Context) (tus.FileInfo, error) {
	info := tus.FileInfo{ID: u.at.url, Size: u.at.buffer.Size, Offset: u.at.buffer.Size}
	if u.at.buffer.State != Open {
		return info, nil
	}
	var err error
	info.Offset, err = u.offset()
	return info, err
}

// WriteChunk appends; the handler has compared the offset.
func (u *partial) WriteChunk(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	f, err := os.OpenFile(u.path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return 0, u.giveUp(ctx, err)
	}
	now := u.s.c.Now()
	size := u.at.buffer.Size
	in := &intake{
		s: u.s, ctx: ctx, b: u.at.buffer, in: body{r: src, size: unknown},
		room: size - offset, over: ErrTooLarge, began: now, extended: now,
	}
	err = u.s.c.Index.Extend(ctx, u.at.buffer.Owner.Domain, u.at.buffer.ID, now.Add(u.s.c.UploadWithin))
	var written int64
	if err == nil {
		written, err = io.Copy(f, in)
	}
	err = errors.Join(err, f.Sync(), f.Close())
	switch {
	case err == nil:
		return written, nil
	case errors.Is(err, errSlow): // what has come stays
		return written, u.s.tusError(err)
	}
	return written, u.giveUp(ctx, err)
}

// GetReader is not for downloads: those go by the buffer.
func (u *partial) GetReader(context.Context) (io.ReadCloser, error) { return os.Open(u.path) }

// FinishUpload makes the whole the file of the buffer.
func (u *partial) FinishUpload(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	began := u.s.c.Now()
	f, err := os.Open(u.path)
	if err != nil {
		return u.giveUp(ctx, err)
	}
	staged, err := u.s.c.Blobs.Stage(ctx, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return u.giveUp(ctx, err)
	}
	if err := u.s.keepBusy(ctx, u.at.buffer, staged); err != nil {
		return u.giveUp(ctx, err)
	}
	u.s.c.Observer.Uploaded(staged.Size(), u.s.c.Now().Sub(began))
	return absent(os.Remove(u.path))
}

// Terminate is DELETE: the buffer is open again.
func (u *partial) Terminate(ctx context.Context) error {
	return errors.Join(absent(os.Remove(u.path)), u.s.c.Index.Reopen(ctx, u.at.buffer.Owner.Domain, u.at.buffer.ID))
}

// giveUp leaves nothing behind: the client has to begin anew.
func (u *partial) giveUp(ctx context.Context, err error) error {
	for _, no := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, no) {
			err = errors.Join(ErrFull, err)
		}
	}
	return u.s.tusError(errors.Join(err, u.Terminate(context.WithoutCancel(ctx))))
}

var errLocked = errors.New("another request is writing to this buffer")

// tusError is an error as the protocol's handler answers it.
func (s *Store) tusError(err error) error {
	a := s.answerFor(http.MethodPatch, err)
	return tus.NewError(strings.ToUpper("ERR_"+a.reason), a.text, a.status)
}

// spoolPath is the file of a resumable upload. Names of domains do not go into
// paths.
func (s *Store) spoolPath(domain string, id ID) string {
	sum := sha256.Sum256([]byte(domain))
	return filepath.Join(s.c.Spool, hex.EncodeToString(sum[:8])+"-"+strconv.FormatInt(int64(id), 10)+".part")
}

func (s *Store) unspool(domain string, id ID) error {
	return absent(os.Remove(s.spoolPath(domain, id)))
}

// sweepSpool removes what nobody has written to since.
func (s *Store) sweepSpool(before time.Time) error {
	entries, err := os.ReadDir(s.c.Spool)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !strings.HasSuffix(entry.Name(), ".part") || !info.ModTime().Before(before) {
			continue
		}
		if err := absent(os.Remove(filepath.Join(s.c.Spool, entry.Name()))); err != nil {
			return err
		}
	}
	return nil
}

func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
