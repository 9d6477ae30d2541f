package search_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/search"
)

// fakeStore is a store of which a Follower sees all that it asks for.
type fakeStore struct {
	mu   sync.Mutex // guards the following
	logs map[string]*fakeLog
}

func (s *fakeStore) Domains(context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name := range s.logs {
		names = append(names, name)
	}
	return names, nil
}

func (s *fakeStore) Log(_ context.Context, name string) (messages.Log, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.logs[name]; l != nil {
		return l, nil
	}
	return nil, messages.Errorf(messages.NotFound, "no domain")
}

// fakeLog is a log in memory.
type fakeLog struct {
	messages.Log // what a Follower does not ask for

	mu      sync.Mutex // guards the following
	name    string
	epoch   int64
	changes []messages.Change // of numbers 1, 2, ...
	floor   messages.Number
	gone    bool
	fail    error
	now     map[messages.Number]*messages.Message
	wake    chan struct{}
	tails   int
}

func newFakeLog(name string) *fakeLog {
	return &fakeLog{name: name, epoch: 1, now: map[messages.Number]*messages.Message{}, wake: make(chan struct{})}
}

func (l *fakeLog) add(c messages.Change) messages.Number {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.N = messages.Number(len(l.changes) + 1)
	if c.Kind == messages.Posted {
		m := *c.Message
		m.ID, m.Conv = c.N, 7
		c.Message = &m
		l.now[c.N] = &m
	}
	l.changes = append(l.changes, c)
	close(l.wake)
	l.wake = make(chan struct{})
	return c.N
}

func (l *fakeLog) post(text string) messages.Number {
	return l.add(messages.Change{Kind: messages.Posted, Message: &messages.Message{Text: text}})
}

func (l *fakeLog) edit(n messages.Number, text string) {
	m := &messages.Message{ID: n, Conv: 7, Text: text}
	l.mu.Lock()
	l.now[n] = m
	l.mu.Unlock()
	l.add(messages.Change{Kind: messages.Edited, Ref: n, Message: m})
}

func (l *fakeLog) purged(kind messages.ChangeKind, n ...messages.Number) {
	data, _ := json.Marshal(messages.Purged{Messages: n})
	l.add(messages.Change{Kind: kind, Data: string(data)})
}

func (l *fakeLog) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	close(l.wake)
	l.wake = make(chan struct{})
}

func (l *fakeLog) Domain() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.name
}

func (l *fakeLog) Epoch() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.epoch
}

func (l *fakeLog) Rooms(context.Context, messages.PersonID) ([]messages.Room, error) {
	return []messages.Room{{Conv: 7}}, nil
}

func (l *fakeLog) Head() messages.Number {
	l.mu.Lock()
	defer l.mu.Unlock()
	return messages.Number(len(l.changes))
}

func (l *fakeLog) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wake
}

func (l *fakeLog) Message(_ context.Context, _ messages.PersonID, id messages.Number) (messages.Message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m := l.now[id]; m != nil {
		return *m, nil
	}
	return messages.Message{}, messages.Errorf(messages.NotFound, "no message")
}

func (l *fakeLog) Tail(_ context.Context, after messages.Number, limit int) (messages.TailPage, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tails++
	switch {
	case l.fail != nil:
		return messages.TailPage{}, l.fail
	case l.gone:
		return messages.TailPage{}, messages.Errorf(messages.NotFound, "no domain")
	}
	rest := l.changes[min(int(after), len(l.changes)):]
	page := messages.TailPage{Floor: l.floor, Changes: slices.Clone(rest[:min(limit, len(rest))]), More: len(rest) > limit}
	page.Next = after
	if n := len(page.Changes); n > 0 {
		page.Next = page.Changes[n-1].N
	}
	for i := range page.Changes {
		if c := &page.Changes[i]; c.Kind == messages.Posted {
			c.Message = l.now[c.N] // as it is now
		}
	}
	return page, nil
}

// counter is an Observer that a test can look at.
type counter struct {
	mu                        sync.Mutex
	changes, messages, failed int
	lag                       map[string]int64
}

