package directory_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/storetest"
	"github.com/tandem-switch/tandem/signal"
)

func TestSealer(t *testing.T) {
	s, other := newSealer(t, 1), newSealer(t, 2)
	sealed := s.Seal([]byte("secret"), []byte("alice"))
	if again := s.Seal([]byte("secret"), []byte("alice")); bytes.Equal(sealed, again) || bytes.Contains(sealed, []byte("secret")) {
		t.Error("sealing must not show anything, not even that two are equal")
	}
	if plain, err := s.Unseal(sealed, []byte("alice")); err != nil || string(plain) != "secret" {
		t.Errorf("%q, %v", plain, err)
	}
	refused := func(what string, s *directory.Sealer, sealed []byte, bound string) {
		t.Helper()
		if plain, err := s.Unseal(sealed, []byte(bound)); directory.CodeOf(err) != directory.CodeWrongKey {
			t.Errorf("%s: %q, %v", what, plain, err)
		}
	}
	refused("bound to another", s, sealed, "bob")
	refused("another key", other, sealed, "alice")
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		refused("changed", s, bad, "alice")
		refused("cut", s, sealed[:i], "alice")
	}
	rotated, err := directory.NewSealer(bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := rotated.Unseal(sealed, []byte("alice")); err != nil || string(plain) != "secret" {
		t.Errorf("after a rotation: %q, %v", plain, err)
	}
	refused("new key, old sealer", s, rotated.Seal([]byte("x"), nil), "")
	if _, err := directory.NewSealer([]byte("short")); directory.CodeOf(err) != directory.CodeBadKeyFile {
		t.Errorf("short key: %v", err)
	}
}

func TestKeyFile(t *testing.T) {
	path, store := filepath.Join(t.TempDir(), directory.KeyFile), storetest.NewMemory()
	first, err := directory.OpenKeyFile(t.Context(), path, store)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Errorf("%v, %v", info, err)
	}
	second, err := directory.OpenKeyFile(t.Context(), path, store)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := second.Unseal(first.Seal([]byte("x"), nil), nil); err != nil || string(plain) != "x" {
		t.Errorf("the second start has another key: %v", err)
	}
	if files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(files) != 1 {
		t.Errorf("left over: %v", files)
	}
}

func TestKeyFileRefuses(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, size int, mode os.FileMode) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, make([]byte, size), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct{ path, says string }{
		{write("group", 32, 0o640), "chmod 600"},
		{write("world", 32, 0o604), "chmod 600"},
		{write("writable", 32, 0o620), "chmod 600"},
		{write("short", 31, 0o600), "31 bytes"},
		{write("long", 33, 0o600), "33 bytes"},
		{write("empty", 0, 0o600), "0 bytes"},
		{folder, "no file"},
	} {
		_, err := directory.OpenKeyFile(t.Context(), test.path, storetest.NewMemory())
		if directory.CodeOf(err) != directory.CodeBadKeyFile || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), test.path) {
			t.Errorf("%s: %v", test.path, err)
		}
	}
	if _, err := directory.OpenKeyFile(t.Context(), write("readonly", 32, 0o400), storetest.NewMemory()); err != nil {
		t.Errorf("readable by the owner alone: %v", err)
	}
	if _, err := directory.OpenKeyFile(t.Context(), filepath.Join(folder, "none", "key"), storetest.NewMemory()); err == nil {
		t.Error("a key in a folder that does not exist")
	}
}

// A key that is missing where something was sealed with it is not replaced.
func TestKeyFileIsMissing(t *testing.T) {
	path, store := filepath.Join(t.TempDir(), directory.KeyFile), storetest.NewMemory()
	_, err := directory.Open(t.Context(), store, newSealer(t, 1), directory.Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = directory.OpenKeyFile(t.Context(), path, store)
	if directory.CodeOf(err) != directory.CodeBadKeyFile || !strings.Contains(err.Error(), "master key is missing: restore "+path) {
		t.Errorf("%v", err)
	}
	if files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(files) != 0 {
		t.Errorf("there is %v", files)
	}
	broken := errors.New("out of reach")
	store.Before = func(string) error { return broken }
	if _, err := directory.OpenKeyFile(t.Context(), path, store); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a key was made for a store that nobody could ask")
	}
}

