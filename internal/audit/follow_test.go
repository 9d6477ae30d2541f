package audit_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

// following runs Follow in a bubble until stop.
func following(t *testing.T, b *bench) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { b.Follow(ctx); close(done) }()
	synctest.Wait()
	return func() { cancel(); <-done }
}

// expectHead looks for one line with the head of a row.
func (b *bench) expectHead(when string, number string) {
	b.t.Helper()
	lines := b.out.take()
	if number == "" && len(lines) == 0 {
		return
	}
	if len(lines) != 1 || !strings.Contains(lines[0], "level=INFO") || !strings.Contains(lines[0], "head="+number+":") {
		b.t.Errorf("%s: %q", when, lines)
		return
	}
	_, text, _ := strings.Cut(lines[0], "head=")
	head, err := audit.ParseHead(text)
	if err != nil || !head.SignedBy(b.PublicKey()) {
		b.t.Errorf("%s: %s is not a signed head: %v", when, text, err)
	}
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		stop := following(t, b)
		b.expectHead("no row", "")
		b.append()
		b.append()
		time.Sleep(time.Hour - time.Second)
		synctest.Wait()
		b.expectHead("too early", "")
		time.Sleep(time.Second)
		synctest.Wait()
		b.expectHead("after an hour", "2")
		time.Sleep(time.Hour)
		synctest.Wait()
		b.expectHead("an hour without rows", "2")
		b.append()
		stop()
		b.expectHead("at the end", "3")
		b.counts.expect(t, 3, 3, 0, 0)

		again := onStore(t, b.store)
		stop = following(t, again)
		again.expectHead("at the beginning", "3")
		stop()
		again.expectHead("at the end, without new rows", "")
		again.append()
		stop = following(t, again)
		again.expectHead("at the beginning, after a crash", "4")
		stop()
	})
}

func TestFollowGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewAuditMemory()
		b := onStore(t, store)
		b.append()
		var working atomic.Bool
		store.Before = func(operation string) error {
			if !working.Load() && operation == "sign" {
				return errors.New("out of reach")
			}
			return nil
		}
		stop := following(t, b)
		if lines := b.out.take(); len(lines) != 1 || !strings.Contains(lines[0], "level=ERROR") || !strings.Contains(lines[0], "out of reach") {
			t.Errorf("failed: %q", lines)
		}
		working.Store(true)
		time.Sleep(time.Hour)
		synctest.Wait()
		b.expectHead("an hour later", "1")
		stop()
	})
}

func TestFollowStopsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		b.append()
		b.Follow(ctx) // refuses to sign with ctx, then signs the last rows
		lines := b.out.take()
		if len(lines) == 0 || !strings.Contains(lines[len(lines)-1], "head=1:") {
			t.Errorf("%q", lines)
		}
	})
}
