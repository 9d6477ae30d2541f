package main

import (
	"context"

	"github.com/alecthomas/kong"

	"github.com/tandem-switch/tandem/internal/cli"
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
	exitOK     = cli.ExitOK
	exitFailed = cli.ExitFailed
	exitUsage  = cli.ExitUsage
)

// newParser makes the parser of the command line. *left is set where kong wants
// to leave, after help.
func newParser(c *commands, con cli.Console, left *bool) (*kong.Kong, error) {
	return conf.New(c,
		kong.Name("pbx"),
		kong.Description("Tandem, a switch for calls and chats. See docs/cli.md."),
		kong.Writers(con.Out, con.Err),
		kong.Exit(func(int) { *left = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// run is the whole program: it does what args say and returns the exit code.
func run(ctx context.Context, args []string, con cli.Console) int {
	var c commands
	return cli.Run(ctx, "pbx", args, con, func(left *bool) (*kong.Kong, error) { return newParser(&c, con, left) })
}
