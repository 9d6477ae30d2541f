package directory

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/sanitize"
	"github.com/tandem-switch/tandem/signal"
)

// Settings are what holds for a whole domain. Its slices must not be changed by
// the reader.
type Settings struct {
	// Org is the organisation that the domain belongs to, for its administrators.
	Org     string   `json:"org,omitempty"`
	Plan    Plan     `json:"plan,omitzero"`
	Filters []Filter `json:"filters,omitempty"`
	Brand   Brand    `json:"brand,omitzero"`
}

// Plan is how numbers are dialled in a domain. Objects stand in nodes; the node
// without a name is the root. From everywhere an object is reached by the
// prefixes of its nodes, from the outermost to its own, and its number; within
// its node, and in those below, the number alone will do.
type Plan struct {
	Nodes  []Node  `json:"nodes,omitempty"`
	Routes []Route `json:"routes,omitempty"`
	// What stands in front of numbers elsewhere, told to clients.
	Intl      string `json:"intl,omitempty"` // before international numbers, such as 000
	Ntl       string `json:"ntl,omitempty"`  // before national ones, such as 00
	Subs      string `json:"subs,omitempty"` // before numbers of the same area, such as 0
	Area      string `json:"area,omitempty"`
	Country   string `json:"country,omitempty"`
	MaxIntern int    `json:"max_intern,omitempty"` // digits of the longest internal number
}

// Node is a part of the numbering plan.
type Node struct {
	Name   string `json:"name"`
	Prefix string `json:"prefix"`
	Parent string `json:"parent,omitempty"` // empty: the root
}

// Route sends numbers that begin with Prefix, and belong to nobody, to a gateway.
type Route struct {
	Prefix string          `json:"prefix"`
	To     signal.ObjectID `json:"to"`
	// Min and Max are how many digits follow the prefix; 0: any number of them.
	Min int `json:"min,omitempty"`
	Max int `json:"max,omitempty"`
}

// Filter decides which calls an object may make: the first rule that fits, else
// Otherwise.
type Filter struct {
	Name      string `json:"name"`
	Rules     []Rule `json:"rules,omitempty"`
	Otherwise bool   `json:"otherwise"`
}

// Rule fits numbers that begin with Prefix, or the object with the name SIP.
type Rule struct {
	Prefix string `json:"prefix,omitempty"`
	SIP    string `json:"sip,omitempty"`
	Allow  bool   `json:"allow"`
}

// clone is a copy whose slices may be changed.
func (s Settings) clone() Settings {
	s.Plan.Nodes, s.Plan.Routes, s.Filters = slices.Clone(s.Plan.Nodes), slices.Clone(s.Plan.Routes), slices.Clone(s.Filters)
	return s
}

// The sizes that settings may have.
const (
	maxNodes   = 1000
	maxRoutes  = 256
	maxFilters = 64
	maxRules   = 256
	maxDepth   = 8 // of nodes
)

// tidySettings brings the settings into their one form and checks the rules that
// need no other object.
func tidySettings(s *Settings) error {
	if sanitize.Text(s.Org, maxText) != s.Org {
		return wrong("org", "The name of an organisation has at most "+strconv.Itoa(maxText)+" bytes, without markup and control characters.")
	}
	*s = s.clone()
	if err := tidyBrand(&s.Brand); err != nil {
		return err
	}
	p := &s.Plan
	if len(p.Nodes) > maxNodes || len(p.Routes) > maxRoutes || len(s.Filters) > maxFilters {
		return refuse(CodeTooMany, "A domain has at most "+strconv.Itoa(maxNodes)+" nodes, "+strconv.Itoa(maxRoutes)+" routes and "+strconv.Itoa(maxFilters)+" filters.")
	}
	for field, digits := range map[string]string{"intl": p.Intl, "ntl": p.Ntl, "subs": p.Subs, "area": p.Area, "country": p.Country} {
		if err := checkNumber(digits); err != nil {
			return wrong("plan."+field, err.Error())
		}
	}
	if p.MaxIntern < 0 || p.MaxIntern > maxNumber {
		return wrong("plan.max_intern", "An internal number has at most "+strconv.Itoa(maxNumber)+" digits.")
	}
	if err := tidyNodes(p.Nodes); err != nil {
		return err
	}
	if err := checkRoutes(p.Routes); err != nil {
		return err
	}
	return tidyFilters(s.Filters)
}

