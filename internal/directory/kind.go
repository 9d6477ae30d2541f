package directory

import (
	"strconv"

	"github.com/tandem-switch/tandem/signal"
)

// Kind is what an object is. The values stand in the store: append only.
type Kind uint8

// The kinds of objects.
const (
	User     Kind = iota // a person with all devices
	App                  // an app object: a program with a login of its own
	Messages             // the object of a Messages service
	Push                 // the object of a push service
	Group                // a hunt group: a call to it goes to its members
	Gateway              // the way out to other networks; a placeholder for its number
	Template             // a config template: values that users inherit
)

var kindNames = [...]string{"user", "app", "messages", "push", "group", "gateway", "template"}

// ParseKind reads what String wrote.
func ParseKind(name string) (Kind, error) {
	for i, known := range kindNames {
		if name == known {
			return Kind(i), nil
		}
	}
	return 0, refuse(CodeBadValue, strconv.Quote(shorten(name))+" is no type of objects: use user, app, messages, push, group, gateway or template.")
}

// String is the word for the kind, as ParseKind reads it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Kind) UnmarshalText(text []byte) (err error) {
	*k, err = ParseKind(string(text))
	return err
}

// IsProgram tells whether objects of the kind log in as programs: they have APIs
// and a URL.
func (k Kind) IsProgram() bool { return k == App || k == Messages || k == Push }

// callee is what the switch takes an object of the kind for; false if it cannot
// be called.
func (k Kind) callee() (signal.Kind, bool) {
	switch k {
	case User:
		return signal.User, true
	case Group:
		return signal.HuntGroup, true
	case Template:
		return 0, false
	}
	return signal.App, true
}

// noun is what people call an object of the kind.
func (k Kind) noun() string {
	return [...]string{"user", "app object", "messages object", "push object", "group", "gateway", "template"}[k%7]
}
