package storetest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/signal"
)

// LicenceStore is a licence.Store that can be closed.
type LicenceStore interface {
	licence.Store
	Close() error
}

// RunLicence runs the suite of licence.Store. fresh makes a new, empty database
// and returns a function that opens it, as Fresh does.
func RunLicence(t *testing.T, fresh func(t *testing.T) (open func() LicenceStore)) {
	tests := []struct {
		name string
		test func(t *testing.T, open func() LicenceStore)
	}{
		{"licences come back as written", testLicenceRoundTrip},
		{"a read gives the licences that are new", testLicenceIncremental},
		{"a late writer of licences is refused", testLicenceConflict},
		{"licences are written as a whole or not at all", testLicenceAtomic},
		{"a cancelled commit writes no licences", testLicenceCancelled},
		{"two gates on one store", testTwoGates},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			open := fresh(t)
			test.test(t, func() LicenceStore {
				s := open()
				t.Cleanup(func() { noError(t, s.Close()) })
				return s
			})
		})
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func licences(t *testing.T, s LicenceStore, since int64) licence.Rows {
	t.Helper()
	rows, err := s.Licences(t.Context(), since)
	noError(t, err)
	slices.SortFunc(rows.Keys, func(a, b licence.KeyRow) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(rows.Entitlements, func(a, b licence.EntitlementRow) int { return strings.Compare(a.ID, b.ID) })
	return rows
}

// licenceBatch is two keys and two entitlements with everything in them.
func licenceBatch(head int64) licence.Batch {
	return licence.Batch{
		Head: head, Begun: someTime,
		Keys: []licence.KeyRow{
			{ID: "aa", Name: "Schlüssel", Public: []byte{0, 1, 255}, Sealed: []byte{2, 0}, Made: someTime, Rev: 1},
			{ID: "bb", Public: []byte{3}, Made: someTime, Revoked: someTime.Add(time.Hour), Rev: 1},
		},
		Entitlements: []licence.EntitlementRow{
			{ID: "cc", Domain: 1 << 40, Text: "one", Installed: someTime, Rev: 1},
			{ID: "dd", Text: strings.Repeat("x", 16<<10), Installed: someTime, Revoked: someTime.Add(time.Second), Rev: 1},
		},
	}
}

func testLicenceRoundTrip(t *testing.T, open func() LicenceStore) {
	s := open()
	if rows := licences(t, s, 0); rows.Head != 0 || !rows.Begun.IsZero() || len(rows.Keys)+len(rows.Entitlements) > 0 {
		t.Errorf("a new store has %+v", rows)
	}
	b := licenceBatch(0)
	noError(t, s.CommitLicences(t.Context(), &b))
	want := licence.Rows{Head: 1, Begun: someTime, Full: true, Keys: b.Keys, Entitlements: b.Entitlements}
	for _, s := range []LicenceStore{s, open()} {
		if got := licences(t, s, 0); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	if got := licences(t, s, 99); !reflect.DeepEqual(got, want) {
		t.Errorf("of a reader from the future: %+v", got)
	}
}

func testLicenceIncremental(t *testing.T, open func() LicenceStore) {
	s := open()
	b := licenceBatch(0)
	noError(t, s.CommitLicences(t.Context(), &b))
	if rows := licences(t, s, 1); rows.Head != 1 || rows.Full || !rows.Begun.Equal(someTime) || len(rows.Keys)+len(rows.Entitlements) > 0 {
		t.Errorf("nothing is new: %+v", rows)
	}
	later := someTime.Add(time.Minute)
	key, granted := b.Keys[0], b.Entitlements[0]
	key.Sealed, key.Revoked, key.Public, key.Name = nil, later, []byte("other"), "other"
	granted.Revoked, granted.Text = later, "other"
	noError(t, s.CommitLicences(t.Context(), &licence.Batch{Head: 1, Begun: later, Keys: []licence.KeyRow{key}}))
	noError(t, s.CommitLicences(t.Context(), &licence.Batch{Head: 2, Entitlements: []licence.EntitlementRow{granted}}))
	rows := licences(t, s, 1)
	key.Rev, key.Public, key.Name = 2, b.Keys[0].Public, b.Keys[0].Name // these stay
	granted.Rev, granted.Text = 3, b.Entitlements[0].Text
	want := licence.Rows{Head: 3, Begun: someTime, Keys: []licence.KeyRow{key}, Entitlements: []licence.EntitlementRow{granted}}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("got  %+v\nwant %+v", rows, want)
	}
}

func testLicenceConflict(t *testing.T, open func() LicenceStore) {
	s, other := open(), open()
	b := licenceBatch(0)
	noError(t, s.CommitLicences(t.Context(), &b))
	before := licences(t, s, 0)
	for _, head := range []int64{0, 2} {
		late := licence.Batch{Head: head, Keys: []licence.KeyRow{{ID: "ee", Public: []byte{1}, Made: someTime}}}
		if err := other.CommitLicences(t.Context(), &late); !errors.Is(err, licence.ErrConflict) {
			t.Errorf("head %d: %v", head, err)
		}
	}
	if after := licences(t, s, 0); !reflect.DeepEqual(before, after) {
		t.Errorf("a refused batch left something behind: %+v", after)
	}
}

func testLicenceAtomic(t *testing.T, open func() LicenceStore) {
	s := open()
	b := licenceBatch(0)
	b.Entitlements = append(b.Entitlements, b.Entitlements[0])
	b.Entitlements[2].Domain = 5 // the id is taken by another domain: not another row
	noError(t, s.CommitLicences(t.Context(), &b))
	rows := licences(t, s, 0)
	if len(rows.Entitlements) != 2 || rows.Entitlements[0].Domain != 1<<40 {
		t.Errorf("an entitlement moved: %+v", rows.Entitlements)
	}
	bad := licence.Batch{Head: 1, Keys: []licence.KeyRow{{ID: "ee", Public: []byte{1}, Made: someTime}, {ID: "ff", Made: someTime}}}
	if err := s.CommitLicences(t.Context(), &bad); err == nil {
		t.Error("a key without public half was written")
	}
	if after := licences(t, s, 0); !reflect.DeepEqual(rows, after) {
		t.Errorf("a failed batch left something behind: %+v", after)
	}
}

func testLicenceCancelled(t *testing.T, open func() LicenceStore) {
	s := open()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := licenceBatch(0)
	if err := s.CommitLicences(ctx, &b); err == nil {
		t.Error("written")
	}
	if rows := licences(t, s, 0); rows.Head != 0 || len(rows.Keys) > 0 {
		t.Errorf("left behind: %+v", rows)
	}
}

// people is a directory with one domain.
type people struct{}

func (people) Sync(context.Context) error { return nil }
func (people) Domains() []licence.Domain  { return []licence.Domain{{ID: 1, Name: "a.example"}} }
func (people) Assigned(signal.DomainID) iter.Seq2[signal.ObjectID, []string] {
	return func(func(signal.ObjectID, []string) bool) {}
}

// testTwoGates is two processes: both make the first key at once, one of them is
// the first, and each takes the other's.
func testTwoGates(t *testing.T, open func() LicenceStore) {
	sealer, err := directory.NewSealer(bytes.Repeat([]byte{7}, 32))
	noError(t, err)
	var gates [2]*licence.Gate
	var made [2]licence.Generated
	for i := range gates {
		gates[i], err = licence.Open(t.Context(), open(), sealer, people{}, licence.Config{})
		noError(t, err)
	}
	var both sync.WaitGroup
	for i, gate := range gates {
		both.Go(func() {
			var err error
			if made[i], err = gate.Keygen(t.Context(), "", true); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if made[0].First == made[1].First {
		t.Fatalf("both or none were first: %+v", made)
	}
	for i, gate := range gates {
		noError(t, gate.Sync(t.Context()))
		if len(gate.Keys()) != 2 || len(gate.List()) != 1+i {
			t.Fatalf("keys %+v, entitlements %+v", gate.Keys(), gate.List())
		}
		text, _, err := gate.Issue(t.Context(), licence.Entitlement{
			Key: made[1-i].Key.ID, Domain: "a.example", Grants: []licence.Grant{{Name: licence.Calls}},
		})
		noError(t, err)
		_, err = gates[1-i].Install(t.Context(), text)
		noError(t, err)
	}
	id := gates[1].List()[0].ID
	revoked, err := gates[0].Revoke(t.Context(), id)
	noError(t, err)
	noError(t, gates[1].Sync(t.Context()))
	if shown, err := gates[1].Show(id); err != nil || shown.State != licence.Revoked || revoked.State != licence.Revoked {
		t.Errorf("revoked %+v, shown %+v, %v", revoked, shown, err)
	}
	if a, b := gates[0].List(), gates[1].List(); !reflect.DeepEqual(a, b) || len(a) != 3 {
		t.Errorf("they know different things:\n%+v\n%+v", a, b)
	}
}
