package directory

import (
	"bytes"
	"slices"

	"github.com/tandem-switch/tandem/signal"
)

// PasswordBound is what the password of the object is sealed for.
func PasswordBound(a signal.Address) []byte { return passwordBound(a) }

// SessionBound is what the password of the session is sealed for.
func SessionBound(owner signal.Address, id string) []byte { return sessionBound(owner, id) }

// CanaryBound is what the text that tells the master key is sealed for.
func CanaryBound() []byte { return boundTo("canary", signal.Address{}, "") }

// Resealed takes note that the password of an object, or of its session if there
// is one, is sealed anew in the store, with nothing else changed. Until then,
// what is written of the object carries the old text.
func (d *Directory) Resealed(a signal.Address, session string, old, fresh []byte) {
	d.writeMu.Lock()
	defer d.writeMu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if session != "" {
		d.mem.resealSession(session, old, fresh)
		return
	}
	e, dom := d.mem.object(a), d.mem.domains[a.Domain]
	if e == nil || !bytes.Equal(e.row.Secret, old) {
		return
	}
	row := e.row
	row.Secret = fresh
	d.mem.unindexObject(e)
	e = &entry{row: row}
	d.mem.objects[row.ID] = e
	d.mem.index(dom, e)
}

func (m *memory) resealSession(id string, old, fresh []byte) {
	s := m.sessions[id]
	if s == nil || !bytes.Equal(s.Secret, old) {
		return
	}
	row := *s
	row.Secret = fresh
	m.sessions[id] = &row
	mine := m.byOwner[row.Owner.Object]
	mine[slices.Index(mine, s)] = &row
}
