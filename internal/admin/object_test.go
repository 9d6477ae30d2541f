package admin_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/admin"
)

// withDomains has example.com as default, and two.example with a host name.
func withDomains(t *testing.T, op *admin.Client) context.Context {
	t.Helper()
	ctx := t.Context()
	must(op.AddDomain(ctx, admin.NewDomain{Name: "example.com"}))(t)
	must(op.AddDomain(ctx, admin.NewDomain{Name: "two.example", Hosts: []string{"pbx.two.example"}}))(t)
	return ctx
}

func TestUsers(t *testing.T) {
	each(t, func(t *testing.T, op *admin.Client) {
		_, err := op.AddObject(t.Context(), admin.NewObject{Type: "user", SIP: "alice", Password: "long enough"})
		refused(t, err, admin.NotFound, "pbx domain add")

		ctx := withDomains(t, op)
		alice := must(op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "alice", DN: "Alice", CN: "Alice Example", Num: "101", Password: "long enough", SecondFactor: true}))(t)
		if len(alice.GUID) != 32 {
			t.Errorf("guid %q", alice.GUID)
		}
		alice.ID, alice.GUID, alice.Rev = 0, "", 0
		equal(t, alice, admin.Object{Type: "user", SIP: "alice", Domain: "example.com", DN: "Alice", CN: "Alice Example", Num: "101", SecondFactor: true})
		bob := must(op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "bob@pbx.two.example", Password: "long enough"}))(t)
		equal(t, bob.Domain, "two.example")

		_, err = op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "ALICE@example.com", Password: "long enough"})
		refused(t, err, "name_taken", "ALICE")
		_, err = op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "alice2", Num: "101", Password: "long enough"})
		refused(t, err, "number_taken", "alice")
		_, err = op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "carol", Password: "short"})
		refused(t, err, "password_too_short", "8")
		_, err = op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "carol@nowhere.example", Password: "long enough"})
		refused(t, err, admin.NotFound, "pbx domain add nowhere.example")
		_, err = op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "carol@", Password: "long enough"})
		refused(t, err, admin.Invalid, "behind the @")
		_, err = op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "carol", Password: "long enough", Apps: []string{"nothing"}})
		refused(t, err, admin.NotFound, "no app \"nothing\"")

		changed := must(op.SetObject(ctx, admin.SetObject{Type: "user", Name: "alice", ObjectEdit: admin.ObjectEdit{SIP: admin.Some("alison"), DN: admin.Some("Alison"), Num: admin.Some(""), Disabled: admin.Some(true),
			Password: admin.Some("another one"), OverrideCLI: admin.Some(true)}}))(t)
		equal(t, changed.SecondFactor, true) // as it was
		changed = must(op.SetObject(ctx, admin.SetObject{Type: "user", Name: "alison", ObjectEdit: admin.ObjectEdit{SecondFactor: admin.Some(false)}}))(t)
		changed.ID, changed.GUID, changed.Rev = 0, "", 0
		equal(t, changed, admin.Object{Type: "user", SIP: "alison", Domain: "example.com", DN: "Alison", CN: "Alice Example", Disabled: true, OverrideCLI: true})
		_, err = op.SetObject(ctx, admin.SetObject{Type: "user", Name: "alice", ObjectEdit: admin.ObjectEdit{}})
		refused(t, err, admin.NotFound, "pbx user list")

		equal(t, len(must(op.Objects(ctx, admin.ListObjects{Type: "user"}))(t)), 2)
		equal(t, must(op.Objects(ctx, admin.ListObjects{Type: "user", Domain: "two.example"}))(t)[0].SIP, "bob")
		_, err = op.Objects(ctx, admin.ListObjects{Type: "user", Domain: "nowhere.example"})
		refused(t, err, admin.NotFound, "nowhere.example")

		must(op.RemoveObject(ctx, admin.RemoveObject{Type: "user", Name: "alison@example.com"}))(t)
		equal(t, must(op.Objects(ctx, admin.ListObjects{Type: "user", Domain: "example.com"}))(t), []admin.Object{})
		_, err = op.RemoveObject(ctx, admin.RemoveObject{Type: "user", Name: "alison"})
		refused(t, err, admin.NotFound, "pbx user list")
	})
}

