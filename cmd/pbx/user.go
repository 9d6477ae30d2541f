package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
)

// The types of objects that have commands of their own.
const (
	userType = "user"
	appType  = "app"
)

type userCommands struct {
	Add    userAdd    `cmd:"" help:"Add a user."`
	List   userList   `cmd:"" help:"List the users."`
	Set    userSet    `cmd:"" help:"Change a user."`
	Remove userRemove `cmd:"" help:"Remove a user."`
	Import userImport `cmd:"" help:"Add the users of a CSV file."`
	Export userExport `cmd:"" help:"Write the users as a CSV file, without passwords."`
}

type userAdd struct {
	adminFlags    `embed:""`
	passwordFlags `embed:""`
	propertyFlags `embed:""`
	Name          string   `arg:"" help:"Name, with or without domain: alice@example.com."`
	DN            string   `name:"dn" env:"-" placeholder:"TEXT" help:"Display name."`
	CN            string   `name:"cn" env:"-" placeholder:"TEXT" help:"Long name."`
	Num           string   `env:"-" placeholder:"NUMBER" help:"Extension."`
	App           []string `env:"-" placeholder:"NAME" help:"App object that the user may open (several allowed)."`
	Licence       []string `env:"-" placeholder:"NAME" help:"Licence to assign: messages, App(name) (several allowed)."`
	OverrideCLI   bool     `name:"override-cli" env:"-" help:"Allow calls under another identity."`
	SecondFactor  bool     `env:"-" negatable:"" help:"Have logins with the password confirmed on another session."`
}

// Run implements the command.
func (c userAdd) Run(ctx context.Context, con cli.Console) error {
	password, err := c.need(con)
	if err != nil {
		return err
	}
	return with(ctx, con, c.adminFlags, (*admin.Client).AddObject, admin.NewObject{
		Type: userType, SIP: c.Name, DN: c.DN, CN: c.CN, Num: c.Num, Password: password,
		Apps: c.App, OverrideCLI: c.OverrideCLI, SecondFactor: c.SecondFactor, Properties: c.properties(c.Licence),
	}, func(u admin.Object) string { return "added the user " + u.SIP + "@" + u.Domain })
}

type userList struct {
	adminFlags `embed:""`
	Domain     string `env:"-" placeholder:"NAME" help:"Only those of this domain."`
}

// Run implements the command.
func (c userList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).Objects, admin.ListObjects{Type: userType, Domain: c.Domain}, func(list []admin.Object) string {
		var rows [][]string
		for _, u := range list {
			rows = append(rows, []string{u.SIP + "@" + u.Domain, cli.Or(u.Num), cli.Or(u.DN), cli.Yes(u.Disabled), cli.Yes(u.SecondFactor)})
		}
		return cli.Table("USER NUMBER NAME DISABLED SECOND-FACTOR", rows)
	})
}

type userSet struct {
	adminFlags    `embed:""`
	passwordFlags `embed:""`
	propertyFlags `embed:""`
	Name          string   `arg:"" help:"Name, with or without domain."`
	Rename        *string  `env:"-" placeholder:"NAME" help:"New name, without domain."`
	DN            *string  `name:"dn" env:"-" placeholder:"TEXT" help:"Display name."`
	CN            *string  `name:"cn" env:"-" placeholder:"TEXT" help:"Long name."`
	Num           *string  `env:"-" placeholder:"NUMBER" help:"Extension; empty takes it away."`
	App           []string `env:"-" xor:"app" placeholder:"NAME" help:"App objects that the user may open, instead of those so far (several allowed)."`
	NoApps        bool     `env:"-" xor:"app" help:"Take all app objects away."`
	Licence       []string `env:"-" xor:"licence" placeholder:"NAME" help:"Licences assigned, instead of those so far (several allowed)."`
	NoLicences    bool     `env:"-" xor:"licence" help:"Take all assigned licences away."`
	Disabled      *bool    `env:"-" negatable:"" help:"Keep the user from logging in and being reached."`
	OverrideCLI   *bool    `name:"override-cli" env:"-" negatable:"" help:"Allow calls under another identity."`
	SecondFactor  *bool    `env:"-" negatable:"" help:"Have logins with the password confirmed on another session."`
}

