package hostile_test

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// A text of a bystander must be with the other one within bounded time, whatever
// goes on beside them. It is generous, because tests share their machine.
const bounded = 3 * time.Second

// pause is what the bystanders leave between two texts.
const pause = 2 * time.Millisecond

// bystanders are ann and ben, who chat all the time.
type bystanders struct {
	t      testing.TB
	rounds chan int // one for each text and its answer
	stop   chan struct{}
	ended  chan error
}

// bystanders begins their chat. The test ends it with undisturbed; if it does not,
// its end does.
func (m *machine) bystanders(t testing.TB) *bystanders {
	t.Helper()
	ann, ben := m.user(t, "ann", "NO_MEDIA_CALL"), m.user(t, "ben", "NO_MEDIA_CALL")
	number := ann.chat(1, ben)
	b := &bystanders{t: t, rounds: make(chan int), stop: make(chan struct{}), ended: make(chan error, 1)}
	go func() { b.ended <- b.talk(ann, ben, number) }()
	t.Cleanup(b.undisturbed)
	b.wait(1)
	return b
}

// talk sends texts to and fro until stop.
func (b *bystanders) talk(ann, ben *client, number int) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for n := 0; ; n++ {
		started := time.Now()
		if err := pass(ann, 1, ben, fmt.Sprint("question ", n)); err != nil {
			return err
		}
		if err := pass(ben, number, ann, fmt.Sprint("answer ", n)); err != nil {
			return err
		}
		took := time.Since(started)
		if took > bounded {
			return fmt.Errorf("text %d took %v", n, took)
		}
		select {
		case b.rounds <- n:
		case <-tick.C:
		case <-b.stop:
			return nil
		}
	}
}

// pass sends a text and has the other one read it.
func pass(from *client, call int, to *client, data string) error {
	err := from.frame(true, opText, fmt.Appendf(nil,
		`{"api":"PbxSignal","mt":"Signaling","src":%q,"call":%d,"sig":{"type":"facility","fty":[%s]}}`, from.name, call, text(data)))
	if err != nil {
		return fmt.Errorf("%s: %w", from.name, err)
	}
	got, err := to.read()
	if err != nil {
		return fmt.Errorf("%s waits for %q: %w", to.name, data, err)
	}
	if m := parse(got); m.str("sig.fty.0.data") != data || m.str("sig.fty.0.sender") != from.name {
		return fmt.Errorf("%s got %s, want %q", to.name, got, data)
	}
	return nil
}

// wait lets them exchange some texts more.
func (b *bystanders) wait(texts int) {
	b.t.Helper()
	for range texts {
		if err := b.well(); err != nil {
			b.t.Fatal(err)
		}
	}
}

// well waits until they have exchanged one text more.
func (b *bystanders) well() error {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-b.rounds:
		return nil
	case err := <-b.ended:
		b.ended <- err
		return fmt.Errorf("the bystanders were disturbed: %w", err)
	case <-limit.C:
		return errors.New("the bystanders hear nothing of each other")
	}
}

// undisturbed wants them to be well: they exchange texts now, and no text has
// taken long.
func (b *bystanders) undisturbed() {
	b.t.Helper()
	select {
	case <-b.stop:
		return
	default:
	}
	b.wait(2)
	close(b.stop)
	if err := <-b.ended; err != nil {
		b.t.Errorf("the bystanders were disturbed: %v", err)
	}
}
