package retention_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/retention"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

const (
	dom = "example.com"
	day = 24 * time.Hour
)

func who(name string) messages.Ref { return messages.Ref{GUID: "guid-" + name, SIP: name} }

// fixed is a clock that stands still, and whose timers run at once: nobody waits.
type fixed struct{ now atomic.Int64 }

func (f *fixed) Now() time.Time { return time.UnixMilli(f.now.Load()) }

func (f *fixed) AfterFunc(_ time.Duration, do func()) clock.Timer { return time.AfterFunc(0, do) }

func (f *fixed) add(d time.Duration) { f.now.Add(d.Milliseconds()) }

// collector counts how often it was asked.
type collector struct{ asked int }

func (c *collector) Collect(context.Context) (int, error) {
	c.asked++
	return 0, nil
}

type bench struct {
	t      *testing.T
	clock  *fixed
	store  *sqlstore.Store
	log    messages.Retained
	files  collector
	keeper *retention.Keeper
	hash   int
}

func setUp(t *testing.T) *bench {
	b := &bench{t: t, clock: &fixed{}}
	b.clock.now.Store(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).UnixMilli())
	var err error
	if b.store, err = sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "messages.db"), sqlstore.Options{Clock: b.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.store.Close() })
	log, err := b.store.Log(t.Context(), dom)
	if err != nil {
		t.Fatal(err)
	}
	b.log = log.(messages.Retained)
	if b.keeper, err = retention.New(retention.Config{Store: b.store, Files: &b.files, Clock: b.clock}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) do(op messages.Op) messages.Result {
	b.t.Helper()
	r, err := b.log.Do(b.t.Context(), op)
	if err != nil {
		b.t.Fatalf("%T: %v", op, err)
	}
	return r
}

// say posts a text, with a file of 10 bytes if it is so called.
func (b *bench) say(from, to, text string, file ...string) messages.Number {
	b.t.Helper()
	return b.do(&messages.Post{Author: who(from), To: who(to), Text: text, Files: b.twins(file)}).N
}

func (b *bench) tell(group messages.ConvID, from, text string, file ...string) {
	b.t.Helper()
	b.do(&messages.Post{Author: who(from), Group: group, Text: text, Files: b.twins(file)})
}

func (b *bench) twins(names []string) (files []messages.File) {
	for _, name := range names {
		b.hash++
		files = append(files, messages.File{Hash: fmt.Sprintf("%064x", b.hash), Name: name, Size: 10})
	}
	return files
}

func (b *bench) rule(r messages.Rule) {
	b.t.Helper()
	if err := b.log.SetRule(b.t.Context(), r); err != nil {
		b.t.Fatal(err)
	}
}

// left are the texts of a conversation, and of its files.
func (b *bench) left(conv messages.ConvID) []string {
	b.t.Helper()
	page, err := b.log.Conversation(b.t.Context(), conv, messages.Page{Count: 500})
	if err != nil {
		b.t.Fatal(err)
	}
	out := []string{}
	for _, m := range slices.Backward(page) {
		text := m.Text
		if len(m.Files) > 0 {
			text += " with " + m.Files[0].Name
		}
		out = append(out, text)
	}
	return out
}

func (b *bench) wantLeft(conv messages.ConvID, want ...string) {
	b.t.Helper()
	if got := b.left(conv); !slices.Equal(got, append([]string{}, want...)) {
		b.t.Errorf("left are %q, want %q", got, want)
	}
}

// apply runs dry, then really, and wants the same counts.
func (b *bench) apply(want retention.Count) {
	b.t.Helper()
	dry, err := b.keeper.Dry(b.t.Context(), dom)
	if err != nil {
		b.t.Fatal(err)
	}
	if dry.Total != want {
		b.t.Errorf("dry run: %+v, want %+v", dry.Total, want)
	}
	real, err := b.keeper.Apply(b.t.Context(), "EXAMPLE.com")
	if err != nil {
		b.t.Fatal(err)
	}
	want.Held = 0
	if real.Total != want {
		b.t.Errorf("deleted: %+v, want %+v", real.Total, want)
	}
	again, err := b.keeper.Apply(b.t.Context(), dom)
	if err != nil || again.Total != (retention.Count{}) {
		b.t.Errorf("again: %+v, %v", again.Total, err)
	}
}

