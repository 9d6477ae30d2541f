package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"net/netip"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/tandem-switch/tandem/internal/guard"
)

// The second factor is a time-based code as RFC 6238 has it: 6 digits, SHA-1, one
// every 30 s, because that is what every authenticator app can do.
const (
	factorPeriod  = 30 // s
	factorSkew    = 1  // steps before and after that are accepted
	factorDigits  = otp.DigitsSix
	recoveryCodes = 10
	recoverySize  = 10 // random bytes of a code
)

// FactorBound is what the sealed secret of the account's second factor is bound
// to, for whoever seals it anew.
func FactorBound(id int64) []byte {
	return binary.BigEndian.AppendUint64([]byte("second factor\x00"), uint64(id))
}

// Enrolment is a second factor that waits for its first code.
type Enrolment struct {
	Secret string `json:"secret"` // base32, for typing
	URI    string `json:"uri"`    // otpauth, for a QR code
}

// BeginFactor makes the secret of a second factor for who, which begins to count
// with ConfirmFactor; until then the old one does, if there is one, and then a
// code of it is needed here. Refusals: those of Login, forbidden, conflict.
func (s *Service) BeginFactor(ctx context.Context, who Identity, password, code string) (Enrolment, error) {
	row, err := s.again(ctx, who, password, code)
	if err != nil {
		return Enrolment{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: s.Issuer, AccountName: row.Name, Period: factorPeriod, Digits: factorDigits, Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil {
		return Enrolment{}, err
	}
	row.Pending = s.Sealing.Seal([]byte(key.Secret()), FactorBound(row.ID))
	if err := s.Store.ChangeAccount(ctx, Change{Row: row, SetPending: true}); err != nil {
		return Enrolment{}, changed(err)
	}
	return Enrolment{Secret: key.Secret(), URI: key.URL()}, nil
}

// ConfirmFactor makes the secret of BeginFactor count, if code proves that it has
// arrived, ends all other sessions and returns the recovery codes, which are
// shown this once. Refusals: no_factor, bad_code, too_many_attempts, forbidden,
// conflict.
func (s *Service) ConfirmFactor(ctx context.Context, who Identity, code string) ([]string, error) {
	row, err := s.ownRow(ctx, who)
	if err != nil {
		return nil, err
	}
	if row.Pending == nil {
		return nil, refuse(CodeNoFactor, "", "No second factor waits for a code: begin again.")
	}
	step, err := s.guardedStep(row, who, code)
	if err != nil {
		return nil, err
	}
	row.Secret, row.Pending, row.Step = row.Pending, nil, step
	codes, hashes := newRecovery(row.ID)
	err = s.Store.ChangeAccount(ctx, Change{
		Row: row, SetSecret: true, SetPending: true, Recovery: hashes, SetRecovery: true, EndSessions: true, KeepSession: who.Session,
	})
	if err != nil {
		return nil, changed(err)
	}
	return codes, nil
}

// guardedStep is stepOf for the secret that waits, within the limits of attempts:
// whoever sits before a browser that is not his must not find the code by trying.
func (s *Service) guardedStep(row Row, who Identity, code string) (int64, error) {
	key := "admin:" + row.Name
	from, _ := netip.ParseAddr(who.From)
	if s.Guard.Allow(key, from, s.Clock.Now()) != guard.Allowed {
		return 0, refuse(CodeTooManyAttempts, "", "Too many wrong attempts: wait some minutes, then try again.")
	}
	step, err := s.stepOf(row.ID, row.Pending, code)
	if CodeOf(err) == CodeBadCode {
		s.Guard.Failed(key, from, s.Clock.Now())
	}
	return step, err
}

// RemoveFactor switches the second factor of who off. Refusals: no_factor, those
// of Login, forbidden, conflict.
func (s *Service) RemoveFactor(ctx context.Context, who Identity, password, code string) error {
	row, err := s.again(ctx, who, password, code)
	if err != nil {
		return err
	}
	if row.Secret == nil && row.Pending == nil {
		return errNoFactor
	}
	if err := s.dropFactor(ctx, row, who.Session); err != nil {
		return err
	}
	return nil
}

var errNoFactor = refuse(CodeNoFactor, "", "The account has no second factor.")

// dropFactor removes the second factor with its codes, and ends the sessions
// except one.
func (s *Service) dropFactor(ctx context.Context, row Row, keep string) error {
	row.Secret, row.Pending = nil, nil
	return changed(s.Store.ChangeAccount(ctx, Change{
		Row: row, SetSecret: true, SetPending: true, SetRecovery: true, EndSessions: true, KeepSession: keep,
	}))
}

// NewRecoveryCodes replaces the recovery codes of who and returns them, this
// once. Refusals: no_factor, those of Login, forbidden, conflict.
func (s *Service) NewRecoveryCodes(ctx context.Context, who Identity, password, code string) ([]string, error) {
	row, err := s.again(ctx, who, password, code)
	if err != nil {
		return nil, err
	}
	if row.Secret == nil {
		return nil, errNoFactor
	}
	codes, hashes := newRecovery(row.ID)
	if err := s.Store.ChangeAccount(ctx, Change{Row: row, Recovery: hashes, SetRecovery: true}); err != nil {
		return nil, changed(err)
	}
	return codes, nil
}

// again lets who prove once more who that is: somebody else may sit before the
// browser by now.
func (s *Service) again(ctx context.Context, who Identity, password, code string) (Row, error) {
	if err := own(who); err != nil {
		return Row{}, err
	}
	from, _ := netip.ParseAddr(who.From)
	if _, err := s.prove(ctx, proof{name: who.Name, password: password, code: code, from: from, factor: true}); err != nil {
		return Row{}, err
	}
	return s.ownRow(ctx, who) // anew: a recovery code may be gone
}

// ownRow is the account of who.
func (s *Service) ownRow(ctx context.Context, who Identity) (Row, error) {
	if err := own(who); err != nil {
		return Row{}, err
	}
	row, found, err := s.Store.Account(ctx, who.Account)
	if err == nil && !found {
		err = errNoAccount
	}
	return row, err
}

// checkFactor spends the code, or a recovery code, of an account that has a
// second factor. A code is good once.
func (s *Service) checkFactor(ctx context.Context, row Row, code string) (recovery bool, err error) {
	if row.Secret == nil {
		return false, nil
	}
	if code == "" {
		return false, refuse(CodeSecondFactor, "code", "A code of the second factor is needed too, or a recovery code.")
	}
	plain, recovery := recoveryOf(code)
	fresh := false
	if recovery {
		fresh, err = s.Store.SpendRecovery(ctx, row.ID, recoveryHash(row.ID, plain))
	} else {
		fresh, err = s.spendStep(ctx, row, code)
	}
	if err == nil && !fresh {
		err = errBadCode
	}
	return recovery && err == nil, err
}

func (s *Service) spendStep(ctx context.Context, row Row, code string) (fresh bool, err error) {
	step, err := s.stepOf(row.ID, row.Secret, code)
	if err != nil {
		return false, err
	}
	return s.Store.SpendStep(ctx, row.ID, step)
}

var errBadCode = refuse(CodeBadCode, "code", "The code is wrong, too old, or was used before.")

// stepOf is the time step that the code belongs to.
func (s *Service) stepOf(id int64, sealed []byte, code string) (int64, error) {
	secret, err := s.Sealing.Unseal(sealed, FactorBound(id))
	if err != nil {
		return 0, err
	}
	now := s.Clock.Now().Unix() / factorPeriod
	for step := now - factorSkew; step <= now+factorSkew; step++ {
		ok, err := hotp.ValidateCustom(code, uint64(step), string(secret), hotp.ValidateOpts{
			Digits: factorDigits, Algorithm: otp.AlgorithmSHA1,
		})
		if err == nil && ok { // an error is a code that is none
			return step, nil
		}
	}
	return 0, errBadCode
}

// newRecovery makes recovery codes, as shown and as stored.
func newRecovery(id int64) (shown []string, hashes [][]byte) {
	for range recoveryCodes {
		var b [recoverySize]byte
		rand.Read(b[:]) // never fails
		plain := strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
		shown = append(shown, plain[:4]+"-"+plain[4:8]+"-"+plain[8:12]+"-"+plain[12:])
		hashes = append(hashes, recoveryHash(id, plain))
	}
	return shown, hashes
}

// recoveryOf is a recovery code without what people put between its letters; false
// if it is none.
func recoveryOf(code string) (string, bool) {
	plain := strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
	if len(plain) != recoverySize*8/5 || strings.ContainsAny(plain, "\r\n") {
		return "", false
	}
	_, err := base32.StdEncoding.DecodeString(strings.ToUpper(plain))
	return plain, err == nil
}

// recoveryHash is what is stored of a recovery code: with 80 random bits it
// needs no slow hash.
func recoveryHash(id int64, plain string) []byte {
	sum := sha256.Sum256(append(FactorBound(id), plain...))
	return sum[:]
}

// Code is the code of a secret at a time, as an authenticator app shows it.
func (e Enrolment) Code(at time.Time) (string, error) {
	return totp.GenerateCodeCustom(e.Secret, at, totp.ValidateOpts{Period: factorPeriod, Digits: factorDigits, Algorithm: otp.AlgorithmSHA1})
}
