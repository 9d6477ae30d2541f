package sqlstore

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/messages"
)

// FileIndex is the index of filebuffer in the tables of the messages: a message
// and its references are one transaction.
//
// All writes go through the writer's goroutine, each as a transaction between
// batches. Uses of a content and its removal lock its row of table file first,
// so that it is right with several processes on one PostgreSQL too. Deleted
// references mark that row as loose (triggers), whichever operation deletes them.
// The order of locks is said at loosen.
type FileIndex struct{ s *Store }

var _ filebuffer.Index = FileIndex{}

// FileIndex gives the index of the files.
func (s *Store) FileIndex() FileIndex { return FileIndex{s} }

// write runs do in a transaction. What do refuses comes back as it is.
func (x FileIndex) write(ctx context.Context, do func(*batch) error) error {
	var refused error
	err := x.s.w.admin(ctx, func(b *batch) error {
		refused = do(b)
		if b.err != nil {
			refused = nil // the database has failed; what was concluded is void
		}
		return errors.Join(refused, b.err)
	})
	if refused != nil {
		return refused
	}
	return awayToo(err)
}

// read asks outside transactions.
func (x FileIndex) read(ctx context.Context, do func(*reader) error) error {
	return awayToo(x.s.read(ctx, do))
}

// awayToo says in the words of filebuffer that the database is away.
func awayToo(err error) error {
	if messages.CodeOf(err) == messages.Away {
		return errors.Join(filebuffer.ErrAway, err)
	}
	return err
}

// domain finds the number of a domain that exists.
func (x FileIndex) domain(ctx context.Context, name string) (*domainLog, error) {
	name = strings.ToLower(name)
	x.s.mu.Lock()
	l := x.s.logs[name]
	x.s.mu.Unlock()
	if l != nil {
		return l, nil
	}
	found := false
	err := x.read(ctx, func(r *reader) (err error) {
		found, err = r.one(`SELECT dom FROM part WHERE name = $1`, []any{new(int64)}, name)
		return err
	})
	if err != nil || !found || strings.HasPrefix(name, "#") {
		return nil, notThere(err)
	}
	log, err := x.s.Log(ctx, name)
	if err != nil {
		return nil, err
	}
	return log.(*domainLog), nil
}

// key is that of a buffer or reference of a domain.
func (x FileIndex) key(ctx context.Context, domain string, id filebuffer.ID) (int64, error) {
	l, err := x.domain(ctx, domain)
	if err != nil {
		return 0, err
	}
	if id <= 0 || id > numberMask {
		return 0, filebuffer.ErrNotFound
	}
	return pack(l.dom, id), nil
}

// Create implements filebuffer.Index.
func (x FileIndex) Create(ctx context.Context, f filebuffer.Buffer, q filebuffer.Quota) (id filebuffer.ID, err error) {
	l, err := x.domain(ctx, f.Owner.Domain)
	if err != nil {
		return 0, err
	}
	person := pack(l.dom, f.Owner.Person)
	err = x.write(ctx, func(b *batch) error {
		if q.Buffers >= 0 {
			count := int64(0)
			b.query(`SELECT count(*) FROM buffer WHERE person = $1 AND used = 0 AND ends > $2`, one(&count), person, f.Created.UnixMilli())
			if count >= int64(q.Buffers) {
				return filebuffer.ErrQuota
			}
		}
		if !b.use(l) {
			return nil
		}
		key := b.number()
		id = unpack[filebuffer.ID](key)
		b.put(`INSERT INTO buffer (id, person, session, name, token, state, size, hash, used, created, ends)
			VALUES ($1, $2, $3, $4, $5, 0, 0, '', 0, $6, $7)`,
			key, person, int64(f.Session), f.Name, f.Token.String(), f.Created.UnixMilli(), f.Ends.UnixMilli())
		return nil
	})
	return id, err
}

// one scans a row of one column.
func one(target any) func(scan func(...any) error) error {
	return func(scan func(...any) error) error { return scan(target) }
}

