// Package cli is what the programs of the house have in common on the command line:
// where they read and write, how they are run, how they show what they have found, and
// what their exit codes mean.
//
// Command pbx and messages-app call it, and the packages of commands that both have.
// Nothing in it runs concurrently.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// Console is where a command reads and writes.
type Console struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// The exit codes.
const (
	ExitOK     = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// usageError is an error in how a command was called.
type usageError struct{ text string }

// Error implements error.
func (u *usageError) Error() string { return u.text }

// Misuse is an error in how a command was called: the exit code is ExitUsage.
func Misuse(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// Run is a whole program: it does what args say and returns the exit code. newParser
// makes the parser of its command line; *left is to be set where kong wants to leave,
// after help. Commands are given a context.Context and the Console.
func Run(ctx context.Context, program string, args []string, con Console, newParser func(left *bool) (*kong.Kong, error)) int {
	left := false
	parser, err := newParser(&left)
	if err != nil { // a mistake in the model of the commands
		fmt.Fprintf(con.Err, "%s: %v\n", program, err)
		return ExitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if left {
		return ExitOK
	}
	if err != nil {
		return usage(program, con, err)
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return report(program, con, parsed.Run(con))
}

// usage tells what was wrong with the command line, and where help is.
func usage(program string, con Console, err error) int {
	command := program
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok && wrong.Context != nil {
		for _, part := range wrong.Context.Path {
			if part.Command != nil {
				command += " " + part.Command.Name
			}
		}
	}
	fmt.Fprintf(con.Err, "%s: %v (see: %s --help)\n", program, err, command)
	return ExitUsage
}

// report tells what went wrong while a command ran.
func report(program string, con Console, err error) int {
	if err == nil {
		return ExitOK
	}
	fmt.Fprintf(con.Err, "%s: %v\n", program, err)
	if _, ok := errors.AsType[*usageError](err); ok {
		return ExitUsage
	}
	return ExitFailed
}
