package storetest

import (
	"fmt"
	"testing"

	"github.com/tandem-switch/tandem/internal/messages"
)

// device is one device of somebody that synchronises.
type device struct {
	b     *bench
	name  string
	token string
	reset bool
}

func (b *bench) device(name string) *device {
	d := &device{b: b, name: name}
	d.sync(0)
	return d
}

// sync returns what the device has missed, as short texts, in pages of a size.
func (d *device) sync(limit int) (got []string) {
	d.b.t.Helper()
	for pages := 0; ; pages++ {
		page, err := d.b.log.Sync(d.b.t.Context(), d.b.id(d.name), d.token, limit)
		if err != nil {
			d.b.t.Fatal(err)
		}
		last := messages.Number(0)
		for _, c := range page.Changes {
			if c.N < last {
				d.b.t.Fatalf("change %d after %d", c.N, last)
			}
			last = c.N
			text := c.Data
			if len(c.Refs) > 0 {
				text = fmt.Sprint(len(c.Refs), " messages")
			}
			if c.Message != nil {
				text = c.Message.Text
			}
			got = append(got, fmt.Sprintf("%d:%s:%s", c.Kind, c.Person.SIP, text))
		}
		d.token, d.reset = page.Token, d.reset || page.Reset
		if !page.More {
			return got
		}
		if pages > 1000 {
			d.b.t.Fatal("sync does not end")
		}
	}
}

func testSync(t *testing.T, b *bench) {
	b.say("alice", "bob", "before")
	alice, bob, carol := b.device("alice"), b.device("bob"), b.device("carol")
	wantList(t, "nothing yet", bob.sync(0))
	id := b.say("alice", "bob", "1")
	b.do(&messages.Post{Author: who("alice"), To: who("bob"), Own: true, Owner: who("bob"), Text: "own"})
	b.say("alice", "dave", "to dave")
	want := []string{"1:alice:1", "1:alice:own"}
	wantList(t, "bob, unfolded", bob.sync(0), want...)
	wantList(t, "carol", carol.sync(0))
	wantList(t, "alice", alice.sync(0), "1:alice:1", "1:alice:to dave")
	b.do(&messages.Edit{By: who("alice"), ID: id, Text: "1b"})
	b.do(&messages.React{By: who("bob"), ID: id, Emoji: "x", On: true})
	b.fold()
	b.say("bob", "alice", "2")
	b.read("bob", "alice", 0)
	b.do(&messages.SetDraft{By: who("alice"), To: who("bob"), Text: "draft"})
	wantList(t, "alice, partly folded", alice.sync(0), "2:alice:1b", "4:bob:x", "1:bob:2", "8::draft")
	b.fold()
	// bob read his own conversation with alice too, and the one of both.
	wantList(t, "alice, marks", alice.sync(0), "10:bob:")
	got := bob.sync(0)
	want2 := []string{"2:alice:1b", "4:bob:x", "1:bob:2", "10:bob:", "10:bob:"}
	wantList(t, "bob", got, want2...)
	b.do(&messages.Delete{By: who("alice"), ID: id})
	wantList(t, "deleted", bob.sync(0), "3:alice:")
	late := b.device("bob")
	wantList(t, "a new device", late.sync(0))
	group := b.group("alice", "carol")
	b.tell(group, "alice", "in the group")
	b.act("alice", group, messages.Add, "bob", 0)
	b.tell(group, "alice", "with bob")
	wantList(t, "bob joins", bob.sync(0), "13:bob:", "1:alice:with bob")
	wantList(t, "carol is told", carol.sync(0), "13:carol:", "1:alice:in the group", "13:bob:", "1:alice:with bob")
	b.act("alice", group, messages.Kick, "bob", 0)
	b.tell(group, "alice", "without bob")
	wantList(t, "bob is out", bob.sync(0), "13:bob:")
	b.fold()
	wantList(t, "bob is out, folded", bob.sync(0))
	b.reopen()
	wantList(t, "late device after a restart", late.sync(0), "13:bob:", "1:alice:with bob", "13:bob:")
}

