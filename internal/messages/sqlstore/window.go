package sqlstore

// window remembers the newest keys of senders, so that a repetition that comes
// soon is answered without asking the database. What it has forgotten, the
// primary key of table idem finds.
type window struct {
	known map[idemKey]sent
	ring  []idemKey // in the order of coming
	at    int
	batch int64
	fresh []idemKey // of that batch
}

// windowSize is how many keys of a domain are remembered.
const windowSize = 8192

type idemKey struct{ author, h int64 }

// sent is the first result.
type sent struct{ mid, ts, conv, root int64 }

func (w *window) find(k idemKey) (sent, bool) {
	s, ok := w.known[k]
	return s, ok
}

func (w *window) add(batch int64, k idemKey, s sent) {
	if w.known == nil {
		w.known = map[idemKey]sent{}
	}
	if w.batch != batch {
		w.batch, w.fresh = batch, w.fresh[:0]
	}
	w.fresh = append(w.fresh, k)
	if len(w.ring) < windowSize {
		w.ring = append(w.ring, k)
	} else {
		delete(w.known, w.ring[w.at])
		w.ring[w.at] = k
		w.at = (w.at + 1) % windowSize
	}
	w.known[k] = s
}

// undo forgets what a batch has added that was not committed.
func (w *window) undo(batch int64) {
	if w.batch != batch {
		return
	}
	for _, k := range w.fresh {
		delete(w.known, k)
	}
	w.fresh = w.fresh[:0]
}
