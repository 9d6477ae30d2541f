package directory

import (
	"context"
	"slices"
	"strconv"

	"github.com/tandem-switch/tandem/signal"
)

// Object is a user or an app object of a domain. Its slices must not be changed
// by the reader.
type Object struct {
	ID     signal.ObjectID `json:"id"`
	Domain signal.DomainID `json:"domain"`
	Kind   Kind            `json:"kind"`
	// Revision is the number of the commit that changed the object last. It is set
	// in what the directory answers.
	Revision int64 `json:"rev"`
	// SIP is the name on the wire, unique in the domain without regard to case.
	SIP string `json:"sip"`
	// Num is the number in its node, or empty. No two objects of a domain are
	// dialled alike.
	Num  string `json:"num,omitempty"`
	Node string `json:"node,omitempty"` // of the numbering plan; empty: the root
	DN   string `json:"dn,omitempty"`   // display name
	CN   string `json:"cn,omitempty"`   // long name
	// GUID is 32 lower-case hex digits, given once.
	GUID     string `json:"guid"`
	Disabled bool   `json:"disabled,omitempty"`
	// OverrideCLI is the right to call with an identity of one's own choice.
	OverrideCLI bool `json:"override_cli,omitempty"`
	// SecondFactor: a login of the user with the password must be confirmed on
	// another session (appwebsocket.md 2.8.2).
	SecondFactor bool     `json:"second_factor,omitempty"`
	APIs         []string `json:"apis,omitempty"` // ticked at an app object (appwebsocket.md 2.5)
	URL          string   `json:"url,omitempty"`  // of an app object
	Apps         []string `json:"apps,omitempty"` // names of the app objects that it may access; added to those of the template
	// Template gives what the object does not have itself; 0: none.
	Template signal.ObjectID `json:"template,omitempty"`
	Properties
}

// Address is where the object is called.
func (o Object) Address() signal.Address {
	return signal.Address{Domain: o.Domain, Object: o.ID}
}

// DisplayName is the display name, or the nearest that there is to one.
func (o Object) DisplayName() string {
	switch {
	case o.DN != "":
		return o.DN
	case o.CN != "":
		return o.CN
	}
	return o.SIP
}

// NewObject is what AddUser and AddApp are told. APIs and URL are for app
// objects alone, SecondFactor is for users alone. A user has a password of at least 8 characters; an app object
// may have any, and one without can be reached but cannot log in.
type NewObject struct {
	SIP          string          `json:"sip"`
	Num          string          `json:"num,omitempty"`
	DN           string          `json:"dn,omitempty"`
	CN           string          `json:"cn,omitempty"`
	Password     string          `json:"password,omitempty"`
	Disabled     bool            `json:"disabled,omitempty"`
	OverrideCLI  bool            `json:"override_cli,omitempty"`
	SecondFactor bool            `json:"second_factor,omitempty"`
	APIs         []string        `json:"apis,omitempty"`
	URL          string          `json:"url,omitempty"`
	Apps         []string        `json:"apps,omitempty"`
	Node         string          `json:"node,omitempty"`
	Template     signal.ObjectID `json:"template,omitempty"`
	Devices      []Device        `json:"-"`
	Home         string          `json:"-"` // home screen of a user, as SetHome takes it
	Properties
}

// ObjectEdit says what to change of an object; nil leaves a member as it is. A
// new password ends all sessions of the object.
type ObjectEdit struct {
	SIP          *string          `json:"sip,omitempty"`
	Num          *string          `json:"num,omitempty"`
	DN           *string          `json:"dn,omitempty"`
	CN           *string          `json:"cn,omitempty"`
	Password     *string          `json:"password,omitempty"`
	Disabled     *bool            `json:"disabled,omitempty"`
	OverrideCLI  *bool            `json:"override_cli,omitempty"`
	SecondFactor *bool            `json:"second_factor,omitempty"`
	APIs         *[]string        `json:"apis,omitempty"`
	URL          *string          `json:"url,omitempty"`
	Apps         *[]string        `json:"apps,omitempty"`
	Node         *string          `json:"node,omitempty"`
	Template     *signal.ObjectID `json:"template,omitempty"`
	Devices      *[]Device        `json:"-"` // all that the object has from now on
	Home         *string          `json:"-"` // home screen of a user, as SetHome takes it
	// Properties changes a copy of the properties, which it may keep. It may
	// be called several times.
	Properties func(*Properties) `json:"-"`
	// IfRev refuses the edit with stale if the object has another revision; 0:
	// whatever it is.
	IfRev int64 `json:"-"`
}

