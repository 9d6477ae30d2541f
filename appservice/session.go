package appservice

import (
	"context"
	"errors"
	"slices"
)

// Session is one login on one connection, seen from either end.
//
// Send, Reply and Close may be called from any goroutine. On a server session
// they never block: a frame joins a bounded queue, and a peer that lets the
// queue run full loses its connection.
type Session interface {
	// App is the name of the app that logged in or that was logged in to; empty
	// for a person who logged in with the own password.
	App() string
	// Recv waits for the next frame that no API takes. The frame is a copy and
	// may be kept. Sessions that hand everything to APIs return ErrNoRecv.
	Recv(ctx context.Context) (Frame, error)
	// Send sends f.Raw as it is.
	Send(ctx context.Context, f Frame) error
	// Reply sends v as the answer to req: with its api, and its src if it had one.
	Reply(req Frame, v any) error
	// Close ends the session and its connection with CloseNormal.
	Close(reason string) error
}

// Errors of sessions.
var (
	// ErrClosed says that the connection has ended.
	ErrClosed = errors.New("appservice: session closed")
	// ErrNoRecv says that the frames of this session go to APIs alone.
	ErrNoRecv = errors.New("appservice: session has no Recv")
	// ErrQueueFull says that the peer does not read; its connection is closed.
	ErrQueueFull = errors.New("appservice: outgoing queue full")
	// ErrUnknownMT, returned by API.Handle, has the frame answered with Error
	// "unknown mt" if it has a src (decision 8, A11).
	ErrUnknownMT = errors.New("appservice: unknown mt")
)

// API takes the messages of one api. One value serves all sessions.
type API interface {
	// Name is the member api of its messages. The empty name takes messages
	// without api, the protocol of the service itself.
	Name() string
	// Handle takes one message. It runs on the reading goroutine of the
	// connection and must not block; answers may come later, from anywhere, by
	// Session.Reply with a Clone of f. f is valid until Handle returns.
	// ErrUnknownMT is answered to the peer, an *Error too; any other error
	// closes the connection with CloseInternal.
	Handle(ctx context.Context, s Session, f Frame) error
}

// Opener is an API that wants to know of a session before its first frame. An
// error closes the connection.
type Opener interface {
	Open(ctx context.Context, s Session) error
}

// Closer is an API that wants to know of the end of a session: nothing can be
// sent any more. It is called once, on the reading goroutine, and must not block;
// also where an Open has failed.
type Closer interface {
	Closed(ctx context.Context, s Session)
}

// Ponger is an API that wants the pongs of the connection, on the reading
// goroutine. payload is valid until Pong returns.
type Ponger interface {
	Pong(ctx context.Context, s Session, payload []byte)
}

// Pinger is a Session that can send websocket pings. The payload is at most 125
// bytes; pings keep their place between the frames sent before and after.
type Pinger interface {
	Ping(ctx context.Context, payload []byte) error
}

// Error is an answer in the form of decision 8. Returned by API.Handle it goes
// to the peer if the frame has a src.
type Error struct {
	Code int
	Text string
}

// Error implements error.
func (e *Error) Error() string { return "appservice: " + e.Text }

// Principal is on whose behalf a session acts (appwebsocket.md 2.5). The ids are
// those of the directory, 0 for a service without one.
type Principal struct {
	DomainID int64
	ObjectID int64
	Domain   string
	SIP      string   // Name of the user or App object
	IsApp    bool     // the App object itself, not a person
	App      string   // Name of the App object the login came through, if any
	APIs     []string // what the session may use; AllAPIs for everything
}

// AllAPIs in Principal.APIs allows every API that there is.
const AllAPIs = "*"

// Allows tells whether the session may use an api. Messages without api are
// always allowed.
func (p Principal) Allows(api string) bool {
	return api == "" || slices.Contains(p.APIs, api) || slices.Contains(p.APIs, AllAPIs)
}

// PrincipalOf is the principal of a server session; the zero value, which allows
// nothing, for sessions that have none.
func PrincipalOf(s Session) Principal {
	if p, ok := s.(interface{ Principal() Principal }); ok {
		return p.Principal()
	}
	return Principal{}
}

// LoginOf is what the peer of a server session logged in with, without digest;
// the zero value for sessions that have none.
func LoginOf(s Session) Login {
	if l, ok := s.(interface{ Login() Login }); ok {
		return l.Login()
	}
	return Login{}
}

// KeyOf is the session key, empty if the session has none. It is a secret.
func KeyOf(s Session) string {
	if k, ok := s.(interface{ SessionKey() string }); ok {
		return k.SessionKey()
	}
	return ""
}

// Host knows who may log in. It is asked on the reading goroutine and must not
// block for long.
type Host interface {
	// Authenticate finds the object that l claims to be and calls check with
	// its password, or with several in turn. It returns the account when check
	// has returned true, otherwise ErrLoginFailed. It costs the same when there
	// is no such object: check is then called with a dummy.
	Authenticate(ctx context.Context, l Login, check func(password string) bool) (Account, error)
}

// Account is what a login leads to.
type Account struct {
	Principal Principal
	App       string // told in AppLoginResult; empty = as claimed
	Domain    string // told in AppLoginResult; empty = the acceptor's
}

// ErrLoginFailed is any failed login. LoginError says more where more is known.
var ErrLoginFailed = errors.New("appservice: login failed")

// LoginError is a login that the peer refused. It is an ErrLoginFailed.
type LoginError struct {
	Code int    // of LoginResult (myApps), 0 if there was none
	Text string // as sent by the peer
}

// Error implements error.
func (e *LoginError) Error() string { return "appservice: login failed: " + e.Text }

// Is makes every LoginError an ErrLoginFailed.
func (e *LoginError) Is(target error) bool { return target == ErrLoginFailed }

// SharedPassword is a Host with one password, as an app service shares it with
// its App object. Everything that knows the password may log in, and use every
// API.
type SharedPassword struct {
	App      string // the only app name accepted; empty = any
	Password string
}

// Authenticate implements Host.
func (h SharedPassword) Authenticate(_ context.Context, l Login, check func(string) bool) (Account, error) {
	ok := check(h.Password)
	if !ok || (h.App != "" && h.App != l.App) {
		return Account{}, ErrLoginFailed
	}
	object := InfoOf(l).AppObj
	if object == "" {
		object = l.App
	}
	return Account{Principal: Principal{
		Domain: l.Domain, SIP: l.SIP, IsApp: l.SIP == object, App: object, APIs: []string{AllAPIs},
	}}, nil
}
