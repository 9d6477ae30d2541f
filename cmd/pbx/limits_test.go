package main

import (
	"bytes"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/edge"
	"github.com/tandem-switch/tandem/signal"
)

// limit is a flag with the member of a package's Limits that it sets.
type limit struct {
	flag, help string
	member     string
	std        float64 // a number, bytes or seconds
}

// Every limit flag reaches a limit of its own, and its help and docs/limits.md
// tell the default that the code has.
func TestLimits(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "limits.md"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, l := range limitsOf(t) {
		if other := seen[l.member]; other != "" || l.member == "" {
			t.Errorf("--%s sets %q, as does %q", l.flag, l.member, other)
		}
		seen[l.member] = l.flag
		_, inHelp, _ := strings.Cut(l.help, "(")
		if got := numbers(inHelp); len(got) == 0 || got[0] != l.std {
			t.Errorf("--%s: the help says %v, the code %v", l.flag, got, l.std)
		}
		if got, ok := documented(string(page), l.flag); !ok || got != l.std {
			t.Errorf("--%s: docs/limits.md says %v, the code %v", l.flag, got, l.std)
		}
	}
	if len(seen) < 19 {
		t.Errorf("there are only %d limits: %v", len(seen), seen)
	}
}

// A receipt wait of 0 is none; without the flag it is the default.
func TestReceiptWait(t *testing.T) {
	for _, c := range []struct {
		args []string
		want time.Duration
	}{
		{nil, 0},
		{[]string{"--limit-receipt-wait=0"}, edge.Unlimited},
		{[]string{"--limit-receipt-wait=0s"}, edge.Unlimited},
		{[]string{"--limit-receipt-wait=20ms"}, 20 * time.Millisecond},
	} {
		var left bool
		var all commands
		parser, err := newParser(&all, cli.Console{Out: new(bytes.Buffer), Err: new(bytes.Buffer)}, &left)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(append([]string{"serve"}, c.args...)); err != nil {
			t.Errorf("%v: %v", c.args, err)
			continue
		}
		if got := all.Serve.Limits.edge().ReceiptWait; got != c.want {
			t.Errorf("%v: %v, want %v", c.args, got, c.want)
		}
	}
}

// limitsOf sets each flag alone and looks what that has changed.
func limitsOf(t *testing.T) []limit {
	t.Helper()
	std := edgeDefaults(t)
	standard := reflect.ValueOf(signal.DefaultLimits())
	for i := range standard.NumField() {
		std["signal."+standard.Type().Field(i).Name] = number(standard.Field(i))
	}
	var list []limit
	flags := reflect.TypeFor[limitFlags]()
	for i := range flags.NumField() {
		var set limitFlags
		switch f := reflect.ValueOf(&set).Elem().Field(i); f.Kind() {
		case reflect.Float64:
			f.SetFloat(7)
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
			f.Elem().SetInt(7)
		default:
			f.SetInt(7)
		}
		l := limit{flag: flags.Field(i).Tag.Get("name"), help: flags.Field(i).Tag.Get("help")}
		for _, name := range append(changed("edge.", set.edge()), changed("signal.", set.signal())...) {
			l.member += name
		}
		l.std = std[l.member]
		list = append(list, l)
	}
	return list
}

// changed names the members of a struct that are not zero.
func changed(prefix string, limits any) []string {
	var names []string
	v := reflect.ValueOf(limits)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			names = append(names, prefix+v.Type().Field(i).Name)
		}
	}
	return names
}

func number(v reflect.Value) float64 {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		return time.Duration(v.Int()).Seconds()
	case v.CanInt():
		return float64(v.Int())
	}
	return v.Float()
}

// edgeDefaults reads the defaults of internal/edge where they stand: the package
// tells them to nobody.
func edgeDefaults(t *testing.T) map[string]float64 {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, filepath.Join(root, "internal", "edge", "limits.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	std := map[string]float64{}
	ast.Inspect(file, func(n ast.Node) bool {
		if f, ok := n.(*ast.FuncDecl); ok && f.Name.Name != "defaults" {
			return false
		}
		pair, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		units := strings.NewReplacer("time.Second", "1.0", "time.Minute", "60.0", "time.Millisecond", "0.001")
		value, err := types.Eval(set, nil, token.NoPos, units.Replace(types.ExprString(pair.Value)))
		if err != nil {
			t.Fatalf("%s: %v", types.ExprString(pair.Key), err)
		}
		std["edge."+types.ExprString(pair.Key)], _ = constant.Float64Val(constant.ToFloat(value.Value))
		return true
	})
	return std
}

// documented is the default in the row of a flag: of several flags in one row
// the numbers stand in the same order.
func documented(page, flag string) (float64, bool) {
	for row := range strings.Lines(page) {
		cells := strings.Split(row, "|")
		if len(cells) < 4 {
			continue
		}
		for i, name := range strings.Split(cells[2], ", ") {
			if strings.TrimSpace(name) != "`--"+flag+"`" {
				continue
			}
			if all := numbers(cells[3]); i < len(all) {
				return all[i], true
			}
		}
	}
	return 0, false
}

var numberForm = regexp.MustCompile(`([\d][\d,]*)(?: ?(MiB|KiB|min|ms|s)\b)?`)

// numbers are those of a text, in bytes or seconds.
func numbers(text string) []float64 {
	var list []float64
	for _, match := range numberForm.FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseFloat(strings.ReplaceAll(match[1], ",", ""), 64)
		if err != nil {
			continue
		}
		list = append(list, n*map[string]float64{"MiB": 1 << 20, "KiB": 1 << 10, "min": 60, "ms": 0.001, "s": 1, "": 1}[match[2]])
	}
	return list
}

var reasonForm = regexp.MustCompile("`([a-z][a-z0-9_]+)`")

// Every reason that docs/limits.md names is one that the code counts.
func TestReasons(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "limits.md"))
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, dir := range []string{"appservice", "facilities", "signal", "internal/edge", "internal/guard", "internal/metric",
		"internal/pbxmessages", "internal/messages/service", "filebuffer"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, "_test.go") {
				code.Write(text)
			}
		}
	}
	found := 0
	for row := range strings.Lines(string(page)) {
		cells := strings.Split(strings.TrimRight(row, "|\n "), "|")
		for _, match := range reasonForm.FindAllStringSubmatch(cells[len(cells)-1], -1) {
			if len(cells) > 2 && !strings.Contains(code.String(), `"`+match[1]+`"`) {
				t.Errorf("nothing is counted as %s", match[1])
			}
			found++
		}
	}
	if found < 15 {
		t.Errorf("only %d reasons were found", found)
	}
}
