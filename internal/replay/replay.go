// Package replay says what must be kept of a request with an idempotency key, so
// that it is done once however often it is sent: the answer that it got, for a
// day. Store keeps it; internal/admin decides which requests have keys and repeats
// the answers. It holds nothing itself and runs nothing.
package replay

import (
	"context"
	"errors"
	"time"
)

// Life is how long an answer is kept.
const Life = 24 * time.Hour

// MaxKeys is how many keys one owner may have within Life.
const MaxKeys = 1000

// ErrTooMany is returned by Begin when the owner has MaxKeys already.
var ErrTooMany = errors.New("replay: too many keys")

// Answer is what a request was answered. Status 0: it is not answered yet, or the
// answer was lost with the process that had it.
type Answer struct {
	Hash        []byte // of the request
	Status      int
	ContentType string
	ETag        string
	Body        []byte
}

// Store keeps answers by their owner and key. Several processes may use one store
// at the same time. No answer that it is given has a secret in it.
type Store interface {
	// BeginAnswer notes that the owner sends a request with the key, whose
	// content has the hash, and returns nil. If the key was noted before, but
	// not longer ago than Life, it changes nothing and returns what is kept.
	BeginAnswer(ctx context.Context, owner, key string, hash []byte, now time.Time) (*Answer, error)
	// FinishAnswer keeps the answer to a request that has begun.
	FinishAnswer(ctx context.Context, owner, key string, answer Answer) error
	// ForgetAnswer makes the key free again.
	ForgetAnswer(ctx context.Context, owner, key string) error
}
