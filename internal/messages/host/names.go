package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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

// removed are the names under which the store has the chats of domains that are not
// there any more.
func (n *names) removed(stored []string, exists func(int64) bool) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []string
	for _, name := range stored {
		if strings.Contains(name, "#") {
			list = append(list, name)
		}
	}
	for id, name := range n.known {
		if !exists(id) && slices.Contains(stored, name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// forget takes the name of a domain that is not there any more out of the file.
func (n *names) forget(name string, exists func(int64) bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, known := range n.known {
		if known == name && !exists(id) {
			delete(n.known, id)
		}
	}
	return n.save()
}

// Removed lists the domains that were removed and whose chats are still stored, by
// the names that the store has for them. exists tells whether a domain is there.
func (h *Host) Removed(ctx context.Context, exists func(int64) bool) ([]string, error) {
	stored, err := h.store.Domains(ctx)
	if err != nil {
		return nil, err
	}
	return h.names.removed(stored, exists), nil
}

// Forget deletes what is stored of a domain that was removed: messages, people and
// references of files at once, the bytes of files with the next collection. NotFound
// where Removed does not list the name; NotAllowed where a legal hold keeps something.
func (h *Host) Forget(ctx context.Context, name string, exists func(int64) bool) error {
	list, err := h.Removed(ctx, exists)
	if err != nil {
		return err
	}
	if !slices.Contains(list, name) {
		return &messages.Error{Code: messages.NotFound, Text: "No removed domain of this name has stored chats."}
	}
	log, err := h.store.Log(ctx, name)
	if err != nil {
		return err
	}
	holds, err := log.Holds(ctx)
	if err != nil {
		return err
	}
	if len(holds) > 0 {
		return &messages.Error{Code: messages.NotAllowed, Text: "A legal hold keeps chats of this domain."}
	}
	if err := h.store.Drop(ctx, name); err != nil {
		return err
	}
	return h.names.forget(name, exists)
}
