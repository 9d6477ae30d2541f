package admin_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/directory"
)

// staffed has alice, bob and carol in example.com: bob and carol in the group
// ward, carol with a template and disabled, and a hunt group for ward.
func staffed(t *testing.T, op *admin.Client) context.Context {
	t.Helper()
	ctx := withDomains(t, op)
	for _, n := range []admin.NewObject{
		{Type: "template", SIP: "staff"},
		{Type: "user", SIP: "alice", Num: "101", Password: "long enough"},
		{Type: "user", SIP: "bob", Num: "102", Password: "long enough", Properties: admin.Properties{Groups: []directory.Membership{{Name: "ward"}}}},
		{Type: "user", SIP: "carol", Num: "104", Password: "long enough", Disabled: true, Properties: admin.Properties{
			Template: "staff", Groups: []directory.Membership{{Name: "Ward"}, {Name: "choir"}},
		}},
		{Type: "group", SIP: "desk", Properties: admin.Properties{Group: "ward"}},
		{Type: "group", SIP: "night", Properties: admin.Properties{Group: "nobody"}},
	} {
		must(op.AddObject(ctx, n))(t)
	}
	must(op.AddDevice(ctx, admin.AddDevice{User: "alice", NewDevice: admin.NewDevice{HW: "desk"}}))(t)
	return ctx
}

func TestObjectList(t *testing.T) {
	each(t, func(t *testing.T, op *admin.Client) {
		ctx := staffed(t, op)
		for _, c := range []struct {
			query string
			want  []string
			total int
		}{
			{"template=staff", []string{"carol"}, 1},
			{"template=:none&type=user", []string{"alice", "bob"}, 2},
			{"template=alice", nil, 0}, // no template
			{"template=nothing", nil, 0},
			{"group=WARD", []string{"bob", "carol"}, 2},
			{"group=wa", nil, 0},
			{"state=disabled", []string{"carol"}, 1},
			{"state=enabled&type=user", []string{"alice", "bob"}, 2},
			{"state=online", []string{"alice"}, 1},
			{"state=offline&type=user", []string{"bob", "carol"}, 2},
			{"type=user&limit=1&sort=-sip", []string{"carol"}, 3},
			{"q=10&type=user&limit=2", []string{"alice", "bob"}, 3},
		} {
			var page admin.ObjectPage
			if err := op.Do(ctx, http.MethodGet, "/domains/example.com/objects?count=true&"+c.query, nil, &page); err != nil {
				t.Fatal(c.query, err)
			}
			var names []string
			for _, o := range page.Items {
				names = append(names, o.SIP)
				equal(t, o.Devices > 0, o.SIP == "alice")
				equal(t, o.Online > 0, o.SIP == "alice")
			}
			if !slices.Equal(names, c.want) || page.Total == nil || *page.Total != c.total {
				t.Errorf("%s: %q of %v, want %q of %d", c.query, names, page.Total, c.want, c.total)
			}
		}
		var page admin.ObjectPage
		must(page, op.Do(ctx, http.MethodGet, "/domains/example.com/objects", nil, &page))(t)
		if page.Total != nil {
			t.Error("counted without being asked")
		}
		equal(t, len(page.Items), 6)
	})
}

func TestGroups(t *testing.T) {
	each(t, func(t *testing.T, op *admin.Client) {
		ctx := staffed(t, op)
		var page admin.Page[admin.Group]
		must(page, op.Do(ctx, http.MethodGet, "/domains/example.com/groups", nil, &page))(t)
		equal(t, page, admin.Page[admin.Group]{Items: []admin.Group{
			{Name: "choir", Members: 1, Hunts: []string{}}, {Name: "nobody", Members: 0, Hunts: []string{"night"}}, {Name: "ward", Members: 2, Hunts: []string{"desk"}},
		}})
	})
}

func TestFreeNumbers(t *testing.T) {
	each(t, func(t *testing.T, op *admin.Client) {
		ctx := staffed(t, op)
		var free admin.FreeNumbers
		must(free, op.Do(ctx, http.MethodGet, "/domains/example.com/numbers/free?near=102", nil, &free))(t)
		equal(t, free.Numbers, []string{"103", "100"})
		must(free, op.Do(ctx, http.MethodGet, "/domains/example.com/numbers/free?near=*1", nil, &free))(t)
		equal(t, free.Numbers, []string{})
	})
}

func TestDeviceSearch(t *testing.T) {
	each(t, func(t *testing.T, op *admin.Client) {
		ctx := staffed(t, op)
		for _, d := range []admin.AddDevice{
			{User: "alice", NewDevice: admin.NewDevice{HW: "mobile", Text: "Pocket"}},
			{User: "bob", NewDevice: admin.NewDevice{HW: "table", App: "phone"}},
		} {
			must(op.AddDevice(ctx, d))(t)
		}
		for query, want := range map[string][]string{
			"":       {"desk", "mobile", "table"},
			"POCKET": {"mobile"},
			"phone":  {"table"},
			"ALICE":  {"desk", "mobile"},
			"102":    {"table"},
			"zzz":    nil,
		} {
			var page admin.Page[admin.Device]
			must(page, op.Do(ctx, http.MethodGet, "/domains/example.com/devices?q="+query, nil, &page))(t)
			var got []string
			for _, d := range page.Items {
				got = append(got, d.HW)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q: %q, want %q", query, got, want)
			}
		}
	})
}
