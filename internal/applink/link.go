package applink

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/appservice"
)

// Times of a link (decision 76).
const (
	firstPause  = time.Second
	longPause   = 32 * time.Second
	jitter      = 0.2              // of a pause, up and down
	established = 60 * time.Second // after that the pauses begin anew
	loginPause  = 60 * time.Second // after a refused login
	dialTime    = 20 * time.Second // for connecting and logging in
)

// link is the connection of one object, while it lasts and in between.
type link struct {
	m      *Manager
	as     identity
	to     appservice.Receiver // nil: nobody
	stop   context.CancelFunc
	before *link         // the one that it replaces; nil: none
	done   chan struct{} // closed when run has ended

	mu     sync.Mutex // guards the following
	since  time.Time  // connected since; zero: not connected
	apis   []byte
	err    string
	failed time.Time
}

func (l *link) state() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return State{Address: l.as.address, Connected: l.since, Error: l.err, Failed: l.failed}
}

func (l *link) service() ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.apis, !l.since.IsZero()
}

// run connects, again and again, until ctx is done.
func (l *link) run(ctx context.Context) {
	defer close(l.done)
	if l.before != nil {
		<-l.before.done // it was told to stop
		l.before = nil
	}
	pause := firstPause
	for {
		lasted, err := l.once(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := loginPause
		if !errors.Is(err, appservice.ErrLoginFailed) {
			if lasted >= established {
				pause = firstPause
			}
			wait = l.jittered(pause)
			pause = min(2*pause, longPause)
		}
		l.m.cfg.Log.Warn("app service is not connected", "object", l.as.login.SIP, "domain", l.as.login.Domain, "again", wait.Round(time.Millisecond), "err", err)
		if !l.sleep(ctx, wait) {
			return
		}
	}
}

func (l *link) jittered(pause time.Duration) time.Duration {
	return time.Duration(float64(pause) * (1 - jitter + 2*jitter*l.m.cfg.Random()))
}

// sleep waits; false if ctx ended meanwhile.
func (l *link) sleep(ctx context.Context, d time.Duration) bool {
	due := make(chan struct{})
	timer := l.m.cfg.Clock.AfterFunc(d, func() { close(due) })
	defer timer.Stop()
	select {
	case <-due:
		return true
	case <-ctx.Done():
		return false
	}
}

// once is one connection from its beginning to its end: how long it lasted, and why
// it ended.
func (l *link) once(ctx context.Context) (lasted time.Duration, err error) {
	s, r := newSession(l), &reception{to: l.to}
	client, err := l.dial(ctx, s, r)
	if err != nil {
		l.ended(err)
		return 0, err
	}
	defer context.AfterFunc(ctx, func() { _ = client.Close("") })()
	began := l.m.cfg.Clock.Now()
	if l.to == nil {
		l.connected(began)
	}
	if apis, there := l.ask(ctx, client); there {
		r.begin(&conn{session: s, apis: apis})
		if l.to != nil { // whoever sees that it is connected can use it
			l.connected(began)
		}
	}
	<-client.Done()
	err = client.Err()
	s.end(err)
	r.end(err)
	l.ended(err)
	return l.m.cfg.Clock.Now().Sub(began), err
}

func (l *link) dial(ctx context.Context, s *session, r *reception) (*appservice.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	m := l.m
	netDial := m.cfg.NetDial
	if l.as.hosted {
		netDial = func(ctx context.Context, _, _ string) (net.Conn, error) { return m.cfg.Hosted(ctx) }
	}
	client, err := appservice.Dial(ctx, appservice.DialConfig{
		URL: l.as.url, GetLogin: l.prove(s), NetDial: netDial, TLS: m.cfg.TLS, Tracer: m.cfg.Tracer, Peer: s.Peer(),
		PbxInfo: &appservice.PbxInfo{Domain: l.as.login.Domain, PBX: m.cfg.Name, APIs: l.as.apis, Version: m.cfg.Version, Build: m.cfg.Build},
		APIs:    s.bind(m.cfg.APIs), Principal: s.who, Receive: r.frame, MaxMessage: appservice.MaxMessageLink, MaxSend: appservice.MaxMessageLink,
	})
	if err != nil {
		s.end(err)
		return nil, err
	}
	s.begin(client)
	return client, nil
}

// prove logs in as the object, and keeps the key of the session.
func (l *link) prove(s *session) func(context.Context, string) (appservice.Login, string, error) {
	return func(_ context.Context, challenge string) (appservice.Login, string, error) {
		login := l.as.login
		login.Digest = appservice.Digest(login, challenge, l.as.password)
		s.setKey(appservice.SessionKey(challenge, l.as.password))
		return login, s.SessionKey(), nil
	}
}

func (l *link) connected(now time.Time) {
	l.mu.Lock()
	l.since = now
	l.mu.Unlock()
	l.m.cfg.Log.Info("app service is connected", "object", l.as.login.SIP, "domain", l.as.login.Domain)
	l.m.tell(l.as.address)
}

// ask asks the service what it offers. One that does not say is connected all the
// same. False if the connection has ended meanwhile.
func (l *link) ask(ctx context.Context, client *appservice.Client) (apis []byte, there bool) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	f, err := client.Call(ctx, appservice.AppInfo{App: l.as.login.App})
	var info appservice.AppInfoResult
	if errors.Is(err, appservice.ErrClosed) {
		return nil, false
	}
	if err != nil || f.Decode(&info) != nil {
		return nil, true
	}
	apis = info.ServiceInfo.APIs
	if len(apis) == 0 {
		apis = info.Info.APIs
	}
	if !isObject(apis) || len(apis) > maxAPIs {
		return nil, true
	}
	l.mu.Lock()
	l.apis = apis // until ended, which the same goroutine calls
	connected := !l.since.IsZero()
	l.mu.Unlock()
	if connected {
		l.m.tell(l.as.address)
	}
	return apis, true
}

// maxAPIs is how many bytes a service may say about what it offers.
const maxAPIs = 8 << 10

func isObject(text []byte) bool {
	var o map[string]json.RawMessage
	return json.Unmarshal(text, &o) == nil && o != nil
}

func (l *link) ended(err error) {
	l.mu.Lock()
	was := !l.since.IsZero()
	l.since, l.apis = time.Time{}, nil
	l.err, l.failed = err.Error(), l.m.cfg.Clock.Now()
	l.mu.Unlock()
	if was {
		l.m.tell(l.as.address)
	}
}
