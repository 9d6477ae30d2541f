package signal_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/facilities"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/signal"
)

// hasty is a clock on which the time of each timer is over as soon as it is set.
type hasty struct {
	*stepClock
	running sync.WaitGroup
}

func (h *hasty) AfterFunc(d time.Duration, f func()) clock.Timer {
	t := h.stepClock.AfterFunc(d, f)
	over := make(chan struct{})
	h.running.Go(func() {
		defer close(over)
		f()
	})
	for range 1000 { // f may be done by then, or it waits for who sets the timer
		select {
		case <-over:
			return t
		default:
			runtime.Gosched()
		}
	}
	return t
}

// However long it takes to make a chat: its timer finds it whole.
func TestTimerOfAChatThatIsBeingMade(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	late := &hasty{stepClock: w.clock}
	sw, err := signal.New(signal.Config{Directory: w.dir, Policy: facilities.New(), Clock: late, Observer: w.drops})
	if err != nil {
		t.Fatal(err)
	}
	w.sw = sw
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.chat(1, "bob")
	late.running.Wait()
	alice.text(1, "hello")
	bob.expect("-1 setup alice", "-1 text alice: hello")
	alice.lose()
	bob.lose()
	w.empty(t)
}

func TestPartsWithoutEnd(t *testing.T) {
	w := newWorld(t, "alice", "bob")
	alice, bob := w.connect("alice.1", ""), w.connect("bob.1", "")
	alice.chat(1, "bob")
	bob.say(-1, `{"type":"conn"}`)
	alice.got()
	bob.got()
	part := `{"type":"facility","fty":[{"type":"im_message","data":"one ","more":true}]}`
	alice.say(1, part)
	w.advance(50 * time.Second)
	alice.text(1, "two")
	bob.expect("-1 text alice: one two")
	alice.say(1, part)
	w.advance(59 * time.Second)
	alice.expect()
	w.advance(2 * time.Second)
	alice.expect("1 rel 111")
	bob.expect()
}
