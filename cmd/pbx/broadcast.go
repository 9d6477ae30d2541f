package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
)

type messagesBroadcast struct {
	Text       string   `arg:"" optional:"" help:"The message: HTML."`
	To         []string `env:"-" placeholder:"NAME" help:"Somebody who is to get it; again for more."`
	Everybody  bool     `env:"-" help:"Everybody of the domain is to get it."`
	Template   string   `env:"-" placeholder:"NAME" help:"Those with this template are to get it."`
	Group      string   `env:"-" placeholder:"NAME" help:"Those of this group are to get it."`
	Sender     string   `required:"" env:"-" placeholder:"NAME" help:"Who writes."`
	Key        string   `env:"-" placeholder:"TEXT" help:"Name of the broadcast: sent again with the same one nobody gets it twice (a new one)."`
	DryRun     bool     `env:"-" help:"Only count who would get it."`
	Show       int64    `env:"-" placeholder:"NUMBER" help:"Send nothing, and show how far this broadcast has come."`
	Domain     string   `env:"-" placeholder:"NAME" help:"Domain (the default one)."`
	adminFlags `embed:""`
}

// Run implements the command.
func (c messagesBroadcast) Run(ctx context.Context, con cli.Console) error {
	to := admin.BroadcastTo{Names: c.To, Everybody: c.Everybody, Template: c.Template, Group: c.Group}
	request := admin.SendBroadcast{Domain: c.Domain, NewBroadcast: admin.NewBroadcast{Sender: c.Sender, BroadcastTo: to, Text: c.Text, Key: c.Key}}
	switch {
	case c.Show != 0:
		return with(ctx, con, c.adminFlags, (*admin.Client).ShowBroadcast, admin.OneBroadcast{Domain: c.Domain, Sender: c.Sender, ID: c.Show}, broadcastWords)
	case c.Text == "":
		return cli.Misuse("say what to send, or --show NUMBER")
	case c.DryRun:
		return with(ctx, con, c.adminFlags, (*admin.Client).PreviewBroadcast, request, func(p admin.BroadcastPreview) string {
			return fmt.Sprintf("%d people would get it", p.Receivers) + unknownWords(p.Unknown)
		})
	case c.Key == "":
		request.Key = rand.Text()
	}
	return with(ctx, con, c.adminFlags, (*admin.Client).Broadcast, request, func(b admin.Broadcast) string {
		return broadcastWords(b) + "\nkey " + request.Key
	})
}

func broadcastWords(b admin.Broadcast) string {
	n := b.Counts
	row := []string{strconv.FormatInt(b.ID, 10), b.Sender}
	for _, v := range []int64{n.Total, n.Sent, n.Delivered, n.Read, n.Failed, n.Unknown} {
		row = append(row, strconv.FormatInt(v, 10))
	}
	return cli.Table("NUMBER SENDER TOTAL SENT DELIVERED READ FAILED UNKNOWN", [][]string{row}) + unknownWords(b.Unknown)
}

// unknownWords is a line for each name that nobody has.
func unknownWords(names []string) (lines string) {
	for _, name := range names {
		lines += "\nunknown: " + name
	}
	return lines
}
