package keepcmd

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/messages/keeping"
)

// RetentionCommands are the commands about rules.
type RetentionCommands[F Flags] struct {
	List  RetentionList[F]  `cmd:"" help:"List the rules of retention."`
	Set   RetentionSet[F]   `cmd:"" help:"Set the rule of the domain, or of one conversation."`
	Unset RetentionUnset[F] `cmd:"" help:"Remove a rule."`
	Run   RetentionRun[F]   `cmd:"" help:"Delete now what the rules do not keep, or count it."`
}

// RetentionList is a command.
type RetentionList[F Flags] struct {
	Of ofDomain[F] `embed:""`
}

// Run implements the command.
func (c RetentionList[F]) Run(ctx context.Context, con cli.Console) error {
	return run(ctx, con, c.Of.Flags, keeping.Client.RetentionRules, c.Of.messages(), func(list []keeping.RetentionRule) string {
		if len(list) == 0 {
			return "there is no rule: all messages stay"
		}
		var rows [][]string
		for _, r := range list {
			rows = append(rows, []string{ruleOf(r), days(r.MessagesDays, "always"), days(r.FilesDays, "as messages"), when(r.Changed)})
		}
		return cli.Table("OF MESSAGES FILES CHANGED", rows)
	})
}

// ruleOf says what a rule is for.
func ruleOf(r keeping.RetentionRule) string {
	if r.Conversation == 0 {
		return "domain"
	}
	return "conversation:" + strconv.FormatInt(r.Conversation, 10)
}

func days(n int, none string) string {
	if n == 0 {
		return strings.ReplaceAll(none, " ", "-")
	}
	return strconv.Itoa(n) + "d"
}

// RetentionSet is a command.
type RetentionSet[F Flags] struct {
	Of           ofDomain[F] `embed:""`
	Conversation int64       `env:"-" placeholder:"NUMBER" help:"The rule is for this conversation alone."`
	MessagesDays int         `env:"-" placeholder:"DAYS" help:"Delete messages that are older; 0 is never."`
	FilesDays    int         `env:"-" placeholder:"DAYS" help:"Delete files that are older and keep the text; 0 is with their messages."`
}

// Run implements the command.
func (c RetentionSet[F]) Run(ctx context.Context, con cli.Console) error {
	request := keeping.SetRetention{Domain: c.Of.Domain, RetentionRule: keeping.RetentionRule{
		Conversation: c.Conversation, MessagesDays: c.MessagesDays, FilesDays: c.FilesDays,
	}}
	return run(ctx, con, c.Of.Flags, keeping.Client.SetRetention, request, func(r keeping.RetentionRule) string {
		return "set: " + ruleOf(r) + ", messages " + days(r.MessagesDays, "always") + ", files " + days(r.FilesDays, "as messages")
	})
}

// RetentionUnset is a command.
type RetentionUnset[F Flags] struct {
	Of           ofDomain[F] `embed:""`
	Conversation int64       `env:"-" placeholder:"NUMBER" help:"The rule of this conversation, not that of the domain."`
}

// Run implements the command.
func (c RetentionUnset[F]) Run(ctx context.Context, con cli.Console) error {
	request := keeping.DropRetention{Domain: c.Of.Domain, Conversation: c.Conversation}
	return run(ctx, con, c.Of.Flags, keeping.Client.DropRetention, request, func(r keeping.DropRetention) string {
		return "removed: " + ruleOf(keeping.RetentionRule{Conversation: r.Conversation})
	})
}

// RetentionRun is a command.
type RetentionRun[F Flags] struct {
	Of     ofDomain[F] `embed:""`
	DryRun bool        `env:"-" help:"Only count."`
}

// Run implements the command.
func (c RetentionRun[F]) Run(ctx context.Context, con cli.Console) error {
	ask := keeping.Client.RunRetention
	if c.DryRun {
		ask = keeping.Client.RetentionPreview
	}
	return run(ctx, con, c.Of.Flags, ask, c.Of.messages(), func(r keeping.RetentionReport) string {
		var rows [][]string
		for _, o := range r.Rules {
			rows = append(rows, countRow(ruleOf(o.Rule), o.Count))
		}
		return cli.Table("OF MESSAGES FILES BYTES HELD", append(rows, countRow("total", r.Total)))
	})
}

