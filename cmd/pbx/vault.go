package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/backup"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/keys"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/messages/host"
	"github.com/tandem-switch/tandem/signal"
)

// vault makes backups of an installation and replaces its master key.
type vault struct {
	store    engine
	ring     *directory.Keyring
	rotation *keys.Rotation
	data     string // directory for files that are on their way
	work     int    // as backup.Lock has it
	wake     chan struct{}
	messages host.Config // where stored chats are
	chats    *chats      // the service that is open on them; nil: none
	// restored is called when everything has been replaced; nil without server,
	// where what is left to do is done at once.
	restored func()
}

var _ admin.Vault = (*vault)(nil)

// vault is that of the opened directory. also seals anew what is in none of the
// usual columns.
func (o *openedDirectory) vault(s storage, log *slog.Logger, restored func(), also ...func(context.Context) error) *vault {
	return &vault{
		store: o.store, ring: o.ring, data: s.Data, messages: s.messages(), work: s.BackupWork, wake: make(chan struct{}, 1), restored: restored,
		rotation: keys.New(keys.Config{
			Store: o.store, Keyring: o.ring, Log: log, Also: also,
			Bounds: map[string]func(keys.Text) []byte{
				"object":               func(t keys.Text) []byte { return directory.PasswordBound(ownerOf(t)) },
				"session":              func(t keys.Text) []byte { return directory.SessionBound(ownerOf(t), t.ID) },
				"canary":               func(keys.Text) []byte { return directory.CanaryBound() },
				"licence_key":          func(t keys.Text) []byte { return licence.KeyBound(t.ID) },
				"admin_factor":         func(t keys.Text) []byte { return account.FactorBound(t.Object) },
				"admin_factor_pending": func(t keys.Text) []byte { return account.FactorBound(t.Object) },
			},
			Resealed: func(texts []keys.Text) {
				for _, t := range texts {
					if t.Place == "object" || t.Place == "session" {
						o.Resealed(ownerOf(t), t.ID, t.Sealed, t.Fresh)
					}
				}
			},
		}),
	}
}

func ownerOf(t keys.Text) signal.Address {
	return signal.Address{Domain: signal.DomainID(t.Domain), Object: signal.ObjectID(t.Object)}
}

// Backup implements admin.Vault.
func (v *vault) Backup(ctx context.Context, passphrase string) (*os.File, backup.Summary, error) {
	file, err := v.spool()
	if err != nil {
		return nil, backup.Summary{}, err
	}
	header := backup.Header{Created: time.Now().UTC(), Program: version, Keys: v.ring.Keys()}
	store, closing, err := v.whole(ctx)
	if err != nil {
		return nil, backup.Summary{}, errors.Join(err, file.Close())
	}
	summary, err := backup.Write(ctx, file, store, backup.Lock{Passphrase: passphrase, Work: v.work}, header)
	if err := errors.Join(err, closing()); err != nil {
		return nil, summary, errors.Join(err, file.Close())
	}
	return file, summary, nil
}

// messagesTables begins the names of the tables of stored chats in a backup.
const messagesTables = "messages."

// whole is the store together with that of stored chats, if there is one.
func (v *vault) whole(ctx context.Context) (store backup.Store, closing func() error, err error) {
	closing = func() error { return nil }
	if v.chats != nil {
		if h := v.chats.host.Load(); h != nil {
			return backup.Join(v.store, messagesTables, h.Store()), closing, nil
		}
	}
	if !host.HasStore(v.messages) {
		return v.store, closing, nil
	}
	chats, err := host.OpenStore(ctx, v.messages)
	if err != nil {
		return nil, nil, err
	}
	return backup.Join(v.store, messagesTables, chats), chats.Close, nil
}

