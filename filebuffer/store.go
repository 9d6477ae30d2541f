package filebuffer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/tandem-switch/tandem/filebuffer/media"
)

// Store is the files of all domains. As an http.Handler it serves everything
// below /<domain>/<instance>/ with tmp/, files/ or attach/ behind it; paths begin with
// the domain.
type Store struct {
	c       Config
	running *running      // uploads
	looking chan struct{} // a slot for each content that is being looked at
	tus     http.Handler
}

// Images are decoded one at a time, because of the memory that they take. Who has
// waited lookWait for his turn gets no dimensions and no thumbnail.
const (
	lookers  = 1
	lookWait = 20 * time.Second
)

// New makes a store; it starts nothing.
func New(c Config) (*Store, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Spool, 0o700); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	c = c.withDefaults()
	s := &Store{c: c, running: newRunning(c.Uploads, c.PerSelf), looking: make(chan struct{}, lookers)}
	var err error
	s.tus, err = newTus(s)
	return s, err
}

// Create makes a temporary buffer for a file of this name. The URL is for the
// upload, for the recipients of the message, and for attach. ErrQuota if the
// person has too many.
func (s *Store) Create(ctx context.Context, o Owner, session uint64, name string) (id ID, url string, err error) {
	now := s.c.Now()
	text, kept := token()
	b := Buffer{
		Owner: o, Session: session, Name: CleanName(name), Token: kept,
		Created: now, Ends: now.Add(s.c.UploadWithin),
	}
	b.ID, err = s.c.Index.Create(ctx, b, s.c.Quota)
	if err != nil {
		return 0, "", err
	}
	return b.ID, s.url(o.Domain, kindTemporary, b.ID, b.Name) + "?t=" + text, nil
}

// Resolve finds what a URL of attach (decoded) stands for: an uploaded buffer of
// this author, or a permanent file that the author may read. ErrForeign for URLs
// of other places, ErrNotFound for everything that this author may not attach.
//
// A permanent URL may have expired: it names the file, and what counts is whether
// the author may read that now.
func (s *Store) Resolve(ctx context.Context, author Owner, url string) (Attachment, error) {
	p, q, ok := s.parseURL(url)
	if !ok {
		return Attachment{}, ErrForeign
	}
	if p.domain != author.Domain {
		return Attachment{}, ErrNotFound
	}
	if p.kind == kindPermanent {
		if _, _, ok := s.minted(p, q); !ok {
			return Attachment{}, ErrNotFound
		}
		r, err := s.c.Index.Readable(ctx, author, p.id)
		if err != nil {
			return Attachment{}, err
		}
		return Attachment{Ref: r.ID, Name: r.Name, Hash: r.Hash, Size: r.Size, Info: r.Info}, nil
	}
	b, err := s.c.Index.Buffer(ctx, p.domain, p.id, s.c.Now())
	if err != nil {
		return Attachment{}, err
	}
	if !rightToken(q.Get("t"), b.Token) || b.Owner != author || b.State != Ready {
		return Attachment{}, ErrNotFound
	}
	return Attachment{Buffer: b.ID, Name: b.Name, Hash: b.Hash, Size: b.Size, Info: b.Info}, nil
}

// Own reports whether a URL is one of this store and domain, by its form alone:
// what may pass a relay. It asks nobody.
func (s *Store) Own(domain, url string) bool {
	p, _, ok := s.parseURL(url)
	return ok && p.domain == domain
}

// Delete removes a temporary buffer of this owner (DeleteFileBuffer).
func (s *Store) Delete(ctx context.Context, o Owner, id ID) error {
	if err := s.c.Index.Delete(ctx, o, id); err != nil {
		return err
	}
	return s.unspool(o.Domain, id)
}

// EndSession removes the buffers of a session that have no file yet. Those that
// have one stay until they end: a text with their URL, which the author was told
// is sent, may wait in the outbox of the switch while the link is down, and the
// loss of the link ends sessions too.
func (s *Store) EndSession(ctx context.Context, domain string, session uint64) error {
	_, err := s.c.Index.EndSession(ctx, domain, session)
	return err
}

// keep makes staged bytes the file of a buffer that was claimed for them: place,
// look, finish. If it fails, the buffer is open again and the bytes are gone.
func (s *Store) keep(ctx context.Context, b Buffer, staged Staged, claimed error) error {
	err := claimed
	if errors.Is(err, ErrTaken) || errors.Is(err, ErrNotFound) {
		return errors.Join(err, staged.Discard(ctx)) // another upload was first, or the buffer has ended
	}
	if err == nil {
		err = s.settle(ctx, b, staged)
	}
	if err != nil {
		return errors.Join(err, staged.Discard(ctx), s.c.Index.Reopen(ctx, b.Owner.Domain, b.ID))
	}
	return nil
}

func (s *Store) settle(ctx context.Context, b Buffer, staged Staged) error {
	if err := staged.Place(ctx); err != nil {
		return err
	}
	info, err := s.look(ctx, staged.Hash())
	if err != nil {
		return err
	}
	return s.c.Index.Finish(ctx, b.Owner.Domain, b.ID, info, s.c.Now().Add(cmp.Or(b.keep, s.c.KeepFor)))
}

// look finds out what a content is and makes its thumbnail. What cannot be read
// has no dimensions; only a place of blobs that fails is an error.
func (s *Store) look(ctx context.Context, h Hash) (Info, error) {
	blob, err := s.c.Blobs.Open(ctx, h)
	if err != nil {
		return Info{}, err
	}
	defer blob.Close()
	look := media.Look
	turn := time.NewTimer(lookWait)
	defer turn.Stop()
	select {
	case s.looking <- struct{}{}:
		defer func() { <-s.looking }()
	case <-turn.C:
		look = media.Sniff
	}
	found, err := look(blob, blob.Size())
	if err != nil {
		return Info{}, err
	}
	info := Info{Type: found.Type, Width: found.Width, Height: found.Height, Duration: found.Duration}
	if len(found.Thumb) > 0 {
		if err := s.c.Blobs.SetThumb(ctx, h, found.Thumb); err != nil {
			return Info{}, err
		}
		info.Thumb = true
	}
	return info, nil
}
