package pbxapi_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/pbxapi"
	"github.com/tandem-switch/tandem/signal"
)

// phones are what people do on their phones.
type phones struct {
	mu sync.Mutex // guards the following
	on map[signal.Address]signal.Activity
}

func (p *phones) Activity(a signal.Address) signal.Activity {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.on[a]
}

// desk is an office with PbxApi and the myApps messages.
type desk struct {
	*office
	phones   *phones
	presence *pbxapi.Presence
	api      *pbxapi.PbxAPI
	myapps   *pbxapi.MyApps
	people   map[string]directory.Object
}

// newDesk has the people alice, bob and carol, and another bob in the other domain.
func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{office: newOffice(t), phones: &phones{on: map[signal.Address]signal.Activity{}}, people: map[string]directory.Object{}}
	d.presence = pbxapi.NewPresence(d.Directory, d.phones, nil)
	d.api, d.myapps = pbxapi.NewPbxAPI(d.Directory, d.presence), pbxapi.NewMyApps(d.Directory, d.presence)
	for i, name := range []string{"alice", "bob", "carol"} {
		d.people[name] = d.add(d.dom, directory.User, directory.NewObject{SIP: name, Num: fmt.Sprint(101 + i), DN: strings.ToUpper(name)})
	}
	d.people["stranger"] = d.add(d.other, directory.User, directory.NewObject{SIP: "bob", Num: "102"})
	return d
}

// acts says what a person does on the phone.
func (d *desk) acts(name string, act signal.Activity) {
	a := d.people[name].Address()
	d.phones.mu.Lock()
	d.phones.on[a] = act
	d.phones.mu.Unlock()
	d.presence.ActivityChanged(nil, a)
}

func (d *desk) change(name string, f func(*directory.Properties)) {
	d.t.Helper()
	_, err := d.SetObject(d.t.Context(), d.people[name].Address(), directory.ObjectEdit{Properties: f})
	d.must(err)
}

// guest is the session of a person, which keeps what the APIs know of it.
type guest struct {
	program
	kept map[appservice.API]any
}

func (g *guest) Keep(api appservice.API, v any) { g.kept[api] = v }
func (g *guest) Kept(api appservice.API) any    { return g.kept[api] }

func (d *desk) login(name string) *guest {
	o := d.people[name]
	return &guest{kept: map[appservice.API]any{}, program: program{who: appservice.Principal{
		DomainID: int64(o.Domain), ObjectID: int64(o.ID), SIP: o.SIP, APIs: []string{"PbxApi"},
	}}}
}

// say sends a message of PbxApi and gives everything that came since the last time.
func (d *desk) say(g *guest, text string) string {
	d.t.Helper()
	if text != "" {
		f, err := frame(text)
		d.must(err)
		if err := d.api.Handle(d.t.Context(), g, f); err != nil {
			d.t.Fatalf("%s: %v", text, err)
		}
	}
	return strings.ReplaceAll(strings.Join(g.got(), "\n"), `"api":"PbxApi",`, "")
}

func (d *desk) expect(g *guest, text string, want ...string) {
	d.t.Helper()
	if got := d.say(g, text); got != strings.Join(want, "\n") {
		d.t.Errorf("%s\ngot  %s\nwant %s", text, got, strings.Join(want, "\n"))
	}
}

