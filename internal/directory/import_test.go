package directory_test

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/internal/directory"
)

func line(i int) string { return fmt.Sprintf("u%d,User %d,%d,password-%d\n", i, i, 10_000+i, i) }

func TestImport(t *testing.T) {
	b := newBench(t)
	b.addUser(b.dom, "taken", "100")
	file := "\ufeffSIP,dn,num,password\r\n" +
		"alice,\"Alice \"\"A\"\", Jr.\",101,secret-alice\r\n" +
		"bob,,,secret-bob\r\n" +
		"\r\n" +
		"Taken,,102,secret-1\r\n" +
		"ALICE,,103,secret-2\r\n" +
		"carol,,101,secret-3\r\n" +
		"dave,,100,secret-4\r\n" +
		"erin,,,short\r\n" +
		"f:g,,,secret-5\r\n" +
		"three,fields,only\r\n" +
		"quo\"te,,,secret-6\r\n" +
		"grace,Grace,110,\" with blanks \"\r\n"
	report, err := b.ImportUsers(t.Context(), b.dom.ID, directory.Import{File: strings.NewReader(file)})
	b.must(err)
	want := []struct {
		line int
		sip  string
		code directory.Code
	}{
		{5, "Taken", directory.CodeNameTaken}, {6, "ALICE", directory.CodeNameTaken},
		{7, "carol", directory.CodeNumberTaken}, {8, "dave", directory.CodeNumberTaken}, {9, "erin", directory.CodePasswordTooShort},
		{10, "f:g", directory.CodeBadName}, {11, "", directory.CodeBadLine}, {12, "", directory.CodeBadLine},
	}
	if report.Added != 3 || report.Refused != len(want) || len(report.Lines) != len(want) {
		t.Fatalf("report %+v", report)
	}
	for i, w := range want {
		got := report.Lines[i]
		var code directory.Code
		if got.Error != nil {
			code = got.Error.Code
			t.Logf("line %d: %v", got.Line, got.Error)
		}
		if got.Line != w.line || got.SIP != w.sip || code != w.code {
			t.Errorf("got line %d %q %q, want %+v", got.Line, got.SIP, code, w)
		}
	}
	alice, _ := b.UserByName(b.dom.ID, "alice")
	grace, _ := b.UserByName(b.dom.ID, "grace")
	if alice.DN != "Alice \"A\", Jr." || alice.Num != "101" {
		t.Errorf("alice: %+v", alice)
	}
	if password, _ := b.Password(grace.Address()); password != " with blanks " {
		t.Errorf("password %q", password)
	}
	if n := len(b.another().Users(b.dom.ID)); n != 4 {
		t.Errorf("%d users", n)
	}
}

func TestImportRefusesFiles(t *testing.T) {
	b := newBench(t)
	const header = "sip,dn,num,password\n"
	for name, file := range map[string]string{
		"empty": "", "no header": "alice,Alice,101,secret-alice\n", "semicolons": "sip;dn;num;password\na;b;1;secret-1\n",
		"twice": "sip,dn,num,password,sip\n", "more": "sip,dn,num,password,x\n", "less": "sip,dn,num\n", "binary": "\x00\x01\x02", "utf-16": "\xff\xfes\x00i\x00p\x00",
	} {
		report, err := b.ImportUsers(t.Context(), b.dom.ID, directory.Import{File: strings.NewReader(file)})
		b.refused(directory.CodeBadFile, err)
		if len(report.Lines) != 0 {
			t.Errorf("%s: %+v", name, report.Lines)
		}
	}
	_, err := b.ImportUsers(t.Context(), 4711, directory.Import{File: strings.NewReader(header + "alice,,,secret-alice\n")})
	b.refused(directory.CodeNotFound, err)
	if report, err := b.ImportUsers(t.Context(), b.dom.ID, directory.Import{File: strings.NewReader(header)}); err != nil || report.Added != 0 {
		t.Errorf("only a header: %+v, %v", report, err)
	}
}

