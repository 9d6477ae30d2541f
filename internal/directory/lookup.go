package directory

import (
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/signal"
)

var _ signal.Directory = (*Directory)(nil)

// Resolve implements signal.Directory (decision 33): sip first, then num. A sip
// of another domain, of this installation or not, is not found, whatever num
// says (A11). It does not allocate for ASCII names.
func (d *Directory) Resolve(asker signal.Address, sip, num string) (signal.Party, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	dom := d.mem.domains[asker.Domain]
	if dom == nil {
		return signal.Party{}, false
	}
	e, own := d.mem.named(dom, sip)
	if e != nil || !own || num == "" {
		return d.mem.party(e)
	}
	return d.mem.byNumber(dom, asker, bareNumber(num))
}

// byNumber is whom the asker reaches by dialling num: an object, or the gateway
// of a route, which then has the number.
func (m *memory) byNumber(dom *domain, asker signal.Address, num string) (signal.Party, bool) {
	node := ""
	if from := m.object(asker); from != nil {
		node = from.row.Node
	}
	if e := dom.dialled(node, num); e != nil {
		return m.party(e)
	}
	r := dom.route(num)
	if r == nil || !r.fits(num) {
		return signal.Party{}, false
	}
	p, ok := m.party(m.objects[r.To])
	p.Num = num
	return p, ok
}

// Party implements signal.Directory. It does not allocate.
func (d *Directory) Party(a signal.Address) (signal.Party, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.mem.party(d.mem.object(a))
}

// Device implements signal.Directory: known are the devices of the owner and the
// pseudo device, which is named like the object or not at all (decision 26). It
// does not allocate.
func (d *Directory) Device(owner signal.Address, hw string) (known, single bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if dev, ok := d.mem.device(owner, hw); ok {
		return true, dev.SingleReg
	}
	e := d.mem.object(owner)
	return e != nil && (hw == "" || sameName(hw, e.row.SIP)), false
}

// Incomplete implements signal.Directory: a number of the asker's domain begins
// with num and is longer.
func (d *Directory) Incomplete(asker signal.Address, num string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	dom := d.mem.domains[asker.Domain]
	if dom == nil {
		return false
	}
	num = bareNumber(num)
	node := ""
	if from := d.mem.object(asker); from != nil {
		node = from.row.Node
	}
	for ; node != ""; node = dom.parent(node) {
		if dom.continues(dom.prefixes[node] + num) {
			return true
		}
	}
	return dom.continues(num) || slices.ContainsFunc(dom.row.Plan.Routes, func(r Route) bool { return r.incomplete(num) })
}

// named finds name, which may have a part behind an @. own is false if that part
// is not the domain: then nothing else may be tried in its place.
func (m *memory) named(dom *domain, name string) (e *entry, own bool) {
	if dom == nil {
		return nil, false
	}
	user, host, found := strings.Cut(withoutScheme(name), "@")
	if found && m.hostDomain(bareHost(host)) != dom {
		return nil, false
	}
	var buf [maxName]byte
	if key, ok := foldASCII(buf[:0], user); ok {
		return dom.bySIP[string(key)], true
	}
	return dom.bySIP[Fold(user)], true
}

// withoutScheme: COMPAT: clients of SIP origin write "sip:" in front; no name has a
// colon.
func withoutScheme(name string) string { return strings.TrimPrefix(name, "sip:") }

// LocalPart is what stands for the object in a name as UserByName takes it: without
// the domain behind it and the scheme before it. Whoever counts by names counts by
// this one, folded.
func LocalPart(name string) string {
	name, _, _ = strings.Cut(withoutScheme(name), "@")
	return name
}

// hostDomain is the domain with the name or host name, which is bare.
func (m *memory) hostDomain(host string) *domain {
	var buf [maxHost]byte
	key, ok := foldASCII(buf[:0], host)
	if !ok {
		return nil
	}
	return m.byHost[string(key)]
}

// bareNumber drops what may stand in front of an extension: restricted
// presentation and "subscriber" (appwebsocket.md 3.5).
func bareNumber(num string) string {
	num = strings.TrimPrefix(num, "R")
	return strings.TrimPrefix(num, "S")
}

// bareHost is a Host header without port, brackets and final dot.
func bareHost(host string) string {
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']')
		if end < 0 {
			return ""
		}
		return host[1:end]
	}
	if i := strings.IndexByte(host, ':'); i >= 0 && i == strings.LastIndexByte(host, ':') {
		host = host[:i]
	}
	return strings.TrimSuffix(host, ".")
}
