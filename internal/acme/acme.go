// Package acme gets certificates from a certificate authority by ACME (RFC 8555)
// and renews them while the switch runs. It proves that a name is ours by
// TLS-ALPN-01 on a listener for https, and by HTTP-01 on one for http.
//
// It opens no listener of its own and knows nothing of domains: cmd/pbx says
// which names are ours and gives a Manager to internal/edge. The protocol and the
// timing are certmagic's, which no other package may import.
//
// A Manager is safe for use by several goroutines once Start has returned. The
// first handshakes for a name wait for its certificate, for some seconds; no
// other handshake waits for anything. No lock is held while the authority, the
// disk or a function of Config is asked.
package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3"
)

// DefaultCA is the authority that is asked unless there is another one.
const DefaultCA = certmagic.LetsEncryptProductionCA

// Config is what a Manager needs. Dir, Log, and one of Names and Known are
// required.
type Config struct {
	Dir   string         // for account, keys and certificates; made with mode 0700
	CA    string         // URL of the authority's directory; default: Let's Encrypt
	Email string         // where the authority reaches the operator; may be empty
	Roots *x509.CertPool // that vouch for the authority itself; nil = the system's
	// Names get their certificates at the start. Without any, a name gets one
	// when a client first asks for it and Known says that it is ours.
	Names []string
	Known func(name string) bool
	// Default is the name for clients that name none; may be empty.
	Default string
	Log     *slog.Logger
}

// Manager gets the certificates of a switch.
type Manager struct {
	c      Config
	every  time.Duration // between looks at what is to be renewed; 0 = default
	cache  *certmagic.Cache
	config *certmagic.Config
	issuer *certmagic.ACMEIssuer
	ctx    context.Context // of the work for names, until Run ends
	cancel context.CancelFunc

	mu    sync.Mutex // guards the following
	names map[string]*managed
}

// managed is a name whose certificate is looked after: at first obtained, then
// renewed.
type managed struct {
	once  sync.Once
	tried chan struct{} // closed after the first success or failure
}

const (
	// handshakeWait is how long a handshake waits for the first certificate of its
	// name. It is less than listeners allow for a handshake.
	handshakeWait = 8 * time.Second
	// beginAnew is after what time certificates that could not be had are asked
	// for as if for the first time. certmagic gives up after 30 days.
	beginAnew = 31 * 24 * time.Hour
)

// New checks the configuration. It starts nothing and asks nobody.
func New(c Config) (*Manager, error) {
	if c.Dir == "" || c.Log == nil {
		return nil, errors.New("acme: Config.Dir and Config.Log are required")
	}
	if len(c.Names) == 0 && c.Known == nil {
		return nil, errors.New("acme: neither Config.Names nor Config.Known says which names are ours")
	}
	c.Names = slices.Clone(c.Names)
	for i, name := range c.Names {
		c.Names[i] = plain(name)
		if err := checkName(c.Names[i]); err != nil {
			return nil, err
		}
	}
	c.Default = plain(c.Default)
	if c.CA == "" {
		c.CA = DefaultCA
	}
	return &Manager{c: c, names: map[string]*managed{}}, nil
}

// plain is a name as it is compared.
func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// checkName refuses what no authority gives a certificate for without help of
// the name's DNS server.
func checkName(name string) error {
	if _, err := netip.ParseAddr(name); err == nil {
		return fmt.Errorf("%s is an address; certificates are for host names", name)
	}
	if strings.Contains(name, "*") || !certmagic.SubjectQualifiesForCert(name) {
		return fmt.Errorf("%q is no host name", name)
	}
	return nil
}

