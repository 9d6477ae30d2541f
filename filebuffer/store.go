package filebuffer

import (
	"context"
	"net/http"
	"time"
)

// Store is the files of all domains. As an http.Handler it serves everything
// below /<domain>/<instance>/tmp/ and /<domain>/<instance>/files/; paths begin
// with the domain.
type Store struct {
	c Config
}

// New makes a store; it starts nothing.
func New(c Config) (*Store, error) { return &Store{c: c}, nil }

// Create makes a temporary buffer for a file of this name. The URL is for the
// upload, for the recipients of the message, and for attach.
func (s *Store) Create(ctx context.Context, o Owner, session uint64, name string) (id ID, url string, err error) {
	return 0, "", ErrNotFound
}

// Resolve finds what a URL of attach (decoded) stands for: an uploaded buffer of
// this author, or a permanent file that the author may read. ErrForeign for URLs
// of other places, ErrNotFound for everything that this author may not attach.
func (s *Store) Resolve(ctx context.Context, author Owner, url string) (Attachment, error) {
	return Attachment{}, ErrNotFound
}

// Own reports whether a URL is one of this store and domain, by its form alone:
// what the switch lets pass. It asks nobody.
func (s *Store) Own(domain, url string) bool { return false }

// MintURL makes the URL of a permanent file for one session. It holds for an
// hour, and only as long as the session lives.
func (s *Store) MintURL(domain string, r Ref, session uint64) string { return "" }

// LingerUntil is when a buffer ends whose message is stored now. The transaction
// of the message sets Used and this time, unless the buffer ends before.
func (s *Store) LingerUntil(now time.Time) time.Time { return now.Add(s.c.LingerFor) }

// Delete removes a temporary buffer of this owner (DeleteFileBuffer).
func (s *Store) Delete(ctx context.Context, o Owner, id ID) error { return ErrNotFound }

// EndSession removes the buffers of a session that no message refers to.
func (s *Store) EndSession(ctx context.Context, domain string, session uint64) error { return nil }

// Expire ends what is past its time, and Collect removes what nobody refers to.
// Run does both every minute until the context ends.
func (s *Store) Expire(ctx context.Context, now time.Time) (int, error) { return 0, nil }

// Collect removes blobs that nothing refers to; it reports how many.
func (s *Store) Collect(ctx context.Context) (int, error) { return 0, nil }

// Run expires and collects until the context ends.
func (s *Store) Run(ctx context.Context) {}

// ServeHTTP serves uploads and downloads.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
