package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/tandem-switch/tandem/internal/account"
)

// Imported says what an import has done.
type Imported struct {
	Domain  string        `json:"domain" doc:"Name of the domain."`
	Added   int           `json:"added" doc:"How many users were made."`
	Refused []RefusedLine `json:"refused" nullable:"false" doc:"The lines that made no user."`
}

// RefusedLine is a line of an import that made no user.
type RefusedLine struct {
	Line int    `json:"line" doc:"Number of the line, as counted by an editor."`
	SIP  string `json:"sip,omitempty" doc:"Name that stands in it."`
	Code Code   `json:"code" doc:"Why, for programs."`
	Text string `json:"text" doc:"Why, in a sentence."`
}

type importAnswer struct {
	Body Imported
}

// maxImport is the most bytes of an import.
const maxImport = 64 << 20

func (a *API) registerImport() {
	register(a, operation{
		ID: "user-import", Method: http.MethodPost, Path: "/domains/{domain}/users/import", Tag: "Objects", Summary: "Make the users of a CSV file",
		Text:  "The first line is sip,dn,num,password. A line is taken or refused as a whole; the others do not suffer from it.",
		Reach: domainInPath, Right: account.Write, Act: "user.import", Stream: true,
	}, a.importUsers)
}

func (a *API) importUsers(ctx context.Context, _ *InDomain) (*importAnswer, error) {
	c := calling(ctx)
	report, err := a.Directory.ImportUsers(ctx, c.domain.ID, http.MaxBytesReader(nil, c.request.Body, maxImport))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, problem(TooLarge, "The file is larger than 64 MiB; split it.")
	}
	imported := Imported{Domain: c.domain.Name, Added: report.Added, Refused: []RefusedLine{}}
	for _, line := range report.Lines {
		if line.Error != nil {
			imported.Refused = append(imported.Refused, RefusedLine{line.Line, line.SIP, Code(line.Error.Code), line.Error.Message})
		}
	}
	return &importAnswer{imported}, err
}

func readJSON(from io.Reader, to any) error { return json.NewDecoder(from).Decode(to) }