// spool is a file without name, which is gone when it is closed.
func (v *vault) spool() (*os.File, error) {
	file, err := os.CreateTemp(v.data, ".backup-*")
	if err != nil {
		return nil, fmt.Errorf("no room for a backup: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Restore implements admin.Vault. The backup is taken in whole before the store is
// touched: writers do not wait for a slow network.
func (v *vault) Restore(ctx context.Context, from io.Reader, passphrase string) (backup.Summary, error) {
	file, err := v.spool()
	if err != nil {
		return backup.Summary{}, err
	}
	defer file.Close()
	if _, err := io.Copy(file, from); err != nil {
		return backup.Summary{}, &backup.Error{Code: backup.CodeBadBackup, Message: "The backup did not arrive as a whole; nothing was changed."}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return backup.Summary{}, err
	}
	chats, err := v.check(ctx, file, passphrase)
	if err != nil {
		return backup.Summary{}, err
	}
	summary, err := v.load(ctx, file, passphrase, chats)
	if err != nil {
		if chats && v.restored != nil {
			v.restored() // the service of the chats is closed
		}
		return summary, errors.Join(err, v.finish(ctx)) // keys of the backup may have been learnt in vain
	}
	if v.restored != nil {
		v.restored()
		return summary, nil
	}
	return summary, v.rotation.Run(ctx)
}

// check reads a backup to its end, before anything is changed, and tells whether it
// has stored chats.
func (v *vault) check(ctx context.Context, file *os.File, passphrase string) (chats bool, err error) {
	schema, err := v.store.Schema(ctx)
	if err != nil {
		return false, err
	}
	r, err := backup.NewReader(file, passphrase, schema)
	if err != nil {
		return false, err
	}
	tables, err := backup.Tables(r)
	if err != nil {
		return false, err
	}
	_, err = file.Seek(0, io.SeekStart)
	return slices.ContainsFunc(tables, func(name string) bool { return strings.HasPrefix(name, messagesTables) }), err
}

// load puts a backup that was checked in the place of everything. Stored chats are
// replaced only by a backup that has some; their service ends before, and begins
// anew with the server.
func (v *vault) load(ctx context.Context, file *os.File, passphrase string, chats bool) (summary backup.Summary, err error) {
	if !chats {
		return backup.Restore(ctx, file, passphrase, v.store, v.ring.Learn, v.opens)
	}
	if v.chats != nil {
		if err := v.chats.close(); err != nil {
			return summary, err
		}
	}
	mine := v.messages
	mine.Program = "pbx restore" // no other service may go on with what is replaced
	store, err := host.OpenStore(ctx, mine)
	if err != nil {
		return summary, err
	}
	summary, err = backup.Restore(ctx, file, passphrase, backup.Join(v.store, messagesTables, store), v.ring.Learn, v.opens)
	return summary, errors.Join(err, store.Close())
}

// opens tells whether the secrets of a backup can be opened.
func (v *vault) opens(canary []byte) error {
	if canary == nil {
		return nil // nothing was sealed yet
	}
	if _, err := v.ring.Unseal(canary, directory.CanaryBound()); err != nil {
		return &backup.Error{Code: backup.CodePassphrase, Message: "The secrets in this backup were sealed with another master key: restore a backup that was made with a passphrase, or bring " + directory.KeyFile + " of that time. Nothing was changed."}
	}
	return nil
}

// Rotate implements admin.Vault.
func (v *vault) Rotate(ctx context.Context) error {
	if err := v.rotation.Begin(); err != nil {
		return err
	}
	return v.finish(ctx)
}

// finish brings a rotation to its end: a server does so in the background.
func (v *vault) finish(ctx context.Context) error {
	if v.restored == nil {
		return v.rotation.Run(ctx)
	}
	select {
	case v.wake <- struct{}{}:
	default: // it is awake
	}
	return nil
}

// Keys implements admin.Vault.
func (v *vault) Keys() keys.Status { return v.rotation.Status() }

// again is how long after a failure a rotation is tried again.
const again = time.Minute

// run goes on with a rotation that was interrupted, and does those that are begun,
// until ctx is done.
func (v *vault) run(ctx context.Context, log *slog.Logger) {
	for {
		var retry <-chan time.Time
		if err := v.rotation.Run(ctx); err != nil && ctx.Err() == nil {
			log.Error("the master key is not replaced yet", "err", err)
			retry = time.After(again)
		}
		select {
		case <-ctx.Done():
			return
		case <-v.wake:
		case <-retry:
		}
	}
}
