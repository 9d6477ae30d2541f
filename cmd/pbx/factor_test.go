package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/appservice"
)

// attempt is a login that goes on by itself.
type attempt struct {
	codes chan int // those that the client is shown
	ended chan struct{}
	line  *appservice.MyApps // valid when ended is closed, as err is
	err   error
}

// attempts logs in as a myApps client until it is let in or refused.
func (s *server) attempts(t *testing.T, c appservice.Credentials) *attempt {
	a := &attempt{codes: make(chan int, 1), ended: make(chan struct{})}
	c.Authorize = func(code int) { a.codes <- code }
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	go func() {
		defer cancel()
		defer close(a.ended)
		a.line, a.err = appservice.DialMyApps(ctx, s.ws()+"/PBX0/APPCLIENT/websocket", c)
	}()
	return a
}

// code is the one that the client is shown; nobody is let in before.
func (a *attempt) code(t *testing.T) int {
	t.Helper()
	select {
	case code := <-a.codes:
		return code
	case <-a.ended:
		t.Fatalf("the login has ended without a code: %v", a.err)
		return 0
	}
}

// logIn logs in where nobody has to confirm it.
func (s *server) logIn(t *testing.T, c appservice.Credentials) *appservice.MyApps {
	t.Helper()
	a := s.attempts(t, c)
	<-a.ended
	if a.err != nil || len(a.codes) > 0 {
		t.Fatalf("login of %s: %v, %d codes", c.Username, a.err, len(a.codes))
	}
	t.Cleanup(func() { a.line.Close() })
	return a.line
}

func send(t *testing.T, m *appservice.MyApps, v any) {
	t.Helper()
	if err := m.Send(t.Context(), v); err != nil {
		t.Fatal(err)
	}
}

// await passes over messages up to one of type T that is wanted.
func await[T appservice.Message](t *testing.T, m *appservice.MyApps, wanted func(T) bool) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		f, err := m.Recv(ctx)
		var v T
		if err != nil {
			t.Fatalf("no %s: %v", v.MessageType(), err)
		}
		if f.MT != v.MessageType() {
			continue
		}
		if err := f.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if wanted == nil || wanted(v) {
			return v
		}
	}
}

// offered waits until a client sees the login that shows code, and wants it to
// be told that it can be confirmed.
func offered(t *testing.T, m *appservice.MyApps, code int) (id string) {
	t.Helper()
	added := await(t, m, func(s appservice.SessionAdded) bool { return s.Info.NeedsAuthorization })
	if added.Info.Code != code || code < 1000 || code > 9999 || added.Info.Current || added.Info.UserAgent != "intruder or not" {
		t.Fatalf("the other session sees %+v, the new one the code %d", added, code)
	}
	return added.ID
}

func wantNotAuthorized(t *testing.T, a *attempt) {
	t.Helper()
	<-a.ended
	if e, ok := errors.AsType[*appservice.LoginError](a.err); !ok || e.Code != appservice.LoginNotAuthorized {
		t.Errorf("got %v, want error %d", a.err, appservice.LoginNotAuthorized)
	}
}

// An operator demands that logins are confirmed; the person confirms one and
// refuses another.
func testSecondFactor(t *testing.T, flags ...string) {
	data := t.TempDir()
	s := start(t, data, 0, flags...)
	play(t, data, []step{
		{args: "domain add example.com"},
		{args: "app add users --url https://users.example/users --password-stdin", stdin: "x"},
		{args: "user add alice --second-factor --app users --password-stdin", stdin: "secret of alice"},
		{args: "user list", out: "alice@example.com - - - yes"},
	}, flags...)
	alice := appservice.Credentials{Username: "alice", Password: "secret of alice", UserAgent: "intruder or not"}

	first := s.logIn(t, alice) // nobody could confirm it
	intruder := s.attempts(t, alice)
	id := offered(t, first, intruder.code(t))
	send(t, first, appservice.DeleteSession{ID: id})
	wantNotAuthorized(t, intruder)
	await(t, first, func(d appservice.SessionDeleted) bool { return d.ID == id })

	second := s.attempts(t, alice)
	id = offered(t, first, second.code(t))
	select {
	case <-second.ended:
		t.Fatalf("in, or refused, before anybody has confirmed it: %v", second.err)
	default:
	}
	send(t, first, appservice.AuthorizeSession{ID: id})
	updated := await(t, first, func(u appservice.SessionUpdated) bool { return u.ID == id })
	if updated.Info.NeedsAuthorization || updated.Info.Code != 0 {
		t.Errorf("still waits: %+v", updated)
	}
	<-second.ended
	if second.err != nil || second.line.Session().Username != id {
		t.Fatalf("the confirmed login: %v", second.err)
	}
	defer second.line.Close()

	// A client that has its session needs nobody.
	send(t, s.logIn(t, second.line.Session()), appservice.SetApps{Home: "users,chat"})
	play(t, data, []step{{args: "user set alice --no-second-factor"}}, flags...)
	third := s.logIn(t, alice)

	// The home screen outlives the server.
	session := third.Session()
	s.stop()
	s = start(t, data, 0, flags...)
	again := s.logIn(t, session)
	send(t, again, appservice.SubscribeApps{})
	if all := await[appservice.UpdateAppsComplete](t, again, nil); all.Selected != "users,chat" {
		t.Errorf("selected is %q", all.Selected)
	}
}

func TestSecondFactor(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { testSecondFactor(t) })
	t.Run("PostgreSQL", func(t *testing.T) { testSecondFactor(t, "--postgres", database(t)) })
}
