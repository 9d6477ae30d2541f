package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
)

// file is a made-up file that nothing was uploaded for.
func file(name string) messages.File {
	return messages.File{Hash: "hash of " + name, Name: name, Type: "text/plain", Size: 7}
}

func names(files []messages.File) (list []string) {
	for _, f := range files {
		list = append(list, f.Name)
	}
	return list
}

func testAttach(t *testing.T, b *bench) {
	id := b.say("alice", "bob", "1")
	d := b.device("bob")
	r := b.do(&messages.Attach{By: who("alice"), ID: id, Files: []messages.File{file("a"), file("b")}})
	if !r.Changed || r.N <= id || r.Message == nil || len(r.Message.Files) == 0 {
		t.Fatalf("result %+v", r)
	}
	b.do(&messages.Attach{By: who("alice"), ID: id, Files: []messages.File{file("c")}})
	b.reopen()
	seen := map[int64]bool{}
	for _, side := range []string{"alice", "bob"} {
		m := b.message(side, id)
		wantList(t, side+" has", names(m.Files), "a", "b", "c")
		want(t, "edited", m.Edited, 0)
		want(t, "text", m.Text, "1")
		for _, f := range m.Files {
			seen[f.ID] = true
		}
	}
	want(t, "references", len(seen), 6)
	b.wantUnread("bob", 1)
	wantList(t, "bob is told", d.sync(0), "2:alice:1", "2:alice:1")
	page, err := b.log.Tail(t.Context(), id, 10)
	if err != nil || len(page.Changes) != 2 || page.Changes[1].Kind != messages.Edited || len(page.Changes[1].Message.Files) != 6 {
		t.Fatalf("tail %+v, %v", page, err)
	}

	one := []messages.File{file("x")}
	b.refused(messages.NotAllowed, &messages.Attach{By: who("bob"), ID: id, Files: one})
	b.refused(messages.NotFound, &messages.Attach{By: who("carol"), ID: id, Files: one})
	b.refused(messages.NotFound, &messages.Attach{By: who("alice"), ID: id + 1000, Files: one})
	b.refused(messages.NotAllowed, &messages.Attach{ID: id, Files: one}) // the system writes nothing
	b.refused(messages.BadParameter, &messages.Attach{By: who("alice"), ID: id})
	b.refused(messages.Quota, &messages.Attach{By: who("alice"), ID: id, Files: one, Most: 3})
	b.refused(messages.Quota, &messages.Attach{By: who("alice"), ID: id, Files: make([]messages.File, messages.MaxFiles)})
	wantList(t, "still", names(b.message("bob", id).Files), "a", "b", "c")

	b.do(&messages.Delete{By: who("alice"), ID: id})
	b.refused(messages.NotFound, &messages.Attach{By: who("alice"), ID: id, Files: one})
	all, err := b.log.Files(t.Context(), 0, 10)
	if err != nil || len(all) != 0 {
		t.Fatalf("files of a deleted message %+v, %v", all, err)
	}
	ends := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "ends", Expires: b.clock.Now().Add(time.Minute).UnixMilli()}).N
	b.clock.Advance(time.Hour)
	b.refused(messages.NotFound, &messages.Attach{By: who("alice"), ID: ends, Files: one})
	// What one side keeps for itself gets the file there.
	own := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Own: true, Owner: who("alice"), Text: "own"}).N
	b.do(&messages.Attach{By: who("alice"), ID: own, Files: one})
	wantList(t, "own", names(b.message("alice", own).Files), "x")
}

func testAttachGroup(t *testing.T, b *bench) {
	group := b.group("alice", "bob", "carol")
	id := b.tell(group, "bob", "1")
	one := []messages.File{file("x")}
	b.do(&messages.Attach{By: who("bob"), ID: id, Files: one})
	wantList(t, "carol has", names(b.message("carol", id).Files), "x")
	b.refused(messages.NotAllowed, &messages.Attach{By: who("alice"), ID: id, Files: one}) // nor an admin
	b.do(&messages.SetMember{By: who("alice"), Group: group, Act: messages.Mute, Member: who("bob"), Until: b.clock.Now().Add(hour).UnixMilli()})
	b.refused(messages.NotAllowed, &messages.Attach{By: who("bob"), ID: id, Files: one})
	b.clock.Advance(2 * hour)
	b.do(&messages.Attach{By: who("bob"), ID: id, Files: one})
	b.act("alice", group, messages.Kick, "bob", 0)
	b.refused(messages.NotAllowed, &messages.Attach{By: who("bob"), ID: id, Files: one})
	topic := b.do(&messages.Post{Author: who("alice"), Topic: "news?x", Text: "1"})
	b.do(&messages.Attach{By: who("alice"), ID: topic.N, Files: one})
	b.do(&messages.SetTopic{By: who("alice"), ID: topic.Conv, Gone: true})
	b.refused(messages.NotFound, &messages.Attach{By: who("alice"), ID: topic.N, Files: one})
}

