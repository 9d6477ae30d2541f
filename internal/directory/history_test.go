package directory_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// steps are what NextStep tells until there is nothing more.
func steps(t *testing.T, d *directory.Directory, c *directory.Cursor) []directory.Step {
	t.Helper()
	var list []directory.Step
	for {
		s, ok, err := d.NextStep(c)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return list
		}
		list = append(list, s)
	}
}

// words is steps as text: +name or -name, with ; behind the last of a commit.
func words(list []directory.Step) []string {
	var out []string
	for _, s := range list {
		w := "+" + s.Object.SIP
		if s.Gone {
			w = "-" + s.Object.GUID
		}
		if s.Complete {
			w += ";"
		}
		out = append(out, w)
	}
	return out
}

func (b *bench) history(since int64) *directory.Cursor {
	b.t.Helper()
	c, err := b.History(b.dom.ID, since)
	b.must(err)
	return &c
}

func TestHistory(t *testing.T) {
	b := newBench(t)
	alice, bob := b.addUser(b.dom, "alice", "1"), b.addUser(b.dom, "bob", "2")
	b.addUser(b.addDomain("other.example"), "carol", "3")
	c := b.history(0)
	expect := func(want ...string) {
		t.Helper()
		if got := words(steps(t, b.Directory, c)); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	expect("+alice;", "+bob;")
	expect()
	dn := "Al"
	b.set(alice, directory.ObjectEdit{DN: &dn})
	expect("+alice;")
	before := c.Revision()
	dn = "B"
	b.set(bob, directory.ObjectEdit{DN: &dn})
	b.set(alice, directory.ObjectEdit{DN: &dn})
	b.must(b.RemoveUser(t.Context(), bob.Address()))
	expect("+alice;", "-"+bob.GUID+";")
	if _, err := b.Restore(t.Context(), bob.Address()); err != nil {
		t.Fatal(err)
	}
	expect("+bob;")

	c = b.history(before)
	expect("+alice;", "-"+bob.GUID+";", "+bob;")
	c = b.history(0) // deletions of before are of no interest
	expect("+alice;", "+bob;")
	for _, since := range []int64{-1, c.Revision() + 1} {
		if _, err := b.History(b.dom.ID, since); !errors.Is(err, directory.ErrHistoryLost) {
			t.Errorf("since %d: %v", since, err)
		}
	}
	_, err := b.History(4711, 0)
	b.refused(directory.CodeNotFound, err)
}

// TestPresenceIsNoStep: it changes often, and nobody keeps copies of it.
func TestPresenceIsNoStep(t *testing.T) {
	b := newBench(t)
	alice := b.addUser(b.dom, "alice", "1")
	c := b.history(0)
	steps(t, b.Directory, c)
	since := c.Revision()
	b.change(alice, func(p *directory.Properties) { p.Presence = []directory.Presence{{Contact: "tel:", Activity: "busy"}} })
	if got := words(steps(t, b.Directory, c)); len(got) > 0 {
		t.Errorf("%q", got)
	}
	var unchanged []string
	b.UnchangedSince(b.dom.ID, since, func(o *directory.Object) { unchanged = append(unchanged, o.SIP) })
	if !slices.Equal(unchanged, []string{"alice"}) {
		t.Errorf("%q", unchanged)
	}
	b.must(b.SetHome(t.Context(), alice.Address(), "phone"))
	if got := words(steps(t, b.Directory, c)); !slices.Equal(got, []string{"+alice;"}) {
		t.Errorf("%q", got)
	}
	b.UnchangedSince(b.dom.ID, since, func(o *directory.Object) { t.Errorf("%s has changed", o.SIP) })
}

// TestHistoryOfOneCommit: several objects of one commit come with one revision;
// only the last of them completes it.
func TestHistoryOfOneCommit(t *testing.T) {
	b := newBench(t)
	robot := b.addApp(b.dom, "robot")
	for _, name := range []string{"alice", "bob", "carol"} {
		b.set(b.addUser(b.dom, name, ""), directory.ObjectEdit{Apps: &[]string{"robot"}})
	}
	c := b.history(0)
	steps(t, b.Directory, c)
	name := "machine"
	b.set(robot, directory.ObjectEdit{SIP: &name}) // is written into the others
	got := words(steps(t, b.Directory, c))
	if want := []string{"+machine", "+alice", "+bob", "+carol;"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestHistoryIsForgotten: who is too far behind is told so.
func TestHistoryIsForgotten(t *testing.T) {
	b := newBench(t)
	b.addUser(b.dom, "alice", "1")
	behind, ahead := b.history(0), b.history(0)
	steps(t, b.Directory, ahead)
	since := ahead.Revision()
	b.KeepGone(b.dom.ID, 4)
	b.comeAndGo(9)
	for name, c := range map[string]*directory.Cursor{"behind": behind, "ahead": ahead} {
		if _, _, err := b.NextStep(c); !errors.Is(err, directory.ErrHistoryLost) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.History(b.dom.ID, since); !errors.Is(err, directory.ErrHistoryLost) {
		t.Error(err)
	}
	if n := len(steps(t, b.Directory, b.history(0))); n != 1 {
		t.Errorf("%d steps", n)
	}
}

// TestHistoryAnotherProcessStartsAnew: deletions before the start are not known.
func TestHistoryAnotherProcessStartsAnew(t *testing.T) {
	b := newBench(t)
	b.addUser(b.dom, "alice", "1")
	c := b.history(0)
	steps(t, b.Directory, c)
	another := b.another()
	if _, err := another.History(b.dom.ID, c.Revision()-1); !errors.Is(err, directory.ErrHistoryLost) {
		t.Errorf("deletions before the start are not known: %v", err)
	}
	if _, err := another.History(b.dom.ID, c.Revision()); err != nil {
		t.Error(err)
	}
}

// TestHistoryAtRandom: whoever follows, however slowly and with breaks, has what
// there is.
func TestHistoryAtRandom(t *testing.T) {
	b := newBench(t)
	r := rand.New(rand.NewPCG(1, 2))
	c := b.history(0)
	seen := map[string]string{}
	live := []directory.Object{}
	last := int64(0)
	take := func(s directory.Step) {
		if s.Revision < last {
			t.Fatalf("revision %d after %d", s.Revision, last)
		}
		last = s.Revision
		if s.Gone {
			delete(seen, s.Object.GUID)
		} else {
			seen[s.Object.GUID] = s.Object.DN
		}
	}
	for i := range 800 {
		switch n := r.IntN(10); {
		case n < 4 || len(live) == 0:
			live = append(live, b.addUser(b.dom, fmt.Sprintf("u%d", i), ""))
		case n < 8:
			dn := fmt.Sprint(i)
			b.set(live[r.IntN(len(live))], directory.ObjectEdit{DN: &dn})
		default:
			at := r.IntN(len(live))
			b.must(b.RemoveUser(t.Context(), live[at].Address()))
			live = slices.Delete(live, at, at+1)
		}
		for range r.IntN(3) {
			s, ok, err := b.NextStep(c)
			b.must(err)
			if !ok {
				break
			}
			take(s)
			if s.Complete && r.IntN(50) == 0 { // a break
				c = b.history(s.Revision)
			}
		}
	}
	for _, s := range steps(t, b.Directory, c) {
		take(s)
	}
	want := map[string]string{}
	for _, o := range b.Users(b.dom.ID) {
		want[o.GUID] = o.DN
	}
	if !maps.Equal(seen, want) {
		t.Errorf("%d objects seen, %d there", len(seen), len(want))
	}
}

// comeAndGo has another process add n groups and delete them.
func (b *bench) comeAndGo(n int) {
	b.t.Helper()
	first, err := b.store.Reserve(b.t.Context(), n)
	b.must(err)
	var batch directory.Batch
	for i := range int64(n) {
		o := directory.Object{ID: signal.ObjectID(first + i), Domain: b.dom.ID, Kind: directory.Group, SIP: fmt.Sprint("g", first+i), GUID: fmt.Sprintf("%032x", first+i)}
		batch.Objects = append(batch.Objects, directory.ObjectRow{Object: o})
	}
	b.must(b.store.Commit(b.t.Context(), &batch))
	b.must(b.Sync(b.t.Context()))
	for i := range batch.Objects {
		row := &batch.Objects[i]
		o, _ := b.Object(row.Address())
		row.Rev, row.Deleted = o.Revision, b.clock.Now()
	}
	b.must(b.store.Commit(b.t.Context(), &batch))
	b.must(b.Sync(b.t.Context()))
}
