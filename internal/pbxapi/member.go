package pbxapi

import (
	"reflect"
	"strings"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// draft is an object as it is read for a result, or as it will be written.
type draft struct {
	dir      *directory.Directory
	names    *names // only to be written with
	o        directory.Object
	devices  []directory.Device
	home     string
	password *string // only to be written
}

// member is a member of an object on the wire (appwebsocket.md 5.3). What read
// returns is left out if it is empty, but for a pointer that is not nil. Nothing
// is read that is not written, but the guid; nothing is written that is not read,
// but the password.
type member struct {
	name  string
	read  func(d *draft) any
	write func(d *draft, v strictjson.Value) *failure
}

// members is the one table of them, in the order of results.
func members() []member {
	return []member{
		{"guid", func(d *draft) any { return d.o.GUID }, nil},
		{"cn", func(d *draft) any { return longName(&d.o) }, textMember("cn", func(d *draft) *string { return &d.o.CN })},
		{"dn", func(d *draft) any { return d.o.DN }, textMember("dn", func(d *draft) *string { return &d.o.DN })},
		{"h323", func(d *draft) any { return d.o.SIP }, textMember("h323", func(d *draft) *string { return &d.o.SIP })},
		{"e164", func(d *draft) any { return d.o.Num }, (*draft).writeNumber},
		{"node", func(d *draft) any { return d.o.Node }, (*draft).writeNode},
		{"loc", func(d *draft) any { return d.o.Location }, textMember("loc", func(d *draft) *string { return &d.o.Location })},
		{"text", func(d *draft) any { return d.o.Text }, textMember("text", func(d *draft) *string { return &d.o.Text })},
		{"url", func(d *draft) any { return d.o.URL }, textMember("url", func(d *draft) *string { return &d.o.URL })},
		{"emails", func(d *draft) any { return emailsOf(&d.o) }, (*draft).writeEmails},
		{"h323-email", nil, notKept("h323-email")},
		{"config", (*draft).readConfig, (*draft).writeConfig},
		{"apps", func(d *draft) any { return strings.Join(d.o.Apps, ",") }, namesMember("apps", func(d *draft) *[]string { return &d.o.Apps })},
		{"apps-my", func(d *draft) any { return d.home }, textMember("apps-my", func(d *draft) *string { return &d.home })},
		{"hide", func(d *draft) any { return d.o.Hide }, (*draft).writeHide},
		{"critical", func(d *draft) any { return d.o.Critical }, (*draft).writeCritical},
		{"messages", func(d *draft) any { return d.nameOf(d.o.Messages) }, referenceMember("messages", directory.Messages, func(d *draft) *signal.ObjectID { return &d.o.Messages })},
		{"push", func(d *draft) any { return d.nameOf(d.o.Push) }, referenceMember("push", directory.Push, func(d *draft) *signal.ObjectID { return &d.o.Push })},
		{"filter", func(d *draft) any { return d.o.Filter }, textMember("filter", func(d *draft) *string { return &d.o.Filter })},
		{"allows", func(d *draft) any { return allowsOf(&d.o) }, (*draft).writeAllows},
		{"app-lics", func(d *draft) any { return strings.Join(d.o.AppLics, ",") }, namesMember("app-lics", func(d *draft) *[]string { return &d.o.AppLics })},
		{"uclic", nil, notKept("uclic")},
		{"devices", func(d *draft) any { return devicesOf(d.devices) }, (*draft).writeDevices},
		{"grp", func(d *draft) any { return groupsOf(&d.o) }, (*draft).writeGroups},
		{"presence", func(d *draft) any { return presenceOf(&d.o) }, (*draft).writePresence},
		{"cds", func(d *draft) any { return diversionsOf(&d.o) }, (*draft).writeDiversions},
		{"pseudo", (*draft).readPseudo, (*draft).writePseudo},
		{"pwd", nil, (*draft).writePassword},
	}
}

// longName is by what administrators know an object.
func longName(o *directory.Object) string {
	if o.CN != "" {
		return o.CN
	}
	return o.SIP
}

// textMember writes a plain text.
func textMember(name string, at func(*draft) *string) func(*draft, strictjson.Value) *failure {
	return func(d *draft, v strictjson.Value) *failure {
		s, f := text(name, v)
		if f == nil {
			*at(d) = s
		}
		return f
	}
}

// namesMember writes a list of names: a string with commas, or an array of
// strings. It is read as a string with commas.
func namesMember(name string, at func(*draft) *[]string) func(*draft, strictjson.Value) *failure {
	return func(d *draft, v strictjson.Value) *failure {
		var list []string
		if v.Kind() == strictjson.Array {
			for e := range v.Elements() {
				s, ok := e.Text()
				if !ok {
					return bad(name, "It must be names.")
				}
				list = append(list, s)
			}
		} else {
			s, f := text(name, v)
			if f != nil {
				return f
			}
			list = strings.Split(s, ",")
		}
		kept := []string{}
		for _, s := range list {
			if s = strings.TrimSpace(s); s != "" {
				kept = append(kept, s)
			}
		}
		*at(d) = kept
		return nil
	}
}

// noReference is how a reference is written that leads nowhere, whatever the
// template says.
const noReference = "-"

// referenceMember writes the name of an object of a kind; an empty one is that of
// the template.
func referenceMember(name string, kind directory.Kind, at func(*draft) *signal.ObjectID) func(*draft, strictjson.Value) *failure {
	return func(d *draft, v strictjson.Value) *failure {
		s, f := text(name, v)
		if f != nil {
			return f
		}
		switch o, ok := d.dir.ObjectByName(d.o.Domain, s); {
		case s == "":
			*at(d) = 0
		case ok && o.Kind == kind:
			*at(d) = o.ID
		case s == noReference:
			*at(d) = directory.None
		default:
			return unknown(name, "There is no such object.")
		}
		return nil
	}
}

// nameOf is a reference as referenceMember reads it.
func (d *draft) nameOf(id signal.ObjectID) any {
	if id == directory.None {
		return noReference
	}
	o, _ := d.dir.Object(signal.Address{Domain: d.o.Domain, Object: id})
	return o.SIP
}

// notKept takes a member of the contract only as long as it says nothing: this
// switch has nothing to keep it for.
func notKept(name string) func(*draft, strictjson.Value) *failure {
	return func(_ *draft, v strictjson.Value) *failure {
		if on, _, f := flag(name, v); f != nil || on {
			return &failure{failNotOffered, name, "This switch has no such property."}
		}
		return nil
	}
}

func (d *draft) writeNumber(v strictjson.Value) (f *failure) {
	s, f := digits("e164", v)
	if f == nil {
		d.o.Num = s
	}
	return f
}

// rootNode is how clients name the root of the numbering plan.
const rootNode = "root"

// writeNode takes the name of a node.
//
// COMPAT: clients write "root" for the root, which has no name here.
func (d *draft) writeNode(v strictjson.Value) *failure {
	s, f := text("node", v)
	if f != nil {
		return f
	}
	if s == rootNode && !hasNode(d.dir, d.o.Domain, s) {
		s = ""
	}
	d.o.Node = s
	return nil
}

func hasNode(dir *directory.Directory, dom signal.DomainID, name string) bool {
	domain, _ := dir.Domain(dom)
	for _, n := range domain.Plan.Nodes {
		if n.Name == name {
			return true
		}
	}
	return false
}

// readConfig and writeConfig name the config template by its long name.
func (d *draft) readConfig() any {
	t, _ := d.dir.Object(signal.Address{Domain: d.o.Domain, Object: d.o.Template})
	return longName(&t)
}

func (d *draft) writeConfig(v strictjson.Value) *failure { return d.useTemplate("config", v) }

func (d *draft) useTemplate(field string, v strictjson.Value) *failure {
	s, f := text(field, v)
	switch {
	case f != nil:
		return f
	case s == "":
		d.o.Template = 0
		return nil
	}
	t, f := d.names.named(d.o.Domain, field, s, func(o *directory.Object) bool { return o.Kind == directory.Template })
	if f == nil {
		d.o.Template = t.ID
	}
	return f
}

func (d *draft) writeHide(v strictjson.Value) *failure {
	on, byTemplate, f := flag("hide", v)
	if f != nil {
		return f
	}
	d.o.Hide = &on
	if byTemplate {
		d.o.Hide = nil
	}
	return nil
}

// writeCritical: no template gives it, so -1 is the default, false.
func (d *draft) writeCritical(v strictjson.Value) *failure {
	on, _, f := flag("critical", v)
	if f == nil {
		d.o.Critical = on
	}
	return f
}

// writePassword: an empty one stays what it is.
func (d *draft) writePassword(v strictjson.Value) *failure {
	s, f := text("pwd", v)
	if f == nil && s != "" {
		d.password = &s
	}
	return f
}

// objectText is the members of an object in their order, those in wanted alone
// unless that is nil; the guid is always there.
type objectText struct {
	d      *draft
	wanted map[string]bool
}

// AppendJSON implements appservice.Appender.
func (t objectText) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for _, m := range members() {
		if m.read == nil || t.wanted != nil && !t.wanted[m.name] && m.name != "guid" {
			continue
		}
		dst = appendMember(dst, m.name, m.read(t.d))
	}
	return append(dst, '}')
}

// appendMember writes a member, unless it is empty, behind those that are there.
func appendMember(dst []byte, name string, v any) []byte {
	if isEmpty(v) {
		return dst
	}
	body, err := appservice.Marshal(v)
	if err != nil {
		return dst // plain values of ours: they can be encoded
	}
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(strictjson.AppendString(dst, name), ':')
	return append(dst, body...)
}

func isEmpty(v any) bool {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Slice, reflect.Map:
		return r.Len() == 0
	}
	return r.IsZero()
}
