package directory_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// add adds an object of any kind, with a password where one is needed.
func (b *bench) add(kind directory.Kind, n directory.NewObject) directory.Object {
	b.t.Helper()
	if kind == directory.User {
		n.Password = "password"
	}
	o, err := b.AddObject(b.t.Context(), b.dom.ID, kind, n)
	b.must(err)
	return o
}

func (b *bench) change(o directory.Object, f func(*directory.Properties)) directory.Object {
	b.t.Helper()
	o, err := b.SetObject(b.t.Context(), o.Address(), directory.ObjectEdit{Properties: f})
	b.must(err)
	return o
}

func (b *bench) settings(f func(*directory.Settings)) error {
	_, err := b.SetDomain(b.t.Context(), b.dom.ID, directory.DomainEdit{Settings: f})
	return err
}

func TestKindsAreWords(t *testing.T) {
	for k := directory.User; k <= directory.Template; k++ {
		text, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		var back directory.Kind
		if err := json.Unmarshal(text, &back); err != nil || back != k {
			t.Errorf("%s: %v, %v", text, back, err)
		}
	}
	if _, err := directory.ParseKind("robot"); directory.CodeOf(err) != directory.CodeBadValue {
		t.Errorf("robot: %v", err)
	}
}

func TestPropertyRules(t *testing.T) {
	b := newBench(t)
	user, app := b.addUser(b.dom, "alice", "1"), b.addApp(b.dom, "robot")
	group, template := b.add(directory.Group, directory.NewObject{SIP: "team"}), b.add(directory.Template, directory.NewObject{SIP: "staff"})
	type p = directory.Properties
	for _, test := range []struct {
		field string
		of    directory.Object
		set   func(*p)
	}{
		{"group", user, func(p *p) { p.Group = "team" }},
		{"websocket", user, func(p *p) { p.Websocket = true }},
		{"url", app, func(p *p) { p.Websocket = true }},
		{"diversions", app, func(p *p) { p.Diversions = []directory.Diversion{{Type: "cfu", Num: "1"}} }},
		{"diversions", user, func(p *p) { p.Diversions = []directory.Diversion{{Type: "cfx", Num: "1"}} }},
		{"diversions", user, func(p *p) { p.Diversions = []directory.Diversion{{Type: "cfu"}} }},
		{"diversions", user, func(p *p) { p.Diversions = []directory.Diversion{{Type: "cfu", Num: "one"}} }},
		{"emails", user, func(p *p) { p.Emails = []string{"alice"} }},
		{"emails", user, func(p *p) { p.Emails = []string{"a@b@c"} }},
		{"emails", user, func(p *p) { p.Emails = []string{"Alice <a@b>"} }},
		{"avatar", user, func(p *p) { p.Avatar = "javascript:alert(1)" }},
		{"app_lics", user, func(p *p) { p.AppLics = []string{""} }},
		{"allows", user, func(p *p) { p.Allows = []directory.Allow{{Name: "a:b"}} }},
		{"blocked", user, func(p *p) { p.Blocked = []signal.ObjectID{-3} }},
		{"blocked", user, func(p *p) { p.Blocked = []signal.ObjectID{user.ID} }},
		{"filter", user, func(p *p) { p.Filter = "none such" }},
		{"groups", user, func(p *p) { p.Groups = []directory.Membership{{Name: "x"}, {Name: "X"}} }},
		{"groups", user, func(p *p) { p.Groups = []directory.Membership{{Name: "x", Dyn: "maybe"}} }},
		{"groups", user, func(p *p) { p.Groups = []directory.Membership{{Name: "x", Mode: "loud"}} }},
		{"presence", user, func(p *p) { p.Presence = []directory.Presence{{Activity: "busy"}} }},
		{"messages", user, func(p *p) { p.Messages = app.ID }},
		{"messages", user, func(p *p) { p.Messages = -2 }},
		{"push", user, func(p *p) { p.Push = 4711 }},
		{"group", group, func(p *p) { p.Group = "a/b" }},
	} {
		_, err := b.SetObject(t.Context(), test.of.Address(), directory.ObjectEdit{Properties: test.set})
		b.refused(directory.CodeBadValue, err)
		if e, ok := err.(*directory.Error); ok && e.Field != test.field {
			t.Errorf("%v: field %q, want %q", err, e.Field, test.field)
		}
	}
	for _, edit := range []directory.ObjectEdit{{Num: ptr("7")}, {Template: &template.ID}, {APIs: ptr([]string{"PbxApi"})}} {
		_, err := b.SetObject(t.Context(), template.Address(), edit)
		b.refused(directory.CodeBadValue, err)
	}
	for _, o := range []directory.Object{template, group} {
		_, err := b.SetObject(t.Context(), o.Address(), directory.ObjectEdit{Password: ptr("password")})
		b.refused(directory.CodeBadValue, err)
	}
	_, err := b.SetObject(t.Context(), user.Address(), directory.ObjectEdit{Properties: func(p *p) { p.AppLics = make([]string, 1_000_000) }})
	b.refused(directory.CodeTooMany, err)
	if group.Properties.Group != "team" {
		t.Errorf("a hunt group calls the group %q", group.Properties.Group)
	}
}

