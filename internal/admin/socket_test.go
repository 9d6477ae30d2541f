package admin_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/internal/admin"
)

// answering is an API of a new directory with the domains.
func answering(t *testing.T, domains ...string) *admin.API {
	t.Helper()
	dir := openDirectory(t, t.TempDir())
	for _, name := range domains {
		must(dir.AddDomain(t.Context(), name, nil))(t)
	}
	return newAPI(t, dir, admin.Config{})
}

func mode(t *testing.T, name string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestSocketBelongsToItsOwner(t *testing.T) {
	data := t.TempDir()
	l := must(admin.Listen(data))(t)
	if got := mode(t, filepath.Join(data, "pbx.sock")); got != 0o600 {
		t.Errorf("mode %o, want 600", got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if left := must(os.ReadDir(data))(t); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// longDirectory is a data directory with a long name, and the short place for
// temporary files that is used instead.
func longDirectory(t *testing.T) (data, temp string) {
	t.Helper()
	data = filepath.Join(t.TempDir(), strings.Repeat("long", 25))
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	temp = must(os.MkdirTemp("/tmp", "t"))(t)
	t.Cleanup(func() { os.RemoveAll(temp) })
	t.Setenv("TMPDIR", temp)
	return data, temp
}

// A data directory whose name is too long for a socket: the socket is in a
// short place that belongs to its owner alone, and is found there.
func TestLongPath(t *testing.T) {
	data, temp := longDirectory(t)
	t.Run("served", func(t *testing.T) {
		serve(t, data, answering(t, "example.com"))
		where := strings.TrimSpace(string(must(os.ReadFile(filepath.Join(data, "pbx.sock.path")))(t)))
		if !strings.HasPrefix(where, temp) || len(where) > 100 || mode(t, where) != 0o600 || mode(t, filepath.Dir(where)) != 0o700 {
			t.Errorf("the socket is at %s", where)
		}
		t.Setenv("TMPDIR", "/") // the command runs with another environment
		c := must(admin.Dial(t.Context(), data))(t)
		defer c.Close()
		equal(t, must(c.Domains(t.Context(), admin.ListDomains{}))(t)[0].Name, "example.com")
	})
	for _, dir := range []string{data, temp} {
		if left := must(os.ReadDir(dir))(t); len(left) != 0 {
			t.Errorf("left behind in %s: %v", dir, left)
		}
	}
}

// Somebody else has made the short directory first.
func TestLongPathThatIsNotOurs(t *testing.T) {
	data, _ := longDirectory(t)
	l := must(admin.Listen(data))(t)
	where := strings.TrimSpace(string(must(os.ReadFile(filepath.Join(data, "pbx.sock.path")))(t)))
	l.Close()
	if err := os.Mkdir(filepath.Dir(where), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(where), 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := admin.Listen(data)
	refused(t, err, admin.Invalid, "not a directory of this user alone")
}

// A server that was killed leaves its socket behind: the next one replaces it,
// and until then commands work without a server.
func TestStaleSocket(t *testing.T) {
	data := t.TempDir()
	stale := must(net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(data, "pbx.sock"), Net: "unix"}))(t)
	stale.SetUnlinkOnClose(false)
	stale.Close()
	op := must(admin.Open(t.Context(), data, direct(answering(t))))(t)
	if err := op.Close(); err != nil {
		t.Error(err)
	}
	serve(t, data, answering(t))
	c := must(admin.Dial(t.Context(), data))(t)
	c.Close()
}

func direct(api *admin.API) func(context.Context) (*admin.Client, error) {
	return func(context.Context) (*admin.Client, error) { return directly(api), nil }
}

func TestOpen(t *testing.T) {
	server, store := answering(t, "server"), answering(t, "store")
	ask := func(t *testing.T, data string) string {
		t.Helper()
		op := must(admin.Open(t.Context(), data, direct(store)))(t)
		defer op.Close()
		return must(op.Domains(t.Context(), admin.ListDomains{}))(t)[0].Name
	}
	data := t.TempDir()
	t.Run("no server", func(t *testing.T) {
		equal(t, ask(t, data), "store")
	})
	t.Run("server", func(t *testing.T) {
		lock := must(admin.LockServer(t.Context(), data))(t)
		defer lock.Unlock()
		serve(t, data, server)
		equal(t, ask(t, data), "server")
	})
	t.Run("server again gone", func(t *testing.T) {
		equal(t, ask(t, data), "store")
	})
	t.Run("no directory", func(t *testing.T) {
		_, err := admin.Open(t.Context(), filepath.Join(data, "none"), direct(store))
		refused(t, err, admin.NotFound, "pbx serve --data")
	})
	t.Run("store cannot be opened", func(t *testing.T) {
		broken := errors.New("broken")
		_, err := admin.Open(t.Context(), data, func(context.Context) (*admin.Client, error) { return nil, broken })
		if !errors.Is(err, broken) {
			t.Error(err)
		}
		must(admin.LockServer(t.Context(), data))(t).Unlock() // nothing holds it
	})
}

// A server that starts: the command waits until it answers.
func TestOpenWaitsForAStartingServer(t *testing.T) {
	data := t.TempDir()
	lock := must(admin.LockServer(t.Context(), data))(t)
	defer lock.Unlock()
	got := make(chan error, 1)
	go func() {
		op, err := admin.Open(t.Context(), data, func(context.Context) (*admin.Client, error) {
			return nil, errors.New("the store was opened beside a server")
		})
		if err == nil {
			err = op.Close()
		}
		got <- err
	}()
	serve(t, data, answering(t))
	if err := <-got; err != nil {
		t.Error(err)
	}
}

func TestTwoServers(t *testing.T) {
	data := t.TempDir()
	first := must(admin.LockServer(t.Context(), data))(t)
	_, err := admin.LockServer(t.Context(), data)
	refused(t, err, admin.Busy, fmt.Sprintf("process %d", os.Getpid()))
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	must(admin.LockServer(t.Context(), data))(t).Unlock()
}

// A command that works on the store keeps a server out, for a moment.
func TestServerWaitsForCommands(t *testing.T) {
	data := t.TempDir()
	op := must(admin.Open(t.Context(), data, direct(answering(t))))(t)
	_, err := admin.LockServer(t.Context(), data)
	refused(t, err, admin.Busy, "in use")
	got := make(chan error, 1)
	go func() {
		lock, err := admin.LockServer(t.Context(), data)
		if err == nil {
			err = lock.Unlock()
		}
		got <- err
	}()
	op.Close()
	if err := <-got; err != nil {
		t.Error(err)
	}
}

// Many commands at once are all answered, one connection each.
func TestManyCommands(t *testing.T) {
	data := t.TempDir()
	api := newAPI(t, openDirectory(t, data), admin.Config{})
	serve(t, data, api)
	must(directly(api).AddDomain(t.Context(), admin.NewDomain{Name: "example.com"}))(t)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			c, err := admin.Dial(t.Context(), data)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_, err = c.AddObject(t.Context(), admin.NewObject{Type: "user", SIP: fmt.Sprintf("user%d", i%25), Password: "long enough"})
			if err != nil && admin.CodeOf(err) != "name_taken" {
				t.Error(err)
			}
			if _, err := c.Objects(t.Context(), admin.ListObjects{Type: "user"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	users := must(directly(api).Objects(t.Context(), admin.ListObjects{Type: "user"}))(t)
	equal(t, len(users), 25)
}
