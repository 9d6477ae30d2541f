package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// cluster is a PostgreSQL of our own. It listens on a Unix socket in its directory
// alone. Its settings are those that it comes with: what it has committed is on
// the disk.
type cluster struct {
	dir string // for the socket, the log and the data
	bin string // where its programs are
	as  []string
}

// newCluster makes and starts a PostgreSQL.
func newCluster(ctx context.Context, dir string) (*cluster, error) {
	c := &cluster{dir: dir}
	if err := c.find(); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 { // it refuses to run as root
		c.as = []string{"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"}
		if err := exec.CommandContext(ctx, "chown", "nobody", dir).Run(); err != nil {
			return nil, err
		}
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // of the data of the run: nobody must come through
			return nil, err
		}
	}
	if err := c.run(ctx, "initdb", "-U", "chaos", "-A", "trust", "-E", "UTF8", "--locale=C"); err != nil {
		return nil, err
	}
	return c, c.start(ctx)
}

// find looks for the programs of the newest PostgreSQL.
func (c *cluster) find() error {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		return errors.New("PostgreSQL is not installed")
	}
	c.bin = filepath.Dir(slices.Max(found))
	return nil
}

func (c *cluster) dsn() string {
	return "host=" + c.dir + " user=chaos dbname=postgres sslmode=disable"
}

// run runs one of its programs on the data directory.
func (c *cluster) run(ctx context.Context, name string, args ...string) error {
	line := append(slices.Clone(c.as), filepath.Join(c.bin, name), "-D", filepath.Join(c.dir, "data"))
	line = append(line, args...)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Dir = "/"
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(line, " "), err, out)
	}
	return nil
}

func (c *cluster) start(ctx context.Context) error {
	return c.run(ctx, "pg_ctl", "-l", filepath.Join(c.dir, "log"), "-w", "-t", "60",
		"-o", "-c listen_addresses='' -c unix_socket_directories='"+c.dir+"' -c max_connections=100", "start")
}

// restart ends it as a crash does, without a last checkpoint, and starts it again.
func (c *cluster) restart(ctx context.Context, away time.Duration) error {
	if err := c.run(ctx, "pg_ctl", "-m", "immediate", "-w", "stop"); err != nil {
		return err
	}
	time.Sleep(away)
	return c.start(ctx)
}

func (c *cluster) close() {
	_ = c.run(context.Background(), "pg_ctl", "-m", "immediate", "-w", "stop")
}
