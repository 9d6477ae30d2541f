package host

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// keySize is that of the key that signs file links, in bytes.
const keySize = 32

// urlKey is the key in a file, which is made if it is missing. It need not be backed
// up: with another one the links that were given out end early. But it is a secret:
// whoever has it can make links to any file for a session that lives.
func urlKey(name string) ([]byte, error) {
	key, err := os.ReadFile(name)
	switch {
	case err == nil && len(key) == keySize:
		return key, nil
	case err == nil:
		return nil, fmt.Errorf("messages: %s has %d bytes instead of %d: remove it, and a new one is made", name, len(key), keySize)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("messages: %w", err)
	}
	key = make([]byte, keySize)
	rand.Read(key) // never fails
	if err := os.WriteFile(name, key, 0o600); err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	return key, nil
}
