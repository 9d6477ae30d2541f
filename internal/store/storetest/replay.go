package storetest

import (
	"errors"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/replay"
)

// ReplayStore is a replay.Store that can be closed.
type ReplayStore interface {
	replay.Store
	Close() error
}

// RunReplay runs the suite of replay.Store. fresh makes a new, empty database and
// returns a function that opens it, as Fresh does.
func RunReplay(t *testing.T, fresh func(t *testing.T) (open func() ReplayStore)) {
	tests := []struct {
		name string
		test func(t *testing.T, open func() ReplayStore)
	}{
		{"an answer is kept", testAnswerKept},
		{"an answer is kept for a day", testAnswerLife},
		{"a key is one's own and can be freed", testAnswerForget},
		{"one of many begins", testAnswerAtOnce},
		{"keys are counted", testAnswerCount},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			open := fresh(t)
			test.test(t, func() ReplayStore {
				s := open()
				t.Cleanup(func() { noError(t, s.Close()) })
				return s
			})
		})
	}
}

var replayTime = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// begin begins a request and says whether it is the first one.
func begin(t *testing.T, s ReplayStore, owner, key string, now time.Time) *replay.Answer {
	t.Helper()
	kept, err := s.BeginAnswer(t.Context(), owner, key, []byte("hash"), now)
	noError(t, err)
	return kept
}

func testAnswerKept(t *testing.T, open func() ReplayStore) {
	s := open()
	if kept := begin(t, s, "alice", "1", replayTime); kept != nil {
		t.Errorf("an answer before the first request: %+v", kept)
	}
	if kept := begin(t, s, "alice", "1", replayTime); kept == nil || kept.Status != 0 || string(kept.Hash) != "hash" {
		t.Errorf("not answered yet: %+v", kept)
	}
	want := replay.Answer{Hash: []byte("hash"), Status: 201, ContentType: "application/json", ETag: `"7"`, Body: []byte(`{"a":"ü"}`)}
	noError(t, s.FinishAnswer(t.Context(), "alice", "1", want))
	if kept := begin(t, open(), "alice", "1", replayTime); kept == nil || !reflect.DeepEqual(*kept, want) { // after a restart too
		t.Errorf("got %+v, want %+v", kept, want)
	}
}

func testAnswerLife(t *testing.T, open func() ReplayStore) {
	s := open()
	begin(t, s, "alice", "1", replayTime)
	if kept := begin(t, s, "alice", "1", replayTime.Add(replay.Life)); kept == nil {
		t.Error("forgotten too early")
	}
	if kept := begin(t, s, "alice", "1", replayTime.Add(replay.Life+time.Second)); kept != nil {
		t.Errorf("kept too long: %+v", kept)
	}
}

func testAnswerForget(t *testing.T, open func() ReplayStore) {
	s := open()
	begin(t, s, "alice", "1", replayTime)
	if kept := begin(t, s, "bob", "1", replayTime); kept != nil {
		t.Errorf("bob got what alice asked for: %+v", kept)
	}
	noError(t, s.ForgetAnswer(t.Context(), "alice", "1"))
	if kept := begin(t, s, "alice", "1", replayTime); kept != nil {
		t.Errorf("not free: %+v", kept)
	}
	if kept := begin(t, s, "bob", "1", replayTime); kept == nil {
		t.Error("that of bob is free too")
	}
}

func testAnswerAtOnce(t *testing.T, open func() ReplayStore) {
	stores := []ReplayStore{open(), open()}
	var first atomic.Int64
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			kept, err := stores[i%2].BeginAnswer(t.Context(), "alice", "1", []byte("hash"), replayTime)
			if err != nil {
				t.Error(err)
			}
			if kept == nil {
				first.Add(1)
			}
		})
	}
	all.Wait()
	if n := first.Load(); n != 1 {
		t.Errorf("%d were the first", n)
	}
}

func testAnswerCount(t *testing.T, open func() ReplayStore) {
	s := open()
	for i := range replay.MaxKeys {
		begin(t, s, "alice", strconv.Itoa(i), replayTime)
	}
	if _, err := s.BeginAnswer(t.Context(), "alice", "one more", []byte("hash"), replayTime); !errors.Is(err, replay.ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	if kept := begin(t, s, "alice", "7", replayTime); kept == nil {
		t.Error("an old one is not found")
	}
	begin(t, s, "bob", "1", replayTime)
	if kept := begin(t, s, "alice", "one more", replayTime.Add(2*replay.Life)); kept != nil {
		t.Errorf("%+v", kept)
	}
}
