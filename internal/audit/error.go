package audit

import (
	"errors"
	"fmt"
)

// Code names a reason for refusal. Programs compare it; it never changes.
type Code string

// The reasons for which the audit log refuses.
const (
	CodeBadEntry Code = "bad_entry" // a row without act, actor or outcome, or with one that is none
	CodeBadQuery Code = "bad_query" // a filter that breaks its rule
	CodeBadHead  Code = "bad_head"  // a text that is no head
	CodeBadKey   Code = "bad_key"   // a text that is no public key
	CodeBadLine  Code = "bad_line"  // a line of an export that cannot be read
	CodeWrongKey Code = "wrong_key" // the signing key does not open or fit
	CodeBroken   Code = "broken"    // the chain has a fault and cannot be signed
)

// Error is a refusal: a code for programs and one sentence for people.
type Error struct {
	Code    Code   `json:"code"`
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

func refuse(c Code, format string, args ...any) error {
	return &Error{c, fmt.Sprintf(format, args...)}
}

// storeError says what we were about to do when the store failed.
func storeError(what string, err error) error {
	return fmt.Errorf("audit: %s: %w", what, err)
}