func (c *counter) Indexed(changes, messages int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes += changes
	c.messages += messages
}
func (c *counter) Deepened(int) {}
func (c *counter) Gone(d string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.lag, d)
}
func (c *counter) Lag(d string, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lag[d] = n
}
func (c *counter) Failed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed++
}

// following is a Follower that runs over fakes.
type following struct {
	*bench
	f     *search.Follower
	store *fakeStore
	log   *fakeLog
	count *counter
	path  string
	stop  func()
}

func follow(t *testing.T) *following {
	w := &following{store: &fakeStore{logs: map[string]*fakeLog{}}, log: newFakeLog(dom), path: filepath.Join(t.TempDir(), "search.db")}
	w.store.logs[dom] = w.log
	w.start(t, search.FollowerConfig{})
	return w
}

// start opens the index and follows, as after a restart.
func (w *following) start(t *testing.T, c search.FollowerConfig) {
	t.Helper()
	index, err := search.OpenSQLite(t.Context(), w.path)
	if err != nil {
		t.Fatal(err)
	}
	w.count = &counter{lag: map[string]int64{}}
	w.bench = &bench{t: t, Index: index}
	c.Source, c.Index, c.Observer = w.store, index, w.count
	if w.f, err = search.NewFollower(c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { w.f.Run(ctx) })
	w.stop = sync.OnceFunc(func() {
		cancel()
		done.Wait()
		index.Close()
	})
	t.Cleanup(w.stop)
}

// soon waits until something is so.
func (w *following) soon(what string, is func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if is() {
			return
		}
	}
	w.t.Fatalf("never: %s", what)
}

// caughtUp waits until the index is complete, parts of words included.
func (w *following) caughtUp() {
	w.t.Helper()
	w.soon("the index is complete", func() bool {
		st, err := w.f.Status(w.t.Context())
		if err != nil || len(st) == 0 {
			return false
		}
		for _, s := range st {
			if s.Mark != s.Head {
				return false
			}
		}
		n, err := w.Deepen(w.t.Context(), dom, 1)
		return err == nil && n == 0
	})
}

func TestFollow(t *testing.T) {
	w := follow(t)
	first := w.log.post("the <b>apple</b> pie")
	w.caughtUp()
	w.finds("apple", int64(first))
	w.finds("pple", int64(first))

	second := w.log.post("banana")
	w.log.edit(first, "a cherry cake")
	w.log.add(messages.Change{Kind: messages.Reacted, Ref: second})
	plain := w.log.add(messages.Change{Kind: messages.Posted, Message: &messages.Message{Mime: "text/plain", Data: "1 <b> zwei", Text: "1 &lt;b&gt; zwei"}})
	w.log.add(messages.Change{Kind: messages.Posted, Message: &messages.Message{Mime: "application/x-secret", Data: "zwei", Text: "zwei"}})
	w.log.add(messages.Change{Kind: messages.Posted, Message: &messages.Message{Kind: messages.Command, Text: "zwei"}})
	files := w.log.add(messages.Change{Kind: messages.Posted, Message: &messages.Message{Text: "look", Files: []messages.File{
		{Name: "Grundriß.pdf", Owner: 1}, {Name: "Grundriß.pdf"}}}})
	w.caughtUp()
	w.finds("apple")
	w.finds("cherry", int64(first))
	w.finds("banana", int64(second))
	w.finds("zwei", int64(plain))
	w.finds("b", int64(plain), int64(second))
	w.finds("grundriss", int64(files))

	w.log.mu.Lock()
	w.log.now[files].Files = nil
	w.log.mu.Unlock()
	w.log.purged(messages.FilesDropped, files)
	w.log.purged(messages.PurgedRows, first)
	w.log.add(messages.Change{Kind: messages.Deleted, Ref: second})
	w.log.add(messages.Change{Kind: messages.Expired, Ref: plain})
	w.caughtUp()
	w.finds("grundriss")
	w.finds("look", int64(files))
	w.finds("cherry")
	w.finds("banana")
	w.finds("zwei")
	if st, err := w.State(t.Context(), dom); err != nil || st.Docs != 1 {
		t.Error(st, err)
	}
}

