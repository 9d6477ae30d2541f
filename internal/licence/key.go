package licence

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// What keys begin with as text.
const (
	privatePrefix = "TANDEM-LICENCE-KEY-1."
	publicPrefix  = "TANDEM-LICENCE-PUB-1."
)

// encoding is that of keys and entitlements: strict, so that one value has one
// text.
var encoding = base64.RawURLEncoding.Strict()

// PrivateKey issues entitlements. It is a secret: String hides it.
type PrivateKey struct{ seed []byte }

// NewKey makes a key.
func NewKey() PrivateKey {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err) // crypto/rand is documented never to fail
	}
	return PrivateKey{private.Seed()}
}

// ParsePrivateKey reads what Text has written. Refusal: bad_key; its sentence
// does not tell the text.
func ParsePrivateKey(text string) (PrivateKey, error) {
	seed, ok := parseKey(text, privatePrefix, ed25519.SeedSize)
	if !ok {
		return PrivateKey{}, refuse(CodeBadKey, "This is no issuing key: one begins with "+privatePrefix)
	}
	return PrivateKey{seed}, nil
}

// Text is the key as it is kept in a file.
func (k PrivateKey) Text() string { return privatePrefix + encoding.EncodeToString(k.seed) }

// String implements fmt.Stringer without telling the key.
func (k PrivateKey) String() string { return "licence key " + k.Public().ID() }

// GoString implements fmt.GoStringer without telling the key.
func (k PrivateKey) GoString() string { return k.String() }

// Public is the half that checks what the key has signed.
func (k PrivateKey) Public() PublicKey {
	public, _ := k.key().Public().(ed25519.PublicKey)
	return PublicKey{public}
}

func (k PrivateKey) key() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.seed) }

// PublicKey checks entitlements.
type PublicKey struct{ key ed25519.PublicKey }

// ParsePublicKey reads what String has written. Refusal: bad_key.
func ParsePublicKey(text string) (PublicKey, error) {
	key, ok := parseKey(text, publicPrefix, ed25519.PublicKeySize)
	if !ok {
		return PublicKey{}, refuse(CodeBadKey, "This is no public licence key: one begins with "+publicPrefix)
	}
	return PublicKey{key}, nil
}

// String is the key as it is given to others.
func (k PublicKey) String() string { return publicPrefix + encoding.EncodeToString(k.key) }

// ID is the name of the key in entitlements: 16 hex digits.
func (k PublicKey) ID() string {
	h := sha256.New()
	h.Write([]byte("tandem licence key\x00"))
	h.Write(k.key)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (k PublicKey) verify(text, signature []byte) bool {
	return len(k.key) == ed25519.PublicKeySize && ed25519.Verify(k.key, text, signature)
}

func parseKey(text, prefix string, size int) ([]byte, bool) {
	if len(text) > 256 {
		return nil, false
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), prefix)
	if !ok {
		return nil, false
	}
	key, err := encoding.DecodeString(rest)
	return key, err == nil && len(key) == size
}
