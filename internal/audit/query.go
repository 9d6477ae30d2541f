package audit

import (
	"context"
	"slices"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// Reader is what somebody may read. The zero value may read nothing.
type Reader struct {
	Everything bool              // all rows, those of no domain too
	Domains    []signal.DomainID // the rows of these domains
}

// Query selects entries. What is not set selects all; all that is set must hold.
type Query struct {
	Reader Reader
	// After is a cursor: the number of the last entry of the page before, 0
	// for the first page.
	After     int64
	Ascending bool // oldest first, instead of newest first
	Limit     int  // of a page, up to 1000; default 100

	Domain    signal.DomainID
	ActorKind Kind
	Actor     string // name
	Object    Object // each member that is set
	Act       string // this act, or all that begin with it and a dot
	Outcome   Outcome
	Since     time.Time // not before
	Until     time.Time // before
}

// The limits of a page.
const (
	defaultPage = 100
	maxPage     = 1000
)

// Page is a part of the log.
type Page struct {
	Entries []Entry
	Next    int64 // cursor for the page after this one; 0: there is none
}

// List reads a page. It refuses with bad_query what is no query. It does not
// look at hashes.
func (l *Log) List(ctx context.Context, q Query) (Page, error) {
	f, err := q.filter()
	if err != nil || f.nothing() {
		return Page{Entries: []Entry{}}, err
	}
	limit := f.Limit
	f.Limit++ // one more tells whether there is another page
	rows, err := l.store.ReadAudit(ctx, f)
	if err != nil {
		return Page{}, storeError("list", err)
	}
	page := Page{Entries: make([]Entry, 0, len(rows))}
	for i := range rows[:min(len(rows), limit)] {
		e, _ := rows[i].entry() // whether it is intact is told by Verify
		page.Entries = append(page.Entries, e)
	}
	if len(rows) > limit {
		page.Next = rows[limit-1].Number
	}
	return page, nil
}

// filter checks the query.
func (q *Query) filter() (Filter, error) {
	switch {
	case q.Limit < 0 || q.Limit > maxPage:
		return Filter{}, refuse(CodeBadQuery, "A page has up to %d entries.", maxPage)
	case q.After < 0:
		return Filter{}, refuse(CodeBadQuery, "The cursor is the number of an entry.")
	case q.Domain < 0:
		return Filter{}, refuse(CodeBadQuery, "There is no domain %d.", q.Domain)
	case q.Act != "" && (len(q.Act) > maxWord || !actRule.MatchString(q.Act+".x")):
		return Filter{}, refuse(CodeBadQuery, "The act %q is not like user.set or user.", q.Act)
	case q.ActorKind != "" && !q.ActorKind.known():
		return Filter{}, refuse(CodeBadQuery, "There is no actor of the kind %q.", q.ActorKind)
	case q.Outcome != "" && !q.Outcome.known():
		return Filter{}, refuse(CodeBadQuery, "There is no outcome %q.", q.Outcome)
	}
	f := Filter{
		After: q.After, Descending: !q.Ascending, Limit: q.Limit,
		InDomains: !q.Reader.Everything, Domains: q.Reader.Domains,
		// Cut as the rows were: so a name that was too long finds its rows.
		ActorKind: string(q.ActorKind), ActorName: cut(q.Actor, maxName),
		ObjectKind: cut(q.Object.Kind, maxWord), ObjectID: cut(q.Object.ID, maxName), ObjectName: cut(q.Object.Name, maxName),
		Act: q.Act, Outcome: string(q.Outcome), Since: millis(q.Since), Until: millis(q.Until),
	}
	if f.Limit == 0 {
		f.Limit = defaultPage
	}
	if q.Domain != 0 {
		f.narrow(q.Domain)
	}
	return f, nil
}

// narrow leaves one domain of those that may be read.
func (f *Filter) narrow(id signal.DomainID) {
	if f.InDomains && !slices.Contains(f.Domains, id) {
		f.Domains = nil
		return
	}
	f.InDomains, f.Domains = true, []signal.DomainID{id}
}

// nothing tells whether no row can fit.
func (f *Filter) nothing() bool { return f.InDomains && len(f.Domains) == 0 }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
