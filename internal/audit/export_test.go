package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/audit"
)

// exported is a log of five rows as lines, and its signed head.
func exported(t testing.TB) (lines []string, head audit.Head, key audit.PublicKey) {
	t.Helper()
	b := newBench(t)
	for range 5 {
		b.append()
	}
	head, err := b.Sign(t.Context())
	must(t, err)
	var file bytes.Buffer
	_, err = b.Export(t.Context(), &file, audit.Query{Reader: audit.Reader{Everything: true}})
	must(t, err)
	return strings.SplitAfter(strings.TrimSuffix(file.String(), "\n"), "\n"), head, b.PublicKey()
}

func TestVerifyExport(t *testing.T) {
	lines, head, key := exported(t)
	_, foreign, otherKey := exported(t)
	join := func(list ...string) string { return strings.Join(list, "") }
	changed := strings.Replace(lines[2], `"pbx"`, `"eve"`, 1)
	at := func(kind audit.FaultKind, first, last int64) *audit.Fault {
		return &audit.Fault{Kind: kind, First: first, Last: last}
	}
	signed := audit.Proof{Head: &head, Key: key}
	for _, test := range []struct {
		name  string
		file  string
		proof audit.Proof
		rows  int64
		gaps  int64
		want  *audit.Fault
	}{
		{"whole", join(lines...), signed, 5, 0, nil},
		{"empty", "", audit.Proof{}, 0, 0, nil},
		{"empty, with a head", "", signed, 0, 0, at(audit.FaultCut, 1, 5)},
		{"the end alone", join(lines[2:]...), signed, 3, 1, nil},
		{"cut", join(lines[:4]...), signed, 4, 0, at(audit.FaultCut, 5, 5)},
		{"cut, nothing given", join(lines[:4]...), audit.Proof{}, 4, 0, nil},
		{"changed", join(lines[0], lines[1], changed), signed, 2, 0, at(audit.FaultChanged, 3, 3)},
		{"missing", join(lines[0], lines[2]), signed, 1, 0, at(audit.FaultMissing, 2, 2)},
		{"a gap that may be", join(lines[0], lines[2]), audit.Proof{Partial: true}, 2, 1, nil},
		{"a part without the row of the head", join(lines[0], lines[2]), audit.Proof{Partial: true, Head: &head}, 2, 1, at(audit.FaultCut, 4, 5)},
		{"swapped", join(lines[0], lines[2], lines[1]), audit.Proof{Partial: true}, 2, 1, at(audit.FaultChanged, 2, 2)},
		{"twice", join(lines[0], lines[0]), audit.Proof{Partial: true}, 1, 0, at(audit.FaultChanged, 1, 1)},
		{"another head", join(lines...), audit.Proof{Head: &foreign, Key: key}, 0, 0, at(audit.FaultSignature, 5, 5)},
		{"another key", join(lines...), audit.Proof{Head: &head, Key: otherKey}, 0, 0, at(audit.FaultSignature, 5, 5)},
		{"the hash of another head", join(lines[1:]...), audit.Proof{Head: &audit.Head{Mark: foreign.Mark}}, 3, 1, at(audit.FaultChanged, 2, 5)},
	} {
		report, err := audit.VerifyExport(strings.NewReader(test.file), test.proof)
		if err != nil || report.Rows != test.rows || report.Gaps != test.gaps || !reflect.DeepEqual(report.Fault, test.want) {
			t.Errorf("%s: %+v, %v, %v", test.name, report, report.Fault, err)
		}
	}
}

