package sqlstore

import (
	"cmp"
	"slices"

	"github.com/tandem-switch/tandem/internal/messages"
)

// window remembers the newest keys of senders, so that a repetition that comes soon
// is answered without asking the database. What it has forgotten, table idem finds.
//
// Where keys are written behind (engine.behind), it has all that are not in the table
// yet: those of messages above part.heads, from which they are made again when memory
// was lost. Random keys written at once change nearly a page each; sorted lots of
// thousands share pages.
type window struct {
	now, last map[idemKey]sent // last: what was new before
	batch     int64
	fresh     []idemKey // of that batch

	pending []idemRow
	before  int // of pending, in front of what batch has added
	written int // of pending, by the present batch
}

const (
	windowSize = 8192 // keys of now, until they become last
	maxPending = 8192 // keys that wait, until they are written at once
)

type idemKey struct{ author, h int64 }

// idemRow is a row of table idem.
type idemRow struct {
	idemKey
	mid int64
}

// sent is the first result.
type sent struct{ mid, ts, conv, root int64 }

func (w *window) find(k idemKey) (sent, bool) {
	s, ok := w.now[k]
	if !ok {
		s, ok = w.last[k]
	}
	return s, ok
}

// begin notes what there was before a batch.
func (w *window) begin(batch int64) {
	if w.batch != batch {
		w.batch, w.fresh, w.before = batch, w.fresh[:0], len(w.pending)
	}
}

func (w *window) add(batch int64, k idemKey, s sent) {
	w.begin(batch)
	w.fresh = append(w.fresh, k)
	w.keep(k, s)
}

func (w *window) keep(k idemKey, s sent) {
	if w.now == nil {
		w.now = map[idemKey]sent{}
	}
	w.now[k] = s
}

// wait has a row written later.
func (w *window) wait(batch int64, r idemRow) {
	w.begin(batch)
	w.pending = append(w.pending, r)
}

// undo forgets what a batch has added that was not committed.
func (w *window) undo(batch int64) {
	w.written = 0
	if w.batch != batch {
		return
	}
	for _, k := range w.fresh {
		delete(w.now, k)
	}
	w.fresh, w.pending = w.fresh[:0], w.pending[:w.before]
}

// publish forgets what was written and committed, and what is old.
func (w *window) publish() {
	w.pending = w.pending[:copy(w.pending, w.pending[w.written:])]
	w.written, w.batch = 0, 0
	if len(w.pending) == 0 && len(w.now) >= windowSize {
		w.now, w.last = w.last, w.now
		clear(w.now)
	}
}

// known is what is known of the key of a post before the post is done.
type known struct {
	key    idemKey
	absent bool // from table idem
}

// findPosts is the text that finds keys in the table, of so many.
var findPosts = func() (texts [len(perInsert)]string) {
	for i, n := range perInsert {
		texts[i] = `SELECT i.author, i.h FROM (VALUES ` + values(n, 2) + `) v CROSS JOIN idem i ON i.author = v.column1 AND i.h = v.column2`
	}
	return texts
}()

// lookUp asks for the keys of all posts together, where they are written behind. What
// it does not find out, posted asks.
func (b *batch) lookUp(items []item) {
	b.w.known = append(b.w.known[:0], make([]known, len(items))...)
	if b.keys || !b.s.e.behind() {
		return
	}
	asks := b.w.asks[:0]
	for i := range items {
		op, ok := items[i].op.(*messages.Post)
		if !ok || items[i].bad != nil || op.CID == "" || !b.use(items[i].l) || !b.l.st.loaded {
			continue
		}
		author := b.find(op.Author)
		if author == nil {
			continue
		}
		k := &b.w.known[i]
		k.key = idemKey{author.id, hashCID(op.CID)}
		if _, there := b.l.st.window.find(k.key); !there {
			asks = append(asks, k)
		}
	}
	b.w.asks = asks
	for i, n := range perInsert {
		for ; len(asks) >= n; asks = asks[n:] {
			b.findKeys(findPosts[i], asks[:n])
		}
	}
}

func (b *batch) findKeys(text string, asks []*known) {
	args := make([]any, 0, 2*perInsert[0])
	for _, k := range asks {
		k.absent = true
		args = append(args, k.key.author, k.key.h)
	}
	b.peek(text, func(scan func(...any) error) error {
		var found idemKey
		err := scan(&found.author, &found.h)
		for _, k := range asks {
			k.absent = k.absent && k.key != found
		}
		return err
	}, args...)
}

// isNew tells whether a key is in no table for certain: where keys are written at
// once, the table refuses the batch if not, and it is done again.
func (b *batch) isNew(k idemKey) bool {
	if b.keys {
		return false
	}
	return !b.s.e.behind() || b.known.absent && b.known.key == k
}

// writeKeys writes what waits of the present domain.
func (b *batch) writeKeys() {
	w := &b.l.st.window
	rows := append(b.w.sorted[:0], w.pending[w.written:]...)
	b.w.sorted, w.written = rows, len(w.pending)
	slices.SortFunc(rows, func(x, y idemRow) int {
		return cmp.Or(cmp.Compare(x.author, y.author), cmp.Compare(x.h, y.h))
	})
	for _, r := range rows {
		b.late.args = append(b.late.args, r.author, r.h, r.mid)
	}
	b.late.n += len(rows)
	b.insert(&b.late, &insertLate)
}

// loadKeys finds the keys that are not in the table for certain. What two ids with the
// same hash were told apart by is not made again.
func (b *batch) loadKeys(l *domainLog) {
	if !b.s.e.behind() {
		return
	}
	w := &l.st.window
	b.peek(`SELECT m.mid, m.author, m.cid, m.ts, m.conv, COALESCE(p.root, 0) FROM msg m LEFT JOIN post p ON p.mid = m.mid WHERE m.mid > $1 AND m.mid <= $2`,
		func(scan func(...any) error) error {
			var r idemRow
			var s sent
			var cid string
			err := scan(&s.mid, &r.author, &cid, &s.ts, &s.conv, &s.root)
			r.mid, r.h = s.mid, keyOf(cid, s.mid)
			if cid != "" {
				w.keep(r.idemKey, s)
			}
			w.pending = append(w.pending, r)
			return err
		}, firstKey(l.dom)|l.st.heads, lastKey(l.dom))
}

// keyOf is the second half of a key: a hash of the sender's id, or the number where
// there is none, for the table also says what somebody has written.
func keyOf(cid string, mid int64) int64 {
	if cid == "" {
		return mid
	}
	return hashCID(cid)
}
