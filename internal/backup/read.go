package backup

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"filippo.io/age"
)

// maxLine is how long a line may be: far longer than any row.
const maxLine = 16 << 20

// Reader reads a backup. It implements Source.
type Reader struct {
	Header Header

	in           *bufio.Reader
	zipped       *gzip.Reader
	waiting      []byte // a line that was read too early
	table        Table
	values       []any
	tables, rows int
	ended        bool
}

var _ Source = (*Reader)(nil)

// magic is how age files begin.
const magic = "age-encryption.org/"

// NewReader opens a backup and reads its header. schema is the newest version of
// the tables that this program knows. It refuses with an *Error what it cannot
// read.
func NewReader(r io.Reader, passphrase string, schema int64) (*Reader, error) {
	plain, err := decrypt(bufio.NewReader(r), passphrase)
	if err != nil {
		return nil, err
	}
	zipped, err := gzip.NewReader(plain)
	if err != nil {
		return nil, bad("it does not begin like one")
	}
	b := &Reader{zipped: zipped, in: bufio.NewReaderSize(zipped, 64<<10)}
	line, err := b.line()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(line, &b.Header); err != nil || b.Header.Format == 0 {
		return nil, bad("it has no header")
	}
	if b.Header.Format > format || b.Header.Schema > schema {
		return nil, &Error{CodeNewer, fmt.Sprintf(
			"The backup was written by a newer program (%s; its tables have version %d, this program knows %d): restore it with that program.",
			b.Header.Program, b.Header.Schema, schema)}
	}
	return b, nil
}

func decrypt(r *bufio.Reader, passphrase string) (io.Reader, error) {
	head, _ := r.Peek(len(magic))
	encrypted := string(head) == magic
	switch {
	case !encrypted && passphrase != "":
		return nil, &Error{CodePassphrase, "The backup is not encrypted; restore it without a passphrase."}
	case !encrypted:
		return r, nil
	case passphrase == "":
		return nil, &Error{CodePassphrase, "The backup is encrypted; give its passphrase."}
	}
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	identity.SetMaxWorkFactor(mostWork)
	plain, err := age.Decrypt(r, identity)
	if _, wrong := errors.AsType[*age.NoIdentityMatchError](err); wrong {
		return nil, &Error{CodePassphrase, "This is not the passphrase of the backup."}
	}
	if err != nil {
		return nil, bad("its encryption cannot be read")
	}
	return plain, nil
}

// line is the next line, without its end. It is valid until the next call.
func (b *Reader) line() ([]byte, error) {
	if b.waiting != nil {
		line := b.waiting
		b.waiting = nil
		return line, nil
	}
	line, err := b.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		line, err = b.longLine(line)
	}
	if err != nil {
		return nil, bad("it ends too early, or was changed")
	}
	return bytes.TrimSuffix(line, []byte{'\n'}), nil
}

func (b *Reader) longLine(begin []byte) ([]byte, error) {
	whole := bytes.Clone(begin)
	for {
		more, err := b.in.ReadSlice('\n')
		whole = append(whole, more...)
		if len(whole) > maxLine {
			return nil, errors.New("line too long")
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return whole, err
		}
	}
}

// NextTable implements Source.
func (b *Reader) NextTable() (Table, bool, error) {
	for {
		if _, more, err := b.NextRow(); err != nil {
			return Table{}, false, err
		} else if !more {
			break
		}
	}
	if b.ended {
		return Table{}, false, nil
	}
	line, err := b.line()
	if err != nil {
		return Table{}, false, err
	}
	var end trailer
	if json.Unmarshal(line, &end) == nil && end.End {
		return Table{}, false, b.finish(end)
	}
	b.table = Table{}
	if err := json.Unmarshal(line, &b.table); err != nil || b.table.Name == "" || len(b.table.Columns) == 0 {
		return Table{}, false, bad("a table is expected")
	}
	b.tables++
	b.values = make([]any, len(b.table.Columns))
	return b.table, true, nil
}

