package appservice_test

import (
	"testing"

	"github.com/tandem-switch/tandem/appservice"
)

func TestServiceURL(t *testing.T) {
	for object, want := range map[string][2]string{
		"https://services.example.com/push/ws":                 {"wss://services.example.com/push", "ws"},
		"http://ap/example.com/users/innovaphone-users":        {"ws://ap/example.com/users", "innovaphone-users"},
		"http://ap/example.com/users/innovaphone-users.htm?x":  {"ws://ap/example.com/users", "innovaphone-users"},
		"https://ap:8443/app/":                                 {"wss://ap:8443/", "app"},
		"https://pbx.example.com/PBX0/APPS/websocket":          {"wss://pbx.example.com/PBX0/APPS/websocket", "websocket"},
		"https://user:secret@ap.example.com/x/a%2Fb/app#there": {"wss://ap.example.com/x/a/b", "app"},
		"https://ap.example.com":                               {},
		"https://ap.example.com/":                              {},
		"ftp://ap.example.com/x/y":                             {},
		"/x/y":                                                 {},
		"https://[::1":                                         {},
		"":                                                     {},
	} {
		if url, app := appservice.ServiceURL(object); url != want[0] || app != want[1] {
			t.Errorf("%q: %q, %q; want %q", object, url, app, want)
		}
	}
}
