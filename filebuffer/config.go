package filebuffer

import (
	"log/slog"
	"time"
)

// Config is what a Store is made of. Base, Key, Index, Blobs, Spool and Alive
// must be set; of the others the zero value means the default.
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

	Limit   int64 // bytes of one file; 100 MiB
	Quota   Quota // 500 MiB, 20 buffers; all 0 = default
	Uploads int   // at a time, in all; 64
	PerSelf int   // uploads at a time of one person; 4

	UploadWithin time.Duration // an open buffer without upload; 10 min
	KeepFor      time.Duration // an uploaded file without message; 24 h
	LingerFor    time.Duration // the temporary URL behind the Post; 10 min
	LinkFor      time.Duration // a permanent URL; 1 h
	Stall        time.Duration // an upload or download without progress; 30 s

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
