// Package keepcmd is the commands with which administrators work on stored messages:
// those of "pbx messages" and of messages-app, which are the same. A program embeds
// Commands with its own flags, which say how the service is reached (docs/retention.md
// is the manual).
//
// Nothing in it runs concurrently.
package keepcmd

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/messages/keeping"
)

// Flags are those of a program that say whom its commands ask. It is embedded into
// each of them.
type Flags interface {
	// Keeping opens what answers the commands, with the reason that was given; done
	// is called behind the last answer.
	Keeping(ctx context.Context) (client keeping.Client, done func() error, err error)
	// AsJSON tells whether answers are for programs.
	AsJSON() bool
}

// Commands is all of them.
type Commands[F Flags] struct {
	Conversations Conversations[F]     `cmd:"" help:"List the conversations of a domain, without what is said."`
	Retention     RetentionCommands[F] `cmd:"" help:"How long messages and files are kept."`
	Hold          HoldCommands[F]      `cmd:"" help:"Legal holds: what nobody deletes."`
	Erase         Erase[F]             `cmd:"" help:"Erase what a person has written, and the person."`
	Export        Export[F]            `cmd:"" help:"Write conversations into a ZIP archive."`
	Search        Search[F]            `cmd:"" help:"Show how far the search index is, or make it anew."`
}

// ofDomain are the flags of commands about the messages of one domain.
type ofDomain[F Flags] struct {
	Flags  F      `embed:""`
	Domain string `env:"-" placeholder:"NAME" help:"Name of the domain; without it the default one (of messages-app: the only one)."`
}

func (o ofDomain[F]) messages() keeping.Messages { return keeping.Messages{Domain: o.Domain} }

// run asks, and shows the answer as JSON or in words.
func run[F Flags, Request, Result any](
	ctx context.Context, con cli.Console, flags F,
	ask func(keeping.Client, context.Context, Request) (Result, error), request Request, words func(Result) string,
) (err error) {
	client, done, err := flags.Keeping(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	result, err := ask(client, ctx, request)
	if err != nil {
		return err
	}
	return cli.Show(con, flags.AsJSON(), result, words)
}

// PersonIn takes "alice@example.com" apart. --domain may say the domain instead.
func PersonIn(name, domain string) (sip, in string, err error) {
	sip, host, found := strings.Cut(name, "@")
	switch {
	case !found:
		return sip, domain, nil
	case host == "" || domain != "" && !strings.EqualFold(host, domain):
		return "", "", cli.Misuse("%s names another domain than --domain, or none", name)
	}
	return sip, host, nil
}

// Conversations is a command.
type Conversations[F Flags] struct {
	Of ofDomain[F] `embed:""`
}

// Run implements the command.
func (c Conversations[F]) Run(ctx context.Context, con cli.Console) error {
	return run(ctx, con, c.Of.Flags, keeping.Client.Conversations, c.Of.messages(), func(list []keeping.Conversation) string {
		var rows [][]string
		for _, v := range list {
			rows = append(rows, []string{
				strconv.FormatInt(v.ID, 10), v.Kind, cli.Or(v.Title), cli.Or(strings.Join(v.People, ",")), strconv.FormatInt(v.Messages, 10), when(v.Last),
			})
		}
		return cli.Table("NUMBER KIND TITLE PEOPLE MESSAGES LAST", rows)
	})
}

// when is a time for people, a dash where there is none.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format(time.DateTime)
}

// Search is a command.
type Search[F Flags] struct {
	Of      ofDomain[F] `embed:""`
	Rebuild bool        `env:"-" help:"Empty the search index and fill it again."`
}

// Run implements the command.
func (c Search[F]) Run(ctx context.Context, con cli.Console) error {
	ask := keeping.Client.SearchState
	if c.Rebuild {
		ask = keeping.Client.RebuildSearch
	}
	return run(ctx, con, c.Of.Flags, ask, c.Of.messages(), func(s keeping.SearchState) string {
		row := []string{s.Domain}
		for _, n := range []int64{s.Messages, s.Changes, s.Indexed, s.Parts} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		return cli.Table("DOMAIN MESSAGES CHANGES INDEXED PARTS", [][]string{row})
	})
}

// Export is a command.
type Export[F Flags] struct {
	Of           ofDomain[F] `embed:""`
	GUID         string      `name:"guid" env:"-" placeholder:"GUID" help:"The guid of the person, instead of the name."`
	With         string      `env:"-" placeholder:"NAME" help:"Only the chat with this person."`
	Conversation int64       `env:"-" placeholder:"NUMBER" help:"Only this group; without a person, everything of this conversation."`
	Format       string      `env:"-" enum:"both,json,html" default:"both" placeholder:"FORMAT" help:"What to write: json, html or both (${default})."`
	NoFiles      bool        `env:"-" help:"Leave the files out."`
	Out          string      `env:"-" required:"" placeholder:"FILE" help:"Where to write the ZIP archive; it must not be there yet. - is the standard output."`
	Name         string      `arg:"" optional:"" help:"Name of the person who may read what is exported: alice, or alice@example.com."`
}

// Run implements the command.
func (c Export[F]) Run(ctx context.Context, con cli.Console) (err error) {
	name, domain, err := PersonIn(c.Name, c.Of.Domain)
	if err != nil {
		return err
	}
	client, done, err := c.Of.Flags.Keeping(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	body, err := client.ExportChats(ctx, keeping.ChatExport{
		Domain: domain, Person: name, GUID: c.GUID, With: c.With, Conversation: c.Conversation, Format: c.Format, NoFiles: c.NoFiles,
	})
	if err != nil {
		return err
	}
	defer body.Close()
	if c.Out == "-" {
		_, err = io.Copy(con.Out, body)
		return err
	}
	return cli.WriteNew(c.Out, body)
}
