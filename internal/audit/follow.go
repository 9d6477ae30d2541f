package audit

import (
	"context"
	"time"
)

// Follow signs the head at once, every hour, and when ctx is done if there are
// rows that were not signed yet, and writes it to the log of the process each
// time. It returns when ctx is done. What goes wrong is logged and tried again
// an hour later.
func (l *Log) Follow(ctx context.Context) {
	tick := make(chan struct{}, 1)
	for {
		if h, err := l.Sign(ctx); ctx.Err() == nil || err == nil {
			l.tell(h, err)
		} // else it was stopped meanwhile: lastWords signs
		timer := l.clock.AfterFunc(l.every, func() { tick <- struct{}{} })
		select {
		case <-ctx.Done():
			timer.Stop()
			l.lastWords(ctx)
			return
		case <-tick:
		}
	}
}

// lastWords signs what the last hour has not.
func (l *Log) lastWords(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	newest, signed, err := l.Head(ctx)
	if err != nil || newest.Number > signed.Number {
		l.tell(l.Sign(ctx))
	}
}

// tell writes a head to the log of the process.
func (l *Log) tell(h Head, err error) {
	switch {
	case err != nil:
		l.log.Error("the head of the audit log is not signed", "err", err)
	case h.Signature != nil:
		l.log.Info("head of the audit log", "head", h.String())
	}
}

// Sign signs the head and keeps that in the store. Before, it looks through the
// rows since the head that was signed last: a chain with a fault is refused with
// broken. If nothing was appended since, it returns the head as it was signed;
// the zero Head if there is no row at all.
func (l *Log) Sign(ctx context.Context) (Head, error) {
	last, err := l.lastSigned(ctx) // before the state: others may sign meanwhile
	if err != nil {
		return Head{}, err
	}
	now, err := l.state(ctx)
	if err != nil {
		return Head{}, err
	}
	fault, err := l.since(ctx, last, now)
	if err != nil {
		return Head{}, err
	}
	if fault != nil {
		l.observer.AuditFault()
		return Head{}, refuse(CodeBroken, "The audit log was tampered with. %s", fault)
	}
	if last.Number == now.head.Number {
		return last, nil
	}
	h := now.head.sign(l.private, l.clock.Now())
	err = l.store.SignAudit(ctx, SignedRow{h.Number, h.Time.UnixMilli(), h.Hash[:], h.Signature})
	if err != nil {
		return Head{}, storeError("keep the signed head", err)
	}
	l.observer.AuditSigned(h.Number)
	return h, nil
}

// since looks through the rows between a signed head and the state.
func (l *Log) since(ctx context.Context, last Head, now state) (*Fault, error) {
	if last.Signature != nil && !last.SignedBy(l.public) {
		return &Fault{FaultSignature, last.Number, last.Number}, nil
	}
	if last.Number > now.head.Number {
		return &Fault{FaultCut, now.head.Number + 1, last.Number}, nil
	}
	v := verifier{log: l, now: now, chain: chain{last.Mark}, report: Report{Signed: last.Number}}
	v.now.Signed, v.now.LastSigned = last.Number, last.Number
	v.read = last.Number // no other signed heads
	if err := v.rows(ctx, last.Number); err != nil || v.report.Fault != nil {
		return v.report.Fault, err
	}
	return v.end(), nil
}
