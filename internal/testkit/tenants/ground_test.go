package tenants_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/facilities"
	"github.com/tandem-switch/tandem/internal/applink"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/edge"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/messages/host"
	msgs "github.com/tandem-switch/tandem/internal/messages/service"
	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/internal/pbxapi"
	"github.com/tandem-switch/tandem/internal/pbxmessages"
	"github.com/tandem-switch/tandem/internal/store/storetest"
	"github.com/tandem-switch/tandem/signal"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// ground is a switch with two domains, in which there is one of everything, and an
// app service to which it has links.
type ground struct {
	t        *testing.T
	dir      *directory.Directory
	url      string // of the doors
	service  *service
	chats    *host.Host
	fresh    int
	one, two *tenant
}

// tenant is a domain and what its objects are called. Everything in it bears its
// mark, so that it is known wherever it turns up.
type tenant struct {
	directory.Domain
	mark     string
	digits   string           // begin all its numbers
	messages directory.Object // stores the chats of its people
	names    map[string]string
}

func (g *ground) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

func newGround(t *testing.T) *ground {
	t.Helper()
	g := &ground{t: t, service: newService(t)}
	sealer, err := directory.NewSealer(bytes.Repeat([]byte{1}, 32))
	g.must(err)
	g.dir, err = directory.Open(t.Context(), storetest.NewMemory(), sealer, directory.Config{Clock: clock.NewManual()})
	g.must(err)
	g.one, g.two = g.tenant("aqx", "31415"), g.tenant("zqx", "27182")
	g.start()
	g.store(g.one)
	g.store(g.two)
	return g
}

// start builds the machine as the program does.
func (g *ground) start() {
	moved := clock.NewManual()
	metrics := metric.New("test", "test")
	sw, err := signal.New(signal.Config{Directory: g.dir, Policy: facilities.New(), Clock: moved, Observer: metrics})
	g.must(err)
	presence := pbxapi.NewPresence(g.dir, sw, nil)
	sw.SetWatcher(presence)
	services := pbxapi.NewServices(g.dir, "pbx")
	list := []appservice.API{
		pbxapi.NewSignal(sw), pbxapi.NewPbxAPI(g.dir, presence), pbxapi.NewMyApps(g.dir, presence),
		pbxapi.NewAdmin(pbxapi.PbxAdminConfig{Directory: g.dir, Live: sw}), services, pbxapi.NewTableUsers(g.dir, nil),
	}
	chats, err := pbxmessages.New(g.t.Context(), pbxmessages.Config{Directory: g.dir, Licences: licensed{}, Switch: sw})
	g.must(err)
	sw.SetArchive(chats)
	list = append(list, chats)
	g.chats, err = host.Open(g.t.Context(), host.Config{Dir: g.t.TempDir(), FilesURL: "http://files.example", Accounts: g})
	g.must(err)
	links, err := applink.New(applink.Config{Directory: g.dir, APIs: list, Name: "pbx", Receiver: chats.Receiver, Hosted: g.chats.Dial})
	g.must(err)
	services.Follow(links)
	doors, err := edge.New(edge.Config{Directory: g.dir, APIs: list, Metrics: metrics, Clock: moved, Version: "test", Build: "1"})
	g.must(err)
	sw.SetWaker(doors)
	doors.Start()
	server := httptest.NewServer(doors.Handler())
	g.url = server.URL
	ctx, stop := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() { links.Run(ctx) })
	parts.Go(func() { chats.Run(ctx) })
	g.t.Cleanup(func() {
		stop()
		parts.Wait()
		g.must(g.chats.Close(context.Background()))
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = doors.Shutdown(ctx)
		server.Close()
	})
}

// everything is every API that can be ticked.
func everything() []string {
	return []string{
		appservice.APIPbxSignal, appservice.APIPbxApi, appservice.APIPbxMessages, appservice.APIPbxAdminApi, appservice.APIPbxTableUsers,
		appservice.APIPbxImpersonation, appservice.APIEpSignal, appservice.APIRCC, appservice.APIServices,
	}
}

// tenant makes a domain with one of everything.
func (g *ground) tenant(mark, digits string) *tenant {
	g.t.Helper()
	ctx := g.t.Context()
	d := &tenant{mark: mark, digits: digits, names: map[string]string{}}
	var err error
	d.Domain, err = g.dir.AddDomain(ctx, mark+".example", []string{"pbx." + mark + ".example"})
	g.must(err)
	d.Domain, err = g.dir.SetDomain(ctx, d.ID, directory.DomainEdit{Settings: func(s *directory.Settings) {
		s.Plan.Nodes = []directory.Node{{Name: mark + "-node", Prefix: "8"}}
		s.Plan.Country = "49"
		s.Filters = []directory.Filter{{Name: mark + "-filter", Otherwise: true}}
	}})
	g.must(err)
	g.programs(d)
	g.people(d)
	d.names["grp"], d.names["loc"], d.names["filter"], d.names["node"] = mark+"-team", mark+"-loc", mark+"-filter", mark+"-node"
	d.names["domain"] = d.Name
	return d
}

