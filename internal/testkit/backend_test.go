package testkit_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/testkit"
)

func TestRunDir(t *testing.T) {
	dir := t.TempDir()
	const ok = small + "alice.1 connect\n"
	for name, text := range map[string]string{
		"a-good.txt":   ok,
		"a-stored.txt": strings.Replace(ok, "volatile", "stored", 1),
		"a-clock.txt":  strings.Replace(ok, "volatile", "volatile clock", 1) + "clock 60m\n",
		"a-short.txt":  strings.Replace(ok, "volatile", "volatile clock", 1) + "clock 10ms\n",
		"b-broken.txt": "nonsense",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var started, storing atomic.Int32
	backend := testkit.InProcess(func(t testing.TB, s testkit.Setup) testkit.Target {
		started.Add(1)
		if s.Stored {
			storing.Add(1)
		}
		target := startParrot(t, s)
		target.Advance = nil
		return target
	})
	testkit.RunDir(t, dir, testkit.Options{Filter: "^a-", MaxWait: time.Minute}, backend)
	if n := started.Load(); n != 4 {
		t.Errorf("started %d switches, want 4 (good, stored, clock, short)", n)
	}
	if n := storing.Load(); n != 1 {
		t.Errorf("%d switches store chats, want 1", n)
	}
}
