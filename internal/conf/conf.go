// Package conf gives a command line, an environment and a configuration file one
// vocabulary.
//
// A setting has one name: the flag --trusted-proxy is the variable
// PBX_TRUSTED_PROXY and the key trusted-proxy of the YAML file. A flag overrides
// the environment, the environment overrides the file, and the file overrides
// the default. The settings are the fields of a struct that belongs to the
// command; conf knows none of them and holds no values. It is used by the
// commands under cmd, once, at their start; nothing in it is for concurrent use.
package conf

import (
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// New returns a parser for the commands and flags that cli describes in the tags
// of kong. It adds the environment; a field of the type File adds the file.
func New(cli any, options ...kong.Option) (*kong.Kong, error) {
	return NewProgram(Prefix, cli, options...)
}

// NewProgram is New for a program whose environment variables begin with another
// prefix.
func NewProgram(prefix string, cli any, options ...kong.Option) (*kong.Kong, error) {
	name := func(k *kong.Kong) error { return nameEnvironment(k, prefix) }
	return kong.New(cli, append([]kong.Option{kong.PostBuild(name)}, options...)...)
}

// Prefix begins the names of the environment variables of the switch.
const Prefix = "PBX_"

// nameEnvironment gives each flag its variable, except where the tag env says
// otherwise: env:"-" is none.
func nameEnvironment(k *kong.Kong, prefix string) error {
	return eachFlag(k.Model.Node, func(flag *kong.Flag) {
		switch {
		case flag.Name == "help":
			return
		case len(flag.Tag.Envs) == 1 && flag.Tag.Envs[0] == "-":
			flag.Tag.Envs = nil
		case len(flag.Tag.Envs) == 0:
			flag.Tag.Envs = []string{prefix + variable(flag.Name)}
		}
		flag.Envs = flag.Tag.Envs
	})
}

// Variable returns the environment variable of a flag of the switch.
func Variable(flag string) string { return Prefix + variable(flag) }

func variable(flag string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(flag))
}

// eachFlag visits all flags of all commands.
func eachFlag(node *kong.Node, visit func(*kong.Flag)) error {
	return kong.Visit(node, func(v kong.Visitable, next kong.Next) error {
		if flag, ok := v.(*kong.Flag); ok {
			visit(flag)
		}
		return next(nil)
	})
}

// inEnvironment reports whether the environment sets a flag.
func inEnvironment(flag *kong.Flag) bool {
	for _, name := range flag.Tag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return true
		}
	}
	return false
}
