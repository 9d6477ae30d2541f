package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/directory"
)

type domainCommands struct {
	Add    domainAdd    `cmd:"" help:"Add a domain; the first one is the default."`
	List   domainList   `cmd:"" help:"List the domains."`
	Set    domainSet    `cmd:"" help:"Change a domain."`
	Remove domainRemove `cmd:"" help:"Remove a domain in which nobody is left."`
}

type domainAdd struct {
	adminFlags `embed:""`
	Name       string   `arg:"" help:"Name of the domain: example.com."`
	Host       []string `env:"-" placeholder:"NAME" help:"Host name by which clients reach the domain (several allowed)."`
	Default    bool     `env:"-" help:"Make it the default domain."`
	Org        string   `env:"-" placeholder:"NAME" help:"Organisation that it belongs to."`
}

// Run implements the command. It is the first command on a new data directory.
func (c domainAdd) Run(ctx context.Context, con cli.Console) error {
	if err := c.create(); err != nil {
		return err
	}
	return withFirst(ctx, con, c.adminFlags, true, (*admin.Client).AddDomain,
		admin.NewDomain{Name: c.Name, Hosts: c.Host, Default: c.Default, Org: c.Org},
		func(d admin.Domain) string { return "added the domain " + domainWords(d) })
}

func domainWords(d admin.Domain) string {
	words := d.Name
	if len(d.Hosts) > 0 {
		words += " (hosts: " + strings.Join(d.Hosts, ", ") + ")"
	}
	if d.Default {
		words += ", the default one"
	}
	return words
}

type domainList struct {
	adminFlags `embed:""`
}

// Run implements the command.
func (c domainList) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).Domains, admin.ListDomains{}, func(list []admin.Domain) string {
		var rows [][]string
		for _, d := range list {
			rows = append(rows, []string{d.Name, cli.Or(strings.Join(d.Hosts, ",")), cli.Or(d.Org), cli.Yes(d.Default)})
		}
		return cli.Table("DOMAIN HOSTS ORG DEFAULT", rows)
	})
}

type domainSet struct {
	adminFlags `embed:""`
	Name       string   `arg:"" help:"Name of the domain."`
	Rename     *string  `env:"-" placeholder:"NAME" help:"New name."`
	Host       []string `env:"-" xor:"host" placeholder:"NAME" help:"Host names, instead of those it has (several allowed)."`
	NoHosts    bool     `env:"-" xor:"host" help:"Take all host names away."`
	Default    bool     `env:"-" help:"Make it the default domain."`
	Org        *string  `env:"-" placeholder:"NAME" help:"Organisation that it belongs to; empty takes it away."`
	Settings   string   `env:"-" placeholder:"FILE" help:"JSON file with the members plan, filters and brand, as pbx domain list --json shows them; - is standard input."`
}

// Run implements the command.
func (c domainSet) Run(ctx context.Context, con cli.Console) error {
	edit := admin.DomainEdit{
		Name: admin.Maybe(c.Rename), Hosts: admin.Maybe(replaced(c.Host, c.NoHosts)), Default: given(c.Default), Org: admin.Maybe(c.Org),
	}
	if err := c.settings(con, &edit); err != nil {
		return err
	}
	return with(ctx, con, c.adminFlags, (*admin.Client).SetDomain, admin.SetDomain{Name: c.Name, DomainEdit: edit},
		func(d admin.Domain) string { return "changed the domain " + domainWords(d) })
}

// settings reads the file with plan, filters and brand; what it does not say stays.
func (c domainSet) settings(con cli.Console, edit *admin.DomainEdit) error {
	if c.Settings == "" {
		return nil
	}
	in, err := openImport(c.Settings, con.In)
	if err != nil {
		return err
	}
	defer in.Close()
	var file struct {
		Plan    admin.Optional[admin.Plan]         `json:"plan"`
		Filters admin.Optional[[]directory.Filter] `json:"filters"`
		Brand   admin.Optional[directory.Brand]    `json:"brand"`
	}
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return fmt.Errorf("%s: %w", c.Settings, err)
	}
	edit.Plan, edit.Filters, edit.Brand = file.Plan, file.Filters, file.Brand
	return nil
}

// replaced is the new content of a list: list, nothing if none, or nil to leave
// it as it is.
func replaced(list []string, none bool) *[]string {
	switch {
	case none:
		return &[]string{}
	case len(list) > 0:
		return &list
	}
	return nil
}

// given is a flag that can only be set.
func given(set bool) admin.Optional[bool] {
	if !set {
		return admin.Optional[bool]{}
	}
	return admin.Some(true)
}

type domainRemove struct {
	adminFlags `embed:""`
	Name       string `arg:"" help:"Name of the domain."`
}

// Run implements the command.
func (c domainRemove) Run(ctx context.Context, con cli.Console) error {
	return with(ctx, con, c.adminFlags, (*admin.Client).RemoveDomain, c.Name,
		func(d admin.Domain) string { return "removed the domain " + d.Name })
}
