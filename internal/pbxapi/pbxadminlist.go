package pbxapi

import (
	"path"
	"strings"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// The most that one page has (appwebsocket.md 5.3).
const (
	maxFound   = 20 // of SearchUsers and GetApps
	maxConfigs = 50 // of GetConfigObjects
	maxMembers = 64 // of GetGroup
)

// listSpace is what the elements of a list without pages may take of a message
// (decision 5); the envelope needs the rest. What does not fit is left out.
const listSpace = appservice.MaxMessage - 2048

// list is the members of a result that has one array, cut to what can be sent.
type list[T any] struct {
	name  string
	items []T
}

// AppendJSON implements appservice.Appender.
func (l list[T]) AppendJSON(dst []byte) []byte {
	dst = append(strictjson.AppendString(append(dst, '{'), l.name), ":["...)
	for i, item := range l.items {
		body, err := appservice.Marshal(item)
		if err != nil || len(dst)+len(body) > listSpace {
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, body...)
	}
	return append(dst, "]}"...)
}

// found is a user in the result of SearchUsers.
type found struct {
	CN     string  `json:"cn"`
	DN     string  `json:"dn,omitempty"`
	GUID   string  `json:"guid"`
	SIP    string  `json:"h323"`
	Emails []email `json:"emails,omitempty"`
}

// searchUsers serves SearchUsers: users in the order of their long names, from
// behind cn, or with includeMatch from cn on.
func (r *request) searchUsers() (any, error) {
	from, f := text("cn", r.get("cn"))
	if f != nil {
		return nil, f
	}
	with, _, f := flag("includeMatch", r.get("includeMatch"))
	if f != nil {
		return nil, f
	}
	most, f := count("limit", r.get("limit"), maxFound)
	if f != nil {
		return nil, f
	}
	users := r.names.users(r.domain(), from, with || from == "", most)
	out := make([]found, 0, len(users))
	for i := range users {
		o := &users[i]
		out = append(out, found{longName(o), o.DN, o.GUID, o.SIP, emailsOf(o)})
	}
	return list[found]{"user", out}, nil
}

// appObject is an app object in lists.
type appObject struct {
	Title     string `json:"title"`
	App       string `json:"app,omitempty"`
	URL       string `json:"url,omitempty"`
	Connected bool   `json:"connected,omitempty"`
	GUID      string `json:"guid"`
	SIP       string `json:"sip"`
	Pseudo    string `json:"pseudo"`
}

func (r *request) appObject(o *directory.Object) appObject {
	return appObject{
		Title: longName(o), App: appName(o), URL: o.URL, Connected: r.connected(o.Address()),
		GUID: o.GUID, SIP: o.SIP, Pseudo: typeOf(o.Kind),
	}
}

// appName is the name of the app of an object: that of its html file, as far as
// the URL tells.
func appName(o *directory.Object) string {
	if o.URL == "" {
		return o.SIP
	}
	return strings.TrimSuffix(path.Base(strings.TrimRight(o.URL, "/")), ".htm")
}

// getAppObjects serves GetAppObjects: programs whose URL begins with uri, of one
// type if pseudo says which.
func (r *request) getAppObjects() (any, error) {
	head, f := text("uri", r.get("uri"))
	if f != nil {
		return nil, f
	}
	name, f := text("pseudo", r.get("pseudo"))
	if f != nil {
		return nil, f
	}
	kind, ok := kindOf(name)
	if !ok {
		return nil, bad("pseudo", "There is no such type.")
	}
	objects := r.dir.Objects(r.domain(), func(o *directory.Object) bool {
		return o.Kind.IsProgram() && (name == "" || o.Kind == kind) && strings.HasPrefix(o.URL, head)
	})
	out := make([]appObject, 0, len(objects))
	for i := range objects {
		out = append(out, r.appObject(&objects[i]))
	}
	return list[appObject]{"objects", out}, nil
}

// page is a page of objects; more is where the next one begins.
type page[T any] struct {
	More    string `json:"more,omitempty"`
	Objects []T    `json:"objects"`
}

// pageOf is the objects of a kind behind the name in the member more of the
// request, in the order of their names.
func (r *request) pageOf(kind directory.Kind, most int) (objects []directory.Object, more string, _ *failure) {
	after, f := text("more", r.get("more"))
	if f != nil {
		return nil, "", f
	}
	most, f = count("limit", r.get("limit"), most)
	if f != nil {
		return nil, "", f
	}
	objects = r.dir.Objects(r.domain(), func(o *directory.Object) bool {
		return o.Kind == kind && (after == "" || directory.CompareNames(o.SIP, after) > 0)
	})
	if len(objects) > most {
		objects = objects[:most]
		more = objects[most-1].SIP
	}
	return objects, more, nil
}

// getApps serves GetApps.
func (r *request) getApps() (any, error) {
	objects, more, f := r.pageOf(directory.App, maxFound)
	if f != nil {
		return nil, f
	}
	p := page[appObject]{more, make([]appObject, 0, len(objects))}
	for i := range objects {
		p.Objects = append(p.Objects, r.appObject(&objects[i]))
	}
	return p, nil
}

// configObject is a config template in lists. Templates have no templates here,
// so config is empty.
type configObject struct {
	CN     string   `json:"cn"`
	Config []string `json:"config"`
}

// getConfigObjects serves GetConfigObjects.
func (r *request) getConfigObjects() (any, error) {
	objects, more, f := r.pageOf(directory.Template, maxConfigs)
	if f != nil {
		return nil, f
	}
	p := page[configObject]{more, make([]configObject, 0, len(objects))}
	for i := range objects {
		p.Objects = append(p.Objects, configObject{longName(&objects[i]), []string{}})
	}
	return p, nil
}

type pseudoObject struct {
	CN   string `json:"cn"`
	GUID string `json:"guid"`
}

// getPseudoObjects serves GetPseudoObjects.
func (r *request) getPseudoObjects() (any, error) {
	name, f := text("pseudo", r.get("pseudo"))
	if f != nil {
		return nil, f
	}
	kind, ok := kindOf(name)
	if !ok || name == "" || kind == directory.User {
		return nil, bad("pseudo", "It must be app, messages, push, broadcast, gw or config.")
	}
	var out []pseudoObject
	for _, o := range r.ofKind(kind) {
		out = append(out, pseudoObject{longName(&o), o.GUID})
	}
	return list[pseudoObject]{"objects", out}, nil
}

// ofKind lists the objects of a kind by name.
func (r *request) ofKind(kind directory.Kind) []directory.Object {
	return r.dir.Objects(r.domain(), func(o *directory.Object) bool { return o.Kind == kind })
}

// getConfigs serves GetConfigs.
func (r *request) getConfigs() (any, error) {
	var names []string
	for _, o := range r.ofKind(directory.Template) {
		names = append(names, longName(&o))
	}
	return list[string]{"configs", names}, nil
}

// getFilters serves GetFilters.
func (r *request) getFilters() (any, error) {
	dom, _ := r.dir.Domain(r.domain())
	var names []string
	for _, f := range dom.Filters {
		names = append(names, f.Name)
	}
	return list[string]{"filter", names}, nil
}

// getGroups serves GetGroups.
func (r *request) getGroups() (any, error) {
	return list[string]{"groups", r.dir.Groups(r.domain())}, nil
}

// groupMember is an object in the result of GetGroup.
type groupMember struct {
	CN     string `json:"cn"`
	SIP    string `json:"h323"`
	Num    string `json:"e164,omitempty"`
	DN     string `json:"dn,omitempty"`
	GUID   string `json:"guid"`
	Pseudo string `json:"pseudo,omitempty"`
	Active bool   `json:"active,omitempty"`
	Dyn    string `json:"dyn,omitempty"`
}

// getGroup serves GetGroup.
func (r *request) getGroup() (any, error) {
	name, f := text("grp", r.get("grp"))
	if f != nil {
		return nil, f
	}
	objects := r.dir.Members(r.domain(), name)
	if len(objects) == 0 {
		return nil, unknown("grp", "There is no such group.")
	}
	var out []groupMember
	for _, o := range objects[:min(len(objects), maxMembers)] {
		m := groupMember{CN: longName(&o), SIP: o.SIP, Num: o.Num, DN: o.DN, GUID: o.GUID, Pseudo: typeOf(o.Kind)}
		for _, g := range o.Groups {
			if directory.Fold(g.Name) == directory.Fold(name) {
				m.Active, m.Dyn = g.Mode == "active", g.Dyn
			}
		}
		out = append(out, m)
	}
	return list[groupMember]{"member", out}, nil
}

type node struct {
	Name string `json:"name"`
	Node string `json:"node"` // in which it stands
	Loc  string `json:"loc"`
}

// getNodes serves GetNodes; the root stands first, in itself.
func (r *request) getNodes() (any, error) {
	dom, _ := r.dir.Domain(r.domain())
	nodes := []node{{rootNode, rootNode, r.name}}
	for _, n := range dom.Plan.Nodes {
		in := n.Parent
		if in == "" {
			in = rootNode
		}
		nodes = append(nodes, node{n.Name, in, r.name})
	}
	return list[node]{"nodes", nodes}, nil
}

type named struct {
	Name string `json:"name"`
}

// getMessages serves GetMessages.
func (r *request) getMessages() (any, error) { return r.namesOf("messages", directory.Messages) }

// getPush serves GetPush.
func (r *request) getPush() (any, error) { return r.namesOf("push", directory.Push) }

func (r *request) namesOf(member string, kind directory.Kind) (any, error) {
	var out []named
	for _, o := range r.ofKind(kind) {
		out = append(out, named{o.SIP})
	}
	return list[named]{member, out}, nil
}

// getBooleans serves GetBooleans: this switch has no objects that are switched on
// and off.
func (r *request) getBooleans() (any, error) { return list[named]{"booleans", nil}, nil }
