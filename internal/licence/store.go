package licence

import (
	"context"
	"errors"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// ErrConflict is returned by Store.CommitLicences when somebody else has written
// since. Nothing was written.
var ErrConflict = errors.New("licence: changed meanwhile")

// Store keeps keys and entitlements. Several processes may use one store at the
// same time.
//
// Every commit has a number, one higher than the commit before; rows carry the
// number of the commit that wrote them last. Rows are never deleted: a revoked
// entitlement must be known, or it could be installed again.
type Store interface {
	// Licences returns, from one snapshot, the rows written after the commit
	// with the number since; all rows, marked Full, when since is 0 or higher
	// than the newest commit.
	Licences(ctx context.Context, since int64) (Rows, error)
	// CommitLicences writes all rows of the batch or none. Rows are found by
	// their ids. Of a known key the sealed half and the time of revocation
	// are written, of a known entitlement the latter.
	CommitLicences(ctx context.Context, b *Batch) error
}

// Rows is what one read returns.
type Rows struct {
	Head         int64     // number of the newest commit that is contained
	Begun        time.Time // when the first key was made; zero: not yet
	Full         bool      // every row, instead of those that changed
	Keys         []KeyRow
	Entitlements []EntitlementRow
}

// Batch is what one commit writes.
type Batch struct {
	Head         int64     // the number that the writer has read
	Begun        time.Time // kept unless one is kept already; zero: nothing
	Keys         []KeyRow
	Entitlements []EntitlementRow
}

// KeyRow is a key as stored.
type KeyRow struct {
	ID      string
	Name    string // for people
	Public  []byte
	Sealed  []byte // the sealed private half, bound to KeyBound; nil if it is not kept here
	Made    time.Time
	Revoked time.Time // zero while it is trusted
	Rev     int64     // set by the store
}

// KeyBound is what the private half of a key is bound to when it is sealed.
func KeyBound(id string) []byte { return []byte("licence key\x00" + id) }

// EntitlementRow is an installed entitlement as stored.
type EntitlementRow struct {
	ID        string
	Domain    signal.DomainID // 0: every domain
	Text      string
	Installed time.Time
	Revoked   time.Time // zero while it was not
	Rev       int64     // set by the store
}
