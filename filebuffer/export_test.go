package filebuffer

import (
	"context"
	"time"
)

// What the tests of other packages may look at.
var (
	ParseRange = func(header string, size int64) (start, length int64, kind int) {
		part, want := parseRange(header, size)
		return part.start, part.length, int(want)
	}
	ParsePath = func(escaped string) (domain, kind string, id ID, ok bool) {
		p, ok := parsePath(escaped, "messages")
		return p.domain, p.kind, p.id, ok
	}
	Disposition = disposition
	Served      = served
)

// Round is what Run does every minute.
func Round(ctx context.Context, s *Store, now time.Time) { s.tell(ctx, "round", s.round(ctx, now)) }
