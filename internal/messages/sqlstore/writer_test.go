package sqlstore

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/internal/messages"
)

// gated is an engine whose commits wait until they are let through.
type gated struct {
	engine
	pass chan struct{}
}

func (g gated) begin(ctx context.Context) (tx, error) {
	t, err := g.engine.begin(ctx)
	return &gatedTx{t, g.pass}, err
}

type gatedTx struct {
	tx
	pass chan struct{}
}

func (t *gatedTx) commit(ctx context.Context) error {
	<-t.pass
	return t.tx.commit(ctx)
}

func gatedStore(t *testing.T, domains int) (chan struct{}, *Store, []*domainLog) {
	t.Helper()
	e, err := openLite(t.Context(), filepath.Join(t.TempDir(), "messages.db"))
	if err != nil {
		t.Fatal(err)
	}
	g := gated{e, make(chan struct{})}
	s := start(g, Options{})
	go func() {
		for range domains { // the rows of the domains
			g.pass <- struct{}{}
		}
	}()
	logs := make([]*domainLog, domains)
	for i := range logs {
		l, err := s.Log(t.Context(), fmt.Sprint("d", i))
		if err != nil {
			t.Fatal(err)
		}
		logs[i] = l.(*domainLog)
	}
	return g.pass, s, logs
}

// TestFullQueueBlocks: while a commit waits, MaxQueue operations of a domain may
// wait behind it; whoever submits another waits too. Then everything is done, in
// order.
func TestFullQueueBlocks(t *testing.T) {
	pass, s, logs := gatedStore(t, 1)
	l := logs[0]
	var mu sync.Mutex
	var got []int
	post := func(i int) {
		l.Submit(&messages.Post{Author: ref("a"), To: ref("b"), Text: "x"}, func(_ messages.Result, err error) {
			mu.Lock()
			defer mu.Unlock()
			if got = append(got, i); err != nil {
				t.Error(err)
			}
		})
	}
	// The writer holds a batch that waits for its commit; of how many operations
	// depends on how quick it was.
	post(0)
	for len(l.queue) > 0 {
		continue
	}
	for i := 1; i <= messages.MaxQueue; i++ {
		post(i)
	}
	blocked := make(chan struct{})
	go func() {
		post(messages.MaxQueue + 1)
		close(blocked)
	}()
	select {
	case <-blocked:
		t.Fatal("an operation was queued behind a full queue")
	default:
	}
	if n := s.Stats().Queued; n != messages.MaxQueue {
		t.Fatalf("%d operations wait, want %d", n, messages.MaxQueue)
	}
	close(pass)
	<-blocked
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if len(got) != messages.MaxQueue+2 {
		t.Fatalf("%d operations were answered", len(got))
	}
	for i := range got {
		if got[i] != i {
			t.Fatalf("operation %d was answered at place %d", got[i], i)
		}
	}
}

// TestDomainsTakeTurns: behind a domain with a full queue the others are not kept
// waiting: each is in the very next batch.
func TestDomainsTakeTurns(t *testing.T) {
	pass, s, logs := gatedStore(t, 4)
	var mu sync.Mutex
	first := map[int]int{} // how many of the busy domain were answered before
	busy := 0
	var all sync.WaitGroup
	post := func(domain int) {
		all.Add(1)
		logs[domain].Submit(&messages.Post{Author: ref("a"), To: ref("b"), Text: "x"}, func(_ messages.Result, err error) {
			defer all.Done()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if domain == 0 {
				busy++
			} else if _, ok := first[domain]; !ok {
				first[domain] = busy
			}
		})
	}
	post(0)
	for len(logs[0].queue) > 0 {
		continue
	}
	for range messages.MaxQueue {
		post(0)
	}
	for domain := 1; domain < 4; domain++ {
		for range 5 {
			post(domain)
		}
	}
	close(pass)
	all.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for domain := 1; domain < 4; domain++ {
		if n, ok := first[domain]; !ok || n > messages.MaxBatch-15+1 {
			t.Errorf("domain %d was answered behind %d of the busy one", domain, n)
		}
	}
}

// TestManyDomains writes into many domains at once: each has its own numbers.
func TestManyDomains(t *testing.T) {
	pass, s, logs := gatedStore(t, 20)
	close(pass)
	var all sync.WaitGroup
	for i, l := range logs {
		all.Go(func() {
			last := messages.Number(0)
			for n := range 20 {
				r, err := l.Do(t.Context(), &messages.Post{Author: ref("a"), To: ref("b"), Text: fmt.Sprint(i), CID: fmt.Sprint(n)})
				if err != nil || r.Repeated || r.N <= last || r.N > 100 {
					t.Errorf("%+v behind %d, %v", r, last, err)
				}
				last = r.N
			}
			p, err := l.Person(t.Context(), ref("b"))
			if err != nil {
				t.Error(err)
				return
			}
			if n, err := l.Unread(t.Context(), p.ID); err != nil || n != 20 {
				t.Errorf("%d unread, %v", n, err)
			}
		})
	}
	all.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestQuestion(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`SELECT 1`, `SELECT 1`},
		{`a = $1 AND b = $2`, `a = ? AND b = ?`},
		{`a = $2 AND b = $1`, `a = ?2 AND b = ?1`},
		{`a = $1 OR b = $1`, `a = ?1 OR b = ?1`},
		{`$1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11`, `?,?,?,?,?,?,?,?,?,?,?`},
		{`cost $ and $x`, `cost $ and $x`},
	} {
		if got := question(test.in); got != test.want {
			t.Errorf("%q becomes %q, want %q", test.in, got, test.want)
		}
	}
	if got := values(2, 3); got != `($1,$2,$3),($4,$5,$6)` {
		t.Errorf("values %q", got)
	}
}

func FuzzToken(f *testing.F) {
	for _, s := range []string{"", "1.0.0", token(1<<51, messages.MaxNumber), "1.zz.-1", "2.0.0", "1.0.0.0", "1..", "1.+1.1", "1.01.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		epoch, n, ok := parseToken(s)
		if !ok {
			return
		}
		if n < 0 || n > messages.MaxNumber {
			t.Fatalf("%q has number %d", s, n)
		}
		again, m, ok := parseToken(token(epoch, n))
		if !ok || again != epoch || m != n {
			t.Fatalf("%q does not come back: %d %d", s, again, m)
		}
	})
}
