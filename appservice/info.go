package appservice

import (
	"encoding/json"
	"strconv"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// Info is what a switch says about a login (appwebsocket.md 2.4). It is part of
// the digest: AppendJSON writes its members in the observed order, and every
// text passes Clean, so that all clients re-encode it to the same bytes.
type Info struct {
	AppObj     string    `json:"appobj"`           // Name of the App object that grants access
	AppDN      string    `json:"appdn"`            // its display name
	AppURL     string    `json:"appurl,omitempty"` // its URL, if configured
	PBX        string    `json:"pbx,omitempty"`    // name of the switch
	CN         string    `json:"cn"`               // Long Name of the user, or of the object
	Unlicensed bool      `json:"unlicensed,omitempty"`
	TestMode   bool      `json:"testmode,omitempty"` // excludes Unlicensed
	Lics       int       `json:"lics,omitempty"`     // object logins: number of service licences
	Groups     []Group   `json:"groups,omitempty"`   // user logins: written when not nil
	Apps       []InfoApp `json:"apps"`               // other apps that the login may use
}

// Group is a membership in Info.
type Group struct {
	Name string `json:"name"`
	Mode string `json:"mode,omitempty"`
}

// InfoApp is another app in Info.
type InfoApp struct {
	Name string `json:"name"`
	DN   string `json:"dn,omitempty"`
}

// InfoOf reads the info of a login; the zero value if there is none. Only a
// verified login makes it true.
func InfoOf(l Login) Info {
	var info Info
	if err := json.Unmarshal(l.Info, &info); err != nil {
		return Info{}
	}
	return info
}

// AppendJSON implements Appender.
func (i Info) AppendJSON(dst []byte) []byte {
	o := object{dst: append(dst, '{')}
	o.must("appobj", i.AppObj)
	o.must("appdn", i.AppDN)
	o.text("appurl", i.AppURL)
	o.text("pbx", i.PBX)
	o.must("cn", i.CN)
	switch {
	case i.TestMode:
		o.raw("testmode", "true")
	case i.Unlicensed:
		o.raw("unlicensed", "true")
	}
	if i.Lics > 0 {
		o.raw("lics", strconv.Itoa(i.Lics))
	}
	if i.Groups != nil {
		o.list("groups", len(i.Groups), func(n int, e *object) {
			e.must("name", i.Groups[n].Name)
			e.text("mode", i.Groups[n].Mode)
		})
	}
	o.list("apps", len(i.Apps), func(n int, e *object) {
		e.must("name", i.Apps[n].Name)
		e.text("dn", i.Apps[n].DN)
	})
	return o.end()
}

// object writes a JSON object whose texts pass Clean.
type object struct {
	dst  []byte
	some bool
}

func (o *object) name(name string) {
	if o.some {
		o.dst = append(o.dst, ',')
	}
	o.some = true
	o.dst = append(strictjson.AppendString(o.dst, name), ':')
}

// must writes a text, even an empty one.
func (o *object) must(name, value string) {
	o.name(name)
	o.dst = strictjson.AppendString(o.dst, Clean(value))
}

// text writes a text unless it is empty.
func (o *object) text(name, value string) {
	if value != "" {
		o.must(name, value)
	}
}

func (o *object) raw(name, json string) {
	o.name(name)
	o.dst = append(o.dst, json...)
}

// child writes a nested object.
func (o *object) child(name string, write func(*object)) {
	o.name(name)
	c := object{dst: append(o.dst, '{')}
	write(&c)
	o.dst = c.end()
}

func (o *object) list(name string, n int, write func(int, *object)) {
	o.name(name)
	o.dst = append(o.dst, '[')
	for i := range n {
		if i > 0 {
			o.dst = append(o.dst, ',')
		}
		e := object{dst: append(o.dst, '{')}
		write(i, &e)
		o.dst = e.end()
	}
	o.dst = append(o.dst, ']')
}

func (o *object) texts(name string, values []string) {
	o.name(name)
	o.dst = append(o.dst, '[')
	for i, v := range values {
		if i > 0 {
			o.dst = append(o.dst, ',')
		}
		o.dst = strictjson.AppendString(o.dst, Clean(v))
	}
	o.dst = append(o.dst, ']')
}

func (o *object) end() []byte { return append(o.dst, '}') }
