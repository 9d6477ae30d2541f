package directory

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/signal"
)

// The bounds of an import. How many bytes it has is for the caller to bound.
const (
	maxImportLines = 1_000_000
	maxImportLine  = 32 << 10 // bytes of a line with all its cells: more than the longest user needs
	maxImportCell  = 1024     // values of a cell
	maxReported    = 10_000   // refused lines in a report
)

// The columns of an import. The first four must be there; the order is free.
const importNeeds = "sip,dn,num,password"

var importColumns = [...]string{"sip", "dn", "num", "password", "cn", "email", "node", "template", "groups", "apps"}

// ImportColumns are the columns that an import may have. The first four must be
// there.
func ImportColumns() []string { return importColumns[:] }

// ImportLine is a line of an import that was refused.
type ImportLine struct {
	Line  int    `json:"line"` // as counted by an editor
	SIP   string `json:"sip,omitempty"`
	Error *Error `json:"error"`
}

// ImportReport says what became of the lines but the header and empty ones.
type ImportReport struct {
	Added   int `json:"added"` // in a dry run: those that would be added
	Refused int `json:"refused"`
	// Lines are the refused lines, at most 10,000 of them.
	Lines []ImportLine `json:"lines"`
}

// Import is what ImportUsers is told.
type Import struct {
	File io.Reader
	// DryRun checks every line and adds nobody.
	DryRun bool
	// Check refuses users that the caller does not want; nil refuses none.
	Check func(NewObject) error
}

// ImportUsers adds the users of a CSV file as it is read: its first line names
// the columns (ImportColumns), whose cells have their several values separated by
// semicolons. An apostrophe before a sign with which formulas begin, as exports
// write it, is taken off again except from passwords.
//
// A line is taken as a whole or refused as a whole, as by AddUser; the others do
// not suffer from it. The error tells that the header is wrong (bad_file), that
// reading failed, that the domain is gone, or that the store failed; what the
// report counts is in nevertheless.
func (d *Directory) ImportUsers(ctx context.Context, dom signal.DomainID, i Import) (ImportReport, error) {
	f, err := d.newImport(dom, i)
	if err != nil {
		return ImportReport{}, err
	}
	for {
		lines, err := f.read(lot)
		if len(lines) > 0 {
			if err := f.add(ctx, lines); err != nil {
				return f.report, err
			}
			f.tell(lines)
		}
		switch {
		case errors.Is(err, io.EOF):
			return f.report, nil
		case err != nil:
			return f.report, err
		}
	}
}

// importing is an import on its way. It belongs to one goroutine.
type importing struct {
	Import
	d       *Directory
	domain  signal.DomainID
	file    *lineBound
	in      *csv.Reader
	columns []string
	count   int
	last    int // number of the line that was read last
	report  ImportReport
	names   map[string]int // of the users of this file: folded name to line
	numbers map[string]int
}

func (d *Directory) newImport(dom signal.DomainID, i Import) (*importing, error) {
	file := &lineBound{from: i.File}
	f := &importing{Import: i, d: d, domain: dom, file: file, in: csv.NewReader(file), names: map[string]int{}, numbers: map[string]int{}}
	f.in.FieldsPerRecord = -1 // counted by ourselves, line by line
	f.in.ReuseRecord = true
	header, err := f.record()
	if _, form := errors.AsType[*csv.ParseError](err); err != nil && !form && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("directory: read the import: %w", err)
	}
	return f, f.readHeader(header)
}

// lineBound ends a file whose present line is too long: the parser would keep all
// of it, in many times the memory.
type lineBound struct {
	from        io.Reader
	read, until int64 // bytes
}

// errLongLine is what the parser is told.
var errLongLine = errors.New("directory: a line of the import is too long")

// Read implements io.Reader.
func (b *lineBound) Read(p []byte) (int, error) {
	if b.read >= b.until {
		return 0, errLongLine
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.until-b.read)])
	b.read += int64(n)
	return n, err
}

// record is the next line, as the parser has it.
func (f *importing) record() ([]string, error) {
	f.file.until = f.in.InputOffset() + maxImportLine
	record, err := f.in.Read()
	if errors.Is(err, errLongLine) {
		return nil, refuse(CodeBadFile, "The line behind line "+strconv.Itoa(f.last)+" is longer than "+strconv.Itoa(maxImportLine>>10)+
			" KiB; perhaps a quote is not closed. What stands before it is in.")
	}
	if len(record) > 0 {
		f.last, _ = f.in.FieldPos(0)
	}
	return record, err
}

