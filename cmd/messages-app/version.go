package main

import "github.com/tandem-switch/tandem/internal/cli"

// version is what the build says it is (-ldflags "-X main.version=...").
var version = "dev"

type versionCommand struct {
	JSON bool `name:"json" env:"-" help:"Write JSON."`
}

// Run implements the command.
func (c versionCommand) Run(con cli.Console) error {
	return cli.ShowVersion(con, "messages-app", version, c.JSON)
}
