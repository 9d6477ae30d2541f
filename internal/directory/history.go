package directory

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/tandem-switch/tandem/signal"
)

// ErrHistoryLost says that what a Cursor has not seen yet is not known any more:
// deletions of long ago are forgotten, and so is everything when the store had to
// be read anew as a whole. Whoever follows starts with the whole domain again.
var ErrHistoryLost = errors.New("directory: the history is lost")

// maxGone is how many deletions of a domain are remembered at least.
const maxGone = 10_000

// Step is the newest change of an object, or its deletion.
type Step struct {
	Revision int64 // number of the commit
	Gone     bool
	Object   Object   // as it is now; of a deleted one only ID, Domain, Kind and GUID
	Devices  []Device // must not be changed
	// Complete: no more steps of this commit follow. Who has seen everything up to
	// here may go on with History(domain, Revision).
	Complete bool
}

// Cursor is a place in the history of a domain. The zero value is nowhere.
type Cursor struct {
	domain signal.DomainID
	epoch  uint64
	at     mark
	begun  int64 // deletions up to this revision are of no interest
}

// Revision is the revision up to which everything was seen, once NextStep has
// found nothing more.
func (c *Cursor) Revision() int64 { return c.at.rev }

// mark is a step: an object that was changed by a commit.
type mark struct {
	rev int64
	id  signal.ObjectID
}

func (m mark) compare(o mark) int { return cmp.Or(cmp.Compare(m.rev, o.rev), cmp.Compare(m.id, o.id)) }

// history is the order in which the objects of a domain have changed: one mark
// for each change, of which only the newest of an object counts. The others are
// swept out from time to time.
type history struct {
	steps []mark
	gone  []goneMark
	keep  int   // deletions that are remembered at least
	fresh int   // steps at the end that are not in order yet
	floor int64 // deletions up to it are forgotten
}

type goneMark struct {
	mark
	kind Kind
	guid string
}

// History is the place behind the revision since, for an object that wants to see
// what has changed after it; 0 is the beginning: every object, and deletions from
// now on. It is ErrHistoryLost if deletions after since are forgotten or since is
// not a revision yet.
func (d *Directory) History(dom signal.DomainID, since int64) (Cursor, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	domain := d.mem.domains[dom]
	switch {
	case domain == nil:
		return Cursor{}, errNoDomain
	case since != 0 && (since < domain.history.floor || since > d.mem.head):
		return Cursor{}, ErrHistoryLost
	}
	c := Cursor{domain: dom, epoch: d.mem.epoch, at: mark{since, math.MaxInt64}, begun: since}
	if since == 0 {
		c.begun = d.mem.head
	}
	return c, nil
}

// NextStep is the first step behind the cursor, which moves on; ok is false if
// there is none at the moment. Steps come in the order of their revisions. An
// object that changes while it is still ahead comes once, in its new place.
// Errors: ErrHistoryLost, not_found (the domain).
func (d *Directory) NextStep(c *Cursor) (s Step, ok bool, err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	domain := d.mem.domains[c.domain]
	switch {
	case domain == nil:
		return s, false, errNoDomain
	case c.epoch != d.mem.epoch || max(c.at.rev, c.begun) < domain.history.floor:
		return s, false, ErrHistoryLost
	}
	h := &domain.history
	step, gone := d.mem.stepAfter(h, c.at), h.goneAfter(c.deletions())
	switch {
	case step == nil && gone == nil:
		c.at = mark{max(d.mem.head, c.at.rev), math.MaxInt64}
		return s, false, nil
	case gone == nil || step != nil && step.compare(gone.mark) < 0:
		e := d.mem.objects[step.id]
		s = Step{Revision: step.rev, Object: e.row.Object, Devices: e.row.Devices}
		c.at = *step
	default:
		s = Step{Revision: gone.rev, Gone: true, Object: Object{ID: gone.id, Domain: c.domain, Kind: gone.kind, GUID: gone.guid}}
		c.at = gone.mark
	}
	s.Complete = !d.mem.continuesIn(h, c.at)
	return s, true, nil
}

