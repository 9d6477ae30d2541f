package directory_test

import (
	"cmp"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

func ptr[T any](v T) *T { return &v }

func TestObjectsComeBackAsWritten(t *testing.T) {
	b := newBench(t)
	app, err := b.AddApp(t.Context(), b.dom.ID, directory.NewObject{
		SIP: "Robot 1", Num: "*9#", DN: "<b>Robot</b>", CN: "Tom & Jerry\x00", Password: "x", OverrideCLI: true,
		APIs: []string{"PbxSignal", "PbxApi", "PbxSignal"}, URL: "https://robot.example/app", Apps: []string{"users"},
	})
	b.must(err)
	want := directory.Object{
		ID: app.ID, Domain: b.dom.ID, Kind: directory.App, SIP: "Robot 1", Num: "*9#", DN: "Robot", CN: "Tom & Jerry", GUID: app.GUID,
		Revision: 2, OverrideCLI: true, APIs: []string{"PbxSignal", "PbxApi"}, URL: "https://robot.example/app", Apps: []string{"users"},
	}
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(app.GUID) || app.ID == 0 {
		t.Errorf("guid %q, id %d", app.GUID, app.ID)
	}
	other := b.another()
	for name, got := range map[string]func() (directory.Object, bool){
		"returned": func() (directory.Object, bool) { return app, true },
		"by id":    func() (directory.Object, bool) { return b.Object(app.Address()) },
		"by name":  func() (directory.Object, bool) { return b.AppByName(b.dom.ID, "ROBOT 1@example.com") },
		"by guid":  func() (directory.Object, bool) { return b.ObjectByGUID(b.dom.ID, app.GUID) },
		"loaded":   func() (directory.Object, bool) { return other.Object(app.Address()) },
	} {
		if o, ok := got(); !ok || !reflect.DeepEqual(o, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, o, want)
		}
	}
	if _, ok := b.UserByName(b.dom.ID, "Robot 1"); ok {
		t.Error("an app object was found as a user")
	}
}

func TestObjectRules(t *testing.T) {
	b := newBench(t)
	b.addUser(b.dom, "taken", "100")
	type n = directory.NewObject
	many := make([]string, 300)
	for i := range many {
		many[i] = strings.Repeat("a", i%60+1) + string(rune('a'+i/60))
	}
	for _, test := range []struct {
		name string
		user n
		code directory.Code
	}{
		{"no name", n{}, directory.CodeBadName},
		{"colon", n{SIP: "a:b"}, directory.CodeBadName},
		{"this folder", n{SIP: "."}, directory.CodeBadName},
		{"folder above", n{SIP: ".."}, directory.CodeBadName},
		{"at", n{SIP: "a@example.com"}, directory.CodeBadName},
		{"control", n{SIP: "a\tb"}, directory.CodeBadName},
		{"del", n{SIP: "a\x7f"}, directory.CodeBadName},
		{"line separator", n{SIP: "a\u2028b"}, directory.CodeBadName},
		{"right to left override", n{SIP: "a\u202eb"}, directory.CodeBadName},
		{"zero width", n{SIP: "a\u200bb"}, directory.CodeBadName},
		{"not utf-8", n{SIP: "a\xffb"}, directory.CodeBadName},
		{"group", n{SIP: "a?g1"}, directory.CodeBadName},
		{"markup", n{SIP: "<a>"}, directory.CodeBadName},
		{"blank", n{SIP: " a"}, directory.CodeBadName},
		{"long", n{SIP: strings.Repeat("a", 65)}, directory.CodeBadName},
		{"taken", n{SIP: "Taken"}, directory.CodeNameTaken},
		{"taken by kelvin sign", n{SIP: "ta\u212aen"}, directory.CodeNameTaken},
		{"letter", n{SIP: "a", Num: "12a"}, directory.CodeBadNumber},
		{"plus", n{SIP: "a", Num: "+12"}, directory.CodeBadNumber},
		{"long number", n{SIP: "a", Num: strings.Repeat("1", 33)}, directory.CodeBadNumber},
		{"number taken", n{SIP: "a", Num: "100"}, directory.CodeNumberTaken},
		{"short password", n{SIP: "a", Password: "1234567"}, directory.CodePasswordTooShort},
		{"8 bytes are not 8 characters", n{SIP: "a", Password: "ääääx"}, directory.CodePasswordTooShort},
		{"long password", n{SIP: "a", Password: strings.Repeat("x", 257)}, directory.CodeBadPassword},
		{"line end in password", n{SIP: "a", Password: "12345678\r\n"}, directory.CodeBadPassword},
		{"password not utf-8", n{SIP: "a", Password: "12345678\xff"}, directory.CodeBadPassword},
		{"apis of a user", n{SIP: "a", APIs: []string{"PbxApi"}}, directory.CodeBadValue},
		{"many apps", n{SIP: "a", Apps: many}, directory.CodeTooMany},
		{"bad app", n{SIP: "a", Apps: []string{"a:b"}}, directory.CodeBadName},
		{"fine", n{SIP: "Zoë.o'neil-1", Num: "*10#"}, ""},
	} {
		test.user.Password = cmp.Or(test.user.Password, "12345678")
		_, err := b.AddUser(t.Context(), b.dom.ID, test.user)
		t.Logf("%s: %v", test.name, err)
		b.refused(test.code, err)
	}
	for name, app := range map[string]n{
		"script": {SIP: "b", URL: "javascript:alert(1)"}, "no host": {SIP: "b", URL: "https:///x"}, "blank": {SIP: "b", URL: "https://a b"}, "password": {SIP: "b", URL: "https://user:pass@a.example/"}, "name": {SIP: "b", URL: "https://user@a.example/"},
		"api": {SIP: "b", APIs: []string{"Pbx Api"}},
	} {
		_, err := b.AddApp(t.Context(), b.dom.ID, app)
		t.Logf("%s: %v", name, err)
		b.refused(directory.CodeBadValue, err)
	}
	_, err := b.AddApp(t.Context(), b.dom.ID, n{SIP: "b", Password: "1"})
	b.refused("", err)
	_, err = b.AddUser(t.Context(), 4711, n{SIP: "c", Password: "12345678"})
	b.refused(directory.CodeNotFound, err)
}