// Start makes the Manager ready for handshakes; call it once, before the first,
// and Run after it. The ports are those of the own listeners to which the
// authority comes: its ports 443 and 80 must lead to them. 0 is none.
func (m *Manager) Start(https, http int) error {
	if err := os.MkdirAll(m.c.Dir, 0o700); err != nil {
		return fmt.Errorf("acme: %w", err)
	}
	log := zapLogger(m.c.Log)
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert:   func(certmagic.Certificate) (*certmagic.Config, error) { return m.config, nil },
		RenewCheckInterval: m.every,
		Logger:             log,
	})
	m.config = certmagic.New(m.cache, certmagic.Config{
		Storage:           &certmagic.FileStorage{Path: m.c.Dir},
		DefaultServerName: m.c.Default,
		OnEvent:           m.event,
		Logger:            log,
	})
	m.issuer = certmagic.NewACMEIssuer(m.config, certmagic.ACMEIssuer{
		CA: m.c.CA, TestCA: m.c.CA, Email: m.c.Email, Agreed: true, TrustedRoots: m.c.Roots,
		DisableTLSALPNChallenge: https == 0, AltTLSALPNPort: https,
		DisableHTTPChallenge: http == 0, AltHTTPPort: http,
		Logger: log,
	})
	m.config.Issuers = []certmagic.Issuer{m.issuer}
	return nil
}

// Run gets the certificates for Config.Names, and renews what there is, until
// ctx is done. An authority that does not answer is asked again, less and less
// often, for as long as it takes.
func (m *Manager) Run(ctx context.Context) error {
	defer m.cache.Stop()
	defer m.cancel()
	for _, name := range m.c.Names {
		m.manage(name)
	}
	again := time.NewTicker(beginAnew)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
			_ = m.config.ManageAsync(m.ctx, m.managed()) // without OnDemand it returns no error
		}
	}
}

// manage begins to look after a name, if nobody does yet.
func (m *Manager) manage(name string) *managed {
	m.mu.Lock()
	one := m.names[name]
	if one == nil {
		one = &managed{tried: make(chan struct{})}
		m.names[name] = one
		defer func() { _ = m.config.ManageAsync(m.ctx, []string{name}) }()
	}
	m.mu.Unlock()
	return one
}

// managed lists the names that are looked after.
func (m *Manager) managed() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.names))
}

// ours tells whether a name gets a certificate.
func (m *Manager) ours(name string) bool {
	if len(m.c.Names) > 0 {
		return slices.Contains(m.c.Names, name)
	}
	return checkName(name) == nil && m.c.Known(name)
}

// errNotOurs refuses a handshake.
var errNotOurs = errors.New("acme: no domain has this host name")

// GetCertificate serves tls.Config.GetCertificate, challenges included.
func (m *Manager) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if slices.Equal(hello.SupportedProtos, []string{acmez.ACMETLS1Protocol}) {
		return m.config.GetCertificate(hello) // the authority, with a challenge
	}
	name := plain(hello.ServerName)
	if name == "" {
		name = m.c.Default
	}
	if name == "" || !m.ours(name) {
		return nil, errNotOurs
	}
	wait := time.NewTimer(handshakeWait)
	defer wait.Stop()
	select {
	case <-m.manage(name).tried:
	case <-wait.C:
	case <-hello.Context().Done():
	}
	return m.config.GetCertificate(hello)
}

// Challenges answers the authority on an http listener, before next.
func (m *Manager) Challenges(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.issuer.HTTPChallengeHandler(next).ServeHTTP(w, r)
	})
}

// event notes what becomes of a name, and logs what an operator wants to know.
// Its error keeps certmagic from asking for a certificate.
func (m *Manager) event(_ context.Context, event string, data map[string]any) error {
	name, _ := data["identifier"].(string)
	switch event {
	case "cert_obtaining":
		if !m.ours(name) { // any more
			return errNotOurs
		}
	case "cert_obtained":
		m.c.Log.Info("certificate obtained", "name", name, "renewal", data["renewal"], "ca", m.c.CA)
	case "cert_failed":
		m.c.Log.Warn("no certificate, it will be tried again", "name", name, "renewal", data["renewal"], "ca", m.c.CA, "err", data["error"])
		m.tried(name)
	case "cached_managed_cert":
		names, _ := data["sans"].([]string)
		for _, name := range names {
			m.tried(name)
		}
	}
	return nil
}

// tried lets handshakes go on that wait for a name.
func (m *Manager) tried(name string) {
	m.mu.Lock()
	one := m.names[plain(name)]
	m.mu.Unlock()
	if one != nil {
		one.once.Do(func() { close(one.tried) })
	}
}
