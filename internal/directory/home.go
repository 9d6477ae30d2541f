package directory

import (
	"context"
	"reflect"
	"strconv"

	"github.com/tandem-switch/tandem/signal"
)

// maxHome is how many bytes a home screen may have: far more than two hundred
// links.
const maxHome = 4096

// Home is the home screen of the user, a comma list of links to apps, as SetHome
// was told; empty if there is none.
func (d *Directory) Home(a signal.Address) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if e := d.mem.object(a); e != nil {
		return e.row.Home
	}
	return ""
}

// SetHome keeps the home screen of the user (SetApps, appwebsocket.md 2.8.1). One
// that is kept already costs nothing, and watchers are not told. Refusals:
// not_found, bad_value.
func (d *Directory) SetHome(ctx context.Context, owner signal.Address, home string) error {
	if err := checkHome(User, home); err != nil {
		return err
	}
	return d.write(ctx, func() (*Batch, error) {
		old := d.mem.kind(owner, User)
		switch {
		case old == nil:
			return nil, noObject(User)
		case old.row.Home == home:
			return &Batch{}, nil
		}
		row := old.row
		row.Home = home
		return &Batch{Objects: []ObjectRow{row}}, nil
	})
}

func checkHome(kind Kind, home string) error {
	if home != "" && kind != User {
		return wrong("home", "Only users have a home screen.")
	}
	if len(home) > maxHome || !isPrintable(home) {
		return wrong("home", "A home screen has at most "+strconv.Itoa(maxHome)+" printable bytes.")
	}
	return nil
}

// onlyHome tells whether nothing but the home screen has changed: nobody else
// needs to know.
func onlyHome(old, fresh ObjectRow) bool {
	if old.Home == fresh.Home {
		return false
	}
	old.Home, old.Rev, old.Revision = fresh.Home, fresh.Rev, fresh.Revision
	return reflect.DeepEqual(old, fresh)
}
