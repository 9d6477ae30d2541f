package pbxapi_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/pbxapi"
)

// varies are the parts of messages that are another in each run.
var varies = regexp.MustCompile(`"[0-9a-f]{32}"|"[0-9a-f]{64}"`)

// TestManual says what docs/pbxadmin.md says, line by line, and expects the
// answers that it shows.
func TestManual(t *testing.T) {
	manual, err := os.ReadFile("../../docs/pbxadmin.md")
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(t)
	apis := map[string]appservice.API{"PbxAdminApi": o.admin, "PbxTableUsers": pbxapi.NewTableUsers(o.Directory, nil)}
	p := o.program(o.dom)
	defer apis["PbxTableUsers"].(appservice.Closer).Closed(t.Context(), p)
	lines := 0
	var answers []string
	for _, part := range strings.Split(string(manual), "```json\n")[1:] {
		example, _, _ := strings.Cut(part, "\n```")
		for line := range strings.SplitSeq(example, "\n") {
			lines++
			if strings.Contains(line, `Result"`) || strings.Contains(line, `Info"`) {
				if len(answers) == 0 {
					t.Fatalf("no answer, want %s", line)
				}
				if got, want := varies.ReplaceAllString(answers[0], "…"), varies.ReplaceAllString(line, "…"); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
				answers = answers[1:]
				continue
			}
			api, _, _ := strings.Cut(strings.TrimPrefix(line, `{"api":"`), `"`)
			o.must(p.say(t, apis[api], line))
			answers = append(answers, p.got()...)
		}
	}
	if lines < 25 || len(answers) > 0 {
		t.Errorf("%d lines, %q are not shown", lines, answers)
	}
}
