package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/tandem-switch/tandem/internal/conf"
)

// commands is the command line.
type commands struct {
	Config conf.File `placeholder:"FILE" help:"YAML file with settings: its keys are the names of the flags."`

	Serve    serveCommand     `cmd:"" help:"Run the switch."`
	Admin    adminCommands    `cmd:"" help:"Administrators: accounts for the HTTP API."`
	Token    tokenCommands    `cmd:"" help:"API tokens."`
	Domain   domainCommands   `cmd:"" help:"Domains, the tenants of the switch."`
	User     userCommands     `cmd:"" help:"Users, the people of a domain."`
	App      appCommands      `cmd:"" help:"App objects, programs with a login of their own."`
	Object   objectCommands   `cmd:"" help:"Objects of every type: users, apps, groups, gateways, templates."`
	Device   deviceCommands   `cmd:"" help:"Devices of users."`
	Licence  licenceCommand   `cmd:"" help:"Licences, which say what each domain may use."`
	Regs     regsCommand      `cmd:"" help:"List the live registrations."`
	Audit    auditCommands    `cmd:"" help:"The audit log: who did what."`
	Links    linksCommand     `cmd:"" help:"List the connections to app services."`
	Messages messagesCommands `cmd:"" help:"Stored chats."`
	Calls    callsCommand     `cmd:"" help:"List the live calls and chats."`
	Doctor   doctorCommand    `cmd:"" help:"Look at the installation and tell what is wrong."`
	Drain    drainCommand     `cmd:"" help:"Let the calls run out, then stop the server."`
	Backup   backupCommand    `cmd:"" help:"Write everything into one file, while it runs."`
	Restore  restoreCommand   `cmd:"" help:"Put a backup in the place of everything."`
	Keys     keysCommands     `cmd:"" help:"The master key, under which secrets are sealed."`
	Trace    traceCommands    `cmd:"" help:"Traces of frames, while the server runs."`
	Phone    phoneCommand     `cmd:"" help:"Chat in the terminal."`
	Version  versionCommand   `cmd:"" help:"Print the version."`
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

// newParser makes the parser of the command line. *left is set where kong wants
// to leave, after help.
func newParser(c *commands, con console, left *bool) (*kong.Kong, error) {
	return conf.New(c,
		kong.Name("pbx"),
		kong.Description("Tandem, a switch for calls and chats. See docs/cli.md."),
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
		fmt.Fprintln(con.err, "pbx:", err)
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
	return report(con, parsed.Run(con), parsed.Command())
}

// usage tells what was wrong with the command line, and where help is.
func usage(con console, err error) int {
	command := "pbx"
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok && wrong.Context != nil {
		for _, part := range wrong.Context.Path {
			if part.Command != nil {
				command += " " + part.Command.Name
			}
		}
	}
	fmt.Fprintf(con.err, "pbx: %v (see: %s --help)\n", err, command)
	return exitUsage
}

// report tells what went wrong while a command ran.
func report(con console, err error, command string) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(con.err, "pbx:", err)
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitFailed
}