// AddUser adds a person. Refusals: not_found (the domain), bad_name, bad_number,
// bad_value, bad_password, password_too_short, name_taken, number_taken.
func (d *Directory) AddUser(ctx context.Context, dom signal.DomainID, u NewObject) (Object, error) {
	return d.AddObject(ctx, dom, User, u)
}

// AddApp adds an app object. Refusals as for AddUser.
func (d *Directory) AddApp(ctx context.Context, dom signal.DomainID, a NewObject) (Object, error) {
	return d.AddObject(ctx, dom, App, a)
}

// AddObject adds an object of any kind. Refusals: as for AddUser.
func (d *Directory) AddObject(ctx context.Context, dom signal.DomainID, kind Kind, n NewObject) (Object, error) {
	row, err := newRow(dom, kind, n)
	if err == nil {
		err = d.mayLead(row.URL)
	}
	if err != nil {
		return Object{}, err
	}
	if err := d.checkFree(&row); err != nil {
		return Object{}, err // saves an id
	}
	id, err := d.store.Reserve(ctx, 1)
	if err != nil {
		return Object{}, storeError("reserve an id", err)
	}
	row.ID = signal.ObjectID(id)
	if err := d.sealPassword(&row, n.Password); err != nil {
		return Object{}, err
	}
	err = d.write(ctx, func() (*Batch, error) {
		if err := d.mem.freeObject(&row); err != nil {
			return nil, err
		}
		return &Batch{Objects: []ObjectRow{row}}, nil
	})
	if err != nil {
		return Object{}, err
	}
	return d.present(row.Object), nil
}

// present is the object as it is in memory, which may be newer than o.
func (d *Directory) present(o Object) Object {
	if now, ok := d.Object(o.Address()); ok {
		return now
	}
	return o
}

// SetUser changes a user. Refusals: not_found (also for an app object) and those
// of AddUser.
func (d *Directory) SetUser(ctx context.Context, a signal.Address, edit ObjectEdit) (Object, error) {
	return d.setObject(ctx, a, User, edit)
}

// SetApp changes an app object. Refusals: not_found (also for a user) and those
// of AddApp.
func (d *Directory) SetApp(ctx context.Context, a signal.Address, edit ObjectEdit) (Object, error) {
	return d.setObject(ctx, a, App, edit)
}

// SetObject changes an object of any kind. A new name is written into what refers
// to the object by its name, in the same commit. Refusals: not_found, stale, and
// those of AddUser.
func (d *Directory) SetObject(ctx context.Context, a signal.Address, edit ObjectEdit) (Object, error) {
	o, ok := d.Object(a)
	if !ok {
		return Object{}, errNoObject
	}
	return d.setObject(ctx, a, o.Kind, edit)
}

func (d *Directory) setObject(ctx context.Context, a signal.Address, kind Kind, edit ObjectEdit) (Object, error) {
	var row ObjectRow
	err := d.write(ctx, func() (*Batch, error) {
		old := d.mem.kind(a, kind)
		switch {
		case old == nil:
			return nil, noObject(kind)
		case edit.IfRev != 0 && edit.IfRev != old.row.Rev:
			return nil, errStale
		}
		row = old.row
		if err := d.edit(&row, edit); err != nil {
			return nil, err
		}
		if err := d.mem.freeObject(&row); err != nil {
			return nil, err
		}
		b := &Batch{Objects: []ObjectRow{row}}
		if row.SIP != old.row.SIP {
			if err := d.checkHosted(old); err != nil {
				return nil, err
			}
			b.Objects = append(b.Objects, d.mem.renamed(old, row.SIP)...)
		}
		return b, nil
	})
	if err != nil {
		return Object{}, err
	}
	return d.present(row.Object), nil
}

func (d *Directory) edit(row *ObjectRow, e ObjectEdit) error {
	set(&row.SIP, e.SIP)
	set(&row.Num, e.Num)
	set(&row.DN, e.DN)
	set(&row.CN, e.CN)
	set(&row.Disabled, e.Disabled)
	set(&row.OverrideCLI, e.OverrideCLI)
	set(&row.SecondFactor, e.SecondFactor)
	set(&row.APIs, e.APIs)
	set(&row.URL, e.URL)
	set(&row.Apps, e.Apps)
	set(&row.Node, e.Node)
	set(&row.Template, e.Template)
	if e.Properties != nil {
		row.Properties = row.Properties.clone()
		e.Properties(&row.Properties)
	}
	set(&row.Devices, e.Devices)
	set(&row.Home, e.Home)
	if err := tidyRow(row); err != nil {
		return err
	}
	if e.URL != nil {
		if err := d.mayLead(row.URL); err != nil {
			return err
		}
	}
	if e.Password == nil {
		return nil
	}
	if err := checkPassword(row.Kind, *e.Password); err != nil {
		return err
	}
	row.EndSessions = d.clock.Now()
	return d.sealPassword(row, *e.Password)
}

