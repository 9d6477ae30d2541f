package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/messages/export"
	"github.com/tandem-switch/tandem/internal/messages/keeping"
)

// registry answers the commands about stored messages (docs/retention.md). The log has
// a line for everything that changes or takes something out: for what needs a reason
// also one before it is begun.
type registry struct {
	desk    keeping.Desk
	domains func(ctx context.Context) ([]string, error)
	log     *slog.Logger
}

// act is something that stands in the log. The zero value does not.
type act struct {
	name   string
	reason bool // must be given
}

// asked is a request about the messages of a domain.
type asked struct {
	*http.Request
	w      http.ResponseWriter
	act    act
	domain string
	about  string // what it is done to
	notes  []any  // more for the log: names and values
}

// register puts the routes below the messages of each domain.
func (k *registry) register(mux *http.ServeMux) {
	const root = "/domains/{domain}/messages/"
	mux.HandleFunc("GET /domains", k.listDomains)
	route(k, mux, "GET "+root+"retention", act{}, k.rules)
	route(k, mux, "PUT "+root+"retention", act{"messages.retention.set", true}, k.setRule)
	route(k, mux, "DELETE "+root+"retention", act{"messages.retention.drop", true}, k.dropRule)
	route(k, mux, "GET "+root+"retention/preview", act{}, k.preview)
	route(k, mux, "POST "+root+"retention/run", act{"messages.retention.run", true}, k.run)
	route(k, mux, "GET "+root+"holds", act{}, k.holds)
	route(k, mux, "PUT "+root+"holds", act{"messages.hold.set", true}, k.setHold)
	route(k, mux, "DELETE "+root+"holds", act{"messages.hold.end", true}, k.endHold)
	route(k, mux, "POST "+root+"erase", act{"messages.erase", true}, k.erase)
	route(k, mux, "GET "+root+"erase/preview", act{}, k.previewErase)
	route(k, mux, "GET "+root+"conversations", act{}, k.conversations)
	route(k, mux, "GET "+root+"search", act{}, k.search)
	route(k, mux, "POST "+root+"search/rebuild", act{"messages.search.rebuild", false}, k.rebuild)
	route(k, mux, "GET "+root+"export", act{"messages.export", true}, k.export)
}

func (k *registry) listDomains(w http.ResponseWriter, r *http.Request) {
	list, err := k.domains(r.Context())
	if err != nil {
		k.refuse(w, err)
		return
	}
	answerJSON(w, list)
}

// streamed is the answer of what has written it already.
type streamed struct{}

// route serves one kind of request. do notes what it is about before it does anything.
func route[Out any](k *registry, mux *http.ServeMux, pattern string, a act, do func(context.Context, *asked) (Out, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		q := &asked{Request: r, w: w, act: a, domain: strings.ToLower(r.PathValue("domain"))}
		if err := checkReason(r.Header.Get(reasonHeader), a.reason); err != nil {
			k.refuse(w, err)
			return
		}
		out, err := do(r.Context(), q)
		if a.name != "" {
			k.record(q, err)
		}
		if err != nil {
			k.refuse(w, err)
			return
		}
		if _, done := any(out).(streamed); !done {
			answerJSON(w, out)
		}
	})
}

// reasonHeader says why something is done.
const reasonHeader = "Reason"

// maxReason is how long that may be, in bytes.
const maxReason = 500

func checkReason(reason string, needed bool) error {
	switch {
	case len(reason) > maxReason || !utf8.ValidString(reason) || strings.ContainsFunc(reason, unicode.IsControl):
		return messages.Errorf(messages.BadParameter, "A reason is one line of at most %d bytes.", maxReason)
	case needed && strings.TrimSpace(reason) == "":
		return messages.Errorf(messages.BadParameter, "This needs a reason, which stands in the log: give it with --reason.")
	}
	return nil
}

// begin notes what a request is about, in the log too where it needs a reason: what
// is begun then stands there, however it ends.
func (k *registry) begin(q *asked, about string) {
	if q.about = about; q.act.reason {
		k.write(q, slog.LevelInfo, "begun")
	}
}

// record writes down how it has ended.
func (k *registry) record(q *asked, err error) {
	if err == nil {
		k.write(q, slog.LevelInfo, "done")
		return
	}
	q.notes = append(q.notes, "err", err)
	k.write(q, slog.LevelWarn, "failed")
}

func (k *registry) write(q *asked, level slog.Level, outcome string) {
	args := append([]any{"act", q.act.name, "outcome", outcome, "domain", q.domain, "about", q.about, "by", callerOf(q.Context()), "reason", q.Header.Get(reasonHeader)}, q.notes...)
	k.log.Log(context.WithoutCancel(q.Context()), level, "administration", args...)
}

