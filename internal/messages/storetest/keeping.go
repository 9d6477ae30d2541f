package storetest

import (
	"slices"
	"testing"

	"github.com/tandem-switch/tandem/internal/messages"
)

func (b *bench) rooms(of string) []messages.Room {
	b.t.Helper()
	rooms, err := b.log.(messages.Searchable).Rooms(b.t.Context(), b.id(of))
	if err != nil {
		b.t.Fatal(err)
	}
	return rooms
}

// testRooms checks that rooms are exactly what History shows.
func testRooms(t *testing.T, b *bench) {
	b.say("alice", "bob", "1")
	b.say("carol", "bob", "2")
	b.do(&messages.Post{Author: who("alice"), To: who("bob"), Own: true, Owner: who("alice"), Text: "own of alice"})
	b.do(&messages.Post{Author: who("bob"), To: who("bob"), Text: "to himself"})
	group := b.do(&messages.MakeGroup{By: who("alice"), Title: "group", Members: []messages.Ref{who("carol")}}).Conv
	b.tell(group, "alice", "before bob")
	b.do(&messages.SetMember{By: who("alice"), Group: group, Member: who("bob"), Act: messages.Add})
	b.tell(group, "alice", "with bob")
	b.do(&messages.SetMember{By: who("bob"), Group: group, Member: who("bob"), Act: messages.Leave})
	b.tell(group, "alice", "after bob")

	tail, err := b.log.Tail(t.Context(), 0, 500)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alice", "bob", "carol"} {
		var inRooms, inChats []string
		rooms := b.rooms(name)
		seen := map[messages.Chat]bool{}
		for _, c := range tail.Changes {
			if m := c.Message; c.Kind == messages.Posted && slices.ContainsFunc(rooms, func(r messages.Room) bool {
				return r.Conv == m.Conv && m.ID >= r.From && (r.To == 0 || m.ID <= r.To)
			}) {
				inRooms = append(inRooms, m.Text)
			}
		}
		for _, r := range rooms {
			if !seen[r.Chat] {
				seen[r.Chat] = true
				inChats = append(inChats, b.history(name, r.Chat, messages.Page{})...)
			}
		}
		slices.Sort(inRooms)
		slices.Sort(inChats)
		if len(inRooms) == 0 || !slices.Equal(inRooms, inChats) {
			t.Errorf("%s: rooms have %q, chats %q", name, inRooms, inChats)
		}
	}
	_, err = b.log.(messages.Searchable).Rooms(t.Context(), 9999)
	b.wantCode(err, messages.NotFound)
}

func testEpoch(t *testing.T, b *bench) {
	epoch := func() int64 { return b.log.(messages.Searchable).Epoch() }
	first := epoch()
	if first == 0 || epoch() != first {
		t.Fatalf("epochs %d and %d", first, epoch())
	}
	other := b.domain(b.store, "other.org").(messages.Searchable).Epoch()
	if other == 0 || other == first {
		t.Errorf("two logs have the epochs %d and %d", first, other)
	}
	b.reopen()
	want(t, "the epoch after a restart", epoch(), first)
}

func testRules(t *testing.T, b *bench) {
	b.say("alice", "bob", "1")
	group := b.do(&messages.MakeGroup{By: who("alice"), Title: "group"}).Conv
	l := b.log.(messages.Retained)
	set := func(r messages.Rule, code messages.Code) {
		t.Helper()
		b.wantCode(l.SetRule(t.Context(), r), code)
	}
	rules := func(want ...messages.Rule) {
		t.Helper()
		got, err := l.Rules(t.Context())
		for i := range got {
			if got[i].Changed == 0 {
				t.Errorf("rule %d has no time", i)
			}
			got[i].Changed = 0
		}
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("rules %+v, %v, want %+v", got, err, want)
		}
	}
	rules()
	ofGroup := messages.Rule{Conv: group, Messages: 30}
	ofDomain := messages.Rule{Messages: 365, Files: 90}
	set(ofGroup, 0)
	set(ofDomain, 0)
	rules(ofDomain, ofGroup)
	ofDomain.Files = 0
	set(ofDomain, 0)
	set(messages.Rule{Conv: 9999}, messages.NotFound)
	set(messages.Rule{Messages: -1}, messages.BadParameter)
	set(messages.Rule{Files: messages.MaxDays + 1}, messages.BadParameter)
	set(messages.Rule{Conv: -1}, messages.BadParameter)
	other := b.domain(b.store, "other.org").(messages.Retained)
	if r, err := other.Rules(t.Context()); err != nil || len(r) != 0 {
		t.Errorf("another domain has %v, %v", r, err)
	}
	b.reopen()
	l = b.log.(messages.Retained)
	rules(ofDomain, ofGroup)
	b.wantCode(l.DropRule(t.Context(), group), 0)
	b.wantCode(l.DropRule(t.Context(), group), messages.NotFound)
	rules(ofDomain)
	if err := b.store.Drop(t.Context(), "example.com"); err != nil {
		t.Fatal(err)
	}
	l = b.domain(b.store, "example.com").(messages.Retained)
	rules()
}
