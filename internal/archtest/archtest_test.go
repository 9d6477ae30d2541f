package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestHouse checks the module as it is.
func TestHouse(t *testing.T) {
	packages := list(t)
	for _, breach := range Check(packages) {
		t.Error(breach)
	}
	for _, p := range packages {
		breaches, err := CheckSource(p)
		if err != nil {
			t.Error(err)
		}
		for _, breach := range breaches {
			t.Error(breach)
		}
	}
}

// list asks the go command for all packages of the module.
func list(t *testing.T) []Package {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var packages []Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 5 {
		t.Fatalf("go list found %d packages", len(packages))
	}
	return packages
}

// TestCheckFinds shows that each rule can fail, and what keeps it.
func TestCheckFinds(t *testing.T) {
	tests := []struct {
		name string
		pkg  Package
		want string // "" = no breach
	}{
		{"downwards", pkg("signal", "trace", "internal/clock"), ""},
		{"upwards", pkg("signal", "facilities"), "signal: on floor 1 imports facilities on floor 2"},
		{"upwards from the ground", pkg("trace", "cmd/pbx"), "trace: on floor 0 imports cmd/pbx on floor 5"},
		{"strangers", pkg("signal", "appservice"), "signal: imports appservice of the same floor 1"},
		{"strangers reversed", pkg("appservice", "signal"), "appservice: imports signal of the same floor 1"},
		{"edge and pbxapi", pkg("internal/edge", "internal/pbxapi"), "internal/edge: imports internal/pbxapi of the same floor 3"},
		{"below one entry", pkg("cmd/pbx", "cmd/pbx/phone", "internal/edge"), ""},
		{"tests only", pkg("internal/edge", "internal/testkit"), "internal/edge: imports internal/testkit, which is for tests"},
		{"beside", pkg("internal/testkit", "internal/edge", "cmd/pbx"), ""},
		{"in tests", tests("signal", "internal/testkit", "facilities"), ""},
		{"example", pkg("examples/echobot", "appservice", "trace"), ""},
		{"example with insight", pkg("examples/echobot", "internal/ws"), "examples/echobot: imports internal/ws, which the programs it is an example for cannot"},
		{"example tested", tests("examples/echobot", "internal/testkit"), ""},
		{"no floor", pkg("internal/util"), "internal/util: stands on no floor"},
		{"root", Package{ImportPath: module, Doc: "x"}, ".: stands on no floor"},
		{"library at home", outside("internal/ws", "github.com/gorilla/websocket"), ""},
		{"library in a package below", outside("internal/bench/load", "github.com/gorilla/websocket"), ""},
		{"library elsewhere", outside("internal/edge", "github.com/gorilla/websocket"),
			"internal/edge: imports github.com/gorilla/websocket, which only internal/ws and internal/bench may"},
		{"library in a test", Package{ImportPath: module + "/internal/edge", Doc: "x", XTestImports: []string{"github.com/gorilla/websocket"}},
			"internal/edge: imports github.com/gorilla/websocket, which only internal/ws and internal/bench may"},
		{"cgo", Package{ImportPath: module + "/trace", Doc: "x", CgoFiles: []string{"a.go"}}, "trace: uses cgo in a.go"},
		{"no comment", Package{ImportPath: module + "/trace", GoFiles: []string{"a.go"}}, "trace: has no package comment"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(Check([]Package{tt.pkg}), "; "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func pkg(name string, imports ...string) Package {
	p := Package{ImportPath: module + "/" + name, Doc: "x"}
	for _, imported := range imports {
		p.Imports = append(p.Imports, module+"/"+imported)
	}
	return p
}

func tests(name string, imports ...string) Package {
	p := pkg(name, imports...)
	p.XTestImports, p.Imports = p.Imports, nil
	return p
}

func outside(name, library string) Package {
	return Package{ImportPath: module + "/" + name, Doc: "x", Imports: []string{library}}
}

func TestCheckFileFinds(t *testing.T) {
	tests := []struct{ name, source, want string }{
		{"nothing", `import "fmt"; var ErrX = fmt.Errorf("x"); var table = 1; const Max = 2; func (t T) init() {}`, ""},
		{"init", `func init() {}`, "has an init function"},
		{"variable", `var ( a, Debug = 1, 2 )`, "exports the variable Debug"},
		{"registration", `import _ "image/png"`, "registers by importing image/png"},
		{"driver", `import _ "driver"`, ""},
		{"embed", `import _ "embed"`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, err := parser.ParseFile(token.NewFileSet(), "a.go", "package a; "+tt.source, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(checkFile(file, []string{"driver"}), "; "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestMapIsReal fails for an entry that no package stands behind.
func TestMapIsReal(t *testing.T) {
	var used []string
	for _, p := range list(t) {
		entry, _, _ := place(p.name())
		used = append(used, entry)
	}
	for entry := range floors {
		if !slices.Contains(used, entry) {
			t.Errorf("no package stands behind the entry %s", entry)
		}
	}
}