func tidyNodes(nodes []Node) error {
	known := map[string]bool{"": true}
	for i, n := range nodes {
		name, err := tidyName(n.Name)
		switch {
		case err != nil:
			return wrong("plan.nodes", err.Error())
		case known[name]:
			return wrong("plan.nodes", "The node "+name+" stands there twice.")
		case n.Prefix == "":
			return wrong("plan.nodes", "The node "+name+" needs a prefix.")
		}
		if err := checkNumber(n.Prefix); err != nil {
			return wrong("plan.nodes", err.Error())
		}
		known[name] = true
		nodes[i].Name = name
	}
	for _, n := range nodes {
		if !known[n.Parent] {
			return wrong("plan.nodes", "The node "+n.Name+" stands in "+strconv.Quote(shorten(n.Parent))+", which is no node.")
		}
	}
	for _, n := range nodes {
		if len(chainOf(nodes, n.Name)) > maxDepth {
			return wrong("plan.nodes", "The node "+n.Name+" stands in itself, or too deep.")
		}
	}
	return nil
}

// chainOf is the node with the name and those that it stands in, without the
// root. One that stands in itself gives a chain that is too long.
func chainOf(nodes []Node, name string) []Node {
	var chain []Node
	for name != "" && len(chain) <= maxDepth {
		at := slices.IndexFunc(nodes, func(n Node) bool { return n.Name == name })
		if at < 0 {
			break
		}
		chain = append(chain, nodes[at])
		name = nodes[at].Parent
	}
	return chain
}

func checkRoutes(routes []Route) error {
	for i, r := range routes {
		if r.Prefix == "" {
			return wrong("plan.routes", "A route needs a prefix.")
		}
		if err := checkNumber(r.Prefix); err != nil {
			return wrong("plan.routes", err.Error())
		}
		if r.Min < 0 || r.Max < 0 || r.Max > maxNumber || r.Max > 0 && r.Min > r.Max {
			return wrong("plan.routes", "The route "+r.Prefix+" has digits that cannot be: min must not be above max, nor max above "+strconv.Itoa(maxNumber)+".")
		}
		if slices.ContainsFunc(routes[:i], func(o Route) bool { return o.Prefix == r.Prefix }) {
			return wrong("plan.routes", "The route "+r.Prefix+" stands there twice.")
		}
	}
	return nil
}

func tidyFilters(filters []Filter) error {
	for i, f := range filters {
		name, err := tidyName(f.Name)
		if err != nil {
			return wrong("filters", err.Error())
		}
		if slices.ContainsFunc(filters[:i], func(o Filter) bool { return o.Name == name }) {
			return wrong("filters", "The filter "+name+" stands there twice.")
		}
		if len(f.Rules) > maxRules {
			return wrong("filters", "A filter has at most "+strconv.Itoa(maxRules)+" rules.")
		}
		for _, r := range f.Rules {
			if (r.Prefix == "") == (r.SIP == "") {
				return wrong("filters", "A rule of a filter has either a prefix or a name.")
			}
			if err := checkNumber(r.Prefix); err != nil {
				return wrong("filters", err.Error())
			}
		}
		filters[i].Name = name
	}
	return nil
}

// checkSettings refuses settings that do not fit what the domain has: nodes in
// use, numbers that would clash, routes to what is no gateway, filters in use.
func (m *memory) checkSettings(dom *domain, s *Settings) error {
	fresh := prefixesOf(s.Plan.Nodes)
	seen := make(map[string]*entry, len(dom.byNum))
	for _, e := range dom.bySIP {
		if _, known := fresh[e.row.Node]; !known {
			return wrong("plan.nodes", "The node "+e.row.Node+" is still used by "+e.row.SIP+".")
		}
		if e.row.Filter != "" && s.filter(e.row.Filter) == nil {
			return wrong("filters", "The filter "+e.row.Filter+" is still used by "+e.row.SIP+".")
		}
		if e.row.Num == "" {
			continue
		}
		full := fresh[e.row.Node] + e.row.Num
		if other := seen[full]; other != nil {
			return refuse(CodeNumberTaken, "With these nodes "+e.row.SIP+" and "+other.row.SIP+" would both have the number "+full+".")
		}
		seen[full] = e
	}
	for _, r := range s.Plan.Routes {
		if to := m.objects[r.To]; to == nil || to.row.Domain != dom.row.ID || to.row.Kind != Gateway {
			return wrong("plan.routes", "The route "+r.Prefix+" does not lead to a gateway of the domain.")
		}
	}
	return nil
}

