package edge

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/signal"
)

// loginError is a failed myApps login (decision 24). An attempt is one that
// counts against the limit of the socket.
type loginError struct {
	code    int
	text    string
	attempt bool
}

// Error implements error.
func (e *loginError) Error() string { return e.text }

var (
	errInvalid       = &loginError{code: appservice.LoginInvalid, text: "Invalid parameters"}
	errTemporary     = &loginError{code: appservice.LoginInvalid, text: "Temporary failure"}
	errCredentials   = &loginError{code: appservice.LoginFailed, text: "Authentication failed", attempt: true}
	errExpired       = &loginError{code: appservice.LoginExpired, text: "Session expired", attempt: true}
	errNotAuthorized = &loginError{code: appservice.LoginNotAuthorized, text: "Not authorized"}
)

// maxAttempts is how many wrong logins one socket may send: the last one is
// answered, then the connection closes (decision 12, A12).
const maxAttempts = 5

// maxUserName bounds a name as sent; with domain, 64 + 1 + 253 and some room.
const maxUserName = 384

// claim is the second Login of a client.
type claim struct {
	kind, method, username, nonce, response, userAgent string
}

func claimFrom(f appservice.Frame) claim {
	return claim{
		kind: f.Get("type").String(), method: f.Get("method").String(), username: f.Get("username").String(),
		nonce: f.Get("nonce").String(), response: f.Get("response").String(), userAgent: f.Get("userAgent").String(),
	}
}

// first tells that the Login asks for a challenge.
func (l claim) first() bool { return l.response == "" && l.username == "" }

func (l claim) valid() bool {
	return (l.kind == appservice.TypeUser || l.kind == appservice.TypeSession) &&
		(l.method == "" || l.method == appservice.MethodDigest) && len(l.username) <= maxUserName
}

// entry is a login whose digest was right.
type entry struct {
	user      directory.Object
	session   string // the id
	sealed    *appservice.SealedSession
	proof     appservice.Proof
	userAgent string
}

// login handles both steps of Login (appwebsocket.md 2.8.2).
func (d *clientDoor) login(f appservice.Frame) error {
	l := claimFrom(f)
	switch {
	case !l.valid(), d.me.Load() != nil, d.waits():
		return d.fail(f, errInvalid)
	case l.first():
		return d.authenticate(f, l)
	}
	q := d.asked
	d.asked = nil
	in, err := d.check(q, l)
	if err != nil {
		return d.failed(f, err)
	}
	return d.enter(f, in)
}

// authenticate sends a challenge. Each one is good for one answer.
func (d *clientDoor) authenticate(f appservice.Frame, l claim) error {
	c := d.conn
	dom, ok := c.edge.dir.ResolveLogin("", c.host)
	if !ok {
		return d.fail(f, errTemporary) // no domain yet: nobody can log in
	}
	d.asked = &question{
		kind: l.kind, domain: dom.Name, id: dom.ID, challenge: c.edge.challenge(),
	}
	return c.answer(f, appservice.Authenticate{
		Type: l.kind, Method: appservice.MethodDigest, Domain: dom.Name,
		Challenge: appservice.Challenge(d.asked.challenge),
	})
}

// check verifies the response to a challenge.
func (d *clientDoor) check(q *question, l claim) (entry, error) {
	switch {
	case !appservice.ValidNonce(l.nonce):
		return entry{}, errInvalid
	case q == nil:
		return entry{}, errCredentials // spent, or never given
	case q.kind != l.kind:
		return entry{}, errInvalid
	case l.kind == appservice.TypeSession:
		return d.checkSession(q, l)
	}
	return d.checkUser(q, l)
}

// proof is what both sides hash.
func (q *question) proof(l claim, password string) appservice.Proof {
	return appservice.Proof{
		Type: q.kind, Domain: q.domain, User: l.username, Password: password,
		Nonce: l.nonce, Challenge: q.challenge,
	}
}

// checkUser verifies name and password. A user who does not exist or is disabled
// costs the same as one who does.
func (d *clientDoor) checkUser(q *question, l claim) (entry, error) {
	e := d.conn.edge
	dom := q.id
	if _, domain, ok := strings.Cut(l.username, "@"); ok {
		if other, ok := e.dir.DomainByHost(domain); ok {
			dom = other.ID
		}
	}
	who := accountName(dom, "u", directory.LocalPart(l.username))
	return d.guarded(who, func() (entry, error) {
		user, ok := e.dir.UserByName(dom, l.username)
		password, known := e.password(user.Address(), ok && !user.Disabled)
		p := q.proof(l, password)
		if !p.Verify(l.response) || !known || !e.fresh(who, l.nonce) {
			return entry{}, errCredentials
		}
		return entry{user: user, proof: p, userAgent: l.userAgent}, nil
	})
}