// Run implements the command.
func (c userSet) Run(ctx context.Context, con cli.Console) error {
	password, err := c.read(con)
	if err != nil {
		return err
	}
	return with(ctx, con, c.adminFlags, (*admin.Client).SetObject, admin.SetObject{Type: userType, Name: c.Name, ObjectEdit: admin.ObjectEdit{
		SIP: admin.Maybe(c.Rename), DN: admin.Maybe(c.DN), CN: admin.Maybe(c.CN), Num: admin.Maybe(c.Num), Password: admin.Maybe(password),
		Disabled: admin.Maybe(c.Disabled), Apps: admin.Maybe(replaced(c.App, c.NoApps)), OverrideCLI: admin.Maybe(c.OverrideCLI),
		SecondFactor: admin.Maybe(c.SecondFactor), PropertiesEdit: c.edit(replaced(c.Licence, c.NoLicences)),
	}}, func(u admin.Object) string { return "changed the user " + u.SIP + "@" + u.Domain })
}

type userRemove struct {
	adminFlags `embed:""`
	Name       string `arg:"" help:"Name, with or without domain."`
}

// Run implements the command.
func (c userRemove) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).RemoveObject, admin.RemoveObject{Type: userType, Name: c.Name},
		func(u admin.Object) string { return "removed the user " + u.SIP + "@" + u.Domain })
}

type userImport struct {
	adminFlags `embed:""`
	Domain     string `env:"-" placeholder:"NAME" help:"Domain of the users (the default one)."`
	DryRun     bool   `env:"-" help:"Only try, and tell what would be refused."`
	File       string `arg:"" help:"CSV file with the columns sip,dn,num,password and, if wanted, cn,email,node,template,groups,apps; - is standard input."`
}

// Run implements the command. It fails if a line was refused; the others are
// in.
func (c userImport) Run(ctx context.Context, con cli.Console) error {
	in, err := openImport(c.File, con.In)
	if err != nil {
		return err
	}
	defer in.Close()
	var imported admin.Imported
	ask := func(client *admin.Client, ctx context.Context, r admin.ImportUsers) (admin.Imported, error) {
		imported, err = client.ImportUsers(ctx, r)
		return imported, err
	}
	err = with(ctx, con, c.adminFlags, ask, admin.ImportUsers{Domain: c.Domain, CSV: in, DryRun: c.DryRun}, func(i admin.Imported) string {
		if i.DryRun {
			return fmt.Sprintf("would add %d users to %s", i.Added, i.Domain)
		}
		return fmt.Sprintf("added %d users to %s", i.Added, i.Domain)
	})
	if err != nil || imported.RefusedLines == 0 {
		return err
	}
	for _, l := range imported.Refused {
		fmt.Fprintf(con.Err, "%s:%d: %s\n", c.File, l.Line, l.Text)
	}
	if c.DryRun {
		return fmt.Errorf("%d lines of %s would be refused", imported.RefusedLines, c.File)
	}
	return fmt.Errorf("%d lines of %s were refused: correct them and import them alone", imported.RefusedLines, c.File)
}

// openImport opens the file of an import; - is standard input.
func openImport(name string, stdin io.Reader) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(stdin), nil
	}
	return os.Open(name)
}

type userExport struct {
	adminFlags `embed:""`
	Domain     string `env:"-" placeholder:"NAME" help:"Domain of the users (the default one)."`
	File       string `arg:"" optional:"" default:"-" help:"File to write; - is standard output."`
}

// Run implements the command. A file that is there is not overwritten.
func (c userExport) Run(ctx context.Context, con cli.Console) (err error) {
	if c.JSON {
		return cli.Misuse("an export is CSV; pbx user list --json writes JSON")
	}
	client, err := c.operator(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	if c.File == "-" {
		return client.ExportUsers(ctx, c.Domain, con.Out)
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(client.ExportUsers(ctx, c.Domain, f), f.Close())
}
