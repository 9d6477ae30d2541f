package signal_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestCrowd lets many devices do everything at once. Nothing is said about the
// order: what phone checks must hold, no two locks wait for each other, and in
// the end nothing is left behind. It is for the race detector.
func TestCrowd(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 15
	}
	guarded(t, 120*time.Second, func(ctx context.Context) {
		w := scriptWorld(t)
		w.waker.live = true
		var devices, outside sync.WaitGroup
		ctx, cancel := context.WithCancel(ctx)
		outside.Go(func() { disturb(ctx, w) })
		for i := range 8 {
			devices.Go(func() { member(t, w, i, rounds) })
		}
		devices.Wait()
		cancel()
		outside.Wait()
		w.empty(t)
	})
}

// disturb is what happens beside the devices: time passes, names change, lists
// are read.
func disturb(ctx context.Context, w *world) {
	r := rand.New(rand.NewPCG(77, 7))
	for ctx.Err() == nil {
		switch r.IntN(4) {
		case 0:
			w.clock.Advance(time.Duration(r.IntN(9000)) * time.Millisecond)
		case 1:
			w.sw.ObjectChanged(w.dir.rename("carol", "carol", fmt.Sprint("Carol ", r.IntN(9))))
		case 2:
			_, _ = w.sw.Calls(), w.sw.Registrations()
		case 3:
			w.clock.Advance(61 * time.Second)
		}
	}
}

// member is one device that comes, talks and goes, again and again. Each
// connection has its own flags and uses each number once.
func member(t *testing.T, w *world, i, rounds int) {
	r := rand.New(rand.NewPCG(uint64(i), 3))
	for round := range rounds {
		who := []string{"alice", "bob", "carol", "bot"}[i%4]
		p := w.phone(fmt.Sprintf("%s.%d.%d", who, i, round))
		hw := []string{"", "", "", "phone-single"}[r.IntN(4)]
		if err := p.register(who, "r0", scriptFlags[r.IntN(len(scriptFlags))], hw); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		s := &script{t: t, w: w, count: i*crowded + round*1000}
		for number := int32(1); number < 25; number++ {
			s.data = []byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}
			s.act(p, r, number)
			p.check(t)
		}
		p.lose()
		p.check(t)
	}
}

// crowded is how far apart the numbers of texts of two devices are.
const crowded = 1_000_000

// act does one random thing on a connection.
func (s *script) act(p *phone, r *rand.Rand, fresh int32) {
	live := p.live()
	number := int32(99)
	if len(live) > 0 {
		number = live[r.IntN(len(live))]
	}
	switch r.IntN(8) {
	case 0:
		peer := strings.TrimSuffix(s.callable()[r.IntN(len(s.callable()))], "!")
		p.say("r0", fresh, `{"type":"setup","channel":0,"complete":true,"cd":{"sip":"`+peer+`"},"fty":[{"type":"im_setup"}]}`)
	case 1:
		p.say("r0", fresh, `{"type":"setup","channel":-1,"complete":true,"cd":{"num":"`+fmt.Sprint(101+r.IntN(5))+`"}}`)
	case 2:
		p.say("r0", number, `{"type":"conn","channel":0}`)
	case 3, 4, 5:
		s.text(p, s.next())
	case 6:
		p.say("r0", number, others[r.IntN(len(others))])
		p.pong(false)
	case 7:
		p.say("r0", number, `{"type":"rel","cau":{"num":16}}`)
	}
}
