package admin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const lockName = "pbx.lock"

// Lock is the hold that a process has on a data directory: one server alone,
// or commands without a server, several at a time. The system drops it when
// the process ends, however it ends.
type Lock struct {
	file *os.File
}

// LockServer takes dataDir for a server. It waits a second for commands to
// end; then a Problem with the code Busy says that somebody else has it.
func LockServer(ctx context.Context, dataDir string) (*Lock, error) {
	limit := time.After(time.Second)
	l, err := lock(dataDir, syscall.LOCK_EX)
	for CodeOf(err) == Busy {
		select {
		case <-time.After(20 * time.Millisecond):
			l, err = lock(dataDir, syscall.LOCK_EX)
			continue
		case <-ctx.Done():
		case <-limit:
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	err = errors.Join(l.file.Truncate(0), writeAt(l.file, fmt.Sprintf("%d\n", os.Getpid())))
	if err != nil {
		return nil, errors.Join(err, l.release())
	}
	return l, nil
}

// Held tells whether a server holds dataDir, or begins or stops there.
func Held(dataDir string) bool {
	l, err := lockCommand(dataDir)
	if err == nil {
		_ = l.release() // nothing was written
	}
	return CodeOf(err) == Busy
}

// lockCommand takes dataDir for a command that works without a server.
func lockCommand(dataDir string) (*Lock, error) { return lock(dataDir, syscall.LOCK_SH) }

func lock(dataDir string, how int) (*Lock, error) {
	file, err := os.OpenFile(filepath.Join(dataDir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, problem(Busy, fmt.Sprintf("%s is in use%s: stop that one first, or give another directory with --data", dataDir, holder(file)))
		}
		return nil, fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return &Lock{file: file}, nil
}

// Holder is the process of the server that holds dataDir, as far as it has said
// so; 0 is none.
func Holder(dataDir string) int {
	text, err := os.ReadFile(filepath.Join(dataDir, lockName))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

// holder names the server that holds the lock, as far as it has said so.
func holder(file *os.File) string {
	text := make([]byte, 32)
	n, _ := file.ReadAt(text, 0)
	pid := strings.TrimSpace(string(text[:n]))
	if pid == "" {
		return ""
	}
	return " by another server (process " + pid + ")"
}

func writeAt(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

// Unlock lets the directory go; the next server finds no stale process in it.
func (l *Lock) Unlock() error {
	return errors.Join(l.file.Truncate(0), l.file.Close())
}

// release lets the directory go without touching the file: a command is one
// of several holders.
func (l *Lock) release() error { return l.file.Close() }
