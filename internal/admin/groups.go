package admin

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
)

// Group is a group that somebody of a domain is in, or that a hunt group calls.
type Group struct {
	Name    string   `json:"name" doc:"Name of the group."`
	Members int      `json:"members" doc:"How many objects are in it."`
	Hunts   []string `json:"hunts" nullable:"false" doc:"Names of the hunt groups that call its members."`
}

func (a *API) registerGroups() {
	register(a, operation{
		ID: "group-list", Method: http.MethodGet, Path: "/domains/{domain}/groups", Tag: "Objects", Summary: "List the groups of a domain",
		Text:  "By name. Groups are no objects: they exist while somebody is in them, or a hunt group names them. Their members are the objects of the domain with group=NAME.",
		Reach: domainInPath, Right: account.Read,
	}, a.listGroups)
}

type listGroupsInput struct {
	InDomain
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most groups in one answer."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"Where to go on: next of the answer before."`
}

type listGroupsAnswer struct {
	Body Page[Group]
}

func (a *API) listGroups(ctx context.Context, in *listGroupsInput) (*listGroupsAnswer, error) {
	dom := calling(ctx).domain
	hunts := a.hunts(dom)
	names := a.Directory.Groups(dom.ID)
	seen := map[string]bool{}
	for _, name := range names {
		seen[directory.Fold(name)] = true
	}
	for key, list := range hunts {
		if !seen[key] {
			names = append(names, list[0].Group)
		}
	}
	slices.SortFunc(names, func(x, y string) int { return strings.Compare(directory.Fold(x), directory.Fold(y)) })
	page, err := pageOf(names, in.Cursor, in.Limit, directory.Fold)
	if err != nil {
		return nil, err
	}
	return &listGroupsAnswer{Page[Group]{Next: page.Next, Items: mapped(page.Items, func(name string) Group {
		return Group{
			Name: name, Members: len(a.Directory.Members(dom.ID, name)),
			Hunts: mapped(hunts[directory.Fold(name)], func(o directory.Object) string { return o.SIP }),
		}
	})}}, nil
}

// hunts are the hunt groups of a domain, by the folded name of what they call.
func (a *API) hunts(dom directory.Domain) map[string][]directory.Object {
	by := map[string][]directory.Object{}
	for _, o := range a.Directory.Objects(dom.ID, func(o *directory.Object) bool { return o.Kind == directory.Group && o.Properties.Group != "" }) {
		key := directory.Fold(o.Properties.Group)
		by[key] = append(by[key], o)
	}
	return by
}
