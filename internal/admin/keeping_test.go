package admin_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/keeping"
	"github.com/tandem-switch/tandem/internal/messages/retention"
	"github.com/tandem-switch/tandem/internal/messages/search"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// noBlobs are files whose contents are all missing.
type noBlobs struct{}

func (noBlobs) Open(context.Context, string) (io.ReadCloser, error) { return nil, fs.ErrNotExist }

// past is a clock that can go back, for what was stored long ago.
type past struct {
	clock.Clock
	days atomic.Int64
}

func (p *past) Now() time.Time { return p.Clock.Now().AddDate(0, 0, -int(p.days.Load())) }

// kept is a message store with a keeper and a search index that follows.
func kept(t *testing.T) (*admin.Keeping, *sqlstore.Store, *past) {
	t.Helper()
	dir, then := t.TempDir(), &past{Clock: clock.System()}
	store := must(sqlstore.OpenSQLite(t.Context(), filepath.Join(dir, "messages.db"), sqlstore.Options{Clock: then}))(t)
	index := must(search.OpenSQLite(t.Context(), filepath.Join(dir, "search.db")))(t)
	follower := must(search.NewFollower(search.FollowerConfig{Source: store, Index: index}))(t)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { follower.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		work.Wait()
		index.Close()
		store.Close()
	})
	keeper := must(retention.New(retention.Config{Store: store}))(t)
	return &admin.Keeping{Desk: keeping.Desk{Keeper: keeper, Files: noBlobs{}, Search: follower}}, store, then
}

func named(sip string) messages.Ref { return messages.Ref{GUID: "guid-" + sip, SIP: sip} }

// say posts a text.
func say(t *testing.T, log messages.Log, from, to, text string) messages.ConvID {
	t.Helper()
	return must(log.Do(t.Context(), &messages.Post{Author: named(from), To: named(to), Text: text}))(t).Conv
}

// keptMessages is a switch with messages in one.example.
func keptMessages(t *testing.T) (ctx context.Context, op *admin.Client, log messages.Log, pair messages.ConvID) {
	t.Helper()
	desk, store, then := kept(t)
	dir := openDirectory(t, t.TempDir())
	op = directly(newAPI(t, dir, admin.Config{Keeping: func() *admin.Keeping { return desk }}))
	ctx = admin.WithReason(t.Context(), "test")
	must(op.AddDomain(ctx, admin.NewDomain{Name: "one.example"}))(t)
	must(op.AddDomain(ctx, admin.NewDomain{Name: "two.example"}))(t)
	log = must(store.Log(ctx, "one.example"))(t)
	then.days.Store(100)
	pair = say(t, log, "alice", "bob", "old")
	then.days.Store(0)
	say(t, log, "bob", "alice", "new")
	return ctx, op, log, pair
}

func TestRetentionRules(t *testing.T) {
	ctx, op, _, pair := keptMessages(t)
	one := keeping.Messages{Domain: "one.example"}
	equal(t, len(must(op.Keeping().RetentionRules(ctx, one))(t)), 0)
	_, err := op.Keeping().SetRetention(t.Context(), keeping.SetRetention{Domain: "one.example"})
	refused(t, err, admin.ReasonRequired, "--reason")
	rule := keeping.RetentionRule{MessagesDays: 30, FilesDays: 10}
	must(op.Keeping().SetRetention(ctx, keeping.SetRetention{Domain: "one.example", RetentionRule: rule}))(t)
	own := keeping.RetentionRule{Conversation: int64(pair), MessagesDays: 365}
	must(op.Keeping().SetRetention(ctx, keeping.SetRetention{Domain: "one.example", RetentionRule: own}))(t)
	_, err = op.Keeping().SetRetention(ctx, keeping.SetRetention{Domain: "one.example", RetentionRule: keeping.RetentionRule{Conversation: 999}})
	refused(t, err, admin.NotFound, "no such conversation")
	_, err = op.Keeping().SetRetention(ctx, keeping.SetRetention{Domain: "one.example", RetentionRule: keeping.RetentionRule{MessagesDays: 99999}})
	refused(t, err, admin.Invalid, "messages_days")
	_, err = op.Keeping().SetRetention(ctx, keeping.SetRetention{Domain: "two.example", RetentionRule: rule})
	refused(t, err, admin.NotFound, "no messages")

	list := must(op.Keeping().RetentionRules(ctx, one))(t)
	if len(list) != 2 || list[0].Changed.IsZero() || list[0].MessagesDays != 30 || list[1].Conversation != int64(pair) {
		t.Fatalf("rules %+v", list)
	}
	equal(t, must(op.Keeping().RetentionPreview(ctx, one))(t).Total, keeping.RetentionCount{})
	must(op.Keeping().DropRetention(ctx, keeping.DropRetention{Domain: "one.example", Conversation: int64(pair)}))(t)
	_, err = op.Keeping().DropRetention(ctx, keeping.DropRetention{Domain: "one.example", Conversation: int64(pair)})
	refused(t, err, admin.NotFound, "no such rule")
	equal(t, must(op.Keeping().RetentionPreview(ctx, one))(t).Total, keeping.RetentionCount{Messages: 1})
	equal(t, must(op.Keeping().RunRetention(ctx, one))(t).Total, keeping.RetentionCount{Messages: 1})
	equal(t, must(op.Keeping().RunRetention(ctx, one))(t).Total, keeping.RetentionCount{})
}

