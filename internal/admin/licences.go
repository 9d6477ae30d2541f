package admin

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/signal"
)

// LicenceGrant is one thing that a licence gives.
type LicenceGrant struct {
	Name  string `json:"name" doc:"A feature (*, messages, chat, chat.attach, chat.group, calls, push, rest), App(name) or Service(name)."`
	Count int    `json:"count,omitempty" minimum:"0" doc:"For how many users; absent: for all users of the domain. For a service, the number that it is told."`
}

// Licence is an installed entitlement.
type Licence struct {
	ID        string         `json:"id" doc:"32 hex digits."`
	State     string         `json:"state" enum:"valid,pending,expired,revoked,key_revoked,damaged" doc:"How it stands."`
	Domain    string         `json:"domain" doc:"Domain that it names, or * for every domain."`
	Holder    string         `json:"holder,omitempty" doc:"Present name of the domain that has it; absent if that is gone."`
	Grants    []LicenceGrant `json:"grants" nullable:"false" doc:"What it gives."`
	From      time.Time      `json:"from,omitzero" required:"false" doc:"When it begins; absent: it always held."`
	Until     time.Time      `json:"until,omitzero" required:"false" doc:"The first moment at which it is over; absent: never."`
	Test      bool           `json:"test,omitempty" doc:"What it gives is told to apps as test mode."`
	Note      string         `json:"note,omitempty" doc:"For people."`
	Key       string         `json:"key" doc:"The key that signed it."`
	Installed time.Time      `json:"installed" doc:"Since when it is here."`
	Revoked   time.Time      `json:"revoked,omitzero" required:"false" doc:"When it was revoked."`
}

// NewLicence is a licence to be issued.
type NewLicence struct {
	Domain string         `json:"domain" doc:"Name of the domain, or * for every domain of an installation; counts then hold for each."`
	Grants []LicenceGrant `json:"grants" minItems:"1" maxItems:"64" doc:"What it gives."`
	From   time.Time      `json:"from,omitzero" required:"false" doc:"When it begins; absent: at once."`
	Until  time.Time      `json:"until,omitzero" required:"false" doc:"The first moment at which it is over; absent: never."`
	Test   bool           `json:"test,omitempty" doc:"What it gives is told to apps as test mode."`
	Note   string         `json:"note,omitempty" doc:"For people: one line."`
	Key    string         `json:"key,omitempty" doc:"Id of the key that signs; absent: the newest that is kept here."`
}

// IssuedLicence is a licence as a text, which is not installed yet.
type IssuedLicence struct {
	ID   string `json:"id" doc:"32 hex digits."`
	Key  string `json:"key" doc:"The key that signed it."`
	Text string `json:"text" doc:"The licence, to be installed."`
}

// LicenceText is a licence to be installed.
type LicenceText struct {
	Text string `json:"text" maxLength:"32768" doc:"The licence. White space in it means nothing."`
}

// LicenceKey is a key that signs licences, or is trusted to.
type LicenceKey struct {
	ID      string    `json:"id" doc:"16 hex digits."`
	Name    string    `json:"name,omitempty" doc:"For people."`
	Public  string    `json:"public" doc:"The public half, to be trusted elsewhere."`
	Issues  bool      `json:"issues" doc:"The private half is kept here."`
	Made    time.Time `json:"made" doc:"Since when it is here."`
	Revoked time.Time `json:"revoked,omitzero" required:"false" doc:"When it was revoked."`
}

// NewLicenceKey says what kind of key is to be made.
type NewLicenceKey struct {
	Name string `json:"name,omitempty" doc:"For people: one line."`
	// Hand says that the private half is to be answered, and kept nowhere.
	Hand bool `json:"hand,omitempty" doc:"Answer the private half and keep it nowhere, instead of keeping it here, sealed."`
}

// MadeLicenceKey is a new key.
type MadeLicenceKey struct {
	LicenceKey
	Private string   `json:"private,omitempty" doc:"The private half, if it was asked for: a secret, shown once."`
	First   bool     `json:"first" doc:"It is the first key: from now on domains have what is installed for them."`
	Given   []string `json:"given" nullable:"false" doc:"Domains that got everything, because they existed when the first key was made."`
}

