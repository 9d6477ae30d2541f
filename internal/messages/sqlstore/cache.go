package sqlstore

import (
	"strings"

	"github.com/tandem-switch/tandem/internal/messages"
)

// state is what the writer knows of a domain by heart. What is missing is read
// when it is needed.
type state struct {
	loaded       bool
	head         int64 // committed
	next         int64 // with the present batch
	heads        int64 // derived rows are complete up to here
	batch        int64 // the batch that has used it last
	structural   int64 // the batch that has changed more than heads and cursors
	tick         int64 // the hour whose first message is known
	byID         map[int64]*person
	byGUID       map[string]*person
	bySIP        map[string]*person // lower case
	pairs        map[[2]int64]*pair
	convs        map[int64]*conv
	topics       map[int64]*conv
	dirty        map[*conv]struct{}
	dirtyCursors map[*cursor]struct{}
	window       window
	kept         []keptMark // marks that were not written when memory was dropped
	holds        *holds
}

// maxCached bounds people and conversations in memory, each. What is not dirty
// is forgotten above it.
const maxCached = 200_000

type person struct {
	id              int64
	guid, sip, name string
}

// pair is what two people have: their conversation and the own ones of each. The
// three are one chat and share one clock.
type pair struct {
	lo, hi int64
	both   *conv
	own    [2]*conv // of lo, of hi
}

// conv is a conversation.
type conv struct {
	l      *domainLog
	id     int64
	kind   messages.ConvKind
	p1, p2 int64
	setup
	head, saved convHead
	batch       int64
	pair        *pair
	cursors     map[int64]*cursor
	members     map[int64]*member
}

// setup is what admins say of a group.
type setup struct {
	title          string
	gone, created  int64
	announce, open bool
	history        messages.HistoryRule
	marks          messages.MarksRule
	count          int64 // members
}

// convHead is derived from messages, changes and marks.
type convHead struct {
	mid, n, seq, ts       int64
	newestDlv, newestRd   int64
	newestDlvT, newestRdT int64
}

// cursor says how far a person is.
type cursor struct {
	conv         *conv
	person       int64
	marks, saved marks
	batch        int64
}

type marks struct {
	dlv, dlvMid, dlvT int64
	rd, rdMid, rdT    int64
	own               int64
	seq               int64
	movedDlv, movedRd bool // not in the log yet
}

type member struct {
	person      int64
	role        messages.Role
	joined      int64
	visibleFrom int64
	leftAt      int64
	mutedUntil  int64
}

type keptMark struct {
	conv, person int64
	marks        marks
}

// drop forgets everything that can be read again, and keeps the marks that were
// acknowledged and not yet written. The batch did not happen.
func (st *state) drop(batch int64) {
	for c := range st.dirtyCursors {
		if c.marks.movedDlv || c.marks.movedRd {
			st.kept = append(st.kept, keptMark{c.conv.id, c.person, c.marks})
		}
	}
	*st = state{kept: st.kept, batch: 0}
}

func (st *state) clear() {
	st.byID, st.byGUID, st.bySIP = map[int64]*person{}, map[string]*person{}, map[string]*person{}
	st.pairs, st.convs, st.topics = map[[2]int64]*pair{}, map[int64]*conv{}, map[int64]*conv{}
	st.dirty, st.dirtyCursors = map[*conv]struct{}{}, map[*cursor]struct{}{}
}

// shrink forgets what is not dirty when memory holds too much.
func (st *state) shrink() {
	if len(st.byID) > maxCached {
		st.byID, st.byGUID, st.bySIP = map[int64]*person{}, map[string]*person{}, map[string]*person{}
	}
	if len(st.convs) > maxCached && len(st.dirty) == 0 && len(st.dirtyCursors) == 0 {
		st.pairs, st.convs, st.topics = map[[2]int64]*pair{}, map[int64]*conv{}, map[int64]*conv{}
	}
}

