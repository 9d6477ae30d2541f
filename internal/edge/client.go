package edge

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// clientDoor is the myApps protocol on one connection (appwebsocket.md 2.8).
//
// Its fields belong to the reading goroutine, unless they are atomic: these are
// read for messages from elsewhere. pending is guarded by mu, because others may
// confirm or refuse the login; the directory is never written to under mu.
type clientDoor struct {
	conn  *conn
	asked *question // the challenge that waits for its answer
	wrong int       // failed logins on this socket

	mu      sync.Mutex // guards the following
	pending *pending   // waits for the second factor

	me   atomic.Pointer[member]   // nil before the login
	wake atomic.Pointer[[]string] // kinds of events to be woken for
	apps subscription             // guards itself
}

// member is who has logged in.
type member struct {
	owner   signal.Address
	session string // id of the session in the directory
}

// question is an outstanding Authenticate.
type question struct {
	kind      string // appservice.TypeUser or TypeSession
	domain    string // as sent
	id        signal.DomainID
	challenge string
}

func (d *clientDoor) name() string { return "client" }

// sessionID is the id of the session that is logged in, or empty.
func (d *clientDoor) sessionID() string {
	if m := d.me.Load(); m != nil {
		return m.session
	}
	return ""
}

// message implements door.
func (d *clientDoor) message(c *conn, f appservice.Frame) error {
	switch f.MT {
	case appservice.MTCheckBuild:
		return c.answer(f, appservice.CheckBuildResult{Version: c.edge.version, Build: c.edge.build})
	case appservice.MTSubscribeRegister:
		return c.answer(f, appservice.UpdateRegister{})
	case appservice.MTLoginInfo:
		return c.answer(f, appservice.LoginInfoResult{
			User: appservice.UserMethods{Digest: true}, Session: appservice.SessionMethods{Digest: true},
		})
	case appservice.MTLogin:
		return d.login(f)
	case appservice.MTLoginCancel:
		return d.cancel(f)
	}
	m := d.me.Load()
	if m == nil {
		return c.refuse(f, "before_login", appservice.TextNotLoggedIn)
	}
	return d.afterLogin(c, m, f)
}

// afterLogin handles what only a logged-in client may say.
func (d *clientDoor) afterLogin(c *conn, m *member, f appservice.Frame) error {
	switch f.MT {
	case appservice.MTLogout:
		return d.logout(m, f)
	case appservice.MTAuthorizeSession:
		return d.authorizeSession(m, f)
	case appservice.MTDeleteSession:
		return d.deleteSession(m, f)
	case appservice.MTSetSessionInfo:
		return d.setSessionInfo(m, f)
	case appservice.MTSubscribeApps:
		return d.subscribeApps(m, f)
	case appservice.MTSetApps:
		return d.setApps(m, f)
	case appservice.MTAppGetLogin:
		return d.appGetLogin(m, f)
	}
	return d.beyond(f)
}

// beyond hands over what this door does not know itself: to the API without name.
func (d *clientDoor) beyond(f appservice.Frame) error {
	c := d.conn
	api, s := c.edge.apis[""], c.sess.Load()
	if api == nil || s == nil {
		return c.refuse(f, "unknown_mt", appservice.TextUnknownMT)
	}
	if err := api.Handle(c.context(), s, f); err != nil {
		return c.failed(f, err)
	}
	return nil
}

// greeter is an API that wants to know when a myApps client has been told that it is
// logged in.
type greeter interface {
	Greet(t *signal.Turn, s appservice.Session)
}

// greet tells the APIs that want to know.
func (d *clientDoor) greet(t *signal.Turn) {
	s := d.conn.sess.Load()
	if s == nil {
		return
	}
	for _, api := range d.conn.edge.apis {
		if g, ok := api.(greeter); ok {
			g.Greet(t, s)
		}
	}
}

// ended implements door: a login that waited is given up.
func (d *clientDoor) ended(*conn) { d.giveUp(d.takePending()) }

// send queues v for the client, from any goroutine. A client that cannot be told
// is about to end.
func (d *clientDoor) send(t *signal.Turn, v any) {
	text, err := appservice.Marshal(v)
	if err != nil {
		d.conn.edge.log.Error("a message could not be encoded", "conn", d.conn.id, "err", err)
		return
	}
	_ = d.conn.queue(t, text)
}

// wants tells whether the client has announced a kind of wake.
func (d *clientDoor) wants(kind string) bool {
	kinds := d.wake.Load()
	return kinds != nil && slices.Contains(*kinds, kind)
}

// logout ends the login and forgets its session; registrations and calls end
// (A12). The socket may log in again.
func (d *clientDoor) logout(m *member, f appservice.Frame) error {
	c := d.conn
	c.endSession() // before the directory tells that the session is gone
	d.me.Store(nil)
	d.wake.Store(nil)
	d.apps.end()
	c.edge.deleteSession(m.owner, m.session)
	c.edge.wheel.awaitLogin(c)
	c.ws.SetReadLimit(int64(c.edge.lim.MessageBefore))
	return c.answer(f, appservice.LogoutResult{})
}

// dismiss ends the connection of a client whose login is no longer good: a
// LogoutResult that comes unasked makes it forget the session.
func (d *clientDoor) dismiss(reason string) {
	d.apps.end()
	d.send(nil, appservice.LogoutResult{})
	d.conn.ending.Store(true)
	d.conn.ws.Close(appservice.CloseNormal, reason)
}

// userOf is a person as the own client sees it.
func (e *Edge) userOf(u directory.Object) appservice.User {
	dom, _ := e.dir.Domain(u.Domain)
	return appservice.User{Domain: dom.Name, SIP: u.SIP, GUID: u.GUID, DN: u.DisplayName(), Num: u.Num}
}
