package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
)

func testPeople(t *testing.T, b *bench) {
	alice := b.id("alice")
	want(t, "the same again", b.id("alice"), alice)
	// The sip moves to somebody else.
	r := b.do(&messages.Intern{People: []messages.Ref{{GUID: "other", SIP: "ALICE", Name: "Another Alice"}}})
	if r.Members[0].Person.ID == alice {
		t.Fatal("another guid is another person")
	}
	p, err := b.log.Person(t.Context(), messages.Ref{SIP: "Alice"})
	if err != nil || p.GUID != "other" {
		t.Fatalf("the sip is %+v, %v", p, err)
	}
	p, err = b.log.Person(t.Context(), messages.Ref{GUID: "guid-alice"})
	if err != nil || p.ID != alice || p.SIP != "" {
		t.Fatalf("the former alice is %+v, %v", p, err)
	}
	// A foreign PBX knows no guid; the first that comes is taken.
	carol := b.do(&messages.Intern{People: []messages.Ref{{SIP: "carol"}}}).Members[0].Person.ID
	want(t, "sip alone", b.do(&messages.Intern{People: []messages.Ref{{SIP: "Carol"}}}).Members[0].Person.ID, carol)
	want(t, "guid is taken", b.do(&messages.Intern{People: []messages.Ref{{SIP: "carol", GUID: "g"}}}).Members[0].Person.ID, carol)
	if b.do(&messages.Intern{People: []messages.Ref{{SIP: "carol", GUID: "h"}}}).Members[0].Person.ID == carol {
		t.Fatal("a second guid is another person")
	}
	people, err := b.log.People(t.Context(), []messages.PersonID{alice, carol, 9999})
	if err != nil || len(people) != 2 {
		t.Fatalf("people: %v, %v", people, err)
	}
	_, err = b.log.Person(t.Context(), messages.Ref{SIP: "nobody"})
	b.wantCode(err, messages.NotFound)
	b.refused(messages.BadParameter, &messages.Intern{People: []messages.Ref{{Name: "no name"}}})
}

func testPost(t *testing.T, b *bench) {
	r := b.do(&messages.Post{
		Author: who("alice"), To: who("bob"), CID: "c1", Mime: "application/x", Text: "<b>hi</b> 🎉", Data: `{"a":1}`, Ext: `{"e":2}`, Alt: "alt",
		Expires: b.clock.Now().Add(hour).UnixMilli(),
	})
	if r.N == 0 || r.Conv == 0 || r.Repeated || !r.Changed || r.With != b.id("bob") {
		t.Fatalf("result %+v", r)
	}
	for _, side := range [][2]string{{"alice", "bob"}, {"bob", "alice"}} {
		page := b.page(side[0], b.with(side[1]), messages.Page{})
		if len(page) != 1 {
			t.Fatalf("%d messages", len(page))
		}
		m := page[0]
		if m.ID != r.N || m.Time != r.Time || m.CID != "c1" || m.Mime != "application/x" || m.Text != "<b>hi</b> 🎉" || m.Data != `{"a":1}` ||
			m.Ext != `{"e":2}` || m.Alt != "alt" || m.N != 1 || m.ConvIs != messages.PairConv || m.With != b.id(side[1]) {
			t.Errorf("%s sees %+v", side[0], m)
		}
		want(t, "author", m.Author, messages.Person{ID: b.id("alice"), GUID: "guid-alice", SIP: "alice", Name: "Name of alice"})
		if got := b.message(side[0], r.N); got.Text != m.Text || got.With != m.With {
			t.Errorf("%s reads %+v", side[0], got)
		}
	}
	_, err := b.log.Message(t.Context(), b.id("carol"), r.N)
	b.wantCode(err, messages.NotFound)
	_, err = b.log.Message(t.Context(), b.id("alice"), r.N+100)
	b.wantCode(err, messages.NotFound)
	m, err := b.log.MessageByCID(t.Context(), b.id("alice"), "c1")
	if err != nil || m.ID != r.N {
		t.Fatalf("by id of the sender: %+v, %v", m, err)
	}
	_, err = b.log.MessageByCID(t.Context(), b.id("bob"), "c1")
	b.wantCode(err, messages.NotFound)
}

