package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
)

func testEdit(t *testing.T, b *bench) {
	id := b.say("alice", "bob", "1")
	r := b.do(&messages.Edit{By: who("alice"), ID: id, Text: "1b", Mime: "m", Data: "d", Ext: "e", Alt: "a"})
	if !r.Changed || r.N <= id || r.Message == nil || r.Message.Text != "1b" {
		t.Fatalf("result %+v", r)
	}
	m := b.message("bob", id)
	if m.Text != "1b" || m.Mime != "m" || m.Data != "d" || m.Ext != "e" || m.Alt != "a" || m.Edited == 0 || m.CID != "cid-1" {
		t.Fatalf("message %+v", m)
	}
	b.refused(messages.NotAllowed, &messages.Edit{By: who("bob"), ID: id, Text: "x"})
	b.refused(messages.NotFound, &messages.Edit{By: who("carol"), ID: id, Text: "x"})
	b.refused(messages.NotFound, &messages.Edit{By: who("alice"), ID: id + 1000, Text: "x"})
	b.clock.Advance(hour)
	w := messages.Windows{Author: 30 * time.Minute}
	b.refused(messages.NotAllowed, &messages.Edit{By: who("alice"), ID: id, Text: "x", Windows: w})
	b.refused(messages.NotAllowed, &messages.Edit{By: who("alice"), ID: id, Text: "x", Windows: messages.Windows{Author: -1}})
	b.do(&messages.Edit{By: who("alice"), ID: id, Text: "1c", Windows: messages.Windows{Author: 2 * hour}})
	b.wantUnread("bob", 1)
}

func testDelete(t *testing.T, b *bench) {
	first := b.say("alice", "bob", "1")
	last := b.say("alice", "bob", "2")
	b.refused(messages.NotAllowed, &messages.Delete{By: who("bob"), ID: last})
	b.clock.Advance(hour)
	b.refused(messages.NotAllowed, &messages.Delete{By: who("alice"), ID: last, Windows: messages.Windows{Author: time.Minute}})
	r := b.do(&messages.Delete{By: who("alice"), ID: last})
	if r.Message == nil || r.Message.Text != "2" || !r.Changed {
		t.Fatalf("result %+v", r)
	}
	wantList(t, "history", b.history("bob", b.with("alice"), messages.Page{}), "1")
	want(t, "last", b.chat("bob", b.with("alice")).Last.Text, "1")
	b.wantUnread("bob", 1)
	b.refused(messages.NotFound, &messages.Delete{By: who("alice"), ID: last})
	// What was deleted and is sent again stays deleted.
	again := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "2", CID: "cid-2"})
	if !again.Repeated || again.N != last {
		t.Fatalf("again %+v", again)
	}
	b.reopen()
	again = b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "2", CID: "cid-2"})
	if !again.Repeated || again.N != last {
		t.Fatalf("again after a restart %+v", again)
	}
	b.wantUnread("bob", 1)
	b.do(&messages.Delete{ID: first}) // the system may
	b.wantUnread("bob", 0)
	want(t, "last", b.chat("bob", b.with("alice")).Last.ID, 0)
}

func testReactions(t *testing.T, b *bench) {
	id := b.say("alice", "bob", "1")
	react := func(by, emoji string, on, changed bool) {
		t.Helper()
		r := b.do(&messages.React{By: who(by), ID: id, Emoji: emoji, On: on})
		want(t, "changed", r.Changed, changed)
	}
	react("bob", "👍", true, true)
	react("bob", "👍", true, false)
	react("alice", "👍", true, true)
	react("alice", "🎉", true, true)
	react("bob", "🎉", false, false)
	var got []string
	for _, x := range b.message("bob", id).Reactions {
		got = append(got, x.SIP+x.Emoji)
	}
	wantList(t, "reactions", got, "bob👍", "alice👍", "alice🎉")
	react("bob", "👍", false, true)
	react("alice", "👍", false, true)
	react("alice", "🎉", false, true)
	want(t, "reactions", len(b.message("bob", id).Reactions), 0)
	for i := range messages.MaxReacts {
		react("bob", fmt.Sprint(i), true, true)
	}
	b.refused(messages.Quota, &messages.React{By: who("bob"), ID: id, Emoji: "more", On: true})
	b.refused(messages.NotFound, &messages.React{By: who("carol"), ID: id, Emoji: "x", On: true})
	b.refused(messages.BadParameter, &messages.React{By: who("bob"), ID: id, On: true})
	b.do(&messages.Delete{By: who("alice"), ID: id})
	b.refused(messages.NotFound, &messages.React{By: who("bob"), ID: id, Emoji: "x", On: true})
}