func TestImport(t *testing.T) {
	each(t, func(t *testing.T, op *admin.Client) {
		ctx := withDomains(t, op)
		csv := "sip,dn,num,password\nalice,Alice,101,long enough\nbob,Bob,102,short\ncarol,\"Carol, C.\",103,long enough\nalice,Again,104,long enough\n"
		got := must(op.ImportUsers(ctx, admin.ImportUsers{Domain: "two.example", CSV: strings.NewReader(csv)}))(t)
		equal(t, got.Added, 2)
		equal(t, got.Domain, "two.example")
		equal(t, len(got.Refused), 2)
		equal(t, got.Refused[0].Line, 3)
		equal(t, got.Refused[0].Code, admin.Code("password_too_short"))
		equal(t, got.Refused[1].Line, 5)
		equal(t, got.Refused[1].Code, admin.Code("name_taken"))
		equal(t, len(must(op.Objects(ctx, admin.ListObjects{Type: "user", Domain: "two.example"}))(t)), 2)

		_, err := op.ImportUsers(ctx, admin.ImportUsers{CSV: strings.NewReader("name,password\n")})
		refused(t, err, "bad_file", "sip,dn,num,password")
		_, err = op.ImportUsers(ctx, admin.ImportUsers{Domain: "nowhere.example", CSV: strings.NewReader(csv)})
		refused(t, err, admin.NotFound, "nowhere.example")
	})
}

func TestApps(t *testing.T) {
	each(t, func(t *testing.T, op *admin.Client) {
		ctx := withDomains(t, op)
		bot := must(op.AddObject(ctx, admin.NewObject{Type: "app", SIP: "bot", DN: "Bot", APIs: []string{"PbxSignal", "PbxApi"}, URL: "https://bot.example/bot", Password: "x"}))(t)
		bot.ID, bot.GUID, bot.Rev = 0, "", 0
		equal(t, bot, admin.Object{
			Type: "app", SIP: "bot", Domain: "example.com", DN: "Bot", APIs: []string{"PbxSignal", "PbxApi"}, URL: "https://bot.example/bot",
		})
		equal(t, must(op.AddObject(ctx, admin.NewObject{Type: "app", SIP: "mute@two.example"}))(t).APIs, []string{})
		equal(t, must(op.SetObject(ctx, admin.SetObject{Type: "app", Name: "bot", ObjectEdit: admin.ObjectEdit{APIs: admin.Some([]string{"PbxSignal"}), Disabled: admin.Some(true)}}))(t).APIs, []string{"PbxSignal"})
		equal(t, len(must(op.Objects(ctx, admin.ListObjects{Type: "app"}))(t)), 2)
		equal(t, len(must(op.Objects(ctx, admin.ListObjects{Type: "app", Domain: "example.com"}))(t)), 1)

		_, err := op.SetObject(ctx, admin.SetObject{Type: "user", Name: "bot", ObjectEdit: admin.ObjectEdit{Disabled: admin.Some(true)}}) // an app is no user
		refused(t, err, admin.NotFound, "no user bot")
		must(op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "alice", Password: "long enough", Apps: []string{"bot"}}))(t)
		equal(t, must(op.Objects(ctx, admin.ListObjects{Type: "user"}))(t)[0].Apps, []string{"bot"})
		_, err = op.RemoveObject(ctx, admin.RemoveObject{Type: "app", Name: "alice"})
		refused(t, err, admin.NotFound, "no app alice")
		must(op.RemoveObject(ctx, admin.RemoveObject{Type: "app", Name: "bot"}))(t)
		equal(t, must(op.Objects(ctx, admin.ListObjects{Type: "app", Domain: "example.com"}))(t), []admin.Object{})
	})
}

func TestAppAPIs(t *testing.T) {
	known := []string{
		"PbxApi", "PbxSignal", "EpSignal", "PbxMessages", "RCC", "PbxAdminApi", "PbxTableUsers", "Services", "PbxImpersonation",
	}
	each(t, func(t *testing.T, op *admin.Client) {
		ctx := withDomains(t, op)
		equal(t, must(op.AddObject(ctx, admin.NewObject{Type: "app", SIP: "bot", APIs: known}))(t).APIs, known)
		for _, name := range []string{"Bogus", "pbxsignal", "PbxSignal ", ""} {
			_, err := op.AddObject(ctx, admin.NewObject{Type: "app", SIP: "other", APIs: []string{"PbxApi", name}})
			refused(t, err, admin.Invalid, strings.Join(known, ", "))
			_, err = op.SetObject(ctx, admin.SetObject{Type: "app", Name: "bot", ObjectEdit: admin.ObjectEdit{APIs: admin.Some([]string{name})}})
			refused(t, err, admin.Invalid, "no API "+name+":")
		}
		list := must(op.Objects(ctx, admin.ListObjects{Type: "app", Domain: "example.com"}))(t)
		equal(t, len(list), 1)
		equal(t, list[0].APIs, known)
		equal(t, must(op.SetObject(ctx, admin.SetObject{Type: "app", Name: "bot", ObjectEdit: admin.ObjectEdit{APIs: admin.Some([]string{})}}))(t).APIs, []string{})
	})
}

