package directory

import (
	"context"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// What tells what has happened to something.
type What uint8

// The kinds of changes.
const (
	DomainSet    What = iota + 1 // added or changed
	DomainGone                   // removed
	ObjectSet                    // added or changed, its devices included
	ObjectGone                   // removed
	SessionAdded                 // created
	SessionSet                   // authorized, or its info was set
	SessionGone                  // ended, for whatever reason
	PersonalSet                  // the presence or the profiles of a user, nothing else
)

// Change is something that has changed, by this process or by another. The new
// state is what the directory answers.
type Change struct {
	What    What
	Address signal.Address // the owner of a session; a domain has no Object
	Session string         // id of the session
}

// Watch has f called for every change from now on, in their order, after the
// change is in effect. f runs on the goroutine that writes or follows; it must
// not block, and it may read the directory but not write to it.
func (d *Directory) Watch(f func(Change)) {
	d.writeMu.Lock()
	defer d.writeMu.Unlock()
	d.watchers = append(d.watchers, f)
}

// sweepEvery is how often expired sessions are looked for.
const sweepEvery = time.Hour

// Follow looks for changes of other processes, writes down the use of sessions
// and ends expired ones, until ctx is done. Failures of the store are logged
// once and tried again at the next poll; meanwhile the directory answers with
// what it knows.
func (d *Directory) Follow(ctx context.Context) {
	tick := make(chan struct{}, 1)
	for {
		timer := d.clock.AfterFunc(d.poll, func() { tick <- struct{}{} })
		select {
		case <-ctx.Done():
			timer.Stop()
			d.lastWords(ctx)
			return
		case <-tick:
			d.report(d.step(ctx))
		}
	}
}

// lastWords writes down the last uses of sessions.
func (d *Directory) lastWords(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	d.report(d.writeTouched(ctx))
}

func (d *Directory) step(ctx context.Context) error {
	if err := d.Sync(ctx); err != nil {
		return err
	}
	if err := d.writeTouched(ctx); err != nil {
		return err
	}
	if !d.sweepDue() {
		return nil
	}
	return d.endExpired(ctx)
}

func (d *Directory) sweepDue() bool {
	d.writeMu.Lock()
	defer d.writeMu.Unlock()
	now := d.clock.Now()
	if now.Before(d.sweepAt) {
		return false
	}
	d.sweepAt = now.Add(sweepEvery)
	return true
}

// Sync takes in at once what other processes have written.
func (d *Directory) Sync(ctx context.Context) error {
	d.writeMu.Lock()
	defer d.writeMu.Unlock()
	return d.catchUp(ctx)
}

// report logs when following begins to fail and when it works again.
func (d *Directory) report(err error) {
	failed := d.failing.Swap(err != nil)
	switch {
	case err != nil && !failed:
		d.log.Error("directory: cannot follow the store", "err", err)
	case err == nil && failed:
		d.log.Info("directory: following the store again")
	}
}

// Following tells whether the last look at the store went well.
func (d *Directory) Following() bool { return !d.failing.Load() }