// finish checks that nothing is missing: gzip and age find what was changed only
// at the end of the file.
func (b *Reader) finish(end trailer) error {
	b.ended = true
	if end.Rows != b.rows {
		return bad("it has %d of %d rows", b.rows, end.Rows)
	}
	if rest, err := io.Copy(io.Discard, b.in); err != nil || rest > 0 {
		return bad("its end was changed")
	}
	return b.zipped.Close()
}

// NextRow implements Source.
func (b *Reader) NextRow() ([]any, bool, error) {
	if b.values == nil || b.ended {
		return nil, false, nil
	}
	line, err := b.line()
	if err != nil {
		return nil, false, err
	}
	if len(line) == 0 || line[0] != '[' {
		b.waiting, b.values = line, nil
		return nil, false, nil
	}
	b.rows++
	return b.values, true, b.decode(line)
}

func (b *Reader) decode(line []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil || len(raw) != len(b.values) {
		return bad("a row of %s cannot be read", b.table.Name)
	}
	for i := range raw {
		v, err := decodeValue(raw[i])
		if err != nil {
			return bad("%s of %s cannot be read", b.table.Columns[i], b.table.Name)
		}
		b.values[i] = v
	}
	return nil
}

func decodeValue(text json.RawMessage) (any, error) {
	switch text[0] {
	case 'n':
		return nil, nil
	case 't', 'f':
		return text[0] == 't', nil
	case '"':
		var s string
		err := json.Unmarshal(text, &s)
		return s, err
	case '[':
		list := []string{}
		err := json.Unmarshal(text, &list)
		return list, err
	case '{':
		b := binary{Bytes: []byte{}}
		err := json.Unmarshal(text, &b)
		return b.Bytes, err
	}
	return strconv.ParseInt(string(text), 10, 64)
}

// Restore reads a backup into the store. keys is told the master keys of the
// backup, if they are in it, before anything is written; check is asked whether
// the secrets of the backup can be opened.
func Restore(ctx context.Context, r io.Reader, passphrase string, store Store, keys func([][]byte) error, check func(canary []byte) error) (Summary, error) {
	schema, err := store.Schema(ctx)
	if err != nil {
		return Summary{}, fmt.Errorf("backup: %w", err)
	}
	b, err := NewReader(r, passphrase, schema)
	if err != nil {
		return Summary{}, err
	}
	if len(b.Header.Keys) > 0 {
		if err := keys(b.Header.Keys); err != nil {
			return Summary{}, err
		}
	}
	if err := store.Load(ctx, b, check); err != nil {
		return Summary{}, err
	}
	return Summary{Tables: b.tables, Rows: b.rows, Keys: len(b.Header.Keys) > 0}, nil
}

// Column turns a value of a backup into one for a column of the kind: "int",
// "bool", "text", "bytes" or "list". Engines keep truth as numbers and lists as
// JSON texts where they have no better type.
func Column(kind string, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		switch kind {
		case "int":
			return v, nil
		case "bool":
			return v != 0, nil
		}
	case bool:
		switch {
		case kind == "bool":
			return v, nil
		case kind == "int" && v:
			return int64(1), nil
		case kind == "int":
			return int64(0), nil
		}
	case string:
		switch kind {
		case "text":
			return v, nil
		case "list":
			list := []string{}
			if err := json.Unmarshal([]byte(v), &list); err != nil {
				return nil, bad("a list cannot be read")
			}
			return list, nil
		}
	case []string:
		switch kind {
		case "list":
			return v, nil
		case "text":
			text, err := json.Marshal(v)
			return string(text), err
		}
	case []byte:
		if kind == "bytes" {
			return bytes.Clone(v), nil
		}
	}
	return nil, bad("a %s is expected where it has a %s", kind, strings.TrimPrefix(fmt.Sprintf("%T", v), "[]"))
}
