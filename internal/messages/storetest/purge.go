package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/backup"
	"github.com/tandem-switch/tandem/internal/messages"
)

// purge submits a purge until there is no more to do.
func (b *bench) purge(op messages.Purge) (all messages.Purged) {
	b.t.Helper()
	for range 100 {
		r := b.do(&op)
		all.Count += r.Purged.Count
		all.Held += r.Purged.Held
		all.FileRefs += r.Purged.FileRefs
		all.Messages = append(all.Messages, r.Purged.Messages...)
		if !r.More {
			return all
		}
		op.After = r.N
	}
	b.t.Fatal("the purge does not end")
	return all
}

func (b *bench) dry(op messages.Purge) messages.Purged {
	b.t.Helper()
	p, err := b.log.Dry(b.t.Context(), &op)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func testExpires(t *testing.T, b *bench) {
	end := b.clock.Now().Add(time.Minute).UnixMilli()
	b.say("alice", "bob", "stays")
	id := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "ends", Expires: end}).N
	d := b.device("bob")
	wantList(t, "before", b.history("bob", b.with("alice"), messages.Page{}), "ends", "stays")
	b.clock.Advance(time.Hour)
	wantList(t, "after", b.history("bob", b.with("alice"), messages.Page{}), "stays")
	_, err := b.log.Message(t.Context(), b.id("bob"), id)
	b.wantCode(err, messages.NotFound)
	want(t, "last", b.chat("bob", b.with("alice")).Last.Text, "stays")
	want(t, "deleted", b.purge(messages.Purge{Expired: b.clock.Now().UnixMilli()}).Count, 1)
	b.wantUnread("bob", 1)
	wantList(t, "told", d.sync(0), "14::")
}

func testPurge(t *testing.T, b *bench) {
	group := b.group("alice", "bob")
	for i := range 5 {
		b.say("alice", "bob", fmt.Sprint("old", i))
	}
	b.tell(group, "alice", "old in the group")
	b.do(&messages.Post{Author: who("alice"), Topic: "news", Text: "old news"})
	b.read("bob", "alice", 0)
	b.say("alice", "bob", "old and unread")
	b.fold()
	d := b.device("bob")
	b.clock.Advance(3 * hour)
	middle := b.clock.Now().Add(-time.Second).UnixMilli()
	b.say("alice", "bob", "new")
	b.wantUnread("bob", 3)
	rule := messages.Purge{Before: middle, Kinds: []messages.ConvKind{messages.PairConv, messages.OwnConv}}
	want(t, "dry", b.dry(rule).Count, 6)
	want(t, "dry, all kinds", b.dry(messages.Purge{Before: middle}).Count, 8)
	want(t, "dry, but one", b.dry(messages.Purge{Before: middle, Except: []messages.ConvID{group}}).Count, 7)
	want(t, "dry, only one", b.dry(messages.Purge{Before: middle, Conv: group}).Count, 1)
	got := b.purge(rule)
	if got.Count != 6 || len(got.Messages) != 6 {
		t.Fatalf("purged %+v", got)
	}
	wantList(t, "history", b.history("bob", b.with("alice"), messages.Page{}), "new")
	b.wantUnread("bob", 2)
	b.reopen()
	b.wantUnread("bob", 2)
	want(t, "again", b.purge(rule).Count, 0)
	page, err := b.log.Tail(t.Context(), 0, 500)
	if err != nil {
		t.Fatal(err)
	}
	told := ""
	for _, c := range page.Changes {
		if c.Kind == messages.PurgedRows {
			told += c.Data
		}
	}
	if !strings.Contains(told, fmt.Sprint(got.Messages[0])) {
		t.Fatalf("the follower is told %q", told)
	}
	wantList(t, "the client is told", d.sync(0), "1:alice:new", "22::6 messages")
	wantList(t, "once", d.sync(0))
	// The key is free again.
	if r := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "old0", CID: "cid-old0"}); r.Repeated {
		t.Fatal("the key of a purged message")
	}
	b.refused(messages.BadParameter, &messages.Purge{})
}

// testPurgeSync has devices synchronise behind rules of retention: each is told what it
// may have, and nothing else.
func testPurgeSync(t *testing.T, b *bench) {
	first := b.say("alice", "bob", "1")
	own := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Own: true, Owner: who("bob"), Text: "own"}).N
	group := b.group("alice", "bob")
	early := b.tell(group, "alice", "before carol")
	b.act("alice", group, messages.Add, "carol", 0)
	late := b.tell(group, "alice", "with carol")
	b.say("dave", "erin", "of others")
	b.fold()
	devices := map[string]*device{}
	for _, name := range []string{"alice", "bob", "carol"} {
		devices[name] = b.device(name)
	}
	b.clock.Advance(2 * hour)
	want(t, "purged", b.purge(messages.Purge{Before: b.clock.Now().UnixMilli()}).Count, 5)
	for name, refs := range map[string][]messages.Number{"alice": {first, early, late}, "bob": {first, own, early, late}, "carol": {late}} {
		page, err := b.log.Sync(t.Context(), b.id(name), devices[name].token, 0)
		if err != nil {
			t.Fatal(err)
		}
		var got []messages.Number
		for _, c := range page.Changes {
			if c.Kind != messages.Purges || c.Chat == (messages.Chat{}) || c.Time == 0 {
				t.Errorf("%s: %+v", name, c)
			}
			got = append(got, c.Refs...)
		}
		slices.Sort(got)
		if !slices.Equal(got, refs) {
			t.Errorf("%s is told %v, want %v", name, got, refs)
		}
	}
	wantList(t, "dave, from before", b.device("dave").sync(0))
}

