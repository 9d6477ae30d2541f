package admin

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
)

// Domain is a tenant.
type Domain struct {
	Rev     int64    `json:"rev" doc:"Grows with every change; also the ETag."`
	Name    string   `json:"name" doc:"Name of the domain."`
	Hosts   []string `json:"hosts" nullable:"false" doc:"Host names by which clients reach it."`
	Default bool     `json:"default" doc:"Logins that name no domain are meant for it."`
	DomainSettings
}

// DomainSettings are what holds for a whole domain.
type DomainSettings struct {
	Org     string             `json:"org,omitempty" doc:"Organisation that the domain belongs to, for its administrators."`
	Plan    Plan               `json:"plan,omitzero" required:"false" doc:"How numbers are dialled."`
	Filters []directory.Filter `json:"filters,omitempty" doc:"Rules for calls, by name."`
	Brand   directory.Brand    `json:"brand,omitzero" required:"false" doc:"How the pages of the domain look."`
}

// Plan is how numbers are dialled in a domain. The node without name is the root.
type Plan struct {
	Nodes     []directory.Node `json:"nodes,omitempty" doc:"Parts of the plan, each with its prefix."`
	Routes    []Route          `json:"routes,omitempty" doc:"Where numbers go that belong to nobody."`
	Intl      string           `json:"intl,omitempty" doc:"What stands before international numbers, such as 000."`
	Ntl       string           `json:"ntl,omitempty" doc:"What stands before national numbers, such as 00."`
	Subs      string           `json:"subs,omitempty" doc:"What stands before numbers of the same area, such as 0."`
	Area      string           `json:"area,omitempty" doc:"Area code."`
	Country   string           `json:"country,omitempty" doc:"Country code."`
	MaxIntern int              `json:"max_intern,omitempty" doc:"Digits of the longest internal number."`
}

// IsZero tells whether there is no plan, for omitzero.
func (p Plan) IsZero() bool {
	return len(p.Nodes) == 0 && len(p.Routes) == 0 && p.MaxIntern == 0 && p.Intl+p.Ntl+p.Subs+p.Area+p.Country == ""
}

// Route sends numbers that begin with Prefix, and belong to nobody, to a gateway.
type Route struct {
	Prefix string `json:"prefix" doc:"What the number begins with."`
	To     string `json:"to" doc:"Name of the gateway."`
	Min    int    `json:"min,omitempty" doc:"Least digits that follow the prefix; 0: any number."`
	Max    int    `json:"max,omitempty" doc:"Most digits that follow the prefix; 0: any number."`
}

// NewDomain is a domain to be made. The first one becomes the default one.
type NewDomain struct {
	Name    string   `json:"name" doc:"Name of the domain: example.com."`
	Hosts   []string `json:"hosts,omitempty" doc:"Host names by which clients reach it."`
	Default bool     `json:"default,omitempty" doc:"Make it the default domain."`
	Org     string   `json:"org,omitempty" doc:"Organisation that the domain belongs to."`
}

// DomainEdit says what to change of a domain.
type DomainEdit struct {
	Name    Optional[string]   `json:"name,omitzero" required:"false" doc:"New name."`
	Hosts   Optional[[]string] `json:"hosts,omitzero" required:"false" doc:"Host names, instead of those it has."`
	Default Optional[bool]     `json:"default,omitzero" required:"false" doc:"Make it the default domain. The flag moves; it cannot be taken away."`

	Org     Optional[string]             `json:"org,omitzero" required:"false" doc:"Organisation that it belongs to. Only operators change it."`
	Plan    Optional[Plan]               `json:"plan,omitzero" required:"false" doc:"How numbers are dialled, as a whole."`
	Filters Optional[[]directory.Filter] `json:"filters,omitzero" required:"false" doc:"Rules for calls, as a whole."`
	Brand   Optional[directory.Brand]    `json:"brand,omitzero" required:"false" doc:"How the pages of the domain look, as a whole."`
}

// InDomain is the path of requests about a domain. It is exported so that huma
// finds it in the requests that it is embedded in.
type InDomain struct {
	Domain string `path:"domain" doc:"Name of the domain."`
}

type (
	domainAnswer struct {
		ETag string `header:"ETag"`
		Body Domain
	}
	nothing struct{}
)

