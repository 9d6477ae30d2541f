package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/signal"
)

// LinkState is how the connection of the switch to an app service is.
type LinkState struct {
	Address   signal.Address // of the app object
	Connected time.Time      // since when; zero: it is not
	Error     string         // what went wrong last; empty: nothing yet
	Failed    time.Time      // when that was
}

// Link is the connection of the switch to the service of an app object.
type Link struct {
	SIP       string     `json:"sip" doc:"Name of the app object."`
	Domain    string     `json:"domain" doc:"Name of the domain."`
	URL       string     `json:"url" doc:"Where the service is."`
	Connected bool       `json:"connected" doc:"The service is connected and has accepted the login."`
	Since     *time.Time `json:"since,omitempty" doc:"Since when it is connected."`
	Error     string     `json:"error,omitempty" doc:"What went wrong last."`
	Failed    *time.Time `json:"failed,omitempty" doc:"When that was."`
}

func (a *API) registerLinks() {
	if a.Links == nil {
		return
	}
	register(a, operation{
		ID: "link-list", Method: http.MethodGet, Path: "/links", Tag: "Live", Summary: "List the connections to app services",
		Text:  "Those of the domains that you may see: of every app object with websocket, whether it is connected or not.",
		Reach: somewhere, Right: account.Read,
	}, a.listLinks)
}

type listLinksAnswer struct {
	Body Page[Link]
}

func (a *API) listLinks(ctx context.Context, in *liveInput) (*listLinksAnswer, error) {
	seen := a.seen(ctx, in.Domain)
	list := []Link{}
	for _, s := range a.Links() {
		dom, ok := seen[s.Address.Domain]
		o, there := a.Directory.Object(s.Address)
		if !ok || !there || in.User != "" && !same(in.User, o.SIP) || len(list) == in.Limit {
			continue
		}
		list = append(list, Link{
			SIP: o.SIP, Domain: dom, URL: o.URL, Connected: !s.Connected.IsZero(), Since: some(s.Connected),
			Error: s.Error, Failed: some(s.Failed),
		})
	}
	return &listLinksAnswer{Page[Link]{Items: list}}, nil
}

// some is a time, or nothing for the zero time.
func some(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
