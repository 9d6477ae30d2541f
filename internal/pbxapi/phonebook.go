package pbxapi

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// Limits of SearchPeople.
const (
	maxQuery  = 256 // bytes of what is looked for
	pagePeers = 20  // people of a page where the asker does not say
	mostPeers = 50
	mostScans = 4 // pages that are searched at a time; others wait, or leave
)

// phonebook finds people for people: by parts of their names, their numbers and mail
// addresses. It keeps a register for each domain that was asked for, and brings it up
// to date with the history of the domain when it is asked, as names does for the long
// names: no search holds up the directory.
type phonebook struct {
	dir   *directory.Directory
	slots chan struct{}

	mu        sync.Mutex // guards the following
	registers map[signal.DomainID]*register
}

func newPhonebook(dir *directory.Directory) *phonebook {
	b := &phonebook{dir: dir, slots: make(chan struct{}, mostScans), registers: map[signal.DomainID]*register{}}
	dir.Watch(func(c directory.Change) {
		if c.What == directory.DomainGone {
			b.mu.Lock()
			delete(b.registers, c.Address.Domain)
			b.mu.Unlock()
		}
	})
	return b
}

// register is the people of a domain by their display names.
type register struct {
	mu     sync.Mutex // guards the following; the directory is read under it
	cursor directory.Cursor
	byID   map[signal.ObjectID]*entry
	list   []*entry // in order; an entry is never changed, so a scan needs no lock
	stale  bool     // list lacks what byID has
}

// entry is one of the register.
type entry struct {
	key   string // the display name, plain
	id    signal.ObjectID
	words string // everything that a search may begin with, each behind a newline
}

func (l *entry) compare(o *entry) int {
	return cmp.Or(strings.Compare(l.key, o.key), cmp.Compare(l.id, o.id))
}

// plain is the form in which people are looked for: without regard to case, accents
// and how they are written.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		if r == 'ı' {
			return 'i'
		}
		return r
	}, norm.NFKD.String(s))
	return directory.Fold(s)
}