func TestEntryAsJSON(t *testing.T) {
	e := someAct()
	e.Number, e.Time, e.Details = 3, time.UnixMilli(1_700_000_000_120), []audit.Detail{{Name: "dn", New: "B"}}
	const zeros = `"0000000000000000000000000000000000000000000000000000000000000000"`
	const want = `{"number":3,"time":"2023-11-14T22:13:20.120Z","actor":{"kind":"system","id":"","name":"pbx","role":""},"from":"","act":"user.set",` +
		`"domain":{"id":0,"name":""},"object":{"kind":"","id":"","name":""},"outcome":"done","code":"","reason":"",` +
		`"details":[{"name":"dn","old":"","new":"B"}],"previous":` + zeros + `,"hash":` + zeros + `}`
	if got, err := json.Marshal(e); err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestVerifyExportRefuses(t *testing.T) {
	lines, _, _ := exported(t)
	one := strings.TrimSuffix(lines[0], "\n")
	with := func(old, new string) string {
		s := strings.Replace(one, old, new, 1)
		if s == one {
			t.Fatalf("the line has no %s: %s", old, one)
		}
		return s
	}
	for name, line := range map[string]string{
		"no JSON":              "hello",
		"a list":               "[]",
		"nothing in it":        "{}",
		"an empty line":        "\n",
		"one member more":      with(`{"number"`, `{"more":1,"number"`),
		"one member twice":     with(`"code":""`, `"code":"","code":""`),
		"twice, one missing":   with(`"from":""`, `"code":""`),
		"other case":           with(`"reason"`, `"Reason"`),
		"no text":              with(`"from":""`, `"from":null`),
		"no number":            with(`"number":1`, `"number":"1"`),
		"a broken number":      with(`"number":1`, `"number":1.5`),
		"no time":              with(`"time":"`, `"time":"x`),
		"a hash in upper case": with(`"previous":"0000`, `"previous":"000A`),
		"a short hash":         with(`"previous":"00`, `"previous":"`),
		"details as object":    with(`"details":[]`, `"details":{}`),
		"details with more":    with(`"details":[]`, `"details":[{"name":"a","old":"","new":"","x":""}]`),
		"a long line":          with(`"from":""`, `"from":"`+strings.Repeat("x", 2<<20)+`"`),
	} {
		if _, err := audit.VerifyExport(strings.NewReader(line+"\n"), audit.Proof{}); audit.CodeOf(err) != audit.CodeBadLine {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("broken")
	if _, err := audit.VerifyExport(&failingReader{strings.NewReader(lines[0]), broken}, audit.Proof{}); !errors.Is(err, broken) {
		t.Errorf("reader: %v", err)
	}
	if _, err := audit.VerifyExport(strings.NewReader(""), audit.Proof{Head: &audit.Head{}}); audit.CodeOf(err) != audit.CodeBadHead {
		t.Errorf("head: %v", err)
	}
}

type failingReader struct {
	*strings.Reader
	err error
}

func (f *failingReader) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil {
		err = f.err
	}
	return n, err
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestExportReportsTheWriter(t *testing.T) {
	b := newBench(t)
	b.append()
	if _, err := b.Export(t.Context(), failingWriter{}, audit.Query{Reader: audit.Reader{Everything: true}}); err == nil {
		t.Error("no error")
	}
}

// TestDocumentedProgram runs the program of docs/audit.md, if there is Python.
func TestDocumentedProgram(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	doc, err := os.ReadFile("../../docs/audit.md")
	must(t, err)
	_, program, _ := strings.Cut(string(doc), "```python\n")
	program, _, found := strings.Cut(program, "```")
	if !found {
		t.Fatal("docs/audit.md has no program")
	}
	b := newBench(t)
	b.append()
	e := someAct()
	e.Actor.Name, e.Domain, e.Details = "zoë <&>\u2028", audit.Domain{ID: 1 << 40, Name: "a"}, []audit.Detail{{Name: "dn", Old: "A\"\\", New: "😀"}}
	_, err = b.Append(t.Context(), e)
	must(t, err)
	last := b.append()
	var file bytes.Buffer
	_, err = b.Export(t.Context(), &file, audit.Query{Reader: audit.Reader{Everything: true}})
	must(t, err)
	run := func(file string) (string, error) {
		c := exec.CommandContext(t.Context(), python, "-c", program)
		c.Stdin = strings.NewReader(file)
		out, err := c.Output()
		return strings.TrimSpace(string(out)), err
	}
	head := audit.Head{Mark: audit.Mark{Number: 3, Hash: last.Hash}}
	if out, err := run(file.String()); err != nil || out != head.String() {
		t.Errorf("%s, %v; want %s", out, err, head)
	}
	if out, err := run(strings.Replace(file.String(), "pbx", "eve", 1)); err == nil {
		t.Errorf("a changed row was not found: %s", out)
	}
}

func TestParseHead(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	for _, good := range []string{"1:" + hash, "17:" + hash + ":1700000000000:" + strings.Repeat("A", 86)} {
		if head, err := audit.ParseHead(good); err != nil || head.String() != good {
			t.Errorf("%s: %v, %v", good, head, err)
		}
	}
	for _, bad := range []string{
		"", ":", "1", "1:", "0:" + hash, "-1:" + hash, "01:" + hash, "+1:" + hash, "1:" + hash + "00", "1:" + hash[2:], "1:" + strings.ToUpper(hash),
		"1:" + hash + ":", "1:" + hash + ":1", "1:" + hash + ":1:", "1:" + hash + ":1:AAAA", "1:" + hash + ":x:" + strings.Repeat("A", 86),
		"1:" + hash + ":1:" + strings.Repeat("A", 85) + "B", "1:" + hash + ":1:" + strings.Repeat("A", 86) + ":", " 1:" + hash, strings.Repeat("1", 300),
	} {
		if _, err := audit.ParseHead(bad); audit.CodeOf(err) != audit.CodeBadHead {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestParsePublicKey(t *testing.T) {
	key := newBench(t).PublicKey()
	if got, err := audit.ParsePublicKey(key.String()); err != nil || !reflect.DeepEqual(got, key) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "ed25519:", key.String() + "A", strings.TrimPrefix(key.String(), "ed25519:"), strings.ToUpper(key.String())} {
		if _, err := audit.ParsePublicKey(bad); audit.CodeOf(err) != audit.CodeBadKey {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzParseEntry(f *testing.F) {
	line, _, _ := strings.Cut(string(fixedExport(f)), "\n")
	f.Add([]byte(line))
	f.Add([]byte(strings.Replace(line, `"details":[]`, `"details":[{"name":"dn","old":"A","new":"\ud800"}]`, 1)))
	f.Add([]byte(`{"number":1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := audit.ParseEntry(line)
		if err != nil {
			if audit.CodeOf(err) != audit.CodeBadLine {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := json.Marshal(e)
		must(t, err)
		same, err := audit.ParseEntry(again)
		if err != nil || !reflect.DeepEqual(same, e) || same.Sum() != e.Sum() {
			t.Errorf("%s became %s: %v", line, again, err)
		}
	})
}

func FuzzParseHead(f *testing.F) {
	head := audit.Head{Mark: audit.Mark{Number: 17, Hash: audit.Hash{1, 2}}}
	f.Add(head.String())
	head.Time, head.Signature = time.UnixMilli(1_700_000_000_123), make([]byte, 64)
	f.Add(head.String())
	f.Fuzz(func(t *testing.T, text string) {
		head, err := audit.ParseHead(text)
		if err == nil && head.String() != text {
			t.Errorf("%q became %q", text, head)
		}
	})
}

// fixedExport is the same at every run.
func fixedExport(f *testing.F) []byte {
	var file []byte
	var previous audit.Hash
	for n := int64(1); n < 3; n++ {
		e := someAct()
		e.Number, e.Time, e.Previous, e.Details = n, time.UnixMilli(1000*n).UTC(), previous, []audit.Detail{}
		e.Hash = e.Sum()
		previous = e.Hash
		line, err := json.Marshal(e)
		must(f, err)
		file = append(append(file, line...), '\n')
	}
	return file
}

func FuzzVerifyExport(f *testing.F) {
	whole := fixedExport(f)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Fuzz(func(t *testing.T, file []byte) {
		report, err := audit.VerifyExport(bytes.NewReader(file), audit.Proof{})
		if err == nil && report.Fault == nil && int64(bytes.Count(file, []byte("\n"))) > report.Rows {
			t.Errorf("%d rows in %q", report.Rows, file)
		}
	})
}