// After a restart the follower goes on where it was; nothing comes twice.
func TestFollowOn(t *testing.T) {
	w := follow(t)
	for n := range 1200 {
		w.log.post(fmt.Sprintf("word number%d", n))
	}
	w.caughtUp()
	w.stop()
	w.log.post("late word")
	w.log.edit(3, "changed")
	w.start(t, search.FollowerConfig{})
	w.caughtUp()
	w.finds("late", 1201)
	w.finds("changed", 3)
	w.finds("\"number2\"")
	if w.count.changes != 2 {
		t.Errorf("%d changes were read again, want 2", w.count.changes)
	}
	if got := len(w.all("word", search.Ask{Count: 100})); got != 1200 {
		t.Errorf("%d messages, want 1200", got)
	}
}

// A follower that is stopped in the middle of anything ends with the same index.
func TestFollowerStopsAnywhere(t *testing.T) {
	w := follow(t)
	var want []int64
	for n := int64(1); n <= 3000; n++ {
		w.log.post("word")
		want = append(want, n)
	}
	for n := range 12 {
		time.Sleep(time.Duration(n) * time.Millisecond)
		w.stop()
		w.start(t, search.FollowerConfig{})
	}
	w.caughtUp()
	got := w.all("wor", search.Ask{Count: 200})
	slices.Reverse(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d messages, want %d in order", len(got), len(want))
	}
	if st, _ := w.State(t.Context(), dom); st.Docs != 3000 {
		t.Errorf("%d messages counted", st.Docs)
	}
}

func TestFollowerBeginsAnew(t *testing.T) {
	tests := []struct {
		name   string
		change func(w *following)
	}{
		{"another life of the log", func(w *following) {
			w.log.set(func() { w.log.epoch = 2 })
		}},
		{"a log that does not reach back", func(w *following) {
			w.log.set(func() { w.log.floor = 3 })
			w.log.changes[0].Kind = messages.Reacted
		}},
		{"a shorter log", func(w *following) {
			w.log.set(func() { w.log.changes = nil })
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := follow(t)
			w.log.post("one word")
			w.log.post("two words")
			w.caughtUp()
			w.stop()
			test.change(w)
			w.log.post("other things")
			if test.name == "a log that does not reach back" {
				w.log.post("more things")
			}
			// What the index had and the log has not any more.
			index, err := search.OpenSQLite(t.Context(), w.path)
			if err != nil {
				t.Fatal(err)
			}
			st, err := index.State(t.Context(), dom)
			if err != nil {
				t.Fatal(err)
			}
			err = index.Write(t.Context(), search.Batch{Domain: dom, Mark: st.Mark, Epoch: st.Epoch, Put: []search.Doc{{Number: 900, Conv: 7, Text: "stale"}}})
			if err != nil {
				t.Fatal(err)
			}
			index.Close()
			w.start(t, search.FollowerConfig{})
			w.caughtUp()
			w.soon("what is stale has gone", func() bool { return len(w.ask("stale", search.Ask{}).Hits) == 0 })
			w.soon("the new is found", func() bool { return len(w.ask("things", search.Ask{}).Hits) > 0 })
		})
	}
}

func TestRebuild(t *testing.T) {
	w := follow(t)
	for range 700 {
		w.log.post("word")
	}
	w.caughtUp()
	w.put(search.Doc{Number: 9000, Conv: 7, Text: "stale"})
	if err := w.Write(t.Context(), search.Batch{Domain: dom, Mark: 700, Epoch: 1}); err != nil {
		t.Fatal(err)
	}
	if err := w.f.Rebuild(t.Context(), strings.ToUpper(dom)); err != nil {
		t.Fatal(err)
	}
	w.caughtUp()
	w.finds("stale")
	if got := len(w.all("wor", search.Ask{Count: 100})); got != 700 {
		t.Errorf("%d messages, want 700", got)
	}
	if err := w.f.Rebuild(t.Context(), "never.org"); messages.CodeOf(err) != messages.NotFound {
		t.Errorf("a domain that is not there: %v", err)
	}
}

