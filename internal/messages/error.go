package messages

import (
	"errors"
	"fmt"
)

// Code says what went wrong, for a client and for a program.
type Code int

// The codes 1 to 5 travel in results (decision 59); 6 goes to the peer as 5.
const (
	BadParameter Code = 1 // the request cannot mean anything
	NotFound     Code = 2 // it is not there, or the asker may not know that it is
	NotAllowed   Code = 3 // the asker sees it and may not do that
	Quota        Code = 4 // a limit is reached
	Internal     Code = 5 // our fault
	Away         Code = 6 // the database does not answer or refuses to write; it may work again later
)

// Error is an error of the domain: a code, a sentence for people, and the cause,
// which stays inside.
type Error struct {
	Code Code
	Text string
	Err  error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Text + ": " + e.Err.Error()
	}
	return e.Text
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error without a cause.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}

// CodeOf is the code of an error, Internal where it has none, 0 for nil.
func CodeOf(err error) Code {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}
