package licence

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// TestBeginning is A6: nothing is switched off by the first key.
func TestBeginning(t *testing.T) {
	w := newWorld(t, ModeList)
	w.has(1, Calls, "1234")
	w.has(77, Calls, "1234") // nobody looks whether there is such a domain
	if s := w.Domain(1); !s.Unlimited || w.App(at(1, 1), "x") != Licensed || w.Lics(1, "x") != MaxCount || !w.Begun().IsZero() {
		t.Errorf("before the first key: %+v", s)
	}
	w.people.unseen[3] = "c.example" // another process has added it just now
	made := w.keygen()
	if !made.First || made.Private != "" || fmt.Sprint(made.Given) != "[a.example b.example c.example]" || w.Begun().IsZero() {
		t.Errorf("made %+v", made)
	}
	for _, f := range []Feature{Calls, Messages, Chat, ChatAttach, ChatGroup, Push, REST, "of.later"} {
		for domain := signal.DomainID(1); domain <= 3; domain++ {
			w.has(domain, f, "1234")
		}
	}
	if w.App(at(3, 1), "x") != Licensed || w.Lics(3, "x") != MaxCount {
		t.Error("apps or services were switched off")
	}
	w.add(4, "d.example")
	w.has(4, Calls, "")
	if w.App(at(4, 1), "x") != Unlicensed || w.Lics(4, "x") != 0 || w.Domain(4).Unlimited {
		t.Error("a new domain has something")
	}
	if again := w.keygen(); again.First || again.Given != nil {
		t.Errorf("the second key: %+v", again)
	}
	w.has(4, Calls, "")
}

func TestInstallAndRevoke(t *testing.T) {
	w := newWorld(t, ModeList)
	w.keygen()
	w.add(4, "d.example")
	other := w.open(ModeList)
	info := w.give(Entitlement{Domain: "d.example", Note: "n"}, "calls", "App(inno)")
	if info.State != Valid || info.Holder != 4 || info.Note != "n" {
		t.Errorf("installed %+v", info)
	}
	w.has(4, Calls, "1234")
	w.has(4, Push, "")
	w.has(5, Calls, "")
	if !w.MayCall(at(4, 1)) || w.MayCall(at(5, 1)) {
		t.Error("calls are not by their licence")
	}
	if w.App(at(4, 9), "innovaphone-x") != Licensed || w.App(at(4, 9), "in") != Unlicensed {
		t.Error("the licence of the app is not matched as its head")
	}
	w.must(other.Sync(t.Context()))
	if !other.Licensed(at(4, 1), Calls) {
		t.Error("another gate does not see it")
	}
	revoked, err := w.Revoke(t.Context(), info.ID)
	if err != nil || revoked.State != Revoked {
		t.Errorf("revoked: %+v, %v", revoked, err)
	}
	w.has(4, Calls, "")
	if again, err := w.Revoke(t.Context(), info.ID); err != nil || again.Revoked != revoked.Revoked {
		t.Errorf("revoked twice: %+v, %v", again, err)
	}
	_, err = w.Revoke(t.Context(), "nothing")
	w.refused("an unknown one", err, CodeNotFound)
	_, err = w.Show("nothing")
	w.refused("an unknown one", err, CodeNotFound)
	if list := w.List(); len(list) != 3 || list[2].Domain != "d.example" || list[2].State != Revoked {
		t.Errorf("list %+v", list)
	}
}

func TestInstallRefuses(t *testing.T) {
	w := newWorld(t, ModeList)
	if _, _, err := w.Issue(t.Context(), Entitlement{Domain: "a.example", Grants: grants(t, "calls")}); CodeOf(err) != CodeNoKey {
		t.Errorf("issued without key: %v", err)
	}
	w.keygen()
	text, signed, err := w.Issue(t.Context(), Entitlement{Domain: "a.example", Grants: grants(t, "calls")})
	w.must(err)
	if w.List()[0].ID == signed.ID {
		t.Error("issuing has installed")
	}
	first, err := w.Install(t.Context(), text)
	w.must(err)
	w.clock.Advance(time.Hour)
	if again, err := w.Install(t.Context(), "\n"+text+"\n"); err != nil || again.Installed != first.Installed || len(w.List()) != 3 {
		t.Errorf("once more: %+v, %v", again, err)
	}
	_, err = w.Install(t.Context(), text+"A")
	w.refused("damaged", err, CodeBadLicence)
	_, err = w.Install(t.Context(), sign(t, Entitlement{Domain: "a.example", Grants: grants(t, "calls")}))
	w.refused("of a foreign key", err, CodeUnknownKey)
	nobody, _, err := w.Issue(t.Context(), Entitlement{Domain: "nobody.example", Grants: grants(t, "calls")})
	w.must(err)
	_, err = w.Install(t.Context(), nobody)
	w.refused("for nobody", err, CodeUnknownDomain)
	w.people.unseen[9] = "nobody.example"
	_, err = w.Install(t.Context(), nobody)
	w.must(err) // the domain was added by another process
	same, _, err := w.Issue(t.Context(), Entitlement{ID: signed.ID, Domain: "b.example", Grants: grants(t, "push")})
	w.must(err)
	_, err = w.Install(t.Context(), same)
	w.refused("of an id that is taken", err, CodeBadLicence)
	_, err = w.Revoke(t.Context(), signed.ID)
	w.must(err)
	_, err = w.Install(t.Context(), text)
	w.refused("of a revoked one", err, CodeRevoked)
}

