package signal_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// FuzzStored: texts, results, losses and releases in whatever order. Nothing is passed
// on or acknowledged that the archive does not have, each leg has the texts of an
// author in their order, and none twice.
func FuzzStored(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x02\x00\x01\x01\x20\x00\x01\x00\x31\x00\x04\x00\x00\x04\x01\x00\x05\x00\x00"))
	f.Add([]byte(strings.Repeat("\x00\x03\x00\x00\x07\x01\x02\x00\x33\x04\x00\x21\x07\x03\x09\x01\x06\x02\x04", 12)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 2000 {
			return
		}
		guarded(t, 20*time.Second, func(context.Context) { newStoredScript(t, data).run() })
	})
}

// TestRandomStoredSessions runs long random scripts: the fuzzer prefers short ones.
func TestRandomStoredSessions(t *testing.T) {
	scripts := 120
	if testing.Short() {
		scripts = 30
	}
	for seed := range scripts {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		data := make([]byte, 200+r.IntN(3000))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		guarded(t, 20*time.Second, func(context.Context) { newStoredScript(t, data).run() })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// newStoredScript is a script with an archive. Its first byte says whether everything
// is stored, or licences come and go.
func newStoredScript(t testing.TB, data []byte) *script {
	s := &script{t: t, w: newStored(t, called...), data: data, phones: make([]*phone, 8), owners: make([]string, 8)}
	s.w.dir.group("team", "alice", "bob", "carol", "bot")
	s.w.store.group(12, "Team", "alice", "bob", "carol")
	s.w.store.strict = s.next()%3 != 0
	s.w.store.hold = true
	s.late = s.store
	return s
}

// store is what becomes of posts; -1 ends the script.
func (s *script) store(arg int) {
	a := s.w.store
	switch arg % 32 {
	case -1:
		a.hold, a.slow = false, false
		a.lookUp()
		a.settle()
		a.up()
		signal.Quiet(s.w.sw)
		if n := s.w.drops.of("posts"); n != 0 {
			s.t.Errorf("%d posts wait for ever", n)
		}
	case 0, 1, 2, 3, 4, 5, 6, 7:
		a.answer(1)
	case 8, 9:
		a.answer(100)
	case 10:
		a.mu.Lock()
		to := ""
		if len(a.pending) > 0 {
			to = a.pending[len(a.pending)-1].post.To.SIP
		}
		a.mu.Unlock()
		a.answerTo(to)
	case 11:
		a.mu.Lock()
		a.down = true
		a.mu.Unlock()
	case 12, 13:
		a.up()
	case 14:
		a.mu.Lock()
		a.refuse = nil
		if arg > 128 {
			a.refuse = func(p *signal.Post) signal.Cause { return signal.Cause(42 + 5*(len(p.ID)%2)) }
		}
		a.mu.Unlock()
	case 15:
		a.mu.Lock()
		a.slow = !a.slow
		a.mu.Unlock()
	case 16, 17:
		a.lookUp()
	case 18:
		s.regroup(arg / 32)
	case 19:
		if _, ok := s.w.dir.Resolve(signal.Address{Domain: 1}, "carol", ""); ok && !a.strict {
			a.unlicense([][]string{nil, {"alice"}, {"bob", "carol"}, {"alice", "bob", "carol", "bot"}}[arg/32%4]...)
		}
	case 20:
		s.mark(arg / 32)
	case 21:
		s.broadcast(arg / 32)
	}
	signal.Quiet(s.w.sw)
}

func (s *script) regroup(arg int) {
	if _, ok := s.w.dir.Resolve(signal.Address{Domain: 1}, "carol", ""); !ok {
		return
	}
	members := [][]string{{"alice", "bob", "carol"}, {"alice", "carol"}, {"bob"}, nil}[arg%4]
	s.w.store.group(12, fmt.Sprint("Team ", arg), members...)
}

// mark is the archive's word that somebody has read the newest.
func (s *script) mark(arg int) {
	a := s.w.store
	a.mu.Lock()
	if len(a.rows) == 0 {
		a.mu.Unlock()
		return
	}
	r := a.rows[max(0, len(a.rows)-1-arg)]
	a.mu.Unlock()
	m := signal.Mark{Reader: r.To, Peer: r.Author, Author: r.Author.Address, MID: r.mid, ID: r.ID, State: signal.StateRead, At: s.w.clock.Now()}
	if r.To.Kind == signal.GroupChat {
		m.Reader, m.Peer = s.w.party("bob"), r.To
	}
	s.w.sw.Turn(func(t *signal.Turn) { s.w.sw.Marked(t, m) })
}

// broadcast has the archive store something by itself.
func (s *script) broadcast(arg int) {
	a := s.w.store
	s.count++
	d := signal.Delivery{Author: s.w.party("alice"), To: s.w.party("bob"), ID: fmt.Sprint("bc", s.count), HTML: []byte(fmt.Sprintf(`"bc-%d"`, s.count)), At: s.w.clock.Now()}
	a.mu.Lock()
	if g := a.groups[team]; arg%2 == 0 && g != nil {
		d.To = g.Party
	}
	d.MID = int64(100 + len(a.rows))
	a.rows = append(a.rows, row{signal.Post{Author: d.Author, To: d.To, ID: d.ID, HTML: d.HTML}, d.MID})
	a.taken[d.Author.SIP+" "+d.ID]++
	a.mu.Unlock()
	s.w.sw.Turn(func(t *signal.Turn) { s.w.sw.Deliver(t, d) })
}

// TestStoredCrowd is TestCrowd with an archive that answers from other goroutines.
func TestStoredCrowd(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 8
	}
	guarded(t, 120*time.Second, func(ctx context.Context) {
		s := newStoredScript(t, []byte{1})
		w := s.w
		var devices, outside sync.WaitGroup
		ctx, cancel := context.WithCancel(ctx)
		outside.Go(func() { disturb(ctx, w) })
		outside.Go(func() {
			r := rand.New(rand.NewPCG(5, 5))
			for ctx.Err() == nil {
				w.store.answer(1 + r.IntN(4))
				if r.IntN(50) == 0 {
					s.store(r.IntN(256))
				}
			}
		})
		for i := range 8 {
			devices.Go(func() { member(t, w, i, rounds) })
		}
		devices.Wait()
		cancel()
		outside.Wait()
		s.store(-1)
		w.empty(t)
	})
}