func (a *API) registerDomains() {
	register(a, operation{
		ID: "domain-list", Method: http.MethodGet, Path: "/domains", Tag: "Domains", Summary: "List the domains, without their brands",
		Text:  "Those that you may see, by name.",
		Reach: somewhere, Right: account.Read,
	}, a.listDomains)
	register(a, operation{
		ID: "domain-add", Method: http.MethodPost, Path: "/domains", Tag: "Domains", Summary: "Make a domain",
		Status: http.StatusCreated, Reach: somewhere, Right: account.ManageDomains, Act: "domain.add",
		Text: "Administrators of an organisation name it.",
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
		Summary: "Remove a domain in which nobody is left", Reach: domainInPath, Right: account.ManageDomains, Act: "domain.remove", Reason: true,
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
	list := mapped(page.Items, a.domainOf)
	for i := range list {
		list[i].Brand = directory.Brand{} // a thousand logos are too much, and without its logo it would be another one
	}
	return &listDomainsAnswer{Page[Domain]{Items: list, Next: page.Next}}, nil
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
	who := calling(ctx).identity
	if !who.May(account.ManageDomains, account.Scope{Org: in.Body.Org}) || in.Body.Default && !who.May(account.Operate, account.Scope{}) {
		return nil, a.allowed(ctx, false)
	}
	d, err := a.Directory.CreateDomain(ctx, directory.Domain{
		Name: in.Body.Name, Hosts: in.Body.Hosts, Default: in.Body.Default, Settings: directory.Settings{Org: in.Body.Org},
	})
	if err != nil {
		return nil, err
	}
	calling(ctx).domain = d
	return a.answerDomain(d), nil
}

func (a *API) getDomain(ctx context.Context, _ *InDomain) (*domainAnswer, error) {
	return a.answerDomain(calling(ctx).domain), nil
}

type setDomainInput struct {
	InDomain
	Body DomainEdit
}

func (a *API) setDomain(ctx context.Context, in *setDomainInput) (*domainAnswer, error) {
	c, b := calling(ctx), in.Body
	if err := match(ctx, c.domain.Revision); err != nil {
		return nil, err
	}
	if (b.Default.given || b.Org.given) && !c.identity.May(account.Operate, account.Scope{}) {
		return nil, a.allowed(ctx, false) // it concerns other domains too
	}
	change := directory.DomainEdit{Name: b.Name.Edit(), Hosts: b.Hosts.Edit(), Default: b.Default.value, IfRev: c.rev}
	if b.Org.given || b.Plan.given || b.Filters.given || b.Brand.given {
		plan, err := a.planOf(c.domain, b.Plan.value)
		if err != nil {
			return nil, err
		}
		change.Settings = func(s *directory.Settings) {
			edit(&s.Org, b.Org)
			edit(&s.Filters, b.Filters)
			edit(&s.Brand, b.Brand)
			if b.Plan.given {
				s.Plan = plan
			}
		}
	}
	was(ctx, a.domainOf(c.domain))
	d, err := a.Directory.SetDomain(ctx, c.domain.ID, change)
	return a.answerDomain(d), err
}

func (a *API) removeDomain(ctx context.Context, _ *InDomain) (*nothing, error) {
	dom := calling(ctx).domain
	if err := match(ctx, dom.Revision); err != nil {
		return nil, err
	}
	was(ctx, a.domainOf(dom))
	return &nothing{}, a.Directory.RemoveDomain(ctx, dom.ID)
}

// planOf finds the gateways that a plan names.
func (a *API) planOf(dom directory.Domain, p Plan) (directory.Plan, error) {
	plan := directory.Plan{
		Nodes: p.Nodes, Intl: p.Intl, Ntl: p.Ntl, Subs: p.Subs, Area: p.Area, Country: p.Country, MaxIntern: p.MaxIntern,
	}
	for i, r := range p.Routes {
		to, ok := a.Directory.ObjectByName(dom.ID, r.To)
		if !ok {
			return plan, wrong(NotFound, "plan.routes["+strconv.Itoa(i)+"].to", "There is no gateway "+quoted(r.To)+" in "+dom.Name+".")
		}
		plan.Routes = append(plan.Routes, directory.Route{Prefix: r.Prefix, To: to.ID, Min: r.Min, Max: r.Max})
	}
	return plan, nil
}

func (a *API) answerDomain(d directory.Domain) *domainAnswer {
	return &domainAnswer{ETag: etag(d.Revision), Body: a.domainOf(d)}
}

func (a *API) domainOf(d directory.Domain) Domain {
	hosts := d.Hosts
	if hosts == nil {
		hosts = []string{}
	}
	p := d.Plan
	plan := Plan{
		Nodes: p.Nodes, Intl: p.Intl, Ntl: p.Ntl, Subs: p.Subs, Area: p.Area, Country: p.Country, MaxIntern: p.MaxIntern,
	}
	for _, r := range p.Routes {
		plan.Routes = append(plan.Routes, Route{Prefix: r.Prefix, To: a.nameOf(d.ID, r.To), Min: r.Min, Max: r.Max})
	}
	return Domain{
		Rev: d.Revision, Name: d.Name, Hosts: hosts, Default: d.Default,
		DomainSettings: DomainSettings{Org: d.Org, Plan: plan, Filters: d.Filters, Brand: d.Brand},
	}
}
