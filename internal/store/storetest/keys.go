package storetest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/keys"
	"github.com/tandem-switch/tandem/signal"
)

// Sealed is a store whose texts can be sealed anew.
type Sealed interface {
	directory.Store
	keys.Store
}

// RunKeys checks that the master key can be replaced while the directory is in
// use, and that a crash in the middle loses nothing. fresh makes a new, empty
// database.
func RunKeys(t *testing.T, fresh func(t *testing.T) Sealed) {
	t.Run("a key is replaced", func(t *testing.T) {
		h := newHouse(t, fresh(t))
		h.must(h.rotation.Begin())
		if h.ring.Old() != 1 || h.rotation.Status().Old != 1 {
			t.Errorf("%d old keys", h.ring.Old())
		}
		h.check(h.dir) // the old key still opens
		h.must(h.rotation.Run(t.Context()))
		if s := h.rotation.Status(); s.Old != 0 || s.Running || s.Resealed != residents+11 || s.Failed != "" {
			t.Errorf("status %+v", s)
		}
		h.check(h.dir)
		h.check(h.reopen())
		if left, err := h.store.Sealed(t.Context(), h.ring.Current(), 10); err != nil || len(left) != 0 {
			t.Errorf("left: %+v, %v", left, err)
		}
		old, err := directory.NewSealer(h.first)
		h.must(err)
		if _, err := directory.Open(t.Context(), h.store, old, directory.Config{}); directory.CodeOf(err) != directory.CodeWrongKey {
			t.Errorf("the old key still opens the store: %v", err)
		}
	})
	t.Run("after a crash in the middle", func(t *testing.T) {
		h := newHouse(t, fresh(t))
		h.must(h.rotation.Begin())
		crashing := h.rotationOn(crashAfter{h.store, new(int), errCrash})
		if err := crashing.Run(t.Context()); !errors.Is(err, errCrash) {
			t.Fatalf("got %v", err)
		}
		h.check(h.reopen())
		h.must(h.rotation.Begin()) // and once more, before it is finished
		if h.ring.Old() != 2 {
			t.Errorf("%d old keys", h.ring.Old())
		}
		dir := h.reopen()
		h.must(h.rotation.Run(t.Context()))
		h.check(dir)
		h.check(h.reopen())
		if h.ring.Old() != 0 {
			t.Errorf("%d old keys", h.ring.Old())
		}
	})
	t.Run("while others write", func(t *testing.T) {
		h := newHouse(t, fresh(t))
		h.must(h.rotation.Begin())
		done := make(chan error)
		go func() {
			var err error
			for i := range residents - 1 { // the last one is deleted
				dn := fmt.Sprint("renamed ", i)
				_, failed := h.dir.SetUser(context.Background(), h.users[i].Address(), directory.ObjectEdit{DN: &dn})
				err = errors.Join(err, failed)
			}
			done <- err
		}()
		h.must(h.rotation.Run(t.Context()))
		h.must(<-done)
		h.must(h.rotation.Run(t.Context())) // nothing is left to do
		h.check(h.dir)
		h.check(h.reopen())
	})
	t.Run("a text that does not open stops it", func(t *testing.T) {
		h := newHouse(t, fresh(t))
		h.must(h.rotation.Begin())
		bounds := h.rotation.Bounds
		bounds["object"] = func(keys.Text) []byte { return []byte("something else") }
		if err := h.rotation.Run(t.Context()); directory.CodeOf(err) != directory.CodeWrongKey || h.ring.Old() != 1 || h.rotation.Status().Failed == "" {
			t.Errorf("%v, %d old keys", err, h.ring.Old())
		}
		delete(bounds, "object")
		if err := h.rotation.Run(t.Context()); err == nil || h.ring.Old() != 1 {
			t.Errorf("%v, %d old keys", err, h.ring.Old())
		}
		h.check(h.dir)
	})
}

// residents is more than one lot of texts.
const residents = 600

