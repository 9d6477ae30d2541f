package appservice

import (
	"net/url"
	"path"
	"strings"
)

// ServiceURL derives the websocket URL of a service from the URL of its object, and
// the name of the app (appwebsocket.md 1.2, decision 3, 6.1): the last part of the path is the
// app, what is in front of it the service. A switch is named whole. Both are empty
// if it is no http or https URL with a path.
func ServiceURL(object string) (service, app string) {
	u, err := url.Parse(object)
	if err != nil || u.Host == "" {
		return "", ""
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	default:
		return "", ""
	}
	u.Fragment, u.User = "", nil
	whole := strings.TrimRight(u.Path, "/")
	app = strings.TrimSuffix(path.Base(whole), ".htm")
	if whole == "" {
		return "", ""
	}
	if !strings.Contains(whole, "/PBX0/APPS/websocket") {
		whole = path.Dir(whole)
	}
	u.Path, u.RawPath, u.RawQuery = whole, "", ""
	return u.String(), app
}
