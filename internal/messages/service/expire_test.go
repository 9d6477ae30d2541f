package service

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/trace"
)

func TestExpireNow(t *testing.T) {
	now := clock.NewManual()
	a, pbx, _ := newWires(t, func(c *Config) { c.Clock = now })
	v, _ := a.links.Load(pbx)
	d := v.(*link).domain
	post := func(expires time.Duration) messages.Number {
		t.Helper()
		op := &messages.Post{Author: messages.Ref{SIP: "alice"}, To: messages.Ref{SIP: "bob"}, Text: "x"}
		if expires != 0 {
			op.Expires = time.Now().Add(expires).UnixMilli()
		}
		r, err := d.log.Do(t.Context(), op)
		if err != nil {
			t.Fatal(err)
		}
		return r.N
	}
	hour, day, never := post(time.Hour), post(24*time.Hour), post(0)
	now.Advance(time.Until(now.Now()) * -1) // to the time of the machine
	now.Advance(2 * time.Hour)
	for range 2 { // the second time there is nothing to do
		if err := d.expireNow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for id, there := range map[messages.Number]bool{hour: false, day: true, never: true} {
		if _, err := d.log.Message(t.Context(), 0, id); (err == nil) != there {
			t.Errorf("message %d: %v", id, err)
		}
	}
}

// Posts whose files nobody has ended to wait for are announced, once.
func TestAnnounce(t *testing.T) {
	now := clock.NewManual()
	a, pbx, _ := newWires(t, func(c *Config) { c.Clock = now })
	v, _ := a.links.Load(pbx)
	d := v.(*link).domain
	post := func() messages.Number {
		t.Helper()
		r, err := d.log.Do(t.Context(), &messages.Post{Author: messages.Ref{SIP: "alice"}, Topic: "news", Text: "x", Attaching: true})
		if err != nil {
			t.Fatal(err)
		}
		d.wait(r.N)
		return r.N
	}
	// waits runs a round and counts what waits before and behind it.
	waits := func(want int) {
		t.Helper()
		if err := d.announce(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(d.waiting) != want {
			t.Errorf("%d wait, want %d", len(d.waiting), want)
		}
	}
	told := func(above messages.Number) (list []string) {
		t.Helper()
		page, err := d.log.Tail(t.Context(), above, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Changes {
			if c.Kind == messages.Edited {
				list = append(list, c.Data)
			}
		}
		return list
	}
	first := post()
	waits(1)
	now.Advance(messages.AttachTime - time.Second)
	gone := post()
	if _, err := d.log.Do(t.Context(), &messages.Delete{ID: gone}); err != nil {
		t.Fatal(err)
	}
	waits(2)
	now.Advance(time.Second)
	waits(1)
	if got := told(first); len(got) != 1 || got[0] != messages.Announced {
		t.Errorf("told %q", got)
	}
	now.Advance(messages.AttachTime)
	waits(0) // the deleted one
	for id := messages.Number(1); len(d.waiting) < maxAttaching; id++ {
		d.wait(1<<40 + id)
	}
	last := post()
	waits(maxAttaching) // it waits no longer than to the next round
	if got := told(last); len(got) != 1 {
		t.Errorf("told %q", got)
	}
}

// What the service does can be followed under App, and what it is told under
// Signalling, without the texts of people.
func TestTraces(t *testing.T) {
	rec := trace.NewRecorder(1 << 20)
	sink := &seen{}
	tracer := trace.Open(trace.Config{Sink: sink, On: trace.App | trace.Signalling, Recorder: rec})
	a, pbx, _ := newWires(t, func(c *Config) { c.Tracer = tracer })
	handle(t, a, pbx, `{"mt":"Session","src":"s","session":1,"user":"alice"}`)
	handle(t, a, pbx, `{"mt":"Post","src":"p","type":1,"author":"alice","topics":["alice"],"notify":["bob"],"text":"very private"}`)
	pbx.await(`"src":"p"`)
	pbx.await(`"src":"s"`)
	for flag, text := range map[trace.Flag]string{trace.App: "session begun", trace.Signalling: "PostResult"} {
		if !sink.has(flag, text) {
			t.Errorf("%s shows no %q: %v", flag, text, sink.list)
		}
	}
	if sink.has(trace.App|trace.Signalling, "very private") {
		t.Error("the trace shows what people write")
	}
}

// seen keeps what is traced.
type seen struct {
	mu   sync.Mutex // guards the following
	list []string
	flag []trace.Flag
}

func (s *seen) Trace(r trace.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list, s.flag = append(s.list, r.Text), append(s.flag, r.Flag)
}

func (s *seen) has(flag trace.Flag, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, have := range s.list {
		if s.flag[i]&flag != 0 && strings.Contains(have, text) {
			return true
		}
	}
	return false
}
