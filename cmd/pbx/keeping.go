package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
)

// What administrators do with stored messages (docs/retention.md).

type retentionCommands struct {
	List  retentionList  `cmd:"" help:"List the rules of retention."`
	Set   retentionSet   `cmd:"" help:"Set the rule of the domain, or of one conversation."`
	Unset retentionUnset `cmd:"" help:"Remove a rule."`
	Run   retentionRun   `cmd:"" help:"Delete now what the rules do not keep, or count it."`
}

type holdCommands struct {
	List holdList `cmd:"" help:"List the legal holds."`
	Set  holdSet  `cmd:"" help:"Set a legal hold on a person or a conversation."`
	End  holdEnd  `cmd:"" help:"End a legal hold."`
}

// ofDomain are the flags of commands about the messages of one domain.
type ofDomain struct {
	adminFlags `embed:""`
	Domain     string `env:"-" placeholder:"NAME" help:"Name of the domain; without it the default one."`
}

func (o ofDomain) messages() admin.Messages { return admin.Messages{Domain: o.Domain} }

type retentionList struct {
	ofDomain `embed:""`
}

// Run implements the command.
func (c retentionList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).RetentionRules, c.messages(), func(list []admin.RetentionRule) string {
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
func ruleOf(r admin.RetentionRule) string {
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

type retentionSet struct {
	ofDomain     `embed:""`
	Conversation int64 `env:"-" placeholder:"NUMBER" help:"The rule is for this conversation alone."`
	MessagesDays int   `env:"-" placeholder:"DAYS" help:"Delete messages that are older; 0 is never."`
	FilesDays    int   `env:"-" placeholder:"DAYS" help:"Delete files that are older and keep the text; 0 is with their messages."`
}

// Run implements the command.
func (c retentionSet) Run(ctx context.Context, con cli.Console) error {
	request := admin.SetRetention{Domain: c.Domain, RetentionRule: admin.RetentionRule{
		Conversation: c.Conversation, MessagesDays: c.MessagesDays, FilesDays: c.FilesDays,
	}}
	return with(ctx, con, c.adminFlags, (*admin.Client).SetRetention, request, func(r admin.RetentionRule) string {
		return "set: " + ruleOf(r) + ", messages " + days(r.MessagesDays, "always") + ", files " + days(r.FilesDays, "as messages")
	})
}

type retentionUnset struct {
	ofDomain     `embed:""`
	Conversation int64 `env:"-" placeholder:"NUMBER" help:"The rule of this conversation, not that of the domain."`
}

// Run implements the command.
func (c retentionUnset) Run(ctx context.Context, con cli.Console) error {
	request := admin.DropRetention{Domain: c.Domain, Conversation: c.Conversation}
	return with(ctx, con, c.adminFlags, (*admin.Client).DropRetention, request, func(r admin.DropRetention) string {
		return "removed: " + ruleOf(admin.RetentionRule{Conversation: r.Conversation})
	})
}

type retentionRun struct {
	ofDomain `embed:""`
	DryRun   bool `env:"-" help:"Only count."`
}

// Run implements the command.
func (c retentionRun) Run(ctx context.Context, con cli.Console) error {
	ask := (*admin.Client).RunRetention
	if c.DryRun {
		ask = (*admin.Client).RetentionPreview
	}
	return with(ctx, con, c.adminFlags, ask, c.messages(), func(r admin.RetentionReport) string {
		var rows [][]string
		for _, o := range r.Rules {
			rows = append(rows, countRow(ruleOf(o.Rule), o.Count))
		}
		return cli.Table("OF MESSAGES FILES BYTES HELD", append(rows, countRow("total", r.Total)))
	})
}

func countRow(name string, c admin.RetentionCount) []string {
	row := []string{name}
	for _, n := range []int64{c.Messages, c.Files, c.Bytes, c.Held} {
		row = append(row, strconv.FormatInt(n, 10))
	}
	return row
}

type holdList struct {
	ofDomain `embed:""`
}

// Run implements the command.
func (c holdList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).Holds, c.messages(), func(list []admin.Hold) string {
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

// held is what a hold, or an erasure, is about.
type held struct {
	GUID         string `name:"guid" env:"-" placeholder:"GUID" help:"The guid of the person, instead of the name."`
	Conversation int64  `env:"-" placeholder:"NUMBER" help:"A conversation instead of a person."`
	Name         string `arg:"" optional:"" help:"Name of the person: alice, or alice@example.com."`
}

// hold takes the domain from the name, if there is one.
func (h held) hold(domain, note string) (admin.OneHold, error) {
	name, domain, err := personIn(h.Name, domain)
	return admin.OneHold{Domain: domain, Hold: admin.Hold{Person: name, GUID: h.GUID, Conversation: h.Conversation, Note: note}}, err
}

// personIn takes "alice@example.com" apart. --domain may say the domain instead.
func personIn(name, domain string) (sip, in string, err error) {
	sip, host, found := strings.Cut(name, "@")
	switch {
	case !found:
		return sip, domain, nil
	case host == "" || domain != "" && !strings.EqualFold(host, domain):
		return "", "", cli.Misuse("%s names another domain than --domain, or none", name)
	}
	return sip, host, nil
}

func holdText(h admin.Hold) string {
	if h.Conversation != 0 {
		return "conversation " + strconv.FormatInt(h.Conversation, 10)
	}
	return h.Person + h.GUID
}

type holdSet struct {
	ofDomain `embed:""`
	held     `embed:""`
	Note     string `env:"-" placeholder:"TEXT" help:"What the hold is for."`
}

// Run implements the command.
func (c holdSet) Run(ctx context.Context, con cli.Console) error {
	request, err := c.hold(c.Domain, c.Note)
	if err != nil {
		return err
	}
	return with(ctx, con, c.adminFlags, (*admin.Client).SetHold, request, func(h admin.Hold) string { return "on hold: " + holdText(h) })
}

type holdEnd struct {
	ofDomain `embed:""`
	held     `embed:""`
}

// Run implements the command.
func (c holdEnd) Run(ctx context.Context, con cli.Console) error {
	request, err := c.hold(c.Domain, "")
	if err != nil {
		return err
	}
	return with(ctx, con, c.adminFlags, (*admin.Client).EndHold, request, func(h admin.Hold) string { return "no longer on hold: " + holdText(h) })
}

type messagesErase struct {
	ofDomain `embed:""`
	GUID     string `name:"guid" env:"-" placeholder:"GUID" help:"The guid of the person, instead of the name."`
	Name     string `arg:"" optional:"" help:"Name of the person: alice, or alice@example.com."`
}

// Run implements the command.
func (c messagesErase) Run(ctx context.Context, con cli.Console) error {
	name, domain, err := personIn(c.Name, c.Domain)
	if err != nil {
		return err
	}
	request := admin.ErasePerson{Domain: domain, Erasure: admin.Erasure{Person: name, GUID: c.GUID}}
	return with(ctx, con, c.adminFlags, (*admin.Client).ErasePerson, request, func(n admin.RetentionCount) string {
		return fmt.Sprintf("erased: %d messages, %d references of files with %d bytes", n.Messages, n.Files, n.Bytes)
	})
}

type messagesConversations struct {
	ofDomain `embed:""`
}

// Run implements the command.
func (c messagesConversations) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).Conversations, c.messages(), func(list []admin.Conversation) string {
		var rows [][]string
		for _, v := range list {
			rows = append(rows, []string{
				strconv.FormatInt(v.ID, 10), v.Kind, cli.Or(v.Title), cli.Or(strings.Join(v.People, ",")), strconv.FormatInt(v.Messages, 10), whenever(v.Last),
			})
		}
		return cli.Table("NUMBER KIND TITLE PEOPLE MESSAGES LAST", rows)
	})
}