func testRefused(t *testing.T, b *bench) {
	ok := func() *messages.Post { return &messages.Post{Author: who("alice"), To: who("bob"), Text: "x"} }
	for _, test := range []struct {
		name   string
		change func(*messages.Post)
	}{
		{"no author", func(p *messages.Post) { p.Author = messages.Ref{} }},
		{"no place", func(p *messages.Post) { p.To = messages.Ref{} }},
		{"two places", func(p *messages.Post) { p.Topic = "x" }},
		{"long id", func(p *messages.Post) { p.CID = strings.Repeat("x", messages.MaxCID+1) }},
		{"long text", func(p *messages.Post) { p.Text = strings.Repeat("x", messages.MaxBody+1) }},
		{"zero byte", func(p *messages.Post) { p.Text = "a\x00b" }},
		{"no UTF-8", func(p *messages.Post) { p.Text = "a\xffb" }},
		{"bad name", func(p *messages.Post) { p.Author.Name = "\xff" }},
		{"negative time", func(p *messages.Post) { p.Time = -1 }},
		{"foreign owner", func(p *messages.Post) { p.Own = true; p.Owner = who("carol") }},
		{"many files", func(p *messages.Post) { p.Files = make([]messages.File, messages.MaxFiles+1) }},
		{"bad kind", func(p *messages.Post) { p.Kind = 9 }},
		{"unknown person by id", func(p *messages.Post) { p.To = messages.Ref{ID: 77777} }},
	} {
		p := ok()
		test.change(p)
		if _, err := b.log.Do(t.Context(), p); messages.CodeOf(err) != messages.BadParameter {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	b.refused(messages.NotFound, &messages.Post{Author: who("alice"), Group: 4711, Text: "x"})
	b.refused(messages.BadParameter, nil)
	b.do(ok())
	wantList(t, "history", b.history("alice", b.with("bob"), messages.Page{}), "x")
}

func testRepeated(t *testing.T, b *bench) {
	first := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "one", CID: "k"})
	again := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "two", CID: "k"})
	if !again.Repeated || again.N != first.N || again.Time != first.Time || again.Conv != first.Conv {
		t.Fatalf("first %+v, again %+v", first, again)
	}
	if r := b.do(&messages.Post{Author: who("bob"), To: who("alice"), Text: "bob's", CID: "k"}); r.Repeated {
		t.Fatal("the key of another author")
	}
	wantList(t, "history", b.history("alice", b.with("bob"), messages.Page{}), "bob's", "one")
	// In one batch.
	var all sync.WaitGroup
	var mu sync.Mutex
	ids := map[messages.Number]int{}
	for range 20 {
		all.Add(1)
		b.log.Submit(&messages.Post{Author: who("alice"), To: who("bob"), Text: "three", CID: "same"}, func(r messages.Result, err error) {
			defer all.Done()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			ids[r.N]++
		})
	}
	all.Wait()
	want(t, "messages", len(ids), 1)
}

func testRepeatedRestart(t *testing.T, b *bench) {
	first := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "one", CID: "k"})
	b.reopen() // memory has forgotten
	var all sync.WaitGroup
	var results [5]messages.Result
	for i := range results { // the repetition stands between others
		all.Add(1)
		cid := fmt.Sprint("new", i)
		if i == 2 {
			cid = "k"
		}
		b.log.Submit(&messages.Post{Author: who("alice"), To: who("bob"), Text: cid, CID: cid}, func(r messages.Result, err error) {
			defer all.Done()
			if err != nil {
				t.Error(err)
			}
			results[i] = r
		})
	}
	all.Wait()
	if r := results[2]; !r.Repeated || r.N != first.N || r.Time != first.Time || r.Conv != first.Conv {
		t.Fatalf("first %+v, again %+v", first, r)
	}
	wantList(t, "history", b.history("alice", b.with("bob"), messages.Page{}), "new4", "new3", "new1", "new0", "one")
	b.wantUnread("bob", 5)
	b.wantUnread("alice", 0)
	b.reopen()
	b.wantUnread("bob", 5)
}

