package service

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/trace"
)

// Config is what a Service needs. Store and Accounts must be set.
type Config struct {
	Store    messages.Store
	Accounts Accounts
	// Files keeps the files of messages; nil: there are none.
	Files Files
	// Search finds messages by their words; nil: Search is an unknown message.
	Search messages.Searcher
	// People knows who is who; nil: the switch is asked over its link.
	People People
	// FilesURL is where the links to files of a domain begin, told to the switch;
	// nil or empty: there are no files.
	FilesURL func(domain string) string
	// Settings are those of a domain; nil: DefaultSettings.
	Settings func(domain string) Settings
	// Guard limits wrong logins; nil: one with the limits of DefaultGuard.
	Guard    *guard.Guard
	Observer Observer      // nil: nobody
	Clock    clock.Clock   // nil: the machine's
	Log      *slog.Logger  // nil: none
	Tracer   *trace.Tracer // nil: off
	// DomainID is the number under which the frames of a domain are traced; nil: they
	// have none.
	DomainID func(domain string) int64
	// MaxLinks is how many connections there may be at a time, 0 means 1000.
	MaxLinks int
}

// Account is a Messages object that may log in.
type Account struct {
	// Domain is the name by which the store knows the domain.
	Domain string
	// Object is the name of the Messages object: its own login is trusted.
	Object string
	// Passwords are those that hold; several while one is being changed. Empty
	// ones never hold.
	Passwords []string
}

// Place is the path at which somebody connects: /<domain>/<instance>.
type Place struct{ Domain, Instance string }

// Accounts knows the objects whose logins are accepted. It is asked for each login
// and must not block for long.
type Accounts interface {
	// Account finds what a login is checked against. app is the app that it
	// names, domain the domain of the PBX.
	Account(ctx context.Context, at Place, domain, app string) (Account, bool)
}

// Files is what the service asks of a filebuffer.Store.
type Files interface {
	Create(ctx context.Context, o filebuffer.Owner, session uint64, name string) (filebuffer.ID, string, error)
	Resolve(ctx context.Context, author filebuffer.Owner, url string) (filebuffer.Attachment, error)
	MintURL(domain string, r filebuffer.Ref, session uint64) string
	AttachURL(g filebuffer.Grant) string
	Delete(ctx context.Context, o filebuffer.Owner, id filebuffer.ID) error
	EndSession(ctx context.Context, domain string, session uint64) error
}

var _ Files = (*filebuffer.Store)(nil)

// People finds objects of a domain by name.
type People interface {
	// Find returns those of the names that exist and that the asker may see.
	Find(ctx context.Context, domain, asker string, names []string) ([]messages.Ref, error)
}

// Observer counts, for metrics. Its methods must not block.
type Observer interface {
	// Links and Sessions are how many there are now.
	Links(n int)
	Sessions(n int)
	// Login is one that was refused, with the reason as a word.
	LoginRefused(reason string)
	// Request is one that was answered; failed carries the code, 0 if it did not.
	Request(mt string, took time.Duration, failed int)
	// Posted is a message that was stored, or refused; took counts from its
	// arrival to its result.
	Posted(took time.Duration, failed int)
	// Dropped is something that was left out, with the reason as a word.
	Dropped(reason string)
}

// Settings are rules of a domain.
type Settings struct {
	// Edit and Delete say for how long an author may change or delete a message;
	// 0: always, negative: never.
	Edit, Delete time.Duration
	// AdminDelete says for how long admins of a group may delete what others
	// wrote.
	AdminDelete time.Duration
	// Broadcast is how many people one broadcast may have; 0: 10,000, negative:
	// there are no broadcasts.
	Broadcast int
}

// DefaultSettings has authors edit for a day and delete always, and admins delete
// always.
func DefaultSettings() Settings { return Settings{Edit: 24 * time.Hour} }