// Buffer implements filebuffer.Index.
func (x FileIndex) Buffer(ctx context.Context, domain string, id filebuffer.ID, now time.Time) (f filebuffer.Buffer, err error) {
	key, err := x.key(ctx, domain, id)
	if err != nil {
		return f, err
	}
	var person, session, created, ends, duration, used, thumb int64
	var token, hash string
	info := filebuffer.Info{}
	found := false
	err = x.read(ctx, func(r *reader) (err error) {
		found, err = r.one(`SELECT b.person, b.session, b.name, b.token, b.state, b.size, b.hash, b.used, b.created, b.ends,
			COALESCE(f.type, ''), COALESCE(f.width, 0), COALESCE(f.height, 0), COALESCE(f.duration, 0), COALESCE(f.thumb, 0)
			FROM buffer b LEFT JOIN file f ON f.hash = b.hash WHERE b.id = $1 AND b.ends > $2`,
			[]any{&person, &session, &f.Name, &token, &f.State, &f.Size, &hash, &used, &created, &ends,
				&info.Type, &info.Width, &info.Height, &duration, &thumb}, key, now.UnixMilli())
		return err
	})
	if err != nil || !found {
		return filebuffer.Buffer{}, notThere(err)
	}
	f.ID, f.Owner, f.Session = id, filebuffer.Owner{Domain: domain, Person: unpack[int64](person)}, uint64(session)
	f.Token, f.Hash, f.Used = fromHex(token), fromHex(hash), used != 0
	f.Created, f.Ends = time.UnixMilli(created), time.UnixMilli(ends)
	if f.State == filebuffer.Ready {
		info.Duration, info.Thumb = time.Duration(duration)*time.Millisecond, thumb != 0
		f.Info = info
	}
	return f, nil
}

func notThere(err error) error {
	if err != nil {
		return err
	}
	return filebuffer.ErrNotFound
}

// fromHex reads what Hash.String wrote; anything else is no hash.
func fromHex(text string) (h filebuffer.Hash) {
	_, _ = hex.Decode(h[:], []byte(text[:min(len(text), 2*len(h))]))
	return h
}

// bufferState tells why a buffer could not be changed; nil if it is open.
func (b *batch) bufferState(key int64) error {
	state := int64(-1)
	b.query(`SELECT state FROM buffer WHERE id = $1`, one(&state), key)
	switch {
	case b.err != nil:
		return b.err
	case state < 0:
		return filebuffer.ErrNotFound
	case filebuffer.State(state) != filebuffer.Open:
		return filebuffer.ErrTaken
	}
	return nil
}

// Begin implements filebuffer.Index.
func (x FileIndex) Begin(ctx context.Context, domain string, id filebuffer.ID, size int64, now, until time.Time, q filebuffer.Quota) error {
	key, err := x.key(ctx, domain, id)
	if err != nil {
		return err
	}
	return x.write(ctx, func(b *batch) error {
		if err := b.bufferState(key); err != nil {
			return err
		}
		if q.Bytes >= 0 {
			used := int64(0)
			b.query(`SELECT COALESCE(sum(size), 0) FROM buffer
				WHERE person = (SELECT person FROM buffer WHERE id = $1) AND used = 0 AND ends > $2 AND id <> $3`, one(&used), key, now.UnixMilli(), key)
			if used+size > q.Bytes {
				return filebuffer.ErrQuota
			}
		}
		b.put(`UPDATE buffer SET size = $1, ends = $2 WHERE id = $3`, size, until.UnixMilli(), key)
		return nil
	})
}

// Room implements filebuffer.Index.
func (x FileIndex) Room(ctx context.Context, o filebuffer.Owner, now time.Time, q filebuffer.Quota) (int64, error) {
	if q.Bytes < 0 {
		return -1, nil
	}
	l, err := x.domain(ctx, o.Domain)
	if err != nil {
		return 0, err
	}
	used := int64(0)
	err = x.read(ctx, func(r *reader) error {
		_, err := r.one(`SELECT COALESCE(sum(size), 0) FROM buffer WHERE person = $1 AND used = 0 AND ends > $2`, []any{&used}, pack(l.dom, o.Person), now.UnixMilli())
		return err
	})
	return max(q.Bytes-used, 0), err
}

