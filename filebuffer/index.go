package filebuffer

import (
	"context"
	"time"
)

// Quota bounds what one person may have in temporary buffers that no message
// refers to. Negative = no bound.
type Quota struct {
	Bytes   int64 // of uploaded files and of what is reserved for uploads
	Buffers int   // open and uploaded ones
}

// Linger is how long a temporary URL lives on once a message with it is stored
// (amendment A12): the text that is on its way carries it.
const Linger = 10 * time.Minute

// Index keeps the rows. Every method is one transaction that is durable when it
// returns. A buffer that has ended is not there, whether its row is or not.
// Errors are those of this package, or something that went wrong.
//
// References are inserted by the transaction of the message, which is not among
// these methods. It marks the buffer as Used, lets it end after Linger, locks the
// row of the file against Doom, and fails if the file is doomed or gone. That is
// why a message has its files or is not there.
type Index interface {
	// Create adds an open buffer with a new number. ErrQuota if the person has
	// as many as the quota allows.
	Create(ctx context.Context, b Buffer, q Quota) (ID, error)
	// Buffer reads one.
	Buffer(ctx context.Context, domain string, id ID, now time.Time) (Buffer, error)
	// Begin reserves size bytes for the upload to an open buffer, which lives
	// until the time given. What was reserved for it before is replaced.
	// ErrTaken if it is not open, ErrQuota if the person's bytes do not suffice.
	Begin(ctx context.Context, domain string, id ID, size int64, now, until time.Time, q Quota) error
	// Room is how many bytes the person may still reserve; negative = no bound.
	Room(ctx context.Context, o Owner, now time.Time, q Quota) (int64, error)
	// Extend lets an open buffer live until the time given.
	Extend(ctx context.Context, domain string, id ID, until time.Time) error
	// Reopen gives back what was reserved, and makes a claimed buffer open.
	Reopen(ctx context.Context, domain string, id ID) error
	// Claim notes the content of an open buffer, and makes its row of files if
	// there is none. ErrTaken if it is not open, ErrBusy while a file of this
	// content is being removed.
	Claim(ctx context.Context, domain string, id ID, h Hash, size int64) error
	// Finish makes a claimed buffer ready until the time given, and keeps what
	// was found out about the content.
	Finish(ctx context.Context, domain string, id ID, info Info, until time.Time) error
	// Delete removes a buffer of this owner.
	Delete(ctx context.Context, o Owner, id ID) error
	// EndSession removes the buffers of a session that have no file yet; it
	// reports how many. One with a running upload goes too: its Claim fails.
	EndSession(ctx context.Context, domain string, session uint64) (int, error)
	// Expire removes the rows of buffers that have ended; it reports how many.
	Expire(ctx context.Context, now time.Time) (int, error)

	// Ref reads a reference.
	Ref(ctx context.Context, domain string, id ID) (Ref, error)
	// Readable reads a reference if this person may read the message that has it.
	Readable(ctx context.Context, o Owner, id ID) (Ref, error)

	// Orphans lists contents that have lost a use and may have no other, and
	// those that were doomed and not buried, at most limit.
	Orphans(ctx context.Context, limit int) ([]Hash, error)
	// Doom forbids new uses of a content; false if something refers to it: then
	// it is no orphan until it loses another use. A content without a row gets
	// one, so that an upload of it waits.
	Doom(ctx context.Context, h Hash) (bool, error)
	// Bury removes the row of a doomed content: its blob is gone.
	Bury(ctx context.Context, h Hash) error
	// Known reports whether there is a row for a content.
	Known(ctx context.Context, h Hash) (bool, error)
}
