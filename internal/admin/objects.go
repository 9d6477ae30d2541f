package admin

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// Object is an object of a domain: a person, a program with a login of its own,
// a hunt group, a way out, or a template.
type Object struct {
	ID       int64    `json:"id" doc:"Number of the object, given once."`
	GUID     string   `json:"guid" doc:"32 lower-case hex digits, given once."`
	Rev      int64    `json:"rev" doc:"Grows with every change; also the ETag."`
	Type     string   `json:"type" enum:"user,app,messages,push,group,gateway,template" doc:"What it is."`
	Domain   string   `json:"domain" doc:"Name of its domain."`
	SIP      string   `json:"sip" doc:"Name on the wire, unique in the domain."`
	DN       string   `json:"dn" doc:"Display name."`
	CN       string   `json:"cn,omitempty" doc:"Long name."`
	Num      string   `json:"num" doc:"Extension, or empty."`
	Disabled bool     `json:"disabled" doc:"It can neither log in nor be reached."`
	APIs     []string `json:"apis,omitzero" required:"false" nullable:"false" doc:"APIs that a program may use; only programs have them."`
	URL      string   `json:"url,omitempty" doc:"Where the service of an app object is."`
	Apps     []string `json:"apps,omitempty" doc:"App objects that it may open."`

	OverrideCLI  bool `json:"override_cli,omitempty" doc:"It may call with an identity of its own choice."`
	SecondFactor bool `json:"second_factor" doc:"Logins with the password are confirmed on another session."`
	Properties
}

// NewObject is an object to be made. A user has a password of at least 8
// characters; an app without password can be reached but cannot log in.
type NewObject struct {
	Type         string   `json:"type" enum:"user,app,messages,push,group,gateway,template" doc:"What it is."`
	SIP          string   `json:"sip" doc:"Name on the wire, unique in the domain."`
	DN           string   `json:"dn,omitempty" doc:"Display name."`
	CN           string   `json:"cn,omitempty" doc:"Long name."`
	Num          string   `json:"num,omitempty" doc:"Extension."`
	Password     string   `json:"password,omitempty" doc:"Password. It is never shown."`
	Disabled     bool     `json:"disabled,omitempty" doc:"It can neither log in nor be reached."`
	APIs         []string `json:"apis,omitempty" doc:"APIs that an app object may use."`
	URL          string   `json:"url,omitempty" doc:"Where the service of an app object is."`
	Apps         []string `json:"apps,omitempty" doc:"App objects that it may open."`
	OverrideCLI  bool     `json:"override_cli,omitempty" doc:"It may call with an identity of its own choice."`
	SecondFactor bool     `json:"second_factor,omitempty" doc:"Logins with the password are confirmed on another session."`
	Properties
}

// ObjectEdit says what to change of an object. A new password ends its sessions.
type ObjectEdit struct {
	SIP          Optional[string]   `json:"sip,omitzero" required:"false" doc:"New name. Everything that belongs to the object stays."`
	DN           Optional[string]   `json:"dn,omitzero" required:"false" doc:"Display name."`
	CN           Optional[string]   `json:"cn,omitzero" required:"false" doc:"Long name."`
	Num          Optional[string]   `json:"num,omitzero" required:"false" doc:"Extension."`
	Password     Optional[string]   `json:"password,omitzero" required:"false" doc:"New password. It is never shown."`
	Disabled     Optional[bool]     `json:"disabled,omitzero" required:"false" doc:"It can neither log in nor be reached."`
	APIs         Optional[[]string] `json:"apis,omitzero" required:"false" doc:"APIs, instead of those so far."`
	URL          Optional[string]   `json:"url,omitzero" required:"false" doc:"Where the service of an app object is."`
	Apps         Optional[[]string] `json:"apps,omitzero" required:"false" doc:"App objects that it may open, instead of those so far."`
	OverrideCLI  Optional[bool]     `json:"override_cli,omitzero" required:"false" doc:"It may call with an identity of its own choice."`
	SecondFactor Optional[bool]     `json:"second_factor,omitzero" required:"false" doc:"Logins with the password are confirmed on another session."`
	PropertiesEdit
}

