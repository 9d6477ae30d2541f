package directory

import (
	"slices"

	"github.com/tandem-switch/tandem/signal"
)

// all is what people may see of each other where nobody has said otherwise.
var all = Allow{Visible: true, Online: true, Presence: true, OTF: true, Note: true, Dialog: true, IDs: true}

// Visible implements signal.Directory: two enabled objects of one domain see
// each other unless one has blocked the other, or the visibility rules of the
// target say otherwise. Every question of who may know whom comes here. It does
// not allocate.
func (d *Directory) Visible(asker, target signal.Address) bool {
	if asker.Domain != target.Domain {
		return false
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	from, to := d.mem.object(asker), d.mem.object(target)
	return from.enabled() && to.enabled() && d.mem.sees(from, to).Visible
}

// Sees is what asker may see of target; nothing if it is not visible. Name and
// Group of the answer are empty. It does not allocate.
func (d *Directory) Sees(asker, target signal.Address) Allow {
	if asker.Domain != target.Domain {
		return Allow{}
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	from, to := d.mem.object(asker), d.mem.object(target)
	if !from.enabled() || !to.enabled() {
		return Allow{}
	}
	return d.mem.sees(from, to)
}

// sees needs two objects of one domain.
func (m *memory) sees(from, to *entry) Allow {
	if from == to {
		return all
	}
	if slices.Contains(to.row.Blocked, from.row.ID) {
		return Allow{}
	}
	t := m.template(to)
	if len(to.row.Allows) == 0 && (t == nil || len(t.row.Allows) == 0) {
		return all
	}
	var sum Allow
	sum.addFitting(to.row.Allows, from)
	if t != nil {
		sum.addFitting(t.row.Allows, from)
	}
	if !sum.Visible {
		return Allow{}
	}
	return sum
}

// addFitting adds what the rules that fit the asker allow.
func (a *Allow) addFitting(rules []Allow, asker *entry) {
	for i := range rules {
		r := &rules[i]
		if !r.fits(asker) {
			continue
		}
		a.Visible = a.Visible || r.Visible
		a.Online = a.Online || r.Online
		a.Presence = a.Presence || r.Presence
		a.OTF = a.OTF || r.OTF
		a.Note = a.Note || r.Note
		a.Dialog = a.Dialog || r.Dialog
		a.IDs = a.IDs || r.IDs
	}
}

func (a *Allow) fits(asker *entry) bool {
	if a.Name != "" && !sameName(a.Name, asker.row.SIP) {
		return false
	}
	return a.Group == "" || asker.memberOf(a.Group)
}

func (e *entry) memberOf(group string) bool {
	for i := range e.row.Groups {
		if sameName(e.row.Groups[i].Name, group) {
			return true
		}
	}
	return false
}

// template is the template of the object, nil without one.
func (m *memory) template(e *entry) *entry {
	if e.row.Template == 0 {
		return nil
	}
	t := m.objects[e.row.Template]
	if t == nil || t.row.Domain != e.row.Domain || t.row.Kind != Template {
		return nil
	}
	return t
}

// Effective is the object with what its template gives it, and of a user the
// Messages object of the domain where neither says anything of one.
func (d *Directory) Effective(a signal.Address) (Object, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e := d.mem.object(a)
	if e == nil {
		return Object{}, false
	}
	o := e.row.Object
	if t := d.mem.template(e); t != nil {
		o.inherit(&t.row.Object)
	}
	if o.Messages == 0 && o.Kind == User {
		o.Messages = d.hostedOf(o.Domain)
	}
	return o, true
}

func (o *Object) inherit(t *Object) {
	o.Apps = union(o.Apps, t.Apps)
	o.AppLics = union(o.AppLics, t.AppLics)
	o.Allows = slices.Concat(o.Allows, t.Allows)
	if o.Hide == nil {
		o.Hide = t.Hide
	}
	if o.Filter == "" {
		o.Filter = t.Filter
	}
	if o.Messages == 0 {
		o.Messages = t.Messages
	}
	if o.Push == 0 {
		o.Push = t.Push
	}
}

// union is a new list where that is needed.
func union(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	sum := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(sum, v) {
			sum = append(sum, v)
		}
	}
	return sum
}

// Assigned is what licences the object has, its own and those of its template.
func (d *Directory) Assigned(a signal.Address) []string {
	o, _ := d.Effective(a)
	return o.AppLics
}

// Members lists those of the domain who are in the group, by name.
func (d *Directory) Members(dom signal.DomainID, group string) []Object {
	d.mu.RLock()
	defer d.mu.RUnlock()
	domain := d.mem.domains[dom]
	if domain == nil {
		return nil
	}
	list := make([]Object, 0, len(domain.groups[Fold(group)]))
	for _, e := range domain.groups[Fold(group)] {
		list = append(list, e.row.Object)
	}
	sortObjects(list)
	return list
}

// Groups lists the names of the groups that somebody of the domain is in. Where
// members spell a name differently, that of the oldest object counts.
func (d *Directory) Groups(dom signal.DomainID) []string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	domain := d.mem.domains[dom]
	if domain == nil {
		return nil
	}
	list := make([]string, 0, len(domain.groups))
	for key, members := range domain.groups {
		var oldest *entry
		for _, e := range members {
			if oldest == nil || e.row.ID < oldest.row.ID {
				oldest = e
			}
		}
		if oldest != nil {
			list = append(list, oldest.groupName(key))
		}
	}
	slices.SortFunc(list, compareText)
	return list
}

func (e *entry) groupName(key string) string {
	for _, g := range e.row.Groups {
		if Fold(g.Name) == key {
			return g.Name
		}
	}
	return key
}
