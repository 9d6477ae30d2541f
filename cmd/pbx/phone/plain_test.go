package phone

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPlainText(t *testing.T) {
	tests := []struct{ html, want string }{
		{"hello", "hello"},
		{"a &lt;b&gt; &amp; c", "a <b> & c"},
		{"<b>bold</b> and <i>more</i>", "bold and more"},
		{"one<br>two<br/>three", "one\ntwo\nthree"},
		{"<p>one</p><p>two</p>", "one\ntwo"},
		{"x<ul><li>one</li><li>two</li></ul>y", "x\n- one\n- two\ny"},
		{"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"},
		{"a\nb", "a b"}, // a line end in the source is a blank
		{"a<!-- no -->b", "ab"},
		{"a < b", "a < b"},
		{"&#27;[31mred", "\x1b[31mred"}, // made harmless only when it is shown
		{"", ""},
	}
	for _, tt := range tests {
		if got := plainText(tt.html); got != tt.want {
			t.Errorf("plainText(%q) = %q, want %q", tt.html, got, tt.want)
		}
	}
}

func TestHarmless(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain text, Grüße 👋🏽", "plain text, Grüße 👋🏽"},
		{"a\nb\tc", "a\nb\tc"},
		{"\x1b]0;title\x07", "␛]0;title␇"},
		{"over\rwritten\x08", "over␍written␈"},
		{"\u009b31m", "\uFFFD31m"},
		{"\x7f", "␡"},
		{"abc\u202edef\u2066", "abc\uFFFDdef\uFFFD"},
		{"bad \xff\xfe", "bad \uFFFD"},
		{"a\u2028b", "a\uFFFDb"},
	}
	for _, tt := range tests {
		if got := harmless(tt.in); got != tt.want {
			t.Errorf("harmless(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
	if got := oneLine("a\nb"); got != "a␊b" {
		t.Errorf("oneLine: %q", got)
	}
	if got := indented("a\nError: forged"); got != "a\n    Error: forged" {
		t.Errorf("indented: %q", got)
	}
}

// Whatever arrives, nothing that the phone prints can steer a terminal, neither
// as words nor as JSON, and the JSON says exactly what arrived.
func FuzzEventIsHarmless(f *testing.F) {
	f.Add("\x1b[2J", "<b>\u009b</b>", "\u202e")
	f.Fuzz(func(t *testing.T, name, data, title string) {
		e := Event{
			Event: evMessage, Chat: name, Sender: name, Data: data, Text: plainText(data),
			Title: title, Attach: []string{data},
		}
		for _, printed := range []string{e.words(true), string(jsonLine(e))} {
			for _, r := range printed {
				if unicode.IsControl(r) && r != '\n' && r != '\t' || dangerous(r) {
					t.Fatalf("%q in %q", r, printed)
				}
			}
		}
		line := jsonLine(e)
		var back Event
		if err := json.Unmarshal(line, &back); err != nil || strings.ContainsRune(string(line), '\n') {
			t.Fatalf("%s: %v", line, err)
		}
		if utf8.ValidString(data) && back.Data != data {
			t.Fatalf("data %q became %q", data, back.Data)
		}
	})
}

// Every kind of event and every member is in the manual.
func TestManualNamesEveryEvent(t *testing.T) {
	manual, err := os.ReadFile("../../../docs/phone.md")
	if err != nil {
		t.Fatal(err)
	}
	words := []string{
		evReady, evOffline, evChat, evText, evReceipt, evMessage, evTyping, evWho, evLeft, evHelp, evError,
		stateSent, stateDelivered, stateRead, stateFailed,
	}
	for field := range reflect.TypeFor[Event]().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			words = append(words, name)
		}
	}
	for _, word := range words {
		if !bytes.Contains(manual, []byte("`"+word+"`")) {
			t.Errorf("docs/phone.md does not mention %q", word)
		}
	}
}
