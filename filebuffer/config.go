package filebuffer

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// Config is what a Store is made of. Base, Instance, Key, Index, Blobs, Spool and
// Alive must be set; of the others the zero value means the default.
type Config struct {
	// Base is the begin of all URLs, without a slash at the end:
	// https://ap.example.com. It is configured, never taken from a request.
	Base string
	// Instance is the second part of all paths, behind the domain: messages.
	Instance string
	// Key signs permanent URLs, at least 32 random bytes. All processes that
	// serve the same files have the same; with another one URLs end early.
	Key []byte

	Index Index
	Blobs Blobs
	// Spool is a directory for resumable uploads that are not complete.
	Spool string
	// Alive reports whether a session of PbxMessages lives. It must not block.
	Alive func(domain string, session uint64) bool
	// Attacher knows the messages that take further files; nil: none does.
	Attacher Attacher

	Limit   int64 // bytes of one file; 100 MiB, negative = no bound
	Quota   Quota // 500 MiB, 20 buffers; each 0 = default, negative = no bound
	Uploads int   // at a time, in all; 64
	PerSelf int   // uploads at a time of one person; 4

	UploadWithin time.Duration // an open buffer without upload; 10 min
	KeepFor      time.Duration // an uploaded file without message; 24 h
	LinkFor      time.Duration // a permanent URL; 1 h
	Stall        time.Duration // an upload or download without progress; 30 s
	MinRate      int64         // bytes per second of an upload after its first minute; 4 KiB, negative = no bound

	Now      func() time.Time
	Log      *slog.Logger
	Observer Observer
}

// Observer is told what happens, for metrics. Its methods must not block.
type Observer interface {
	// Uploaded: a file of so many bytes is complete.
	Uploaded(bytes int64, took time.Duration)
	// Downloaded: so many bytes of a file were sent.
	Downloaded(bytes int64)
	// Refused: a request was not served, by its reason (a word).
	Refused(reason string)
	// Collected: so many buffers have ended, so many blobs were removed.
	Collected(buffers, blobs int)
}

type nobody struct{}

func (nobody) Uploaded(int64, time.Duration) {}
func (nobody) Downloaded(int64)              {}
func (nobody) Refused(string)                {}
func (nobody) Collected(int, int)            {}

const (
	minKey  = 32      // bytes
	noLimit = 1 << 60 // bytes; and there is room above
)

// check says what is missing.
func (c *Config) check() error {
	base, err := url.Parse(c.Base)
	switch {
	case err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http":
		return fmt.Errorf("files: the base of URLs %q must be http(s)://host", c.Base)
	case strings.HasSuffix(c.Base, "/") || strings.ContainsAny(c.Base, "?#") || base.User != nil:
		return fmt.Errorf("files: the base of URLs %q must end with a host, a port or a path without slash", c.Base)
	case c.Instance == "" || strings.ContainsAny(c.Instance, "/"):
		return errors.New("files: the instance must be one part of a path")
	case len(c.Key) < minKey:
		return fmt.Errorf("files: the key must have %d bytes", minKey)
	case c.Index == nil || c.Blobs == nil || c.Alive == nil || c.Spool == "":
		return errors.New("files: an index, a place for blobs, a spool and the question for sessions are needed")
	}
	return nil
}

// withDefaults fills what was left out.
func (c Config) withDefaults() Config {
	or(&c.Limit, 100<<20)
	if c.Limit < 0 {
		c.Limit = noLimit
	}
	or(&c.Quota.Bytes, 500<<20)
	or(&c.Quota.Buffers, 20)
	or(&c.Uploads, 64)
	or(&c.PerSelf, 4)
	or(&c.UploadWithin, 10*time.Minute)
	or(&c.KeepFor, 24*time.Hour)
	or(&c.LinkFor, time.Hour)
	or(&c.Stall, 30*time.Second)
	or(&c.MinRate, 4<<10)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	return c
}

func or[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}
