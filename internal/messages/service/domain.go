package service

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/lru"
	"github.com/tandem-switch/tandem/internal/messages"
)

// domain is a domain with at least one link: its log, and who of it is here.
type domain struct {
	s      *Service
	name   string // as the store knows it
	object string // name of its Messages object
	log    messages.Log
	ctx    context.Context
	cancel context.CancelFunc
	badge  *badge
	follow *follower

	mu       sync.Mutex // guards the following
	links    map[*link]struct{}
	people   map[messages.PersonID]map[*session]struct{} // sessions that have begun
	groups   map[messages.ConvID]map[*session]struct{}   // sessions of the members
	apps     map[messages.PersonID]map[*session]struct{} // sessions of logins through apps
	sessions map[int64]*session                          // by number, for links to files
	waiting  map[messages.Number]time.Time               // posts that wait for files, until then at most

	reachMu sync.Mutex // guards the following
	reach   *lru.Table[*rate.Limiter]
}

// enter finds the domain of a link, and opens it for the first one.
func (s *Service) enter(ctx context.Context, a Account) (*domain, error) {
	log, err := s.config.Store.Log(ctx, a.Domain)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.ToLower(a.Domain)
	if d := s.domains[name]; d != nil {
		return d, nil
	}
	d := &domain{
		s: s, name: name, object: a.Object, log: log,
		links: map[*link]struct{}{}, people: map[messages.PersonID]map[*session]struct{}{},
		groups: map[messages.ConvID]map[*session]struct{}{}, apps: map[messages.PersonID]map[*session]struct{}{}, sessions: map[int64]*session{},
		waiting: map[messages.Number]time.Time{},
		reach:   lru.New[*rate.Limiter](reachers),
	}
	d.ctx, d.cancel = context.WithCancel(s.ctx)
	d.badge, d.follow = newBadge(d), newFollower(d)
	s.domains[name] = d
	s.work.Go(d.badge.run)
	s.work.Go(d.follow.run)
	s.work.Go(d.expire)
	return d, nil
}

// join adds a link.
func (d *domain) join(l *link) {
	d.mu.Lock()
	d.links[l] = struct{}{}
	d.mu.Unlock()
	d.s.count(1, 0)
}

// leave removes a link, and with the last one the domain. A link that enters
// meanwhile opens it anew.
func (d *domain) leave(l *link) {
	d.s.mu.Lock()
	d.mu.Lock()
	delete(d.links, l)
	if len(d.links) == 0 && d.s.domains[d.name] == d {
		delete(d.s.domains, d.name)
		d.cancel()
	}
	d.mu.Unlock()
	d.s.mu.Unlock()
	d.s.count(-1, 0)
}

// trusted are the links of the Messages object.
func (d *domain) trusted() []*link {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]*link, 0, len(d.links))
	for l := range d.links {
		if l.trusted {
			list = append(list, l)
		}
	}
	return list
}

func (d *domain) isTrusted() bool { return len(d.trusted()) > 0 }

// tellSwitch sends news to every switch of the domain; false if one had no room for
// them.
func (d *domain) tellSwitch(v any, reason string) bool {
	raw, ok := d.marshal(v)
	for _, l := range d.trusted() {
		ok = l.news(raw, reason) && ok
	}
	return ok
}

// marshal writes a message of ours.
func (d *domain) marshal(v any) ([]byte, bool) {
	raw, err := appservice.Marshal(v)
	if err != nil {
		d.s.config.Log.Error("a message cannot be written", "error", err)
	}
	return raw, err == nil
}

// alive reports whether a session lives.
func (d *domain) alive(id int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sessions[id] != nil
}

// begin makes a session known, with the groups of its person.
func (d *domain) begin(x *session, groups []messages.Group) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sessions[x.id] = x
	put(d.people, x.person.ID, x)
	for _, id := range x.topics {
		put(d.apps, id, x)
	}
	for _, g := range groups {
		put(d.groups, g.ID, x)
	}
}

// end forgets a session.
func (d *domain) end(x *session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sessions[x.id] == x {
		delete(d.sessions, x.id)
	}
	if x.person.ID == 0 {
		return
	}
	take(d.people, x.person.ID, x)
	for _, id := range x.topics {
		take(d.apps, id, x)
	}
	for g := range d.groups {
		take(d.groups, g, x)
	}
}

// member notes that a person is in a group now, or no more.
func (d *domain) member(g messages.ConvID, p messages.PersonID, is bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for x := range d.people[p] {
		if is {
			put(d.groups, g, x)
		} else {
			take(d.groups, g, x)
		}
	}
}

// of are the sessions of a person.
func (d *domain) of(p messages.PersonID) []*session {
	d.mu.Lock()
	defer d.mu.Unlock()
	return keys(d.people[p])
}

// throughApp are the sessions that have the topic of an object: its own, and those
// of people who came through it.
func (d *domain) throughApp(p messages.PersonID) []*session {
	d.mu.Lock()
	own, through := keys(d.people[p]), keys(d.apps[p])
	d.mu.Unlock()
	return union(own, through)
}

// inGroup are the sessions of the members of a group.
func (d *domain) inGroup(g messages.ConvID) []*session {
	d.mu.Lock()
	defer d.mu.Unlock()
	return keys(d.groups[g])
}

// all are the sessions that have begun.
func (d *domain) all() []*session {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]*session, 0, len(d.sessions))
	for _, x := range d.sessions {
		list = append(list, x)
	}
	return list
}

func put[K comparable](m map[K]map[*session]struct{}, k K, x *session) {
	if m[k] == nil {
		m[k] = map[*session]struct{}{}
	}
	m[k][x] = struct{}{}
}

func take[K comparable](m map[K]map[*session]struct{}, k K, x *session) {
	delete(m[k], x)
	if len(m[k]) == 0 {
		delete(m, k)
	}
}

func keys(m map[*session]struct{}) []*session {
	list := make([]*session, 0, len(m))
	for x := range m {
		list = append(list, x)
	}
	return list
}
