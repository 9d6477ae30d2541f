package directory

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// memory is the copy of the store that answers. It is read under Directory.mu or
// Directory.writeMu and changed under both. Rows in it are never changed, only
// replaced, so what was handed out stays as it is.
type memory struct {
	head     int64 // number of the newest commit that is contained
	domains  map[signal.DomainID]*domain
	def      *domain
	byHost   map[string]*domain // by names and host names, in lower case
	objects  map[signal.ObjectID]*entry
	byGUID   map[string]*entry
	sessions map[string]*SessionRow
	byOwner  map[signal.ObjectID][]*SessionRow
	epoch    uint64    // counts how often everything was read anew
	touched  []*domain // whose history is not in order
}

type domain struct {
	row   DomainRow
	bySIP map[string]*entry // by folded name
	byNum map[string]*entry // by what is dialled from the root
	// groups are the members of the groups, by folded name.
	groups   map[string]map[signal.ObjectID]*entry
	prefixes map[string]string // of the nodes, the root included
	// numbers are the keys of byNum in order, made when first needed.
	numbers atomic.Pointer[[]string]
	history history
}

type entry struct {
	row  ObjectRow
	full string // number as dialled from the root
	step int64  // revision of its step in the history
}

func newMemory() *memory {
	return &memory{
		domains:  map[signal.DomainID]*domain{},
		byHost:   map[string]*domain{},
		objects:  map[signal.ObjectID]*entry{},
		byGUID:   map[string]*entry{},
		sessions: map[string]*SessionRow{},
		byOwner:  map[signal.ObjectID][]*SessionRow{},
	}
}

// object is the living object at the address: an id of another domain finds
// nothing.
func (m *memory) object(a signal.Address) *entry {
	e := m.objects[a.Object]
	if e == nil || e.row.Domain != a.Domain {
		return nil
	}
	return e
}

func (m *memory) kind(a signal.Address, kind Kind) *entry {
	if e := m.object(a); e != nil && e.row.Kind == kind {
		return e
	}
	return nil
}

// sessionsOf is a new slice.
func (m *memory) sessionsOf(owner signal.Address) []*SessionRow {
	if m.object(owner) == nil {
		return nil
	}
	return slices.Clone(m.byOwner[owner.Object])
}

func (dom *domain) value() (Domain, bool) {
	if dom == nil {
		return Domain{}, false
	}
	return dom.row.Domain, true
}

func (e *entry) value() (Object, bool) {
	if e == nil {
		return Object{}, false
	}
	return e.row.Object, true
}

func (e *entry) enabled() bool { return e != nil && !e.row.Disabled }

// party is what the switch may see of the object.
func (m *memory) party(e *entry) (signal.Party, bool) {
	if !e.enabled() {
		return signal.Party{}, false
	}
	kind, ok := e.row.Kind.callee()
	if !ok {
		return signal.Party{}, false
	}
	return signal.Party{
		Address: e.row.Address(), SIP: e.row.SIP, Num: e.full, Name: e.row.DisplayName(),
		Kind: kind, MayOverrideCLI: e.row.OverrideCLI, Gateway: e.row.Kind == Gateway,
	}, true
}

// continues tells whether a number begins with num and is longer.
func (dom *domain) continues(num string) bool {
	list := dom.numbers.Load()
	if list == nil {
		fresh := make([]string, 0, len(dom.byNum))
		for number := range dom.byNum {
			fresh = append(fresh, number)
		}
		slices.Sort(fresh)
		list = &fresh
		dom.numbers.Store(list) // no writer is there while this reader is
	}
	at, found := slices.BinarySearch(*list, num)
	if found {
		at++
	}
	return at < len(*list) && strings.HasPrefix((*list)[at], num)
}