func TestRevisions(t *testing.T) {
	b := newBench(t)
	alice := b.addUser(b.dom, "alice", "1")
	first := alice.Revision
	alice = b.set(alice, directory.ObjectEdit{DN: ptr("A"), IfRev: first})
	if alice.Revision <= first {
		t.Errorf("revision %d after %d", alice.Revision, first)
	}
	_, err := b.SetObject(t.Context(), alice.Address(), directory.ObjectEdit{DN: ptr("B"), IfRev: first})
	b.refused(directory.CodeStale, err)
	b.refused(directory.CodeStale, b.RemoveObject(t.Context(), alice.Address(), first))
	if now, _ := b.Object(alice.Address()); now.DN != "A" {
		t.Errorf("changed to %q", now.DN)
	}
	_, err = b.SetDomain(t.Context(), b.dom.ID, directory.DomainEdit{Name: ptr("new.example"), IfRev: b.dom.Revision + 1})
	b.refused(directory.CodeStale, err)
	b.must(b.RemoveObject(t.Context(), alice.Address(), alice.Revision))
}

func TestNumberingPlan(t *testing.T) {
	b := newBench(t)
	b.must(b.settings(func(s *directory.Settings) {
		s.Plan.Nodes = []directory.Node{{Name: "north", Prefix: "8"}, {Name: "lab", Prefix: "7", Parent: "north"}, {Name: "south", Prefix: "9"}}
	}))
	root := b.addUser(b.dom, "root", "100")
	north := b.add(directory.User, directory.NewObject{SIP: "north", Node: "north", Num: "100"})
	lab := b.add(directory.User, directory.NewObject{SIP: "lab", Node: "lab", Num: "42"})
	south := b.add(directory.User, directory.NewObject{SIP: "south", Node: "south", Num: "55"})
	for _, test := range []struct {
		from  directory.Object
		num   string
		reach string
	}{
		{root, "100", "root"}, {root, "8100", "north"}, {root, "8742", "lab"}, {root, "42", ""}, {root, "955", "south"},
		{north, "100", "north"}, {north, "742", "lab"}, {north, "8742", "lab"}, {north, "955", "south"},
		{lab, "42", "lab"}, {lab, "100", "north"}, {lab, "955", "south"}, {south, "55", "south"}, {south, "8100", "north"},
	} {
		got, ok := b.Resolve(test.from.Address(), "", test.num)
		if got.SIP != test.reach || ok != (test.reach != "") {
			t.Errorf("%s from %s: %q", test.num, test.from.SIP, got.SIP)
		}
	}
	if p, _ := b.Party(lab.Address()); p.Num != "8742" {
		t.Errorf("the lab is shown as %q", p.Num)
	}
	for _, test := range []struct {
		from, to directory.Object
		want     string
	}{{north, lab, "742"}, {lab, lab, "42"}, {root, lab, "8742"}, {south, north, "8100"}, {lab, north, "100"}, {lab, root, ""}} {
		got := b.NumberFrom(test.from.Address(), test.to.Address())
		if got != test.want {
			t.Errorf("%s dials %q for %s, want %q", test.from.SIP, got, test.to.SIP, test.want)
		}
	}
	for num, want := range map[string]bool{"8": true, "87": true, "8742": false, "10": true, "6": false} {
		if b.Incomplete(root.Address(), num) != want {
			t.Errorf("%q incomplete: %v", num, !want)
		}
	}
	if !b.Incomplete(lab.Address(), "4") {
		t.Error("4 is no beginning in the lab")
	}
	_, err := b.AddUser(t.Context(), b.dom.ID, directory.NewObject{SIP: "clash", Num: "8100", Password: "password"})
	b.refused(directory.CodeNumberTaken, err)
	_, err = b.AddUser(t.Context(), b.dom.ID, directory.NewObject{SIP: "clash", Node: "west", Num: "1", Password: "password"})
	b.refused(directory.CodeBadValue, err)
	b.refused(directory.CodeBadValue, b.settings(func(s *directory.Settings) { s.Plan.Nodes = s.Plan.Nodes[:2] }))
	b.add(directory.User, directory.NewObject{SIP: "south 2", Node: "south", Num: "100"})
	b.refused(directory.CodeNumberTaken, b.settings(func(s *directory.Settings) { s.Plan.Nodes[2].Prefix = "8" }))
	b.must(b.settings(func(s *directory.Settings) { s.Plan.Nodes[2].Prefix = "5" }))
	if p, ok := b.Resolve(root.Address(), "", "555"); !ok || p.SIP != "south" || p.Num != "555" {
		t.Errorf("with another prefix: %+v", p)
	}
	if _, ok := b.Resolve(root.Address(), "", "955"); ok {
		t.Error("the old prefix still works")
	}
}

