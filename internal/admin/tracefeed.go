package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/trace"
)

// heartbeat is how often a live view says that it lives, and whether whoever
// follows may still do so is looked at again.
const heartbeat = 15 * time.Second

// TraceFilter chooses what is read of the recorded frames.
type TraceFilter struct {
	Flags      string `query:"flags" doc:"Only frames of these flags, separated by commas."`
	Domain     string `query:"domain" doc:"Only those of connections of this domain."`
	User       string `query:"user" doc:"Only those of connections of this user or app of the domain."`
	Connection string `query:"connection" doc:"Only those of this connection."`
	Call       string `query:"call" doc:"Only those of this call, on all its legs."`
	Since      string `query:"since" doc:"Only those from then on: 2026-11-21T12:00:00Z, or a time like 10m, which is before now."`
	Format     string `query:"format" enum:"json,text" default:"json" doc:"A line of JSON for each frame, or a line of text."`
}

func (a *API) registerTraceFeed() {
	register(a, operation{
		ID: "trace-save", Method: http.MethodGet, Path: "/trace/records", Tag: "Traces", Summary: "Download what was recorded",
		Text: "The newest frames, oldest first, one on each line. You see frames whose both ends are in domains that you may see; " +
			"frames before a login belong to no domain and are shown to whoever may see all. Secrets are masked.",
		Reach: somewhere, Right: account.Read, Stream: true,
	}, a.saveTrace)
	register(a, operation{
		ID: "trace-tail", Method: http.MethodGet, Path: "/trace/tail", Tag: "Traces", Summary: "Follow what is recorded",
		Text: "Server-sent events: record, with a line as data, and lost, when you read too slowly. It begins with what is kept, unless " +
			"since or Last-Event-ID say otherwise.",
		Reach: somewhere, Right: account.Read, Stream: true,
	}, a.tailTrace)
}

// filterOf reads a filter, for what the one who asks may see.
func (a *API) filterOf(ctx context.Context, q *TraceFilter) (trace.Filter, error) {
	var f trace.Filter
	if a.Recorder == nil {
		return f, errNoTracing
	}
	var err error
	if f.Flags, err = trace.ParseFlags(q.Flags); err != nil {
		return f, wrong(Invalid, "flags", sentence(err.Error()))
	}
	s, err := a.traceScope(ctx, q.Domain, q.User, q.Connection, q.Call)
	if err != nil {
		return f, err
	}
	f.Domain, f.Object, f.Conn, f.Call = s.Domain, s.Object, s.Conn, s.Call
	if q.Since != "" {
		if f.Since, err = a.momentOf("since", q.Since); err != nil {
			return f, err
		}
	}
	v := a.viewOf(calling(ctx).identity)
	f.Within = v.within
	return f, nil
}

// momentOf reads a point in time, or a span before now.
func (a *API) momentOf(field, text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	d, err := spanOf(field, text)
	if err != nil {
		return time.Time{}, wrong(Invalid, field, quoted(text)+" is neither a time like 2026-11-21T12:00:00Z nor one like 10m.")
	}
	return time.Now().Add(-d), nil
}

// appendLine writes a record in the format that was asked for.
func appendLine(b []byte, r *trace.Record, format string, content bool) []byte {
	if format == "text" {
		return r.AppendText(b, content)
	}
	return r.AppendJSON(b, content)
}

func (a *API) saveTrace(ctx context.Context, q *TraceFilter) (*huma.StreamResponse, error) {
	f, err := a.filterOf(ctx, q)
	if err != nil {
		return nil, err
	}
	v := a.viewOf(calling(ctx).identity)
	contentType, name := "application/jsonl", "trace.jsonl"
	if q.Format == "text" {
		contentType, name = "text/plain; charset=utf-8", "trace.txt"
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		hctx.SetHeader("Content-Type", contentType)
		hctx.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		var line []byte
		for _, r := range a.Recorder.Records(f) {
			line = appendLine(line[:0], r, q.Format, v.content(r))
			if _, err := hctx.BodyWriter().Write(line); err != nil {
				return // gone
			}
		}
	}}, nil
}

