package account

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/netip"
	"slices"
	"time"
	"unicode"

	"github.com/tandem-switch/tandem/internal/guard"
)

// Login is what somebody presents to begin a session.
type Login struct {
	Name, Password string
	Code           string // of the second factor, or a recovery code; may come with a second attempt
	From           netip.Addr
	UserAgent      string
}

// Entered is a session that has begun.
type Entered struct {
	Value   string // for the cookie, shown this once
	Session Session
	Who     Identity
	// Recovery: a recovery code was used up instead of a code.
	Recovery bool
}

// Login begins a session. Refusals: bad_login, second_factor (the same with a code
// may succeed), bad_code, too_many_attempts, busy. A name that is not known costs
// as much as one that is.
func (s *Service) Login(ctx context.Context, l Login) (Entered, error) {
	p, err := s.prove(ctx, proof{name: l.Name, password: l.Password, code: l.Code, from: l.From, factor: true})
	if err != nil {
		return Entered{}, err
	}
	now := s.now()
	row := SessionRow{Session: Session{
		ID: newID(), Account: p.row.ID, Created: now, Used: now, Expires: now.Add(s.SessionLife),
		From: address(l.From), UserAgent: printable(l.UserAgent, maxUserAgent),
	}}
	in := Entered{Session: row.Session, Who: s.identity(p.row, row.Session), Recovery: p.recovery}
	in.Value, row.Hash = newSecret()
	err = s.Store.AddSession(ctx, row, p.row.Password, p.rehashed, Prune{Expired: now, Idle: now.Add(-s.IdleLife), Keep: maxSessions})
	if errors.Is(err, ErrConflict) {
		err = errBadLogin // disabled, removed or changed at this very moment
	}
	if err != nil {
		return Entered{}, err
	}
	return in, nil
}

// Known tells whether there is an account of the name. It is for the audit log:
// people type their password into the field of the name, and that must not be
// kept.
func (s *Service) Known(ctx context.Context, name string) (string, bool) {
	name, err := checkName("name", name)
	if err != nil {
		return "", false
	}
	_, found, err := s.Store.AccountByName(ctx, name)
	return name, found && err == nil
}

var errBadLogin = refuse(CodeBadLogin, "", "The name or the password is wrong.")

// proof is what somebody says to be an account.
type proof struct {
	name, password, code string
	from                 netip.Addr
	factor               bool // the second factor is asked for, if the account has one
}

// proven is the outcome: the account, found or not, and how it went.
type proven struct {
	row      Row
	rehashed string // the password with today's cost, if that is not what is stored
	recovery bool   // a recovery code was used
}

// prove checks name, password and code within the limits of attempts. It asks
// the guard when it is its turn, so that many logins at once are not more
// attempts than the same one after the other.
func (s *Service) prove(ctx context.Context, p proof) (proven, error) {
	name, err := checkName("name", p.name)
	if err != nil {
		name = "" // costs as much as any other wrong name
	}
	done, err := s.hasher.turn(ctx)
	if err != nil {
		return proven{}, err
	}
	defer done()
	key := "admin:" + name
	if refused := s.Guard.Allow(key, p.from, s.Clock.Now()); refused != guard.Allowed {
		s.Log.Warn("login of an administrator refused", "reason", string(refused), "from", p.from)
		return proven{}, refuse(CodeTooManyAttempts, "", "Too many wrong attempts: wait some minutes, then try again.")
	}
	result, err := s.checkPassword(ctx, name, p.password)
	if err == nil && p.factor {
		result.recovery, err = s.checkFactor(ctx, result.row, p.code)
	}
	switch CodeOf(err) {
	case CodeBadLogin, CodeBadCode:
		s.Guard.Failed(key, p.from, s.Clock.Now())
	case "":
		if err == nil {
			s.Guard.Succeeded(key, p.from)
		}
	}
	return result, err
}

