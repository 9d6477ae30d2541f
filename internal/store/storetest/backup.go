package storetest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/backup"
	"github.com/tandem-switch/tandem/internal/directory"
)

// Copied is a store that can be copied.
type Copied interface {
	directory.Store
	backup.Store
}

// RunBackup checks that what a backup of one store has, another has after its
// restoration. from and to make a new, empty database each; they may be of
// different engines.
func RunBackup(t *testing.T, from, to func(t *testing.T) Copied) {
	for _, passphrase := range []string{"", "correct horse"} {
		t.Run(fmt.Sprintf("passphrase %q", passphrase), func(t *testing.T) {
			source, target := from(t), to(t)
			want := filled(t, source)
			other := filled(t, target)
			file, summary := written(t, source, passphrase)
			if summary.Keys != (passphrase != "") || summary.Rows < 8 || summary.Tables < 5 {
				t.Errorf("summary %+v", summary)
			}
			var keys [][]byte
			learn := func(k [][]byte) error { keys = k; return nil }
			asked := 0
			check := func(canary []byte) error {
				asked++
				if string(canary) != "canary" {
					t.Errorf("canary %q", canary)
				}
				return nil
			}
			read, err := backup.Restore(t.Context(), bytes.NewReader(file), passphrase, target, learn, check)
			if err != nil || read != summary || asked != 1 {
				t.Fatalf("read %+v, asked %d times, %v", read, asked, err)
			}
			if (len(keys) == 1 && string(keys[0]) == "key") != (passphrase != "") {
				t.Errorf("keys %q", keys)
			}
			compare(t, target, want, other.Head)
			b := &bench{t: t, store: target}
			if id := b.id(); id < 100 {
				t.Errorf("the id %d was given before", id)
			}
			b.addDomain("after.example") // it works
		})
	}
	t.Run("what is refused", func(t *testing.T) { testBadBackups(t, from(t), to(t)) })
}

// filled puts something of everything into a store.
func filled(t *testing.T, store Copied) directory.Rows {
	b := &bench{t: t, store: store}
	if _, err := store.Reserve(t.Context(), 99); err != nil {
		t.Fatal(err)
	}
	testRoundTrip(t, &bench{t: t, store: store, open: func() directory.Store { return unclosed{store} }})
	gone := b.addObject(b.addDomain("second.example", "host.second.example").ID, "gone", "1")
	gone.Deleted, gone.Devices = someTime, nil
	b.commit(one(gone))
	if _, err := store.Canary(t.Context(), []byte("canary")); err != nil {
		t.Fatal(err)
	}
	return b.read(0)
}

// unclosed is a store that belongs to somebody else.
type unclosed struct{ directory.Store }

// Close implements directory.Store.
func (unclosed) Close() error { return nil }

func written(t *testing.T, store backup.Store, passphrase string) ([]byte, backup.Summary) {
	t.Helper()
	var file bytes.Buffer
	summary, err := backup.Write(t.Context(), &file, store, backup.Lock{Passphrase: passphrase, Work: 10}, backup.Header{Created: someTime, Program: "test", Keys: [][]byte{[]byte("key")}})
	if err != nil {
		t.Fatal(err)
	}
	if passphrase != "" && (bytes.Contains(file.Bytes(), []byte("second.example")) || file.Len() == 0) {
		t.Error("it is not encrypted")
	}
	return file.Bytes(), summary
}

// compare expects the rows in the store, in a commit above head, to be read by
// everybody.
func compare(t *testing.T, store directory.Store, want directory.Rows, head int64) {
	t.Helper()
	b := &bench{t: t, store: store}
	got := b.read(head)
	if !got.Full || got.Head <= head || got.Head <= want.Head {
		t.Errorf("a reader of commit %d gets full %v, head %d", head, got.Full, got.Head)
	}
	got.Head = want.Head
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if kept := b.tombstones(want.Domains[1].ID); len(kept) != 1 || kept[0].SIP != "gone" {
		t.Errorf("tombstones %+v", kept)
	}
}

