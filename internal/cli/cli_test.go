package cli_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/alecthomas/kong"

	"github.com/tandem-switch/tandem/internal/cli"
)

// model is a program with commands that go wrong in every way.
type model struct {
	Fine  fine  `cmd:""`
	Fails fails `cmd:""`
	Wrong wrong `cmd:""`
}

type (
	fine struct {
		JSON bool `name:"json"`
	}
	fails struct{}
	wrong struct{}
)

func (c fine) Run(ctx context.Context, con cli.Console) error {
	return cli.Show(con, c.JSON, []string{"<a>", ""}, func(list []string) string {
		return cli.Table("NAME THERE", [][]string{{cli.Or(list[0]), cli.Yes(true)}, {cli.Or(list[1]), cli.Yes(false)}})
	})
}

func (fails) Run() error { return errors.New("it fails") }

func (wrong) Run() error { return cli.Misuse("it needs %d more", 2) }

func TestRun(t *testing.T) {
	for _, test := range []struct {
		args     string
		code     int
		out, err string
	}{
		{"", cli.ExitOK, "Usage: prog", ""},
		{"fine", cli.ExitOK, "NAME  THERE\n<a>   yes\n-     -\n", ""},
		{"fine --json", cli.ExitOK, "[\n  \"<a>\",\n  \"\"\n]\n", ""},
		{"fails", cli.ExitFailed, "", "prog: it fails\n"},
		{"wrong", cli.ExitUsage, "", "prog: it needs 2 more\n"},
		{"fine --other", cli.ExitUsage, "", "(see: prog fine --help)"},
	} {
		var m model
		var out, errs bytes.Buffer
		con := cli.Console{Out: &out, Err: &errs}
		code := cli.Run(t.Context(), "prog", strings.Fields(test.args), con, func(left *bool) (*kong.Kong, error) {
			return kong.New(&m, kong.Name("prog"), kong.Writers(&out, &errs), kong.Bind(con), kong.Exit(func(int) { *left = true }))
		})
		if code != test.code || !strings.Contains(out.String(), test.out) || !strings.Contains(errs.String(), test.err) || (test.err == "") != (errs.Len() == 0) {
			t.Errorf("%q: %d %q %q", test.args, code, out.String(), errs.String())
		}
	}
}

// Nothing is written over, and nothing that broke off is left.
func TestWriteNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.zip")
	if err := cli.WriteNew(path, strings.NewReader("first")); err != nil {
		t.Fatal(err)
	}
	if err := cli.WriteNew(path, strings.NewReader("second")); err == nil || !strings.Contains(err.Error(), "name another file") {
		t.Error(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "first" {
		t.Errorf("%q, %v", got, err)
	}
	if err := cli.WriteNew(path+"2", iotest.ErrReader(errors.New("broke off"))); err == nil {
		t.Error("nothing is said")
	}
	if _, err := os.Stat(path + "2"); !os.IsNotExist(err) {
		t.Errorf("it is left: %v", err)
	}
}

func TestShowVersion(t *testing.T) {
	var out bytes.Buffer
	if err := cli.ShowVersion(cli.Console{Out: &out}, "prog", "1.2", false); err != nil || !strings.HasPrefix(out.String(), "prog 1.2 (") {
		t.Errorf("%q, %v", out.String(), err)
	}
}
