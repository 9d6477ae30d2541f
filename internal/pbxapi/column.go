package pbxapi

import (
	"strings"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// column is a column of the table users, or one of its tables (appwebsocket.md
// 5.4). Columns that this switch has nothing for (pwd, cfpr, t-cfpr, t-allows) are
// left out of ReplicateStartResult and of rows.
type column struct {
	name  string
	table bool // an array of rows
	read  func(d *draft) any
}

// columns are all of them, in the order of rows; guid is always among them.
func columns() []column {
	none := func(*draft) any { return []struct{}{} }
	no := func(*draft) any { return false }
	return []column{
		{"guid", false, func(d *draft) any { return d.o.GUID }},
		{"h323", false, func(d *draft) any { return d.o.SIP }},
		{"cn", false, func(d *draft) any { return longName(&d.o) }},
		{"dn", false, func(d *draft) any { return d.o.DN }},
		{"apps-my", false, func(d *draft) any { return d.home }},
		{"config", false, (*draft).readConfig},
		{"node", false, func(d *draft) any { return d.o.Node }},
		{"loc", false, func(d *draft) any { return d.o.Location }},
		{"hide", false, func(d *draft) any { return d.o.Hide != nil && *d.o.Hide }},
		{"e164", false, func(d *draft) any { return d.o.Num }},
		{"pseudo", false, func(d *draft) any { return typeOf(d.o.Kind) }},
		{"h323-email", false, no},
		{"apps", false, func(d *draft) any { return strings.Join(d.o.Apps, ",") }},
		{"fax", false, no},
		{"emails", true, func(d *draft) any { return emailsOf(&d.o) }},
		{"allows", true, func(d *draft) any { return allowsOf(&d.o) }},
		{"grps", true, func(d *draft) any { return groupsOf(&d.o) }},
		{"devices", true, func(d *draft) any { return devicesOf(d.devices) }},
		{"cds", true, func(d *draft) any { return diversionsOf(&d.o) }},
		{"forks", true, none},
		{"wakeups", true, none},
	}
}

// columnsOf are the columns that a ReplicateStart asks for, as far as there are
// such; all if it names none. What it wants to say of a column, such as that it
// will update it, does not matter (decision 73).
func columnsOf(v strictjson.Value) ([]column, *failure) {
	if present(v) && v.Kind() != strictjson.Object {
		return nil, bad("columns", "It must be an object with the columns as members.")
	}
	var list []column
	for _, c := range columns() {
		if !present(v) || c.name == "guid" || v.Get(c.name).Exists() {
			list = append(list, c)
		}
	}
	return list, nil
}

// kindsOf are the kinds of objects that a ReplicateStart asks for: users, unless
// it names types.
func kindsOf(v strictjson.Value) (map[directory.Kind]bool, *failure) {
	if !present(v) {
		return map[directory.Kind]bool{directory.User: true}, nil
	}
	if v.Kind() != strictjson.Array {
		return nil, bad("pseudo", "It must be an array of types.")
	}
	kinds := map[directory.Kind]bool{}
	for e := range v.Elements() {
		name, ok := e.Text()
		if !ok {
			return nil, bad("pseudo", "It must be an array of types.")
		}
		if kind, known := kindOf(name); known {
			kinds[kind] = true // of types that are not there, there is nothing
		}
	}
	return kinds, nil
}

// rowText is the member columns of a row.
type rowText []byte

// MarshalJSON implements json.Marshaler.
func (t rowText) MarshalJSON() ([]byte, error) { return t, nil }

// rowColumns is a row: every column that was asked for, empty or not, so that an
// update empties what it should. short leaves the tables empty.
func rowColumns(columns []column, d *draft, short bool) rowText {
	dst := []byte{'{'}
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(strictjson.AppendString(dst, c.name), ':')
		if c.table && short {
			dst = append(dst, "[]"...)
			continue
		}
		body, err := appservice.Marshal(c.read(d))
		if err != nil {
			body = []byte("null") // plain values of ours: they can be encoded
		}
		dst = append(dst, body...)
	}
	return append(dst, '}')
}

func guidText(guid string) rowText {
	return append(strictjson.AppendString([]byte(`{"guid":`), guid), '}')
}
