package admin

import (
	"errors"
	"net/http"
)

// Code names a kind of problem. The values travel over the control socket and
// stand in scripts: append only. The codes of refusals of the directory
// (directory.Code) are codes here too.
type Code string

// The further codes.
const (
	Invalid    Code = "invalid"     // the request says something that cannot be
	NotFound   Code = "not_found"   // what it names does not exist
	NotRunning Code = "not_running" // it needs a running server
	Busy       Code = "busy"        // somebody else holds the data directory
	Version    Code = "version"     // the two sides are of different versions
	TooLarge   Code = "too_large"   // the request or the answer is too long
	Internal   Code = "internal"    // our fault; the log has the text
)

// Problem is an error that the operator has to read: a code for programs and a
// sentence for people. It crosses the control socket unchanged.
type Problem struct {
	Code Code   `json:"code"`
	Text string `json:"text"`
}

// Error is the sentence.
func (p *Problem) Error() string { return p.Text }

func problem(code Code, text string) error { return &Problem{Code: code, Text: text} }

// CodeOf is the code of err, Internal for an error that is no Problem.
func CodeOf(err error) Code {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Code
	}
	return Internal
}

// statusOf is the HTTP status that carries a code on the socket.
func statusOf(code Code) int {
	switch code {
	case Internal:
		return http.StatusInternalServerError
	case Version:
		return http.StatusNotImplemented
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusUnprocessableEntity
}
