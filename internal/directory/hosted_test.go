package directory_test

import (
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// hosting is a directory on the store of b where the switch hosts the service.
func (b *bench) hosting() *directory.Directory {
	b.t.Helper()
	d, err := directory.Open(b.t.Context(), b.store, b.seal, directory.Config{Clock: b.clock, HostMessages: true})
	b.must(err)
	return d
}

// hostedIn is the hosted object of a domain, which must be there.
func hostedIn(t *testing.T, d *directory.Directory, dom signal.DomainID) directory.Object {
	t.Helper()
	list := d.Objects(dom, func(o *directory.Object) bool { return o.IsHosted() })
	if len(list) != 1 || list[0].SIP != directory.HostedName {
		t.Fatalf("hosted objects: %+v", list)
	}
	return list[0]
}

func TestEveryDomainHasAHostedObject(t *testing.T) {
	b := newBench(t)
	d := b.hosting()
	fresh, err := d.AddDomain(t.Context(), "new.example", nil)
	b.must(err)
	o := hostedIn(t, d, fresh.ID)
	if password, err := d.Password(o.Address()); err != nil || len(password) < 20 {
		t.Errorf("password of %d characters, %v", len(password), err)
	}
	if list := d.Objects(b.dom.ID, func(*directory.Object) bool { return true }); len(list) != 0 {
		t.Errorf("the old domain has %+v", list)
	}
	for range 2 {
		b.must(d.EnsureHosted(t.Context()))
		hostedIn(t, d, b.dom.ID)
	}
	if again := hostedIn(t, d, fresh.ID); again.ID != o.ID {
		t.Errorf("made anew: %+v", again)
	}
}

func TestOthersMakeNoHostedObject(t *testing.T) {
	b := newBench(t)
	b.must(b.EnsureHosted(t.Context()))
	if list := b.Objects(b.dom.ID, func(*directory.Object) bool { return true }); len(list) != 0 {
		t.Errorf("objects %+v", list)
	}
}

func TestWhoStoresTheChats(t *testing.T) {
	b := newBench(t)
	d := b.hosting()
	b.must(d.EnsureHosted(t.Context()))
	hosted := hostedIn(t, d, b.dom.ID)
	add := func(kind directory.Kind, sip string, p directory.Properties, template signal.ObjectID) directory.Object {
		t.Helper()
		n := directory.NewObject{SIP: sip, Properties: p, Template: template}
		if kind == directory.User {
			n.Password = "password of " + sip
		}
		o, err := d.AddObject(t.Context(), b.dom.ID, kind, n)
		b.must(err)
		return o
	}
	own := add(directory.Messages, "own", directory.Properties{Websocket: true}, 0)
	still := add(directory.Messages, "still", directory.Properties{}, 0)
	none := add(directory.Template, "none", directory.Properties{Messages: directory.None}, 0)
	given := add(directory.Template, "given", directory.Properties{Messages: own.ID}, 0)
	for _, test := range []struct {
		name string
		o    directory.Object
		want signal.ObjectID
	}{
		{"of the domain", add(directory.User, "a", directory.Properties{}, 0), hosted.ID},
		{"its own", add(directory.User, "b", directory.Properties{Messages: own.ID}, none.ID), own.ID},
		{"none", add(directory.User, "c", directory.Properties{Messages: directory.None}, given.ID), 0},
		{"none by template", add(directory.User, "d", directory.Properties{}, none.ID), 0},
		{"of the template", add(directory.User, "e", directory.Properties{}, given.ID), own.ID},
		{"not connected", add(directory.User, "f", directory.Properties{Messages: still.ID}, 0), 0},
		{"a program", add(directory.App, "g", directory.Properties{}, 0), 0},
		{"a program with its own", add(directory.App, "h", directory.Properties{Messages: own.ID}, 0), own.ID},
	} {
		a, ok := d.MessagesOf(test.o.Address())
		if a.Object != test.want || ok != (test.want != 0) {
			t.Errorf("%s: %+v %v, want %d", test.name, a, ok, test.want)
		}
		whole, _ := d.Effective(test.o.Address())
		if ok && whole.Messages != test.want {
			t.Errorf("%s: effective %d", test.name, whole.Messages)
		}
	}
	if allocs := testing.AllocsPerRun(100, func() { d.MessagesOf(own.Address()) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	if a, ok := b.MessagesOf(signal.Address{Domain: b.dom.ID, Object: 4711}); ok {
		t.Errorf("of nobody: %+v", a)
	}
}

func TestDisabledHostedObjectStoresNothing(t *testing.T) {
	b := newBench(t)
	d := b.hosting()
	b.must(d.EnsureHosted(t.Context()))
	hosted := hostedIn(t, d, b.dom.ID)
	user, err := d.AddUser(t.Context(), b.dom.ID, directory.NewObject{SIP: "a", Password: "password of a"})
	b.must(err)
	off := true
	_, err = d.SetObject(t.Context(), hosted.Address(), directory.ObjectEdit{Disabled: &off})
	b.must(err)
	if a, ok := d.MessagesOf(user.Address()); ok {
		t.Errorf("stored by %+v", a)
	}
	b.must(d.EnsureHosted(t.Context()))
	if hostedIn(t, d, b.dom.ID).ID != hosted.ID {
		t.Error("made anew")
	}
}

func TestHostedObjectStays(t *testing.T) {
	b := newBench(t)
	d := b.hosting()
	b.must(d.EnsureHosted(t.Context()))
	hosted := hostedIn(t, d, b.dom.ID)
	b.refused(directory.CodeInUse, d.RemoveObject(t.Context(), hosted.Address(), 0))
	name := "other"
	_, err := d.SetObject(t.Context(), hosted.Address(), directory.ObjectEdit{SIP: &name})
	b.refused(directory.CodeInUse, err)
	title, url := "Chats", "https://messages.example.com/x/messages/messages-api"
	_, err = d.SetObject(t.Context(), hosted.Address(), directory.ObjectEdit{DN: &title})
	b.must(err)
	// One that is somewhere else is like every other object.
	_, err = d.SetObject(t.Context(), hosted.Address(), directory.ObjectEdit{URL: &url})
	b.must(err)
	b.must(d.RemoveObject(t.Context(), hosted.Address(), 0))
	// Without the service nothing keeps it.
	b.must(d.EnsureHosted(t.Context()))
	b.must(b.Sync(t.Context()))
	b.must(b.RemoveObject(t.Context(), hostedIn(t, d, b.dom.ID).Address(), 0))
}

func TestNameOfHostedObjectIsTaken(t *testing.T) {
	b := newBench(t)
	b.addUser(b.dom, "Messages", "")
	d := b.hosting()
	b.must(d.EnsureHosted(t.Context()))
	if list := d.Unhosted(); len(list) != 1 || list[0].ID != b.dom.ID {
		t.Errorf("unhosted %+v", list)
	}
	user, _ := d.UserByName(b.dom.ID, "messages")
	if a, ok := d.MessagesOf(user.Address()); ok {
		t.Errorf("stored by %+v", a)
	}
}

func TestDomainGoesWithItsHostedObject(t *testing.T) {
	b := newBench(t)
	d := b.hosting()
	b.must(d.EnsureHosted(t.Context()))
	second, err := d.AddDomain(t.Context(), "second.example", nil)
	b.must(err)
	b.refused(directory.CodeDefaultDomain, d.RemoveDomain(t.Context(), b.dom.ID))
	hostedIn(t, d, b.dom.ID)
	_, err = d.AddUser(t.Context(), second.ID, directory.NewObject{SIP: "a", Password: "password of a"})
	b.must(err)
	b.refused(directory.CodeDomainNotEmpty, d.RemoveDomain(t.Context(), second.ID))
	hostedIn(t, d, second.ID)
	user, _ := d.UserByName(second.ID, "a")
	b.must(d.RemoveUser(t.Context(), user.Address()))
	b.must(d.RemoveDomain(t.Context(), second.ID))
	b.must(d.RemoveDomain(t.Context(), b.dom.ID))
	b.refused(directory.CodeNotFound, d.RemoveDomain(t.Context(), b.dom.ID))
}

// Somebody who makes missing Messages objects, here as soon as one goes, does not keep
// the domain alive.
func TestDomainGoesWhileHostedObjectsAreMade(t *testing.T) {
	b := newBench(t)
	d, other := b.hosting(), b.hosting()
	b.must(d.EnsureHosted(t.Context()))
	second, err := d.AddDomain(t.Context(), "second.example", nil)
	b.must(err)
	d.Watch(func(c directory.Change) {
		if c.What == directory.ObjectGone {
			b.must(other.Sync(t.Context()))
			b.must(other.EnsureHosted(t.Context()))
		}
	})
	b.must(d.RemoveDomain(t.Context(), second.ID))
	b.must(other.Sync(t.Context()))
	if dom, there := other.DomainByName("second.example"); there {
		t.Errorf("it is still there: %+v", dom)
	}
}
