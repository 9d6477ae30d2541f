package filebuffer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	tokenBytes = 16      // of a temporary URL, and of a signature
	maxURL     = 4 << 10 // bytes; longer ones are not ours
	maxID      = ID(1)<<53 - 1
)

// The kinds of URLs, as they stand in paths.
const (
	kindTemporary = "tmp"
	kindPermanent = "files"
	kindAttach    = "attach"
)

// place is what the path of a URL says: /<domain>/<instance>/<kind>/<id>/<name>, or,
// for files of a message that is there, /<domain>/<instance>/attach/<id>. The name is
// for people; nothing depends on it.
type place struct {
	domain string
	kind   string
	id     ID
}

// parsePath takes an escaped path apart. An encoded slash separates nothing.
func parsePath(escaped, instance string) (place, bool) {
	parts := strings.Split(escaped, "/")
	if len(escaped) > maxURL || len(parts) < 5 || parts[0] != "" || parts[2] != url.PathEscape(instance) || !rightTail(parts[3], parts[5:]) {
		return place{}, false
	}
	domain, err := url.PathUnescape(parts[1])
	if err != nil || domain == "" {
		return place{}, false
	}
	id, ok := parseID(parts[4])
	return place{domain: domain, kind: parts[3], id: id}, ok
}

// rightTail tells whether what stands behind the number belongs to the kind.
func rightTail(kind string, tail []string) bool {
	switch kind {
	case kindTemporary, kindPermanent:
		return len(tail) == 1 && tail[0] != ""
	case kindAttach:
		return len(tail) == 0
	}
	return false
}

// parseID reads a number as it is written: no sign, no zeros in front.
func parseID(s string) (ID, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return ID(n), err == nil && n > 0 && ID(n) <= maxID && strconv.FormatInt(n, 10) == s
}

// url builds a URL without its query.
func (s *Store) url(domain, kind string, id ID, name string) string {
	return s.c.Base + "/" + url.PathEscape(domain) + "/" + url.PathEscape(s.c.Instance) + "/" + kind + "/" +
		strconv.FormatInt(int64(id), 10) + "/" + escapeName(name)
}

// token is new and random, and what the index keeps of it.
func token() (text string, kept Hash) {
	raw := make([]byte, tokenBytes)
	rand.Read(raw)
	return hex.EncodeToString(raw), sha256.Sum256(raw)
}

// rightToken compares in constant time, whatever it is given.
func rightToken(text string, kept Hash) bool {
	raw, err := hex.DecodeString(text)
	sum := sha256.Sum256(raw)
	return subtle.ConstantTimeCompare(sum[:], kept[:]) == 1 && err == nil && len(raw) == tokenBytes
}

// MintURL makes the URL of a permanent file for one session. It holds for an
// hour, and only as long as the session lives.
func (s *Store) MintURL(domain string, r Ref, session uint64) string {
	expiry := s.c.Now().Add(s.c.LinkFor).Unix()
	return s.url(domain, kindPermanent, r.ID, r.Name) +
		"?s=" + strconv.FormatUint(session, 10) +
		"&k=" + hex.EncodeToString(s.sign(domain, r.ID, session, expiry)) +
		"&e=" + strconv.FormatInt(expiry, 10)
}

// sign is HMAC-SHA256(key of the domain, id|session|expiry), 16 bytes of it
// (decision 63). Numbers are unique in a domain only, so each has a key.
func (s *Store) sign(domain string, id ID, session uint64, expiry int64) []byte {
	of := hmac.New(sha256.New, s.c.Key)
	of.Write([]byte("files|" + domain))
	mac := hmac.New(sha256.New, of.Sum(nil))
	var raw [24]byte
	binary.BigEndian.PutUint64(raw[0:], uint64(id))
	binary.BigEndian.PutUint64(raw[8:], session)
	binary.BigEndian.PutUint64(raw[16:], uint64(expiry))
	mac.Write(raw[:])
	return mac.Sum(nil)[:tokenBytes]
}

// signed checks the query of a permanent URL: the signature first, whatever the
// rest says, then the time and the session.
func (s *Store) signed(p place, q url.Values) bool {
	session, expiry, ok := s.minted(p, q)
	return ok && s.c.Now().Before(time.Unix(expiry, 0)) && s.c.Alive(p.domain, session)
}

// minted reports whether a permanent URL is one of MintURL, be it over or not.
func (s *Store) minted(p place, q url.Values) (session uint64, expiry int64, ok bool) {
	session, err1 := strconv.ParseUint(q.Get("s"), 10, 64)
	expiry, err2 := strconv.ParseInt(q.Get("e"), 10, 64)
	given, err3 := hex.DecodeString(q.Get("k"))
	right := subtle.ConstantTimeCompare(given, s.sign(p.domain, p.id, session, expiry)) == 1
	return session, expiry, right && err1 == nil && err2 == nil && err3 == nil
}

// parseURL takes the whole URL of a file apart, if it is one of this store.
func (s *Store) parseURL(text string) (p place, q url.Values, ok bool) {
	rest, ok := strings.CutPrefix(text, s.c.Base)
	if !ok || len(text) > maxURL || !strings.HasPrefix(rest, "/") {
		return place{}, nil, false
	}
	path, query, _ := strings.Cut(rest, "?")
	if strings.Contains(text, "#") {
		return place{}, nil, false
	}
	if p, ok = parsePath(path, s.c.Instance); !ok || p.kind == kindAttach {
		return place{}, nil, false
	}
	q, err := url.ParseQuery(query)
	return p, q, err == nil
}