func testPins(t *testing.T, b *bench) {
	first, second := b.say("alice", "bob", "1"), b.say("bob", "alice", "2")
	want(t, "changed", b.do(&messages.Pin{By: who("bob"), ID: second, On: true}).Changed, true)
	want(t, "changed", b.do(&messages.Pin{By: who("bob"), ID: second, On: true}).Changed, false)
	b.do(&messages.Pin{By: who("bob"), ID: first, On: true})
	pins, err := b.log.Pins(t.Context(), b.id("alice"), b.with("bob"))
	if err != nil {
		t.Fatal(err)
	}
	wantList(t, "pins", textsOf(pins), "1", "2")
	want(t, "pinned", b.message("alice", first).Pinned, true)
	b.do(&messages.Pin{By: who("alice"), ID: first})
	b.do(&messages.Delete{By: who("bob"), ID: second})
	pins, err = b.log.Pins(t.Context(), b.id("alice"), b.with("bob"))
	if err != nil || len(pins) > 0 {
		t.Fatalf("pins %v, %v", pins, err)
	}
	want(t, "pinned", b.message("alice", first).Pinned, false)
}

func testDrafts(t *testing.T, b *bench) {
	b.do(&messages.SetDraft{By: who("alice"), To: who("bob"), Text: "half a"})
	b.do(&messages.SetDraft{By: who("alice"), To: who("bob"), Text: "half a sentence"})
	drafts, err := b.log.Drafts(t.Context(), b.id("alice"))
	if err != nil || len(drafts) != 1 || drafts[0].Text != "half a sentence" || drafts[0].Peer.SIP != "bob" {
		t.Fatalf("drafts %+v, %v", drafts, err)
	}
	b.say("bob", "alice", "1")
	want(t, "draft", b.chat("alice", b.with("bob")).Draft, "half a sentence")
	want(t, "bob's", b.chat("bob", b.with("alice")).Draft, "")
	b.do(&messages.SetDraft{By: who("alice"), To: who("bob")})
	drafts, err = b.log.Drafts(t.Context(), b.id("alice"))
	if err != nil || len(drafts) != 0 {
		t.Fatalf("drafts %+v, %v", drafts, err)
	}
	b.refused(messages.NotFound, &messages.SetDraft{By: who("alice"), Group: 99, Text: "x"})
}

