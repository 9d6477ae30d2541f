package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
)

func TestManualAdvanceFiresWhatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewManual()
		start := c.Now()
		var fired []string
		done := make(chan string, 4)
		c.AfterFunc(10*time.Minute, func() { done <- "ten" })
		twenty := c.AfterFunc(20*time.Minute, func() { done <- "twenty" })
		stopped := c.AfterFunc(time.Minute, func() { done <- "stopped" })
		if !stopped.Stop() || stopped.Stop() {
			t.Fatal("Stop reports whether the call was pending")
		}
		c.Advance(15 * time.Minute)
		synctest.Wait()
		fired = append(fired, <-done)
		if !twenty.Reset(time.Minute) {
			t.Fatal("twenty was pending")
		}
		c.Advance(59 * time.Second)
		synctest.Wait()
		if len(done) != 0 {
			t.Fatalf("fired early: %v", <-done)
		}
		time.Sleep(time.Second) // the fake time of synctest: the rest passes by itself
		synctest.Wait()
		fired = append(fired, <-done)
		if fired[0] != "ten" || fired[1] != "twenty" {
			t.Fatalf("fired %v", fired)
		}
		if got := c.Now().Sub(start); got != 16*time.Minute {
			t.Fatalf("advanced by %v, want 16m", got)
		}
	})
}

func TestSystemClockRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.System()
		ran := false
		c.AfterFunc(time.Hour, func() { ran = true })
		time.Sleep(time.Hour)
		synctest.Wait()
		if !ran {
			t.Fatal("the timer of the system clock did not run")
		}
	})
}