// zipped is a backup of our own making.
func zipped(t *testing.T, lines ...string) []byte {
	var file bytes.Buffer
	w := gzip.NewWriter(&file)
	text := `{"tandem_backup":1,"schema":1}` + "\n" + strings.Join(lines, "\n") + "\n" + fmt.Sprintf(`{"end":true,"rows":%d}`, max(len(lines)-1, 0)) + "\n"
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// altered is a backup with another value in the first row of a table.
func altered(t *testing.T, file []byte, table, column string, value any) []byte {
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, `{"table":"`+table+`"`) })
	var head backup.Table
	var row []any
	if err := errors.Join(json.Unmarshal([]byte(lines[at]), &head), json.Unmarshal([]byte(lines[at+1]), &row)); err != nil {
		t.Fatal(err)
	}
	row[slices.Index(head.Columns, column)] = value
	changed, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	lines[at+1] = string(changed)
	var again bytes.Buffer
	w := gzip.NewWriter(&again)
	if _, err := w.Write([]byte(strings.Join(lines, "\n") + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return again.Bytes()
}

// costly is an age file whose passphrase takes 2^22 KiB of memory to check.
func costly() []byte {
	return []byte("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 22\n" + strings.Repeat("A", 43) + "\n--- " + strings.Repeat("A", 43) + "\n" + strings.Repeat("x", 64))
}

func testBadBackups(t *testing.T, source, target Copied) {
	filled(t, source)
	b := &bench{t: t, store: target}
	b.addDomain("stays.example")
	plain, _ := written(t, source, "")
	sealed, _ := written(t, source, "pass phrase")
	changed := bytes.Clone(sealed)
	changed[len(changed)-30] ^= 1
	unknown := errors.New("another master key")
	for _, test := range []struct {
		name, passphrase string
		file             []byte
		check            error
		code             backup.Code
	}{
		{"empty", "", nil, nil, backup.CodeBadBackup},
		{"not one", "", []byte("SQLite format 3"), nil, backup.CodeBadBackup},
		{"cut in the middle", "", plain[:len(plain)/2], nil, backup.CodeBadBackup},
		{"cut at the end", "", plain[:len(plain)-1], nil, backup.CodeBadBackup},
		{"encrypted and cut", "pass phrase", sealed[:len(sealed)-17], nil, backup.CodeBadBackup},
		{"encrypted and changed", "pass phrase", changed, nil, backup.CodeBadBackup},
		{"no passphrase", "", sealed, nil, backup.CodePassphrase},
		{"wrong passphrase", "pass", sealed, nil, backup.CodePassphrase},
		{"needless passphrase", "pass", plain, nil, backup.CodePassphrase},
		{"wrong key", "", plain, unknown, ""},
		{"unknown table", "", zipped(t, `{"table":"x\"; --","columns":["a"]}`, `[1]`), nil, backup.CodeBadBackup},
		{"table of the migrations", "", zipped(t, `{"table":"goose_db_version","columns":["version_id"]}`, `[999]`), nil, backup.CodeBadBackup},
		{"table of the engine", "", zipped(t, `{"table":"sqlite_master","columns":["name"]}`, `["x"]`), nil, backup.CodeBadBackup},
		{"audit log in another case", "", zipped(t, `{"table":"Audit","columns":["number"]}`, `[1]`), nil, backup.CodeBadBackup},
		{"no directory", "", zipped(t, `{"table":"domain","columns":["domain"]}`), nil, backup.CodeBadBackup},
		{"row without its domain", "", altered(t, plain, "object", "domain", 4711), nil, backup.CodeBadBackup},
		{"row that cannot be read", "", altered(t, plain, "object", "apis", "{"), nil, backup.CodeBadBackup},
		{"settings that cannot be read", "", altered(t, plain, "domain", "settings", "{"), nil, backup.CodeBadBackup},
		{"costly passphrase", "pass phrase", costly(), nil, backup.CodeBadBackup},
		{"endless line", "", zipped(t, `{"table":"`+strings.Repeat("x", 17<<20)), nil, backup.CodeBadBackup},
	} {
		_, err := backup.Restore(t.Context(), bytes.NewReader(test.file), test.passphrase, target,
			func([][]byte) error { return nil }, func([]byte) error { return test.check })
		refusal, _ := errors.AsType[*backup.Error](err)
		switch {
		case test.check != nil && !errors.Is(err, test.check), test.check == nil && (refusal == nil || refusal.Code != test.code):
			t.Errorf("%s: %v", test.name, err)
		case refusal != nil && !strings.HasSuffix(refusal.Message, "."):
			t.Errorf("%s: no sentence: %q", test.name, refusal.Message)
		}
		if rows := b.read(0); len(rows.Domains) != 1 || rows.Domains[0].Name != "stays.example" {
			t.Fatalf("%s: it has left something behind: %+v", test.name, rows)
		}
	}
	_, err := backup.NewReader(bytes.NewReader(plain), "", 2)
	if refusal, _ := errors.AsType[*backup.Error](err); refusal == nil || refusal.Code != backup.CodeNewer {
		t.Errorf("of a newer program: %v", err)
	}
	if r, err := backup.NewReader(bytes.NewReader(plain), "", 99); err != nil || !r.Header.Created.Equal(someTime.Truncate(time.Nanosecond)) {
		t.Errorf("header: %v", err)
	}
}
