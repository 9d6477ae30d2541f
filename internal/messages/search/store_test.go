package search_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/backup"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/search"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// real is a real store with an index that follows it, on either engine.
type real struct {
	t        *testing.T
	store    *sqlstore.Store
	log      messages.Log
	index    search.Index
	searcher search.Searcher
	stop     func()
}

// opened is what a test opens, again and again, on one engine.
type opened struct {
	store func() (*sqlstore.Store, error)
	index func() (search.Index, error)
}

func both(t *testing.T, test func(t *testing.T, o opened)) {
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		test(t, opened{
			func() (*sqlstore.Store, error) {
				return sqlstore.OpenSQLite(t.Context(), filepath.Join(dir, "messages.db"), sqlstore.Options{})
			},
			func() (search.Index, error) { return search.OpenSQLite(t.Context(), filepath.Join(dir, "search.db")) },
		})
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := schema(t)
		test(t, opened{
			func() (*sqlstore.Store, error) {
				return sqlstore.OpenPostgres(t.Context(), dsn, "", sqlstore.Options{})
			},
			func() (search.Index, error) { return search.OpenPostgres(t.Context(), dsn) },
		})
	})
}

func (o opened) start(t *testing.T) *real {
	t.Helper()
	r := &real{t: t}
	var err error
	if r.store, err = o.store(); err != nil {
		t.Fatal(err)
	}
	if r.log, err = r.store.Log(t.Context(), dom); err != nil {
		t.Fatal(err)
	}
	if r.index, err = o.index(); err != nil {
		t.Fatal(err)
	}
	r.searcher = search.Searcher{Index: r.index}
	f, err := search.NewFollower(search.FollowerConfig{Source: r.store, Index: r.index})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { f.Run(ctx) })
	r.stop = sync.OnceFunc(func() {
		cancel()
		work.Wait()
		r.index.Close()
		r.store.Close()
	})
	t.Cleanup(r.stop)
	return r
}

func ref(name string) messages.Ref { return messages.Ref{GUID: "guid-" + name, SIP: name} }

func (r *real) do(op messages.Op) messages.Result {
	r.t.Helper()
	out, err := r.log.Do(r.t.Context(), op)
	if err != nil {
		r.t.Fatalf("%T: %v", op, err)
	}
	return out
}

func (r *real) id(name string) messages.PersonID {
	r.t.Helper()
	return r.do(&messages.Intern{People: []messages.Ref{ref(name)}}).Members[0].Person.ID
}

// search asks once the index is complete.
func (r *real) search(who, text string, chat messages.Chat) ([]string, error) {
	r.t.Helper()
	person := r.id(who)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		p, err := r.searcher.Search(r.t.Context(), r.log, messages.SearchQuery{Person: person, Chat: chat, Text: text})
		if err == nil && p.Behind {
			if time.Now().After(deadline) {
				r.t.Fatal("the index is never complete")
			}
			continue
		}
		texts := []string{}
		for _, h := range p.Hits {
			texts = append(texts, h.Message.Text)
		}
		return texts, err
	}
}

func (r *real) finds(who, text string, want ...string) {
	r.t.Helper()
	got, err := r.search(who, text, messages.Chat{})
	if err != nil || !slices.Equal(got, append([]string{}, want...)) {
		r.t.Errorf("%s looks for %q and finds %q, %v, want %q", who, text, got, err, want)
	}
}

// Nobody finds what he may not read.
func TestEverybodyFindsHisOwn(t *testing.T) {
	both(t, func(t *testing.T, o opened) {
		r := o.start(t)
		say := func(from, to, text string) {
			t.Helper()
			r.do(&messages.Post{Author: ref(from), To: ref(to), Text: text})
		}
		say("alice", "bob", "word to bob")
		say("carol", "dave", "word to dave")
		r.do(&messages.Post{Author: ref("bob"), To: ref("alice"), Own: true, Owner: ref("alice"), Text: "word for alice alone"})
		group := r.do(&messages.MakeGroup{By: ref("alice"), Title: "group", Members: []messages.Ref{ref("carol")}}).Conv
		tell := func(text string) { r.do(&messages.Post{Author: ref("alice"), Group: group, Text: text}) }
		tell("word before bob")
		r.do(&messages.SetMember{By: ref("alice"), Group: group, Member: ref("bob"), Act: messages.Add})
		tell("word with bob")
		r.do(&messages.SetMember{By: ref("bob"), Group: group, Member: ref("bob"), Act: messages.Leave})
		tell("word after bob")

		r.finds("alice", "word", "word after bob", "word with bob", "word before bob", "word for alice alone", "word to bob")
		r.finds("bob", "word", "word with bob", "word to bob")
		r.finds("carol", "word", "word after bob", "word with bob", "word before bob", "word to dave")
		r.finds("dave", "word", "word to dave")
		r.finds("eve", "word")
		in := func(who string, chat messages.Chat, want ...string) {
			t.Helper()
			if got, err := r.search(who, "word", chat); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s in %+v: %q, %v, want %q", who, chat, got, err, want)
			}
		}
		in("bob", messages.Chat{Group: group}, "word with bob")
		in("alice", messages.Chat{With: r.id("bob")}, "word for alice alone", "word to bob")
		for _, chat := range []messages.Chat{{Group: group}, {With: r.id("carol")}} {
			if _, err := r.search("dave", "word", chat); chat.Group != 0 && messages.CodeOf(err) != messages.NotFound {
				t.Errorf("dave looks into the group: %v", err)
			}
		}

		// A person made anew under the same name finds nothing of the old one.
		anew := r.do(&messages.Intern{People: []messages.Ref{{GUID: "another guid", SIP: "bob"}}}).Members[0].Person.ID
		p, err := r.searcher.Search(t.Context(), r.log, messages.SearchQuery{Person: anew, Text: "word"})
		if err != nil || len(p.Hits) != 0 {
			t.Errorf("another bob finds %d, %v", len(p.Hits), err)
		}
	})
}

