package pbxapi

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// How a guid of UpdateObject says that the object is to be found by its long name.
const (
	guidFind       = "*"
	guidFindOrMake = "?"
)

// lookAgain is how often a change is tried anew when others were faster.
const lookAgain = 3

// getObject serves GetObject.
func (r *request) getObject() (any, error) {
	o, f := r.find("")
	if f != nil {
		return nil, f
	}
	effective, _, f := flag("template", r.get("template"))
	if f != nil {
		return nil, f
	}
	wanted, f := properties(r.get("properties"))
	if f != nil {
		return nil, f
	}
	d := r.draftOf(o)
	if effective {
		d.o, _ = r.dir.Effective(o.Address())
	}
	return objectText{d, wanted}, nil
}

// properties are the names of the members that are asked for; nil: all.
func properties(v strictjson.Value) (map[string]bool, *failure) {
	if !present(v) {
		return nil, nil
	}
	if v.Kind() != strictjson.Array {
		return nil, bad("properties", "It must be an array of names.")
	}
	wanted := map[string]bool{}
	for e := range v.Elements() {
		name, ok := e.Text()
		if !ok {
			return nil, bad("properties", "It must be an array of names.")
		}
		wanted[name] = true
	}
	return wanted, nil
}

// draftOf is an object as it is now, to be read or changed.
func (r *request) draftOf(o directory.Object) *draft {
	return &draft{dir: r.dir, names: r.names, o: o, devices: r.dir.Devices(o.Address()), home: r.dir.Home(o.Address())}
}

// find is the object that the members guid, cn or h323 of the request name; each
// behind prefix.
func (r *request) find(prefix string) (directory.Object, *failure) {
	for _, name := range []string{"guid", "cn", "h323"} {
		s, f := text(prefix+name, r.get(prefix+name))
		if f != nil {
			return directory.Object{}, f
		}
		if s == "" {
			continue
		}
		switch name {
		case "guid":
			return r.findGUID(prefix+name, s)
		case "cn":
			return r.names.named(r.domain(), prefix+name, s, nil)
		}
		if o, ok := r.dir.ObjectByName(r.domain(), s); ok {
			return o, nil
		}
		return directory.Object{}, unknown(prefix+name, "There is no such object.")
	}
	return directory.Object{}, bad(prefix+"guid", "One of guid, cn and h323 must say which object is meant.")
}

func (r *request) findGUID(field, guid string) (directory.Object, *failure) {
	if o, ok := r.dir.ObjectByGUID(r.domain(), strings.ToLower(guid)); ok {
		return o, nil
	}
	return directory.Object{}, unknown(field, "There is no such object.")
}

// named is the object with a long name, in any case, of those that want picks; nil
// picks all. An object without long name has its name in its place.
func (n *names) named(dom signal.DomainID, field, cn string, want func(*directory.Object) bool) (directory.Object, *failure) {
	list := slices.DeleteFunc(n.find(dom, cn), func(o directory.Object) bool { return want != nil && !want(&o) })
	switch len(list) {
	case 0:
		return directory.Object{}, unknown(field, "There is no such object.")
	case 1:
		return list[0], nil
	}
	exact := slices.DeleteFunc(list, func(o directory.Object) bool { return longName(&o) != cn })
	if len(exact) == 1 {
		return exact[0], nil
	}
	return directory.Object{}, &failure{failSeveral, field, "Several objects have this long name; use their guid."}
}

// updated is the result of UpdateObject; the guid is that of a new object.
type updated struct {
	GUID string `json:"guid,omitempty"`
}

// updateObject serves UpdateObject.
func (r *request) updateObject() (any, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.ctx), storePatience)
	defer done()
	o, fresh, f := r.target()
	if f != nil {
		return nil, f
	}
	act := Act{Name: actSet, Object: o, Members: r.said()}
	if fresh {
		act.Name = actAdd
	}
	var err error
	if fresh {
		act.Object, err = r.addObject(ctx)
	} else {
		err = r.setObject(ctx, o.Address())
	}
	if err := r.written(ctx, act, err); err != nil {
		return nil, err
	}
	if fresh {
		return updated{act.Object.GUID}, nil
	}
	return updated{}, nil
}

// target is the object that UpdateObject is about; fresh: a new one.
func (r *request) target() (o directory.Object, fresh bool, f *failure) {
	guid, f := text("guid", r.get("guid"))
	if f != nil {
		return o, false, f
	}
	switch guid {
	case "":
		return o, true, nil
	case guidFind, guidFindOrMake:
	default:
		o, f = r.findGUID("guid", guid)
		return o, false, f
	}
	cn, f := text("cn", r.get("cn"))
	switch {
	case f != nil:
		return o, false, f
	case cn == "":
		return o, false, bad("cn", "It must say which object is meant.")
	}
	o, f = r.names.named(r.domain(), "cn", cn, nil)
	if f != nil && f.code == failUnknown && guid == guidFindOrMake {
		return o, true, nil
	}
	return o, false, f
}

