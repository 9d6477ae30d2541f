package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/signal"
)

type drainCommand struct {
	adminFlags `embed:""`
	For        time.Duration `default:"30m" env:"-" placeholder:"DURATION" help:"When the server stops at the latest (${default})."`
	Wait       bool          `env:"-" help:"Return when the server has stopped."`
}

// Run implements the command.
func (c drainCommand) Run(ctx context.Context, con cli.Console) error {
	if c.For < time.Second || c.For > admin.LongestDrain {
		return cli.Misuse("--for must be between 1s and %v", admin.LongestDrain)
	}
	err := with(ctx, con, c.adminFlags, (*admin.Client).Drain, admin.Drain{Seconds: int(c.For.Seconds())}, func(d admin.Draining) string {
		return fmt.Sprintf("The server takes no new logins and no new calls. It stops when its calls have ended (%d now), at the latest at %s.", d.Calls, when(*d.Until))
	})
	if err != nil || !c.Wait {
		return err
	}
	return c.awaitEnd(ctx)
}

// awaitEnd returns when no server holds the data directory any more.
func (c drainCommand) awaitEnd(ctx context.Context) error {
	look := time.NewTicker(drainEvery / 4)
	defer look.Stop()
	for admin.Held(c.Data) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
	return nil
}

// drained is what a drainer ends slowly.
type drained struct {
	doors interface{ Drain() } // lets nobody new in
	calls interface {          // begins nothing new
		Drain()
		Calls() []signal.CallInfo
	}
}

// drainer lets the calls of a switch run out and then ends it: from the first
// Drain on nobody new comes in and no call begins. It is safe for use by several
// goroutines.
type drainer struct {
	of    drained // set before the first use
	log   *slog.Logger
	begun chan struct{} // closed by the first Drain

	mu    sync.Mutex // guards the following
	until time.Time  // zero: not begun
}

// drainEvery is how often is looked for calls that are left.
const drainEvery = time.Second

func newDrainer(log *slog.Logger) *drainer { return &drainer{log: log, begun: make(chan struct{})} }

var _ admin.Drainer = (*drainer)(nil)

// Drain implements admin.Drainer. It returns at once.
func (d *drainer) Drain(limit time.Duration) admin.Draining {
	d.mu.Lock()
	first := d.until.IsZero()
	d.until = time.Now().Add(limit)
	d.mu.Unlock()
	if first {
		d.of.doors.Drain()
		d.of.calls.Drain()
		close(d.begun)
	}
	state := d.Draining()
	d.log.Info("draining", "until", state.Until.Format(time.RFC3339), "calls", state.Calls)
	return state
}

// Draining implements admin.Drainer.
func (d *drainer) Draining() admin.Draining {
	d.mu.Lock()
	until := d.until
	d.mu.Unlock()
	state := admin.Draining{Draining: !until.IsZero(), Calls: d.live()}
	if state.Draining {
		state.Until = &until
	}
	return state
}

// live counts what has to run out. A chat between inboxes needs no call and
// never ends.
func (d *drainer) live() int {
	n := 0
	for _, k := range d.of.calls.Calls() {
		if !k.Inboxes {
			n++
		}
	}
	return n
}

// over tells whether the switch may end.
func (d *drainer) over() bool {
	state := d.Draining()
	if state.Calls > 0 && time.Now().Before(*state.Until) {
		return false
	}
	d.log.Info("drained", "calls", state.Calls)
	return true
}

// Wait returns when the calls have run out after a Drain, at the latest when its
// time is over; or when ctx is done.
func (d *drainer) Wait(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-d.begun:
	}
	look := time.NewTicker(drainEvery)
	defer look.Stop()
	for !d.over() {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// context is ctx, which also ends when the drainer is done.
func (d *drainer) context(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		d.Wait(ctx)
		cancel()
	}()
	return ctx, cancel
}
