package directory

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
)

// KeyFile is the name of the master key file in a data directory.
const KeyFile = "master.key"

// Keyring is the Sealer of a key file, which can take in new keys. It is safe for
// use by several goroutines.
type Keyring struct {
	*Sealer
	path string

	mu   sync.Mutex // guards the following
	keys [][]byte   // the current one first
}

// maxKeys is how many keys a file may have: a rotation that was interrupted by
// another, and by a restoration, leaves a few.
const maxKeys = 16

// OpenKeyFile reads the master key of the store from the file. Only where the
// store has nothing that was sealed yet, a missing file is created, with a random
// key; a missing file of any other store is refused with bad_key_file, and nothing
// is written, so that the right one can be restored. The file holds the 32 bytes
// of the key as they are, behind them those of older keys while they are still
// needed, and must be readable by its owner alone; else bad_key_file says what to
// do.
func OpenKeyFile(ctx context.Context, path string, store Store) (*Keyring, error) {
	keys, err := readKeys(path)
	if errors.Is(err, fs.ErrNotExist) {
		keys, err = firstKey(ctx, path, store)
	}
	if err != nil {
		return nil, err
	}
	s, err := NewSealer(keys[0], keys[1:]...)
	return &Keyring{Sealer: s, path: path, keys: keys}, err
}

// Keys are copies of all keys, the current one first.
func (k *Keyring) Keys() [][]byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	keys := make([][]byte, len(k.keys))
	for i := range keys {
		keys[i] = bytes.Clone(k.keys[i])
	}
	return keys
}

// Old is how many keys there are beside the current one.
func (k *Keyring) Old() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.keys) - 1
}

// Rotate makes a new key the current one. When it returns without error, the file
// has it.
func (k *Keyring) Rotate() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.write(append([][]byte{newKey()}, k.keys...))
}

// Learn takes in keys that open other texts. The current one stays.
func (k *Keyring) Learn(keys [][]byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := slices.Clone(k.keys)
	for _, key := range keys {
		if !slices.ContainsFunc(all, func(known []byte) bool { return bytes.Equal(known, key) }) {
			all = append(all, key)
		}
	}
	return k.write(all)
}

// Retire forgets all keys but the current one. Nothing may be sealed under them
// any more.
func (k *Keyring) Retire() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.write(k.keys[:1])
}

// write replaces the file, then what is used. It needs k.mu.
func (k *Keyring) write(keys [][]byte) error {
	if len(keys) > maxKeys {
		return refuse(CodeTooMany, "There are too many old master keys; let the rotation that runs come to its end.")
	}
	name, err := writeTemporary(filepath.Dir(k.path), slices.Concat(keys...))
	if err != nil {
		return err
	}
	defer os.Remove(name) // which is gone after the renaming
	if err := (&Sealer{}).use(keys); err != nil {
		return err
	}
	if err := os.Rename(name, k.path); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	if err := syncFolder(filepath.Dir(k.path)); err != nil {
		return err
	}
	k.keys = keys
	return k.use(keys)
}

func newKey() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // documented never to fail
	return key
}

// firstKey makes the key of a store that has none. Of two processes that do so at
// once one finds the file, or the canary, of the other.
func firstKey(ctx context.Context, path string, store Store) ([][]byte, error) {
	kept, err := store.Canary(ctx, nil)
	if err != nil {
		return nil, storeError("look for a master key", err)
	}
	if kept == nil {
		if err := createKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	keys, err := readKeys(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuse(CodeBadKeyFile, "The master key is missing: restore "+path+" from a backup. The passwords in this store were sealed with it; no other key was made.")
	}
	return keys, err
}

// CheckKeyFile tells whether the file at path has the key of the store whose canary
// this is; nil fits every key. It changes nothing. The error says what to do; it
// is fs.ErrNotExist for a missing file.
func CheckKeyFile(path string, canary []byte) error {
	keys, err := readKeys(path)
	if err != nil {
		return err
	}
	s, err := NewSealer(keys[0], keys[1:]...)
	if err != nil || canary == nil {
		return err
	}
	if _, err := s.Unseal(canary, CanaryBound()); err != nil {
		return refuse(CodeWrongKey, "The passwords in this store were sealed with another master key; restore the file "+KeyFile+" that belongs to it.")
	}
	return nil
}

func readKeys(path string) ([][]byte, error) {
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
	text := make([]byte, info.Size())
	if _, err := io.ReadFull(f, text); err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return slices.Collect(slices.Chunk(text, keySize)), nil
}

func checkKeyFile(path string, info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return refuse(CodeBadKeyFile, "The master key "+path+" is no file.")
	case mode.Perm()&0o077 != 0 && runtime.GOOS != "windows":
		return refuse(CodeBadKeyFile, fmt.Sprintf("The master key file %s may be used by others (mode %04o); run: chmod 600 %s", path, mode.Perm(), path))
	case info.Size() == 0 || info.Size()%keySize != 0 || info.Size() > maxKeys*keySize:
		return refuse(CodeBadKeyFile, fmt.Sprintf("The master key file %s has %d bytes instead of %d; restore it from a backup.", path, info.Size(), keySize))
	}
	return nil
}

// createKey makes the file appear complete or not at all, and never replaces
// one: of two processes that start at once, one gets fs.ErrExist.
func createKey(path string) error {
	name, err := writeTemporary(filepath.Dir(path), newKey())
	if err != nil {
		return err
	}
	defer os.Remove(name)
	if err := os.Link(name, path); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// writeTemporary makes a file for its owner alone, safely on the disk.
func writeTemporary(folder string, text []byte) (name string, err error) {
	f, err := os.CreateTemp(folder, ".key-*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("master key: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("master key: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
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
