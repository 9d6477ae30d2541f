package main

import (
	"context"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
)

type deviceCommands struct {
	Add    deviceAdd    `cmd:"" help:"Give a user a device."`
	List   deviceList   `cmd:"" help:"List the devices."`
	Remove deviceRemove `cmd:"" help:"Take a device away."`
}

type deviceAdd struct {
	adminFlags `embed:""`
	HW         string `arg:"" name:"hw" help:"Hardware id, as the device registers with it."`
	User       string `env:"-" required:"" placeholder:"NAME" help:"Whose device it is, with or without domain."`
	Text       string `env:"-" placeholder:"TEXT" help:"What people call it."`
	App        string `env:"-" placeholder:"NAME" help:"App that logs in for it: an app object, or phone, softphone or chat."`
	Single     bool   `env:"-" help:"A newer registration replaces the older one."`
}

// Run implements the command.
func (c deviceAdd) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).AddDevice,
		admin.AddDevice{User: c.User, NewDevice: admin.NewDevice{HW: c.HW, Text: c.Text, App: c.App, Single: c.Single}},
		func(d admin.Device) string { return "added the device " + d.HW + " of " + d.User + "@" + d.Domain })
}

type deviceList struct {
	adminFlags `embed:""`
	User       string `env:"-" xor:"whose" placeholder:"NAME" help:"Only those of this user."`
	Domain     string `env:"-" xor:"whose" placeholder:"NAME" help:"Only those of this domain."`
}

// Run implements the command.
func (c deviceList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).Devices, admin.ListDevices{User: c.User, Domain: c.Domain}, func(list []admin.Device) string {
		var rows [][]string
		for _, d := range list {
			rows = append(rows, []string{d.HW, d.User + "@" + d.Domain, cli.Or(d.Text), cli.Or(d.App), cli.Yes(d.Single)})
		}
		return cli.Table("DEVICE USER NAME APP SINGLE", rows)
	})
}

type deviceRemove struct {
	adminFlags `embed:""`
	HW         string `arg:"" name:"hw" help:"Hardware id."`
	User       string `env:"-" required:"" placeholder:"NAME" help:"Whose device it is, with or without domain."`
}

// Run implements the command.
func (c deviceRemove) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).RemoveDevice, admin.RemoveDevice{HW: c.HW, User: c.User},
		func(d admin.Device) string { return "removed the device " + d.HW + " of " + d.User + "@" + d.Domain })
}
