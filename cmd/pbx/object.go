package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
)

type objectCommands struct {
	Add     objectAdd     `cmd:"" help:"Add an object of any type."`
	List    objectList    `cmd:"" help:"List the objects."`
	Show    objectShow    `cmd:"" help:"Show everything about an object, as JSON."`
	Set     objectSet     `cmd:"" help:"Change an object."`
	Remove  objectRemove  `cmd:"" help:"Remove an object; it can be restored for a time."`
	Deleted objectDeleted `cmd:"" help:"List the removed objects that can be restored."`
	Restore objectRestore `cmd:"" help:"Bring a removed object back, with all that belonged to it."`
}

type objectAdd struct {
	adminFlags    `embed:""`
	passwordFlags `embed:""`
	propertyFlags `embed:""`
	Name          string   `arg:"" help:"Name, with or without domain: support@example.com."`
	Type          string   `env:"-" required:"" enum:"user,app,messages,push,group,gateway,template" placeholder:"TYPE" help:"What it is: user, app, messages, push, group, gateway or template."`
	DN            string   `name:"dn" env:"-" placeholder:"TEXT" help:"Display name."`
	CN            string   `name:"cn" env:"-" placeholder:"TEXT" help:"Long name."`
	Num           string   `env:"-" placeholder:"NUMBER" help:"Number in its node."`
	App           []string `env:"-" placeholder:"NAME" help:"App object that it may open, or that a template lets users open (several allowed)."`
	API           []string `name:"api" env:"-" placeholder:"NAME" help:"API that a program may use (several allowed)."`
	URL           string   `name:"url" env:"-" placeholder:"URL" help:"Where the service of a program is."`
	Licence       []string `env:"-" placeholder:"NAME" help:"Licence to assign (several allowed)."`
	Websocket     bool     `env:"-" help:"Of a program: keep a connection to the service at the URL."`
	Members       string   `env:"-" placeholder:"NAME" help:"Of a hunt group: the group whose members it calls; its own name if left out."`
}

// Run implements the command.
func (c objectAdd) Run(ctx context.Context, con cli.Console) error {
	password, err := c.read(con)
	if err != nil {
		return err
	}
	n := admin.NewObject{
		Type: c.Type, SIP: c.Name, DN: c.DN, CN: c.CN, Num: c.Num, Apps: c.App, APIs: c.API, URL: c.URL,
		Password: value(password), Properties: c.properties(c.Licence),
	}
	n.Properties.Group, n.Properties.Websocket = c.Members, c.Websocket
	return with(ctx, con, c.adminFlags, (*admin.Client).AddObject, n, func(o admin.Object) string {
		return "added the " + o.Type + " " + o.SIP + "@" + o.Domain
	})
}

type objectList struct {
	adminFlags `embed:""`
	Domain     string `env:"-" placeholder:"NAME" help:"Only those of this domain."`
	Type       string `env:"-" enum:",user,app,messages,push,group,gateway,template" default:"" placeholder:"TYPE" help:"Only those of this type."`
}

// Run implements the command.
func (c objectList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).Objects, admin.ListObjects{Type: c.Type, Domain: c.Domain}, func(list []admin.Object) string {
		var rows [][]string
		for _, o := range list {
			rows = append(rows, []string{o.SIP + "@" + o.Domain, o.Type, strconv.FormatInt(o.ID, 10), cli.Or(o.Num), cli.Or(o.Node), cli.Or(o.DN), cli.Or(o.Template), cli.Yes(o.Disabled)})
		}
		return cli.Table("OBJECT TYPE ID NUMBER NODE NAME TEMPLATE DISABLED", rows)
	})
}

type objectShow struct {
	adminFlags `embed:""`
	Name       string `arg:"" help:"Name, with or without domain."`
}

// Run implements the command.
func (c objectShow) Run(ctx context.Context, con cli.Console) error {
	c.JSON = true // there are no columns for it
	return with(ctx, con, c.adminFlags, (*admin.Client).ExportObject, c.Name, func(admin.Exported) string { return "" })
}

