package tenants_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// speaker is where messages are told apart: the receiver of a function, or the
// name of the function that lists them, and the API that they belong to. Messages
// without api are those of the doors.
type speaker struct{ dir, who, api string }

// speakers are the places of the code where messages are told apart. A place that
// is missing here is found by TestEveryPlaceIsKnown.
func speakers() []speaker {
	return []speaker{
		{"../../pbxapi", "PbxSignal", "PbxSignal"},
		{"../../pbxapi", "PbxAPI", "PbxApi"},
		{"../../pbxapi", "commands", "PbxAdminApi"},
		{"../../pbxapi", "PbxTableUsers", "PbxTableUsers"},
		{"../../pbxapi", "Services", "Services"},
		{"../../pbxapi", "MyApps", ""},
		{"../../edge", "clientDoor", ""},
		{"../../messages/service", "handlers", "PbxMessages"}, // the switch passes them on
	}
}

// place is where the code tells messages apart, and which.
type place struct {
	who string
	mts []string
}

// places reads the source of a package: every switch over the mt of a message, and
// every list of commands.
func places(t *testing.T, dir string) []place {
	t.Helper()
	names := constants(t, "../../../appservice")
	for name, text := range constants(t, dir) {
		names[name] = text
	}
	var list []place
	for _, file := range parse(t, dir) {
		for _, d := range file.Decls {
			var p place
			switch d := d.(type) {
			case *ast.FuncDecl:
				p = inFunction(t, d, names)
			case *ast.GenDecl:
				p = inTable(t, d, names)
			}
			if len(p.mts) > 0 {
				list = append(list, p)
			}
		}
	}
	return list
}

// inFunction finds what a function tells apart or lists.
func inFunction(t *testing.T, f *ast.FuncDecl, names map[string]string) place {
	t.Helper()
	p := place{who: receiver(f)}
	if f.Body == nil {
		return p
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SwitchStmt:
			if overMT(n.Tag) {
				p.mts = append(p.mts, cases(t, n, names)...)
			}
		case *ast.CompositeLit:
			p.mts = append(p.mts, listed(n)...)
		}
		return true
	})
	return p
}

// inTable finds a map from messages to handlers.
func inTable(t *testing.T, d *ast.GenDecl, names map[string]string) place {
	t.Helper()
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			continue
		}
		table, ok := v.Values[0].(*ast.CompositeLit)
		if !ok {
			continue
		}
		if m, ok := table.Type.(*ast.MapType); !ok || fmt.Sprint(m.Value) != "handler" {
			continue
		}
		p := place{who: v.Names[0].Name}
		for _, e := range table.Elts {
			p.mts = append(p.mts, textOf(t, e.(*ast.KeyValueExpr).Key, names))
		}
		return p
	}
	return place{}
}

// textOf is the text that an expression stands for.
func textOf(t *testing.T, e ast.Expr, names map[string]string) string {
	t.Helper()
	text := ""
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ = strconv.Unquote(e.Value)
	case *ast.Ident:
		text = names[e.Name]
	case *ast.SelectorExpr:
		text = names[e.Sel.Name]
	}
	if text == "" {
		t.Errorf("the name of a message cannot be read: %#v", e)
	}
	return text
}

func parse(t *testing.T, dir string) []*ast.File {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no source in %s: %v", dir, err)
	}
	var list []*ast.File
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

// receiver is the type of the method, or the name of the function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	typ := f.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if name, ok := typ.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// overMT tells whether a switch is over an mt.
func overMT(tag ast.Expr) bool {
	switch tag := tag.(type) {
	case *ast.SelectorExpr:
		return tag.Sel.Name == "MT"
	case *ast.Ident:
		return tag.Name == "mt"
	}
	return false
}

// cases are the texts of the cases of a switch.
func cases(t *testing.T, s *ast.SwitchStmt, names map[string]string) []string {
	t.Helper()
	var list []string
	for _, clause := range s.Body.List {
		for _, e := range clause.(*ast.CaseClause).List {
			list = append(list, textOf(t, e, names))
		}
	}
	return list
}

// listed are the messages of a list of commands.
func listed(c *ast.CompositeLit) []string {
	array, ok := c.Type.(*ast.ArrayType)
	if !ok {
		return nil
	}
	if name, ok := array.Elt.(*ast.Ident); !ok || name.Name != "command" {
		return nil
	}
	var list []string
	for _, e := range c.Elts {
		if row, ok := e.(*ast.CompositeLit); ok && len(row.Elts) > 0 {
			if lit, ok := row.Elts[0].(*ast.BasicLit); ok {
				text, _ := strconv.Unquote(lit.Value)
				list = append(list, text)
			}
		}
	}
	return list
}

// constants are the texts of the constants of a package, by name.
func constants(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, file := range parse(t, dir) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, name := range spec.Names {
				if i >= len(spec.Values) {
					break
				}
				if lit, ok := spec.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
					found[name.Name], _ = strconv.Unquote(lit.Value)
				}
			}
			return true
		})
	}
	return found
}

// A message of the code that the walk does not have is one that nobody walks; one
// of the walk that the code does not have has gone.
func TestEveryMessageIsWalked(t *testing.T) {
	spoken, walked := map[string][]string{}, map[string][]string{}
	for _, s := range speakers() {
		found := 0
		for _, p := range places(t, s.dir) {
			if p.who == s.who {
				spoken[s.api] = append(spoken[s.api], p.mts...)
				found++
			}
		}
		if found == 0 {
			t.Errorf("%s has no place %s that tells messages apart", s.dir, s.who)
		}
	}
	for _, m := range messages() {
		if !m.absent {
			walked[m.api] = append(walked[m.api], m.mt)
		}
	}
	for api, mts := range spoken {
		for _, mt := range mts {
			if !slices.Contains(walked[api], mt) {
				t.Errorf("nobody walks %s %s", api, mt)
			}
		}
	}
	for api, mts := range walked {
		for _, mt := range mts {
			if !slices.Contains(spoken[api], mt) {
				t.Errorf("%s %s is walked, but not in the code", api, mt)
			}
		}
	}
}

// Whoever tells messages apart in these packages is in the list of speakers.
func TestEveryPlaceIsKnown(t *testing.T) {
	for _, dir := range []string{"../../pbxapi", "../../edge", "../../applink", "../../messages/service"} {
		for _, p := range places(t, dir) {
			known := slices.ContainsFunc(speakers(), func(s speaker) bool { return s.dir == dir && s.who == p.who })
			if !known {
				t.Errorf("%s: %s tells the messages %q apart", dir, p.who, p.mts)
			}
		}
	}
}
