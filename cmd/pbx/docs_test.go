package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tandem-switch/tandem/internal/cli"
)

// root is the house, seen from this package.
const root = "../.."

// manuals are the texts for readers: name below root to content.
func manuals(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{".git", "bin", "data", "testdata", "web/node_modules"}, name) {
			return fs.SkipDir
		}
		if entry.IsDir() || filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		texts[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) < 10 || texts["README.md"] == "" {
		t.Fatalf("there are only %d manuals", len(texts))
	}
	return texts
}

var (
	linkForm    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingForm = regexp.MustCompile(`(?m)^#+ (.*)$`)
	fenceForm   = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
)

// Every link inside the house leads somewhere, down to the heading.
func TestLinks(t *testing.T) {
	texts := manuals(t)
	links := 0
	for name, text := range texts {
		for _, match := range linkForm.FindAllStringSubmatch(text, -1) {
			file, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(file, ":") {
				continue // leads outside
			}
			links++
			target := filepath.Join(filepath.Dir(name), file)
			if file == "" {
				target = name
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: the link %s leads nowhere", name, match[1])
			}
			if anchor != "" && !slices.Contains(anchors(texts[target]), anchor) {
				t.Errorf("%s: %s has no heading %s", name, target, anchor)
			}
		}
	}
	if links < 20 {
		t.Errorf("only %d links were found", links)
	}
}

// anchors are the names under which the headings of a text can be linked to.
func anchors(text string) []string {
	var names []string
	for _, match := range headingForm.FindAllStringSubmatch(text, -1) {
		kept := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z':
				return r
			}
			return -1
		}, strings.ToLower(match[1]))
		names = append(names, kept)
	}
	return names
}

var flagForm = regexp.MustCompile("(?:^|[\\s`(\\[])--([a-z][a-z0-9-]*)")

// The manuals speak only of flags that there are; docs/performance.md is about
// another program.
func TestManualsKnowTheFlags(t *testing.T) {
	known := map[string]bool{"help": true, "unix-socket": true} // the latter is of curl
	for _, name := range []string{"passwords", "instance", "object"} {
		known[name] = true // of messages-app
	}
	for _, command := range parserOf(t).Model.Leaves(false) {
		for _, flag := range flagsOf(command) {
			known[flag.Name] = true
			if flag.Tag.Negatable != "" {
				known["no-"+flag.Name] = true
			}
		}
	}
	mentioned := 0
	for name, text := range manuals(t) {
		if name == filepath.Join("docs", "performance.md") {
			continue
		}
		for _, match := range flagForm.FindAllStringSubmatch(text, -1) {
			mentioned++
			if !known[match[1]] {
				t.Errorf("%s mentions --%s, which no command has", name, match[1])
			}
		}
	}
	if mentioned < 100 {
		t.Errorf("only %d mentions were found", mentioned)
	}
}

func parserOf(t *testing.T) *kong.Kong {
	t.Helper()
	left := false
	parser, err := newParser(new(commands), cli.Console{Out: new(bytes.Buffer), Err: new(bytes.Buffer)}, &left)
	if err != nil {
		t.Fatal(err)
	}
	return parser
}

var commandForm = regexp.MustCompile(`(?m)(?:^|[\s/=|])pbx ([a-z][^|<>;&\n]*)`)

// Every command that a manual shows can be called like that, and every
// configuration file can be read. Nothing is run.
func TestManualsShowRealCommands(t *testing.T) {
	forgetEnvironment(t)
	commands, files := 0, 0
	for name, text := range manuals(t) {
		config := ""
		for _, fence := range fenceForm.FindAllStringSubmatch(text, -1) {
			if fence[1] == "yaml" {
				files++
				config = filepath.Join(t.TempDir(), "pbx.yaml")
				if err := os.WriteFile(config, []byte(fence[2]), 0o600); err != nil {
					t.Fatal(err)
				}
				if _, err := parserOf(t).Parse([]string{"serve", "--config", config}); err != nil {
					t.Errorf("%s: a configuration file: %v\n%s", name, err, fence[2])
				}
				continue
			}
			for _, match := range commandForm.FindAllStringSubmatch(fence[2], -1) {
				commands++
				args := words(strings.ReplaceAll(match[1], "/etc/tandem/pbx.yaml", config))
				if _, err := parserOf(t).Parse(args); err != nil {
					t.Errorf("%s: pbx %s: %v", name, match[1], err)
				}
			}
		}
	}
	if commands < 30 || files < 2 {
		t.Errorf("only %d commands and %d files were found", commands, files)
	}
}

// forgetEnvironment keeps settings of whoever runs the tests out of them.
func forgetEnvironment(t *testing.T) {
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "PBX_") && name != "PBX_TEST_POSTGRES" {
			t.Setenv(name, "") // so that it comes back
			os.Unsetenv(name)
		}
	}
}

var wordForm = regexp.MustCompile(`#.*|"([^"]*)"|'([^']*)'|[^\s"'#]+`)

// words splits a command as a shell does, as far as manuals go, without comment.
func words(line string) []string {
	var list []string
	for _, match := range wordForm.FindAllStringSubmatch(line, -1) {
		switch {
		case strings.HasPrefix(match[0], "#"):
			return list
		case strings.ContainsAny(match[0], `"'`):
			list = append(list, match[1]+match[2])
		default:
			list = append(list, match[0])
		}
	}
	return list
}
