package directory

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/tandem-switch/tandem/signal"
)

// HostedName is the name of the Messages object that a domain has where the switch
// itself hosts the Messages service (Config.HostMessages). The users of the domain
// have it unless their template or they themselves say otherwise.
const HostedName = "messages"

// hostedTitle is the display name of those objects, which can be changed.
const hostedTitle = "Messages"

// IsHosted tells whether the object stands for the service in the switch's own
// process: a Messages object that is connected to and has no URL.
func (o *Object) IsHosted() bool { return o.Kind == Messages && o.URL == "" && o.Websocket }

// MessagesOf is the Messages object that stores the chats of the object, if there is
// one that is enabled and connected to (websocket): its own, else that of its template, else, of a user, that of
// the domain. It does not allocate.
func (d *Directory) MessagesOf(a signal.Address) (signal.Address, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e := d.mem.object(a)
	if !e.enabled() {
		return signal.Address{}, false
	}
	id := e.row.Messages
	if t := d.mem.template(e); id == 0 && t != nil {
		id = t.row.Messages
	}
	if id == 0 && e.row.Kind == User {
		id = d.hostedOf(e.row.Domain)
	}
	to := d.mem.kind(signal.Address{Domain: a.Domain, Object: id}, Messages)
	if !to.enabled() || !to.row.Websocket {
		return signal.Address{}, false
	}
	return to.row.Address(), true
}

// hostedOf is the Messages object that the users of a domain have where nothing else
// is said; 0: none. The caller holds mu.
func (d *Directory) hostedOf(dom signal.DomainID) signal.ObjectID {
	if !d.hostMessages || d.mem.domains[dom] == nil {
		return 0
	}
	if e := d.mem.domains[dom].bySIP[HostedName]; e != nil && e.row.Kind == Messages {
		return e.row.ID
	}
	return 0
}

// Unhosted lists the domains in which the name of the Messages object is taken by an
// object of another kind: their users have none unless one is configured.
func (d *Directory) Unhosted() []Domain {
	var list []Domain
	for _, dom := range d.Domains() {
		if o, ok := d.named(dom.ID); ok && o.Kind != Messages {
			list = append(list, dom)
		}
	}
	return list
}

// named is the object that has the name of the hosted one.
func (d *Directory) named(dom signal.DomainID) (Object, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.mem.domains[dom] == nil {
		return Object{}, false
	}
	return d.mem.domains[dom].bySIP[HostedName].value()
}

// EnsureHosted makes the Messages object of every domain that has none, where the
// switch hosts the service. Domains that are made later have theirs from the
// beginning, unless another process makes them: so this is to be called again when
// domains have changed. A domain in which the name is taken is left alone.
func (d *Directory) EnsureHosted(ctx context.Context) error {
	if !d.hostMessages {
		return nil
	}
	var errs []error
	for _, dom := range d.Domains() {
		if _, there := d.named(dom.ID); there {
			continue
		}
		err := d.addHosted(ctx, dom.ID)
		if code := CodeOf(err); code == CodeNameTaken || code == CodeNotFound {
			err = nil // somebody else was faster
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (d *Directory) addHosted(ctx context.Context, dom signal.DomainID) error {
	_, err := d.AddObject(ctx, dom, Messages, hostedObject())
	return err
}

func hostedObject() NewObject {
	return NewObject{SIP: HostedName, DN: hostedTitle, Password: rand.Text(), Properties: Properties{Websocket: true}}
}

// hostedRow is the row of a new domain's Messages object.
func (d *Directory) hostedRow(dom signal.DomainID, id signal.ObjectID) (ObjectRow, error) {
	n := hostedObject()
	row, err := newRow(dom, Messages, n)
	if err != nil {
		return row, err
	}
	row.ID = id
	return row, d.sealPassword(&row, n.Password)
}

// checkHosted refuses to take away, or to rename, the Messages object of a domain
// while the switch hosts the service: its name is part of the names of all groups,
// and it would be made anew at once. Disabling it is how a domain goes without.
func (d *Directory) checkHosted(e *entry) error {
	if d.hostedOf(e.row.Domain) != e.row.ID || !e.row.IsHosted() {
		return nil
	}
	return refuse(CodeInUse, "The switch stores the chats of the domain with "+e.row.SIP+": its name cannot be changed, and it cannot be removed; disable it, and the chats of the domain are not stored any more.")
}

// onlyHosted tells whether the domain has a hosted Messages object and nothing else.
func (dom *domain) onlyHosted() bool {
	e := dom.bySIP[HostedName]
	return e != nil && e.row.IsHosted() && len(dom.bySIP) == 1
}