// checkPassword finds the account of the name if the password is right. The
// caller has a turn.
func (s *Service) checkPassword(ctx context.Context, name, password string) (proven, error) {
	row, found, err := s.Store.AccountByName(ctx, name)
	if err != nil {
		return proven{}, err
	}
	stored := s.hasher.dummy() // made for known accounts too, so that they take as long
	if found {
		stored = row.Password
	}
	ok, stale, err := s.hasher.verify(stored, password)
	switch {
	case err != nil:
		return proven{row: row}, err
	case !ok || !found || row.Disabled:
		return proven{row: row}, errBadLogin
	}
	result := proven{row: row}
	if stale {
		result.rehashed = s.hasher.hash(password)
	}
	return result, nil
}

// BySession is who has the session with this value of the cookie. from is the
// address of this request. Refusal: no_session.
func (s *Service) BySession(ctx context.Context, value string, from netip.Addr) (Identity, error) {
	if !isSecret(value) {
		return Identity{}, errNoSession
	}
	hash := hashOf(value)
	row, of, found, err := s.Store.Session(ctx, hash)
	if err != nil {
		return Identity{}, err
	}
	now := s.now()
	over := !row.Expires.After(now) || !row.Used.After(now.Add(-s.IdleLife))
	if !found || subtle.ConstantTimeCompare(hash, row.Hash) != 1 || over || of.Disabled {
		return Identity{}, errNoSession
	}
	if now.Sub(row.Used) >= touchEvery {
		if err := s.Store.TouchSession(ctx, row.ID, now); err != nil {
			return Identity{}, err
		}
	}
	who := s.identity(of, row.Session)
	who.From = address(from)
	return who, nil
}

// touchEvery is how exact the time of the last use of a session or token is:
// reading a page must not write each time.
const touchEvery = time.Minute

var errNoSession = refuse(CodeNoSession, "", "There is no session any more: log in again.")

func (s *Service) identity(row Row, session Session) Identity {
	return Identity{
		Kind: KindAccount, Account: row.ID, Name: row.Name, Grants: row.Grants,
		From: session.From, Session: session.ID,
	}
}

// Logout ends the session of who.
func (s *Service) Logout(ctx context.Context, who Identity) error {
	if who.Kind != KindAccount {
		return errNoSession
	}
	_, err := s.Store.DeleteSession(ctx, who.Account, who.Session)
	return err
}

// Sessions lists the sessions of who that are not over, oldest first.
func (s *Service) Sessions(ctx context.Context, who Identity) ([]Session, error) {
	if who.Account == 0 {
		return nil, nil
	}
	list, err := s.Store.Sessions(ctx, who.Account)
	now := s.now()
	list = slices.DeleteFunc(list, func(e Session) bool {
		return !e.Expires.After(now) || !e.Used.After(now.Add(-s.IdleLife))
	})
	return list, err
}

// EndSession ends a session of who. Refusal: not_found.
func (s *Service) EndSession(ctx context.Context, who Identity, id string) error {
	if err := own(who); err != nil {
		return err
	}
	found, err := s.Store.DeleteSession(ctx, who.Account, id)
	if err != nil {
		return err
	}
	if !found {
		return refuse(CodeNotFound, "session", "There is no such session.")
	}
	return nil
}

// own refuses with forbidden whoever has not logged in with a password: tokens
// and the control socket do not change the account of a person as if they were
// that person.
func own(who Identity) error {
	if who.Kind != KindAccount || who.Account == 0 {
		return refuse(CodeForbidden, "", "This is for somebody who has logged in with name and password.")
	}
	return nil
}

func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.Unmap().String()
}

// printable is text without what does not print, at most so many bytes of it.
func printable(text string, most int) string {
	clean := make([]rune, 0, most)
	size := 0
	for _, r := range text {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			continue
		}
		if size += len(string(r)); size > most {
			break
		}
		clean = append(clean, r)
	}
	return string(clean)
}