// TestRename: an entitlement stays with its domain, and a new domain of an old
// name starts with nothing.
func TestRename(t *testing.T) {
	w := newWorld(t, ModeList)
	w.keygen()
	w.people.domains[1] = "new.example"
	w.add(5, "a.example")
	w.has(1, Calls, "1234")
	w.has(5, Calls, "")
}

func TestKeyOfAnotherInstallation(t *testing.T) {
	w := newWorld(t, ModeList)
	text := sign(t, Entitlement{Domain: "a.example", Grants: grants(t, "calls")})
	key, err := w.Trust(t.Context(), testKey.Public().String(), "head office")
	if err != nil || key.Issues || !w.Begun().IsZero() {
		t.Errorf("trusted %+v, %v", key, err)
	}
	again, err := w.Trust(t.Context(), testKey.Public().String(), "other")
	if err != nil || again.Name != "head office" {
		t.Errorf("trusted again %+v, %v", again, err)
	}
	info, err := w.Install(t.Context(), text)
	w.must(err)
	_, _, err = w.Issue(t.Context(), Entitlement{Key: key.ID, Domain: "*", Grants: grants(t, "calls")})
	w.refused("issue with half a key", err, CodeNoKey)
	_, err = w.RevokeKey(t.Context(), key.ID, false)
	w.refused("a key in use", err, CodeInUse)
	if ended, err := w.RevokeKey(t.Context(), key.ID, true); ended != 1 || err != nil {
		t.Errorf("revoked with %d, %v", ended, err)
	}
	if ended, err := w.RevokeKey(t.Context(), key.ID, false); ended != 0 || err != nil {
		t.Errorf("revoked twice with %d, %v", ended, err)
	}
	if info, err = w.Show(info.ID); err != nil || info.State != KeyRevoked {
		t.Errorf("after that %+v, %v", info, err)
	}
	_, err = w.Install(t.Context(), text)
	w.refused("of a revoked key", err, CodeRevoked)
	_, err = w.Trust(t.Context(), testKey.Public().String(), "")
	w.refused("a revoked key", err, CodeRevoked)
	_, err = w.Trust(t.Context(), "hello", "")
	w.refused("no key", err, CodeBadKey)
	_, err = w.Trust(t.Context(), NewKey().Public().String(), "two\nlines")
	w.refused("a bad name", err, CodeBadValue)
	_, err = w.RevokeKey(t.Context(), "nothing", true)
	w.refused("an unknown key", err, CodeUnknownKey)
}

