package directory

import "context"

// Step is what Follow does at each poll.
func (d *Directory) Step(ctx context.Context) error { return d.step(ctx) }
