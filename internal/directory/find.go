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