// load reads the row of the domain and counts what derived rows lack.
func (b *batch) load(l *domainLog) bool {
	st := &l.st
	found := false
	b.peek(`SELECT head, heads FROM part WHERE dom = $1 AND name NOT LIKE '#%'`, func(scan func(...any) error) error {
		found = true
		return scan(&st.head, &st.heads)
	}, l.dom)
	if b.err != nil {
		return false
	}
	st.clear()
	if !found { // dropped: operations are refused one by one
		return true
	}
	st.loaded, st.next = true, st.head
	st.structural = b.no // what it counts is published with this batch, or counted again
	var tail []int64
	b.peek(`SELECT DISTINCT conv FROM msg WHERE mid > $1 AND mid <= $2 UNION SELECT DISTINCT conv FROM ev WHERE seq > $1 AND seq <= $2`,
		func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			tail = append(tail, id)
			return err
		}, pack(l.dom, st.heads)|firstKey(l.dom), lastKey(l.dom))
	for _, id := range tail {
		if c := b.convByID(id); c != nil {
			b.recount(c)
		}
	}
	b.loadKeys(l)
	b.restoreMarks(l)
	l.head.Store(st.head)
	return b.err == nil
}

// recount brings the derived values of a conversation up to date that was
// changed behind part.heads.
func (b *batch) recount(c *conv) {
	from := firstKey(c.l.dom) | c.l.st.heads
	b.peek(`SELECT mid, n, ts, kind FROM msg WHERE conv = $1 AND mid > $2 ORDER BY mid DESC LIMIT 1`, func(scan func(...any) error) error {
		var mid, kind int64
		err := scan(&mid, &c.head.n, &c.head.ts, &kind)
		c.head.seq = max(c.head.seq, mid)
		if messages.MessageKind(kind) == messages.Normal {
			c.head.mid = mid
		}
		return err
	}, c.id, from)
	b.peek(`SELECT seq FROM ev WHERE conv = $1 AND seq > $2 ORDER BY seq DESC LIMIT 1`, func(scan func(...any) error) error {
		var seq int64
		err := scan(&seq)
		c.head.seq = max(c.head.seq, seq)
		return err
	}, c.id, from)
	b.touch(c) // so that reads see it; undone is only what comes later
	own := map[int64]int64{}
	b.peek(`SELECT author, count(*) FROM msg WHERE conv = $1 AND mid > $2 AND kind = 0 GROUP BY author`, func(scan func(...any) error) error {
		var author, n int64
		err := scan(&author, &n)
		own[author] = n
		return err
	}, c.id, from)
	for author, n := range own {
		if cu := b.cursorOf(c, author); cu != nil {
			cu.marks.own += n
			b.touchCursor(cu)
		}
	}
}

// restoreMarks moves cursors to where they were before memory was dropped.
func (b *batch) restoreMarks(l *domainLog) {
	kept := l.st.kept
	l.st.kept = nil
	for _, k := range kept {
		c := b.convByID(k.conv)
		if c == nil {
			continue
		}
		cu := b.cursorOf(c, k.person)
		if cu == nil {
			continue
		}
		if k.marks.dlv > cu.marks.dlv && k.marks.movedDlv {
			cu.marks.dlv, cu.marks.dlvMid, cu.marks.dlvT, cu.marks.movedDlv = k.marks.dlv, k.marks.dlvMid, k.marks.dlvT, true
		}
		if k.marks.rd > cu.marks.rd && k.marks.movedRd {
			own := k.marks.own
			b.peek(countOwn, func(scan func(...any) error) error { return scan(&own) }, c.id, k.marks.rdMid, k.person)
			cu.marks.rd, cu.marks.rdMid, cu.marks.rdT, cu.marks.own, cu.marks.movedRd = k.marks.rd, k.marks.rdMid, k.marks.rdT, own, true
		}
		b.touchCursor(cu)
	}
	if b.err != nil {
		l.st.kept = kept
	}
}

const countOwn = `SELECT count(*) FROM msg WHERE conv = $1 AND mid > $2 AND author = $3 AND kind = 0`

// touch notes that the head of c changes, so that it can be undone.
func (b *batch) touch(c *conv) {
	if c.batch != b.no {
		c.batch, c.saved = b.no, c.head
		b.convs = append(b.convs, c)
		c.l.st.dirty[c] = struct{}{}
	}
}

func (b *batch) touchCursor(c *cursor) {
	if c.batch != b.no {
		c.batch, c.saved = b.no, c.marks
		b.cursors = append(b.cursors, c)
		c.conv.l.st.dirtyCursors[c] = struct{}{}
	}
}