// addObject makes the new object of UpdateObject.
func (r *request) addObject(ctx context.Context) (directory.Object, error) {
	kind, f := pseudoKind(r.get("pseudo"))
	if f != nil {
		return directory.Object{}, f
	}
	d := &draft{dir: r.dir, names: r.names, o: directory.Object{Domain: r.domain(), Kind: kind}}
	if err := r.fill(d); err != nil {
		return directory.Object{}, err
	}
	if d.password == nil && kind == directory.User {
		d.password = new(nobodys())
	}
	n := directory.NewObject{
		SIP: d.o.SIP, Num: d.o.Num, DN: d.o.DN, CN: d.o.CN, APIs: d.o.APIs, URL: d.o.URL, Apps: d.o.Apps,
		Node: d.o.Node, Template: d.o.Template, Devices: d.devices, Home: d.home, Properties: d.o.Properties,
	}
	if d.password != nil {
		n.Password = *d.password
	}
	return r.dir.AddObject(ctx, r.domain(), kind, n)
}

// nobodys is the password of a user who was made without one: nobody can log in
// with it.
func nobodys() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// setObject changes what UpdateObject says of an object, and nothing else: what
// others change at the same time stays.
func (r *request) setObject(ctx context.Context, a signal.Address) (err error) {
	for range lookAgain {
		o, ok := r.dir.Object(a)
		if !ok {
			return unknown("guid", "There is no such object.")
		}
		d := r.draftOf(o)
		if err := r.fill(d); err != nil {
			return err
		}
		_, err = r.dir.SetObject(ctx, a, d.edit())
		if directory.CodeOf(err) != directory.CodeStale {
			return err
		}
	}
	return err
}

// edit is the change that makes the object what the draft is, if it has not
// changed since the draft was made.
func (d *draft) edit() directory.ObjectEdit {
	o := &d.o
	return directory.ObjectEdit{
		SIP: &o.SIP, Num: &o.Num, DN: &o.DN, CN: &o.CN, Password: d.password, APIs: &o.APIs, URL: &o.URL, Apps: &o.Apps,
		Node: &o.Node, Template: &o.Template, Devices: &d.devices, Home: &d.home,
		Properties: func(p *directory.Properties) { *p = o.Properties }, IfRev: o.Revision,
	}
}

// fill writes the members of the request into a draft.
func (r *request) fill(d *draft) error {
	if v := r.get("template"); present(v) && d.o.ID == 0 {
		if f := d.useTemplate("template", v); f != nil {
			return f
		}
	}
	for _, m := range members() {
		v := r.get(m.name)
		if m.write == nil || !present(v) {
			continue
		}
		if f := m.write(d, v); f != nil {
			return f
		}
	}
	if present(r.get("app-lics")) && r.lics != nil {
		if err := r.lics.CheckAssign(d.o.Address(), d.o.AppLics); err != nil {
			return err
		}
	}
	return r.copyPassword(d)
}

// copyPassword gives the draft the password of a program, so that a service with
// one password can have several objects. Passwords of people are not copied.
func (r *request) copyPassword(d *draft) error {
	name, f := text("copyPwd", r.get("copyPwd"))
	switch {
	case f != nil:
		return f
	case name == "":
		return nil
	case !d.o.Kind.IsProgram():
		return bad("copyPwd", "Only a program can have the password of a program.")
	}
	from, ok := r.dir.ObjectByName(r.domain(), name)
	if !ok || !from.Kind.IsProgram() {
		return unknown("copyPwd", "There is no such program.")
	}
	password, err := r.dir.Password(from.Address())
	if err != nil {
		return bad("copyPwd", "It has no password.")
	}
	d.password = &password
	if old, err := r.dir.Password(d.o.Address()); err == nil && subtle.ConstantTimeCompare([]byte(old), []byte(password)) == 1 {
		d.password = nil // a new one would end its logins
	}
	return nil
}

// said are the names of the members that the request sets.
func (r *request) said() []string {
	var names []string
	for _, m := range members() {
		if m.write != nil && present(r.get(m.name)) {
			names = append(names, m.name)
		}
	}
	for _, name := range []string{"template", "copyPwd"} {
		if present(r.get(name)) {
			names = append(names, name)
		}
	}
	return names
}

// deleteObject serves DeleteObject.
func (r *request) deleteObject() (any, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.ctx), storePatience)
	defer done()
	guid, f := text("guid", r.get("guid"))
	if f != nil {
		return nil, f
	}
	o, f := r.findGUID("guid", guid)
	if f != nil {
		return nil, f
	}
	return nil, r.written(ctx, Act{Name: actRemove, Object: o}, r.dir.RemoveObject(ctx, o.Address(), 0))
}

// written has the audit log know what was done, or refused with err, which it
// returns.
func (r *request) written(ctx context.Context, act Act, err error) error {
	if r.audit == nil {
		return err
	}
	act.By, act.Refused, act.Code = r.me, err, codeOf(err)
	act.Domain, _ = r.dir.Domain(r.domain())
	if p, ok := r.sess.(interface{ From() string }); ok {
		act.From = p.From()
	}
	if fault := r.audit(ctx, act); fault != nil {
		r.log.Error("an act could not be written to the audit log", "act", act.Name, "by", r.me.SIP, "object", act.Object.SIP, "err", fault)
		if err == nil {
			return &failure{failAudit, "", "It was done, but could not be written to the audit log."}
		}
	}
	return err
}
