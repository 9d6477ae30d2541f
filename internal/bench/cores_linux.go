package bench

import (
	"errors"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Cores says which processor servers run on and which the load.
type Cores struct{ Server, Load int }

// PickCores chooses the first and the last processor that this process may
// use: on machines with two threads per core these are different cores. With
// one processor both are the same, and shared is true.
func PickCores() (c Cores, shared bool, err error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return c, false, err
	}
	c.Server = -1
	for i := range 1024 {
		if !set.IsSet(i) {
			continue
		}
		if c.Server < 0 {
			c.Server = i
		}
		c.Load = i
	}
	return c, c.Server == c.Load, nil
}

// PinProcess moves every thread of this process to one core. Threads that come
// later are made by threads that are there.
func PinProcess(core int) error {
	for range 2 { // a thread may be born while we look
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, t := range tasks {
			tid, err := strconv.Atoi(t.Name())
			if err != nil {
				return err
			}
			if err := pin(tid, core); err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
	}
	return nil
}

func pin(tid, core int) error {
	var set unix.CPUSet
	set.Set(core)
	return unix.SchedSetaffinity(tid, &set)
}

// starter starts child processes from one thread that sits on the core of the
// servers: children inherit the core, and end when that thread ends, which is
// when this process ends, however it does.
type starter struct {
	jobs chan func()
}

func newStarter(core int) (*starter, error) {
	s, ready := &starter{jobs: make(chan func())}, make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread dies with the goroutine
		ready <- pin(0, core)
		for job := range s.jobs {
			job()
		}
	}()
	return s, <-ready
}

// do runs f on the thread and waits for it.
func (s *starter) do(f func() error) error {
	done := make(chan error)
	s.jobs <- func() { done <- f() }
	return <-done
}
