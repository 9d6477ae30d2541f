package testkit_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/applink"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/messages/host"
	"github.com/tandem-switch/tandem/internal/messages/service"
	"github.com/tandem-switch/tandem/internal/pbxmessages"
	"github.com/tandem-switch/tandem/internal/store/sqlite"
	"github.com/tandem-switch/tandem/signal"
)

// closing is how long a part may take to end.
const closing = 5 * time.Second

// chats is what stores the chats of a dialogue: the Messages service in this
// process, and the side of the switch, put together as the program does.
type chats struct {
	api   *pbxmessages.Messages
	host  *host.Host
	links *applink.Manager
}

// storeChats hosts the service; the links to it do not run yet. url is where file
// links begin.
func storeChats(t testing.TB, sw *signal.Switch, dir *directory.Directory, outbox *sqlite.Store, moved clock.Clock, url string) *chats {
	t.Helper()
	c := &chats{}
	var err error
	c.api, err = pbxmessages.New(t.Context(), pbxmessages.Config{Directory: dir, Licences: licensed{}, Switch: sw, Outbox: outbox, Clock: moved})
	if err != nil {
		t.Fatal(err)
	}
	sw.SetArchive(c.api)
	c.host, err = host.Open(t.Context(), host.Config{Dir: t.TempDir(), FilesURL: url, Accounts: accounts{dir}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closing)
		defer cancel()
		if err := c.host.Close(ctx); err != nil {
			t.Errorf("the Messages service: %v", err)
		}
	})
	return c
}

// attach runs the links, and waits until they stand.
func (c *chats) attach(t testing.TB, dir *directory.Directory, apis []appservice.API) {
	t.Helper()
	var err error
	c.links, err = applink.New(applink.Config{Directory: dir, APIs: apis, Receiver: c.api.Receiver, Hosted: c.host.Dial, Name: "pbx"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() { c.links.Run(ctx) })
	parts.Go(func() { c.api.Run(ctx) })
	t.Cleanup(func() { stop(); parts.Wait() })
	for end := time.Now().Add(closing); ; time.Sleep(time.Millisecond) {
		if links, up := c.links.Totals(); links > 0 && up == links {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the Messages service is not attached")
		}
	}
}

// files serves the links to files.
func (c *chats) files() http.Handler {
	if c == nil {
		return nil
	}
	return http.HandlerFunc(c.host.ServeFiles)
}

// licensed is a gate where everybody has everything.
type licensed struct{}

func (licensed) Licensed(signal.Address, licence.Feature) bool { return true }
func (licensed) Watch(func())                                  {}

// accounts are the Messages objects of the directory.
type accounts struct{ dir *directory.Directory }

// Account implements service.Accounts.
func (a accounts) Account(_ context.Context, at service.Place, domain, _ string) (service.Account, bool) {
	dom, ok := a.dir.DomainByName(at.Domain)
	if !ok || !strings.EqualFold(domain, dom.Name) {
		return service.Account{}, false
	}
	o, ok := a.dir.ObjectByName(dom.ID, directory.HostedName)
	if !ok {
		return service.Account{}, false
	}
	password, err := a.dir.Password(o.Address())
	return service.Account{Domain: dom.Name, Object: o.SIP, Passwords: []string{password}}, err == nil
}
