package main

import (
	"context"
	"fmt"

	"github.com/tandem-switch/tandem/cmd/pbx/phone"
	"github.com/tandem-switch/tandem/internal/cli"
)

type phoneCommand struct {
	Server        string `default:"ws://127.0.0.1:8080" placeholder:"URL" help:"Address of the switch (${default})."`
	User          string `required:"" placeholder:"NAME" help:"User to log in as, with or without domain."`
	PasswordFile  string `placeholder:"FILE" help:"Read the password from a file; one line end is removed."`
	PasswordStdin bool   `env:"-" hidden:"" help:"Not here: standard input carries the lines."`
	HW            string `name:"hw" env:"-" placeholder:"ID" help:"Device of the user to register as."`
	Chat          string `env:"-" placeholder:"NAME" help:"Whom to write to at first, as with /chat NAME."`
	JSON          bool   `name:"json" env:"-" help:"Write one JSON object per line for everything that happens."`
}

// Run implements the command.
func (c phoneCommand) Run(ctx context.Context, con cli.Console) error {
	if c.PasswordStdin || c.PasswordFile == "" {
		return cli.Misuse("the phone reads its lines from standard input: put the password into a file and give --password-file FILE")
	}
	password, err := passwordFlags{PasswordFile: c.PasswordFile}.need(con)
	if err != nil {
		return err
	}
	confirm := func(code int) {
		fmt.Fprintf(con.Err, "pbx: confirm this login on another device; the code is %04d\n", code)
	}
	door, err := phone.NewMyApps(c.Server, c.User, password, "pbx phone "+version, confirm)
	if err != nil {
		return cli.Misuse("%v", err)
	}
	return phone.Run(ctx, phone.Config{
		Dial: door.Dial, HW: c.HW, Chat: c.Chat, JSON: c.JSON,
		Interactive: isTerminal(con.In), Prompt: isTerminal(con.Out), In: con.In, Out: con.Out,
	})
}
