package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/cli"
)

// event is a line of "pbx phone --json".
type event struct {
	Event, Chat, User, Sender, ID, State, SIP, Text, MIME string
	Own                                                   bool
	Cause                                                 int
	Peers                                                 []string
}

// terminal is a phone of this process, with its keyboard.
type terminal struct {
	t      *testing.T
	name   string
	keys   *io.PipeWriter
	events chan event
	code   chan int
	log    *lockedBuffer
}

// openPhone starts a phone and waits until it is ready.
func openPhone(t *testing.T, s *server, name, user, passwordFile string, args ...string) *terminal {
	t.Helper()
	in, keys := io.Pipe()
	out, w := io.Pipe()
	p := &terminal{t: t, name: name, keys: keys, events: make(chan event, 100), code: make(chan int, 1), log: &lockedBuffer{}}
	args = append([]string{"phone", "--json", "--server", s.ws(), "--user", user, "--password-file", passwordFile}, args...)
	go func() {
		p.code <- run(t.Context(), args, cli.Console{In: in, Out: w, Err: p.log})
		w.Close()
	}()
	go func() {
		defer close(p.events)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var e event
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Errorf("%s: %s: %v", name, lines.Text(), err)
			}
			p.events <- e
		}
	}()
	t.Cleanup(func() { keys.Close() })
	p.wait("ready", nil)
	return p
}

// types types a line.
func (p *terminal) types(line string) {
	fmt.Fprintln(p.keys, line)
}

// wait passes over events up to one of that kind that is wanted.
func (p *terminal) wait(kind string, wanted func(event) bool) event {
	p.t.Helper()
	limit := time.After(10 * time.Second)
	for {
		select {
		case e, ok := <-p.events:
			if !ok {
				p.t.Fatalf("%s has ended, and no %s came\n%s", p.name, kind, p.log)
			}
			if e.Event == kind && (wanted == nil || wanted(e)) {
				return e
			}
		case <-limit:
			p.t.Fatalf("%s: no %s\n%s", p.name, kind, p.log)
		}
	}
}

func (p *terminal) message(text string) event {
	p.t.Helper()
	return p.wait("message", func(e event) bool { return e.Text == text })
}

// hangsUp ends the input, and wants the phone to end well.
func (p *terminal) hangsUp() {
	p.t.Helper()
	p.keys.Close()
	if code := p.end(); code != exitOK {
		p.t.Errorf("%s ended with %d\n%s", p.name, code, p.log)
	}
}

func (p *terminal) end() int {
	p.t.Helper()
	for {
		select {
		case <-p.events:
		case code := <-p.code:
			return code
		case <-time.After(10 * time.Second):
			p.t.Fatalf("%s does not end", p.name)
		}
	}
}