// apply takes in what was read and tells what has changed, in the order of the
// rows. It is called under both locks.
func (m *memory) apply(rows Rows) []Change {
	if rows.Full && len(m.domains) > 0 {
		m.addTombstones(&rows)
		m.epoch++
	}
	var changes []Change
	m.forgetOld(rows)
	for i := range rows.Domains {
		changes = append(changes, m.putDomain(rows.Domains[i], rows.Head))
	}
	for i := range rows.Objects {
		changes = append(changes, m.putObject(rows.Objects[i]))
	}
	m.settleHistory()
	changes = m.addHeirs(changes)
	for i := range rows.Sessions {
		if c, any := m.putSession(rows.Sessions[i]); any {
			changes = append(changes, c)
		}
	}
	m.head = rows.Head
	return slices.DeleteFunc(changes, func(c Change) bool { return c.What == 0 })
}

// forgetOld takes the old names, numbers and host names of everything that was
// read out of the indexes first: within one read they may have changed hands.
func (m *memory) forgetOld(rows Rows) {
	for i := range rows.Domains {
		if old := m.domains[rows.Domains[i].ID]; old != nil {
			m.unindexDomain(old)
		}
	}
	for i := range rows.Objects {
		if old := m.objects[rows.Objects[i].ID]; old != nil {
			m.unindexObject(old)
		}
	}
}

func (m *memory) unindexDomain(dom *domain) {
	delete(m.byHost, dom.row.Name)
	for _, host := range dom.row.Hosts {
		delete(m.byHost, host)
	}
	if m.def == dom {
		m.def = nil
	}
}

func (m *memory) putDomain(row DomainRow, head int64) Change {
	c := Change{Address: signal.Address{Domain: row.ID}}
	dom := m.domains[row.ID]
	if !row.Deleted.IsZero() {
		if dom != nil {
			delete(m.domains, row.ID)
			c.What = DomainGone
		}
		return c
	}
	c.What = DomainSet
	if dom == nil {
		dom = &domain{bySIP: map[string]*entry{}, byNum: map[string]*entry{}, groups: map[string]map[signal.ObjectID]*entry{}}
		dom.history.floor, dom.history.keep = head, maxGone
		m.domains[row.ID] = dom
	}
	renumber := !slices.Equal(dom.row.Plan.Nodes, row.Plan.Nodes)
	row.Revision = row.Rev
	dom.row = row
	if renumber || dom.prefixes == nil {
		dom.renumber()
	}
	m.byHost[row.Name] = dom
	for _, host := range row.Hosts {
		m.byHost[host] = dom
	}
	if row.Default {
		m.def = dom
	}
	return c
}

func (m *memory) unindexObject(e *entry) {
	delete(m.byGUID, e.row.GUID)
	dom := m.domains[e.row.Domain]
	if dom == nil {
		return
	}
	delete(dom.bySIP, Fold(e.row.SIP))
	if e.full != "" {
		delete(dom.byNum, e.full)
		dom.numbers.Store(nil)
	}
	for _, g := range e.row.Groups {
		key := Fold(g.Name)
		if delete(dom.groups[key], e.row.ID); len(dom.groups[key]) == 0 {
			delete(dom.groups, key)
		}
	}
}

// index is the opposite of unindexObject.
func (m *memory) index(dom *domain, e *entry) {
	m.byGUID[e.row.GUID] = e
	dom.bySIP[Fold(e.row.SIP)] = e
	if e.full = dom.fullNumber(e.row.Node, e.row.Num); e.full != "" {
		dom.byNum[e.full] = e
		dom.numbers.Store(nil)
	}
	for _, g := range e.row.Groups {
		key := Fold(g.Name)
		if dom.groups[key] == nil {
			dom.groups[key] = map[signal.ObjectID]*entry{}
		}
		dom.groups[key][e.row.ID] = e
	}
}

// renumber brings the numbers up to date with the nodes.
func (dom *domain) renumber() {
	dom.prefixes = prefixesOf(dom.row.Plan.Nodes)
	clear(dom.byNum)
	dom.numbers.Store(nil)
	for _, e := range dom.bySIP {
		if e.full = dom.fullNumber(e.row.Node, e.row.Num); e.full != "" {
			dom.byNum[e.full] = e
		}
	}
}