// prefixesOf is, by node, what is dialled from the root before its numbers.
func prefixesOf(nodes []Node) map[string]string {
	prefixes := map[string]string{"": ""}
	for _, n := range nodes {
		full := ""
		for _, in := range chainOf(nodes, n.Name) {
			full = in.Prefix + full
		}
		prefixes[n.Name] = full
	}
	return prefixes
}

func (s *Settings) filter(name string) *Filter {
	for i := range s.Filters {
		if s.Filters[i].Name == name {
			return &s.Filters[i]
		}
	}
	return nil
}

// fullNumber is what is dialled from the root to reach num in the node.
func (dom *domain) fullNumber(node, num string) string {
	if num == "" || node == "" {
		return num
	}
	return dom.prefixes[node] + num
}

// dialled finds whom num reaches when it is dialled in the node. num is bare.
func (dom *domain) dialled(node, num string) *entry {
	for name := node; ; {
		if e := dom.byNum[dom.prefixes[name]+num]; e != nil || name == "" {
			return e
		}
		name = dom.parent(name)
	}
}

func (dom *domain) parent(node string) string {
	for i := range dom.row.Plan.Nodes {
		if dom.row.Plan.Nodes[i].Name == node {
			return dom.row.Plan.Nodes[i].Parent
		}
	}
	return ""
}

// route is the one with the longest prefix that num has.
func (dom *domain) route(num string) *Route {
	var best *Route
	for i := range dom.row.Plan.Routes {
		r := &dom.row.Plan.Routes[i]
		if strings.HasPrefix(num, r.Prefix) && (best == nil || len(r.Prefix) > len(best.Prefix)) {
			best = r
		}
	}
	return best
}

// fits tells whether num has as many digits as the route takes.
func (r *Route) fits(num string) bool {
	rest := len(num) - len(r.Prefix)
	return rest >= r.Min && (r.Max == 0 || rest <= r.Max)
}

// incomplete tells whether digits may follow num for the route.
func (r *Route) incomplete(num string) bool {
	if len(num) < len(r.Prefix) {
		return strings.HasPrefix(r.Prefix, num)
	}
	return strings.HasPrefix(num, r.Prefix) && (r.Max == 0 || len(num)-len(r.Prefix) < r.Max)
}

// Number is what is dialled from the root to reach the object; empty if it has no
// number.
func (d *Directory) Number(a signal.Address) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if e := d.mem.object(a); e != nil {
		return e.full
	}
	return ""
}

// NumberFrom is what asker dials to reach target: the number alone within a
// node, with the prefixes that are needed otherwise. It is empty for an object
// without number, for one of another domain, and for one whose number belongs to
// somebody nearer.
func (d *Directory) NumberFrom(asker, target signal.Address) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	from, to := d.mem.object(asker), d.mem.object(target)
	if from == nil || to == nil || asker.Domain != target.Domain || to.row.Num == "" {
		return ""
	}
	dom := d.mem.domains[asker.Domain]
	full := dom.fullNumber(to.row.Node, to.row.Num)
	for name := from.row.Node; name != ""; name = dom.parent(name) {
		short, found := strings.CutPrefix(full, dom.prefixes[name])
		if found && short != "" && dom.dialled(from.row.Node, short) == to {
			return short
		}
	}
	if dom.dialled(from.row.Node, full) != to {
		return ""
	}
	return full
}

// Permits tells whether the filter of asker lets a call to target pass: the
// number is what was dialled, or empty for a call by name.
func (d *Directory) Permits(asker, target signal.Address, number string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	from, to := d.mem.object(asker), d.mem.object(target)
	if from == nil || to == nil || asker.Domain != target.Domain {
		return false
	}
	dom := d.mem.domains[asker.Domain]
	name := from.row.Filter
	if t := d.mem.template(from); name == "" && t != nil {
		name = t.row.Filter
	}
	if name == "" {
		return true
	}
	f := dom.row.filter(name)
	if f == nil {
		return true
	}
	if number = bareNumber(number); number == "" {
		number = dom.fullNumber(to.row.Node, to.row.Num)
	}
	return f.permits(number, to.row.SIP)
}

func (f *Filter) permits(number, sip string) bool {
	for i := range f.Rules {
		r := &f.Rules[i]
		if r.SIP != "" && sameName(r.SIP, sip) || r.Prefix != "" && strings.HasPrefix(number, r.Prefix) {
			return r.Allow
		}
	}
	return f.Otherwise
}
