package admin

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// index keeps the objects of domains in the orders in which lists were asked for,
// so that a part of a list of 100,000 costs a search and not a sort. It follows
// the directory: a change is noted, and sorted in when the list is read next. It
// is safe for several goroutines.
type index struct {
	dir *directory.Directory

	mu    sync.Mutex // guards the following; taken before pendingMu
	lists map[listKey]*ordered
	used  int64 // a count of uses, to find the list that was not used for longest

	pendingMu sync.Mutex // guards the following; held for moments, by those who write the directory
	pending   map[listKey]map[signal.ObjectID]bool
}

type listKey struct {
	domain signal.DomainID
	by     string // what it is sorted by
}

// ordered is the objects of a domain in one order.
type ordered struct {
	entries []orderedEntry
	used    int64
}

type orderedEntry struct {
	key string
	id  signal.ObjectID
}

// maxLists is how many orders are kept.
const maxLists = 64

func newIndex(dir *directory.Directory) *index {
	i := &index{dir: dir, lists: map[listKey]*ordered{}, pending: map[listKey]map[signal.ObjectID]bool{}}
	dir.Watch(i.changed)
	return i
}

// changed notes what is to be sorted in.
func (i *index) changed(c directory.Change) {
	if c.What != directory.ObjectSet && c.What != directory.ObjectGone && c.What != directory.DomainGone {
		return
	}
	i.pendingMu.Lock()
	defer i.pendingMu.Unlock()
	for key, ids := range i.pending {
		if key.domain == c.Address.Domain {
			ids[c.Address.Object] = true
		}
	}
}

// sortKeyOf is what an object is sorted by.
func sortKeyOf(o directory.Object, by string) string {
	switch by {
	case "num":
		return o.Num
	case "dn":
		return directory.Fold(o.DisplayName())
	case "id":
		return ""
	}
	return directory.Fold(o.SIP)
}

func compareEntries(a, b orderedEntry) int {
	return cmp.Or(strings.Compare(a.key, b.key), cmp.Compare(a.id, b.id))
}

// entries are the objects of the domain in the order. The slice is never changed.
func (i *index) entries(dom signal.DomainID, by string) []orderedEntry {
	i.mu.Lock()
	defer i.mu.Unlock()
	key := listKey{dom, by}
	i.used++
	list := i.lists[key]
	if list == nil {
		list = i.build(key)
	} else {
		i.refresh(key, list)
	}
	list.used = i.used
	return list.entries
}

// build reads and sorts a whole domain. What changes meanwhile is noted before.
func (i *index) build(key listKey) *ordered {
	i.makeRoom()
	i.pendingMu.Lock()
	i.pending[key] = map[signal.ObjectID]bool{}
	i.pendingMu.Unlock()
	list := &ordered{}
	for _, o := range i.dir.Objects(key.domain, nil) {
		list.entries = append(list.entries, orderedEntry{sortKeyOf(o, key.by), o.ID})
	}
	slices.SortFunc(list.entries, compareEntries)
	i.lists[key] = list
	return list
}

func (i *index) makeRoom() {
	if len(i.lists) < maxLists {
		return
	}
	var oldest listKey
	least := i.used
	for key, list := range i.lists {
		if list.used < least {
			oldest, least = key, list.used
		}
	}
	delete(i.lists, oldest)
	i.pendingMu.Lock()
	delete(i.pending, oldest)
	i.pendingMu.Unlock()
}

// refresh sorts in what has changed: one pass over the list.
func (i *index) refresh(key listKey, list *ordered) {
	ids := i.taken(key)
	if len(ids) == 0 {
		return
	}
	var fresh []orderedEntry
	for id := range ids {
		if o, ok := i.dir.Object(signal.Address{Domain: key.domain, Object: id}); ok {
			fresh = append(fresh, orderedEntry{sortKeyOf(o, key.by), id})
		}
	}
	slices.SortFunc(fresh, compareEntries)
	merged := make([]orderedEntry, 0, len(list.entries)+len(fresh))
	for _, e := range list.entries {
		for len(fresh) > 0 && compareEntries(fresh[0], e) < 0 {
			merged, fresh = append(merged, fresh[0]), fresh[1:]
		}
		if !ids[e.id] {
			merged = append(merged, e)
		}
	}
	list.entries = append(merged, fresh...)
}

// taken is what has changed since it was last taken; nobody writes to it any more.
func (i *index) taken(key listKey) map[signal.ObjectID]bool {
	i.pendingMu.Lock()
	defer i.pendingMu.Unlock()
	ids := i.pending[key]
	if len(ids) == 0 {
		return nil
	}
	i.pending[key] = map[signal.ObjectID]bool{}
	return ids
}

// query is what a list of objects is asked for.
type query struct {
	domain signal.DomainID
	by     string // sip, num, dn or id; with - in front: downwards
	cursor string
	limit  int
	want   func(directory.Object) bool
}

// page is one part of the objects of a domain.
func (i *index) page(q query) (Page[directory.Object], error) {
	p := Page[directory.Object]{Items: []directory.Object{}}
	by, down := strings.CutPrefix(q.by, "-")
	entries := i.entries(q.domain, by)
	step, at := 1, 0
	if down {
		step, at = -1, len(entries)-1
	}
	if q.cursor != "" {
		last, err := readEntry(q.cursor, q.by)
		if err != nil {
			return p, err
		}
		at = after(entries, last, down)
	}
	for ; at >= 0 && at < len(entries); at += step {
		o, ok := i.dir.Object(signal.Address{Domain: q.domain, Object: entries[at].id})
		if !ok || !q.want(o) {
			continue
		}
		if len(p.Items) == q.limit {
			return p, nil
		}
		p.Items = append(p.Items, o)
		p.Next = writeEntry(entries[at], q.by)
	}
	p.Next = ""
	return p, nil
}

// count is how many objects of a domain there are for the query, whatever part of
// them it asks for. It reads the list that the parts come from, so that nothing is
// sorted for it.
func (i *index) count(q query) int {
	n := 0
	for _, e := range i.entries(q.domain, strings.TrimPrefix(q.by, "-")) {
		if o, ok := i.dir.Object(signal.Address{Domain: q.domain, Object: e.id}); ok && q.want(o) {
			n++
		}
	}
	return n
}

// after is the place of the entry that follows last, which may have gone.
func after(entries []orderedEntry, last orderedEntry, down bool) int {
	at, found := slices.BinarySearchFunc(entries, last, compareEntries)
	switch {
	case down:
		return at - 1
	case found:
		return at + 1
	}
	return at
}

func writeEntry(e orderedEntry, by string) string {
	return makeCursor(by + "\x00" + e.key + "\x00" + strconv.FormatInt(int64(e.id), 10))
}

func readEntry(cursor, by string) (orderedEntry, error) {
	text, err := readCursor(cursor)
	parts := strings.Split(text, "\x00")
	if err == nil && (len(parts) != 3 || parts[0] != by) {
		_, err = readCursor("!")
	}
	if err != nil {
		return orderedEntry{}, err
	}
	id, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		_, err = readCursor("!")
	}
	return orderedEntry{parts[1], signal.ObjectID(id)}, err
}
