package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// startTime is how long a server may take until it tells its address.
const startTime = 30 * time.Second

// process is a running server and the meters that the system keeps of it.
type process struct {
	kind  Kind
	addr  string // host:port
	pprof string // http://host:port, T only; "" without
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string // what it printed after its address
	last  tail        // what it said on standard error
	ended chan error
}

// startProcess runs cmd on the core of the starter, with one processor, and
// waits for a line with a URL.
func startProcess(s *starter, k Kind, cmd *exec.Cmd) (*process, error) {
	p := &process{kind: k, cmd: cmd, lines: make(chan string, 16), ended: make(chan error, 1)}
	cmd.Env = append(cmd.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = &p.last
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.do(cmd.Start); err != nil {
		return nil, err
	}
	found := make(chan string, 1)
	go p.listen(stdout, found)
	return p, p.await(found)
}

// listen passes on the first URL and then the lines, until the process ends.
func (p *process) listen(stdout io.Reader, found chan<- string) {
	in := bufio.NewScanner(stdout)
	for in.Scan() {
		if addr := hostOf(in.Text()); addr != "" && found != nil {
			found <- addr
			found = nil
			continue
		}
		select {
		case p.lines <- in.Text():
		default: // nobody reads what a server says unasked
		}
	}
	p.ended <- p.cmd.Wait()
}

func (p *process) await(found <-chan string) error {
	select {
	case p.addr = <-found:
		return nil
	case err := <-p.ended:
		return fmt.Errorf("bench: server %s ended: %v: %s", p.kind, err, p.last.String())
	case <-time.After(startTime):
		p.stop()
		return fmt.Errorf("bench: server %s tells no address: %s", p.kind, p.last.String())
	}
}

// hostOf is host:port of the first http URL in a line.
func hostOf(line string) string {
	at := strings.Index(line, "http://")
	if at < 0 {
		return ""
	}
	text := line[at:]
	if end := strings.IndexAny(text, " \t\"',;)"); end >= 0 {
		text = text[:end]
	}
	u, err := url.Parse(text)
	if err != nil || u.Port() == "" {
		return ""
	}
	return u.Host
}

// stop ends the process and waits for it.
func (p *process) stop() {
	p.cmd.Process.Kill()
	select {
	case err := <-p.ended:
		p.ended <- err // for who asks next
	case <-time.After(5 * time.Second):
	}
}

// command asks a child that ServeChild runs.
func (p *process) command(c string) (string, error) {
	if _, err := io.WriteString(p.stdin, c+"\n"); err != nil {
		return "", err
	}
	select {
	case line := <-p.lines:
		return line, nil
	case <-time.After(patience):
		return "", fmt.Errorf("bench: server %s does not answer %q", p.kind, c)
	}
}

// cpu is the time that all threads of the process have spent so far, in user
// and system mode. The system counts it in nanoseconds, ended threads too.
func (p *process) cpu() (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(cpuClock(p.cmd.Process.Pid), &ts); err != nil {
		return 0, err
	}
	return time.Duration(ts.Nano()), nil
}

// cpuClock is clock_getcpuclockid(3): the processor clock of another process.
func cpuClock(pid int) int32 { return int32(^pid<<3 | 2) }

// rss is the resident memory in bytes.
func (p *process) rss() (int64, error) {
	kb, err := p.procField("status", "VmRSS:")
	return kb << 10, err
}

// writes counts the write calls of the process so far.
func (p *process) writes() (int64, error) { return p.procField("io", "syscw:") }

func (p *process) procField(file, name string) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file))
	if err != nil {
		return 0, err
	}
	return field(b, name)
}

// field is the first number after name at the start of a line.
func field(b []byte, name string) (int64, error) {
	for line := range bytes.Lines(b) {
		if rest, found := bytes.CutPrefix(line, []byte(name)); found {
			if words := bytes.Fields(rest); len(words) > 0 {
				return strconv.ParseInt(string(words[0]), 10, 64)
			}
		}
	}
	return 0, errors.New("bench: no field " + name)
}

// tail keeps the last of what is written to it.
type tail struct {
	mu sync.Mutex // guards b
	b  []byte
}

const tailSize = 4 << 10

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
