package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/admin"
)

// The commands about stored messages, on a running server that hosts the service.
func TestKeepingMessages(t *testing.T) {
	data := t.TempDir()
	start(t, data, 0)
	play(t, data, []step{
		{args: "domain add example.com"},
		{args: "user add alice --password-stdin", stdin: "long enough"},
	})
	soon(t, data, "messages retention list", "there is no rule")
	archive := filepath.Join(t.TempDir(), "alice.zip")
	play(t, data, []step{
		{args: "messages retention set --messages-days 30", code: exitFailed, err: "--reason"},
		{args: "messages retention set --messages-days 30 --files-days 10 --reason policy", out: "set: domain, messages 30d, files 10d"},
		{args: "messages retention set --messages-days 99999 --reason policy", code: exitFailed, err: "messages_days"},
		{args: "messages retention set --conversation 99 --reason policy", code: exitFailed, err: "no such conversation"},
		{args: "messages retention list", out: "30d"},
		{args: "messages retention list --domain two.example", code: exitFailed, err: "pbx domain list"},
		{args: "messages retention run --dry-run", out: "total"},
		{args: "messages retention run --reason now", out: "total"},
		{args: "messages retention unset --reason policy", out: "removed: domain"},
		{args: "messages retention unset --reason policy", code: exitFailed, err: "no such rule"},
		{args: "messages hold list", out: "CONVERSATION"},
		{args: "messages hold set nobody --reason court", code: exitFailed, err: "no such person"},
		{args: "messages hold set alice@example.com --domain two.example --reason court", code: exitUsage, err: "another domain"},
		{args: "messages hold end --conversation 99 --reason court", code: exitFailed, err: "no such"},
		{args: "messages erase nobody --dry-run", code: exitFailed, err: "no such person"},
		{args: "messages erase nobody --reason request", code: exitFailed, err: "no such person"},
		{args: "messages erase --reason request", code: exitFailed, err: "Name the person"},
		{args: "messages conversations", out: "NUMBER"},
		{args: "messages search", out: "example.com"},
		{args: "messages export nobody --reason request --out " + archive, code: exitFailed, err: "no such person"},
		{args: "messages export alice --reason request", code: exitUsage, err: "--out"},
		{args: "audit list --act messages", out: "messages.retention.run"},
	})
	soon(t, data, "messages search --rebuild", "INDEXED")
	play(t, data, []step{
		{args: "messages list --domain two.example", code: exitFailed, err: "pbx domain list"},
	})
	// Nobody else may open the service that runs in there.
	if lock, err := admin.LockServer(t.Context(), filepath.Join(data, messagesDir)); admin.CodeOf(err) != admin.Busy {
		t.Errorf("another service could use the directory: %v, %v", lock, err)
	}
	if _, err := os.Stat(archive); !os.IsNotExist(err) {
		t.Errorf("a refused export has left a file: %v", err)
	}
}

// A broadcast goes through the hosted service, once to each.
func TestBroadcastCommand(t *testing.T) {
	data := t.TempDir()
	start(t, data, 0)
	play(t, data, []step{
		{args: "domain add example.com"},
		{args: "user add alice --password-stdin", stdin: "long enough"},
		{args: "user add bob --password-stdin", stdin: "long enough"},
		{args: "messages broadcast hello --sender alice --everybody --dry-run", out: "1 people"},
		{args: "messages broadcast --sender alice", code: exitUsage, err: "--show"},
		{args: "messages broadcast hello --sender alice --everybody", code: exitFailed, err: "--reason"},
		{args: "messages broadcast hello --sender nobody --everybody --reason test", code: exitFailed, err: "nobody called"},
	})
	soon(t, data, "messages broadcast hello --sender alice --to bob --to carol --key k --reason test", "unknown: carol\nkey k")
	play(t, data, []step{
		{args: "messages broadcast hello --sender alice --to bob --key k --reason test --json", out: `"sent": 1`},
		{args: "messages broadcast --sender bob --show 1", code: exitFailed, err: "no such"},
		{args: "messages broadcast hello --sender alice --to bob --domain two.example --reason test", code: exitFailed, err: "pbx domain list"},
		{args: "audit list --act messages", out: "messages.broadcast"},
	})
}

// The chats of a removed domain stay until an operator deletes them.
func TestChatsOfRemovedDomains(t *testing.T) {
	data := t.TempDir()
	start(t, data, 0)
	play(t, data, []step{{args: "domain add one.example"}, {args: "domain add two.example"}})
	soon(t, data, "messages retention list --domain one.example", "there is no rule")
	soon(t, data, "messages retention list --domain two.example", "there is no rule")
	play(t, data, []step{
		{args: "messages removed list", out: "NAME"},
		{args: "messages removed delete two.example --reason contract", code: exitFailed, err: "No removed domain"},
		{args: "domain remove two.example --reason contract"},
		{args: "messages removed list", out: "two.example"},
		{args: "messages removed delete two.example", code: exitFailed, err: "--reason"},
		{args: "messages removed delete two.example --reason contract", out: "deleted: the chats of two.example"},
		{args: "messages removed delete two.example --reason contract", code: exitFailed, err: "No removed domain"},
		{args: "messages removed delete one.example --reason contract", code: exitFailed, err: "No removed domain"},
		{args: "audit list --act messages", out: "messages.removed.delete"},
	})
}

// soon runs a command for some seconds, until it says something: the service is opened a moment
// after the domain is made.
func soon(t *testing.T, data, args, want string) {
	t.Helper()
	var last string
	for range 200 {
		got := pbx(t, "", append(strings.Fields(args), "--data", data)...)
		if last = got.out + got.err; strings.Contains(last, want) {
			return
		}
	}
	t.Fatalf("%s never says %q: %s", args, want, last)
}

// Where others store the chats these commands say so, and nothing is counted here.
func TestKeepingElsewhere(t *testing.T) {
	data := t.TempDir()
	start(t, data, 0, "--messages", "external")
	play(t, data, []step{
		{args: "domain add example.com"},
		{args: "messages retention list", code: exitFailed, err: "--messages embedded"},
		{args: "messages export alice --reason x --out -", code: exitFailed, err: "messages-app"},
		{args: "messages list --usage", out: "none - 0 0 - - - - - - -"},
	})
}

// Without a server there are no messages to keep, and the commands say so.
func TestKeepingWithoutServer(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	play(t, data, []step{
		{args: "domain add example.com"},
		{args: "messages retention list", code: exitFailed, err: "pbx serve"},
		{args: "messages export alice --reason x --out -", code: exitFailed, err: "pbx serve"},
	})
}
