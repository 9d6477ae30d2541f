package directory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/signal"
)

// Config is what Open can be told. The zero value is usable.
type Config struct {
	Clock clock.Clock   // default: the system's
	Log   *slog.Logger  // default: silence
	Poll  time.Duration // how often Follow looks for changes of others; default 1 s
	// MaxSessions is how many myApps sessions a user may have; default 32.
	MaxSessions int
	// SessionLife is how long a session may stay unused; default 90 days.
	SessionLife time.Duration
	// CheckURL refuses URLs of objects that lead where they must not; nil
	// refuses none. It must not block.
	CheckURL func(url string) error
	// UndoLife is how long a deleted object can be restored; default 30 days.
	UndoLife time.Duration
	// HostMessages: the switch hosts the Messages service itself, so every domain
	// has a Messages object, which its users have too (HostedName).
	HostMessages bool
}

func (c *Config) setDefaults() {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Poll <= 0 {
		c.Poll = time.Second
	}
	if c.MaxSessions <= 0 {
		c.MaxSessions = 32
	}
	if c.SessionLife <= 0 {
		c.SessionLife = 90 * 24 * time.Hour
	}
	if c.UndoLife <= 0 {
		c.UndoLife = 30 * 24 * time.Hour
	}
}

// Directory answers who is who. See the package comment.
type Directory struct {
	store       Store
	sealing     Sealing
	clock       clock.Clock
	log         *slog.Logger
	poll        time.Duration
	maxSessions int
	sessionLife time.Duration
	checkURL    func(url string) error // nil: every URL will do
	undoLife    time.Duration
	// hostMessages: every domain has a Messages object (hosted.go).
	hostMessages bool
	dummy        []byte // a sealed text of the usual size, for DummyUnseal

	writeMu  sync.Mutex // one writer at a time; taken before mu; guards the following
	sweepAt  time.Time
	watchers []func(Change)

	mu  sync.RWMutex // guards the following, together with writeMu
	mem *memory

	failing atomic.Bool // the last look at the store went wrong

	touchMu sync.Mutex // guards the following; no other lock is taken under it
	touched map[string]time.Time
}

