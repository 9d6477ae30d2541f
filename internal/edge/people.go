package edge

import (
	"slices"
	"sync"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// people knows which connections are logged in, by whom they act for.
type people struct {
	mu   sync.Mutex // guards the following
	live map[signal.Address][]*conn
}

func newPeople() *people { return &people{live: map[signal.Address][]*conn{}} }

func (p *people) add(a signal.Address, c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live[a] = append(p.live[a], c)
}

func (p *people) remove(a signal.Address, c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.live[a]
	at := slices.Index(list, c)
	switch {
	case at < 0:
	case len(list) == 1:
		delete(p.live, a)
	default:
		p.live[a] = slices.Delete(list, at, at+1)
	}
}

// of lists the connections of an object.
func (p *people) of(a signal.Address) []*conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.live[a])
}

// clients lists the myApps sessions among them.
func (p *people) clients(a signal.Address) []*clientDoor {
	var list []*clientDoor
	for _, c := range p.of(a) {
		if d, ok := c.door.(*clientDoor); ok {
			list = append(list, d)
		}
	}
	return list
}

// clientsIn lists the myApps sessions of a domain.
func (p *people) clientsIn(dom signal.DomainID) []*clientDoor {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []*clientDoor
	for a, conns := range p.live {
		if a.Domain != dom {
			continue
		}
		for _, c := range conns {
			if d, ok := c.door.(*clientDoor); ok {
				list = append(list, d)
			}
		}
	}
	return list
}

// addressOf is the object on whose behalf a session acts.
func addressOf(p appservice.Principal) signal.Address {
	return signal.Address{Domain: signal.DomainID(p.DomainID), Object: signal.ObjectID(p.ObjectID)}
}

var _ signal.Waker = (*Edge)(nil)

// Wake implements signal.Waker: it goes to the live sessions of the person that
// have announced the kind with SetSessionInfo (decision 51).
func (e *Edge) Wake(t *signal.Turn, a signal.Address, kind string) bool {
	woken := false
	for _, d := range e.people.clients(a) {
		if d.wants(kind) {
			d.send(t, appservice.Wake{Type: kind})
			woken = true
		}
	}
	return woken
}

// changed tells live connections what has changed in the directory, whoever has
// changed it. It runs on the goroutine of the writer and never blocks.
func (e *Edge) changed(ch directory.Change) {
	switch ch.What {
	case directory.ObjectSet:
		e.objectSet(ch.Address)
	case directory.ObjectGone:
		e.expelAll(ch.Address)
		e.appChanged(ch.Address) // as far as it was one
	case directory.SessionAdded:
		e.tellSession(ch, func(id string, i appservice.SessionInfo) any { return appservice.SessionAdded{ID: id, Info: i} })
	case directory.SessionSet:
		e.tellSession(ch, func(id string, i appservice.SessionInfo) any { return appservice.SessionUpdated{ID: id, Info: i} })
		e.confirmed(ch.Session)
	case directory.SessionGone:
		e.sessionGone(ch)
	}
}

// objectSet ends the connections of a disabled object, and shows the others
// their user and its apps as they are now.
func (e *Edge) objectSet(a signal.Address) {
	o, ok := e.dir.Object(a)
	if o.Kind == directory.App {
		e.appChanged(a)
	}
	if !ok || o.Disabled {
		e.expelAll(a)
		return
	}
	for _, d := range e.people.clients(a) {
		d.send(nil, appservice.UpdateUser{User: e.userOf(o)})
		d.tellApps(nil)
	}
}

// expelAll ends every connection of an object.
func (e *Edge) expelAll(a signal.Address) {
	for _, c := range e.people.of(a) {
		if d, ok := c.door.(*clientDoor); ok {
			d.dismiss("disabled")
			continue
		}
		c.ending.Store(true)
		c.ws.Close(appservice.ClosePolicy, "disabled")
	}
}

// tellSession shows a session to the live clients of its owner.
func (e *Edge) tellSession(ch directory.Change, message func(string, appservice.SessionInfo) any) {
	s, ok := e.dir.Session(ch.Session)
	if !ok {
		return
	}
	for _, d := range e.people.clients(ch.Address) {
		d.send(nil, message(s.ID, sessionInfo(s, d.sessionID())))
	}
}

// sessionGone ends what lives of a session and tells the owner's other clients.
func (e *Edge) sessionGone(ch directory.Change) {
	if d := e.waiting.get(ch.Session); d != nil {
		d.reject(d.takePending())
	}
	for _, d := range e.people.clients(ch.Address) {
		if d.sessionID() == ch.Session {
			d.dismiss("session deleted")
			continue
		}
		d.send(nil, appservice.SessionDeleted{ID: ch.Session})
	}
}