// putObject reports no change when only the home screen has changed, and less of
// one when nothing but what the user keeps has.
func (m *memory) putObject(row ObjectRow) Change {
	c := Change{Address: row.Address()}
	old := m.objects[row.ID]
	dom := m.domains[row.Domain]
	if !row.Deleted.IsZero() || dom == nil {
		if old != nil {
			delete(m.objects, row.ID)
			c.What = ObjectGone
			if dom != nil {
				dom.history.noteGone(&row)
			}
		}
		return c
	}
	row.Revision = row.Rev
	e := &entry{row: row}
	m.objects[row.ID] = e
	m.index(dom, e)
	m.noteSet(dom, old, e)
	switch {
	case old == nil || !onlyPersonal(old.row, row):
		c.What = ObjectSet
	case !onlyHome(old.row, row):
		c.What = PersonalSet
	}
	return c
}

// addHeirs adds a change for every object whose template has changed.
func (m *memory) addHeirs(changes []Change) []Change {
	templates := map[signal.ObjectID]bool{}
	for _, c := range changes {
		if e := m.objects[c.Address.Object]; c.What == ObjectSet && e != nil && e.row.Kind == Template {
			templates[e.row.ID] = true
		}
	}
	if len(templates) == 0 {
		return changes
	}
	for _, e := range m.objects {
		if templates[e.row.Template] {
			changes = append(changes, Change{What: ObjectSet, Address: e.row.Address()})
		}
	}
	return changes
}

// putSession reports no change when only the time of use has moved.
func (m *memory) putSession(row SessionRow) (Change, bool) {
	c := Change{Address: row.Owner, Session: row.ID}
	old := m.sessions[row.ID]
	isOld := func(s *SessionRow) bool { return s == old }
	mine := m.byOwner[row.Owner.Object]
	if !row.Deleted.IsZero() {
		if old == nil {
			return c, false
		}
		delete(m.sessions, row.ID)
		if mine = slices.DeleteFunc(mine, isOld); len(mine) == 0 {
			delete(m.byOwner, row.Owner.Object)
		} else {
			m.byOwner[row.Owner.Object] = mine
		}
		c.What = SessionGone
		return c, true
	}
	m.sessions[row.ID] = &row
	if old == nil {
		m.byOwner[row.Owner.Object] = append(mine, &row)
		c.What = SessionAdded
		return c, true
	}
	mine[slices.IndexFunc(mine, isOld)] = &row
	c.What = SessionSet
	return c, !sameSession(&old.Session, &row.Session)
}

func sameSession(a, b *Session) bool {
	return a.NeedsAuthorization == b.NeedsAuthorization && a.Code == b.Code && a.Token == b.Token &&
		a.UserAgent == b.UserAgent && slices.Equal(a.Wake, b.Wake)
}

// addTombstones completes a full read by what it no longer contains.
func (m *memory) addTombstones(rows *Rows) {
	gone := Version{Deleted: time.Unix(1, 0)}
	live := map[any]bool{}
	for i := range rows.Domains {
		live[rows.Domains[i].ID] = true
	}
	for i := range rows.Objects {
		live[rows.Objects[i].ID] = true
	}
	for i := range rows.Sessions {
		live[rows.Sessions[i].ID] = true
	}
	for id, dom := range m.domains {
		if !live[id] {
			rows.Domains = append(rows.Domains, DomainRow{Domain: dom.row.Domain, Version: gone})
		}
	}
	for id, e := range m.objects {
		if !live[id] {
			rows.Objects = append(rows.Objects, ObjectRow{Object: e.row.Object, Version: gone})
		}
	}
	for id, s := range m.sessions {
		if !live[id] {
			rows.Sessions = append(rows.Sessions, SessionRow{Session: s.Session, Version: gone})
		}
	}
}
