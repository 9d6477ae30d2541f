package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/applink"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/messages/host"
	"github.com/tandem-switch/tandem/internal/messages/service"
	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/internal/pbxmessages"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// Who stores chats (--messages).
const (
	messagesEmbedded = "embedded" // the Messages service in this process
	messagesExternal = "external" // those that administrators have configured
	messagesOff      = "off"      // nobody
)

// messagesDir is the directory of the embedded Messages service in the data
// directory.
const messagesDir = "messages"

// chats is what the switch does about stored chats: with --messages embedded it
// hosts the Messages service, and every domain has an object for it.
type chats struct {
	mode string
	dir  *directory.Directory
	log  *slog.Logger
	wake chan struct{} // capacity 1: domains have changed

	host   atomic.Pointer[host.Host] // nil before open, and in other modes
	locked *admin.Lock               // on the directory of the service; nil likewise
	first  []signal.Address          // the hosted objects at the start, for readyz
}

func newChats(mode string, dir *directory.Directory, log *slog.Logger) *chats {
	c := &chats{mode: mode, dir: dir, log: log, wake: make(chan struct{}, 1)}
	if c.hosts() {
		dir.Watch(c.follow)
	}
	return c
}

func (c *chats) hosts() bool { return c.mode == messagesEmbedded }

// broadcaster is what sends messages to many people, unless chats are stored nowhere.
func (c *chats) broadcaster(m *pbxmessages.Messages) admin.Broadcaster {
	if c.mode == messagesOff {
		return nil
	}
	return m
}

// open makes the objects that are missing, and opens the service. base is where the
// links to files begin.
func (c *chats) open(ctx context.Context, serve *serveCommand, base string, metrics *metric.Set, tracer *trace.Tracer) error {
	if !c.hosts() {
		return nil
	}
	if err := c.ensure(ctx); err != nil {
		return err
	}
	c.noteFirst()
	config := host.Config{
		Dir: filepath.Join(serve.Data, messagesDir), Postgres: serve.Postgres, Instance: directory.HostedName, FilesURL: base,
		Program: "pbx serve", Accounts: hostedAccounts{c}, DomainID: c.domainID, Metrics: metrics, Log: c.log, Tracer: tracer,
	}
	if err := serve.Files.Apply(&config); err != nil {
		return err
	}
	if err := c.lock(ctx, config.Dir); err != nil {
		return err
	}
	h, err := host.Open(ctx, config)
	if err != nil {
		return errors.Join(err, c.unlock())
	}
	c.host.Store(h)
	return nil
}

// lock keeps a messages-app off the directory: each of the two services would tell
// its own clients alone what is new.
func (c *chats) lock(ctx context.Context, dir string) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the directory of the Messages service: %w", err)
	}
	c.locked, err = admin.LockServer(ctx, dir)
	return err
}

func (c *chats) unlock() error {
	if c.locked == nil {
		return nil
	}
	return c.locked.Unlock()
}

// noteFirst notes for which domains /readyz waits: those that there are at the start.
func (c *chats) noteFirst() {
	c.first = nil
	for _, dom := range c.dir.Domains() {
		if o, there := c.dir.ObjectByName(dom.ID, directory.HostedName); there && o.IsHosted() {
			c.first = append(c.first, o.Address())
		}
	}
}

// ensure gives every domain its Messages object, and says where that cannot be.
func (c *chats) ensure(ctx context.Context) error {
	if err := c.dir.EnsureHosted(ctx); err != nil {
		return fmt.Errorf("make the Messages object of a domain: %w", err)
	}
	for _, dom := range c.dir.Unhosted() {
		c.log.Warn("the chats of a domain are not stored: the name of its Messages object is taken by another object; rename that one, and start anew",
			"domain", dom.Name, "name", directory.HostedName)
	}
	return nil
}

// follow notes that a domain may need an object; another process may have made it.
func (c *chats) follow(change directory.Change) {
	if change.What != directory.DomainSet && change.What != directory.ObjectGone {
		return
	}
	select {
	case c.wake <- struct{}{}:
	default: // it looks already, or will
	}
}

// run makes objects of domains that come later, until ctx is done. It ends the service
// when another one has taken its database: the switch goes on, what is written waits
// in its outbox, and /readyz says no until it is started anew.
func (c *chats) run(ctx context.Context) error {
	var lost <-chan struct{}
	if h := c.host.Load(); h != nil {
		lost = h.Lost()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-lost:
			lost = nil
			c.log.Error("another Messages service has taken the database: this one ends, and chats wait in the outbox; stop one of the two, and start the switch anew")
			if err := c.close(); err != nil {
				c.log.Error("the Messages service has not ended in order", "err", err)
			}
		case <-c.wake:
			if err := c.ensure(ctx); err != nil && ctx.Err() == nil {
				c.log.Error("a domain has no Messages object", "err", err)
			}
		}
	}
}

