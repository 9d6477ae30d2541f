package licence

import (
	"context"
	"iter"

	"github.com/tandem-switch/tandem/signal"
)

// People is what the licences must know of the directory. It answers from memory
// and is safe for use by several goroutines.
type People interface {
	// Sync takes in what other processes have written to the directory.
	Sync(ctx context.Context) error
	// Domains are all domains.
	Domains() []Domain
	// Assigned yields every object of the domain that licences are assigned to,
	// directly or by its template, with their names as in entitlements; perhaps
	// more than once. The lists are not changed by anybody.
	Assigned(signal.DomainID) iter.Seq2[signal.ObjectID, []string]
}

// Domain is a domain of the directory.
type Domain struct {
	ID   signal.DomainID
	Name string
}
