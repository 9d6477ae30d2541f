package directory_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// one makes a profile with n contacts.
func profile(n int) []directory.Profile {
	return []directory.Profile{{ID: 1, Name: "Favourites", Contacts: make([]directory.Contact, n)}}
}

func (b *bench) setProfiles(a signal.Address, list []directory.Profile) error {
	return b.SetProfiles(b.t.Context(), a, func([]directory.Profile) ([]directory.Profile, error) { return list, nil })
}

func TestProfiles(t *testing.T) {
	b := newBench(t)
	alice, bob, robot := b.addUser(b.dom, "alice", "101"), b.addUser(b.dom, "bob", "102"), b.addApp(b.dom, "robot")
	var told []directory.Change
	b.Watch(func(c directory.Change) { told = append(told, c) })
	want := []directory.Profile{{ID: 1, Name: "Favourites", Contacts: []directory.Contact{{ID: 5, SIP: "bob", DN: "Bob", Presence: true}}}, {ID: 2}}
	b.must(b.setProfiles(alice.Address(), want))
	away := b.another()
	for _, d := range []*directory.Directory{b.Directory, away} {
		if got := d.Profiles(alice.Address()); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v", got)
		}
		if got := d.Profiles(bob.Address()); got != nil {
			t.Errorf("bob has %+v", got)
		}
	}
	b.must(b.setProfiles(alice.Address(), want)) // costs nothing
	if len(told) != 1 || told[0].What != directory.PersonalSet || told[0].Address != alice.Address() {
		t.Errorf("told %+v", told)
	}
	b.refused(directory.CodeNotFound, b.setProfiles(robot.Address(), want))
	b.refused(directory.CodeNotFound, b.setProfiles(signal.Address{Domain: 4711, Object: alice.ID}, want))
	for name, list := range map[string][]directory.Profile{
		"nobody":        profile(1),
		"long name":     {{Contacts: []directory.Contact{{SIP: strings.Repeat("x", 300)}}}},
		"unprintable":   {{Contacts: []directory.Contact{{Num: "1\n"}}}},
		"unknown kind":  {{Contacts: []directory.Contact{{SIP: "a", Ext: "fax"}}}},
		"many contacts": profile(513),
		"many":          make([]directory.Profile, 17),
	} {
		want := directory.CodeBadValue
		if strings.HasPrefix(name, "many") {
			want = directory.CodeTooMany
		}
		t.Log(name)
		b.refused(want, b.setProfiles(bob.Address(), list))
	}
}

func TestSetPresence(t *testing.T) {
	b := newBench(t)
	alice := b.addUser(b.dom, "alice", "101")
	var told []directory.What
	b.Watch(func(c directory.Change) { told = append(told, c.What) })
	set := func(contact, activity, note string) error {
		return b.SetPresence(t.Context(), alice.Address(), directory.Presence{Contact: contact, Activity: activity, Note: note})
	}
	b.must(set("tel:", "busy", "<b>in a meeting"))
	b.must(set("calendar:", "away", ""))
	b.must(set("tel:", "busy", "in a meeting")) // said already
	now, _ := b.Object(alice.Address())
	want := []directory.Presence{{Contact: "calendar:", Activity: "away"}, {Contact: "tel:", Activity: "busy", Note: "in a meeting"}}
	if !reflect.DeepEqual(now.Presence, want) {
		t.Errorf("got %+v", now.Presence)
	}
	b.must(set("tel:", "", ""))
	b.must(set("tel:", "", ""))
	b.must(set("calendar:", "", ""))
	if now, _ = b.Object(alice.Address()); now.Presence != nil {
		t.Errorf("left: %+v", now.Presence)
	}
	if !reflect.DeepEqual(told, []directory.What{directory.PersonalSet, directory.PersonalSet, directory.PersonalSet, directory.PersonalSet}) {
		t.Errorf("told %v", told)
	}
	b.refused(directory.CodeBadValue, set("", "busy", ""))
	b.refused(directory.CodeBadValue, set("tel:", strings.Repeat("x", 65), ""))
	for i := range 8 {
		b.must(set(string(rune('a'+i))+":", "x", ""))
	}
	b.refused(directory.CodeTooMany, set("i:", "x", ""))
}
