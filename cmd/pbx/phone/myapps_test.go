package phone

import (
	"errors"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
)

func TestDoorOf(t *testing.T) {
	tests := []struct{ server, want string }{
		{"ws://127.0.0.1:8080", "ws://127.0.0.1:8080/PBX0/APPCLIENT/websocket"},
		{"127.0.0.1:8080", "ws://127.0.0.1:8080/PBX0/APPCLIENT/websocket"},
		{"http://[::1]:8080/", "ws://[::1]:8080/PBX0/APPCLIENT/websocket"},
		{"https://pbx.example.com", "wss://pbx.example.com/PBX0/APPCLIENT/websocket"},
		{"wss://pbx.example.com/MOD1/APPCLIENT/websocket", "wss://pbx.example.com/MOD1/APPCLIENT/websocket"},
		{"ftp://pbx.example.com", ""},
		{"ws://", ""},
		{"", ""},
		{"ws://a b", ""},
	}
	for _, tt := range tests {
		got, err := doorOf(tt.server)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("doorOf(%q) = %q, %v, want %q", tt.server, got, err, tt.want)
		}
	}
}

// What a person is told about a login that failed, and whether trying again helps.
func TestExplain(t *testing.T) {
	login := func(code int, text string) error { return &appservice.LoginError{Code: code, Text: text} }
	tests := []struct {
		name             string
		err              error
		want             string
		fatal, temporary bool
	}{
		{"wrong password", login(2, "Authentication failed"), "is the name right, and the password?", true, false},
		{"no store", login(1, "Temporary failure"), "can let nobody in at the moment", false, true},
		{"malformed", login(1, "Invalid parameters"), "does not understand the login", true, false},
		{"not confirmed", login(6, "Not authorized"), "confirmed this login on another device", true, false},
		{"another switch", &appservice.RedirectError{Info: appservice.RedirectInfo{Host: "b.example"}}, "--server with b.example", true, false},
		{"impostor", appservice.ErrForged, "is not the switch of this user", true, false},
		{"no network", errors.New("refused"), "cannot reach the switch at ws://x: refused", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := explain("ws://x", tt.err)
			_, fatal := errors.AsType[*Fatal](err)
			_, temporary := errors.AsType[*Temporary](err)
			if !strings.Contains(err.Error(), tt.want) || fatal != tt.fatal || temporary != tt.temporary {
				t.Errorf("%v (fatal %t, temporary %t), want %q", err, fatal, temporary, tt.want)
			}
			if !tt.fatal && strings.Contains(err.Error(), "password") {
				t.Errorf("blames the password: %v", err)
			}
		})
	}
}
