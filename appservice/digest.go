package appservice

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// Login is what an AppLogin claims (appwebsocket.md 2.2). It is in message form:
// strings un-escaped, Info the raw JSON as received, nil if absent or null.
type Login struct {
	App    string
	Domain string
	SIP    string
	GUID   string
	DN     string
	Info   []byte
	Digest string
	PbxObj string // not part of the digest
}

// zeroGUID is the guid of a password login.
const zeroGUID = "00000000000000000000000000000000"

// PasswordLogin is the login of a program or tool with the password of its App
// object, in the form that browser clients use (appwebsocket.md 2.7).
func PasswordLogin(app, domain string) Login {
	return Login{App: app, Domain: domain, SIP: app, GUID: zeroGUID, DN: "Admin", PbxObj: app}
}

// UserLogin is the login of a person with the own password (appwebsocket.md 2.5).
func UserLogin(domain, sip string) Login { return Login{Domain: domain, SIP: sip} }

// Digest is the digest of a login over a challenge (appwebsocket.md 2.3). Info is
// hashed as it stands, without insignificant white space.
func Digest(l Login, challenge, password string) string {
	return digest(l, compact(l.Info), challenge, password)
}

// Verify checks l.Digest in constant time, in either case of its hex digits:
// over the info as received, and if that fails over its canonical form
// (decision 16).
func Verify(l Login, challenge, password string) bool {
	info := compact(l.Info)
	if sameHex(l.Digest, digest(l, info, challenge, password)) {
		return true
	}
	if !bytes.ContainsRune(info, '\\') {
		return false
	}
	return sameHex(l.Digest, digest(l, Canonical(info), challenge, password))
}

// CheckLoginDigest is the digest of AppCheckLogin (decision 13).
func CheckLoginDigest(app, domain, challenge, password string) string {
	return Digest(Login{App: app, Domain: domain}, challenge, password)
}

func digest(l Login, info []byte, challenge, password string) string {
	h := sha256.New()
	for _, s := range [...]string{l.App, l.Domain, l.SIP, l.GUID, l.DN} {
		h.Write([]byte(s))
		h.Write([]byte{':'})
	}
	if info != nil {
		h.Write(info)
		h.Write([]byte{':'})
	}
	h.Write([]byte(challenge + ":" + password))
	return hex.EncodeToString(h.Sum(nil))
}

// sameHex compares hex in constant time; got may be in upper case.
func sameHex(got, want string) bool {
	if len(got) != len(want) {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(strings.ToLower(got)), []byte(want)) == 1
}

// compact removes white space between tokens; nil for absent or null. Text that
// is no JSON stays as it is: its digest is as good as any other wrong one.
func compact(info []byte) []byte {
	trimmed := bytes.TrimSpace(info)
	if len(trimmed) == 0 || string(trimmed) == "null" {
		return nil
	}
	var out bytes.Buffer
	if err := json.Compact(&out, trimmed); err != nil {
		return trimmed
	}
	return out.Bytes()
}
