package sqlstore

import (
	"context"
	"sync/atomic"

	"github.com/tandem-switch/tandem/internal/messages"
)

var _ messages.Searchable = (*domainLog)(nil)

// Rooms implements messages.Searchable.
func (l *domainLog) Rooms(ctx context.Context, person messages.PersonID) (rooms []messages.Room, err error) {
	who := pack(l.dom, person)
	err = l.read(ctx, func(r *reader) error {
		if found, err := r.one(`SELECT id FROM person WHERE id = $1`, []any{new(int64)}, who); err != nil || !found {
			return orNot(err, "person")
		}
		return r.query(`SELECT c.id, c.kind, c.p1, c.p2, m.visible_from, m.left_at FROM member m LEFT JOIN conv c ON c.id = m.conv WHERE m.person = $1`,
			func(scan func(...any) error) error {
				var s side
				if err := scan(&s.id, &s.kind, &s.p1, &s.p2, &s.visibleFrom, &s.leftAt); err != nil {
					return err
				}
				rooms = append(rooms, messages.Room{
					Conv: unpack[messages.ConvID](s.id), Chat: s.chat(who),
					From: unpack[messages.Number](s.visibleFrom) + 1, To: unpack[messages.Number](s.leftAt),
				})
				return nil
			}, who)
	})
	return rooms, err
}

// orNot is the error of a read that found nothing.
func orNot(err error, what string) error {
	if err != nil {
		return err
	}
	return notFound(what)
}

// life remembers the epoch of a log, which lasts as long as the store is open.
type life struct{ known atomic.Int64 }

// Epoch implements messages.Searchable. Where the database does not answer it is
// 0, which no log has.
func (l *domainLog) Epoch() int64 {
	if e := l.life.known.Load(); e != 0 {
		return e
	}
	var e int64
	err := l.read(context.Background(), func(r *reader) error {
		p, err := r.part()
		e = p.epoch
		return err
	})
	if err != nil {
		return 0
	}
	l.life.known.Store(e)
	return e
}
