package applink

import (
	"cmp"
	"net/url"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
)

// HostedApp is the name of the app that a hosted Messages service is logged in to.
const HostedApp = "innovaphone-messages-api"

// hostedHost stands for this process in the URLs of links that never leave it.
const hostedHost = "hosted.invalid"

// place is where the service of an object is, and the name of its app; empty if the
// object is not to be connected to. hosted: in this process.
func (m *Manager) place(dom directory.Domain, o *directory.Object) (service, app string, hosted bool) {
	switch {
	case o.Kind == directory.Messages && m.cfg.NoMessages:
		return "", "", false
	case !o.IsHosted():
		service, app = appservice.ServiceURL(o.URL)
		return service, app, false
	case m.cfg.Hosted == nil:
		return "", "", false
	}
	u := url.URL{Scheme: "ws", Host: hostedHost, Path: "/" + dom.Name + "/" + o.SIP}
	return u.String(), HostedApp, true
}

// appURL is the URL of the app, told in the login.
func appURL(o *directory.Object, service, app string) string {
	return cmp.Or(o.URL, service+"/"+app)
}
