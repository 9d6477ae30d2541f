package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// soon is how long before its end a certificate is worth a warning. ACME renews
// earlier.
const soon = 14 * 24 * time.Hour

// certificates looks at the certificates of https listeners.
func (p *Patient) certificates(ctx context.Context) {
	const check = "certificates"
	https := slices.ContainsFunc(p.Listen, func(uri string) bool { return strings.HasPrefix(uri, "https://") })
	switch {
	case !https:
		p.ok(check, "no listener needs one")
	case p.ACMEDir != "":
		p.acme(ctx)
	case p.Cert == "" || p.Key == "":
		p.Add(check, Fail, "Give --tls-cert and --tls-key, or --acme-email.", "a listener for https has none")
	default:
		p.pair()
	}
}

// pair looks at a certificate in files.
func (p *Patient) pair() {
	const check = "certificates"
	pair, err := tls.LoadX509KeyPair(p.Cert, p.Key)
	if err != nil {
		p.Add(check, Fail, "Both files must be PEM, and belong together.", "%s and %s: %v", p.Cert, p.Key, err)
		return
	}
	p.private(check, p.Key)
	p.valid(p.Cert, pair.Leaf)
	p.covers(func(name string) bool { return pair.Leaf.VerifyHostname(name) == nil }, p.Cert)
}

// valid looks at the time of a certificate.
func (p *Patient) valid(name string, c *x509.Certificate) {
	const check = "certificates"
	left := time.Until(c.NotAfter)
	switch {
	case left <= 0:
		p.Add(check, Fail, "Renew it.", "%s has ended on %s", name, c.NotAfter.Format(time.DateOnly))
	case time.Now().Before(c.NotBefore):
		p.Add(check, Fail, "Look at the clock, or wait.", "%s is not valid before %s", name, c.NotBefore.Format(time.RFC3339))
	case left < soon && left < c.NotAfter.Sub(c.NotBefore)/3:
		p.Add(check, Warn, "Renew it.", "%s ends on %s", name, c.NotAfter.Format(time.RFC3339))
	default:
		p.ok(check, "%s is valid until %s", name, c.NotAfter.Format(time.DateOnly))
	}
}

// covers looks whether every name of the switch has a certificate.
func (p *Patient) covers(covered func(name string) bool, by string) {
	for _, name := range p.names() {
		if !covered(name) {
			p.Add("certificates", Warn, "Get one for all names, or take the name from its domain.", "%s is not for %s, by which clients know this switch", by, name)
		}
	}
}

// names are those by which clients know the switch.
func (p *Patient) names() []string {
	names := slices.Clone(p.hosts)
	if p.PublicHost != "" && !slices.Contains(names, p.PublicHost) {
		names = append(names, p.PublicHost)
	}
	return names
}

// acme looks at the certificates that were got so far, and for the authority.
func (p *Patient) acme(ctx context.Context) {
	const check = "certificates"
	files, err := filepath.Glob(filepath.Join(p.ACMEDir, "certificates", "*", "*", "*.crt"))
	if err != nil {
		p.Add(check, Fail, "", "%v", err)
		return
	}
	var found []*x509.Certificate
	for _, name := range files {
		c, err := readCertificate(name)
		if err != nil {
			p.Add(check, Fail, "Remove it; the server gets another one.", "%s: %v", name, err)
			continue
		}
		p.valid("the certificate for "+strings.Join(c.DNSNames, ", "), c)
		found = append(found, c)
	}
	for _, name := range append(p.names(), p.ACMENames...) {
		if !slices.ContainsFunc(found, func(c *x509.Certificate) bool { return c.VerifyHostname(name) == nil }) {
			p.ok(check, "%s has none yet; it comes by ACME", name)
		}
	}
	p.private(check, p.ACMEDir)
	p.authority(ctx)
}

func readCertificate(name string) (*x509.Certificate, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, x509.ErrUnsupportedAlgorithm
	}
	return x509.ParseCertificate(block.Bytes)
}

// authority looks whether the authority answers, and what time it has.
func (p *Patient) authority(ctx context.Context) {
	const check = "certificates"
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.CAURL, nil)
	if err != nil {
		p.Add(check, Fail, "Look at --acme-ca.", "%v", err)
		return
	}
	begin := time.Now()
	response, err := p.CA.Do(request)
	if err != nil {
		p.Add(check, Warn, "Without it no certificate is renewed; look at the network, at --acme-ca and --acme-ca-root.", "the authority does not answer: %v", err)
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		p.Add(check, Warn, "Look at --acme-ca: it must be the address of an ACME directory.", "the authority answers %s for %s", response.Status, p.CAURL)
		return
	}
	p.ok(check, "the authority answers at %s", p.CAURL)
	if now, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		p.compareClock("the certificate authority", now, time.Since(begin)+time.Second) // it has whole seconds
	}
}
