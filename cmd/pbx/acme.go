package main

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/tandem-switch/tandem/internal/acme"
	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/edge"
)

// acmeFlags say where certificates come from if not from files.
type acmeFlags struct {
	Email  string   `name:"acme-email" placeholder:"ADDRESS" help:"Get certificates by ACME; the authority writes here. Whoever uses it agrees to the terms of the authority."`
	Domain []string `name:"acme-domain" placeholder:"NAME" help:"Get them at once, for these names alone (several allowed). Without: for every host name of a domain, when a client first asks for it."`
	CA     string   `name:"acme-ca" placeholder:"URL" help:"ACME directory of the authority; without: Let's Encrypt."`
	CARoot string   `name:"acme-ca-root" placeholder:"FILE" help:"Certificate that vouches for the https of the authority (PEM); without: those of the system."`
}

// acmeDir is in the data directory.
const acmeDir = "acme"

// on tells whether certificates come by ACME.
func (a acmeFlags) on() bool {
	return a.Email != "" || len(a.Domain) > 0 || a.CA != "" || a.CARoot != ""
}

// check finds what cannot work.
func (a acmeFlags) check(c serveCommand) error {
	if !a.on() {
		return nil
	}
	if c.TLSCert != "" || c.TLSKey != "" {
		return cli.Misuse("certificates come from --tls-cert and --tls-key or by ACME, not both")
	}
	if !hasScheme(c.Listen, "https") {
		return cli.Misuse("certificates by ACME need a listener for https: add --listen https://0.0.0.0:443")
	}
	if u, err := url.Parse(a.CA); a.CA != "" && (err != nil || u.Host == "" || u.Scheme != "https") {
		return cli.Misuse("--acme-ca %s is not like https://ca.example.com/acme/directory", a.CA)
	}
	return nil
}

// hasScheme tells whether one of the listeners has a scheme.
func hasScheme(list []string, scheme string) bool {
	for _, l := range list {
		if strings.HasPrefix(l, scheme+"://") {
			return true
		}
	}
	return false
}

// certificates is a manager, or nil without ACME.
type certificates struct{ *acme.Manager }

// forEdge is the manager as edge takes it: nil where there is none.
func (c *certificates) forEdge() edge.Certificates {
	if c == nil {
		return nil
	}
	return c
}

// manager is what gets the certificates, nil without ACME. Names of the directory
// may come and go while it runs.
func (a acmeFlags) manager(c serveCommand, dir *directory.Directory, log *slog.Logger) (*certificates, error) {
	if !a.on() {
		return nil, nil
	}
	roots, err := a.roots()
	if err != nil {
		return nil, err
	}
	public := hostOf(c.PublicURL)
	m, err := acme.New(acme.Config{
		Dir: filepath.Join(c.Data, acmeDir), CA: a.CA, Email: a.Email, Roots: roots, Names: a.Domain,
		Known: func(name string) bool {
			_, known := dir.DomainByHost(name)
			return known || name == public
		},
		Default: a.standard(public), Log: log,
	})
	if err != nil {
		return nil, cli.Misuse("--acme-domain: %v", err)
	}
	return &certificates{m}, nil
}

// standard is the name for clients that name none.
func (a acmeFlags) standard(public string) string {
	if public == "" && len(a.Domain) > 0 {
		return a.Domain[0]
	}
	return public
}

// hostOf is the host name of a URL, without port.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// roots vouch for the authority; nil are those of the system.
func (a acmeFlags) roots() (*x509.CertPool, error) {
	if a.CARoot == "" {
		return nil, nil
	}
	text, err := os.ReadFile(a.CARoot)
	if err != nil {
		return nil, fmt.Errorf("--acme-ca-root: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--acme-ca-root: there is no certificate in %s", a.CARoot)
	}
	return roots, nil
}
