package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// Cost is what checking a password costs: argon2id with these parameters. The
// zero Cost stands for the usual one.
type Cost struct {
	Memory  uint32 // KiB (19 MiB)
	Time    uint32 // passes (2)
	Threads uint8  // (1)
}

func (c Cost) withDefaults() Cost {
	if c == (Cost{}) {
		return Cost{Memory: 19 << 10, Time: 2, Threads: 1}
	}
	return c
}

const (
	saltSize = 16
	hashSize = 32
)

// hasher hashes and checks passwords, a few at a time: each takes much memory, and
// that must not be multiplied by whoever sends many logins at once.
type hasher struct {
	cost  Cost
	turns chan struct{} // one slot for each check under way
	dummy func() string // hash of a password that nobody knows, made when first asked for
}

// turnWait is how long a login waits for its turn, then it is refused.
const turnWait = 10 * time.Second

func newHasher(cost Cost) *hasher {
	h := &hasher{cost: cost.withDefaults(), turns: make(chan struct{}, min(runtime.GOMAXPROCS(0), 4))}
	h.dummy = sync.OnceValue(func() string { return h.hash(rand.Text()) })
	return h
}

// turn waits for the right to hash; the caller gives it back with done.
func (h *hasher) turn(ctx context.Context) (done func(), err error) {
	patience := time.NewTimer(turnWait)
	defer patience.Stop()
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-patience.C:
		return nil, refuse(CodeBusy, "", "Too many logins at the same time: try again in a moment.")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hash is the PHC string of a password. The caller has a turn.
func (h *hasher) hash(password string) string {
	var salt [saltSize]byte
	rand.Read(salt[:]) // never fails
	p := phc{cost: h.cost, salt: salt[:]}
	p.sum = p.of(password)
	return p.String()
}

// verify tells whether the password is that of the PHC string, and whether the
// string should be replaced by one with today's cost. The caller has a turn.
func (h *hasher) verify(stored, password string) (ok, stale bool, err error) {
	p, err := parsePHC(stored)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(p.of(password), p.sum) == 1
	return ok, p.cost != h.cost || len(p.sum) != hashSize || len(p.salt) != saltSize, nil
}

// phc is the usual notation of a hashed password:
//
//	$argon2id$v=19$m=19456,t=2,p=1$salt$hash
type phc struct {
	cost      Cost
	salt, sum []byte
}

func (p phc) of(password string) []byte {
	size := uint32(hashSize)
	if p.sum != nil {
		size = uint32(len(p.sum))
	}
	return argon2.IDKey([]byte(password), p.salt, p.cost.Time, p.cost.Memory, p.cost.Threads, size)
}

// String is the notation.
func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.cost.Memory, p.cost.Time, p.cost.Threads, b64.EncodeToString(p.salt), b64.EncodeToString(p.sum))
}

// Bounds of what is read back: a damaged row must not take the whole memory.
const (
	maxMemory  = 1 << 20 // KiB
	maxTime    = 64
	maxThreads = 16
	maxSum     = 64
)

var errBadHash = errors.New("account: a stored password hash cannot be read")

func parsePHC(text string) (phc, error) {
	part := strings.Split(text, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, errBadHash
	}
	var p phc
	if n, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &p.cost.Memory, &p.cost.Time, &p.cost.Threads); n != 3 || err != nil {
		return phc{}, errBadHash
	}
	c := p.cost
	if c.Memory == 0 || c.Memory > maxMemory || c.Time == 0 || c.Time > maxTime || c.Threads == 0 || c.Threads > maxThreads {
		return phc{}, errBadHash
	}
	var errs [2]error
	p.salt, errs[0] = base64.RawStdEncoding.DecodeString(part[4])
	p.sum, errs[1] = base64.RawStdEncoding.DecodeString(part[5])
	if errs[0] != nil || errs[1] != nil || len(p.salt) < 8 || len(p.salt) > maxSum || len(p.sum) < 16 || len(p.sum) > maxSum {
		return phc{}, errBadHash
	}
	if p.String() != text {
		return phc{}, errBadHash // written in another way than ours
	}
	return p, nil
}