func TestPresenceShowsWhatIsAllowed(t *testing.T) {
	for _, tt := range []struct {
		name  string
		allow directory.Allow
		want  string
	}{
		{"everything", directory.Allow{Visible: true, Online: true, Presence: true, OTF: true, Note: true},
			`[{"contact":"tel:","status":"open","activity":"busy","note":"x"},{"contact":"im:","status":"open","activity":"away"},{"contact":"calendar:","status":"open","activity":"away","note":"y"}]`},
		{"online", directory.Allow{Visible: true, Online: true}, `[{"contact":"tel:","status":"open"},{"contact":"im:","status":"open"}]`},
		{"on the phone", directory.Allow{Visible: true, OTF: true}, `[{"contact":"tel:","activity":"on-the-phone"}]`},
		{"notes", directory.Allow{Visible: true, Note: true}, `[{"contact":"tel:","note":"x"},{"contact":"calendar:","status":"open","note":"y"}]`},
		{"nothing", directory.Allow{Visible: true}, `[]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			d.change("bob", func(p *directory.Properties) {
				p.Presence = []directory.Presence{{Contact: "tel:", Activity: "busy", Note: "x"}, {Contact: "calendar:", Activity: "away", Note: "y"}}
				p.Allows = []directory.Allow{tt.allow}
			})
			d.acts("bob", signal.Activity{Registered: true, OnPhone: true})
			client := d.login("bob")
			d.myapps.Greet(nil, client)
			d.myappsSays(client, `{"mt":"SetUserActivity","inactive":true}`)
			d.expect(d.login("alice"), `{"mt":"SubscribePresence","sip":"bob"}`, `{"mt":"SubscribePresenceResult"}`,
				`{"mt":"PresenceState","up":true,"sip":"bob","num":"102","dn":"BOB"}`, `{"mt":"PresenceUpdate","presence":`+tt.want+`}`)
		})
	}
}

func frame(text string) (appservice.Frame, error) {
	f := appservice.Frame{Raw: []byte(text)}
	f = f.Clone()
	if f.MT == "" {
		return f, fmt.Errorf("no frame: %s", text)
	}
	if f.API == "" {
		f.API = "PbxApi"
	}
	return f, nil
}

func (d *desk) myappsSays(g *guest, text string) {
	d.t.Helper()
	f, err := frame(text)
	d.must(err)
	f.API = ""
	d.must(d.myapps.Handle(d.t.Context(), g, f))
}

// People come and go, hide and block; a subscription shows what there is.
func TestPresenceFollows(t *testing.T) {
	d := newDesk(t)
	alice := d.login("alice")
	const closed = `{"mt":"PresenceUpdate","presence":[{"contact":"tel:","status":"closed"},{"contact":"im:","status":"closed"}]}`
	const gone, nothing = `{"mt":"PresenceState","up":false,"sip":"dave"}`, `{"mt":"PresenceUpdate","presence":[]}`
	d.expect(alice, `{"mt":"SubscribePresence","sip":"dave"}`, `{"mt":"SubscribePresenceResult"}`, gone)
	dave := d.add(d.dom, directory.User, directory.NewObject{SIP: "Dave", Num: "104"})
	d.people["dave"] = dave
	up := `{"mt":"PresenceState","up":true,"sip":"Dave","num":"104","dn":"Dave"}`
	d.expect(alice, "", up, closed)
	d.change("dave", func(p *directory.Properties) { p.Blocked = []signal.ObjectID{d.people["alice"].ID} })
	d.expect(alice, "", gone, nothing)
	d.acts("dave", signal.Activity{Registered: true})
	d.expect(alice, "")
	d.change("dave", func(p *directory.Properties) { p.Blocked = nil })
	d.expect(alice, "", up, strings.ReplaceAll(closed, "closed", "open"))
	d.change("dave", func(p *directory.Properties) { p.Emails = []string{"dave@example.com"} })
	d.expect(alice, "", strings.Replace(up, `"}`, `","email":"dave@example.com"}`, 1), strings.ReplaceAll(closed, "closed", "open"))
	d.must(d.RemoveUser(t.Context(), dave.Address()))
	d.expect(alice, "", gone, nothing)
	d.api.Closed(t.Context(), alice)
	d.add(d.dom, directory.User, directory.NewObject{SIP: "dave"})
	d.expect(alice, "")
}

// A number that nobody has yet, and a name with the domain behind it.
func TestPresenceOfNumbers(t *testing.T) {
	d := newDesk(t)
	alice := d.login("alice")
	d.expect(alice, `{"mt":"SubscribePresence","src":1,"num":"104"}`, `{"src":1,"mt":"SubscribePresenceResult"}`, `{"src":1,"mt":"PresenceState","up":false,"num":"104"}`)
	d.expect(alice, `{"mt":"SubscribePresence","src":2,"sip":"DAVE@example.com"}`, `{"src":2,"mt":"SubscribePresenceResult"}`, `{"src":2,"mt":"PresenceState","up":false,"sip":"DAVE@example.com"}`)
	d.add(d.dom, directory.User, directory.NewObject{SIP: "dave", Num: "104"})
	if got := d.say(alice, ""); strings.Count(got, `"up":true,"sip":"dave","num":"104"`) != 2 {
		t.Error(got)
	}
}

// Another domain has its own bob, and nobody sees across.
func TestPresenceStaysInTheDomain(t *testing.T) {
	d := newDesk(t)
	stranger := d.login("stranger")
	for _, target := range []string{`"sip":"alice"`, `"num":"101"`, `"sip":"alice@example.com"`} {
		if got := d.say(stranger, `{"mt":"SubscribePresence",`+target+`}`); !strings.Contains(got, `"up":false`) || strings.Contains(got, "ALICE") {
			t.Errorf("%s: %s", target, got)
		}
	}
	d.acts("alice", signal.Activity{Registered: true})
	d.expect(stranger, "")
	guid := d.people["alice"].GUID
	manager := &guest{program: *d.program(d.other), kept: map[appservice.API]any{}}
	for _, mt := range []string{"SetPresence", "AddDiversion", "GetDiversion"} {
		members := `"type":"cfu","ep-num":"5","contact":"tel:","activity":"busy"`
		d.expect(stranger, `{"mt":"`+mt+`","guid":"`+guid+`",`+members+`}`, `{"mt":"`+mt+`Result","error":13,"errorText":"Only the own things can be changed."}`)
		d.expect(manager, `{"mt":"`+mt+`","guid":"`+guid+`",`+members+`}`, `{"mt":"`+mt+`Result","error":2,"errorText":"Not found."}`)
	}
	if o, _ := d.Object(d.people["alice"].Address()); o.Presence != nil || o.Diversions != nil {
		t.Errorf("alice is now %+v", o.Properties)
	}
}

// An App object speaks for everybody in its domain.
func TestAppSetsPresenceAndDiversions(t *testing.T) {
	d := newDesk(t)
	manager := &guest{program: *d.program(d.dom), kept: map[appservice.API]any{}}
	d.expect(manager, `{"mt":"SetPresence","sip":"bob","contact":"calendar:","activity":"busy"}`, `{"mt":"SetPresenceResult"}`)
	d.expect(manager, `{"mt":"AddDiversion","guid":"`+d.people["bob"].GUID+`","type":"cfb","ep-sip":"carol"}`, `{"mt":"AddDiversionResult","ok":true}`)
	d.expect(manager, `{"mt":"AddDiversion","sip":"bob","type":"cfu","ep-num":"103"}`, `{"mt":"AddDiversionResult","ok":true}`)
	d.expect(manager, `{"mt":"AddDiversion","sip":"bob","type":"cfb","ep-num":"101"}`, `{"mt":"AddDiversionResult","ok":true}`)
	d.expect(manager, `{"mt":"GetDiversion","sip":"bob","type":"cfb"}`, `{"mt":"GetDiversionResult","ok":true,"num":"101"}`)
	bob, _ := d.Object(d.people["bob"].Address())
	if got := fmt.Sprint(bob.Presence, bob.Diversions); got != "[{calendar: busy }] [{cfb  101} {cfu  103}]" {
		t.Error(got)
	}
	d.expect(manager, `{"mt":"SetPresence","sip":"mallory","activity":"busy"}`, `{"mt":"SetPresenceResult","error":2,"errorText":"Not found."}`)
	d.expect(manager, `{"mt":"SetPresence","activity":"busy"}`, `{"mt":"SetPresenceResult","error":2,"errorText":"There is no such user."}`)
}

// What one connection may ask for is bounded.
func TestPresenceLimits(t *testing.T) {
	d := newDesk(t)
	alice := d.login("alice")
	for i := range 512 {
		d.say(alice, fmt.Sprintf(`{"mt":"SubscribePresence","num":"%d"}`, 1000+i))
	}
	d.expect(alice, `{"mt":"SubscribePresence","sip":"bob"}`, `{"mt":"SubscribePresenceResult","error":5,"errorText":"Too many on this connection."}`)
	d.expect(alice, `{"mt":"UnsubscribePresence","num":"1000"}`, `{"mt":"UnsubscribePresenceResult"}`)
	if got := d.say(alice, `{"mt":"SubscribePresence","sip":"bob"}`); !strings.Contains(got, `"up":true`) {
		t.Error(got)
	}
	for range 16 {
		d.say(alice, `{"mt":"AddAlienCall"}`)
	}
	d.expect(alice, `{"mt":"AddAlienCall"}`, `{"mt":"AddAlienCallResult","error":5,"errorText":"Too many on this connection."}`)
	watcher := d.login("bob")
	if got := d.say(watcher, `{"mt":"SubscribePresence","sip":"alice"}`); !strings.Contains(got, "on-the-phone") {
		t.Error(got)
	}
	d.api.Closed(t.Context(), alice)
	if got := d.say(watcher, ""); !strings.Contains(got, `"tel:","status":"closed"}`) {
		t.Errorf("after the end: %s", got)
	}
	for _, bad := range []string{`{"mt":"SubscribePresence"}`, `{"mt":"SubscribePresence","sip":"` + strings.Repeat("x", 257) + `"}`} {
		if got := d.say(alice, bad); !strings.Contains(got, `"error":3`) {
			t.Error(got)
		}
	}
}

// A long contact list comes in messages that are not too long.
func TestLongProfile(t *testing.T) {
	d := newDesk(t)
	list := directory.Profile{ID: 1}
	for i := range 512 {
		list.Contacts = append(list.Contacts, directory.Contact{ID: int64(i + 2), SIP: fmt.Sprint(i, strings.Repeat("x", 200)), DN: strings.Repeat(`"`, 250)})
	}
	d.must(d.SetProfiles(t.Context(), d.people["alice"].Address(), func([]directory.Profile) ([]directory.Profile, error) {
		return []directory.Profile{list}, nil
	}))
	alice := d.login("alice")
	got := strings.Split(d.say(alice, `{"mt":"SubscribeProfile"}`), "\n")
	for _, text := range got {
		if len(text) > appservice.MaxMessage {
			t.Errorf("%d bytes", len(text))
		}
	}
	if n := strings.Count(strings.Join(got, ""), `"dsp"`); n != 512 || len(got) < 100 {
		t.Errorf("%d contacts in %d messages", n, len(got))
	}
	d.expect(alice, `{"mt":"AddProfileContact","contact":{"sip":"one more"}}`, `{"mt":"AddProfileContactResult","error":5,"errorText":"A user has at most 16 profiles with 512 contacts."}`)
}

