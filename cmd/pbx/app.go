package main

import (
	"context"
	"strings"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
)

type appCommands struct {
	Add    appAdd    `cmd:"" help:"Add an app object."`
	List   appList   `cmd:"" help:"List the app objects."`
	Set    appSet    `cmd:"" help:"Change an app object."`
	Remove appRemove `cmd:"" help:"Remove an app object."`
}

type appAdd struct {
	adminFlags    `embed:""`
	passwordFlags `embed:""`
	Name          string   `arg:"" help:"Name, with or without domain: bot@example.com."`
	API           []string `name:"api" env:"-" placeholder:"NAME" help:"API that the app may use: PbxSignal, PbxApi ... (several allowed)."`
	URL           string   `name:"url" env:"-" placeholder:"URL" help:"Where the service of the app is."`
	DN            string   `name:"dn" env:"-" placeholder:"TEXT" help:"Display name."`
	CN            string   `name:"cn" env:"-" placeholder:"TEXT" help:"Long name."`
	Num           string   `env:"-" placeholder:"NUMBER" help:"Extension."`
	Websocket     bool     `env:"-" help:"Keep a connection to the service at the URL."`
	OverrideCLI   bool     `name:"override-cli" env:"-" help:"Allow calls under another identity."`
}

// Run implements the command. Without a password the app cannot log in.
func (c appAdd) Run(ctx context.Context, con cli.Console) error {
	password, err := c.read(con)
	if err != nil {
		return err
	}
	request := admin.NewObject{
		Type: appType, SIP: c.Name, DN: c.DN, CN: c.CN, Num: c.Num, APIs: c.API, URL: c.URL, OverrideCLI: c.OverrideCLI,
		Properties: admin.Properties{Websocket: c.Websocket},
	}
	if password != nil {
		request.Password = *password
	}
	return with(ctx, con, c.adminFlags, (*admin.Client).AddObject, request, func(a admin.Object) string {
		words := "added the app " + a.SIP + "@" + a.Domain
		if password == nil {
			words += " without a password: it cannot log in"
		}
		return words
	})
}

type appList struct {
	adminFlags `embed:""`
	Domain     string `env:"-" placeholder:"NAME" help:"Only those of this domain."`
}

// Run implements the command.
func (c appList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).Objects, admin.ListObjects{Type: appType, Domain: c.Domain}, func(list []admin.Object) string {
		var rows [][]string
		for _, a := range list {
			rows = append(rows, []string{a.SIP + "@" + a.Domain, cli.Or(strings.Join(a.APIs, ",")), cli.Or(a.URL), cli.Yes(a.Disabled)})
		}
		return cli.Table("APP APIS URL DISABLED", rows)
	})
}

type appSet struct {
	adminFlags    `embed:""`
	passwordFlags `embed:""`
	Name          string   `arg:"" help:"Name, with or without domain."`
	Rename        *string  `env:"-" placeholder:"NAME" help:"New name, without domain."`
	API           []string `name:"api" env:"-" xor:"api" placeholder:"NAME" help:"APIs that the app may use, instead of those so far (several allowed)."`
	NoAPIs        bool     `name:"no-apis" env:"-" xor:"api" help:"Take all APIs away."`
	URL           *string  `name:"url" env:"-" placeholder:"URL" help:"Where the service of the app is; empty takes it away."`
	DN            *string  `name:"dn" env:"-" placeholder:"TEXT" help:"Display name."`
	CN            *string  `name:"cn" env:"-" placeholder:"TEXT" help:"Long name."`
	Num           *string  `env:"-" placeholder:"NUMBER" help:"Extension; empty takes it away."`
	Disabled      *bool    `env:"-" negatable:"" help:"Keep the app from logging in and being reached."`
	Websocket     *bool    `env:"-" negatable:"" help:"Keep a connection to the service at the URL."`
	OverrideCLI   *bool    `name:"override-cli" env:"-" negatable:"" help:"Allow calls under another identity."`
}

// Run implements the command.
func (c appSet) Run(ctx context.Context, con cli.Console) error {
	password, err := c.read(con)
	if err != nil {
		return err
	}
	return with(ctx, con, c.adminFlags, (*admin.Client).SetObject, admin.SetObject{Type: appType, Name: c.Name, ObjectEdit: admin.ObjectEdit{
		SIP: admin.Maybe(c.Rename), DN: admin.Maybe(c.DN), CN: admin.Maybe(c.CN), Num: admin.Maybe(c.Num), Password: admin.Maybe(password),
		APIs: admin.Maybe(replaced(c.API, c.NoAPIs)), URL: admin.Maybe(c.URL),
		Disabled: admin.Maybe(c.Disabled), OverrideCLI: admin.Maybe(c.OverrideCLI),
		PropertiesEdit: admin.PropertiesEdit{Websocket: admin.Maybe(c.Websocket)},
	}}, func(a admin.Object) string { return "changed the app " + a.SIP + "@" + a.Domain })
}

type appRemove struct {
	adminFlags `embed:""`
	Name       string `arg:"" help:"Name, with or without domain."`
}

// Run implements the command.
func (c appRemove) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).RemoveObject, admin.RemoveObject{Type: appType, Name: c.Name},
		func(a admin.Object) string { return "removed the app " + a.SIP + "@" + a.Domain })
}
