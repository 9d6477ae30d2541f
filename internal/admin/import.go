package admin

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/directory"
)

// Imported says what an import has done, or would do.
type Imported struct {
	Domain       string        `json:"domain" doc:"Name of the domain."`
	DryRun       bool          `json:"dry_run" doc:"Nobody was made: it was only tried."`
	Added        int           `json:"added" doc:"How many users were made, or would be."`
	RefusedLines int           `json:"refused_lines" doc:"How many lines made no user."`
	Refused      []RefusedLine `json:"refused" nullable:"false" doc:"The first 10,000 of these lines."`
}

// RefusedLine is a line of an import that made no user.
type RefusedLine struct {
	Line  int    `json:"line" doc:"Number of the line, as counted by an editor."`
	SIP   string `json:"sip,omitempty" doc:"Name that stands in it."`
	Code  Code   `json:"code" doc:"Why, for programs."`
	Field string `json:"field,omitempty" doc:"The column that is wrong, where one alone is."`
	Text  string `json:"text" doc:"Why, in a sentence."`
}

// maxImport is the most bytes of an import.
const maxImport = 64 << 20

func (a *API) registerImport() {
	register(a, operation{
		ID: "user-import", Method: http.MethodPost, Path: "/domains/{domain}/users/import", Tag: "Objects", Summary: "Make the users of a CSV file",
		Text: "The body is the file, of at most 64 MiB. Its first line names the columns: " + strings.Join(directory.ImportColumns(), ", ") +
			"; the first four must be there. Several values in a cell are separated by semicolons. A line is taken or refused as a whole; the others do not suffer from it.",
		Reach: domainInPath, Right: account.Write, Act: "user.import", Stream: true,
	}, a.importUsers)
	register(a, operation{
		ID: "user-export", Method: http.MethodGet, Path: "/domains/{domain}/users/export", Tag: "Objects", Summary: "The users as a CSV file",
		Text:  "With the columns of an import; that of the passwords is empty. A cell that a spreadsheet would take for a formula has an apostrophe before it, which an import takes off.",
		Reach: domainInPath, Right: account.Read, Act: "user.export", Stream: true,
	}, a.exportUsers)
}

type (
	importInput struct {
		InDomain
		DryRun bool `query:"dry_run" doc:"Only try, and report."`
	}
	importAnswer struct {
		Body Imported
	}
)

func (a *API) importUsers(ctx context.Context, in *importInput) (*importAnswer, error) {
	c := calling(ctx)
	report, err := a.Directory.ImportUsers(ctx, c.domain.ID, directory.Import{
		File: http.MaxBytesReader(nil, c.request.Body, maxImport), DryRun: in.DryRun,
		Check: func(n directory.NewObject) error { return a.checkApps(c.domain, n.Apps) },
	})
	note(ctx, "added", strconv.Itoa(report.Added))
	note(ctx, "refused", strconv.Itoa(report.Refused))
	switch {
	case in.DryRun:
		c.recorded = true // nothing was done
	case err != nil && report.Added > 0:
		err = errors.Join(err, a.record(ctx, nil))
	}
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, problem(TooLarge, "The file is too large; split it. What stands before its end is in.")
	}
	imported := Imported{
		Domain: c.domain.Name, DryRun: in.DryRun, Added: report.Added, RefusedLines: report.Refused, Refused: []RefusedLine{},
	}
	for _, l := range report.Lines {
		p := refusedLine(l.Error)
		p.Line, p.SIP = l.Line, l.SIP
		imported.Refused = append(imported.Refused, p)
	}
	return &importAnswer{imported}, err
}

// checkApps is check for lines of an import.
func (a *API) checkApps(dom directory.Domain, apps []string) error {
	for _, name := range apps {
		if _, ok := a.Directory.AppByName(dom.ID, name); !ok {
			return &directory.Error{Code: directory.CodeNotFound, Field: "apps", Message: "There is no app " + quoted(name) + " in " + dom.Name + "."}
		}
	}
	return nil
}

// refusedLine is the refusal of a line, with the column that it is about.
func refusedLine(refusal *directory.Error) RefusedLine {
	p, ok := errors.AsType[*Problem](explain(refusal))
	if !ok {
		return RefusedLine{Code: Code(refusal.Code), Text: refusal.Message}
	}
	line := RefusedLine{Code: p.Code, Text: p.Text}
	if len(p.Fields) > 0 {
		line.Field = p.Fields[0].Field
	}
	return line
}

type exportUsersAnswer struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        func(huma.Context)
}

// exportUsers writes the users by name, in lots: nothing is held for long.
func (a *API) exportUsers(ctx context.Context, _ *InDomain) (*exportUsersAnswer, error) {
	dom := calling(ctx).domain
	return &exportUsersAnswer{
		ContentType: "text/csv; charset=utf-8", Disposition: `attachment; filename="` + dom.Name + `.csv"`,
		Body: func(hctx huma.Context) {
			_, w := humago.Unwrap(hctx)
			if err := a.writeUsers(ctx, dom, w); err != nil {
				a.Log.Info("an export of users was not read to its end", "domain", dom.Name, "err", err)
			}
		},
	}, nil
}

func (a *API) writeUsers(ctx context.Context, dom directory.Domain, w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(directory.ImportColumns()); err != nil {
		return err
	}
	q := query{domain: dom.ID, by: "sip", limit: 500, want: func(o directory.Object) bool { return o.Kind == directory.User }}
	for {
		page, err := a.index.page(q)
		if err != nil {
			return err
		}
		for i := range page.Items {
			if err := out.Write(a.csvLine(page.Items[i])); err != nil {
				return err
			}
		}
		out.Flush()
		if q.cursor = page.Next; q.cursor == "" || ctx.Err() != nil || out.Error() != nil {
			return errors.Join(out.Error(), ctx.Err())
		}
	}
}

// csvLine is a user in the columns of an import.
func (a *API) csvLine(o directory.Object) []string {
	groups := mapped(o.Groups, func(g directory.Membership) string { return g.Name })
	line := []string{
		o.SIP, o.DN, o.Num, "", o.CN, strings.Join(o.Emails, ";"), o.Node, a.nameOf(o.Domain, o.Template),
		strings.Join(groups, ";"), strings.Join(o.Apps, ";"),
	}
	for i := range line {
		line[i] = directory.QuoteCell(line[i])
	}
	return line
}

func readJSON(from io.Reader, to any) error { return json.NewDecoder(from).Decode(to) }
