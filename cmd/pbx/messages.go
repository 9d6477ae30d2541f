package main

import (
	"context"
	"io"
	"strconv"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/messages/keepcmd"
	"github.com/tandem-switch/tandem/internal/messages/keeping"
)

type messagesCommands struct {
	keepcmd.Commands[adminFlags] `embed:""`

	Broadcast messagesBroadcast `cmd:"" help:"Send one message to many people of a domain."`
	List      messagesList      `cmd:"" help:"Show for each domain whether chats are stored, for whom, and how much."`
	Removed   removedCommands   `cmd:"" help:"Chats of domains that were removed."`
}

var _ keepcmd.Flags = adminFlags{}

// Keeping implements keepcmd.Flags.
func (f adminFlags) Keeping(ctx context.Context) (client keeping.Client, done func() error, err error) {
	op, err := f.operator(ctx, false)
	if err != nil {
		return client, nil, err
	}
	asked := op.Keeping()
	return keeping.Client{
		Do: func(ctx context.Context, method, domain, path string, in, out any) error {
			return asked.Do(admin.WithReason(ctx, f.Reason), method, domain, path, in, out)
		},
		Open: func(ctx context.Context, domain, path string) (io.ReadCloser, error) {
			return asked.Open(admin.WithReason(ctx, f.Reason), domain, path)
		},
	}, op.Close, nil
}

// AsJSON implements keepcmd.Flags.
func (f adminFlags) AsJSON() bool { return f.JSON }

type messagesList struct {
	adminFlags `embed:""`
	Domain     string `env:"-" placeholder:"NAME" help:"Only this domain."`
	Usage      bool   `env:"-" help:"Count what is stored too; with much of it that takes a while."`
}

// Run implements the command.
func (c messagesList) Run(ctx context.Context, con cli.Console) error {
	request := admin.ListChats{Domain: c.Domain, Usage: c.Usage}
	return with(ctx, con, c.adminFlags, (*admin.Client).ChatStorage, request, func(list []admin.Chats) string {
		header := "DOMAIN WHERE STATE CONNECTED USERS STORING"
		if c.Usage {
			header += " MESSAGES CONVERSATIONS TEXT FILES FILE-BYTES CHANGES INDEXED"
		}
		var rows [][]string
		for _, d := range list {
			row := []string{d.Domain, d.Mode, d.State, cli.Yes(d.Connected), strconv.Itoa(d.Users), strconv.Itoa(d.Storing)}
			if u := d.Usage; u != nil {
				for _, n := range []int64{u.Messages, u.Conversations, u.TextBytes, u.Files, u.FileBytes, u.Changes, u.Indexed} {
					row = append(row, strconv.FormatInt(n, 10))
				}
			} else if c.Usage { // a service elsewhere counts for itself: messages-app usage
				row = append(row, "-", "-", "-", "-", "-", "-", "-")
			}
			rows = append(rows, row)
		}
		return cli.Table(header, rows) + whyVolatile(list)
	})
}

// whyVolatile is a line for each domain whose chats could be stored and are not.
func whyVolatile(list []admin.Chats) (lines string) {
	for _, d := range list {
		if d.Why != "" {
			lines += "\n" + d.Domain + ": chats are not stored. " + d.Why
		}
	}
	return lines
}

type removedCommands struct {
	List   removedList   `cmd:"" help:"List removed domains whose chats are still stored."`
	Delete removedDelete `cmd:"" help:"Delete the chats of one."`
}

type removedList struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c removedList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).RemovedChats, struct{}{}, func(list []admin.RemovedChats) string {
		var rows [][]string
		for _, r := range list {
			rows = append(rows, []string{r.Name})
		}
		return cli.Table("NAME", rows)
	})
}

type removedDelete struct {
	Name       string `arg:"" help:"A name of the list."`
	adminFlags `embed:""`
}

// Run implements the command.
func (c removedDelete) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).DeleteRemovedChats, admin.RemovedChats{Name: c.Name}, func(r admin.RemovedChats) string {
		return "deleted: the chats of " + r.Name
	})
}
