package testkit

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Limits of the live backend.
const (
	startLimit   = 20 * time.Second // until the program has printed its URL
	commandLimit = 20 * time.Second // for one administrative command
	stopLimit    = 5 * time.Second  // between the wish to stop and the end
)

type live struct{ program string }

// NewLive builds the real program once, into a directory that lives as long as
// the test t, and returns the backend that starts it for each dialogue: on a
// free port of loopback, with an empty data directory, filled by its own
// commands. Its clock cannot be moved, and it takes no fixed challenge.
func NewLive(t testing.TB) Backend {
	t.Helper()
	program := filepath.Join(t.TempDir(), "pbx")
	cmd := exec.Command("go", "build", "-o", program, "github.com/tandem-switch/tandem/cmd/pbx")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return live{program}
}

func (l live) Start(t testing.TB, s Setup) Target {
	t.Helper()
	if s.FixedChallenge != "" {
		t.Skip("needs a fixed challenge, which the program does not take")
	}
	if len(s.Groups)+len(s.Diverts) > 0 {
		t.Skip("needs groups or diversions, which no command makes")
	}
	p := &process{program: l.program, data: dataDir(t)}
	url := p.start(t, s.messages())
	p.fill(t, s)
	if s.Stored {
		p.linked(t)
	}
	return Target{URL: url}
}

// dataDir is a directory with a short name: the program keeps a socket in it.
func dataDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pbx")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// process is one running program.
type process struct {
	program, data string
	log           logTail
}

var urlForm = regexp.MustCompile(`https?://[^\s"]*:[1-9]\d*`)

// start runs "pbx serve" and returns the URL that it prints.
func (p *process) start(t testing.TB, messages string) string {
	t.Helper()
	cmd := exec.Command(p.program, "serve", "--data", p.data, "--listen", "http://127.0.0.1:0", "--messages", messages)
	cmd.Stderr = &p.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(t, cmd) })
	found := make(chan string, 1)
	go p.output(out, found)
	select {
	case url := <-found:
		if url != "" {
			return url
		}
	case <-time.After(startLimit):
	}
	t.Fatalf("the program printed no URL\n%s", p.log.String())
	return ""
}

// output reports the first URL of the program, or "" if there is none, and reads
// on so that the program never waits for us.
func (p *process) output(out io.Reader, found chan<- string) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		_, _ = p.log.Write(append(lines.Bytes(), '\n'))
		if url := urlForm.FindString(lines.Text()); url != "" {
			found <- url
			_, _ = io.Copy(&p.log, out)
			return
		}
	}
	found <- ""
}

// stop ends the program, at the end of its test by force.
func (p *process) stop(t testing.TB, cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(stopLimit):
		_ = cmd.Process.Kill()
		<-ended
		t.Errorf("the program did not end within %v", stopLimit)
	}
	if t.Failed() {
		t.Logf("output of the program:\n%s", p.log.String())
	}
}

// fill creates the domain, the people and the objects.
func (p *process) fill(t testing.TB, s Setup) {
	t.Helper()
	p.run(t, "", "domain", "add", Domain)
	for _, x := range s.People {
		p.run(t, x.Password, "user", "add", x.Name+"@"+Domain, "--dn", x.Display, "--num", x.Number, "--password-stdin")
	}
	for _, x := range s.People {
		if s.Stored && x.NoMessages {
			p.run(t, "", "object", "set", x.Name+"@"+Domain, "--messages-object", ":none")
		}
	}
	for _, x := range s.Objects {
		args := []string{"app", "add", x.Name + "@" + Domain, "--password-stdin"}
		for _, api := range x.APIs {
			args = append(args, "--api", api)
		}
		if slices.Contains(x.Rights, "cli_override") {
			args = append(args, "--override-cli")
		}
		p.run(t, x.Password, args...)
	}
}

// linkedForm is a link that is up in what "pbx links" prints.
var linkedForm = regexp.MustCompile(`(?m)^messages@\S+ .*\byes\b`)

// linked waits until the Messages service of the domain is attached.
func (p *process) linked(t testing.TB) {
	t.Helper()
	for end := time.Now().Add(startLimit); ; time.Sleep(20 * time.Millisecond) {
		out := p.run(t, "", "links")
		if linkedForm.MatchString(out) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the Messages service is not attached:\n%s\n%s", out, p.log.String())
		}
	}
}

// run runs one administrative command and returns what it prints.
func (p *process) run(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.program, append(args, "--data", p.data)...)
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin + "\n")
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("pbx %s: %v\n%s\n%s", strings.Join(args, " "), err, out, p.log.String())
	}
	return string(out)
}

// logTail keeps the last output of a program. It is safe for concurrent use.
type logTail struct {
	mu  sync.Mutex // guards the following
	buf bytes.Buffer
}

const logMost = 1 << 16

func (l *logTail) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Len()+len(b) > logMost {
		l.buf.Reset()
		fmt.Fprintln(&l.buf, "…")
	}
	return l.buf.Write(b)
}

func (l *logTail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
