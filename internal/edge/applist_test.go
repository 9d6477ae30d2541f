package edge

import (
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

func TestAppsOfAClient(t *testing.T) {
	r := newRig(t)
	url := "https://apps.example.com/example.com/users/innovaphone-users"
	_, err := r.dir.AddApp(t.Context(), r.domain.ID, directory.NewObject{SIP: "users", DN: "Users", Password: "pwd-users", APIs: []string{"PbxApi"}, URL: url})
	r.must(err)
	apps := []string{"users", "robot"}
	_, err = r.dir.SetUser(t.Context(), r.alice.Address(), directory.ObjectEdit{Apps: &apps})
	r.must(err)
	r.must(r.dir.AddDevice(t.Context(), r.alice.Address(), directory.Device{HW: "phone-1", Text: "Phone", App: "softphone"}))
	c, res := r.loginClient("alice")
	c.send(`{"mt":"SetApps","home":"users"}`)
	c.send(`{"mt":"SubscribeApps"}`)
	c.wantText(`{"mt":"UpdateAppsInfo","app":{"name":"users","title":"Users","text":"Users","url":"` + url + `"}}`)
	c.wantText(`{"mt":"UpdateAppsComplete","deviceApps":[{"name":"dev:phone-1","title":"Phone","deviceapp":"softphone"}],"selected":"users"}`)

	other, _ := r.loginClient("alice") // the home screen is that of the person
	other.send(`{"mt":"SubscribeApps"}`)
	other.want("UpdateAppsInfo")
	if m := other.want("UpdateAppsComplete"); m.str("selected") != "users" {
		t.Errorf("%v", m)
	}
	c.until("SessionAdded")
	r.changeApps(c, other)
	c.sendf(`{"mt":"SetApps","src":"h","home":%q}`, strings.Repeat("x", 5000))
	if m := c.want("Error"); m.str("src") != "h" || r.dir.Home(r.alice.Address()) != "users" {
		t.Errorf("%v", m)
	}

	for _, name := range []string{"mute", "ghost", "", "dev:ghost"} {
		c.sendf(`{"mt":"AppGetLogin","src":"g","app":%q,"challenge":"0123456789abcdef"}`, name)
		if m := c.want("AppGetLoginResult"); m["error"] != float64(2) || m.str("src") != "g" || m["digest"] != nil {
			t.Errorf("%q: %v", name, m)
		}
	}
	c.send(`{"mt":"AppGetLogin","src":"g","app":"users"}`)
	if m := c.want("AppGetLoginResult"); m["error"] != float64(1) {
		t.Errorf("without challenge: %v", m)
	}

	c.send(`{"mt":"AppGetLogin","src":"g","app":"users","challenge":"0123456789abcdef"}`)
	m := c.want("AppGetLoginResult")
	if m.str("app") != "innovaphone-users" || m.str("pbxObj") != "users" || m.str("sip") != "alice" || m.str("guid") != r.alice.GUID {
		t.Errorf("%v", m)
	}
	key, err := appservice.OpenLoginKey(m.str("salt"), res.password, m.str("key"))
	if err != nil || key != appservice.SessionKey("0123456789abcdef", "pwd-users") {
		t.Errorf("key %q, %v", key, err)
	}

	for _, name := range []string{"users", "robot", "softphone", "chat", "dev:phone-1"} {
		s := r.dial(appsPath)
		c.sendf(`{"mt":"AppGetLogin","src":"g","app":%q,"challenge":%q}`, name, s.challenge())
		_, text := c.read()
		var got struct {
			appservice.AppGetLoginResult
			MT, Src string
		}
		unmarshal(t, text, &got)
		l := got.Login()
		s.sendf(`{"mt":"AppLogin","app":%q,"domain":%q,"sip":%q,"guid":%q,"dn":%q,"info":%s,"digest":%q,"pbxObj":%q}`,
			l.App, l.Domain, l.SIP, l.GUID, l.DN, l.Info, l.Digest, l.PbxObj)
		if m := s.want("AppLoginResult"); m["ok"] != true {
			t.Errorf("login at %s with what the client got: %v\n%s", name, m, text)
		}
	}
}

// wantApps waits for a list of apps with these URLs and returns what completes it.
func (c *client) wantApps(urls ...string) message {
	c.t.Helper()
	for _, url := range urls {
		app, _ := c.want("UpdateAppsInfo")["app"].(map[string]any)
		if app["url"] != url {
			c.t.Fatalf("announced %v, want %s", app, url)
		}
	}
	return c.want("UpdateAppsComplete")
}

// changeApps changes all that a list of apps is made of, and back. c and other are
// subscribed clients of alice; other does not stay subscribed.
func (r *rig) changeApps(c, other *client) {
	r.t.Helper()
	stranger, _ := r.loginClient("bob")
	stranger.send(`{"mt":"SubscribeApps"}`)
	stranger.want("UpdateAppsComplete")
	users, _ := r.dir.AppByName(r.domain.ID, "users")
	r.changeApp(c, users)
	r.changeDevices(c, users.URL)
	r.changeList(c, users.URL)
	stranger.quiet()
	other.settle()
	changeHome(c, other, users.URL)

	other.send(`{"mt":"Logout"}`)
	other.want("LogoutResult")
	c.want("SessionDeleted")
	r.changeApp(c, users)
	other.quiet()
	p := other.authenticate("user", "alice", "secret-alice") // a new login has not subscribed
	other.respond(p)
	other.result(p)
	other.settle()
	c.want("SessionAdded")
	r.changeApp(c, users)
	other.quiet()
}

func (r *rig) changeApp(c *client, app directory.Object) {
	r.t.Helper()
	set := func(edit directory.ObjectEdit) {
		_, err := r.dir.SetApp(r.t.Context(), app.Address(), edit)
		r.must(err)
	}
	moved, disabled, enabled := app.URL+"-moved", true, false
	set(directory.ObjectEdit{URL: &moved})
	c.wantApps(moved)
	set(directory.ObjectEdit{Disabled: &disabled})
	c.wantApps()
	set(directory.ObjectEdit{Disabled: &enabled})
	c.wantApps(moved)
	set(directory.ObjectEdit{URL: &app.URL})
	c.wantApps(app.URL)
}

func (r *rig) changeDevices(c *client, url string) {
	r.t.Helper()
	r.must(r.dir.AddDevice(r.t.Context(), r.alice.Address(), directory.Device{HW: "phone-2", App: "phone"}))
	c.want("UpdateUser")
	if m := c.wantApps(url); len(m["deviceApps"].([]any)) != 2 {
		r.t.Errorf("%v", m)
	}
	r.must(r.dir.RemoveDevice(r.t.Context(), r.alice.Address(), "phone-2"))
	c.want("UpdateUser")
	c.wantApps(url)
}

// changeList lets alice open one app more, which comes and goes.
func (r *rig) changeList(c *client, url string) {
	r.t.Helper()
	const more = "https://apps.example.com/notes"
	list := func(apps ...string) {
		_, err := r.dir.SetUser(r.t.Context(), r.alice.Address(), directory.ObjectEdit{Apps: &apps})
		r.must(err)
		c.want("UpdateUser")
	}
	add := func() signal.Address {
		o, err := r.dir.AddApp(r.t.Context(), r.domain.ID, directory.NewObject{SIP: "notes", Password: "pwd-notes", URL: more})
		r.must(err)
		return o.Address()
	}
	notes := add()
	c.quiet() // may not open it
	list("users", "notes")
	c.wantApps(url, more)
	r.must(r.dir.RemoveApp(r.t.Context(), notes))
	c.wantApps(url)
	notes = add() // its name is still in the list
	c.wantApps(url, more)
	r.must(r.dir.RemoveApp(r.t.Context(), notes))
	c.wantApps(url)
	list("users", "robot")
	c.wantApps(url)
}

func changeHome(c, other *client, url string) {
	c.t.Helper()
	other.send(`{"mt":"SetApps","home":"users,robot"}`)
	if m := c.wantApps(url); m.str("selected") != "users,robot" {
		c.t.Errorf("%v", m)
	}
	other.send(`{"mt":"SetApps","home":"users,robot"}`) // nothing new
	other.quiet()
	c.quiet()
	c.send(`{"mt":"SetApps","home":"users"}`)
	c.quiet()
	other.wantApps(url)
}
