package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/cmd/pbx/doctor"
	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
)

// storedEvent is a line of the phone about stored chats.
type storedEvent struct {
	Event, Chat, Sender, Text, State string
	Count                            int
	Files                            []struct{ Name, URL string }
}

// script runs a phone on lines of input and is what it has told.
func phoneScript(t *testing.T, s *server, user, password, input string) ([]storedEvent, result) {
	t.Helper()
	got := pbx(t, input, "phone", "--json", "--server", s.ws(), "--user", user, "--password-file", password)
	var list []storedEvent
	for line := range strings.Lines(got.out) {
		var e storedEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err, line)
		}
		list = append(list, e)
	}
	return list, got
}

// texts are the texts of a history, each with its state.
func texts(list []storedEvent) string {
	var words []string
	for _, e := range list {
		if e.Event == "history" {
			words = append(words, e.Sender+" "+e.Text+" "+e.State)
		}
	}
	return strings.Join(words, "; ")
}

// What is written to somebody who is away waits in the hosted Messages service, with
// its files, over a restart of the server too.
func TestStoredChat(t *testing.T) { onBoth(t, testStoredChat) }

func testStoredChat(t *testing.T, flags ...string) {
	data := t.TempDir()
	s, files := demo(t, data, flags...)
	file := filepath.Join(t.TempDir(), "plan.txt")
	if err := os.WriteFile(file, []byte("the plan"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, got := phoneScript(t, s, "alice@demo.example", files["alice"], "/chat bob\nare you there?\n/send "+file+"\n")
	if got.code != exitOK {
		t.Fatalf("%+v %+v", got, list)
	}
	if code := s.stop(); code != exitOK {
		t.Fatalf("the server ended with %d\n%s", code, s.log)
	}
	s = start(t, data, 0, flags...)

	// Bob returns, and loads the file while he is there.
	in, keys := io.Pipe()
	bob := openPhoneOn(t, s, "bob@demo.example", files["bob"], in)
	defer keys.Close()
	_, _ = io.WriteString(keys, "/history alice\n")
	var page []storedEvent
	for page == nil || page[len(page)-1].Event != "done" {
		page = append(page, bob())
	}
	if got := texts(page); got != "alice are you there? ; alice plan.txt " {
		t.Fatalf("history %q", got)
	}
	link := page[len(page)-2].Files[0].URL
	if !strings.HasPrefix(link, s.url+"/demo.example/messages/files/") {
		t.Errorf("the link is %s", link)
	}
	if status, body := get(t, link); status != http.StatusOK || body != "the plan" {
		t.Errorf("%s: %d %q", link, status, body)
	}
	keys.Close()

	list, _ = phoneScript(t, s, "alice@demo.example", files["alice"], "/history bob\n")
	if got := texts(list); got != "alice are you there? read; alice plan.txt read" {
		t.Errorf("history of the author: %q", got)
	}
	var rows []admin.Chats
	if err := json.Unmarshal([]byte(pbx(t, "", "messages", "list", "--usage", "--json", "--data", data).out), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0].State != "stored" || rows[0].Storing != 3 || !rows[0].Connected || rows[0].Usage.Messages != 2 || rows[0].Usage.FileBytes == 0 {
		t.Errorf("%+v", rows)
	}
	if status, body := get(t, s.url+"/metrics"); status != http.StatusOK || !strings.Contains(body, "messages_links 1\n") {
		t.Errorf("metrics: %d, without the link", status)
	}
}

// openPhoneOn starts a phone on an input and returns what gives its events.
func openPhoneOn(t *testing.T, s *server, user, password string, in io.Reader) func() storedEvent {
	t.Helper()
	out, w := io.Pipe()
	go func() {
		run(t.Context(), []string{"phone", "--json", "--server", s.ws(), "--user", user, "--password-file", password}, cli.Console{In: in, Out: w, Err: io.Discard})
		w.Close()
	}()
	decoder := json.NewDecoder(out)
	return func() (e storedEvent) {
		if err := decoder.Decode(&e); err != nil {
			t.Fatal(err)
		}
		return e
	}
}

// Without a licence chats are volatile from then on, and the list says so.
func TestLicenceOfStoredChats(t *testing.T) {
	data := t.TempDir()
	s, files := demo(t, data)
	play(t, data, []step{
		{args: "messages list", out: "demo.example embedded stored yes 3 3"},
		{args: "licence keygen --name main", out: "demo.example"},
		{args: "messages list", out: "demo.example embedded stored yes 3 3"},
	})
	var installed []struct{ ID string }
	if err := json.Unmarshal([]byte(pbx(t, "", "licence", "list", "--json", "--data", data).out), &installed); err != nil || len(installed) != 1 {
		t.Fatal(installed, err)
	}
	play(t, data, []step{
		{args: "licence revoke " + installed[0].ID + " --reason over", out: "revoked"},
		{args: "messages list", out: "demo.example embedded unlicensed - 3 0"},
		{args: "messages list", out: "demo.example: chats are not stored. The licence " + installed[0].ID + " for stored chats ended on 20"},
	})
	says := "the chats of demo.example are not stored (unlicensed). The licence " + installed[0].ID + " for stored chats ended on 20"
	examine(t, data).wants("messages", doctor.Warn, says)
	examine(t, data, "--licence-mode", "all").wants("messages", doctor.Warn, says) // the server knows better
	for _, input := range []string{"/chat bob\nhello\n", "/history bob\n", "/groups\n"} {
		if _, got := phoneScript(t, s, "alice@demo.example", files["alice"], input); got.code != exitFailed {
			t.Errorf("%q: %+v", input, got)
		}
	}
	s.stop()
	examine(t, data, anyPort).wants("messages", doctor.Warn, says)
	examine(t, data, anyPort, "--licence-mode", "none").wants("messages", doctor.Warn, "demo.example are not stored (unlicensed). The server runs with --licence-mode none")
	for _, flags := range [][]string{{"--licence-mode", "all"}, {"--messages", "off"}, {"--messages", "external"}} {
		if d := examine(t, data, append(flags, anyPort)...); strings.Contains(d.all, "are not stored") {
			t.Errorf("%v: %s", flags, d.all)
		}
	}
	play(t, data, []step{{args: "object set messages@demo.example --disabled", out: "messages@demo.example"}})
	examine(t, data, anyPort, "--licence-mode", "all").wants("messages", doctor.Warn, "demo.example are not stored (disabled). Its Messages object, messages, is disabled.")
}

// A backup has the chats of the hosted service, and a restoration brings them back.
func TestBackupOfStoredChats(t *testing.T) {
	data := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that the server keeps when it starts anew
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	l.Close()
	s, files := demo(t, data, "--listen", url)
	s.url = url
	words := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(words, []byte("correct horse battery"), 0o600); err != nil {
		t.Fatal(err)
	}
	say := func(text string) {
		t.Helper()
		if _, got := phoneScript(t, s, "alice@demo.example", files["alice"], "/chat bob\n"+text+"\n"); got.code != exitOK {
			t.Fatalf("%s: %+v", text, got)
		}
	}
	kept := filepath.Join(t.TempDir(), "kept.age")
	say("before")
	play(t, data, []step{{args: "backup " + kept + " --passphrase-file " + words + " --backup-work 10", out: "wrote"}})
	say("after")
	play(t, data, []step{{args: "restore " + kept + " --passphrase-file " + words + " --reason test", out: "restored"}})
	history := func(s *server) string {
		t.Helper()
		list, _ := phoneScript(t, s, "bob@demo.example", files["bob"], "/history alice\n")
		return texts(list)
	}
	for limit := time.Now().Add(20 * time.Second); history(s) != "alice before "; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("after the restoration: %q\n%s", history(s), s.log)
		}
	}
	// Elsewhere, without a server at first.
	other := t.TempDir()
	play(t, other, []step{{args: "restore " + kept + " --passphrase-file " + words, out: "restored"}})
	if got := history(start(t, other, 0)); got != "alice before " {
		t.Errorf("elsewhere: %q", got)
	}
}

