package admin

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// Grant is a role, and what it holds for.
type Grant struct {
	Role   string `json:"role" enum:"operator,org_admin,domain_admin,auditor" doc:"What may be done."`
	Org    string `json:"org,omitempty" doc:"Organisation, of an org_admin or an auditor."`
	Domain string `json:"domain,omitempty" doc:"Name of the domain, of a domain_admin or an auditor."`
}

// Account is an administrator.
type Account struct {
	ID              int64     `json:"id" doc:"Number of the account, given once."`
	Name            string    `json:"name" doc:"Name for the login."`
	Grants          []Grant   `json:"grants" nullable:"false" doc:"What the account may do."`
	Disabled        bool      `json:"disabled" doc:"It cannot log in, and its tokens are refused."`
	SecondFactor    bool      `json:"second_factor" doc:"A login needs a code besides the password."`
	RecoveryLeft    int       `json:"recovery_codes_left" doc:"Recovery codes that were not used yet."`
	Created         time.Time `json:"created" doc:"When it was made."`
	PasswordChanged time.Time `json:"password_changed" doc:"When it got its password."`
	LastLogin       time.Time `json:"last_login,omitzero" doc:"When it last logged in; absent: never."`
	Rev             int64     `json:"rev" doc:"Grows with every change; also the ETag."`
}

// NewAccount is an account to be made.
type NewAccount struct {
	Name     string  `json:"name" doc:"Name: letters a-z, digits, and . - _ @ + between them."`
	Password string  `json:"password" doc:"Password of at least 10 characters. It is never shown."`
	Grants   []Grant `json:"grants,omitempty" doc:"What the account may do."`
}

// AccountEdit says what to change of an account.
type AccountEdit struct {
	Grants   Optional[[]Grant] `json:"grants,omitzero" required:"false" doc:"Grants, instead of those so far."`
	Disabled Optional[bool]    `json:"disabled,omitzero" required:"false" doc:"It cannot log in; its sessions end."`
	Password Optional[string]  `json:"password,omitzero" required:"false" doc:"New password; its sessions end."`
}

// InAccount is the path of requests about an account.
type InAccount struct {
	Name string `path:"name" doc:"Name of the account."`
}

type accountAnswer struct {
	ETag string `header:"ETag"`
	Body Account
}

func (a *API) registerAccounts() {
	register(a, operation{
		ID: "account-list", Method: http.MethodGet, Path: "/accounts", Tag: "Administrators", Summary: "List the accounts of administrators",
		Text:  "Those whose every grant lies where you may read, by name.",
		Reach: somewhere, Right: account.Read,
	}, a.listAccounts)
	register(a, operation{
		ID: "account-add", Method: http.MethodPost, Path: "/accounts", Tag: "Administrators", Summary: "Make an account",
		Text:   "Nobody can grant more than he has.",
		Status: http.StatusCreated, Reach: somewhere, Right: account.ManageAccounts, Act: "account.add",
	}, a.addAccount)
	register(a, operation{
		ID: "account-get", Method: http.MethodGet, Path: "/accounts/{name}", Tag: "Administrators", Summary: "Show an account",
		Reach: somewhere, Right: account.Read,
	}, a.getAccount)
	register(a, operation{
		ID: "account-set", Method: http.MethodPatch, Path: "/accounts/{name}", Tag: "Administrators", Summary: "Change an account",
		Text:  "A new password ends its sessions, and so does disabling it. The last operator stays one.",
		Reach: somewhere, Right: account.ManageAccounts, Act: "account.set",
	}, a.setAccount)
	register(a, operation{
		ID: "account-remove", Method: http.MethodDelete, Path: "/accounts/{name}", Tag: "Administrators",
		Summary: "Remove an account with its sessions and tokens", Reach: somewhere, Right: account.ManageAccounts, Act: "account.remove",
	}, a.removeAccount)
	register(a, operation{
		ID: "account-reset-factor", Method: http.MethodDelete, Path: "/accounts/{name}/second-factor", Tag: "Administrators",
		Summary: "Switch off the second factor of somebody who has lost it", Reach: installation, Right: account.Operate, Act: "account.reset_factor",
	}, a.resetFactor)
}

type listAccountsInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most accounts in one answer."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"Where to go on: next of the answer before."`
}

type listAccountsAnswer struct {
	Body Page[Account]
}

func (a *API) listAccounts(ctx context.Context, in *listAccountsInput) (*listAccountsAnswer, error) {
	after, err := readCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, next, err := a.accounts.Accounts(ctx, calling(ctx).identity, after, in.Limit)
	if err != nil {
		return nil, err
	}
	page := Page[Account]{Items: mapped(list, a.accountOf)}
	if next != "" {
		page.Next = makeCursor(next)
	}
	return &listAccountsAnswer{page}, nil
}