// callerKey is where the context of a request has who sends it.
type callerKey struct{}

// withCaller notes who is at the other end of the control socket.
func withCaller(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, callerKey{}, admin.PeerUID(c))
}

func callerOf(ctx context.Context) string {
	uid, known := ctx.Value(callerKey{}).(int)
	if !known || uid < 0 {
		return "unknown"
	}
	return "uid " + strconv.Itoa(uid)
}

// refuse answers with an error: the sentence for people, and the status of its code.
func (k *registry) refuse(w http.ResponseWriter, err error) {
	refusal, ok := errors.AsType[*messages.Error](err)
	if !ok {
		k.log.Error("a command has failed", "err", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	status, known := map[messages.Code]int{
		messages.BadParameter: http.StatusBadRequest, messages.NotFound: http.StatusNotFound, messages.NotAllowed: http.StatusConflict,
		messages.Quota: http.StatusServiceUnavailable, messages.Away: http.StatusServiceUnavailable,
	}[refusal.Code]
	if !known {
		k.log.Error("a command has failed", "err", err)
		status = http.StatusInternalServerError
	}
	http.Error(w, refusal.Text, status)
}

// body reads the body of a request.
func body[T any](q *asked) (v T, err error) {
	d := json.NewDecoder(http.MaxBytesReader(q.w, q.Body, maxRequest))
	d.DisallowUnknownFields()
	if d.Decode(&v) != nil {
		return v, messages.Errorf(messages.BadParameter, "The request cannot be read.")
	}
	return v, nil
}

// number is one of the query; nothing is 0.
func (q *asked) number(name string) (int64, error) {
	text := q.FormValue(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > messages.MaxNumber {
		return 0, messages.Errorf(messages.BadParameter, "%s is no number that there can be.", name)
	}
	return n, nil
}

// counted notes for the log how much was deleted.
func (q *asked) counted(c keeping.RetentionCount) {
	q.notes = append(q.notes, "messages", c.Messages, "files", c.Files, "bytes", c.Bytes)
}

func (k *registry) rules(ctx context.Context, q *asked) (keeping.Page[keeping.RetentionRule], error) {
	list, err := k.desk.Rules(ctx, q.domain)
	return keeping.Page[keeping.RetentionRule]{Items: list}, err
}

func (k *registry) setRule(ctx context.Context, q *asked) (now keeping.RetentionRule, err error) {
	rule, err := body[keeping.RetentionRule](q)
	if err != nil {
		return now, err
	}
	q.notes = append(q.notes, "messages_days", rule.MessagesDays, "files_days", rule.FilesDays)
	k.begin(q, rule.About())
	now, before, err := k.desk.SetRule(ctx, q.domain, rule)
	if before != nil {
		q.notes = append(q.notes, "messages_days_before", before.MessagesDays, "files_days_before", before.FilesDays)
	}
	return now, err
}

func (k *registry) dropRule(ctx context.Context, q *asked) (struct{}, error) {
	conv, err := q.number("conversation")
	if err != nil {
		return struct{}{}, err
	}
	k.begin(q, keeping.RetentionRule{Conversation: conv}.About())
	return struct{}{}, k.desk.DropRule(ctx, q.domain, conv)
}

func (k *registry) preview(ctx context.Context, q *asked) (keeping.RetentionReport, error) {
	return k.desk.Preview(ctx, q.domain)
}

func (k *registry) run(ctx context.Context, q *asked) (keeping.RetentionReport, error) {
	k.begin(q, "the domain")
	report, err := k.desk.Run(ctx, q.domain)
	q.counted(report.Total)
	return report, err
}

func (k *registry) holds(ctx context.Context, q *asked) (keeping.Page[keeping.Hold], error) {
	list, err := k.desk.Holds(ctx, q.domain)
	return keeping.Page[keeping.Hold]{Items: list}, err
}

func (k *registry) setHold(ctx context.Context, q *asked) (keeping.Hold, error) {
	hold, err := body[keeping.Hold](q)
	if err != nil {
		return hold, err
	}
	q.notes = append(q.notes, "note", hold.Note)
	k.begin(q, hold.About())
	return hold, k.desk.SetHold(ctx, q.domain, hold)
}

func (k *registry) endHold(ctx context.Context, q *asked) (struct{}, error) {
	conv, err := q.number("conversation")
	if err != nil {
		return struct{}{}, err
	}
	hold := keeping.Hold{Person: q.FormValue("person"), GUID: q.FormValue("guid"), Conversation: conv}
	k.begin(q, hold.About())
	return struct{}{}, k.desk.EndHold(ctx, q.domain, hold)
}

func (k *registry) erase(ctx context.Context, q *asked) (keeping.RetentionCount, error) {
	person, err := body[keeping.Erasure](q)
	if err != nil {
		return keeping.RetentionCount{}, err
	}
	k.begin(q, person.About())
	count, err := k.desk.Erase(ctx, q.domain, person)
	q.counted(count)
	return count, err
}

func (k *registry) previewErase(ctx context.Context, q *asked) (keeping.RetentionCount, error) {
	return k.desk.PreviewErase(ctx, q.domain, keeping.Erasure{Person: q.FormValue("person"), GUID: q.FormValue("guid")})
}

func (k *registry) conversations(ctx context.Context, q *asked) (page keeping.Page[keeping.Conversation], err error) {
	after, err := q.number("cursor")
	if err != nil {
		return page, err
	}
	limit, err := q.number("limit")
	if err != nil {
		return page, err
	}
	list, next, err := k.desk.Conversations(ctx, q.domain, after, int(limit))
	if page.Items = list; next != 0 {
		page.Next = strconv.FormatInt(next, 10)
	}
	return page, err
}

func (k *registry) search(ctx context.Context, q *asked) (keeping.SearchState, error) {
	if _, err := k.desk.Keeper.Log(ctx, q.domain); err != nil {
		return keeping.SearchState{}, err // nobody stores anything for such a domain
	}
	return k.desk.SearchState(ctx, q.domain)
}

func (k *registry) rebuild(ctx context.Context, q *asked) (keeping.SearchState, error) {
	k.begin(q, "the domain")
	if err := k.desk.Rebuild(ctx, q.domain); err != nil {
		return keeping.SearchState{}, err
	}
	return k.desk.SearchState(ctx, q.domain)
}

// export writes the archive. One that breaks off has no end, and the connection ends
// with it.
func (k *registry) export(ctx context.Context, q *asked) (streamed, error) {
	conv, err := q.number("conversation")
	if err != nil {
		return streamed{}, err
	}
	e := keeping.ChatExport{
		Domain: q.domain, Person: q.FormValue("person"), GUID: q.FormValue("guid"), With: q.FormValue("with"), Conversation: conv,
		Format: q.FormValue("format"), NoFiles: q.FormValue("no_files") == "true",
	}
	k.begin(q, e.About())
	r, err := k.desk.Export(ctx, e)
	if err != nil {
		return streamed{}, err
	}
	q.w.Header().Set("Content-Type", "application/zip")
	sum, err := export.Write(ctx, q.w, r)
	q.notes = append(q.notes, "messages", sum.Messages, "files", sum.Files, "bytes", sum.Bytes)
	if err != nil {
		k.record(q, err)
		panic(http.ErrAbortHandler)
	}
	return streamed{}, nil
}

// keepFlags are common to the commands about stored messages.
type keepFlags struct {
	clientFlags `embed:""`
	Reason      string `env:"-" placeholder:"TEXT" help:"Why; it stands in the log. What changes or takes out something needs it."`
}

// AsJSON implements keepcmd.Flags.
func (f keepFlags) AsJSON() bool { return f.JSON }

// Keeping implements keepcmd.Flags.
func (f keepFlags) Keeping(context.Context) (client keeping.Client, done func() error, err error) {
	return keeping.Client{Do: f.do, Open: f.open}, func() error { return nil }, nil
}

// path is that of something about the messages of a domain: without a name, of the
// only one.
func (f keepFlags) path(ctx context.Context, domain, rest string) (string, error) {
	if domain == "" {
		var names []string
		err := f.ask(ctx, http.MethodGet, "/domains", nil, func(r io.Reader) error { return json.NewDecoder(r).Decode(&names) })
		if err != nil {
			return "", err
		}
		if domain, err = only(names); err != nil {
			return "", err
		}
	}
	return "/domains/" + url.PathEscape(domain) + "/messages/" + rest, nil
}

// only is the domain that is meant where none is named.
func only(names []string) (string, error) {
	switch n := len(names); {
	case n == 0:
		return "", errors.New("there are no messages of any domain yet")
	case n > 1:
		return "", fmt.Errorf("there are messages of %d domains: name one with --domain (messages-app usage lists them)", n)
	}
	return names[0], nil
}

func (f keepFlags) do(ctx context.Context, method, domain, rest string, in, out any) error {
	path, err := f.path(ctx, domain, rest)
	if err != nil {
		return err
	}
	return f.askFor(ctx, f.Reason, method, path, in, func(r io.Reader) error {
		if out == nil {
			return nil
		}
		return json.NewDecoder(r).Decode(out)
	})
}

func (f keepFlags) open(ctx context.Context, domain, rest string) (io.ReadCloser, error) {
	path, err := f.path(ctx, domain, rest)
	if err != nil {
		return nil, err
	}
	response, err := f.send(ctx, f.Reason, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}
