package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// step is a command with what it is to say.
type step struct {
	args     string
	code     int
	out, err string
}

func play(t *testing.T, data string, steps []step) {
	t.Helper()
	for _, s := range steps {
		got := app(t, "", append(strings.Fields(s.args), "--data", data)...)
		columns := strings.Join(strings.Fields(got.out), " ")
		if got.code != s.code || !strings.Contains(columns, s.out) || !strings.Contains(got.err, s.err) {
			t.Errorf("messages-app %s: %+v, want %d %q %q", s.args, got, s.code, s.out, s.err)
		}
	}
}

// post has alice and bob write to each other in a domain.
func post(t *testing.T, s *running, domain string) {
	t.Helper()
	c, err := dial(t, s, domain, "/"+domain+"/messages", "secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{
		`{"mt":"Post","type":1,"author":"alice","id":"1","topics":["alice","bob"],"notify":["bob"],"people":[{"sip":"alice","guid":"a"},{"sip":"bob","guid":"b"}],"text":"a word of alice"}`,
		`{"mt":"Post","type":1,"author":"bob","id":"2","topics":["alice","bob"],"notify":["alice"],"people":[{"sip":"alice","guid":"a"},{"sip":"bob","guid":"b"}],"text":"a word of bob"}`,
	} {
		if got := call(t, c, m); !strings.Contains(got, `"mt":"PostResult","id":`) {
			t.Fatalf("post: %s", got)
		}
	}
}

// The service has the commands of pbx messages over its own socket.
func TestKeepingMessages(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { testKeepingMessages(t) })
	t.Run("PostgreSQL", func(t *testing.T) { testKeepingMessages(t, "--postgres", database(t)) })
}

