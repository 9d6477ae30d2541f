// Command messages-app is the Messages service of Tandem as a process of its own: it
// stores the chats of the switches that connect to it. pbx serve can host the same
// service in its own process; docs/messages.md says when to do which.
//
// This package puts the parts together and does nothing else: serve.go shows the
// whole machine, the other files are one command each. Nothing imports it.
package main

import (
	"context"
	"os"
	ossignal "os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/conf"
	"github.com/tandem-switch/tandem/internal/messages/keepcmd"
)

func main() {
	ctx, stop := ossignal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	code := run(ctx, os.Args[1:], cli.Console{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}

// prefix begins the names of the environment variables.
const prefix = "MESSAGES_"

// commands is the command line.
type commands struct {
	Config conf.File `placeholder:"FILE" help:"YAML file with settings: its keys are the names of the flags."`

	Serve                       serveCommand  `cmd:"" help:"Run the service."`
	Trace                       traceCommands `cmd:"" help:"Traces of frames, while the service runs."`
	Usage                       usageCommand  `cmd:"" help:"Show what each domain holds."`
	keepcmd.Commands[keepFlags] `embed:""`

	Version versionCommand `cmd:"" help:"Print the version."`
}

// The exit codes.
const (
	exitOK     = cli.ExitOK
	exitFailed = cli.ExitFailed
	exitUsage  = cli.ExitUsage
)

// newParser makes the parser of the command line. *left is set where kong wants to
// leave, after help.
func newParser(c *commands, con cli.Console, left *bool) (*kong.Kong, error) {
	return conf.NewProgram(prefix, c,
		kong.Name("messages-app"),
		kong.Description("The Messages service of Tandem, which stores chats. See docs/messages.md."),
		kong.Writers(con.Out, con.Err),
		kong.Exit(func(int) { *left = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// run is the whole program: it does what args say and returns the exit code.
func run(ctx context.Context, args []string, con cli.Console) int {
	var c commands
	return cli.Run(ctx, "messages-app", args, con, func(left *bool) (*kong.Kong, error) { return newParser(&c, con, left) })
}
