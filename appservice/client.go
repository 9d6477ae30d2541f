package appservice

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/ws"
	"github.com/tandem-switch/tandem/trace"
)

// DialConfig says whom to connect to, and as whom.
type DialConfig struct {
	// URL is the websocket URL: of an app service, or of a switch ending in
	// /PBX0/APPS/websocket.
	URL string
	// Login is who logs in: PasswordLogin, UserLogin, or the object of a switch.
	// Its Digest is computed from Password.
	Login    Login
	Password string
	// GetLogin, if set, obtains the login over a challenge elsewhere, as an app
	// does from its shell; Login and Password are then not used. key is the
	// session key, empty if unknown.
	GetLogin func(ctx context.Context, challenge string) (l Login, key string, err error)

	// PbxInfo, if set, is sent right after the login: the dialling side is a
	// switch.
	PbxInfo *PbxInfo
	// AskInfo asks the service about the app and waits for the answer.
	AskInfo bool
	// APIs take requests of the service to the switch; Principal says which of
	// them it may use. Everything else goes to Recv.
	APIs      []API
	Principal Principal
	// NoRecv drops what is neither answer nor for an API, for callers that never
	// call Recv.
	NoRecv bool
	// Receive, if set, takes what is neither answer nor for an API, instead of Recv.
	// It runs on the reading goroutine and must not block. The frame may be kept.
	Receive func(Frame)

	// KeepAlive is how often a KeepAlive is sent; 0 = never.
	KeepAlive time.Duration
	// Ping is how often a websocket ping is sent; three without any sign of the
	// peer end the connection. 0 = every 30 s, negative = never.
	Ping time.Duration
	// NetDial opens the socket, nil = as net.Dialer does. No proxy is used.
	NetDial    func(ctx context.Context, network, addr string) (net.Conn, error)
	TLS        *tls.Config
	MaxMessage int64 // accepted; 0 = MaxMessage
	// MaxSend is the longest message that is sent; 0 = MaxMessage. Only a peer that
	// has said so takes more.
	MaxSend int
	Tracer  *trace.Tracer
	// Peer says in traces who is connected to; its Conn is the URL if empty.
	Peer trace.Peer
}

// Client is the dialling end of a session. All methods are safe for use by
// several goroutines. What arrives and is not an answer waits for Recv, at most
// 1024 frames; then nothing more is read, so somebody must call Recv unless
// NoRecv is set.
type Client struct {
	link   *link
	config DialConfig
	login  Login
	key    string
	domain string
	info   AppInfoResult
}

// Dial connects and logs in (appwebsocket.md 2.1, 6.1). It blocks until the
// session is ready, ctx is done or the peer refuses: then the error is a
// *LoginError. It does not reconnect.
func Dial(ctx context.Context, config DialConfig) (*Client, error) {
	l, err := dialLink(ctx, config.URL, config.TLS, config.MaxMessage, config.options())
	if err != nil {
		return nil, err
	}
	c := &Client{link: l, config: config}
	if err := c.begin(ctx); err != nil {
		l.ws.Abort()
		return nil, err
	}
	return c, nil
}

func (d DialConfig) options() linkOptions {
	return linkOptions{
		tracer: d.Tracer, peer: d.Peer, maxSend: d.MaxSend, discard: d.NoRecv, receive: d.Receive,
		ping: d.Ping, keepAlive: d.KeepAlive, netDial: d.NetDial,
	}
}

// dialLink connects; nothing is read yet.
func dialLink(ctx context.Context, url string, secure *tls.Config, limit int64, o linkOptions) (*link, error) {
	if limit == 0 {
		limit = MaxMessage
	}
	l := newLink(o, url)
	conn, err := ws.Dial(ctx, url, ws.DialConfig{
		TLS: secure, MaxMessage: limit, NetDial: o.netDial,
		PongHandler: func([]byte) error { l.heardNow(); return nil },
	})
	if err != nil {
		return nil, fmt.Errorf("appservice: %w", err)
	}
	l.ws = conn
	l.heardNow()
	return l, nil
}

// begin logs in and starts the session.
func (c *Client) begin(ctx context.Context) error {
	if err := c.logIn(ctx); err != nil {
		return err
	}
	if err := c.serve(); err != nil {
		return err
	}
	if c.config.PbxInfo != nil {
		if err := c.link.send(ctx, *c.config.PbxInfo); err != nil {
			if c.link.ended != nil {
				c.link.ended() // nobody reads who would tell
			}
			return err
		}
	}
	c.link.start(c.config.options())
	if c.config.AskInfo {
		return c.askInfo(ctx)
	}
	return nil
}

// serve binds the APIs.
func (c *Client) serve() error {
	if len(c.config.APIs) == 0 {
		return nil
	}
	mux, err := NewMux(c.config.APIs...)
	if err != nil {
		return err
	}
	c.link.handle = func(ctx context.Context, f Frame) (bool, error) {
		if f.API == "" || !mux.Has(f.API) || strings.HasSuffix(f.MT, "Result") {
			return false, nil
		}
		return true, mux.Dispatch(ctx, c, f)
	}
	c.link.ended = func() { _ = mux.Closed(context.Background(), c) } // a panic there ends nothing more
	return mux.Open(context.Background(), c)
}

