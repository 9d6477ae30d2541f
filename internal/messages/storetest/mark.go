package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
)

func (b *bench) read(by, with string, up messages.Number) messages.Result {
	b.t.Helper()
	return b.do(&messages.Mark{By: who(by), With: who(with), Up: up, State: messages.ReadMark})
}

func testUnread(t *testing.T, b *bench) {
	b.say("bob", "alice", "1")
	second := b.say("bob", "alice", "2")
	b.say("alice", "bob", "a1")
	third := b.say("bob", "alice", "3")
	b.wantUnread("alice", 3)
	b.wantUnread("bob", 1)
	want(t, "left", b.read("alice", "bob", second).Unread, 1)
	b.wantUnread("alice", 1)
	b.say("alice", "bob", "a2") // writing is not reading
	b.wantUnread("alice", 1)
	b.do(&messages.Delete{By: who("bob"), ID: third})
	b.wantUnread("alice", 0)
	b.say("bob", "alice", "4")
	b.wantUnread("alice", 1)
	b.fold()
	b.wantUnread("alice", 1)
	b.reopen()
	b.wantUnread("alice", 1)
	b.wantUnread("bob", 2)
	want(t, "left", b.read("alice", "bob", 0).Unread, 0)
	b.wantUnread("alice", 0)
	b.reopen()
	b.wantUnread("alice", 0)
	b.wantUnread("bob", 2)
}

// testRecount opens the database beside a store that has folded nothing: what a
// process finds after a kill.
func testRecount(t *testing.T, b *bench) {
	b.say("bob", "alice", "1")
	b.fold()
	b.say("bob", "alice", "2")
	b.say("alice", "bob", "a1")
	b.say("bob", "alice", "3")
	group := b.do(&messages.MakeGroup{By: who("bob"), Title: "g", Members: []messages.Ref{who("alice")}}).Conv
	b.tell(group, "bob", "g1")
	b.log = b.domain(b.handle(), "example.com")
	b.wantUnread("alice", 3+1)
	b.wantUnread("bob", 1)
	row := b.chat("alice", b.with("bob"))
	want(t, "last message", row.Last.Text, "3")
	b.say("bob", "alice", "4")
	b.wantUnread("alice", 5)
	want(t, "ordinal", b.chat("alice", b.with("bob")).Last.N, 5)
}

func testMarks(t *testing.T, b *bench) {
	first := b.say("bob", "alice", "1")
	second := b.say("bob", "alice", "2")
	r := b.do(&messages.Mark{By: who("alice"), With: who("bob"), Up: first, State: messages.DeliveredMark})
	if !r.Changed || len(r.Moves) != 1 || r.Moves[0].Message != first || r.Moves[0].CID != "cid-1" || r.Moves[0].Author != b.id("bob") || !r.Moves[0].Newest {
		t.Fatalf("delivered: %+v", r)
	}
	row := b.chat("bob", b.with("alice"))
	want(t, "delivered to the partner", row.PeerDelivered, first)
	want(t, "read by the partner", row.PeerRead, 0)
	r = b.read("alice", "bob", second)
	if len(r.Moves) != 1 || r.Moves[0].Message != second || r.Moves[0].State != messages.ReadMark {
		t.Fatalf("read: %+v", r)
	}
	for range 2 {
		row = b.chat("bob", b.with("alice"))
		want(t, "delivered to the partner", row.PeerDelivered, second)
		want(t, "read by the partner", row.PeerRead, second)
		want(t, "the reader's own mark", b.chat("alice", b.with("bob")).Read, second)
		b.fold()
	}
	for _, up := range []messages.Number{first, second, 0, second + 100} {
		if r := b.read("alice", "bob", up); r.Changed || len(r.Moves) > 0 {
			t.Fatalf("again up to %d: %+v", up, r)
		}
	}
	// Nobody marks what he has written himself.
	b.say("alice", "bob", "a1")
	if r := b.read("alice", "bob", 0); r.Changed {
		t.Fatalf("own message: %+v", r)
	}
	b.refused(messages.NotFound, &messages.Mark{By: who("alice"), With: who("stranger"), State: messages.ReadMark})
	b.refused(messages.BadParameter, &messages.Mark{By: who("alice"), With: who("bob")})
	b.refused(messages.NotFound, &messages.Mark{By: who("alice"), Group: 999, State: messages.ReadMark})
}

func testMarkCID(t *testing.T, b *bench) {
	b.say("bob", "alice", "1")
	second := b.say("bob", "alice", "2")
	b.say("bob", "alice", "3")
	r := b.do(&messages.Mark{By: who("alice"), With: who("bob"), CID: "cid-2", State: messages.ReadMark})
	if len(r.Moves) != 1 || r.Moves[0].Message != second || r.Unread != 1 {
		t.Fatalf("read: %+v", r)
	}
	b.refused(messages.NotFound, &messages.Mark{By: who("alice"), With: who("bob"), CID: "cid-none", State: messages.ReadMark})
	b.reopen()
	r = b.do(&messages.Mark{By: who("alice"), With: who("bob"), CID: "cid-3", State: messages.ReadMark})
	want(t, "left", r.Unread, 0)
}

