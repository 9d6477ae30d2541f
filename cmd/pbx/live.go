package main

import (
	"context"
	"strconv"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
)

type regsCommand struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c regsCommand) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).Registrations, admin.ListRegistrations{}, func(list []admin.Registration) string {
		var rows [][]string
		for _, r := range list {
			rows = append(rows, []string{r.SIP + "@" + r.Domain, cli.Or(r.HW), cli.Or(r.Flags), cli.Yes(r.Inbox), cli.Or(r.Conn), when(r.Since)})
		}
		return cli.Table("USER DEVICE FLAGS INBOX CONNECTION SINCE", rows)
	})
}

type callsCommand struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c callsCommand) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).Calls, admin.ListCalls{}, func(list []admin.Call) string {
		var rows [][]string
		for _, k := range list {
			rows = append(rows, []string{
				k.Kind, k.From, k.To, k.Domain, state(k), strconv.Itoa(k.Legs), strconv.FormatUint(k.Texts, 10), cli.Or(k.ID), when(k.Since),
			})
		}
		return cli.Table("KIND FROM TO DOMAIN STATE LEGS TEXTS CALL SINCE", rows)
	})
}

type linksCommand struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c linksCommand) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).Links, admin.ListLinks{}, func(list []admin.Link) string {
		var rows [][]string
		for _, l := range list {
			since := "-"
			if l.Since != nil {
				since = when(*l.Since)
			}
			rows = append(rows, []string{l.SIP + "@" + l.Domain, cli.Or(l.URL), cli.Yes(l.Connected), since, cli.Or(l.Error)})
		}
		return cli.Table("APP URL CONNECTED SINCE LAST-ERROR", rows)
	})
}

func state(k admin.Call) string {
	switch {
	case k.Inboxes:
		return "inboxes"
	case k.Kept:
		return "kept"
	case k.Answered:
		return "answered"
	}
	return "calling"
}

func when(t time.Time) string { return t.Local().Format(time.DateTime) }