// testPurgeSyncPages has more batches than one page looks through, among changes of
// other kinds.
func testPurgeSyncPages(t *testing.T, b *bench) {
	const batches = 70 * 3
	b.id("bob")
	small, large := b.device("bob"), b.device("bob")
	for i := range batches {
		b.say("alice", "bob", fmt.Sprint(i))
		if i%3 > 0 { // of others, and files alone
			b.do(&messages.Post{Author: who("dave"), To: who("erin"), Text: "x", Files: []messages.File{{Hash: "h", Name: "n", Size: 7}}})
		}
		b.clock.Advance(2 * hour)
		b.purge(messages.Purge{Before: b.clock.Now().UnixMilli(), Files: i%3 == 1})
	}
	b.fold()
	got, all := small.sync(3), large.sync(0)
	if !slices.Equal(got, all) || small.reset || large.reset {
		t.Errorf("small pages give %d changes, a large one %d", len(got), len(all))
	}
	gone := 0
	for _, text := range all {
		var n int
		if _, err := fmt.Sscanf(text, "22::%d messages", &n); err == nil {
			gone += n
		}
	}
	want(t, "told", gone, batches)
}

func testHold(t *testing.T, b *bench) {
	b.say("alice", "bob", "1")
	b.say("carol", "bob", "2")
	b.say("carol", "dave", "3")
	group := b.group("dave", "alice", "erin")
	b.tell(group, "dave", "4")
	other := b.group("dave", "erin")
	heldID := b.tell(other, "dave", "5")
	b.clock.Advance(2 * hour)
	rule := messages.Purge{Before: b.clock.Now().UnixMilli()}
	b.do(&messages.SetHold{Person: who("alice"), On: true, Note: "case 1"})
	b.clock.Advance(time.Second)
	b.do(&messages.SetHold{Conv: other, On: true})
	holds, err := b.log.Holds(t.Context())
	if err != nil || len(holds) != 2 || holds[0].Note != "case 1" {
		t.Fatalf("holds %+v, %v", holds, err)
	}
	if p := b.dry(rule); p.Held != 3 || p.Count != 2 {
		t.Fatalf("dry %+v", p)
	}
	if p := b.purge(rule); p.Held != 3 || p.Count != 2 {
		t.Fatalf("purged %+v", p)
	}
	b.refused(messages.NotAllowed, &messages.Delete{By: who("dave"), ID: heldID})
	b.refused(messages.NotAllowed, &messages.Erase{Person: who("alice")})
	b.refused(messages.NotAllowed, &messages.Erase{Person: who("dave")})
	b.reopen()
	want(t, "still held", b.purge(rule).Held, 3)
	want(t, "ended", b.do(&messages.SetHold{Person: who("alice")}).Changed, true)
	want(t, "ended twice", b.do(&messages.SetHold{Person: who("alice")}).Changed, false)
	b.do(&messages.SetHold{Conv: other})
	want(t, "free", b.purge(rule).Count, 3)
	b.refused(messages.NotFound, &messages.SetHold{Conv: 12345, On: true})
	b.refused(messages.NotFound, &messages.SetHold{Person: who("stranger"), On: true})
}

func testPurgeFiles(t *testing.T, b *bench) {
	id := b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "see", Files: []messages.File{{Hash: "h", Name: "n", Size: 7}}}).N
	b.say("alice", "bob", "no file")
	b.clock.Advance(2 * hour)
	rule := messages.Purge{Before: b.clock.Now().UnixMilli(), Files: true}
	if p := b.dry(rule); p.Count != 1 || p.FileRefs != 2 || p.Bytes != 14 {
		t.Fatalf("dry %+v", p)
	}
	if p := b.purge(rule); p.FileRefs != 2 || len(p.Messages) != 1 || p.Messages[0] != id {
		t.Fatalf("purged %+v", p)
	}
	m := b.message("bob", id)
	if m.Text != "see" || len(m.Files) != 0 {
		t.Fatalf("message %+v", m)
	}
	want(t, "again", b.purge(rule).Count, 0)
}

func testForget(t *testing.T, b *bench) {
	id := b.say("alice", "bob", "1")
	old := b.device("bob")
	b.do(&messages.React{By: who("bob"), ID: id, Emoji: "x", On: true})
	b.do(&messages.Edit{By: who("alice"), ID: id, Text: "1b"})
	b.fold()
	to := b.log.Head()
	fresh := b.device("bob")
	want(t, "dry", b.dry(messages.Purge{Log: to}).Count, 2)
	b.purge(messages.Purge{Log: to})
	old.sync(0)
	want(t, "an old token", old.reset, true)
	b.say("alice", "bob", "2")
	wantList(t, "a newer token", fresh.sync(0), "1:alice:2")
	want(t, "newer reset", fresh.reset, false)
	page, err := b.log.Tail(t.Context(), 0, 100)
	if err != nil || page.Floor == 0 || page.Floor > to || len(page.Changes) != 2 {
		t.Fatalf("tail %+v, %v", page, err)
	}
	want(t, "the state stays", len(b.message("bob", id).Reactions), 1)
}

