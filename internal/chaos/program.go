package chaos

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// How long programs may take.
const (
	startLimit   = 30 * time.Second // until it answers
	commandLimit = 30 * time.Second // for one administrative command
	startPoll    = 10 * time.Millisecond
)

// program is one that is killed and started again, always at the same address.
type program struct {
	name  string
	path  string
	args  []string
	stdin string // what it reads at each start
	ready string // URL that answers with 200 once it serves

	cmd *exec.Cmd
	log tail
}

// start starts the program and waits until it serves.
func (p *program) start(ctx context.Context) error {
	if err := p.launch(); err != nil {
		return err
	}
	return p.await(ctx)
}

// launch starts the program and does not wait.
func (p *program) launch() error {
	p.cmd = exec.CommandContext(context.Background(), p.path, p.args...) // it is ended by kill
	p.cmd.Stdin = strings.NewReader(p.stdin)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.cmd.SysProcAttr = dieWithUs()
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

func (p *program) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		if answers(ctx, p.ready) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not serve within %v: %s", p.name, startLimit, p.log.String())
		case <-time.After(startPoll):
		}
	}
}

func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// kill ends the program at once, as kill -9 does.
func (p *program) kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}

// command runs a program to its end.
func command(ctx context.Context, stdin, path string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", path, strings.Join(args, " "), err, out)
	}
	return nil
}

// freeAddress is host:port on loopback that nobody listens on just now.
func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// tail keeps the last of what is written to it.
type tail struct {
	mu sync.Mutex // guards the following
	b  []byte
}

const tailSize = 8 << 10

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	if over := len(t.b) - tailSize; over > 0 {
		t.b = t.b[over:]
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.b))
}
