package licence

import "errors"

// Code names a reason for refusal. Programs compare it; it never changes.
type Code string

// The reasons for which the licences refuse.
const (
	CodeBadLicence    Code = "bad_licence"     // a text that is no entitlement, or a damaged one
	CodeBadKey        Code = "bad_key"         // a text that is no key
	CodeBadValue      Code = "bad_value"       // a member that breaks its rule; Field says which
	CodeUnknownKey    Code = "unknown_key"     // signed with, or asked for, a key that is not trusted here
	CodeNoKey         Code = "no_key"          // there is no issuing key in the store
	CodeInUse         Code = "licences_in_use" // entitlements that are valid hang on the key
	CodeUnknownDomain Code = "unknown_domain"  // no domain of that name
	CodeRevoked       Code = "revoked"         // the entitlement or key was revoked here
	CodeNotFound      Code = "not_found"       // no such entitlement
	CodeNotEntitled   Code = "not_entitled"    // the domain has nothing of that name to assign
	CodeNoSeat        Code = "no_seat"         // all that the domain has are assigned
	CodeTooMany       Code = "too_many"        // a limit is reached
	CodeConflict      Code = "conflict"        // others kept changing the same things
)

// Error is a refusal: a code for programs and one sentence for people.
type Error struct {
	Code    Code   `json:"code"`
	Field   string `json:"field,omitempty"` // the member that is wrong, if one is
	Message string `json:"message"`
}

// Error is the sentence.
func (e *Error) Error() string { return e.Message }

// Is reports whether target is a refusal with the same code, so that
// errors.Is(err, &licence.Error{Code: licence.CodeNotFound}) works.
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

func refuse(code Code, message string) *Error { return &Error{Code: code, Message: message} }

func badValue(field, message string) *Error {
	return &Error{Code: CodeBadValue, Field: field, Message: message}
}
