package pbxapi_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/pbxapi"
	"github.com/tandem-switch/tandem/internal/store/storetest"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// office is a directory of two domains, each with a program that has the right to
// everything, and the APIs on it.
type office struct {
	*directory.Directory
	t      testing.TB
	store  *storetest.Memory
	dom    directory.Domain
	other  directory.Domain
	admin  *pbxapi.PbxAdmin
	acts   *acts
	config pbxapi.PbxAdminConfig
}

// acts are what the audit log was told.
type acts struct {
	mu   sync.Mutex // guards the following
	list []pbxapi.Act
	fail error // what is returned
}

func (a *acts) add(_ context.Context, act pbxapi.Act) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, act)
	return a.fail
}

func newOffice(t testing.TB, change ...func(*pbxapi.PbxAdminConfig)) *office {
	t.Helper()
	o := &office{t: t, store: storetest.NewMemory(), acts: &acts{}}
	sealer, err := directory.NewSealer(bytes.Repeat([]byte{1}, 32))
	o.must(err)
	o.Directory, err = directory.Open(t.Context(), o.store, sealer, directory.Config{Clock: clock.NewManual()})
	o.must(err)
	o.dom, err = o.AddDomain(t.Context(), "example.com", nil)
	o.must(err)
	o.other, err = o.AddDomain(t.Context(), "other.example", nil)
	o.must(err)
	o.config = pbxapi.PbxAdminConfig{Directory: o.Directory, Audit: o.acts.add, Name: "pbx"}
	for _, f := range change {
		f(&o.config)
	}
	o.admin = pbxapi.NewAdmin(o.config)
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// add adds an object to a domain, with a password where one is needed.
func (o *office) add(dom directory.Domain, kind directory.Kind, n directory.NewObject) directory.Object {
	o.t.Helper()
	if kind == directory.User || kind.IsProgram() {
		n.Password = "password of " + n.SIP
	}
	added, err := o.AddObject(o.t.Context(), dom.ID, kind, n)
	o.must(err)
	return added
}

// program is a login of an app object of the domain with both APIs.
func (o *office) program(dom directory.Domain) *program {
	o.t.Helper()
	app, ok := o.AppByName(dom.ID, "manager")
	if !ok {
		app = o.add(dom, directory.App, directory.NewObject{SIP: "manager", APIs: []string{"PbxAdminApi", "PbxTableUsers"}})
	}
	return &program{who: appservice.Principal{
		DomainID: int64(dom.ID), ObjectID: int64(app.ID), Domain: dom.Name, SIP: app.SIP, IsApp: true, App: app.SIP, APIs: app.APIs,
	}}
}

// program is the session of an app object; it records what is sent to it.
type program struct {
	who appservice.Principal

	mu     sync.Mutex // guards the following
	sent   []string
	closed string
	failed error
}

func (p *program) Principal() appservice.Principal { return p.who }
func (p *program) App() string                     { return p.who.App }
func (p *program) From() string                    { return "192.0.2.1" }
func (p *program) Recv(context.Context) (appservice.Frame, error) {
	return appservice.Frame{}, appservice.ErrNoRecv
}
func (p *program) Reply(appservice.Frame, any) error { return errors.New("not used") }
func (p *program) Send(_ context.Context, f appservice.Frame) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, string(f.Raw))
	return p.failed
}
func (p *program) Close(reason string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = reason
	return nil
}

// got is what was sent since the last time.
func (p *program) got() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	sent := p.sent
	p.sent = nil
	return sent
}