func TestKeyRotation(t *testing.T) {
	w := newWorld(t, ModeList)
	first := w.keygen()
	w.clock.Advance(time.Minute)
	second := w.keygen()
	_, signed, err := w.Issue(t.Context(), Entitlement{Domain: "*", Grants: grants(t, "calls")})
	if err != nil || signed.Key != second.Key.ID {
		t.Errorf("signed with %s, %v", signed.Key, err)
	}
	if _, signed, err = w.Issue(t.Context(), Entitlement{Key: first.Key.ID, Domain: "*", Grants: grants(t, "calls")}); err != nil || signed.Key != first.Key.ID {
		t.Errorf("signed with %s, %v", signed.Key, err)
	}
	_, err = w.RevokeKey(t.Context(), second.Key.ID, false)
	w.must(err)
	if _, signed, err = w.Issue(t.Context(), Entitlement{Domain: "*", Grants: grants(t, "calls")}); err != nil || signed.Key != first.Key.ID {
		t.Errorf("signed with %s, %v", signed.Key, err)
	}
	_, _, err = w.Issue(t.Context(), Entitlement{Key: second.Key.ID, Domain: "*", Grants: grants(t, "calls")})
	w.refused("with a revoked key", err, CodeRevoked)
	_, _, err = w.Issue(t.Context(), Entitlement{Key: "other", Domain: "*", Grants: grants(t, "calls")})
	w.refused("with no key", err, CodeUnknownKey)
	if row := w.store.rows.Keys[1]; row.Sealed != nil {
		t.Error("the private half of a revoked key is kept")
	}
	if _, err := w.RevokeKey(t.Context(), first.Key.ID, true); err != nil {
		t.Error(err)
	}
	w.has(1, Calls, "") // what the operator has asked for
	if keys := w.Keys(); len(keys) != 2 || keys[0].ID != second.Key.ID || keys[1].Revoked.IsZero() {
		t.Errorf("keys %+v", keys)
	}
}

// TestIssueAfterReseal: a key that was sealed anew, with nothing else changed, is
// found in the store.
func TestIssueAfterReseal(t *testing.T) {
	w := newWorld(t, ModeList)
	made := w.keygen()
	row := &w.store.rows.Keys[0]
	plain, err := plainSealing{}.Unseal(row.Sealed, KeyBound(made.Key.ID))
	w.must(err)
	w.Gate.sealing = newSealing{}
	_, _, err = w.Issue(t.Context(), Entitlement{Domain: "*", Grants: grants(t, "calls")})
	if err == nil || CodeOf(err) != "" {
		t.Errorf("issued with a key that cannot be opened: %v", err)
	}
	row.Sealed = newSealing{}.Seal(plain, KeyBound(made.Key.ID))
	_, signed, err := w.Issue(t.Context(), Entitlement{Domain: "*", Grants: grants(t, "calls")})
	if err != nil || signed.Key != made.Key.ID {
		t.Errorf("issued %+v, %v", signed, err)
	}
}

func TestKeygenWithoutKeeping(t *testing.T) {
	w := newWorld(t, ModeList)
	made, err := w.Keygen(t.Context(), "", false)
	w.must(err)
	private, err := ParsePrivateKey(made.Private)
	if err != nil || private.Public().ID() != made.Key.ID || w.store.rows.Keys[0].Sealed != nil {
		t.Fatalf("made %+v, %v", made.Key, err)
	}
	text, _, err := Sign(private, Entitlement{Domain: "a.example", Grants: grants(t, "push")})
	w.must(err)
	_, err = w.Install(t.Context(), text)
	w.must(err)
	_, err = w.Keygen(t.Context(), strings.Repeat("n", 65), true)
	w.refused("a long name", err, CodeBadValue)
	for range maxKeys - 1 {
		w.keygen()
	}
	_, err = w.Keygen(t.Context(), "", true)
	w.refused("one key more", err, CodeTooMany)
	_, err = w.Trust(t.Context(), NewKey().Public().String(), "")
	w.refused("one key more", err, CodeTooMany)
}

// TestSeats: of more users than are counted, those that exist longest have it.
func TestSeats(t *testing.T) {
	w := newWorld(t, ModeList)
	w.keygen()
	w.add(4, "d.example")
	w.add(5, "e.example")
	two := w.give(Entitlement{Domain: "d.example"}, "messages:2", "calls")
	w.has(4, Messages, "")
	w.has(4, Calls, "1234")
	w.assign(at(4, 3), "messages", "unknown")
	w.assign(at(4, 4), "push", "messages", "messages")
	w.assign(at(5, 1), "messages")
	w.has(4, ChatGroup, "34")
	w.has(5, Messages, "")
	err := w.CheckAssign(at(4, 2), []string{"messages"})
	w.refused("a third user", err, CodeNoSeat)
	w.must(w.CheckAssign(at(4, 3), []string{"messages", "calls"}))
	w.must(w.CheckAssign(at(4, 2), []string{"calls"}))
	w.refused("what there is not", w.CheckAssign(at(4, 3), []string{"push"}), CodeNotEntitled)
	w.refused("what cannot be", w.CheckAssign(at(4, 3), []string{"App(x"}), CodeBadValue)
	w.assign(at(4, 2), "messages") // by a template, which nobody has checked
	w.has(4, Messages, "23")
	want := []Holding{{Name: Calls, Entitled: MaxCount}, {Name: Messages, Entitled: 2, Assigned: 3, Used: 2}}
	if s := w.Domain(4); s.Unlimited || s.TestMode || !reflect.DeepEqual(s.Features, want) {
		t.Errorf("domain has %+v", s)
	}
	w.give(Entitlement{Domain: "d.example"}, "messages:1")
	w.has(4, Messages, "234")
	_, err = w.Revoke(t.Context(), two.ID)
	w.must(err)
	w.has(4, Messages, "2")
	w.has(4, Calls, "")
	w.assign(at(4, 2))
	w.has(4, Messages, "3")
	w.give(Entitlement{Domain: "d.example"}, "messages")
	w.has(4, Messages, "1234")
	w.must(w.CheckAssign(at(4, 2), []string{"messages"}))
	totals := w.Totals()
	if totals.Features["messages"] != (Total{1, 1}) || totals.States[Valid] != 4 || totals.States[Revoked] != 1 || !totals.Ends.IsZero() {
		t.Errorf("totals %+v", totals)
	}
}

