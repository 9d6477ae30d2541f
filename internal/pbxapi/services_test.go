package pbxapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/pbxapi"
	"github.com/tandem-switch/tandem/signal"
)

// lines are links that a test switches on and off.
type lines struct {
	up   map[signal.Address]string // what the service offers
	tell func(signal.Address)
}

func (l *lines) Service(a signal.Address) (url string, apis []byte, connected bool) {
	text, ok := l.up[a]
	return "wss://ap.example.com/svc", []byte(text), ok
}

func (l *lines) Watch(f func(signal.Address)) { l.tell = f }

// set connects the service of an object, or loses it.
func (l *lines) set(o directory.Object, up bool, apis string) {
	delete(l.up, o.Address())
	if up {
		l.up[o.Address()] = apis
	}
	l.tell(o.Address())
}

// keyed is a session with a key.
type keyed struct {
	*guest
	key string
}

func (k keyed) SessionKey() string { return k.key }

// market is a domain with the app object me, which may access users and calendar.
type market struct {
	*office
	api             *pbxapi.Services
	links           *lines
	me              directory.Object
	users, calendar directory.Object
}

func newMarket(t testing.TB) *market {
	m := &market{office: newOffice(t), links: &lines{up: map[signal.Address]string{}}}
	m.api = pbxapi.NewServices(m.Directory, "pbx")
	m.api.Follow(m.links)
	template := m.add(m.dom, directory.Template, directory.NewObject{SIP: "services", Apps: []string{"calendar"}})
	m.users = m.add(m.dom, directory.App, directory.NewObject{SIP: "users", DN: "Users", URL: "https://ap.example.com/svc/innovaphone-users"})
	m.calendar = m.add(m.dom, directory.App, directory.NewObject{SIP: "calendar", URL: "https://ap.example.com/svc/calendar"})
	m.add(m.dom, directory.App, directory.NewObject{SIP: "hidden", URL: "https://ap.example.com/svc/hidden"})
	m.me = m.add(m.dom, directory.App, directory.NewObject{SIP: "me", DN: "Me", APIs: []string{"Services"}, Apps: []string{"users"}, Template: template.ID})
	return m
}

func (m *market) session(o directory.Object) keyed {
	return keyed{&guest{kept: map[appservice.API]any{}, program: program{who: appservice.Principal{
		DomainID: int64(o.Domain), ObjectID: int64(o.ID), SIP: o.SIP, IsApp: o.Kind == directory.App, APIs: []string{"Services"},
	}}}, strings.Repeat("k", 64)}
}

func (m *market) expect(s keyed, text string, want ...string) {
	m.t.Helper()
	if text != "" {
		f, err := frame(text)
		m.must(err)
		f.API = "Services"
		if err := m.api.Handle(m.t.Context(), s, f); err != nil {
			m.t.Fatalf("%s: %v", text, err)
		}
	}
	got := strings.ReplaceAll(strings.Join(s.got(), "\n"), `"api":"Services",`, "")
	if got != strings.Join(want, "\n") {
		m.t.Errorf("%s\ngot  %s\nwant %s", text, got, strings.Join(want, "\n"))
	}
}

const (
	usersService    = `{"name":"users","title":"Users","url":"wss://ap.example.com/svc","info":{"apis":{"com.example":{}}}}`
	calendarService = `{"name":"calendar","title":"calendar","url":"wss://ap.example.com/svc","info":{"apis":{}}}`
)

