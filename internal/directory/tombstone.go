package directory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// Tombstone is a deleted object that can still be brought back.
type Tombstone struct {
	Object
	Deleted time.Time `json:"deleted"`
	Until   time.Time `json:"until"` // when it is emptied
}

// Tombstones lists the deleted objects of the domain that Restore can bring
// back, newest first. It asks the store.
func (d *Directory) Tombstones(ctx context.Context, dom signal.DomainID) ([]Tombstone, error) {
	rows, err := d.store.Tombstones(ctx, dom)
	if err != nil {
		return nil, storeError("read what was deleted", err)
	}
	list := make([]Tombstone, 0, len(rows))
	for i := range rows {
		row := &rows[i]
		row.Revision = row.Rev
		list = append(list, Tombstone{Object: row.Object, Deleted: row.Deleted, Until: row.Deleted.Add(d.undoLife)})
	}
	slices.SortFunc(list, func(a, b Tombstone) int {
		return cmp.Or(b.Deleted.Compare(a.Deleted), cmp.Compare(b.ID, a.ID))
	})
	return list, nil
}

// Restore brings a deleted object back, with its id, password, devices and all
// that belongs to it; its sessions are over. Refusals: not_found (never deleted,
// or too long ago), name_taken, number_taken.
func (d *Directory) Restore(ctx context.Context, a signal.Address) (Object, error) {
	var row ObjectRow
	err := d.write(ctx, func() (*Batch, error) {
		rows, err := d.store.Tombstones(ctx, a.Domain)
		if err != nil {
			return nil, storeError("read what was deleted", err)
		}
		at := slices.IndexFunc(rows, func(r ObjectRow) bool { return r.ID == a.Object })
		if at < 0 {
			return nil, refuse(CodeNotFound, "There is no such deleted object, or it was deleted too long ago.")
		}
		row = rows[at]
		row.Deleted, row.Restore = time.Time{}, true
		d.mem.dropDangling(&row)
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

// dropDangling takes out of a row what has gone while it was deleted.
func (m *memory) dropDangling(row *ObjectRow) {
	for ref, kind := range map[*signal.ObjectID]Kind{&row.Template: Template, &row.Messages: Messages, &row.Push: Push} {
		if to := m.objects[*ref]; *ref > 0 && (to == nil || to.row.Kind != kind) {
			*ref = 0
		}
	}
	dom := m.domains[row.Domain]
	if dom == nil {
		return
	}
	if _, known := dom.prefixes[row.Node]; !known {
		row.Node = ""
	}
	if dom.row.filter(row.Filter) == nil {
		row.Filter = ""
	}
}

// renamed is the rows that refer to old by its name, with the new one in its
// place.
func (m *memory) renamed(old *entry, name string) []ObjectRow {
	var rows []ObjectRow
	for _, e := range m.domains[old.row.Domain].bySIP {
		if e == old {
			continue
		}
		row := e.row
		if row.rename(old.row.SIP, name) {
			rows = append(rows, row)
		}
	}
	return rows
}

// rename replaces a name that the row refers to; false if it does not.
func (row *ObjectRow) rename(from, to string) (changed bool) {
	swap := func(name *string) {
		if *name != "" && sameName(*name, from) {
			*name, changed = to, true
		}
	}
	refers := slices.ContainsFunc(row.Apps, func(s string) bool { return sameName(s, from) }) ||
		slices.ContainsFunc(row.Devices, func(d Device) bool { return sameName(d.App, from) }) ||
		slices.ContainsFunc(row.Allows, func(a Allow) bool { return sameName(a.Name, from) })
	if !refers {
		return false // nothing was copied
	}
	row.Apps, row.Devices, row.Allows = slices.Clone(row.Apps), slices.Clone(row.Devices), slices.Clone(row.Allows)
	for i := range row.Apps {
		swap(&row.Apps[i])
	}
	for i := range row.Devices {
		swap(&row.Devices[i].App)
	}
	for i := range row.Allows {
		swap(&row.Allows[i].Name)
	}
	return changed
}
