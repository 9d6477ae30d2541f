package pbxapi

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// names finds objects by their long names, which the directory does not. It keeps
// a book for each domain that was asked for, and brings it up to date with the
// history of the domain when it is asked: so no question holds up the directory.
type names struct {
	dir *directory.Directory

	mu    sync.Mutex // guards the following
	books map[signal.DomainID]*book
}

func newNames(dir *directory.Directory) *names {
	return &names{dir: dir, books: map[signal.DomainID]*book{}}
}

// book is the long names of a domain.
type book struct {
	mu     sync.Mutex // guards the following; the directory is read under it
	cursor directory.Cursor
	places []place // in order
	byID   map[signal.ObjectID]place
}

// place is that of an object in the order of long names.
type place struct {
	key  string // the long name without regard to case
	id   signal.ObjectID
	kind directory.Kind
}

func (p place) compare(q place) int {
	return cmp.Or(strings.Compare(p.key, q.key), cmp.Compare(p.id, q.id))
}

// book is that of a domain, up to date and locked.
func (n *names) book(dom signal.DomainID) *book {
	n.mu.Lock()
	b := n.books[dom]
	if b == nil {
		b = &book{}
		n.books[dom] = b
	}
	n.mu.Unlock()
	b.mu.Lock()
	b.follow(n.dir, dom)
	return b
}

// forget drops the book of a domain that has gone.
func (n *names) forget(dom signal.DomainID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.books, dom)
}

// few is how many changes are put in their places one by one.
const few = 256

// follow takes in what has changed.
func (b *book) follow(dir *directory.Directory, dom signal.DomainID) {
	changes := 0
	for {
		s, ok, err := dir.NextStep(&b.cursor)
		if err != nil && b.begin(dir, dom) {
			changes = few + 1
			continue
		}
		if err != nil || !ok {
			break
		}
		changes++
		b.take(&s, changes <= few)
	}
	if changes > few {
		b.places = b.places[:0]
		for _, p := range b.byID {
			b.places = append(b.places, p)
		}
		slices.SortFunc(b.places, place.compare)
	}
}

// begin starts with the whole domain; false if there is no such domain.
func (b *book) begin(dir *directory.Directory, dom signal.DomainID) bool {
	cursor, err := dir.History(dom, 0)
	b.cursor, b.byID = cursor, map[signal.ObjectID]place{}
	return err == nil
}

// take puts one change into the book; inPlace also into the order.
func (b *book) take(s *directory.Step, inPlace bool) {
	old, known := b.byID[s.Object.ID]
	fresh := place{directory.Fold(longName(&s.Object)), s.Object.ID, s.Object.Kind}
	if known && !s.Gone && fresh == old {
		return
	}
	if known && inPlace {
		if at, found := slices.BinarySearchFunc(b.places, old, place.compare); found {
			b.places = slices.Delete(b.places, at, at+1)
		}
	}
	if s.Gone {
		delete(b.byID, s.Object.ID)
		return
	}
	b.byID[s.Object.ID] = fresh
	if inPlace {
		at, _ := slices.BinarySearchFunc(b.places, fresh, place.compare)
		b.places = slices.Insert(b.places, at, fresh)
	}
}

// from is the places from a long name on.
func (b *book) from(key string) []place {
	at, _ := slices.BinarySearchFunc(b.places, key, func(p place, key string) int { return strings.Compare(p.key, key) })
	return b.places[at:]
}

// find lists the objects with a long name, in any case.
func (n *names) find(dom signal.DomainID, cn string) []directory.Object {
	key := directory.Fold(cn)
	b := n.book(dom)
	var ids []signal.ObjectID
	for _, p := range b.from(key) {
		if p.key != key {
			break
		}
		ids = append(ids, p.id)
	}
	b.mu.Unlock()
	return n.objects(dom, ids)
}

// users lists the first users behind from, or with: from it on, in the order of
// their long names.
func (n *names) users(dom signal.DomainID, from string, with bool, most int) []directory.Object {
	key := directory.Fold(from)
	b := n.book(dom)
	var ids []signal.ObjectID
	for _, p := range b.from(key) {
		if len(ids) == most {
			break
		}
		if p.kind == directory.User && (with || p.key != key) {
			ids = append(ids, p.id)
		}
	}
	b.mu.Unlock()
	return n.objects(dom, ids)
}

func (n *names) objects(dom signal.DomainID, ids []signal.ObjectID) []directory.Object {
	list := make([]directory.Object, 0, len(ids))
	for _, id := range ids {
		if o, ok := n.dir.Object(signal.Address{Domain: dom, Object: id}); ok {
			list = append(list, o)
		}
	}
	return list
}
