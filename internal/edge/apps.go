package edge

import (
	"context"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/signal"
)

// userAPIs are the APIs that a person may use, each with the own resources only
// (appwebsocket.md 2.5, A10).
var userAPIs = []string{
	appservice.APIPbxSignal, appservice.APIPbxApi, appservice.APIPbxMessages,
	appservice.APIRCC, appservice.APIEpSignal,
}

// appsDoor is the AppWebsocket login on one connection (appwebsocket.md 2.1).
type appsDoor struct {
	conn     *conn
	acceptor *appservice.Acceptor // nil after the login
}

func newAppsDoor(c *conn) *appsDoor {
	d := &appsDoor{conn: c}
	dom, _ := c.edge.dir.ResolveLogin("", c.host)
	d.acceptor = appservice.NewAcceptor(appservice.AcceptorConfig{
		Host: d, Domain: dom.Name, Source: c.edge.challenge,
	})
	return d
}

func (d *appsDoor) name() string { return "apps" }

func (d *appsDoor) ended(*conn) {}

// message implements door.
func (d *appsDoor) message(c *conn, f appservice.Frame) error {
	if d.acceptor == nil {
		if f.MT == appservice.MTCheckBuild {
			return c.answer(f, appservice.CheckBuildResult{})
		}
		return c.refuse(f, "unknown_mt", appservice.TextUnknownMT)
	}
	step := d.acceptor.Handle(c.context(), f)
	if step.Accepted != nil {
		return d.enter(step)
	}
	if step.Failed != "" && step.Failed != appservice.FailedCredentials {
		c.edge.metrics.LoginFailed(d.name(), step.Failed)
	}
	if step.Reply != nil {
		if err := c.send(step.Reply); err != nil {
			return err
		}
	}
	if step.CloseCode != 0 {
		return c.close(step.CloseCode, step.Reason)
	}
	return nil
}

// enter goes on after a login that succeeded.
func (d *appsDoor) enter(step appservice.Step) error {
	c, in := d.conn, step.Accepted
	d.acceptor = nil
	if err := c.openSession(c.context(), in.Account.Principal, in.Login, in.Key); err != nil {
		return c.unopened(err)
	}
	return c.send(step.Reply)
}

var _ appservice.Host = (*appsDoor)(nil)

// Authenticate implements appservice.Host within the limits of attempts. Whoever
// does not exist costs the same as whoever does.
func (d *appsDoor) Authenticate(_ context.Context, l appservice.Login, check func(string) bool) (appservice.Account, error) {
	c, e := d.conn, d.conn.edge
	to := e.target(l, c.host)
	if !e.mayTry(d.name(), to.account, c.from) {
		check(e.dir.DummyUnseal())
		return appservice.Account{}, appservice.ErrLoginFailed
	}
	password, known := to.password(e)
	ok := check(password) && known && to.principal.ObjectID != 0
	e.tried(d.name(), to.account, c.from, ok)
	if !ok {
		return appservice.Account{}, appservice.ErrLoginFailed
	}
	return appservice.Account{Principal: to.principal, Domain: to.principal.Domain}, nil
}

// target is whom a login at the application door leads to, if its password is
// right (appwebsocket.md 2.5). ObjectID is 0 in principal if it leads nowhere.
type target struct {
	account   string         // what failures are counted for
	owner     signal.Address // whose password it is
	known     bool
	secret    string // instead of a password of an object
	principal appservice.Principal
}

func (t target) password(e *Edge) (string, bool) {
	if t.secret != "" {
		return t.secret, true
	}
	return e.password(t.owner, t.known)
}

