package directory

import (
	"context"
	"slices"

	"github.com/tandem-switch/tandem/signal"
)

// Object is a user or an app object of a domain. Its slices must not be changed
// by the reader.
type Object struct {
	ID     signal.ObjectID `json:"id"`
	Domain signal.DomainID `json:"domain"`
	Kind   signal.Kind     `json:"kind"`
	// SIP is the name on the wire, unique in the domain without regard to case.
	SIP string `json:"sip"`
	// Num is the extension, unique in the domain, or empty.
	Num string `json:"num,omitempty"`
	DN  string `json:"dn,omitempty"` // display name
	CN  string `json:"cn,omitempty"` // long name
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
	Apps         []string `json:"apps,omitempty"` // names of the app objects that it may access
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
	SIP          string   `json:"sip"`
	Num          string   `json:"num,omitempty"`
	DN           string   `json:"dn,omitempty"`
	CN           string   `json:"cn,omitempty"`
	Password     string   `json:"password,omitempty"`
	Disabled     bool     `json:"disabled,omitempty"`
	OverrideCLI  bool     `json:"override_cli,omitempty"`
	SecondFactor bool     `json:"second_factor,omitempty"`
	APIs         []string `json:"apis,omitempty"`
	URL          string   `json:"url,omitempty"`
	Apps         []string `json:"apps,omitempty"`
}

// ObjectEdit says what to change of an object; nil leaves a member as it is. A
// new password ends all sessions of the object.
type ObjectEdit struct {
	SIP          *string   `json:"sip,omitempty"`
	Num          *string   `json:"num,omitempty"`
	DN           *string   `json:"dn,omitempty"`
	CN           *string   `json:"cn,omitempty"`
	Password     *string   `json:"password,omitempty"`
	Disabled     *bool     `json:"disabled,omitempty"`
	OverrideCLI  *bool     `json:"override_cli,omitempty"`
	SecondFactor *bool     `json:"second_factor,omitempty"`
	APIs         *[]string `json:"apis,omitempty"`
	URL          *string   `json:"url,omitempty"`
	Apps         *[]string `json:"apps,omitempty"`
}

// AddUser adds a person. Refusals: not_found (the domain), bad_name, bad_number,
// bad_value, bad_password, password_too_short, name_taken, number_taken.
func (d *Directory) AddUser(ctx context.Context, dom signal.DomainID, u NewObject) (Object, error) {
	return d.addObject(ctx, dom, signal.User, u)
}

// AddApp adds an app object. Refusals as for AddUser.
func (d *Directory) AddApp(ctx context.Context, dom signal.DomainID, a NewObject) (Object, error) {
	return d.addObject(ctx, dom, signal.App, a)
}

func (d *Directory) addObject(ctx context.Context, dom signal.DomainID, kind signal.Kind, n NewObject) (Object, error) {
	row, err := newRow(dom, kind, n)
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
	return row.Object, nil
}

// SetUser changes a user. Refusals: not_found (also for an app object) and those
// of AddUser.
func (d *Directory) SetUser(ctx context.Context, a signal.Address, edit ObjectEdit) (Object, error) {
	return d.setObject(ctx, a, signal.User, edit)
}

// SetApp changes an app object. Refusals: not_found (also for a user) and those
// of AddApp.
func (d *Directory) SetApp(ctx context.Context, a signal.Address, edit ObjectEdit) (Object, error) {
	return d.setObject(ctx, a, signal.App, edit)
}

func (d *Directory) setObject(ctx context.Context, a signal.Address, kind signal.Kind, edit ObjectEdit) (Object, error) {
	var row ObjectRow
	err := d.write(ctx, func() (*Batch, error) {
		old := d.mem.kind(a, kind)
		if old == nil {
			return nil, noObject(kind)
		}
		row = old.row
		if err := d.edit(&row, edit); err != nil {
			return nil, err
		}
		if err := d.mem.freeObject(&row); err != nil {
			return nil, err
		}
		return &Batch{Objects: []ObjectRow{row}}, nil
	})
	if err != nil {
		return Object{}, err
	}
	return row.Object, nil
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
	if err := tidyObject(&row.Object); err != nil {
		return err
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

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// RemoveUser deletes a user for good, with devices and sessions: a later user of
// the same name starts empty. Refusal: not_found.
func (d *Directory) RemoveUser(ctx context.Context, a signal.Address) error {
	return d.removeObject(ctx, a, signal.User)
}

// RemoveApp deletes an app object as RemoveUser does a user.
func (d *Directory) RemoveApp(ctx context.Context, a signal.Address) error {
	return d.removeObject(ctx, a, signal.App)
}

func (d *Directory) removeObject(ctx context.Context, a signal.Address, kind signal.Kind) error {
	return d.write(ctx, func() (*Batch, error) {
		old := d.mem.kind(a, kind)
		if old == nil {
			return nil, noObject(kind)
		}
		row := old.row
		row.Devices, row.Secret, row.Home = nil, nil, ""
		row.Deleted = d.clock.Now()
		row.EndSessions = row.Deleted
		return &Batch{Objects: []ObjectRow{row}}, nil
	})
}

// newRow is the row of a new object, without id and secret.
func newRow(dom signal.DomainID, kind signal.Kind, n NewObject) (ObjectRow, error) {
	row := ObjectRow{Object: Object{
		Domain: dom, Kind: kind, GUID: randomHex(), SIP: n.SIP, Num: n.Num, DN: n.DN, CN: n.CN,
		Disabled: n.Disabled, OverrideCLI: n.OverrideCLI, SecondFactor: n.SecondFactor,
		APIs: n.APIs, URL: n.URL, Apps: n.Apps,
	}}
	if err := tidyObject(&row.Object); err != nil {
		return row, err
	}
	return row, checkPassword(kind, n.Password)
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
	if other := dom.byNum[row.Num]; row.Num != "" && other != nil && other.row.ID != row.ID {
		return refuse(CodeNumberTaken, "The number "+row.Num+" is taken by "+other.row.SIP+".")
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
	return d.byName(dom, signal.User, name)
}

// AppByName finds an app object of the domain as UserByName does a user.
func (d *Directory) AppByName(dom signal.DomainID, name string) (Object, bool) {
	return d.byName(dom, signal.App, name)
}

func (d *Directory) byName(dom signal.DomainID, kind signal.Kind, name string) (Object, bool) {
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
func (d *Directory) Users(dom signal.DomainID) []Object { return d.list(dom, signal.User) }

// Apps lists the app objects of the domain by name.
func (d *Directory) Apps(dom signal.DomainID) []Object { return d.list(dom, signal.App) }

func (d *Directory) list(id signal.DomainID, kind signal.Kind) []Object {
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
// in the order of the object's list.
func (d *Directory) AppsOf(a signal.Address) []Object {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e := d.mem.object(a)
	if e == nil {
		return nil
	}
	dom := d.mem.domains[a.Domain]
	var list []Object
	for _, name := range e.row.Apps {
		if app := dom.bySIP[Fold(name)]; app != nil && app.row.Kind == signal.App && !app.row.Disabled {
			list = append(list, app.row.Object)
		}
	}
	return list
}

func sortObjects(list []Object) {
	slices.SortFunc(list, func(a, b Object) int { return compareText(a.SIP, b.SIP) })
}
