package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// ListLicences asks for the installed licences.
type ListLicences struct{}

// Licences lists the installed licences.
func (c *Client) Licences(ctx context.Context, _ ListLicences) ([]Licence, error) {
	return list[Licence](ctx, c, "/licences?limit=1000")
}

// InstallLicence installs a licence.
func (c *Client) InstallLicence(ctx context.Context, text LicenceText) (Licence, error) {
	var l Licence
	return l, c.Do(ctx, http.MethodPost, "/licences", text, &l)
}

// IssueLicence signs a licence.
func (c *Client) IssueLicence(ctx context.Context, n NewLicence) (IssuedLicence, error) {
	var i IssuedLicence
	return i, c.Do(ctx, http.MethodPost, "/licences/issue", n, &i)
}

// RevokeLicence revokes a licence; it is as returned then.
func (c *Client) RevokeLicence(ctx context.Context, id string) (Licence, error) {
	var l Licence
	path := "/licences/" + url.PathEscape(id)
	err := c.Do(ctx, http.MethodDelete, path, nil, nil)
	if err == nil {
		err = c.Do(ctx, http.MethodGet, path, nil, &l)
	}
	if CodeOf(err) == NotFound {
		return l, problem(NotFound, fmt.Sprintf("there is no licence %q: see pbx licence list", id))
	}
	return l, err
}

// DomainLicences shows what a domain has, the default one if it is empty.
func (c *Client) DomainLicences(ctx context.Context, domain string) (DomainLicences, error) {
	var l DomainLicences
	name, err := c.domainFor(ctx, domain)
	if err != nil {
		return l, err
	}
	return l, c.Do(ctx, http.MethodGet, domainPath(name)+"/licences", nil, &l)
}

// ListLicenceKeys asks for the keys.
type ListLicenceKeys struct{}

// LicenceKeys lists the keys, the newest first.
func (c *Client) LicenceKeys(ctx context.Context, _ ListLicenceKeys) ([]LicenceKey, error) {
	return list[LicenceKey](ctx, c, "/licence-keys")
}

// MakeLicenceKey makes a key.
func (c *Client) MakeLicenceKey(ctx context.Context, n NewLicenceKey) (MadeLicenceKey, error) {
	var m MadeLicenceKey
	return m, c.Do(ctx, http.MethodPost, "/licence-keys", n, &m)
}

// TrustLicenceKey trusts a key of another installation.
func (c *Client) TrustLicenceKey(ctx context.Context, k TrustedLicenceKey) (LicenceKey, error) {
	var l LicenceKey
	return l, c.Do(ctx, http.MethodPost, "/licence-keys/trust", k, &l)
}

// RevokeLicenceKey names a key that is to be revoked.
type RevokeLicenceKey struct {
	ID    string
	Force bool
}

// RevokeLicenceKey ends the trust in a key.
func (c *Client) RevokeLicenceKey(ctx context.Context, r RevokeLicenceKey) (RevokedLicenceKey, error) {
	var k RevokedLicenceKey
	path := "/licence-keys/" + url.PathEscape(r.ID)
	if r.Force {
		path = withQuery(path, "force", "true")
	}
	return k, c.Do(ctx, http.MethodDelete, path, nil, &k)
}