// say hands a frame to an API as a door does.
func (p *program) say(t testing.TB, api appservice.API, text string) error {
	t.Helper()
	var doc strictjson.Doc
	f, err := appservice.ParseFrame(&doc, []byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return api.Handle(context.Background(), p, f)
}

// ask is the one answer to a message, without its api.
func (o *office) ask(p *program, text string) string {
	o.t.Helper()
	if err := p.say(o.t, o.admin, `{"api":"PbxAdminApi",`+text[1:]); err != nil {
		o.t.Fatalf("%s: %v", text, err)
	}
	got := p.got()
	if len(got) != 1 {
		o.t.Fatalf("%s: %d answers: %s", text, len(got), got)
	}
	if !json.Valid([]byte(got[0])) {
		o.t.Fatalf("%s: %s", text, got[0])
	}
	return "{" + strings.TrimPrefix(got[0], `{"api":"PbxAdminApi",`)
}

// answer expects an answer; GUID stands for any guid.
func (o *office) answer(p *program, text, want string) {
	o.t.Helper()
	if got := anyGUID.ReplaceAllString(o.ask(p, text), `"GUID"`); got != want {
		o.t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
	}
}

var anyGUID = regexp.MustCompile(`"[0-9a-f]{32}"`)

// refused expects a failure with the number, and words in its sentence.
func (o *office) refused(p *program, text string, code int, words string) {
	o.t.Helper()
	var got struct {
		Error     int    `json:"error"`
		ErrorText string `json:"errorText"`
	}
	answer := o.ask(p, text)
	o.must(json.Unmarshal([]byte(answer), &got))
	if got.Error != code || !strings.Contains(got.ErrorText, words) {
		o.t.Errorf("%s\ngot  %.300s\nwant error %d with %q", text, answer, code, words)
	}
}

// fullUser is UpdateObject with every member that a user may have.
const fullUser = `"cn":"Alice Smith","dn":"Alice","h323":"alice","e164":"101","node":"berlin","loc":"hq","text":"remark",` +
	`"emails":[{"email":"alice@example.com"}],"config":"Staff","apps":"users,phone","apps-my":"users,phone","hide":true,"critical":true,` +
	`"messages":"msgs","push":"push","filter":"intern","allows":[{"grp":"team","visible":true,"ids":true}],"app-lics":"App(users)",` +
	`"devices":[{"hw":"tel","text":"desk","app":"phone","admin":true,"sreg":true}],"grp":[{"name":"team","mode":"active","dyn":"in"}],` +
	`"presence":[{"c":"tel:","a":"busy","n":"later"}],"cds":[{"type":"cfu","e164":"5"}]`

// furnish makes what fullUser refers to.
func (o *office) furnish() {
	o.t.Helper()
	o.add(o.dom, directory.Template, directory.NewObject{SIP: "staff", CN: "Staff"})
	o.add(o.dom, directory.Messages, directory.NewObject{SIP: "msgs"})
	o.add(o.dom, directory.Push, directory.NewObject{SIP: "push"})
	_, err := o.SetDomain(o.t.Context(), o.dom.ID, directory.DomainEdit{Settings: func(s *directory.Settings) {
		s.Plan.Nodes = []directory.Node{{Name: "berlin", Prefix: "8"}}
		s.Filters = []directory.Filter{{Name: "intern", Otherwise: true}}
	}})
	o.must(err)
}

func TestEveryMemberIsReadAsWritten(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	p := o.program(o.dom)
	o.answer(p, `{"mt":"UpdateObject","src":"1","pwd":"secret-password",`+fullUser+`}`, `{"src":"1","mt":"UpdateObjectResult","guid":"GUID"}`)
	o.answer(p, `{"mt":"GetObject","h323":"alice"}`, `{"mt":"GetObjectResult","guid":"GUID",`+fullUser+`}`)
	o.answer(p, `{"mt":"GetObject","cn":"alice smith","properties":["e164","pwd","__proto__"]}`, `{"mt":"GetObjectResult","guid":"GUID","e164":"101"}`)

	alice, _ := o.UserByName(o.dom.ID, "alice")
	if password, err := o.Password(alice.Address()); err != nil || password != "secret-password" {
		t.Errorf("password %q, %v", password, err)
	}
	o.answer(p, `{"mt":"UpdateObject","guid":"`+strings.ToUpper(alice.GUID)+`","dn":"Al","hide":-1,"emails":[],"e164":77,"messages":"-","node":"root"}`, `{"mt":"UpdateObjectResult"}`)
	o.answer(p, `{"mt":"GetObject","guid":"`+alice.GUID+`","properties":["dn","cn","hide","emails","e164","messages","push","node"]}`,
		`{"mt":"GetObjectResult","guid":"GUID","cn":"Alice Smith","dn":"Al","e164":"77","messages":"-","push":"push"}`)
}

func TestEveryKind(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	for _, pseudo := range []string{
		`{"type":"app","app":{"url":"https://example.com/a/users","websocket":true,"pbx":true,"pbxsignal":true,"epsignal":true,"messages":true,"tableusers":true,"admin":true,"services":true,"rcc":true,"impersonation":true}}`,
		`{"type":"messages","app":{"url":"https://example.com/m"}}`,
		`{"type":"push","app":{}}`,
		`{"type":"broadcast","group":"team"}`,
		`{"type":"gw"}`,
		`{"type":"config"}`,
	} {
		name, _, _ := strings.Cut(strings.TrimPrefix(pseudo, `{"type":"`), `"`)
		o.answer(p, `{"mt":"UpdateObject","h323":"`+name+`","pseudo":`+pseudo+`}`, `{"mt":"UpdateObjectResult","guid":"GUID"}`)
		o.answer(p, `{"mt":"GetObject","h323":"`+name+`","properties":["pseudo"]}`, `{"mt":"GetObjectResult","guid":"GUID","pseudo":`+pseudo+`}`)
	}
	app, _ := o.AppByName(o.dom.ID, "app")
	o.answer(p, `{"mt":"UpdateObject","guid":"`+app.GUID+`","pseudo":{"type":"app","app":{"rcc":false,"web":true,"hidden":false}}}`, `{"mt":"UpdateObjectResult"}`)
	if app, _ = o.AppByName(o.dom.ID, "app"); slices.Contains(app.APIs, "RCC") || !slices.Contains(app.APIs, "Services") || app.URL == "" {
		t.Errorf("%+v", app)
	}
}

func TestUpdateObjectByLongName(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	o.refused(p, `{"mt":"UpdateObject","guid":"*","cn":"Bob","dn":"B"}`, 2, "cn: ")
	o.refused(p, `{"mt":"UpdateObject","guid":"?","dn":"B"}`, 3, "cn: ")
	o.answer(p, `{"mt":"UpdateObject","guid":"?","cn":"Bob","h323":"bob","dn":"B"}`, `{"mt":"UpdateObjectResult","guid":"GUID"}`)
	o.answer(p, `{"mt":"UpdateObject","guid":"?","cn":"Bob","dn":"BB"}`, `{"mt":"UpdateObjectResult"}`)
	o.answer(p, `{"mt":"UpdateObject","guid":"*","cn":"Bob","text":"x"}`, `{"mt":"UpdateObjectResult"}`)
	bob, _ := o.UserByName(o.dom.ID, "bob")
	if bob.DN != "BB" || bob.Text != "x" {
		t.Errorf("%+v", bob)
	}
	o.answer(p, `{"mt":"UpdateObject","cn":"Bob","h323":"bob2"}`, `{"mt":"UpdateObjectResult","guid":"GUID"}`)
	o.refused(p, `{"mt":"UpdateObject","guid":"*","cn":"bob"}`, 12, "cn: ")
	if password, err := o.Password(bob.Address()); err != nil || len(password) < 32 {
		t.Errorf("a user without pwd has the password %q, %v", password, err)
	}
}

func TestTemplate(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	o.answer(p, `{"mt":"UpdateObject","h323":"staff","cn":"Staff","hide":true,"apps":"users","pseudo":{"type":"config"}}`, `{"mt":"UpdateObjectResult","guid":"GUID"}`)
	o.answer(p, `{"mt":"UpdateObject","h323":"bob","template":"staff","apps":"phone"}`, `{"mt":"UpdateObjectResult","guid":"GUID"}`)
	o.answer(p, `{"mt":"GetObject","h323":"bob"}`, `{"mt":"GetObjectResult","guid":"GUID","cn":"bob","h323":"bob","config":"Staff","apps":"phone"}`)
	o.answer(p, `{"mt":"GetObject","h323":"bob","template":true}`, `{"mt":"GetObjectResult","guid":"GUID","cn":"bob","h323":"bob","config":"Staff","apps":"phone,users","hide":true}`)
	o.answer(p, `{"mt":"UpdateObject","guid":"*","cn":"bob","hide":false,"config":""}`, `{"mt":"UpdateObjectResult"}`)
	o.answer(p, `{"mt":"GetObject","h323":"bob","template":true}`, `{"mt":"GetObjectResult","guid":"GUID","cn":"bob","h323":"bob","apps":"phone","hide":false}`)
	o.refused(p, `{"mt":"UpdateObject","h323":"carl","template":"bob"}`, 2, "template: ")
}

func TestCopyPassword(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	o.add(o.dom, directory.User, directory.NewObject{SIP: "alice"})
	o.answer(p, `{"mt":"UpdateObject","copyPwd":null,"h323":"one","pwd":"first","pseudo":{"type":"app"}}`, `{"mt":"UpdateObjectResult","guid":"GUID"}`)
	o.answer(p, `{"mt":"UpdateObject","copyPwd":"one","h323":"two","pwd":"other","pseudo":{"type":"app","app":{"url":"https://h/x/second.htm"}}}`, `{"mt":"UpdateObjectResult","guid":"GUID"}`)
	digest := appservice.CheckLoginDigest("second", "example.com", "1234", "first")
	o.answer(p, `{"mt":"GetAppLogin","app":"two","challenge":"1234"}`, `{"mt":"GetAppLoginResult","app":"second","domain":"example.com","digest":"`+digest+`"}`)
	o.answer(p, `{"mt":"GetAppLogin","app":"two","challenge":1234}`, `{"mt":"GetAppLoginResult","app":"second","domain":"example.com","digest":"`+digest+`"}`)
	o.refused(p, `{"mt":"UpdateObject","copyPwd":"alice","h323":"three","pseudo":{"type":"app"}}`, 2, "copyPwd: ")
	o.refused(p, `{"mt":"UpdateObject","copyPwd":"one","h323":"bob"}`, 3, "copyPwd: ")
	o.refused(p, `{"mt":"GetAppLogin","app":"alice","challenge":"1"}`, 2, "app: ")
	o.refused(p, `{"mt":"GetAppLogin","app":"one"}`, 3, "challenge: ")
}

func TestRefusals(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	o.add(o.dom, directory.User, directory.NewObject{SIP: "alice", Num: "101"})
	for _, test := range []struct {
		members string
		code    int
		field   string
	}{
		{`"h323":"bob","dn":5`, 3, "dn: "},
		{`"cn":"nobody"`, 3, "h323: "},
		{`"h323":"a:b"`, 3, "h323: "},
		{`"h323":"ALICE"`, 4, "h323: "},
		{`"h323":"bob","e164":"x1"`, 3, "e164: "},
		{`"h323":"bob","e164":101`, 4, "e164: "},
		{`"h323":"bob","pwd":"short"`, 3, "pwd: "},
		{`"h323":"bob","node":"mars"`, 3, "node: "},
		{`"h323":"bob","url":"https://x"`, 3, "url: "},
		{`"h323":"bob","emails":["a@b"]`, 3, "emails: "},
		{`"h323":"bob","emails":[{"email":"a"}]`, 3, "emails: "},
		{`"h323":"bob","emails":[{"email":7}]`, 3, "emails.email: "},
		{`"h323":"bob","hide":"maybe"`, 3, "hide: "},
		{`"h323":"bob","hide":2`, 3, "hide: "},
		{`"h323":"bob","config":"none"`, 2, "config: "},
		{`"h323":"bob","messages":"alice"`, 2, "messages: "},
		{`"h323":"bob","filter":"none"`, 3, "filter: "},
		{`"h323":"bob","apps":[1]`, 3, "apps: "},
		{`"h323":"bob","grp":[{"name":"x"},{"name":"X"}]`, 3, "grp: "},
		{`"h323":"bob","devices":[{"hw":"x"},{"hw":"X"}]`, 4, "devices: "},
		{`"h323":"bob","devices":[{"text":"x"}]`, 3, ""},
		{`"h323":"bob","cds":[{"type":"cfx","e164":"1"}]`, 3, "cds: "},
		{`"h323":"bob","cds":[{"type":"cfu","e164":"1","bool":"night"}]`, 9, "cds: "},
		{`"h323":"bob","uclic":true`, 9, "uclic: "},
		{`"h323":"bob","pseudo":{"type":"robot"}`, 3, "pseudo.type: "},
		{`"h323":"bob","pseudo":"app"`, 3, "pseudo: "},
		{`"h323":"bob","pseudo":{"app":{"url":"x"}}`, 3, "pseudo.app: "},
		{`"h323":"bob","pseudo":{"type":"app","app":{"url":"ftp://x"}}`, 3, ""},
		{`"h323":"bob","pseudo":{"type":"app","app":{"websocket":true}}`, 3, "url: "},
		{`"h323":"bob","pseudo":{"type":"app"},"apps-my":"x"`, 3, "apps-my: "},
		{`"guid":"00000000000000000000000000000000","dn":"x"`, 2, "guid: "},
		{`"guid":7`, 3, "guid: "},
		{`"h323":"bob","emails":[{"email":"a@b","email":"c@d"}]`, 3, "twice"},
	} {
		o.refused(p, `{"mt":"UpdateObject",`+test.members+`}`, test.code, test.field)
	}
	if users := o.Users(o.dom.ID); len(users) != 1 {
		t.Errorf("%d users", len(users))
	}
	for request, field := range map[string]string{
		`{"mt":"GetObject"}`: "guid: ",
		`{"mt":"GetObject","h323":"alice","properties":"e164"}`:   "properties: ",
		`{"mt":"SearchUsers","limit":"many"}`:                     "limit: ",
		`{"mt":"SearchUsers","cn":7}`:                             "cn: ",
		`{"mt":"GetPseudoObjects"}`:                               "pseudo: ",
		`{"mt":"GetAppObjects","pseudo":"robot"}`:                 "pseudo: ",
		`{"mt":"CheckAppLic","h323":"alice"}`:                     "lic: ",
		`{"mt":"GetNormalizedNumber","h323":"alice","from-cn":1}`: "from-cn: ",
	} {
		o.refused(p, request, 3, field)
	}
	for _, request := range []string{`{"mt":"MonitorUnallowed"}`, `{"mt":"GetPhoneConfig","cn":"alice"}`} {
		o.refused(p, request, 9, "")
	}
}

// TestPrivateURL: a program cannot lead the switch into a private network.
func TestPrivateURL(t *testing.T) {
	store := storetest.NewMemory()
	sealer, err := directory.NewSealer(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	config := directory.Config{CheckURL: func(string) error { return errors.New("it is in a private network") }}
	o := &office{t: t, store: store}
	o.Directory, err = directory.Open(t.Context(), store, sealer, config)
	o.must(err)
	o.dom, err = o.AddDomain(t.Context(), "example.com", nil)
	o.must(err)
	o.admin = pbxapi.NewAdmin(pbxapi.PbxAdminConfig{Directory: o.Directory})
	o.refused(o.program(o.dom), `{"mt":"UpdateObject","h323":"x","pseudo":{"type":"app","app":{"url":"http://10.0.0.1/x"}}}`, 3, "url: ")
}

func TestLists(t *testing.T) {
	o := newOffice(t, func(c *pbxapi.PbxAdminConfig) {
		c.Places = func() []pbxapi.Place {
			return []pbxapi.Place{{Host: "pbx.example.com", Port: 443, TLS: true}, {Host: "192.0.2.7", Port: 80}}
		}
	})
	p := o.program(o.dom)
	o.furnish()
	url := "https://apps.example.com/users/"
	o.add(o.dom, directory.App, directory.NewObject{SIP: "users", CN: "Users", URL: url + "innovaphone-users"})
	o.add(o.dom, directory.Group, directory.NewObject{SIP: "desk"})
	team := directory.Properties{Groups: []directory.Membership{{Name: "team", Mode: "active", Dyn: "out"}}}
	o.add(o.dom, directory.User, directory.NewObject{SIP: "bob", Num: "2", Node: "berlin", Properties: team})
	o.must(o.admin.Open(t.Context(), p))
	for request, want := range map[string]string{
		`{"mt":"GetAppObjects","uri":"` + url + `"}`:                  `{"mt":"GetAppObjectsResult","objects":[{"title":"Users","app":"innovaphone-users","url":"` + url + `innovaphone-users","guid":"GUID","sip":"users","pseudo":"app"}]}`,
		`{"mt":"GetApps"}`:                                            `{"mt":"GetAppsResult","objects":[{"title":"manager","app":"manager","connected":true,"guid":"GUID","sip":"manager","pseudo":"app"},{"title":"Users","app":"innovaphone-users","url":"` + url + `innovaphone-users","guid":"GUID","sip":"users","pseudo":"app"}]}`,
		`{"mt":"GetApps","limit":1}`:                                  `{"mt":"GetAppsResult","more":"manager","objects":[{"title":"manager","app":"manager","connected":true,"guid":"GUID","sip":"manager","pseudo":"app"}]}`,
		`{"mt":"GetApps","more":"users"}`:                             `{"mt":"GetAppsResult","objects":[]}`,
		`{"mt":"GetConfigObjects"}`:                                   `{"mt":"GetConfigObjectsResult","objects":[{"cn":"Staff","config":[]}]}`,
		`{"mt":"GetConfigs"}`:                                         `{"mt":"GetConfigsResult","configs":["Staff"]}`,
		`{"mt":"GetFilters"}`:                                         `{"mt":"GetFiltersResult","filter":["intern"]}`,
		`{"mt":"GetGroups"}`:                                          `{"mt":"GetGroupsResult","groups":["team"]}`,
		`{"mt":"GetGroup","grp":"Team"}`:                              `{"mt":"GetGroupResult","member":[{"cn":"bob","h323":"bob","e164":"2","guid":"GUID","active":true,"dyn":"out"}]}`,
		`{"mt":"GetPseudoObjects","pseudo":"broadcast"}`:              `{"mt":"GetPseudoObjectsResult","objects":[{"cn":"desk","guid":"GUID"}]}`,
		`{"mt":"GetMessages"}`:                                        `{"mt":"GetMessagesResult","messages":[{"name":"msgs"}]}`,
		`{"mt":"GetPush"}`:                                            `{"mt":"GetPushResult","push":[{"name":"push"}]}`,
		`{"mt":"GetNodes"}`:                                           `{"mt":"GetNodesResult","nodes":[{"name":"root","node":"root","loc":"pbx"},{"name":"berlin","node":"root","loc":"pbx"}]}`,
		`{"mt":"GetBooleans"}`:                                        `{"mt":"GetBooleansResult","booleans":[]}`,
		`{"mt":"GetStun"}`:                                            `{"mt":"GetStunResult"}`,
		`{"mt":"GetPbxConfig"}`:                                       `{"mt":"GetPbxConfigResult","loc":"pbx"}`,
		`{"mt":"GetLocation","loc":"pbx"}`:                            `{"mt":"GetLocationResult","loc":"pbx","http":80,"https":443,"module":"PBX0","dns":"pbx.example.com","addr":"192.0.2.7"}`,
		`{"mt":"GetRPs"}`:                                             `{"mt":"GetRPsResult","dns":"pbx.example.com","rp":[]}`,
		`{"mt":"GetAppLics","src":5}`:                                 `{"src":5,"mt":"GetAppLicsResult","lic":[]}`,
		`{"mt":"CheckAppLic","h323":"bob","lic":"App(users)"}`:        `{"mt":"CheckAppLicResult","ok":true}`,
		`{"mt":"GetNormalizedNumber","h323":"bob"}`:                   `{"mt":"GetNormalizedNumberResult","number":"82"}`,
		`{"mt":"GetNormalizedNumber","h323":"bob","from-h323":"bob"}`: `{"mt":"GetNormalizedNumberResult","number":"2"}`,
		`{"mt":"GetRegs","cn":"bob"}`:                                 `{"mt":"GetRegsResult","regs":[],"cn":"bob"}`,
		`{"mt":"MonitorAdminObject"}`:                                 `{"mt":"MonitorAdminObjectResult"}`,
	} {
		o.answer(p, request, want)
	}
	o.refused(p, `{"mt":"GetGroup","grp":"none"}`, 2, "grp: ")
	o.refused(p, `{"mt":"GetLocation","loc":"mars"}`, 2, "loc: ")
	o.admin.Closed(t.Context(), p)
	if got := o.ask(p, `{"mt":"GetApps","limit":1}`); strings.Contains(got, "connected") {
		t.Error(got)
	}
}

func TestSearchUsers(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	for i := range 45 {
		o.add(o.dom, directory.User, directory.NewObject{SIP: fmt.Sprintf("u%02d", i), CN: fmt.Sprintf("User %02d", 44-i)})
	}
	var all []string
	for cn := ""; ; {
		var got struct {
			User []struct{ CN, H323, GUID string }
		}
		o.must(json.Unmarshal([]byte(o.ask(p, `{"mt":"SearchUsers","cn":"`+cn+`","limit":100}`)), &got))
		if len(got.User) > 20 {
			t.Fatalf("%d users in one page", len(got.User))
		}
		for _, u := range got.User {
			all = append(all, u.CN)
			cn = u.CN
		}
		if len(got.User) == 0 {
			break
		}
	}
	if len(all) != 45 || !slices.IsSorted(all) {
		t.Errorf("%d: %q", len(all), all)
	}
	o.answer(p, `{"mt":"SearchUsers","cn":"user 07","includeMatch":true,"limit":"1"}`, `{"mt":"SearchUsersResult","user":[{"cn":"User 07","guid":"GUID","h323":"u37"}]}`)
	o.answer(p, `{"mt":"SearchUsers","cn":"User 07","limit":1}`, `{"mt":"SearchUsersResult","user":[{"cn":"User 08","guid":"GUID","h323":"u36"}]}`)
}

// TestSearchFollowsChanges: few and many of them, between searches.
func TestSearchFollowsChanges(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	names := map[string]directory.Object{}
	add := func(n int) {
		for range n {
			name := fmt.Sprintf("u%04d", len(names)*7919%10000)
			names[name] = o.add(o.dom, directory.User, directory.NewObject{SIP: name})
		}
	}
	check := func() {
		t.Helper()
		var got []string
		for cn, more := "", true; more; {
			var page struct{ User []struct{ CN string } }
			o.must(json.Unmarshal([]byte(o.ask(p, `{"mt":"SearchUsers","cn":"`+cn+`"}`)), &page))
			for _, u := range page.User {
				got = append(got, u.CN)
				cn = u.CN
			}
			more = len(page.User) > 0
		}
		var want []string
		for _, u := range o.Users(o.dom.ID) {
			want = append(want, cmp.Or(u.CN, u.SIP))
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%d users found, %d there", len(got), len(want))
		}
	}
	check()
	add(300)
	check()
	i := 0
	for name, u := range names {
		switch i++; {
		case i < 20:
			_, err := o.SetUser(t.Context(), u.Address(), directory.ObjectEdit{CN: new("x" + name)})
			o.must(err)
		case i < 30:
			o.must(o.RemoveUser(t.Context(), u.Address()))
		}
	}
	check()
	o.refused(p, `{"mt":"GetObject","cn":"nobody"}`, 2, "cn: ")
	add(300)
	check()
	o.add(o.dom, directory.User, directory.NewObject{SIP: "last"})
	check()
}

func TestDomainsDoNotMeet(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	foreign := o.program(o.other)
	alice := o.add(o.dom, directory.User, directory.NewObject{SIP: "alice", CN: "Alice"})
	o.add(o.dom, directory.App, directory.NewObject{SIP: "users", URL: "https://h/users"})
	for _, request := range []string{
		`{"mt":"GetObject","guid":"` + alice.GUID + `"}`, `{"mt":"GetObject","cn":"Alice"}`, `{"mt":"GetObject","h323":"alice"}`,
		`{"mt":"GetObject","h323":"alice@example.com"}`, `{"mt":"UpdateObject","guid":"` + alice.GUID + `","dn":"x"}`,
		`{"mt":"UpdateObject","guid":"*","cn":"Alice","dn":"x"}`, `{"mt":"DeleteObject","guid":"` + alice.GUID + `"}`,
		`{"mt":"GetRegs","cn":"Alice"}`, `{"mt":"GetAppLogin","app":"users","challenge":"1"}`,
		`{"mt":"GetAppLogin","app":"users@example.com","challenge":"1"}`, `{"mt":"GetNormalizedNumber","h323":"alice"}`,
		`{"mt":"CheckAppLic","h323":"alice","lic":"x"}`, `{"mt":"UpdateObject","h323":"x","config":"Staff"}`,
		`{"mt":"UpdateObject","h323":"x","messages":"msgs"}`, `{"mt":"UpdateObject","h323":"x","copyPwd":"users","pseudo":{"type":"app"}}`,
		`{"mt":"GetGroup","grp":"team"}`,
	} {
		o.refused(foreign, request, 2, "")
	}
	for _, request := range []string{"SearchUsers", "GetApps", "GetAppObjects", "GetConfigs", "GetConfigObjects", "GetMessages", "GetPush", "GetGroups", "GetFilters", "GetNodes"} {
		if got := o.ask(foreign, `{"mt":"`+request+`"}`); strings.Contains(got, "lice") || strings.Contains(got, "users") || strings.Contains(got, "taff") || strings.Contains(got, "msgs") || strings.Contains(got, "berlin") {
			t.Error(got)
		}
	}
	if now, _ := o.Object(alice.Address()); now.DN != "" {
		t.Errorf("%+v", now)
	}
}

// TestRightIsAskedEachTime: who loses the right has lost it in living sessions.
func TestRightIsAskedEachTime(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	app, _ := o.AppByName(o.dom.ID, "manager")
	allowed := func() bool {
		err := p.say(t, o.admin, `{"api":"PbxAdminApi","mt":"GetPbxConfig"}`)
		p.got()
		if e, ok := errors.AsType[*appservice.Error](err); ok && e.Text == appservice.TextNotAllowed {
			return false
		}
		o.must(err)
		return true
	}
	if !allowed() {
		t.Error("refused at first")
	}
	_, err := o.SetApp(t.Context(), app.Address(), directory.ObjectEdit{APIs: &[]string{"PbxTableUsers"}})
	o.must(err)
	if allowed() {
		t.Error("without the right")
	}
	user := o.add(o.dom, directory.User, directory.NewObject{SIP: "alice"})
	p.who = appservice.Principal{DomainID: int64(o.dom.ID), ObjectID: int64(user.ID), APIs: []string{appservice.AllAPIs}}
	if allowed() {
		t.Error("a person")
	}
	if err := p.say(t, o.admin, `{"api":"PbxAdminApi","mt":"GetNothing"}`); err == nil {
		t.Error("an unknown message of a person")
	}
}

func TestUnknownAdminMessage(t *testing.T) {
	o := newOffice(t)
	if err := o.program(o.dom).say(t, o.admin, `{"api":"PbxAdminApi","mt":"__proto__"}`); !errors.Is(err, appservice.ErrUnknownMT) {
		t.Error(err)
	}
}

func TestHostileNames(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	for _, name := range []string{"__proto__", "constructor", "toString", "hasOwnProperty"} {
		o.answer(p, `{"mt":"UpdateObject","h323":"`+name+`","cn":"`+name+`","grp":[{"name":"`+name+`"}],"__proto__":{"admin":true}}`, `{"mt":"UpdateObjectResult","guid":"GUID"}`)
		o.answer(p, `{"mt":"GetObject","cn":"`+name+`"}`, `{"mt":"GetObjectResult","guid":"GUID","cn":"`+name+`","h323":"`+name+`","grp":[{"name":"`+name+`"}]}`)
	}
}

func TestDelete(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	alice := o.add(o.dom, directory.User, directory.NewObject{SIP: "alice"})
	o.answer(p, `{"mt":"DeleteObject","guid":"`+alice.GUID+`","src":"x"}`, `{"src":"x","mt":"DeleteObjectResult"}`)
	o.refused(p, `{"mt":"DeleteObject","guid":"`+alice.GUID+`"}`, 2, "guid: ")
	o.refused(p, `{"mt":"DeleteObject"}`, 2, "guid: ")
}

func TestActsAreWrittenDown(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	o.ask(p, `{"mt":"UpdateObject","h323":"alice","pwd":"secret-password","dn":"A"}`)
	o.ask(p, `{"mt":"UpdateObject","h323":"alice","dn":"A"}`)
	alice, _ := o.UserByName(o.dom.ID, "alice")
	o.ask(p, `{"mt":"UpdateObject","guid":"`+alice.GUID+`","e164":"7"}`)
	o.acts.fail = errors.New("the disk is full")
	o.refused(p, `{"mt":"DeleteObject","guid":"`+alice.GUID+`"}`, 10, "audit")
	want := []string{
		"object.add alice [dn h323 pwd] <nil>",
		"object.add  [dn h323] The name alice is taken in example.com.name_taken",
		"object.set alice [e164] <nil>",
		"object.remove alice [] <nil>",
	}
	var got []string
	for _, a := range o.acts.list {
		got = append(got, fmt.Sprintf("%s %s %s %v%s", a.Name, a.Object.SIP, a.Members, a.Refused, a.Code))
		if a.By.SIP != "manager" || a.Domain.ID != o.dom.ID || a.From != "192.0.2.1" {
			t.Errorf("%+v", a)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if strings.Contains(fmt.Sprintf("%+v", o.acts.list), "secret-password") {
		t.Error("an act has the password")
	}
}

// TestNoUpdateIsLost: a change of others between reading and writing is not lost.
func TestNoUpdateIsLost(t *testing.T) {
	o := newOffice(t)
	alice := o.add(o.dom, directory.User, directory.NewObject{SIP: "alice"})
	var wg sync.WaitGroup
	members := []string{`"dn":"Alice"`, `"cn":"Alice Smith"`, `"e164":"101"`, `"loc":"hq"`, `"text":"x"`, `"apps":"users"`, `"emails":[{"email":"a@b"}]`, `"devices":[{"hw":"tel"}]`}
	for _, m := range members {
		p := o.program(o.dom)
		wg.Go(func() {
			for {
				got := o.ask(p, `{"mt":"UpdateObject","guid":"`+alice.GUID+`",`+m+`}`)
				if !strings.Contains(got, `"error":6`) {
					return
				}
			}
		})
	}
	wg.Wait()
	o.answer(o.program(o.dom), `{"mt":"GetObject","h323":"alice"}`,
		`{"mt":"GetObjectResult","guid":"GUID","cn":"Alice Smith","dn":"Alice","h323":"alice","e164":"101","loc":"hq","text":"x","emails":[{"email":"a@b"}],"apps":"users","devices":[{"hw":"tel"}]}`)
}

func TestMonitorConfig(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	o.must(p.say(t, o.admin, `{"api":"PbxAdminApi","mt":"MonitorConfig","src":"m"}`))
	rename := func(name string) {
		_, err := o.SetDomain(t.Context(), o.dom.ID, directory.DomainEdit{Name: &name})
		o.must(err)
	}
	rename("example.org")
	_, err := o.SetDomain(t.Context(), o.dom.ID, directory.DomainEdit{Settings: func(s *directory.Settings) { s.Org = "x" }})
	o.must(err)
	want := []string{
		`{"api":"PbxAdminApi","src":"m","mt":"MonitorConfigResult"}`,
		`{"api":"PbxAdminApi","src":"m","mt":"MonitorConfigInfo","domain":"example.com","pbx":"pbx"}`,
		`{"api":"PbxAdminApi","src":"m","mt":"MonitorConfigInfo","domain":"example.org","pbx":"pbx"}`,
	}
	if got := p.got(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	o.answer(p, `{"mt":"MonitorConfig","src":"m","stop":true}`, `{"src":"m","mt":"MonitorConfigResult"}`)
	rename("example.net")
	if got := p.got(); len(got) > 0 {
		t.Error(got)
	}
	for i := range 16 {
		o.must(p.say(t, o.admin, fmt.Sprintf(`{"api":"PbxAdminApi","mt":"MonitorConfig","src":%d}`, i)))
	}
	p.got()
	o.refused(p, `{"mt":"MonitorConfig"}`, 5, "16")
	o.admin.Closed(t.Context(), p)
	rename("example.com")
	if got := p.got(); len(got) > 0 {
		t.Error(got)
	}
}

// gate has one licence for alice alone.
type gate struct{}

func (gate) Standing(a signal.Address, f licence.Feature) licence.Standing {
	if f == "App(users)" && a.Object != 0 {
		return licence.Licensed
	}
	return licence.Unlicensed
}
func (gate) Domain(signal.DomainID) licence.Summary {
	return licence.Summary{Features: []licence.Holding{{Name: "App(users)", Entitled: 5, Assigned: 2, Used: 2}, {Name: licence.Chat, Entitled: 7}}}
}
func (gate) CheckAssign(_ signal.Address, names []string) error {
	if slices.Contains(names, "App(users)") {
		return nil
	}
	return &licence.Error{Code: licence.CodeNoSeat, Field: "app-lics", Message: "All are assigned."}
}

func TestLicences(t *testing.T) {
	o := newOffice(t, func(c *pbxapi.PbxAdminConfig) { c.Licences = gate{} })
	p := o.program(o.dom)
	o.add(o.dom, directory.User, directory.NewObject{SIP: "alice"})
	o.answer(p, `{"mt":"GetAppLics"}`, `{"mt":"GetAppLicsResult","lic":[{"name":"App(users)","count":"5","used":"2","local":"2","slaves":"0"}]}`)
	o.answer(p, `{"mt":"GetPbxLicenses"}`, `{"mt":"GetPbxLicensesResult","lic":[{"name":"chat","count":"7","used":"0","local":"0","slaves":"0"}]}`)
	o.answer(p, `{"mt":"CheckAppLic","cn":"alice","lic":"App(users)"}`, `{"mt":"CheckAppLicResult","ok":true}`)
	o.answer(p, `{"mt":"CheckAppLic","cn":"alice","lic":"App(other)"}`, `{"mt":"CheckAppLicResult","ok":false}`)
	o.answer(p, `{"mt":"UpdateObject","guid":"*","cn":"alice","app-lics":["App(users)"]}`, `{"mt":"UpdateObjectResult"}`)
	o.refused(p, `{"mt":"UpdateObject","guid":"*","cn":"alice","app-lics":"App(users2)"}`, 8, "app-lics: ")
}

// TestResultsFitIntoAMessage: lists are cut, an object too long is refused.
func TestResultsFitIntoAMessage(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	long := strings.Repeat("x", 200)
	for i := range 400 {
		o.add(o.dom, directory.Group, directory.NewObject{SIP: fmt.Sprintf("g%03d", i), CN: long + fmt.Sprint(i)})
	}
	if got := o.ask(p, `{"mt":"GetPseudoObjects","pseudo":"broadcast"}`); len(got) > appservice.MaxMessage || len(got) < 60_000 {
		t.Errorf("%d bytes", len(got))
	}
	var allows []directory.Allow
	for range 256 {
		allows = append(allows, directory.Allow{Name: strings.Repeat("ä", 32), Group: strings.Repeat("ü", 32), Visible: true, Online: true, Presence: true, OTF: true, Note: true, Dialog: true, IDs: true})
	}
	var emails []string
	for i := range 16 {
		emails = append(emails, fmt.Sprintf("%s%d@example.com", long, i))
	}
	o.add(o.dom, directory.Group, directory.NewObject{SIP: "big", Properties: directory.Properties{Allows: allows, Emails: emails}})
	o.refused(p, `{"mt":"GetObject","h323":"big"}`, 11, "properties")
	o.answer(p, `{"mt":"GetObject","h323":"big","properties":["h323"]}`, `{"mt":"GetObjectResult","guid":"GUID","h323":"big"}`)
}

// TestStoreFails: our own fault is told without its inside.
func TestStoreFails(t *testing.T) {
	o := newOffice(t)
	p := o.program(o.dom)
	o.store.Before = func(string) error { return errors.New("disk on fire") }
	o.refused(p, `{"mt":"UpdateObject","h323":"alice"}`, 1, "temporary")
	if got := o.ask(p, `{"mt":"UpdateObject","h323":"alice"}`); strings.Contains(got, "fire") {
		t.Error(got)
	}
}

// FuzzUpdateObject: whatever comes is answered with one valid result, and what
// was written is read again.
func FuzzUpdateObject(f *testing.F) {
	f.Add([]byte(`{` + fullUser + `}`))
	f.Add([]byte(`{"guid":"?","cn":"Bob","h323":"bob","pseudo":{"type":"app","app":{"url":"https://x","rcc":1}},"copyPwd":"manager"}`))
	f.Add([]byte(`{"h323":"x","hide":-1,"e164":12,"apps":["a",2],"emails":[{}],"cds":[{"type":"cfu"}],"template":"Staff"}`))
	var o *office
	var p *program
	runs := 0
	f.Fuzz(func(t *testing.T, members []byte) {
		if runs++; runs%256 == 1 { // the store gets slow with what was deleted
			o = newOffice(t)
			o.furnish()
			p = o.program(o.dom)
		}
		var doc strictjson.Doc
		if doc.Parse(members) != nil || doc.Root().Kind() != strictjson.Object || doc.Root().Len() == 0 {
			return
		}
		text := append([]byte(`{"api":"PbxAdminApi","mt":"UpdateObject",`), bytes.TrimLeft(members, " \t\r\n")[1:]...)
		frame, err := appservice.ParseFrame(&doc, text)
		if err != nil || frame.MT != "UpdateObject" || frame.API != "PbxAdminApi" {
			return
		}
		if err := o.admin.Handle(context.Background(), p, frame); err != nil {
			t.Fatal(err)
		}
		got := p.got()
		if len(got) != 1 || !json.Valid([]byte(got[0])) {
			t.Fatalf("%s: %s", text, got)
		}
		var result struct{ GUID string }
		if json.Unmarshal([]byte(got[0]), &result) != nil || result.GUID == "" {
			return
		}
		made, ok := o.ObjectByGUID(o.dom.ID, result.GUID)
		if !ok {
			t.Fatalf("%s: %s", text, got)
		}
		if err := o.RemoveObject(context.Background(), made.Address(), 0); err != nil {
			t.Fatal(err)
		}
	})
}
