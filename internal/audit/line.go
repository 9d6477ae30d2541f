package audit

import (
	"encoding/json"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// maxLine bounds a line of an export. The longest entry is shorter.
const maxLine = 1 << 20

// appendDetails writes details as they are stored: JSON, of one form only.
func appendDetails(b []byte, list []Detail) []byte {
	b = append(b, '[')
	for i, d := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = strictjson.AppendString(append(b, `{"name":`...), d.Name)
		b = strictjson.AppendString(append(b, `,"old":`...), d.Old)
		b = strictjson.AppendString(append(b, `,"new":`...), d.New)
		b = append(b, '}')
	}
	return append(b, ']')
}

// ParseEntry reads an entry as a line of an export has it. It refuses with
// bad_line anything that another reader could understand in another way: members
// that are missing, unknown or there twice. It does not look at the hash.
func ParseEntry(line []byte) (Entry, error) {
	if len(line) > maxLine {
		return Entry{}, refuse(CodeBadLine, "The line is longer than %d bytes.", maxLine)
	}
	var doc strictjson.Doc
	if err := doc.Parse(line); err != nil {
		return Entry{}, refuse(CodeBadLine, "The line is no JSON: %v.", err)
	}
	r := lineReader{}
	e := r.entry(doc.Root())
	if r.bad != "" {
		return Entry{}, refuse(CodeBadLine, "The line is no entry: %q is wrong or missing.", r.bad)
	}
	return e, nil
}

// lineReader reads the members of an entry; bad names the first that is wrong.
type lineReader struct{ bad string }

func (r *lineReader) fail(name string) {
	if r.bad == "" {
		r.bad = name
	}
}

// members returns the object if it has so many members, all of different names.
func (r *lineReader) members(v strictjson.Value, name string, count int) strictjson.Value {
	if !exactly(v, count) {
		r.fail(name)
	}
	return v
}

// exactly tells whether v is an object of so many members with different names.
// When all of count names are found in it, it has no others.
func exactly(v strictjson.Value, count int) bool {
	seen := make(map[string]struct{}, count)
	n := 0
	for m := range v.Members() {
		if n++; n > count {
			return false
		}
		seen[m.Name()] = struct{}{}
	}
	return v.Kind() == strictjson.Object && n == count && len(seen) == count
}

func (r *lineReader) text(v strictjson.Value, name string) string {
	s, ok := v.Get(name).Text()
	if !ok {
		r.fail(name)
	}
	return s
}

func (r *lineReader) number(v strictjson.Value, name string) int64 {
	n, ok := v.Get(name).Int64()
	if !ok {
		r.fail(name)
	}
	return n
}

func (r *lineReader) hash(v strictjson.Value, name string) (h Hash) {
	if h.UnmarshalText([]byte(r.text(v, name))) != nil {
		r.fail(name)
	}
	return h
}

func (r *lineReader) time(v strictjson.Value, name string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, r.text(v, name))
	if err != nil || t.Nanosecond()%int(time.Millisecond) != 0 {
		r.fail(name)
	}
	return t.UTC()
}

func (r *lineReader) entry(v strictjson.Value) Entry {
	r.members(v, "entry", 13)
	actor := r.members(v.Get("actor"), "actor", 4)
	domain := r.members(v.Get("domain"), "domain", 2)
	object := r.members(v.Get("object"), "object", 3)
	details, ok := readDetails(v.Get("details"))
	if !ok {
		r.fail("details")
	}
	return Entry{
		Number: r.number(v, "number"), Time: r.time(v, "time"),
		Actor: Actor{Kind(r.text(actor, "kind")), r.text(actor, "id"), r.text(actor, "name"), r.text(actor, "role")},
		From:  r.text(v, "from"), Act: r.text(v, "act"),
		Domain:  Domain{signal.DomainID(r.number(domain, "id")), r.text(domain, "name")},
		Object:  Object{r.text(object, "kind"), r.text(object, "id"), r.text(object, "name")},
		Outcome: Outcome(r.text(v, "outcome")), Code: r.text(v, "code"), Reason: r.text(v, "reason"), Details: details,
		Previous: r.hash(v, "previous"), Hash: r.hash(v, "hash"),
	}
}

// readDetails reads what appendDetails writes.
func readDetails(v strictjson.Value) (list []Detail, ok bool) {
	list = []Detail{}
	if v.Kind() != strictjson.Array || v.Len() > maxDetails {
		return list, false
	}
	for d := range v.Elements() {
		var r lineReader
		r.members(d, "details", 3)
		list = append(list, Detail{r.text(d, "name"), r.text(d, "old"), r.text(d, "new")})
		if r.bad != "" {
			return []Detail{}, false
		}
	}
	return list, true
}

// timeForm always has three digits behind the second: not every reader of JSON
// takes less.
const timeForm = "2006-01-02T15:04:05.000Z"

// MarshalJSON implements json.Marshaler: all members, in their order.
func (e Entry) MarshalJSON() ([]byte, error) {
	type members Entry
	return json.Marshal(struct {
		Number int64  `json:"number"`
		Time   string `json:"time"` // instead of the one of members
		members
	}{e.Number, e.Time.UTC().Format(timeForm), members(e)})
}

// line is the entry as a line of an export, with its end.
func (e *Entry) line() ([]byte, error) {
	b, err := json.Marshal(e)
	return append(b, '\n'), err
}
