package phone

import "testing"

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
