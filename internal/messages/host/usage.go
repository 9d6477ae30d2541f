package host

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tandem-switch/tandem/internal/metric"
)

// Usage is what a domain holds.
type Usage struct {
	Domain        string `json:"domain"`
	Attached      bool   `json:"attached"` // its Messages object is connected
	People        int64  `json:"people"`
	Conversations int64  `json:"conversations"`
	Messages      int64  `json:"messages"`
	TextBytes     int64  `json:"textBytes"`
	Files         int64  `json:"files"`
	FileBytes     int64  `json:"fileBytes"`
	Head          int64  `json:"head"`    // number of the newest change
	Indexed       int64  `json:"indexed"` // up to which the search index has come
}

// Usage is what each domain holds, by name. It may take long.
func (h *Host) Usage(ctx context.Context) ([]Usage, error) {
	names, err := h.store.Domains(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Usage, 0, len(names))
	for _, name := range names {
		u, err := h.UsageOf(ctx, name)
		if err != nil {
			return nil, err
		}
		list = append(list, u)
	}
	return list, nil
}

// UsageOf is what a domain holds; nothing if it has never stored anything.
func (h *Host) UsageOf(ctx context.Context, domain string) (Usage, error) {
	domain = strings.ToLower(domain)
	u := Usage{Domain: domain, Attached: slices.Contains(h.Attached(), domain)}
	names, err := h.store.Domains(ctx)
	if err != nil || !slices.Contains(names, domain) {
		return u, err // asking for its log would make it
	}
	log, err := h.store.Log(ctx, domain)
	if err != nil {
		return u, err
	}
	sum, err := log.Usage(ctx)
	if err != nil {
		return u, err
	}
	u.People, u.Conversations, u.Messages, u.TextBytes = sum.People, sum.Conversations, sum.Messages, sum.TextBytes
	u.Files, u.FileBytes, u.Head = sum.Files, sum.FileBytes, int64(log.Head())
	state, err := h.index.State(ctx, domain)
	u.Indexed = state.Mark
	return u, err
}

// UsageTable is the list for people.
func UsageTable(list []Usage) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DOMAIN\tATTACHED\tPEOPLE\tCONVERSATIONS\tMESSAGES\tTEXT\tFILES\tFILE-BYTES\tCHANGES\tINDEXED")
	for _, u := range list {
		attached := "-"
		if u.Attached {
			attached = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n",
			u.Domain, attached, u.People, u.Conversations, u.Messages, u.TextBytes, u.Files, u.FileBytes, u.Head, u.Indexed)
	}
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// statTime is how long a scrape waits for the search index.
const statTime = time.Second

// stats is the store for the metrics.
func (h *Host) stats() metric.MessageStore {
	s := h.store.Stats()
	m := metric.MessageStore{
		Operations: s.Operations, Batches: s.Batches, Retries: s.Retries, Failures: s.Failures, Reads: s.Reads,
		Queued: s.Queued, CommitTime: s.CommitTime,
	}
	ctx, cancel := context.WithTimeout(context.Background(), statTime)
	defer cancel()
	list, _ := h.follow.Status(ctx) // a scrape shows what is known
	for _, d := range list {
		m.SearchLag += max(0, d.Head-d.Mark)
	}
	return m
}
