package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
)

// Sealing encrypts the private half of the signing key; *directory.Sealer does.
type Sealing interface {
	Seal(plain, bound []byte) []byte
	Unseal(sealed, bound []byte) ([]byte, error)
}

// Observer counts what the log does. It is called without locks, from any
// goroutine.
type Observer interface {
	AuditAppended(number int64) // a row of that number was written
	AuditSigned(number int64)   // the head of that number was signed
	AuditRefused()              // a row could not be written
	AuditFault()                // looking through the log has found a fault
}

// Config is what Open can be told. The zero value is usable.
type Config struct {
	Clock    clock.Clock   // default: the system's
	Log      *slog.Logger  // of the process; gets the signed heads; default: silence
	Observer Observer      // default: nobody counts
	Every    time.Duration // how often Follow signs the head; default 1 hour
}

func (c *Config) setDefaults() {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	if c.Every <= 0 {
		c.Every = time.Hour
	}
}

type nobody struct{}

func (nobody) AuditAppended(int64) {}
func (nobody) AuditSigned(int64)   {}
func (nobody) AuditRefused()       {}
func (nobody) AuditFault()         {}

// Log is the audit log of one installation. See the package comment.
type Log struct {
	store    Store
	sealing  Sealing
	clock    clock.Clock
	log      *slog.Logger
	observer Observer
	every    time.Duration
	public   PublicKey
	private  ed25519.PrivateKey
}

// Open opens the log in the store. The first time it makes the key that signs
// heads. It refuses with wrong_key if that key was sealed under another master
// key, or if its halves do not belong together. It starts nothing: run Follow to
// have heads signed.
func Open(ctx context.Context, store Store, sealing Sealing, c Config) (*Log, error) {
	c.setDefaults()
	l := &Log{store: store, sealing: sealing, clock: c.Clock, log: c.Log, observer: c.Observer, every: c.Every}
	if err := l.loadKey(ctx); err != nil {
		return nil, err
	}
	state, err := store.AuditState(ctx)
	if err != nil {
		return nil, storeError("open", err)
	}
	l.observer.AuditAppended(state.Head.Number)
	l.observer.AuditSigned(state.Signed)
	return l, nil
}

// keyBound is what the private half is sealed for.
func keyBound() []byte { return []byte("audit key\x00") }

// loadKey makes a key and takes the one that was first.
func (l *Log) loadKey(ctx context.Context) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	kept, err := l.store.AuditKey(ctx, StoredKey{public, l.sealing.Seal(private.Seed(), keyBound())})
	if err != nil {
		return storeError("read the key", err)
	}
	seed, err := l.sealing.Unseal(kept.Sealed, keyBound())
	if err != nil || len(seed) != ed25519.SeedSize {
		return refuse(CodeWrongKey, "The key that signs the audit log was sealed with another master key, or it was replaced.")
	}
	l.private = ed25519.NewKeyFromSeed(seed)
	l.public = PublicKey(l.private[ed25519.SeedSize:])
	if !bytes.Equal(l.public, kept.Public) {
		return refuse(CodeWrongKey, "The public key of the audit log does not belong to its private key: one of them was replaced.")
	}
	return nil
}

// Reseal seals the private half of the key anew, under the master key that is
// current now. It may be called again at any time.
func (l *Log) Reseal(ctx context.Context) error {
	kept, err := l.store.AuditKey(ctx, StoredKey{l.public, l.sealing.Seal(l.private.Seed(), keyBound())})
	if err != nil {
		return storeError("read the key", err)
	}
	seed, err := l.sealing.Unseal(kept.Sealed, keyBound())
	if err != nil {
		return storeError("open the key", err)
	}
	if err := l.store.SwapAuditKey(ctx, kept.Sealed, l.sealing.Seal(seed, keyBound())); err != nil {
		return storeError("seal the key anew", err)
	}
	return nil
}

// PublicKey is the key with which others check signed heads.
func (l *Log) PublicKey() PublicKey { return l.public }

// Append writes a row and returns it as written. When it returns without error
// the row is durable. It refuses with bad_entry what is no entry; after any
// error nobody may count on the row, and the act that it is about is to be
// refused.
func (l *Log) Append(ctx context.Context, e Entry) (Entry, error) {
	if err := e.clean(); err != nil {
		l.observer.AuditRefused()
		return Entry{}, err
	}
	err := l.store.AppendAudit(ctx, func(stored StoredMark) (Row, error) {
		head, ok := stored.mark()
		if !ok {
			return Row{}, refuse(CodeBroken, "The head of the audit log is damaged; nothing can be appended.")
		}
		e.Number, e.Previous = head.Number+1, head.Hash
		e.Time = l.clock.Now().UTC().Truncate(time.Millisecond)
		e.Hash = e.Sum()
		return e.row(), nil
	})
	if err != nil {
		l.observer.AuditRefused()
		return Entry{}, storeError("append", err)
	}
	l.observer.AuditAppended(e.Number)
	return e, nil
}

// Head is the newest row and the head that was signed last, without a signature
// if none was.
func (l *Log) Head(ctx context.Context) (newest Mark, signed Head, err error) {
	state, err := l.state(ctx)
	if err != nil {
		return Mark{}, Head{}, err
	}
	signed, err = l.lastSigned(ctx)
	return state.head, signed, err
}

// state is what the store says about itself, as marks.
type state struct {
	State
	head Mark
}

func (l *Log) state(ctx context.Context) (state, error) {
	stored, err := l.store.AuditState(ctx)
	if err != nil {
		return state{}, storeError("read the head", err)
	}
	head, ok := stored.Head.mark()
	if !ok {
		return state{}, refuse(CodeBroken, "The head of the audit log is damaged.")
	}
	return state{stored, head}, nil
}

// lastSigned is the zero Head if there is none.
func (l *Log) lastSigned(ctx context.Context) (Head, error) {
	rows, err := l.store.ReadAuditSigned(ctx, -1, 1)
	if err != nil {
		return Head{}, storeError("read the signed heads", err)
	}
	if len(rows) == 0 {
		return Head{}, nil
	}
	return rows[0].head(), nil
}