func testOrder(t *testing.T, b *bench) {
	const n = 300
	var all sync.WaitGroup
	var ids []messages.Number
	var times []int64
	for i := range n {
		all.Add(1)
		b.log.Submit(&messages.Post{Author: who("alice"), To: who("bob"), Text: fmt.Sprint(i), CID: fmt.Sprint("n", i)}, func(r messages.Result, err error) {
			defer all.Done()
			if err != nil {
				t.Error(err)
			}
			ids, times = append(ids, r.N), append(times, r.Time) // done is called one at a time
		})
	}
	all.Wait()
	for i := 1; i < n; i++ {
		if ids[i] <= ids[i-1] || times[i] <= times[i-1] {
			t.Fatalf("message %d: number %d after %d, time %d after %d", i, ids[i], ids[i-1], times[i], times[i-1])
		}
	}
	page := b.page("bob", b.with("alice"), messages.Page{Count: 500})
	want(t, "messages", len(page), n)
	for i, m := range page {
		if m.Text != fmt.Sprint(n-1-i) || m.N != int64(n-i) {
			t.Fatalf("place %d: %q, ordinal %d", i, m.Text, m.N)
		}
	}
}

func testClock(t *testing.T, b *bench) {
	b.clock.Advance(10 * hour)
	first := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "1"})
	b.clock.Advance(-5 * hour)
	second := b.do(&messages.Post{Author: who("bob"), To: who("alice"), Text: "2"})
	if second.Time != first.Time+1 || second.N <= first.N {
		t.Fatalf("first %+v, second %+v", first, second)
	}
	b.reopen()
	third := b.do(&messages.Post{Author: who("bob"), To: who("alice"), Text: "3"})
	want(t, "time", third.Time, first.Time+2)
	wantList(t, "history", b.history("alice", b.with("bob"), messages.Page{}), "3", "2", "1")
	b.do(&messages.Mark{By: who("alice"), With: who("bob"), State: messages.ReadMark})
	b.fold()
	b.wantUnread("alice", 0)
}

func testReplayed(t *testing.T, b *bench) {
	now := b.clock.Now().UnixMilli()
	r := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "1", Time: now - 60_000})
	want(t, "time", r.Time, now-60_000)
	r = b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "2", Time: now - 90_000})
	want(t, "never below the last", r.Time, now-60_000+1)
	r = b.do(&messages.Post{Author: who("alice"), To: who("bob"), Own: true, Owner: who("alice"), Text: "3", Time: now - 90_000})
	want(t, "one clock for the chat", r.Time, now-60_000+2)
}

func testHistory(t *testing.T, b *bench) {
	var ids []messages.Number
	var times []int64
	for i := range 10 {
		r := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: fmt.Sprint(i)})
		ids, times = append(ids, r.N), append(times, r.Time)
		b.say("alice", "carol", fmt.Sprint("between ", i))
		b.clock.Advance(time.Second)
	}
	bob := b.with("bob")
	wantList(t, "newest", b.history("alice", bob, messages.Page{Count: 3}), "9", "8", "7")
	wantList(t, "older", b.history("alice", bob, messages.Page{Older: ids[7], Count: 3}), "6", "5", "4")
	wantList(t, "older by time", b.history("alice", bob, messages.Page{OlderTime: times[4], Count: 3}), "3", "2", "1")
	wantList(t, "older by a time between", b.history("alice", bob, messages.Page{OlderTime: times[4] + 500, Count: 2}), "4", "3")
	wantList(t, "older than all", b.history("alice", bob, messages.Page{OlderTime: times[0], Count: 3}))
	wantList(t, "newer than all", b.history("alice", bob, messages.Page{OlderTime: times[9] + 1, Count: 1}), "9")
	wantList(t, "after", b.history("alice", bob, messages.Page{After: ids[7]}), "8", "9")
	wantList(t, "nothing", b.history("alice", b.with("nobody"), messages.Page{}))
	_, err := b.log.History(t.Context(), b.id("alice"), messages.Chat{Group: 12345}, messages.Page{})
	b.wantCode(err, messages.NotFound)
}

