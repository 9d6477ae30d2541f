package admin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// startTime is how long a server that holds the directory but does not answer
// yet (it starts, or it stops) is waited for.
const startTime = 5 * time.Second

// Open is the administration of dataDir: the server that runs on it, or, when
// none runs, what direct opens (the store itself). A directory that does not
// exist is a Problem: commands make none by mistake.
func Open(ctx context.Context, dataDir string, direct func(context.Context) (*Client, error)) (*Client, error) {
	if info, err := os.Stat(dataDir); err != nil || !info.IsDir() {
		return nil, problem(NotFound, fmt.Sprintf("there is no data directory %s: name the right one with --data, or start a server there first with: pbx serve --data %s", dataDir, dataDir))
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
			return nil, problem(Busy, fmt.Sprintf("a server holds %s but does not answer on its control socket: wait until it has started or stopped, or end it", dataDir))
		}
	}
}

func openDirect(ctx context.Context, l *Lock, direct func(context.Context) (*Client, error)) (*Client, error) {
	c, err := direct(ctx)
	if err != nil {
		return nil, errors.Join(err, l.release())
	}
	store := c.close
	c.close = func() error { return errors.Join(store(), l.release()) } // the store first
	return c, nil
}