func TestProfilesOfOthers(t *testing.T) {
	d := newDesk(t)
	alice, bob := d.login("alice"), d.login("bob")
	d.expect(alice, `{"mt":"AddProfile","name":"A"}`, `{"mt":"AddProfileResult","id":1}`)
	d.expect(bob, `{"mt":"UpdateProfile","id":1,"name":"B"}`, `{"mt":"UpdateProfileResult","error":2,"errorText":"Not found."}`)
	d.expect(bob, `{"mt":"DelProfile","id":1}`, `{"mt":"DelProfileResult","error":2,"errorText":"Not found."}`)
	d.expect(alice, `{"mt":"UpdateProfile","id":"1","name":"C"}`, `{"mt":"UpdateProfileResult"}`)
	d.expect(alice, `{"mt":"DelProfile"}`, `{"mt":"DelProfileResult","error":2,"errorText":"Not found."}`)
	if got := fmt.Sprint(d.Profiles(d.people["alice"].Address())); got != "[{1 C []}]" {
		t.Error(got)
	}
	d.expect(alice, `{"mt":"DelProfile","id":1}`, `{"mt":"DelProfileResult"}`)
}

// Everything at once, for the race detector: in the end the last word is told.
func TestPresenceRace(t *testing.T) {
	d := newDesk(t)
	alice := d.login("alice")
	d.say(alice, `{"mt":"SubscribePresence","sip":"bob"}`)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			client := d.login("bob")
			d.myapps.Greet(nil, client)
			for j := range 20 {
				d.acts("bob", signal.Activity{Registered: j%2 == 0})
				_ = d.SetPresence(context.Background(), d.people["bob"].Address(), directory.Presence{Contact: "tel:", Activity: fmt.Sprint(i, j)})
			}
			d.myapps.Closed(context.Background(), client)
		})
	}
	all.Wait()
	d.acts("bob", signal.Activity{Registered: true})
	d.must(d.SetPresence(t.Context(), d.people["bob"].Address(), directory.Presence{Contact: "tel:", Activity: "last"}))
	got := strings.Split(d.say(alice, ""), "\n")
	if last := got[len(got)-1]; last != `{"mt":"PresenceUpdate","presence":[{"contact":"tel:","status":"open","activity":"last"},{"contact":"im:","status":"open"}]}` {
		t.Error(last)
	}
}