// TrustedLicenceKey is the public half of a key of another installation.
type TrustedLicenceKey struct {
	Public string `json:"public" maxLength:"256" doc:"The public half."`
	Name   string `json:"name,omitempty" doc:"For people: one line."`
}

// RevokedLicenceKey says what the end of a key has ended.
type RevokedLicenceKey struct {
	Ended int `json:"ended" doc:"Licences that were in use and ended."`
}

// DomainLicences is what a domain has.
type DomainLicences struct {
	Unlimited bool             `json:"unlimited" doc:"It has everything: no key was made yet, or the switch runs without licences."`
	Test      bool             `json:"test" doc:"A licence for tests is in force."`
	Features  []LicenceFeature `json:"features" nullable:"false" doc:"What it has, by name; empty if unlimited."`
}

// LicenceFeature is what a domain has under one name.
type LicenceFeature struct {
	Name     string    `json:"name" doc:"A feature, App(name) or Service(name)."`
	Entitled int       `json:"entitled,omitempty" doc:"Users that it is for; absent: all users of the domain."`
	Assigned int       `json:"assigned" doc:"Users that it is assigned to, if it is counted."`
	Used     int       `json:"used" doc:"Those of them who have it."`
	Until    time.Time `json:"until,omitzero" required:"false" doc:"When the first of the licences for it ends."`
	Test     bool      `json:"test,omitempty" doc:"It comes from licences for tests alone."`
}

type (
	licenceInput struct {
		ID string `path:"id" maxLength:"64" doc:"Id of the licence."`
	}
	licenceAnswer struct {
		Body Licence
	}
)

func (a *API) registerLicences() {
	if a.Licences == nil {
		return
	}
	register(a, operation{
		ID: "licence-list", Method: http.MethodGet, Path: "/licences", Tag: "Licences", Summary: "List the installed licences",
		Text:  "Those of all domains, ended ones too.",
		Reach: installation, Right: account.Read,
	}, a.listLicences)
	register(a, operation{
		ID: "licence-install", Method: http.MethodPost, Path: "/licences", Tag: "Licences", Summary: "Install a licence",
		Text:   "It must be signed with a key that is trusted here, and its domain must exist. Installing it again changes nothing.",
		Status: http.StatusCreated, Reach: installation, Right: account.Operate, Act: "licence.install",
	}, a.installLicence)
	register(a, operation{
		ID: "licence-issue", Method: http.MethodPost, Path: "/licences/issue", Tag: "Licences", Summary: "Sign a licence",
		Text:  "It is answered as a text and not installed.",
		Reach: installation, Right: account.Operate, Act: "licence.issue",
	}, a.issueLicence)
	register(a, operation{
		ID: "licence-get", Method: http.MethodGet, Path: "/licences/{id}", Tag: "Licences", Summary: "Show a licence",
		Reach: installation, Right: account.Read,
	}, a.getLicence)
	register(a, operation{
		ID: "licence-revoke", Method: http.MethodDelete, Path: "/licences/{id}", Tag: "Licences", Summary: "Revoke a licence",
		Text:  "It ends at once and cannot be installed again.",
		Reach: installation, Right: account.Operate, Act: "licence.revoke", Reason: true,
	}, a.revokeLicence)
	register(a, operation{
		ID: "licence-domain", Method: http.MethodGet, Path: "/domains/{domain}/licences", Tag: "Licences", Summary: "Show what a domain has",
		Reach: domainInPath, Right: account.Read,
	}, a.domainLicences)
	a.registerLicenceKeys()
}

func (a *API) registerLicenceKeys() {
	register(a, operation{
		ID: "licence-key-list", Method: http.MethodGet, Path: "/licence-keys", Tag: "Licences", Summary: "List the keys",
		Reach: installation, Right: account.Read,
	}, a.listLicenceKeys)
	register(a, operation{
		ID: "licence-keygen", Method: http.MethodPost, Path: "/licence-keys", Tag: "Licences", Summary: "Make a key",
		Text:   "With the first key licences begin: every domain that exists gets one for everything, domains that are made later have what is installed for them.",
		Status: http.StatusCreated, Reach: installation, Right: account.Operate, Act: "licence.keygen", Secret: true,
	}, a.makeLicenceKey)
	register(a, operation{
		ID: "licence-key-trust", Method: http.MethodPost, Path: "/licence-keys/trust", Tag: "Licences", Summary: "Trust a key of another installation",
		Text:   "Licences that it has signed can be installed here.",
		Status: http.StatusCreated, Reach: installation, Right: account.Operate, Act: "licence.trust",
	}, a.trustLicenceKey)
	register(a, operation{
		ID: "licence-key-revoke", Method: http.MethodDelete, Path: "/licence-keys/{key}", Tag: "Licences", Summary: "Revoke a key",
		Text:   "All licences that it has signed end with it. If there are any in use, it is refused without force.",
		Status: http.StatusOK, Reach: installation, Right: account.Operate, Act: "licence.revoke_key",
	}, a.revokeLicenceKey)
}

type listLicencesInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most licences in one answer."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"Where to go on: next of the answer before."`
}

type listLicencesAnswer struct {
	Body Page[Licence]
}

func (a *API) listLicences(ctx context.Context, in *listLicencesInput) (*listLicencesAnswer, error) {
	if err := a.Licences.Sync(ctx); err != nil {
		return nil, err
	}
	all := a.Licences.List()
	key := func(i licence.Info) string { return i.Domain + " " + i.ID }
	slices.SortFunc(all, func(x, y licence.Info) int { return cmp.Compare(key(x), key(y)) })
	page, err := pageOf(all, in.Cursor, in.Limit, key)
	if err != nil {
		return nil, err
	}
	return &listLicencesAnswer{Page[Licence]{Items: mapped(page.Items, a.licenceOf), Next: page.Next}}, nil
}

func (a *API) licenceOf(i licence.Info) Licence {
	return Licence{
		ID: i.ID, State: string(i.State), Domain: i.Domain, Holder: a.holder(i.Holder),
		Grants: mapped(i.Grants, func(g licence.Grant) LicenceGrant { return LicenceGrant{string(g.Name), g.Count} }),
		From:   i.From, Until: i.Until, Test: i.TestMode, Note: i.Note, Key: i.Key, Installed: i.Installed.UTC(), Revoked: utc(i.Revoked),
	}
}

// holder is the present name of the domain that has a licence.
func (a *API) holder(id signal.DomainID) string {
	if id == 0 {
		return licence.AnyDomain
	}
	dom, _ := a.Directory.Domain(id)
	return dom.Name
}

// utc leaves the zero time as it is.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

type installLicenceInput struct {
	Body LicenceText
}

func (a *API) installLicence(ctx context.Context, in *installLicenceInput) (*licenceAnswer, error) {
	i, err := a.Licences.Install(ctx, in.Body.Text)
	if err != nil {
		return nil, err
	}
	about(ctx, i.ID+" for "+i.Domain)
	return &licenceAnswer{a.licenceOf(i)}, nil
}

type issueLicenceInput struct {
	Body NewLicence
}

type issueLicenceAnswer struct {
	Body IssuedLicence
}

func (a *API) issueLicence(ctx context.Context, in *issueLicenceInput) (*issueLicenceAnswer, error) {
	about(ctx, in.Body.Domain)
	text, e, err := a.Licences.Issue(ctx, in.Body.Entitlement())
	if err != nil {
		return nil, err
	}
	about(ctx, e.ID+" for "+e.Domain)
	return &issueLicenceAnswer{IssuedLicence{ID: e.ID, Key: e.Key, Text: text}}, nil
}

// Entitlement is what is to be signed.
func (n NewLicence) Entitlement() licence.Entitlement {
	return licence.Entitlement{
		Key: n.Key, Domain: n.Domain, From: n.From, Until: n.Until, TestMode: n.Test, Note: n.Note,
		Grants: mapped(n.Grants, func(g LicenceGrant) licence.Grant {
			return licence.Grant{Name: licence.Feature(g.Name), Count: g.Count}
		}),
	}
}

func (a *API) getLicence(_ context.Context, in *licenceInput) (*licenceAnswer, error) {
	i, err := a.Licences.Show(in.ID)
	if err != nil {
		return nil, err
	}
	return &licenceAnswer{a.licenceOf(i)}, nil
}

