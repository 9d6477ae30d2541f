package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/backup"
	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/keys"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/messages/host"
	"github.com/tandem-switch/tandem/internal/outbox"
	"github.com/tandem-switch/tandem/internal/replay"
	"github.com/tandem-switch/tandem/internal/store/postgres"
	"github.com/tandem-switch/tandem/internal/store/sqlite"
)

// storage says where a switch keeps what it knows.
type storage struct {
	Data     string `default:"./data" placeholder:"DIR" help:"Data directory (${default})."`
	Postgres string `placeholder:"DSN" help:"PostgreSQL database instead of a file in the data directory."`
	// BackupWork is what a guess of a backup's passphrase costs: see backup.Lock.
	BackupWork int    `hidden:"" default:"18" help:"What a guess of the passphrase of a backup costs, as the binary logarithm of the N of scrypt."`
	MasterKey  string `placeholder:"FILE" help:"File with the master key that seals passwords, instead of master.key in the data directory."`
}

// databaseName is the file of the store in the data directory.
const databaseName = "pbx.db"

// create makes the data directory, for its owner alone.
func (s storage) create() error {
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return fmt.Errorf("cannot make the data directory: %w", err)
	}
	return nil
}

// engine is what both kinds of stores are.
type engine interface {
	directory.Store
	account.Store
	audit.Store
	licence.Store
	replay.Store
	outbox.Store
	backup.Store
	keys.Store
}

// openedDirectory is a directory with the store that it keeps open, and the
// master key.
type openedDirectory struct {
	*directory.Directory
	store engine
	ring  *directory.Keyring
}

// Close closes the store. Nobody may use the directory any more.
func (o *openedDirectory) Close() error { return o.store.Close() }

// accounts is where administrators are kept.
func (o *openedDirectory) accounts() *account.Config {
	return &account.Config{Store: o.store, Sealing: o.ring}
}

// open opens store, master key and directory.
func (s storage) open(ctx context.Context, config directory.Config) (*openedDirectory, error) {
	store, err := s.openStore(ctx)
	if err != nil {
		return nil, err
	}
	opened := &openedDirectory{store: store}
	if err := s.load(ctx, opened, config); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return opened, nil
}

func (s storage) load(ctx context.Context, o *openedDirectory, config directory.Config) error {
	sealer, err := directory.OpenKeyFile(ctx, s.keyFile(), o.store)
	if err != nil {
		return err
	}
	o.ring = sealer
	o.Directory, err = directory.Open(ctx, o.store, sealer, config)
	return err
}

func (s storage) keyFile() string {
	if s.MasterKey != "" {
		return s.MasterKey
	}
	return filepath.Join(s.Data, directory.KeyFile)
}

func (s storage) openStore(ctx context.Context) (engine, error) {
	if s.Postgres != "" {
		return postgres.Open(ctx, s.Postgres)
	}
	return sqlite.Open(ctx, filepath.Join(s.Data, databaseName))
}

// claim keeps other servers off the database, before anything is done to it; nil
// for a file, which is protected by the lock on its data directory.
func (s storage) claim(ctx context.Context) (*postgres.Claim, error) {
	if s.Postgres == "" {
		return nil, nil
	}
	return postgres.NewClaim(ctx, s.Postgres)
}

// operator is the administration: the running server, or the store directly.
// Only the first command on a new directory makes a store there.
func (s storage) operator(ctx context.Context, first bool) (*admin.Client, error) {
	return admin.Open(ctx, s.Data, func(ctx context.Context) (*admin.Client, error) {
		if !first && !s.exists() {
			return nil, fmt.Errorf("%s is not the data directory of a switch: name the right one with --data, or begin one with: pbx domain add --data %s example.com", s.Data, s.Data)
		}
		dir, err := s.open(ctx, directory.Config{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return nil, err
		}
		api, err := dir.api(ctx, s)
		if err != nil {
			return nil, errors.Join(err, dir.Close())
		}
		return admin.Direct(api, os.Getuid(), dir.Close), nil
	})
}

// api is the administration where no server runs.
func (o *openedDirectory) api(ctx context.Context, s storage) (*admin.API, error) {
	trail, err := audit.Open(ctx, o.store, o.ring, audit.Config{})
	if err != nil {
		return nil, err
	}
	licences, err := o.licences(ctx, string(licence.ModeList), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return admin.NewAPI(admin.Config{
		Directory: o.Directory, Licences: licences, Answers: o.store, Audit: trail, Version: version, Build: cli.Revision(),
		Accounts: o.accounts(), Vault: o.vault(s, slog.New(slog.DiscardHandler), nil, trail.Reseal),
	})
}

// messages is where the embedded Messages service keeps chats.
func (s storage) messages() host.Config {
	return host.Config{Dir: filepath.Join(s.Data, messagesDir), Postgres: s.Postgres}
}

func (s storage) exists() bool {
	_, err := os.Stat(filepath.Join(s.Data, databaseName))
	return err == nil || s.Postgres != ""
}