type objectSet struct {
	adminFlags    `embed:""`
	passwordFlags `embed:""`
	propertyFlags `embed:""`
	Name          string   `arg:"" help:"Name, with or without domain."`
	Rename        *string  `env:"-" placeholder:"NAME" help:"New name, without domain."`
	DN            *string  `name:"dn" env:"-" placeholder:"TEXT" help:"Display name."`
	CN            *string  `name:"cn" env:"-" placeholder:"TEXT" help:"Long name."`
	Num           *string  `env:"-" placeholder:"NUMBER" help:"Number in its node; empty takes it away."`
	App           []string `env:"-" xor:"app" placeholder:"NAME" help:"App objects, instead of those so far (several allowed)."`
	NoApps        bool     `env:"-" xor:"app" help:"Take all app objects away."`
	API           []string `name:"api" env:"-" xor:"api" placeholder:"NAME" help:"APIs, instead of those so far (several allowed)."`
	NoAPIs        bool     `name:"no-apis" env:"-" xor:"api" help:"Take all APIs away."`
	URL           *string  `name:"url" env:"-" placeholder:"URL" help:"Where the service of a program is; empty takes it away."`
	Licence       []string `env:"-" xor:"licence" placeholder:"NAME" help:"Licences assigned, instead of those so far (several allowed)."`
	NoLicences    bool     `env:"-" xor:"licence" help:"Take all assigned licences away."`
	Websocket     *bool    `env:"-" negatable:"" help:"Of a program: keep a connection to the service at the URL."`
	Members       *string  `env:"-" placeholder:"NAME" help:"Of a hunt group: the group whose members it calls."`
	Disabled      *bool    `env:"-" negatable:"" help:"Keep it from logging in and being reached."`
}

// Run implements the command.
func (c objectSet) Run(ctx context.Context, con cli.Console) error {
	password, err := c.read(con)
	if err != nil {
		return err
	}
	e := admin.ObjectEdit{
		SIP: admin.Maybe(c.Rename), DN: admin.Maybe(c.DN), CN: admin.Maybe(c.CN), Num: admin.Maybe(c.Num), Password: admin.Maybe(password),
		Disabled: admin.Maybe(c.Disabled), Apps: admin.Maybe(replaced(c.App, c.NoApps)), APIs: admin.Maybe(replaced(c.API, c.NoAPIs)),
		URL: admin.Maybe(c.URL), PropertiesEdit: c.edit(replaced(c.Licence, c.NoLicences)),
	}
	e.Group, e.Websocket = admin.Maybe(c.Members), admin.Maybe(c.Websocket)
	return with(ctx, con, c.adminFlags, (*admin.Client).SetObject, admin.SetObject{Name: c.Name, ObjectEdit: e}, func(o admin.Object) string {
		return "changed the " + o.Type + " " + o.SIP + "@" + o.Domain
	})
}

type objectRemove struct {
	adminFlags `embed:""`
	Name       string `arg:"" help:"Name, with or without domain."`
}

// Run implements the command.
func (c objectRemove) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).RemoveObject, admin.RemoveObject{Name: c.Name}, func(o admin.Object) string {
		return "removed the " + o.Type + " " + o.SIP + "@" + o.Domain + "; to bring it back: pbx object restore " + strconv.FormatInt(o.ID, 10) + " --domain " + o.Domain
	})
}

type objectDeleted struct {
	adminFlags `embed:""`
	Domain     string `env:"-" placeholder:"NAME" help:"Domain (the default one)."`
}

// Run implements the command.
func (c objectDeleted) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).DeletedObjects, c.Domain, func(list []admin.Deleted) string {
		var rows [][]string
		for _, o := range list {
			rows = append(rows, []string{strconv.FormatInt(o.ID, 10), o.SIP + "@" + o.Domain, o.Type, when(o.Deleted), when(o.Until)})
		}
		return cli.Table("ID OBJECT TYPE REMOVED UNTIL", rows)
	})
}

type objectRestore struct {
	adminFlags `embed:""`
	Domain     string `env:"-" placeholder:"NAME" help:"Domain (the default one)."`
	ID         int64  `arg:"" name:"id" help:"Id, as pbx object deleted lists it."`
}

// Run implements the command.
func (c objectRestore) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).RestoreObject, admin.RestoreObject{Domain: c.Domain, ID: c.ID}, func(o admin.Object) string {
		return "brought back the " + strings.TrimSpace(o.Type+" "+o.SIP) + "@" + o.Domain
	})
}
