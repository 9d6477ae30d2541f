package pbxapi

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// Presence knows who is reachable, and tells those who have subscribed. What people
// say about themselves is kept in the directory; whether somebody is there, active or
// on the phone is seen here. PbxApi and the myApps messages share one Presence, so
// that both show the same.
//
// A subscription is told on the goroutine that changes something: by the directory,
// by the switch, with its locks held, or by an API. Its own lock keeps what is told
// in order; it comes after the locks of calls and before those of the switch, the
// directory and Presence.mu.
type Presence struct {
	dir *directory.Directory
	sw  Activities
	log *slog.Logger

	mu      sync.Mutex // guards the following
	watched map[signal.Address]map[*watch]struct{}
	nobody  map[wanted]map[*watch]struct{} // those whose object is not there, or hidden
	clients map[signal.Address]map[appservice.Session]bool
	alien   map[signal.Address]int // calls on other phones
}

// Activities tells what objects do. The switch implements it.
type Activities interface {
	Activity(signal.Address) signal.Activity
}

var _ signal.Watcher = (*Presence)(nil)

// NewPresence makes the service. It follows the directory from now on; the caller
// makes it the watcher of the switch. A nil log discards.
func NewPresence(dir *directory.Directory, sw Activities, log *slog.Logger) *Presence {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	p := &Presence{
		dir: dir, sw: sw, log: log,
		watched: map[signal.Address]map[*watch]struct{}{},
		nobody:  map[wanted]map[*watch]struct{}{},
		clients: map[signal.Address]map[appservice.Session]bool{},
		alien:   map[signal.Address]int{},
	}
	dir.Watch(p.changed)
	return p
}

// The contacts of a presence that have a meaning here, and its words.
const (
	contactTel   = directory.ContactTel
	contactIM    = "im:"
	contactApp   = "app:"
	statusOpen   = "open"
	statusClosed = "closed"
	onThePhone   = "on-the-phone"
	away         = "away"
)

// watch is one subscription. It asks for an object by name or number, which may come
// and go.
type watch struct {
	asker    signal.Address
	sip, num string
	tell     func(t *signal.Turn, old *view, now view)

	target signal.Address // guarded by Presence.mu; no object: nobody

	mu   sync.Mutex // guards the following
	over bool
	last *view // what was told; nil: nothing yet
}

// wanted is what a subscription waits for: a folded name, or a number.
type wanted struct {
	domain    signal.DomainID
	name, num string
}

func (w *watch) wanted() wanted {
	if w.sip != "" {
		user, _, _ := strings.Cut(strings.TrimPrefix(w.sip, "sip:"), "@")
		return wanted{domain: w.asker.Domain, name: directory.Fold(user)}
	}
	return wanted{domain: w.asker.Domain, num: w.num}
}

// view is what a subscriber sees of an object.
type view struct {
	up                  bool
	address             signal.Address
	sip, num, dn, email string
	presence            []appservice.Presence
}

// sameObject tells whether everything but the presence is the same.
func (v *view) sameObject(o *view) bool {
	return v.up == o.up && v.sip == o.sip && v.num == o.num && v.dn == o.dn && v.email == o.email
}

// subscribe enters a subscription and tells what there is now.
func (p *Presence) subscribe(t *signal.Turn, w *watch) {
	p.mu.Lock()
	p.file(w, signal.Address{})
	p.mu.Unlock()
	p.refresh(t, w)
}

// unsubscribe ends it: nothing is told any more when it returns.
func (p *Presence) unsubscribe(w *watch) {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unfile(w)
}

// file puts the watch where its object is found; no object: to those of nobody. The
// caller holds p.mu.
func (p *Presence) file(w *watch, target signal.Address) {
	w.target = target
	if target.Object == 0 {
		put(p.nobody, w.wanted(), w)
		return
	}
	put(p.watched, target, w)
}

func (p *Presence) unfile(w *watch) {
	take(p.nobody, w.wanted(), w)
	take(p.watched, w.target, w)
}

func put[K comparable](m map[K]map[*watch]struct{}, key K, w *watch) {
	if m[key] == nil {
		m[key] = map[*watch]struct{}{}
	}
	m[key][w] = struct{}{}
}

func take[K comparable](m map[K]map[*watch]struct{}, key K, w *watch) {
	delete(m[key], w)
	if len(m[key]) == 0 {
		delete(m, key)
	}
}

// refresh looks at the object of a subscription and tells what is new.
func (p *Presence) refresh(t *signal.Turn, w *watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	now := p.view(w)
	p.mu.Lock()
	if w.target != now.address {
		p.unfile(w)
		p.file(w, now.address)
	}
	p.mu.Unlock()
	old := w.last
	if old != nil && old.sameObject(&now) && slices.Equal(old.presence, now.presence) {
		return
	}
	w.last = &now
	w.tell(t, old, now)
}

