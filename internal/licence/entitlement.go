package licence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The bounds of an entitlement.
const (
	maxText   = 16 << 10 // bytes as text, white space not counted
	maxPasted = 2 * maxText
	maxGrants = 64
	maxNote   = 256 // bytes
	// MaxCount is the largest count, and what a licence without a count
	// counts as where a number must be told.
	MaxCount = 1_000_000
)

// AnyDomain in the place of a domain means every domain of the installation;
// counts then hold for each of them.
const AnyDomain = "*"

// prefix is what an entitlement begins with, as text. The number is the version.
const prefix = "TANDEM-LICENCE-1."

// Entitlement is what a domain is given. Its JSON form is canonical: the members
// in this order, no white space, times in UTC and whole seconds.
type Entitlement struct {
	ID       string    `json:"id"`             // 32 hex digits, random
	Key      string    `json:"key"`            // id of the key that signed it
	Domain   string    `json:"domain"`         // name, or AnyDomain
	Grants   []Grant   `json:"grants"`         //
	From     time.Time `json:"from,omitzero"`  // zero: from the beginning
	Until    time.Time `json:"until,omitzero"` // the first moment at which it is over; zero: never
	TestMode bool      `json:"test,omitempty"` // what it gives is told to apps as test mode
	Note     string    `json:"note,omitempty"` // for people
}

// Grant is one thing that is given.
type Grant struct {
	Name Feature `json:"name"`
	// Count is for how many users; 0: all users of the domain. For a
	// Service it is the number that the service is told.
	Count int `json:"count,omitempty"`
}

// String is the grant as the command line writes it: calls, or messages:100.
func (g Grant) String() string {
	if g.Count == 0 {
		return string(g.Name)
	}
	return fmt.Sprintf("%s:%d", g.Name, g.Count)
}

// ParseGrant reads what String has written. Refusal: bad_value.
func ParseGrant(text string) (Grant, error) {
	name, number, counted := strings.Cut(text, ":")
	g := Grant{Name: Feature(name)}
	if counted {
		n, ok := parseCount(number)
		if !ok {
			return Grant{}, badValue("grants", fmt.Sprintf("%q is no number of users: it is from 1 to %d.", short(number), MaxCount))
		}
		g.Count = n
	}
	if !g.Name.Known() {
		return Grant{}, badValue("grants", fmt.Sprintf("%q is no feature: there are %s, App(name) and Service(name).", short(name), knownNames()))
	}
	return g, nil
}

func parseCount(text string) (n int, ok bool) {
	if len(text) > len("1000000") || text == "" || text[0] == '0' {
		return 0, false
	}
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, n <= MaxCount
}

func knownNames() string {
	var names []string
	for _, f := range known {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// short keeps what a stranger wrote out of long error messages.
func short(text string) string { return text[:min(len(text), 64)] }

// Active tells whether the entitlement holds at a time.
func (e *Entitlement) Active(at time.Time) bool {
	return !at.Before(e.From) && (e.Until.IsZero() || at.Before(e.Until))
}

// Sign makes the text of an entitlement. It fills in the id, if empty, and the
// key. Times are cut to seconds. Refusals: bad_value for the first member that
// breaks its rule, or a grant that this version does not know.
func Sign(key PrivateKey, e Entitlement) (string, Entitlement, error) {
	if e.ID == "" {
		e.ID = newID()
	}
	e.Key = key.Public().ID()
	e.From, e.Until = wholeSeconds(e.From), wholeSeconds(e.Until)
	if err := e.check(); err != nil {
		return "", e, err
	}
	for _, g := range e.Grants {
		if _, err := ParseGrant(g.String()); err != nil {
			return "", e, err
		}
	}
	payload, err := json.Marshal(&e)
	if err != nil {
		return "", e, fmt.Errorf("licence: encode: %w", err)
	}
	head := prefix + encoding.EncodeToString(payload)
	text := head + "." + encoding.EncodeToString(ed25519.Sign(key.key(), []byte(head)))
	if len(text) > maxText {
		return "", e, badValue("grants", "This licence is too long: give it fewer grants.")
	}
	return text, e, nil
}

func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func wholeSeconds(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Second)
}

// Signed is an entitlement as it was read, before its signature is checked.
type Signed struct {
	Entitlement
	Text            string // without white space
	head, signature []byte
}

// Read reads an entitlement as it was pasted: white space in it means nothing.
// It does not check the signature; Verify does. Refusal: bad_licence.
func Read(pasted string) (Signed, error) {
	if len(pasted) > maxPasted {
		return Signed{}, errTooLong
	}
	text := strings.Map(dropSpace, pasted)
	if len(text) > maxText {
		return Signed{}, errTooLong
	}
	body, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return Signed{}, refuse(CodeBadLicence, "This is no licence: one begins with "+prefix)
	}
	first, second, ok := strings.Cut(body, ".")
	if !ok {
		return Signed{}, errDamaged
	}
	payload, err := encoding.DecodeString(first)
	if err != nil {
		return Signed{}, errDamaged
	}
	s := Signed{Text: text, head: []byte(text[:len(prefix)+len(first)])}
	if s.signature, err = encoding.DecodeString(second); err != nil || len(s.signature) != ed25519.SignatureSize {
		return Signed{}, errDamaged
	}
	return s, s.decode(payload)
}

