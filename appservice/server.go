package appservice

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/ws"
	"github.com/tandem-switch/tandem/trace"
)

// Limits of time (appwebsocket.md 1.6, decisions 10, 12).
const (
	pingEvery    = 30 * time.Second
	dropAfter    = 90 * time.Second
	loginTimeout = 120 * time.Second
	maxSessions  = 10000
	recvQueue    = 64
)

// ServerConfig is what a Server needs. Only Host is required.
type ServerConfig struct {
	// Host decides who may log in. It may also be an AppInformer or a
	// PbxListener.
	Host Host
	// APIs take the messages of the sessions.
	APIs []API
	// Serve, if set, runs on a goroutine of its own for every session and reads,
	// by Recv, what no API takes. It returns when ctx is done; when it returns
	// the session ends.
	Serve func(ctx context.Context, s Session)
	// Domain is told in AppLoginResult.
	Domain string
	// MaxMessage is the longest message accepted after the login; 0 means the
	// constant MaxMessage. A Messages service sets MaxMessageLink.
	MaxMessage int64
	// MaxSessions is how many connections there may be at a time, 0 means 10000.
	MaxSessions int
	// Challenge is the source of challenges; nil = NewChallenge. Tests set it.
	Challenge func() string
	Log       *slog.Logger  // nil = none
	Tracer    *trace.Tracer // nil = off; AppWebsocket shows the frames
}

// AppInformer is a Host that answers AppInfo. Without it the answer says that
// the app exists, and nothing more.
type AppInformer interface {
	AppInfo(ctx context.Context, s Session, app string) AppInfoResult
}

// PbxListener is a Host that wants to know which switch a session belongs to.
// It is told on the reading goroutine, directly after the login, and must not
// block.
type PbxListener interface {
	PbxInfo(ctx context.Context, s Session, info PbxInfo)
}

// Server is the server side of an app service: an http.Handler for its websocket
// URL. It accepts switches and users, checks their login and hands their messages
// to APIs. It is safe for use by any number of connections.
type Server struct {
	config ServerConfig
	mux    *Mux
	times  times

	mu       sync.Mutex // guards the following
	sessions map[*serverSession]struct{}
	closing  bool
	ended    sync.WaitGroup // one for each session
}

// times are the limits of a server; tests shorten them.
type times struct{ ping, drop, login time.Duration }

// NewServer checks the configuration. It starts nothing.
func NewServer(config ServerConfig) (*Server, error) {
	if config.Host == nil {
		return nil, errors.New("appservice: ServerConfig.Host is missing")
	}
	mux, err := NewMux(config.APIs...)
	if err != nil {
		return nil, err
	}
	if config.MaxMessage == 0 {
		config.MaxMessage = MaxMessage
	}
	if config.MaxSessions == 0 {
		config.MaxSessions = maxSessions
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		config: config, mux: mux, times: times{pingEvery, dropAfter, loginTimeout},
		sessions: map[*serverSession]struct{}{},
	}, nil
}

var _ http.Handler = (*Server)(nil)

// ServeHTTP upgrades the request and serves the connection until it ends.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "no capacity", http.StatusServiceUnavailable)
		return
	}
	defer s.ended.Done()
	conn, err := ws.Upgrade(w, r, ws.Config{MaxMessage: MaxMessageBeforeLogin})
	if err != nil {
		return // Upgrade has answered
	}
	// The context of the request ends with the handler, and carries what the
	// middleware of the author put there.
	session := newServerSession(r.Context(), s, conn, r.RemoteAddr)
	if !s.add(session) {
		conn.Close(CloseShutdown, "shutdown")
		return
	}
	defer s.remove(session)
	session.serve()
}

// Shutdown closes every session with CloseShutdown, refuses new ones, and waits
// until all have ended or ctx is done.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	open := make([]*serverSession, 0, len(s.sessions))
	for session := range s.sessions {
		open = append(open, session)
	}
	s.mu.Unlock()
	for _, session := range open {
		session.close(CloseShutdown, "shutdown")
	}
	done := make(chan struct{})
	go func() {
		s.ended.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// enter admits one more connection; the caller owes ended.Done.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || len(s.sessions) >= s.config.MaxSessions {
		return false
	}
	s.ended.Add(1)
	return true
}

func (s *Server) add(session *serverSession) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.sessions[session] = struct{}{}
	return true
}

func (s *Server) remove(session *serverSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, session)
}
