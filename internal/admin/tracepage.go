package admin

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/trace"
)

// The extended page /debug.xml switches HTTP/Servlets, as administrators know it.
// It lives below Prefix, where browsers send the session of the login.
const (
	debugAddress = "/debug.xml"
	debugPath    = Prefix + debugAddress
)

// debugSecurity allows the page to send its forms to itself and nothing else.
const debugSecurity = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func (a *API) registerTracePage() {
	a.mux.Handle("GET "+debugAddress, http.RedirectHandler(debugPath, http.StatusSeeOther))
	register(a, operation{
		ID: "debug-page", Method: http.MethodGet, Path: debugAddress, Tag: "Traces", Summary: "The extended page: HTTP/Servlets",
		Text:  "A browser that is not logged in is led to /admin/login.",
		Reach: installation, Right: account.Trace, Page: true,
	}, a.debugPage)
	register(a, operation{
		ID: "debug-switch", Method: http.MethodPost, Path: debugAddress, Tag: "Traces", Summary: "What the forms of the extended page send",
		Reach: installation, Right: account.Trace, Act: "trace.debug",
	}, a.debugSwitch)
}

var debugTemplate = template.Must(template.New("debug").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Tracing</title></head>
<body>
<h1>HTTP/Servlets</h1>
<p>Every WebSocket frame between the switch, clients and app services. Secrets are masked, texts are shown by their length.</p>
{{if .Rules}}<p><b>On.</b></p>
<table border="1">
<tr><th>Trace</th><th>Narrowed to</th><th>Ends</th><th>By</th><th></th></tr>
{{range .Rules}}<tr><td>{{.ID}}</td><td>{{.What}}</td><td>{{.Until}}</td><td>{{.By}}</td>
<td><form method="post"><input type="hidden" name="off" value="{{.ID}}"><button>Off</button></form></td></tr>
{{end}}</table>
{{else}}<p><b>Off.</b></p>
{{end}}<form method="post">
<p><label>For <input name="minutes" type="number" min="1" max="60" value="60" required> minutes</label>
<label>because <input name="reason" maxlength="200"></label>
<button name="on" value="yes">On</button></p>
</form>
<p>Recorded: <a href="trace/records?format=text&amp;flags=HTTP%2FServlets">text</a>,
<a href="trace/records?flags=HTTP%2FServlets">JSON</a></p>
</body>
</html>
`))

// debugRule is a row of the page.
type debugRule struct {
	ID              uint64
	What, Until, By string
}

func (a *API) debugPage(context.Context, *nothing) (*document, error) {
	if a.Tracer == nil {
		return nil, errNoTracing
	}
	var rows []debugRule
	for _, r := range a.Tracer.Rules() {
		if r.Flags&trace.WebSocket != 0 {
			rows = append(rows, debugRule{
				ID: r.ID, What: strings.Join(strings.Fields(r.Scope.ObjectName+" "+r.Scope.DomainName+" "+r.Scope.Conn+" "+r.Scope.Call.String()), " "),
				Until: r.Until.UTC().Format(time.RFC3339), By: r.By,
			})
		}
	}
	var page strings.Builder
	if err := debugTemplate.Execute(&page, map[string]any{"Rules": rows}); err != nil {
		return nil, err
	}
	return &document{ContentType: "text/html; charset=utf-8", Security: debugSecurity, Body: []byte(page.String())}, nil
}

type debugInput struct {
	RawBody []byte `contentType:"application/x-www-form-urlencoded"`
}

type debugAnswer struct {
	Status   int
	Location string `header:"Location"`
}

func (a *API) debugSwitch(ctx context.Context, in *debugInput) (*debugAnswer, error) {
	if a.Tracer == nil {
		return nil, errNoTracing
	}
	form, err := url.ParseQuery(string(in.RawBody))
	if err != nil {
		return nil, problem(BadBody, "The form cannot be read.")
	}
	c := calling(ctx)
	if reason := form.Get("reason"); reason != "" && c.reason == "" {
		if len(reason) > maxReason || strings.ContainsFunc(reason, unicode.IsControl) {
			return nil, wrong(Invalid, "reason", "A reason is one line of at most "+strconv.Itoa(maxReason)+" bytes.")
		}
		c.reason = reason
	}
	if err := a.debugForm(ctx, form); err != nil {
		return nil, err
	}
	return &debugAnswer{Status: http.StatusSeeOther, Location: debugPath}, nil
}

// debugForm does what a form asks for.
func (a *API) debugForm(ctx context.Context, form url.Values) error {
	switch {
	case form.Has("off"):
		id, err := strconv.ParseUint(form.Get("off"), 10, 64)
		if err != nil {
			return wrong(Invalid, "off", "It is not the number of a trace.")
		}
		return a.switchOff(ctx, id)
	case form.Has("on"):
		minutes, err := strconv.ParseUint(form.Get("minutes"), 10, 16)
		if err != nil || minutes == 0 {
			return wrong(Invalid, "minutes", "It is not a number of minutes.")
		}
		c := calling(ctx)
		_, err = a.switchOn(ctx, trace.Order{
			Flags: trace.WebSocket, For: time.Duration(minutes) * time.Minute, By: c.who(), Reason: c.reason,
		})
		return err
	}
	return problem(Invalid, "The form says neither on nor off.")
}
