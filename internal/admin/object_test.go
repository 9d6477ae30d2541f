package admin_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/admin"
)

// withDomains has example.com as default, and two.example with a host name.
func withDomains(t *testing.T, op admin.Operator) context.Context {
	t.Helper()
	ctx := t.Context()
	must(op.AddDomain(ctx, admin.AddDomain{Name: "example.com"}))(t)
	must(op.AddDomain(ctx, admin.AddDomain{Name: "two.example", Hosts: []string{"pbx.two.example"}}))(t)
	return ctx
}

func ptr[T any](v T) *T { return &v }

func TestUsers(t *testing.T) {
	each(t, func(t *testing.T, op admin.Operator) {
		_, err := op.AddUser(t.Context(), admin.AddUser{Name: "alice", Password: "long enough"})
		refused(t, err, admin.NotFound, "pbx domain add")

		ctx := withDomains(t, op)
		alice := must(op.AddUser(ctx, admin.AddUser{Name: "alice", DN: "Alice", CN: "Alice Example", Num: "101", Password: "long enough", SecondFactor: true}))(t)
		if len(alice.GUID) != 32 {
			t.Errorf("guid %q", alice.GUID)
		}
		alice.GUID = ""
		equal(t, alice, admin.User{SIP: "alice", Domain: "example.com", DN: "Alice", CN: "Alice Example", Num: "101", SecondFactor: true})
		bob := must(op.AddUser(ctx, admin.AddUser{Name: "bob@pbx.two.example", Password: "long enough"}))(t)
		equal(t, bob.Domain, "two.example")

		_, err = op.AddUser(ctx, admin.AddUser{Name: "ALICE@example.com", Password: "long enough"})
		refused(t, err, "name_taken", "ALICE")
		_, err = op.AddUser(ctx, admin.AddUser{Name: "alice2", Num: "101", Password: "long enough"})
		refused(t, err, "number_taken", "alice")
		_, err = op.AddUser(ctx, admin.AddUser{Name: "carol", Password: "short"})
		refused(t, err, "password_too_short", "8")
		_, err = op.AddUser(ctx, admin.AddUser{Name: "carol@nowhere.example", Password: "long enough"})
		refused(t, err, admin.NotFound, "pbx domain add nowhere.example")
		_, err = op.AddUser(ctx, admin.AddUser{Name: "carol@", Password: "long enough"})
		refused(t, err, admin.Invalid, "behind the @")
		_, err = op.AddUser(ctx, admin.AddUser{Name: "carol", Password: "long enough", Apps: []string{"nothing"}})
		refused(t, err, admin.NotFound, "no app nothing")

		changed := must(op.SetUser(ctx, admin.SetUser{
			Name: "alice", Rename: ptr("alison"), DN: ptr("Alison"), Num: ptr(""), Disabled: ptr(true),
			Password: ptr("another one"), OverrideCLI: ptr(true),
		}))(t)
		equal(t, changed.SecondFactor, true) // as it was
		changed = must(op.SetUser(ctx, admin.SetUser{Name: "alison", SecondFactor: ptr(false)}))(t)
		changed.GUID = ""
		equal(t, changed, admin.User{SIP: "alison", Domain: "example.com", DN: "Alison", CN: "Alice Example", Disabled: true, OverrideCLI: true})
		_, err = op.SetUser(ctx, admin.SetUser{Name: "alice"})
		refused(t, err, admin.NotFound, "pbx user list")

		equal(t, len(must(op.Users(ctx, admin.ListUsers{}))(t)), 2)
		equal(t, must(op.Users(ctx, admin.ListUsers{Domain: "two.example"}))(t)[0].SIP, "bob")
		_, err = op.Users(ctx, admin.ListUsers{Domain: "nowhere.example"})
		refused(t, err, admin.NotFound, "nowhere.example")

		must(op.RemoveUser(ctx, admin.RemoveUser{Name: "alison@example.com"}))(t)
		equal(t, must(op.Users(ctx, admin.ListUsers{Domain: "example.com"}))(t), []admin.User{})
		_, err = op.RemoveUser(ctx, admin.RemoveUser{Name: "alison"})
		refused(t, err, admin.NotFound, "pbx user list")
	})
}

