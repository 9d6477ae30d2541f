package appservice

import (
	"crypto/rand"
	"crypto/rc4" // the published protocol uses it; nothing new is built on it
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// SessionKey is the key of a session, 64 hex digits used as text
// (appwebsocket.md 2.6).
func SessionKey(challenge, password string) string {
	return hexSHA256("innovaphoneAppSessionKey:" + challenge + ":" + password)
}

// Encrypt seals text with a session key: hex of RC4 (appwebsocket.md 2.6). The
// seed must not be used twice with one key.
func Encrypt(seed, key, text string) string { return seal(seed+":"+key, text) }

// Decrypt is the inverse of Encrypt. The error says that sealed is no hex; a
// wrong key gives wrong text, not an error.
func Decrypt(seed, key, sealed string) (string, error) { return unseal(seed+":"+key, sealed) }

// Hash is the keyed hash of text (appwebsocket.md 2.6).
func Hash(seed, key, text string) string { return hexSHA256(seed + ":" + key + ":" + text) }

// NewChallenge is a challenge of 16 lower-case hex digits from crypto/rand
// (decision 12). It serves as nonce as well.
func NewChallenge() string { return randomHex(8) }

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // documented never to fail
	return hex.EncodeToString(b)
}

func hexSHA256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func seal(key, text string) string { return hex.EncodeToString(applyRC4(key, []byte(text))) }

func unseal(key, sealed string) (string, error) {
	b, err := hex.DecodeString(sealed)
	if err != nil {
		return "", fmt.Errorf("appservice: sealed value: %w", err)
	}
	return string(applyRC4(key, b)), nil
}

// applyRC4 is its own inverse. The key schedule looks at 256 bytes of the key, so
// a longer one is cut like every other implementation does in effect.
func applyRC4(key string, text []byte) []byte {
	c, err := rc4.NewCipher([]byte(key[:min(len(key), 256)]))
	if err != nil {
		return nil // only an empty key, and every caller's key has a colon
	}
	out := make([]byte, len(text))
	c.XORKeyStream(out, text)
	return out
}
