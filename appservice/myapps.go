package appservice

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Kinds of a myApps login (appwebsocket.md 2.8.2).
const (
	TypeUser    = "user"    // name and password; creates a session
	TypeSession = "session" // id and password of an existing session
)

// MethodDigest is the only login method that is offered (decisions 21, 22).
const MethodDigest = "digest"

// Error numbers of LoginResult (decision 24).
const (
	LoginInvalid       = 1 // malformed request
	LoginFailed        = 2 // any problem with the credentials
	LoginExpired       = 5 // unknown or expired session
	LoginNotAuthorized = 6 // second factor refused or timed out
)

// Proof is what both sides of a myApps login know; every formula of
// appwebsocket.md 2.8.2 is over it. User is hashed as sent: a name,
// name@domain, or a session id.
type Proof struct {
	Type      string // TypeUser or TypeSession
	Domain    string // as sent in Authenticate
	User      string
	Password  string
	Nonce     string // the client's
	Challenge string // the switch's
}

// Response is the client's proof, in the second Login message.
func (p Proof) Response() string {
	return appClient(p.Type, p.Domain, p.User, p.Password, p.Nonce, p.Challenge)
}

// Verify checks a response in constant time, in either case of its hex digits.
func (p Proof) Verify(response string) bool { return sameHex(response, p.Response()) }

// LoginResultDigest is the switch's proof over info as sent, compact.
func (p Proof) LoginResultDigest(info []byte) string {
	return appClient("loginresult", p.Domain, p.User, p.Password, p.Nonce, p.Challenge, string(compact(info)))
}

// VerifyLoginResult checks the digest of a LoginResult.
func (p Proof) VerifyLoginResult(info []byte, digest string) bool {
	return sameHex(digest, p.LoginResultDigest(info))
}

// RedirectDigest is the switch's proof of a Redirect. The domain is not in it.
func (p Proof) RedirectDigest(info []byte) string {
	return appClient("redirect", p.User, p.Password, p.Nonce, p.Challenge, string(compact(info)))
}

// VerifyRedirect checks the digest of a Redirect.
func (p Proof) VerifyRedirect(info []byte, digest string) bool {
	return sameHex(digest, p.RedirectDigest(info))
}

// SealSession hides the credentials of a new session in LoginResult.
func (p Proof) SealSession(id, password string) SealedSession {
	return SealedSession{Usr: seal(p.sealKey("usr"), id), Pwd: seal(p.sealKey("pwd"), password)}
}

// OpenSession is the inverse of SealSession.
func (p Proof) OpenSession(s SealedSession) (id, password string, err error) {
	if id, err = unseal(p.sealKey("usr"), s.Usr); err != nil {
		return "", "", err
	}
	password, err = unseal(p.sealKey("pwd"), s.Pwd)
	return id, password, err
}

func (p Proof) sealKey(which string) string {
	return "innovaphoneAppClient:" + which + ":" + p.Nonce + ":" + p.Password
}

// SealedSession is the member session of LoginResult.
type SealedSession struct {
	Usr string `json:"usr"`
	Pwd string `json:"pwd"`
}

// ValidNonce tells whether a nonce can be accepted: 8 to 64 characters.
func ValidNonce(nonce string) bool { return len(nonce) >= 8 && len(nonce) <= 64 }

// SealLoginKey hides the session key of a login that the switch computed for an
// app of a myApps session, in AppGetLoginResult (decision 19). The salt must be
// fresh.
func SealLoginKey(salt, sessionPassword, key string) string {
	return seal(salt+":"+sessionPassword, key)
}

// OpenLoginKey is the inverse of SealLoginKey.
func OpenLoginKey(salt, sessionPassword, sealed string) (string, error) {
	return unseal(salt+":"+sessionPassword, sealed)
}

func appClient(fields ...string) string {
	sum := sha256.Sum256([]byte("innovaphoneAppClient:" + strings.Join(fields, ":")))
	return hex.EncodeToString(sum[:])
}
