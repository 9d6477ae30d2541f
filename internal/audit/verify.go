package audit

import (
	"context"
	"math"
)

// verifyPage is how many rows are in memory while the log is looked through.
const verifyPage = 500

// Verify looks through the whole log, from the first row to the newest one of
// the moment it begins, and reports the first fault. With a head that was kept
// elsewhere it finds also what the store alone cannot show: that everything
// behind some row was cut off or written anew. The error is only about reading,
// or bad_head for one of no row.
// It reads in pages and holds up nobody.
func (l *Log) Verify(ctx context.Context, given *Head) (Report, error) {
	if given != nil && given.Number < 1 {
		return Report{}, errNoRow
	}
	now, err := l.state(ctx)
	if CodeOf(err) == CodeBroken {
		l.observer.AuditFault()
		return Report{Fault: &Fault{FaultHead, 1, 1}}, nil
	}
	if err != nil {
		return Report{}, err
	}
	v := verifier{log: l, now: now, given: given}
	if err := v.run(ctx); err != nil {
		return Report{}, err
	}
	if v.report.Fault != nil {
		l.observer.AuditFault()
	}
	return v.report, nil
}

// verifier is one look through the log.
type verifier struct {
	log    *Log
	now    state
	given  *Head
	signed []SignedRow // read already, their rows are still to come
	read   int64       // number of the last signed head that was read
	chain  chain
	report Report
}

func (v *verifier) run(ctx context.Context) error {
	if v.given != nil && v.given.Signature != nil && !v.given.SignedBy(v.log.public) {
		v.report.Fault = &Fault{FaultSignature, v.given.Number, v.given.Number}
		return nil
	}
	if err := v.rows(ctx, math.MinInt64); err != nil || v.report.Fault != nil {
		return err
	}
	v.report.Fault = v.end()
	return nil
}

// rows walks over the rows with numbers above after, up to the head of the state.
func (v *verifier) rows(ctx context.Context, after int64) error {
	f := Filter{After: after, Limit: verifyPage}
	for {
		rows, err := v.log.store.ReadAudit(ctx, f)
		if err != nil {
			return storeError("verify", err)
		}
		for i := range rows {
			if rows[i].Number > v.now.head.Number {
				return nil // appended meanwhile, or foreign: end looks at that
			}
			if err := v.row(ctx, &rows[i]); err != nil || v.report.Fault != nil {
				return err
			}
		}
		if len(rows) < f.Limit {
			return nil
		}
		f.After = rows[len(rows)-1].Number
	}
}

func (v *verifier) row(ctx context.Context, r *Row) error {
	if v.report.Fault = v.chain.addRow(r); v.report.Fault != nil {
		return nil
	}
	v.report.Head = v.chain.at
	if err := v.heads(ctx); err != nil || v.report.Fault != nil {
		return err
	}
	if g := v.given; g != nil && g.Number == r.Number && g.Hash != v.chain.at.Hash {
		v.report.Fault = &Fault{FaultChanged, min(v.report.Signed+1, r.Number), r.Number}
		return nil
	}
	v.report.Rows++
	return nil
}

// addRow is add for a row that may have been damaged.
func (c *chain) addRow(r *Row) *Fault {
	e, intact := r.entry()
	fault := c.add(&e)
	if fault == nil && !intact {
		fault = &Fault{FaultChanged, r.Number, r.Number}
	}
	return fault
}

// heads compares the signed heads up to the row that the chain is at.
func (v *verifier) heads(ctx context.Context) error {
	for {
		if err := v.fetchSigned(ctx); err != nil {
			return err
		}
		if len(v.signed) == 0 || v.signed[0].Number > v.chain.at.Number {
			return nil
		}
		h := v.signed[0].head()
		v.signed = v.signed[1:]
		switch {
		case h.Number != v.chain.at.Number || !h.SignedBy(v.log.public):
			v.report.Fault = &Fault{FaultSignature, h.Number, h.Number}
			return nil
		case h.Hash != v.chain.at.Hash:
			v.report.Fault = &Fault{FaultChanged, v.report.Signed + 1, h.Number}
			return nil
		}
		v.report.Signed = h.Number
	}
}

// fetchSigned sees to it that the next signed head is read, if there is one. It
// asks for none beyond those that the state knows.
func (v *verifier) fetchSigned(ctx context.Context) (err error) {
	if len(v.signed) > 0 || v.read >= v.now.LastSigned {
		return nil
	}
	if v.signed, err = v.log.store.ReadAuditSigned(ctx, v.read, verifyPage); err != nil {
		return storeError("verify", err)
	}
	v.read = math.MaxInt64 // nothing more, unless there is a whole page
	if len(v.signed) == verifyPage {
		v.read = v.signed[verifyPage-1].Number
	}
	return nil
}

// end compares where the chain ends with what is known of its end. The farthest
// end that anything tells of is where the cut rows end.
func (v *verifier) end() *Fault {
	at, now := v.chain.at, v.now
	last := max(now.head.Number, now.LastSigned, now.Signed)
	if v.given != nil {
		last = max(last, v.given.Number)
	}
	switch {
	case last > at.Number:
		return &Fault{FaultCut, at.Number + 1, last}
	case now.head.Hash != at.Hash: // the same number
		return &Fault{FaultChanged, min(v.report.Signed+1, at.Number), at.Number}
	case now.LastRow > at.Number:
		return &Fault{FaultForeign, at.Number + 1, now.LastRow}
	case now.LastSigned != now.Signed:
		return &Fault{FaultSignature, now.Signed, now.Signed}
	}
	return nil
}
