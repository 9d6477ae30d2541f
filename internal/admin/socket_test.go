package admin_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/internal/admin"
)

// nobody is an Operator of which only Domains works.
type nobody struct {
	admin.Operator
	domains func(context.Context) ([]admin.Domain, error)
}

func (n nobody) Domains(ctx context.Context, _ admin.ListDomains) ([]admin.Domain, error) {
	return n.domains(ctx)
}

func answering(list ...admin.Domain) nobody {
	return nobody{domains: func(context.Context) ([]admin.Domain, error) { return list, nil }}
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
		serve(t, data, answering(admin.Domain{Name: "example.com"}))
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
	op := must(admin.Open(t.Context(), data, direct(answering())))(t)
	if err := op.Close(); err != nil {
		t.Error(err)
	}
	serve(t, data, answering())
	c := must(admin.Dial(t.Context(), data))(t)
	c.Close()
}

// opened is an Operator that says when it is closed.
type opened struct {
	admin.Operator
	closed bool
}

func (o *opened) Close() error {
	o.closed = true
	return nil
}

func direct(op admin.Operator) func(context.Context) (admin.Opened, error) {
	return func(context.Context) (admin.Opened, error) { return &opened{Operator: op}, nil }
}

func TestOpen(t *testing.T) {
	server, store := answering(admin.Domain{Name: "server"}), answering(admin.Domain{Name: "store"})
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
		_, err := admin.Open(t.Context(), data, func(context.Context) (admin.Opened, error) { return nil, broken })
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
		op, err := admin.Open(t.Context(), data, direct(answering()))
		if err == nil {
			_, isClient := op.(*admin.Client)
			if err = op.Close(); !isClient {
				err = errors.New("the store was opened beside a server")
			}
		}
		got <- err
	}()
	serve(t, data, answering())
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
	op := must(admin.Open(t.Context(), data, direct(answering())))(t)
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
	dir := openDirectory(t, data)
	serve(t, data, admin.NewLocal(dir, nil))
	must(admin.NewLocal(dir, nil).AddDomain(t.Context(), admin.AddDomain{Name: "example.com"}))(t)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			c, err := admin.Dial(t.Context(), data)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_, err = c.AddUser(t.Context(), admin.AddUser{Name: fmt.Sprintf("user%d", i%25), Password: "long enough"})
			if err != nil && admin.CodeOf(err) != "name_taken" {
				t.Error(err)
			}
			if _, err := c.Users(t.Context(), admin.ListUsers{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	users := must(admin.NewLocal(dir, nil).Users(t.Context(), admin.ListUsers{}))(t)
	equal(t, len(users), 25)
}

// Errors that are no Problem cross as internal ones; requests that the server
// cannot know are refused, not half done.
func TestErrorsAcross(t *testing.T) {
	data := t.TempDir()
	serve(t, data, nobody{domains: func(context.Context) ([]admin.Domain, error) { return nil, errors.New("disk full") }})
	c := must(admin.Dial(t.Context(), data))(t)
	defer c.Close()
	_, err := c.Domains(t.Context(), admin.ListDomains{})
	refused(t, err, admin.Internal, "disk full")

	_, err = c.ImportUsers(t.Context(), admin.ImportUsers{CSV: strings.Repeat("x", 17<<20)})
	refused(t, err, admin.TooLarge, "16 MiB")

	h := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(data, "pbx.sock"))
	}}}
	for path, tt := range map[string]struct {
		body   string
		status int
	}{
		"/v1/AddUser":   {`{"name":"alice","colour":"red"}`, http.StatusNotImplemented},
		"/v1/SetUser":   {`{`, http.StatusNotImplemented},
		"/v1/Explode":   {`{}`, http.StatusNotImplemented},
		"/v1/AddDomain": {`{"name":"` + strings.Repeat("x", 17<<20) + `"}`, http.StatusRequestEntityTooLarge},
	} {
		response := must(h.Post("http://pbx"+path, "application/json", strings.NewReader(tt.body)))(t)
		response.Body.Close()
		if response.StatusCode != tt.status {
			t.Errorf("%s: %s, want %d", path, response.Status, tt.status)
		}
	}
}
