package sqlstore

import "sync"

// overlay shows reads what is committed and derived, and not yet folded into the
// rows of conv and cursor. A read asks the database first, then the overlay, and
// takes what is newer. A fold makes the present generation the previous one, so
// that a read finds it that asked the database just before.
type overlay struct {
	mu        sync.RWMutex // guards the following
	now, last generation
}

type generation struct {
	heads   map[int64]convHead
	cursors map[cursorKey]marks
}

type cursorKey struct{ conv, person int64 }

// publish takes what a committed batch has changed.
func (o *overlay) publish(b *batch, l *domainLog) {
	if len(b.convs) == 0 && len(b.cursors) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.now.heads == nil {
		o.now = generation{heads: map[int64]convHead{}, cursors: map[cursorKey]marks{}}
	}
	for _, c := range b.convs {
		if c.l == l {
			o.now.heads[c.id] = c.head
		}
	}
	for _, c := range b.cursors {
		if c.conv.l == l {
			o.now.cursors[cursorKey{c.conv.id, c.person}] = c.marks
		}
	}
}

func (o *overlay) rotate() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last, o.now = o.now, generation{}
}

// head brings the head of a conversation up to date.
func (o *overlay) head(conv int64, h *convHead) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, g := range [...]generation{o.last, o.now} {
		if newer, ok := g.heads[conv]; ok && newer.newerThan(h) {
			*h = newer
		}
	}
}

func (h *convHead) newerThan(o *convHead) bool {
	return h.seq > o.seq || h.seq == o.seq && (h.n > o.n || h.newestDlv > o.newestDlv || h.newestRd > o.newestRd)
}

// cursor brings a cursor up to date.
func (o *overlay) cursor(conv, person int64, m *marks) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, g := range [...]generation{o.last, o.now} {
		if newer, ok := g.cursors[cursorKey{conv, person}]; ok && newer.newerThan(m) {
			*m = newer
		}
	}
}

func (m *marks) newerThan(o *marks) bool {
	if m.rd != o.rd {
		return m.rd > o.rd
	}
	if m.dlv != o.dlv {
		return m.dlv > o.dlv
	}
	return m.own > o.own
}