// structural notes that more than heads and cursors changes in memory: after a
// rollback it must all be read again.
func (b *batch) structural() { b.l.st.structural = b.no }

// person finds somebody without making or changing anything; nil: unknown.
func (b *batch) find(ref messages.Ref) *person {
	st := &b.l.st
	if ref.ID != 0 {
		id := pack(b.l.dom, ref.ID)
		if p := st.byID[id]; p != nil {
			return p
		}
		return b.readPerson(`id = $1 AND dom = $2`, id, b.l.dom)
	}
	if ref.GUID != "" {
		if p := st.byGUID[ref.GUID]; p != nil {
			return p
		}
		return b.readPerson(`guid = $1 AND guid <> '' AND dom = $2`, ref.GUID, b.l.dom)
	}
	return b.findSIP(ref.SIP)
}

func (b *batch) findSIP(sip string) *person {
	if sip == "" {
		return nil
	}
	key := strings.ToLower(sip)
	if p := b.l.st.bySIP[key]; p != nil {
		return p
	}
	return b.readPerson(`sip_key = $1 AND sip_key <> '' AND dom = $2`, key, b.l.dom)
}

func (b *batch) readPerson(where string, args ...any) (p *person) {
	b.peek(`SELECT id, guid, sip, name FROM person WHERE `+where, func(scan func(...any) error) error {
		p = &person{}
		return scan(&p.id, &p.guid, &p.sip, &p.name)
	}, args...)
	if p == nil || b.err != nil {
		return nil
	}
	if known := b.l.st.byID[p.id]; known != nil {
		return known
	}
	b.remember(p)
	return p
}

func (b *batch) remember(p *person) {
	b.l.st.byID[p.id] = p
	if p.guid != "" {
		b.l.st.byGUID[p.guid] = p
	}
	if p.sip != "" {
		b.l.st.bySIP[strings.ToLower(p.sip)] = p
	}
}

// intern makes a person known and brings the names up to date. nil with an error
// of the database, and for an empty ref or an unknown id.
func (b *batch) intern(ref messages.Ref) *person {
	p := b.find(ref)
	switch {
	case b.err != nil || ref.ID != 0:
		return p
	case p == nil && ref.GUID != "" && ref.SIP != "":
		// A person known by sip alone takes the first guid that comes with it.
		if p = b.findSIP(ref.SIP); p != nil && p.guid == "" {
			b.structural()
			p.guid = ref.GUID
			b.remember(p)
			b.put(`UPDATE person SET guid = $1 WHERE id = $2`, p.guid, p.id)
		} else {
			p = nil
		}
	}
	if p == nil {
		return b.newPerson(ref)
	}
	if ref.GUID != "" && ref.SIP != "" && ref.SIP != p.sip {
		b.rename(p, ref.SIP)
	}
	if ref.Name != "" && ref.Name != p.name {
		b.structural()
		p.name = ref.Name
		b.put(`UPDATE person SET name = $1 WHERE id = $2`, p.name, p.id)
	}
	return p
}

func (b *batch) newPerson(ref messages.Ref) *person {
	if ref.GUID == "" && ref.SIP == "" || b.err != nil {
		return nil
	}
	b.structural()
	p := &person{id: b.number(), guid: ref.GUID, name: ref.Name}
	b.put(`INSERT INTO person (id, dom, guid, sip, sip_key, name) VALUES ($1, $2, $3, '', '', $4)`, p.id, b.l.dom, p.guid, p.name)
	b.remember(p)
	if ref.SIP != "" {
		b.rename(p, ref.SIP)
	}
	return p
}

// rename gives a person a sip and takes it away from the one who had it.
func (b *batch) rename(p *person, sip string) {
	b.structural()
	if other := b.findSIP(sip); other != nil && other != p {
		delete(b.l.st.bySIP, strings.ToLower(sip))
		other.sip = ""
		b.put(`UPDATE person SET sip = '', sip_key = '' WHERE id = $1`, other.id)
	}
	if p.sip != "" {
		delete(b.l.st.bySIP, strings.ToLower(p.sip))
	}
	p.sip = sip
	b.remember(p)
	b.put(`UPDATE person SET sip = $1, sip_key = $2 WHERE id = $3`, sip, strings.ToLower(sip), p.id)
}