// InObject is the path of requests about an object.
type InObject struct {
	InDomain
	Name string `path:"name" doc:"Name of the object, or id:123, or guid:0123456789abcdef0123456789abcdef."`
	Type string `query:"type" enum:"user,app,messages,push,group,gateway,template" doc:"Only if it is of this type."`
}

type (
	objectAnswer struct {
		ETag string `header:"ETag"`
		Body Object
	}
)

func (a *API) registerObjects() {
	register(a, operation{
		ID: "object-list", Method: http.MethodGet, Path: "/domains/{domain}/objects", Tag: "Objects", Summary: "List the objects of a domain",
		Reach: domainInPath, Right: account.Read,
	}, a.listObjects)
	register(a, operation{
		ID: "object-add", Method: http.MethodPost, Path: "/domains/{domain}/objects", Tag: "Objects", Summary: "Make an object",
		Status: http.StatusCreated, Reach: domainInPath, Right: account.Write, Act: "object.add",
	}, a.addObject)
	register(a, operation{
		ID: "object-get", Method: http.MethodGet, Path: "/domains/{domain}/objects/{name}", Tag: "Objects", Summary: "Show an object",
		Reach: domainInPath, Right: account.Read,
	}, a.getObject)
	register(a, operation{
		ID: "object-set", Method: http.MethodPatch, Path: "/domains/{domain}/objects/{name}", Tag: "Objects", Summary: "Change an object",
		Text:  "Members that are absent stay as they are; null clears. With If-Match it is changed only if it still has that rev; without, whatever its rev is.",
		Reach: domainInPath, Right: account.Write, Act: "object.set",
	}, a.setObject)
	register(a, operation{
		ID: "object-remove", Method: http.MethodDelete, Path: "/domains/{domain}/objects/{name}", Tag: "Objects", Summary: "Remove an object",
		Reach: domainInPath, Right: account.Write, Act: "object.remove",
	}, a.removeObject)
}

type addObjectInput struct {
	InDomain
	Body NewObject
}

func (a *API) addObject(ctx context.Context, in *addObjectInput) (*objectAnswer, error) {
	dom, b := calling(ctx).domain, in.Body
	about(ctx, b.SIP)
	if err := a.check(dom, b.APIs, b.Apps); err != nil {
		return nil, err
	}
	n := directory.NewObject{
		SIP: b.SIP, Num: b.Num, DN: b.DN, CN: b.CN, Password: b.Password, Disabled: b.Disabled,
		APIs: b.APIs, URL: b.URL, Apps: b.Apps, OverrideCLI: b.OverrideCLI, SecondFactor: b.SecondFactor, Node: b.Node,
	}
	properties := b.editOf()
	refs, err := a.find(dom, &properties)
	if err != nil {
		return nil, err
	}
	properties.apply(&n.Properties, refs)
	n.Template = *refs.template
	kind, err := directory.ParseKind(b.Type)
	if err != nil {
		return nil, err
	}
	if err := a.checkLicences(ctx, directory.Object{Domain: dom.ID, Kind: kind}, n.AppLics, n.Template); err != nil {
		return nil, err
	}
	o, err := a.Directory.AddObject(ctx, dom.ID, kind, n)
	if err != nil {
		return nil, err
	}
	return a.answerObject(dom, o), nil
}

type getObjectInput struct {
	InObject
	Effective bool `query:"effective" doc:"With what its template gives it."`
}

func (a *API) getObject(ctx context.Context, in *getObjectInput) (*objectAnswer, error) {
	dom := calling(ctx).domain
	o, err := a.object(dom, &in.InObject)
	if err != nil {
		return nil, err
	}
	if whole, ok := a.Directory.Effective(o.Address()); ok && in.Effective {
		o = whole
	}
	return a.answerObject(dom, o), nil
}

type setObjectInput struct {
	InObject
	Body ObjectEdit
}

