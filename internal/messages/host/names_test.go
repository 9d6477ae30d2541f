package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/tandem-switch/tandem/internal/messages"
)

// renamer notes what is renamed; names in it exist.
type renamer struct {
	has  map[string]bool
	done []string
}

func (r *renamer) Rename(_ context.Context, from, to string) error {
	if !r.has[from] {
		return messages.Errorf(messages.NotFound, "no such domain")
	}
	if r.has[to] {
		return messages.Errorf(messages.NotAllowed, "it exists")
	}
	delete(r.has, from)
	r.has[to] = true
	r.done = append(r.done, from+">"+to)
	return nil
}

func TestNamesOfDomains(t *testing.T) {
	dir := t.TempDir()
	store := &renamer{has: map[string]bool{"a": true, "b": true}}
	open := func() *names {
		t.Helper()
		n, err := openNames(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		n.store = store
		return n
	}
	here := map[int64]bool{1: true, 2: true}
	settle := func(n *names, id int64, name string) error {
		return n.settle(t.Context(), id, name, func(id int64) bool { return here[id] })
	}
	n := open()
	for id, name := range map[int64]string{1: "a", 2: "b"} {
		if err := settle(n, id, name); err != nil {
			t.Fatal(err)
		}
	}
	n = open() // a restart
	if err := settle(n, 1, "b"); err == nil {
		t.Error("the name of a domain that is there was taken")
	}
	if err := errors.Join(settle(n, 2, "c"), settle(n, 1, "b"), settle(n, 1, "b")); err != nil {
		t.Error(err)
	}
	here[1] = false // removed; a new one of its name starts empty
	here[3] = true
	n = open()
	if err := errors.Join(settle(n, 3, "b"), settle(n, 3, "fresh")); err != nil {
		t.Error(err)
	}
	if got, want := fmt.Sprint(store.done), "[b>c a>b b>b#1]"; got != want {
		t.Errorf("renamed %s, want %s", got, want)
	}
}

// Only what no domain has any more is removed.
func TestRemovedNames(t *testing.T) {
	n, err := openNames(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n.known = map[int64]string{1: "a", 2: "b", 3: "never stored"}
	exists := func(id int64) bool { return id == 1 }
	if got := n.removed([]string{"a", "b", "a#7"}, exists); !slices.Equal(got, []string{"a#7", "b"}) {
		t.Errorf("removed: %q", got)
	}
	if err := n.forget("b", exists); err != nil || n.known[2] != "" || n.known[1] != "a" {
		t.Errorf("%v, known: %v", err, n.known)
	}
	if err := n.forget("a", exists); err != nil || n.known[1] != "a" {
		t.Errorf("a domain that is there was forgotten: %v, %v", err, n.known)
	}
}
