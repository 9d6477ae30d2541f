package directory

import (
	"context"

	"github.com/tandem-switch/tandem/signal"
)

// Step is what Follow does at each poll.
func (d *Directory) Step(ctx context.Context) error { return d.step(ctx) }

// KeepGone sets how many deletions of a domain are remembered.
func (d *Directory) KeepGone(dom signal.DomainID, n int) { d.mem.domains[dom].history.keep = n }
