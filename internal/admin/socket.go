package admin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// The files of the control socket in a data directory.
const (
	socketName = "pbx.sock"
	whereName  = "pbx.sock.path" // says where the socket is when its path would be too long
)

// maxSocketPath leaves room below the 104 to 108 bytes that systems allow for
// the path of a unix socket: it is bound under a longer name first.
const maxSocketPath = 92

// socketPath is where the control socket of dataDir belongs: inside, or in a
// short directory of the temporary files whose name follows from dataDir.
func socketPath(dataDir string) (string, error) {
	abs, err := filepath.Abs(dataDir)
	if err != nil {
		return "", err
	}
	inside := filepath.Join(abs, socketName)
	if len(inside) <= maxSocketPath {
		return inside, nil
	}
	sum := sha256.Sum256([]byte(abs))
	short := "pbx-" + hex.EncodeToString(sum[:8])
	for _, base := range []string{os.TempDir(), "/tmp"} {
		if p := filepath.Join(base, short, socketName); len(p) <= maxSocketPath {
			return p, nil
		}
	}
	return "", problem(Invalid, fmt.Sprintf("no path for a control socket is short enough: set TMPDIR to a directory with at most %d characters", maxSocketPath-40))
}

// Listen opens the control socket of dataDir, for its owner alone. Whoever
// calls it holds the Lock of dataDir, so that a socket found there is a stale
// one and is replaced. Closing the listener removes the socket.
func Listen(dataDir string) (net.Listener, error) {
	path, err := socketPath(dataDir)
	if err != nil {
		return nil, err
	}
	where := filepath.Join(dataDir, whereName)
	if filepath.Dir(path) == mustAbs(dataDir) {
		if err := remove(where); err != nil {
			return nil, err
		}
		l, err := bind(path)
		return l, err
	}
	if err := privateDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	l, err := bind(path)
	if err != nil {
		return nil, err
	}
	l.also = where
	if err := os.WriteFile(where, []byte(path+"\n"), 0o600); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func mustAbs(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	return abs
}

// bind listens at path. The socket is made inside a directory of its own that
// nobody else may enter and then moved: at no time can another user connect.
func bind(path string) (*listener, error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".s")
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	defer os.RemoveAll(dir)
	temporary := filepath.Join(dir, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: temporary, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(temporary, 0o600), os.Rename(temporary, path)); err != nil {
		l.Close()
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return &listener{UnixListener: l, path: path}, nil
}

// listener removes its files when it is closed.
type listener struct {
	*net.UnixListener
	path string
	also string // the file that says where, or empty
}

// Close ends the listening. The files go first, so that a command finds no
// socket that nobody answers.
func (l *listener) Close() error {
	err := remove(l.path)
	if l.also != "" {
		err = errors.Join(err, remove(l.also), remove(filepath.Dir(l.path)))
	}
	return errors.Join(err, l.UnixListener.Close())
}

func remove(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// privateDir makes dir, or accepts it if it belongs to us alone: in a shared
// directory somebody else may have made it first.
func privateDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("control socket: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !ok || int(stat.Uid) != os.Geteuid() {
		return problem(Invalid, fmt.Sprintf("%s is not a directory of this user alone: remove it, or set TMPDIR to another directory", dir))
	}
	return nil
}

// Dial finds the server that runs on dataDir; the error is fs.ErrNotExist if
// there is no socket, and another one if nobody answers on it.
func Dial(ctx context.Context, dataDir string) (*Client, error) {
	path := socketOf(dataDir)
	if _, err := os.Lstat(path); err != nil {
		return nil, err
	}
	c := NewClient(path)
	if err := c.Ping(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// socketOf is where the control socket of the server on dataDir is, if one runs.
func socketOf(dataDir string) string {
	if text, err := os.ReadFile(filepath.Join(dataDir, whereName)); err == nil {
		return strings.TrimSpace(string(text))
	}
	return filepath.Join(mustAbs(dataDir), socketName)
}

// DialSocket connects to the control socket of a data directory, for programs of the
// house that answer something else there.
func DialSocket(ctx context.Context, dataDir string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", socketOf(dataDir))
}