// TestEveryDomain: a count for every domain holds for each of them.
func TestEveryDomain(t *testing.T) {
	w := newWorld(t, ModeList)
	w.keygen()
	w.add(4, "d.example")
	w.give(Entitlement{Domain: "*"}, "calls", "push:1", "Service(rec):3")
	w.add(5, "e.example")
	for domain := signal.DomainID(4); domain <= 5; domain++ {
		w.assign(at(domain, 1), "push")
		w.assign(at(domain, 2), "push")
		w.has(domain, Calls, "1234")
		w.has(domain, Push, "1")
		if n := w.Lics(domain, "recorder"); n != 3 {
			t.Errorf("%d service licences", n)
		}
	}
	w.has(6, Calls, "1234") // the directory has told of it before the gate has looked
	w.has(6, Push, "")
	w.give(Entitlement{Domain: "e.example"}, "Service(rec):4", "Service(x)", "Service(recorder-2):1")
	for name, want := range map[string]int{"recorder": 7, "recorder-2": 8, "xy": MaxCount, "re": 0} {
		if n := w.Lics(5, name); n != want {
			t.Errorf("%s has %d service licences, want %d", name, n, want)
		}
	}
}

// TestService: licences of a service are for tests alone if all of them are.
func TestService(t *testing.T) {
	w := newWorld(t, ModeList)
	changes := 0
	w.Watch(func() { changes++ })
	if n, testMode := w.Service(1, "x"); n != MaxCount || testMode {
		t.Errorf("before the first key: %d, %v", n, testMode)
	}
	w.keygen()
	w.add(4, "d.example")
	w.give(Entitlement{Domain: "d.example", TestMode: true}, "Service(tests):2", "Service(both):1", "Service(all)")
	before := changes
	w.give(Entitlement{Domain: "d.example"}, "Service(both):1")
	if changes == before {
		t.Error("nobody was told of a new licence")
	}
	for _, test := range []struct {
		name     string
		n        int
		testMode bool
	}{{"tests", 2, true}, {"both", 2, false}, {"all", MaxCount, true}, {"none", 0, false}} {
		if n, testMode := w.Service(4, test.name); n != test.n || testMode != test.testMode {
			t.Errorf("%s: %d, %v", test.name, n, testMode)
		}
	}
}

func TestTestMode(t *testing.T) {
	w := newWorld(t, ModeList)
	w.keygen()
	w.add(4, "d.example")
	w.give(Entitlement{Domain: "d.example", TestMode: true}, "App(x)", "App(y):1", "App(z)")
	w.give(Entitlement{Domain: "d.example"}, "App(y):1", "App(z)")
	for id := signal.ObjectID(1); id <= 3; id++ {
		w.assign(at(4, id), "App(y)")
	}
	for _, test := range []struct {
		user signal.ObjectID
		app  string
		want Standing
	}{{1, "x", TestMode}, {9, "x", TestMode}, {1, "y", Licensed}, {2, "y", TestMode}, {3, "y", Unlicensed}, {9, "y", Unlicensed}, {1, "z", Licensed}, {1, "a", Unlicensed}} {
		if got := w.App(at(4, test.user), test.app); got != test.want {
			t.Errorf("%d with %s: %v, want %v", test.user, test.app, got, test.want)
		}
	}
	s := w.Domain(4)
	if !s.TestMode || !s.Features[0].TestMode || s.Features[1].TestMode || s.Features[2].TestMode || s.Features[1].Entitled != 2 {
		t.Errorf("domain has %+v", s)
	}
}

