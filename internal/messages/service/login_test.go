package service_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/internal/messages/service"
)

func TestLoginOfMessagesObjects(t *testing.T) {
	g := newGround(t)
	pbx := login(dom)
	alias := pbx
	alias.App = "messages-api"
	otherApp := pbx
	otherApp.App = "chat"
	elsewhere := pbx
	elsewhere.Domain = "nowhere.org"
	for name, c := range map[string]struct {
		path     string
		login    appservice.Login
		password string
		ok       bool
	}{
		"as told":               {"/example.com/messages", pbx, secret, true},
		"with the app":          {"/example.com/messages/innovaphone-messages-api", pbx, secret, true},
		"alias":                 {"/example.com/messages/messages-api", alias, secret, true},
		"older password":        {"/example.com/messages", pbx, "old", true},
		"wrong password":        {"/example.com/messages", pbx, "wrong", false},
		"password of another":   {"/example.com/messages", pbx, "another", false},
		"no password":           {"/empty.org/messages", login("empty.org"), "", false},
		"another app":           {"/example.com/messages", otherApp, secret, false},
		"another domain":        {"/example.com/messages", elsewhere, secret, false},
		"path of another":       {"/other.org/messages", pbx, secret, false},
		"another instance":      {"/example.com/archive", pbx, secret, false},
		"the other domain":      {"/other.org/messages", login("other.org"), "another", true},
		"nothing behind domain": {"/example.com", pbx, secret, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := g.dialAt(c.path, c.login, c.password)
			if (err == nil) != c.ok {
				t.Fatalf("login: %v", err)
			}
			if err == nil && p.c.Domain() != c.login.Domain {
				t.Errorf("domain %q", p.c.Domain())
			}
			if err == nil && !p.c.Info().ServiceInfo.Has(service.Extension) {
				t.Errorf("info %+v", p.c.Info())
			}
		})
	}
}

func TestWrongLoginsAreLimited(t *testing.T) {
	limits := service.DefaultGuard()
	limits.PairFailures = 2
	g := newGround(t, func(c *service.Config) { c.Guard = guard.New(limits) })
	for range 4 {
		if _, err := g.dial(login(dom), "wrong"); !errors.Is(err, appservice.ErrLoginFailed) {
			t.Fatal(err)
		}
	}
	if _, err := g.dial(login(dom), secret); !errors.Is(err, appservice.ErrLoginFailed) {
		t.Errorf("after too many wrong ones the right one is checked: %v", err)
	}
	if _, err := g.dial(login("other.org"), "another"); err != nil {
		t.Errorf("another domain suffers: %v", err)
	}
	g.seen.mu.Lock()
	defer g.seen.mu.Unlock()
	if g.seen.refused["credentials"] != 3 || g.seen.refused[string(guard.RefusedPair)] != 2 {
		t.Errorf("refused %v", g.seen.refused)
	}
}

func TestAppInfoIsAsInTheContract(t *testing.T) {
	g := newGround(t, func(c *service.Config) {
		c.Files = new(filebuffer.Store) // nobody asks it anything
		c.FilesURL = func(domain string) string { return "https://ap.example.com/" + domain + "/messages/" }
	})
	p := g.pbx()
	got := p.ask(`{"mt":"AppInfo","src":"i","app":"innovaphone-messages-api"}`)
	expect(t, got, `{"mt":"AppInfoResult","src":"i","app":"innovaphone-messages-api","info":{"hidden":true,"apis":{}},
		"serviceInfo":{"apis":{"com.example.messages.ext":{"version":1,"files":"https://ap.example.com/example.com/messages/"}}}}`)
}

func TestOtherRequestsAreNotServed(t *testing.T) {
	g := newGround(t)
	for _, path := range []string{"/", "/example.com", "/example.com/messages", "/a/b/c/d/e"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		g.s.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestAttachedDomains(t *testing.T) {
	g := newGround(t)
	if got := g.s.Attached(); len(got) != 0 {
		t.Errorf("attached %v", got)
	}
	p := g.pbx()
	p.ask(`{"mt":"ReadMembers","grp":"1"}`)
	if got := g.s.Attached(); len(got) != 1 || got[0] != dom {
		t.Errorf("attached %v", got)
	}
}

func TestUnknownMessagesAndSessions(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	expect(t, p.ask(`{"mt":"Nonsense"}`), `{"mt":"Error","error":1,"errorText":"unknown mt"}`)
	expect(t, p.ask(`{"mt":"ReadChats","session":7}`), `{"mt":"Error","error":2}`)
	expect(t, p.ask(`{"mt":"Session","user":"alice"}`), `{"mt":"Error","error":1}`)
	p.send(`{"mt":"KeepAlive"}`)
	expect(t, p.ask(`{"mt":"Search","session":7,"text":"x"}`), `{"mt":"Error","error":1}`)
	a := p.session("alice", guid("alice"), "")
	p.send(`{"src":"dup","mt":"Update","session":1,"x":{"a":1,"a":2}}`)
	p.await(`{"src":"dup","mt":"Error","error":1}`)
	p.send(`{"mt":"SessionEnd","session":` + itoa(a.id) + `}`)
	expect(t, a.ask(`{"mt":"ReadChats"}`), `{"mt":"Error","error":2}`)
}

func TestShutdownEndsLinks(t *testing.T) {
	g := newGround(t)
	p := g.pbx()
	p.session("alice", guid("alice"), "")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := g.s.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	<-p.c.Done()
	if code, _ := appservice.CloseCode(p.c.Err()); code != appservice.CloseShutdown {
		t.Errorf("closed with %d", code)
	}
	if len(g.s.Attached()) != 0 {
		t.Error("still attached")
	}
}