func TestHoldsAndErasure(t *testing.T) {
	ctx, op, log, pair := keptMessages(t)
	one := keeping.Messages{Domain: "one.example"}
	hold := func(h keeping.Hold) keeping.OneHold { return keeping.OneHold{Domain: "one.example", Hold: h} }
	must(op.Keeping().SetHold(ctx, hold(keeping.Hold{Person: "alice", Note: "case 7"})))(t)
	must(op.Keeping().SetHold(ctx, hold(keeping.Hold{Conversation: int64(pair)})))(t)
	list := must(op.Keeping().Holds(ctx, one))(t)
	if len(list) != 2 || !slices.ContainsFunc(list, func(h keeping.Hold) bool { return h.Person == "alice" && h.Note == "case 7" && !h.Since.IsZero() }) {
		t.Fatalf("holds %+v", list)
	}
	_, err := op.Keeping().SetHold(ctx, hold(keeping.Hold{Person: "nobody"}))
	refused(t, err, admin.NotFound, "no such person")
	_, err = op.Keeping().SetHold(ctx, hold(keeping.Hold{Person: "alice", Conversation: 1}))
	refused(t, err, admin.Invalid, "Name one")
	erase := keeping.ErasePerson{Domain: "one.example", Erasure: keeping.Erasure{Person: "alice"}}
	_, err = op.Keeping().ErasePerson(ctx, erase)
	refused(t, err, "on_hold", "legal hold")
	_, err = op.Keeping().PreviewErase(ctx, erase)
	refused(t, err, "on_hold", "legal hold")
	for _, h := range list {
		must(op.Keeping().EndHold(ctx, hold(keeping.Hold{Person: h.Person, Conversation: h.Conversation})))(t)
	}
	_, err = op.Keeping().EndHold(ctx, hold(keeping.Hold{Person: "alice"}))
	refused(t, err, admin.NotFound, "no such hold")

	equal(t, must(op.Keeping().PreviewErase(ctx, erase))(t), keeping.RetentionCount{Messages: 1})
	_, err = op.Keeping().PreviewErase(ctx, keeping.ErasePerson{Domain: "one.example"})
	refused(t, err, admin.Invalid, "Name the person")
	equal(t, must(op.Keeping().ErasePerson(ctx, erase))(t).Messages, int64(1))
	_, err = op.Keeping().PreviewErase(ctx, erase)
	refused(t, err, admin.NotFound, "no such person")
	_, err = op.Keeping().ErasePerson(ctx, erase)
	refused(t, err, admin.NotFound, "no such person")
	_, err = op.Keeping().ErasePerson(ctx, keeping.ErasePerson{Domain: "one.example"})
	refused(t, err, admin.Invalid, "Name the person")
	left := must(log.Conversation(ctx, pair, messages.Page{}))(t)
	if len(left) != 1 || left[0].Text != "new" {
		t.Errorf("left are %+v", left)
	}
}

