package filebuffer

import (
	"context"
	"errors"
	"time"
)

const (
	runEvery   = time.Minute    // buffers that have ended, contents without use
	sweepEvery = 24 * time.Hour // leftovers, and blobs that no row knows
	sweepAge   = 24 * time.Hour // no upload takes longer
	lot        = 100            // contents that are collected between two looks at the index
)

// Run expires and collects every minute until the context ends, and looks for
// leftovers once a day, first at once.
func (s *Store) Run(ctx context.Context) {
	every := time.NewTicker(runEvery)
	defer every.Stop()
	for swept := (time.Time{}); ; {
		now := s.c.Now()
		s.tell(ctx, "expire", s.round(ctx, now))
		if now.Sub(swept) >= sweepEvery {
			swept = now
			s.tell(ctx, "sweep", s.Sweep(ctx, now.Add(-sweepAge)))
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

func (s *Store) round(ctx context.Context, now time.Time) error {
	buffers, err := s.Expire(ctx, now)
	blobs, err2 := s.Collect(ctx)
	s.c.Observer.Collected(buffers, blobs)
	// Whoever writes to the spool extends the life of the buffer, so these are over.
	return errors.Join(err, err2, s.sweepSpool(now.Add(-2*s.c.UploadWithin)))
}

func (s *Store) tell(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		s.c.Log.Error("files: "+what, "error", err)
	}
}

// Expire ends buffers that are past their time; it reports how many.
func (s *Store) Expire(ctx context.Context, now time.Time) (int, error) {
	return s.c.Index.Expire(ctx, now)
}

// Collect removes contents that no buffer and no message refers to; it reports
// how many. It may run at any time and beside itself, also in other processes:
// Doom decides in one transaction, and what was doomed and not removed before a
// crash is an orphan again.
func (s *Store) Collect(ctx context.Context) (int, error) {
	removed := 0
	for {
		orphans, err := s.c.Index.Orphans(ctx, lot)
		if err != nil {
			return removed, err
		}
		for _, h := range orphans {
			done, err := s.remove(ctx, h)
			if err != nil {
				return removed, err
			}
			if done {
				removed++
			}
		}
		if len(orphans) < lot {
			return removed, nil
		}
	}
}

func (s *Store) remove(ctx context.Context, h Hash) (bool, error) {
	doomed, err := s.c.Index.Doom(ctx, h)
	if err != nil || !doomed {
		return false, err
	}
	if err := s.c.Blobs.Delete(ctx, h); err != nil {
		return false, err
	}
	return true, s.c.Index.Bury(ctx, h)
}

// Sweep removes what crashes and restored backups leave: uploads that nobody
// continues since the time given, and blobs that have no row.
func (s *Store) Sweep(ctx context.Context, before time.Time) error {
	_, err := s.c.Blobs.Sweep(ctx, before)
	for h, failed := range s.c.Blobs.List(ctx) {
		if failed != nil {
			return errors.Join(err, failed)
		}
		known, failed := s.c.Index.Known(ctx, h)
		if failed == nil && !known {
			_, failed = s.remove(ctx, h)
		}
		if failed != nil {
			return errors.Join(err, failed)
		}
	}
	return err
}
