package main

import (
	"bufio"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReadme does what README.md tells a new user to do, in a copy of the house.
// What is changed of its commands: the port (a free one), the password (the one
// that was printed), the data directory outside of the house, and where a
// command keeps the terminal, the next one gets another.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program in a copy of the house")
	}
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("needs make")
	}
	forgetEnvironment(t)
	u := &newUser{t: t, dir: copyHouse(t)}
	text, err := os.ReadFile(filepath.Join(u.dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks, inline := commandsOf(string(text))
	if len(blocks) != 5 {
		t.Fatalf("README.md has %d blocks of commands: adapt this test", len(blocks))
	}
	u.try(blocks[0], blocks[1], blocks[2], inline)
	u.run(blocks[3])
	for _, command := range append(inline, blocks[4]) {
		if strings.HasPrefix(command, "make ") {
			u.sh("make -n "+strings.TrimPrefix(command, "make "), "")
		}
	}
}

var inlineForm = regexp.MustCompile("`((?:make|bin/pbx) [^`]*)`")

// commandsOf are the blocks of commands in a text, and those inside of sentences.
func commandsOf(text string) (blocks, inline []string) {
	for _, fence := range fenceForm.FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, strings.TrimSpace(fence[2]))
	}
	for _, match := range inlineForm.FindAllStringSubmatch(text, -1) {
		inline = append(inline, match[1])
	}
	return blocks, inline
}

// copyHouse is a copy of the house as a clone would be.
func copyHouse(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	house := os.DirFS(root)
	err := fs.WalkDir(house, ".", func(name string, entry fs.DirEntry, err error) error {
		switch target := filepath.Join(dir, name); {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "bin", "data", "web/node_modules", "internal/webui/built/dist"}, name):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		default:
			return copyFile(filepath.Join(root, name), target)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, info.Mode().Perm())
}

// newUser sits in front of the house with some terminals.
type newUser struct {
	t   *testing.T
	dir string
}

// window is a terminal in which a command runs.
type window struct {
	t      *testing.T
	name   string
	keys   io.WriteCloser
	lines  chan string // of the output
	errors *lockedBuffer
	done   chan struct{} // closed at its end
	err    error         // of the command, after done
}

// open runs a command in a terminal of its own.
func (u *newUser) open(command string, env ...string) *window {
	u.t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir, cmd.Env = u.dir, append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	cmd.Env = append(cmd.Env, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // to end all of it
	w := &window{t: u.t, name: command, lines: make(chan string, 1000), errors: new(lockedBuffer), done: make(chan struct{})}
	out, pipe := io.Pipe()
	cmd.Stdout, cmd.Stderr = pipe, w.errors
	keys, err := cmd.StdinPipe()
	if err != nil {
		u.t.Fatal(err)
	}
	w.keys = keys
	if err := cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			w.lines <- lines.Text()
		}
		close(w.lines)
	}()
	go func() {
		w.err = cmd.Wait()
		pipe.Close()
		close(w.done)
	}()
	u.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		w.awaitEnd()
	})
	return w
}

// awaitEnd waits until the command has ended.
func (w *window) awaitEnd() {
	w.t.Helper()
	select {
	case <-w.done:
	case <-time.After(20 * time.Second):
		w.t.Errorf("%s\ndoes not end\n%s", w.name, w.errors)
	}
}

// reads waits for a line with these words and returns it.
func (w *window) reads(words string) string {
	w.t.Helper()
	limit := time.After(4 * time.Minute) // the first command builds, the web pages too
	for {
		select {
		case line, ok := <-w.lines:
			if !ok {
				w.t.Fatalf("%s\nhas ended without %q\n%s", w.name, words, w.errors)
			}
			if strings.Contains(line, words) {
				return line
			}
		case <-limit:
			w.t.Fatalf("%s\ndoes not say %q\n%s", w.name, words, w.errors)
		}
	}
}

func (w *window) types(line string) {
	w.t.Helper()
	if _, err := io.WriteString(w.keys, line+"\n"); err != nil {
		w.t.Fatal(err)
	}
}

