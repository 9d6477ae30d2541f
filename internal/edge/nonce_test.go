package edge

import (
	"testing"
	"time"
)

func TestNoncesAreFreshOnceInTheirWindow(t *testing.T) {
	n := newNonces(Limits{}.withDefaults())
	now := time.Unix(1e9, 0)
	steps := []struct {
		who, nonce string
		after      time.Duration
		want       bool
	}{
		{"s1", "n1", 0, true},
		{"s1", "n1", 0, false},
		{"s2", "n1", 0, true},
		{"s1", "n2", 0, true},
		{"s1", "n1", 10*time.Minute - 1, false},
		{"s1", "n1", 10 * time.Minute, true},
	}
	for i, s := range steps {
		if got := n.fresh(s.who, s.nonce, now.Add(s.after)); got != s.want {
			t.Errorf("step %d: fresh(%s, %s) = %v", i, s.who, s.nonce, got)
		}
	}
}