func testOwn(t *testing.T, b *bench) {
	b.say("alice", "bob", "shared")
	own := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Own: true, Owner: who("alice"), Text: "mine", CID: "m"})
	b.do(&messages.Post{Author: who("bob"), To: who("alice"), Own: true, Owner: who("alice"), Text: "bob said"})
	b.do(&messages.Post{Author: who("bob"), To: who("alice"), Own: true, Owner: who("bob"), Text: "bob's own"})
	b.say("bob", "alice", "shared again")
	wantList(t, "alice", b.history("alice", b.with("bob"), messages.Page{}), "shared again", "bob said", "mine", "shared")
	wantList(t, "bob", b.history("bob", b.with("alice"), messages.Page{}), "shared again", "bob's own", "shared")
	wantList(t, "paged", b.history("alice", b.with("bob"), messages.Page{Older: own.N + 1, Count: 1}), "mine")
	b.wantUnread("alice", 2)
	b.wantUnread("bob", 1)
	chats, err := b.log.Chats(t.Context(), b.id("alice"), messages.ChatsQuery{})
	if err != nil || len(chats) != 1 || chats[0].Last.Text != "shared again" || chats[0].Unread != 2 {
		t.Fatalf("chats %+v, %v", chats, err)
	}
	_, err = b.log.Message(t.Context(), b.id("bob"), own.N)
	b.wantCode(err, messages.NotFound)
	// The partner marks what only alice may see; she sees the mark.
	r := b.do(&messages.Mark{By: who("bob"), With: who("alice"), Up: own.N, State: messages.ReadMark})
	if len(r.Moves) != 2 {
		t.Fatalf("moves %+v", r.Moves)
	}
	rows, err := b.log.Marks(t.Context(), b.id("alice"), own.N)
	if err != nil || len(rows) != 1 || rows[0].Person.SIP != "bob" || rows[0].Read == 0 {
		t.Fatalf("marks %+v, %v", rows, err)
	}
	id, err := b.log.ConversationOf(t.Context(), b.id("alice"), b.with("bob"), true)
	if err != nil || id != own.Conv {
		t.Fatalf("conversation %d, %v", id, err)
	}
}

func testSelf(t *testing.T, b *bench) {
	b.say("alice", "alice", "note")
	wantList(t, "history", b.history("alice", b.with("alice"), messages.Page{}), "note")
	b.wantUnread("alice", 0)
	b.do(&messages.Post{Author: who("alice"), To: who("alice"), Own: true, Owner: who("alice"), Text: "own note"})
	wantList(t, "history", b.history("alice", b.with("alice"), messages.Page{}), "own note", "note")
	b.wantUnread("alice", 0)
}

func testChats(t *testing.T, b *bench) {
	for _, step := range [][2]string{{"bob", "1"}, {"carol", "2"}, {"dave", "3"}, {"bob", "4"}} {
		b.say(step[0], "alice", step[1])
		b.clock.Advance(time.Second)
	}
	for _, when := range []string{"before the fold", "after it", "after a restart"} {
		chats, err := b.log.Chats(t.Context(), b.id("alice"), messages.ChatsQuery{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range chats {
			got = append(got, fmt.Sprintf("%s %s %d", c.Peer.SIP, c.Last.Text, c.Unread))
		}
		wantList(t, when, got, "bob 4 2", "dave 3 1", "carol 2 1")
		if when == "before the fold" {
			b.fold()
		} else {
			b.reopen()
		}
	}
	b.do(&messages.Mark{By: who("alice"), With: who("bob"), State: messages.ReadMark})
	chats, err := b.log.Chats(t.Context(), b.id("alice"), messages.ChatsQuery{Unread: true, Count: 1})
	if err != nil || len(chats) != 1 || chats[0].Peer.SIP != "dave" {
		t.Fatalf("unread chats %+v, %v", chats, err)
	}
	chats, err = b.log.Chats(t.Context(), b.id("alice"), messages.ChatsQuery{Older: chats[0].Time})
	if err != nil || len(chats) != 1 || chats[0].Peer.SIP != "carol" {
		t.Fatalf("older chats %+v, %v", chats, err)
	}
	_, err = b.log.Chat(t.Context(), b.id("alice"), b.with("erin"))
	b.wantCode(err, messages.NotFound)
}
