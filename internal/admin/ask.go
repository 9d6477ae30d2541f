package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// What the command line asks. A name of a user or an app is "alice" or
// "alice@example.com", where the part behind the @ may be a host name of the
// domain; without it the default domain is meant.

// Domains lists the domains.
func (c *Client) Domains(ctx context.Context, _ ListDomains) ([]Domain, error) {
	return list[Domain](ctx, c, "/domains?limit=1000")
}

// ListDomains asks for all domains.
type ListDomains struct{}

// AddDomain makes a domain.
func (c *Client) AddDomain(ctx context.Context, n NewDomain) (Domain, error) {
	var d Domain
	return d, c.Do(ctx, http.MethodPost, "/domains", n, &d)
}

// SetDomain changes a domain, which is meant by its name alone.
type SetDomain struct {
	Name string
	DomainEdit
}

// SetDomain changes a domain.
func (c *Client) SetDomain(ctx context.Context, r SetDomain) (Domain, error) {
	var d Domain
	err := c.Do(ctx, http.MethodPatch, domainPath(r.Name), r.DomainEdit, &d)
	return d, noDomain(err, r.Name)
}

// RemoveDomain removes a domain in which nobody is left; it was as returned.
func (c *Client) RemoveDomain(ctx context.Context, name string) (Domain, error) {
	var d Domain
	err := c.Do(ctx, http.MethodGet, domainPath(name), nil, &d)
	if err == nil {
		err = c.Do(ctx, http.MethodDelete, domainPath(name), nil, nil)
	}
	return d, noDomain(err, name)
}

func domainPath(name string) string { return "/domains/" + url.PathEscape(name) }

// noDomain adds to the problem where the names of domains are found.
func noDomain(err error, name string) error {
	if CodeOf(err) != NotFound {
		return err
	}
	return problem(NotFound, fmt.Sprintf("there is no domain %q: see pbx domain list", name))
}

// domainFor finds the name of the domain in which something is meant: by its name
// or a host name, or the default one.
func (c *Client) domainFor(ctx context.Context, name string) (string, error) {
	found, err := list[Domain](ctx, c, withQuery("/domains?limit=1000", "host", name))
	if err != nil {
		return "", err
	}
	for _, d := range found {
		if name != "" || d.Default {
			return d.Name, nil
		}
	}
	if name == "" {
		return "", problem(NotFound, "there is no domain yet: add one first, with: pbx domain add example.com")
	}
	return "", problem(NotFound, fmt.Sprintf("there is no domain %q: see pbx domain list, or add it with: pbx domain add %s", name, name))
}

// domainsFor are the names of the domains that a list is about: one, or all.
func (c *Client) domainsFor(ctx context.Context, name string) ([]string, error) {
	if name != "" {
		one, err := c.domainFor(ctx, name)
		return []string{one}, err
	}
	all, err := c.Domains(ctx, ListDomains{})
	return mapped(all, func(d Domain) string { return d.Name }), err
}

// split takes "alice@example.com" apart.
func (c *Client) split(ctx context.Context, name string) (domain, sip string, err error) {
	sip, host, found := strings.Cut(name, "@")
	if found && host == "" {
		return "", "", problem(Invalid, fmt.Sprintf("%q has no domain behind the @: write %s, or %s@example.com", name, sip, sip))
	}
	domain, err = c.domainFor(ctx, host)
	return domain, sip, err
}

// ListObjects asks for the objects of a type in a domain, or in all.
type ListObjects struct {
	Type, Domain string
}

