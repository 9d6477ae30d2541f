package admin_test

import (
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
)

// drains notes how long it may take.
type drains struct {
	limit time.Duration
	until time.Time
}

func (d *drains) Drain(limit time.Duration) admin.Draining {
	d.limit, d.until = limit, since.Add(limit)
	return d.Draining()
}

func (d *drains) Draining() admin.Draining {
	state := admin.Draining{Draining: d.limit > 0, Calls: 3}
	if state.Draining {
		state.Until = &d.until
	}
	return state
}

func TestDrain(t *testing.T) {
	ctx := t.Context()
	d := &drains{}
	op := directly(newAPI(t, openDirectory(t, t.TempDir()), admin.Config{Drainer: d}))
	var state admin.Draining
	must(0, op.Do(ctx, "GET", "/drain", nil, &state))(t)
	equal(t, state, admin.Draining{Calls: 3})
	for _, seconds := range []int{0, -1, 604801} {
		_, err := op.Drain(ctx, admin.Drain{Seconds: seconds})
		refused(t, err, admin.Invalid, "seconds")
	}
	until := since.Add(time.Minute)
	equal(t, must(op.Drain(ctx, admin.Drain{Seconds: 60}))(t), admin.Draining{Draining: true, Until: &until, Calls: 3})
	if d.limit != time.Minute {
		t.Errorf("drained for %v", d.limit)
	}
	must(0, op.Do(ctx, "GET", "/drain", nil, &state))(t)
	equal(t, state, admin.Draining{Draining: true, Until: &until, Calls: 3})
}

func TestDrainNeedsAServer(t *testing.T) {
	op := directly(newAPI(t, openDirectory(t, t.TempDir()), admin.Config{}))
	_, err := op.Drain(t.Context(), admin.Drain{Seconds: 60})
	refused(t, err, admin.NotRunning, "no server is running")
	refused(t, op.Do(t.Context(), "GET", "/drain", nil, nil), admin.NotRunning, "no server is running")
}

func TestHeld(t *testing.T) {
	data := t.TempDir()
	if admin.Held(data) {
		t.Error("nobody holds it")
	}
	lock := must(admin.LockServer(t.Context(), data))(t)
	if !admin.Held(data) {
		t.Error("a server holds it")
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if admin.Held(data) {
		t.Error("nobody holds it any more")
	}
}