func TestImport(t *testing.T) {
	each(t, func(t *testing.T, op admin.Operator) {
		ctx := withDomains(t, op)
		csv := "sip,dn,num,password\nalice,Alice,101,long enough\nbob,Bob,102,short\ncarol,\"Carol, C.\",103,long enough\nalice,Again,104,long enough\n"
		got := must(op.ImportUsers(ctx, admin.ImportUsers{Domain: "two.example", CSV: csv}))(t)
		equal(t, got.Added, 2)
		equal(t, got.Domain, "two.example")
		equal(t, len(got.Refused), 2)
		equal(t, got.Refused[0].Line, 3)
		equal(t, got.Refused[0].Code, admin.Code("password_too_short"))
		equal(t, got.Refused[1].Line, 5)
		equal(t, got.Refused[1].Code, admin.Code("name_taken"))
		equal(t, len(must(op.Users(ctx, admin.ListUsers{Domain: "two.example"}))(t)), 2)

		_, err := op.ImportUsers(ctx, admin.ImportUsers{CSV: "name,password\n"})
		refused(t, err, "bad_file", "sip,dn,num,password")
		_, err = op.ImportUsers(ctx, admin.ImportUsers{Domain: "nowhere.example", CSV: csv})
		refused(t, err, admin.NotFound, "nowhere.example")
	})
}

func TestApps(t *testing.T) {
	each(t, func(t *testing.T, op admin.Operator) {
		ctx := withDomains(t, op)
		bot := must(op.AddApp(ctx, admin.AddApp{
			Name: "bot", DN: "Bot", APIs: []string{"PbxSignal", "PbxApi"}, URL: "https://bot.example/bot", Password: "x",
		}))(t)
		bot.GUID = ""
		equal(t, bot, admin.App{
			SIP: "bot", Domain: "example.com", DN: "Bot", APIs: []string{"PbxSignal", "PbxApi"}, URL: "https://bot.example/bot",
		})
		equal(t, must(op.AddApp(ctx, admin.AddApp{Name: "mute@two.example"}))(t).APIs, []string{})
		equal(t, must(op.SetApp(ctx, admin.SetApp{Name: "bot", APIs: ptr([]string{"PbxSignal"}), Disabled: ptr(true)}))(t).APIs, []string{"PbxSignal"})
		equal(t, len(must(op.Apps(ctx, admin.ListApps{}))(t)), 2)
		equal(t, len(must(op.Apps(ctx, admin.ListApps{Domain: "example.com"}))(t)), 1)

		_, err := op.SetUser(ctx, admin.SetUser{Name: "bot", Disabled: ptr(true)}) // an app is no user
		refused(t, err, admin.NotFound, "no user bot")
		must(op.AddUser(ctx, admin.AddUser{Name: "alice", Password: "long enough", Apps: []string{"bot"}}))(t)
		equal(t, must(op.Users(ctx, admin.ListUsers{}))(t)[0].Apps, []string{"bot"})
		_, err = op.RemoveApp(ctx, admin.RemoveApp{Name: "alice"})
		refused(t, err, admin.NotFound, "no app alice")
		must(op.RemoveApp(ctx, admin.RemoveApp{Name: "bot"}))(t)
		equal(t, must(op.Apps(ctx, admin.ListApps{Domain: "example.com"}))(t), []admin.App{})
	})
}

