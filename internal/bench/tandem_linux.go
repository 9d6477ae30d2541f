package bench

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// buildPBX compiles the switch of this module into dir.
func buildPBX(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "pbx")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/tandem-switch/tandem/cmd/pbx")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("bench: building the switch: %w: %s", err, out)
	}
	return path, nil
}

// prepareTandem fills an empty data directory with a domain and its users.
func prepareTandem(ctx context.Context, pbx, data string, users []string, flags ...string) error {
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	file := data + ".csv"
	if err := os.WriteFile(file, usersCSV(users), 0o600); err != nil {
		return err
	}
	if err := admin(ctx, pbx, append([]string{"domain", "add", tandemDomain, "--data", data}, flags...)...); err != nil {
		return err
	}
	return admin(ctx, pbx, append([]string{"user", "import", "--domain", tandemDomain, "--data", data, file}, flags...)...)
}

func admin(ctx context.Context, pbx string, args ...string) error {
	if out, err := exec.CommandContext(ctx, pbx, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("bench: pbx %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// startTandem serves a prepared data directory, with the profiler when the
// binary has it.
func startTandem(s *starter, pbx, data string, flags ...string) (*process, error) {
	profiler, err := freeAddress()
	if err != nil {
		return nil, err
	}
	args := append([]string{"serve", "--data", data, "--listen", "http://127.0.0.1:0"}, flags...)
	p, err := startProcess(s, Tandem, exec.Command(pbx, append(args, "--pprof", profiler)...))
	if err != nil && strings.Contains(err.Error(), "--pprof") {
		return startProcess(s, Tandem, exec.Command(pbx, args...))
	}
	if err != nil {
		return nil, err
	}
	p.pprof = "http://" + profiler
	return p, nil
}

// freeAddress is a loopback address that nobody listens on just now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// mallocs is the number of allocations of the process so far.
func (p *process) mallocs() (float64, error) {
	if p.kind != Tandem {
		line, err := p.command("mallocs")
		if err != nil {
			return 0, err
		}
		return metric([]byte("mallocs "+line), "mallocs")
	}
	text, err := get("http://" + p.addr + "/metrics")
	if err == nil {
		var n float64
		if n, err = metric(text, "go_memstats_mallocs_total"); err == nil {
			return n, nil
		}
	}
	if p.pprof == "" {
		return 0, err
	}
	return p.profiledMallocs()
}

// profiledMallocs reads the comment "# Mallocs = n" of a heap profile.
func (p *process) profiledMallocs() (float64, error) {
	text, err := get(p.pprof + "/debug/pprof/heap?debug=1")
	if err != nil {
		return 0, err
	}
	return metric(bytes.ReplaceAll(text, []byte("# Mallocs = "), []byte("Mallocs ")), "Mallocs")
}

// settle brings the process where it would be after some minutes of silence:
// garbage collected twice, as the runtime does by itself every two minutes.
// Then it waits until the resident memory stands still.
func (p *process) settle() (int64, error) {
	for range 2 {
		if err := p.collect(); err != nil {
			return 0, err
		}
	}
	return p.stillRSS()
}

func (p *process) collect() error {
	if p.kind != Tandem {
		_, err := p.command("gc")
		return err
	}
	if p.pprof == "" {
		return nil
	}
	_, err := get(p.pprof + "/debug/pprof/heap?gc=1")
	return err
}

// stillRSS polls until the memory has changed by less than 1 % for a second,
// at most 6 s.
func (p *process) stillRSS() (int64, error) {
	last, err := p.rss()
	for calm, polls := 0, 0; err == nil && calm < 4 && polls < 24; polls++ {
		time.Sleep(250 * time.Millisecond)
		var now int64
		now, err = p.rss()
		calm++
		if now-last > last/100 || last-now > last/100 {
			calm = 0
		}
		last = now
	}
	return last, err
}

// profile takes a CPU profile of d into a file while the caller makes load.
func (p *process) profile(d time.Duration, file string) error {
	if p.pprof == "" {
		return fmt.Errorf("bench: this pbx has no --pprof")
	}
	b, err := get(fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", p.pprof, max(1, int(d.Seconds()))))
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o644)
}