func TestComposedAndDecomposedNamesAreOne(t *testing.T) {
	b := newBench(t)
	b.addUser(b.dom, "Zoe\u0308", "")
	for _, name := range []string{"Zoë", "ZOË", "zoe\u0308", "ZOE\u0308@example.com"} {
		if got, ok := b.UserByName(b.dom.ID, name); !ok || got.SIP != "Zoë" {
			t.Errorf("%q: %+v", name, got)
		}
	}
}

func TestEdit(t *testing.T) {
	b := newBench(t)
	alice, bob := b.addUser(b.dom, "alice", "101"), b.addUser(b.dom, "bob", "102")
	got := b.set(alice, directory.ObjectEdit{SIP: ptr("Alice"), Num: ptr(""), CN: ptr("Alice Long"), OverrideCLI: ptr(true)})
	want := alice
	want.SIP, want.Num, want.CN, want.OverrideCLI, want.Revision = "Alice", "", "Alice Long", true, 4
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if _, ok := b.Resolve(bob.Address(), "", "101"); ok {
		t.Error("the old number still works")
	}
	if password, err := b.Password(alice.Address()); err != nil || password != "password of alice" {
		t.Errorf("password %q, %v", password, err)
	}
	edit := func(e directory.ObjectEdit) error {
		_, err := b.SetUser(t.Context(), alice.Address(), e)
		return err
	}
	b.refused(directory.CodeNameTaken, edit(directory.ObjectEdit{SIP: ptr("BOB")}))
	b.refused(directory.CodeNumberTaken, edit(directory.ObjectEdit{Num: ptr("102")}))
	b.refused(directory.CodePasswordTooShort, edit(directory.ObjectEdit{Password: ptr("")}))
	b.refused(directory.CodeBadValue, edit(directory.ObjectEdit{URL: ptr("https://example.com")}))
	_, err := b.SetApp(t.Context(), alice.Address(), directory.ObjectEdit{})
	b.refused(directory.CodeNotFound, err)
	if after, _ := b.Object(alice.Address()); !reflect.DeepEqual(after, want) {
		t.Errorf("a refused edit left something behind: %+v", after)
	}
}

func TestANewPasswordEndsSessions(t *testing.T) {
	b := newBench(t)
	alice, bob := b.addUser(b.dom, "alice", ""), b.addUser(b.dom, "bob", "")
	b.addSession(alice)
	kept := b.addSession(bob)
	b.set(alice, directory.ObjectEdit{DN: ptr("x")})
	if list := b.Sessions(alice.Address()); len(list) != 1 {
		t.Errorf("another edit ended sessions: %+v", list)
	}
	b.set(alice, directory.ObjectEdit{Password: ptr("another one")})
	if list := b.Sessions(alice.Address()); len(list) != 0 {
		t.Errorf("left over: %+v", list)
	}
	if _, ok := b.Session(kept.ID); !ok {
		t.Error("bob's session ended too")
	}
	if password, err := b.Password(alice.Address()); err != nil || password != "another one" {
		t.Errorf("password %q, %v", password, err)
	}
}

func TestADeletedNameStartsEmpty(t *testing.T) {
	b := newBench(t)
	old := b.addUser(b.dom, "alice", "101")
	b.must(b.AddDevice(t.Context(), old.Address(), directory.Device{HW: "hw"}))
	s := b.addSession(old)
	b.refused(directory.CodeNotFound, b.RemoveApp(t.Context(), old.Address()))
	b.must(b.RemoveUser(t.Context(), old.Address()))
	b.refused(directory.CodeNotFound, b.RemoveUser(t.Context(), old.Address()))
	again := b.addUser(b.dom, "alice", "101")
	for _, d := range []*directory.Directory{b.Directory, b.another()} {
		if again.ID == old.ID || again.GUID == old.GUID {
			t.Error("the id or guid was used again")
		}
		_, err := d.Password(old.Address())
		b.refused(directory.CodeNotFound, err)
		if _, ok := d.Session(s.ID); ok || len(d.Sessions(again.Address())) != 0 || len(d.Devices(again.Address())) != 0 {
			t.Error("the new alice inherited something")
		}
		if _, ok := d.Party(old.Address()); ok || d.Visible(again.Address(), old.Address()) {
			t.Error("the old alice is still there")
		}
	}
	b.refused(directory.CodeDomainNotEmpty, b.RemoveDomain(t.Context(), b.dom.ID))
}