// entriesOf reads an archive to its end.
func entriesOf(t *testing.T, body io.ReadCloser) (names []string, all string) {
	t.Helper()
	defer body.Close()
	data := must(io.ReadAll(body))(t)
	z := must(zip.NewReader(bytes.NewReader(data), int64(len(data))))(t)
	for _, f := range z.File {
		names = append(names, f.Name)
		in := must(f.Open())(t)
		all += string(must(io.ReadAll(in))(t))
		in.Close()
	}
	return names, all
}

func TestChatExport(t *testing.T) {
	ctx, op, log, pair := keptMessages(t)
	say(t, log, "carol", "dave", "not for alice")
	ask := func(e keeping.ChatExport) (io.ReadCloser, error) {
		e.Domain = "one.example"
		return op.Keeping().ExportChats(ctx, e)
	}
	names, all := entriesOf(t, must(ask(keeping.ChatExport{Person: "alice"}))(t))
	if !slices.Contains(names, "index.html") || !slices.Contains(names, "chats/0001/messages.json") || !strings.Contains(all, "old") || strings.Contains(all, "not for alice") {
		t.Errorf("alice gets %v: %s", names, all)
	}
	names, _ = entriesOf(t, must(ask(keeping.ChatExport{GUID: "guid-bob", With: "alice", Format: "json", NoFiles: true}))(t))
	if slices.Contains(names, "index.html") {
		t.Errorf("bob gets %v", names)
	}
	if _, all = entriesOf(t, must(ask(keeping.ChatExport{Conversation: int64(pair)}))(t)); !strings.Contains(all, "new") {
		t.Errorf("the conversation has %s", all)
	}
	for _, test := range []struct {
		e    keeping.ChatExport
		code admin.Code
		text string
	}{
		{keeping.ChatExport{}, admin.Invalid, "Name the person"},
		{keeping.ChatExport{Person: "alice", With: "bob", Conversation: 5}, admin.Invalid, "not by both"},
		{keeping.ChatExport{Person: "nobody"}, admin.NotFound, "no such person"},
		{keeping.ChatExport{Person: "alice", With: "carol"}, admin.NotFound, "no such"},
		{keeping.ChatExport{Conversation: 999}, admin.NotFound, "no such conversation"},
	} {
		_, err := ask(test.e)
		refused(t, err, test.code, test.text)
	}
	_, err := op.Keeping().ExportChats(t.Context(), keeping.ChatExport{Domain: "one.example", Person: "alice"})
	refused(t, err, admin.ReasonRequired, "--reason")

	list := must(op.Keeping().Conversations(ctx, keeping.Messages{Domain: "one.example"}))(t)
	if len(list) != 2 || list[0].ID != int64(pair) || list[0].Kind != "pair" || list[0].Messages != 2 || !slices.Equal(list[0].People, []string{"alice", "bob"}) {
		t.Errorf("conversations %+v", list)
	}
}

func TestSearchIndex(t *testing.T) {
	ctx, op, log, _ := keptMessages(t)
	one := keeping.Messages{Domain: "one.example"}
	complete := func() {
		t.Helper()
		for range 2000 {
			if s := must(op.Keeping().SearchState(ctx, one))(t); s.Indexed == int64(log.Head()) && s.Messages == 2 {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatal("the index is never complete")
	}
	complete()
	must(op.Keeping().RebuildSearch(ctx, one))(t)
	complete()
	_, err := op.Keeping().RebuildSearch(ctx, keeping.Messages{Domain: "two.example"})
	refused(t, err, admin.NotFound, "no index")
}

// Without a hosted service there are no such operations; before it is open they
// say so.
func TestKeepingIsNotThere(t *testing.T) {
	dir := openDirectory(t, t.TempDir())
	none := directly(newAPI(t, dir, admin.Config{}))
	must(none.AddDomain(t.Context(), admin.NewDomain{Name: "one.example"}))(t)
	_, err := none.Keeping().RetentionRules(t.Context(), keeping.Messages{})
	refused(t, err, admin.NotRunning, "--messages embedded")
	soon := directly(newAPI(t, dir, admin.Config{Keeping: func() *admin.Keeping { return nil }}))
	_, err = soon.Keeping().RetentionRules(t.Context(), keeping.Messages{})
	refused(t, err, admin.NotRunning, "not ready")
}
