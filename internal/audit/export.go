package audit

import (
	"bufio"
	"context"
	"errors"
	"io"
)

// Export writes the entries of the query as JSON lines, oldest first, up to the
// newest one of the moment it begins, and returns how many there were. Limit and
// Ascending of the query mean nothing. It reads in pages and holds up nobody. If
// w or the store fails, the export ends at the end of some line.
func (l *Log) Export(ctx context.Context, w io.Writer, q Query) (lines int64, err error) {
	q.Ascending, q.Limit = true, maxPage
	now, err := l.state(ctx)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriter(w)
	for {
		page, err := l.List(ctx, q)
		if err != nil {
			return lines, errors.Join(err, out.Flush())
		}
		for i := range page.Entries {
			if page.Entries[i].Number > now.head.Number {
				page.Next = 0
				break
			}
			line, err := page.Entries[i].line()
			if err != nil {
				return lines, errors.Join(err, out.Flush())
			}
			if _, err := out.Write(line); err != nil {
				return lines, err
			}
			lines++
		}
		if q.After = page.Next; q.After == 0 {
			return lines, out.Flush()
		}
	}
}

// Proof is what an export is compared with.
type Proof struct {
	// Head is a head that was kept elsewhere; nil without. It is compared if
	// the export has its row, and must be within the export.
	Head *Head
	// Key is what the signature of Head is checked with; nil: it is not
	// checked.
	Key PublicKey
	// Partial says that the export was made with a filter: rows that are not
	// there are counted as gaps, and are no fault.
	Partial bool
}

// VerifyExport looks through an export, which may begin at any row, and reports
// the first fault. It needs no store, no secret and little memory. It refuses
// with bad_line what is no line of an export; other errors are those of r.
func VerifyExport(r io.Reader, p Proof) (Report, error) {
	v := fileVerifier{proof: p}
	if p.Head != nil && p.Head.Number < 1 {
		return Report{}, errNoRow
	}
	if p.Head != nil && p.Key != nil && p.Head.Signature != nil && !p.Head.SignedBy(p.Key) {
		return Report{Fault: &Fault{FaultSignature, p.Head.Number, p.Head.Number}}, nil
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for number := 1; lines.Scan(); number++ {
		e, err := ParseEntry(lines.Bytes())
		if err != nil {
			return v.report, refuse(CodeBadLine, "Line %d: %v", number, err)
		}
		if v.line(&e); v.report.Fault != nil {
			return v.report, nil
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = refuse(CodeBadLine, "A line is longer than %d bytes.", maxLine)
		}
		return v.report, err
	}
	v.report.Fault = v.end()
	return v.report, nil
}

// fileVerifier is one look through an export.
type fileVerifier struct {
	proof  Proof
	chain  chain
	first  int64 // row of the first line
	proven bool  // the row of the head was there and fits
	report Report
}

func (v *fileVerifier) line(e *Entry) {
	if v.report.Rows == 0 {
		v.first = e.Number
	}
	v.jump(e)
	if v.report.Fault = v.chain.add(e); v.report.Fault != nil {
		return
	}
	v.report.Head = v.chain.at
	if h := v.proof.Head; h != nil && h.Number == e.Number {
		if h.Hash != e.Hash {
			v.report.Fault = &Fault{FaultChanged, v.first, e.Number}
			return
		}
		v.proven = true
		if v.proof.Key != nil && h.Signature != nil {
			v.report.Signed = h.Number
		}
	}
	v.report.Rows++
}

// jump begins the chain anew at the first line, and at a gap that may be.
func (v *fileVerifier) jump(e *Entry) {
	begins := v.report.Rows == 0
	gap := e.Number > v.chain.at.Number+1
	if !gap || (!begins && !v.proof.Partial) || e.Number < 1 {
		return
	}
	v.report.Gaps++
	v.chain.at = Mark{e.Number - 1, e.Previous}
}

// end looks whether the head was there.
func (v *fileVerifier) end() *Fault {
	h := v.proof.Head
	if h == nil || v.proven {
		return nil
	}
	return &Fault{FaultCut, min(v.chain.at.Number+1, h.Number), h.Number}
}
