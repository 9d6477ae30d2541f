package directory

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/signal"
)

const (
	maxImport      = 16 << 20 // bytes
	maxImportLines = 100_000
)

// importHeader is the first line of an import.
var importHeader = [4]string{"sip", "dn", "num", "password"}

// ImportLine is what became of one line: a user was added, or the refusal.
type ImportLine struct {
	Line  int    `json:"line"` // as counted by an editor
	SIP   string `json:"sip,omitempty"`
	Error *Error `json:"error,omitempty"` // nil: added
}

// ImportReport says what became of every line but the header and empty ones.
type ImportReport struct {
	Added int          `json:"added"`
	Lines []ImportLine `json:"lines"`
}

// ImportUsers adds the users of a CSV file with the header
// sip,dn,num,password. A line is taken as a whole or refused as a whole, as by
// AddUser; the others do not suffer from it. The error tells that the file could
// not be read at all (bad_file: not UTF-8, too large, no such header), that the
// domain is gone, or that the store failed; the report then has the lines so
// far.
func (d *Directory) ImportUsers(ctx context.Context, dom signal.DomainID, file io.Reader) (ImportReport, error) {
	var report ImportReport
	lines, err := readImport(file)
	if err != nil {
		return report, err
	}
	for part := range slices.Chunk(lines, lot) {
		if err := d.importLines(ctx, dom, part); err != nil {
			return report, err
		}
		for _, l := range part {
			report.Lines = append(report.Lines, l.ImportLine)
			if l.Error == nil {
				report.Added++
			}
		}
	}
	return report, nil
}

// importLine is a line on its way: the user as read, and the row to write.
type importLine struct {
	ImportLine
	user NewObject
	row  ObjectRow
}

// importLines adds the users of one lot in one commit.
func (d *Directory) importLines(ctx context.Context, dom signal.DomainID, lines []*importLine) error {
	first, err := d.store.Reserve(ctx, len(lines))
	if err != nil {
		return storeError("reserve ids", err)
	}
	for i, l := range lines {
		if l.Error == nil {
			l.fail(d.prepare(l, dom, signal.ObjectID(first+int64(i))))
		}
	}
	taken := map[*importLine]*Error{}
	err = d.write(ctx, func() (*Batch, error) {
		if d.mem.domains[dom] == nil {
			return nil, errNoDomain
		}
		clear(taken)
		return d.mem.importBatch(lines, taken), nil
	})
	if err != nil {
		return err
	}
	for l, refusal := range taken {
		l.Error = refusal
	}
	return nil
}

func (d *Directory) prepare(l *importLine, dom signal.DomainID, id signal.ObjectID) error {
	row, err := newRow(dom, User, l.user)
	if err != nil {
		return err
	}
	row.ID = id
	l.row = row
	return d.sealPassword(&l.row, l.user.Password)
}

// importBatch is the lines that can be written together; those that cannot are
// noted in taken.
func (m *memory) importBatch(lines []*importLine, taken map[*importLine]*Error) *Batch {
	b := &Batch{}
	names, numbers := map[string]int{}, map[string]int{}
	for _, l := range lines {
		if l.Error != nil {
			continue
		}
		err := m.freeObject(&l.row)
		key := Fold(l.row.SIP)
		if err == nil {
			err = freeInFile(names, key, CodeNameTaken, "name "+l.row.SIP)
		}
		number := m.domains[l.row.Domain].fullNumber(l.row.Node, l.row.Num)
		if err == nil && number != "" {
			err = freeInFile(numbers, number, CodeNumberTaken, "number "+l.row.Num)
		}
		if err != nil {
			taken[l] = asRefusal(err)
			continue
		}
		names[key], numbers[number] = l.Line, l.Line
		b.Objects = append(b.Objects, l.row)
	}
	return b
}

func freeInFile(seen map[string]int, key string, code Code, what string) error {
	if line := seen[key]; line != 0 {
		return refuse(code, "The "+what+" is already in line "+strconv.Itoa(line)+".")
	}
	return nil
}

func (l *importLine) fail(err error) {
	if err != nil {
		l.Error = asRefusal(err)
	}
}

func asRefusal(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return refuse(CodeBadLine, err.Error())
}

// readImport reads the whole file: nothing is written if its form is wrong.
func readImport(file io.Reader) ([]*importLine, error) {
	text, err := io.ReadAll(io.LimitReader(file, maxImport+1))
	if err != nil {
		return nil, fmt.Errorf("directory: read the import: %w", err)
	}
	if len(text) > maxImport {
		return nil, refuse(CodeBadFile, "The file is larger than "+strconv.Itoa(maxImport>>20)+" MB; split it.")
	}
	if !utf8.Valid(text) {
		return nil, refuse(CodeBadFile, "The file is not UTF-8; save it with that encoding.")
	}
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff")))
	in.FieldsPerRecord = -1 // counted by ourselves, line by line
	header, err := in.Read()
	if err != nil || !isImportHeader(header) {
		return nil, refuse(CodeBadFile, "The first line must be "+strings.Join(importHeader[:], ",")+" (separated by commas).")
	}
	return readImportLines(in)
}

func isImportHeader(header []string) bool {
	return slices.EqualFunc(header, importHeader[:], func(a, b string) bool {
		return strings.EqualFold(strings.TrimSpace(a), b)
	})
}

func readImportLines(in *csv.Reader) ([]*importLine, error) {
	var lines []*importLine
	for {
		record, err := in.Read()
		if err == io.EOF {
			return lines, nil
		}
		if len(lines) == maxImportLines {
			return nil, refuse(CodeBadFile, "The file has more than "+strconv.Itoa(maxImportLines)+" lines; split it.")
		}
		lines = append(lines, newImportLine(in, record, err))
	}
}

func newImportLine(in *csv.Reader, record []string, err error) *importLine {
	if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
		return &importLine{ImportLine: ImportLine{Line: wrong.StartLine,
			Error: refuse(CodeBadLine, "The line cannot be read: "+wrong.Err.Error()+".")}}
	}
	l := &importLine{}
	l.Line, _ = in.FieldPos(0)
	if len(record) != len(importHeader) {
		l.Error = refuse(CodeBadLine, fmt.Sprintf("The line has %d fields instead of %d.", len(record), len(importHeader)))
		return l
	}
	l.user = NewObject{
		SIP: strings.TrimSpace(record[0]), DN: strings.TrimSpace(record[1]),
		Num: strings.TrimSpace(record[2]), Password: record[3],
	}
	l.SIP = shorten(l.user.SIP)
	return l
}
