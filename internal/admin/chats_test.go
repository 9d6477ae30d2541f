package admin_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/signal"
)

// chatStore is a hosted Messages service with nothing but a mode.
type chatStore string

func (c chatStore) Mode() string { return string(c) }

func (c chatStore) Usage(context.Context, string) (*admin.ChatUsage, error) {
	return &admin.ChatUsage{Messages: 7}, nil
}

// storing is an API of a switch that hosts the Messages service.
type storing struct {
	t     *testing.T
	dir   *directory.Directory
	up    map[signal.Address]bool
	mode  chatStore
	gate  *licence.Gate
	asked *admin.Client
}

func newStoring(t *testing.T, mode chatStore, lics licence.Mode) *storing {
	t.Helper()
	data := t.TempDir()
	store := openStore(t, data)
	sealer := must(directory.OpenKeyFile(t.Context(), filepath.Join(data, directory.KeyFile), store))(t)
	dir := must(directory.Open(t.Context(), store, sealer, directory.Config{HostMessages: mode == "embedded"}))(t)
	s := &storing{t: t, dir: dir, up: map[signal.Address]bool{}, mode: mode}
	s.gate = must(licence.Open(t.Context(), store, sealer, nobodyAssigned{dir}, licence.Config{Mode: lics}))(t)
	s.asked = directly(newAPI(t, dir, admin.Config{Chats: mode, Licences: s.gate, Links: func() (list []admin.LinkState) {
		for a, up := range s.up {
			state := admin.LinkState{Address: a}
			if up {
				state.Connected = time.Now()
			}
			list = append(list, state)
		}
		return list
	}}))
	return s
}

func (s *storing) domain(name string, users ...string) directory.Domain {
	s.t.Helper()
	dom := must(s.dir.AddDomain(s.t.Context(), name, nil))(s.t)
	for _, u := range users {
		must(s.dir.AddUser(s.t.Context(), dom.ID, directory.NewObject{SIP: u, Password: "password of " + u}))(s.t)
	}
	return dom
}

func (s *storing) hosted(dom directory.Domain) signal.Address {
	s.t.Helper()
	o, ok := s.dir.ObjectByName(dom.ID, directory.HostedName)
	if !ok {
		s.t.Fatal("no hosted object")
	}
	return o.Address()
}

// want is the one row of the list.
func (s *storing) want(want admin.Chats) {
	s.t.Helper()
	list := must(s.asked.ChatStorage(s.t.Context(), admin.ListChats{Domain: want.Domain}))(s.t)
	want.Mode = string(s.mode)
	if len(list) != 1 || list[0] != want {
		s.t.Errorf("got %+v, want %+v", list, want)
	}
}

func TestChatsAreStored(t *testing.T) {
	s := newStoring(t, "embedded", licence.ModeAll)
	dom := s.domain("a.example", "alice", "bob")
	s.want(admin.Chats{Domain: "a.example", State: "stored", Users: 2, Storing: 2})
	s.up[s.hosted(dom)] = true
	s.want(admin.Chats{Domain: "a.example", State: "stored", Users: 2, Storing: 2, Connected: true})
	alice, _ := s.dir.UserByName(dom.ID, "alice")
	must(s.dir.SetUser(t.Context(), alice.Address(), directory.ObjectEdit{Properties: func(p *directory.Properties) { p.Messages = directory.None }}))(t)
	s.want(admin.Chats{Domain: "a.example", State: "stored", Users: 2, Storing: 1, Connected: true})
	off := true
	must(s.dir.SetObject(t.Context(), s.hosted(dom), directory.ObjectEdit{Disabled: &off}))(t)
	s.want(admin.Chats{Domain: "a.example", State: "disabled", Users: 2, Why: "Its Messages object, messages, is disabled."})
	list := must(s.asked.ChatStorage(t.Context(), admin.ListChats{Usage: true}))(t)
	if len(list) != 1 || list[0].Usage == nil || list[0].Usage.Messages != 7 {
		t.Errorf("usage %+v", list)
	}
}

func TestChatsAreVolatile(t *testing.T) {
	s := newStoring(t, "embedded", licence.ModeNone)
	s.domain("a.example", "alice")
	s.want(admin.Chats{Domain: "a.example", State: "unlicensed", Users: 1, Why: "The server runs with --licence-mode none: nobody has a licence."})
	s = newStoring(t, "external", licence.ModeAll)
	s.domain("b.example", "alice")
	s.want(admin.Chats{Domain: "b.example", State: "none", Users: 1})
	s.domain("c.example", "messages")
	s.want(admin.Chats{Domain: "c.example", State: "taken", Users: 1})
	_, err := s.asked.ChatStorage(t.Context(), admin.ListChats{Domain: "x.example"})
	refused(t, err, admin.NotFound, "no domain")
	s = newStoring(t, "off", licence.ModeAll)
	s.domain("d.example", "alice")
	s.want(admin.Chats{Domain: "d.example", State: "off", Users: 1})
}

// Where no server runs there is no such operation, and it says so.
func TestChatsWithoutServer(t *testing.T) {
	c := directly(newAPI(t, openDirectory(t, t.TempDir()), admin.Config{}))
	if _, err := c.ChatStorage(t.Context(), admin.ListChats{}); admin.CodeOf(err) != admin.NotRunning {
		t.Error(err)
	}
}