func TestAppAPIs(t *testing.T) {
	known := []string{
		"PbxApi", "PbxSignal", "EpSignal", "PbxMessages", "RCC", "PbxAdminApi", "PbxTableUsers", "Services", "PbxImpersonation",
	}
	each(t, func(t *testing.T, op admin.Operator) {
		ctx := withDomains(t, op)
		equal(t, must(op.AddApp(ctx, admin.AddApp{Name: "bot", APIs: known}))(t).APIs, known)
		for _, name := range []string{"Bogus", "pbxsignal", "PbxSignal ", ""} {
			_, err := op.AddApp(ctx, admin.AddApp{Name: "other", APIs: []string{"PbxApi", name}})
			refused(t, err, admin.Invalid, strings.Join(known, ", "))
			_, err = op.SetApp(ctx, admin.SetApp{Name: "bot", APIs: ptr([]string{name})})
			refused(t, err, admin.Invalid, "no API "+name+":")
		}
		list := must(op.Apps(ctx, admin.ListApps{Domain: "example.com"}))(t)
		equal(t, len(list), 1)
		equal(t, list[0].APIs, known)
		equal(t, must(op.SetApp(ctx, admin.SetApp{Name: "bot", APIs: ptr([]string{})}))(t).APIs, []string{})
	})
}

func TestDevices(t *testing.T) {
	each(t, func(t *testing.T, op admin.Operator) {
		ctx := withDomains(t, op)
		must(op.AddUser(ctx, admin.AddUser{Name: "alice", Password: "long enough"}))(t)
		must(op.AddUser(ctx, admin.AddUser{Name: "bob@two.example", Password: "long enough"}))(t)
		desk := must(op.AddDevice(ctx, admin.AddDevice{HW: "desk", User: "alice@example.com", Text: "On the desk", Single: true}))(t)
		equal(t, desk, admin.Device{HW: "desk", User: "alice", Domain: "example.com", Text: "On the desk", Single: true})
		must(op.AddDevice(ctx, admin.AddDevice{HW: "desk", User: "bob@two.example"}))(t)
		equal(t, len(must(op.Devices(ctx, admin.ListDevices{}))(t)), 2)
		equal(t, must(op.Devices(ctx, admin.ListDevices{User: "alice"}))(t), []admin.Device{desk})
		equal(t, must(op.Devices(ctx, admin.ListDevices{Domain: "two.example"}))(t)[0].User, "bob")

		_, err := op.AddDevice(ctx, admin.AddDevice{HW: "DESK", User: "alice"})
		refused(t, err, "device_taken", "DESK")
		_, err = op.AddDevice(ctx, admin.AddDevice{HW: "x", User: "nobody"})
		refused(t, err, admin.NotFound, "no user nobody")
		_, err = op.AddDevice(ctx, admin.AddDevice{HW: "x", User: "alice", App: "nothing"})
		refused(t, err, admin.NotFound, "no app nothing")
		for _, app := range []string{"phone", "softphone", "chat"} { // built in
			equal(t, must(op.AddDevice(ctx, admin.AddDevice{HW: app, User: "alice", App: app}))(t).App, app)
			must(op.RemoveDevice(ctx, admin.RemoveDevice{HW: app, User: "alice"}))(t)
		}
		_, err = op.RemoveDevice(ctx, admin.RemoveDevice{HW: "none", User: "alice"})
		refused(t, err, admin.NotFound, "pbx device list --user alice@example.com")
		equal(t, must(op.RemoveDevice(ctx, admin.RemoveDevice{HW: "Desk", User: "alice"}))(t), desk)
		equal(t, must(op.Devices(ctx, admin.ListDevices{User: "alice"}))(t), []admin.Device{})
	})
}

func TestLive(t *testing.T) {
	each(t, func(t *testing.T, op admin.Operator) {
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
	op := admin.NewLocal(openDirectory(t, t.TempDir()), nil)
	_, err := op.Registrations(t.Context(), admin.ListRegistrations{})
	refused(t, err, admin.NotRunning, "pbx serve")
	_, err = op.Calls(t.Context(), admin.ListCalls{})
	refused(t, err, admin.NotRunning, "pbx serve")
}
