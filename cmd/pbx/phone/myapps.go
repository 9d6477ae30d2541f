package phone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/appservice"
)

// MyApps logs in at the myApps door of a switch. After the first login it uses
// the session that the switch has given it, as other clients do.
type MyApps struct {
	url       string
	userAgent string
	confirm   func(code int)

	mu    sync.Mutex // guards the following
	user  appservice.Credentials
	again *appservice.Credentials // the session, nil without one
}

// NewMyApps checks the address of the server. confirm is told the code that the
// person has to confirm on another device, where the switch wants that.
func NewMyApps(server, user, password, userAgent string, confirm func(code int)) (*MyApps, error) {
	u, err := doorOf(server)
	if err != nil {
		return nil, err
	}
	return &MyApps{url: u, userAgent: userAgent, confirm: confirm, user: appservice.Credentials{
		Type: appservice.TypeUser, Username: user, Password: password,
	}}, nil
}

// doorOf is the address of the myApps door: server is ws://host:port, or as a
// browser would have it, or host:port alone.
func doorOf(server string) (string, error) {
	if !strings.Contains(server, "://") {
		server = "ws://" + server
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", fmt.Errorf("%q is no address of a server: %w", server, err)
	}
	scheme, known := map[string]string{"ws": "ws", "http": "ws", "wss": "wss", "https": "wss"}[u.Scheme]
	if !known || u.Host == "" {
		return "", fmt.Errorf("%q is no address of a server: write ws://HOST:PORT or wss://HOST:PORT", server)
	}
	u.Scheme, u.User, u.RawQuery, u.Fragment = scheme, nil, "", ""
	if u.Path == "" || u.Path == "/" {
		u.Path = "/PBX0/APPCLIENT/websocket"
	}
	return u.String(), nil
}

// Dial connects and logs in; it is Config.Dial.
func (m *MyApps) Dial(ctx context.Context) (Line, Identity, error) {
	c, err := m.dial(ctx)
	if err != nil {
		return nil, Identity{}, explain(m.url, err)
	}
	u := c.Info().User
	return &myAppsLine{c}, Identity{SIP: u.SIP, Domain: u.Domain, Name: u.DN}, nil
}

// dial logs in with the session, or with the password where there is no session
// or it has ended.
func (m *MyApps) dial(ctx context.Context) (*appservice.MyApps, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.again != nil {
		c, err := m.logIn(ctx, *m.again)
		if !errors.Is(err, appservice.ErrLoginFailed) || isTemporary(err) {
			return c, err
		}
		m.again = nil
	}
	c, err := m.logIn(ctx, m.user)
	if err == nil {
		session := c.Session()
		m.again = &session
	}
	return c, err
}

func (m *MyApps) logIn(ctx context.Context, c appservice.Credentials) (*appservice.MyApps, error) {
	c.UserAgent, c.Authorize, c.KeepAlive = m.userAgent, m.confirm, 30*time.Second
	return appservice.DialMyApps(ctx, m.url, c)
}

// explain says what to do about a failed login.
func explain(url string, err error) error {
	redirect, redirected := errors.AsType[*appservice.RedirectError](err)
	login, _ := errors.AsType[*appservice.LoginError](err)
	switch {
	case isTemporary(err):
		return &Temporary{fmt.Errorf("the switch can let nobody in at the moment: it has no domain yet, or its database is out of reach (%w)", err)}
	case login != nil && login.Code == appservice.LoginNotAuthorized:
		return &Fatal{fmt.Errorf("nobody has confirmed this login on another device, or somebody has refused it there: try again and confirm it in time (%w)", err)}
	case login != nil && login.Code == appservice.LoginInvalid:
		return &Fatal{fmt.Errorf("the switch does not understand the login: is it of another version than this phone? (%w)", err)}
	case errors.Is(err, appservice.ErrLoginFailed):
		return &Fatal{fmt.Errorf("the switch refuses the login: is the name right, and the password? (%w)", err)}
	case errors.Is(err, appservice.ErrForged):
		return &Fatal{fmt.Errorf("what answers at %s does not know the password: it is not the switch of this user", url)}
	case redirected:
		return &Fatal{fmt.Errorf("the user lives on another switch: use --server with %s", redirect.Info.Host)}
	}
	return fmt.Errorf("cannot reach the switch at %s: %w", url, err)
}

// isTemporary tells that the switch could not look at the login at all. It has no
// error number of its own for that (decision 24).
func isTemporary(err error) bool {
	e, ok := errors.AsType[*appservice.LoginError](err)
	return ok && e.Code == appservice.LoginInvalid && e.Text == "Temporary failure"
}

// myAppsLine is a Line.
type myAppsLine struct {
	c *appservice.MyApps
}

// Recv implements Line.
func (l *myAppsLine) Recv(ctx context.Context) ([]byte, error) {
	f, err := l.c.Recv(ctx)
	return f.Raw, err
}

// Send implements Line.
func (l *myAppsLine) Send(ctx context.Context, text []byte) error {
	return l.c.Send(ctx, json.RawMessage(text))
}

// Close implements Line. The session ends with a logout, so that no unused
// ones pile up.
func (l *myAppsLine) Close(logout bool) {
	if logout {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if l.c.Send(ctx, appservice.Logout{}) == nil {
			l.awaitLogout(ctx)
		}
	}
	_ = l.c.Close() // it ends anyway
}

// awaitLogout waits for the answer, so that what was sent before has arrived.
func (l *myAppsLine) awaitLogout(ctx context.Context) {
	for {
		f, err := l.c.Recv(ctx)
		if err != nil || f.MT == appservice.MTLogoutResult {
			return
		}
	}
}