// Objects lists objects.
func (c *Client) Objects(ctx context.Context, r ListObjects) ([]Object, error) {
	domains, err := c.domainsFor(ctx, r.Domain)
	if err != nil {
		return nil, err
	}
	all := []Object{}
	for _, d := range domains {
		found, err := list[Object](ctx, c, withQuery(domainPath(d)+"/objects?limit=1000", "type", r.Type))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// AddObject makes an object. SIP may have a domain behind an @.
func (c *Client) AddObject(ctx context.Context, n NewObject) (Object, error) {
	domain, sip, err := c.split(ctx, n.SIP)
	if err != nil {
		return Object{}, err
	}
	n.SIP = sip
	var o Object
	return o, c.Do(ctx, http.MethodPost, domainPath(domain)+"/objects", n, &o)
}

// SetObject changes an object of a type, or of any.
type SetObject struct {
	Type, Name string
	ObjectEdit
}

// SetObject changes an object.
func (c *Client) SetObject(ctx context.Context, r SetObject) (Object, error) {
	domain, sip, err := c.split(ctx, r.Name)
	if err != nil {
		return Object{}, err
	}
	var o Object
	err = c.Do(ctx, http.MethodPatch, objectPath(domain, sip, r.Type), r.ObjectEdit, &o)
	return o, noObject(err, r.Type, sip, domain)
}

// RemoveObject names an object of a type, or of any, that is to be removed.
type RemoveObject struct {
	Type, Name string
}

// RemoveObject removes an object; it was as returned.
func (c *Client) RemoveObject(ctx context.Context, r RemoveObject) (Object, error) {
	domain, sip, err := c.split(ctx, r.Name)
	if err != nil {
		return Object{}, err
	}
	var o Object
	path := objectPath(domain, sip, r.Type)
	err = c.Do(ctx, http.MethodGet, path, nil, &o)
	if err == nil {
		err = c.Do(ctx, http.MethodDelete, path, nil, nil)
	}
	return o, noObject(err, r.Type, sip, domain)
}

func objectPath(domain, sip, kind string) string {
	return withQuery(domainPath(domain)+"/objects/"+url.PathEscape(sip), "type", kind)
}

// noObject adds to the problem where the names of objects are found.
func noObject(err error, kind, sip, domain string) error {
	if p, ok := errors.AsType[*Problem](err); !ok || p.Code != NotFound || len(p.Fields) > 0 {
		return err
	}
	if kind == "" {
		kind = "object"
	}
	return problem(NotFound, fmt.Sprintf("there is no %s %s in %s: see pbx %s list", kind, sip, domain, kind))
}

// ExportObject is everything about an object, without secrets.
func (c *Client) ExportObject(ctx context.Context, name string) (Exported, error) {
	var e Exported
	domain, sip, err := c.split(ctx, name)
	if err != nil {
		return e, err
	}
	err = c.Do(ctx, http.MethodGet, objectPath(domain, sip, "")+"/export", nil, &e)
	return e, noObject(err, "", sip, domain)
}

// DeletedObjects lists the objects of a domain that can be brought back.
func (c *Client) DeletedObjects(ctx context.Context, domain string) ([]Deleted, error) {
	domain, err := c.domainFor(ctx, domain)
	if err != nil {
		return nil, err
	}
	return list[Deleted](ctx, c, domainPath(domain)+"/deleted")
}

// RestoreObject names a deleted object of a domain.
type RestoreObject struct {
	Domain string
	ID     int64
}

// RestoreObject brings a deleted object back.
func (c *Client) RestoreObject(ctx context.Context, r RestoreObject) (Object, error) {
	var o Object
	domain, err := c.domainFor(ctx, r.Domain)
	if err != nil {
		return o, err
	}
	return o, c.Do(ctx, http.MethodPost, domainPath(domain)+"/deleted/"+strconv.FormatInt(r.ID, 10)+"/restore", nil, &o)
}

// ImportUsers names the CSV text whose users are to be made.
type ImportUsers struct {
	Domain string
	CSV    io.Reader
	DryRun bool // only try
}

// ImportUsers makes the users of a CSV text.
func (c *Client) ImportUsers(ctx context.Context, r ImportUsers) (Imported, error) {
	var i Imported
	domain, err := c.domainFor(ctx, r.Domain)
	if err != nil {
		return i, err
	}
	response, err := c.Send(ctx, http.MethodPost, domainPath(domain)+"/users/import"+dry(r.DryRun), "text/csv", r.CSV)
	if err != nil {
		return i, err
	}
	defer response.Body.Close()
	return i, readJSON(response.Body, &i)
}

func dry(run bool) string {
	if run {
		return "?dry_run=true"
	}
	return ""
}

// ExportUsers writes the users of a domain to w, as an import reads them.
func (c *Client) ExportUsers(ctx context.Context, domain string, w io.Writer) error {
	domain, err := c.domainFor(ctx, domain)
	if err != nil {
		return err
	}
	response, err := c.Send(ctx, http.MethodGet, domainPath(domain)+"/users/export", "", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(w, response.Body)
	return err
}

// ListDevices asks for the devices of a user, of everybody if it is empty.
type ListDevices struct {
	User, Domain string
}

// Devices lists devices.
func (c *Client) Devices(ctx context.Context, r ListDevices) ([]Device, error) {
	if r.User != "" {
		domain, sip, err := c.split(ctx, r.User)
		if err != nil {
			return nil, err
		}
		found, err := list[Device](ctx, c, domainPath(domain)+"/objects/"+url.PathEscape(sip)+"/devices")
		return found, noObject(err, "user", sip, domain)
	}
	domains, err := c.domainsFor(ctx, r.Domain)
	if err != nil {
		return nil, err
	}
	all := []Device{}
	for _, d := range domains {
		found, err := list[Device](ctx, c, domainPath(d)+"/devices?limit=1000")
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// AddDevice gives a user a device.
type AddDevice struct {
	User string
	NewDevice
}

// AddDevice makes a device.
func (c *Client) AddDevice(ctx context.Context, r AddDevice) (Device, error) {
	domain, sip, err := c.split(ctx, r.User)
	if err != nil {
		return Device{}, err
	}
	var d Device
	err = c.Do(ctx, http.MethodPost, domainPath(domain)+"/objects/"+url.PathEscape(sip)+"/devices", r.NewDevice, &d)
	return d, noObject(err, "user", sip, domain)
}

// RemoveDevice names a device of a user.
type RemoveDevice struct {
	HW, User string
}

// RemoveDevice takes a device from a user; it was as returned.
func (c *Client) RemoveDevice(ctx context.Context, r RemoveDevice) (Device, error) {
	list, err := c.Devices(ctx, ListDevices{User: r.User})
	if err != nil {
		return Device{}, err
	}
	for _, d := range list {
		if same(d.HW, r.HW) {
			path := domainPath(d.Domain) + "/objects/" + url.PathEscape(d.User) + "/devices/" + url.PathEscape(d.HW)
			return d, c.Do(ctx, http.MethodDelete, path, nil, nil)
		}
	}
	domain, sip, err := c.split(ctx, r.User)
	if err != nil {
		return Device{}, err
	}
	return Device{}, problem(NotFound, fmt.Sprintf("%s has no device %s: see pbx device list --user %s@%s", sip, r.HW, sip, domain))
}

// ListRegistrations asks for the live registrations.
type ListRegistrations struct{}

// Registrations lists the live registrations.
func (c *Client) Registrations(ctx context.Context, _ ListRegistrations) ([]Registration, error) {
	return list[Registration](ctx, c, "/registrations?limit=100000")
}

// ListCalls asks for the live calls and chats.
type ListCalls struct{}

// Calls lists the live calls and chats.
func (c *Client) Calls(ctx context.Context, _ ListCalls) ([]Call, error) {
	return list[Call](ctx, c, "/calls?limit=100000")
}

// ListLinks asks for the connections to app services.
type ListLinks struct{}

// Links lists the connections to app services. Where no server runs there are
// none, and no such operation.
func (c *Client) Links(ctx context.Context, _ ListLinks) ([]Link, error) {
	found, err := list[Link](ctx, c, "/links?limit=100000")
	if CodeOf(err) == NoRoute {
		return nil, errNotRunning
	}
	return found, err
}

// withQuery adds a parameter to a path.
func withQuery(path, name, value string) string {
	if value == "" {
		return path
	}
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	return path + mark + name + "=" + url.QueryEscape(value)
}