// house is a directory with residents, and a rotation of its key.
type house struct {
	t        *testing.T
	store    Sealed
	path     string
	first    []byte
	ring     *directory.Keyring
	dir      *directory.Directory
	users    []directory.Object
	sessions []directory.Session
	rotation *keys.Rotation
}

func newHouse(t *testing.T, store Sealed) *house {
	h := &house{t: t, store: store, path: filepath.Join(t.TempDir(), directory.KeyFile)}
	h.dir = h.reopen()
	h.first = h.ring.Keys()[0]
	dom, err := h.dir.AddDomain(t.Context(), "example.com", nil)
	h.must(err)
	var csv string
	for i := range residents {
		csv += fmt.Sprintf("user%d,,,password %d\n", i, i)
	}
	report, err := h.dir.ImportUsers(t.Context(), dom.ID, directory.Import{File: strings.NewReader("sip,dn,num,password\n" + csv)})
	h.must(err)
	if report.Added != residents {
		t.Fatalf("%+v", report.Lines[0])
	}
	for i := range residents {
		o, _ := h.dir.UserByName(dom.ID, fmt.Sprint("user", i))
		h.users = append(h.users, o)
	}
	for _, o := range h.users[:10] {
		s, err := h.dir.CreateSession(t.Context(), o.Address(), directory.NewSession{})
		h.must(err)
		h.sessions = append(h.sessions, s)
	}
	h.must(h.dir.RemoveObject(t.Context(), h.users[residents-1].Address(), 0))
	h.rotation = h.rotationOn(store)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// reopen opens the directory anew, as a new process does.
func (h *house) reopen() *directory.Directory {
	h.t.Helper()
	ring, err := directory.OpenKeyFile(h.t.Context(), h.path, h.store)
	h.must(err)
	dir, err := directory.Open(h.t.Context(), h.store, ring, directory.Config{})
	h.must(err)
	h.ring, h.dir = ring, dir
	if h.users != nil {
		h.rotation = h.rotationOn(h.store)
	}
	return dir
}

func (h *house) rotationOn(store keys.Store) *keys.Rotation {
	dir := h.dir
	return keys.New(keys.Config{
		Store: store, Keyring: h.ring,
		Bounds: map[string]func(keys.Text) []byte{
			"object":  func(t keys.Text) []byte { return directory.PasswordBound(ownerOf(t)) },
			"session": func(t keys.Text) []byte { return directory.SessionBound(ownerOf(t), t.ID) },
			"canary":  func(keys.Text) []byte { return directory.CanaryBound() },
		},
		Resealed: func(texts []keys.Text) {
			for _, t := range texts {
				dir.Resealed(ownerOf(t), t.ID, t.Sealed, t.Fresh)
			}
		},
	})
}

func ownerOf(t keys.Text) signal.Address {
	return signal.Address{Domain: signal.DomainID(t.Domain), Object: signal.ObjectID(t.Object)}
}

// check expects every secret to open, those of the deleted included.
func (h *house) check(dir *directory.Directory) {
	h.t.Helper()
	gone := h.users[residents-1].Address()
	if _, err := dir.Restore(h.t.Context(), gone); err != nil {
		h.t.Errorf("restore: %v", err)
	}
	for i, o := range h.users {
		if got, err := dir.Password(o.Address()); err != nil || got != fmt.Sprint("password ", i) {
			h.t.Fatalf("user %d: %q, %v", i, got, err)
		}
	}
	for _, s := range h.sessions {
		if got, err := dir.SessionPassword(s.ID); err != nil || got != s.Password {
			h.t.Fatalf("session %s: %q, %v", s.ID, got, err)
		}
	}
	h.must(dir.RemoveObject(h.t.Context(), gone, 0))
}

var errCrash = errors.New("crash")

// crashAfter fails at the second lot.
type crashAfter struct {
	keys.Store
	lots *int
	err  error
}

// Reseal implements keys.Store.
func (c crashAfter) Reseal(ctx context.Context, texts []keys.Text) error {
	if *c.lots++; *c.lots > 1 {
		return c.err
	}
	return c.Store.Reseal(ctx, texts)
}