// What stands before a line that is too long is in; the line itself is never kept
// as a whole.
func TestImportLongLines(t *testing.T) {
	b := newBench(t)
	const header = "sip,dn,num,password\n"
	endless := func(begin, more string) io.Reader {
		return io.MultiReader(strings.NewReader(begin), &repeated{more, 1 << 20})
	}
	for _, r := range []io.Reader{endless("", ","), endless("sip,dn,num,password,", "\""), endless(header, ","), endless(header, "\""), endless(header, "a"), endless(header+"\"", "\n")} {
		counted := &lineBytes{r, 0}
		report, err := b.ImportUsers(t.Context(), b.dom.ID, directory.Import{File: counted})
		b.refused(directory.CodeBadFile, err)
		if report.Added != 0 || counted.n > 128<<10 {
			t.Errorf("%d bytes were read, report %+v", counted.n, report)
		}
	}
	report, err := b.ImportUsers(t.Context(), b.dom.ID, directory.Import{File: endless(header+"first,,,secret-first\n", "x")})
	b.refused(directory.CodeBadFile, err)
	if _, ok := b.UserByName(b.dom.ID, "first"); !ok || report.Added != 1 {
		t.Errorf("the line before a long one: %+v", report)
	}
	many := "sip,dn,num,password,groups\nmany,,,secret-many," + strings.Repeat("g;", 2000) + "\nnext,,,secret-next,\n"
	report, err = b.ImportUsers(t.Context(), b.dom.ID, directory.Import{File: strings.NewReader(many)})
	b.must(err)
	if report.Added != 1 || report.Refused != 1 || report.Lines[0].Error.Code != directory.CodeTooMany || report.Lines[0].Error.Field != "groups" {
		t.Errorf("many values: %+v", report)
	}
}

// repeated is a text over and over.
type repeated struct {
	text string
	left int
}

// Read implements io.Reader.
func (r *repeated) Read(p []byte) (n int, err error) {
	for ; n < len(p) && r.left > 0; n, r.left = n+1, r.left-1 {
		p[n] = r.text[r.left%len(r.text)]
	}
	if n == 0 {
		err = io.EOF
	}
	return n, err
}

// lineBytes counts what is read.
type lineBytes struct {
	io.Reader
	n int
}

// Read implements io.Reader.
func (l *lineBytes) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	l.n += n
	return n, err
}

// The optional columns, in another order, with a line of another encoding and
// cells that an export has quoted.
func TestImportColumns(t *testing.T) {
	b := newBench(t)
	staff, err := b.AddObject(t.Context(), b.dom.ID, directory.Template, directory.NewObject{SIP: "staff"})
	b.must(err)
	file := "groups,Template,email,num,cn,dn,sip,password,apps,node\n" +
		"sales; support,staff,a@x.example;b@x.example,101,Alice A.,'=Alice,alice,'=secret-1,bot,\n" +
		",,,,,M\xfcller,latin,secret-1,,\n" +
		",nothing,,,,,carol,secret-1,,\n" +
		",,no mail,,,,dave,secret-1,,\n" +
		",,,,,,erin,secret-1,,west\n" +
		",,,,,'quoted,frank,secret-1,,\n"
	for _, dry := range []bool{true, false} {
		report, err := b.ImportUsers(t.Context(), b.dom.ID, directory.Import{File: strings.NewReader(file), DryRun: dry})
		b.must(err)
		var refused []string
		for _, l := range report.Lines {
			refused = append(refused, fmt.Sprint(l.Line, l.Error.Field))
		}
		if want := []string{"3dn", "4template", "5emails", "6node"}; report.Added != 2 || !slices.Equal(refused, want) {
			t.Errorf("dry %v: %+v, %v", dry, report, refused)
		}
		if n := len(b.Users(b.dom.ID)); (n == 0) != dry {
			t.Errorf("dry %v: %d users", dry, n)
		}
	}
	alice, _ := b.UserByName(b.dom.ID, "alice")
	if alice.Template != staff.ID || alice.DN != "=Alice" || alice.CN != "Alice A." || len(alice.Groups) != 2 || alice.Groups[1].Name != "support" ||
		len(alice.Emails) != 2 || alice.Apps[0] != "bot" || alice.Num != "101" {
		t.Errorf("%+v", alice)
	}
	if password, _ := b.Password(alice.Address()); password != "'=secret-1" {
		t.Errorf("the password is %q", password)
	}
	if frank, _ := b.UserByName(b.dom.ID, "frank"); frank.DN != "'quoted" {
		t.Errorf("%+v", frank)
	}
}

