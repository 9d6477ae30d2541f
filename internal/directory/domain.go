package directory

import (
	"context"
	"slices"

	"github.com/tandem-switch/tandem/signal"
)

// Domain is a tenant. Hosts must not be changed by the reader.
type Domain struct {
	ID      signal.DomainID `json:"id"`
	Name    string          `json:"name"`
	Hosts   []string        `json:"hosts,omitempty"`
	Default bool            `json:"default"`
	// Revision is the number of the commit that changed the domain last. It is
	// set in what the directory answers.
	Revision int64 `json:"rev"`
	Settings
}

// DomainEdit says what to change of a domain; nil leaves a member as it is.
type DomainEdit struct {
	Name  *string   `json:"name,omitempty"`
	Hosts *[]string `json:"hosts,omitempty"`
	// Default makes the domain the default one. The flag moves, it cannot
	// be taken away.
	Default bool `json:"default,omitempty"`
	// Settings changes a copy of the settings, which it may keep. It may be
	// called several times.
	Settings func(*Settings) `json:"-"`
	// IfRev refuses the edit with stale if the domain has another revision; 0:
	// whatever it is.
	IfRev int64 `json:"-"`
}

// AddDomain adds a domain; the first one is the default. Refusals: bad_domain,
// domain_taken, host_taken, too_many.
func (d *Directory) AddDomain(ctx context.Context, name string, hosts []string) (Domain, error) {
	return d.CreateDomain(ctx, Domain{Name: name, Hosts: hosts})
}

// CreateDomain adds a domain with settings, and makes it the default one if it
// says so; its ID and Revision are given. Refusals as for AddDomain, and
// bad_value.
func (d *Directory) CreateDomain(ctx context.Context, dom Domain) (Domain, error) {
	wantsDefault := dom.Default
	if err := tidyDomain(&dom); err != nil {
		return Domain{}, err
	}
	id, err := d.store.Reserve(ctx, 2) // one for the Messages object
	if err != nil {
		return Domain{}, storeError("reserve an id", err)
	}
	dom.ID = signal.DomainID(id)
	var own []ObjectRow
	if d.hostMessages {
		row, err := d.hostedRow(dom.ID, signal.ObjectID(id+1))
		if err != nil {
			return Domain{}, err
		}
		own = append(own, row)
	}
	err = d.write(ctx, func() (*Batch, error) {
		dom.Default = wantsDefault || d.mem.def == nil
		if err := d.mem.freeDomain(dom); err != nil {
			return nil, err
		}
		if len(dom.Plan.Routes) > 0 {
			return nil, wrong("plan.routes", "A new domain has no gateways yet that a route could lead to.")
		}
		row := DomainRow{Domain: dom}
		return &Batch{Domains: append(d.mem.yieldDefault(row), row), Objects: own}, nil
	})
	if now, ok := d.Domain(dom.ID); ok && err == nil {
		dom = now
	}
	return dom, err
}

// SetDomain changes a domain. Refusals: not_found and those of AddDomain.
func (d *Directory) SetDomain(ctx context.Context, id signal.DomainID, edit DomainEdit) (Domain, error) {
	var dom Domain
	err := d.write(ctx, func() (*Batch, error) {
		old := d.mem.domains[id]
		switch {
		case old == nil:
			return nil, errNoDomain
		case edit.IfRev != 0 && edit.IfRev != old.row.Rev:
			return nil, errStale
		}
		row := old.row
		if err := edit.apply(&row.Domain); err != nil {
			return nil, err
		}
		if edit.Settings != nil {
			if err := d.mem.checkSettings(old, &row.Settings); err != nil {
				return nil, err
			}
		}
		if err := d.mem.freeDomain(row.Domain); err != nil {
			return nil, err
		}
		dom = row.Domain
		return &Batch{Domains: append(d.mem.yieldDefault(row), row)}, nil
	})
	if now, ok := d.Domain(id); ok && err == nil {
		dom = now
	}
	return dom, err
}

