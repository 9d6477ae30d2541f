package admin

import (
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
)

// stopped is a clock that moves by hand alone.
type stopped struct {
	clock.Clock
	now time.Time
}

func (s *stopped) Now() time.Time { return s.now }

func TestRates(t *testing.T) {
	c := &stopped{now: time.UnixMilli(1_700_000_000_000)}
	r := newRates(c, requestsPerSecond, requestBurst)
	allowed := func(who string) (n int) {
		for r.allow(who) {
			n++
		}
		return n
	}
	for _, step := range []struct {
		who   string
		after time.Duration
		want  int
	}{
		{"a", 0, 200}, {"b", 0, 200}, {"a", 0, 0}, {"a", time.Second, 50}, {"b", 100 * time.Millisecond, 55}, {"a", time.Hour, 200},
	} {
		c.now = c.now.Add(step.after)
		if got := allowed(step.who); got != step.want {
			t.Errorf("%s after %v: %d requests, want %d", step.who, step.after, got, step.want)
		}
	}
}

func TestRatesAreForgotten(t *testing.T) {
	c := &stopped{now: time.UnixMilli(1_700_000_000_000)}
	r := newRates(c, requestsPerSecond, requestBurst)
	r.allow("old")
	c.now = c.now.Add(time.Minute)
	for i := range 2 * maxRates {
		r.allow(string(rune('a'+i%26)) + time.Duration(i).String())
	}
	if len(r.of) > maxRates || r.of["old"] != nil {
		t.Errorf("%d are remembered", len(r.of))
	}
}