// Open loads the directory from the store. It refuses with wrong_key if the
// passwords in the store were sealed under another master key. It starts
// nothing: run Follow to see what other processes write.
func Open(ctx context.Context, store Store, sealing Sealing, c Config) (*Directory, error) {
	c.setDefaults()
	d := &Directory{
		store: store, sealing: sealing, clock: c.Clock, log: c.Log, poll: c.Poll,
		maxSessions: c.MaxSessions, sessionLife: c.SessionLife, checkURL: c.CheckURL, undoLife: c.UndoLife, hostMessages: c.HostMessages,
		dummy: sealing.Seal([]byte(randomAlphanumeric(sessionPasswordSize)), passwordBound(signal.Address{})),
		mem:   newMemory(), touched: map[string]time.Time{},
	}
	if err := d.checkKey(ctx); err != nil {
		return nil, err
	}
	if err := d.Sync(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// checkKey opens a text that was sealed when the store was new.
func (d *Directory) checkKey(ctx context.Context) error {
	bound := CanaryBound()
	kept, err := d.store.Canary(ctx, d.sealing.Seal([]byte("canary"), bound))
	if err != nil {
		return storeError("check the master key", err)
	}
	if _, err := d.sealing.Unseal(kept, bound); err != nil {
		return refuse(CodeWrongKey, "The passwords in this store were sealed with another master key; restore the file "+KeyFile+" that belongs to it.")
	}
	return nil
}

// Password is the password of the object, for a digest. An unknown object costs
// as much as a known one and is refused with not_found; one without password
// with no_password. Whether it is disabled is for the caller to look at, after
// the digest.
func (d *Directory) Password(a signal.Address) (string, error) {
	d.mu.RLock()
	e := d.mem.object(a)
	d.mu.RUnlock()
	switch {
	case e == nil:
		d.DummyUnseal()
		return "", errNoObject
	case e.row.Secret == nil:
		d.DummyUnseal()
		return "", refuse(CodeNoPassword, "The object "+e.row.SIP+" has no password.")
	}
	return d.unseal(e.row.Secret, passwordBound(a))
}

// DummyUnseal costs what Password costs, for logins of names that do not exist.
// It returns a random password that nobody has, to go on with.
func (d *Directory) DummyUnseal() string {
	password, _ := d.unseal(d.dummy, passwordBound(signal.Address{})) // sealed by ourselves
	return password
}

func (d *Directory) unseal(sealed, bound []byte) (string, error) {
	plain, err := d.sealing.Unseal(sealed, bound)
	return string(plain), err
}

// sealPassword puts the password into the row, whose id is known.
func (d *Directory) sealPassword(row *ObjectRow, password string) error {
	if row.ID == 0 {
		return errors.New("directory: sealing for an object without id")
	}
	row.Secret = nil
	if password != "" {
		row.Secret = d.sealing.Seal([]byte(password), passwordBound(row.Address()))
	}
	return nil
}

// attempts is how often a write is tried anew when others were faster.
const attempts = 5

// write commits the batch that build makes of what is in memory, then brings
// memory up to date and tells the watchers. If something has changed meanwhile,
// build is asked again, with that change in memory: so refusals always come from
// build. build runs under writeMu and may read d.mem.
func (d *Directory) write(ctx context.Context, build func() (*Batch, error)) error {
	d.writeMu.Lock()
	defer d.writeMu.Unlock()
	for range attempts {
		b, err := build()
		if err != nil {
			return err
		}
		if b.empty() {
			return nil
		}
		err = d.store.Commit(ctx, b)
		if err != nil && !errors.Is(err, ErrConflict) {
			return storeError("write", err)
		}
		if err == nil {
			d.followWrite(ctx)
			return nil
		}
		if err := d.catchUp(ctx); err != nil {
			return err
		}
	}
	return refuse(CodeConflict, "Others keep changing the same; try again.")
}

// followWrite takes what was just committed into memory. The write has
// succeeded whatever happens here; if the store cannot be read now, the next
// poll does it.
func (d *Directory) followWrite(ctx context.Context) {
	if err := d.catchUp(context.WithoutCancel(ctx)); err != nil {
		d.log.Error("directory: a change is stored but not in effect yet", "err", err)
	}
}

func (b *Batch) empty() bool {
	return len(b.Domains) == 0 && len(b.Objects) == 0 && len(b.Sessions) == 0
}

// catchUp takes in what was committed since the last time, by anybody. The
// caller holds writeMu.
func (d *Directory) catchUp(ctx context.Context) error {
	rows, err := d.store.Read(ctx, d.mem.head)
	if err != nil {
		return storeError("read", err)
	}
	if rows.empty() && rows.Head == d.mem.head {
		return nil
	}
	d.mu.Lock()
	changes := d.mem.apply(rows)
	d.mu.Unlock()
	for _, c := range changes {
		for _, tell := range d.watchers {
			tell(c)
		}
	}
	return nil
}

// storeError says what we were about to do when the store failed. Refusals go
// through as they are.
func storeError(what string, err error) error {
	return fmt.Errorf("directory: %s: %w", what, err)
}

// The refusals that say nothing about their subject.
var (
	errNoDomain  = refuse(CodeNotFound, "There is no such domain.")
	errNoObject  = refuse(CodeNotFound, "There is no such object.")
	errNoDevice  = refuse(CodeNotFound, "The object has no such device.")
	errNoSession = refuse(CodeNotFound, "There is no such session.")
	errStale     = refuse(CodeStale, "The object has changed since you saw it; look at it again.")
	errWrongKey  = refuse(CodeWrongKey, "The secret was not sealed with this master key.")
)

func noObject(kind Kind) error {
	return refuse(CodeNotFound, "There is no such "+kind.noun()+".")
}
