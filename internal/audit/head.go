package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Head is the newest row at some time, as proof of everything up to it. Without
// signature it is worth as much as the place where it was kept.
type Head struct {
	Mark
	Time      time.Time `json:"time,omitzero"`       // when it was signed, whole milliseconds
	Signature []byte    `json:"signature,omitempty"` // by the key of the log, nil without
}

// headSize bounds the text of a head.
const headSize = 256

// String is the text of the head: number:hash, or number:hash:time:signature
// with the time in milliseconds since 1970 and the signature in base64 for URLs.
func (h Head) String() string {
	text := strconv.FormatInt(h.Number, 10) + ":" + h.Hash.String()
	if h.Signature == nil {
		return text
	}
	return text + ":" + strconv.FormatInt(h.Time.UnixMilli(), 10) + ":" + base64.RawURLEncoding.EncodeToString(h.Signature)
}

// errNoRow refuses a head that proves nothing.
var errNoRow = refuse(CodeBadHead, "A head is that of a row; rows are numbered from 1.")

// ParseHead reads what String writes. It refuses with bad_head; it does not look
// whether the signature is right.
func ParseHead(text string) (Head, error) {
	bad := refuse(CodeBadHead, "A head is like 17:HASH or 17:HASH:TIME:SIGNATURE, as the log and pbx audit head show it.")
	if len(text) > headSize {
		return Head{}, bad
	}
	parts := strings.Split(text, ":")
	if len(parts) != 2 && len(parts) != 4 {
		return Head{}, bad
	}
	var h Head
	var err error
	if h.Number, err = strconv.ParseInt(parts[0], 10, 64); err != nil || h.Number < 1 {
		return Head{}, bad
	}
	if err := h.Hash.UnmarshalText([]byte(parts[1])); err != nil {
		return Head{}, bad
	}
	if len(parts) == 4 {
		ms, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil {
			return Head{}, bad
		}
		h.Time = time.UnixMilli(ms).UTC()
		h.Signature, err = base64.RawURLEncoding.Strict().DecodeString(parts[3])
		if err != nil || len(h.Signature) != ed25519.SignatureSize {
			return Head{}, bad
		}
	}
	if h.String() != text { // leading zeros, a plus sign
		return Head{}, bad
	}
	return h, nil
}

// signedBytes is what the signature is about. The package comment describes it.
func (h Head) signedBytes() []byte {
	b := []byte("tandem audit head\x00\x01")
	b = appendInt(b, h.Number)
	b = appendInt(b, h.Time.UnixMilli())
	return append(b, h.Hash[:]...)
}

func (m Mark) sign(key ed25519.PrivateKey, now time.Time) Head {
	h := Head{Mark: m, Time: now.UTC().Truncate(time.Millisecond)}
	h.Signature = ed25519.Sign(key, h.signedBytes())
	return h
}

// SignedBy tells whether the head has a signature made with the private half of
// key.
func (h Head) SignedBy(key PublicKey) bool {
	return len(key) == ed25519.PublicKeySize && len(h.Signature) == ed25519.SignatureSize &&
		ed25519.Verify(ed25519.PublicKey(key), h.signedBytes(), h.Signature)
}

// PublicKey is the public half of the key that signs heads. Its text is
// "ed25519:" and the key in base64 for URLs.
type PublicKey ed25519.PublicKey

const keyPrefix = "ed25519:"

// String is the text of the key.
func (k PublicKey) String() string { return keyPrefix + base64.RawURLEncoding.EncodeToString(k) }

// ParsePublicKey reads what String writes. It refuses with bad_key.
func ParsePublicKey(text string) (PublicKey, error) {
	encoded, ok := strings.CutPrefix(text, keyPrefix)
	key, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(key) != ed25519.PublicKeySize || PublicKey(key).String() != text {
		return nil, refuse(CodeBadKey, "A public key is like ed25519:KEY, as pbx audit head shows it.")
	}
	return PublicKey(key), nil
}
