// Package outbox says what the switch keeps of a post to a Messages service that
// could not be stored there yet (amendment A4): the post itself, and for whom it is.
// Store keeps it, durably; internal/pbxmessages fills it and empties it again. It
// holds nothing itself and runs nothing.
package outbox

import (
	"context"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// Row is a post that waits. Author and Receiver are objects of the domain of the link;
// the Receiver is negative, and Group names it on the wire, where it is a group.
type Row struct {
	ID       int64 // in the order of the posts; chosen by the caller, never used again
	Text     int64 // the first row of its text on the link; 0: this one. It is not read back
	Link     signal.Address
	Author   signal.ObjectID
	Receiver signal.ObjectID
	Group    string
	Key      string    // the author's id of the text
	At       time.Time // when the switch took it; kept to the millisecond
	Single   bool      // it is the only post of its text: its number is that of the text
	Body     []byte
	Ask      bool // it is not to be kept: AddOutbox is asked for its Repeat alone
}

// Repeat is a row that is not kept: one of an earlier text of the author with the same
// key is in the outbox of the link already (amendment A3).
type Repeat struct {
	ID    int64     // of the row that is not kept
	First int64     // of the row that is there
	At    time.Time // of that one
}

// Chat is how much waits of one chat.
type Chat struct {
	Link             signal.Address
	Author, Receiver signal.ObjectID
	Group            string
	Rows             int
	Bytes            int64 // of the bodies
}

// Store keeps rows. Several goroutines may use it at the same time.
type Store interface {
	// AddOutbox keeps all rows but those that repeat an earlier text, of the same call
	// included, or none at all. A text may have several rows on a link, each with the id
	// of the first as its Text. It returns when they are durable, with what was repeated
	// in the order of the rows.
	AddOutbox(ctx context.Context, rows []Row) ([]Repeat, error)
	// Outbox reads the rows of one link with the lowest ids, at most so many, in their
	// order.
	Outbox(ctx context.Context, link signal.Address, limit int) ([]Row, error)
	// OutboxChats sums up all rows, and tells the highest id that any has.
	OutboxChats(ctx context.Context) (chats []Chat, highest int64, err error)
	// RemoveOutbox forgets rows. Those that are not there are none of its business.
	RemoveOutbox(ctx context.Context, ids []int64) error
	// DropOutbox forgets all rows of a link.
	DropOutbox(ctx context.Context, link signal.Address) error
}
