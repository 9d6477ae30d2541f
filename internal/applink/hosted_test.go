package applink_test

import (
	"context"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/applink"
	"github.com/tandem-switch/tandem/internal/directory"
)

// addMessages adds a Messages object; without URL it is the hosted one.
func (g *ground) addMessages(service string) directory.Object {
	g.t.Helper()
	if service != "" {
		service += "/example.com/messages/" + applink.HostedApp
	}
	o, err := g.dir.AddObject(g.t.Context(), g.dom.ID, directory.Messages, directory.NewObject{
		SIP: "messages", Password: "secret", URL: service, Properties: directory.Properties{Websocket: true},
	})
	g.must(err)
	return o
}

// A Messages object without URL is connected to the service in this process, by the
// procedure of every other link.
func TestLinkToHostedService(t *testing.T) {
	s := newService(t, "secret")
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	var paths = make(chan string, 10)
	g := newGround(t, func(c *applink.Config) {
		c.NetDial = func(context.Context, string, string) (net.Conn, error) {
			t.Error("a socket was opened")
			return nil, context.Canceled
		}
		c.Hosted = func(ctx context.Context) (net.Conn, error) {
			paths <- "dialled"
			return (&net.Dialer{}).DialContext(ctx, "tcp", at.Host)
		}
	})
	o := g.addMessages("")
	g.until(o, connected)
	login := appservice.LoginOf(receive(t, s.sessions))
	if login.App != applink.HostedApp || login.SIP != "messages" || login.Domain != "example.com" || login.GUID != o.GUID {
		t.Errorf("login %+v", login)
	}
	if told := appservice.InfoOf(login); told.AppObj != "messages" || !strings.HasSuffix(told.AppURL, "/example.com/messages/"+applink.HostedApp) {
		t.Errorf("info %+v", told)
	}
	receive(t, paths)
	if u, _, _ := g.m.Service(o.Address()); !strings.HasSuffix(u, "/example.com/messages") {
		t.Errorf("service at %s", u)
	}
}

// Where nothing is hosted, or nothing is to be stored, the objects are not connected.
func TestLinkWithoutHostedService(t *testing.T) {
	s := newService(t, "secret")
	for name, cfg := range map[string]struct {
		url  string
		none bool
		want bool
	}{
		"hosted nowhere":         {"", false, false},
		"somewhere else":         {s.url, false, true},
		"somewhere else, unused": {s.url, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGround(t, func(c *applink.Config) { c.NoMessages = cfg.none })
			o := g.addMessages(cfg.url)
			app := g.add("svc", s.url, "secret")
			g.until(app, connected) // by now the other one was looked at
			if cfg.want {
				g.until(o, connected)
			}
			if _, ok := g.m.State(o.Address()); ok != cfg.want {
				t.Errorf("connected to: %v", ok)
			}
		})
	}
}
