package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tandem-switch/tandem/internal/directory"
)

// Local is an Operator that works on a directory of this process.
type Local struct {
	dir  *directory.Directory
	live Live
}

var _ Operator = (*Local)(nil)

// NewLocal works on dir, which stays the caller's. live is the running switch,
// or nil where none runs.
func NewLocal(dir *directory.Directory, live Live) *Local { return &Local{dir: dir, live: live} }

// Domains implements Operator.
func (l *Local) Domains(context.Context, ListDomains) ([]Domain, error) {
	found := l.dir.Domains()
	list := make([]Domain, 0, len(found))
	for _, d := range found {
		list = append(list, domainOf(d))
	}
	return list, nil
}

// AddDomain implements Operator.
func (l *Local) AddDomain(ctx context.Context, r AddDomain) (Domain, error) {
	d, err := l.dir.AddDomain(ctx, r.Name, r.Hosts)
	if err == nil && r.Default && !d.Default {
		d, err = l.dir.SetDomain(ctx, d.ID, directory.DomainEdit{Default: true})
	}
	return domainOf(d), explain(err)
}

// SetDomain implements Operator.
func (l *Local) SetDomain(ctx context.Context, r SetDomain) (Domain, error) {
	d, err := l.domain(r.Name)
	if err != nil {
		return Domain{}, err
	}
	d, err = l.dir.SetDomain(ctx, d.ID, directory.DomainEdit{Name: r.Rename, Hosts: r.Hosts, Default: r.Default})
	return domainOf(d), explain(err)
}

// RemoveDomain implements Operator.
func (l *Local) RemoveDomain(ctx context.Context, r RemoveDomain) (Domain, error) {
	d, err := l.domain(r.Name)
	if err != nil {
		return Domain{}, err
	}
	return domainOf(d), explain(l.dir.RemoveDomain(ctx, d.ID))
}

func domainOf(d directory.Domain) Domain {
	hosts := d.Hosts
	if hosts == nil {
		hosts = []string{}
	}
	return Domain{Name: d.Name, Hosts: hosts, Default: d.Default}
}

// domain finds a domain by its name alone: what is done to a domain is meant
// for the one that is named.
func (l *Local) domain(name string) (directory.Domain, error) {
	if d, ok := l.dir.DomainByName(name); ok {
		return d, nil
	}
	return directory.Domain{}, &Problem{NotFound, fmt.Sprintf("there is no domain %q: see pbx domain list", name)}
}

// domainFor finds the domain in which a user or app is meant: by its name or a
// host name, or the default one.
func (l *Local) domainFor(name string) (directory.Domain, error) {
	d, ok := l.dir.ResolveLogin(name, "")
	switch {
	case ok:
		return d, nil
	case name == "":
		return d, &Problem{NotFound, "there is no domain yet: add one first, with: pbx domain add example.com"}
	}
	return d, &Problem{NotFound, fmt.Sprintf("there is no domain %q: see pbx domain list, or add it with: pbx domain add %s", name, name)}
}

// domains are those that a list is about: one, or all.
func (l *Local) domains(name string) ([]directory.Domain, error) {
	if name == "" {
		return l.dir.Domains(), nil
	}
	d, err := l.domainFor(name)
	return []directory.Domain{d}, err
}

// split takes "alice@example.com" apart; without @ the default domain is meant.
func (l *Local) split(name string) (directory.Domain, string, error) {
	sip, host, found := strings.Cut(name, "@")
	if found && host == "" {
		return directory.Domain{}, "", &Problem{Invalid, fmt.Sprintf("%q has no domain behind the @: write %s, or %s@example.com", name, sip, sip)}
	}
	d, err := l.domainFor(host)
	return d, sip, err
}

// explain makes a refusal of the directory a problem of the operator.
func explain(err error) error {
	if refusal, ok := errors.AsType[*directory.Error](err); ok {
		return &Problem{Code(refusal.Code), refusal.Message}
	}
	return err
}
