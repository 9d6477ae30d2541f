package appservice

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tandem-switch/tandem/trace"
)

// Credentials are those of a person: name and password, or an existing session.
type Credentials struct {
	Type      string // TypeUser (also if empty) or TypeSession
	Username  string // name, name@domain, or the id of the session
	Password  string
	UserAgent string

	// Authorize is told the code that another session of the person has to
	// confirm; the login then waits for that.
	Authorize func(code int)

	KeepAlive time.Duration // how often a KeepAlive is sent; 0 = never
	Ping      time.Duration // as in DialConfig
	TLS       *tls.Config
	Tracer    *trace.Tracer
}

// RedirectError is a login that is to be repeated at another switch. Its proof
// has been verified.
type RedirectError struct{ Info RedirectInfo }

// Error implements error.
func (e *RedirectError) Error() string { return "appservice: redirected to " + e.Info.Host }

// ErrForged says that the peer does not know the password either: the digest of
// its LoginResult or Redirect is wrong.
var ErrForged = errors.New("appservice: the peer could not prove that it knows the password")

// MyApps is the session of a person on the myApps door of a switch. Messages with
// an api go over the same connection (A10). All methods are safe for use by
// several goroutines; somebody must call Recv.
type MyApps struct {
	link    *link
	info    ClientInfo
	session Credentials
}

// DialMyApps connects to url, which ends in /PBX0/APPCLIENT/websocket, and logs in
// (appwebsocket.md 2.8.2). It blocks until the login has succeeded, ctx is done,
// or the peer refuses: then the error is a *LoginError or a *RedirectError. It
// does not reconnect.
func DialMyApps(ctx context.Context, url string, c Credentials) (*MyApps, error) {
	o := linkOptions{tracer: c.Tracer, ping: c.Ping, keepAlive: c.KeepAlive}
	l, err := dialLink(ctx, url, c.TLS, MaxMessage, o)
	if err != nil {
		return nil, err
	}
	m := &MyApps{link: l}
	if err := m.logIn(ctx, c); err != nil {
		l.ws.Abort()
		return nil, err
	}
	l.start(o)
	return m, nil
}

func (m *MyApps) logIn(ctx context.Context, c Credentials) error {
	if c.Type == "" {
		c.Type = TypeUser
	}
	if err := m.link.send(ctx, ClientLogin{Type: c.Type, UserAgent: c.UserAgent}); err != nil {
		return err
	}
	f, err := m.await(ctx, c)
	if err != nil {
		return err
	}
	if f.MT != MTAuthenticate {
		return fmt.Errorf("appservice: %s instead of %s", f.MT, MTAuthenticate)
	}
	var a Authenticate
	if err := f.Decode(&a); err != nil {
		return err
	}
	p := Proof{
		Type: c.Type, Domain: a.Domain, User: c.Username, Password: c.Password,
		Nonce: NewChallenge(), Challenge: string(a.Challenge),
	}
	if err := m.link.send(ctx, ClientLogin{
		Type: c.Type, Method: MethodDigest, Username: c.Username, Nonce: p.Nonce, Response: p.Response(), UserAgent: c.UserAgent,
	}); err != nil {
		return err
	}
	if f, err = m.await(ctx, c); err != nil {
		return err
	}
	return m.result(f, p, c)
}

// await reads up to the next step of the login.
func (m *MyApps) await(ctx context.Context, c Credentials) (Frame, error) {
	for {
		f, err := m.link.next(ctx)
		if err != nil {
			return Frame{}, fmt.Errorf("appservice: logging in: %w", err)
		}
		switch f.MT {
		case MTAuthenticate, MTRedirect:
			return f, nil
		case MTLoginResult:
			return f, loginError(f)
		case MTAuthorize:
			var a Authorize
			if f.Decode(&a) == nil && c.Authorize != nil {
				c.Authorize(int(a.Code))
			}
		}
	}
}

// loginError is the error of a LoginResult without info.
func loginError(f Frame) error {
	if f.Get("info").Exists() {
		return nil
	}
	var r LoginResult
	if err := f.Decode(&r); err != nil {
		return err
	}
	if r.ErrorText == "" {
		r.ErrorText = fmt.Sprintf("Error %d", r.Error)
	}
	return &LoginError{Code: r.Error, Text: r.ErrorText}
}

// result verifies the switch's proof and takes what it says.
func (m *MyApps) result(f Frame, p Proof, c Credentials) error {
	info, digest := f.Get("info").Raw(), f.Get("digest").String()
	if f.MT == MTRedirect {
		return redirected(p, info, digest)
	}
	if f.MT != MTLoginResult || !p.VerifyLoginResult(info, digest) {
		return ErrForged
	}
	if err := json.Unmarshal(info, &m.info); err != nil {
		return fmt.Errorf("appservice: LoginResult: %w", err)
	}
	m.session = c
	if s := m.info.Session; s != nil {
		id, password, err := p.OpenSession(*s)
		if err != nil {
			return err
		}
		m.session.Type, m.session.Username, m.session.Password = TypeSession, id, password
	}
	return nil
}

func redirected(p Proof, info []byte, digest string) error {
	if !p.VerifyRedirect(info, digest) {
		return ErrForged
	}
	var r RedirectInfo
	if err := json.Unmarshal(info, &r); err != nil {
		return fmt.Errorf("appservice: Redirect: %w", err)
	}
	return &RedirectError{Info: r}
}

// Info is what the switch said about the person.
func (m *MyApps) Info() ClientInfo { return m.info }

// Session is how to log in the next time without the person's password. It is a
// secret.
func (m *MyApps) Session() Credentials { return m.session }

// GetLogin obtains the login for an app over the challenge of its service
// (appwebsocket.md 2.7); key is the session key, empty if the switch gave none.
func (m *MyApps) GetLogin(ctx context.Context, app, challenge string) (l Login, key string, err error) {
	f, err := m.Call(ctx, AppGetLogin{App: app, Challenge: challenge})
	if err != nil {
		return Login{}, "", err
	}
	var r AppGetLoginResult
	if err := f.Decode(&r); err != nil {
		return Login{}, "", err
	}
	if r.Digest == "" {
		return Login{}, "", &LoginError{Code: r.Error, Text: r.ErrorText}
	}
	if r.Key != "" {
		if key, err = OpenLoginKey(r.Salt, m.session.Password, r.Key); err != nil {
			return Login{}, "", err
		}
	}
	return r.Login(), key, nil
}

// Call sends v as a request and waits for its answer, like Client.Call.
func (m *MyApps) Call(ctx context.Context, v any) (Frame, error) { return m.link.request(ctx, v) }

// Send sends v: a Message, anything that encodes as an object with mt, or a
// json.RawMessage. It blocks while the socket takes nothing; when ctx ends
// meanwhile the connection is lost.
func (m *MyApps) Send(ctx context.Context, v any) error { return m.link.send(ctx, v) }

// Recv waits for the next frame that was no answer to a Call. The frame may be
// kept. After the end of the connection the error is an ErrClosed.
func (m *MyApps) Recv(ctx context.Context) (Frame, error) { return m.link.await(ctx) }

// Close ends the connection; the session stays.
func (m *MyApps) Close() error { return m.link.close("") }

// Done is closed when the connection has ended.
func (m *MyApps) Done() <-chan struct{} { return m.link.done }

// Err is why the connection has ended, an ErrClosed; nil while it lasts.
func (m *MyApps) Err() error { return m.link.reason(nil) }