// mayLead refuses a URL into a network that is none of the object's business.
func (d *Directory) mayLead(url string) error {
	if url == "" || d.checkURL == nil {
		return nil
	}
	if err := d.checkURL(url); err != nil {
		return &Error{Code: CodePrivateURL, Field: "url", Message: "The URL is refused: " + err.Error() + "."}
	}
	return nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// RemoveUser deletes a user for good, with devices and sessions: a later user of
// the same name starts empty. Refusal: not_found.
func (d *Directory) RemoveUser(ctx context.Context, a signal.Address) error {
	return d.removeObject(ctx, a, User, 0)
}

// RemoveApp deletes an app object as RemoveUser does a user.
func (d *Directory) RemoveApp(ctx context.Context, a signal.Address) error {
	return d.removeObject(ctx, a, App, 0)
}

// RemoveObject deletes an object of any kind, for ifRev as ObjectEdit.IfRev.
// Until UndoLife is over, Restore brings it back. Refusals: not_found, stale,
// in_use (a gateway that a route leads to, the hosted Messages object).
func (d *Directory) RemoveObject(ctx context.Context, a signal.Address, ifRev int64) error {
	o, ok := d.Object(a)
	if !ok {
		return errNoObject
	}
	return d.removeObject(ctx, a, o.Kind, ifRev)
}

func (d *Directory) removeObject(ctx context.Context, a signal.Address, kind Kind, ifRev int64) error {
	return d.write(ctx, func() (*Batch, error) {
		old := d.mem.kind(a, kind)
		switch {
		case old == nil:
			return nil, noObject(kind)
		case ifRev != 0 && ifRev != old.row.Rev:
			return nil, errStale
		}
		if err := d.mem.checkUnused(old); err != nil {
			return nil, err
		}
		if err := d.checkHosted(old); err != nil {
			return nil, err
		}
		return &Batch{Objects: []ObjectRow{d.tombstone(old)}}, nil
	})
}

// tombstone is the row of an object that is removed now.
func (d *Directory) tombstone(e *entry) ObjectRow {
	row := e.row
	row.Deleted = d.clock.Now()
	row.EndSessions = row.Deleted
	return row
}

// checkUnused refuses the removal of a gateway that a route leads to.
func (m *memory) checkUnused(e *entry) error {
	for _, r := range m.domains[e.row.Domain].row.Plan.Routes {
		if r.To == e.row.ID {
			return refuse(CodeInUse, "The route "+r.Prefix+" of the numbering plan leads to "+e.row.SIP+"; change the plan first.")
		}
	}
	return nil
}

// newRow is the row of a new object, without id and secret.
func newRow(dom signal.DomainID, kind Kind, n NewObject) (ObjectRow, error) {
	row := ObjectRow{Object: Object{
		Domain: dom, Kind: kind, GUID: randomHex(), SIP: n.SIP, Num: n.Num, DN: n.DN, CN: n.CN,
		Disabled: n.Disabled, OverrideCLI: n.OverrideCLI, SecondFactor: n.SecondFactor,
		APIs: n.APIs, URL: n.URL, Apps: n.Apps, Node: n.Node, Template: n.Template, Properties: n.Properties,
	}, Devices: n.Devices, Home: n.Home}
	if err := tidyRow(&row); err != nil {
		return row, err
	}
	return row, checkPassword(kind, n.Password)
}

// tidyRow brings a row into its one form and checks the rules that need no other
// object.
func tidyRow(row *ObjectRow) error {
	if err := tidyObject(&row.Object); err != nil {
		return err
	}
	if err := checkHome(row.Kind, row.Home); err != nil {
		return err
	}
	return tidyDevices(row)
}

// checkFree is freeObject for those who do not hold the write lock; the answer
// may be old at once.
func (d *Directory) checkFree(row *ObjectRow) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.mem.freeObject(row)
}

// freeObject reports what keeps the row from being written: its domain is gone,
// or another object has its name or number.
func (m *memory) freeObject(row *ObjectRow) error {
	dom := m.domains[row.Domain]
	if dom == nil {
		return errNoDomain
	}
	if other := dom.bySIP[Fold(row.SIP)]; other != nil && other.row.ID != row.ID {
		return refuse(CodeNameTaken, "The name "+row.SIP+" is taken in "+dom.row.Name+".")
	}
	if _, known := dom.prefixes[row.Node]; !known {
		return wrong("node", "There is no node "+strconv.Quote(shorten(row.Node))+" in "+dom.row.Name+".")
	}
	if other := dom.byNum[dom.fullNumber(row.Node, row.Num)]; row.Num != "" && other != nil && other.row.ID != row.ID {
		return refuse(CodeNumberTaken, "The number "+row.Num+" is taken by "+other.row.SIP+".")
	}
	return m.checkReferences(dom, row)
}

