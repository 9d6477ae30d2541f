package directory

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// KeyFile is the name of the master key file in a data directory.
const KeyFile = "master.key"

// OpenKeyFile reads the master key of the store from the file. Only where the
// store has nothing that was sealed yet, a missing file is created, with a random
// key; a missing file of any other store is refused with bad_key_file, and nothing
// is written, so that the right one can be restored. The file holds the 32 bytes
// of the key as they are and must be readable by its owner alone; else
// bad_key_file says what to do.
func OpenKeyFile(ctx context.Context, path string, store Store) (*Sealer, error) {
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = firstKey(ctx, path, store)
	}
	if err != nil {
		return nil, err
	}
	return NewSealer(key)
}

// firstKey makes the key of a store that has none. Of two processes that do so at
// once one finds the file, or the canary, of the other.
func firstKey(ctx context.Context, path string, store Store) ([]byte, error) {
	kept, err := store.Canary(ctx, nil)
	if err != nil {
		return nil, storeError("look for a master key", err)
	}
	if kept == nil {
		if err := createKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuse(CodeBadKeyFile, "The master key is missing: restore "+path+" from a backup. The passwords in this store were sealed with it; no other key was made.")
	}
	return key, err
}

func readKey(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if err := checkKeyFile(path, info); err != nil {
		return nil, err
	}
	key := make([]byte, keySize)
	if _, err := io.ReadFull(f, key); err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return key, nil
}

func checkKeyFile(path string, info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return refuse(CodeBadKeyFile, "The master key "+path+" is no file.")
	case mode.Perm()&0o077 != 0 && runtime.GOOS != "windows":
		return refuse(CodeBadKeyFile, fmt.Sprintf("The master key file %s may be used by others (mode %04o); run: chmod 600 %s", path, mode.Perm(), path))
	case info.Size() != keySize:
		return refuse(CodeBadKeyFile, fmt.Sprintf("The master key file %s has %d bytes instead of %d; restore it from a backup.", path, info.Size(), keySize))
	}
	return nil
}

// createKey makes the file appear complete or not at all, and never replaces
// one: of two processes that start at once, one gets fs.ErrExist.
func createKey(path string) error {
	key := make([]byte, keySize)
	_, _ = rand.Read(key)                                 // documented never to fail
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a new name in the folder survive a power cut. Where folders
// cannot be synced nothing is lost but that promise.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	_ = folder.Sync()
	return folder.Close()
}