func TestServicesInfo(t *testing.T) {
	m := newMarket(t)
	me := m.session(m.me)
	m.expect(me, `{"mt":"SubscribeServices","src":"s"}`, `{"src":"s","mt":"SubscribeServicesResult"}`, `{"src":"s","mt":"ServicesInfo","services":[]}`)
	m.links.set(m.users, true, `{"com.example":{}}`)
	m.expect(me, "", `{"src":"s","mt":"ServicesInfo","services":[`+usersService+`]}`)
	m.links.tell(m.users.Address())
	m.expect(me, "")
	m.links.set(m.calendar, true, "")
	m.expect(me, "", `{"src":"s","mt":"ServicesInfo","services":[`+usersService+`,`+calendarService+`]}`)
	hidden, _ := m.AppByName(m.dom.ID, "hidden")
	m.links.set(hidden, true, "")
	m.expect(me, "")
	_, err := m.SetObject(t.Context(), m.me.Address(), directory.ObjectEdit{Apps: &[]string{}})
	m.must(err)
	m.expect(me, "", `{"src":"s","mt":"ServicesInfo","services":[`+calendarService+`]}`)
	m.links.set(m.calendar, false, "")
	m.expect(me, "", `{"src":"s","mt":"ServicesInfo","services":[]}`)
	m.expect(me, `{"mt":"UnsubscribeServices","src":"s"}`, `{"src":"s","mt":"UnsubscribeServicesResult"}`)
	m.links.set(m.calendar, true, "")
	m.expect(me, "")
	for range 20 {
		m.expect(me, `{"mt":"SubscribeServices"}`, `{"mt":"SubscribeServicesResult"}`, `{"mt":"ServicesInfo","services":[`+calendarService+`]}`)
	}
	m.api.Closed(t.Context(), me)
	m.links.set(m.calendar, false, "")
	m.expect(me, "")
}

// The login is that of the asking object at the other's service: its digest is right,
// and the key opens with the key of the connection.
func TestGetServiceLogin(t *testing.T) {
	m := newMarket(t)
	me := m.session(m.me)
	const ask = `{"mt":"GetServiceLogin","src":"s","app":"users","challenge":"0123456789abcdef"}`
	const none = `{"src":"s","mt":"GetServiceLoginResult","error":"not found"}`
	m.expect(me, ask, none) // not connected
	m.links.set(m.users, true, "{}")
	f, err := frame(ask)
	m.must(err)
	m.must(m.api.Handle(t.Context(), me, f))
	var got struct {
		Domain, SIP, GUID, DN, PbxObj, App, Digest, Salt, Key string
		Info                                                  json.RawMessage
	}
	text := me.got()[0]
	m.must(json.Unmarshal([]byte(text), &got))
	l := appservice.Login{App: got.App, Domain: got.Domain, SIP: got.SIP, GUID: got.GUID, DN: got.DN, Info: got.Info, Digest: got.Digest}
	if !appservice.Verify(l, "0123456789abcdef", "password of users") {
		t.Error("the digest is wrong")
	}
	key, err := appservice.Decrypt(got.Salt, me.key, got.Key)
	m.must(err)
	if key != appservice.SessionKey("0123456789abcdef", "password of users") {
		t.Error("the key is another")
	}
	info := appservice.InfoOf(l)
	if got.SIP != "me" || got.GUID != m.me.GUID || got.DN != "Me" || got.PbxObj != "users" || got.App != "innovaphone-users" || got.Domain != "example.com" ||
		info.AppObj != "users" || info.CN != "me" || len(info.Apps) != 2 {
		t.Errorf("login %+v, info %+v", got, info)
	}
	if strings.Contains(text, "password of users") {
		t.Error("the password is in there")
	}
	hidden, _ := m.AppByName(m.dom.ID, "hidden")
	m.links.set(hidden, true, "")
	for _, app := range []string{"hidden", "nobody", ""} {
		m.expect(me, strings.Replace(ask, `"users"`, `"`+app+`"`, 1), none)
	}
	m.expect(me, strings.Replace(ask, "0123456789abcdef", strings.Repeat("x", 65), 1), none)
}

// Services is for app objects with the right to it, in their own domain.
func TestServicesStayAmongApps(t *testing.T) {
	m := newMarket(t)
	m.links.set(m.users, true, "{}")
	other := m.add(m.other, directory.App, directory.NewObject{SIP: "me", APIs: []string{"Services"}, Apps: []string{"users"}})
	m.expect(m.session(other), `{"mt":"SubscribeServices"}`, `{"mt":"SubscribeServicesResult"}`, `{"mt":"ServicesInfo","services":[]}`)
	m.expect(m.session(other), `{"mt":"GetServiceLogin","app":"users","challenge":"x"}`, `{"mt":"GetServiceLoginResult","error":"not found"}`)
	for _, o := range []directory.Object{m.users, m.add(m.dom, directory.User, directory.NewObject{SIP: "alice"})} {
		f, err := frame(`{"mt":"SubscribeServices"}`)
		m.must(err)
		if err := m.api.Handle(t.Context(), m.session(o), f); err == nil {
			t.Errorf("%s may use it", o.SIP)
		}
	}
}
