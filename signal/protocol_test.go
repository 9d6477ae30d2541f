package signal

import (
	"os"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/strictjson"
)

// TestProtocolExamples reads every example of PROTOCOL.md, decodes it, writes it
// again and compares; and every message type must have one.
func TestProtocolExamples(t *testing.T) {
	page, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[Type]bool{}
	for _, block := range strings.Split(string(page), "```json\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(block) {
			line = strings.TrimSpace(line)
			var doc strictjson.Doc
			if err := doc.Parse([]byte(line)); err != nil {
				t.Fatalf("%s\n%v", line, err)
			}
			if _, dup := doc.Duplicate(); dup {
				t.Errorf("a name twice: %s", line)
			}
			if again, removed := strictjson.AppendClean(nil, doc.Root(), sigNames); string(again) != line || removed != 0 {
				t.Errorf("written again:\n%s\n%s", line, again)
			}
			if !doc.Root().Get("mt").Is("Signaling") {
				continue
			}
			m, err := Decode(doc.Root().Get("sig"))
			if err != nil || m.Type == UnknownType {
				t.Errorf("%s: %v", line, err)
			}
			seen[m.Type] = true
		}
	}
	for typ := SetupMsg; typ <= MediaInfoMsg; typ++ {
		if !seen[typ] {
			t.Errorf("no example of %v", typ)
		}
	}
}

// FuzzDecode: whatever the frame, decoding answers, and what is relayed of it is
// one JSON object without a name twice.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"type":"conn","channel":-1,"channels":{"a":[1.50]},"X":1,"fty":[{"type":"hold_notify"}]}`))
	f.Add([]byte(`{"type":"setup","cd":{"sip":"bob","flags":"U"},"cau":{"num":"16"},"Type":"rel"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var doc strictjson.Doc
		if doc.Parse(text) != nil {
			return
		}
		if _, dup := doc.Duplicate(); dup {
			return
		}
		m, err := Decode(doc.Root())
		if err != nil {
			return
		}
		_, _ = m.called()
		m.cause()
		relayed := appendRelay(nil, m.Type, &m, []byte(`{"type":"x"}`))
		setup := newOffer(&m, &Party{SIP: "alice", Name: "Alice"}, nil, m.hasMedia()).append(nil, &Party{SIP: "bob", Num: "102"})
		for _, out := range [][]byte{relayed, setup} {
			var again strictjson.Doc
			if err := again.Parse(out); err != nil {
				t.Fatalf("%q: %v", out, err)
			}
			if _, dup := again.Duplicate(); dup {
				t.Fatalf("a name twice: %q", out)
			}
		}
	})
}

func TestBetterCause(t *testing.T) {
	order := []Cause{CauseUserBusy, CauseRejected, CauseNoAnswer, CauseNoUserResponding, CauseOutOfOrder, CauseSubscriberAbsent}
	for i, a := range order {
		for _, b := range order[i:] {
			if better(a, b) != a || better(b, a) != a {
				t.Errorf("better(%d, %d) is not %d", a, b, a)
			}
		}
		if better(0, a) != a || better(a, 0) != a {
			t.Errorf("%d is better than none", a)
		}
	}
}

func TestSplitText(t *testing.T) {
	for _, tt := range []struct {
		text  string
		size  int
		parts []string
	}{
		{"short", 100, []string{"short"}},
		{"äöü äöü", 9, []string{"äöü ", "äöü"}},
		{"one <b>two</b>", 8, []string{"one ", "<b>two", "</b>"}},
		{"a &amp; b &lt; c", 9, []string{"a &amp;", " b &lt;", " c"}},
		{`"""`, 6, []string{`""`, `"`}},
	} {
		var got []string
		for rest := tt.text; rest != ""; {
			var part string
			part, rest = splitText(rest, tt.size, true)
			got = append(got, part)
		}
		if strings.Join(got, "|") != strings.Join(tt.parts, "|") {
			t.Errorf("%q in %d: %q, want %q", tt.text, tt.size, got, tt.parts)
		}
	}
}