func (a *API) setObject(ctx context.Context, in *setObjectInput) (*objectAnswer, error) {
	dom, b := calling(ctx).domain, in.Body
	if err := a.check(dom, b.APIs.value, b.Apps.value); err != nil {
		return nil, err
	}
	o, err := a.objectToWrite(ctx, dom, &in.InObject)
	if err != nil {
		return nil, err
	}
	refs, err := a.find(dom, &b.PropertiesEdit)
	if err != nil {
		return nil, err
	}
	if err := a.checkLicences(ctx, o, orNone(b.AppLics.Edit()), orZero(refs.template)); err != nil {
		return nil, err
	}
	o, err = a.Directory.SetObject(ctx, o.Address(), directory.ObjectEdit{
		IfRev: calling(ctx).rev, Node: b.Node.Edit(), Template: refs.template,
		Properties: func(p *directory.Properties) { b.apply(p, refs) },
		SIP:        b.SIP.Edit(), Num: b.Num.Edit(), DN: b.DN.Edit(), CN: b.CN.Edit(), Password: b.Password.Edit(), Disabled: b.Disabled.Edit(),
		APIs: b.APIs.Edit(), URL: b.URL.Edit(), Apps: b.Apps.Edit(), OverrideCLI: b.OverrideCLI.Edit(), SecondFactor: b.SecondFactor.Edit(),
	})
	if err != nil {
		return nil, err
	}
	return a.answerObject(dom, o), nil
}

func (a *API) removeObject(ctx context.Context, in *InObject) (*nothing, error) {
	o, err := a.objectToWrite(ctx, calling(ctx).domain, in)
	if err != nil {
		return nil, err
	}
	return &nothing{}, a.Directory.RemoveObject(ctx, o.Address(), calling(ctx).rev)
}

// objectToWrite is the object, if it has the rev that the request asks for.
func (a *API) objectToWrite(ctx context.Context, dom directory.Domain, in *InObject) (directory.Object, error) {
	o, err := a.object(dom, in)
	if err != nil {
		return o, err
	}
	aboutObject(ctx, o)
	was(ctx, a.objectOf(dom, o))
	return o, match(ctx, o.Revision)
}

// object finds an object of the domain by its name, id or guid.
func (a *API) object(dom directory.Domain, in *InObject) (directory.Object, error) {
	name := in.Name
	var o directory.Object
	ok := false
	if id, byID := strings.CutPrefix(name, "id:"); byID {
		number, err := strconv.ParseInt(id, 10, 64)
		if err == nil {
			o, ok = a.Directory.Object(signal.Address{Domain: dom.ID, Object: signal.ObjectID(number)})
		}
	} else if guid, byGUID := strings.CutPrefix(name, "guid:"); byGUID {
		o, ok = a.Directory.ObjectByGUID(dom.ID, guid)
	} else {
		o, ok = a.Directory.ObjectByName(dom.ID, name)
	}
	if !ok || in.Type != "" && in.Type != typeName(o.Kind) {
		return o, problem(NotFound, "There is no object "+quoted(name)+" in "+dom.Name+".")
	}
	return o, nil
}

// check keeps misspelt APIs and apps from being given in silence.
func (a *API) check(dom directory.Domain, apis, apps []string) error {
	if err := apisExist(apis); err != nil {
		return err
	}
	for i, name := range apps {
		if _, ok := a.Directory.AppByName(dom.ID, name); !ok {
			return wrong(NotFound, "apps["+strconv.Itoa(i)+"]", "There is no app "+quoted(name)+" in "+dom.Name+".")
		}
	}
	return nil
}

func orNone(list *[]string) []string {
	if list == nil {
		return nil
	}
	return *list
}

func orZero(id *signal.ObjectID) signal.ObjectID {
	if id == nil {
		return 0
	}
	return *id
}

func typeName(kind directory.Kind) string { return kind.String() }

func (a *API) answerObject(dom directory.Domain, o directory.Object) *objectAnswer {
	body := a.objectOf(dom, o)
	return &objectAnswer{ETag: etag(body.Rev), Body: body}
}

func (a *API) objectOf(dom directory.Domain, o directory.Object) Object {
	if o.Kind.IsProgram() && o.APIs == nil {
		o.APIs = []string{}
	}
	return Object{
		ID: int64(o.ID), GUID: o.GUID, Rev: o.Revision, Type: typeName(o.Kind), Domain: dom.Name,
		SIP: o.SIP, DN: o.DN, CN: o.CN, Num: o.Num, Disabled: o.Disabled, APIs: o.APIs, URL: o.URL, Apps: o.Apps,
		OverrideCLI: o.OverrideCLI, SecondFactor: o.SecondFactor, Properties: a.propertiesOf(o),
	}
}