type addAccountInput struct {
	Body NewAccount
}

func (a *API) addAccount(ctx context.Context, in *addAccountInput) (*accountAnswer, error) {
	about(ctx, in.Body.Name)
	grants, err := a.grantsOf(ctx, in.Body.Grants)
	if err != nil {
		return nil, err
	}
	made, err := a.accounts.Add(ctx, calling(ctx).identity, account.Draft{Name: in.Body.Name, Password: in.Body.Password, Grants: grants})
	return a.answerAccount(ctx, made, err)
}

func (a *API) getAccount(ctx context.Context, in *InAccount) (*accountAnswer, error) {
	found, err := a.accounts.Account(ctx, calling(ctx).identity, in.Name)
	return a.answerAccount(ctx, found, err)
}

type setAccountInput struct {
	InAccount
	Body AccountEdit
}

func (a *API) setAccount(ctx context.Context, in *setAccountInput) (*accountAnswer, error) {
	about(ctx, in.Name)
	u := account.Update{Disabled: in.Body.Disabled.Edit(), Password: in.Body.Password.Edit()}
	if list := in.Body.Grants.Edit(); list != nil {
		grants, err := a.grantsOf(ctx, *list)
		if err != nil {
			return nil, err
		}
		u.Grants = &grants
	}
	rev, err := a.accountRev(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	u.Rev = rev
	changed, err := a.accounts.Update(ctx, calling(ctx).identity, in.Name, u)
	return a.answerAccount(ctx, changed, err)
}

// accountRev is the rev that the account must have for a change, 0 for any.
func (a *API) accountRev(ctx context.Context, name string) (int64, error) {
	if calling(ctx).rev == 0 {
		return 0, nil
	}
	found, err := a.accounts.Account(ctx, calling(ctx).identity, name)
	if err == nil {
		err = match(ctx, found.Rev)
	}
	return found.Rev, err
}

func (a *API) removeAccount(ctx context.Context, in *InAccount) (*nothing, error) {
	about(ctx, in.Name)
	rev, err := a.accountRev(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return &nothing{}, a.accounts.Remove(ctx, calling(ctx).identity, in.Name, rev)
}

func (a *API) resetFactor(ctx context.Context, in *InAccount) (*nothing, error) {
	about(ctx, in.Name)
	return &nothing{}, a.accounts.ResetFactor(ctx, calling(ctx).identity, in.Name)
}

func (a *API) answerAccount(ctx context.Context, found account.Account, err error) (*accountAnswer, error) {
	if err != nil {
		return nil, err
	}
	if calling(ctx).op.Act != "" {
		about(ctx, found.Name)
	}
	return &accountAnswer{etag(found.Rev), a.accountOf(found)}, nil
}

func (a *API) accountOf(x account.Account) Account {
	return Account{
		ID: x.ID, Name: x.Name, Grants: a.showGrants(x.Grants), Disabled: x.Disabled, SecondFactor: x.Factor, RecoveryLeft: x.RecoveryLeft,
		Created: x.Created.UTC(), PasswordChanged: x.PasswordChanged.UTC(), LastLogin: inUTC(x.LastLogin), Rev: x.Rev,
	}
}

// inUTC leaves the zero time alone.
func inUTC(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// grantsOf finds the domains of grants. One that the asker may not read is as
// unknown as one that does not exist.
func (a *API) grantsOf(ctx context.Context, list []Grant) ([]account.Grant, error) {
	var grants []account.Grant
	for i, g := range list {
		one := account.Grant{Role: account.Role(g.Role), Org: g.Org}
		if g.Domain != "" {
			dom, found := a.Directory.DomainByName(g.Domain)
			if !found || !calling(ctx).identity.May(account.Read, scopeOf(dom)) {
				return nil, wrong(NotFound, "grants["+strconv.Itoa(i)+"].domain", "There is no domain "+quoted(g.Domain)+".")
			}
			one.Domain = dom.ID
		}
		grants = append(grants, one)
	}
	return grants, nil
}

// showGrants names the domains of grants; those of a domain that was removed mean
// nothing any more and are left out.
func (a *API) showGrants(list []account.Grant) []Grant {
	grants := []Grant{}
	for _, g := range list {
		one := Grant{Role: string(g.Role), Org: g.Org}
		if g.Domain != 0 {
			dom, found := a.Directory.Domain(g.Domain)
			if !found {
				continue
			}
			one.Domain = dom.Name
		}
		grants = append(grants, one)
	}
	return grants
}

// tenants tells accounts about domains.
type tenants struct{ dir *directory.Directory }

// Tenant implements account.Tenants.
func (t tenants) Tenant(id signal.DomainID) (name, org string, ok bool) {
	dom, ok := t.dir.Domain(id)
	return dom.Name, dom.Org, ok
}
