package account

import "errors"

// Code names a reason for refusal. Programs compare it; it never changes.
type Code string

// The reasons for which this package refuses.
const (
	CodeBadGrant        Code = "bad_grant"         // no such role, or one without what it holds for
	CodeBadName         Code = "bad_name"          // of an account or a token
	CodeBadValue        Code = "bad_value"         // any other field that breaks its rule
	CodeWeakPassword    Code = "weak_password"     // too short, too long, or too easy to guess
	CodeNameTaken       Code = "name_taken"        // by another account, or token of the account
	CodeNotFound        Code = "not_found"         // no such account, session or token, or none of the asker's business
	CodeForbidden       Code = "forbidden"         // known to the asker, and still not allowed
	CodeConflict        Code = "conflict"          // changed since it was read
	CodeTooMany         Code = "too_many"          // a limit is reached
	CodeLastOperator    Code = "last_operator"     // nobody would be left who may do everything
	CodeBadLogin        Code = "bad_login"         // wrong name or password, or a disabled account
	CodeSecondFactor    Code = "second_factor"     // name and password are right, a code is needed too
	CodeBadCode         Code = "bad_code"          // of the second factor: wrong, or used before
	CodeTooManyAttempts Code = "too_many_attempts" // wrong ones; the same later may be right
	CodeBusy            Code = "busy"              // too many logins at the same time
	CodeNoSession       Code = "no_session"        // unknown, expired or ended
	CodeBadToken        Code = "bad_token"         // unknown, expired or revoked
	CodeBadLink         Code = "bad_link"          // the one-time link is unknown, used or too old
	CodeCrossOrigin     Code = "cross_origin"      // a browser sent it on behalf of another site
	CodeNoFactor        Code = "no_factor"         // nothing to confirm or to remove
)

// Error is a refusal: a code for programs, the field that is wrong if there is
// one, and one sentence for people. The sentence never contains a secret.
type Error struct {
	Code    Code   `json:"code"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// Error is the sentence.
func (e *Error) Error() string { return e.Message }

// Is reports whether target is a refusal with the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// CodeOf is the code of a refusal, or empty for any other error and nil.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

func refuse(code Code, field, message string) *Error {
	return &Error{Code: code, Field: field, Message: message}
}

// Refusals that occur in several places.
var (
	errNoAccount = refuse(CodeNotFound, "", "There is no such administrator.")
	errChanged   = refuse(CodeConflict, "", "The account was changed meanwhile: read it again.")
	errForbidden = refuse(CodeForbidden, "", "This is not allowed for you.")
)