func testMarkTimes(t *testing.T, b *bench) {
	group := b.do(&messages.MakeGroup{By: who("alice"), Title: "g", Members: []messages.Ref{who("bob"), who("carol")}}).Conv
	id := b.tell(group, "alice", "1")
	mark := func(by string, state messages.MarkState) int64 {
		b.clock.Advance(time.Minute)
		r := b.do(&messages.Mark{By: who(by), Group: group, State: state})
		b.fold()
		return r.Time
	}
	got := mark("bob", messages.DeliveredMark)
	read := mark("bob", messages.ReadMark)
	b.tell(group, "alice", "2")
	mark("bob", messages.ReadMark)
	carol := mark("carol", messages.ReadMark)
	rows, err := b.log.Marks(t.Context(), b.id("alice"), id)
	if err != nil {
		t.Fatal(err)
	}
	wantList(t, "marks", rows,
		messages.MarkRow{Person: rows[0].Person, Delivered: got, Read: read},
		messages.MarkRow{Person: rows[1].Person, Delivered: carol, Read: carol})
	want(t, "first", rows[0].Person.SIP, "bob")
	_, err = b.log.Marks(t.Context(), b.id("stranger"), id)
	b.wantCode(err, messages.NotFound)
}

func testCommand(t *testing.T, b *bench) {
	b.say("bob", "alice", "1")
	r := b.do(&messages.Post{Author: who("bob"), To: who("alice"), Kind: messages.Command, Text: "/start"})
	b.wantUnread("alice", 1)
	want(t, "last", b.chat("alice", b.with("bob")).Last.Text, "1")
	wantList(t, "history", b.history("alice", b.with("bob"), messages.Page{}), "/start", "1")
	want(t, "kind", b.message("alice", r.N).Kind, messages.Command)
	want(t, "left", b.read("alice", "bob", 0).Unread, 0)
	b.reopen()
	b.wantUnread("alice", 0)
}

func testRename(t *testing.T, b *bench) {
	b.say("alice", "bob", "1")
	b.say("bob", "alice", "2")
	renamed := messages.Ref{GUID: "guid-alice", SIP: "alicia", Name: "Alicia"}
	r := b.do(&messages.Post{Author: renamed, To: who("bob"), Text: "3", CID: "cid-1"})
	if !r.Repeated {
		t.Fatal("the key of a renamed person")
	}
	b.do(&messages.Post{Author: renamed, To: who("bob"), Text: "3"})
	p, err := b.log.Person(t.Context(), messages.Ref{SIP: "alicia"})
	if err != nil || p.GUID != "guid-alice" || p.Name != "Alicia" {
		t.Fatalf("%+v, %v", p, err)
	}
	page, err := b.log.History(t.Context(), p.ID, b.with("bob"), messages.Page{})
	if err != nil {
		t.Fatal(err)
	}
	wantList(t, "history", textsOf(page), "3", "2", "1")
	want(t, "author", page[2].Author.SIP, "alicia")
	// Somebody new under the old name sees nothing of it.
	fresh := b.do(&messages.Intern{People: []messages.Ref{{GUID: "guid-new", SIP: "alice"}}}).Members[0].Person.ID
	chats, err := b.log.Chats(t.Context(), fresh, messages.ChatsQuery{})
	if err != nil || len(chats) > 0 {
		t.Fatalf("the new alice sees %+v, %v", chats, err)
	}
	_, err = b.log.Message(t.Context(), fresh, page[0].ID)
	b.wantCode(err, messages.NotFound)
}

