package admin

import (
	"context"
	"net/http"
	"strings"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
)

// Domain is a tenant.
type Domain struct {
	Name    string   `json:"name" doc:"Name of the domain."`
	Hosts   []string `json:"hosts" nullable:"false" doc:"Host names by which clients reach it."`
	Default bool     `json:"default" doc:"Logins that name no domain are meant for it."`
}

// NewDomain is a domain to be made. The first one becomes the default one.
type NewDomain struct {
	Name    string   `json:"name" doc:"Name of the domain: example.com."`
	Hosts   []string `json:"hosts,omitempty" doc:"Host names by which clients reach it."`
	Default bool     `json:"default,omitempty" doc:"Make it the default domain."`
}

// DomainEdit says what to change of a domain.
type DomainEdit struct {
	Name    Optional[string]   `json:"name,omitzero" required:"false" doc:"New name."`
	Hosts   Optional[[]string] `json:"hosts,omitzero" required:"false" doc:"Host names, instead of those it has."`
	Default Optional[bool]     `json:"default,omitzero" required:"false" doc:"Make it the default domain. The flag moves; it cannot be taken away."`
}

// InDomain is the path of requests about a domain. It is exported so that huma
// finds it in the requests that it is embedded in.
type InDomain struct {
	Domain string `path:"domain" doc:"Name of the domain."`
}

type (
	domainAnswer struct {
		Body Domain
	}
	nothing struct{}
)

func (a *API) registerDomains() {
	register(a, operation{
		ID: "domain-list", Method: http.MethodGet, Path: "/domains", Tag: "Domains", Summary: "List the domains",
		Text:  "Those that you may see, by name.",
		Reach: somewhere, Right: account.Read,
	}, a.listDomains)
	register(a, operation{
		ID: "domain-add", Method: http.MethodPost, Path: "/domains", Tag: "Domains", Summary: "Make a domain",
		Status: http.StatusCreated, Reach: installation, Right: account.ManageDomains, Act: "domain.add",
	}, a.addDomain)
	register(a, operation{
		ID: "domain-get", Method: http.MethodGet, Path: "/domains/{domain}", Tag: "Domains", Summary: "Show a domain",
		Reach: domainInPath, Right: account.Read,
	}, a.getDomain)
	register(a, operation{
		ID: "domain-set", Method: http.MethodPatch, Path: "/domains/{domain}", Tag: "Domains", Summary: "Change a domain",
		Reach: domainInPath, Right: account.ManageDomains, Act: "domain.set",
	}, a.setDomain)
	register(a, operation{
		ID: "domain-remove", Method: http.MethodDelete, Path: "/domains/{domain}", Tag: "Domains",
		Summary: "Remove a domain in which nobody is left", Reach: domainInPath, Right: account.ManageDomains, Act: "domain.remove",
	}, a.removeDomain)
}

type listDomainsInput struct {
	Host   string `query:"host" doc:"Only the domain with this name or host name."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most domains in one answer."`
	Cursor string `query:"cursor" doc:"Where to go on: next of the answer before."`
}

type listDomainsAnswer struct {
	Body Page[Domain]
}

func (a *API) listDomains(ctx context.Context, in *listDomainsInput) (*listDomainsAnswer, error) {
	var seen []directory.Domain
	for _, dom := range a.Directory.Domains() {
		if a.may(ctx, dom) && (in.Host == "" || answersTo(dom, in.Host)) {
			seen = append(seen, dom)
		}
	}
	page, err := pageOf(seen, in.Cursor, in.Limit, func(d directory.Domain) string { return d.Name })
	if err != nil {
		return nil, err
	}
	return &listDomainsAnswer{Page[Domain]{Items: mapped(page.Items, domainOf), Next: page.Next}}, nil
}

// answersTo tells whether host is the name or a host name of the domain.
func answersTo(dom directory.Domain, host string) bool {
	for _, own := range append([]string{dom.Name}, dom.Hosts...) {
		if strings.EqualFold(own, host) {
			return true
		}
	}
	return false
}

type addDomainInput struct {
	Body NewDomain
}

func (a *API) addDomain(ctx context.Context, in *addDomainInput) (*domainAnswer, error) {
	about(ctx, in.Body.Name)
	d, err := a.Directory.AddDomain(ctx, in.Body.Name, in.Body.Hosts)
	if err == nil && in.Body.Default && !d.Default {
		d, err = a.Directory.SetDomain(ctx, d.ID, directory.DomainEdit{Default: true})
	}
	return &domainAnswer{domainOf(d)}, err
}

func (a *API) getDomain(ctx context.Context, _ *InDomain) (*domainAnswer, error) {
	return &domainAnswer{domainOf(calling(ctx).domain)}, nil
}

type setDomainInput struct {
	InDomain
	Body DomainEdit
}

func (a *API) setDomain(ctx context.Context, in *setDomainInput) (*domainAnswer, error) {
	edit := directory.DomainEdit{Name: in.Body.Name.Edit(), Hosts: in.Body.Hosts.Edit()}
	if makeDefault := in.Body.Default.Edit(); makeDefault != nil {
		edit.Default = *makeDefault
	}
	d, err := a.Directory.SetDomain(ctx, calling(ctx).domain.ID, edit)
	return &domainAnswer{domainOf(d)}, err
}

func (a *API) removeDomain(ctx context.Context, _ *InDomain) (*nothing, error) {
	return &nothing{}, a.Directory.RemoveDomain(ctx, calling(ctx).domain.ID)
}

func domainOf(d directory.Domain) Domain {
	hosts := d.Hosts
	if hosts == nil {
		hosts = []string{}
	}
	return Domain{Name: d.Name, Hosts: hosts, Default: d.Default}
}
