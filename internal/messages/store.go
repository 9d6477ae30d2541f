// Package messages says what the Messages service keeps and what can be done with
// it: people, conversations, messages, marks, and the numbered log of a domain.
// It has types and interfaces and no behaviour of its own. Package sqlstore
// implements Store on SQLite and PostgreSQL; the service, the search index, the
// file buffers and the host are written against it.
//
// # Model
//
// An append-only log per domain is the truth and the only thing that an
// acknowledgement waits for. Every change takes the next Number of the log; the
// number of a post is the id of its message ("mid" at the switch). Numbers become
// visible in order, and none is given twice. The same counter gives the ids of
// people and conversations, so there are gaps in the numbers of changes.
//
// A conversation holds messages: of two people, of a group, of one person's own
// (only that person may see it; the partner is named), or of a topic. A chat is
// what a person sees: with a partner the conversation of the two and the person's
// own one are one chat, merged by number.
//
// # Concurrency
//
// Writes of all domains of a Store are done by one goroutine, in the order of
// Submit within a domain, many in one commit. Reads run beside it, each from one
// snapshot; a read that begins after an operation is done sees its effect. All
// methods are safe for use by several goroutines.
package messages

import (
	"context"
	"time"
)

// Number is a place in the log of a domain, from 1. Below 2^44.
type Number int64

// PersonID and ConvID tell people and conversations of a domain. Below 2^44,
// never used again.
type (
	PersonID int64
	ConvID   int64
)

// MaxNumber is the largest Number, PersonID and ConvID.
const MaxNumber = 1<<44 - 1

// Limits of what the store takes. What is larger is refused with BadParameter.
const (
	MaxQueue    = 1024      // operations of a domain that wait for a commit
	MaxBatch    = 1024      // operations in one commit
	MaxBody     = 128 << 10 // bytes of Text, Data and Alt each
	MaxExt      = 64 << 10  // bytes of Ext
	MaxCID      = 64        // bytes of a sender's id
	MaxName     = 256       // bytes of names, titles, topics and GUIDs
	MaxEmoji    = 64        // bytes of a reaction
	MaxReacts   = 20        // reactions of one person to one message
	MaxFiles    = 32        // files of one message
	MaxNotify   = 256       // people that a post notifies
	MaxTags     = 64        // tags of a post
	MaxPins     = 100       // pinned messages of a conversation
	MaxDraft    = 16 << 10  // bytes of a draft
	MaxMembers  = 10_000    // members of a group
	MaxCount    = 500       // rows of one page of a read
	MarkedGroup = 200       // above so many members the moves of single members are not in the log
	PurgeBatch  = 500       // messages that one Purge deletes
)

// Fold is how long marks, drafts of marks and chat heads may wait for their
// commit. A kill may lose marks of that time; the clients repeat them.
const Fold = 250 * time.Millisecond

// Store is a database with the logs of many domains.
//
// The stores of package sqlstore are a backup.Store too. Dump writes all tables
// from one snapshot while the service runs; Load replaces everything, by a backup
// of either engine, and begins a new epoch: clients synchronise from the
// beginning. Load runs before the first Log is opened. backup.Write and
// backup.Restore take it; the canary is always nil, for the store holds no secret.
// The bytes of files and the search index are not in it.
type Store interface {
	// Log opens the log of a domain; an unknown name makes a new, empty one.
	// The same name gives the same Log. Names are compared in lower case.
	Log(ctx context.Context, domain string) (Log, error)
	// Domains are the names of all domains, sorted.
	Domains(ctx context.Context) ([]string, error)
	// Rename gives a domain another name; its Log goes on. NotAllowed where
	// the new name exists, NotFound where the old one does not.
	Rename(ctx context.Context, from, to string) error
	// Drop deletes a domain with all rows, in many small commits; it may take
	// long. Its Log refuses everything with NotFound from then on.
	Drop(ctx context.Context, domain string) error
	// Check says whether the database can be read and written now: the
	// question of readyz. It writes one row.
	Check(ctx context.Context) error
	// Stats are counters since the store was opened.
	Stats() Stats

	// Close finishes what is queued, writes what was folded, and closes.
	Close() error
}

// Stats are counters of a Store. Batches and Operations give the size of a group
// commit; Retries are batches that ran again (a duplicate that memory did not
// know, another writer).
type Stats struct {
	Operations, Batches, Retries, Failures int64
	Queued                                 int           // now, over all domains
	Busy                                   bool          // now: something is written, or waits for it
	CommitTime                             time.Duration // sum
	Reads                                  int64
}

// Done receives the outcome of an operation. It runs on the writer's goroutine,
// in the order of Submit: it must not block, and must not call Submit, Do or
// anything that waits for the writer (hand over to a goroutine of your own). The
// Result belongs to it.
type Done func(Result, error)

// Log is the log of one domain.
type Log interface {
	// Domain is the present name of the domain.
	Domain() string
	// Submit queues an operation behind those that were submitted before. It
	// blocks while MaxQueue operations of the domain wait: that is the
	// back-pressure of the link. done may be nil; otherwise it is called once,
	// after the commit or the failure, also when the store is closed. The
	// operation must not be changed afterwards.
	Submit(op Op, done Done)
	// Do submits and waits. When ctx ends first, the operation may still be
	// done.
	Do(ctx context.Context, op Op) (Result, error)
	// Head is the number of the newest change that is committed.
	Head() Number

	Reader
}