func (f *importing) readHeader(header []string) error {
	for at, name := range header {
		if at == 0 {
			name = strings.TrimPrefix(name, "\ufeff")
		}
		name = strings.ToLower(strings.TrimSpace(name))
		if !utf8.ValidString(name) || slices.Contains(f.columns, name) {
			break
		}
		f.columns = append(f.columns, name)
		if !slices.Contains(importColumns[:], name) && len(header) > 1 {
			return refuse(CodeBadFile, "There is no column "+strconv.Quote(shorten(name))+": the first line has "+importNeeds+" and may have "+strings.Join(importColumns[4:], ",")+", separated by commas.")
		}
	}
	for need := range strings.SplitSeq(importNeeds, ",") {
		if !slices.Contains(f.columns, need) || len(f.columns) != len(header) {
			return refuse(CodeBadFile, "The first line must be "+importNeeds+" (separated by commas), each once, and may have "+strings.Join(importColumns[4:], ",")+" too.")
		}
	}
	return nil
}

// importLine is a line on its way: the user as read, and the row to write.
type importLine struct {
	ImportLine
	user     NewObject
	template string
	row      ObjectRow
}

// read reads up to n lines. The error is io.EOF at the end of the file.
func (f *importing) read(n int) ([]*importLine, error) {
	var lines []*importLine
	for len(lines) < n {
		record, err := f.record()
		_, form := errors.AsType[*csv.ParseError](err)
		if err != nil && !form {
			if !errors.Is(err, io.EOF) {
				err = fmt.Errorf("directory: read the import: %w", err)
			}
			return lines, err
		}
		if f.count++; f.count > maxImportLines {
			return lines, refuse(CodeBadFile, "The file has more than "+strconv.Itoa(maxImportLines)+" lines; split it.")
		}
		lines = append(lines, f.line(record, err))
	}
	return lines, nil
}

func (f *importing) line(record []string, err error) *importLine {
	l := &importLine{}
	if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
		l.Line = wrong.StartLine
		l.Error = refuse(CodeBadLine, "The line cannot be read: "+wrong.Err.Error()+".")
		return l
	}
	l.Line = f.last
	if len(record) != len(f.columns) {
		l.Error = refuse(CodeBadLine, fmt.Sprintf("The line has %d fields instead of %d.", len(record), len(f.columns)))
		return l
	}
	for i, cell := range record {
		if !utf8.ValidString(cell) {
			l.Error = &Error{Code: CodeBadLine, Field: f.columns[i], Message: "The cell " + f.columns[i] + " is not UTF-8; save the file with that encoding."}
			return l
		}
		if strings.Count(cell, ";") >= maxImportCell {
			l.Error = &Error{Code: CodeTooMany, Field: f.columns[i], Message: "The cell " + f.columns[i] + " has more than " + strconv.Itoa(maxImportCell) + " values."}
			return l
		}
		l.take(f.columns[i], strings.Clone(cell))
	}
	l.SIP = shorten(l.user.SIP)
	return l
}

// take takes one cell.
func (l *importLine) take(column, cell string) {
	if column == "password" {
		l.user.Password = cell
		return
	}
	cell = strings.TrimSpace(UnquoteCell(cell))
	switch column {
	case "sip":
		l.user.SIP = cell
	case "dn":
		l.user.DN = cell
	case "num":
		l.user.Num = cell
	case "cn":
		l.user.CN = cell
	case "email":
		l.user.Emails = values(cell)
	case "node":
		l.user.Node = cell
	case "template":
		l.template = cell
	case "groups":
		for _, name := range values(cell) {
			l.user.Groups = append(l.user.Groups, Membership{Name: name})
		}
	case "apps":
		l.user.Apps = values(cell)
	}
}

// values are the several values of a cell.
func values(cell string) []string {
	var list []string
	for one := range strings.SplitSeq(cell, ";") {
		if one = strings.TrimSpace(one); one != "" {
			list = append(list, one)
		}
	}
	return list
}

// formula are the signs with which a cell begins that a spreadsheet would run.
const formula = "=+-@\t\r"

