package tenants_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/ws"
)

// login is a client in the hands of the walk.
type login struct {
	g    *ground
	home *tenant
	name string
	// APIs that this login may use. It is written down here once more on purpose.
	apis    []string
	program bool // acts as an App object
	myApps  bool // at the myApps door
	link    bool // a service on its link
	send    func(text string) error
	read    func(context.Context) ([]byte, error)
	n       int // sentinels sent
}

// personal are the APIs of people (appwebsocket.md 2.5, A10).
func personal() []string {
	return []string{appservice.APIPbxSignal, appservice.APIPbxApi, appservice.APIPbxMessages, appservice.APIRCC, appservice.APIEpSignal}
}

// logins are every kind of login in a domain.
func (g *ground) logins(d *tenant) []*login {
	g.t.Helper()
	list := []*login{
		g.apps(d, "app object with everything ticked", d.mark+"-program", "", everything()),
		g.apps(d, "app object with nothing ticked", d.mark+"-plain", "", nil),
		g.apps(d, "user", "", d.mark+"-alice", personal()),
		g.apps(d, "user through an app with everything ticked", d.mark+"-crm", d.mark+"-carl", personal()),
		g.apps(d, "user through an app with nothing ticked", d.mark+"-idle", d.mark+"-carl", nil),
		g.myApps(d, d.mark+"-bob"),
		g.linked(d, "Messages object with everything ticked on its link", d.mark+"-store", everything()),
		g.linked(d, "Push object with nothing ticked on its link", d.mark+"-push", nil),
		g.nobody(d, "/PBX0/APPS/websocket"),
		g.nobody(d, "/PBX0/APPCLIENT/websocket"),
	}
	for _, l := range list {
		l.settle()
	}
	return list
}

func (g *ground) dial(d *tenant, path string) *login {
	g.t.Helper()
	c, err := ws.Dial(g.t.Context(), "ws"+strings.TrimPrefix(g.url, "http")+path, ws.DialConfig{})
	g.must(err)
	g.t.Cleanup(c.Abort)
	return &login{g: g, home: d, send: func(text string) error { return c.Write([]byte(text)) }, read: c.Read}
}

func (g *ground) nobody(d *tenant, path string) *login {
	g.t.Helper()
	l := g.dial(d, path)
	l.name = "nobody at " + path
	return l
}

// apps logs in at the application door: as an App object, as a person, or as a
// person through an App object.
func (g *ground) apps(d *tenant, name, app, sip string, apis []string) *login {
	g.t.Helper()
	l := g.dial(d, "/PBX0/APPS/websocket")
	l.name, l.apis, l.program = name, apis, sip == ""
	owner := app
	if app == "" {
		owner = sip
	}
	if sip == "" {
		sip = app
	}
	challenge := l.ask(`{"mt":"AppChallenge"}`).text("challenge")
	claim := appservice.Login{App: app, Domain: d.Name, SIP: sip, PbxObj: app}
	claim.Digest = appservice.Digest(claim, challenge, passwordOf(owner))
	text := fmt.Sprintf(`{"mt":"AppLogin","app":%q,"domain":%q,"sip":%q,"digest":%q,"pbxObj":%q}`, app, d.Name, sip, claim.Digest, app)
	if m := l.ask(text); m["ok"] != true {
		g.t.Fatalf("%s: %v", name, m)
	}
	return l
}

// myApps logs a person in at the myApps door.
func (g *ground) myApps(d *tenant, sip string) *login {
	g.t.Helper()
	l := g.dial(d, "/PBX0/APPCLIENT/websocket")
	l.name, l.apis, l.myApps = "user at the myApps door", personal(), true
	q := l.ask(`{"mt":"Login","type":"user","userAgent":"test"}`)
	p := appservice.Proof{
		Type: "user", Domain: q.text("domain"), User: sip + "@" + d.Name, Password: passwordOf(sip),
		Nonce: appservice.NewChallenge(), Challenge: q.text("challenge"),
	}
	m := l.ask(fmt.Sprintf(`{"mt":"Login","type":"user","method":"digest","username":%q,"nonce":%q,"response":%q,"userAgent":"test"}`, p.User, p.Nonce, p.Response()))
	if m["error"] != nil {
		g.t.Fatalf("%s: %v", l.name, m)
	}
	return l
}

// linked waits for the link of an object.
func (g *ground) linked(d *tenant, name, sip string, apis []string) *login {
	g.t.Helper()
	for {
		var s appservice.Session
		select {
		case s = <-g.service.links:
		case <-g.t.Context().Done():
			g.t.Fatal("the links are not there")
		}
		if appservice.LoginOf(s).SIP != sip {
			g.service.links <- s // for another
			continue
		}
		return &login{
			g: g, home: d, name: name, apis: apis, program: true, link: true,
			send: func(text string) error { return s.Send(context.Background(), appservice.Frame{Raw: []byte(text)}) },
			read: func(ctx context.Context) ([]byte, error) {
				f, err := s.Recv(ctx)
				return f.Raw, err
			},
		}
	}
}

// answer is a received message.
type answer map[string]any

func (a answer) text(name string) string { s, _ := a[name].(string); return s }

// next is the next message.
func (l *login) next() (answer, string) {
	l.g.t.Helper()
	ctx, cancel := context.WithTimeout(l.g.t.Context(), patience)
	defer cancel()
	text, err := l.read(ctx)
	if err != nil {
		l.g.t.Fatalf("%s: %v", l.name, err)
	}
	var m answer
	if err := json.Unmarshal(text, &m); err != nil {
		l.g.t.Fatalf("%s got %s: %v", l.name, text, err)
	}
	return m, string(text)
}

func (l *login) ask(text string) answer {
	l.g.t.Helper()
	l.g.must(l.send(text))
	m, _ := l.next()
	return m
}

// settle sends what any login gets an answer to, and returns the texts that came
// before it, behind those that have come already. It goes the way of messages of APIs, which links answer elsewhere
// than others.
func (l *login) settle(before ...string) []string {
	l.g.t.Helper()
	l.n++
	src := fmt.Sprint("settled ", l.n)
	l.g.must(l.send(fmt.Sprintf(`{"api":"PbxSignal","mt":"Nothing","src":%q}`, src)))
	for {
		m, text := l.next()
		if m.text("src") == src {
			return before
		}
		before = append(before, text)
	}
}

// may tells whether the login may use the API of the message.
func (l *login) may(m message) bool {
	switch {
	case m.absent:
		return false
	case m.api == "":
		return l.myApps
	}
	return slices.Contains(l.apis, m.api)
}
