package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/cli"
)

// result is what a command has done.
type result struct {
	code     int
	out, err string
}

// pbx runs a command with the given standard input.
func pbx(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := run(t.Context(), args, cli.Console{In: strings.NewReader(stdin), Out: &out, Err: &err})
	return result{code, out.String(), err.String()}
}

// step is a command of a script and what must become of it.
type step struct {
	stdin string
	args  string // separated by blanks; _ stands for a blank
	code  int
	out   string // part of the output, blanks taken together; - in front: must not be there
	err   string // part of the errors
}

// play runs the commands of a script, each with the flags behind it.
func play(t *testing.T, data string, steps []step, flags ...string) {
	t.Helper()
	flags = append([]string{"--data", data}, flags...)
	for _, s := range steps {
		args := strings.Fields(s.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "_", " ")
		}
		got := pbx(t, s.stdin, append(args, flags...)...)
		absent, not := strings.CutPrefix(s.out, "-")
		columns := strings.Join(strings.Fields(got.out), " ")
		if got.code != s.code || not == strings.Contains(columns, absent) && s.out != "" || !strings.Contains(got.err, s.err) {
			t.Errorf("pbx %s: exit code %d, want %d with %q and %q\n%s%s", s.args, got.code, s.code, s.out, s.err, got.out, got.err)
		}
		if s.code != exitOK && (strings.Count(got.err, "\n") == 0 || !strings.Contains(got.err, "pbx: ")) {
			t.Errorf("pbx %s: no sentence about what was wrong: %q", s.args, got.err)
		}
	}
}

// lockedBuffer is written by a server and read by its test.
type lockedBuffer struct {
	mu  sync.Mutex // guards the following
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// server is "pbx serve" in this process.
type server struct {
	url  string   // http://127.0.0.1:port
	out  []string // further lines that it has printed so far
	log  *lockedBuffer
	stop func() int // ends it; the exit code
}

// ws is the address for phones.
func (s *server) ws() string { return "ws" + strings.TrimPrefix(s.url, "http") }

// start starts a server on data and a free port, until the test ends. It
// returns when the server has said that it is ready, and lines further lines.
func start(t *testing.T, data string, lines int, args ...string) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	s := &server{log: &lockedBuffer{}}
	code := make(chan int, 1)
	args = append([]string{"serve", "--data", data, "--listen", "http://127.0.0.1:0"}, args...)
	go func() {
		code <- run(ctx, args, cli.Console{In: strings.NewReader(""), Out: w, Err: s.log})
		w.Close()
	}()
	s.stop = sync.OnceValue(func() int {
		cancel()
		select {
		case c := <-code:
			return c
		case <-time.After(10 * time.Second):
			t.Error("the server has not stopped within 10 s")
			return -1
		}
	})
	t.Cleanup(func() {
		if c := s.stop(); c != exitOK || t.Failed() {
			t.Logf("the server ended with %d\n%s", c, s.log)
		}
	})
	out := bufio.NewScanner(r)
	for range lines + 1 {
		if !out.Scan() {
			t.Fatalf("the server does not start\n%s", s.log)
		}
		s.out = append(s.out, out.Text())
	}
	go io.Copy(io.Discard, r)
	url, ok := strings.CutPrefix(s.out[0], "Tandem is ready at ")
	if !ok {
		t.Fatalf("the server says %q", s.out[0])
	}
	s.url, s.out = url, s.out[1:]
	return s
}
