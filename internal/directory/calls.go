package directory

import (
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/signal"
)

// MayCall implements signal.Directory: what Permits says, unless the device is
// exempt from filters.
func (d *Directory) MayCall(asker signal.Address, hw string, target signal.Address, num string) bool {
	if d.exempt(asker, hw) {
		return asker.Domain == target.Domain
	}
	return d.Permits(asker, target, num)
}

func (d *Directory) exempt(owner signal.Address, hw string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	dev, ok := d.mem.device(owner, hw)
	return ok && dev.NoFilter
}

// HuntMembers implements signal.Directory: of a large group those whose names come
// first.
func (d *Directory) HuntMembers(group signal.Address) []signal.Party {
	d.mu.RLock()
	defer d.mu.RUnlock()
	g := d.mem.kind(group, Group)
	if !g.enabled() {
		return nil
	}
	var first []*entry
	for _, e := range d.mem.domains[group.Domain].groups[Fold(g.row.Group)] {
		if !e.enabled() || !e.takesPart(g.row.Group) {
			continue
		}
		at, _ := slices.BinarySearchFunc(first, e, func(a, b *entry) int { return strings.Compare(a.row.SIP, b.row.SIP) })
		if at < signal.MaxHuntMembers {
			first = slices.Insert(first, at, e)
			first = first[:min(len(first), signal.MaxHuntMembers)]
		}
	}
	list := make([]signal.Party, 0, len(first))
	for _, e := range first {
		if p, ok := d.mem.party(e); ok {
			list = append(list, p)
		}
	}
	return list
}

func (e *entry) takesPart(group string) bool {
	for _, g := range e.row.Groups {
		if sameName(g.Name, group) {
			return g.Takes()
		}
	}
	return false
}

// Handling implements signal.Directory: the first diversion of each type counts,
// and the presence that the person has set for calls.
func (d *Directory) Handling(a signal.Address) signal.Handling {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var h signal.Handling
	e := d.mem.object(a)
	if e == nil {
		return h
	}
	for _, div := range e.row.Diversions {
		to := map[string]*signal.Target{DivertAlways: &h.Always, DivertBusy: &h.Busy, DivertNoAnswer: &h.NoAnswer}[div.Type]
		if to != nil && *to == (signal.Target{}) {
			*to = signal.Target{SIP: div.SIP, Num: div.Num}
		}
	}
	for _, p := range e.row.Presence {
		h.DoNotDisturb = h.DoNotDisturb || p.Contact == ContactTel && p.Activity == ActivityDND
	}
	return h
}

// The types of diversions.
const (
	DivertAlways   = "cfu"
	DivertBusy     = "cfb"
	DivertNoAnswer = "cfnr"
)

// What people set of their presence: how they want to be called.
const (
	ContactTel  = "tel:"
	ActivityDND = "dnd"
)
