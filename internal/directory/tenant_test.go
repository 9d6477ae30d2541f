package directory_test

import (
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// TestDomainsAreIsolated tries to reach one domain from another with every
// function that takes an address or a name.
func TestDomainsAreIsolated(t *testing.T) {
	b := newBench(t)
	foreign := b.addDomain("other.example", "pbx.other.example")
	mine, robot := b.addUser(b.dom, "alice", "101"), b.addApp(b.dom, "robot")
	theirs, eve := b.addUser(foreign, "alice", "101"), b.addUser(foreign, "eve", "666")
	b.addApp(foreign, "robot")
	s := b.addSession(mine)
	crossed := signal.Address{Domain: foreign.ID, Object: mine.ID}
	asker := theirs.Address()

	for _, name := range []string{"alice@example.com", "alice@pbx.example.com", "sip:alice@EXAMPLE.com", "alice@unknown.example", "alice@"} {
		if got, ok := b.Resolve(asker, name, ""); ok {
			t.Errorf("%s resolves to %+v", name, got)
		}
		if got, ok := b.Resolve(asker, name, "666"); ok {
			t.Errorf("%s falls back to the number: %+v", name, got)
		}
		if got, ok := b.UserByName(foreign.ID, name); ok {
			t.Errorf("%s found %+v", name, got)
		}
	}
	if got, _ := b.Resolve(asker, "alice", ""); got.Address != theirs.Address() {
		t.Errorf("alice resolves to %+v", got)
	}
	if got, _ := b.Resolve(asker, "", "101"); got.Address != theirs.Address() {
		t.Errorf("101 resolves to %+v", got)
	}
	if got, ok := b.Resolve(mine.Address(), "", eve.Num); ok {
		t.Errorf("666 resolves to %+v", got)
	}
	if got, _ := b.AppByName(foreign.ID, "robot"); got.ID == robot.ID {
		t.Error("the wrong robot")
	}
	if _, ok := b.ObjectByGUID(foreign.ID, mine.GUID); ok {
		t.Error("found by guid")
	}
	if b.Visible(asker, mine.Address()) || b.Visible(asker, crossed) || b.Visible(crossed, asker) {
		t.Error("visible across domains")
	}
	if b.Incomplete(mine.Address(), "66") {
		t.Error("the numbers of another domain are counted")
	}
	notFound(b, crossed, s)
	b.refused(directory.CodeNotFound, b.DeleteSession(t.Context(), asker, s.ID))
	b.refused(directory.CodeNotFound, b.AuthorizeSession(t.Context(), asker, s.ID))
	b.refused(directory.CodeNotFound, b.SetSessionInfo(t.Context(), asker, s.ID, "t", nil))
	if after, _ := b.Object(mine.Address()); after.DN != "The alice" || len(b.Sessions(mine.Address())) != 1 {
		t.Errorf("something came through: %+v", after)
	}
}

// notFound tries everything that takes an address.
func notFound(b *bench, a signal.Address, s directory.Session) {
	b.t.Helper()
	ctx := b.t.Context()
	if _, ok := b.Object(a); ok {
		b.t.Error("object")
	}
	if _, ok := b.Party(a); ok {
		b.t.Error("party")
	}
	if known, _ := b.Device(a, ""); known {
		b.t.Error("device")
	}
	if b.Devices(a) != nil || b.Sessions(a) != nil || b.AppsOf(a) != nil {
		b.t.Error("lists")
	}
	_, noPassword := b.Password(a)
	_, noEdit := b.SetUser(ctx, a, directory.ObjectEdit{DN: ptr("crossed")})
	_, noSession := b.CreateSession(ctx, a, directory.NewSession{})
	for _, err := range []error{
		noPassword, noEdit, noSession, b.RemoveUser(ctx, a), b.AddDevice(ctx, a, directory.Device{HW: "x"}),
		b.RemoveDevice(ctx, a, "x"), b.DeleteSession(ctx, a, s.ID), b.AuthorizeSession(ctx, a, s.ID),
	} {
		b.refused(directory.CodeNotFound, err)
	}
}