func testFiles(t *testing.T, b *bench) {
	files := []messages.File{
		{Hash: "h1", Name: "a.png", Type: "image/png", Size: 10, Width: 3, Height: 4, Thumb: true},
		{Hash: "h2", Name: "b.ogg", Type: "audio/ogg", Size: 20, Duration: 1500},
	}
	id := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Files: files}).N
	seen := map[int64]bool{}
	for _, side := range []string{"alice", "bob"} {
		got := b.message(side, id).Files
		if len(got) != 2 || got[0].Name != "a.png" || got[0].Width != 3 || got[0].Height != 4 || !got[0].Thumb || got[0].Size != 10 || got[0].Hash != "h1" ||
			got[1].Duration != 1500 || got[1].Type != "audio/ogg" || got[1].Message != id {
			t.Fatalf("%s has %+v", side, got)
		}
		for _, f := range got {
			seen[f.ID] = true
		}
	}
	want(t, "references", len(seen), 4)
	all, err := b.log.Files(t.Context(), 0, 3)
	if err != nil || len(all) != 3 {
		t.Fatalf("page of files %+v, %v", all, err)
	}
	all, err = b.log.Files(t.Context(), all[2].ID, 3)
	if err != nil || len(all) != 1 {
		t.Fatalf("next page of files %+v, %v", all, err)
	}
	b.do(&messages.Delete{By: who("alice"), ID: id})
	if all, err = b.log.Files(t.Context(), 0, 10); err != nil || len(all) != 0 {
		t.Fatalf("files %+v, %v", all, err)
	}
	page, err := b.log.Tail(t.Context(), id, 10)
	if err != nil {
		t.Fatal(err)
	}
	told := false
	for _, c := range page.Changes {
		told = told || c.Kind == messages.FilesDropped && len(c.Data) > 10
	}
	want(t, "the collector is told", told, true)
}

func testTopics(t *testing.T, b *bench) {
	post := func(author, topic, text string, notify string, tags ...string) messages.Result {
		op := &messages.Post{Author: who(author), Topic: topic, Text: text, Tags: tags}
		if notify != "" {
			op.Notify = []messages.Ref{who(notify)}
		}
		return b.do(op)
	}
	first := post("alice", "news", "n1", "bob", "Red", "big")
	post("bob", "news?sport", "s1", "", "red")
	post("alice", "other", "o1", "bob", "blue")
	b.say("alice", "bob", "a chat is no post")
	want(t, "the discussion", first.Root, first.N)
	for _, test := range []struct {
		name string
		q    messages.PostsQuery
		want []string
	}{
		{"empty", messages.PostsQuery{}, []string{"o1", "s1", "n1"}},
		{"topic with sub-topics", messages.PostsQuery{Filter: messages.Filter{Topics: []string{"NEWS"}}}, []string{"s1", "n1"}},
		{"sub-topic", messages.PostsQuery{Filter: messages.Filter{Topics: []string{"news?sport"}}}, []string{"s1"}},
		{"tag", messages.PostsQuery{Filter: messages.Filter{Tags: []string{"RED"}}}, []string{"s1", "n1"}},
		{"all tags", messages.PostsQuery{Filter: messages.Filter{Tags: []string{"red", "big"}}}, []string{"n1"}},
		{"one of the tags", messages.PostsQuery{Filter: messages.Filter{Or: true, Tags: []string{"blue", "big"}}}, []string{"o1", "n1"}},
		{"author and topic", messages.PostsQuery{Filter: messages.Filter{Topics: []string{"news"}, Authors: []string{"bob"}}}, []string{"s1"}},
		{"author or topic", messages.PostsQuery{Filter: messages.Filter{Or: true, Topics: []string{"other"}, Authors: []string{"bob"}}}, []string{"o1", "s1"}},
		{"notified", messages.PostsQuery{Filter: messages.Filter{Notifies: []string{"bob"}}}, []string{"o1", "n1"}},
		{"nested", messages.PostsQuery{Filter: messages.Filter{Filters: []messages.Filter{{Tags: []string{"red"}}, {Authors: []string{"alice"}}}}}, []string{"n1"}},
		{"visible", messages.PostsQuery{Visible: func(topic string) bool { return topic == "other" }}, []string{"o1"}},
		{"count", messages.PostsQuery{Count: 1}, []string{"o1"}},
		{"but one", messages.PostsQuery{Exclude: first.N}, []string{"o1", "s1"}},
		{"nothing", messages.PostsQuery{Filter: messages.Filter{Tags: []string{"green"}}}, nil},
	} {
		page, err := b.log.Posts(t.Context(), b.id("bob"), test.q)
		if err != nil {
			t.Fatal(err)
		}
		wantList(t, test.name, textsOf(page), test.want...)
	}
	m := b.message("bob", first.N)
	if m.Post == nil || m.Post.Topic.SIP != "news" || fmt.Sprint(m.Post.Tags) != "[Red big]" || len(m.Post.Notify) != 1 || m.Post.Notify[0].SIP != "bob" {
		t.Fatalf("post %+v", m.Post)
	}
	b.do(&messages.Edit{By: who("alice"), ID: first.N, Text: "n2", SetTags: true, Tags: []string{"green"}, Notify: []messages.Ref{who("carol")}})
	m = b.message("bob", first.N)
	if m.Text != "n2" || fmt.Sprint(m.Post.Tags) != "[green]" || m.Post.Notify[0].SIP != "carol" {
		t.Fatalf("changed post %+v", m.Post)
	}
	b.do(&messages.SetTopic{By: who("alice"), SIP: "news?arts", Name: "Arts"})
	topics, err := b.log.Topics(t.Context(), "News")
	if err != nil || len(topics) != 2 || topics[0].Name != "Arts" || topics[1].SIP != "news?sport" {
		t.Fatalf("topics %+v, %v", topics, err)
	}
	b.do(&messages.SetTopic{By: who("alice"), ID: topics[1].ID, Gone: true})
	page, err := b.log.Posts(t.Context(), b.id("bob"), messages.PostsQuery{Filter: messages.Filter{Topics: []string{"news"}}})
	if err != nil {
		t.Fatal(err)
	}
	wantList(t, "without the deleted topic", textsOf(page), "n2")
	b.refused(messages.NotFound, &messages.SetTopic{By: who("alice"), ID: 4711, Name: "x"})
	b.refused(messages.NotAllowed, &messages.Delete{By: who("bob"), ID: first.N})
	b.do(&messages.Delete{By: who("bob"), ID: first.N, TopicAllowed: true})
	b.wantUnread("bob", 1) // posts are no chats
}