// RemoveDomain removes an empty domain for good. Refusals: not_found,
// domain_not_empty, default_domain (choose another default first). A hosted Messages
// object that is alone in it goes with it.
func (d *Directory) RemoveDomain(ctx context.Context, id signal.DomainID) error {
	return d.write(ctx, func() (*Batch, error) {
		old := d.mem.domains[id]
		switch {
		case old == nil:
			return nil, errNoDomain
		case len(old.bySIP) > 0 && !old.onlyHosted():
			return nil, refuse(CodeDomainNotEmpty, "The domain "+old.row.Name+" still has users or apps; remove them first.")
		case old.row.Default && len(d.mem.domains) > 1:
			return nil, refuse(CodeDefaultDomain, "The domain "+old.row.Name+" is the default one; make another the default first.")
		}
		row := old.row
		row.Default, row.Hosts, row.Deleted = false, nil, d.clock.Now()
		b := &Batch{Domains: []DomainRow{row}}
		if hosted := old.bySIP[HostedName]; hosted != nil {
			// in one commit: whoever makes missing ones would be faster than a second
			b.Objects = []ObjectRow{d.tombstone(hosted)}
		}
		return b, nil
	})
}

func (e DomainEdit) apply(dom *Domain) error {
	if e.Name != nil {
		dom.Name = *e.Name
	}
	if e.Hosts != nil {
		dom.Hosts = *e.Hosts
	}
	dom.Default = dom.Default || e.Default
	if e.Settings != nil {
		dom.Settings = dom.Settings.clone()
		e.Settings(&dom.Settings)
	}
	return tidyDomain(dom)
}

// freeDomain reports who else has the name or a host name of dom.
func (m *memory) freeDomain(dom Domain) error {
	if other := m.byHost[dom.Name]; other != nil && other.row.ID != dom.ID {
		return refuse(CodeDomainTaken, "The name "+dom.Name+" is taken by the domain "+other.row.Name+".")
	}
	for _, host := range dom.Hosts {
		if other := m.byHost[host]; other != nil && other.row.ID != dom.ID {
			return refuse(CodeHostTaken, "The host name "+host+" is taken by the domain "+other.row.Name+".")
		}
	}
	return nil
}

// yieldDefault is the row that takes the flag from its holder so that row can
// have it: it must stand first in the batch.
func (m *memory) yieldDefault(row DomainRow) []DomainRow {
	if !row.Default || m.def == nil || m.def.row.ID == row.ID {
		return nil
	}
	holder := m.def.row
	holder.Default = false
	return []DomainRow{holder}
}

// Domains lists the domains by name.
func (d *Directory) Domains() []Domain {
	d.mu.RLock()
	defer d.mu.RUnlock()
	list := make([]Domain, 0, len(d.mem.domains))
	for _, dom := range d.mem.domains {
		list = append(list, dom.row.Domain)
	}
	slices.SortFunc(list, func(a, b Domain) int { return compareText(a.Name, b.Name) })
	return list
}

// Domain is the domain with the id.
func (d *Directory) Domain(id signal.DomainID) (Domain, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.mem.domains[id].value()
}

// DomainByName is the domain with the name, in any case.
func (d *Directory) DomainByName(name string) (Domain, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	dom := d.mem.hostDomain(name)
	if dom == nil || !sameHost(dom.row.Name, name) {
		return Domain{}, false
	}
	return dom.value()
}

// DomainByHost is the domain that a request to host is meant for: host is one
// of its host names, or its name. A port, brackets and a final dot of host do
// not count.
func (d *Directory) DomainByHost(host string) (Domain, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.mem.hostDomain(bareHost(host)).value()
}

// Default is the default domain; false while there is none.
func (d *Directory) Default() (Domain, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.mem.def.value()
}

// ResolveLogin is the domain that a login belongs to. name is what the login
// says: a domain's name or one of its host names; if it is empty, the domain
// of the host that the request was sent to counts, else the default one. A
// name that is said but unknown is never replaced by the default.
func (d *Directory) ResolveLogin(name, host string) (Domain, bool) {
	if name != "" {
		d.mu.RLock()
		defer d.mu.RUnlock()
		return d.mem.hostDomain(name).value()
	}
	if dom, ok := d.DomainByHost(host); ok {
		return dom, true
	}
	return d.Default()
}