// UnchangedSince calls f for every object of the domain whose newest step is not
// behind the revision. f runs under the lock of the directory: it must not block.
func (d *Directory) UnchangedSince(dom signal.DomainID, revision int64, f func(*Object)) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	domain := d.mem.domains[dom]
	if domain == nil {
		return
	}
	for _, e := range domain.bySIP {
		if e.step <= revision {
			f(&e.row.Object)
		}
	}
}

// stepAfter is the first step behind a mark that is the newest of its object.
func (m *memory) stepAfter(h *history, after mark) *mark {
	at, found := slices.BinarySearchFunc(h.steps, after, mark.compare)
	if found {
		at++
	}
	for ; at < len(h.steps); at++ {
		if e := m.objects[h.steps[at].id]; e != nil && e.step == h.steps[at].rev {
			return &h.steps[at]
		}
	}
	return nil
}

// deletions is the place behind which deletions are of interest.
func (c *Cursor) deletions() mark {
	if c.begun > c.at.rev {
		return mark{c.begun, math.MaxInt64}
	}
	return c.at
}

// goneAfter is the first deletion behind a mark.
func (h *history) goneAfter(after mark) *goneMark {
	at, found := h.findGone(after)
	if found {
		at++
	}
	if at == len(h.gone) {
		return nil
	}
	return &h.gone[at]
}

func (h *history) findGone(m mark) (at int, found bool) {
	return slices.BinarySearchFunc(h.gone, m, func(g goneMark, m mark) int { return g.compare(m) })
}

// continuesIn tells whether more of the same commit follows behind a mark.
func (m *memory) continuesIn(h *history, at mark) bool {
	if next := m.stepAfter(h, at); next != nil && next.rev == at.rev {
		return true
	}
	next := h.goneAfter(at)
	return next != nil && next.rev == at.rev
}

// noteSet takes down that an object was changed, unless only its presence or its
// profiles were: they are no part of what others keep copies of.
func (m *memory) noteSet(dom *domain, old, e *entry) {
	if old != nil && (old.row.Rev == e.row.Rev || old.row.Home == e.row.Home && onlyPersonal(old.row, e.row)) {
		e.step = old.step
		return
	}
	e.step = e.row.Rev
	if dom.history.fresh == 0 {
		m.touched = append(m.touched, dom)
	}
	dom.history.steps = append(dom.history.steps, mark{e.step, e.row.ID})
	dom.history.fresh++
}

// noteGone takes down that an object was deleted. It forgets the oldest deletions
// when there are too many.
func (h *history) noteGone(row *ObjectRow) {
	if row.Rev == 0 {
		return // everything is read anew: nobody goes on from before
	}
	g := goneMark{mark{row.Rev, row.ID}, row.Kind, row.GUID}
	at, _ := h.findGone(g.mark)
	h.gone = slices.Insert(h.gone, at, g)
	if len(h.gone) > 2*h.keep {
		cut := len(h.gone) - h.keep
		h.floor = max(h.floor, h.gone[cut-1].rev)
		h.gone = slices.Clone(h.gone[cut:])
	}
}

// settleHistory brings what was taken down into its order.
func (m *memory) settleHistory() {
	for _, dom := range m.touched {
		dom.history.settle()
		dom.history.sweep(m, len(dom.bySIP))
	}
	clear(m.touched)
	m.touched = m.touched[:0]
}

func (h *history) settle() {
	from := len(h.steps) - h.fresh
	h.fresh = 0
	slices.SortFunc(h.steps[from:], mark.compare)
	if from > 0 && from < len(h.steps) && h.steps[from-1].compare(h.steps[from]) > 0 {
		slices.SortFunc(h.steps, mark.compare)
	}
}

// sweep forgets steps that are not the newest of their object, when they are more
// than half.
func (h *history) sweep(m *memory, live int) {
	if len(h.steps) <= 2*live+1024 {
		return
	}
	h.steps = slices.DeleteFunc(h.steps, func(s mark) bool {
		e := m.objects[s.id]
		return e == nil || e.step != s.rev
	})
}