// Extend implements filebuffer.Index.
func (x FileIndex) Extend(ctx context.Context, domain string, id filebuffer.ID, until time.Time) error {
	key, err := x.key(ctx, domain, id)
	if err != nil {
		return err
	}
	return x.write(ctx, func(b *batch) error {
		if b.exec(`UPDATE buffer SET ends = $1 WHERE id = $2 AND state = 0`, until.UnixMilli(), key) == 0 {
			return b.bufferState(key)
		}
		return nil
	})
}

// Reopen implements filebuffer.Index.
func (x FileIndex) Reopen(ctx context.Context, domain string, id filebuffer.ID) error {
	key, err := x.key(ctx, domain, id)
	if errors.Is(err, filebuffer.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return x.write(ctx, func(b *batch) error {
		b.put(`UPDATE file SET loose = 1 WHERE hash = (SELECT hash FROM buffer WHERE id = $1 AND state = 1)`, key)
		b.put(`UPDATE buffer SET state = 0, size = 0, hash = '' WHERE id = $1 AND state < 2`, key)
		return nil
	})
}

// Claim implements filebuffer.Index.
func (x FileIndex) Claim(ctx context.Context, domain string, id filebuffer.ID, h filebuffer.Hash, size int64) error {
	key, err := x.key(ctx, domain, id)
	if err != nil {
		return err
	}
	return x.write(ctx, func(b *batch) error {
		held := b.exec(`UPDATE file SET loose = 0 WHERE hash = $1 AND doomed = 0`, h.String()) == 1 ||
			b.exec(`INSERT INTO file (hash, size, type, width, height, duration, thumb, loose, doomed)
				VALUES ($1, $2, '', 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING`, h.String(), size) == 1
		if b.exec(`UPDATE buffer SET state = 1, size = $1, hash = $2 WHERE id = $3 AND state = 0`, size, h.String(), key) == 0 {
			return b.bufferState(key) // and the content is as it was
		}
		if !held && b.err == nil {
			return filebuffer.ErrBusy // and the buffer is open again
		}
		return nil
	})
}

// Finish implements filebuffer.Index.
func (x FileIndex) Finish(ctx context.Context, domain string, id filebuffer.ID, info filebuffer.Info, until time.Time) error {
	key, err := x.key(ctx, domain, id)
	if err != nil {
		return err
	}
	return x.write(ctx, func(b *batch) error {
		b.put(`UPDATE file SET type = $1, width = $2, height = $3, duration = $4, thumb = $5 WHERE hash = (SELECT hash FROM buffer WHERE id = $6 AND state = 1)`,
			info.Type, int64(info.Width), int64(info.Height), info.Duration.Milliseconds(), btoi(info.Thumb), key)
		if b.exec(`UPDATE buffer SET state = 2, ends = $1 WHERE id = $2 AND state = 1`, until.UnixMilli(), key) == 0 {
			return filebuffer.ErrNotFound
		}
		return nil
	})
}

// Delete implements filebuffer.Index.
func (x FileIndex) Delete(ctx context.Context, o filebuffer.Owner, id filebuffer.ID) error {
	key, err := x.key(ctx, o.Domain, id)
	if err != nil {
		return err
	}
	l, err := x.domain(ctx, o.Domain)
	if err != nil {
		return err
	}
	return x.write(ctx, func(b *batch) error {
		b.put(`UPDATE file SET loose = 1 WHERE hash = (SELECT hash FROM buffer WHERE id = $1 AND person = $2 AND hash <> '')`, key, pack(l.dom, o.Person))
		if b.exec(`DELETE FROM buffer WHERE id = $1 AND person = $2`, key, pack(l.dom, o.Person)) == 0 {
			return filebuffer.ErrNotFound
		}
		return nil
	})
}

// EndSession implements filebuffer.Index.
func (x FileIndex) EndSession(ctx context.Context, domain string, session uint64) (n int, err error) {
	l, err := x.domain(ctx, domain)
	if err != nil || session == 0 {
		return 0, err
	}
	err = x.write(ctx, func(b *batch) error {
		n = int(b.exec(`DELETE FROM buffer WHERE session = $1 AND state = 0 AND id > $2 AND id <= $3`, int64(session), firstKey(l.dom), lastKey(l.dom)))
		return nil
	})
	return n, err
}

// expireBatch is how many buffers one transaction removes.
const expireBatch = 1000

// Expire implements filebuffer.Index.
func (x FileIndex) Expire(ctx context.Context, now time.Time) (total int, err error) {
	for n := expireBatch; n == expireBatch; total += n {
		err = x.write(ctx, func(b *batch) error {
			n = b.expire(now.UnixMilli())
			return nil
		})
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// expire deletes the rows of one batch, unless a message has used them meanwhile.
func (b *batch) expire(now int64) int {
	var hashes []string
	args := []any{}
	b.query(`SELECT id, hash FROM buffer WHERE ends <= $1 LIMIT $2`, func(scan func(...any) error) error {
		var id int64
		var hash string
		err := scan(&id, &hash)
		args, hashes = append(args, id), append(hashes, hash)
		return err
	}, now, int64(expireBatch))
	if len(args) == 0 {
		return 0
	}
	b.loosen(hashes)
	text := `DELETE FROM buffer WHERE id IN ` + values(1, len(args)) + ` AND ends <= $` + itoa(len(args)+1)
	b.exec(text, append(args, now)...)
	return len(args)
}

// loosen locks the rows of contents that are about to lose a use, and marks them as
// loose. It is called before the first of their references is deleted, whose trigger
// would lock them one by one.
//
// A transaction takes its locks in this order: rows of table file by their hashes, then
// buffers and references, then part (the fence of the commit). Each operation keeps it:
// a post and further files (holdFiles), those of FileIndex, and whatever deletes
// references (retention, erasure, a dropped domain). Within a process nothing is needed
// to keep them apart, for one goroutine does all writing, the collector's too. But where
// two processes use one database, or a connection was lost whose transaction the server
// has not ended yet, two of them meet. A batch of several operations with files, and
// two writers of the same messages, cannot keep an order: who is made the victim of a
// deadlock (40P01) is undone as a whole and tried again (attempts, runControl), before
// anybody was answered.
func (b *batch) loosen(hashes []string) {
	slices.Sort(hashes)
	for _, h := range slices.Compact(hashes) {
		if h != "" {
			b.put(`UPDATE file SET loose = 1 WHERE hash = $1`, h)
		}
	}
}

// Ref implements filebuffer.Index. A message that has ended has no files.
func (x FileIndex) Ref(ctx context.Context, domain string, id filebuffer.ID) (filebuffer.Ref, error) {
	key, err := x.key(ctx, domain, id)
	if err != nil {
		return filebuffer.Ref{}, err
	}
	var f messages.File
	found := false
	err = x.read(ctx, func(r *reader) error {
		return r.query(`SELECT `+fileCols+` FROM fileref WHERE id = $1 AND NOT EXISTS
			(SELECT 1 FROM msg m WHERE m.mid = fileref.mid AND m.expires > 0 AND m.expires <= $2)`, func(scan func(...any) error) (err error) {
			f, _, err = scanFile(scan)
			found = true
			return err
		}, key, r.now)
	})
	if err != nil || !found {
		return filebuffer.Ref{}, notThere(err)
	}
	return fileRef(f), nil
}

func fileRef(f messages.File) filebuffer.Ref {
	return filebuffer.Ref{
		ID: filebuffer.ID(f.ID), Name: f.Name, Hash: fromHex(f.Hash), Size: f.Size,
		Info: filebuffer.Info{Type: f.Type, Width: f.Width, Height: f.Height, Duration: time.Duration(f.Duration) * time.Millisecond, Thumb: f.Thumb},
	}
}

// Readable implements filebuffer.Index: whoever sees the message sees its files,
// by the references that are everybody's or his own.
func (x FileIndex) Readable(ctx context.Context, o filebuffer.Owner, id filebuffer.ID) (filebuffer.Ref, error) {
	l, err := x.domain(ctx, o.Domain)
	if err != nil || o.Person == 0 {
		return filebuffer.Ref{}, notThere(err)
	}
	var f messages.File
	err = l.read(ctx, func(r *reader) error {
		var mid int64
		if err := r.query(`SELECT `+fileCols+` FROM fileref WHERE id = $1`, func(scan func(...any) error) (err error) {
			f, mid, err = scanFile(scan)
			return err
		}, pack(l.dom, id)); err != nil || mid == 0 {
			return notThere(err)
		}
		if f.Owner != 0 && int64(f.Owner) != o.Person {
			return filebuffer.ErrNotFound
		}
		_, err := r.message(pack(l.dom, o.Person), mid)
		return err
	})
	if refused, ok := errors.AsType[*messages.Error](err); ok && refused.Code == messages.NotFound {
		err = filebuffer.ErrNotFound
	}
	if err != nil {
		return filebuffer.Ref{}, err
	}
	return fileRef(f), nil
}

// Orphans implements filebuffer.Index.
func (x FileIndex) Orphans(ctx context.Context, limit int) (found []filebuffer.Hash, err error) {
	err = x.read(ctx, func(r *reader) error {
		return r.query(`SELECT hash FROM file WHERE loose <> 0 LIMIT $1`, func(scan func(...any) error) error {
			var hash string
			err := scan(&hash)
			found = append(found, fromHex(hash))
			return err
		}, int64(limit))
	})
	return found, err
}

// Doom implements filebuffer.Index. The first statement locks the row; the second
// sees what was committed before it got the lock. A doomed row stays loose until
// it is buried.
func (x FileIndex) Doom(ctx context.Context, h filebuffer.Hash) (doomed bool, err error) {
	err = x.write(ctx, func(b *batch) error {
		if b.exec(`UPDATE file SET loose = 0 WHERE hash = $1`, h.String()) == 0 {
			doomed = b.exec(`INSERT INTO file (hash, size, type, width, height, duration, thumb, loose, doomed)
				VALUES ($1, 0, '', 0, 0, 0, 0, 1, 1) ON CONFLICT DO NOTHING`, h.String()) == 1
			return nil
		}
		doomed = b.exec(`UPDATE file SET doomed = 1, loose = 1 WHERE hash = $1
			AND NOT EXISTS (SELECT 1 FROM fileref WHERE fileref.hash = file.hash)
			AND NOT EXISTS (SELECT 1 FROM buffer WHERE buffer.hash = file.hash AND buffer.hash <> '')`, h.String()) == 1
		return nil
	})
	return doomed, err
}

// Bury implements filebuffer.Index.
func (x FileIndex) Bury(ctx context.Context, h filebuffer.Hash) error {
	return x.write(ctx, func(b *batch) error {
		b.put(`DELETE FROM file WHERE hash = $1 AND doomed <> 0`, h.String())
		return nil
	})
}

// Known implements filebuffer.Index.
func (x FileIndex) Known(ctx context.Context, h filebuffer.Hash) (known bool, err error) {
	err = x.read(ctx, func(r *reader) (err error) {
		known, err = r.one(`SELECT 1 FROM file WHERE hash = $1`, []any{new(int64)}, h.String())
		return err
	})
	return known, err
}

// holdFiles sees in the transaction of a message that its files are there, and
// keeps them from being removed. The author's buffers end Linger later, also those
// that would have ended before. The order of locks is that of loosen.
func (b *batch) holdFiles(files []messages.File) error {
	var hashes []string
	for i := range files {
		if f := &files[i]; f.Buffer != 0 || f.From != 0 {
			hashes = append(hashes, f.Hash)
		}
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	for i, h := range hashes {
		if b.exec(`UPDATE file SET loose = 0 WHERE hash = $1 AND doomed = 0`, h) == 0 && b.err == nil {
			b.loosen(hashes[:i]) // they are not used, and may be orphans
			return refuse(messages.NotFound, "The file is no longer there.")
		}
	}
	linger := b.now + filebuffer.Linger.Milliseconds()
	for i := range files {
		if f := &files[i]; f.Buffer != 0 {
			b.put(`UPDATE buffer SET used = 1, ends = $1 WHERE id = $2 AND hash = $3 AND state = 2`, linger, pack(b.l.dom, f.Buffer), f.Hash)
		}
	}
	return nil
}