// demo starts a demo server; files has the password of each user in a file.
func demo(t *testing.T, data string, args ...string) (s *server, files map[string]string) {
	t.Helper()
	s = start(t, data, 8, append(args, "--demo")...)
	files = map[string]string{}
	for _, line := range s.out {
		words := strings.Fields(line)
		if len(words) == 4 && words[2] == "password" {
			name := filepath.Join(t.TempDir(), words[0])
			if err := os.WriteFile(name, []byte(words[3]+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			files[words[0]] = name
		}
	}
	return s, files
}

// Two people chat; a second device of one of them sees everything.
func TestPhones(t *testing.T) {
	s, files := demo(t, t.TempDir())
	said := strings.Join(s.out, "\n")
	if len(files) != 3 || !strings.Contains(said, "Open "+s.url+"/ in a browser") || !strings.Contains(said, "console of administrators is at "+s.url+"/admin/") {
		t.Fatalf("the demo has printed %q", s.out)
	}
	alice := openPhone(t, s, "alice", "alice@demo.example", files["alice"], "--chat", "bob")
	bob := openPhone(t, s, "bob", "bob", files["bob"])
	other := openPhone(t, s, "alice's other phone", "alice", files["alice"])

	alice.types("hello <b>bob</b> & co")
	sent := alice.wait("text", nil)
	got := bob.message("hello <b>bob</b> & co")
	if got.Sender != "alice" || got.Chat != "alice" || got.ID != sent.ID || got.MIME != "text/plain" {
		t.Errorf("bob got %+v", got)
	}
	if copied := other.message("hello <b>bob</b> & co"); !copied.Own || copied.Chat != "bob" || copied.ID != sent.ID {
		t.Errorf("the other phone got %+v", copied)
	}
	state := func(p *terminal, id, state string) {
		t.Helper()
		p.wait("receipt", func(e event) bool { return e.ID == id && e.State == state })
	}
	state(alice, sent.ID, "sent")
	state(alice, sent.ID, "delivered")
	bob.types("/chat alice") // now it is read, and every phone of alice learns it
	state(alice, sent.ID, "read")
	state(other, sent.ID, "read")

	bob.types("hello alice")
	alice.message("hello alice")
	other.message("hello alice")
	long := strings.Repeat("ä\"", 8000) // three frames
	bob.types(long)
	alice.message(long)
	other.message(long)
	alice.types("/who")
	if e := alice.wait("who", nil); e.Chat != "bob" || fmt.Sprint(e.Peers) != "[bob]" {
		t.Errorf("who: %+v", e)
	}
	alice.types("/hangup")
	alice.wait("left", nil)

	alice.hangsUp()
	bob.types("/quit")
	other.hangsUp()
	if code := bob.end(); code != exitOK {
		t.Errorf("bob ended with %d\n%s", code, bob.log)
	}
}

// A script fails if one of its lines does.
func TestPhoneInScripts(t *testing.T) {
	data := t.TempDir()
	s, files := demo(t, data, "--messages", "off")
	tests := []struct {
		input string
		args  []string
		code  int
		out   string
		err   string
	}{
		{input: "", code: exitOK, out: `"event":"ready"`},
		{input: "hello\n", args: []string{"--chat", "nobody"}, code: exitFailed, out: `"cause":1`, err: "one of the lines has failed"},
		{input: "/chat carol\nhello\n", code: exitFailed, out: `"cause":20`, err: "one of the lines has failed"},
		{input: "hello\n", code: exitFailed, out: "/chat NAME", err: "one of the lines has failed"},
		{input: "a\n", args: []string{"--hw", "none"}, code: exitFailed, err: "no such device"},
		{input: "a\n", args: []string{"--user", "nobody"}, code: exitFailed, err: "refuses the login"},
	}
	for _, tt := range tests {
		args := append([]string{"phone", "--server", s.ws(), "--user", "alice@demo.example", "--password-file", files["alice"], "--json"}, tt.args...)
		got := pbx(t, tt.input, args...)
		if got.code != tt.code || !strings.Contains(got.out, tt.out) || !strings.Contains(got.err, tt.err) {
			t.Errorf("%q %q: exit code %d, want %d with %q, %q\n%s%s", tt.input, tt.args, got.code, tt.code, tt.out, tt.err, got.out, got.err)
		}
	}
	bob := openPhone(t, s, "bob", "bob", files["bob"])
	got := pbx(t, "one\ntwo\nthree\n", "phone", "--server", s.ws(), "--user", "alice", "--password-file", files["alice"], "--chat", "bob")
	if got.code != exitOK || !strings.Contains(got.out, "#3 sent") {
		t.Errorf("%+v", got)
	}
	for _, text := range []string{"one", "two", "three"} {
		bob.message(text)
	}
	play(t, data, []step{{args: "regs", out: "bob@demo.example - NO_MEDIA_CALL|IM_EXT|IM_INBOX yes"}})
	bob.hangsUp()
}

// The demo is made once: later its passwords stay, and are not told again.
func TestDemoAgain(t *testing.T) {
	data := t.TempDir()
	s, files := demo(t, data)
	s.stop()
	s, again := demo(t, data)
	if len(again) != 0 || !strings.Contains(strings.Join(s.out, "\n"), "printed at the first start") {
		t.Errorf("the second start prints %q", s.out)
	}
	openPhone(t, s, "alice", "alice", files["alice"]).hangsUp()
}

// A server that stops ends the phones of scripts with an error, at once.
func TestServerStopsUnderPhones(t *testing.T) {
	s, files := demo(t, t.TempDir())
	alice := openPhone(t, s, "alice", "alice", files["alice"], "--chat", "bob")
	bob := openPhone(t, s, "bob", "bob", files["bob"], "--chat", "alice")
	alice.types("last words")
	bob.message("last words")
	if code := s.stop(); code != exitOK {
		t.Errorf("the server ended with %d", code)
	}
	for _, p := range []*terminal{alice, bob} {
		if code := p.end(); code != exitFailed {
			t.Errorf("%s ended with %d\n%s", p.name, code, p.log)
		}
	}
}

// A switch without a domain does not blame the password.
func TestPhoneBeforeTheFirstDomain(t *testing.T) {
	s := start(t, t.TempDir(), 0)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := pbx(t, "hello\n", "phone", "--server", s.ws(), "--user", "alice", "--password-file", password)
	if got.code != exitFailed || !strings.Contains(got.err, "no domain yet") || strings.Contains(got.err, "password") {
		t.Errorf("%+v", got)
	}
}
