package main

import (
	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/directory"
)

// propertyFlags are the properties that objects of most types have, for adding
// and for changing. A list takes the place of what was there so far.
type propertyFlags struct {
	Email    []string `env:"-" xor:"email" placeholder:"ADDRESS" help:"Mail address (several allowed)."`
	NoEmails bool     `env:"-" xor:"email" help:"Take all mail addresses away."`
	Node     *string  `env:"-" placeholder:"NAME" help:"Node of the numbering plan; empty is the root."`
	Template *string  `env:"-" placeholder:"NAME" help:"Template that gives what is not set; empty takes it away."`
	Group    []string `env:"-" xor:"group" placeholder:"NAME" help:"Group to be in (several allowed)."`
	NoGroups bool     `env:"-" xor:"group" help:"Leave all groups."`
	Block    []string `env:"-" xor:"block" placeholder:"NAME" help:"Who sees nothing of it (several allowed)."`
	NoBlocks bool     `env:"-" xor:"block" help:"Block nobody."`
	Hide     *bool    `env:"-" negatable:"" help:"Keep it out of lists and searches of others."`
	Filter   *string  `env:"-" placeholder:"NAME" help:"Filter of the domain for its calls; empty takes it away."`
	Store    *string  `name:"messages-object" env:"-" placeholder:"NAME" help:"Object of the type messages that stores its chats; empty takes it away, :none is nobody."`
	Pusher   *string  `name:"push-object" env:"-" placeholder:"NAME" help:"Object of the type push; empty takes it away, :none is nobody."`
	Location *string  `env:"-" placeholder:"TEXT" help:"Where it is."`
	Remark   *string  `env:"-" placeholder:"TEXT" help:"A remark for administrators."`
	Avatar   *string  `env:"-" placeholder:"URL" help:"Picture; empty takes it away."`
}

// edit is what the flags change.
func (p propertyFlags) edit(licences *[]string) admin.PropertiesEdit {
	e := admin.PropertiesEdit{
		Emails: admin.Maybe(replaced(p.Email, p.NoEmails)), Node: admin.Maybe(p.Node), Template: admin.Maybe(p.Template),
		Blocked: admin.Maybe(replaced(p.Block, p.NoBlocks)), Filter: admin.Maybe(p.Filter), Messages: admin.Maybe(p.Store), Push: admin.Maybe(p.Pusher),
		Location: admin.Maybe(p.Location), Text: admin.Maybe(p.Remark), Avatar: admin.Maybe(p.Avatar), AppLics: admin.Maybe(licences),
	}
	if p.Hide != nil {
		e.Hide = admin.Some(p.Hide)
	}
	if groups := replaced(p.Group, p.NoGroups); groups != nil {
		e.Groups = admin.Some(memberships(*groups))
	}
	return e
}

// properties are those of a new object.
func (p propertyFlags) properties(licences []string) admin.Properties {
	return admin.Properties{
		Emails: p.Email, Node: value(p.Node), Template: value(p.Template), Blocked: p.Block, Filter: value(p.Filter),
		Messages: value(p.Store), Push: value(p.Pusher), Location: value(p.Location), Text: value(p.Remark), Avatar: value(p.Avatar),
		Hide: p.Hide, Groups: memberships(p.Group), AppLics: licences,
	}
}

func memberships(names []string) []directory.Membership {
	list := make([]directory.Membership, 0, len(names))
	for _, name := range names {
		list = append(list, directory.Membership{Name: name})
	}
	return list
}

// value is what a flag says, or nothing.
func value(flag *string) string {
	if flag == nil {
		return ""
	}
	return *flag
}