func TestChangesReachTheIndex(t *testing.T) {
	both(t, func(t *testing.T, o opened) {
		r := o.start(t)
		id := r.do(&messages.Post{Author: ref("alice"), To: ref("bob"), Text: "the <b>apple</b>"}).N
		gone := r.do(&messages.Post{Author: ref("alice"), To: ref("bob"), Text: "an apple tree"}).N
		short := r.do(&messages.Post{Author: ref("alice"), To: ref("bob"), Text: "apple pie", Expires: time.Now().Add(time.Hour).UnixMilli()}).N
		r.finds("bob", "apple", "apple pie", "an apple tree", "the <b>apple</b>")
		r.do(&messages.Edit{By: ref("alice"), ID: id, Text: "a pear"})
		r.do(&messages.Delete{By: ref("alice"), ID: gone})
		r.finds("bob", "apple", "apple pie")
		r.finds("bob", "pear", "a pear")
		r.do(&messages.Purge{Expired: time.Now().Add(2 * time.Hour).UnixMilli()})
		r.finds("bob", "apple")
		if _, err := r.log.Message(t.Context(), 0, short); messages.CodeOf(err) != messages.NotFound {
			t.Errorf("the message that expired: %v", err)
		}
		r.do(&messages.Erase{Person: ref("alice")})
		r.finds("bob", "pear")
	})
}

// memory is a backup in memory.
type memory struct {
	tables []backup.Table
	rows   [][][]any
	at     int
	next   int
}

func (m *memory) Table(t backup.Table) error {
	m.tables, m.rows = append(m.tables, t), append(m.rows, nil)
	return nil
}

func (m *memory) Row(values []any) error {
	last := len(m.rows) - 1
	m.rows[last] = append(m.rows[last], slices.Clone(values))
	return nil
}

func (m *memory) NextTable() (backup.Table, bool, error) {
	if m.at == len(m.tables) {
		return backup.Table{}, false, nil
	}
	m.at++
	m.next = 0
	return m.tables[m.at-1], true, nil
}

func (m *memory) NextRow() ([]any, bool, error) {
	rows := m.rows[m.at-1]
	if m.next == len(rows) {
		return nil, false, nil
	}
	m.next++
	return rows[m.next-1], true, nil
}

// After a backup was restored the index is made anew, without anybody doing it.
func TestRestoredStoreIsIndexedAnew(t *testing.T) {
	both(t, func(t *testing.T, o opened) {
		r := o.start(t)
		r.do(&messages.Post{Author: ref("alice"), To: ref("bob"), Text: "apple"})
		r.finds("bob", "apple", "apple")
		var kept memory
		if err := r.store.Dump(t.Context(), &kept); err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			r.do(&messages.Post{Author: ref("alice"), To: ref("bob"), Text: fmt.Sprint("lost ", i)})
		}
		r.finds("bob", "lost 4", "lost 4")
		r.stop()

		store, err := o.store()
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Load(t.Context(), &kept, func([]byte) error { return nil }); err != nil {
			t.Fatal(err)
		}
		store.Close()
		r = o.start(t)
		for i := range 9 { // the log is longer than before, with other contents
			r.do(&messages.Post{Author: ref("alice"), To: ref("bob"), Text: fmt.Sprint("pear ", i)})
		}
		r.finds("bob", "pear 8", "pear 8")
		r.finds("bob", "lost")
		r.finds("bob", "apple", "apple")
		if st, err := r.index.State(t.Context(), dom); err != nil || st.Docs != 10 {
			t.Errorf("the index has %d messages, %v, want 10", st.Docs, err)
		}
	})
}
