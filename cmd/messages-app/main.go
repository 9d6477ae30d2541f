// Command messages-app is the Messages service of Tandem as a process of its own: it
// stores the chats of the switches that connect to it. pbx serve can host the same
// service in its own process; docs/messages.md says when to do which.
//
// This package puts the parts together and does nothing else: serve.go shows the
// whole machine, the other files are one command each. Nothing imports it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	ossignal "os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tandem-switch/tandem/internal/conf"
)

func main() {
	ctx, stop := ossignal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	code := run(ctx, os.Args[1:], console{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// console is where a command reads and writes.
type console struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// prefix begins the names of the environment variables.
const prefix = "MESSAGES_"

// commands is the command line.
type commands struct {
	Config conf.File `placeholder:"FILE" help:"YAML file with settings: its keys are the names of the flags."`

	Serve   serveCommand   `cmd:"" help:"Run the service."`
	Trace   traceCommands  `cmd:"" help:"Traces of frames, while the service runs."`
	Usage   usageCommand   `cmd:"" help:"Show what each domain holds."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is an error in how a command was called.
type usageError struct{ text string }

// Error implements error.
func (u *usageError) Error() string { return u.text }

func misuse(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// newParser makes the parser of the command line. *left is set where kong wants to
// leave, after help.
func newParser(c *commands, con console, left *bool) (*kong.Kong, error) {
	return conf.NewProgram(prefix, c,
		kong.Name("messages-app"),
		kong.Description("The Messages service of Tandem, which stores chats. See docs/messages.md."),
		kong.Writers(con.out, con.err),
		kong.Exit(func(int) { *left = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// run is the whole program: it does what args say and returns the exit code.
func run(ctx context.Context, args []string, con console) int {
	var c commands
	left := false
	parser, err := newParser(&c, con, &left)
	if err != nil { // a mistake in the model above
		fmt.Fprintln(con.err, "messages-app:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if left {
		return exitOK
	}
	if err != nil {
		return usage(con, err)
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(con); err != nil {
		fmt.Fprintln(con.err, "messages-app:", err)
		if _, ok := errors.AsType[*usageError](err); ok {
			return exitUsage
		}
		return exitFailed
	}
	return exitOK
}

// usage tells what was wrong with the command line, and where help is.
func usage(con console, err error) int {
	command := "messages-app"
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok && wrong.Context != nil {
		for _, part := range wrong.Context.Path {
			if part.Command != nil {
				command += " " + part.Command.Name
			}
		}
	}
	fmt.Fprintf(con.err, "messages-app: %v (see: %s --help)\n", err, command)
	return exitUsage
}
