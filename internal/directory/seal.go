package directory

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync/atomic"

	"github.com/tandem-switch/tandem/signal"
)

// Sealing encrypts what must be readable again. bound is what the secret
// belongs to: a secret opens only with the same bound. Implementations are safe
// for use by several goroutines.
type Sealing interface {
	Seal(plain, bound []byte) []byte
	// Unseal refuses with wrong_key what was not sealed with a known key for
	// the same bound.
	Unseal(sealed, bound []byte) ([]byte, error)
}

// Sealer seals with AES-256-GCM under a master key. A sealed text is
//
//	version (1) | key id (4) | nonce (12) | cipher text and tag
//
// where the key id is the beginning of a hash of the key: so a text tells which
// key opens it, and several keys can be known while one replaces another.
type Sealer struct {
	ring atomic.Pointer[ring]
}

// ring is what a Sealer knows; it is replaced as a whole.
type ring struct {
	current keyID
	aeads   map[keyID]cipher.AEAD
}

type keyID [4]byte

const (
	sealVersion = 1
	sealHead    = 1 + len(keyID{})
	keySize     = 32
)

var _ Sealing = (*Sealer)(nil)

// NewSealer seals under key and opens what was sealed under key or one of the
// old ones. Keys have 32 bytes.
func NewSealer(key []byte, old ...[]byte) (*Sealer, error) {
	s := &Sealer{}
	return s, s.use(append([][]byte{key}, old...))
}

// use makes the first of the keys the current one and forgets all others but
// these.
func (s *Sealer) use(keys [][]byte) error {
	r := &ring{current: idOf(keys[0]), aeads: map[keyID]cipher.AEAD{}}
	for _, k := range keys {
		if len(k) != keySize {
			return refuse(CodeBadKeyFile, "A master key has exactly 32 bytes.")
		}
		block, err := aes.NewCipher(k)
		if err != nil {
			return err
		}
		r.aeads[idOf(k)], err = cipher.NewGCM(block)
		if err != nil {
			return err
		}
	}
	s.ring.Store(r)
	return nil
}

// Current is how texts begin that Seal makes now.
func (s *Sealer) Current() []byte {
	id := s.ring.Load().current
	return append([]byte{sealVersion}, id[:]...)
}

func idOf(key []byte) keyID {
	h := sha256.New()
	h.Write([]byte("tandem master key id\x00"))
	h.Write(key)
	return keyID(h.Sum(nil))
}

// Seal implements Sealing.
func (s *Sealer) Seal(plain, bound []byte) []byte {
	r := s.ring.Load()
	aead := r.aeads[r.current]
	head := sealHead + aead.NonceSize()
	sealed := make([]byte, head, head+len(plain)+aead.Overhead())
	sealed[0] = sealVersion
	copy(sealed[1:], r.current[:])
	_, _ = rand.Read(sealed[sealHead:head]) // documented never to fail
	return aead.Seal(sealed, sealed[sealHead:head], plain, bound)
}

// Unseal implements Sealing.
func (s *Sealer) Unseal(sealed, bound []byte) ([]byte, error) {
	if len(sealed) < sealHead || sealed[0] != sealVersion {
		return nil, errWrongKey
	}
	aead, known := s.ring.Load().aeads[keyID(sealed[1:sealHead])]
	if !known || len(sealed) < sealHead+aead.NonceSize() {
		return nil, errWrongKey
	}
	head := sealHead + aead.NonceSize()
	plain, err := aead.Open(nil, sealed[sealHead:head], sealed[head:], bound)
	if err != nil {
		return nil, errWrongKey
	}
	return plain, nil
}

// boundTo is what ties a secret to its owner: no row's secret opens in another
// row, not even in the same row of another domain.
func boundTo(kind string, a signal.Address, id string) []byte {
	bound := make([]byte, 0, 80)
	bound = append(bound, kind...)
	bound = append(bound, 0)
	bound = binary.BigEndian.AppendUint64(bound, uint64(a.Domain))
	bound = binary.BigEndian.AppendUint64(bound, uint64(a.Object))
	return append(bound, id...)
}

func passwordBound(a signal.Address) []byte { return boundTo("password", a, "") }

func sessionBound(a signal.Address, id string) []byte { return boundTo("session", a, id) }