func TestSettingsRules(t *testing.T) {
	b := newBench(t)
	robot := b.addApp(b.dom, "robot")
	type s = directory.Settings
	node := func(nodes ...directory.Node) func(*s) { return func(s *s) { s.Plan.Nodes = nodes } }
	route := func(routes ...directory.Route) func(*s) { return func(s *s) { s.Plan.Routes = routes } }
	filter := func(filters ...directory.Filter) func(*s) { return func(s *s) { s.Filters = filters } }
	for name, set := range map[string]func(*s){
		"node without name":    node(directory.Node{Prefix: "1"}),
		"node without prefix":  node(directory.Node{Name: "n"}),
		"node with words":      node(directory.Node{Name: "n", Prefix: "one"}),
		"node twice":           node(directory.Node{Name: "n", Prefix: "1"}, directory.Node{Name: "n", Prefix: "2"}),
		"parent unknown":       node(directory.Node{Name: "n", Prefix: "1", Parent: "p"}),
		"nodes in a circle":    node(directory.Node{Name: "a", Prefix: "1", Parent: "b"}, directory.Node{Name: "b", Prefix: "2", Parent: "a"}),
		"route without prefix": route(directory.Route{To: 1}),
		"route to nowhere":     route(directory.Route{Prefix: "0", To: 4711}),
		"route to a robot":     route(directory.Route{Prefix: "0", To: robot.ID}),
		"min above max":        route(directory.Route{Prefix: "0", Min: 3, Max: 2}),
		"filter without name":  filter(directory.Filter{}),
		"rule with both":       filter(directory.Filter{Name: "f", Rules: []directory.Rule{{Prefix: "0", SIP: "a"}}}),
		"rule with neither":    filter(directory.Filter{Name: "f", Rules: []directory.Rule{{}}}),
		"country":              func(s *s) { s.Plan.Country = "de" },
		"max intern":           func(s *s) { s.Plan.MaxIntern = -1 },
	} {
		err := b.settings(set)
		t.Log(name, err)
		b.refused(directory.CodeBadValue, err)
	}
}

