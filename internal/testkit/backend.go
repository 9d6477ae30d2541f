package testkit

import (
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"
)

// Backend starts a switch for one dialogue.
type Backend interface {
	// Start starts a switch that has exactly the given people and objects, in
	// the domain example.com. It ends with the test t. Start fails or skips the
	// test if it cannot do what the setup asks for.
	Start(t testing.TB, s Setup) Target
}

type inProcess func(t testing.TB, s Setup) Target

func (f inProcess) Start(t testing.TB, s Setup) Target { return f(t, s) }

// InProcess makes a backend of a function that builds directory, switch and
// edge inside the test process.
func InProcess(build func(t testing.TB, s Setup) Target) Backend { return inProcess(build) }

// Options say how dialogues are run. The zero value is good.
type Options struct {
	Filter   string        // regular expression on the file name; "" = all
	MaxWait  time.Duration // a dialogue really waits so long in sum where the clock cannot be moved; else it is skipped
	Parallel int           // dialogues at the same time; 0 = 8
}

// RunDir plays every dialogue of a directory, each as a subtest named like the
// file. Dialogues spend most of their time waiting, so several run at once.
func RunDir(t *testing.T, dir string, o Options, b Backend) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	filter, err := regexp.Compile(o.Filter)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, o.parallel())
	count := 0
	for _, f := range files {
		name := filepath.Base(f)
		if !filter.MatchString(name) {
			continue
		}
		count++
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(name, func(t *testing.T) { RunFile(t, f, o, b) })
		})
	}
	wg.Wait()
	if count == 0 {
		t.Fatalf("no dialogue in %s fits %q", dir, o.Filter)
	}
}

func (o Options) parallel() int {
	if o.Parallel > 0 {
		return o.Parallel
	}
	return 8
}

// RunFile parses, checks and plays one dialogue.
func RunFile(t testing.TB, path string, o Options, b Backend) {
	t.Helper()
	d, err := ParseFile(path)
	if err == nil {
		err = Check(d)
	}
	if err != nil {
		t.Fatal(err)
	}
	target := b.Start(t, d.Setup())
	if target.Advance == nil && d.ClockTotal() > o.MaxWait {
		t.Skipf("moves the clock by %v, which this switch cannot do", d.ClockTotal())
	}
	if err := Play(d, target); err != nil {
		t.Fatal(err)
	}
}