// checkReferences refuses a row that refers to what is not there.
func (m *memory) checkReferences(dom *domain, row *ObjectRow) error {
	old := &ObjectRow{}
	if e := m.objects[row.ID]; e != nil {
		old = &e.row // what was there may stay, even if it has gone meanwhile
	}
	for _, ref := range []struct {
		field   string
		id, was signal.ObjectID
		kind    Kind
	}{
		{"template", row.Template, old.Template, Template},
		{"messages", row.Messages, old.Messages, Messages},
		{"push", row.Push, old.Push, Push},
	} {
		if ref.id <= 0 || ref.id == ref.was {
			continue
		}
		if to := m.objects[ref.id]; to == nil || to.row.Domain != row.Domain || to.row.Kind != ref.kind {
			return wrong(ref.field, "There is no such "+ref.kind.noun()+" in "+dom.row.Name+".")
		}
	}
	if row.Filter != "" && row.Filter != old.Filter && dom.row.filter(row.Filter) == nil {
		return wrong("filter", "There is no filter "+strconv.Quote(shorten(row.Filter))+" in "+dom.row.Name+".")
	}
	return nil
}

// Object is the object at the address, disabled ones included.
func (d *Directory) Object(a signal.Address) (Object, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.mem.object(a).value()
}

// UserByName finds a user of the domain by "name" or "name@domain", in any case.
// The part behind the @ may be the domain's name or one of its host names; that
// of another domain finds nothing. Disabled users are found.
func (d *Directory) UserByName(dom signal.DomainID, name string) (Object, bool) {
	return d.byName(dom, User, name)
}

// AppByName finds an app object of the domain as UserByName does a user.
func (d *Directory) AppByName(dom signal.DomainID, name string) (Object, bool) {
	return d.byName(dom, App, name)
}

func (d *Directory) byName(dom signal.DomainID, kind Kind, name string) (Object, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, _ := d.mem.named(d.mem.domains[dom], name)
	if e == nil || e.row.Kind != kind {
		return Object{}, false
	}
	return e.value()
}

// ObjectByGUID finds an object of the domain by its guid.
func (d *Directory) ObjectByGUID(dom signal.DomainID, guid string) (Object, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e := d.mem.byGUID[guid]
	if e == nil || e.row.Domain != dom {
		return Object{}, false
	}
	return e.value()
}

// Users lists the users of the domain by name.
func (d *Directory) Users(dom signal.DomainID) []Object { return d.list(dom, User) }

// Apps lists the app objects of the domain by name.
func (d *Directory) Apps(dom signal.DomainID) []Object { return d.list(dom, App) }

// Objects lists the objects of the domain that want picks, by name; nil picks
// all. want runs under the lock of the directory: it must not block.
func (d *Directory) Objects(dom signal.DomainID, want func(*Object) bool) []Object {
	d.mu.RLock()
	defer d.mu.RUnlock()
	domain := d.mem.domains[dom]
	if domain == nil {
		return nil
	}
	var list []Object
	for _, e := range domain.bySIP {
		if want == nil || want(&e.row.Object) {
			list = append(list, e.row.Object)
		}
	}
	sortObjects(list)
	return list
}

func (d *Directory) list(id signal.DomainID, kind Kind) []Object {
	d.mu.RLock()
	defer d.mu.RUnlock()
	dom := d.mem.domains[id]
	if dom == nil {
		return nil
	}
	list := make([]Object, 0, len(dom.bySIP))
	for _, e := range dom.bySIP {
		if e.row.Kind == kind {
			list = append(list, e.row.Object)
		}
	}
	sortObjects(list)
	return list
}

// AppsOf lists the app objects that the object may access and that are enabled,
// in the order of the object's list, then of its template's.
func (d *Directory) AppsOf(a signal.Address) []Object {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e := d.mem.object(a)
	if e == nil {
		return nil
	}
	dom := d.mem.domains[a.Domain]
	var list []Object
	names := e.row.Apps
	if t := d.mem.template(e); t != nil {
		names = union(names, t.row.Apps)
	}
	for _, name := range names {
		if app := dom.bySIP[Fold(name)]; app != nil && app.row.Kind.IsProgram() && !app.row.Disabled {
			list = append(list, app.row.Object)
		}
	}
	return list
}

func sortObjects(list []Object) {
	slices.SortFunc(list, func(a, b Object) int { return compareText(a.SIP, b.SIP) })
}
