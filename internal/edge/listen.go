package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/ws"
)

// listenConfig is the checked list of listeners.
type listenConfig struct {
	uris          []listenURI
	certs         Certificates // nil without https
	publicMetrics bool
}

// Certificates are the certificates of https listeners, and what it takes to get
// them. Its methods are safe for use by several goroutines.
type Certificates interface {
	// GetCertificate serves tls.Config.GetCertificate.
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// Challenges answers a certificate authority on an http listener for clients
	// (HTTP-01), and passes on other requests.
	Challenges(next http.Handler) http.Handler
}

// purpose is what a listener is for.
type purpose uint8

const (
	forAll     purpose = iota // clients and apps, and what has no listener of its own
	forAdmin                  // the administration alone
	forMetrics                // /metrics alone
)

// has tells whether there are listeners for a purpose.
func (l listenConfig) has(p purpose) bool {
	return slices.ContainsFunc(l.uris, func(u listenURI) bool { return u.purpose == p })
}

// listenURI is one listener.
type listenURI struct {
	purpose  purpose
	text     string // as configured
	tls      bool
	insecure bool   // plain text on any address
	address  string // host:port
}

func newListenConfig(c Config) (listenConfig, error) {
	l := listenConfig{publicMetrics: c.PublicMetrics, certs: c.Certificates}
	for p, texts := range [][]string{forAll: c.Listen, forAdmin: c.ListenAdmin, forMetrics: c.ListenMetrics} {
		for _, text := range texts {
			u, err := parseListen(text)
			if err != nil {
				return l, err
			}
			u.purpose = purpose(p)
			if u.tls && l.certs == nil {
				if l.certs, err = newCertificate(c.CertFile, c.KeyFile); err != nil {
					return l, fmt.Errorf("edge: listen %s: %w", text, err)
				}
			}
			l.uris = append(l.uris, u)
		}
	}
	return l, nil
}

// parseListen reads a listener URI.
func parseListen(text string) (listenURI, error) {
	u, err := url.Parse(text)
	if err != nil {
		return listenURI{}, fmt.Errorf("edge: listen %q is no URI: %w", text, err)
	}
	l := listenURI{text: text}
	port := "80"
	switch u.Scheme {
	case "http":
	case "http+insecure":
		l.insecure = true
	case "https":
		l.tls, port = true, "443"
	default:
		return l, fmt.Errorf("edge: listen %q: the scheme must be http, https or http+insecure", text)
	}
	if (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Opaque != "" {
		return l, fmt.Errorf("edge: listen %q: only scheme, host and port are allowed", text)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	l.address = net.JoinHostPort(u.Hostname(), port)
	return l, nil
}

// Listener is what a listener URI says.
type Listener struct {
	Address string // host:port
	HTTPS   bool
}

// ParseListen reads a listener URI, as Config.Listen has them.
func ParseListen(text string) (Listener, error) {
	u, err := parseListen(text)
	return Listener{u.address, u.tls}, err
}

// TryListen tells whether the listener could be opened now: it opens and closes
// it. The error is that of Listen.
func TryListen(ctx context.Context, text string) error {
	u, err := parseListen(text)
	if err != nil {
		return err
	}
	l, err := u.open(ctx)
	if err != nil {
		return err
	}
	return l.Close()
}

// Reachable is a URL of a listener as somebody on this machine can open it: nobody
// can connect to "all addresses".
func Reachable(listen string) string {
	u, err := url.Parse(listen)
	if err != nil {
		return listen
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err != nil || !addr.IsUnspecified() {
		return listen
	}
	if u.Host = "localhost:" + u.Port(); u.Port() == "" {
		u.Host = "localhost"
	}
	return u.String()
}

// listener is an open socket.
type listener struct {
	net.Listener
	uri listenURI
}

// open resolves the address and listens. Plain text is refused where strangers
// could read it.
func (l listenURI) open(ctx context.Context) (*listener, error) {
	host, port, err := net.SplitHostPort(l.address)
	if err != nil {
		return nil, fmt.Errorf("edge: listen %q: %w", l.text, err)
	}
	if !l.tls && !l.insecure {
		if host, err = loopback(ctx, host); err != nil {
			return nil, fmt.Errorf("edge: listen %q: %w", l.text, err)
		}
	}
	config := ws.ListenConfig()
	socket, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("edge: listen %q: %w", l.text, err)
	}
	return &listener{socket, l}, nil
}

// errPlain explains what to do.
var errPlain = errors.New("plain text is served on loopback addresses only; use https://, or http+insecure:// if something else protects the connection")

// loopback is the address of host if every address it has is loopback.
func loopback(ctx context.Context, host string) (string, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		if !a.Unmap().IsLoopback() {
			return "", errPlain
		}
		return host, nil
	}
	if host == "" {
		return "", errPlain
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return "", err
	}
	for _, a := range addrs {
		if !a.Unmap().IsLoopback() {
			return "", errPlain
		}
	}
	return addrs[0].Unmap().String(), nil
}

// url is the real address of the listener.
func (l *listener) url() string {
	scheme := "http"
	if l.uri.tls {
		scheme = "https"
	}
	return scheme + "://" + l.Addr().String()
}

// port is the real port.
func (l *listener) port() int {
	a, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		return 0
	}
	return int(a.Port())
}

// local tells that only this machine can reach the listener.
func (l *listener) local() bool {
	if l == nil {
		return false // of others: nobody knows
	}
	a, err := netip.ParseAddrPort(l.Addr().String())
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// certificate is a key pair from files. It is read anew when the files change,
// so that a renewal needs no restart.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex // guards the following
	pair    *tls.Certificate
	changed time.Time // of the files
	checked time.Time
}

// certEvery is how often the files are looked at.
const certEvery = 10 * time.Second

func newCertificate(certFile, keyFile string) (*certificate, error) {
	if certFile == "" || keyFile == "" {
		return nil, errors.New("https needs a certificate file and a key file")
	}
	c := &certificate{certFile: certFile, keyFile: keyFile}
	return c, c.load()
}

func (c *certificate) load() error {
	changed := c.modified()
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair, c.changed, c.checked = &pair, changed, time.Now()
	return nil
}

// modified is when one of the files was last written.
func (c *certificate) modified() time.Time {
	var newest time.Time
	for _, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return newest
}

var _ Certificates = (*certificate)(nil)

// Challenges implements Certificates: who has files needs no challenge.
func (c *certificate) Challenges(next http.Handler) http.Handler { return next }

// GetCertificate implements Certificates. A pair that cannot be read yet, because
// only one file has been replaced, leaves the old one in use.
func (c *certificate) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.checked) >= certEvery {
		c.checked = now
		if !c.modified().Equal(c.changed) {
			_ = c.load()
		}
	}
	return c.pair, nil
}

// tls is what a listener needs for https. acme-tls/1 is asked for by certificate
// authorities alone (RFC 8737); such a connection ends with the handshake.
func (l listenConfig) tls() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, GetCertificate: l.certs.GetCertificate, NextProtos: []string{"http/1.1", "acme-tls/1"},
	}
}
