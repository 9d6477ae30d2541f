package admin

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/internal/audit"
)

// details are what the audit log says about what was changed. Values are taken
// only from what the API itself shows: what stands in a request but not in the
// answer, like a password, is named without its value. So are all members of
// operations whose answer is a secret.
func (c *call) details(answer any) []audit.Detail {
	asked := members(c.body)
	before, after := members(c.before), memberList(nil)
	if !c.op.Secret {
		after = members(bodyOf(answer))
	}
	var list []audit.Detail
	if c.before != nil {
		list = differences(before, after)
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		_, shown := after[name]
		switch {
		case shown && c.before == nil:
			list = append(list, audit.Detail{Name: name, New: after.text(name)})
		case !shown:
			list = append(list, audit.Detail{Name: name})
		}
	}
	return append(list, c.notes...)
}

// differences are the members that are not the same in both. The rev changes with
// every write and says nothing; the domain stands in the row already, and what was
// not set is not worth a word when it is gone.
func differences(before, after memberList) (list []audit.Detail) {
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		from, to := before.text(name), after.text(name)
		unset := after == nil && from == "false"
		if from != to && name != "rev" && name != "domain" && !unset {
			list = append(list, audit.Detail{Name: name, Old: from, New: to})
		}
	}
	return list
}

// memberList is the members of a JSON object, by their names.
type memberList map[string]json.RawMessage

// members are those of v: a text of JSON, or what becomes one. There are none if
// it is no object.
func members(v any) memberList {
	text, isText := v.([]byte)
	if !isText && v != nil {
		var err error
		if text, err = json.Marshal(v); err != nil {
			return nil
		}
	}
	list := memberList{}
	if !list.add("", text, 0) {
		return nil
	}
	return list
}

// add adds the members of an object; those of objects in it are called like
// properties.hide.
func (m memberList) add(prefix string, object json.RawMessage, depth int) bool {
	var inner map[string]json.RawMessage
	if depth > 3 || json.Unmarshal(object, &inner) != nil || inner == nil {
		return false
	}
	for name, value := range inner {
		if !m.add(prefix+name+".", value, depth+1) {
			m[prefix+name] = value
		}
	}
	return true
}

// text is a member as it stands in the audit log: strings without quotes, and
// nothing for what is empty.
func (m memberList) text(name string) string {
	raw := string(m[name])
	switch raw {
	case "", "null", "[]", "{}":
		return ""
	}
	var s string
	if strings.HasPrefix(raw, `"`) && json.Unmarshal(m[name], &s) == nil {
		return s
	}
	return raw
}

// bodyOf is the body of an answer, nil if it has none that is an object.
func bodyOf(answer any) any {
	v := reflect.Indirect(reflect.ValueOf(answer))
	if v.Kind() != reflect.Struct {
		return nil
	}
	body := v.FieldByName("Body")
	if !body.IsValid() || reflect.Indirect(body).Kind() != reflect.Struct {
		return nil
	}
	return body.Interface()
}
