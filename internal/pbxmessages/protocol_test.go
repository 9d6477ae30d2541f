package pbxmessages

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// TestProtocolExamples passes on the first line of every example of PROTOCOL.md, and
// compares with the second.
func TestProtocolExamples(t *testing.T) {
	page, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```json\n")[1:]
	if len(blocks) < 3 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		lines := bufio.NewScanner(strings.NewReader(text))
		lines.Scan()
		in := lines.Text()
		lines.Scan()
		want := lines.Text()
		f, err := appservice.ParseFrame(new(strictjson.Doc), []byte(in))
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		var out []byte
		if f.API != "" {
			out = appendRequest(nil, &f, request{token: 18, user: "alice", session: 4503599627370001, author: f.MT == "Post"})
		} else {
			out = appendAnswer(nil, &f, []byte(`"m2"`), 0, false)
		}
		if string(out) != want {
			t.Errorf("%s\nbecame %s\nwant   %s", in, out, want)
		}
	}
}