// A dry run finds what would be taken twice by its own lines, far apart too.
func TestImportDryRun(t *testing.T) {
	b := newBench(t)
	text := "sip,dn,num,password\n"
	for i := range 1200 {
		text += line(i)
	}
	text += "U7,,,secret-7\nother,,10008,secret-8\n"
	dry, err := b.ImportUsers(t.Context(), b.dom.ID, directory.Import{File: strings.NewReader(text), DryRun: true})
	b.must(err)
	if dry.Added != 1200 || dry.Refused != 2 || dry.Lines[0].Error.Code != directory.CodeNameTaken || dry.Lines[1].Error.Code != directory.CodeNumberTaken {
		t.Errorf("%+v", dry)
	}
	if users := b.Users(b.dom.ID); len(users) != 0 {
		t.Errorf("%d users were added", len(users))
	}
	earnest, err := b.ImportUsers(t.Context(), b.dom.ID, directory.Import{File: strings.NewReader(text)})
	b.must(err)
	if !reflect.DeepEqual(earnest, dry) {
		t.Errorf("in earnest %+v", earnest)
	}
}

func TestQuoteCell(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "a": "a", "'a": "'a", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx",
		"'=1": "''=1", "''@": "'''@", "'": "'", "a=1": "a=1",
	} {
		got := directory.QuoteCell(cell)
		if got != want || directory.UnquoteCell(got) != cell {
			t.Errorf("%q becomes %q, and %q again", cell, got, directory.UnquoteCell(got))
		}
	}
}

// TestImportAgainstAnother: the lot is refused by the store since somebody else
// has taken a name; only that line must suffer.
func TestImportAgainstAnother(t *testing.T) {
	b := newBench(t)
	other := &bench{t: t, Directory: b.another(), dom: b.dom}
	other.addUser(b.dom, "u5", "")
	text := "sip,dn,num,password\n"
	for i := range 1200 {
		text += line(i)
	}
	report, err := b.ImportUsers(t.Context(), b.dom.ID, directory.Import{File: strings.NewReader(text)})
	b.must(err)
	if report.Added != 1199 || len(report.Lines) != 1 || report.Lines[0].SIP != "u5" || report.Lines[0].Error.Code != directory.CodeNameTaken {
		t.Errorf("%+v", report)
	}
}

func FuzzImport(f *testing.F) {
	f.Add("alice,Alice,101,secret-alice\n")
	f.Add("\"a\nb\",,,\"x\n")
	f.Add("a,,,12345678\na,,,12345678\n\u212a,,,12345678\nk,,,12345678")
	f.Fuzz(func(t *testing.T, text string) {
		b := newBench(t)
		report, err := b.ImportUsers(t.Context(), b.dom.ID, directory.Import{File: strings.NewReader("sip,dn,num,password\n" + text)})
		if err != nil && directory.CodeOf(err) != directory.CodeBadFile {
			t.Fatal(err)
		}
		users := b.Users(b.dom.ID)
		if len(users) != report.Added {
			t.Errorf("%d added, %d there", report.Added, len(users))
		}
		seen := map[string]bool{}
		for _, u := range users {
			key := directory.Fold(u.SIP)
			if seen[key] || directory.Fold(key) != key || strings.ContainsAny(u.SIP, ":@\n") || len(u.DN) > 256 || !utf8.ValidString(u.SIP+u.DN) {
				t.Errorf("%+v", u)
			}
			seen[key] = true
			if got, ok := b.UserByName(b.dom.ID, strings.ToUpper(u.SIP)+"@example.com"); ok && got.ID != u.ID {
				t.Errorf("%q in upper case is somebody else", u.SIP)
			}
			if got, ok := b.UserByName(b.dom.ID, u.SIP); !ok || got.ID != u.ID {
				t.Errorf("%q is not found", u.SIP)
			}
			if _, err := b.Password(u.Address()); err != nil {
				t.Error(err)
			}
		}
	})
}