type messagesSearch struct {
	ofDomain `embed:""`
	Rebuild  bool `env:"-" help:"Empty the search index and fill it again."`
}

// Run implements the command.
func (c messagesSearch) Run(ctx context.Context, con cli.Console) error {
	ask := (*admin.Client).SearchState
	if c.Rebuild {
		ask = (*admin.Client).RebuildSearch
	}
	return with(ctx, con, c.adminFlags, ask, c.messages(), func(s admin.SearchState) string {
		row := []string{s.Domain}
		for _, n := range []int64{s.Messages, s.Changes, s.Indexed, s.Parts} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		return cli.Table("DOMAIN MESSAGES CHANGES INDEXED PARTS", [][]string{row})
	})
}

type messagesExport struct {
	ofDomain     `embed:""`
	GUID         string `name:"guid" env:"-" placeholder:"GUID" help:"The guid of the person, instead of the name."`
	With         string `env:"-" placeholder:"NAME" help:"Only the chat with this person."`
	Conversation int64  `env:"-" placeholder:"NUMBER" help:"Only this group; without a person, everything of this conversation."`
	Format       string `env:"-" enum:"both,json,html" default:"both" placeholder:"FORMAT" help:"What to write: json, html or both (${default})."`
	NoFiles      bool   `env:"-" help:"Leave the files out."`
	Out          string `env:"-" required:"" placeholder:"FILE" help:"Where to write the ZIP archive; it must not be there yet. - is the standard output."`
	Name         string `arg:"" optional:"" help:"Name of the person who may read what is exported: alice, or alice@example.com."`
}

// Run implements the command.
func (c messagesExport) Run(ctx context.Context, con cli.Console) (err error) {
	name, domain, err := personIn(c.Name, c.Domain)
	if err != nil {
		return err
	}
	op, err := c.operator(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, op.Close()) }()
	body, err := op.ExportChats(admin.WithReason(ctx, c.Reason), admin.ChatExport{
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
