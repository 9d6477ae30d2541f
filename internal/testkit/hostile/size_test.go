package hostile_test

import (
	"fmt"
	"strings"
	"testing"
)

// fitting is a frame of exactly n bytes: pad stands where %s is.
func fitting(n int, frame string) string {
	return fmt.Sprintf(frame, strings.Repeat("x", n-len(frame)+len("%s")))
}

// TestNothingLeavesLongerThanAllowed: what the switch adds must not make a message
// longer than clients accept (decision 5). The client of these tests refuses such
// a message.
func TestNothingLeavesLongerThanAllowed(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	for name, frame := range map[string]string{
		"unknown facility": `{"api":"PbxSignal","mt":"Signaling","call":1,"sig":{"type":"facility","fty":[{"type":"x","x":"%s"}]}}`,
		"relayed facility": `{"api":"PbxSignal","mt":"Signaling","call":1,"sig":{"type":"facility","fty":[{"type":"hold_notify","x":"%s"}]}}`,
		"user info":        `{"api":"PbxSignal","mt":"Signaling","call":1,"sig":{"type":"user_info","uui":"x","x":"%s"}}`,
		"information":      `{"api":"PbxSignal","mt":"Signaling","call":1,"sig":{"type":"info","x":"%s"}}`,
		"setup":            `{"api":"PbxSignal","mt":"Signaling","call":2,"sig":{"type":"setup","channel":0,"cd":{"sip":"victim"},"x":"%s"}}`,
		"setup with media": `{"api":"PbxSignal","mt":"Signaling","call":3,"sig":{"type":"setup","channel":-1,"cd":{"sip":"victim"},"channels":{"x":"%s"}}}`,
		"called party":     `{"api":"PbxSignal","mt":"Signaling","call":4,"sig":{"type":"setup","channel":0,"cd":{"sip":"victim","x":"%s"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			eve, victim := m.user(t, "eve", ""), m.user(t, "victim", "")
			eve.chat(1, victim)
			eve.send(fitting(65535, frame))
			eve.settle()
			victim.settle()
		})
	}
}

// TestNoTextBecomesManyMessages: what one message of a sender costs its receiver
// is in proportion to its length.
func TestNoTextBecomesManyMessages(t *testing.T) {
	m := start(t, options{})
	m.bystanders(t)
	base := `{"type":"im_message","id":"%s",%s}`
	for name, members := range map[string]string{
		"another type with a long alternative": `"mime":"a/b","data":"` + strings.Repeat("x", 12000) + `","alt":"` + strings.Repeat("y", 16000) + `"`,
		"another type with a longer one":       `"mime":"a/b","data":"` + strings.Repeat("x", 12000) + `","alt":"` + strings.Repeat("y", 45000) + `"`,
		"an alternative that grows":            `"mime":"a/b","data":"` + strings.Repeat("x", 12000) + `","alt":"` + strings.Repeat("&", 9000) + `"`,
		"an element that never ends":           `"mime":"text/plain","data":"<` + strings.Repeat("x", 40000) + `"`,
		// TODO(signal): the same with 4 KB of further members is split
		"entities":                  `"mime":"text/plain","data":"` + strings.Repeat("&", 9000) + `"`,
		"control characters":        `"mime":"text/plain","data":"x` + strings.Repeat(`\u0001`, 8000) + `"`,
		"open elements":             `"data":"` + strings.Repeat("<b>", 5000) + `"`,
		"closed elements":           `"data":"` + strings.Repeat("<b></b>", 5000) + `"`,
		"long further members":      `"data":"` + strings.Repeat("x", 40000) + `","x":"` + strings.Repeat("y", 4000) + `"`,
		"a text of full length":     `"data":"` + strings.Repeat("x", 49000) + `"`,
		"plain text of full length": `"mime":"text/plain","data":"` + strings.Repeat("ä", 24000) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			eve := m.user(t, "eve", "IM_EXT")
			for _, flags := range []string{"IM_EXT", "NO_MEDIA_CALL"} {
				victim := m.user(t, "victim", flags)
				eve.chat(len(flags), victim)
				eve.facility(len(flags), fmt.Sprintf(base, flags+" "+name, members))
				eve.settle()
				parts := 0
				for _, g := range victim.settle() {
					if g.str("sig.type") != "facility" {
						continue
					}
					parts++
					if len(g.raw) > 16384 {
						t.Errorf("a message of %d bytes for %s", len(g.raw), flags)
					}
				}
				if parts == 0 || parts > 6 || parts > 1 && flags == "IM_EXT" && strings.Contains(members, `"a/b"`) {
					t.Errorf("it became %d messages for %s", parts, flags)
				}
				_ = victim.conn.Close()
				eve.untilRel(len(flags))
			}
		})
	}
}
