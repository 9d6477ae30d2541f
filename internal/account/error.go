package account

import "errors"

// Code names a reason for refusal. Programs compare it; it never changes.
type Code string

// The reasons for which this package refuses.
const (
	CodeBadGrant Code = "bad_grant" // no such role, or one without what it holds for
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
