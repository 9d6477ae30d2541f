package licence

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// The bounds of what is kept. Rows stay for ever, ended ones too.
const (
	maxKeys         = 100
	maxEntitlements = 100_000
	maxKeyName      = 64
)

// Key is a key as people see it.
type Key struct {
	ID      string    `json:"id"`
	Name    string    `json:"name,omitempty"`
	Public  string    `json:"public"` // its public half, as text
	Issues  bool      `json:"issues"` // the private half is kept here
	Made    time.Time `json:"made"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// Generated is what Keygen has done.
type Generated struct {
	Key     Key      `json:"key"`
	Private string   `json:"private,omitempty"` // the issuing key, unless it is kept in the store
	First   bool     `json:"first"`             // from now on domains have what is installed
	Given   []string `json:"given,omitempty"`   // domains that got everything, because they existed
}

// Info is an installed entitlement as people see it.
type Info struct {
	Entitlement
	State     State     `json:"state"`
	Installed time.Time `json:"installed"`
	Revoked   time.Time `json:"revoked,omitzero"`
	// Holder is the domain that has it, which may be called otherwise by now;
	// 0 is every domain.
	Holder signal.DomainID `json:"-"`
}

// Begun tells since when domains have only what is installed; zero before the
// first key was made.
func (g *Gate) Begun() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.begun
}

// Keygen makes an issuing key and has it trusted. If keep is set the private half
// is kept in the store, sealed; otherwise it is returned and kept nowhere. With
// the first key every existing domain gets an entitlement for everything, so that
// nothing is switched off (A6). Refusals: bad_value for the name, too_many.
func (g *Gate) Keygen(ctx context.Context, name string, keep bool) (Generated, error) {
	if len(name) > maxKeyName || !isLine(name) {
		return Generated{}, badValue("name", fmt.Sprintf("The name of a key is one line of at most %d bytes.", maxKeyName))
	}
	private := NewKey()
	var made Generated
	err := g.write(ctx, func() (*Batch, error) {
		if len(g.keys) >= maxKeys {
			return nil, refuse(CodeTooMany, fmt.Sprintf("There are %d keys already.", maxKeys))
		}
		row := keyRow(private.Public(), name, g.now())
		b := &Batch{}
		if keep {
			row.Sealed = g.sealing.Seal([]byte(private.Text()), KeyBound(row.ID))
		}
		b.Keys = []KeyRow{row}
		made = Generated{Key: row.key(), First: g.begun.IsZero()}
		if !made.First {
			return b, nil
		}
		b.Begun = row.Made
		return b, g.giveEverything(ctx, private, b, &made)
	})
	if err != nil {
		return Generated{}, err
	}
	if !keep {
		made.Private = private.Text()
	}
	return made, nil
}

// giveEverything adds an entitlement for every domain that exists. It has no
// beginning, so that no clock can put it off.
func (g *Gate) giveEverything(ctx context.Context, private PrivateKey, b *Batch, made *Generated) error {
	if err := g.people.Sync(ctx); err != nil {
		return err
	}
	for _, domain := range g.people.Domains() {
		text, e, err := Sign(private, Entitlement{
			Domain: domain.Name, Grants: []Grant{{Name: Everything}}, Note: "Everything, because the domain existed when licences began.",
		})
		if err != nil {
			return err
		}
		b.Entitlements = append(b.Entitlements, EntitlementRow{ID: e.ID, Domain: domain.ID, Text: text, Installed: b.Begun})
		made.Given = append(made.Given, domain.Name)
	}
	slices.Sort(made.Given)
	return nil
}

func keyRow(public PublicKey, name string, made time.Time) KeyRow {
	return KeyRow{ID: public.ID(), Name: name, Public: public.key, Made: made}
}

func (r KeyRow) key() Key {
	return Key{ID: r.ID, Name: r.Name, Public: PublicKey{r.Public}.String(), Issues: r.Sealed != nil, Made: r.Made, Revoked: r.Revoked}
}

// Trust has entitlements accepted that the key has signed. It switches nothing
// on or off by itself. Refusals: bad_key, bad_value for the name, revoked,
// too_many.
func (g *Gate) Trust(ctx context.Context, public, name string) (Key, error) {
	key, err := ParsePublicKey(public)
	if err != nil {
		return Key{}, err
	}
	if len(name) > maxKeyName || !isLine(name) {
		return Key{}, badValue("name", fmt.Sprintf("The name of a key is one line of at most %d bytes.", maxKeyName))
	}
	row := keyRow(key, name, g.now())
	err = g.write(ctx, func() (*Batch, error) {
		old := g.keys[row.ID]
		switch {
		case old != nil && !old.Revoked.IsZero():
			return nil, refuse(CodeRevoked, "The key "+row.ID+" was revoked here; that cannot be undone.")
		case old != nil:
			row = old.KeyRow
			return &Batch{}, nil
		case len(g.keys) >= maxKeys:
			return nil, refuse(CodeTooMany, fmt.Sprintf("There are %d keys already.", maxKeys))
		}
		return &Batch{Keys: []KeyRow{row}}, nil
	})
	return row.key(), err
}

// RevokeKey ends the trust in a key, and with it everything that it has signed;
// the private half, if kept, is forgotten. It returns how many valid entitlements
// ended. Without force it refuses with licences_in_use if there are any. Refusals:
// unknown_key, licences_in_use.
func (g *Gate) RevokeKey(ctx context.Context, id string, force bool) (ended int, err error) {
	err = g.write(ctx, func() (*Batch, error) {
		key := g.keys[id]
		if key == nil {
			return nil, unknownKey(id)
		}
		ended = 0
		if !key.Revoked.IsZero() {
			return &Batch{}, nil
		}
		now := g.now()
		for _, in := range g.held {
			if state := g.state(in, now); in.Key == id && (state == Valid || state == Pending) {
				ended++
			}
		}
		if ended > 0 && !force {
			return nil, refuse(CodeInUse, fmt.Sprintf("%d licences that are in use were signed with the key %s and would end; issue them anew first, or force it.", ended, id))
		}
		row := key.KeyRow
		row.Revoked, row.Sealed = now, nil
		return &Batch{Keys: []KeyRow{row}}, nil
	})
	if err != nil {
		return 0, err
	}
	return ended, nil
}

func unknownKey(id string) error {
	return &Error{CodeUnknownKey, "key", fmt.Sprintf("The key %q is not known here.", short(id))}
}

// Keys lists the keys, the newest first.
func (g *Gate) Keys() []Key {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]Key, 0, len(g.keys))
	for _, key := range g.newestKeys() {
		list = append(list, key.key())
	}
	return list
}

func (g *Gate) newestKeys() []*trusted {
	return slices.SortedFunc(maps.Values(g.keys), func(a, b *trusted) int {
		return cmp.Or(b.Made.Compare(a.Made), cmp.Compare(a.ID, b.ID))
	})
}

// Issue signs an entitlement with the newest key that is kept here, or the one
// that e names. It installs nothing. Refusals: no_key, unknown_key, revoked and
// those of Sign.
func (g *Gate) Issue(ctx context.Context, e Entitlement) (text string, signed Entitlement, err error) {
	key, err := g.issuingKey(ctx, e.Key)
	if err != nil {
		return "", e, err
	}
	return Sign(key, e)
}

func (g *Gate) issuingKey(ctx context.Context, id string) (PrivateKey, error) {
	row, err := g.issuingRow(id)
	if err != nil {
		return PrivateKey{}, err
	}
	text, err := g.sealing.Unseal(row.Sealed, KeyBound(row.ID))
	if err != nil {
		text, err = g.resealed(ctx, row, err)
	}
	if err != nil {
		return PrivateKey{}, fmt.Errorf("licence: open the key %s: %w", row.ID, err)
	}
	return ParsePrivateKey(string(text))
}

// resealed opens a key whose text in memory cannot be opened: it may have been
// sealed anew under another master key, which is no change otherwise.
func (g *Gate) resealed(ctx context.Context, old KeyRow, failed error) ([]byte, error) {
	rows, err := g.store.Licences(ctx, old.Rev-1)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(rows.Keys, func(k KeyRow) bool { return k.ID == old.ID })
	if i < 0 || bytes.Equal(rows.Keys[i].Sealed, old.Sealed) {
		return nil, failed
	}
	return g.sealing.Unseal(rows.Keys[i].Sealed, KeyBound(old.ID))
}

func (g *Gate) issuingRow(id string) (KeyRow, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, key := range g.newestKeys() {
		switch {
		case id == "" && key.Sealed != nil && key.Revoked.IsZero():
			return key.KeyRow, nil
		case id == "" || key.ID != id:
		case !key.Revoked.IsZero():
			return KeyRow{}, refuse(CodeRevoked, "The key "+id+" was revoked.")
		case key.Sealed == nil:
			return KeyRow{}, refuse(CodeNoKey, "The private half of the key "+id+" is not kept here: issue with the file that has it.")
		default:
			return key.KeyRow, nil
		}
	}
	if id != "" {
		return KeyRow{}, unknownKey(id)
	}
	return KeyRow{}, refuse(CodeNoKey, "There is no issuing key here: make one with: pbx licence keygen")
}

// Install takes an entitlement over, as it was pasted. Once more it changes
// nothing. Refusals: bad_licence, unknown_key, unknown_domain, revoked, too_many.
func (g *Gate) Install(ctx context.Context, pasted string) (Info, error) {
	s, err := Read(pasted)
	if err != nil {
		return Info{}, err
	}
	row := EntitlementRow{ID: s.ID, Text: s.Text, Installed: g.now()}
	err = g.write(ctx, func() (*Batch, error) {
		if err := g.accept(&s); err != nil {
			return nil, err
		}
		if old := g.held[s.ID]; old != nil {
			row = old.row
			return &Batch{}, nil
		}
		if row.Domain, err = g.domainOf(ctx, s.Domain); err != nil {
			return nil, err
		}
		return &Batch{Entitlements: []EntitlementRow{row}}, nil
	})
	if err != nil {
		return Info{}, err
	}
	return g.Show(row.ID)
}

// accept tells whether the entitlement may be installed.
func (g *Gate) accept(s *Signed) error {
	key := g.keys[s.Key]
	switch {
	case key == nil:
		return refuse(CodeUnknownKey, "The licence was signed with the key "+s.Key+", which is not trusted here.")
	case !key.Revoked.IsZero():
		return refuse(CodeRevoked, "The licence was signed with the key "+s.Key+", which was revoked.")
	}
	if err := s.Verify(key.public); err != nil {
		return err
	}
	switch old := g.held[s.ID]; {
	case old == nil && len(g.held) >= maxEntitlements:
		return refuse(CodeTooMany, fmt.Sprintf("There are %d licences already.", maxEntitlements))
	case old != nil && !old.row.Revoked.IsZero():
		return refuse(CodeRevoked, "The licence "+s.ID+" was revoked here; issue a new one.")
	case old != nil && old.row.Text != s.Text:
		return refuse(CodeBadLicence, "There is another licence with the id "+s.ID+".")
	}
	return nil
}

// domainOf is the domain with the name, looking into the store too if it is new.
func (g *Gate) domainOf(ctx context.Context, name string) (signal.DomainID, error) {
	if name == AnyDomain {
		return 0, nil
	}
	for range 2 {
		for _, domain := range g.people.Domains() {
			if domain.Name == name {
				return domain.ID, nil
			}
		}
		if err := g.people.Sync(ctx); err != nil {
			return 0, err
		}
	}
	return 0, &Error{CodeUnknownDomain, "domain", "There is no domain " + name + " here: add it first."}
}

// Revoke ends an entitlement for good. Refusal: not_found.
func (g *Gate) Revoke(ctx context.Context, id string) (Info, error) {
	err := g.write(ctx, func() (*Batch, error) {
		in := g.held[id]
		if in == nil {
			return nil, notFound(id)
		}
		if !in.row.Revoked.IsZero() {
			return &Batch{}, nil
		}
		row := in.row
		row.Revoked = g.now()
		return &Batch{Entitlements: []EntitlementRow{row}}, nil
	})
	if err != nil {
		return Info{}, err
	}
	return g.Show(id)
}

func notFound(id string) error {
	return refuse(CodeNotFound, fmt.Sprintf("There is no licence %q.", short(id)))
}

// Show is one installed entitlement. Refusal: not_found.
func (g *Gate) Show(id string) (Info, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	in := g.held[id]
	if in == nil {
		return Info{}, notFound(id)
	}
	return g.info(in, g.now()), nil
}

// List lists the installed entitlements by the names of their domains, the newest
// first within each.
func (g *Gate) List() []Info {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	list := make([]Info, 0, len(g.held))
	for _, in := range g.held {
		list = append(list, g.info(in, now))
	}
	slices.SortFunc(list, func(a, b Info) int {
		return cmp.Or(cmp.Compare(a.Domain, b.Domain), b.Installed.Compare(a.Installed), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func (g *Gate) info(in *installed, at time.Time) Info {
	i := Info{Entitlement: in.Entitlement, State: g.state(in, at), Installed: in.row.Installed, Revoked: in.row.Revoked, Holder: in.row.Domain}
	i.ID = in.row.ID // of a damaged one nothing else is known
	return i
}

// attempts is how often a write is tried anew when others were faster.
const attempts = 5

// write commits the batch that build makes of what is in memory, then takes it
// in. If somebody else has written meanwhile, build is asked again, with that in
// memory: so refusals always come from build. build runs under mu.
func (g *Gate) write(ctx context.Context, build func() (*Batch, error)) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for range attempts {
		b, err := build()
		if err != nil {
			return err
		}
		if len(b.Keys)+len(b.Entitlements) == 0 {
			return nil
		}
		b.Head = g.head
		err = g.store.CommitLicences(ctx, b)
		switch {
		case err == nil:
			g.followWrite(ctx)
			return nil
		case !errors.Is(err, ErrConflict):
			return fmt.Errorf("licence: write: %w", err)
		}
		if err := g.catchUp(ctx); err != nil {
			return err
		}
	}
	return refuse(CodeConflict, "Others keep changing the licences; try again.")
}

// followWrite takes in what was just committed. The write has succeeded whatever
// happens here; if the store cannot be read now, Follow does it.
func (g *Gate) followWrite(ctx context.Context) {
	if err := g.catchUp(context.WithoutCancel(ctx)); err != nil {
		g.log.Error("licence: a change is stored but not in effect yet", "err", err)
	}
	g.rebuild()
}
