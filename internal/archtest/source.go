package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// CheckSource applies the rules that need the source code of a package, its
// tests left out.
func CheckSource(p Package) ([]string, error) {
	var breaches []string
	for _, name := range p.GoFiles {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		entry, _, _ := place(p.name())
		for _, reason := range checkFile(file, registered[entry]) {
			breaches = append(breaches, fmt.Sprintf("%s/%s: %s", p.name(), name, reason))
		}
	}
	return breaches, nil
}

// checkFile checks one file of a package that may register by the imports given.
func checkFile(file *ast.File, mayRegister []string) []string {
	var breaches []string
	for _, spec := range file.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		if spec.Name != nil && spec.Name.Name == "_" && path != "embed" && !slices.Contains(mayRegister, path) {
			breaches = append(breaches, "registers by importing "+path)
		}
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				breaches = append(breaches, "has an init function")
			}
		case *ast.GenDecl:
			breaches = append(breaches, checkVars(d)...)
		}
	}
	return breaches
}

// checkVars looks for package variables that others can set. Errors that callers
// compare with are variables by custom, and nobody sets them.
func checkVars(d *ast.GenDecl) []string {
	if d.Tok != token.VAR {
		return nil
	}
	var breaches []string
	for _, spec := range d.Specs {
		for _, name := range spec.(*ast.ValueSpec).Names {
			if name.IsExported() && !strings.HasPrefix(name.Name, "Err") {
				breaches = append(breaches, "exports the variable "+name.Name)
			}
		}
	}
	return breaches
}