// testSyncPages compares what many small pages give with one large page, while
// part of the log is folded and part is not.
func testSyncPages(t *testing.T, b *bench) {
	b.id("bob")
	small, large := b.device("bob"), b.device("bob")
	group := b.group("alice", "bob")
	for i := range 40 {
		id := b.say(fmt.Sprint("p", i%7), "bob", fmt.Sprint(i))
		b.tell(group, "alice", fmt.Sprint("g", i))
		switch i % 4 {
		case 0:
			b.do(&messages.React{By: who("bob"), ID: id, Emoji: "x", On: true})
		case 1:
			b.read("bob", fmt.Sprint("p", i%7), 0)
		case 2:
			b.do(&messages.SetDraft{By: who("bob"), To: who("p1"), Text: fmt.Sprint("draft", i)})
		}
		if i == 20 {
			b.fold()
		}
	}
	b.fold()
	b.say("p1", "bob", "tail 1")
	b.say("p2", "bob", "tail 2")
	whole := large.sync(500)
	wantList(t, "small pages", small.sync(3), whole...)
	if len(whole) < 40+40+10+10+2 {
		t.Fatalf("only %d changes", len(whole))
	}
	wantList(t, "again", small.sync(3))
}

func testSyncLarge(t *testing.T, b *bench) {
	op := &messages.MakeGroup{By: who("alice"), Title: "large"}
	for i := range messages.MarkedGroup + 5 {
		op.Members = append(op.Members, who(fmt.Sprint("m", i)))
	}
	group := b.do(op).Conv
	alice, reader := b.device("alice"), b.device("m1")
	id := b.tell(group, "alice", "1")
	b.do(&messages.Mark{By: who("m1"), Group: group, State: messages.ReadMark})
	b.do(&messages.Mark{By: who("m2"), Group: group, State: messages.DeliveredMark})
	b.fold()
	wantList(t, "alice sees the newest marks", alice.sync(0), "1:alice:1", "9::", "10::")
	wantList(t, "m1 also its own", reader.sync(0), "1:alice:1", "10::", "9::", "10::")
	row := b.chat("alice", messages.Chat{Group: group})
	if row.PeerRead != id || row.PeerDelivered != id {
		t.Fatalf("chat %+v", row)
	}
	rows, err := b.log.Marks(t.Context(), b.id("alice"), id)
	if err != nil || len(rows) != messages.MarkedGroup+5 {
		t.Fatalf("%d marks, %v", len(rows), err)
	}
	n := 0
	for _, w := range rows {
		if w.Read != 0 || w.Delivered != 0 {
			n++
		}
	}
	want(t, "people with a mark", n, 2)
}

func testSyncReset(t *testing.T, b *bench) {
	b.say("alice", "bob", "1")
	for _, token := range []string{"x", "1.2", "1.2.3", "1.zz.0", "2.1.1", "1.-1.5"} {
		d := &device{b: b, name: "bob", token: token}
		d.sync(0)
		want(t, "reset of "+token, d.reset, true)
		b.say("alice", "bob", "after "+token)
		wantList(t, "goes on", d.sync(0), "1:alice:after "+token)
	}
	d := b.device("bob")
	other := b.domain(b.store, "other.com")
	if _, err := other.Do(t.Context(), &messages.Intern{People: []messages.Ref{who("bob")}}); err != nil {
		t.Fatal(err)
	}
	p, err := other.Person(t.Context(), messages.Ref{SIP: "bob"})
	if err != nil {
		t.Fatal(err)
	}
	page, err := other.Sync(t.Context(), p.ID, d.token, 0)
	if err != nil || !page.Reset {
		t.Fatalf("a token of another domain: %+v, %v", page, err)
	}
}