// target finds out what a login claims to be.
func (e *Edge) target(l appservice.Login, host string) target {
	dom, ok := e.dir.ResolveLogin(l.Domain, host)
	if !ok {
		return target{account: accountName(0, "?", l.App+"\x00"+l.SIP)}
	}
	if l.App == "" && l.PbxObj == "" {
		return e.userTarget(dom, l.SIP)
	}
	a := e.findApp(dom, l)
	switch {
	case a.name == "":
		return target{account: accountName(dom.ID, "a", l.App)}
	case a.builtin:
		return target{
			account: accountName(dom.ID, "b", l.SIP), secret: e.secret,
			principal: e.onBehalf(dom, a, l.SIP),
		}
	}
	t := target{account: accountName(dom.ID, "a", a.name), owner: a.object.Address(), known: !a.object.Disabled}
	if l.SIP == "" || strings.EqualFold(l.SIP, a.object.SIP) {
		t.principal = e.appItself(dom, a)
	} else {
		t.principal = e.onBehalf(dom, a, l.SIP)
	}
	return t
}

// userTarget is a person with the own password. Whoever has a second factor
// cannot log in so: nobody could confirm it here.
func (e *Edge) userTarget(dom directory.Domain, sip string) target {
	t := target{account: accountName(dom.ID, "u", directory.LocalPart(sip))}
	user, ok := e.dir.UserByName(dom.ID, sip)
	if !ok || user.Disabled {
		return t
	}
	t.owner, t.known = user.Address(), true
	if !user.SecondFactor {
		t.principal = principalOf(dom, user, "", userAPIs)
	}
	return t
}

// appItself is the App object: it may use exactly what is ticked.
func (e *Edge) appItself(dom directory.Domain, a app) appservice.Principal {
	p := principalOf(dom, a.object, a.name, a.object.APIs)
	p.IsApp = true
	return p
}

// onBehalf is a person for whom an app acts; the zero value if there is none.
func (e *Edge) onBehalf(dom directory.Domain, a app, sip string) appservice.Principal {
	user, ok := e.dir.UserByName(dom.ID, sip)
	if !ok || user.Disabled {
		return appservice.Principal{}
	}
	if a.builtin {
		return principalOf(dom, user, a.name, userAPIs)
	}
	return principalOf(dom, user, a.name, intersection(a.object.APIs, userAPIs))
}

func principalOf(dom directory.Domain, o directory.Object, app string, apis []string) appservice.Principal {
	return appservice.Principal{
		DomainID: int64(dom.ID), ObjectID: int64(o.ID), Domain: dom.Name, SIP: o.SIP, App: app, APIs: apis,
	}
}

func intersection(ticked, allowed []string) []string {
	var both []string
	for _, api := range allowed {
		if slices.Contains(ticked, api) {
			both = append(both, api)
		}
	}
	return both
}

// app is an App object, or a built-in app, whose password is a secret of this
// process (decision 18).
type app struct {
	name    string // empty: none
	builtin bool
	object  directory.Object
}

// findApp finds the app of a login: the one of the device dev:<hw>, the object
// that pbxObj names, or the one that app names.
func (e *Edge) findApp(dom directory.Domain, l appservice.Login) app {
	if hw, ok := strings.CutPrefix(l.PbxObj, "dev:"); ok {
		user, _ := e.dir.UserByName(dom.ID, l.SIP)
		dev, _ := e.dir.DeviceByHW(user.Address(), hw)
		return e.appNamed(dom.ID, dev.App)
	}
	if a := e.appNamed(dom.ID, l.PbxObj); a.name != "" {
		return a
	}
	return e.appNamed(dom.ID, l.App)
}

// appNamed prefers an object of the domain to a built-in app of its name.
func (e *Edge) appNamed(dom signal.DomainID, name string) app {
	if o, ok := e.dir.AppByName(dom, name); ok && name != "" {
		return app{name: o.SIP, object: o}
	}
	if directory.IsBuiltinApp(name) {
		return app{name: name, builtin: true}
	}
	return app{}
}

// accountName is what failed logins are counted for: the same at both doors.
func accountName(dom signal.DomainID, kind, name string) string {
	return guard.Key(kind, int64(dom), directory.Fold(name))
}