// add adds an object of the domain; its names are known under key.
func (g *ground) add(d *tenant, kind directory.Kind, key string, n directory.NewObject) directory.Object {
	g.t.Helper()
	n.SIP = d.mark + "-" + key
	n.CN, n.DN = d.mark+" "+key+" long", d.mark+" "+key+" shown"
	n.Text, n.Location = d.mark+" remark", d.mark+"-loc"
	if kind == directory.User || kind.IsProgram() {
		n.Password = passwordOf(n.SIP)
	}
	if kind == directory.User {
		n.Num = fmt.Sprint(d.digits, 10+len(d.names)%90)
	}
	o, err := g.dir.AddObject(g.t.Context(), d.ID, kind, n)
	g.must(err)
	d.names[key+"-guid"], d.names[key+"-sip"], d.names[key+"-cn"] = o.GUID, o.SIP, o.CN
	if o.Num != "" {
		d.names[key+"-num"] = o.Num
	}
	return o
}

func passwordOf(sip string) string { return "password of " + sip }

func (g *ground) programs(d *tenant) {
	linked := directory.Properties{Websocket: true}
	at := func(app string) string { return g.service.url + "/" + d.mark + "-url/" + app }
	svc := g.add(d, directory.App, "svc", directory.NewObject{URL: at("svc"), Properties: linked})
	apps := []string{svc.SIP}
	g.add(d, directory.App, "program", directory.NewObject{APIs: everything(), Apps: apps})
	g.add(d, directory.App, "plain", directory.NewObject{Apps: apps})
	g.add(d, directory.App, "crm", directory.NewObject{APIs: everything(), URL: "https://crm.example/" + d.mark + "/crm.htm"})
	g.add(d, directory.App, "idle", directory.NewObject{})
	g.add(d, directory.Messages, "store", directory.NewObject{APIs: everything(), URL: at("store"), Apps: apps, Properties: linked})
	d.messages = g.add(d, directory.Messages, "messages", directory.NewObject{Properties: linked}) // the service in this process
	g.add(d, directory.Push, "push", directory.NewObject{URL: at("push"), Apps: apps, Properties: linked})
	g.add(d, directory.Gateway, "gw", directory.NewObject{})
	g.add(d, directory.Template, "template", directory.NewObject{Apps: apps})
	g.add(d, directory.Group, "hunt", directory.NewObject{Properties: directory.Properties{Group: d.mark + "-team"}})
	d.names["template"], d.names["hunt"] = d.names["template-guid"], d.names["hunt-guid"]
	d.names["app"], d.names["service"] = d.mark+"-crm", d.mark+"-svc"
	d.names["app-guid"] = d.names["crm-guid"]
	d.names["messages"], d.names["push"] = d.names["messages-sip"], d.names["push-sip"]
	d.names["url"] = at("")
}

func (g *ground) people(d *tenant) {
	for _, name := range []string{"alice", "bob", "carl", "dora", "erna"} {
		o := g.add(d, directory.User, name, directory.NewObject{
			Apps: []string{d.names["app"], d.mark + "-idle"}, Devices: []directory.Device{{HW: d.mark + "-hw-" + name, Text: d.mark + " desk", App: d.names["app"]}},
			Properties: directory.Properties{
				Messages: d.messages.ID,
				Emails:   []string{d.mark + name + "@example.com"}, Avatar: "https://" + d.mark + ".example/" + name + ".png",
				Groups:   []directory.Membership{{Name: d.mark + "-team"}},
				Allows:   []directory.Allow{{Group: d.mark + "-team", Visible: true, Online: true, Presence: true, Note: true}},
				Presence: []directory.Presence{{Contact: "tel:", Activity: "busy", Note: d.mark + " note"}},
			},
		})
		g.must(g.dir.SetProfiles(g.t.Context(), o.Address(), func([]directory.Profile) ([]directory.Profile, error) {
			return []directory.Profile{{ID: 1, Name: d.mark + " friends", Contacts: []directory.Contact{{ID: 2, SIP: d.mark + "-erna", DN: d.mark + " erna"}}}}, nil
		}))
		s, err := g.dir.CreateSession(g.t.Context(), o.Address(), directory.NewSession{UserAgent: d.mark + " phone"})
		g.must(err)
		d.names["session"] = s.ID
	}
	d.names["guid"], d.names["sip"], d.names["cn"], d.names["num"] = d.names["dora-guid"], d.names["dora-sip"], d.names["dora-cn"], d.names["dora-num"]
	d.names["my-guid"], d.names["my-sip"] = d.names["erna-guid"], d.names["erna-sip"]
	d.names["hw"] = d.mark + "-hw-dora"
}