// ends ends the input, and wants the command to have worked.
func (w *window) ends() {
	w.t.Helper()
	w.keys.Close()
	w.awaitEnd()
	select {
	case <-w.done:
		if w.err != nil {
			w.t.Errorf("%s\n%v\n%s", w.name, w.err, w.errors)
		}
	default:
	}
}

// sh runs a command to its end, with input, and returns what it says.
func (u *newUser) sh(command, input string) string {
	u.t.Helper()
	w := u.open(command)
	_, _ = io.WriteString(w.keys, input+"\n") // not every command reads
	w.ends()
	var said []string
	for line := range w.lines {
		said = append(said, line)
	}
	return strings.Join(said, "\n")
}

// try does "Try it": make run in one terminal, two phones in two more, and a
// third device of one of them.
func (u *newUser) try(makeRun, aliceBlock, bobBlock string, inline []string) {
	t := u.t
	server := u.open(makeRun, "PBX_LISTEN=http://127.0.0.1:0")
	url := strings.TrimPrefix(server.reads("Tandem is ready at "), "Tandem is ready at ")
	passwords := map[string]string{}
	for _, name := range []string{"alice", "bob", "carol"} {
		line := server.reads(name + " ")
		_, passwords[name], _ = strings.Cut(line, "password ")
	}
	terminal := func(name, block string) (w *window, typed []string) {
		t.Helper()
		block = strings.NewReplacer("the password of "+name, passwords[name], "ws://127.0.0.1:8080", "ws"+strings.TrimPrefix(url, "http")).Replace(block)
		lines := strings.Split(block, "\n")
		phone := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "bin/pbx phone ") })
		if phone < 0 {
			t.Fatalf("no phone in\n%s", block)
		}
		w = u.open(strings.Join(lines[:phone+1], "\n"))
		w.reads("Ready as " + name + "@demo.example")
		return w, lines[phone+1:]
	}
	bob, _ := terminal("bob", bobBlock)
	third, _ := terminal("alice", aliceBlock)
	alice, typed := terminal("alice", aliceBlock)
	for _, line := range typed {
		alice.types(line)
	}
	words := typed[len(typed)-1]
	for _, w := range []*window{bob, third} {
		w.reads(words)
	}
	bob.types("/chat alice\nI see.")
	for _, w := range []*window{alice, third} {
		w.reads("I see.")
	}
	u.live(inline)
	for _, w := range []*window{alice, bob, third} {
		w.ends()
	}
}

// live asks what is live, as the text says one can.
func (u *newUser) live(inline []string) {
	u.t.Helper()
	for command, wanted := range map[string][]string{"regs": {"alice@demo.example", "bob@demo.example"}, "calls": {"chat", "alice", "bob"}} {
		at := slices.IndexFunc(inline, func(c string) bool { return strings.HasPrefix(c, "bin/pbx "+command+" ") })
		if at < 0 {
			u.t.Errorf("README.md does not show pbx %s", command)
			continue
		}
		said := u.sh(inline[at], "")
		for _, word := range wanted {
			if !strings.Contains(said, word) {
				u.t.Errorf("%s does not say %s:\n%s", inline[at], word, said)
			}
		}
	}
}

// run does "Run it": the server in one terminal, the commands in another; then
// the user that was made can log in.
func (u *newUser) run(block string) {
	u.t.Helper()
	data := filepath.Join(u.dir, "elsewhere")
	lines := strings.Split(strings.NewReplacer("/var/lib/pbx", data, "127.0.0.1:8080", "127.0.0.1:0").Replace(block), "\n")
	url := strings.TrimPrefix(u.open(lines[0]).reads("Tandem is ready at "), "Tandem is ready at ")
	for _, command := range lines[1:] {
		u.sh(command, "a good password")
	}
	if err := os.WriteFile(filepath.Join(u.dir, "good.pw"), []byte("a good password\n"), 0o600); err != nil {
		u.t.Fatal(err)
	}
	said := u.sh("bin/pbx phone --server ws"+strings.TrimPrefix(url, "http")+" --user alice@example.com --password-file good.pw", "/quit")
	if !strings.Contains(said, "Ready as alice@example.com") {
		u.t.Errorf("alice cannot log in: %s", said)
	}
}
