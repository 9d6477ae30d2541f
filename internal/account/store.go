package account

import (
	"context"
	"errors"
	"time"
)

// What a Store answers when it has written nothing.
var (
	// ErrConflict: the row has changed since it was read, or what it hangs on
	// is gone or no longer as expected.
	ErrConflict = errors.New("account: changed meanwhile")
	// ErrTaken: another row has the name.
	ErrTaken = errors.New("account: name taken")
)

// Store keeps accounts, their sessions and their tokens. Each method is one
// transaction. Several processes may use one store at the same time.
//
// Ids of accounts are never given twice. Times are exact to a millisecond.
// Row.Secret and Row.Pending are sealed, bound to FactorBound.
type Store interface {
	// KeepLink keeps the one-time link, instead of an earlier one, unless there
	// is an account already: then kept is false.
	KeepLink(ctx context.Context, hash []byte, expires time.Time) (kept bool, err error)
	// AddAccount adds the account under a new id, which it returns, and forgets
	// the one-time link. With a link it must be the one that is kept and not be
	// expired, and the account the first, else ErrConflict. ErrTaken: the name.
	AddAccount(ctx context.Context, row Row, link *Link) (id int64, err error)
	// Account, AccountByName and Accounts read. Accounts lists those whose name
	// is behind after, by name, at most limit.
	Account(ctx context.Context, id int64) (row Row, found bool, err error)
	AccountByName(ctx context.Context, name string) (row Row, found bool, err error)
	Accounts(ctx context.Context, after string, limit int) ([]Row, error)
	CountAccounts(ctx context.Context) (int, error)
	// ChangeAccount writes the account if its Rev is still that of the row, else
	// ErrConflict. The name and the times of Created and LastLogin stay, and what
	// is sealed unless the change sets it: it may be sealed anew meanwhile.
	ChangeAccount(ctx context.Context, c Change) error
	// DeleteAccount removes the account with its sessions, tokens and codes, if
	// its Rev is still rev, else ErrConflict.
	DeleteAccount(ctx context.Context, id, rev int64) error

	// SpendStep remembers that the code of the time step was used; false if
	// this or a later one was used before.
	SpendStep(ctx context.Context, id, step int64) (bool, error)
	// SpendRecovery removes the recovery code; false if there is none.
	SpendRecovery(ctx context.Context, id int64, hash []byte) (bool, error)

	// AddSession adds the session and sets the account's LastLogin to its
	// Created. The account must be enabled and have the password hash that was
	// checked, else ErrConflict; rehashed, unless empty, replaces it. Sessions
	// of all accounts that ended as p says are removed, and of this account the
	// least used beyond p.Keep.
	AddSession(ctx context.Context, row SessionRow, checked, rehashed string, p Prune) error
	// Session is the session of the hash with its account.
	Session(ctx context.Context, hash []byte) (s SessionRow, of Row, found bool, err error)
	TouchSession(ctx context.Context, id string, used time.Time) error
	Sessions(ctx context.Context, account int64) ([]Session, error) // oldest first
	DeleteSession(ctx context.Context, account int64, id string) (found bool, err error)

	// AddToken adds the token. ErrTaken: the account has one of that name.
	// ErrConflict: the account is gone. Tokens of account 0 belong to none.
	AddToken(ctx context.Context, row TokenRow) error
	// Token is the token of the hash with its account; of is the zero Row for
	// one that belongs to none.
	Token(ctx context.Context, hash []byte) (t TokenRow, of Row, found bool, err error)
	TouchToken(ctx context.Context, id string, used time.Time) error
	// Tokens lists the tokens of the account, of all accounts if it is
	// negative, by account and name.
	Tokens(ctx context.Context, account int64) ([]Token, error)
	DeleteToken(ctx context.Context, account int64, id string) (found bool, err error)
}

// Account is an administrator.
type Account struct {
	ID              int64     `json:"id"`
	Name            string    `json:"name"`
	Grants          []Grant   `json:"grants"`
	Disabled        bool      `json:"disabled"`
	Factor          bool      `json:"second_factor"`       // a second factor is asked for
	RecoveryLeft    int       `json:"recovery_codes_left"` // that were not used yet
	Created         time.Time `json:"created"`
	PasswordChanged time.Time `json:"password_changed"`
	LastLogin       time.Time `json:"last_login,omitzero"`
	Rev             int64     `json:"rev"`
}

// Row is an account as stored.
type Row struct {
	Account
	Password string // PHC string
	Secret   []byte // sealed secret of the second factor, nil without one
	Pending  []byte // the same of one that is not confirmed yet
	Step     int64  // last time step whose code was used
}

// Change is what ChangeAccount writes.
type Change struct {
	Row
	SetSecret   bool     // write Secret and Step
	SetPending  bool     // write Pending
	Recovery    [][]byte // hashes of the recovery codes, if SetRecovery
	SetRecovery bool
	EndSessions bool
	KeepSession string // goes on nevertheless
}

// Link is a one-time link that somebody presents.
type Link struct {
	Hash []byte
	Now  time.Time
}

// Session is a login of an account in a browser.
type Session struct {
	ID        string    `json:"id"` // public
	Account   int64     `json:"-"`
	Created   time.Time `json:"created"`
	Used      time.Time `json:"used"` // exact to a minute
	Expires   time.Time `json:"expires"`
	From      string    `json:"from"`
	UserAgent string    `json:"user_agent,omitempty"`
}

// SessionRow is a session as stored.
type SessionRow struct {
	Session
	Hash []byte // of the value of the cookie
}

// Prune says which sessions are over.
type Prune struct {
	Expired time.Time // those whose Expires is not after it
	Idle    time.Time // those whose Used is not after it
	Keep    int       // how many sessions an account may have
}

// Token is an API token, without what is secret about it.
type Token struct {
	ID      string    `json:"id"`
	Account int64     `json:"account,omitempty"` // 0: made over the control socket, belongs to no account
	Name    string    `json:"name"`
	Grants  []Grant   `json:"grants"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero: never
	Used    time.Time `json:"used,omitzero"`    // exact to a minute
}

// TokenRow is a token as stored.
type TokenRow struct {
	Token
	Hash []byte
}
