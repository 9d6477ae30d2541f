package directory

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// ErrConflict is returned by Store.Commit when something that the batch took
// for granted is no longer so: a row has changed since it was read, a name,
// number, host name, hardware id or the default flag is taken, or a domain or
// object that a row hangs on is gone. Nothing was written. The caller reads
// what is new and decides again.
var ErrConflict = errors.New("directory: changed meanwhile")

// Store keeps the directory. It is the truth; the Directory is a copy of it in
// memory. Several processes may use one store at the same time.
//
// Every commit has a number, one higher than the commit before, given inside
// the transaction while all other commits are held off: so numbers become
// visible in order and none is skipped, and "everything above n" is complete.
type Store interface {
	// Reserve hands out n ids in a row, never handed out before, and returns
	// the first. Domains and objects draw from the same ids. Ids that are
	// not used stay unused.
	Reserve(ctx context.Context, n int) (first int64, err error)
	// Commit writes all rows of the batch, in order, or none. Domains that are
	// removed come last: what is in them is removed by the same batch or before.
	Commit(ctx context.Context, b *Batch) error
	// Read returns, from one snapshot, the rows written after the commit
	// with the number since, tombstones included; or every live row, marked
	// Full, when since is 0 or older than what the store remembers.
	Read(ctx context.Context, since int64) (Rows, error)
	// Tombstones returns the deleted objects of the domain, with all that they
	// had but their sessions, except those that PurgeObjects has emptied.
	Tombstones(ctx context.Context, domain signal.DomainID) ([]ObjectRow, error)
	// PurgeObjects empties the tombstones of objects that were deleted before
	// the given time: only their ids and names are kept.
	PurgeObjects(ctx context.Context, before time.Time) error
	// Purge forgets sessions that ended before the given time.
	Purge(ctx context.Context, before time.Time) error
	// Canary keeps the first sealed text that it is given and returns the
	// one kept. It tells whether the master key belongs to this store. With
	// nil it keeps nothing, and returns nil if nothing is kept.
	Canary(ctx context.Context, sealed []byte) (kept []byte, err error)
	// Close releases the store. No call may be under way.
	Close() error
}

// CheckVersion refuses with newer_store a store whose tables are of a version that
// this program does not know yet. Stores call it before they open.
func CheckVersion(found, known int64) error {
	if found <= known {
		return nil
	}
	return refuse(CodeNewerStore, fmt.Sprintf(
		"The database was written by a newer program (its tables have version %d, this program knows %d): run that program, or restore the backup from before the upgrade.", found, known))
}

// Batch is what one commit writes.
type Batch struct {
	Domains  []DomainRow
	Objects  []ObjectRow
	Sessions []SessionRow
}

// DomainsGone yields the domains that the batch removes, or else those that stay.
func (b *Batch) DomainsGone(gone bool) iter.Seq[*DomainRow] {
	return func(yield func(*DomainRow) bool) {
		for i := range b.Domains {
			if b.Domains[i].Deleted.IsZero() != gone && !yield(&b.Domains[i]) {
				return
			}
		}
	}
}

// Rows is what one read returns.
type Rows struct {
	Batch
	Head int64 // number of the newest commit that is contained
	Full bool  // every live row, instead of those that changed
}

// Version is what every row has. In a batch Rev is the number of the commit
// that the writer saw last for this row, 0 for a new row.
type Version struct {
	Rev     int64
	Deleted time.Time // zero while it lives
}

// DomainRow is a domain as stored. Its host names go with it.
type DomainRow struct {
	Domain
	Version
}

// ObjectRow is an object as stored, with all its devices: those that are not
// in the row are removed. Deleting an object ends its sessions; the tombstone
// keeps everything else.
type ObjectRow struct {
	Object
	Version
	Secret  []byte // sealed password, nil without one
	Home    string // home screen of a user, a comma list of links
	Devices []Device
	// Profiles are the contact lists of a user.
	Profiles []Profile
	// Restore is, in a batch, set to write a tombstone, which is otherwise
	// never written again: the object lives again.
	Restore bool
	// EndSessions is, in a batch, the time at which all sessions of the
	// object end; zero: they go on.
	EndSessions time.Time
}

// SessionRow is a myApps session as stored.
type SessionRow struct {
	Session
	Version
	Secret []byte // sealed password
}
