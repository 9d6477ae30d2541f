package pbxapi

import (
	"slices"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// kindName is what an object is on the wire: the type of its pseudo.
type kindName struct {
	kind directory.Kind
	name string
}

// kindNames are the types; a user has none.
func kindNames() []kindName {
	return []kindName{
		{directory.App, "app"}, {directory.Messages, "messages"}, {directory.Push, "push"},
		{directory.Group, "broadcast"}, {directory.Gateway, "gw"}, {directory.Template, "config"},
	}
}

// typeOf is the type of an object, empty for a user.
func typeOf(k directory.Kind) string {
	for _, n := range kindNames() {
		if n.kind == k {
			return n.name
		}
	}
	return ""
}

// kindOf is the kind of a type. An executive is a user with rights that are not
// told apart here.
func kindOf(name string) (directory.Kind, bool) {
	for _, n := range kindNames() {
		if n.name == name {
			return n.kind, true
		}
	}
	return directory.User, name == "" || name == "executive"
}

// pseudo is the member of this name: what an object is that is no user.
type pseudo struct {
	Type  string  `json:"type"`
	App   *ticked `json:"app,omitempty"`
	Group string  `json:"group,omitempty"`
}

// ticked is what is set at the object of a program: its URL, whether the switch
// connects to it, and the APIs that it may use.
type ticked struct {
	URL           string `json:"url,omitempty"`
	Websocket     bool   `json:"websocket,omitempty"`
	PBX           bool   `json:"pbx,omitempty"`
	PBXSignal     bool   `json:"pbxsignal,omitempty"`
	EpSignal      bool   `json:"epsignal,omitempty"`
	Messages      bool   `json:"messages,omitempty"`
	TableUsers    bool   `json:"tableusers,omitempty"`
	Admin         bool   `json:"admin,omitempty"`
	Services      bool   `json:"services,omitempty"`
	RCC           bool   `json:"rcc,omitempty"`
	Impersonation bool   `json:"impersonation,omitempty"`
}

// tick is the name of an API among the ticks.
type tick struct{ member, api string }

func ticks() []tick {
	return []tick{
		{"pbx", appservice.APIPbxApi}, {"pbxsignal", appservice.APIPbxSignal}, {"epsignal", appservice.APIEpSignal},
		{"messages", appservice.APIPbxMessages}, {"tableusers", appservice.APIPbxTableUsers}, {"admin", appservice.APIPbxAdminApi},
		{"services", appservice.APIServices}, {"rcc", appservice.APIRCC}, {"impersonation", appservice.APIPbxImpersonation},
	}
}

// readPseudo is nothing for a user.
func (d *draft) readPseudo() any {
	name := typeOf(d.o.Kind)
	if name == "" {
		return nil
	}
	p := pseudo{Type: name, Group: d.o.Group}
	if d.o.Kind.IsProgram() {
		has := func(api string) bool { return slices.Contains(d.o.APIs, api) }
		p.App = &ticked{
			URL: d.o.URL, Websocket: d.o.Websocket,
			PBX: has(appservice.APIPbxApi), PBXSignal: has(appservice.APIPbxSignal), EpSignal: has(appservice.APIEpSignal),
			Messages: has(appservice.APIPbxMessages), TableUsers: has(appservice.APIPbxTableUsers), Admin: has(appservice.APIPbxAdminApi),
			Services: has(appservice.APIServices), RCC: has(appservice.APIRCC), Impersonation: has(appservice.APIPbxImpersonation),
		}
	}
	return p
}

// writePseudo changes what is set at an object; its type is given once, by
// pseudoKind. What is absent stays, a tick too. web and hidden are passed over:
// they say how a client shows an app that is none.
func (d *draft) writePseudo(v strictjson.Value) *failure {
	kind, f := pseudoKind(v)
	switch {
	case f != nil:
		return f
	case present(v.Get("type")) && kind != d.o.Kind:
		return bad("pseudo.type", "The type of an object cannot be changed.")
	}
	if group := v.Get("group"); present(group) {
		s, f := text("pseudo.group", group)
		if f != nil {
			return f
		}
		d.o.Group = s
	}
	if app := v.Get("app"); present(app) {
		return d.writeTicks(app)
	}
	return nil
}

func (d *draft) writeTicks(app strictjson.Value) *failure {
	if app.Kind() != strictjson.Object {
		return bad("pseudo.app", "It must be an object.")
	}
	if !d.o.Kind.IsProgram() {
		return bad("pseudo.app", "Only programs have it.")
	}
	o := fields{in: "pseudo.app", v: app}
	if present(app.Get("url")) {
		d.o.URL = o.text("url")
	}
	if present(app.Get("websocket")) {
		d.o.Websocket = o.flag("websocket")
	}
	for _, t := range ticks() {
		if !present(app.Get(t.member)) {
			continue
		}
		d.o.APIs = slices.DeleteFunc(slices.Clone(d.o.APIs), func(api string) bool { return api == t.api })
		if o.flag(t.member) {
			d.o.APIs = append(d.o.APIs, t.api)
		}
	}
	return o.fail
}

// pseudoKind is the kind that a pseudo names; a user if it is absent.
func pseudoKind(v strictjson.Value) (directory.Kind, *failure) {
	if !present(v) {
		return directory.User, nil
	}
	if v.Kind() != strictjson.Object {
		return 0, bad("pseudo", "It must be an object.")
	}
	name, f := text("pseudo.type", v.Get("type"))
	if f != nil {
		return 0, f
	}
	kind, ok := kindOf(name)
	if !ok {
		return 0, bad("pseudo.type", "It must be app, messages, push, broadcast, gw or config.")
	}
	return kind, nil
}
