package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// backups is what an operator does with backups and keys. DIR is a directory for
// files; it runs without a server, and with one.
var backups = []step{
	{args: "domain add example.com", out: "added"},
	{args: "user add alice --num 101 --password-stdin", stdin: "long enough", out: "added"},
	{args: "backup DIR/a --passphrase-stdin", stdin: "short", code: exitFailed, err: "at least 8 characters"},
	{args: "backup DIR/a --passphrase-stdin", stdin: "correct hörse\n", out: "encrypted, with the master key in it"},
	{args: "backup DIR/a", code: exitFailed, err: "exists already"},
	{args: "backup DIR/none/a", code: exitFailed, err: "no such file"},
	{args: "backup DIR/b", out: "the master key is NOT in it"},
	{args: "backup DIR/c --json", out: `"keys": false`},
	{args: "keys rotate", out: "anew"},
	{args: "user remove alice", out: "removed"},
	{args: "user add bob --password-stdin", stdin: "long enough", out: "added"},
	{args: "restore DIR/none", code: exitFailed, err: "no such file"},
	{args: "restore DIR/a", code: exitFailed, err: "give its passphrase"},
	{args: "restore DIR/a --passphrase-stdin", stdin: "wrong horse", code: exitFailed, err: "not the passphrase"},
	{args: "restore DIR/b --passphrase-stdin", stdin: "correct hörse", code: exitFailed, err: "not encrypted"},
	{args: "restore DIR/cut --passphrase-stdin", stdin: "correct hörse", code: exitFailed, err: "no complete backup"},
	{args: "user list", out: "bob@example.com"},
	{args: "restore DIR/a --passphrase-stdin --reason test", stdin: "correct hörse\n", out: "restored"},
}

// restored is what is there afterwards, and on another machine.
var restored = []step{
	{args: "user list", out: "alice@example.com 101"},
	{args: "user list", out: "-bob"},
	{args: "keys status", out: "under one master key"},
}

func playBackups(t *testing.T, data string, flags ...string) {
	t.Helper()
	t.Setenv("PBX_BACKUP_WORK", "10") // the passphrase of a test is not worth more
	files := t.TempDir()
	steps := make([]step, len(backups))
	for i, s := range backups {
		s.args = strings.ReplaceAll(s.args, "DIR", files)
		steps[i] = s
	}
	cut := len(steps) - 4
	play(t, data, steps[:cut], flags...)
	whole, err := os.ReadFile(filepath.Join(files, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(files, "cut"), whole[:len(whole)-40], 0o600); err != nil {
		t.Fatal(err)
	}
	play(t, data, steps[cut:], flags...)
	awaitKey(t, data)
	play(t, data, restored, flags...)
	fresh := filepath.Join(t.TempDir(), "new") // of the other engine, with PostgreSQL
	play(t, fresh, []step{{args: "restore " + files + "/a --passphrase-stdin", stdin: "correct hörse", out: "restored"}})
	play(t, fresh, restored)
	if left, _ := filepath.Glob(filepath.Join(files, ".backup*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// awaitKey waits until the key file has one key again: a server that starts anew
// goes on with what is left in the background.
func awaitKey(t *testing.T, data string) {
	t.Helper()
	for range 500 {
		if info, err := os.Stat(filepath.Join(data, "master.key")); err == nil && info.Size() == 32 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the old master key is still there")
}

func TestBackup(t *testing.T) {
	t.Run("alone", func(t *testing.T) { playBackups(t, t.TempDir()) })
	t.Run("served", func(t *testing.T) {
		data := t.TempDir()
		s := start(t, data, 0)
		playBackups(t, data)
		if code := s.stop(); code != exitOK {
			t.Errorf("it ended with %d", code)
		}
	})
}

func TestBackupOnPostgres(t *testing.T) {
	t.Run("alone", func(t *testing.T) { playBackups(t, t.TempDir(), "--postgres", database(t)) })
	t.Run("served", func(t *testing.T) {
		data, dsn := t.TempDir(), database(t)
		start(t, data, 0, "--postgres", dsn)
		playBackups(t, data)
	})
}
