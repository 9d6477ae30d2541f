package pbxapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// replica is the copy of a table that one replicator keeps, seen from here.
type replica struct {
	api     *PbxTableUsers
	sess    appservice.Session
	req     appservice.Frame // api and src of what is sent
	domain  signal.DomainID
	columns []column
	kinds   map[directory.Kind]bool
	guid    string // of the table with these columns
	goesOn  bool   // from an earlier session: rows that are gone may be there

	wake      chan struct{} // something may have changed
	stopped   chan struct{} // closed at the end
	templates atomic.Bool   // a template has changed

	mu     sync.Mutex // guards the following; the directory is read under it
	names  map[signal.ObjectID]string
	cursor directory.Cursor
	known  idSet // rows that the replicator has
	live   bool  // the initial transfer is over: changes are pushed
	ended  bool  // nothing is sent any more
}

// end has the replica say nothing from now on. It is called once.
func (r *replica) end() {
	close(r.stopped)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
}

// The queue of a replicator is filled up to behindAt; then it must fall below
// caughtUp first.
const (
	behindAt = 128 << 10
	caughtUp = 64 << 10
)

// row is the members of a message about a row.
type row struct {
	Columns rowText `json:"columns"`
	USN     int64   `json:"usn"`
}

// endOfRows is the members of the ReplicateNextResult behind the last row.
type endOfRows struct {
	USN int64 `json:"usn"`
}

// next answers ReplicateNext: the next row, or the end. Deletions that stand
// before it are pushed.
func (r *replica) next(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.live {
		s, ok, err := r.api.dir.NextStep(&r.cursor)
		switch {
		case err != nil:
			_ = r.startAnew(err)
			return nil
		case !ok:
			r.live = true
			go r.follow()
		case s.Gone:
			err = r.pushGone(ctx, s)
		case r.kinds[s.Object.Kind]:
			r.known.add(s.Object.ID)
			return r.send(ctx, "ReplicateNextResult", r.rowOf(&s))
		}
		if err != nil {
			return err
		}
	}
	return r.send(ctx, "ReplicateNextResult", endOfRows{r.cursor.Revision()})
}

// follow pushes changes until the replica ends.
func (r *replica) follow() {
	ctx := context.Background()
	for {
		more, err := r.push(ctx)
		if err != nil {
			return // the session is closed, or has ended
		}
		if more {
			if !r.paced() {
				return
			}
			continue
		}
		select {
		case <-r.wake:
		case <-r.stopped:
			return
		}
	}
}

// drainer is a session whose queue can be looked at.
type drainer interface {
	Queued() int
	Drained(below int) <-chan struct{}
}

// paced waits until the replicator has taken most of what it was sent; false if
// the replica has ended.
func (r *replica) paced() bool {
	done := closedChannel
	if d, ok := r.sess.(drainer); ok && d.Queued() > behindAt {
		done = func() <-chan struct{} { return d.Drained(caughtUp) }
	}
	select {
	case <-r.stopped:
		return false
	default:
	}
	select {
	case <-done():
		return true
	case <-r.stopped:
		return false
	}
}