// An object that has the name is no crash: chats of that domain are volatile, and
// everybody says why.
func TestNameOfMessagesObjectIsTaken(t *testing.T) {
	data := t.TempDir()
	play(t, data, []step{
		{args: "domain add example.com"},
		{args: "user add messages --password-stdin", stdin: "a good password\n"},
	})
	s := start(t, data, 0)
	if !strings.Contains(s.log.String(), "is taken by another object") {
		t.Errorf("the log says nothing\n%s", s.log)
	}
	if status, body := get(t, s.url+"/readyz"); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
	play(t, data, []step{
		{args: "messages list", out: "example.com embedded taken -"},
		{args: "domain add other.example"},
		{args: "messages list --domain other.example", out: "other.example embedded none"},
		{args: "object remove messages@other.example", code: exitFailed, err: "disable it"},
		{args: "domain remove other.example --reason over", out: "removed"},
	})
	examine(t, data).wants("messages", doctor.Warn, "chats of example.com are not stored")
	if status, _ := get(t, s.url+"/readyz"); status != http.StatusOK {
		t.Errorf("a domain that came and went takes readiness away: %d", status)
	}
}

// --messages external and off connect to nothing that was not configured.
func TestNothingIsHosted(t *testing.T) {
	data := t.TempDir()
	play(t, data, []step{{args: "domain add example.com"}})
	for mode, want := range map[string]string{"external": "example.com external none", "off": "example.com off off"} {
		s := start(t, data, 0, "--messages", mode)
		play(t, data, []step{{args: "messages list", out: want}, {args: "object list", out: "-messages"}})
		if status, _ := get(t, s.url+"/example.com/messages/files/1/x"); status != http.StatusNotFound {
			t.Errorf("%s: files are served: %d", mode, status)
		}
		s.stop()
	}
}