func TestRoutesAndFilters(t *testing.T) {
	b := newBench(t)
	way := b.add(directory.Gateway, directory.NewObject{SIP: "trunk"})
	alice, bob := b.addUser(b.dom, "alice", "101"), b.addUser(b.dom, "bob", "102")
	b.must(b.settings(func(s *directory.Settings) {
		s.Plan.Routes = []directory.Route{{Prefix: "0", To: way.ID, Min: 3, Max: 5}, {Prefix: "00", To: way.ID, Min: 1}}
		s.Filters = []directory.Filter{
			{Name: "inside", Rules: []directory.Rule{{Prefix: "0112", Allow: true}, {Prefix: "0"}, {SIP: "BOB"}}, Otherwise: true},
			{Name: "nothing"},
		}
	}))
	for num, want := range map[string]string{"0123": "0123", "R0123": "0123", "012": "", "0123456": "", "001": "001", "00123456789": "00123456789"} {
		if p, _ := b.Resolve(alice.Address(), "", num); p.Num != want || (want != "") != (p.SIP == "trunk") {
			t.Errorf("%s reaches %q as %q", num, p.SIP, p.Num)
		}
	}
	for num, want := range map[string]bool{"0": true, "012": true, "01234": true, "012345": false, "00123": true} {
		if b.Incomplete(alice.Address(), num) != want {
			t.Errorf("%q incomplete: %v", num, !want)
		}
	}
	template := b.add(directory.Template, directory.NewObject{SIP: "staff", Properties: directory.Properties{Filter: "inside"}})
	for _, set := range []directory.ObjectEdit{
		{Properties: func(p *directory.Properties) { p.Filter = "inside" }},
		{Properties: func(p *directory.Properties) { p.Filter = "" }, Template: &template.ID},
	} {
		alice = b.set(alice, set)
		for _, test := range []struct {
			to   directory.Object
			num  string
			want bool
		}{{way, "0123", false}, {way, "01123", true}, {bob, "", false}, {bob, "102", false}, {alice, "101", true}} {
			if b.Permits(alice.Address(), test.to.Address(), test.num) != test.want {
				t.Errorf("to %s by %q: %v", test.to.SIP, test.num, !test.want)
			}
		}
	}
	if !b.Permits(bob.Address(), way.Address(), "0123") {
		t.Error("bob has no filter")
	}
	b.refused(directory.CodeBadValue, b.settings(func(s *directory.Settings) { s.Filters = s.Filters[1:] }))
	b.refused(directory.CodeInUse, b.RemoveObject(t.Context(), way.Address(), 0))
	b.must(b.settings(func(s *directory.Settings) { s.Plan.Routes = nil }))
	b.must(b.RemoveObject(t.Context(), way.Address(), 0))
}

func TestDomainsBeginWithSettings(t *testing.T) {
	b := newBench(t)
	dom, err := b.CreateDomain(t.Context(), directory.Domain{
		Name: "new.example", Default: true, Settings: directory.Settings{Org: "ACME", Plan: directory.Plan{Intl: "000"}},
	})
	b.must(err)
	if now, _ := b.another().Default(); now.ID != dom.ID || now.Org != "ACME" || now.Plan.Intl != "000" || now.Revision != dom.Revision || dom.Revision == 0 {
		t.Errorf("the default domain is %+v", now)
	}
	for _, s := range []directory.Settings{
		{Org: "a\x00"}, {Org: strings.Repeat("x", 257)}, {Org: "<b>bold</b>"}, {Plan: directory.Plan{Routes: []directory.Route{{Prefix: "0", To: 1}}}},
	} {
		_, err := b.CreateDomain(t.Context(), directory.Domain{Name: "other.example", Settings: s})
		b.refused(directory.CodeBadValue, err)
	}
}