// checkSession verifies the credentials of a session that exists already. Its
// ids are too long to be guessed, so an unknown one may be told as such.
func (d *clientDoor) checkSession(q *question, l claim) (entry, error) {
	e := d.conn.edge
	s, ok := e.dir.Session(l.username)
	if !ok {
		return entry{}, errExpired
	}
	user, ok := e.dir.Object(s.Owner)
	if !ok || user.Disabled {
		return entry{}, errCredentials
	}
	if s.NeedsAuthorization {
		return entry{}, errNotAuthorized
	}
	return d.guarded("s"+s.ID, func() (entry, error) {
		password, err := e.dir.SessionPassword(s.ID)
		p := q.proof(l, password)
		if err != nil || !p.Verify(l.response) || !e.fresh(s.ID, l.nonce) {
			return entry{}, errCredentials
		}
		e.dir.TouchSession(s.ID)
		return entry{user: user, session: s.ID, proof: p, userAgent: s.UserAgent}, nil
	})
}

// guarded runs a check within the limits of attempts.
func (d *clientDoor) guarded(who string, check func() (entry, error)) (entry, error) {
	e, from := d.conn.edge, d.conn.from
	if !e.mayTry(d.name(), who, from) {
		e.dir.DummyUnseal()
		return entry{}, errCredentials
	}
	in, err := check()
	e.tried(d.name(), who, from, err == nil)
	return in, err
}

// mayTry asks the guard; a refusal is counted and logged.
func (e *Edge) mayTry(door, who string, from netip.Addr) bool {
	r := e.guard.Allow(who, from, e.clock.Now())
	if r != guard.Allowed {
		e.loginFailed(door, who, from, string(r), true)
	}
	return r == guard.Allowed
}

// tried tells the guard how a login went.
func (e *Edge) tried(door, who string, from netip.Addr, ok bool) {
	if ok {
		e.guard.Succeeded(who, from)
		return
	}
	e.guard.Failed(who, from, e.clock.Now())
	e.loginFailed(door, who, from, "credentials", false)
}

// password is the password of an object, or a dummy at the same cost.
func (e *Edge) password(a signal.Address, known bool) (string, bool) {
	if known {
		if p, err := e.dir.Password(a); err == nil {
			return p, true
		}
		return "", false // Password has cost as much
	}
	return e.dir.DummyUnseal(), false
}

// enter goes on after a right response: a person gets a session, or waits for
// the confirmation by another one (decision 24, appwebsocket.md 2.8.2).
func (d *clientDoor) enter(f appservice.Frame, in entry) error {
	c := d.conn
	if in.proof.Type == appservice.TypeSession {
		return d.complete(c.context(), c.turn, in)
	}
	needs := d.needsSecondFactor(in.user)
	n := directory.NewSession{UserAgent: in.userAgent, NeedsAuthorization: needs}
	if needs {
		n.Code = newCode()
	}
	ctx, done := writing()
	defer done()
	s, err := c.edge.dir.CreateSession(ctx, in.user.Address(), n)
	if err != nil {
		c.edge.log.Error("a session could not be stored", "conn", c.id, "err", err)
		return d.fail(f, errTemporary)
	}
	sealed := in.proof.SealSession(s.ID, s.Password)
	in.session, in.sealed = s.ID, &sealed
	if needs {
		return d.await(f, in, s)
	}
	return d.complete(c.context(), c.turn, in)
}

// complete ends a login with success: the result, the user, and the sessions
// that the user has. It runs on the goroutine of this connection or, under d.mu,
// on that of whoever has confirmed the login.
func (d *clientDoor) complete(ctx context.Context, t *signal.Turn, in entry) error {
	c := d.conn
	user := c.edge.userOf(in.user)
	info := appservice.ClientInfo{User: user, Session: in.sealed, APIs: c.edge.offered}.AppendJSON(nil)
	result := appservice.LoginResult{Info: info, Digest: in.proof.LoginResultDigest(info)}
	d.me.Store(&member{owner: in.user.Address(), session: in.session})
	d.restoreWake(in.session)
	err := c.openSession(ctx, appservice.Principal{
		DomainID: int64(in.user.Domain), ObjectID: int64(in.user.ID), Domain: user.Domain,
		SIP: in.user.SIP, APIs: userAPIs,
	}, appservice.Login{}, "")
	if err != nil {
		return c.unopened(err)
	}
	if _, ok := c.edge.dir.Session(in.session); !ok {
		return c.unopened(errGone) // deleted while the login was checked
	}
	d.send(t, result)
	d.send(t, appservice.UpdateUser{User: user})
	for _, s := range c.edge.dir.Sessions(in.user.Address()) {
		d.send(t, appservice.SessionAdded{ID: s.ID, Info: sessionInfo(s, in.session)})
	}
	d.greet(t)
	return nil
}

// failed answers a login that was checked; too many close the socket.
func (d *clientDoor) failed(f appservice.Frame, err error) error {
	var e *loginError
	if !errors.As(err, &e) {
		return err
	}
	if e.attempt {
		d.wrong++
	}
	if err := d.fail(f, e); err != nil {
		return err
	}
	if e.attempt && d.wrong >= maxAttempts {
		return d.conn.close(appservice.ClosePolicy, "too many logins")
	}
	return nil
}

func (d *clientDoor) fail(f appservice.Frame, e *loginError) error {
	return d.conn.answer(f, appservice.LoginResult{Error: e.code, ErrorText: e.text})
}