func (c *Client) logIn(ctx context.Context) error {
	challenge, err := c.challenge(ctx)
	if err != nil {
		return err
	}
	if err := c.prove(ctx, challenge); err != nil {
		return err
	}
	if err := c.link.send(ctx, c.login.message()); err != nil {
		return err
	}
	f, err := c.await(ctx, MTAppLoginResult)
	if err != nil {
		return err
	}
	if ok, _ := f.Get("ok").Bool(); !ok {
		return refusal(f)
	}
	c.domain = f.Get("domain").String()
	return nil
}

func (c *Client) challenge(ctx context.Context) (string, error) {
	if err := c.link.send(ctx, AppChallenge{}); err != nil {
		return "", err
	}
	f, err := c.await(ctx, MTAppChallengeResult)
	if err != nil {
		return "", err
	}
	v := f.Get("challenge")
	if text, ok := v.Text(); ok {
		return text, nil
	}
	return string(v.Raw()), nil // COMPAT: very old servers sent a number
}

// prove fills in who logs in, and the digest.
func (c *Client) prove(ctx context.Context, challenge string) (err error) {
	if c.config.GetLogin != nil {
		c.login, c.key, err = c.config.GetLogin(ctx, challenge)
		return err
	}
	c.login = c.config.Login
	c.login.Info = compact(c.login.Info)
	c.login.Digest = Digest(c.login, challenge, c.config.Password)
	c.key = SessionKey(challenge, c.config.Password)
	return nil
}

// await reads up to a message of this type.
func (c *Client) await(ctx context.Context, mt string) (Frame, error) {
	for {
		f, err := c.link.next(ctx)
		if err != nil {
			return Frame{}, fmt.Errorf("appservice: waiting for %s: %w", mt, err)
		}
		if f.MT == mt {
			return f, nil
		}
	}
}

// refusal is the error of an AppLoginResult, in the order in which the published
// clients look for a text (appwebsocket.md 1.7).
func refusal(f Frame) error {
	text := f.Get("errorText").String()
	if v := f.Get("error"); text == "" && v.Exists() {
		text = "Error " + strings.Trim(string(v.Raw()), `"`)
	}
	if text == "" {
		text = "LOGIN_FAILURE"
	}
	return &LoginError{Text: text}
}

// askInfo asks about the app. A service that does not know the question answers
// Error, and has no info.
func (c *Client) askInfo(ctx context.Context) error {
	f, err := c.link.request(ctx, AppInfo{App: c.login.App})
	if _, unknown := errors.AsType[*Error](err); unknown {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Decode(&c.info); err != nil {
		return fmt.Errorf("appservice: AppInfoResult: %w", err)
	}
	return nil
}

var (
	_ Session = (*Client)(nil)
	_ Pinger  = (*Client)(nil)
)

// App implements Session: the app that was logged in to.
func (c *Client) App() string { return c.login.App }

// Domain is the domain of the peer, from AppLoginResult.
func (c *Client) Domain() string { return c.domain }

// Info is the answer to AskInfo.
func (c *Client) Info() AppInfoResult { return c.info }

// SessionKey is the key for Encrypt, Decrypt and Hash; empty if unknown.
func (c *Client) SessionKey() string { return c.key }

// Principal is what the peer may do with DialConfig.APIs.
func (c *Client) Principal() Principal { return c.config.Principal }

// Call sends v as a request and waits for its answer. v gets a src if it has
// none. If the answer is Error, it is returned with an *Error.
func (c *Client) Call(ctx context.Context, v any) (Frame, error) { return c.link.request(ctx, v) }

// Send implements Session. It blocks while the socket takes nothing; when ctx
// ends meanwhile the connection is lost.
func (c *Client) Send(ctx context.Context, f Frame) error { return c.link.write(ctx, f.Raw) }

// SendAll is Send of several messages, which leave with as few writes to the socket as
// may be.
func (c *Client) SendAll(ctx context.Context, list [][]byte) error { return c.link.writeAll(ctx, list) }

// Notify sends v without waiting for an answer. It blocks like Send.
func (c *Client) Notify(ctx context.Context, v any) error { return c.link.send(ctx, v) }

// Reply implements Session. It blocks like Send.
func (c *Client) Reply(req Frame, v any) error { return ReplyTo(context.Background(), c, req, v) }

// Recv implements Session. After the end of the connection the frames that had
// arrived still come, then the reason: an ErrClosed.
func (c *Client) Recv(ctx context.Context) (Frame, error) { return c.link.await(ctx) }

// Ping implements Pinger.
func (c *Client) Ping(_ context.Context, payload []byte) error { return c.link.ws.Ping(payload) }

// Close implements Session.
func (c *Client) Close(reason string) error { return c.link.close(reason) }

// Done is closed when the connection has ended.
func (c *Client) Done() <-chan struct{} { return c.link.done }

// Err is why the connection has ended, an ErrClosed; nil while it lasts.
func (c *Client) Err() error { return c.link.reason(nil) }

// CloseCode is the code with which the peer closed the connection, if err says
// that it did.
func CloseCode(err error) (code int, ok bool) { return ws.CloseCode(err) }
