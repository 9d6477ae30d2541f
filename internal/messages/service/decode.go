package service

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// maxNumber is the largest number that every client reads exactly (decision 9).
const maxNumber = 1<<53 - 1

// maxDefault is how long a string without a tag max may be, in bytes.
const maxDefault = 255

// maxEntries is how many elements a list without a tag max may have.
const maxEntries = 64

// maxDepth is how deep objects of one type may stand in each other.
const maxDepth = 8

// decode reads the members of v into the struct that into points to. Names are
// those of the json tags, compared with their case; unknown ones are passed over,
// null counts as missing, and a whole number may be a decimal string (decision
// 9). The tag max bounds a string, or the strings of a list, in bytes; many the
// length of a list. What is of another type or too long is an error with code 1
// that names the member.
func decode(v strictjson.Value, into any) error {
	return decodeObject(v, reflect.ValueOf(into).Elem(), 0)
}

func decodeObject(v strictjson.Value, into reflect.Value, depth int) error {
	if v.Kind() != strictjson.Object || depth > maxDepth {
		return parameter("an object is expected, at most %d deep", maxDepth)
	}
	plan := planOf(into.Type())
	for m := range v.Members() {
		if m.Value().Kind() == strictjson.Null {
			continue
		}
		name, plain := m.NameBytes()
		if !plain {
			name = []byte(m.Name())
		}
		f := plan[string(name)]
		if f == nil {
			continue
		}
		if err := f.decode(m.Value(), into.FieldByIndex(f.index), depth); err != nil {
			return err
		}
	}
	return nil
}

// field is how one member is read.
type field struct {
	name  string
	index []int
	max   int  // bytes of a string
	many  int  // elements of a list
	ref   bool // a name, or a number that stands for one
}

// plans holds a plan for each type that was read: its fields by name.
type planTable struct{ byType sync.Map }

var plans planTable

func planOf(t reflect.Type) map[string]*field {
	if p, ok := plans.byType.Load(t); ok {
		return p.(map[string]*field)
	}
	plan := map[string]*field{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		plan[name] = &field{name: name, index: f.Index, max: tag(f, "max", maxDefault), many: tag(f, "many", maxEntries), ref: f.Tag.Get("ref") != ""}
	}
	plans.byType.Store(t, plan)
	return plan
}

func tag(f reflect.StructField, name string, otherwise int) int {
	if n, err := strconv.Atoi(f.Tag.Get(name)); err == nil {
		return n
	}
	return otherwise
}

// raw is a member that is kept as it came.
var raw = reflect.TypeFor[json.RawMessage]()

func (f *field) decode(v strictjson.Value, into reflect.Value, depth int) error {
	if into.Type() == raw {
		return f.raw(v, into)
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return f.decode(v, into.Elem(), depth)
	case reflect.String:
		return f.text(v, into)
	case reflect.Bool:
		b, ok := v.Bool()
		into.SetBool(b)
		return f.check(ok, "true or false")
	case reflect.Int64, reflect.Int:
		n, ok := number(v)
		into.SetInt(n)
		return f.check(ok, "a whole number from 0 to 2^53-1")
	case reflect.Slice:
		return f.list(v, into, depth)
	case reflect.Struct:
		return decodeObject(v, into, depth+1)
	}
	return fmt.Errorf("messages: member %s has a type that cannot be read", f.name) // a fault of ours, seen by every test
}

// short checks a length.
func (f *field) short(n, most int, of string) error {
	if n <= most {
		return nil
	}
	return f.check(false, "at most "+strconv.Itoa(most)+" "+of+" long")
}

func (f *field) check(ok bool, want string) error {
	if ok {
		return nil
	}
	return parameter("%s is not %s", f.name, want)
}

func (f *field) text(v strictjson.Value, into reflect.Value) error {
	s, ok := v.Text()
	if !ok && f.ref {
		var n int64
		n, ok = v.Int64()
		s = strconv.FormatInt(n, 10)
	}
	if !ok {
		return f.check(false, "a string")
	}
	into.SetString(s)
	return f.short(len(s), f.max, "bytes")
}

func (f *field) raw(v strictjson.Value, into reflect.Value) error {
	into.SetBytes(append([]byte(nil), v.Raw()...))
	return f.short(len(v.Raw()), f.max, "bytes")
}

func (f *field) list(v strictjson.Value, into reflect.Value, depth int) error {
	if v.Kind() != strictjson.Array {
		return f.check(false, "a list")
	}
	n := v.Len()
	if err := f.short(n, f.many, "entries"); err != nil {
		return err
	}
	if n == 0 {
		into.Set(reflect.MakeSlice(into.Type(), 0, 0))
		return nil
	}
	into.SetZero() // a list that comes once more begins anew
	into.Grow(n)
	into.SetLen(n)
	i := 0
	for e := range v.Elements() {
		if err := f.decode(e, into.Index(i), depth); err != nil {
			return err
		}
		i++
	}
	return nil
}

// number is a whole number that is not negative, or its decimal string.
func number(v strictjson.Value) (int64, bool) {
	n, ok := v.Int64()
	if s, text := v.Text(); text {
		parsed, err := strconv.ParseInt(s, 10, 64)
		n, ok = parsed, err == nil
	}
	return n, ok && n >= 0 && n <= maxNumber
}