// state is everything that the directory has of a domain, secrets included.
func (g *ground) state(d *tenant) string {
	g.t.Helper()
	dom, _ := g.dir.Domain(d.ID)
	list := []any{dom}
	for _, o := range g.dir.Objects(d.ID, func(*directory.Object) bool { return true }) {
		password, _ := g.dir.Password(o.Address())
		sessions := g.dir.Sessions(o.Address())
		list = append(list, o, password, g.dir.Profiles(o.Address()), g.dir.Devices(o.Address()), g.dir.Home(o.Address()), len(sessions), g.dir.Groups(d.ID))
	}
	stones, err := g.dir.Tombstones(g.t.Context(), d.ID)
	g.must(err)
	log, err := g.chats.Store().Log(g.t.Context(), d.Name)
	g.must(err)
	list = append(list, log.Head()) // every change of what is stored has a number
	text, err := json.Marshal(append(list, stones))
	g.must(err)
	return string(text)
}

// still waits until what was stored before has been folded in, and returns the state.
func (g *ground) still(d *tenant) string {
	for {
		before := g.state(d)
		time.Sleep(2 * folding)
		if now := g.state(d); now == before {
			return now
		}
	}
}

// folding is how far marks are behind in the store.
const folding = 250 * time.Millisecond

// licensed is a gate where everybody has everything.
type licensed struct{}

func (licensed) Licensed(signal.Address, licence.Feature) bool { return true }
func (licensed) Watch(func())                                  {}

// Account implements msgs.Accounts for the Messages service in this process.
func (g *ground) Account(_ context.Context, at msgs.Place, domain, _ string) (msgs.Account, bool) {
	for _, d := range []*tenant{g.one, g.two} {
		if strings.EqualFold(at.Domain, d.Name) && strings.EqualFold(domain, d.Name) {
			return msgs.Account{Domain: d.Name, Object: d.messages.SIP, Passwords: []string{passwordOf(d.messages.SIP)}}, true
		}
	}
	return msgs.Account{}, false
}

// store fills the Messages service: a group, a post, and a place in the log, all of
// somebody who does not log in later.
func (g *ground) store(d *tenant) {
	g.t.Helper()
	l := g.apps(d, "erna", "", d.mark+"-erna", personal())
	ask := func(members string) answer {
		g.must(l.send(`{"api":"PbxMessages","src":"q",` + members + `}`))
		for {
			if a, _ := l.next(); a.text("mt") == "Error" || strings.HasSuffix(a.text("mt"), "Result") {
				return a
			}
		}
	}
	for end := time.Now().Add(patience); ask(`"mt":"Session"`).text("mt") == "Error"; time.Sleep(errorPause) {
		if time.Now().After(end) {
			g.t.Fatal("the Messages service is not attached")
		}
	}
	d.names["word"] = d.mark + "words"
	if a := ask(`"mt":"Post","text":"` + d.names["word"] + `"`); a["error"] != nil {
		g.t.Fatal(a)
	}
	d.names["group"] = ask(`"mt":"WriteGroup","dn":"` + d.mark + ` group"`).text("sip")
	d.names["my-group"] = d.names["group"]
	d.names["token"] = ask(`"mt":"Sync"`).text("since")
	if d.names["group"] == "" || d.names["token"] == "" {
		g.t.Fatalf("%v", d.names)
	}
}

// errorPause is how long after an Error a Session is refused (decision 53).
const errorPause = 1100 * time.Millisecond

// service is an app service with which the switch has links: for every object one
// connection, on which the service asks.
type service struct {
	*appservice.Server
	url   string
	links chan appservice.Session
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{links: make(chan appservice.Session, 16)}
	var err error
	s.Server, err = appservice.NewServer(appservice.ServerConfig{Host: s, Serve: func(ctx context.Context, c appservice.Session) {
		s.links <- c
		<-ctx.Done()
	}})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(s.Server)
	s.url = site.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = s.Shutdown(ctx)
		site.Close()
	})
	return s
}

// Authenticate implements appservice.Host.
func (s *service) Authenticate(ctx context.Context, l appservice.Login, check func(string) bool) (appservice.Account, error) {
	return appservice.SharedPassword{App: l.App, Password: passwordOf(l.SIP)}.Authenticate(ctx, l, check)
}

// AppInfo implements appservice.AppInformer.
func (s *service) AppInfo(_ context.Context, c appservice.Session, _ string) appservice.AppInfoResult {
	mark, _, _ := strings.Cut(appservice.LoginOf(c).SIP, "-")
	return appservice.AppInfoResult{ServiceInfo: appservice.ServiceInfo{APIs: json.RawMessage(`{"` + mark + `.example":{}}`)}}
}

// victim is the guid of an object that may be deleted.
func (g *ground) victim(d *tenant) string {
	g.t.Helper()
	g.fresh++
	o, err := g.dir.AddUser(g.t.Context(), d.ID, directory.NewObject{SIP: fmt.Sprintf("%s-victim-%d", d.mark, g.fresh), Password: "long enough"})
	g.must(err)
	return o.GUID
}