// view is what the asker may see. An object that is hidden is not there.
func (p *Presence) view(w *watch) view {
	v := view{sip: w.sip, num: w.num}
	found, ok := p.dir.Resolve(w.asker, w.sip, w.num)
	if !ok || found.Gateway {
		return v
	}
	sees := p.dir.Sees(w.asker, found.Address)
	o, ok := p.dir.Object(found.Address)
	if !ok || !sees.Visible {
		return v
	}
	v.up, v.address = true, found.Address
	v.sip, v.num, v.dn = o.SIP, p.dir.NumberFrom(w.asker, found.Address), o.DisplayName()
	if len(o.Emails) > 0 {
		v.email = o.Emails[0]
	}
	v.presence = p.seen(&o, sees)
	return v
}

// seen is the presence of an object as far as it is shown: that of its phones, of its
// clients, and what else it has said, the newest first.
func (p *Presence) seen(o *directory.Object, sees directory.Allow) []appservice.Presence {
	act, clients, active, alien := p.activity(o.Address())
	tel := appservice.Presence{Contact: contactTel}
	var others []appservice.Presence
	for _, x := range o.Presence {
		shown := appservice.Presence{Contact: x.Contact, Status: statusOpen}
		if sees.Presence {
			shown.Activity = x.Activity
		}
		if sees.Note {
			shown.Note = x.Note
		}
		switch {
		case x.Contact == contactTel:
			tel = shown
		case sees.Presence || sees.Note:
			others = append(others, shown)
		}
	}
	tel.Status = ""
	if sees.Online {
		tel.Status = status(act.Registered)
	}
	if sees.OTF && tel.Activity == "" && (act.OnPhone || alien) {
		tel.Activity = onThePhone
	}
	var list []appservice.Presence
	if sees.Online || sees.Presence || sees.OTF || sees.Note {
		list = append(list, tel)
	}
	if sees.Online {
		im := appservice.Presence{Contact: contactIM, Status: status(act.Registered || clients)}
		if sees.Presence && clients && !active {
			im.Activity = away
		}
		list = append(list, im)
	}
	return append(list, others...)
}

func status(open bool) string {
	if open {
		return statusOpen
	}
	return statusClosed
}

// activity is what is known of an object beside the directory.
func (p *Presence) activity(a signal.Address) (act signal.Activity, clients, active, alien bool) {
	act = p.sw.Activity(a)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, inactive := range p.clients[a] {
		clients, active = true, active || !inactive
	}
	return act, clients, active, p.alien[a] > 0
}

// ActivityChanged implements signal.Watcher.
func (p *Presence) ActivityChanged(t *signal.Turn, a signal.Address) {
	for _, w := range p.of(a) {
		p.refresh(t, w)
	}
}

// of lists the subscriptions of an object.
func (p *Presence) of(a signal.Address) []*watch {
	p.mu.Lock()
	defer p.mu.Unlock()
	return listed(p.watched[a])
}

func listed(set map[*watch]struct{}) []*watch {
	if len(set) == 0 {
		return nil
	}
	list := make([]*watch, 0, len(set))
	for w := range set {
		list = append(list, w)
	}
	return list
}

// changed follows the directory.
func (p *Presence) changed(c directory.Change) {
	var list []*watch
	switch c.What {
	case directory.PersonalSet:
		list = p.of(c.Address)
	case directory.ObjectSet, directory.ObjectGone:
		list = append(p.of(c.Address), p.missing(c)...)
	default:
		return
	}
	if len(list) == 0 {
		return
	}
	signal.RunTurn(context.Background(), func(t *signal.Turn) {
		for _, w := range list {
			p.refresh(t, w)
		}
	})
}

// missing lists the subscriptions that wait for an object like the changed one: of
// its name, or its number in its node or as it is dialled from the root.
func (p *Presence) missing(c directory.Change) []*watch {
	o, ok := p.dir.Object(c.Address)
	if !ok {
		return nil
	}
	keys := []wanted{{domain: o.Domain, name: directory.Fold(o.SIP)}}
	if o.Num != "" {
		party, _ := p.dir.Party(c.Address)
		keys = append(keys, wanted{domain: o.Domain, num: o.Num}, wanted{domain: o.Domain, num: party.Num})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*watch
	for _, key := range slices.Compact(keys) {
		list = append(list, listed(p.nobody[key])...)
	}
	return list
}

// setClient says that a person has a myApps client, and whether somebody sits at it.
func (p *Presence) setClient(t *signal.Turn, a signal.Address, s appservice.Session, inactive bool) {
	p.mu.Lock()
	if p.clients[a] == nil {
		p.clients[a] = map[appservice.Session]bool{}
	}
	p.clients[a][s] = inactive
	p.mu.Unlock()
	p.ActivityChanged(t, a)
}

// dropClient says that the client has gone.
func (p *Presence) dropClient(t *signal.Turn, a signal.Address, s appservice.Session) {
	p.mu.Lock()
	_, there := p.clients[a][s]
	delete(p.clients[a], s)
	if len(p.clients[a]) == 0 {
		delete(p.clients, a)
	}
	p.mu.Unlock()
	if there {
		p.ActivityChanged(t, a)
	}
}

// addAlien counts calls that a person has on other phones.
func (p *Presence) addAlien(t *signal.Turn, a signal.Address, n int) {
	p.mu.Lock()
	if p.alien[a] += n; p.alien[a] == 0 {
		delete(p.alien, a)
	}
	p.mu.Unlock()
	p.ActivityChanged(t, a)
}