func testDiscussion(t *testing.T, b *bench) {
	root := b.do(&messages.Post{Author: who("alice"), Topic: "news", Text: "root"}).N
	first := b.do(&messages.Post{Author: who("bob"), Topic: "news", Text: "1", Reply: root})
	want(t, "root", first.Root, root)
	second := b.do(&messages.Post{Author: who("carol"), Topic: "news", Text: "2", Reply: first.N})
	want(t, "root", second.Root, root)
	foreign := b.do(&messages.Post{Author: who("carol"), Topic: "other", Text: "3", Reply: root})
	if foreign.Root == root {
		t.Fatal("an answer in another topic")
	}
	page, err := b.log.Discussion(t.Context(), b.id("alice"), root, messages.Page{})
	if err != nil {
		t.Fatal(err)
	}
	wantList(t, "discussion", textsOf(page), "2", "1", "root")
	p := page[2].Post
	if p.Replies != 2 || p.ReplyTime != second.Time || p.Unread != 2 {
		t.Fatalf("root %+v", p)
	}
	want(t, "likes", b.do(&messages.Like{By: who("bob"), ID: root, On: true}).Changed, true)
	want(t, "likes twice", b.do(&messages.Like{By: who("bob"), ID: root, On: true}).Changed, false)
	b.do(&messages.ReadPosts{By: who("alice"), ID: first.N})
	want(t, "backwards", b.do(&messages.ReadPosts{By: who("alice"), ID: root}).Changed, false)
	p = b.message("alice", root).Post
	if p.Likes != 1 || p.Liked || p.Unread != 1 || p.Read != first.N {
		t.Fatalf("root %+v", p)
	}
	liked, err := b.log.Posts(t.Context(), b.id("bob"), messages.PostsQuery{Liked: true})
	if err != nil {
		t.Fatal(err)
	}
	wantList(t, "liked", textsOf(liked), "root")
	b.do(&messages.Like{By: who("bob"), ID: root})
	want(t, "likes", b.message("bob", root).Post.Likes, 0)
	b.refused(messages.NotFound, &messages.ReadPosts{By: who("alice"), ID: 999})
	page, err = b.log.Posts(t.Context(), b.id("bob"), messages.PostsQuery{AddsTo: root})
	if err != nil {
		t.Fatal(err)
	}
	wantList(t, "posts of the discussion", textsOf(page), "2", "1", "root")
	// An answer in a chat is shown as such; one to another chat is not.
	a := b.say("alice", "bob", "a")
	r := b.do(&messages.Post{Author: who("bob"), To: who("alice"), Text: "b", Reply: a})
	want(t, "reply", b.message("bob", r.N).Reply, a)
	r = b.do(&messages.Post{Author: who("bob"), To: who("carol"), Text: "c", Reply: a})
	want(t, "reply to another chat", b.message("bob", r.N).Reply, 0)
}