func closedChannel() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// push sends the next change, if there is one.
func (r *replica) push(ctx context.Context) (more bool, err error) {
	if _, err := asker(r.api.dir, r.sess, r.api.Name()); err != nil {
		return false, r.close("the right to replicate was taken away", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return false, appservice.ErrClosed
	}
	if r.templates.Swap(false) && r.renamed() {
		return false, r.startAnew(errRenamed)
	}
	s, ok, err := r.api.dir.NextStep(&r.cursor)
	switch {
	case err != nil:
		return false, r.startAnew(err)
	case !ok:
		return false, nil
	case s.Gone:
		return true, r.pushGone(ctx, s)
	case !r.kinds[s.Object.Kind]:
		return true, nil
	}
	mt := "ReplicateAdd"
	if r.known.has(s.Object.ID) {
		mt = "ReplicateUpdate"
	}
	r.known.add(s.Object.ID)
	return true, r.send(ctx, mt, r.rowOf(&s))
}

// pushGone sends a deletion, if the replicator may have the row.
func (r *replica) pushGone(ctx context.Context, s directory.Step) error {
	if !r.kinds[s.Object.Kind] || !r.goesOn && !r.known.has(s.Object.ID) {
		return nil
	}
	r.known.remove(s.Object.ID)
	return r.send(ctx, "ReplicateDel", row{guidText(s.Object.GUID), usnOf(&s)})
}

// usnOf is up to which revision the replicator has everything, once it has the
// step.
func usnOf(s *directory.Step) int64 {
	if s.Complete {
		return s.Revision
	}
	return s.Revision - 1
}

// rowOf is the row of an object.
func (r *replica) rowOf(s *directory.Step) row {
	d := &draft{dir: r.api.dir, o: s.Object, devices: s.Devices, home: r.api.dir.Home(s.Object.Address())}
	text := rowColumns(r.columns, d, false)
	if len(text) > maxRow {
		r.api.log.Warn("a row is too long to be replicated with its lists", "object", s.Object.SIP, "domain", s.Object.Domain)
		text = rowColumns(r.columns, d, true)
	}
	return row{text, usnOf(s)}
}

// maxRow is how long a row may be so that its message can be sent.
const maxRow = appservice.MaxMessage - 2048

// send queues a message. It never blocks.
func (r *replica) send(ctx context.Context, mt string, v any) error {
	return appservice.ReplyTo(ctx, r.sess, r.req, message{mt, v})
}

// errRenamed: rows have changed that were not written.
var errRenamed = errors.New("a config template has another name")

// startAnew has the replicator begin again: it cannot be told what it misses. The
// error ends what goes on.
func (r *replica) startAnew(err error) error {
	return r.close("replication: start anew", err)
}

// close ends the session. What is queued for it is sent first.
func (r *replica) close(reason string, err error) error {
	r.api.log.Info("a replication ends", "app", appservice.PrincipalOf(r.sess).SIP, "reason", err)
	return errors.Join(appservice.ErrClosed, r.sess.Close(reason))
}

// templateNames are the names in the column config; nil without that column.
func (r *replica) templateNames() map[signal.ObjectID]string {
	if !slices.ContainsFunc(r.columns, func(c column) bool { return c.name == "config" }) {
		return nil
	}
	names := map[signal.ObjectID]string{}
	r.api.dir.Objects(r.domain, func(o *directory.Object) bool {
		if o.Kind == directory.Template {
			names[o.ID] = longName(o)
		}
		return false
	})
	return names
}

// renamed tells whether a template has another name than when rows were sent with
// it.
func (r *replica) renamed() bool {
	now := r.templateNames()
	for id, name := range r.names {
		if fresh, there := now[id]; there && fresh != name {
			return true
		}
	}
	maps.Copy(r.names, now)
	return false
}

// identity is the guid of the table as the replicator sees it: another process,
// other columns or another name of a template make it another table.
func (r *replica) identity() string {
	h := sha256.New()
	h.Write(r.api.seed[:])
	part := func(s string) { h.Write([]byte(s + "\x00")) }
	part(strconv.FormatInt(int64(r.domain), 10))
	for _, c := range r.columns {
		part(c.name)
	}
	for k := directory.User; k <= directory.Template; k++ {
		part(strconv.FormatBool(r.kinds[k]))
	}
	for _, id := range slices.Sorted(maps.Keys(r.names)) {
		part(strconv.FormatInt(int64(id), 10) + "=" + r.names[id])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// anotherGUID is the guid of the same table for a replicator that has to begin
// again although it knows the first one.
func anotherGUID(guid string) string {
	sum := sha256.Sum256([]byte(guid))
	return hex.EncodeToString(sum[:16])
}

// knowUntil notes the rows that a replicator has from an earlier session.
func (r *replica) knowUntil(revision int64) {
	r.api.dir.UnchangedSince(r.domain, revision, func(o *directory.Object) {
		if r.kinds[o.Kind] {
			r.known.add(o.ID)
		}
	})
}

// idSet is a set of object ids: a bit for each, in blocks where there are some.
type idSet struct {
	blocks map[signal.ObjectID]*[64]uint64
}

func (s *idSet) bit(id signal.ObjectID) (block signal.ObjectID, word int, mask uint64) {
	return id >> 12, int(id>>6) & 63, 1 << (uint(id) & 63)
}

func (s *idSet) add(id signal.ObjectID) {
	block, word, mask := s.bit(id)
	if s.blocks == nil {
		s.blocks = map[signal.ObjectID]*[64]uint64{}
	}
	b := s.blocks[block]
	if b == nil {
		b = new([64]uint64)
		s.blocks[block] = b
	}
	b[word] |= mask
}

func (s *idSet) remove(id signal.ObjectID) {
	block, word, mask := s.bit(id)
	if b := s.blocks[block]; b != nil {
		b[word] &^= mask
	}
}

func (s *idSet) has(id signal.ObjectID) bool {
	block, word, mask := s.bit(id)
	b := s.blocks[block]
	return b != nil && b[word]&mask != 0
}