func testDomains(t *testing.T, b *bench) {
	id := b.say("alice", "bob", "here")
	other := b.domain(b.store, "EXAMPLE.org")
	want(t, "name", other.Domain(), "example.org")
	want(t, "head", other.Head(), 0)
	_, err := other.Person(t.Context(), messages.Ref{SIP: "alice"})
	b.wantCode(err, messages.NotFound)
	_, err = other.Message(t.Context(), 0, id)
	b.wantCode(err, messages.NotFound)
	r, err := other.Do(t.Context(), &messages.Post{Author: who("alice"), To: who("bob"), Text: "there", CID: "cid-here"})
	if err != nil || r.Repeated {
		t.Fatalf("%+v, %v", r, err)
	}
	p, err := other.Person(t.Context(), messages.Ref{SIP: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	q, err := other.Person(t.Context(), messages.Ref{SIP: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	page, err := other.History(t.Context(), p.ID, messages.Chat{With: q.ID}, messages.Page{})
	if err != nil {
		t.Fatal(err)
	}
	wantList(t, "there", textsOf(page), "there")
	wantList(t, "here", b.history("alice", b.with("bob"), messages.Page{}), "here")
	if again := b.domain(b.store, "example.ORG"); again != other {
		t.Fatal("the same name gives another log")
	}
	names, err := b.store.Domains(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantList(t, "domains", names, "example.com", "example.org")
	for _, bad := range []string{"", "#1", "a\x00b"} {
		_, err := b.store.Log(t.Context(), bad)
		b.wantCode(err, messages.BadParameter)
	}
}

func testRenameDomain(t *testing.T, b *bench) {
	b.say("alice", "bob", "1")
	b.wantCode(b.store.Rename(t.Context(), "nowhere.com", "x.com"), messages.NotFound)
	b.domain(b.store, "taken.com")
	b.wantCode(b.store.Rename(t.Context(), "example.com", "taken.com"), messages.NotAllowed)
	if err := b.store.Rename(t.Context(), "example.com", "new.com"); err != nil {
		t.Fatal(err)
	}
	want(t, "name", b.log.Domain(), "new.com")
	b.say("alice", "bob", "2")
	if b.domain(b.store, "new.com") != b.log {
		t.Fatal("the new name gives another log")
	}
	b.log = b.domain(b.store, "example.com")
	want(t, "head of the former name", b.log.Head(), 0)
	b.reopen()
	b.log = b.domain(b.store, "new.com")
	wantList(t, "history", b.history("alice", b.with("bob"), messages.Page{}), "2", "1")
}

func testDrop(t *testing.T, b *bench) {
	b.say("alice", "bob", "1")
	other := b.domain(b.store, "other.com")
	if _, err := other.Do(t.Context(), &messages.Post{Author: who("alice"), To: who("bob"), Text: "stays"}); err != nil {
		t.Fatal(err)
	}
	b.wantCode(b.store.Drop(t.Context(), "nowhere.com"), messages.NotFound)
	if err := b.store.Drop(t.Context(), "example.com"); err != nil {
		t.Fatal(err)
	}
	b.refused(messages.NotFound, &messages.Post{Author: who("alice"), To: who("bob"), Text: "2"})
	u, err := b.log.Usage(t.Context())
	if err != nil || u != (messages.Usage{}) {
		t.Fatalf("left: %+v, %v", u, err)
	}
	b.log = b.domain(b.store, "example.com")
	want(t, "head", b.log.Head(), 0)
	wantList(t, "history", b.history("alice", b.with("bob"), messages.Page{}))
	if u, err := other.Usage(t.Context()); err != nil || u.Messages != 1 {
		t.Fatalf("the other domain has %+v, %v", u, err)
	}
}

// testTwoStores writes from two handles in turns: what memory believes is wrong
// each time.
func testTwoStores(t *testing.T, b *bench) {
	second := b.domain(b.handle(), "example.com")
	logs := []messages.Log{b.log, second}
	seen := map[messages.Number]bool{}
	for i := range 40 {
		r, err := logs[(i+i/4)%2].Do(t.Context(), &messages.Post{Author: who("alice"), To: who("bob"), Text: fmt.Sprint(i), CID: fmt.Sprint("c", i/4)})
		if err != nil {
			t.Fatal(err)
		}
		if r.Repeated != (i%4 != 0) {
			t.Fatalf("post %d: %+v", i, r)
		}
		seen[r.N] = true
	}
	want(t, "messages", len(seen), 10)
	wantList(t, "history", b.history("alice", b.with("bob"), messages.Page{Count: 3}), "36", "32", "28")
	// Both at once.
	var all sync.WaitGroup
	for n, l := range logs {
		for i := range 30 {
			all.Add(1)
			l.Submit(&messages.Post{Author: who("alice"), To: who("bob"), Text: "x", CID: fmt.Sprint("both", n, i)}, func(_ messages.Result, err error) {
				defer all.Done()
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	want(t, "messages in the end", len(b.history("alice", b.with("bob"), messages.Page{Count: 100})), 70)
}

func testTail(t *testing.T, b *bench) {
	changed := b.log.Changed()
	var ids []messages.Number
	for i := range 5 {
		ids = append(ids, b.say("alice", "bob", fmt.Sprint(i)))
	}
	select {
	case <-changed:
	default:
		t.Fatal("a commit did not wake the follower")
	}
	b.do(&messages.Edit{By: who("alice"), ID: ids[1], Text: "1b"})
	b.do(&messages.Delete{By: who("alice"), ID: ids[2]})
	var got []string
	next, pages := messages.Number(0), 0
	for more := true; more; pages++ {
		page, err := b.log.Tail(t.Context(), next, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Changes {
			text := ""
			if c.Message != nil {
				text = c.Message.Text
			}
			got = append(got, fmt.Sprintf("%d:%s", c.Kind, text))
		}
		next, more = page.Next, page.More
	}
	wantList(t, "changes", got, "1:0", "1:1b", "1:3", "1:4", "2:1b", "3:")
	want(t, "pages", pages, 3)
	want(t, "next", next, b.log.Head())
	page, err := b.log.Tail(t.Context(), next, 2)
	if err != nil || len(page.Changes) > 0 || page.More {
		t.Fatalf("at the head: %+v, %v", page, err)
	}
}
