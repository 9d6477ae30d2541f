package conf

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// File is the type of the flag that names the configuration file. The file is
// optional: without the flag none is read. With it the file must exist, and a
// key that is no flag of any command is an error that says which flag is meant.
type File string

// BeforeResolve is called by kong between reading the command line and applying
// it. It reads the file and makes its values known for the flags that neither
// the command line nor the environment sets.
func (f File) BeforeResolve(ctx *kong.Context, path *kong.Path) error {
	name, ok := ctx.FlagValue(path.Flag).(File)
	if !ok || name == "" {
		return nil
	}
	settings, err := read(string(name))
	if err != nil {
		return err
	}
	if err := settings.check(ctx.Model.Node); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	ctx.AddResolver(settings)
	return nil
}

// settings are the values of one file. They implement kong.Resolver.
type settings struct{ values *koanf.Koanf }

var _ kong.Resolver = settings{}

func read(name string) (settings, error) {
	values := koanf.New(".")
	if err := values.Load(file.Provider(name), yaml.Parser()); err != nil {
		return settings{}, fmt.Errorf("configuration %s: %w", name, err)
	}
	return settings{values}, nil
}

// Validate implements kong.Resolver. The keys were checked when the file was
// read, for unknown keys explain wrong values.
func (s settings) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver: the value of a flag, nil if the file has none
// or the environment overrides it.
func (s settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if inEnvironment(flag) {
		return nil, nil
	}
	return s.values.Get(flag.Name), nil
}

// check returns an error that names every key that is no setting.
func (s settings) check(app *kong.Node) error {
	known := settingNames(app)
	var failures []error
	for _, key := range s.values.Keys() {
		if !isKnown(key, known) {
			failures = append(failures, fmt.Errorf("unknown key %q, did you mean %q?", key, nearest(key, names(known))))
		}
	}
	return errors.Join(failures...)
}

// settingNames returns the flags that a file may set, by name. That they can be
// set in a file at all is what distinguishes settings from the flags of a single
// call: those opt out of the environment.
func settingNames(app *kong.Node) map[string]*kong.Flag {
	known := make(map[string]*kong.Flag)
	_ = eachFlag(app, func(flag *kong.Flag) {
		if len(flag.Tag.Envs) > 0 && flag.Target.Type() != reflect.TypeFor[File]() {
			known[flag.Name] = flag
		}
	})
	return known
}

// isKnown accepts the name of a flag, and what is below it if its value is a map.
func isKnown(key string, known map[string]*kong.Flag) bool {
	if _, ok := known[key]; ok {
		return true
	}
	for name, flag := range known {
		if strings.HasPrefix(key, name+".") && flag.IsMap() {
			return true
		}
	}
	return false
}

func names(known map[string]*kong.Flag) []string {
	list := make([]string, 0, len(known))
	for name := range known {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// nearest returns the name that differs least from key.
func nearest(key string, names []string) string {
	best, least := "", -1
	for _, name := range names {
		if d := distance(key, name); least < 0 || d < least {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to insert, delete or replace to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