// The refusals of Read.
var (
	errTooLong = refuse(CodeBadLicence, fmt.Sprintf("A licence has at most %d characters.", maxText))
	errDamaged = refuse(CodeBadLicence, "The licence is damaged: copy it again, whole.")
)

func dropSpace(r rune) rune {
	if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
		return -1
	}
	return r
}

// decode takes the canonical form only: what is written anew must be the same.
func (s *Signed) decode(payload []byte) error {
	if err := json.Unmarshal(payload, &s.Entitlement); err != nil {
		return errDamaged
	}
	again, err := json.Marshal(&s.Entitlement)
	if err != nil || !bytes.Equal(payload, again) {
		return errDamaged
	}
	if err := s.check(); err != nil {
		return &Error{Code: CodeBadLicence, Field: err.Field, Message: "The licence cannot be used: " + err.Message}
	}
	return nil
}

// Verify checks the signature. Refusals: unknown_key if it was made with another
// key, bad_licence if it is wrong.
func (s *Signed) Verify(key PublicKey) error {
	if key.ID() != s.Key {
		return refuse(CodeUnknownKey, "The licence was signed with the key "+s.Key+".")
	}
	if !key.verify(s.head, s.signature) {
		return errDamaged
	}
	return nil
}

var (
	hex32      = regexp.MustCompile(`^[0-9a-f]{32}$`)
	hex16      = regexp.MustCompile(`^[0-9a-f]{16}$`)
	domainForm = regexp.MustCompile(`^[a-z0-9_:]([a-z0-9._:-]{0,253}[a-z0-9_:])?$`)
)

// check holds for every entitlement, whichever version issued it.
func (e *Entitlement) check() *Error {
	switch {
	case !hex32.MatchString(e.ID):
		return badValue("id", "The id of a licence has 32 hex digits.")
	case !hex16.MatchString(e.Key):
		return badValue("key", "The id of a key has 16 hex digits.")
	case e.Domain != AnyDomain && !domainForm.MatchString(e.Domain):
		return badValue("domain", fmt.Sprintf("%q is no domain name in lower case, nor * for every domain.", short(e.Domain)))
	case !usable(e.From):
		return badValue("from", "The beginning lies outside the years 2000 to 9999.")
	case !usable(e.Until):
		return badValue("until", "The end lies outside the years 2000 to 9999.")
	case !e.Until.IsZero() && !e.From.Before(e.Until):
		return badValue("until", "The end must be later than the beginning.")
	case len(e.Note) > maxNote || !isLine(e.Note):
		return badValue("note", fmt.Sprintf("The note is one line of at most %d bytes.", maxNote))
	}
	return e.checkGrants()
}

func (e *Entitlement) checkGrants() *Error {
	if len(e.Grants) == 0 || len(e.Grants) > maxGrants {
		return badValue("grants", fmt.Sprintf("A licence has from 1 to %d grants.", maxGrants))
	}
	seen := make(map[Feature]bool, len(e.Grants))
	for _, g := range e.Grants {
		switch {
		case !g.Name.wellFormed():
			return badValue("grants", fmt.Sprintf("%q cannot be the name of a feature.", short(string(g.Name))))
		case g.Count < 0 || g.Count > MaxCount:
			return badValue("grants", fmt.Sprintf("The count of %s is not from 1 to %d.", g.Name, MaxCount))
		case seen[g.Name]:
			return badValue("grants", fmt.Sprintf("%s stands there twice.", g.Name))
		}
		seen[g.Name] = true
	}
	return nil
}

// usable is a time that has one text.
func usable(t time.Time) bool {
	return t.IsZero() || t.Year() >= 2000 && t.Year() <= 9999 && t.Nanosecond() == 0
}

func isLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
