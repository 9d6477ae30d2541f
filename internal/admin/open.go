package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Opened is an Operator that is to be closed.
type Opened interface {
	Operator
	io.Closer
}

// startTime is how long a server that holds the directory but does not answer
// yet (it starts, or it stops) is waited for.
const startTime = 5 * time.Second

// Open is the administration of dataDir: the server that runs on it, or, when
// none runs, what direct opens (the store itself). A directory that does not
// exist is a Problem: commands make none by mistake.
func Open(ctx context.Context, dataDir string, direct func(context.Context) (Opened, error)) (Opened, error) {
	if info, err := os.Stat(dataDir); err != nil || !info.IsDir() {
		return nil, &Problem{NotFound, fmt.Sprintf("there is no data directory %s: name the right one with --data, or start a server there first with: pbx serve --data %s", dataDir, dataDir)}
	}
	limit := time.After(startTime)
	for {
		if c, err := Dial(ctx, dataDir); err == nil {
			return c, nil
		}
		l, err := lockCommand(dataDir)
		if err == nil {
			return openDirect(ctx, l, direct)
		}
		if CodeOf(err) != Busy {
			return nil, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-limit:
			return nil, &Problem{Busy, fmt.Sprintf("a server holds %s but does not answer on its control socket: wait until it has started or stopped, or end it", dataDir)}
		}
	}
}

func openDirect(ctx context.Context, l *Lock, direct func(context.Context) (Opened, error)) (Opened, error) {
	opened, err := direct(ctx)
	if err != nil {
		return nil, errors.Join(err, l.release())
	}
	return &locked{Opened: opened, lock: l}, nil
}

// locked holds the directory for as long as its store is open.
type locked struct {
	Opened
	lock *Lock
}

// Close closes the store, then lets the directory go.
func (l *locked) Close() error { return errors.Join(l.Opened.Close(), l.lock.release()) }