func TestDevices(t *testing.T) {
	each(t, func(t *testing.T, op *admin.Client) {
		ctx := withDomains(t, op)
		must(op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "alice", Password: "long enough"}))(t)
		must(op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "bob@two.example", Password: "long enough"}))(t)
		desk := must(op.AddDevice(ctx, admin.AddDevice{User: "alice@example.com", NewDevice: admin.NewDevice{HW: "desk", Text: "On the desk", Single: true}}))(t)
		equal(t, desk, admin.Device{HW: "desk", User: "alice", Domain: "example.com", Text: "On the desk", Single: true})
		must(op.AddDevice(ctx, admin.AddDevice{User: "bob@two.example", NewDevice: admin.NewDevice{HW: "desk"}}))(t)
		equal(t, len(must(op.Devices(ctx, admin.ListDevices{}))(t)), 2)
		equal(t, must(op.Devices(ctx, admin.ListDevices{User: "alice"}))(t), []admin.Device{desk})
		equal(t, must(op.Devices(ctx, admin.ListDevices{Domain: "two.example"}))(t)[0].User, "bob")

		_, err := op.AddDevice(ctx, admin.AddDevice{User: "alice", NewDevice: admin.NewDevice{HW: "DESK"}})
		refused(t, err, "device_taken", "DESK")
		_, err = op.AddDevice(ctx, admin.AddDevice{User: "nobody", NewDevice: admin.NewDevice{HW: "x"}})
		refused(t, err, admin.NotFound, "no user nobody")
		_, err = op.AddDevice(ctx, admin.AddDevice{User: "alice", NewDevice: admin.NewDevice{HW: "x", App: "nothing"}})
		refused(t, err, admin.NotFound, "no app \"nothing\"")
		for _, app := range []string{"phone", "softphone", "chat"} { // built in
			equal(t, must(op.AddDevice(ctx, admin.AddDevice{User: "alice", NewDevice: admin.NewDevice{HW: app, App: app}}))(t).App, app)
			must(op.RemoveDevice(ctx, admin.RemoveDevice{HW: app, User: "alice"}))(t)
		}
		_, err = op.RemoveDevice(ctx, admin.RemoveDevice{HW: "none", User: "alice"})
		refused(t, err, admin.NotFound, "pbx device list --user alice@example.com")
		equal(t, must(op.RemoveDevice(ctx, admin.RemoveDevice{HW: "Desk", User: "alice"}))(t), desk)
		equal(t, must(op.Devices(ctx, admin.ListDevices{User: "alice"}))(t), []admin.Device{})
	})
}

func TestLive(t *testing.T) {
	each(t, func(t *testing.T, op *admin.Client) {
		ctx := withDomains(t, op)
		equal(t, must(op.Registrations(ctx, admin.ListRegistrations{}))(t), []admin.Registration{{
			SIP: "alice", Domain: "example.com", HW: "desk", Flags: "NO_MEDIA_CALL|IM_EXT|IM_INBOX", Inbox: true, Conn: "c7", Since: since,
		}})
		equal(t, must(op.Calls(ctx, admin.ListCalls{}))(t), []admin.Call{{
			Kind: "chat", Domain: "example.com", From: "alice", To: "bob", Answered: true, Kept: true, Legs: 2, Texts: 3, Since: since,
		}})
	})
}

func TestLiveWithoutServer(t *testing.T) {
	op := directly(newAPI(t, openDirectory(t, t.TempDir()), admin.Config{}))
	_, err := op.Registrations(t.Context(), admin.ListRegistrations{})
	refused(t, err, admin.NotRunning, "pbx serve")
	_, err = op.Calls(t.Context(), admin.ListCalls{})
	refused(t, err, admin.NotRunning, "pbx serve")
}
