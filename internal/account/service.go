package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/guard"
	"github.com/tandem-switch/tandem/signal"
)

// Sealing encrypts the secrets of second factors (see directory.Sealing).
type Sealing interface {
	Seal(plain, bound []byte) []byte
	Unseal(sealed, bound []byte) ([]byte, error)
}

// Tenants tells what grants are about. Its methods answer from memory.
type Tenants interface {
	// Tenant is the name and the organisation of a domain; the latter is empty
	// if it has none.
	Tenant(signal.DomainID) (name, org string, ok bool)
}

// Config is what a Service is made of. Zero members stand for the defaults that
// are given; the others are needed.
type Config struct {
	Store   Store
	Sealing Sealing
	Tenants Tenants
	Guard   *guard.Guard // limits of attempts (DefaultLimits)
	Clock   clock.Clock  // the system's
	Log     *slog.Logger // none
	Issuer  string       // of the secrets in authenticator apps (Tandem)
	Cost    Cost         // of a password
	// IdleLife ends a session that is not used (12 h), SessionLife any (30
	// days). LinkLife is how long a one-time link is good (24 h).
	IdleLife, SessionLife, LinkLife time.Duration
}

func (c Config) withDefaults() Config {
	if c.Guard == nil {
		c.Guard = guard.New(DefaultLimits())
	}
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Issuer == "" {
		c.Issuer = "Tandem"
	}
	for _, d := range []struct {
		have *time.Duration
		def  time.Duration
	}{{&c.IdleLife, 12 * time.Hour}, {&c.SessionLife, 30 * 24 * time.Hour}, {&c.LinkLife, 24 * time.Hour}} {
		if *d.have <= 0 {
			*d.have = d.def
		}
	}
	return c
}

// DefaultLimits are the limits of attempts to log in as an administrator. They
// are stricter than those of the doors: few people log in here, and a code of the
// second factor is short.
func DefaultLimits() guard.Limits {
	return guard.Limits{
		PairFailures: 5, PairWait: time.Second, PairWaitMax: 15 * time.Minute,
		AccountFailures: 30, AccountForgive: 5 * time.Minute,
		AddressFailures: 100, AddressForgive: 10 * time.Second,
		Remembered: 16_384,
	}
}

// Service is everything that is done with accounts. It keeps nothing in memory
// but failed attempts: several processes may work on one store. Its methods wait
// for the store; refusals are of type *Error. What is done belongs into the audit
// log, which is for the caller to write. They may be called by several goroutines.
type Service struct {
	Config
	hasher *hasher

	// mu keeps changes of accounts of this process apart, so that two operators
	// cannot remove each other.
	mu sync.Mutex
}

// New makes a Service. It starts nothing.
func New(c Config) *Service {
	c = c.withDefaults()
	return &Service{Config: c, hasher: newHasher(c.Cost)}
}

// now is the time as the store keeps it.
func (s *Service) now() time.Time { return s.Clock.Now().Truncate(time.Millisecond) }

// orgOf is the organisation of a domain, empty if it has none. known is false for
// a domain that does not exist.
func (s *Service) orgOf(id signal.DomainID) (org string, known bool) {
	_, org, known = s.Tenants.Tenant(id)
	return org, known
}

// scopeOf is what a grant is about.
func (s *Service) scopeOf(g Grant) Scope {
	if g.Domain == 0 {
		return Scope{Org: g.Org}
	}
	org, _ := s.orgOf(g.Domain)
	return Scope{Org: org, Domain: g.Domain}
}

// mayGrant tells whether who has everything that g grants.
func (s *Service) mayGrant(who Identity, g Grant) bool {
	return who.MayGrant(g, s.scopeOf(g).Org)
}

// changed turns the answer of the store to a change into a refusal.
func changed(err error) error {
	if errors.Is(err, ErrConflict) {
		return errChanged
	}
	return err
}

// newSecret is 256 random bits as text, and what is stored of them.
func newSecret() (text string, hash []byte) {
	var b [32]byte
	rand.Read(b[:]) // never fails
	text = base64.RawURLEncoding.EncodeToString(b[:])
	return text, hashOf(text)
}

// secretSize is the length of the text of newSecret.
const secretSize = 43

// isSecret tells whether text may come from newSecret.
func isSecret(text string) bool {
	if len(text) != secretSize || strings.ContainsAny(text, "\r\n") { // which the decoder ignores
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil
}

// hashOf is what is stored of a secret with so many bits that nobody guesses them.
func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// newID is a public id that is given once.
func newID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
