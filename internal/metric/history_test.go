package metric

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/signal"
)

// pass lets time go by beside a running history.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// of returns the points of a series.
func of(t *testing.T, h *History, span Span, name string) []float64 {
	t.Helper()
	times, list := h.Look(span)
	i := slices.IndexFunc(list, func(s Series) bool { return s.Name == name })
	if i < 0 || len(list[i].Points) != len(times) {
		t.Fatalf("%s: %d of %d", name, i, len(times))
	}
	return list[i].Points
}

func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New("1", "")
		h := NewHistory(s, clock.System())
		go h.Run(t.Context())
		synctest.Wait()
		if times, _ := h.Look(QuarterHour); len(times) != 0 {
			t.Errorf("%v", times)
		}
		s.Registered(3)
		for range 10 {
			s.Message()
		}
		s.Dropped("slow")
		s.Dropped("slow")
		s.Dropped("rate")
		s.CallStarted(signal.ChatCall)
		pass(5 * time.Second)
		for name, want := range map[string]float64{"registrations": 3, "chats": 1, "calls": 0, "delivered": 2, "drops": 0.6, "commit": 0} {
			if got := of(t, h, QuarterHour, name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %v, not %v", name, got, want)
			}
		}
		if got := h.Now(); got["registrations"] != 3 || got["chats"] != 1 {
			t.Errorf("%v", got)
		}
		if got := h.Drops(); !slices.Equal(got, []Reason{{"slow", 2}, {"rate", 1}}) {
			t.Errorf("%v", got)
		}
	})
}

// Each span is remembered as finely and as long as it says, whenever samples come.
func TestSpans(t *testing.T) {
	c := clock.NewManual()
	s := New("1", "")
	h := NewHistory(s, c)
	s.Dropped("slow")
	run := func(d, step time.Duration) {
		for range int(d / step) {
			h.take()
			c.Advance(step)
		}
	}
	points := func(span Span, want int) {
		t.Helper()
		if n := len(of(t, h, span, "registrations")); n != want {
			t.Errorf("%d points of %s, not %d", n, span, want)
		}
	}
	run(20*time.Minute, 5*time.Second)
	points(QuarterHour, 180)
	points(SixHours, 9)
	points(SevenDays, 0)
	if got := h.Drops(); len(got) != 1 {
		t.Errorf("%v", got)
	}
	run(7*time.Hour, 2*time.Minute)
	points(SixHours, 180)
	points(SevenDays, 14)
	if got := h.Drops(); len(got) != 0 {
		t.Errorf("after an hour still %v", got)
	}
	run(8*24*time.Hour, 30*time.Minute)
	points(SevenDays, 336)
	if times, _ := h.Look("1y"); len(times) != 0 {
		t.Error("a span that does not exist")
	}
}

// A part that is not there is asked all the same.
func TestNoHistory(t *testing.T) {
	var h *History
	times, series := h.Look(SixHours)
	if len(times) != 0 || len(series) != len(watched) || len(h.Drops()) != 0 || len(h.Now()) != 0 {
		t.Error(times, series)
	}
}

// What is watched are metrics that exist.
func TestWatchedExist(t *testing.T) {
	s := New("1", "")
	table := s.Table() + "`process_cpu_seconds_total` `process_resident_memory_bytes` ``"
	for _, w := range watched {
		if !strings.Contains(table, "`"+w.of.family+"`") || !strings.Contains(table, "`"+w.by.family+"`") {
			t.Errorf("%s: %v %v", w.name, w.of, w.by)
		}
	}
}
