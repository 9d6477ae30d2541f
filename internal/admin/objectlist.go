package admin

import (
	"context"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// ListedObject is an object in a list, with what people look for there.
type ListedObject struct {
	Object
	Devices int `json:"devices" doc:"How many devices it has."`
	Online  int `json:"online" doc:"How many of its registrations are live; 0 where no switch runs."`
}

// ObjectPage is a part of the list of objects.
type ObjectPage struct {
	Page[ListedObject]
	Total *int `json:"total,omitempty" doc:"How many there are in all, if count asked for it."`
}

type listObjectsInput struct {
	InDomain
	Type     string `query:"type" enum:"user,app,messages,push,group,gateway,template" doc:"Only objects of this type."`
	Query    string `query:"q" maxLength:"128" doc:"Only objects with this text in name, number or one of the long names, in any case."`
	Template string `query:"template" maxLength:"256" doc:"Only objects that have the template with this name; :none for those without."`
	Group    string `query:"group" maxLength:"256" doc:"Only members of the group with this name."`
	State    string `query:"state" enum:"enabled,disabled,online,offline" doc:"Only objects of which this is true: enabled or disabled, with or without a live registration."`
	Sort     string `query:"sort" enum:"sip,-sip,num,-num,dn,-dn,id,-id" default:"sip" doc:"Order; with - in front downwards."`
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most objects in one answer."`
	Cursor   string `query:"cursor" maxLength:"1024" doc:"Where to go on: next of the answer before, with the same sort."`
	Count    bool   `query:"count" doc:"Count them all. Each object of the domain is looked at for it."`
}

type listObjectsAnswer struct {
	Body ObjectPage
}

func (a *API) listObjects(ctx context.Context, in *listObjectsInput) (*listObjectsAnswer, error) {
	dom := calling(ctx).domain
	want := a.wanted(dom, in)
	page, err := a.index.page(query{domain: dom.ID, by: in.Sort, cursor: in.Cursor, limit: in.Limit, want: want})
	if err != nil {
		return nil, err
	}
	answer := &listObjectsAnswer{}
	answer.Body.Next = page.Next
	answer.Body.Items = mapped(page.Items, func(o directory.Object) ListedObject {
		return ListedObject{Object: a.objectOf(dom, o), Devices: len(a.Directory.Devices(o.Address())), Online: a.online(o)}
	})
	if in.Count {
		total := a.index.count(query{domain: dom.ID, by: in.Sort, want: want})
		answer.Body.Total = &total
	}
	return answer, nil
}

// wanted tells which objects a request asks for. What costs least is looked at
// first: it is asked about each object of a domain.
func (a *API) wanted(dom directory.Domain, in *listObjectsInput) func(directory.Object) bool {
	text, group := directory.Fold(in.Query), directory.Fold(in.Group)
	template, any := a.templateWanted(dom, in.Template)
	return func(o directory.Object) bool {
		return (in.Type == "" || in.Type == typeName(o.Kind)) &&
			(any || o.Template == template) &&
			a.inState(o, in.State) &&
			(group == "" || inGroup(o, group)) &&
			(text == "" || has(o, text))
	}
}

// templateWanted is the template that the objects of a list are to have; any says
// that it does not matter. A name that there is no template of fits nothing.
func (a *API) templateWanted(dom directory.Domain, name string) (id signal.ObjectID, any bool) {
	switch name {
	case "":
		return 0, true
	case none:
		return 0, false
	}
	o, ok := a.Directory.ObjectByName(dom.ID, name)
	if !ok || o.Kind != directory.Template {
		return directory.None, false
	}
	return o.ID, false
}

func (a *API) inState(o directory.Object, state string) bool {
	switch state {
	case "enabled":
		return !o.Disabled
	case "disabled":
		return o.Disabled
	case "online":
		return a.online(o) > 0
	case "offline":
		return a.online(o) == 0
	}
	return true
}

// online is how many live registrations an object has.
func (a *API) online(o directory.Object) int {
	if a.Live == nil {
		return 0
	}
	return len(a.Live.RegistrationsOf(o.Address()))
}

func inGroup(o directory.Object, folded string) bool {
	return slices.ContainsFunc(o.Groups, func(m directory.Membership) bool { return directory.Fold(m.Name) == folded })
}

// has tells whether the folded text is in one of the names of an object.
func has(o directory.Object, text string) bool {
	return strings.Contains(directory.Fold(o.SIP), text) || strings.Contains(o.Num, text) ||
		strings.Contains(directory.Fold(o.DN), text) || strings.Contains(directory.Fold(o.CN), text)
}