func (a *API) revokeLicence(ctx context.Context, in *licenceInput) (*nothing, error) {
	about(ctx, in.ID)
	i, err := a.Licences.Revoke(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	about(ctx, i.ID+" for "+i.Domain)
	return &nothing{}, nil
}

type domainLicencesAnswer struct {
	Body DomainLicences
}

func (a *API) domainLicences(ctx context.Context, _ *InDomain) (*domainLicencesAnswer, error) {
	if err := a.Licences.Sync(ctx); err != nil {
		return nil, err
	}
	s := a.Licences.Domain(calling(ctx).domain.ID)
	return &domainLicencesAnswer{DomainLicences{
		Unlimited: s.Unlimited, Test: s.TestMode, Features: mapped(s.Features, func(h licence.Holding) LicenceFeature {
			f := LicenceFeature{Name: string(h.Name), Assigned: h.Assigned, Used: h.Used, Until: h.Until, Test: h.TestMode}
			if h.Entitled < licence.MaxCount {
				f.Entitled = h.Entitled
			}
			return f
		}),
	}}, nil
}

type listLicenceKeysAnswer struct {
	Body Page[LicenceKey]
}

func (a *API) listLicenceKeys(ctx context.Context, _ *nothing) (*listLicenceKeysAnswer, error) {
	if err := a.Licences.Sync(ctx); err != nil {
		return nil, err
	}
	return &listLicenceKeysAnswer{Page[LicenceKey]{Items: mapped(a.Licences.Keys(), licenceKeyOf)}}, nil
}

func licenceKeyOf(k licence.Key) LicenceKey {
	return LicenceKey{ID: k.ID, Name: k.Name, Public: k.Public, Issues: k.Issues, Made: k.Made.UTC(), Revoked: utc(k.Revoked)}
}

type makeLicenceKeyInput struct {
	Body NewLicenceKey
}

type makeLicenceKeyAnswer struct {
	Body MadeLicenceKey
}

func (a *API) makeLicenceKey(ctx context.Context, in *makeLicenceKeyInput) (*makeLicenceKeyAnswer, error) {
	made, err := a.Licences.Keygen(ctx, in.Body.Name, !in.Body.Hand)
	if err != nil {
		return nil, err
	}
	about(ctx, made.Key.ID)
	given := made.Given
	if given == nil {
		given = []string{}
	}
	return &makeLicenceKeyAnswer{MadeLicenceKey{licenceKeyOf(made.Key), made.Private, made.First, given}}, nil
}

type trustLicenceKeyInput struct {
	Body TrustedLicenceKey
}

type trustLicenceKeyAnswer struct {
	Body LicenceKey
}

func (a *API) trustLicenceKey(ctx context.Context, in *trustLicenceKeyInput) (*trustLicenceKeyAnswer, error) {
	key, err := a.Licences.Trust(ctx, in.Body.Public, in.Body.Name)
	if err != nil {
		return nil, err
	}
	about(ctx, key.ID)
	return &trustLicenceKeyAnswer{licenceKeyOf(key)}, nil
}

type revokeLicenceKeyInput struct {
	Key   string `path:"key" maxLength:"64" doc:"Id of the key."`
	Force bool   `query:"force" doc:"Also if licences that are in use end with it."`
}

type revokeLicenceKeyAnswer struct {
	Body RevokedLicenceKey
}

func (a *API) revokeLicenceKey(ctx context.Context, in *revokeLicenceKeyInput) (*revokeLicenceKeyAnswer, error) {
	about(ctx, in.Key)
	ended, err := a.Licences.RevokeKey(ctx, in.Key, in.Force)
	if err != nil {
		return nil, err
	}
	return &revokeLicenceKeyAnswer{RevokedLicenceKey{ended}}, nil
}

// checkLicences tells whether the object may be given those licences of a list,
// and of a template if it gets one, that it does not have yet. What a template
// gives to those who have it is not looked at: of too many users the newest go
// without.
func (a *API) checkLicences(ctx context.Context, o directory.Object, own []string, template signal.ObjectID) error {
	if t, ok := a.Directory.Object(signal.Address{Domain: o.Domain, Object: template}); ok {
		own = slices.Concat(own, t.AppLics)
	}
	had := a.Directory.Assigned(o.Address())
	added := slices.DeleteFunc(slices.Clone(own), func(name string) bool { return slices.Contains(had, name) })
	if a.Licences == nil || o.Kind == directory.Template || len(added) == 0 {
		return nil
	}
	if err := a.Licences.Sync(ctx); err != nil {
		return err
	}
	return a.Licences.CheckAssign(o.Address(), added)
}