// DefaultGuard are the limits of wrong logins: a switch that has the wrong
// password tries once a minute.
func DefaultGuard() guard.Limits {
	return guard.Limits{
		PairFailures: 10, PairWait: time.Second, PairWaitMax: 5 * time.Minute,
		AccountFailures: 200, AccountForgive: 10 * time.Second,
		AddressFailures: 200, AddressForgive: 10 * time.Second,
		Remembered: 10000,
	}
}

// Service is the Messages app service. It is an http.Handler for the websockets at
// /<domain>/<instance>, with or without the name of the app behind it.
type Service struct {
	config Config
	server *appservice.Server
	ctx    context.Context // of what outlives a link
	cancel context.CancelFunc
	work   sync.WaitGroup // goroutines of domains and of ends of sessions

	mu       sync.Mutex         // guards the following
	domains  map[string]*domain // by name in lower case
	links    int
	sessions int
}

// New makes a service. It starts nothing before the first login.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Accounts == nil {
		return nil, errors.New("messages: service.Config needs Store and Accounts")
	}
	if c.Guard == nil {
		c.Guard = guard.New(DefaultGuard())
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.MaxLinks == 0 {
		c.MaxLinks = 1000
	}
	s := &Service{config: c, domains: map[string]*domain{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	server, err := appservice.NewServer(appservice.ServerConfig{
		Host: &host{s}, APIs: []appservice.API{&api{s: s}},
		MaxMessage: appservice.MaxMessageLink, MaxSessions: c.MaxLinks, Log: c.Log, Tracer: c.Tracer,
	})
	if err != nil {
		return nil, err
	}
	s.server = server
	return s, nil
}

var _ http.Handler = (*Service)(nil)

// ServeHTTP serves one websocket until it ends.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	place, ok := placeOf(r.URL.Path)
	if !ok || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		http.NotFound(w, r)
		return
	}
	d := &door{place: place, from: r.RemoteAddr}
	s.server.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), doorKey{}, d)))
}

// placeOf reads /<domain>/<instance>[/<app>][/websocket].
func placeOf(path string) (Place, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) < 2 || len(parts) > 4 || parts[0] == "" || parts[1] == "" {
		return Place{}, false
	}
	return Place{Domain: parts[0], Instance: parts[1]}, true
}

// Shutdown ends all links in order and waits until what they had begun is done.
func (s *Service) Shutdown(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	s.cancel()
	done := make(chan struct{})
	go func() {
		s.work.Wait()
		close(done)
	}()
	select {
	case <-done:
		return err
	case <-ctx.Done():
		return errors.Join(err, ctx.Err())
	}
}

// Alive reports whether a session of a domain lives: what filebuffer.Config asks.
func (s *Service) Alive(name string, session uint64) bool {
	s.mu.Lock()
	d := s.domains[strings.ToLower(name)]
	s.mu.Unlock()
	return d != nil && d.alive(int64(session))
}

// Attached are the names of the domains whose Messages object has a link now.
func (s *Service) Attached() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name, d := range s.domains {
		if d.isTrusted() {
			names = append(names, name)
		}
	}
	return names
}

func (s *Service) domainID(domain string) int64 {
	if s.config.DomainID == nil {
		return 0
	}
	return s.config.DomainID(domain)
}

func (s *Service) settings(domain string) Settings {
	if s.config.Settings == nil {
		return DefaultSettings()
	}
	return s.config.Settings(domain)
}

// count adds to the numbers of links and sessions.
func (s *Service) count(links, sessions int) {
	s.mu.Lock()
	s.links += links
	s.sessions += sessions
	l, n := s.links, s.sessions
	s.mu.Unlock()
	if links != 0 {
		s.config.Observer.Links(l)
	}
	if sessions != 0 {
		s.config.Observer.Sessions(n)
	}
}

// nobody is an Observer that looks away.
type nobody struct{}

func (nobody) Links(int)                          {}
func (nobody) Sessions(int)                       {}
func (nobody) LoginRefused(string)                {}
func (nobody) Request(string, time.Duration, int) {}
func (nobody) Posted(time.Duration, int)          {}
func (nobody) Dropped(string)                     {}
