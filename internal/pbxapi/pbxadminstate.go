package pbxapi

import (
	"context"
	"net/netip"
	"strconv"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/signal"
)

type reg struct {
	HW   string `json:"hw,omitempty"`
	Addr string `json:"addr,omitempty"`
}

// registrations is the result of GetRegs.
type registrations struct {
	Regs []reg  `json:"regs"`
	CN   string `json:"cn"`
}

// getRegs serves GetRegs.
func (r *request) getRegs() (any, error) {
	o, f := r.find("")
	if f != nil {
		return nil, f
	}
	out := registrations{Regs: []reg{}, CN: longName(&o)}
	if r.live != nil {
		for _, l := range r.live.RegistrationsOf(o.Address()) {
			out.Regs = append(out.Regs, reg{l.HW, l.From})
		}
	}
	return out, nil
}

type normalized struct {
	Number string `json:"number,omitempty"`
}

// getNormalizedNumber serves GetNormalizedNumber: what the one object dials to
// reach the other; from the root where no one is named.
func (r *request) getNormalizedNumber() (any, error) {
	to, f := r.find("")
	if f != nil {
		return nil, f
	}
	if !present(r.get("from-guid")) && !present(r.get("from-cn")) && !present(r.get("from-h323")) {
		return normalized{r.dir.Number(to.Address())}, nil
	}
	from, f := r.find("from-")
	if f != nil {
		return nil, f
	}
	return normalized{r.dir.NumberFrom(from.Address(), to.Address())}, nil
}

// appLogin is the result of GetAppLogin.
//
// COMPAT: manager plugins of the vendor read domain, which the documentation does
// not name, and pass it on in AppCheckLogin.
type appLogin struct {
	App    string `json:"app"`
	Domain string `json:"domain"`
	Digest string `json:"digest"`
}

// maxChallenge is how long the challenge of a service may be.
const maxChallenge = 64

// getAppLogin serves GetAppLogin: the digest of an AppCheckLogin (decision 13)
// tells a service that its object has its password.
func (r *request) getAppLogin() (any, error) {
	name, f := text("app", r.get("app"))
	if f != nil {
		return nil, f
	}
	challenge, f := digits("challenge", r.get("challenge"))
	if f != nil {
		return nil, f
	}
	if challenge == "" || len(challenge) > maxChallenge {
		return nil, bad("challenge", "It must have 1 to "+strconv.Itoa(maxChallenge)+" characters.")
	}
	o, ok := r.dir.ObjectByName(r.domain(), name)
	if !ok || !o.Kind.IsProgram() {
		return nil, unknown("app", "There is no such app.")
	}
	password, err := r.dir.Password(o.Address())
	if err != nil {
		if directory.CodeOf(err) == directory.CodeNoPassword {
			return nil, bad("app", "It has no password.")
		}
		return nil, err
	}
	dom, _ := r.dir.Domain(r.domain())
	app := appName(&o)
	return appLogin{app, dom.Name, appservice.CheckLoginDigest(app, dom.Name, challenge, password)}, nil
}

// lic is a licence of the domain. Numbers are strings here (appwebsocket.md 5.3);
// the key stays with the operator.
type lic struct {
	Name   string `json:"name"`
	Count  string `json:"count"`
	Used   string `json:"used"`
	Local  string `json:"local"`
	Slaves string `json:"slaves"`
}

// getAppLics serves GetAppLics: the licences of apps and services.
func (r *request) getAppLics() (any, error) { return r.licences(isAppLicence), nil }

// getPbxLicenses serves GetPbxLicenses: the licences of the switch itself.
func (r *request) getPbxLicenses() (any, error) {
	return r.licences(func(f licence.Feature) bool { return !isAppLicence(f) }), nil
}

func isAppLicence(f licence.Feature) bool { return f != "" && f[len(f)-1] == ')' }

// licences lists what the domain has; nothing where licences do not matter.
func (r *request) licences(want func(licence.Feature) bool) any {
	out := list[lic]{name: "lic"}
	if r.lics == nil {
		return out
	}
	for _, h := range r.lics.Domain(r.domain()).Features {
		if want(h.Name) {
			used := strconv.Itoa(h.Used)
			out.items = append(out.items, lic{string(h.Name), strconv.Itoa(h.Entitled), used, used, "0"})
		}
	}
	return out
}

type granted struct {
	OK bool `json:"ok"`
}

// checkAppLic serves CheckAppLic.
func (r *request) checkAppLic() (any, error) {
	o, f := r.find("")
	if f != nil {
		return nil, f
	}
	name, f := text("lic", r.get("lic"))
	switch {
	case f != nil:
		return nil, f
	case name == "":
		return nil, bad("lic", "It must name a licence, like App(users).")
	}
	return granted{r.lics == nil || r.lics.Standing(o.Address(), licence.Feature(name)) != licence.Unlicensed}, nil
}

type location struct {
	Loc    string `json:"loc"`
	HTTP   int    `json:"http,omitempty"`
	HTTPS  int    `json:"https,omitempty"`
	Module string `json:"module,omitempty"`
	DNS    string `json:"dns,omitempty"`
	Addr   string `json:"addr,omitempty"`
}