func TestLists(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"charlie", "Alice", "bob"} {
		b.addUser(b.dom, name, "")
	}
	b.addApp(b.dom, "robot")
	disabled := b.addApp(b.dom, "closed")
	b.set(disabled, directory.ObjectEdit{Disabled: ptr(true)})
	names := func(list []directory.Object) (names []string) {
		for _, o := range list {
			names = append(names, o.SIP)
		}
		return names
	}
	if got := names(b.Users(b.dom.ID)); !slices.Equal(got, []string{"Alice", "bob", "charlie"}) {
		t.Errorf("users %q", got)
	}
	if got := names(b.Apps(b.dom.ID)); !slices.Equal(got, []string{"closed", "robot"}) {
		t.Errorf("apps %q", got)
	}
	alice, _ := b.UserByName(b.dom.ID, "alice")
	b.set(alice, directory.ObjectEdit{Apps: &[]string{"ROBOT", "closed", "missing", "bob"}})
	if got := names(b.AppsOf(alice.Address())); !slices.Equal(got, []string{"robot"}) {
		t.Errorf("apps of alice %q", got)
	}
}

func TestDevices(t *testing.T) {
	b := newBench(t)
	alice := b.addUser(b.dom, "alice", "").Address()
	type dev = directory.Device
	b.must(b.AddDevice(t.Context(), alice, dev{HW: "hw-1", Text: "<i>Desk</i>", App: "softphone"}))
	b.must(b.AddDevice(t.Context(), alice, dev{HW: "hw-2", SingleReg: true}))
	b.refused(directory.CodeDeviceTaken, b.AddDevice(t.Context(), alice, dev{HW: "HW-1"}))
	b.refused(directory.CodeDeviceTaken, b.SetDevice(t.Context(), alice, "hw-1", dev{HW: "hw-2"}))
	b.refused(directory.CodeNotFound, b.SetDevice(t.Context(), alice, "hw-3", dev{HW: "hw-3"}))
	b.refused(directory.CodeNotFound, b.RemoveDevice(t.Context(), alice, "hw-3"))
	b.refused(directory.CodeNotFound, b.AddDevice(t.Context(), signal.Address{Domain: alice.Domain, Object: 4711}, dev{HW: "x"}))
	for _, hw := range []string{"", " ", "a\n", "ä", strings.Repeat("x", 65)} {
		b.refused(directory.CodeBadValue, b.AddDevice(t.Context(), alice, dev{HW: hw}))
	}
	b.must(b.SetDevice(t.Context(), alice, "HW-1", dev{HW: "hw-3", Text: "Desk"}))
	want := []dev{{HW: "hw-3", Text: "Desk"}, {HW: "hw-2", SingleReg: true}}
	if got := b.Devices(alice); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	b.must(b.RemoveDevice(t.Context(), alice, "hw-3"))
	if got := b.another().Devices(alice); !reflect.DeepEqual(got, want[1:]) {
		t.Errorf("got %+v, want %+v", got, want[1:])
	}
}

// TestDevicesAndHomeInOneEdit: they are checked as AddDevice and SetHome do.
func TestDevicesAndHomeInOneEdit(t *testing.T) {
	b := newBench(t)
	tel := directory.Device{HW: "tel", Text: "desk", App: "phone"}
	alice, err := b.AddUser(t.Context(), b.dom.ID, directory.NewObject{SIP: "alice", Password: "password", Devices: []directory.Device{tel}, Home: "users"})
	b.must(err)
	if devices := b.Devices(alice.Address()); !slices.Equal(devices, []directory.Device{tel}) || b.Home(alice.Address()) != "users" {
		t.Errorf("%+v, %q", devices, b.Home(alice.Address()))
	}
	change := func(devices []directory.Device, home string) error {
		_, err := b.SetObject(t.Context(), alice.Address(), directory.ObjectEdit{Devices: &devices, Home: &home})
		return err
	}
	b.refused(directory.CodeDeviceTaken, change([]directory.Device{tel, {HW: "TEL"}}, ""))
	b.refused(directory.CodeBadValue, change([]directory.Device{{HW: ""}}, ""))
	b.refused(directory.CodeTooMany, change(make([]directory.Device, 65), ""))
	b.refused(directory.CodeBadValue, change(nil, "a\nb"))
	b.must(change([]directory.Device{{HW: "soft"}}, "phone"))
	if devices := b.Devices(alice.Address()); len(devices) != 1 || devices[0].HW != "soft" || b.Home(alice.Address()) != "phone" {
		t.Errorf("%+v, %q", devices, b.Home(alice.Address()))
	}
	_, err = b.AddApp(t.Context(), b.dom.ID, directory.NewObject{SIP: "robot", Home: "x"})
	b.refused(directory.CodeBadValue, err)
}
