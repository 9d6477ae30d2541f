package sanitize

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The tests of this file feed HTML with what others collected against HTML
// parsers and sanitisers. The collections come with modules that we link anyway
// and are read from the module cache; nothing of them is copied here.

func TestBluemondayInputs(t *testing.T) {
	file := filepath.Join(moduleDir(t, "github.com/microcosm-cc/bluemonday"), "sanitize_test.go")
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Skipf("no inputs: %v", err)
	}
	checkAll(t, goStrings(parsed), 400)
}

func TestHTML5LibTokenizerInputs(t *testing.T) {
	var inputs []string
	for _, file := range html5lib(t, "tokenizer", "*.test") {
		var doc struct{ Tests, XMLViolationTests []struct{ Input string } }
		if err := json.Unmarshal(readFile(t, file), &doc); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, c := range append(doc.Tests, doc.XMLViolationTests...) {
			inputs = append(inputs, c.Input)
		}
	}
	checkAll(t, inputs, 5000)
}

func TestHTML5LibTreeInputs(t *testing.T) {
	var inputs []string
	for _, file := range html5lib(t, "tree-construction", "*.dat") {
		for _, part := range strings.Split(string(readFile(t, file)), "#data\n")[1:] {
			data, _, _ := strings.Cut(part, "\n#errors")
			inputs = append(inputs, data)
		}
	}
	checkAll(t, inputs, 1000)
}

// checkAll judges the result of every input and fails if there are fewer than
// atLeast, for then the collection was not found in the form expected.
func checkAll(t *testing.T, inputs []string, atLeast int) {
	t.Helper()
	if len(inputs) < atLeast {
		t.Errorf("only %d inputs, want at least %d", len(inputs), atLeast)
	}
	for _, in := range inputs {
		checkSafe(t, in, HTML(in))
	}
}

// goStrings returns the string literals of a Go file.
func goStrings(file *ast.File) []string {
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				found = append(found, s)
			}
		}
		return true
	})
	return found
}

func html5lib(t *testing.T, part, pattern string) []string {
	t.Helper()
	dir := filepath.Join(moduleDir(t, "golang.org/x/net"), "html", "testdata", "html5lib-tests", part)
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) == 0 {
		t.Skipf("no inputs in %s", dir)
	}
	return files
}

// moduleDir finds a module in the module cache, or skips the test.
func moduleDir(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Skipf("module %s is not in the module cache: %v", module, err)
	}
	return dir
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
