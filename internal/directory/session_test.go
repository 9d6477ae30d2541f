package directory_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
)

func TestSession(t *testing.T) {
	b := newBench(t)
	alice := b.addUser(b.dom, "alice", "")
	s, err := b.CreateSession(t.Context(), alice.Address(), directory.NewSession{UserAgent: "agent\x00<b>1</b>", Code: 1234, NeedsAuthorization: true})
	b.must(err)
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(s.ID) || !regexp.MustCompile(`^[0-9A-Za-z]{23}$`).MatchString(s.Password) {
		t.Errorf("id %q, password %q", s.ID, s.Password)
	}
	want := s
	want.Password = ""
	for _, d := range []*directory.Directory{b.Directory, b.another()} {
		got, ok := d.Session(s.ID)
		if !ok || !got.Created.Equal(want.Created) {
			t.Fatalf("got %+v", got)
		}
		got.Created, got.Used = want.Created, want.Used
		if !reflect.DeepEqual(got, want) || got.UserAgent != "agent1" {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		if password, err := d.SessionPassword(s.ID); err != nil || password != s.Password {
			t.Errorf("password %q, %v", password, err)
		}
	}
	b.must(b.SetSessionInfo(t.Context(), alice.Address(), s.ID, "token", []string{"phone"}))
	b.must(b.AuthorizeSession(t.Context(), alice.Address(), s.ID))
	got, _ := b.another().Session(s.ID)
	if got.NeedsAuthorization || got.Code != 0 || got.Token != "token" || !slices.Equal(got.Wake, []string{"phone"}) {
		t.Errorf("got %+v", got)
	}
	b.must(b.DeleteSession(t.Context(), alice.Address(), s.ID))
	b.refused(directory.CodeNotFound, b.DeleteSession(t.Context(), alice.Address(), s.ID))
	_, err = b.SessionPassword(s.ID)
	b.refused(directory.CodeNotFound, err)
	if len(b.another().Sessions(alice.Address())) != 0 {
		t.Error("still listed")
	}
}

func TestSessionsAreOfUsers(t *testing.T) {
	b := newBench(t)
	_, err := b.CreateSession(t.Context(), b.addApp(b.dom, "robot").Address(), directory.NewSession{})
	b.refused(directory.CodeNotFound, err)
	alice, bob := b.addUser(b.dom, "alice", ""), b.addUser(b.dom, "bob", "")
	s := b.addSession(alice)
	b.refused(directory.CodeNotFound, b.DeleteSession(t.Context(), bob.Address(), s.ID))
	b.refused(directory.CodeNotFound, b.AuthorizeSession(t.Context(), bob.Address(), s.ID))
	info := func(token string, wake ...string) error {
		return b.SetSessionInfo(t.Context(), alice.Address(), s.ID, token, wake)
	}
	b.refused(directory.CodeBadValue, info(strings.Repeat("x", 4097)))
	b.refused(directory.CodeBadValue, info("a\nb"))
	b.refused(directory.CodeBadValue, info("", strings.Repeat("x", 65)))
	b.refused(directory.CodeBadValue, info("", make([]string, 9)...))
}

func TestTheSessionUnusedForLongestMakesRoom(t *testing.T) {
	b := newBench(t) // three at most
	alice, bob := b.addUser(b.dom, "alice", ""), b.addUser(b.dom, "bob", "")
	other := b.addSession(bob)
	var ids []string
	for range 3 {
		ids = append(ids, b.addSession(alice).ID)
		b.clock.Advance(25 * time.Hour)
	}
	b.TouchSession(ids[0])
	b.step()
	ids = append(ids, b.addSession(alice).ID)
	var left []string
	for _, s := range b.Sessions(alice.Address()) {
		left = append(left, s.ID)
	}
	if want := []string{ids[0], ids[2], ids[3]}; !slices.Equal(left, want) {
		t.Errorf("left %v, want %v", left, want)
	}
	if _, ok := b.Session(other.ID); !ok {
		t.Error("another user's session made room")
	}
}

func TestPendingSessionsEndNoOthers(t *testing.T) {
	b := newBench(t) // three at most
	alice := b.addUser(b.dom, "alice", "")
	oldest := b.addSession(alice)
	b.clock.Advance(time.Second)
	b.addSession(alice)
	b.addSession(alice)
	var pending directory.Session
	for range 10 {
		b.clock.Advance(time.Second)
		var err error
		pending, err = b.CreateSession(t.Context(), alice.Address(), directory.NewSession{NeedsAuthorization: true})
		b.must(err)
	}
	if _, ok := b.Session(oldest.ID); !ok || len(b.Sessions(alice.Address())) != 3+4 {
		t.Errorf("%d sessions, the oldest is there: %v", len(b.Sessions(alice.Address())), ok)
	}
	b.must(b.AuthorizeSession(t.Context(), alice.Address(), pending.ID))
	if _, ok := b.Session(oldest.ID); ok || len(b.Sessions(alice.Address())) != 3+3 {
		t.Error("the authorized session has not made room for itself")
	}
	b.must(b.AuthorizeSession(t.Context(), alice.Address(), pending.ID)) // again: nothing to do
}

func TestUnusedSessionsExpire(t *testing.T) {
	b := newBench(t)
	alice := b.addUser(b.dom, "alice", "")
	unused, used := b.addSession(alice), b.addSession(alice)
	pending, err := b.CreateSession(t.Context(), alice.Address(), directory.NewSession{NeedsAuthorization: true})
	b.must(err)
	found := func(s directory.Session) bool { _, ok := b.Session(s.ID); return ok }
	b.clock.Advance(11 * time.Minute)
	if found(pending) {
		t.Error("a session that nobody authorized is still there")
	}
	b.refused(directory.CodeNotFound, b.AuthorizeSession(t.Context(), alice.Address(), pending.ID))
	b.clock.Advance(89 * 24 * time.Hour)
	if !found(unused) || !found(used) {
		t.Fatal("expired early")
	}
	b.TouchSession(used.ID)
	b.step()
	b.clock.Advance(24 * time.Hour)
	if found(unused) || !found(used) || len(b.Sessions(alice.Address())) != 1 {
		t.Error("the unused one must expire, the used one must not")
	}
	_, err = b.SessionPassword(unused.ID)
	b.refused(directory.CodeNotFound, err)
	b.TouchSession(unused.ID) // too late
	b.step()
	if rows, _ := b.store.Read(t.Context(), 0); len(rows.Sessions) != 1 || rows.Sessions[0].ID != used.ID {
		t.Errorf("in the store: %+v", rows.Sessions)
	}
}

func TestTouchIsWrittenOnceADay(t *testing.T) {
	b := newBench(t)
	s := b.addSession(b.addUser(b.dom, "alice", ""))
	commits := 0
	b.store.Before = func(operation string) error {
		if operation == "commit" {
			commits++
		}
		return nil
	}
	for range 50 {
		b.TouchSession(s.ID)
		b.step()
		b.clock.Advance(time.Hour)
	}
	if commits != 2 {
		t.Errorf("%d commits for 50 uses in 50 hours", commits)
	}
}