// dial opens a connection to the service in this process.
func (c *chats) dial(ctx context.Context) (net.Conn, error) {
	h := c.host.Load()
	if h == nil {
		return nil, errors.New("the Messages service is not open")
	}
	return h.Dial(ctx)
}

// dialer is dial where there is something to dial to.
func (c *chats) dialer() func(context.Context) (net.Conn, error) {
	if !c.hosts() {
		return nil
	}
	return c.dial
}

// files serves the links to files; nil if the service is not here.
func (c *chats) files() http.Handler {
	if !c.hosts() {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := c.host.Load(); h != nil {
			h.ServeFiles(w, r)
			return
		}
		http.Error(w, "starting", http.StatusServiceUnavailable)
	})
}

// attached tells whether the service is connected for every domain that there was
// at the start: later ones do not take readiness away, nor do those whose object was
// removed or disabled.
func (c *chats) attached(links *applink.Manager) error {
	if c.hosts() && c.host.Load() == nil {
		return errors.New("the Messages service has ended")
	}
	for _, a := range c.first {
		o, there := c.dir.Object(a)
		if !there || o.Disabled || !o.IsHosted() {
			continue
		}
		if state, linked := links.State(a); !linked || state.Connected.IsZero() {
			return errors.New("the Messages service is not connected for a domain")
		}
	}
	return nil
}

func (c *chats) domainID(name string) int64 {
	dom, _ := c.dir.DomainByName(name)
	return int64(dom.ID)
}

// closeTime is how long the end of the service may take.
const closeTime = 10 * time.Second

// close ends the service: what was posted is stored before.
func (c *chats) close() error {
	h := c.host.Swap(nil)
	if h == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return errors.Join(h.Close(ctx), c.unlock())
}

// hostedAccounts are the hosted Messages objects of the directory.
type hostedAccounts struct{ c *chats }

var _ service.Accounts = hostedAccounts{}

// Account implements service.Accounts.
func (h hostedAccounts) Account(ctx context.Context, at service.Place, domain, _ string) (service.Account, bool) {
	dir := h.c.dir
	dom, ok := dir.DomainByName(domain)
	if !ok || !strings.EqualFold(at.Domain, dom.Name) || at.Instance != directory.HostedName {
		return service.Account{}, false
	}
	o, ok := dir.ObjectByName(dom.ID, directory.HostedName)
	if !ok || o.Disabled || !o.IsHosted() {
		return service.Account{}, false
	}
	if err := h.c.settle(ctx, dom); err != nil {
		h.c.log.Error("the chats of a domain cannot be used yet", "domain", dom.Name, "err", err)
		return service.Account{}, false
	}
	password, err := dir.Password(o.Address())
	return service.Account{Domain: dom.Name, Object: o.SIP, Passwords: []string{password}}, err == nil
}

// settle makes the service know the domain by the name that it has now.
func (c *chats) settle(ctx context.Context, dom directory.Domain) error {
	h := c.host.Load()
	if h == nil {
		return errors.New("the Messages service is not open")
	}
	return h.Settle(ctx, int64(dom.ID), dom.Name, c.exists)
}

// exists tells whether a domain is there.
func (c *chats) exists(id int64) bool {
	_, there := c.dir.Domain(signal.DomainID(id))
	return there
}

// keeping gives what administrators work with on stored messages; the function is
// nil where the switch does not host the service.
func (c *chats) keeping() func() *admin.Keeping {
	if !c.hosts() {
		return nil
	}
	return func() *admin.Keeping {
		h := c.host.Load()
		if h == nil {
			return nil
		}
		return &admin.Keeping{
			Desk:    h.Desk(),
			Removed: func(ctx context.Context) ([]string, error) { return h.Removed(ctx, c.exists) },
			Forget:  func(ctx context.Context, name string) error { return h.Forget(ctx, name, c.exists) },
		}
	}
}

var _ admin.ChatStore = (*chats)(nil)

// Mode implements admin.ChatStore.
func (c *chats) Mode() string { return c.mode }

// Usage implements admin.ChatStore.
func (c *chats) Usage(ctx context.Context, domain string) (*admin.ChatUsage, error) {
	h := c.host.Load()
	if h == nil {
		return nil, nil
	}
	u, err := h.UsageOf(ctx, domain)
	if err != nil {
		return nil, err
	}
	return &admin.ChatUsage{
		People: u.People, Conversations: u.Conversations, Messages: u.Messages, TextBytes: u.TextBytes,
		Files: u.Files, FileBytes: u.FileBytes, Changes: u.Head, Indexed: u.Indexed,
	}, nil
}
