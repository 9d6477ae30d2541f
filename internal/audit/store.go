package audit

import (
	"context"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// Store keeps the rows of the log, its head, the signed heads and the key. It
// knows nothing of hashes. Several processes may use one store at the same time.
type Store interface {
	// AppendAudit holds off all other writers, has link make the row that
	// follows the head, writes it and moves the head. It returns when all of
	// that is durable. An error of link is returned as it is; after any error
	// nothing is written, unless only the answer of the database was lost.
	AppendAudit(ctx context.Context, link func(head StoredMark) (Row, error)) error
	// AuditState is the head, and what there is in the tables, from one
	// snapshot. A head that is gone has no hash.
	AuditState(ctx context.Context) (State, error)
	// ReadAudit returns rows in the order of their numbers.
	ReadAudit(ctx context.Context, f Filter) ([]Row, error)
	// SignAudit keeps a signed head, unless there is one of the same number.
	SignAudit(ctx context.Context, h SignedRow) error
	// ReadAuditSigned returns up to limit signed heads with numbers above
	// after, in their order; with after below 0 the newest one alone.
	ReadAuditSigned(ctx context.Context, after int64, limit int) ([]SignedRow, error)
	// AuditKey keeps the key if there is none and returns the one kept.
	AuditKey(ctx context.Context, k StoredKey) (kept StoredKey, err error)
	// SwapAuditKey replaces the sealed half of the key by the same half,
	// sealed anew. It does nothing if the sealed half is not old.
	SwapAuditKey(ctx context.Context, old, sealed []byte) error
}

// StoredMark is a Mark as stored.
type StoredMark struct {
	Number int64
	Hash   []byte
}

// State is what a store says about itself.
type State struct {
	Head   StoredMark // what the next row follows; number 0 and 32 zero bytes in the beginning
	Signed int64      // number of the head that was signed last, as noted with the head
	// The highest numbers that the tables have, 0 if they are empty.
	LastRow, LastSigned int64
}

// Row is an entry as stored: one column for each text and number.
type Row struct {
	Number, Time                        int64 // time in milliseconds since 1970
	ActorKind, ActorID, ActorName, Role string
	From, Act                           string
	Domain                              int64
	DomainName                          string
	ObjectKind, ObjectID, ObjectName    string
	Outcome, Code, Reason               string
	Details                             string // JSON, as this package writes it
	Previous, Hash                      []byte
}

// SignedRow is a signed head as stored; its time is in milliseconds since 1970.
type SignedRow struct {
	Number, Time    int64
	Hash, Signature []byte
}

// StoredKey is the key that signs heads, its private half sealed.
type StoredKey struct {
	Public, Sealed []byte
}

// Filter selects rows. All that is set must hold.
type Filter struct {
	After      int64 // only numbers above; with Descending only below
	Descending bool
	Limit      int // at most so many rows; never 0
	// Domains is, with InDomains, what the domain must be one of.
	InDomains                        bool
	Domains                          []signal.DomainID
	ActorKind, ActorName             string
	ObjectKind, ObjectID, ObjectName string
	Act                              string // this act, or one that continues it after a dot
	Outcome                          string
	Since, Until                     int64 // the time is not before Since, and before Until; 0: any
}

// row is the entry as stored.
func (e *Entry) row() Row {
	return Row{
		Number: e.Number, Time: e.Time.UnixMilli(),
		ActorKind: string(e.Actor.Kind), ActorID: e.Actor.ID, ActorName: e.Actor.Name, Role: e.Actor.Role,
		From: e.From, Act: e.Act, Domain: int64(e.Domain.ID), DomainName: e.Domain.Name,
		ObjectKind: e.Object.Kind, ObjectID: e.Object.ID, ObjectName: e.Object.Name,
		Outcome: string(e.Outcome), Code: e.Code, Reason: e.Reason, Details: string(appendDetails(nil, e.Details)),
		Previous: e.Previous[:], Hash: e.Hash[:],
	}
}

// maxTime is the end of the year 9999: JSON has no later times.
const maxTime = 253402300799999

// entry is the row as it is meant. A row that this package cannot have written
// is read as far as it goes, and intact is false.
func (r *Row) entry() (e Entry, intact bool) {
	e = Entry{
		Number: r.Number, Time: time.UnixMilli(r.Time).UTC(),
		Actor: Actor{Kind(r.ActorKind), r.ActorID, r.ActorName, r.Role},
		From:  r.From, Act: r.Act, Domain: Domain{signal.DomainID(r.Domain), r.DomainName},
		Object:  Object{r.ObjectKind, r.ObjectID, r.ObjectName},
		Outcome: Outcome(r.Outcome), Code: r.Code, Reason: r.Reason, Details: []Detail{},
	}
	if r.Time < 0 || r.Time > maxTime {
		e.Time = time.Time{}
	}
	var doc strictjson.Doc
	var previous, hash, details bool
	e.Previous, previous = hashOf(r.Previous)
	e.Hash, hash = hashOf(r.Hash)
	if doc.Parse([]byte(r.Details)) == nil {
		e.Details, details = readDetails(doc.Root())
	}
	return e, previous && hash && details && e.Time.UnixMilli() == r.Time
}

func (m StoredMark) mark() (Mark, bool) {
	hash, ok := hashOf(m.Hash)
	return Mark{m.Number, hash}, ok && m.Number >= 0
}

func (s *SignedRow) head() Head {
	hash, _ := hashOf(s.Hash) // if it is none, the signature does not fit
	return Head{Mark{s.Number, hash}, time.UnixMilli(s.Time).UTC(), s.Signature}
}