func TestKeyFileOfTwoStarts(t *testing.T) {
	path, store := filepath.Join(t.TempDir(), directory.KeyFile), storetest.NewMemory()
	sealers := make([]*directory.Keyring, 4)
	var all sync.WaitGroup
	for i := range sealers {
		all.Go(func() {
			var err error
			if sealers[i], err = directory.OpenKeyFile(t.Context(), path, store); err != nil {
				t.Error(err)
				return
			}
			if _, err := directory.Open(t.Context(), store, sealers[i], directory.Config{}); err != nil {
				t.Error(err) // it leaves the canary for the others
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	sealed := sealers[0].Seal([]byte("x"), nil)
	for _, s := range sealers[1:] {
		if _, err := s.Unseal(sealed, nil); err != nil {
			t.Error("two starts made two keys")
		}
	}
}

func TestOpenWithAnotherMasterKey(t *testing.T) {
	b := newBench(t)
	_, err := directory.Open(t.Context(), b.store, newSealer(t, 2), directory.Config{})
	b.refused(directory.CodeWrongKey, err)
}

func TestSecretsAreSealedAndBound(t *testing.T) {
	b := newBench(t)
	alice, bob := b.addUser(b.dom, "alice", ""), b.addUser(b.dom, "bob", "")
	s := b.addSession(alice)
	rows, err := b.store.Read(t.Context(), 0)
	b.must(err)
	for i, o := range rows.Objects {
		if bytes.Contains(o.Secret, []byte("password of")) || len(o.Secret) == 0 {
			t.Errorf("%s: %q", o.SIP, o.Secret)
		}
		// Somebody who can write to the store gives bob the secret of alice.
		if o.ID == alice.ID {
			rows.Objects[i].Object, rows.Objects[i].Version = bobRow(rows.Objects, bob.ID)
			b.must(b.store.Commit(t.Context(), &directory.Batch{Objects: rows.Objects[i : i+1]}))
		}
	}
	if bytes.Contains(rows.Sessions[0].Secret, []byte(s.Password)) {
		t.Error("the session's password is readable")
	}
	b.must(b.Sync(t.Context()))
	_, err = b.Password(bob.Address())
	b.refused(directory.CodeWrongKey, err)
}

func bobRow(rows []directory.ObjectRow, id signal.ObjectID) (directory.Object, directory.Version) {
	for _, o := range rows {
		if o.ID == id {
			return o.Object, o.Version
		}
	}
	return directory.Object{}, directory.Version{}
}

// TestUnknownCostsTheSame: whoever logs in as nobody makes the switch do the
// same work as for somebody.
func TestUnknownCostsTheSame(t *testing.T) {
	b := newBench(t)
	alice := b.addUser(b.dom, "alice", "")
	robot, err := b.AddApp(t.Context(), b.dom.ID, directory.NewObject{SIP: "no password"})
	b.must(err)
	s := b.addSession(alice)
	nobody := signal.Address{Domain: b.dom.ID, Object: 4711}
	for _, test := range []struct {
		name string
		ask  func() (string, error)
		code directory.Code
	}{
		{"known", func() (string, error) { return b.Password(alice.Address()) }, ""},
		{"unknown", func() (string, error) { return b.Password(nobody) }, directory.CodeNotFound},
		{"without password", func() (string, error) { return b.Password(robot.Address()) }, directory.CodeNoPassword},
		{"session", func() (string, error) { return b.SessionPassword(s.ID) }, ""},
		{"unknown session", func() (string, error) { return b.SessionPassword("x") }, directory.CodeNotFound},
		{"dummy", func() (string, error) { return "", ignore(b.DummyUnseal()) }, ""},
	} {
		b.seal.opened.Store(0)
		b.seal.bytes.Store(0)
		_, err := test.ask()
		b.refused(test.code, err)
		if n, size := b.seal.opened.Load(), b.seal.bytes.Load(); n != 1 || size < 40 || size > 60 {
			t.Errorf("%s: %d unsealed with %d bytes", test.name, n, size)
		}
	}
	if a, c := b.DummyUnseal(), b.another().DummyUnseal(); len(a) != 23 || a == c {
		t.Errorf("dummy passwords %q and %q", a, c)
	}
}

func ignore(string) error { return nil }

func BenchmarkPassword(b *testing.B) {
	dir := newBench(b)
	alice := dir.addUser(dir.dom, "alice", "").Address()
	nobody := signal.Address{Domain: dir.dom.ID, Object: 4711}
	for name, a := range map[string]signal.Address{"known": alice, "unknown": nobody} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = dir.Password(a)
			}
		})
	}
}
