package service

import (
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/tandem-switch/tandem/internal/lru"
)

// Broadcasts of one person are bounded by their receivers, those of others are not
// touched by that.
func TestReach(t *testing.T) {
	d := &domain{reach: lru.New[*rate.Limiter](reachers)}
	now := time.Unix(1_800_000_000, 0)
	for range reachBurst / maxReceivers {
		if !d.mayReach(1, maxReceivers, now) {
			t.Fatal("refused at once")
		}
	}
	if d.mayReach(1, 1, now) {
		t.Error("without bound")
	}
	if !d.mayReach(2, maxReceivers, now) {
		t.Error("somebody else pays for it")
	}
	if later := now.Add(10 * time.Second); !d.mayReach(1, 10*reachRate, later) || d.mayReach(1, 1, later) {
		t.Error("it does not come back at its rate")
	}
}
