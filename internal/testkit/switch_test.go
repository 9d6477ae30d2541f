package testkit_test

import (
	"context"
	"crypto/rand"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/facilities"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/edge"
	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/internal/pbxapi"
	"github.com/tandem-switch/tandem/internal/store/sqlite"
	"github.com/tandem-switch/tandem/internal/testkit"
	"github.com/tandem-switch/tandem/signal"
)

// dialogues are the golden ones and our own.
var dialogues = []string{"../../testdata/dialogues", "../../testdata/dialogues-more"}

func TestDialoguesInProcess(t *testing.T) {
	for _, dir := range dialogues {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			testkit.RunDir(t, dir, testkit.Options{}, testkit.InProcess(startSwitch))
		})
	}
}

// patience is how long a dialogue really waits where it would move the clock: as long as
// the golden ones of stored chats need.
const patience = 130 * time.Second

func TestDialoguesAgainstTheProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program for each dialogue")
	}
	live := testkit.NewLive(t)
	for i, dir := range dialogues {
		o := testkit.Options{Parallel: 16}
		if i == 0 { // the golden ones
			o.MaxWait = patience
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			testkit.RunDir(t, dir, o, live)
		})
	}
}

// startSwitch builds the machine of one dialogue: the parts of the program,
// without its configuration, with a clock that can be moved.
func startSwitch(t testing.TB, s testkit.Setup) testkit.Target {
	t.Helper()
	dir, store := fill(t, s)
	moved := clock.NewManual()
	metrics := metric.New("test", "test")
	sw, err := signal.New(signal.Config{Directory: dir, Policy: facilities.New(), Clock: moved, Observer: metrics})
	if err != nil {
		t.Fatal(err)
	}
	presence := pbxapi.NewPresence(dir, sw, nil)
	sw.SetWatcher(presence)
	apis := []appservice.API{pbxapi.NewSignal(sw), pbxapi.NewPbxAPI(dir, presence), pbxapi.NewMyApps(dir, presence),
		pbxapi.NewAdmin(pbxapi.PbxAdminConfig{Directory: dir, Live: sw}), pbxapi.NewTableUsers(dir, nil)}
	server := httptest.NewUnstartedServer(nil) // its address is known from now on
	var stored *chats
	if s.Stored {
		stored = storeChats(t, sw, dir, store, moved, "http://"+server.Listener.Addr().String())
		apis = append(apis, stored.api)
	}
	doors, err := edge.New(edge.Config{
		Directory: dir, APIs: apis, Metrics: metrics, Clock: moved, Files: stored.files(),
		FixedChallenge: s.FixedChallenge, Version: "test", Build: "1",
	})
	if err != nil {
		t.Fatal(err)
	}
	sw.SetWaker(doors)
	doors.Start()
	server.Config.Handler = doors.Handler()
	server.Start()
	if stored != nil {
		stored.attach(t, dir, apis)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = doors.Shutdown(ctx)
		server.Close()
	})
	return testkit.Target{URL: server.URL, Advance: moved.Advance}
}

// fill makes a directory with the people and objects of a dialogue.
func fill(t testing.TB, s testkit.Setup) (*directory.Directory, *sqlite.Store) {
	t.Helper()
	ctx := t.Context()
	store, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "pbx.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	sealer, err := directory.NewSealer(key)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := directory.Open(ctx, store, sealer, directory.Config{HostMessages: s.Stored})
	if err != nil {
		t.Fatal(err)
	}
	dom, err := dir.AddDomain(ctx, testkit.Domain, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.People {
		u := directory.NewObject{SIP: p.Name, Num: p.Number, DN: p.Display, Password: p.Password}
		if p.NoMessages {
			u.Messages = directory.None
		}
		if _, err := dir.AddUser(ctx, dom.ID, u); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range s.Objects {
		a := directory.NewObject{
			SIP: o.Name, Password: o.Password, APIs: o.APIs, OverrideCLI: slices.Contains(o.Rights, "cli_override"),
		}
		if _, err := dir.AddApp(ctx, dom.ID, a); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range s.Groups {
		n := directory.NewObject{SIP: g.Name, Num: g.Number, DN: g.Display}
		if _, err := dir.AddObject(ctx, dom.ID, directory.Group, n); err != nil {
			t.Fatal(err)
		}
		for _, name := range g.Members {
			change(t, dir, dom.ID, name, func(p *directory.Properties) {
				p.Groups = append(p.Groups, directory.Membership{Name: g.Name})
			})
		}
	}
	for _, d := range s.Diverts {
		change(t, dir, dom.ID, d.Who, func(p *directory.Properties) {
			to := directory.Diversion{Type: d.Type, SIP: d.To}
			if strings.Trim(d.To, "0123456789") == "" {
				to.SIP, to.Num = "", d.To
			}
			p.Diversions = append(p.Diversions, to)
		})
	}
	return dir, store
}

// change edits the properties of the object with the name.
func change(t testing.TB, dir *directory.Directory, dom signal.DomainID, name string, edit func(*directory.Properties)) {
	t.Helper()
	found := dir.Objects(dom, func(o *directory.Object) bool { return o.SIP == name })
	if len(found) != 1 {
		t.Fatalf("%d objects are called %s", len(found), name)
	}
	if _, err := dir.SetObject(t.Context(), found[0].Address(), directory.ObjectEdit{Properties: edit}); err != nil {
		t.Fatal(err)
	}
}