// pbxModule is the first part of the path of the doors (appwebsocket.md 1.1).
const pbxModule = "PBX0"

// getLocation serves GetLocation: there is one location, the switch.
func (r *request) getLocation() (any, error) {
	name, f := text("loc", r.get("loc"))
	if f != nil {
		return nil, f
	}
	if name != "" && name != r.name {
		return nil, unknown("loc", "There is no such location.")
	}
	l := location{Loc: r.name, Module: pbxModule}
	for _, p := range r.places() {
		l.add(p)
	}
	return l, nil
}

// add takes over what is not known yet.
func (l *location) add(p Place) {
	port := &l.HTTP
	if p.TLS {
		port = &l.HTTPS
	}
	if *port == 0 {
		*port = p.Port
	}
	if addr, err := netip.ParseAddr(p.Host); err == nil {
		if l.Addr == "" && !addr.IsUnspecified() {
			l.Addr = addr.String()
		}
	} else if l.DNS == "" {
		l.DNS = p.Host
	}
}

type pbxConfig struct {
	Loc string `json:"loc"`
}

// getPbxConfig serves GetPbxConfig.
func (r *request) getPbxConfig() (any, error) { return pbxConfig{r.name}, nil }

// getStun serves GetStun.
func (r *request) getStun() (any, error) { return r.stun, nil }

type proxies struct {
	DNS string  `json:"dns,omitempty"`
	RP  []named `json:"rp"`
}

// getRPs serves GetRPs: the switch knows of no reverse proxies by certificate.
func (r *request) getRPs() (any, error) {
	l := location{}
	for _, p := range r.places() {
		l.add(p)
	}
	return proxies{l.DNS, []named{}}, nil
}

// monitorAdminObject serves MonitorAdminObject with its result alone: the
// password that its updates would carry is never sent (decision 71).
func (r *request) monitorAdminObject() (any, error) { return nil, nil }

// configMonitor is what a session that monitors the configuration was told last.
type configMonitor struct {
	domain signal.DomainID
	src    []byte
	told   configInfo
}

// configInfo is the members of MonitorConfigInfo.
type configInfo struct {
	Domain string `json:"domain"`
	PBX    string `json:"pbx"`
	DNS    string `json:"dns,omitempty"`
	IP4    string `json:"ip4,omitempty"`
}

// maxMonitors is how many monitors a session may have.
const maxMonitors = 16

// monitorConfig serves MonitorConfig: the result, then the configuration, then
// every change of it.
func (r *request) monitorConfig() (any, error) {
	stop, _, f := flag("stop", r.get("stop"))
	if f != nil {
		return nil, f
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	mine, src := r.monitors[r.sess], string(r.f.Src)
	switch {
	case stop:
		delete(mine, src)
	case mine[src] == nil && len(mine) >= maxMonitors:
		return nil, &failure{failMany, "", "A session has at most " + strconv.Itoa(maxMonitors) + " monitors."}
	default:
		r.after = func() error { return r.startMonitor(src) }
	}
	return nil, nil
}

// startMonitor begins to tell a session of the configuration. It is called behind
// the result.
func (r *request) startMonitor(src string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.monitors[r.sess] == nil {
		r.monitors[r.sess] = map[string]*configMonitor{}
	}
	m := &configMonitor{src: []byte(src), domain: r.domain(), told: r.configInfo(r.domain())}
	r.monitors[r.sess][src] = m
	return m.tell(r.ctx, r.sess)
}

// configInfo is the configuration as it is now.
func (p *PbxAdmin) configInfo(id signal.DomainID) configInfo {
	dom, _ := p.dir.Domain(id)
	l := location{}
	for _, place := range p.places() {
		l.add(place)
	}
	info := configInfo{Domain: dom.Name, PBX: p.name, DNS: l.DNS}
	if addr, err := netip.ParseAddr(l.Addr); err == nil && addr.Is4() {
		info.IP4 = l.Addr
	}
	return info
}

// tell sends what is in m.told. It needs the mutex, so that the order is right.
func (m *configMonitor) tell(ctx context.Context, s appservice.Session) error {
	req := appservice.Frame{API: appservice.APIPbxAdminApi}
	if len(m.src) > 0 {
		req.Src = m.src
	}
	return appservice.ReplyTo(ctx, s, req, message{"MonitorConfigInfo", m.told})
}

// changed tells those who monitor a domain what is new there. It runs on the
// goroutine of the writer and does not block.
func (p *PbxAdmin) changed(c directory.Change) {
	switch c.What {
	case directory.DomainGone:
		p.names.forget(c.Address.Domain)
		return
	case directory.DomainSet:
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for s, mine := range p.monitors {
		for _, m := range mine {
			if m.domain != c.Address.Domain {
				continue
			}
			if now := p.configInfo(m.domain); now != m.told {
				m.told = now
				_ = m.tell(context.Background(), s) // a session that cannot be told has ended
			}
		}
	}
}
