package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/keys"
)

// passphraseFlags say where the passphrase of a backup comes from.
type passphraseFlags struct {
	PassphraseStdin bool   `env:"-" xor:"passphrase" help:"Read the passphrase from standard input; one line end is removed."`
	PassphraseFile  string `env:"-" xor:"passphrase" placeholder:"FILE" help:"Read the passphrase from a file; one line end is removed."`
}

// read is the passphrase, empty if the flags name none.
func (p passphraseFlags) read(con cli.Console) (string, error) {
	words, err := passwordFlags{PasswordStdin: p.PassphraseStdin, PasswordFile: p.PassphraseFile}.read(con)
	if err != nil || words == nil {
		return "", err
	}
	return *words, nil
}

type backupCommand struct {
	adminFlags      `embed:""`
	passphraseFlags `embed:""`
	File            string `arg:"" help:"File to write; it must not exist."`
}

// backupReport is what the command has done.
type backupReport struct {
	File string `json:"file"`
	Rows int    `json:"rows"`
	Keys bool   `json:"keys"` // the master key is in it
}

// Run implements the command. A file appears when it is complete.
func (c backupCommand) Run(ctx context.Context, con cli.Console) error {
	words, err := c.read(con)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(c.File); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists already; name another file", c.File)
	}
	return with(ctx, con, c.adminFlags, func(op *admin.Client, ctx context.Context, words string) (backupReport, error) {
		return writeBackup(ctx, op, c.File, words)
	}, words, func(r backupReport) string {
		text := fmt.Sprintf("wrote %d rows to %s, encrypted, with the master key in it", r.Rows, r.File)
		if !r.Keys {
			text = fmt.Sprintf("wrote %d rows to %s\nIt is not encrypted, and the master key is NOT in it: keep a copy of the key file, without which\nno password in the backup can be used. With --passphrase-stdin or --passphrase-file it is encrypted\nand has the key in it.", r.Rows, r.File)
		}
		return text
	})
}

func writeBackup(ctx context.Context, op *admin.Client, name, words string) (report backupReport, err error) {
	file, err := os.CreateTemp(filepath.Dir(name), ".backup-*") // mode 0600
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, ignoreMissing(os.Remove(file.Name()))) }()
	summary, err := op.MakeBackup(ctx, file, words)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return report, err
	}
	if err := os.Link(file.Name(), name); err != nil {
		return report, err
	}
	return backupReport{File: name, Rows: summary.Rows, Keys: summary.Keys}, nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

type restoreCommand struct {
	adminFlags      `embed:""`
	passphraseFlags `embed:""`
	File            string `arg:"" help:"File with the backup."`
}

// Run implements the command. It may be the first one on a new data directory.
func (c restoreCommand) Run(ctx context.Context, con cli.Console) error {
	words, err := c.read(con)
	if err != nil {
		return err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := c.create(); err != nil {
		return err
	}
	return withFirst(ctx, con, c.adminFlags, true, func(op *admin.Client, ctx context.Context, words string) (backupReport, error) {
		summary, err := op.Restore(ctx, file, words, cmp.Or(c.Reason, "restored from the command line"))
		return backupReport{File: c.File, Rows: summary.Rows, Keys: summary.Keys}, err
	}, words, func(r backupReport) string {
		return fmt.Sprintf("restored %d rows from %s; a running server starts anew, its clients return by themselves", r.Rows, r.File)
	})
}

type keysCommands struct {
	Rotate keysRotate `cmd:"" help:"Replace the master key, while everything runs."`
	Status keysStatus `cmd:"" help:"Show how far the replacement has come."`
}

type keysRotate struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c keysRotate) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, func(op *admin.Client, ctx context.Context, _ struct{}) (keys.Status, error) {
		return op.RotateKeys(ctx)
	}, struct{}{}, keysWords)
}

type keysStatus struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c keysStatus) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, func(op *admin.Client, ctx context.Context, _ struct{}) (keys.Status, error) {
		return op.Keys(ctx)
	}, struct{}{}, keysWords)
}

func keysWords(s keys.Status) string {
	switch {
	case s.Failed != "":
		return "the replacement of the master key does not get on: " + s.Failed
	case s.Old > 0:
		return fmt.Sprintf("a new master key is in use; %d secrets were sealed anew so far, the old key is still needed", s.Resealed)
	}
	return fmt.Sprintf("everything is sealed under one master key (%d secrets were sealed anew since the start)", s.Resealed)
}
