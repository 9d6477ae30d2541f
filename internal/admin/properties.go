package admin

import (
	"strconv"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// none says, of a Messages or Push object, that there is none, whatever the
// template says. No object can be called so.
const none = ":none"

// Properties are what an object has beside names and rights. Other objects stand
// in them by their names. Those that say so may be empty and come from the
// template then.
type Properties struct {
	Node     string   `json:"node,omitempty" doc:"Node of the numbering plan that the number stands in; empty is the root."`
	Template string   `json:"template,omitempty" doc:"Name of the template that gives what is empty here."`
	Location string   `json:"loc,omitempty" doc:"Where it is."`
	Text     string   `json:"text,omitempty" doc:"A remark for administrators."`
	Emails   []string `json:"emails,omitempty" doc:"Mail addresses."`
	Avatar   string   `json:"avatar,omitempty" doc:"URL of a picture."`
	Hide     *bool    `json:"hide,omitempty" doc:"Keep it out of lists and searches of others. May come from the template."`
	Critical bool     `json:"critical,omitempty" doc:"Administrators are asked before they change it."`

	Messages string   `json:"messages,omitempty" doc:"Name of the Messages object that stores the chats; :none for none. May come from the template."`
	Push     string   `json:"push,omitempty" doc:"Name of the Push object; :none for none. May come from the template."`
	AppLics  []string `json:"app_lics,omitempty" doc:"Licences assigned; those of the template are added."`

	Allows  []directory.Allow `json:"allows,omitempty" doc:"Who may see what of it; the rules of the template are added."`
	Blocked []string          `json:"blocked,omitempty" doc:"Names of those who see nothing of it."`
	Filter  string            `json:"filter,omitempty" doc:"Name of the filter of the domain for its calls. May come from the template."`

	Groups     []directory.Membership `json:"groups,omitempty" doc:"Groups that it is in."`
	Diversions []directory.Diversion  `json:"diversions,omitempty" doc:"Where calls go instead: cfu always, cfb when busy, cfnr when nobody answers."`
	Presence   []directory.Presence   `json:"presence,omitempty" doc:"What the person says about being reachable."`

	Group     string `json:"group,omitempty" doc:"Of a hunt group: the name of the group whose members it calls."`
	Websocket bool   `json:"websocket,omitempty" doc:"The switch keeps a connection to the URL of the program."`
}

// PropertiesEdit says what to change of Properties.
type PropertiesEdit struct {
	Node     Optional[string]   `json:"node,omitzero" required:"false" doc:"Node of the numbering plan."`
	Template Optional[string]   `json:"template,omitzero" required:"false" doc:"Name of the template."`
	Location Optional[string]   `json:"loc,omitzero" required:"false" doc:"Where it is."`
	Text     Optional[string]   `json:"text,omitzero" required:"false" doc:"A remark for administrators."`
	Emails   Optional[[]string] `json:"emails,omitzero" required:"false" doc:"Mail addresses, instead of those so far."`
	Avatar   Optional[string]   `json:"avatar,omitzero" required:"false" doc:"URL of a picture."`
	Hide     Optional[*bool]    `json:"hide,omitzero" required:"false" doc:"Keep it out of lists of others; null takes what the template says."`
	Critical Optional[bool]     `json:"critical,omitzero" required:"false" doc:"Administrators are asked before they change it."`

	Messages Optional[string]   `json:"messages,omitzero" required:"false" doc:"Name of the Messages object; :none for none."`
	Push     Optional[string]   `json:"push,omitzero" required:"false" doc:"Name of the Push object; :none for none."`
	AppLics  Optional[[]string] `json:"app_lics,omitzero" required:"false" doc:"Licences, instead of those so far."`

	Allows  Optional[[]directory.Allow] `json:"allows,omitzero" required:"false" doc:"Rules of visibility, instead of those so far."`
	Blocked Optional[[]string]          `json:"blocked,omitzero" required:"false" doc:"Names of those who see nothing, instead of those so far."`
	Filter  Optional[string]            `json:"filter,omitzero" required:"false" doc:"Name of the filter."`

	Groups     Optional[[]directory.Membership] `json:"groups,omitzero" required:"false" doc:"Groups, instead of those so far."`
	Diversions Optional[[]directory.Diversion]  `json:"diversions,omitzero" required:"false" doc:"Diversions, instead of those so far."`
	Presence   Optional[[]directory.Presence]   `json:"presence,omitzero" required:"false" doc:"Presence, instead of that so far."`

	Group     Optional[string] `json:"group,omitzero" required:"false" doc:"Of a hunt group: the name of the group."`
	Websocket Optional[bool]   `json:"websocket,omitzero" required:"false" doc:"Keep a connection to the URL of the program."`
}

// editOf is the edit that gives an object all of p.
func (p *Properties) editOf() PropertiesEdit {
	return PropertiesEdit{
		Node: Some(p.Node), Template: Some(p.Template), Location: Some(p.Location), Text: Some(p.Text), Emails: Some(p.Emails),
		Avatar: Some(p.Avatar), Hide: Some(p.Hide), Critical: Some(p.Critical), Messages: Some(p.Messages), Push: Some(p.Push),
		AppLics: Some(p.AppLics), Allows: Some(p.Allows), Blocked: Some(p.Blocked), Filter: Some(p.Filter), Groups: Some(p.Groups),
		Diversions: Some(p.Diversions), Presence: Some(p.Presence), Group: Some(p.Group), Websocket: Some(p.Websocket),
	}
}

// references are the objects that an edit names, found.
type references struct {
	template, messages, push *signal.ObjectID
	blocked                  *[]signal.ObjectID
}

// find finds the objects that the edit names.
func (a *API) find(dom directory.Domain, e *PropertiesEdit) (r references, err error) {
	for _, one := range []struct {
		to    **signal.ObjectID
		field string
		name  *string
		kind  directory.Kind
	}{
		{&r.template, "template", e.Template.Edit(), directory.Template},
		{&r.messages, "messages", e.Messages.Edit(), directory.Messages},
		{&r.push, "push", e.Push.Edit(), directory.Push},
	} {
		if one.name == nil {
			continue
		}
		id, err := a.referred(dom, one.field, *one.name, one.kind)
		if err != nil {
			return r, err
		}
		*one.to = &id
	}
	if names := e.Blocked.Edit(); names != nil {
		ids := make([]signal.ObjectID, 0, len(*names))
		for i, name := range *names {
			o, ok := a.Directory.ObjectByName(dom.ID, name)
			if !ok {
				field := "blocked[" + strconv.Itoa(i) + "]"
				return r, wrong(NotFound, field, "There is nobody called "+quoted(name)+" in "+dom.Name+".")
			}
			ids = append(ids, o.ID)
		}
		r.blocked = &ids
	}
	return r, nil
}

// referred is the id of an object that stands in a property.
func (a *API) referred(dom directory.Domain, field, name string, kind directory.Kind) (signal.ObjectID, error) {
	switch {
	case name == "":
		return 0, nil
	case name == none && kind != directory.Template:
		return directory.None, nil
	}
	o, ok := a.Directory.ObjectByName(dom.ID, name)
	if !ok || o.Kind != kind {
		return 0, wrong(NotFound, field, "There is no object "+quoted(name)+" of the type "+kind.String()+" in "+dom.Name+".")
	}
	return o.ID, nil
}

// apply changes properties as the edit says.
func (e *PropertiesEdit) apply(p *directory.Properties, r references) {
	edit(&p.Location, e.Location)
	edit(&p.Text, e.Text)
	edit(&p.Emails, e.Emails)
	edit(&p.Avatar, e.Avatar)
	edit(&p.Hide, e.Hide)
	edit(&p.Critical, e.Critical)
	edit(&p.AppLics, e.AppLics)
	edit(&p.Allows, e.Allows)
	edit(&p.Filter, e.Filter)
	edit(&p.Groups, e.Groups)
	edit(&p.Diversions, e.Diversions)
	edit(&p.Presence, e.Presence)
	edit(&p.Group, e.Group)
	edit(&p.Websocket, e.Websocket)
	if r.messages != nil {
		p.Messages = *r.messages
	}
	if r.push != nil {
		p.Push = *r.push
	}
	if r.blocked != nil {
		p.Blocked = *r.blocked
	}
}

// propertiesOf is how the API shows the properties of an object.
func (a *API) propertiesOf(o directory.Object) Properties {
	p := &o.Properties
	shown := Properties{
		Node: o.Node, Template: a.nameOf(o.Domain, o.Template), Location: p.Location, Text: p.Text, Emails: p.Emails,
		Avatar: p.Avatar, Hide: p.Hide, Critical: p.Critical, Messages: a.nameOf(o.Domain, p.Messages), Push: a.nameOf(o.Domain, p.Push),
		AppLics: p.AppLics, Allows: p.Allows, Filter: p.Filter, Groups: p.Groups, Diversions: p.Diversions, Presence: p.Presence,
		Group: p.Group, Websocket: p.Websocket,
	}
	for _, id := range p.Blocked {
		if name := a.nameOf(o.Domain, id); name != "" { // who was deleted is blocked from nothing
			shown.Blocked = append(shown.Blocked, name)
		}
	}
	return shown
}

// nameOf is the name of an object that another one refers to.
func (a *API) nameOf(dom signal.DomainID, id signal.ObjectID) string {
	if id == directory.None {
		return none
	}
	if id == 0 {
		return ""
	}
	o, _ := a.Directory.Object(signal.Address{Domain: dom, Object: id})
	return o.SIP
}