func TestVisibility(t *testing.T) {
	b := newBench(t)
	alice, bob, carol := b.addUser(b.dom, "alice", ""), b.addUser(b.dom, "bob", ""), b.addUser(b.dom, "carol", "")
	stranger := b.addUser(b.addDomain("other.example"), "bob", "")
	carol = b.change(carol, func(p *directory.Properties) { p.Groups = []directory.Membership{{Name: "Team"}} })
	visible := func(asker directory.Object) bool { return b.Visible(asker.Address(), alice.Address()) }
	if !visible(bob) || !visible(carol) || !visible(alice) || visible(stranger) {
		t.Error("without rules a domain sees itself, and nobody else does")
	}
	b.change(alice, func(p *directory.Properties) {
		p.Allows = []directory.Allow{{Name: "BOB", Visible: true, Presence: true}, {Group: "team", Visible: true, Note: true}, {Online: true}}
	})
	if got, want := b.Sees(bob.Address(), alice.Address()), (directory.Allow{Visible: true, Presence: true, Online: true}); got != want {
		t.Errorf("bob sees %+v", got)
	}
	if got, want := b.Sees(carol.Address(), alice.Address()), (directory.Allow{Visible: true, Note: true, Online: true}); got != want {
		t.Errorf("carol sees %+v", got)
	}
	b.change(carol, func(p *directory.Properties) { p.Groups = nil })
	if got := b.Sees(carol.Address(), alice.Address()); got != (directory.Allow{}) || visible(carol) {
		t.Errorf("carol left the group and sees %+v", got)
	}
	everybody := b.add(directory.Template, directory.NewObject{SIP: "open", Properties: directory.Properties{Allows: []directory.Allow{{Visible: true}}}})
	b.set(alice, directory.ObjectEdit{Template: &everybody.ID})
	if !visible(carol) {
		t.Error("the template shows her to everybody")
	}
	b.change(alice, func(p *directory.Properties) { p.Blocked = []signal.ObjectID{bob.ID} })
	if visible(bob) || b.Sees(stranger.Address(), alice.Address()) != (directory.Allow{}) {
		t.Error("bob is blocked, strangers see nothing")
	}
	if n := testing.AllocsPerRun(100, func() { visible(carol) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	b.set(alice, directory.ObjectEdit{Disabled: ptr(true)})
	if visible(carol) || visible(alice) {
		t.Error("nobody sees a disabled user")
	}
}

func TestTemplates(t *testing.T) {
	b := newBench(t)
	store := b.add(directory.Messages, directory.NewObject{SIP: "store"})
	b.addApp(b.dom, "users")
	b.addApp(b.dom, "phone app")
	template := b.add(directory.Template, directory.NewObject{SIP: "staff", Apps: []string{"users", "phone app"}, Properties: directory.Properties{
		Messages: store.ID, Hide: ptr(true), AppLics: []string{"App(a)"},
	}})
	alice := b.add(directory.User, directory.NewObject{SIP: "alice", Apps: []string{"phone app"}, Template: template.ID, Properties: directory.Properties{
		AppLics: []string{"App(b)"},
	}})
	got, _ := b.Effective(alice.Address())
	if got.Messages != store.ID || !*got.Hide || !slices.Equal(got.AppLics, []string{"App(b)", "App(a)"}) || !slices.Equal(got.Apps, []string{"phone app", "users"}) {
		t.Errorf("effective %+v", got)
	}
	if own, _ := b.Object(alice.Address()); own.Messages != 0 || len(own.Apps) != 1 {
		t.Errorf("the object itself has changed: %+v", own)
	}
	if apps := b.AppsOf(alice.Address()); len(apps) != 2 || apps[0].SIP != "phone app" {
		t.Errorf("apps %+v", apps)
	}
	var told []directory.Change
	b.Watch(func(c directory.Change) { told = append(told, c) })
	b.change(template, func(p *directory.Properties) { p.Hide = nil })
	if !slices.Contains(told, directory.Change{What: directory.ObjectSet, Address: alice.Address()}) {
		t.Errorf("nobody was told of alice: %+v", told)
	}
	b.change(alice, func(p *directory.Properties) { p.Messages = directory.None })
	if got, _ := b.Effective(alice.Address()); got.Messages != directory.None {
		t.Errorf("messages %d", got.Messages)
	}
	if _, ok := b.Party(template.Address()); ok {
		t.Error("a template can be called")
	}
	b.must(b.RemoveObject(t.Context(), template.Address(), 0))
	b.set(alice, directory.ObjectEdit{DN: ptr("still editable")})
}

func TestGroups(t *testing.T) {
	b := newBench(t)
	in := func(names ...string) directory.Properties {
		var p directory.Properties
		for _, n := range names {
			p.Groups = append(p.Groups, directory.Membership{Name: n})
		}
		return p
	}
	alice := b.add(directory.User, directory.NewObject{SIP: "alice", Properties: in("Team", "other")})
	b.add(directory.User, directory.NewObject{SIP: "bob", Properties: in("TEAM")})
	members := func(d *directory.Directory) (names string) {
		for _, o := range d.Members(b.dom.ID, "team") {
			names += o.SIP + " "
		}
		return names
	}
	if got := members(b.Directory); got != "alice bob " {
		t.Errorf("members %q", got)
	}
	if got := members(b.another()); got != "alice bob " {
		t.Errorf("loaded: members %q", got)
	}
	if got := b.Groups(b.dom.ID); len(got) != 2 || got[0] != "other" || !strings.EqualFold(got[1], "team") {
		t.Errorf("groups %q", got)
	}
	b.change(alice, func(p *directory.Properties) { p.Groups = p.Groups[1:] })
	if got := members(b.Directory); got != "bob " {
		t.Errorf("members %q", got)
	}
	b.must(b.RemoveObject(t.Context(), alice.Address(), 0))
	if got := b.Groups(b.dom.ID); len(got) != 1 {
		t.Errorf("groups %q", got)
	}
}

func TestRenamingKeepsReferences(t *testing.T) {
	b := newBench(t)
	robot := b.addApp(b.dom, "robot")
	alice := b.add(directory.User, directory.NewObject{SIP: "alice", Apps: []string{"users", "ROBOT"}, Properties: directory.Properties{
		Allows: []directory.Allow{{Name: "robot", Visible: true}},
	}})
	b.must(b.AddDevice(t.Context(), alice.Address(), directory.Device{HW: "hw", App: "robot"}))
	before := alice
	b.set(robot, directory.ObjectEdit{SIP: ptr("android")})
	alice, _ = b.Object(alice.Address())
	if !slices.Equal(alice.Apps, []string{"users", "android"}) || alice.Allows[0].Name != "android" || b.Devices(alice.Address())[0].App != "android" {
		t.Errorf("%+v %+v", alice, b.Devices(alice.Address()))
	}
	if before.Apps[1] != "ROBOT" {
		t.Error("what was handed out has changed")
	}
	if !b.Visible(robot.Address(), alice.Address()) {
		t.Error("the robot does not see her any more")
	}
}

func TestRestore(t *testing.T) {
	b := newBench(t)
	template := b.add(directory.Template, directory.NewObject{SIP: "staff"})
	alice := b.add(directory.User, directory.NewObject{SIP: "alice", Num: "1", Template: template.ID})
	b.must(b.AddDevice(t.Context(), alice.Address(), directory.Device{HW: "hw"}))
	b.addSession(alice)
	b.must(b.RemoveObject(t.Context(), alice.Address(), 0))
	kept, err := b.Tombstones(t.Context(), b.dom.ID)
	b.must(err)
	if len(kept) != 1 || kept[0].SIP != "alice" || kept[0].Until.Sub(kept[0].Deleted) != 30*24*time.Hour {
		t.Fatalf("tombstones %+v", kept)
	}
	other := b.addUser(b.dom, "Alice", "")
	_, err = b.Restore(t.Context(), alice.Address())
	b.refused(directory.CodeNameTaken, err)
	b.must(b.RemoveObject(t.Context(), other.Address(), 0))
	b.must(b.RemoveObject(t.Context(), template.Address(), 0))
	_, err = b.Restore(t.Context(), signal.Address{Domain: b.dom.ID + 1, Object: alice.ID})
	b.refused(directory.CodeNotFound, err)
	got, err := b.Restore(t.Context(), alice.Address())
	b.must(err)
	if got.ID != alice.ID || got.GUID != alice.GUID || got.Num != "1" || got.Template != 0 || len(b.Devices(alice.Address())) != 1 {
		t.Errorf("restored %+v", got)
	}
	if password, err := b.Password(alice.Address()); err != nil || password != "password" {
		t.Errorf("password %q, %v", password, err)
	}
	if s := b.Sessions(alice.Address()); len(s) != 0 {
		t.Errorf("sessions %+v", s)
	}
	_, err = b.Restore(t.Context(), alice.Address())
	b.refused(directory.CodeNotFound, err)
	b.must(b.RemoveObject(t.Context(), alice.Address(), 0))
	b.clock.Advance(30*24*time.Hour + time.Hour)
	b.must(b.Step(t.Context()))
	_, err = b.Restore(t.Context(), alice.Address())
	b.refused(directory.CodeNotFound, err)
}

func TestObjectsAreListedByChoice(t *testing.T) {
	b := newBench(t)
	for i := range 5 {
		b.addUser(b.dom, fmt.Sprint("user", i), "")
	}
	b.addApp(b.dom, "robot")
	if all := b.Objects(b.dom.ID, nil); len(all) != 6 || all[0].SIP != "robot" {
		t.Errorf("all: %+v", all)
	}
	users := b.Objects(b.dom.ID, func(o *directory.Object) bool { return o.Kind == directory.User })
	if !reflect.DeepEqual(users, b.Users(b.dom.ID)) {
		t.Errorf("users: %+v", users)
	}
	if none := b.Objects(4711, nil); len(none) != 0 {
		t.Errorf("none: %+v", none)
	}
}

// TestCalls is what the switch asks of groups, filters and diversions.
func TestCalls(t *testing.T) {
	b := newBench(t)
	in := func(dyn string) func(*directory.Properties) {
		return func(p *directory.Properties) { p.Groups = []directory.Membership{{Name: "Team", Dyn: dyn}} }
	}
	b.change(b.addUser(b.dom, "carol", "103"), in(""))
	b.change(b.addUser(b.dom, "alice", "101"), in("in"))
	b.change(b.addUser(b.dom, "bob", "102"), in("out"))
	off := b.change(b.addUser(b.dom, "dave", "104"), in(""))
	b.set(off, directory.ObjectEdit{Disabled: ptr(true)})
	team := b.add(directory.Group, directory.NewObject{SIP: "hotline", Num: "110", Properties: directory.Properties{Group: "team"}})
	names := func(a signal.Address) (list []string) {
		for _, p := range b.HuntMembers(a) {
			list = append(list, p.SIP+" "+p.Num)
		}
		return list
	}
	if got := names(team.Address()); fmt.Sprint(got) != "[alice 101 carol 103]" {
		t.Errorf("members: %q", got)
	}
	stranger := signal.Address{Domain: b.addDomain("other.example").ID, Object: team.ID}
	if len(names(stranger)) != 0 || len(names(off.Address())) != 0 {
		t.Error("another domain, or a user, has members")
	}
	for i := range signal.MaxHuntMembers {
		b.change(b.addUser(b.dom, fmt.Sprintf("b%03d", i), ""), in(""))
	}
	if got := names(team.Address()); len(got) != signal.MaxHuntMembers || got[0] != "alice 101" || got[255] != "b254 " {
		t.Errorf("%d members, from %q", len(got), got[0])
	}
	_, err := b.SetObject(t.Context(), team.Address(), directory.ObjectEdit{Disabled: ptr(true)})
	b.must(err)
	if len(names(team.Address())) != 0 {
		t.Error("a disabled group has members")
	}
}

func TestHandling(t *testing.T) {
	b := newBench(t)
	alice := b.change(b.addUser(b.dom, "alice", "101"), func(p *directory.Properties) {
		p.Diversions = []directory.Diversion{{Type: "cfb", SIP: "bob"}, {Type: "cfnr", Num: "102"}, {Type: "cfb", SIP: "carol"}}
		p.Presence = []directory.Presence{{Contact: "calendar:", Activity: "dnd"}}
	})
	if got, want := b.Handling(alice.Address()), (signal.Handling{Busy: signal.Target{SIP: "bob"}, NoAnswer: signal.Target{Num: "102"}}); got != want {
		t.Errorf("%+v", got)
	}
	alice = b.change(alice, func(p *directory.Properties) { p.Presence = []directory.Presence{{Contact: "tel:", Activity: "dnd"}} })
	if !b.Handling(alice.Address()).DoNotDisturb {
		t.Error("she may be disturbed")
	}
	if got := b.Handling(signal.Address{Domain: 4711, Object: alice.ID}); got != (signal.Handling{}) {
		t.Errorf("from elsewhere: %+v", got)
	}
}

// TestMayCall: a device without filter may do what the object may not.
func TestMayCall(t *testing.T) {
	b := newBench(t)
	b.must(b.settings(func(s *directory.Settings) { s.Filters = []directory.Filter{{Name: "nothing"}} }))
	alice, bob := b.addUser(b.dom, "alice", "101"), b.addUser(b.dom, "bob", "102")
	alice = b.change(alice, func(p *directory.Properties) { p.Filter = "nothing" })
	b.must(b.AddDevice(t.Context(), alice.Address(), directory.Device{HW: "free", NoFilter: true}))
	b.must(b.AddDevice(t.Context(), alice.Address(), directory.Device{HW: "desk"}))
	for hw, want := range map[string]bool{"": false, "desk": false, "free": true, "unknown": false} {
		if b.MayCall(alice.Address(), hw, bob.Address(), "102") != want {
			t.Errorf("%q: %v", hw, !want)
		}
	}
	elsewhere := signal.Address{Domain: b.addDomain("other.example").ID, Object: 1}
	if b.MayCall(alice.Address(), "free", elsewhere, "") || !b.MayCall(bob.Address(), "", alice.Address(), "") {
		t.Error("a device of one domain calls into another, or bob has a filter")
	}
}