func countRow(name string, c keeping.RetentionCount) []string {
	row := []string{name}
	for _, n := range []int64{c.Messages, c.Files, c.Bytes, c.Held} {
		row = append(row, strconv.FormatInt(n, 10))
	}
	return row
}

// HoldCommands are the commands about legal holds.
type HoldCommands[F Flags] struct {
	List HoldList[F] `cmd:"" help:"List the legal holds."`
	Set  HoldSet[F]  `cmd:"" help:"Set a legal hold on a person or a conversation."`
	End  HoldEnd[F]  `cmd:"" help:"End a legal hold."`
}

// HoldList is a command.
type HoldList[F Flags] struct {
	Of ofDomain[F] `embed:""`
}

// Run implements the command.
func (c HoldList[F]) Run(ctx context.Context, con cli.Console) error {
	return run(ctx, con, c.Of.Flags, keeping.Client.Holds, c.Of.messages(), func(list []keeping.Hold) string {
		var rows [][]string
		for _, h := range list {
			conv := ""
			if h.Conversation != 0 {
				conv = strconv.FormatInt(h.Conversation, 10)
			}
			rows = append(rows, []string{cli.Or(h.Person), cli.Or(h.GUID), cli.Or(conv), when(h.Since), cli.Or(h.Note)})
		}
		return cli.Table("PERSON GUID CONVERSATION SINCE NOTE", rows)
	})
}

// held is what a hold is on.
type held struct {
	GUID         string `name:"guid" env:"-" placeholder:"GUID" help:"The guid of the person, instead of the name."`
	Conversation int64  `env:"-" placeholder:"NUMBER" help:"A conversation instead of a person."`
	Name         string `arg:"" optional:"" help:"Name of the person: alice, or alice@example.com."`
}

// hold takes the domain from the name, if there is one.
func (h held) hold(domain, note string) (keeping.OneHold, error) {
	name, domain, err := PersonIn(h.Name, domain)
	return keeping.OneHold{Domain: domain, Hold: keeping.Hold{Person: name, GUID: h.GUID, Conversation: h.Conversation, Note: note}}, err
}

// HoldSet is a command.
type HoldSet[F Flags] struct {
	Of   ofDomain[F] `embed:""`
	Held held        `embed:""`
	Note string      `env:"-" placeholder:"TEXT" help:"What the hold is for."`
}

// Run implements the command.
func (c HoldSet[F]) Run(ctx context.Context, con cli.Console) error {
	request, err := c.Held.hold(c.Of.Domain, c.Note)
	if err != nil {
		return err
	}
	return run(ctx, con, c.Of.Flags, keeping.Client.SetHold, request, func(h keeping.Hold) string { return "on hold: " + h.About() })
}

// HoldEnd is a command.
type HoldEnd[F Flags] struct {
	Of   ofDomain[F] `embed:""`
	Held held        `embed:""`
}

// Run implements the command.
func (c HoldEnd[F]) Run(ctx context.Context, con cli.Console) error {
	request, err := c.Held.hold(c.Of.Domain, "")
	if err != nil {
		return err
	}
	return run(ctx, con, c.Of.Flags, keeping.Client.EndHold, request, func(h keeping.Hold) string { return "no longer on hold: " + h.About() })
}

// Erase is a command.
type Erase[F Flags] struct {
	Of     ofDomain[F] `embed:""`
	GUID   string      `name:"guid" env:"-" placeholder:"GUID" help:"The guid of the person, instead of the name."`
	DryRun bool        `env:"-" help:"Only count what would be erased, or say what forbids it."`
	Name   string      `arg:"" optional:"" help:"Name of the person: alice, or alice@example.com."`
}

// Run implements the command.
func (c Erase[F]) Run(ctx context.Context, con cli.Console) error {
	name, domain, err := PersonIn(c.Name, c.Of.Domain)
	if err != nil {
		return err
	}
	request := keeping.ErasePerson{Domain: domain, Erasure: keeping.Erasure{Person: name, GUID: c.GUID}}
	ask, done := keeping.Client.ErasePerson, "erased"
	if c.DryRun {
		ask, done = keeping.Client.PreviewErase, "would be erased"
	}
	return run(ctx, con, c.Of.Flags, ask, request, func(n keeping.RetentionCount) string {
		return fmt.Sprintf("%s: %d messages, %d references of files with %d bytes", done, n.Messages, n.Files, n.Bytes)
	})
}