func testBroadcast(t *testing.T, b *bench) {
	op := &messages.MakeBroadcast{By: who("alice"), Key: "k", Total: 3}
	first := b.do(op)
	again := b.do(op)
	if !again.Repeated || again.N != first.N || first.Repeated {
		t.Fatalf("first %+v, again %+v", first, again)
	}
	for range 2 {
		for _, to := range []string{"bob", "carol", "dave"} {
			b.do(&messages.Post{Author: who("alice"), To: who(to), Text: "all", CID: "k-" + to, Broadcast: first.N})
		}
	}
	b.read("bob", "alice", 0)
	b.do(&messages.Mark{By: who("carol"), With: who("alice"), State: messages.DeliveredMark})
	for range 2 {
		w, err := b.log.Broadcast(t.Context(), first.N)
		if err != nil || w.Total != 3 || w.Sent != 3 || w.Delivered != 2 || w.Read != 1 || w.Key != "k" || w.Author != b.id("alice") {
			t.Fatalf("broadcast %+v, %v", w, err)
		}
		b.fold()
	}
	_, err := b.log.Broadcast(t.Context(), 9999)
	b.wantCode(err, messages.NotFound)
}

func testClosed(t *testing.T, b *bench) {
	b.say("alice", "bob", "1")
	alice := b.id("alice")
	b.store.Close()
	_, err := b.log.Do(t.Context(), &messages.Post{Author: who("alice"), To: who("bob"), Text: "2"})
	b.wantCode(err, messages.Away)
	_, err = b.log.Unread(t.Context(), alice)
	b.wantCode(err, messages.Away)
	_, err = b.store.Log(t.Context(), "other.com")
	b.wantCode(err, messages.Away)
	done := make(chan error, 1)
	b.log.Submit(&messages.Flush{}, func(_ messages.Result, err error) { done <- err })
	b.wantCode(<-done, messages.Away)
}

// testDoneOrder submits from one goroutine things that take different ways; they
// are answered in order. Closing the store answers everything.
func testDoneOrder(t *testing.T, b *bench) {
	const n = 500
	var mu sync.Mutex
	var got []int
	for i := range n {
		var op messages.Op = &messages.Post{Author: who("alice"), To: who("bob"), Text: fmt.Sprint(i)}
		switch i % 5 {
		case 1:
			op = &messages.Post{}
		case 2:
			op = &messages.Mark{By: who("bob"), With: who("alice"), State: messages.ReadMark}
		case 3:
			op = &messages.React{By: who("bob"), ID: 1, Emoji: "x", On: true}
		}
		b.log.Submit(op, func(_ messages.Result, err error) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, i)
			if refused := i%5 == 1 || i%5 == 3; (err != nil) != refused {
				t.Errorf("operation %d: %v", i, err)
			}
		})
	}
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, "answers", len(got), n)
	for i := range got {
		want(t, "place", got[i], i)
	}
	b.store = b.handle()
	b.log = b.domain(b.store, "example.com")
	b.wantUnread("bob", 1) // the last mark came before the last post
}
