package admin

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/replay"
	"github.com/tandem-switch/tandem/trace"
)

// Prefix is the path below which the API lives.
const Prefix = "/admin/v1"

// Config is what NewAPI needs. A part that is nil is not there: its operations
// are not registered, or say so.
type Config struct {
	Directory *directory.Directory // needed
	Licences  *licence.Gate        // nil where there are none
	Live      Live                 // the running switch; nil where none runs
	Drainer   Drainer              // ends it slowly; nil where none runs
	Clock     clock.Clock          // default: the system's
	Log       *slog.Logger         // default: silence

	// Tracer is switched by administrators, who read what the Recorder has got;
	// both nil where no switch runs.
	Tracer   *trace.Tracer
	Recorder *trace.Recorder

	Version, Build string // of the program

	// Accounts is where administrators are kept: Store and Sealing, and what
	// differs from the defaults; the rest is filled in. Without it there are
	// neither logins nor tokens.
	Accounts *account.Config
	// Origins are those of the public URL, if a proxy changes the Host:
	// https://pbx.example.com.
	Origins []string
	// Attempts limits how often users guess passwords; shared with the doors, so
	// that nobody has two tries where one is allowed. Without it users cannot
	// change their password here.
	Attempts *guard.Guard

	// Authenticate recognises whoever sends a request over the network. Its
	// refusals are answered with 401, but cross_origin with 403. Without it, it is
	// the accounts that do so; without these everybody is refused.
	Authenticate func(*http.Request) (account.Identity, error)
	// Audit is where every act is written down before it is answered, and what
	// was attempted without right. Without it nothing is written.
	Audit *audit.Log
	// Running tells how the switch does; nil where none runs.
	Running *Running
	// Links tells how the connections to app services are; nil where no server
	// runs.
	Links func() []LinkState
	// Chats is who stores chats; nil where no server runs.
	Chats ChatStore
	// Broadcaster sends one message to many people; nil where no server runs, or it
	// stores no chats.
	Broadcaster Broadcaster
	// Keeping gives what administrators work with on stored messages; its result
	// is nil while the service is not open. The function is nil where no service
	// is hosted.
	Keeping func() *Keeping
	// Vault makes backups and replaces the master key.
	Vault Vault
	// Answers keeps what requests with an idempotency key were answered; without
	// it such keys are refused.
	Answers replay.Store
}

func (c *Config) setDefaults() error {
	if c.Directory == nil {
		return errors.New("admin: an API without directory")
	}
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// API answers the HTTP requests of administrators. See the package comment.
type API struct {
	Config
	feeds    feeds
	mux      *http.ServeMux
	huma     huma.API
	rates    *rates
	attempts *rates
	index    *index
	spec     func() (spec, error)

	accounts      *account.Service       // nil without Config.Accounts
	authenticator *account.Authenticator // likewise
	verifying     chan struct{}          // holds a token while the audit log is looked through
}

// NewAPI makes the API, with the operations of everything that c has. It starts
// nothing.
func NewAPI(c Config) (*API, error) {
	if err := c.setDefaults(); err != nil {
		return nil, err
	}
	a := &API{Config: c, mux: http.NewServeMux(), rates: newRates(c.Clock, requestsPerSecond, requestBurst),
		attempts: newRates(c.Clock, attemptsPerSecond, attemptBurst), index: newIndex(c.Directory), verifying: make(chan struct{}, 1)}
	a.huma = humago.New(a.mux, humaConfig(c.Version))
	if err := a.openAccounts(); err != nil {
		return nil, err
	}
	a.register()
	a.mux.HandleFunc("/", a.noRoute)
	a.spec = sync.OnceValues(a.writeSpec)
	return a, nil
}

// openAccounts makes what is done with the accounts of administrators.
func (a *API) openAccounts() (err error) {
	if a.Accounts == nil {
		return nil
	}
	c := *a.Accounts
	c.Tenants, c.Clock, c.Log = tenants{a.Directory}, a.Clock, a.Log
	a.accounts = account.New(c)
	if a.authenticator, err = account.NewAuthenticator(a.accounts, a.Origins...); err != nil {
		return err
	}
	if a.Authenticate == nil {
		a.Authenticate = a.authenticator.Identify
	}
	return errors.Join(a.registerSetupPage(), a.registerLoginPage())
}

// register registers every operation. A file for each resource has its own.
func (a *API) register() {
	a.registerSystem()
	a.registerDomains()
	a.registerObjects()
	a.registerGroups()
	a.registerNumbers()
	a.registerDeleted()
	a.registerImport()
	a.registerDevices()
	a.registerLicences()
	a.registerLive()
	a.registerLinks()
	a.registerOverview()
	a.registerChats()
	a.registerBroadcast()
	a.registerKeeping()
	a.registerTraces()
	a.registerDrain()
	a.registerVault()
	if a.accounts != nil {
		a.registerLogin()
		a.registerMe()
		a.registerAccounts()
		a.registerTokens()
	}
	if a.Attempts != nil {
		a.registerSelfService()
	}
	a.registerAudit()
}

// humaConfig has nothing of what huma adds by itself: neither pages, nor links to
// schemas, nor further formats.
func humaConfig(version string) huma.Config {
	json := huma.DefaultJSONFormat
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Tandem administration", Version: version,
				Description: "Everything that administrators do to a switch. Errors are application/problem+json, with a code for programs and a sentence for people.",
			},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: securitySchemes(),
			},
		},
		Formats:                      map[string]huma.Format{"application/json": json, "json": json},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{transformErrors},
	}
}

func securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "An API token."},
		"session": {Type: "apiKey", In: "cookie", Name: account.Cookie, Description: "The session of a login."},
	}
}

// ServeHTTP answers a request that came over the network.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	a.mux.ServeHTTP(w, r)
}

// Trusted answers requests of whoever came in over the control socket, or opened
// the data directory: identify says who that is.
func (a *API) Trusted(identify func(*http.Request) account.Identity) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), trustedKey{}, identify(r))))
	})
}

type trustedKey struct{}

// secure sets the headers that go with every answer. The answers are for
// programs: no browser may run, frame, guess or keep them.
func secure(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// noRoute answers what no operation is for.
func (a *API) noRoute(w http.ResponseWriter, r *http.Request) {
	if allowed := a.methods(r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		writeProblem(w, &Problem{Code: BadMethod, Text: "This address answers to " + strings.Join(allowed, ", ") + " only."})
		return
	}
	writeProblem(w, &Problem{Code: NoRoute, Text: "This switch has no such operation; " + Prefix + "/openapi.json lists what it has. It may be of another version than its caller."})
}

// methods are those that the address of the request answers to.
func (a *API) methods(r *http.Request) []string {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := a.mux.Handler(probe); pattern != "/" && pattern != "" {
			allowed = append(allowed, method)
		}
	}
	return allowed
}
