package admin_test

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// openDirectory opens the directory of a data directory, until the test ends.
func openDirectory(t testing.TB, data string) *directory.Directory {
	t.Helper()
	store := openStore(t, data)
	sealer, err := directory.OpenKeyFile(t.Context(), filepath.Join(data, directory.KeyFile), store)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := directory.Open(t.Context(), store, sealer, directory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// live is a switch with one registration and one call.
type live struct{ dir *directory.Directory }

var since = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func (l live) domain() signal.DomainID {
	d, _ := l.dir.Default()
	return d.ID
}

func (l live) Registrations() []signal.RegistrationInfo {
	return []signal.RegistrationInfo{{
		Address: signal.Address{Domain: l.domain()}, SIP: "alice", HW: "desk",
		Flags: signal.NoMedia | signal.Ext | signal.Inbox, Inbox: true, Conn: "c7", Since: since,
	}}
}

func (l live) RegistrationsOf(a signal.Address) []signal.RegistrationInfo {
	if o, _ := l.dir.Object(a); o.SIP == "alice" {
		return l.Registrations()
	}
	return nil
}

func (l live) ReleaseCall(domain signal.DomainID, id trace.CallID) int {
	if domain == l.domain() && id == 7 {
		return 1
	}
	return 0
}

func (l live) EndRegistrations(a signal.Address, conn string) int {
	if o, _ := l.dir.Object(a); o.SIP == "alice" && (conn == "" || conn == "c7") {
		return 1
	}
	return 0
}

func (l live) Calls() []signal.CallInfo {
	return []signal.CallInfo{{
		Kind: signal.ChatCall, Domain: l.domain(), From: "alice", To: "bob", Held: true, Answered: true, Legs: 2, Texts: 3, Since: since,
	}}
}

// clients are the ways to be a Client. The suite runs on each.
var clients = map[string]func(t *testing.T, api *admin.API) *admin.Client{
	"direct": func(_ *testing.T, api *admin.API) *admin.Client { return directly(api) },
	"socket": func(t *testing.T, api *admin.API) *admin.Client {
		data := t.TempDir()
		serve(t, data, api)
		c, err := admin.Dial(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	},
}

// newAPI is an API of the directory, and of what else config has.
func newAPI(t testing.TB, dir *directory.Directory, config admin.Config) *admin.API {
	t.Helper()
	config.Directory = dir
	api, err := admin.NewAPI(config)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func directly(api *admin.API) *admin.Client {
	return admin.Direct(api, 1000, func() error { return nil })
}

// serve runs a control socket for data until the test ends.
func serve(t *testing.T, data string, api *admin.API) net.Listener {
	t.Helper()
	l, err := admin.Listen(data)
	if err != nil {
		t.Fatal(err)
	}
	s := admin.NewServer(api, slog.New(slog.DiscardHandler))
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l
}

func each(t *testing.T, test func(t *testing.T, op *admin.Client)) {
	for name, make := range clients {
		t.Run(name, func(t *testing.T) {
			dir := openDirectory(t, t.TempDir())
			test(t, make(t, newAPI(t, dir, admin.Config{Live: live{dir}})))
		})
	}
}

// must gives the result of an operation that has to succeed.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused checks that an operation failed with a Problem of that code, whose
// sentence has the word.
func refused(t *testing.T, err error, code admin.Code, word string) {
	t.Helper()
	if err == nil || admin.CodeOf(err) != code || !strings.Contains(err.Error(), word) {
		t.Errorf("got %v (%s), want %s with %q", err, admin.CodeOf(err), code, word)
	}
}

func equal[T any](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

// bare are domains without what differs from test to test.
func bare(list ...admin.Domain) []admin.Domain {
	for i := range list {
		list[i].Rev = 0
	}
	return list
}

func TestDomains(t *testing.T) {
	each(t, func(t *testing.T, op *admin.Client) {
		ctx := admin.WithReason(t.Context(), "test")
		list := must(op.Domains(ctx, admin.ListDomains{}))(t)
		equal(t, list, []admin.Domain{})

		equal(t, bare(must(op.AddDomain(ctx, admin.NewDomain{Name: "Example.COM", Hosts: []string{"pbx.example.com"}}))(t))[0],
			admin.Domain{Name: "example.com", Hosts: []string{"pbx.example.com"}, Default: true})
		equal(t, bare(must(op.AddDomain(ctx, admin.NewDomain{Name: "two.example"}))(t))[0],
			admin.Domain{Name: "two.example", Hosts: []string{}})
		equal(t, bare(must(op.AddDomain(ctx, admin.NewDomain{Name: "three.example", Default: true}))(t))[0],
			admin.Domain{Name: "three.example", Hosts: []string{}, Default: true})

		hosts, name := []string{"a.example", "b.example"}, "zwei.example"
		equal(t, bare(must(op.SetDomain(ctx, admin.SetDomain{Name: "two.example", DomainEdit: admin.DomainEdit{Hosts: admin.Some(hosts), Name: admin.Some(name), Default: admin.Some(true)}}))(t))[0],
			admin.Domain{Name: "zwei.example", Hosts: hosts, Default: true})
		equal(t, bare(must(op.RemoveDomain(ctx, "three.example"))(t))[0],
			admin.Domain{Name: "three.example", Hosts: []string{}})
		equal(t, bare(must(op.Domains(ctx, admin.ListDomains{}))(t)...), []admin.Domain{
			{Name: "example.com", Hosts: []string{"pbx.example.com"}},
			{Name: "zwei.example", Hosts: hosts, Default: true},
		})

		_, err := op.AddDomain(ctx, admin.NewDomain{Name: "example.com"})
		refused(t, err, "domain_taken", "example.com")
		_, err = op.AddDomain(ctx, admin.NewDomain{Name: "not a domain"})
		refused(t, err, "bad_domain", "not a domain")
		_, err = op.RemoveDomain(ctx, "nowhere.example")
		refused(t, err, admin.NotFound, "pbx domain list")
		_, err = op.SetDomain(ctx, admin.SetDomain{Name: "pbx.example.com", DomainEdit: admin.DomainEdit{Default: admin.Some(true)}}) // a host name is not meant
		refused(t, err, admin.NotFound, "pbx domain list")
		must(op.AddObject(ctx, admin.NewObject{Type: "user", SIP: "alice@example.com", Password: "long enough"}))(t)
		_, err = op.RemoveDomain(ctx, "example.com")
		refused(t, err, "domain_not_empty", "users")
	})
}
