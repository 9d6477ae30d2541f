package filebuffer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// running counts uploads. One buffer has one upload at a time.
type running struct {
	max, perSelf int

	mu     sync.Mutex // guards the following
	all    int
	person map[Owner]int
	buffer map[buffer]struct{}
}

type buffer struct {
	domain string
	id     ID
}

func newRunning(max, perSelf int) *running {
	return &running{max: max, perSelf: perSelf, person: map[Owner]int{}, buffer: map[buffer]struct{}{}}
}

// enter takes a place; ErrTaken if the buffer has an upload, ErrBusy if there are
// too many. leave gives it back.
func (r *running) enter(b Buffer) (leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := buffer{b.Owner.Domain, b.ID}
	if _, taken := r.buffer[k]; taken {
		return nil, ErrTaken
	}
	if r.max > 0 && r.all >= r.max || r.perSelf > 0 && r.person[b.Owner] >= r.perSelf {
		return nil, ErrBusy
	}
	r.all++
	r.person[b.Owner]++
	r.buffer[k] = struct{}{}
	return func() { r.leave(k, b.Owner) }, nil
}

func (r *running) leave(k buffer, o Owner) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all--
	if r.person[o]--; r.person[o] == 0 {
		delete(r.person, o)
	}
	delete(r.buffer, k)
}

// errSlow is an upload that stalls or crawls.
var errSlow = errors.New("the upload is too slow")

// unknown is the size of an upload that does not announce it.
const unknown int64 = -1

// body is an upload: what comes, and what was announced.
type body struct {
	r    io.Reader
	size int64 // announced; unknown = none
	most int64 // no more can come, by what was announced for something around it; unknown = nothing is known
	// deadline lets reads fail that take longer; nil = there is none to set.
	deadline func(time.Time) error
}

// upload takes the file of an open buffer from a body.
func (s *Store) upload(ctx context.Context, b Buffer, in body) error {
	if b.State != Open {
		return ErrTaken
	}
	leave, err := s.running.enter(b)
	if err != nil {
		return err
	}
	defer leave()
	if err := s.unspool(b.Owner.Domain, b.ID); err != nil { // a resumable upload that was given up
		return err
	}
	began := s.c.Now()
	room, over, err := s.reserve(ctx, b, in)
	if err != nil {
		return err
	}
	src := &intake{s: s, ctx: ctx, b: b, in: in, room: room, over: over, began: began, extended: began}
	staged, err := s.c.Blobs.Stage(ctx, src)
	settled := context.WithoutCancel(ctx) // from here on the client may leave
	if err == nil && in.size != unknown && staged.Size() != in.size {
		err = errors.Join(fmt.Errorf("%w: %d bytes came, %d were announced", ErrCut, staged.Size(), in.size), staged.Discard(settled))
	}
	if err != nil {
		if src.err != nil { // what the body said, in its own words
			err = src.err
		}
		return errors.Join(err, s.c.Index.Reopen(settled, b.Owner.Domain, b.ID))
	}
	if err := s.keepBusy(settled, b, staged); err != nil {
		return err
	}
	s.c.Observer.Uploaded(staged.Size(), s.c.Now().Sub(began))
	return nil
}

// reserve takes the bytes of an upload from the quota. An upload of unknown size
// gets what it could take at most. over is what more bytes than room mean.
func (s *Store) reserve(ctx context.Context, b Buffer, in body) (room int64, over, err error) {
	room, over = in.size, fmt.Errorf("%w: more bytes came than were announced", ErrCut)
	if in.size > s.c.Limit {
		return 0, nil, ErrTooLarge
	}
	if in.size == unknown {
		room, over, err = s.guess(ctx, b, in)
		if err != nil {
			return 0, nil, err
		}
	}
	now := s.c.Now()
	err = s.c.Index.Begin(ctx, b.Owner.Domain, b.ID, room, now, now.Add(s.c.UploadWithin), s.c.Quota)
	return room, over, err
}

func (s *Store) guess(ctx context.Context, b Buffer, in body) (room int64, over, err error) {
	left, err := s.c.Index.Room(ctx, b.Owner, s.c.Now(), s.c.Quota)
	if err != nil {
		return 0, nil, err
	}
	room, over = s.c.Limit, ErrTooLarge
	if in.most != unknown {
		room = min(room, in.most)
	}
	if left >= 0 && left+b.Size < room {
		room, over = left+b.Size, ErrQuota
	}
	return room, over, nil
}

// intake is the body on its way to the blobs: it counts, keeps the time, and
// lets the buffer live while bytes come.
type intake struct {
	s     *Store
	ctx   context.Context
	b     Buffer
	in    body
	room  int64
	over  error
	came  int64
	began time.Time

	extended time.Time
	err      error // why it ended, if not at its end
}

func (i *intake) Read(p []byte) (int, error) {
	if i.err != nil {
		return 0, i.err
	}
	now := i.s.c.Now()
	if i.err = i.pace(now); i.err != nil {
		return 0, i.err
	}
	if i.in.deadline != nil {
		// A connection without deadlines has none; its server has others.
		_ = i.in.deadline(time.Now().Add(i.s.c.Stall))
	}
	if room := i.room - i.came + 1; int64(len(p)) > room { // one more byte shows that there is more
		p = p[:room]
	}
	n, err := i.in.r.Read(p)
	i.came += int64(n)
	switch {
	case i.came > i.room:
		i.err = i.over
	case err != nil && !errors.Is(err, io.EOF):
		i.err = broken(err)
	}
	if i.err != nil {
		return n, i.err
	}
	return n, err
}

// pace ends an upload that crawls, and extends the life of the buffer.
func (i *intake) pace(now time.Time) error {
	if took := now.Sub(i.began); took > time.Minute && i.came < int64(took.Seconds())*i.s.c.MinRate {
		return errSlow
	}
	if now.Sub(i.extended) < i.s.c.UploadWithin/4 {
		return nil
	}
	i.extended = now
	return i.s.c.Index.Extend(i.ctx, i.b.Owner.Domain, i.b.ID, now.Add(i.s.c.UploadWithin))
}

// broken says why a body ended early.
func broken(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errSlow
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fmt.Errorf("%w: over %d bytes", ErrTooLarge, tooLarge.Limit)
	}
	return fmt.Errorf("%w: %w", ErrCut, err)
}

const (
	busyWait = 100 * time.Millisecond
	busyMost = 100 // times
)

// keepBusy is keep, and waits while the same content is being removed.
func (s *Store) keepBusy(ctx context.Context, b Buffer, staged Staged) error {
	until := s.c.Now().Add(time.Hour) // placing and looking may take long
	if err := s.c.Index.Extend(ctx, b.Owner.Domain, b.ID, until); err != nil {
		return errors.Join(err, staged.Discard(ctx))
	}
	for range busyMost {
		err := s.c.Index.Claim(ctx, b.Owner.Domain, b.ID, staged.Hash(), staged.Size())
		if !errors.Is(err, ErrBusy) {
			return s.keep(ctx, b, staged, err)
		}
		time.Sleep(busyWait)
	}
	return s.keep(ctx, b, staged, ErrBusy)
}
