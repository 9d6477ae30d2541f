package admin

import (
	"context"
	"fmt"
	"strings"

	"github.com/tandem-switch/tandem/internal/directory"
)

// Users implements Operator.
func (l *Local) Users(_ context.Context, r ListUsers) ([]User, error) {
	domains, err := l.domains(r.Domain)
	if err != nil {
		return nil, err
	}
	list := []User{}
	for _, d := range domains {
		for _, o := range l.dir.Users(d.ID) {
			list = append(list, userOf(d, o))
		}
	}
	return list, nil
}

// AddUser implements Operator.
func (l *Local) AddUser(ctx context.Context, r AddUser) (User, error) {
	d, sip, err := l.split(r.Name)
	if err != nil {
		return User{}, err
	}
	if err := l.appsExist(d, r.Apps); err != nil {
		return User{}, err
	}
	o, err := l.dir.AddUser(ctx, d.ID, directory.NewObject{
		SIP: sip, Num: r.Num, DN: r.DN, CN: r.CN, Password: r.Password,
		Apps: r.Apps, OverrideCLI: r.OverrideCLI, SecondFactor: r.SecondFactor,
	})
	return userOf(d, o), explain(err)
}

// SetUser implements Operator.
func (l *Local) SetUser(ctx context.Context, r SetUser) (User, error) {
	d, o, err := l.user(r.Name)
	if err != nil {
		return User{}, err
	}
	if r.Apps != nil {
		if err := l.appsExist(d, *r.Apps); err != nil {
			return User{}, err
		}
	}
	o, err = l.dir.SetUser(ctx, o.Address(), directory.ObjectEdit{
		SIP: r.Rename, Num: r.Num, DN: r.DN, CN: r.CN, Password: r.Password, Disabled: r.Disabled,
		Apps: r.Apps, OverrideCLI: r.OverrideCLI, SecondFactor: r.SecondFactor,
	})
	return userOf(d, o), explain(err)
}

// appsExist keeps a misspelt app from being granted in silence.
func (l *Local) appsExist(d directory.Domain, names []string) error {
	for _, name := range names {
		if _, ok := l.dir.AppByName(d.ID, name); !ok {
			return &Problem{NotFound, fmt.Sprintf("there is no app %s in %s: see pbx app list", name, d.Name)}
		}
	}
	return nil
}

// RemoveUser implements Operator.
func (l *Local) RemoveUser(ctx context.Context, r RemoveUser) (User, error) {
	d, o, err := l.user(r.Name)
	if err != nil {
		return User{}, err
	}
	return userOf(d, o), explain(l.dir.RemoveUser(ctx, o.Address()))
}

// ImportUsers implements Operator.
func (l *Local) ImportUsers(ctx context.Context, r ImportUsers) (Imported, error) {
	d, err := l.domainFor(r.Domain)
	if err != nil {
		return Imported{}, err
	}
	report, err := l.dir.ImportUsers(ctx, d.ID, strings.NewReader(r.CSV))
	imported := Imported{Domain: d.Name, Added: report.Added, Refused: []RefusedLine{}}
	for _, line := range report.Lines {
		if line.Error != nil {
			imported.Refused = append(imported.Refused, RefusedLine{line.Line, line.SIP, Code(line.Error.Code), line.Error.Message})
		}
	}
	return imported, explain(err)
}

func (l *Local) user(name string) (directory.Domain, directory.Object, error) {
	d, sip, err := l.split(name)
	if err != nil {
		return d, directory.Object{}, err
	}
	o, ok := l.dir.UserByName(d.ID, sip)
	if !ok {
		err = &Problem{NotFound, fmt.Sprintf("there is no user %s in %s: see pbx user list", sip, d.Name)}
	}
	return d, o, err
}

func userOf(d directory.Domain, o directory.Object) User {
	return User{
		SIP: o.SIP, Domain: d.Name, DN: o.DN, CN: o.CN, Num: o.Num, GUID: o.GUID,
		Disabled: o.Disabled, Apps: o.Apps, OverrideCLI: o.OverrideCLI, SecondFactor: o.SecondFactor,
	}
}

// Apps implements Operator.
func (l *Local) Apps(_ context.Context, r ListApps) ([]App, error) {
	domains, err := l.domains(r.Domain)
	if err != nil {
		return nil, err
	}
	list := []App{}
	for _, d := range domains {
		for _, o := range l.dir.Apps(d.ID) {
			list = append(list, appOf(d, o))
		}
	}
	return list, nil
}

// AddApp implements Operator.
func (l *Local) AddApp(ctx context.Context, r AddApp) (App, error) {
	d, sip, err := l.split(r.Name)
	if err != nil {
		return App{}, err
	}
	if err := apisExist(r.APIs); err != nil {
		return App{}, err
	}
	o, err := l.dir.AddApp(ctx, d.ID, directory.NewObject{
		SIP: sip, Num: r.Num, DN: r.DN, CN: r.CN, Password: r.Password,
		APIs: r.APIs, URL: r.URL, OverrideCLI: r.OverrideCLI,
	})
	return appOf(d, o), explain(err)
}

// SetApp implements Operator.
func (l *Local) SetApp(ctx context.Context, r SetApp) (App, error) {
	d, o, err := l.app(r.Name)
	if err != nil {
		return App{}, err
	}
	if r.APIs != nil {
		if err := apisExist(*r.APIs); err != nil {
			return App{}, err
		}
	}
	o, err = l.dir.SetApp(ctx, o.Address(), directory.ObjectEdit{
		SIP: r.Rename, Num: r.Num, DN: r.DN, CN: r.CN, Password: r.Password, Disabled: r.Disabled,
		APIs: r.APIs, URL: r.URL, OverrideCLI: r.OverrideCLI,
	})
	return appOf(d, o), explain(err)
}

// RemoveApp implements Operator.
func (l *Local) RemoveApp(ctx context.Context, r RemoveApp) (App, error) {
	d, o, err := l.app(r.Name)
	if err != nil {
		return App{}, err
	}
	return appOf(d, o), explain(l.dir.RemoveApp(ctx, o.Address()))
}

func (l *Local) app(name string) (directory.Domain, directory.Object, error) {
	d, sip, err := l.split(name)
	if err != nil {
		return d, directory.Object{}, err
	}
	o, ok := l.dir.AppByName(d.ID, sip)
	if !ok {
		err = &Problem{NotFound, fmt.Sprintf("there is no app %s in %s: see pbx app list", sip, d.Name)}
	}
	return d, o, err
}

func appOf(d directory.Domain, o directory.Object) App {
	apis := o.APIs
	if apis == nil {
		apis = []string{}
	}
	return App{
		SIP: o.SIP, Domain: d.Name, DN: o.DN, CN: o.CN, Num: o.Num, GUID: o.GUID,
		APIs: apis, URL: o.URL, Disabled: o.Disabled, OverrideCLI: o.OverrideCLI,
	}
}
