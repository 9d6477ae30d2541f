package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/internal/cli"
	"github.com/tandem-switch/tandem/internal/messages/host"
	"github.com/tandem-switch/tandem/trace"
)

// control answers the commands on the control socket, which only the user of the
// service can open.
type control struct {
	tracer   *trace.Tracer
	recorder *trace.Recorder
	host     *host.Host
	log      *slog.Logger
	server   *http.Server
	end      context.CancelFunc // ends what takes long
}

// maxRequest is the size of a request on the control socket.
const maxRequest = 64 << 10

func newControl(tracer *trace.Tracer, recorder *trace.Recorder, h *host.Host, log *slog.Logger) *control {
	c := &control{tracer: tracer, recorder: recorder, host: h, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]string{"version": version, "revision": cli.Revision()})
	})
	mux.HandleFunc("GET /traces", c.list)
	mux.HandleFunc("POST /traces", c.on)
	mux.HandleFunc("DELETE /traces", c.off)
	mux.HandleFunc("GET /tail", c.tail)
	mux.HandleFunc("GET /usage", c.usage)
	(&registry{desk: h.Desk(), domains: h.Store().Domains, log: log}).register(mux)
	running, end := context.WithCancel(context.Background())
	c.end = end
	c.server = &http.Server{
		Handler: mux, BaseContext: func(net.Listener) context.Context { return running }, ConnContext: withCaller,
		ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return c
}

func (c *control) serve(l net.Listener) {
	if err := c.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		c.log.Error("the control socket has ended", "err", err)
	}
}

// stop ends what takes long, and waits for the rest: what an erasure has deleted by
// then stays deleted.
func (c *control) stop(ctx context.Context) error {
	c.end()
	return c.server.Shutdown(ctx)
}

// newTrace asks for a trace.
type newTrace struct {
	Flags   string `json:"flags"`
	Domain  string `json:"domain,omitempty"`
	Conn    string `json:"conn,omitempty"`
	For     string `json:"for,omitempty"`
	Content bool   `json:"content,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// traceRow is a trace that is on.
type traceRow struct {
	ID           uint64     `json:"id"`
	Flags        []string   `json:"flags"`
	Domain       string     `json:"domain,omitempty"`
	Conn         string     `json:"conn,omitempty"`
	Since        time.Time  `json:"since"`
	Until        time.Time  `json:"until"`
	ContentUntil *time.Time `json:"contentUntil,omitempty"`
	Reason       string     `json:"reason,omitempty"`
}

func rowOf(r trace.Rule) traceRow {
	row := traceRow{
		ID: r.ID, Flags: r.Flags.Names(), Domain: r.Scope.DomainName, Conn: r.Scope.Conn, Since: r.Since, Until: r.Until, Reason: r.Reason,
	}
	if !r.ContentUntil.IsZero() {
		row.ContentUntil = &r.ContentUntil
	}
	return row
}

// domainID is the number under which the frames of a domain are traced: the tracer
// narrows by numbers.
func domainID(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.ToLower(name))) // never fails
	return int64(h.Sum64() >> 1)
}

func (c *control) list(w http.ResponseWriter, _ *http.Request) {
	rows := []traceRow{}
	for _, r := range c.tracer.Rules() {
		rows = append(rows, rowOf(r))
	}
	answerJSON(w, rows)
}

func (c *control) on(w http.ResponseWriter, r *http.Request) {
	var n newTrace
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&n); err != nil {
		http.Error(w, "the request cannot be read", http.StatusBadRequest)
		return
	}
	flags, err := trace.ParseFlags(n.Flags)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	span, err := time.ParseDuration(cmp.Or(n.For, "0s"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	o := trace.Order{Flags: flags, For: span, Content: n.Content, By: "operator", Reason: n.Reason, Scope: trace.Scope{Conn: n.Conn}}
	if n.Domain != "" {
		o.Scope.Domain, o.Scope.DomainName = domainID(n.Domain), strings.ToLower(n.Domain)
	}
	rule, err := c.tracer.Add(o)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.log.Info("trace on", "trace", rule.ID, "flags", rule.Flags, "domain", n.Domain, "content", n.Content, "reason", n.Reason)
	answerJSON(w, rowOf(rule))
}

func (c *control) off(w http.ResponseWriter, r *http.Request) {
	what := cmp.Or(r.FormValue("what"), "all")
	id, _ := strconv.ParseUint(what, 10, 64)
	var flags trace.Flag
	if what != "all" && id == 0 {
		var err error
		if flags, err = trace.ParseFlags(what); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	rows := []traceRow{}
	for _, rule := range c.tracer.Rules() {
		if what != "all" && rule.ID != id && rule.Flags&flags == 0 {
			continue
		}
		if gone, ok := c.tracer.Remove(rule.ID); ok {
			rows = append(rows, rowOf(gone))
			c.log.Info("trace off", "trace", gone.ID)
		}
	}
	answerJSON(w, rows)
}

// tail writes a line for each record until the caller goes or the service stops.
func (c *control) tail(w http.ResponseWriter, r *http.Request) {
	flags, err := trace.ParseFlags(r.FormValue("flags"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f := trace.Filter{Flags: flags}
	if domain := r.FormValue("domain"); domain != "" {
		f.Domain = domainID(domain)
	}
	tail, err := c.recorder.Tail(f)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer tail.Close()
	asJSON := r.FormValue("format") == "json"
	flush := http.NewResponseController(w)
	for {
		records, lost, err := tail.Next(r.Context())
		if err != nil {
			return
		}
		if lost > 0 {
			_, _ = w.Write(trace.AppendLost(nil, lost, asJSON)) // the next write tells
		}
		for _, record := range records {
			if _, err := w.Write(line(record, asJSON)); err != nil {
				return
			}
		}
		if flush.Flush() != nil {
			return
		}
	}
}

func line(r *trace.Record, asJSON bool) []byte {
	if asJSON {
		return r.AppendJSON(nil, true)
	}
	return r.AppendText(nil, true)
}

func (c *control) usage(w http.ResponseWriter, r *http.Request) {
	rows, err := c.host.Usage(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answerJSON(w, rows)
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(fmt.Sprint("control: ", err)) // cannot be: our own types
	}
}