// QuoteCell puts an apostrophe before a cell that a spreadsheet would take for a
// formula.
func QuoteCell(cell string) string {
	if isFormula(cell) {
		return "'" + cell
	}
	return cell
}

// UnquoteCell takes off what QuoteCell has put before.
func UnquoteCell(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && isFormula(rest) {
		return rest
	}
	return cell
}

// isFormula also holds for what is quoted already, so that it comes back with
// its own apostrophe.
func isFormula(cell string) bool {
	cell = strings.TrimLeft(cell, "'")
	return cell != "" && strings.Contains(formula, cell[:1])
}

// add adds the users of one lot in one commit, or only looks whether it could.
func (f *importing) add(ctx context.Context, lines []*importLine) error {
	first := int64(1)
	if !f.DryRun {
		var err error
		if first, err = f.d.store.Reserve(ctx, len(lines)); err != nil {
			return storeError("reserve ids", err)
		}
	}
	for i, l := range lines {
		if l.Error == nil {
			l.fail(f.prepare(l, signal.ObjectID(first+int64(i))))
		}
	}
	taken := map[*importLine]*Error{}
	build := func() (*Batch, error) {
		if f.d.mem.domains[f.domain] == nil {
			return nil, errNoDomain
		}
		clear(taken)
		return f.batch(lines, taken), nil
	}
	err := f.commit(ctx, build)
	for l, refusal := range taken {
		l.Error = refusal
	}
	return err
}

// commit writes what build makes, or in a dry run only builds it.
func (f *importing) commit(ctx context.Context, build func() (*Batch, error)) error {
	if !f.DryRun {
		return f.d.write(ctx, build)
	}
	f.d.mu.RLock()
	defer f.d.mu.RUnlock()
	_, err := build()
	return cmp.Or(err, ctx.Err())
}

func (f *importing) prepare(l *importLine, id signal.ObjectID) error {
	if f.Check != nil {
		if err := f.Check(l.user); err != nil {
			return err
		}
	}
	if l.template != "" {
		t, ok := f.d.ObjectByName(f.domain, l.template)
		if !ok || t.Kind != Template {
			return wrong("template", "There is no template "+strconv.Quote(shorten(l.template))+".")
		}
		l.user.Template = t.ID
	}
	row, err := newRow(f.domain, User, l.user)
	if err != nil {
		return err
	}
	row.ID = id
	l.row = row
	if f.DryRun {
		return nil
	}
	return f.d.sealPassword(&l.row, l.user.Password)
}

// batch is the lines that can be written together; those that cannot are noted in
// taken. It is asked again when others were faster, so it begins by forgetting
// what it has noted of these lines.
func (f *importing) batch(lines []*importLine, taken map[*importLine]*Error) *Batch {
	b := &Batch{}
	domain := f.d.mem.domains[f.domain]
	first := lines[0].Line
	since := func(_ string, line int) bool { return line >= first }
	maps.DeleteFunc(f.names, since)
	maps.DeleteFunc(f.numbers, since)
	for _, l := range lines {
		if l.Error != nil {
			continue
		}
		key := Fold(l.row.SIP)
		number := ""
		if l.row.Num != "" {
			number = domain.fullNumber(l.row.Node, l.row.Num)
		}
		err := freeInFile(f.names, key, CodeNameTaken, "sip", "name "+l.row.SIP)
		if err == nil && number != "" {
			err = freeInFile(f.numbers, number, CodeNumberTaken, "num", "number "+l.row.Num)
		}
		if err == nil {
			err = f.d.mem.freeObject(&l.row)
		}
		if err != nil {
			taken[l] = asRefusal(err)
			continue
		}
		f.names[key] = l.Line
		if number != "" {
			f.numbers[number] = l.Line
		}
		b.Objects = append(b.Objects, l.row)
	}
	return b
}

func freeInFile(seen map[string]int, key string, code Code, field, what string) error {
	if line := seen[key]; line != 0 {
		return &Error{Code: code, Field: field, Message: "The " + what + " is already in line " + strconv.Itoa(line) + "."}
	}
	return nil
}

// tell takes a lot that is done into the report.
func (f *importing) tell(lines []*importLine) {
	for _, l := range lines {
		if l.Error == nil {
			f.report.Added++
			continue
		}
		f.report.Refused++
		if len(f.report.Lines) < maxReported {
			f.report.Lines = append(f.report.Lines, l.ImportLine)
		}
	}
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
