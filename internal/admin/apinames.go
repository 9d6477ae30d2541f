package admin

import (
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/appservice"
)

// apiNames are the APIs that an app object can be given (appwebsocket.md 2.5).
func apiNames() []string {
	return []string{
		appservice.APIPbxApi, appservice.APIPbxSignal, appservice.APIEpSignal, appservice.APIPbxMessages, appservice.APIRCC,
		appservice.APIPbxAdminApi, appservice.APIPbxTableUsers, appservice.APIServices, appservice.APIPbxImpersonation,
	}
}

// apisExist keeps a misspelt API from being given in silence.
func apisExist(names []string) error {
	known := apiNames()
	for _, name := range names {
		if !slices.Contains(known, name) {
			return &Problem{Code: Invalid, Text: "there is no API " + name + ": an app can have " + strings.Join(known, ", ")}
		}
	}
	return nil
}