func (b *bench) conv(id messages.Number) messages.ConvID {
	b.t.Helper()
	m, err := b.log.Message(b.t.Context(), 0, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return m.Conv
}

func TestRulesOfDomainAndGroup(t *testing.T) {
	b := setUp(t)
	group := b.do(&messages.MakeGroup{By: who("alice"), Title: "forever", Members: []messages.Ref{who("bob")}}).Conv
	short := b.do(&messages.MakeGroup{By: who("alice"), Title: "short"}).Conv
	pair := b.conv(b.say("alice", "bob", "oldest"))
	b.tell(group, "alice", "oldest of all")
	b.tell(short, "alice", "short lived")
	b.clock.add(20 * day)
	b.say("alice", "bob", "old", "plan.pdf")
	b.tell(short, "alice", "not so old", "x.txt")
	b.clock.add(20 * day)
	b.say("bob", "alice", "new", "new.pdf")
	b.apply(retention.Count{}) // there is no rule

	b.rule(messages.Rule{Messages: 30})
	b.rule(messages.Rule{Conv: group})              // everything stays
	b.rule(messages.Rule{Conv: short, Messages: 1}) // nearly nothing
	refs := int64(len(b.filesOf(short)))
	b.apply(retention.Count{Messages: 3, Files: refs, Bytes: refs * 10})
	b.wantLeft(pair, "old with plan.pdf", "new with new.pdf")
	b.wantLeft(group, "oldest of all")
	b.wantLeft(short)
	if b.files.asked != 1 {
		t.Errorf("the collector was asked %d times, want once", b.files.asked)
	}
}

func (b *bench) filesOf(conv messages.ConvID) (list []messages.File) {
	b.t.Helper()
	files, err := b.log.Files(b.t.Context(), 0, 500)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range files {
		if conv == 0 || b.conv(f.Message) == conv {
			list = append(list, f)
		}
	}
	return list
}

// A stricter rule for files: the text stays. The files of messages that go are
// counted once.
func TestFilesGoBeforeTheirMessages(t *testing.T) {
	b := setUp(t)
	pair := b.conv(b.say("alice", "bob", "oldest", "oldest.pdf"))
	b.clock.add(20 * day)
	b.say("alice", "bob", "old", "old.pdf")
	b.clock.add(20 * day)
	b.say("alice", "bob", "new", "new.pdf")
	all := int64(len(b.filesOf(pair)))
	b.rule(messages.Rule{Messages: 30, Files: 10})
	b.apply(retention.Count{Messages: 1, Files: all * 2 / 3, Bytes: all * 2 / 3 * 10})
	b.wantLeft(pair, "old", "new with new.pdf")
	b.rule(messages.Rule{Messages: 10, Files: 30}) // files go with their messages
	b.apply(retention.Count{Messages: 1})
	b.wantLeft(pair, "new with new.pdf")
}

func TestHoldsKeep(t *testing.T) {
	b := setUp(t)
	pair := b.conv(b.say("alice", "bob", "evidence", "deed.pdf"))
	other := b.conv(b.say("carol", "dave", "gossip"))
	group := b.do(&messages.MakeGroup{By: who("carol"), Title: "group"}).Conv
	b.tell(group, "carol", "kept too")
	b.clock.add(100 * day)
	b.rule(messages.Rule{Messages: 30, Files: 10})
	b.do(&messages.SetHold{Person: who("alice"), On: true, Note: "case 7"})
	b.do(&messages.SetHold{Conv: group, On: true})
	b.apply(retention.Count{Messages: 1, Held: 2})
	b.wantLeft(pair, "evidence with deed.pdf")
	b.wantLeft(other)
	b.wantLeft(group, "kept too")
	if _, err := b.keeper.Erase(t.Context(), dom, who("alice")); messages.CodeOf(err) != messages.NotAllowed {
		t.Errorf("a person on hold is erased: %v", err)
	}
	b.do(&messages.SetHold{Person: who("alice")})
	b.do(&messages.SetHold{Conv: group})
	refs := int64(len(b.filesOf(pair)))
	b.apply(retention.Count{Messages: 2, Files: refs, Bytes: refs * 10})
	b.wantLeft(pair)
}

// More than one batch, while others write.
func TestManyBatches(t *testing.T) {
	b := setUp(t)
	var pair messages.ConvID
	const n = 2*messages.PurgeBatch + 17
	for i := range n {
		id := b.say("alice", "bob", fmt.Sprint("old ", i))
		pair = b.conv(id)
	}
	b.clock.add(2 * day)
	b.say("alice", "bob", "new")
	b.rule(messages.Rule{Messages: 1})
	b.apply(retention.Count{Messages: n})
	b.wantLeft(pair, "new")
}

func TestErase(t *testing.T) {
	b := setUp(t)
	pair := b.conv(b.say("alice", "bob", "by alice", "secret.pdf"))
	b.say("bob", "alice", "by bob")
	for i := range messages.PurgeBatch + 3 {
		b.say("alice", "bob", fmt.Sprint("more ", i))
	}
	c, err := b.keeper.Erase(t.Context(), dom, messages.Ref{SIP: "alice"})
	if err != nil || c.Messages != messages.PurgeBatch+4 || c.Files == 0 || b.files.asked != 1 {
		t.Fatalf("%+v, %v, collector asked %d times", c, err, b.files.asked)
	}
	b.wantLeft(pair, "by bob")
	if list := b.filesOf(0); len(list) != 0 {
		t.Errorf("files are left: %v", list)
	}
	if _, err := b.log.Person(t.Context(), who("alice")); messages.CodeOf(err) != messages.NotFound {
		t.Errorf("alice is still known: %v", err)
	}
	for name, code := range map[string]messages.Code{"alice": messages.NotFound, "nobody": messages.NotFound} {
		if _, err := b.keeper.Erase(t.Context(), dom, who(name)); messages.CodeOf(err) != code {
			t.Errorf("%s: %v, want code %d", name, err, code)
		}
	}
}

func TestUnknownDomain(t *testing.T) {
	b := setUp(t)
	for what, do := range map[string]func() error{
		"apply": func() error { _, err := b.keeper.Apply(t.Context(), "never.org"); return err },
		"dry":   func() error { _, err := b.keeper.Dry(t.Context(), "never.org"); return err },
		"erase": func() error { _, err := b.keeper.Erase(t.Context(), "never.org", who("a")); return err },
	} {
		if err := do(); messages.CodeOf(err) != messages.NotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
	if names, err := b.store.Domains(t.Context()); err != nil || !slices.Equal(names, []string{dom}) {
		t.Errorf("asking has made a domain: %v, %v", names, err)
	}
}

// away is a store whose domains cannot be read.
type away struct {
	retention.Store
	asked atomic.Int64
}

func (a *away) Domains(context.Context) ([]string, error) {
	a.asked.Add(1)
	return nil, errors.New("away")
}

type failures struct{ atomic.Int64 }

func (f *failures) Deleted(_, _, _ int64) {}
func (f *failures) Failed()               { f.Add(1) }

// Run goes on after a failure, once in each interval, and ends with its context.
func TestRunGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, failed := &away{}, &failures{}
		k, err := retention.New(retention.Config{Store: store, Every: time.Hour, Observer: failed})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go k.Run(ctx)
		time.Sleep(3*time.Hour + time.Minute)
		synctest.Wait()
		if store.asked.Load() != 3 || failed.Load() != 3 {
			t.Errorf("asked %d times, failed %d times, want 3", store.asked.Load(), failed.Load())
		}
		cancel()
	})
}
