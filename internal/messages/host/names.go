package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/tandem-switch/tandem/internal/messages"
)

// namesName is the file that says under which name the store knows each domain.
const namesName = "domains.json"

// names remembers the names of domains, so that a domain that was renamed keeps its
// chats, and one that was removed does not leave them to a new one of its name.
type names struct {
	file  string
	store interface {
		Rename(ctx context.Context, from, to string) error
	}

	mu    sync.Mutex // guards the following, and the file
	known map[int64]string
}

func openNames(dir string, store messages.Store) (*names, error) {
	n := &names{file: filepath.Join(dir, namesName), store: store, known: map[int64]string{}}
	text, err := os.ReadFile(n.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return n, nil
	case err != nil:
		return nil, fmt.Errorf("messages: %w", err)
	}
	if err := json.Unmarshal(text, &n.known); err != nil {
		return nil, fmt.Errorf("messages: %s cannot be read: %w", n.file, err)
	}
	return n, nil
}

// settle makes the store know the domain with the number by its present name. exists
// tells whether a domain is still there. The name of another domain that is about to
// get another one is an error: it is to be tried again.
func (n *names) settle(ctx context.Context, id int64, name string, exists func(int64) bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	old := n.known[id]
	if old == name {
		return nil
	}
	for other, taken := range n.known {
		if taken != name || other == id {
			continue
		}
		if exists(other) {
			return fmt.Errorf("messages: the chats of another domain still have the name %s", name)
		}
		// What was removed stays, where nobody sees it, until somebody drops it.
		if err := n.rename(ctx, name, name+"#"+strconv.FormatInt(other, 10)); err != nil {
			return err
		}
		delete(n.known, other)
	}
	if old != "" {
		if err := n.rename(ctx, old, name); err != nil {
			return err
		}
	}
	n.known[id] = name
	return n.save()
}

// rename passes over a domain that has never stored anything.
func (n *names) rename(ctx context.Context, from, to string) error {
	if err := n.store.Rename(ctx, from, to); err != nil && messages.CodeOf(err) != messages.NotFound {
		return fmt.Errorf("messages: call the chats of %s %s: %w", from, to, err)
	}
	return nil
}

// save writes the file as a whole or not at all.
func (n *names) save() error {
	text, err := json.Marshal(n.known)
	if err != nil {
		return err
	}
	fresh := n.file + ".new"
	if err := errors.Join(os.WriteFile(fresh, text, 0o600), os.Rename(fresh, n.file)); err != nil {
		return fmt.Errorf("messages: %w", err)
	}
	return nil
}

// Settle makes the store know the domain with the number by its present name: one
// that was renamed keeps its chats. It is to be called before a switch is connected
// for the domain.
func (h *Host) Settle(ctx context.Context, id int64, name string, exists func(int64) bool) error {
	return h.names.settle(ctx, id, name, exists)
}
