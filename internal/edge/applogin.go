package edge

import (
	"path"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/signal"
)

// errNoApp is told for apps that do not exist and for those that the user may
// not open.
const (
	errNoApp        = 2
	errBadChallenge = 1
	maxChallenge    = 64
)

// appGetLogin computes the login of an app over the challenge that the app has
// got from its service (appwebsocket.md 2.7). The password stays here.
func (d *clientDoor) appGetLogin(m *member, f appservice.Frame) error {
	c := d.conn
	name, challenge := f.Get("app").String(), f.Get("challenge").String()
	if challenge == "" || len(challenge) > maxChallenge {
		return c.answer(f, appservice.AppGetLoginResult{Error: errBadChallenge, ErrorText: "invalid challenge"})
	}
	result, ok := d.appLogin(m, name, challenge)
	if !ok {
		return c.answer(f, appservice.AppGetLoginResult{Error: errNoApp, ErrorText: "unknown app"})
	}
	return c.answer(f, result)
}

func (d *clientDoor) appLogin(m *member, name, challenge string) (appservice.AppGetLoginResult, bool) {
	e := d.conn.edge
	user, ok := e.dir.Object(m.owner)
	if !ok {
		return appservice.AppGetLoginResult{}, false
	}
	a, ok := e.appOf(user, name)
	if !ok {
		return appservice.AppGetLoginResult{}, false
	}
	password, ok := e.secret, true
	if !a.builtin {
		password, ok = e.password(a.object.Address(), true)
	}
	if !ok {
		return appservice.AppGetLoginResult{}, false
	}
	dom, _ := e.dir.Domain(user.Domain)
	l := appservice.Login{
		App: a.file(), Domain: dom.Name, SIP: user.SIP, GUID: user.GUID,
		DN: appservice.Clean(user.DisplayName()), Info: e.infoFor(user, a).AppendJSON(nil), PbxObj: name,
	}
	l.Digest = appservice.Digest(l, challenge, password)
	return e.sealKey(m, l, appservice.SessionKey(challenge, password)), true
}

// sealKey adds the session key, hidden under the password of the session
// (decision 19).
func (e *Edge) sealKey(m *member, l appservice.Login, key string) appservice.AppGetLoginResult {
	r := appservice.AppGetLoginResult{
		Domain: l.Domain, SIP: l.SIP, GUID: l.GUID, DN: l.DN, PbxObj: l.PbxObj,
		App: l.App, Info: l.Info, Digest: l.Digest,
	}
	if password, err := e.dir.SessionPassword(m.session); err == nil {
		r.Salt = appservice.NewChallenge()
		r.Key = appservice.SealLoginKey(r.Salt, password, key)
	}
	return r
}

// appOf is an app that the user may open: one of the own list, the app of an own
// device, or a built-in one.
func (e *Edge) appOf(user directory.Object, name string) (app, bool) {
	if hw, ok := strings.CutPrefix(name, "dev:"); ok {
		dev, known := e.dir.DeviceByHW(user.Address(), hw)
		a := e.appNamed(user.Domain, dev.App)
		return a, known && a.name != "" && !a.object.Disabled
	}
	a := e.appNamed(user.Domain, name)
	if a.name == "" || a.builtin {
		return a, a.builtin
	}
	mine := slices.ContainsFunc(e.dir.AppsOf(user.Address()), func(o directory.Object) bool { return o.ID == a.object.ID })
	return a, mine
}

// file is the name of the app: that of its html file, as far as the URL tells.
func (a app) file() string {
	if a.object.URL == "" {
		return a.name
	}
	return strings.TrimSuffix(path.Base(strings.TrimRight(a.object.URL, "/")), ".htm")
}

// infoFor is what the service of an app is told about the user (2.4).
func (e *Edge) infoFor(user directory.Object, a app) appservice.Info {
	info := appservice.Info{
		AppObj: a.name, AppDN: a.name, AppURL: a.object.URL, PBX: e.pbxName,
		CN: user.CN, Groups: []appservice.Group{},
	}
	if !a.builtin {
		info.AppDN = a.object.DisplayName()
	}
	if info.CN == "" {
		info.CN = user.SIP
	}
	standing := e.standing(user.Address(), a)
	info.Unlicensed, info.TestMode = standing == licence.Unlicensed, standing == licence.TestMode
	for _, o := range e.dir.AppsOf(user.Address()) {
		info.Apps = append(info.Apps, appservice.InfoApp{Name: o.SIP, DN: o.DisplayName()})
	}
	return info
}

// standing is how the user stands with the app. A built-in one goes by what it
// is for; chat by its feature (decision 78).
func (e *Edge) standing(user signal.Address, a app) licence.Standing {
	switch {
	case e.lics == nil:
		return licence.Licensed
	case !a.builtin:
		return e.lics.App(user, a.file())
	case a.name == "chat":
		return e.lics.Standing(user, licence.Chat)
	}
	return e.lics.Standing(user, licence.Calls)
}
