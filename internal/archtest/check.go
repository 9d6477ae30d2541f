package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// Package is what go list tells about a package, as far as the rules ask.
type Package struct {
	Dir, ImportPath, Doc      string
	GoFiles, CgoFiles         []string
	Imports                   []string
	TestImports, XTestImports []string
}

// name is the path of the package within the module, "." for its root.
func (p Package) name() string {
	if p.ImportPath == module {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

// Check applies the rules that need no source code and returns one sentence for
// each breach.
func Check(packages []Package) []string {
	var breaches []string
	for _, p := range packages {
		breaches = append(breaches, checkPackage(p)...)
	}
	return breaches
}

func checkPackage(p Package) []string {
	var breaches []string
	report := func(format string, args ...any) {
		breaches = append(breaches, p.name()+": "+fmt.Sprintf(format, args...))
	}
	if len(p.CgoFiles) > 0 {
		report("uses cgo in %s", strings.Join(p.CgoFiles, ", "))
	}
	if p.Doc == "" && len(p.GoFiles) > 0 {
		report("has no package comment")
	}
	entry, floor, ok := place(p.name())
	if !ok {
		report("stands on no floor")
		return breaches
	}
	for _, imported := range p.Imports {
		if reason := checkImport(entry, floor, imported); reason != "" {
			report("%s", reason)
		}
	}
	for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
		if !mayUse(entry, imported) {
			report("imports %s, which only %s may", imported, strings.Join(confined[imported], " and "))
		}
	}
	return breaches
}

// checkImport returns why a package of an entry may not import another, or "".
func checkImport(entry string, floor int, imported string) string {
	name, inside := strings.CutPrefix(imported, module+"/")
	if !inside {
		return ""
	}
	other, otherFloor, ok := place(name)
	switch {
	case entry == examples && strings.HasPrefix(name, "internal/"):
		return fmt.Sprintf("imports %s, which the programs it is an example for cannot", name)
	case !ok || other == entry || floor == beside:
		return ""
	case otherFloor == beside:
		return fmt.Sprintf("imports %s, which is for tests", name)
	case otherFloor == floor:
		return fmt.Sprintf("imports %s of the same floor %d", name, floor)
	case otherFloor > floor:
		return fmt.Sprintf("on floor %d imports %s on floor %d", floor, name, otherFloor)
	}
	return ""
}

// mayUse reports whether an entry may import a library.
func mayUse(entry, imported string) bool {
	users, limited := confined[imported]
	return !limited || slices.Contains(users, entry)
}