// A new name keeps the index; a domain that is gone leaves nothing.
func TestFollowedDomains(t *testing.T) {
	w := follow(t)
	w.log.post("apple")
	w.caughtUp()
	w.store.mu.Lock()
	delete(w.store.logs, dom)
	w.store.logs["new.org"] = w.log
	w.store.mu.Unlock()
	w.log.set(func() { w.log.name = "New.org" })
	w.log.post("pear")
	w.soon("the new name has the index", func() bool {
		return len(w.ask("apple", search.Ask{Domain: "new.org"}).Hits)+len(w.ask("pear", search.Ask{Domain: "new.org"}).Hits) == 2
	})
	if w.count.changes != 2 {
		t.Errorf("%d changes were read, want 2: the index went on", w.count.changes)
	}
	w.store.mu.Lock()
	delete(w.store.logs, "new.org")
	w.store.mu.Unlock()
	w.log.set(func() { w.log.gone = true })
	w.soon("nothing is left", func() bool {
		names, err := w.Domains(t.Context())
		return err == nil && len(names) == 0
	})
}

// While the store is busy the index falls behind, and still gets on.
func TestBusyStore(t *testing.T) {
	w := follow(t)
	w.stop()
	for range 2600 {
		w.log.post("word")
	}
	var asked atomic.Int64
	w.start(t, search.FollowerConfig{Rate: -1, Busy: func() bool { asked.Add(1); return true }})
	w.caughtUp()
	if asked.Load() < 5 {
		t.Errorf("asked %d times in 6 steps", asked.Load())
	}
}

func TestFollowerTriesAgain(t *testing.T) {
	w := follow(t)
	w.log.post("apple")
	w.caughtUp()
	w.log.set(func() { w.log.fail = errors.New("the database is away") })
	w.soon("the failure is counted", func() bool {
		w.count.mu.Lock()
		defer w.count.mu.Unlock()
		return w.count.failed > 0
	})
	w.log.set(func() { w.log.fail = nil })
	w.log.post("pear")
	w.caughtUp()
	w.finds("pear", 2)
	w.count.mu.Lock()
	defer w.count.mu.Unlock()
	if lag, ok := w.count.lag[dom]; !ok || lag != 0 {
		t.Errorf("a lag of %d", lag)
	}
}

func TestSearcher(t *testing.T) {
	w := follow(t)
	for range 60 {
		w.log.post("a word")
	}
	w.caughtUp()
	w.log.mu.Lock()
	delete(w.log.now, 60) // gone meanwhile
	w.log.mu.Unlock()
	s := search.Searcher{Index: w.Index}
	var all []messages.Number
	q := messages.SearchQuery{Person: 1, Text: "WORD", Count: 20}
	for more := true; more; {
		p, err := s.Search(t.Context(), w.log, q)
		if err != nil || p.Behind || p.More && len(p.Hits) != 20 {
			t.Fatalf("%d found, behind %v, %v", len(p.Hits), p.Behind, err)
		}
		for _, h := range p.Hits {
			if got := string([]rune(h.Excerpt)[h.Marks[0][0]:h.Marks[0][1]]); got != "word" {
				t.Errorf("marked %q", got)
			}
			all = append(all, h.Message.ID)
			q.Older = h.Message.ID
		}
		more = p.More
	}
	if len(all) != 59 || all[0] != 59 || all[58] != 1 {
		t.Errorf("found %v, want 59 to 1", all)
	}
	for _, test := range []struct {
		q    messages.SearchQuery
		code messages.Code
	}{
		{messages.SearchQuery{Text: strings.Repeat("a", 2000)}, messages.BadParameter},
		{messages.SearchQuery{Text: "word", Chat: messages.Chat{With: 99}}, messages.NotFound},
	} {
		if _, err := s.Search(t.Context(), w.log, test.q); messages.CodeOf(err) != test.code {
			t.Errorf("%.20q: %v, want code %d", test.q.Text, err, test.code)
		}
	}
}