func testKeepingMessages(t *testing.T, flags ...string) {
	data := t.TempDir()
	s := start(t, data, append(flags, "--password-stdin")...)
	play(t, data, []step{{args: "retention list", code: exitFailed, err: "there are no messages of any domain yet"}})
	post(t, s, "example.com")
	play(t, data, []step{
		{args: "retention list", out: "there is no rule"},
		{args: "retention set --messages-days 30", code: exitFailed, err: "--reason"},
		{args: "retention set --messages-days 30 --files-days 10 --reason policy", out: "set: domain, messages 30d, files 10d"},
		{args: "retention set --messages-days 40 --reason policy2", out: "set: domain, messages 40d, files as-messages"},
		{args: "retention set --messages-days 99999 --reason policy", code: exitFailed, err: "0 (always) to 36500 days"},
		{args: "retention set --conversation 99 --reason policy", code: exitFailed, err: "no such conversation"},
		{args: "retention set --conversation=-1 --reason policy", code: exitFailed, err: "no conversation"},
		{args: "retention list", out: "domain 40d"},
		{args: "retention list --json", out: `"messages_days": 40`},
		{args: "retention list --domain two.example", code: exitFailed, err: "no messages of the domain two.example"},
		{args: "retention run --dry-run", out: "total 0 0 0 0"},
		{args: "retention run", code: exitFailed, err: "--reason"},
		{args: "retention run --reason now", out: "total 0 0 0 0"},
		{args: "retention unset --reason policy", out: "removed: domain"},
		{args: "retention unset --reason policy", code: exitFailed, err: "no such rule"},
		{args: "conversations", out: "pair - alice,bob 2"},
		{args: "search", out: "example.com"},
		{args: "search --domain two.example", code: exitFailed, err: "no messages of the domain"},
		{args: "hold list", out: "PERSON"},
		{args: "hold set nobody --reason court", code: exitFailed, err: "no such person"},
		{args: "hold set --reason court", code: exitFailed, err: "Name one"},
		{args: "hold set alice@example.com --domain two.example --reason court", code: exitUsage, err: "another domain"},
		{args: "hold set alice@example.com --note case-7 --reason court", out: "on hold: alice"},
		{args: "hold list --domain EXAMPLE.com", out: "alice a -"},
		{args: "erase alice --reason request", code: exitFailed, err: "legal hold"},
		{args: "erase alice --dry-run", code: exitFailed, err: "legal hold"},
		{args: "hold end alice --reason court", out: "no longer on hold: alice"},
		{args: "hold end alice --reason court", code: exitFailed, err: "no such hold"},
		{args: "hold end --conversation 99 --reason court", code: exitFailed, err: "no such"},
		{args: "erase --reason request", code: exitFailed, err: "Name the person"},
		{args: "erase nobody --reason request", code: exitFailed, err: "no such person"},
	})
	for limit := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) { // the index begins a moment later
		got := app(t, "", "search", "--rebuild", "--data", data)
		if got.code == exitOK && strings.Contains(got.out, "example.com") {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("the index is not made anew: %+v", got)
		}
	}
	exportAlice(t, data)
	play(t, data, []step{
		{args: "erase alice@example.com --dry-run", out: "would be erased: 1 messages, 0 references"},
		{args: "erase alice@example.com --reason request", out: "erased: 1 messages, 0 references"},
		{args: "erase alice@example.com --reason request", code: exitFailed, err: "no such person"},
		{args: "usage", out: "example.com yes 2 1 1"},
	})
	post(t, s, "two.example")
	play(t, data, []step{
		{args: "retention list", code: exitFailed, err: "messages of 2 domains: name one with --domain"},
		{args: "retention list --domain two.example", out: "there is no rule"},
	})
	for _, line := range []string{
		`msg=administration act=messages.retention.set outcome=begun domain=example.com about="the domain" by="uid `,
		`outcome=done domain=example.com about="the domain" by="uid `,
		`reason=policy2 messages_days=40 files_days=0 messages_days_before=30 files_days_before=10`,
		`level=WARN msg=administration act=messages.erase outcome=failed domain=example.com about=nobody`,
		`act=messages.erase outcome=done domain=example.com about=alice`,
		`reason=request messages=1 files=0 bytes=0`,
		`act=messages.export outcome=begun domain=example.com about=alice`,
		`act=messages.hold.set outcome=done domain=example.com about=alice`,
		`act=messages.search.rebuild outcome=done`,
	} {
		if !strings.Contains(s.log.String(), line) {
			t.Errorf("the log has no %s\n%s", line, s.log)
		}
	}
	if strings.Contains(s.log.String(), "a word of") {
		t.Error("the log has what people say")
	}
}

// exportAlice looks into archives, and at those that are refused.
func exportAlice(t *testing.T, data string) {
	t.Helper()
	archive, refused := filepath.Join(t.TempDir(), "alice.zip"), filepath.Join(t.TempDir(), "refused.zip")
	play(t, data, []step{
		{args: "export alice --reason request", code: exitUsage, err: "--out"},
		{args: "export alice --out " + refused, code: exitFailed, err: "--reason"},
		{args: "export nobody --reason request --out " + refused, code: exitFailed, err: "no such person"},
		{args: "export alice --with bob --conversation 5 --reason request --out " + refused, code: exitFailed, err: "not by both"},
		{args: "export alice --reason request --format json --out " + archive},
		{args: "export alice --reason request --out " + archive, code: exitFailed, err: "exists already"},
		{args: "export alice --reason request --no-files --out -", out: "chats/0001/messages.json"},
	})
	if _, err := os.Stat(refused); !os.IsNotExist(err) {
		t.Errorf("a refused export has left a file: %v", err)
	}
	z, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	names := ""
	for _, f := range z.File {
		names += f.Name + " "
	}
	if !strings.Contains(names, "chats/0001/messages.json") || strings.Contains(names, "index.html") {
		t.Errorf("the archive has %s", names)
	}
}

// Without a service the commands say so.
func TestKeepingWithoutService(t *testing.T) {
	play(t, t.TempDir(), []step{
		{args: "retention list", code: exitFailed, err: "no Messages service answers"},
		{args: "export alice --domain example.com --reason x --out -", code: exitFailed, err: "no Messages service answers"},
	})
}