// A post that waits for its files is there for its author alone, until an Edit says
// that they have come, or for AttachTime.
func testAttaching(t *testing.T, b *bench) {
	post := func(text string) messages.Number {
		return b.do(&messages.Post{Author: who("alice"), Topic: "news", Text: text, Attaching: true}).N
	}
	posts := func(of string) []string {
		t.Helper()
		page, err := b.log.Posts(t.Context(), b.id(of), messages.PostsQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return textsOf(page)
	}
	kinds := func(above messages.Number) (list []string) {
		t.Helper()
		page, err := b.log.Tail(t.Context(), above, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Changes {
			list = append(list, fmt.Sprintf("%d waits=%v", c.Kind, c.Message.Waits(b.clock.Now().UnixMilli())))
		}
		return list
	}
	b.do(&messages.Intern{People: []messages.Ref{who("bob")}})
	one := []messages.File{file("x")}
	id := post("1")
	r := b.do(&messages.Attach{By: who("alice"), ID: id, Files: one})
	if !r.Changed || r.N != 0 || r.Message == nil {
		t.Fatalf("result %+v", r)
	}
	b.reopen()
	wantList(t, "alice", posts("alice"), "1")
	wantList(t, "bob", posts("bob"))
	_, err := b.log.Message(t.Context(), b.id("bob"), id)
	b.wantCode(err, messages.NotFound)
	page, err := b.log.Discussion(t.Context(), b.id("bob"), id, messages.Page{})
	if err != nil || len(page) != 0 {
		t.Fatalf("bob's discussion %+v, %v", page, err)
	}
	wantList(t, "told", kinds(id-1), "1 waits=true")
	// An answer that waits is not counted either.
	root := b.do(&messages.Post{Author: who("bob"), Topic: "other", Text: "root"})
	answer := b.do(&messages.Post{Author: who("alice"), Topic: "other", Text: "answer", Reply: root.N, Attaching: true})
	counts := func(of string) string {
		p := b.message(of, root.N).Post
		return fmt.Sprintf("%d answers, %d unread, newest %v", p.Replies, p.Unread, p.ReplyTime == answer.Time)
	}
	want(t, "bob", counts("bob"), "0 answers, 0 unread, newest false")
	want(t, "alice", counts("alice"), "1 answers, 1 unread, newest true")
	b.do(&messages.Edit{By: who("alice"), ID: answer.N, KeepText: true})
	want(t, "bob", counts("bob"), "1 answers, 1 unread, newest true")
	for _, id := range []messages.Number{root.N, answer.N} {
		b.do(&messages.Delete{ID: id})
	}
	// Another text, and it goes on to wait; then the end.
	b.do(&messages.Edit{By: who("alice"), ID: id, Text: "1b", Attaching: true})
	wantList(t, "bob", posts("bob"))
	r = b.do(&messages.Edit{By: who("alice"), ID: id, KeepText: true})
	if !r.Changed || r.Message.Text != "1b" || r.Message.Edited != 0 || r.Message.Attaching {
		t.Fatalf("announced %+v %+v", r, r.Message)
	}
	page, err = b.log.Discussion(t.Context(), b.id("bob"), id, messages.Page{})
	if err != nil || len(page) != 1 {
		t.Fatalf("bob's discussion %+v, %v", page, err)
	}
	wantList(t, "bob", posts("bob"), "1b")
	wantList(t, "bob's files", names(b.message("bob", id).Files), "x")
	want(t, "again", b.do(&messages.Edit{By: who("alice"), ID: id, KeepText: true}).Changed, false)
	want(t, "not again", b.do(&messages.Edit{By: who("alice"), ID: id, Text: "1c", Attaching: true}).Message.Attaching, false)
	if m := b.message("bob", id); m.Text != "1c" || m.Edited == 0 {
		t.Fatalf("edited %+v", m)
	}
	// Nobody says so: it ends by itself, and the system may say so too.
	id = post("2")
	b.clock.Advance(messages.AttachTime - time.Minute)
	wantList(t, "bob", posts("bob"), "1c")
	b.do(&messages.Edit{ID: id, KeepText: true})
	wantList(t, "bob", posts("bob"), "2", "1c")
	id = post("3")
	b.clock.Advance(messages.AttachTime)
	wantList(t, "bob", posts("bob"), "3", "2", "1c")
	if r := b.do(&messages.Attach{By: who("alice"), ID: id, Files: one}); r.N == 0 {
		t.Fatalf("nobody is told: %+v", r)
	}
	b.refused(messages.BadParameter, &messages.Post{Author: who("alice"), To: who("bob"), Text: "x", Attaching: true})
}