func TestModes(t *testing.T) {
	w := newWorld(t, ModeNone)
	w.keygen()
	w.has(1, Calls, "")
	if s := w.Domain(1); s.Unlimited || len(s.Features) > 0 || w.Lics(1, "x") != 0 || w.CheckAssign(at(1, 1), []string{"calls"}) != nil {
		t.Errorf("with none: %+v", s)
	}
	all := w.open(ModeAll)
	if !all.Licensed(at(77, 1), Calls) || all.Lics(1, "x") != MaxCount || !all.Domain(1).Unlimited {
		t.Error("with all something is missing")
	}
	_, err := Open(t.Context(), w.store, plainSealing{}, w.people, Config{Mode: "some"})
	w.refused("an unknown mode", err, CodeBadValue)
}

// TestTime: entitlements begin and end while the gate runs, without a restart.
func TestTime(t *testing.T) {
	w := newWorld(t, ModeList)
	w.keygen()
	w.add(4, "d.example")
	now := w.clock.Now()
	later := w.give(Entitlement{Domain: "d.example", From: now.Add(10 * time.Hour), Until: now.Add(20 * time.Hour)}, "calls")
	if later.State != Pending {
		t.Errorf("it is %s", later.State)
	}
	for _, want := range []string{"", "", "1234", ""} {
		w.has(4, Calls, want)
		w.clock.Advance(8 * time.Hour)
		w.sync()
	}
	if info, _ := w.Show(later.ID); info.State != Expired || w.Totals().States[Expired] != 1 {
		t.Errorf("it is %s", info.State)
	}
}

// TestClockSetBack: what has ended by a wrong clock is valid again.
func TestClockSetBack(t *testing.T) {
	w := newWorld(t, ModeList)
	c := &shifted{Clock: w.clock}
	w.Gate.clock = c
	w.keygen()
	w.add(4, "d.example")
	w.give(Entitlement{Domain: "d.example", Until: w.clock.Now().Add(time.Hour)}, "calls")
	c.shift(20 * 365 * day)
	w.sync()
	w.has(4, Calls, "")
	w.has(1, Calls, "1234")
	c.shift(-20 * 365 * day)
	w.sync()
	w.has(4, Calls, "1234")
	c.shift(-20 * 365 * day) // before everything was installed
	w.sync()
	w.has(4, Calls, "1234")
	w.has(1, Calls, "1234")
}

func TestWarnings(t *testing.T) {
	w := newWorld(t, ModeList)
	w.keygen()
	w.add(4, "d.example")
	info := w.give(Entitlement{Domain: "d.example", Until: w.clock.Now().Add(40 * day)}, "calls")
	var warned []string
	for range 41 * 24 {
		w.log.Reset()
		w.clock.Advance(time.Hour)
		w.sync()
		for line := range strings.Lines(w.log.String()) {
			if !strings.Contains(line, info.ID) {
				t.Errorf("log %s", line)
			}
			_, days, _ := strings.Cut(strings.TrimSpace(line), "days=")
			warned = append(warned, days)
		}
	}
	if fmt.Sprint(warned) != "[30 7 1 ]" {
		t.Errorf("warned at %q", warned)
	}
	w.log.Reset()
	short := w.give(Entitlement{Domain: "d.example", Until: w.clock.Now().Add(3 * day)}, "calls")
	w.sync()
	if text := w.log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, short.ID) || !strings.Contains(text, "days=7") {
		t.Errorf("log %s", text)
	}
}

// TestDamagedStore: what somebody has written into the store gives nothing.
func TestDamagedStore(t *testing.T) {
	w := newWorld(t, ModeList)
	w.keygen()
	w.add(4, "d.example")
	w.give(Entitlement{Domain: "d.example"}, "calls")
	foreign := sign(t, Entitlement{Domain: "d.example", Grants: grants(t, "push")})
	f, err := Read(foreign)
	w.must(err)
	forged := f
	forged.Key = w.Keys()[0].ID
	w.store.change(func(r *Rows) {
		r.Entitlements[2].Text = "damaged"
		r.Entitlements = append(r.Entitlements, EntitlementRow{ID: f.ID, Domain: 4, Text: foreign, Installed: noon},
			EntitlementRow{ID: strings.Repeat("a", 32), Domain: 4, Text: foreign, Installed: noon})
	})
	w.sync()
	w.has(4, Calls, "")
	w.has(4, Push, "")
	states := w.Totals().States
	if states[Damaged] != 2 || states[KeyRevoked] != 1 || states[Valid] != 2 {
		t.Errorf("states %v", states)
	}
	_, err = w.Trust(t.Context(), testKey.Public().String(), "") // now it is in order
	w.must(err)
	w.has(4, Push, "1234")
	w.store.change(func(r *Rows) { // signed with another key than it says
		for i := range r.Keys {
			r.Keys[i].Public = NewKey().Public().key
		}
	})
	fresh := w.open(ModeList)
	if fresh.Licensed(at(1, 1), Calls) || fresh.Licensed(at(4, 1), Push) {
		t.Error("what another key has signed counts")
	}
}

