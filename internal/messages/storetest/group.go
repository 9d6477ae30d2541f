package storetest

import (
	"fmt"
	"testing"

	"github.com/tandem-switch/tandem/internal/messages"
)

func (b *bench) group(by string, members ...string) messages.ConvID {
	b.t.Helper()
	op := &messages.MakeGroup{By: who(by), Title: "group"}
	for _, m := range members {
		op.Members = append(op.Members, who(m))
	}
	return b.do(op).Conv
}

func (b *bench) act(by string, group messages.ConvID, act messages.Act, member string, role messages.Role) messages.Result {
	b.t.Helper()
	return b.do(&messages.SetMember{By: who(by), Group: group, Act: act, Member: who(member), Role: role})
}

// members are the names and roles of a group.
func (b *bench) members(group messages.ConvID) (list []string) {
	b.t.Helper()
	rows, err := b.log.Members(b.t.Context(), group, messages.MembersQuery{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, m := range rows {
		list = append(list, fmt.Sprint(m.Person.SIP, m.Role))
	}
	return list
}

func testGroups(t *testing.T, b *bench) {
	group := b.group("alice", "bob", "alice", "carol", "bob")
	wantList(t, "members", b.members(group), "alice3", "bob1", "carol1")
	g, err := b.log.Group(t.Context(), group)
	if err != nil || g.Title != "group" || g.Members != 3 || g.ID != group {
		t.Fatalf("group %+v, %v", g, err)
	}
	b.tell(group, "bob", "1")
	b.wantUnread("alice", 1)
	b.wantUnread("bob", 0)
	row := b.chat("carol", messages.Chat{Group: group})
	if row.Title != "group" || row.Unread != 1 || row.Last.Text != "1" || row.Left {
		t.Fatalf("chat %+v", row)
	}
	b.do(&messages.Mark{By: who("carol"), Group: group, State: messages.ReadMark})
	b.wantUnread("carol", 0)
	b.refused(messages.NotFound, &messages.Post{Author: who("dave"), Group: group, Text: "x"})
	title, yes := "new title", true
	r := b.do(&messages.SetGroup{By: who("alice"), ID: group, Title: &title, Announce: &yes})
	want(t, "changed", r.Changed, true)
	want(t, "changed again", b.do(&messages.SetGroup{By: who("alice"), ID: group, Title: &title}).Changed, false)
	b.refused(messages.NotAllowed, &messages.Post{Author: who("bob"), Group: group, Text: "x"})
	b.tell(group, "alice", "2")
	list, err := b.log.Groups(t.Context(), b.id("bob"))
	if err != nil || len(list) != 1 || list[0].Title != title || !list[0].Announce || list[0].Role != messages.MemberRole {
		t.Fatalf("groups %+v, %v", list, err)
	}
	b.reopen()
	b.refused(messages.NotAllowed, &messages.Post{Author: who("bob"), Group: group, Text: "x"})
	b.refused(messages.NotAllowed, &messages.DropGroup{By: who("bob"), ID: group})
	b.refused(messages.NotFound, &messages.DropGroup{By: who("dave"), ID: group})
	want(t, "gone", b.do(&messages.DropGroup{By: who("alice"), ID: group}).Gone, true)
	_, err = b.log.Group(t.Context(), group)
	b.wantCode(err, messages.NotFound)
	b.refused(messages.NotFound, &messages.Post{Author: who("alice"), Group: group, Text: "x"})
	wantList(t, "what was read stays", b.history("bob", messages.Chat{Group: group}, messages.Page{}), "2", "1")
	page, err := b.log.Members(t.Context(), group, messages.MembersQuery{After: b.id("alice"), Count: 1})
	if err != nil || len(page) != 1 || page[0].Person.SIP != "bob" {
		t.Fatalf("page of members %+v, %v", page, err)
	}
}

func testGroupRules(t *testing.T, b *bench) {
	group := b.group("alice", "bob", "carol", "dave")
	b.act("alice", group, messages.Grant, "bob", messages.Admin)
	b.act("bob", group, messages.Grant, "carol", messages.Admin)
	type try struct {
		by     string
		act    messages.Act
		member string
		role   messages.Role
		want   messages.Code
	}
	for i, x := range []try{
		{"dave", messages.Add, "erin", 0, messages.NotAllowed},
		{"stranger", messages.Add, "erin", 0, messages.NotFound},
		{"dave", messages.Kick, "carol", 0, messages.NotAllowed},
		{"bob", messages.Kick, "alice", 0, messages.NotAllowed},
		{"bob", messages.Ban, "carol", 0, messages.NotAllowed},
		{"bob", messages.Grant, "bob", messages.Owner, messages.NotAllowed},
		{"bob", messages.Grant, "alice", messages.MemberRole, messages.NotAllowed},
		{"bob", messages.Grant, "erin", messages.Admin, messages.NotFound},
		{"bob", messages.Mute, "erin", 0, messages.NotFound},
		{"erin", messages.Join, "erin", 0, messages.NotAllowed},
		{"erin", messages.Leave, "erin", 0, messages.NotFound},
		{"bob", messages.Leave, "dave", 0, messages.NotAllowed},
		{"bob", messages.Grant, "carol", messages.MemberRole, 0}, // admins make and unmake admins
		{"bob", messages.Kick, "carol", 0, 0},
		{"bob", messages.Ban, "dave", 0, 0},
		{"bob", messages.Ban, "frank", 0, 0}, // was never in
		{"alice", messages.Grant, "bob", messages.Owner, 0},
	} {
		_, err := b.log.Do(t.Context(), &messages.SetMember{By: who(x.by), Group: group, Act: x.act, Member: who(x.member), Role: x.role})
		if messages.CodeOf(err) != x.want {
			t.Errorf("%d %+v: %v", i, x, err)
		}
	}
	wantList(t, "members", b.members(group), "alice2", "bob3")
	banned, err := b.log.Members(t.Context(), group, messages.MembersQuery{Banned: true})
	if err != nil || len(banned) != 2 {
		t.Fatalf("banned %+v, %v", banned, err)
	}
	open := true
	b.do(&messages.SetGroup{By: who("bob"), ID: group, Open: &open})
	b.act("erin", group, messages.Join, "erin", 0)
	b.refused(messages.NotFound, &messages.SetMember{By: who("frank"), Group: group, Act: messages.Join})
	b.act("bob", group, messages.Unban, "frank", 0)
	b.do(&messages.SetMember{By: who("frank"), Group: group, Act: messages.Join})
	wantList(t, "members", b.members(group), "alice2", "bob3", "erin1", "frank1")
	b.do(&messages.SetMember{By: who("bob"), Group: group, Act: messages.Mute, Member: who("erin"), Until: b.clock.Now().Add(hour).UnixMilli()})
	b.refused(messages.NotAllowed, &messages.Post{Author: who("erin"), Group: group, Text: "x"})
	b.clock.Advance(2 * hour)
	id := b.tell(group, "erin", "1")
	b.refused(messages.NotAllowed, &messages.Delete{By: who("frank"), ID: id})
	b.refused(messages.NotAllowed, &messages.Pin{By: who("frank"), ID: id, On: true})
	b.do(&messages.Pin{By: who("alice"), ID: id, On: true})
	b.refused(messages.NotAllowed, &messages.Delete{By: who("alice"), ID: id, Windows: messages.Windows{Admin: -1}})
	b.do(&messages.Delete{By: who("alice"), ID: id})
	b.refused(messages.NotAllowed, &messages.SetGroup{By: who("erin"), ID: group, Open: &open})
}

func testGroupHistory(t *testing.T, b *bench) {
	group := b.group("alice", "bob")
	chat := messages.Chat{Group: group}
	first := b.tell(group, "alice", "1")
	b.act("alice", group, messages.Add, "carol", 0)
	b.wantUnread("carol", 0)
	second := b.tell(group, "alice", "2")
	wantList(t, "carol", b.history("carol", chat, messages.Page{}), "2")
	_, err := b.log.Message(t.Context(), b.id("carol"), first)
	b.wantCode(err, messages.NotFound)
	b.refused(messages.NotFound, &messages.React{By: who("carol"), ID: first, Emoji: "x", On: true})
	b.wantUnread("carol", 1)
	b.act("alice", group, messages.Kick, "carol", 0)
	third := b.tell(group, "alice", "3")
	wantList(t, "carol outside", b.history("carol", chat, messages.Page{}), "2")
	_, err = b.log.Message(t.Context(), b.id("carol"), third)
	b.wantCode(err, messages.NotFound)
	b.refused(messages.NotAllowed, &messages.React{By: who("carol"), ID: second, Emoji: "x", On: true})
	b.refused(messages.NotFound, &messages.Post{Author: who("carol"), Group: group, Text: "x"})
	b.wantUnread("carol", 0)
	row := b.chat("carol", chat)
	if !row.Left || row.Last.Text != "2" {
		t.Fatalf("chat %+v", row)
	}
	b.act("alice", group, messages.Add, "carol", 0)
	b.tell(group, "alice", "4")
	wantList(t, "carol again", b.history("carol", chat, messages.Page{}), "4")
	b.wantUnread("carol", 1)
	all := messages.HistoryAll
	b.do(&messages.SetGroup{By: who("alice"), ID: group, History: &all})
	b.act("alice", group, messages.Add, "dave", 0)
	wantList(t, "dave", b.history("dave", chat, messages.Page{}), "4", "3", "2", "1")
	b.wantUnread("dave", 0)
	_, err = b.log.History(t.Context(), b.id("stranger"), chat, messages.Page{})
	b.wantCode(err, messages.NotFound)
}

func testGroupEnd(t *testing.T, b *bench) {
	group := b.group("alice", "bob", "carol")
	r := b.do(&messages.SetMember{By: who("alice"), Group: group, Act: messages.Leave})
	if r.Gone || len(r.Members) != 2 || r.Members[1].Person.SIP != "bob" || r.Members[1].Role != messages.Admin {
		t.Fatalf("the owner leaves: %+v", r)
	}
	b.act("bob", group, messages.Leave, "bob", 0)
	wantList(t, "members", b.members(group), "carol2")
	r = b.act("carol", group, messages.Leave, "carol", 0)
	want(t, "gone", r.Gone, true)
	_, err := b.log.Group(t.Context(), group)
	b.wantCode(err, messages.NotFound)
}

// Who has left learns nothing more of the group from the list of chats: neither when
// somebody writes nor who reads.
func testLeftChat(t *testing.T, b *bench) {
	group := b.group("alice", "bob", "carol")
	b.tell(group, "alice", "1")
	b.act("alice", group, messages.Kick, "bob", 0)
	before := b.chat("bob", messages.Chat{Group: group})
	want(t, "time", before.Time, b.chat("carol", messages.Chat{Group: group}).Time)
	for range 3 {
		b.tell(group, "alice", "2")
	}
	b.do(&messages.Mark{By: who("carol"), Group: group, State: messages.ReadMark})
	after := b.chat("bob", messages.Chat{Group: group})
	want(t, "left", after.Left, true)
	want(t, "time later", after.Time, before.Time)
	want(t, "text", after.Last.Text, "1")
	want(t, "known number", after.PeerRead < b.chat("carol", messages.Chat{Group: group}).PeerRead, true)
}
