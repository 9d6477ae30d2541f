package pbxapi

import (
	"strconv"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// Values as clients write them (decision 9, appwebsocket.md 1.4 rule 8): null is
// an absent member, numbers may be decimal strings.

// present tells whether a member is there.
func present(v strictjson.Value) bool { return v.Exists() && v.Kind() != strictjson.Null }

// text is a string, empty if absent.
func text(field string, v strictjson.Value) (string, *failure) {
	if !present(v) {
		return "", nil
	}
	s, ok := v.Text()
	if !ok {
		return "", bad(field, "It must be a string.")
	}
	return s, nil
}

// digits is a string, or a number as its digits.
func digits(field string, v strictjson.Value) (string, *failure) {
	if n, ok := v.Int64(); ok && n >= 0 {
		return strconv.FormatInt(n, 10), nil
	}
	return text(field, v)
}

// count is a whole number from 1 to most, or a string of its digits; most if it
// is absent, 0 or larger.
func count(field string, v strictjson.Value, most int) (int, *failure) {
	s, f := digits(field, v)
	if f != nil || s == "" {
		return most, f
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, bad(field, "It must be a whole number.")
	}
	if n == 0 || n > int64(most) {
		return most, nil
	}
	return int(n), nil
}

// flag is a bool; -1 is byTemplate (appwebsocket.md 5.3).
func flag(field string, v strictjson.Value) (on, byTemplate bool, _ *failure) {
	if !present(v) {
		return false, false, nil
	}
	if b, ok := v.Bool(); ok {
		return b, false, nil
	}
	switch s, f := text(field, v); {
	case f == nil && (s == "true" || s == "1"):
		return true, false, nil
	case f == nil && (s == "false" || s == "0" || s == ""):
		return false, false, nil
	case f == nil && s == "-1":
		return false, true, nil
	}
	switch n, _ := v.Int64(); string(v.Raw()) {
	case "0", "1":
		return n == 1, false, nil
	case "-1":
		return false, true, nil
	}
	return false, false, bad(field, "It must be true, false, or -1 for that of the template.")
}

// elements are the objects of an array.
func elements(field string, v strictjson.Value) ([]strictjson.Value, *failure) {
	if v.Kind() != strictjson.Array {
		return nil, bad(field, "It must be an array.")
	}
	list := make([]strictjson.Value, 0, v.Len())
	for e := range v.Elements() {
		if e.Kind() != strictjson.Object {
			return nil, bad(field, "It must be an array of objects.")
		}
		list = append(list, e)
	}
	return list, nil
}

// fields reads the members of one object; the first that is wrong ends it.
type fields struct {
	in   string // the member that has the object
	v    strictjson.Value
	fail *failure
}

func (o *fields) name(member string) string {
	if o.in == "" {
		return member
	}
	return o.in + "." + member
}

func (o *fields) keep(f *failure) {
	if o.fail == nil {
		o.fail = f
	}
}

func (o *fields) text(member string) string {
	s, f := text(o.name(member), o.v.Get(member))
	o.keep(f)
	return s
}

func (o *fields) digits(member string) string {
	s, f := digits(o.name(member), o.v.Get(member))
	o.keep(f)
	return s
}

// flag is a bool that no template gives.
func (o *fields) flag(member string) bool {
	on, _, f := flag(o.name(member), o.v.Get(member))
	o.keep(f)
	return on
}