func TestStoreFails(t *testing.T) {
	w := newWorld(t, ModeList)
	w.keygen()
	broken := errors.New("disk is on fire")
	w.store.fail = broken
	if err := w.Sync(t.Context()); !errors.Is(err, broken) {
		t.Errorf("sync: %v", err)
	}
	if _, err := w.Keygen(t.Context(), "", true); !errors.Is(err, broken) {
		t.Errorf("keygen: %v", err)
	}
	w.has(1, Calls, "1234")
	if _, err := Open(t.Context(), w.store, plainSealing{}, w.people, Config{}); !errors.Is(err, broken) {
		t.Errorf("open: %v", err)
	}
}

// TestFollow: within a second a gate sees what another has written, and at once
// what the directory tells.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, ModeList)
		other := w.open(ModeList)
		ctx, cancel := context.WithCancel(t.Context())
		var following sync.WaitGroup
		following.Go(func() { other.Follow(ctx) })
		w.keygen()
		w.add(4, "d.example")
		until := time.Now().Add(10 * time.Second)
		w.give(Entitlement{Domain: "d.example", Until: until}, "calls:1")
		other.Changed(4)
		w.assign(at(4, 2), "calls")
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if !other.Licensed(at(4, 2), Calls) {
			t.Error("after a second it has not seen the licence")
		}
		w.assign(at(4, 1), "calls")
		other.Changed(4)
		time.Sleep(100 * time.Millisecond)
		if !other.Licensed(at(4, 1), Calls) || other.Licensed(at(4, 2), Calls) {
			t.Error("it has not seen the assignment")
		}
		time.Sleep(time.Until(until) + 1100*time.Millisecond)
		if other.Licensed(at(4, 1), Calls) {
			t.Error("after its end the licence holds")
		}
		w.store.mu.Lock()
		w.store.fail = errors.New("broken")
		w.store.mu.Unlock()
		time.Sleep(5 * time.Second)
		w.store.mu.Lock()
		w.store.fail = nil
		w.store.mu.Unlock()
		time.Sleep(5 * time.Second)
		cancel()
		following.Wait()
		if text := w.log.String(); strings.Count(text, "cannot follow") != 1 || strings.Count(text, "following the store again") != 1 {
			t.Errorf("log: %s", text)
		}
	})
}

// TestAtOnce asks and changes from many goroutines, for the race detector.
func TestAtOnce(t *testing.T) {
	w := newWorld(t, ModeList)
	w.keygen()
	w.give(Entitlement{Domain: "*"}, "push:2")
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 50 {
				w.Licensed(at(1, 1), Push)
				w.Domain(1)
				w.Totals()
				w.List()
				w.Changed(signal.DomainID(i))
				if err := w.Sync(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestQuestionsDoNotAllocate(t *testing.T) {
	w := newWorld(t, ModeList)
	w.keygen()
	w.add(4, "d.example")
	w.give(Entitlement{Domain: "d.example"}, "App(innovaphone)", "messages:2", "Service(x):3", "calls")
	w.assign(at(4, 1), "messages")
	n := testing.AllocsPerRun(100, func() {
		if !w.Licensed(at(4, 1), Chat) || w.Licensed(at(4, 2), Push) || w.App(at(4, 2), "innovaphone-x") != Licensed || w.Lics(4, "xy") != 3 {
			t.Error("wrong answer")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkLicensed(b *testing.B) {
	v := &view{rest: &holding{}, domains: map[signal.DomainID]*holding{1: {}}}
	v.domains[1].add(&Entitlement{Grants: []Grant{{Name: Messages, Count: 10}, {Name: Calls}, {Name: Push}, {Name: REST}}})
	g := &Gate{}
	g.view.Store(v)
	b.ReportAllocs()
	for b.Loop() {
		g.Licensed(at(1, 7), Calls)
	}
}