// Reader is what can be asked of a log. Reads never make anything; an unknown
// person is NotFound. Rights are decided as far as the data says: membership,
// what is visible to whom. Counts are limited to MaxCount; 0 means 50.
type Reader interface {
	// Person finds somebody by id, guid or sip, in this order.
	Person(ctx context.Context, ref Ref) (Person, error)
	// People are those of the ids that exist.
	People(ctx context.Context, ids []PersonID) (map[PersonID]Person, error)

	// Chats are the chats of a person, newest first, with the last message
	// and the number of unread ones.
	Chats(ctx context.Context, person PersonID, q ChatsQuery) ([]ChatRow, error)
	// Chat is one of them; NotFound where nothing was ever said.
	Chat(ctx context.Context, person PersonID, chat Chat) (ChatRow, error)
	// Unread is the sum of unread over all chats: the badge.
	Unread(ctx context.Context, person PersonID) (int64, error)
	// History is a page of a chat as the person may see it, newest first
	// (with After: oldest first). A group that the person is not and never
	// was a member of is NotFound. A chat without messages is an empty page.
	History(ctx context.Context, person PersonID, chat Chat, q Page) ([]Message, error)
	// Message is one message, if the person may see it; person 0 sees all.
	Message(ctx context.Context, person PersonID, id Number) (Message, error)
	// MessageByCID is the message that an author sent under an id of its own.
	MessageByCID(ctx context.Context, author PersonID, cid string) (Message, error)
	// Marks says who of the conversation has got and read a message, and
	// when. Times are exact for what the log keeps (conversations of up to
	// MarkedGroup members, or as the group's setting says), otherwise those
	// of the newest mark.
	Marks(ctx context.Context, person PersonID, id Number) ([]MarkRow, error)
	// Pins are the pinned messages of a chat, newest pin first.
	Pins(ctx context.Context, person PersonID, chat Chat) ([]Message, error)
	// Drafts are the drafts of a person.
	Drafts(ctx context.Context, person PersonID) ([]Draft, error)

	// Group is a group that exists, also for those who are no members.
	Group(ctx context.Context, id ConvID) (Group, error)
	// Groups are the groups in which a person is a member now.
	Groups(ctx context.Context, person PersonID) ([]Group, error)
	// Member is one row; NotFound for those who never were members.
	Member(ctx context.Context, group ConvID, person PersonID) (Member, error)
	// Members are those who are in the group now, and the banned; in the order
	// of joining, behind the member "after".
	Members(ctx context.Context, group ConvID, q MembersQuery) ([]Member, error)

	// Posts are posts of type 0 that match, newest first.
	Posts(ctx context.Context, person PersonID, q PostsQuery) ([]Message, error)
	// Discussion is a post and its answers, newest first.
	Discussion(ctx context.Context, person PersonID, root Number, q Page) ([]Message, error)
	// Topics are the sub-topics of a topic ("<topic>?<name>"), by name.
	Topics(ctx context.Context, topic string) ([]Topic, error)

	// Broadcast says how far the messages of a broadcast have come.
	Broadcast(ctx context.Context, id Number) (BroadcastRow, error)

	// Sync is everything above token that concerns a person: exactly what was
	// missed, in order. An empty token begins at the newest change without
	// giving any: a new device reads chats and histories, then syncs.
	Sync(ctx context.Context, person PersonID, token string, limit int) (SyncPage, error)
	// Tail is everything above a number, for followers that see all (the
	// search index, files, export). More is false when it reached the head.
	// It begins with 0, which gives all messages that exist, as they are.
	// Changes below Floor of the page are forgotten, but for messages: a
	// follower that began when the head was at B, and is at N now, begins
	// anew where Floor > max(B, N).
	Tail(ctx context.Context, after Number, limit int) (TailPage, error)
	// Changed returns a channel that is closed when something is committed
	// behind the present head. A follower asks for it before Tail.
	Changed() <-chan struct{}

	// Conversations are all conversations, by id, behind "after": for export
	// and administration.
	Conversations(ctx context.Context, after ConvID, limit int) ([]ConvRow, error)
	// ConversationOf finds the conversation of a chat; own says which of the
	// two it is in a chat of two people.
	ConversationOf(ctx context.Context, person PersonID, chat Chat, own bool) (ConvID, error)
	// Conversation is a page of a conversation without regard to rights.
	Conversation(ctx context.Context, id ConvID, q Page) ([]Message, error)

	// Dry counts what a Purge with the same rule would delete, in all its
	// batches.
	Dry(ctx context.Context, p *Purge) (Purged, error)
	// Holds are the legal holds.
	Holds(ctx context.Context) ([]HoldRow, error)
	// Files are the file references of the domain by id, behind "after".
	Files(ctx context.Context, after int64, limit int) ([]File, error)
	// Usage counts rows and bytes of text, for the administrator; it may take
	// seconds.
	Usage(ctx context.Context) (Usage, error)
}
