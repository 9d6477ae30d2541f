package backup

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"filippo.io/age"
)

// Lock is how a backup is encrypted.
type Lock struct {
	Passphrase string // empty: it is not
	// Work is what a guess of the passphrase costs, as the binary logarithm of
	// scrypt's N, 10 to 20; 0: DefaultWork.
	Work int
}

// DefaultWork costs about a second and 256 MB.
const DefaultWork = 18

// The work that NewReader takes on: more than a gigabyte would be a way to take the
// memory from a switch.
const (
	leastWork = 10
	mostWork  = 20
)

// Write writes a backup of the store to w. With a passphrase it is encrypted and
// has header.Keys in it; without one the keys are left out. Format and Schema of
// the header are filled in.
func Write(ctx context.Context, w io.Writer, store Store, lock Lock, header Header) (Summary, error) {
	schema, err := store.Schema(ctx)
	if err != nil {
		return Summary{}, fmt.Errorf("backup: %w", err)
	}
	header.Format, header.Schema = format, schema
	if lock.Passphrase == "" {
		header.Keys = nil
	}
	out, err := newWriter(w, lock)
	if err != nil {
		return Summary{}, err
	}
	out.line(header)
	if err := store.Dump(ctx, out); err != nil {
		return Summary{}, fmt.Errorf("backup: %w", err)
	}
	out.line(trailer{End: true, Rows: out.rows})
	return Summary{Tables: out.tables, Rows: out.rows, Keys: len(header.Keys) > 0}, out.close()
}

// trailer is the last line.
type trailer struct {
	End  bool `json:"end"`
	Rows int  `json:"rows"`
}

// writer is the Sink that writes lines. The first error stays.
type writer struct {
	buf          *bufio.Writer
	closers      []io.Closer // innermost first
	text         []byte
	tables, rows int
	err          error
}

func newWriter(w io.Writer, lock Lock) (*writer, error) {
	out := &writer{}
	if lock.Passphrase != "" {
		recipient, err := age.NewScryptRecipient(lock.Passphrase)
		if err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
		work := cmp.Or(lock.Work, DefaultWork)
		if work < leastWork || work > mostWork {
			return nil, fmt.Errorf("backup: the work for a passphrase is %d, not from %d to %d", work, leastWork, mostWork)
		}
		recipient.SetWorkFactor(work)
		sealed, err := age.Encrypt(w, recipient)
		if err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
		out.closers, w = append(out.closers, sealed), sealed
	}
	zipped := gzip.NewWriter(w)
	out.closers = append([]io.Closer{zipped}, out.closers...)
	out.buf = bufio.NewWriterSize(zipped, 64<<10)
	return out, nil
}

func (w *writer) line(v any) {
	text, err := json.Marshal(v)
	w.write(append(text, '\n'), err)
}

func (w *writer) write(text []byte, err error) {
	if w.err = errors.Join(w.err, err); w.err == nil {
		_, w.err = w.buf.Write(text)
	}
}

// Table implements Sink.
func (w *writer) Table(t Table) error {
	w.tables++
	w.line(t)
	return w.err
}

// Row implements Sink.
func (w *writer) Row(values []any) error {
	w.rows++
	b := append(w.text[:0], '[')
	var err error
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, v); err != nil {
			return err
		}
	}
	w.text = append(b, ']', '\n')
	w.write(w.text, nil)
	return w.err
}

// binary is a value of bytes.
type binary struct {
	Bytes []byte `json:"bytes"`
}

func appendValue(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case []byte:
		text, err := json.Marshal(binary{v})
		return append(b, text...), err
	case string, []string:
		text, err := json.Marshal(v)
		return append(b, text...), err
	}
	return b, fmt.Errorf("backup: a value of type %T", v)
}

func (w *writer) close() error {
	err := errors.Join(w.err, w.buf.Flush())
	for _, c := range w.closers {
		err = errors.Join(err, c.Close())
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}