// listing is how an object is found; nil for what is nobody's to find.
func listing(o *directory.Object) *entry {
	if o.Kind != directory.User || o.Disabled {
		return nil
	}
	l := &entry{key: plain(o.DisplayName()), id: o.ID}
	var words strings.Builder
	add := func(s string) { words.WriteString("\n" + s) }
	for _, s := range []string{o.DisplayName(), o.CN, o.SIP, o.Num} {
		for _, w := range strings.FieldsFunc(plain(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
			add(w)
		}
	}
	add(plain(o.SIP))
	for _, mail := range o.Emails {
		add(plain(mail))
	}
	l.words = words.String()
	return l
}

// people are those of a domain, up to date and in order.
func (b *phonebook) people(dom signal.DomainID) []*entry {
	b.mu.Lock()
	r := b.registers[dom]
	if r == nil {
		r = &register{}
		b.registers[dom] = r
	}
	b.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.follow(b.dir, dom)
	return r.list
}

// follow takes in what has changed. The list is made anew: whoever scans the old one
// goes on with it.
func (r *register) follow(dir *directory.Directory, dom signal.DomainID) {
	for {
		s, ok, err := dir.NextStep(&r.cursor)
		if err != nil {
			cursor, err := dir.History(dom, 0)
			r.cursor, r.byID, r.stale = cursor, map[signal.ObjectID]*entry{}, true
			if err != nil {
				break
			}
			continue
		}
		if !ok {
			break
		}
		r.take(&s)
	}
	if !r.stale {
		return
	}
	r.stale = false
	r.list = make([]*entry, 0, len(r.byID))
	for _, l := range r.byID {
		r.list = append(r.list, l)
	}
	slices.SortFunc(r.list, (*entry).compare)
}

func (r *register) take(s *directory.Step) {
	var fresh *entry
	if !s.Gone {
		fresh = listing(&s.Object)
	}
	old := r.byID[s.Object.ID]
	switch {
	case fresh == nil && old == nil, fresh != nil && old != nil && *fresh == *old:
		return
	case fresh == nil:
		delete(r.byID, s.Object.ID)
	default:
		r.byID[s.Object.ID] = fresh
	}
	r.stale = true
}

// place is behind which one a page begins, as told to clients: the id, and the key for
// the case that the person has gone.
func (l *entry) place() string { return strconv.FormatInt(int64(l.id), 36) + "." + l.key }

func entryAt(place string) (*entry, bool) {
	id, key, ok := strings.Cut(place, ".")
	n, err := strconv.ParseInt(id, 36, 64)
	return &entry{key: key, id: signal.ObjectID(n)}, ok && err == nil
}

// fits tells whether each word of the query begins something of the person's.
func (l *entry) fits(query []string) bool {
	for _, w := range query {
		if !strings.Contains(l.words, w) {
			return false
		}
	}
	return true
}

// peer is somebody who was found.
type peer struct {
	SIP   string `json:"sip"`
	DN    string `json:"dn"`
	GUID  string `json:"guid"`
	Num   string `json:"num,omitempty"`
	Email string `json:"email,omitempty"`
}

// peers is the answer to SearchPeople.
type peers struct {
	MT     string `json:"mt"`
	People []peer `json:"people"`
	Next   string `json:"next,omitempty"`
}

// find gives the first people behind a place whom the asker may see.
func (b *phonebook) find(asker signal.Address, query []string, behind *entry, most int) peers {
	found := peers{People: []peer{}}
	list := b.people(asker.Domain)
	from, exact := slices.BinarySearchFunc(list, behind, (*entry).compare)
	if exact {
		from++
	}
	room := listSpace
	var last *entry
	for _, l := range list[from:] {
		if !l.fits(query) {
			continue
		}
		p, ok := b.peer(asker, l.id)
		if !ok {
			continue
		}
		text, err := appservice.Marshal(p)
		if room -= len(text) + 1; err != nil || len(found.People) == most || room < 0 {
			found.Next = last.place()
			break
		}
		found.People, last = append(found.People, p), l
	}
	return found
}

// peer is what the asker may see of somebody: nothing of who is hidden from lists, or
// from the asker.
func (b *phonebook) peer(asker signal.Address, id signal.ObjectID) (peer, bool) {
	target := signal.Address{Domain: asker.Domain, Object: id}
	if target != asker && !b.dir.Visible(asker, target) {
		return peer{}, false
	}
	o, ok := b.dir.Effective(target)
	if !ok || (o.Hide != nil && *o.Hide && target != asker) {
		return peer{}, false
	}
	p := peer{SIP: o.SIP, DN: o.DisplayName(), GUID: o.GUID, Num: b.dir.NumberFrom(asker, target)}
	if len(o.Emails) > 0 {
		p.Email = o.Emails[0]
	}
	return p, true
}

// enter waits for one of the searches that run at a time.
func (b *phonebook) enter(ctx context.Context) (leave func(), err error) {
	select {
	case b.slots <- struct{}{}:
		return func() { <-b.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// searchPeople serves SearchPeople: people whose names, numbers or mail addresses
// begin with each word of text, by display name.
func (p *PbxAPI) searchPeople(r *visit) error {
	text := r.text("text")
	behind, ok := &entry{}, true
	if place := r.text("after"); place != "" {
		behind, ok = entryAt(place)
	}
	most, f := count("count", r.frame.Get("count"), mostPeers)
	if len(text) > maxQuery || !ok || f != nil {
		return r.done(bad("", "text has at most 256 bytes, after is a place, count a number."))
	}
	if !r.frame.Get("count").Exists() {
		most = pagePeers
	}
	leave, err := p.book.enter(r.ctx)
	if err != nil {
		return err
	}
	defer leave()
	words := strings.Fields(plain(text))
	for i, w := range words {
		words[i] = "\n" + w
	}
	found := p.book.find(r.self(), words, behind, most)
	found.MT = "SearchPeopleResult"
	return r.reply(found)
}