// dryErase counts what an erasure would delete.
func (b *bench) dryErase(name string) messages.Purged {
	b.t.Helper()
	p, err := b.log.(messages.Retained).DryErase(b.t.Context(), who(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func testErase(t *testing.T, b *bench) {
	b.say("alice", "bob", "a1")
	b.say("bob", "alice", "b1")
	b.do(&messages.Post{Author: who("bob"), To: who("alice"), Own: true, Owner: who("alice"), Text: "b2"})
	b.do(&messages.Post{Author: who("alice"), To: who("bob"), Text: "a2"}) // without a key
	group := b.group("alice", "bob")
	b.tell(group, "alice", "a3")
	b.do(&messages.SetDraft{By: who("alice"), To: who("bob"), Text: "draft"})
	b.do(&messages.Post{Author: who("bob"), To: who("alice"), Own: true, Owner: who("alice"), Text: "b3", Files: []messages.File{{Hash: "h", Name: "n", Size: 7}}})
	id := b.id("alice")
	count := int64(0)
	dry := b.dryErase("alice")
	b.do(&messages.SetHold{Conv: group, On: true})
	_, err := b.log.(messages.Retained).DryErase(t.Context(), who("alice"))
	b.wantCode(err, messages.NotAllowed)
	b.do(&messages.SetHold{Conv: group})
	want(t, "messages, dry", dry.Count, 5)
	for range 20 {
		r := b.do(&messages.Erase{Person: messages.Ref{ID: id}})
		count += r.Purged.Count
		dry.FileRefs -= r.Purged.FileRefs
		dry.Bytes -= r.Purged.Bytes
		if !r.More {
			break
		}
	}
	want(t, "deleted", count, 5)
	if dry.FileRefs != 0 || dry.Bytes != 0 {
		t.Errorf("of files more were counted than deleted: %+v", dry)
	}
	wantList(t, "bob", b.history("bob", messages.Chat{With: id}, messages.Page{}), "b1")
	wantList(t, "group", b.members(group), "bob2")
	b.wantUnread("bob", 0)
	_, err = b.log.Person(t.Context(), messages.Ref{GUID: "guid-alice"})
	b.wantCode(err, messages.NotFound)
	_, err = b.log.(messages.Retained).DryErase(t.Context(), who("alice"))
	b.wantCode(err, messages.NotFound)
	p, err := b.log.Person(t.Context(), messages.Ref{ID: id})
	if err != nil || p.Name != "" || p.SIP != "" {
		t.Fatalf("left of the person: %+v, %v", p, err)
	}
	drafts, err := b.log.Drafts(t.Context(), id)
	if err != nil || len(drafts) > 0 {
		t.Fatalf("drafts %v, %v", drafts, err)
	}
	if b.id("alice") == id {
		t.Fatal("the same person again")
	}
	b.refused(messages.NotFound, &messages.Erase{Person: who("stranger")})
}

// testBackup writes a store into another one.
func testBackup(fresh Fresh) func(*testing.T, *bench) {
	return func(t *testing.T, b *bench) {
		id := b.say("alice", "bob", "1")
		b.do(&messages.Post{Author: who("bob"), To: who("alice"), Text: "2", Files: []messages.File{{Hash: "h", Name: "ä\n", Thumb: true}}})
		b.do(&messages.React{By: who("bob"), ID: id, Emoji: "🎉", On: true})
		group := b.group("alice", "bob")
		b.tell(group, "alice", "3")
		b.fold()
		d := b.device("alice")
		var file bytes.Buffer
		if _, err := backup.Write(t.Context(), &file, b.store.(backup.Store), backup.Lock{}, backup.Header{}); err != nil {
			t.Fatal(err)
		}
		b.say("alice", "bob", "after the backup")
		b.open = fresh(t)
		second := b.handle()
		keep := func([]byte) error { return nil }
		if _, err := backup.Restore(t.Context(), &file, "", second.(backup.Store), func([][]byte) error { return nil }, keep); err != nil {
			t.Fatal(err)
		}
		b.store, b.log = second, b.domain(second, "example.com")
		wantList(t, "history", b.history("alice", b.with("bob"), messages.Page{}), "2", "1")
		m := b.message("bob", id)
		if len(m.Reactions) != 1 || m.Reactions[0].Emoji != "🎉" {
			t.Fatalf("message %+v", m)
		}
		b.wantUnread("bob", 2)
		d.sync(0)
		want(t, "clients begin anew", d.reset, true)
		b.say("alice", "bob", "goes on")
		if err := second.(backup.Store).Load(t.Context(), nil, nil); err == nil {
			t.Fatal("a backup was loaded into a store in use")
		}
	}
}
