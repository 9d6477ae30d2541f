package service

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/internal/messages"
)

// Causes that a sender is told (Q.850). Where a result has none the switch says 47.
const (
	causeUnknown     = 1  // no such person or group
	causeNotAllowed  = 57 // may not write there
	causeForeign     = 50 // a foreign or missing file (A9)
	causeTooLong     = 111
	causeBadContent  = 100
	causeTemporarily = 41
)

// parameter is an error of the request.
func parameter(format string, args ...any) error {
	return messages.Errorf(messages.BadParameter, format, args...)
}

func notFound(what string) error {
	return messages.Errorf(messages.NotFound, "There is no such %s.", what)
}

func notAllowed(what string) error {
	return messages.Errorf(messages.NotAllowed, "%s is not allowed.", what)
}

// caused is an error that carries the cause for the sender of a text.
type caused struct {
	cause int
	err   error
}

func (c *caused) Error() string { return c.err.Error() }
func (c *caused) Unwrap() error { return c.err }

func withCause(cause int, err error) error {
	if err == nil {
		return nil
	}
	return &caused{cause: cause, err: err}
}

// causeOf is the cause for the sender, 0 where the switch is to choose.
func causeOf(err error) int {
	if c, ok := errors.AsType[*caused](err); ok {
		return c.cause
	}
	switch messages.CodeOf(err) {
	case messages.NotFound:
		return causeUnknown
	case messages.NotAllowed:
		return causeNotAllowed
	case messages.Away:
		return causeTemporarily
	}
	return 0
}

// told is what a peer is told of an error: the code (decision 59), and a sentence
// without what stays inside.
func told(err error) (code int, text string) {
	e, ok := errors.AsType[*messages.Error](err)
	if !ok {
		return int(messages.Internal), "Something went wrong in the service."
	}
	switch e.Code {
	case messages.Away:
		return int(messages.Internal), "The service cannot store or read at the moment."
	case messages.Internal:
		return int(messages.Internal), "Something went wrong in the service."
	}
	return int(e.Code), e.Text
}

// isOurs tells whether an error is a fault of the service, to be logged.
func isOurs(err error) bool {
	code := messages.CodeOf(err)
	return code == messages.Internal || code == messages.Away
}

// ofFiles turns the errors of the file buffers into those of the domain.
func ofFiles(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, filebuffer.ErrNotFound), errors.Is(err, filebuffer.ErrForeign):
		return notFound("file")
	case errors.Is(err, filebuffer.ErrQuota), errors.Is(err, filebuffer.ErrFull), errors.Is(err, filebuffer.ErrTooLarge):
		return messages.Errorf(messages.Quota, "There is no room for the file.")
	case errors.Is(err, filebuffer.ErrBusy):
		return &messages.Error{Code: messages.Away, Text: "The file is being removed.", Err: err}
	}
	return err
}

// fail implements failure.
func (f *Failure) fail(err error) { f.Error, f.ErrorText = told(err) }

// fail implements failure.
func (f *Failed) fail(err error) { f.Error, f.ErrorText = true, text(err) }

// fail implements failure.
func (r *PostResult) fail(err error) {
	*r = PostResult{Error: true, ErrorText: text(err), Cau: causeOf(err)}
}

func text(err error) string {
	_, text := told(err)
	return text
}

// panicked is a panic as an error, with where it happened.
func panicked(v any) error {
	return &messages.Error{Code: messages.Internal, Text: "panic", Err: fmt.Errorf("%v\n%s", v, debug.Stack())}
}
