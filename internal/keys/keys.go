// Package keys replaces the master key of a running installation: everything that
// was sealed under an old key is sealed anew under the current one, in small
// steps, and then the old key is forgotten.
//
// The key file has both keys in the meantime, so a crash loses nothing: what is
// left to do is seen in the store, and Run goes on with it. The package knows
// neither the tables nor what a secret is bound to; cmd/pbx tells it.
//
// A Rotation may be used by several goroutines.
package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// Text is a sealed text and where it stands.
type Text struct {
	Place          string // which kind of texts it belongs to, such as "object"
	Domain, Object int64  // whose it is, as far as texts of the place are somebody's
	ID             string
	Sealed         []byte
	Fresh          []byte // the same, sealed anew
}

// Store has the sealed texts.
type Store interface {
	// Sealed returns up to n texts that do not begin with current.
	Sealed(ctx context.Context, current []byte, n int) ([]Text, error)
	// Reseal replaces Sealed by Fresh where that is still what stands there.
	Reseal(ctx context.Context, texts []Text) error
}

// Keyring has the keys; *directory.Keyring is one.
type Keyring interface {
	Seal(plain, bound []byte) []byte
	Unseal(sealed, bound []byte) ([]byte, error)
	// Current is how texts begin that are sealed with the current key.
	Current() []byte
	// Rotate makes a new key the current one and keeps the others.
	Rotate() error
	// Old is how many keys there are beside the current one.
	Old() int
	// Retire forgets all keys but the current one.
	Retire() error
}

// Config is what a Rotation needs.
type Config struct {
	Store   Store
	Keyring Keyring
	// Bounds tells, by place, what a text is bound to.
	Bounds map[string]func(Text) []byte
	// Resealed is told what was replaced, before the old keys are forgotten;
	// nil: nobody is.
	Resealed func([]Text)
	// Also seals anew what stands elsewhere; it is called before the old keys
	// are forgotten.
	Also []func(context.Context) error
	Log  *slog.Logger
}

// Rotation is the replacement of keys.
type Rotation struct {
	Config

	busy sync.Mutex // one at a time

	mu     sync.Mutex // guards the following
	status Status
}

// Status is how far a rotation has come.
type Status struct {
	Running  bool   `json:"running"`
	Resealed int    `json:"resealed"` // since the program started
	Old      int    `json:"old"`      // keys that are still needed
	Failed   string `json:"failed,omitempty"`
}

// New makes a Rotation. It starts nothing.
func New(c Config) *Rotation {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Rotation{Config: c}
}

// ErrRunning is returned by Begin while a rotation runs.
var ErrRunning = errors.New("keys: a rotation is running")

// lot is how many texts are sealed anew in one step.
const lot = 500

// Begin makes a new master key. From then on it is used for everything new; run
// Run for the rest.
func (r *Rotation) Begin() error {
	if !r.busy.TryLock() {
		return ErrRunning
	}
	defer r.busy.Unlock()
	if err := r.Keyring.Rotate(); err != nil {
		return fmt.Errorf("keys: make a new master key: %w", err)
	}
	r.Log.Info("a new master key is in use")
	return nil
}

// Run seals anew whatever is not sealed under the current key, then forgets the
// old keys. Where there are none it does nothing. It blocks until it is done, has
// failed, or ctx is over; it can be called again at any time, also after a crash.
func (r *Rotation) Run(ctx context.Context) error {
	r.busy.Lock()
	defer r.busy.Unlock()
	if r.Keyring.Old() == 0 {
		return nil
	}
	r.note(func(s *Status) { s.Running, s.Failed = true, "" })
	err := r.run(ctx)
	r.note(func(s *Status) {
		s.Running = false
		if err != nil {
			s.Failed = err.Error()
		}
	})
	return err
}

func (r *Rotation) run(ctx context.Context) error {
	for {
		n, err := r.step(ctx)
		if err != nil {
			return fmt.Errorf("keys: %w", err)
		}
		if n == 0 {
			break
		}
		r.note(func(s *Status) { s.Resealed += n })
	}
	for _, also := range r.Also {
		if err := also(ctx); err != nil {
			return fmt.Errorf("keys: %w", err)
		}
	}
	if err := r.Keyring.Retire(); err != nil {
		return fmt.Errorf("keys: forget the old master key: %w", err)
	}
	r.Log.Info("everything is sealed under the new master key; the old one is forgotten", "texts", r.Status().Resealed)
	return nil
}

// step seals one lot anew and returns how many texts it had.
func (r *Rotation) step(ctx context.Context) (int, error) {
	texts, err := r.Store.Sealed(ctx, r.Keyring.Current(), lot)
	if err != nil || len(texts) == 0 {
		return 0, err
	}
	for i := range texts {
		t := &texts[i]
		bound, known := r.Bounds[t.Place]
		if !known {
			return 0, fmt.Errorf("nobody knows what texts of %s are bound to", t.Place)
		}
		to := bound(*t)
		plain, err := r.Keyring.Unseal(t.Sealed, to)
		if err != nil {
			return 0, fmt.Errorf("a text of %s (%d/%d %s): %w", t.Place, t.Domain, t.Object, t.ID, err)
		}
		t.Fresh = r.Keyring.Seal(plain, to)
	}
	if err := r.Store.Reseal(ctx, texts); err != nil {
		return 0, err
	}
	if r.Resealed != nil {
		r.Resealed(texts)
	}
	return len(texts), nil
}

func (r *Rotation) note(f func(*Status)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.status)
}

// Status is how far it has come.
func (r *Rotation) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Old = r.Keyring.Old()
	return s
}