type tailTraceInput struct {
	TraceFilter
	After string `header:"Last-Event-ID" doc:"Go on behind this event."`
}

func (a *API) tailTrace(ctx context.Context, in *tailTraceInput) (*huma.StreamResponse, error) {
	f, err := a.filterOf(ctx, &in.TraceFilter)
	if err != nil {
		return nil, err
	}
	f.After = a.seqOf(in.After)
	c := calling(ctx)
	who := c.who()
	if !a.feeds.enter(who) {
		return nil, problem(Busy, "You follow the trace too often already; end one of your views.")
	}
	tail, err := a.Recorder.Tail(f)
	if err != nil {
		a.feeds.leave(who)
		return nil, problem(Busy, sentence(err.Error()))
	}
	feed := &traceFeed{api: a, call: c, tail: tail, format: in.Format}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer a.feeds.leave(who)
		defer tail.Close()
		r, w := humago.Unwrap(hctx)
		feed.w, feed.flush = w, http.NewResponseController(w)
		feed.run(r.Context())
	}}, nil
}

// maxFeeds is how many live views one may have: nobody takes them from all others.
const maxFeeds = 4

// feeds counts live views by who has them. The zero value is ready for use.
type feeds struct {
	mu sync.Mutex // guards the following
	of map[string]int
}

// enter counts one more; false if there is no room.
func (f *feeds) enter(who string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of[who] >= maxFeeds {
		return false
	}
	if f.of == nil {
		f.of = map[string]int{}
	}
	f.of[who]++
	return true
}

// leave counts one less.
func (f *feeds) leave(who string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of[who]--; f.of[who] == 0 {
		delete(f.of, who)
	}
}

// seqOf is the number in the id of an event. One of an earlier run of the switch
// means nothing any more.
func (a *API) seqOf(id string) uint64 {
	epoch, seq, ok := strings.Cut(id, "-")
	n, err := strconv.ParseUint(seq, 10, 64)
	if !ok || err != nil || epoch != a.Recorder.Epoch() {
		return 0
	}
	return n
}

// traceFeed writes a live view.
type traceFeed struct {
	api    *API
	call   *call
	tail   *trace.Tail
	format string
	view   view
	w      http.ResponseWriter
	flush  *http.ResponseController
	buf    bytes.Buffer
}

// run writes until whoever reads has gone, or may not read any more, or the switch
// stops.
func (f *traceFeed) run(ctx context.Context) {
	h := f.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	f.view = f.api.viewOf(f.call.identity)
	f.buf.WriteString(": the trace begins\n\n")
	for f.send() {
		wait, cancel := context.WithTimeout(ctx, heartbeat)
		records, lost, err := f.tail.Next(wait)
		cancel()
		switch {
		case err == nil:
			f.write(records, lost)
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			f.buf.WriteString(": still here\n\n")
		default:
			return
		}
		if !f.still() {
			return
		}
	}
}

// still tells whether the one who follows may do so, and what there is to see now.
func (f *traceFeed) still() bool {
	if err := f.api.identify(f.call); err != nil || !f.call.identity.Somewhere(account.Read) {
		return false
	}
	f.view = f.api.viewOf(f.call.identity)
	return true
}

func (f *traceFeed) write(records []*trace.Record, lost uint64) {
	for _, r := range records {
		if !f.view.sees(r) {
			continue
		}
		line := appendLine(nil, r, f.format, f.view.content(r))
		fmt.Fprintf(&f.buf, "id: %s-%d\nevent: record\ndata: %s\n", f.api.Recorder.Epoch(), r.Seq, line)
	}
	if lost > 0 {
		fmt.Fprintf(&f.buf, "event: lost\ndata: %s\n", trace.AppendLost(nil, lost, f.format != "text"))
	}
}

// send hands what is written to the reader; false if there is none any more.
func (f *traceFeed) send() bool {
	_, err := f.w.Write(f.buf.Bytes())
	f.buf.Reset()
	return err == nil && f.flush.Flush() == nil
}
