package directory

import "github.com/tandem-switch/tandem/signal"

// ObjectByName finds an object of any kind by its name in the domain, in any
// case, and in the forms that UserByName takes.
func (d *Directory) ObjectByName(dom signal.DomainID, name string) (Object, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, _ := d.mem.named(d.mem.domains[dom], name)
	return e.value()
}

// GUID is the guid of the object, empty without one.
func (d *Directory) GUID(a signal.Address) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if e := d.mem.object(a); e != nil {
		return e.row.GUID
	}
	return ""
}
